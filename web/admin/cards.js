// SPDX-License-Identifier: GPL-3.0-or-later
// What each card asks for and how it turns the answer into a picture.
import { sumPairs, tellPair } from './against.js';
import { Usage, figure, isFaint, total, usageUrl } from './api.js';
import { barList, heatMap } from './bars.js';
import { addDays, dayList, dayOf, hourOf, hourSlots, weekday } from './calendar.js';
import { drawTime } from './chart.js';
import { about, bytes, exact, fullDay, hourName, languageName, monthName, number, percent, plainDay, shortDay, shortWeekday, weekdayName } from './format.js';
import { noteOf } from './notes.js';
import { daysBack, earlier, stretched } from './period.js';
import { hasWord, t } from './words.js';

const BARS_MAX = 62; // more days than that are lines
const DAYS_LEAST = 14; // of an axis that begins with the first figures
const WEEKS_LEAST = 28; // days of what is told by the week
const HEAT_DAYS_MAX = 91;
const LABELS_MAX = 8; // further ones are told as one
const SHARE_BANDS = 5; // so many bands make a share worth telling

const DWELL = ['dwell_5', 'dwell_15', 'dwell_30', 'dwell_60', 'dwell_120',
	'dwell_240', 'dwell_480', 'dwell_more'];
const ENDED = ['ended_idle', 'ended_expired', 'ended_logout', 'ended_quota',
	'ended_operator', 'ended_not'];
const LANGUAGES = ['ar', 'bg', 'de', 'de-simple', 'el', 'en', 'es', 'fa', 'fr',
	'it', 'ku', 'pl', 'ro', 'ru', 'tr', 'uk', 'other'];
const PLATFORMS = ['apple', 'android', 'windows', 'firefox', 'linux', 'kindle',
	'other'];

function spanQuery(step, { from, to }) {
	return { step, from, to };
}

function dayQuery(view) {
	return { ...spanQuery('day', view), zone: view.zone };
}

// Of the whole box; the weeks that began in the time, a month at least.
function weekQuery(view) {
	return spanQuery('week', stretched(view, WEEKS_LEAST));
}

// The days that those of the view are held against; null: none.
function beforeUrl(view) {
	const back = daysBack(view);

	return back ? usageUrl({ ...spanQuery('day', earlier(view, back)),
		zone: view.zone }) : null;
}

function whenBefore(view) {
	const word = view.against === 'before' && view.days === 1
		? 'when_before_1' : 'when_' + view.against;

	return t(word, { n: view.days });
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
		figure: metric => usage.at(metric, s.row) }));
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
		day,
		short: shortDay(day),
		label: dayLabel(day, days.length),
		name: fullDay(day),
		figure: metric => usage.of(metric, day) }));
}

// The first metric of each slot, so many days earlier: for chart and table.
function beforeSeries(slots, metric, before, view) {
	const usage = new Usage(before);
	const back = daysBack(view);

	return { name: t('against_name', { m: t('m_' + metric),
		w: t('short_' + view.against) }),
	figures: slots.map(s => usage.of(metric, addDays(s.day, -back))) };
}

function slotsOfWeeks(usage) {
	return usage.time.map((day, row) => ({
		short: shortDay(day),
		label: shortDay(day),
		name: t('week_of', { d: plainDay(day), n: usage.hours[row] }),
		figure: metric => usage.at(metric, row) }));
}

function noteAt(slot) {
	return slot.day ? noteOf(slot.day) : '';
}

// Notes have a column where there are some.
function timeTable(slots, head, metrics, format, before) {
	const isNoted = slots.some(noteAt);
	const rows = slots.map((s, i) => [s, ...metrics.map(m =>
		s.figure(m)), ...before ? [before.figures[i]] : []])
		.filter(([s, ...figures]) => noteAt(s) || figures.some(f => f))
		.map(([s, ...figures]) => [s.name, ...figures.map(f =>
			exact(f, format)), ...isNoted ? [noteAt(s)] : []]);

	return { head: [head, ...metrics.map(m => t('m_' + m)),
		...before ? [before.name] : [],
		...isNoted ? [t('col_note')] : []], rows };
}

