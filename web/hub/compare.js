// SPDX-License-Identifier: GPL-3.0-or-later
// The last seven days against the seven before and the same days of the week a
// year ago: what one may say of it, and what is less than the error.
import { Usage, total, usageUrl } from './api.js';
import { addDays, dayList } from './calendar.js';
import { drawTime } from './chart.js';
import { exact, fullDay, number, percent, plainDay, shortWeekday } from './format.js';
import { el, icon } from './dom.js';
import { t } from './words.js';

const WEEK_DAYS = 7;
const YEAR_DAYS = 364; // weeks, so that days of the week are the same
const FEW = 0.1; // below that a part has a decimal
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

// Days that both have, as sums of both.
function pairUp(usage, days, ago) {
	const pairs = days.map(day => [usage.of('visitors', day),
		usage.of('visitors', addDays(day, -ago))])
		.filter(pair => pair[0] && pair[1]);

	return { ago, days: pairs.length, now: total(pairs.map(p => p[0])),
		then: total(pairs.map(p => p[1])) };
}

function verdict(pair) {
	const said = compare(pair.now, pair.then);
	const which = t('ago_' + pair.ago);
	const few = pair.days < WEEK_DAYS
		? ' ' + t('of_days', { n: pair.days }) : '';

	if (!said)
		return { tone: 'none', word: '–', text: t('none_then',
			{ x: which }) };
	const fill = { x: which, n: exact(pair.then),
		d: number(Math.abs(said.difference)),
		b: number(Math.ceil(said.band)) };

	return said.isSure ? { tone: said.difference > 0 ? 'up' : 'down',
		word: said.text,
		text: t(said.difference > 0 ? 'more_than' : 'fewer_than',
			fill) + few }
		: { tone: 'alike', word: said.text,
			text: t('within_error', fill) + few };
}

function verdictLine(v) {
	return el('li', { class: 'verdict ' + v.tone },
		v.tone === 'up' || v.tone === 'down' ? icon(v.tone)
			: icon('alike'),
		el('b', {}, v.word), el('span', {}, v.text));
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
		const pairs = [WEEK_DAYS, YEAR_DAYS].map(ago =>
			pairUp(usage, days, ago));
		const series = weekSeries(usage, days);

		if (!now)
			return null;
		return {
			figures: [[t('k_seven_days', { a: plainDay(days[0]),
				b: plainDay(usage.to) }), exact(now)]],
			verdicts: pairs.map(verdict),
			legend: series,
			table: { head: [t('col_day'), t('k_this_week'),
				t('k_week_before'), t('k_year_before')],
			rows: days.map(day => [fullDay(day), ...[0, WEEK_DAYS,
				YEAR_DAYS].map(ago => exact(usage.of('visitors',
				addDays(day, -ago))))]) },
			chart: { series, shape: 'bars', format: number,
				whole: true, labels: days.map(shortWeekday),
				names: days.map(fullDay),
				summary: pairs.map(verdict).map(v =>
					`${v.word} ${v.text}`).join(' ') } };
	},
	draw(host, data) {
		const chart = el('div', { class: 'weeks' });

		host.append(el('ul', { class: 'verdicts' },
			data.verdicts.map(verdictLine)), chart);
		return drawTime(chart, data.chart);
	},
};
