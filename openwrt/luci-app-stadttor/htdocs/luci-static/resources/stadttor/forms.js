// SPDX-License-Identifier: GPL-3.0-or-later
// Sections and options of the config as LuCI's forms. What an option is called,
// may hold and is for comes from options.js; here is how each type is entered
// and checked. An empty field, and a cell of a list whose option is not set,
// shows the default, which is never written to the config for that.
'use strict';
'require baseclass';
'require form';
'require ui';
'require uci';
'require view';
'require tools.widgets as widgets';
'require stadttor.fields as fields';
'require stadttor.gate as gate';
'require stadttor.labels as labels';
'require stadttor.options as options';
'require stadttor.tools as tools';

const name = /^[a-z0-9_]{1,15}$/;
const control = /[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]/;

// --- values, as common/config/conf.c reads them ------------------------------------
const units = {
	seconds: { s: 1, m: 60, h: 3600, d: 86400 },
	rate: { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 },
	bytes: { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12,
		kib: 1024, mib: 1048576, gib: 1073741824, tib: 1099511627776 }
};
const number = /^[0-9]+$/;
const term = /^([0-9]+)(?:\.([0-9]{1,3}))?([a-z]+)/;

// null: not of that form.
function amount(type, value) {
	let rest = value.toLowerCase(), sum = 0, terms = 0;

	if (number.test(rest))
		return Number(rest);
	if (!units[type])
		return null;
	for (; rest; terms++) {
		const found = term.exec(rest);
		const factor = found && units[type].hasOwnProperty(found[3])
			? units[type][found[3]] : null;

		if (!factor || (terms && type !== 'seconds'))
			return null;
		sum += Number(found[1]) * factor +
			Number('0.' + (found[2] || '0')) * factor;
		rest = rest.substring(found[0].length);
	}
	return terms && Math.abs(sum - Math.round(sum)) < 1e-6
		? Math.round(sum) : null;
}

function inBounds(option, value) {
	const n = amount(option.type, value);

	return n != null && n >= amount(option.type, option.min) &&
		n <= amount(option.type, option.max);
}

function byteLength(value) {
	return new Blob([ value ]).size;
}

function fits(option, value) {
	const length = byteLength(value);

	return (!option.max || (length >= Number(option.min) &&
		length <= Number(option.max))) && !control.test(value);
}

// --- names and addresses ----------------------------------------------------
const label = /^[A-Za-z0-9_-]{1,63}$/;

function isDomain(value) {
	const labels = value.split('.');

	if (labels[labels.length - 1] === '')
		labels.pop();
	return value.length <= 253 && labels.length > 0 &&
		labels.every(function(l) { return label.test(l); });
}

const byte = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const ipv4 = new RegExp('^' + byte + '(\\.' + byte + '){3}$');
const group = /^[0-9a-fA-F]{1,4}$/;
const prefix = /^[0-9]{1,3}$/;
const zeros = /^[0.:]+$/;

function isIpv6(value) {
	const halves = value.split('::');
	let groups = 0;

	if (halves.length > 2)
		return false;
	for (let h = 0; h < halves.length; h++) {
		const parts = halves[h] === '' ? [] : halves[h].split(':');

		for (let i = 0; i < parts.length; i++) {
			const isLast = h === halves.length - 1 &&
				i === parts.length - 1;

			if (isLast && ipv4.test(parts[i]))
				groups++;
			else if (!group.test(parts[i]))
				return false;
			groups++;
		}
		if (halves.length === 1 && !parts.length)
			return false;
	}
	return halves.length === 2 ? groups < 8 : groups === 8;
}

function isAddress(value) {
	return ipv4.test(value) || isIpv6(value);
}

function isNetwork(value) {
	const parts = value.split('/');
	const bits = parts.length > 1 ? Number(parts[1]) : 1;

	return parts.length <= 2 && isAddress(parts[0]) &&
		(parts.length === 1 || prefix.test(parts[1])) &&
		bits > 0 && bits <= (ipv4.test(parts[0]) ? 32 : 128);
}

const port = /^([1-9][0-9]{0,4})\/(tcp|udp)$/;

