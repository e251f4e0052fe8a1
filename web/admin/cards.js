// SPDX-License-Identifier: GPL-3.0-or-later
// What each card asks for and how it turns the answer into a picture.
import { Usage, labelsUrl, usageUrl } from './api.js';
import { barList, heatMap } from './bars.js';
import { addDays, dayList, dayOf, hourOf, hourSlots, weekday } from './calendar.js';
import { drawTime } from './chart.js';
import { el } from './dom.js';
import { bytes, fullDay, hourName, languageName, monthName, number, percent, plainDay, shortDay, shortWeekday, weekdayName } from './format.js';
import { hasWord, t } from './words.js';

const BARS_MAX = 62; // more days than that are lines
const DAYS_LEAST = 14; // of an axis that begins with the first figures
const LABELS_MAX = 8;

const DWELL = ['dwell_5', 'dwell_15', 'dwell_30', 'dwell_60', 'dwell_120',
	'dwell_240', 'dwell_more'];
const ENDED = ['ended_idle', 'ended_expired', 'ended_logout', 'ended_quota',
	'ended_operator'];

function rangeFrom(view) {
	return view.days === 1 ? 'today' : `-${view.days - 1}d`;
}

function rangeQuery(view) {
	return { step: view.days === 1 ? 'hour' : 'day',
		from: rangeFrom(view), to: 'today', zone: view.zone };
}

function usageCsv(query, metrics) {
	return usageUrl({ ...query, metrics, format: 'csv' });
}

// --- slots of time ---------------------------------------------------------

function slotsOfHours(usage) {
	const slots = hourSlots(usage.to, usage.start, usage.time);
	const changes = slots.length !== 24;

	return slots.map(s => ({
		short: hourName(s.hour),
		label: String(s.hour).padStart(2, '0'),
		name: hourName(s.hour) + (changes ? ` (${s.offset})` : ''),
		value: metric => s.row < 0 ? null : usage.at(metric, s.row) }));
}

function dayLabel(day, count) {
	if (count <= DAYS_LEAST)
		return shortWeekday(day);
	if (count <= BARS_MAX)
		return shortDay(day);
	return day.endsWith('-01') ? monthName(day) : '';
}

// Days before the first figures are left out, or empty where too few remain.
function slotsOfDays(usage) {
	const begun = usage.firstDay;
	const least = addDays(usage.to, 1 - DAYS_LEAST);
	const cut = begun < least ? begun : least;
	const days = dayList(cut > usage.from ? cut : usage.from, usage.to);

	return days.map(day => ({
		short: shortDay(day),
		label: dayLabel(day, days.length),
		name: fullDay(day),
		value: metric => {
			const n = usage.of(metric, day);
			const isOpen = day === usage.to || day < begun;

			return isOpen && !n ? null : n;
		} }));
}

function slotsOf(usage, view) {
	return view.days === 1 ? slotsOfHours(usage) : slotsOfDays(usage);
}

// Figures whose hour is not known stand in the table alone.
function timeTable(usage, slots, head, metrics, format) {
	const rows = slots.filter(s => metrics.some(m => s.value(m) !== null))
		.map(s => [s.name, ...metrics.map(m =>
			format(s.value(m) ?? 0))]);
	const lost = usage.time.indexOf(null);

	if (lost >= 0)
		rows.push([t('unknown_time'), ...metrics.map(m =>
			format(usage.at(m, lost)))]);
	return { head: [head, ...metrics.map(m => t('m_' + m))], rows };
}

function summary(title, slots, series, format) {
	const most = series.map(s => {
		const at = s.values.reduce((best, n, i) =>
			(n ?? 0) > (s.values[best] ?? 0) ? i : best, 0);

		return t('summary_most', { x: s.name, at: slots[at].name,
			n: format(s.values[at] ?? 0) });
	});

	return t('summary', { x: t(title), from: slots[0].name,
		to: slots.at(-1).name, most: most.join('; ') });
}

function timePicture(title, usage, slots, metrics, tones, format, whole) {
	const series = metrics.map((m, i) => ({ name: t('m_' + m),
		tone: tones[i], values: slots.map(s => s.value(m)) }));

	const shape = slots.length > BARS_MAX ? 'lines' : 'bars';

	return {
		legend: shape === 'bars' ? series : series.map(s =>
			({ ...s, name: `${s.name} (${t('mean')})` })),
		lines: shape === 'lines',
		table: timeTable(usage, slots, t(usage.time[0]?.length === 10
			? 'col_day' : 'col_hour'), metrics, format),
		chart: { labels: slots.map(s => s.label),
			names: slots.map(s => s.name), series, format, whole,
			shape,
			summary: summary(title, slots, series, format) },
	};
}