// Of n cells that hold nothing the noise (scale: a third of the band) makes one
// as high as t ln n: below that the highest says no more than that.
function highest(slots, metric) {
	const told = slots.filter(s => s.figure(metric));
	const best = told.reduce((a, b) => b.figure(metric).value >
		a.figure(metric).value ? b : a, told[0] ?? slots[0]);
	const f = best.figure(metric);

	return { short: best.short, figure: f && figure(f.value,
		f.band * Math.max(1, Math.log(told.length) / 3)) };
}

function summary(title, slots, series, format) {
	const most = series.map(s => {
		const at = s.figures.reduce((best, f, i) => (f?.value ?? 0) >
			(s.figures[best]?.value ?? 0) ? i : best, 0);

		return t('summary_most', { x: s.name, at: slots[at].name,
			n: about(s.figures[at], format) });
	});

	return t('summary', { x: t(title), from: slots[0].name,
		to: slots.at(-1).name, most: most.join('; ') });
}

function timePicture(title, slots, head, metrics, tones, format, whole,
	before) {
	const series = metrics.map((m, i) => ({ name: t('m_' + m),
		tone: tones[i], figures: slots.map(s => s.figure(m)) }));
	const shape = slots.length > BARS_MAX ? 'lines' : 'bars';

	return {
		legend: [...series, ...before ? [before] : []].map(s =>
			shape === 'bars' ? s : { ...s,
				name: `${s.name} (${t('mean')})` }),
		lines: shape === 'lines',
		table: timeTable(slots, t(head), metrics, format, before),
		chart: { labels: slots.map(s => s.label),
			names: slots.map(s => s.name), series, format, whole,
			shape, before, marks: slots.map(noteAt),
			summary: summary(title, slots, series, format) },
	};
}

function drawChart(host, data) {
	return drawTime(host, data.chart);
}

// A key figure, with its band as a hint.
function key(name, f, format = number) {
	return [name, about(f, format), exact(f, format)];
}

// --- the cards -------------------------------------------------------------

const today = {
	id: 'today',
	none: view => view.profile === 'days' ? 'none_hours' : 'none_note',
	title: view => view.to === 'today' ? t('today')
		: t('day_hours', { d: plainDay(view.to) }),
	query: view => ({ step: 'hour', from: view.to, to: view.to,
		zone: view.zone }),
	url: view => usageUrl(today.query(view)),
	csv: view => usageCsv(today.query(view), 'online'),
	prepare(json) {
		const usage = new Usage(json);

		if (usage.isEmpty)
			return null;
		const slots = slotsOfHours(usage);
		const best = highest(slots, 'online');

		return { ...timePicture('today', slots, 'col_hour', ['online'],
			['tone-1'], number, true),
		figures: [key(`${t('k_best_hour')}, ${best.short}`,
			best.figure)] };
	},
	draw: drawChart,
};

// Where hours say little, days can be told sharper.
function isQuiet(view, all, days) {
	return view.profile === 'hours' && !view.zone && all && days >= 7 &&
		all.value + all.band < 20 * days;
}

