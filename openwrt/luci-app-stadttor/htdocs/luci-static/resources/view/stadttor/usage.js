// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require view';
'require dom';
'require ui';
'require stadttor.chart as chart';
'require stadttor.figures as figures';
'require stadttor.gate as gate';
'require stadttor.tools as tools';

const SPANS = {
	today: { from: 'today', step: 'hour' },
	week: { from: '-6d', step: 'day' },
	month: { from: '-29d', step: 'day' },
	year: { from: '-364d', step: 'month' }
};

function columns(usage) {
	return [
		[ _('Devices'), figures.visitors(usage), tools.number ],
		[ _('Portal shown'), 'portal_shown', tools.number ],
		[ _('Accepted'), 'accepted', tools.number ],
		[ _('Sessions'), 'sessions', tools.number ],
		[ _('Down'), 'bytes_down', tools.bytes ],
		[ _('Up'), 'bytes_up', tools.bytes ],
		[ _('Most at once'), 'peak', tools.number ]
	];
}

function slots(usage, metric) {
	if (usage.step === 'month')
		return figures.lines(usage, metric);
	return usage.step === 'hour' ? figures.hours(usage, metric)
		: figures.days(usage, metric);
}

function renderChart(usage, title, metric, show) {
	return E('div', { 'class': 'cbi-section' }, [ tools.heading(title),
		chart.bars(slots(usage, metric), title, show) ]);
}

function renderTable(usage) {
	const wanted = columns(usage);

	return tools.table([ _('Time') ].concat(wanted.map(function(c) {
		return c[0];
	})), (usage.time || []).map(function(time, i) {
		return [ figures.label(usage, i) ].concat(wanted.map(function(c) {
			return c[2](usage.values[c[1]][i]);
		}));
	}), _('There are no figures of that time.'));
}

// Every figure there is, as `stadttor usage --csv` gives it.
function save(usage) {
	const names = Object.keys(usage.values);
	const rows = [ [ 'time' ].concat(names) ];

	usage.time.forEach(function(time, i) {
		rows.push([ time ].concat(names.map(function(name) {
			return usage.values[name][i];
		})));
	});
	tools.download('stadttor-%s-%s.csv'.format(usage.from, usage.to),
		'text/csv;charset=utf-8', tools.csv(rows));
}

function show(place, usage) {
	if (usage.error) {
		dom.content(place, [ tools.failure(usage) ]);
		return;
	}
	dom.content(place, [
		renderChart(usage, _('Devices'), figures.visitors(usage),
			tools.number),
		renderChart(usage, _('Data down'), 'bytes_down', tools.bytes),
		E('div', { 'class': 'cbi-section' }, [
			tools.heading(_('All figures')),
			renderTable(usage),
			tools.button(_('Download as CSV'), 'cbi-button-action',
				function() { save(usage); })
		])
	]);
}

return view.extend(Object.assign({
	load: function() {
		return Promise.all([ gate.usage('today', undefined, 'hour'),
			gate.check(), gate.programs(), gate.zones() ]);
	},

	render: function(data) {
		const place = E('div', {}, []);
		const span = tools.select('stadttor-span', [
			[ 'today', _('Today, by hour') ], [ 'week', _('7 days') ],
			[ 'month', _('30 days') ], [ 'year', _('12 months') ]
		], 'today');
		const zone = tools.selectZone('stadttor-zone', _('All zones'),
			data[3]);
		const fetch = ui.createHandlerFn(null, function() {
			const wanted = SPANS[span.value];

			return gate.usage(wanted.from, undefined, wanted.step,
				zone.value || undefined).then(function(usage) {
				show(place, usage);
			});
		});

		span.addEventListener('change', fetch);
		zone.addEventListener('change', fetch);
		show(place, data[0]);
		return E('div', {}, [
			tools.title(_('Usage')),
			tools.warnings(tools.mistakes(data[1], data[2])),
			tools.paragraph(_('Each figure is shared by several devices; those of fewer come later or in the day\'s total. A device that comes on two days is counted twice.')),
			E('div', { 'class': 'cbi-section' }, [
				tools.field(_('Time'), span), tools.field(_('Zone'), zone)
			]),
			place
		]);
	}
}, tools.noFooter));