function drawChart(host, data) {
	return drawTime(host, data.chart);
}

function highest(slots, metric) {
	return slots.reduce((best, s) =>
		s.value(metric) > best.value(metric) ? s : best);
}

function atLeast(n) {
	return n ? number(n) + '+' : '–';
}

// --- the cards -------------------------------------------------------------

const today = {
	id: 'today',
	query: view => ({ step: 'hour', from: 'today', to: 'today',
		zone: view.zone }),
	url: view => usageUrl(today.query(view)),
	csv: view => usageCsv(today.query(view), 'visitors,sessions'),
	prepare(json) {
		const usage = new Usage(json);

		if (usage.isEmpty)
			return null;
		const slots = slotsOfHours(usage);
		const best = highest(slots, 'visitors');

		return { ...timePicture('today', usage, slots,
			['visitors', 'sessions'], ['tone-1', 'tone-2'],
			number, true),
		figures: [
			[t('k_sessions'), number(usage.sum('sessions'))],
			[`${t('k_best_hour')}, ${best.short}`,
				number(best.value('visitors') ?? 0)],
			[t('k_peak'), atLeast(usage.max('peak'))]] };
	},
	draw: drawChart,
};

const visitors = {
	id: 'visitors',
	wanted: view => view.days > 1,
	url: view => usageUrl(rangeQuery(view)),
	csv: view => usageCsv(rangeQuery(view), 'visitors_day,sessions'),
	prepare(json) {
		const usage = new Usage(json);

		if (usage.isEmpty || !usage.firstDay)
			return null;
		const slots = slotsOfDays(usage);
		const counted = slots.filter(s =>
			s.value('visitors_day') !== null);
		const best = highest(slots, 'visitors_day');
		const figures = [
			[t('k_per_day'), number(usage.sum('visitors_day') /
				Math.max(1, counted.length))],
			[`${t('k_best_day')}, ${best.short}`,
				number(best.value('visitors_day') ?? 0)],
			[t('k_sessions'), number(usage.sum('sessions'))],
			[t('k_peak'), atLeast(usage.max('peak'))]];

		return { ...timePicture('visitors', usage, slots,
			['visitors_day', 'sessions'], ['tone-1', 'tone-2'],
			number, true),
		figures, aside: usage.firstDay > usage.from
			? t('since', { d: plainDay(usage.firstDay) }) : '' };
	},
	draw: drawChart,
};

const volume = {
	id: 'volume',
	url: view => usageUrl(rangeQuery(view)),
	csv: view => usageCsv(rangeQuery(view), 'bytes_down,bytes_up'),
	prepare(json, view) {
		const usage = new Usage(json);
		const down = usage.sum('bytes_down');
		const up = usage.sum('bytes_up');
		const sessions = usage.sum('sessions');

		if (!down && !up)
			return null;
		return { ...timePicture('volume', usage, slotsOf(usage, view),
			['bytes_down', 'bytes_up'], ['tone-3', 'tone-4'],
			bytes, false),
		figures: [[t('down'), bytes(down)], [t('up'), bytes(up)],
			...sessions ? [[t('k_per_session'),
				bytes((down + up) / sessions)]] : []] };
	},
	draw: drawChart,
};

const heat = {
	id: 'heat',
	weeks: view => view.days > 90 ? 12 : 4,
	note: view => ({ n: heat.weeks(view) }),
	query: view => ({ step: 'hour', from: `-${heat.weeks(view) * 7}d`,
		to: 'yesterday', zone: view.zone, metrics: 'visitors' }),
	url: view => usageUrl(heat.query(view)),
	csv: view => usageCsv(heat.query(view), 'visitors'),
	prepare(json) {
		const usage = new Usage(json);

		if (usage.isEmpty || !usage.firstDay)
			return null;
		const sum = Array.from({ length: 7 }, () => Array(24).fill(0));
		const days = Array(7).fill(0);

		dayList(usage.firstDay, usage.to).forEach(day =>
			days[weekday(day)]++);
		usage.time.forEach((time, i) => {
			if (time)
				sum[weekday(dayOf(time))][hourOf(time)] +=
					usage.at('visitors', i);
		});
		const mean = sum.map((hours, day) => hours.map(n =>
			days[day] ? n / days[day] : 0));
		const most = Math.max(...mean.flat());
		const day = mean.findIndex(hours => hours.includes(most));

		return { mean,
			figures: [[t('k_busiest'), weekdayName(day) + ', ' +
				hourName(mean[day].indexOf(most))]],
			table: { head: [t('col_hour'), ...mean.map((_, d) =>
				weekdayName(d, 'short'))],
			rows: mean[0].map((_, hour) => [hourName(hour),
				...mean.map(hours => number(hours[hour], 1))]) } };
	},
	draw(host, data) {
		host.append(...heatMap(data.mean, t('heat')));
	},
};

