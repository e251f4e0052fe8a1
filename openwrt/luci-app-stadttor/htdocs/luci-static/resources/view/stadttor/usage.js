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
	quarter: { from: '-91d', step: 'week' },
	year: { from: '-364d', step: 'month' }
};

// Of these an answer has those of its step.
const COLUMNS = [
	[ _('Devices online'), 'online', tools.number ],
	[ _('Devices'), 'visitors', tools.number ],
	[ _('Only saw the page'), 'onlookers', tools.number ],
	[ _('Down'), 'bytes_down', tools.bytes ],
	[ _('Up'), 'bytes_up', tools.bytes ],
	[ _('Most at once'), 'peak', tools.number ]
];

function columns(usage) {
	return COLUMNS.filter(function(c) { return usage.values[c[1]]; });
}

// What lies below its band is not to be told from nothing.
function figure(usage, column, i) {
	const value = usage.values[column[1]][i];
	const band = usage.bands[column[1]][i];

	if (value == null)
		return '-';
	if (value < band)
		return _('under %s').format(column[2](Math.ceil(band)));
	return '%s ± %s'.format(column[2](value), column[2](Math.ceil(band)));
}

function slots(usage, metric) {
	if (usage.step === 'month' || usage.step === 'week')
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
			return figure(usage, c, i);
		}));
	}), _('There are no figures of that time.'));
}

// Every figure there is, as `stadttor usage --csv` gives it.
function save(usage) {
	const names = Object.keys(usage.values);
	const rows = [ [ 'time', 'hours' ] ];

	names.forEach(function(name) { rows[0].push(name, name + '_band'); });
	usage.time.forEach(function(time, i) {
		const row = [ time, usage.hours[i] ];

		names.forEach(function(name) {
			row.push(usage.values[name][i], usage.bands[name][i]);
		});
		rows.push(row);
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
		usage.values.bytes_down ? renderChart(usage, _('Data down'),
			'bytes_down', tools.bytes) : E('div', {}, []),
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
			[ 'month', _('30 days') ], [ 'quarter', _('13 weeks') ],
			[ 'year', _('12 months') ]
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
			tools.paragraph(_('Each figure has noise, so that it tells of nobody: what was counted lies within the ± in 95 of 100 cases. A device that comes on two days is counted twice.')),
			E('div', { 'class': 'cbi-section' }, [
				tools.field(_('Time'), span), tools.field(_('Zone'), zone)
			]),
			place
		]);
	}
}, tools.noFooter));
