// SPDX-License-Identifier: GPL-3.0-or-later
// The last seven days against the seven before and the same days of the week a
// year ago: what one may say of it, and what is less than the error.
import { FEW, sumPairs, tellPair } from './against.js';
import { Usage, total, usageUrl } from './api.js';
import { addDays, dayList } from './calendar.js';
import { drawTime } from './chart.js';
import { exact, fullDay, number, percent, plainDay, shortWeekday } from './format.js';
import { el, icon } from './dom.js';
import { t } from './words.js';

const WEEK_DAYS = 7;
const YEAR_DAYS = 364; // weeks, so that days of the week are the same
const SURE_BANDS = 5; // so many bands make a ratio worth telling

// What two figures that are counted apart say together: { difference, band,
// isSure, text }.
export function compare(now, then) {
	if (!now || !then)
		return null;
	const difference = now.value - then.value;
	const band = Math.hypot(now.band, then.band);
	const isSure = Math.abs(difference) > band;
	const sign = difference > 0 ? '+' : '';
	const hasRatio = then.value > SURE_BANDS * then.band;
	const digits = Math.abs(difference) < then.value * FEW ? 1 : 0;

	return { difference, band, isSure, text: !isSure ? t('alike')
		: sign + (hasRatio ? percent(difference, then.value, digits)
			: number(difference)) };
}

const SIGNS = { more: 'up', fewer: 'down', alike: 'alike' };

// One line: how it has changed, and what one may say of it.
function change(usage, days, ago, word) {
	const pair = sumPairs(days.map(day => [usage.of('visitors', day),
		usage.of('visitors', addDays(day, -ago))]));
	const said = pair && compare(pair.now, pair.then);
	const way = !said?.isSure ? 'alike' : said.difference > 0 ? 'more'
		: 'fewer';

	return { way: said ? way : 'none', word: said?.text ?? '–',
		text: tellPair(pair, t(word, { n: WEEK_DAYS })) };
}

function changeLine(c) {
	return el('li', { class: 'change ' + c.way },
		icon(SIGNS[c.way] ?? 'alike'), el('b', {}, c.word),
		el('span', {}, c.text));
}

function weekSeries(usage, days) {
	return [['k_this_week', 0, 'tone-1'], ['k_week_before', WEEK_DAYS,
		'tone-2']].map(([name, ago, tone]) => ({ name: t(name), tone,
		figures: days.map(day => usage.of('visitors',
			addDays(day, -ago))) }));
}

export const compareCard = {
	id: 'compare',
	wanted: view => view.days > 1,
	query: view => ({ step: 'day', from: `-${YEAR_DAYS + WEEK_DAYS}d`,
		to: 'yesterday', metrics: 'visitors', zone: view.zone }),
	url: view => usageUrl(compareCard.query(view)),
	csv: view => usageUrl({ ...compareCard.query(view), format: 'csv' }),
	prepare(json) {
		const usage = new Usage(json);
		const days = dayList(addDays(usage.to, 1 - WEEK_DAYS),
			usage.to);
		const now = total(days.map(day => usage.of('visitors', day)));
		const changes = [[WEEK_DAYS, 'when_before'],
			[YEAR_DAYS, 'when_year']].map(([ago, word]) =>
			change(usage, days, ago, word));
		const series = weekSeries(usage, days);

		if (!now)
			return null;
		return {
			figures: [[t('k_seven_days', { a: plainDay(days[0]),
				b: plainDay(usage.to) }), exact(now)]],
			changes,
			legend: series,
			table: { head: [t('col_day'), t('k_this_week'),
				t('k_week_before'), t('k_year_before')],
			rows: days.map(day => [fullDay(day), ...[0, WEEK_DAYS,
				YEAR_DAYS].map(ago => exact(usage.of('visitors',
				addDays(day, -ago))))]) },
			chart: { series, shape: 'bars', format: number,
				whole: true, labels: days.map(shortWeekday),
				names: days.map(fullDay),
				summary: changes.map(c => c.text).join(' ') } };
	},
	draw(host, data) {
		const chart = el('div', { class: 'weeks' });

		host.append(el('ul', { class: 'changes' },
			data.changes.map(changeLine)), chart);
		return drawTime(chart, data.chart);
	},
};