const dwell = {
	id: 'dwell',
	url: view => usageUrl(rangeQuery(view)),
	csv: view => usageCsv(rangeQuery(view), DWELL.join(',')),
	prepare(json) {
		const usage = new Usage(json);
		const counts = DWELL.map(m => usage.sum(m));
		const all = counts.reduce((a, b) => a + b, 0);

		if (!all)
			return null;
		return {
			rows: DWELL.map((m, i) => ({ name: t(m), tone: 'tone-1',
				value: counts[i], text: percent(counts[i], all) })),
			figures: [[t('k_short'),
				percent(counts[0] + counts[1], all)]],
			table: { head: [t('col_length'), t('col_count'),
				t('col_share')],
			rows: DWELL.map((m, i) => [t(m), number(counts[i]),
				percent(counts[i], all)]) },
		};
	},
	draw(host, data) {
		host.append(barList(data.rows, { upright: true }));
	},
};

const funnel = {
	id: 'funnel',
	url: view => usageUrl(rangeQuery(view)),
	csv: view => usageCsv(rangeQuery(view), ['portal_shown', 'accepted',
		'sessions', ...ENDED].join(',')),
	prepare(json) {
		const usage = new Usage(json);
		const steps = ['portal_shown', 'accepted', 'sessions'].map(m =>
			[m, usage.sum(m)]);
		const ends = ENDED.map(m => [m, usage.sum(m)]);
		const ended = ends.reduce((all, [, n]) => all + n, 0);
		const shown = steps[0][1];
		const row = tone => ([m, n]) => ({ name: t(m), value: n, tone,
			text: number(n) });

		if (!steps.some(([, n]) => n) && !ended)
			return null;
		return {
			steps: steps.map(row('tone-1')),
			ends: ends.map(([m, n]) => ({
				...row('tone-2')([m, n]), of: ended || 1,
				text: percent(n, ended) })),
			figures: shown ? [[t('k_let_in'),
				percent(Math.min(steps[1][1], shown), shown)]] : [],
			table: { head: [t('col_what'), t('col_count')],
				rows: [...steps, ...ends].map(([m, n]) =>
					[t(m), number(n)]) },
		};
	},
	draw(host, data) {
		host.append(barList(data.steps), el('h3', {}, t('ended')),
			barList(data.ends));
	},
};

function labelsCard(id, kind, nameOf, tone) {
	const query = view => ({ kind, from: rangeFrom(view), to: 'today' });

	return {
		id,
		url: view => labelsUrl(query(view)),
		csv: view => labelsUrl({ ...query(view), format: 'csv' }),
		prepare(json) {
			const list = Object.entries(json.values)
				.sort((a, b) => (a[0] === 'other') -
					(b[0] === 'other') || b[1] - a[1]);
			const all = list.reduce((sum, [, n]) => sum + n, 0);
			const few = list.length > LABELS_MAX
				? list.slice(0, LABELS_MAX - 1) : list;
			const rest = all - few.reduce((sum, [, n]) => sum + n, 0);
			const shown = rest ? [...few, ['other', rest]] : few;

			if (!all)
				return null;
			return {
				rows: shown.map(([label, n]) => ({
					name: nameOf(label), value: n, tone,
					text: percent(n, all) })),
				table: { head: [t('col_' + kind),
					t('col_count'), t('col_share')],
				rows: list.map(([label, n]) => [nameOf(label),
					number(n), percent(n, all)]) },
			};
		},
		draw(host, data) {
			host.append(barList(data.rows));
		},
	};
}

function platformName(label) {
	return hasWord(label) ? t(label) : label;
}

export const cards = [visitors, today, volume, dwell, heat, funnel,
	labelsCard('languages', 'language', languageName, 'tone-3'),
	labelsCard('platforms', 'platform', platformName, 'tone-4')];