const visitors = {
	id: 'visitors',
	wanted: view => view.days > 1 || view.isFree,
	url: view => usageUrl(dayQuery(view)),
	before: beforeUrl,
	csv: view => usageCsv(dayQuery(view), 'visitors,onlookers'),
	prepare(json, view, before) {
		const usage = new Usage(json);

		if (usage.isEmpty)
			return null;
		const slots = slotsOfDays(usage);
		const then = before && beforeSeries(slots, 'visitors', before,
			view);
		const counted = slots.filter(s => s.figure('visitors')).length;
		const best = highest(slots, 'visitors');
		const all = usage.sum('visitors');
		const figures = [
			key(t('visits'), all),
			key(t('k_per_day'), all && figure(all.value / counted,
				all.band / counted)),
			key(`${t('k_best_day')}, ${best.short}`,
				best.figure),
			key(t('m_onlookers'), usage.sum('onlookers'))];

		return { ...timePicture('visitors', slots, 'col_day',
			['visitors', 'onlookers'], ['tone-1', 'tone-2'],
			number, true, then),
		verdict: then && tellPair(sumPairs(slots.map((s, i) =>
			[s.figure('visitors'), then.figures[i]])),
		whenBefore(view)),
		figures, aside: isQuiet(view, all, counted) ? t('quiet')
			: usage.firstDay > usage.from
				? t('since', { d: plainDay(usage.firstDay) }) : '' };
	},
	draw: drawChart,
};

const volume = {
	id: 'volume',
	none: () => 'none_week',
	query: view => ({ ...weekQuery(view), zone: view.zone }),
	url: view => usageUrl(volume.query(view)),
	csv: view => usageCsv(volume.query(view), 'bytes_down,bytes_up,peak'),
	prepare(json) {
		const usage = new Usage(json);

		if (!usage.sum('bytes_down'))
			return null;
		const slots = slotsOfWeeks(usage);
		const busy = highest(slots, 'peak');

		return { ...timePicture('volume', slots, 'col_week',
			['bytes_down', 'bytes_up'], ['tone-3', 'tone-4'],
			bytes, false),
		aside: weeksTold(usage),
		figures: [key(t('down'), usage.sum('bytes_down'), bytes),
			key(t('up'), usage.sum('bytes_up'), bytes),
			key(t('k_peak'), busy.figure)] };
	},
	draw: drawChart,
};

// Each hour of the week on its own, with its noise.
function hoursOfWeek(usage) {
	const cells = Array.from({ length: 7 }, () =>
		Array.from({ length: 24 }, () => []));

	usage.time.forEach((time, i) => cells[weekday(dayOf(time))][
		hourOf(time)].push(usage.at('online', i)));
	return cells.map(hours => hours.map(figures => {
		const sum = total(figures);

		return sum && figure(sum.value / figures.length,
			sum.band / figures.length);
	}));
}

// Below nothing is noise: cut only now, where it is shown.
function shownMeans(cells) {
	return cells.map(hours => hours.map(f => isFaint(f) ? 0 : f.value));
}

const heat = {
	id: 'heat',
	none: today.none,
	weeks: view => view.days > 90 ? 13 : 4,
	// the last weeks of a period that was chosen freely, all of it if short
	span: view => view.isFree ? { to: view.to, from: addDays(view.to,
		1 - Math.min(Math.max(view.days, 7), HEAT_DAYS_MAX)) }
		: { from: `-${heat.weeks(view) * 7}d`, to: 'yesterday' },
	noteWord: view => view.isFree ? 'heat_note_free' : 'heat_note',
	note: view => view.isFree ? { a: plainDay(heat.span(view).from),
		b: plainDay(view.to) } : { n: heat.weeks(view) },
	query: view => ({ ...spanQuery('hour', heat.span(view)),
		zone: view.zone }),
	url: view => usageUrl(heat.query(view)),
	csv: view => usageCsv(heat.query(view), 'online'),
	prepare(json) {
		const usage = new Usage(json);

		if (usage.isEmpty)
			return null;
		const cells = hoursOfWeek(usage);
		const mean = shownMeans(cells);
		const most = Math.max(...mean.flat());
		const day = mean.findIndex(hours => hours.includes(most));

		return { mean,
			figures: most ? [[t('k_busiest'), weekdayName(day) +
				', ' + hourName(mean[day].indexOf(most))]] : [],
			table: { head: [t('col_hour'), ...mean.map((_, d) =>
				weekdayName(d, 'short'))],
			rows: mean[0].map((_, hour) => [hourName(hour),
				...cells.map(hours => exact(hours[hour]))]) } };
	},
	draw(host, data) {
		host.append(...heatMap(data.mean, t('heat')));
	},
};

