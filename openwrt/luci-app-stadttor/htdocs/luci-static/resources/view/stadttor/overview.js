// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require view';
'require poll';
'require dom';
'require ui';
'require stadttor.chart as chart';
'require stadttor.figures as figures';
'require stadttor.gate as gate';
'require stadttor.tools as tools';

const POLL_S = 10;

// --- state --------------------------------------------------------------------
function troubleOf(zone) {
	if (!zone.present)
		return _('The device of zone %s is not there.');
	if (zone.shut)
		return _('Zone %s is shut, as packets would pass by the gate: stadttor doctor says why.');
	if (zone.outlet && zone.outlet !== 'open')
		return _('Guests of zone %s do not reach the internet: stadttor doctor says why.');
	return zone.full ? _('All places of zone %s are taken.') : null;
}

// What is wrong, in words.
function troubles(status, check, programs) {
	const list = tools.mistakes(check, programs);

	programs.forEach(function(p) {
		if (!p.running)
			list.push(_('The program %s does not run.').format(p.name));
	});
	if (status.error) {
		if (status.error !== check.error)
			list.push(status.error);
		return list;
	}
	if (!status.uplinks_present)
		list.push(_('No device of an uplink is there.'));
	status.zones.forEach(function(z) {
		const wrong = troubleOf(z);

		if (wrong)
			list.push(wrong.format(z.zone));
	});
	if (status.troubles && status.troubles.length)
		list.push(_('Something on this box works against the gate: stadttor doctor says what.'));
	list.push.apply(list, tools.cityTroubles(status));
	if (status.netlink_errors)
		list.push(_('The kernel has refused %d orders; the log says which.')
			.format(status.netlink_errors));
	return list;
}

function renderHealth(status, check, programs) {
	const list = troubles(status, check, programs);

	if (!list.length)
		return tools.paragraph(_('Everything runs.'));
	return tools.warnings(list);
}

function renderZones(status) {
	if (status.error)
		return E('div', {}, []);
	return E('div', {}, [
		tools.table([ _('Zone'), _('Device'), _('Places'),
			_('Rates') ], status.zones.map(function(z) {
			return [ z.zone, z.present ? _('there') : _('missing'),
				tools.number(z.max_sessions), z.shaping ];
		}), _('No zones')),
		tools.paragraph(_('Running for %s. Rules put back after somebody removed them: %d.').format(
			tools.span(status.uptime_s), status.reinstalled))
	]);
}

// --- charts -------------------------------------------------------------------
function renderChart(title, usage, slots, note) {
	return E('div', { 'class': 'cbi-section' }, [
		tools.heading(title),
		usage.error ? tools.failure(usage)
			: chart.bars(slots, title, tools.number),
		tools.paragraph(note)
	]);
}

// --- sessions -----------------------------------------------------------------
function revoke(handle, row) {
	return gate.revoke(handle).then(function(reply) {
		if (reply.error)
			tools.complain(reply);
		else
			row.parentNode.removeChild(row);
	});
}

function renderEnd(session) {
	const end = tools.button(_('End'), 'cbi-button-remove',
		ui.createHandlerFn(null, function() {
			return revoke(session.handle, end.closest('tr'));
		}));

	return end;
}

// [ heading, cell of a session ]
const COLUMNS = [
	[ _('Handle'), function(s) { return s.handle; } ],
	[ _('Zone'), function(s) { return s.zone; } ],
	[ _('Online for'), function(s) { return tools.span(s.age_s); } ],
	[ _('Time left'), function(s) { return tools.span(s.left_s); } ],
	[ _('Up'), function(s) { return tools.bytes(s.up_bytes); } ],
	[ _('Down'), function(s) { return tools.bytes(s.down_bytes); } ]
];

function showSessions(place) {
	return gate.sessions().then(function(reply) {
		if (reply.error) {
			tools.complain(reply);
			return;
		}
		dom.content(place, [ tools.columns(
			COLUMNS.concat(tools.action(renderEnd)), reply.sessions,
			_('Nobody is online.')) ]);
	});
}

// Who may end sessions may see them.
function renderSessions() {
	if (!tools.mayWrite())
		return E('div', {}, []);
	const place = E('div', {}, []);

	return E('div', { 'class': 'cbi-section' }, [
		tools.heading(_('Sessions')),
		tools.paragraph(_('Handles are random and say nothing about a device. Addresses are not shown here.')),
		tools.button(_('Show sessions'), 'cbi-button-action',
			ui.createHandlerFn(null, function() {
				return showSessions(place);
			})),
		place
	]);
}

return view.extend(Object.assign({
	load: function() {
		return Promise.all([ gate.status(), gate.check(), gate.programs(),
			gate.usage('today', 'today', 'hour'),
			gate.usage('-6d', 'today', 'day') ]);
	},

	render: function(data) {
		const health = E('div', {}, [ renderHealth(data[0], data[1], data[2]) ]);
		const zones = E('div', {}, [ renderZones(data[0]) ]);

		poll.add(function() {
			return Promise.all([ gate.status(), gate.check(),
				gate.programs() ]).then(function(now) {
				dom.content(health,
					[ renderHealth(now[0], now[1], now[2]) ]);
				dom.content(zones, [ renderZones(now[0]) ]);
			});
		}, POLL_S);
		return E('div', {}, [
			tools.title('Stadttor'),
			E('div', { 'class': 'cbi-section' },
				[ tools.heading(_('State')), health, zones ]),
			renderChart(_('Devices today, by hour'), data[3],
				figures.hours(data[3], 'online'),
				_('An hour comes after its end. Each figure has noise, so that it tells of nobody.')),
			renderChart(_('Devices of the week, by day'), data[4],
				figures.days(data[4], 'visitors'),
				_('A day comes after midnight.')),
			renderSessions()
		]);
	}
}, tools.noFooter));
