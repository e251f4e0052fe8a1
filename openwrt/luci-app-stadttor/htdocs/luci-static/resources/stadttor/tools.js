// SPDX-License-Identifier: GPL-3.0-or-later
// What the views share: figures as text, tables, downloads. E() makes text nodes
// of what is in an array, but HTML of a string that stands alone: here everything
// comes in arrays.
'use strict';
'require baseclass';
'require ui';

const WRONG_CONFIG = 2; // CLI_USAGE of cli/cli.h, the code of such answers
const special = /[",\r\n]/;
const units = [ 'B', 'kB', 'MB', 'GB', 'TB' ];

// What netctl says is wrong with the city, by the words of its answer.
const CITY_TROUBLES = {
	no_clock: _('The clock of this box is not set: guests of the city have to tap until it is.'),
	clock_off: _('The clocks of this box and of the store differ: guests of the city have to tap until they agree.'),
	keys_broken: _('The keys of the city cannot be read: join again with a new file.'),
	keys_stale: _('The keys of the city cannot be written.'),
	full: _('More devices of the city than memory for them: the rest have to tap.')
};

// Of pages and cards, in themselves.
const LANGUAGES = [ [ 'de', 'Deutsch' ], [ 'de-simple', 'Einfache Sprache' ],
	[ 'en', 'English' ], [ 'ar', 'العربية' ], [ 'bg', 'Български' ],
	[ 'el', 'Ελληνικά' ], [ 'es', 'Español' ], [ 'fa', 'فارسی' ],
	[ 'fr', 'Français' ], [ 'it', 'Italiano' ], [ 'ku', 'Kurdî' ],
	[ 'pl', 'Polski' ], [ 'ro', 'Română' ], [ 'ru', 'Русский' ],
	[ 'tr', 'Türkçe' ], [ 'uk', 'Українська' ] ];

return baseclass.extend({
	languages: LANGUAGES,

	// Of a box in a city, in words.
	cityTroubles: function(status) {
		return (status.city ? status.city.troubles : []).map(function(key) {
			return CITY_TROUBLES[key] || key;
		});
	},

	bytes: function(n) {
		let unit = 0;

		for (; n >= 1000 && unit < units.length - 1; unit++)
			n /= 1000;
		return '%s %s'.format(n >= 100 || !unit ? Math.round(n)
			: n.toFixed(1), units[unit]);
	},

	number: function(n) {
		return Number(n).toLocaleString();
	},

	span: function(seconds) {
		if (seconds == null)
			return '–';
		if (seconds >= 86400)
			return _('%d d %d h').format(seconds / 86400,
				seconds % 86400 / 3600);
		if (seconds >= 3600)
			return _('%d h %d min').format(seconds / 3600,
				seconds % 3600 / 60);
		return _('%d min').format(seconds / 60);
	},

	// Local time of this browser, to the minute.
	time: function(seconds) {
		return new Date(seconds * 1000).toLocaleString(undefined, {
			dateStyle: 'medium', timeStyle: 'short' });
	},

	// Whether this user's rights are more than to look. LuCI's own forms show
	// buttons that cannot be pressed to the others; here there are none.
	mayWrite: function() {
		return L.hasViewPermission() === true;
	},

	// Of a view without LuCI's Save & Apply, Save and Reset.
	noFooter: { handleSave: null, handleSaveApply: null, handleReset: null },

	paragraph: function(words, kind) {
		return E('p', { 'class': kind || '' }, [ words ]);
	},

	warning: function(words) {
		return E('div', { 'class': 'alert-message warning',
			'role': 'status' }, [ E('p', {}, [ words ]) ]);
	},

	warnings: function(list) {
		return E('div', {}, list.map(this.warning, this));
	},

	// What the check of the config complains of, in words: one or none.
	mistakes: function(checked, programs) {
		const runs = programs.some(function(p) { return p.running; });

		if (!checked.error)
			return [];
		if (checked.code !== WRONG_CONFIG)
			return [ checked.error ];
		return [ (runs
			? _('The config has a mistake; the running config stays. %s')
			: _('The config has a mistake; the programs do not start with it. %s'))
			.format(checked.error) ];
	},

	// In the place of what an answer would show. That the config is wrong is
	// told once, by mistakes().
	failure: function(reply) {
		return this.paragraph(reply.code === WRONG_CONFIG
			? _('Not known while the config has a mistake.')
			: reply.error);
	},

	complain: function(reply) {
		ui.addNotification(null, this.paragraph(reply.error), 'danger');
	},

	title: function(words) {
		return E('h2', {}, [ words ]);
	},

	heading: function(words) {
		return E('h3', {}, [ words ]);
	},

	button: function(words, kind, onclick) {
		return E('button', { 'class': 'btn cbi-button ' + kind,
			'click': onclick }, [ words ]);
	},

	select: function(id, choices, value) {
		return E('select', { 'id': id, 'class': 'cbi-input-select' },
			choices.map(function(choice) {
				return E('option', { 'value': choice[0],
					'selected': choice[0] === value ? '' : null },
				[ choice[1] ]);
			}));
	},

	// names: those of the config, or null where it cannot be read.
	selectZone: function(id, all, names) {
		return this.select(id, [ [ '', all ] ].concat((names || [])
			.map(function(name) { return [ name, name ]; })), '');
	},

	input: function(id, type, value, more) {
		return E('input', Object.assign({ 'id': id, 'type': type,
			'class': 'cbi-input-text', 'value': value }, more));
	},

	// A line of a form with its label.
	field: function(words, input) {
		return E('div', { 'class': 'cbi-value' }, [
			E('label', { 'class': 'cbi-value-title',
				'for': input.id }, [ words ]),
			E('div', { 'class': 'cbi-value-field' }, [ input ])
		]);
	},

	// headings: texts; rows: arrays of texts, numbers or elements.
	table: function(headings, rows, empty) {
		const head = E('tr', { 'class': 'tr table-titles' },
			headings.map(function(words) {
				return E('th', { 'class': 'th', 'scope': 'col' },
					[ words ]);
			}));
		const body = rows.map(function(cells) {
			return E('tr', { 'class': 'tr' }, cells.map(function(cell, i) {
				return E('td', { 'class': 'td',
					'data-title': headings[i] },
				[ cell ]);
			}));
		});

		if (!rows.length)
			body.push(E('tr', { 'class': 'tr placeholder' }, [
				E('td', { 'class': 'td', 'colspan': headings.length },
					[ empty ]) ]));
		return E('table', { 'class': 'table' }, [ head ].concat(body));
	},

	// The column with buttons that change something, for who may.
	action: function(cell) {
		return this.mayWrite() ? [ [ _('Action'), cell ] ] : [];
	},

	// columns: [ heading, function that makes an item's cell ]
	columns: function(columns, items, empty) {
		return this.table(columns.map(function(c) { return c[0]; }),
			items.map(function(item) {
				return columns.map(function(c) { return c[1](item); });
			}), empty);
	},

	// Cells of a CSV file (RFC 4180).
	csv: function(rows) {
		return rows.map(function(row) {
			return row.map(function(cell) {
				const words = cell == null ? '' : String(cell);

				return special.test(words)
					? '"' + words.replace(/"/g, '""') + '"' : words;
			}).join(',');
		}).join('\r\n') + '\r\n';
	},

	download: function(name, type, content) {
		const url = URL.createObjectURL(new Blob([ content ], { type: type }));
		const link = E('a', { 'href': url, 'download': name }, []);

		document.body.appendChild(link);
		link.click();
		document.body.removeChild(link);
		window.setTimeout(function() { URL.revokeObjectURL(url); }, 60000);
	},

	openPage: function(html) {
		const url = URL.createObjectURL(new Blob([ html ],
			{ type: 'text/html;charset=utf-8' }));

		if (!window.open(url, '_blank'))
			this.download('stadttor.html', 'text/html', html);
		window.setTimeout(function() { URL.revokeObjectURL(url); }, 600000);
	}
});