function isPort(value) {
	const parts = value.match(port);

	return value === 'all' || (parts !== null && Number(parts[1]) <= 65535);
}

const portNumber = /^[1-9][0-9]{0,4}$/;

// An IPv6 address with a port stands in brackets.
function isPlace(value) {
	const parts = value.split(',');

	return parts.length == 2 && parts.every(function(part, i) {
		return degrees.test(part) && Math.abs(+part) <= [ 90, 180 ][i];
	});
}

function isServer(value) {
	const parts = value.match(/^\[(.*)\](?::(.*))?$/) ||
		value.match(/^([0-9.]*):([^:]*)$/);

	if (isAddress(value))
		return true;
	return parts !== null && isAddress(parts[1]) &&
		ipv4.test(parts[1]) === (value.charAt(0) !== '[') &&
		(parts[2] === undefined ||
		 (portNumber.test(parts[2]) && Number(parts[2]) <= 65535));
}

const url = /^https?:\/\/[^\/ "'<>\\][^ "'<>\\]*$/;
const colour = /^#[0-9a-fA-F]{6}$/;
const translation = /^[a-z0-9][a-z0-9-]{1,10}=./;
const tariff = /^([^=:]+=.+|\*):[0-9][^:]*:[0-9][^:]*:[0-9][^:]*$/;
const pointer = /^(\/([^~]|~[01])*)?$/;
const weekday = '(su|mo|tu|we|th|fr|sa)';
const weekdays = weekday + '(-' + weekday + ')?';
const minute = ':[0-5][0-9]';
const span = '([01][0-9]|2[0-3])' + minute + '-(([01][0-9]|2[0-3])' + minute +
	'|24:00)';
const radio = /^\w{1,31}$/;
const hours = new RegExp('^(' + weekdays + '(,' + weekdays + ')* )?' + span + '$');
const date = '(20[0-9]{2}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])';
const degrees = /^-?[0-9]+(\.[0-9]*)?$/;
const mail = /^[A-Za-z0-9.!#$%&'*+\/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/;
const relay = /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[1-9][0-9]{0,4})?$/;
const uuid = /^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;
const day = /^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$/;
const dates = new RegExp('^' + date + '(/' + date + ')? (closed|' + span + ')$');
const mac = /^([0-9a-f]{2}([:-])(?:[0-9a-f]{2}\2){4}[0-9a-f]{2}|[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}|[0-9a-f]{12})$/i;
const groupAddress = /^.[13579bdf]/i;
const device = /^[^ \t:\/"\\%]{1,15}$/;
const noDevice = [ '.', '..', 'all', 'default' ];

const check = {
	bool: function() { return true; },
	number: inBounds,
	seconds: inBounds,
	rate: inBounds,
	bytes: inBounds,
	word: function(option, value) {
		return option.words.indexOf(value) >= 0;
	},
	device: function(option, value) {
		return device.test(value) && noDevice.indexOf(value) < 0;
	},
	mac: function(option, value) {
		return mac.test(value) && !groupAddress.test(value) &&
			!/^[0:.-]*$/.test(value);
	},
	text: fits,
	path: function(option, value) {
		return fits(option, value) && value.charAt(0) === '/';
	},
	domain: function(option, value) { return isDomain(value); },
	hostname: function(option, value) { return isDomain(value); },
	network: function(option, value) { return isNetwork(value); },
	port: function(option, value) { return isPort(value); },
	// "all addresses" would be those towards the guests, too
	address: function(option, value) {
		return isAddress(value) && !zeros.test(value);
	},
	url: function(option, value) { return url.test(value); },
	notify: function(option, value) {
		return url.test(value) || mail.test(value.replace(/^mailto:/, '')) &&
			value.startsWith('mailto:');
	},
	mail: function(option, value) { return mail.test(value); },
	relay: function(option, value) {
		return isServer(value) || relay.test(value);
	},
	colour: function(option, value) { return colour.test(value); },
	translation: function(option, value) {
		return translation.test(value) && !control.test(value);
	},
	radio: function(option, value) { return radio.test(value); },
	hours: function(option, value) { return hours.test(value); },
	date: function(option, value) { return day.test(value); },
	uuid: function(option, value) { return uuid.test(value); },
	place: function(option, value) { return isPlace(value); },
	dates: function(option, value) { return dates.test(value); },
	zone: function(option, value) { return name.test(value); },
	tariff: function(option, value) {
		return tariff.test(value) && fits(option, value);
	},
	pointer: function(option, value) { return pointer.test(value); },
	server: function(option, value) { return isServer(value); }
};

// true, or what would be allowed.
function validateOne(option, value) {
	return check[option.type](option, value) ||
		_('Expecting: %s').format(option.allowed);
}

function validate(option, value) {
	if (value == null || value === '')
		return !option.required || _('Expecting: %s').format(option.allowed);
	// several words of a list come as one text
	if (option.type === 'word' && option.isList && !Array.isArray(value))
		return validate(option, value.split(' '));
	if (Array.isArray(value))
		return value.map(function(one) { return validateOne(option, one); })
			.filter(function(v) { return v !== true; })[0] || true;
	return validateOne(option, value);
}

// --- options ----------------------------------------------------------------
function escaped(text) {
	return text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
		.replace(/>/g, '&gt;');
}

// What nobody guesses; of all others a wrong value says what is allowed.
const EXPLAINED = [ 'number', 'seconds', 'rate', 'bytes', 'mac', 'network', 'port',
	'server', 'translation', 'hours', 'dates', 'radio', 'place', 'pointer', 'tariff' ];

// The name is what the config, the manual and the log call it.
function describe(option) {
	let text = option.help;

	if (EXPLAINED.indexOf(option.type) >= 0)
		text += ' ' + _('Allowed: %s.').format(option.allowed);
	return escaped(text) + ' <code>' + escaped(option.name) + '</code>';
}

function labelOf(type, option, word) {
	const words = labels.words[type + '.' + option.name] || {};

	return words[word] || word;
}

function widgetOf(type, option) {
	if (option.type === 'bool')
		return form.Flag;
	if (option.type === 'word')
		return option.isList ? form.MultiValue : form.ListValue;
	// DynamicList has + and × even where it is read-only.
	if (option.isList)
		return tools.mayWrite() ? form.DynamicList : form.DummyValue;
	return fields.of(type, option) ||
		(option.type === 'device' ? widgets.DeviceSelect : form.Value);
}

function namesOf(type) {
	return uci.sections('stadttor', type).map(function(s) {
		return s['.name'];
	});
}

function zones() {
	return namesOf('zone');
}

// What may be chosen; none: any text.
function choicesOf(type, option) {
	if (type === 'zone' && option.name === 'radius')
		return namesOf('radius');
	return option.words || (option.type === 'zone' ? zones() : []);
}

// Words that the config may have for 0 and 1.
function loadFlag(section) {
	const value = uci.get('stadttor', section, this.option);

	if ([ 'yes', 'on', 'true' ].indexOf(value) >= 0)
		return '1';
	return [ 'no', 'off', 'false' ].indexOf(value) >= 0 ? '0' : value;
}

const BANDS = { '2g': '2.4 GHz', '5g': '5 GHz', '6g': '6 GHz', '60g': '60 GHz' };
let radios = null; // asked for once

// The box's radios can be chosen, others typed. A form loads an option once for
// each section, and again for a dialog, which has the same choices.
function loadRadios(section) {
	const o = this;

	radios = radios || gate.radios();
	return radios.then(function(reply) {
		const found = reply.radios || {};

		o.keylist = [];
		o.vallist = [];
		Object.keys(found).forEach(function(radio) {
			const band = BANDS[found[radio]];

			o.value(radio, band ? '%s (%s)'.format(radio, band) : radio);
		});
		return uci.get('stadttor', section, o.option);
	});
}

function loadJoined(section) {
	return [].concat(uci.get('stadttor', section, this.option) || [])
		.join(', ');
}

// Of a cell of a list; HTML to LuCI.
function textvalue(type, option) {
	return function(section) {
		const value = this.cfgvalue(section);
		const words = [].concat(value == null ? [] : value)
			.map(function(word) { return labelOf(type, option, word); });

		if (words.length)
			return escaped(words.join(', '));
		return option.fallback ? escaped(defaultOf(type, option)) : null;
	};
}

function defaultOf(type, option) {
	return _('%s (default)').format(labelOf(type, option, option.fallback));
}

function fill(o, type, option) {
	o.rmempty = !option.required;
	o.retain = true; // what does not apply at the moment is not lost
	if (option.type === 'bool') {
		o.default = option.fallback;
		o.load = loadFlag;
		return;
	}
	if (o instanceof form.DummyValue) {
		o.load = loadJoined;
		return;
	}
	if (option.type === 'radio')
		o.load = loadRadios;
	o.textvalue = textvalue(type, option);
	if (option.type === 'word') {
		o.optional = !option.isList;
		if (option.fallback)
			o.placeholder = defaultOf(type, option);
	} else if (option.fallback) {
		o.placeholder = option.fallback;
	}
	choicesOf(type, option).forEach(function(word) {
		o.value(word, labelOf(type, option, word));
	});
	o.validate = function(section, value) {
		return validate(option, value);
	};
}

// --- what applies when --------------------------------------------------------
const set = /./;
const NEEDS = {
	'zone.radius': [ { auth: 'radius', '!contains': true } ],
	'zone.tariff': [ { auth: 'oidc', '!contains': true } ],
	'zone.slow_rate': [ { over_quota: 'slow' } ],
	'portal.wifi4eu_selftest': [ { wifi4eu: set } ],
	'portal.key': [ { certificate: set } ],
	'portal.https_port': [ { certificate: set } ],
	'legal.supervisor': [ { public_body: '1' } ],
	'legal.statement_date': [ { statement: /^(full|partial|not)$/ } ],
	'legal.statement_external': [ { statement: /^(full|partial|not)$/ } ],
	'legal.statement_limits': [ { statement: /^(partial|not)$/ } ],
	'admin.address': [ { enabled: '1' } ],
	'admin.port': [ { enabled: '1' } ],
	'admin.hostname': [ { enabled: '1' } ],
	'admin.certificate': [ { enabled: '1' } ],
	'admin.key': [ { enabled: '1', certificate: set } ],
	'admin.live': [ { enabled: '1' } ],
	'city.poll': [ { enabled: '1' } ],
	'radius.accounting_port': [ { transport: '' }, { transport: 'udp' } ],
	'radius.ca': [ { transport: 'tls' } ],
	'radius.server_name': [ { transport: 'tls' } ],
	'radius.certificate': [ { transport: 'tls' } ],
	'radius.key': [ { transport: 'tls' } ],
	'tile.live_pointer': [ { live_url: set } ],
	'tile.live_text': [ { live_url: set } ],
	'tile.live_interval': [ { live_url: set } ],
	'tile.live_decimals': [ { live_url: set } ]
};

function addNeeds(o, type, name) {
	(NEEDS[type + '.' + name] || []).forEach(function(need) {
		o.depends(need);
	});
}

// --- sections ---------------------------------------------------------------
function find(section) {
	return options.sections.filter(function(s) {
		return s.name === section;
	})[0];
}

// One at most: it can be added where it is not there, and removed.
const Single = form.TypedSection.extend({
	__name__: 'Stadttor.Single',

	renderSectionAdd: function(extra) {
		return this.cfgsections().length ? E([])
			: this.super('renderSectionAdd', [ extra ]);
	},

	renderSectionPlaceholder: function() {
		return E('em', {},
			[ _('Nothing is set; every option has its default.') ]);
	}
});

// Names that become those of objects in the kernel's tables.
const Named = form.GridSection.extend({
	__name__: 'Stadttor.Named',

	handleAdd: function(ev, section) {
		if (name.test(section))
			return this.super('handleAdd', [ ev, section ]);
		tools.complain({ error:
			_('A name is 1 to 15 of a-z, 0-9 and _.') });
		return Promise.resolve();
	},

	// The grid's own button says "Edit".
	renderRowActions: function(section) {
		return tools.mayWrite()
			? this.super('renderRowActions', [ section ])
			: form.TableSection.prototype.renderRowActions.call(this,
				section, _('Show'));
	},

	// Its dialog has "Save" for everybody.
	renderMoreOptionsModal: function(section, ev) {
		return this.super('renderMoreOptionsModal', [ section, ev ])
			.then(function() {
				if (!tools.mayWrite())
					dropSaveButton();
			});
	}
});

function dropSaveButton() {
	document.querySelectorAll('#modal_overlay .cbi-button-positive')
		.forEach(function(button) { button.remove(); });
}

// more: what differs from a section without names.
function addSection(map, Kind, type, title, more) {
	return Object.assign(map.section(Kind, type, title,
		escaped(find(type).note)),
	{ anonymous: true, addremove: tools.mayWrite() }, more);
}

return baseclass.extend({
	validate: validate,
	amount: amount,
	find: find,
	zones: zones,

	/*
	 * A view of one form, to which sections(map) adds what it consists of.
	 * above: what stands above it, { load, render }; none: nothing.
	 */
	view: function(title, description, sections, above) {
		return view.extend({
			load: function() {
				return Promise.all([ gate.check(), gate.programs(),
					gate.zones(), above ? above.load() : null ]);
			},

			render: function(data) {
				const mistakes = tools.mistakes(data[0], data[1]);
				const map = new form.Map('stadttor');

				if (!data[2] || !tools.mayWrite())
					Object.assign(this, tools.noFooter);
				if (!data[2])
					return E('div', {}, [ tools.title(title),
						tools.warnings(mistakes.concat(
							_('LuCI cannot read the config.'))) ]);
				map.readonly = tools.mayWrite() ? null : true;
				map.mistake = data[0].error;
				sections(map);
				map.tabbed = map.children.length > 1;
				return map.render().then(function(node) {
					return E('div', {}, [ tools.title(title),
						tools.paragraph(description,
							'cbi-map-descr'),
						tools.warnings(mistakes),
						above ? above.render(data[3]) : '', node ]);
				});
			}
		});
	},

	single: function(map, type, title) {
		return addSection(map, Single, type, title);
	},

	// Any number, without names.
	list: function(map, type, title) {
		return addSection(map, form.TypedSection, type, title);
	},

	// Some options of sections that are made elsewhere.
	part: function(map, type, title) {
		const s = map.section(form.TypedSection, type, title);

		s.anonymous = false;
		s.addremove = false;
		return s;
	},

	// columns: the options of the list; all others are behind "edit".
	columns: function(s, columns) {
		s.children.forEach(function(o) {
			if (columns.indexOf(o.option) < 0)
				o.modalonly = true;
		});
	},

	named: function(map, type, title) {
		return addSection(map, Named, type, title, {
			anonymous: false,
			sortable: tools.mayWrite(),
			nodescriptions: true,
			modaltitle: function(section) {
				return title + ' ' + section;
			}
		});
	},

	/*
	 * All options of a type but those in skip. tabs: [ [ id, title, names ] ],
	 * of which the last also gets what no other one names; []: no tabs.
	 */
	fill: function(s, type, tabs, skip) {
		const rest = tabs.length ? tabs[tabs.length - 1][0] : null;

		tabs.forEach(function(tab) { s.tab(tab[0], tab[1]); });
		find(type).options.forEach(function(option) {
			const tab = tabs.filter(function(t) {
				return t[2].indexOf(option.name) >= 0;
			})[0];

			if ((skip || []).indexOf(option.name) < 0)
				this.add(s, tab ? tab[0] : rest, type, option.name);
		}, this);
	},

	// tab: null where the section has none.
	add: function(s, tab, type, wanted) {
		const option = find(type).options.filter(function(o) {
			return o.name === wanted;
		})[0];
		const title = labels.options[type][wanted];
		const Kind = widgetOf(type, option);
		const o = tab ? s.taboption(tab, Kind, wanted, title, describe(option))
			: s.option(Kind, wanted, title, describe(option));

		fill(o, type, option);
		addNeeds(o, type, wanted);
		fields.prepare(o, type, option);
		return o;
	}
});
