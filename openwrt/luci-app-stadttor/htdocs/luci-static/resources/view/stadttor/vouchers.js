// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require view';
'require dom';
'require ui';
'require stadttor.gate as gate';
'require stadttor.tools as tools';

const SHEET_MAX = 250; // codes that one sheet holds here

// --- codes that were just made ------------------------------------------------
function print(made, language) {
	return gate.vouchersPrint(made.codes.join(' '), made.label, language)
		.then(function(reply) {
			if (reply.error)
				tools.complain(reply);
			else
				tools.openPage(reply.html);
		});
}

function saveCodes(made) {
	const rows = [ [ 'code', 'batch', 'label', 'zone', 'minutes', 'devices',
		'valid_until' ] ];

	made.codes.forEach(function(code) {
		rows.push([ code, made.batch, made.label, made.zone,
			made.duration_s / 60, made.devices,
			new Date(made.valid_until_s * 1000).toISOString() ]);
	});
	tools.download('stadttor-%d.csv'.format(made.batch),
		'text/csv;charset=utf-8', tools.csv(rows));
}

function renderCodes(made) {
	const language = tools.select('stadttor-language', tools.languages, 'de');
	const sheet = made.codes.length > SHEET_MAX
		? [ tools.paragraph(_('More than %d codes: print them with stadttor voucher print and the CSV file.').format(SHEET_MAX)) ]
		: [ language, tools.button(_('Print'), 'cbi-button-action',
			ui.createHandlerFn(null, function() {
				return print(made, language.value);
			})) ];

	language.setAttribute('aria-label', _('Language'));
	return E('div', { 'class': 'cbi-section' }, [
		tools.heading(_('New codes')),
		tools.warning(_('They are shown this once only: print or save them now.')),
		E('pre', { 'tabindex': '0', 'style': 'max-height:20em;overflow:auto' },
			[ made.codes.join('\n') ]),
		E('div', { 'style': 'display:flex;gap:.5em' }, sheet.concat([
			tools.button(_('Download as CSV'), 'cbi-button-action',
				function() { saveCodes(made); }) ]))
	]);
}

// --- batches ------------------------------------------------------------------
function askAndRevoke(batch, refresh) {
	return new Promise(function(resolve) {
		ui.showModal(_('Take back batch %d?').format(batch), [
			tools.paragraph(_('Its codes let nobody in any more, and sessions that began with them end.')),
			E('div', { 'class': 'right' }, [
				tools.button(_('Cancel'), '', function() {
					ui.hideModal();
					resolve();
				}),
				' ',
				tools.button(_('Take back'), 'cbi-button-negative',
					function() {
						ui.hideModal();
						gate.vouchersRevoke(batch).then(function(reply) {
							if (reply.error)
								tools.complain(reply);
							return refresh();
						}).then(resolve);
					})
			])
		]);
	});
}

// [ heading, cell of a batch ]
const COLUMNS = [
	[ _('Batch'), function(b) { return b.batch; } ],
	[ _('Label'), function(b) { return b.label; } ],
	[ _('Zone'), function(b) { return b.zone || _('any'); } ],
	[ _('Made'), function(b) { return tools.time(b.created_s); } ],
	[ _('Valid until'), function(b) { return tools.time(b.valid_until_s); } ],
	[ _('Minutes'), function(b) { return b.duration_s / 60; } ],
	[ _('Devices'), function(b) { return b.devices; } ],
	[ _('Codes'), function(b) { return b.count; } ],
	[ _('Used'), function(b) { return b.used; } ],
	[ _('Taken back'), function(b) { return b.revoked; } ]
];

function renderBatches(reply, refresh) {
	const action = tools.action(function(b) {
		return b.revoked >= b.count ? '' : tools.button(_('Take back'),
			'cbi-button-remove', ui.createHandlerFn(null, function() {
				return askAndRevoke(b.batch, refresh);
			}));
	});

	if (reply.error)
		return tools.failure(reply);
	return tools.columns(COLUMNS.concat(action), reply.batches,
		_('There are no vouchers.'));
}

function renderStatistics(reply) {
	if (reply.error)
		return E('div', {}, []);
	return tools.table([ _('Label'), _('Made'), _('Used'), _('Running'),
		_('Run out'), _('Taken back') ], reply.labels.map(function(l) {
		return [ l.label, l.created, l.used, l.active, l.expired, l.revoked ];
	}), _('There are no vouchers.'));
}

// --- new ones -----------------------------------------------------------------
function renderForm(zones, onmade) {
	const number = function(id, value, max) {
		return tools.input(id, 'number', value, { 'min': 1, 'max': max });
	};
	const count = number('stadttor-count', 10, 10000);
	const minutes = number('stadttor-minutes', 1440, 525600);
	const devices = number('stadttor-devices', 1, 1000);
	const valid = tools.input('stadttor-valid', 'text', '30d', {});
	const label = tools.input('stadttor-label', 'text', '',
		{ 'maxlength': 64 });
	const zone = tools.selectZone('stadttor-zone', _('any'), zones);

	return E('div', { 'class': 'cbi-section' }, [
		tools.heading(_('Make codes')),
		tools.field(_('Number of codes'), count),
		tools.field(_('Minutes from the first login'), minutes),
		tools.field(_('Devices at once for each code'), devices),
		tools.field(_('Valid for, such as 8h or 30d'), valid),
		tools.field(_('Label, for the lists and the sheet'), label),
		tools.field(_('Zone'), zone),
		tools.button(_('Make codes'), 'cbi-button-add',
			ui.createHandlerFn(null, function() {
				return gate.vouchersCreate(Number(count.value),
					Number(minutes.value), Number(devices.value),
					valid.value || undefined, label.value,
					zone.value || undefined).then(onmade);
			}))
	]);
}

return view.extend(Object.assign({
	load: function() {
		return Promise.all([ gate.vouchersList(), gate.vouchersStatistics(),
			gate.check(), gate.programs(), gate.zones() ]);
	},

	render: function(data) {
		const codes = E('div', { 'aria-live': 'polite' }, []);
		const lists = E('div', {}, []);
		const show = function(batches, statistics) {
			dom.content(lists, [
				tools.heading(_('Batches')), renderBatches(batches, refresh),
				tools.heading(_('By label')), renderStatistics(statistics)
			]);
		};
		const refresh = function() {
			return Promise.all([ gate.vouchersList(),
				gate.vouchersStatistics() ]).then(function(now) {
				show(now[0], now[1]);
			});
		};

		const onmade = function(made) {
			if (made.error) {
				tools.complain(made);
				return null;
			}
			dom.content(codes, [ renderCodes(made) ]);
			return refresh();
		};

		show(data[0], data[1]);
		return E('div', {}, [
			tools.title(_('Vouchers')),
			tools.warnings(tools.mistakes(data[2], data[3])),
			tools.mayWrite() ? renderForm(data[4], onmade) : '',
			codes,
			E('div', { 'class': 'cbi-section' }, [ lists ])
		]);
	}
}, tools.noFooter));