function foldRest(list) {
	if (list.length <= LABELS_MAX)
		return list;
	return [...list.slice(0, LABELS_MAX - 1), { name: t('rest'),
		figure: total(list.slice(LABELS_MAX - 1).map(r => r.figure)) }];
}

// What parts of a whole say: shares where the whole is sharp enough.
function parts(usage, metrics, nameOf, sorts) {
	const named = metrics.map(m => ({ name: nameOf(m),
		figure: usage.sum(m) })).filter(r => r.figure);
	const all = total(named.map(r => r.figure));
	const hasShares = all && all.value > SHARE_BANDS * all.band;
	const list = sorts ? foldRest(named.sort((a, b) =>
		b.figure.value - a.figure.value)) : named;

	return { all, named, rows: list.map(r => ({ ...r,
		hint: exact(r.figure),
		value: isFaint(r.figure) ? 0 : r.figure.value,
		text: isFaint(r.figure) || !hasShares ? about(r.figure)
			: percent(r.figure.value, all.value) })) };
}

function partsTable(head, rows) {
	return { head: [t(head), t('visits')],
		rows: rows.map(r => [r.name, exact(r.figure)]) };
}

// Which days the weeks cover that figures are of.
function weeksTold(usage) {
	const last = usage.time.length - 1;

	return t('span', { from: shortDay(usage.time[0]), to: shortDay(addDays(
		usage.time[last], Math.ceil(usage.hours[last] / 24) - 1)) });
}

// Some metrics of the box, by the week, as bars.
function partsCard(id, metrics, nameOf, tone, options = {}) {
	return {
		id,
		none: () => 'none_week',
		url: view => usageUrl(weekQuery(view)),
		csv: view => usageCsv(weekQuery(view), metrics),
		prepare(json) {
			const usage = new Usage(json);
			const { all, named, rows } = parts(usage, metrics,
				nameOf, options.sorts);

			if (!all)
				return null;
			return { rows, whole: all.value,
				figures: [key(t('visits'), all)],
				aside: weeksTold(usage),
				table: partsTable(options.head, named) };
		},
		draw(host, data) {
			host.append(barList(data.rows, data.whole, tone));
		},
	};
}

function platformName(metric) {
	const label = metric.slice('platform_'.length);

	return hasWord(label) ? t(label) : label;
}

const languageMetrics = LANGUAGES.map(l => 'language_' + l);
const platformMetrics = PLATFORMS.map(p => 'platform_' + p);

export const cards = [visitors, today, volume,
	partsCard('dwell', DWELL, t, 'tone-1', { head: 'col_length' }),
	heat,
	partsCard('ended', ENDED, t, 'tone-2', { head: 'col_what' }),
	partsCard('languages', languageMetrics,
		m => languageName(m.slice('language_'.length)), 'tone-3',
		{ head: 'col_language', sorts: true }),
	partsCard('platforms', platformMetrics, platformName, 'tone-4',
		{ head: 'col_platform', sorts: true })];


// --- for the report of a month ------------------------------------------------

function partsOf(usage, period, metrics, nameOf, sorts) {
	return parts({ sum: metric => usage.of(metric, period) }, metrics,
		nameOf, sorts);
}

export function dwellParts(usage, period) {
	return partsOf(usage, period, DWELL, t, false);
}

export function languageParts(usage, period) {
	return partsOf(usage, period, languageMetrics, m => languageName(
		m.slice('language_'.length)), true);
}

// The nodes of a heat map of these hours.
export function rhythm(usage) {
	return heatMap(shownMeans(hoursOfWeek(usage)), t('heat'));
}
