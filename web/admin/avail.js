// SPDX-License-Identifier: GPL-3.0-or-later
// When something was not well: the share of time that was, day by day, and
// each event with its begin and end.
import { placeUrl } from './api.js';
import { dayOf } from './calendar.js';
import { el } from './dom.js';
import { number, percent, plainDay, shortDay, shortSpan } from './format.js';
import { stretched } from './period.js';
import { hasWord, t } from './words.js';

const AVAIL_LEAST = 30; // days
const EVENTS_SHOWN = 6;
const DAY_LONG_S = 86400;

function clockOf(time) {
	return time.slice(11, 16);
}

// "3. Nov., 10:04 bis 10:18", "... bis 4. Nov., 01:10", "seit ..."
function eventTime(e) {
	const began = `${shortDay(dayOf(e.began))}, ${clockOf(e.began)}`;

	if (!e.ended)
		return t('event_since', { a: began });
	return t('to', { a: began, b: dayOf(e.began) === dayOf(e.ended)
		? clockOf(e.ended)
		: `${shortDay(dayOf(e.ended))}, ${clockOf(e.ended)}` });
}

// Since when a box was without power nobody knows exactly.
function eventLength(e) {
	const long = shortSpan(e.seconds);

	return e.code === 'portal_lost' ? t('event_most', { l: long }) : long;
}

function eventName(e, titleOf) {
	const key = 'was_' + e.code;
	const name = hasWord(key) ? t(key) : e.code;

	return e.zone ? `${name} (${titleOf(e.zone)})` : name;
}

// Never rounded up to all of it.
function availText(json) {
	const share = 1 - json.down_s / json.known_s;
	const told = percent(Math.floor(share * 10000), 10000, 2);

	return json.at_most ? t('avail_least', { p: told }) : told;
}

// "99,8 %, 2 Störungen, die längste 14 min"
export function availSentence(json) {
	if (!json.outages)
		return t('avail_none');
	return t(json.outages === 1 ? 'avail_one' : 'avail_some', {
		p: availText(json), n: number(json.outages),
		l: shortSpan(json.longest_s) });
}

function dayText(json, i) {
	const known = json.day_known_s[i];
	const down = json.day_down_s[i];

	return t('avail_day', { d: plainDay(json.day[i]), x: !known
		? t('avail_unknown') : down ? t('avail_down',
			{ l: shortSpan(down) }) : t('avail_up') });
}

// A bar for each day; how much of it is filled is how long something was down,
// an hour at least to be seen.
export function availStrip(json) {
	const strip = el('div', { class: 'strip', role: 'img',
		'aria-label': t('avail_strip', { from: plainDay(json.from),
			to: plainDay(json.to), x: availSentence(json) }) });

	json.day.forEach((day, i) => {
		const down = json.day_down_s[i];
		const bar = el('i', { title: dayText(json, i), class:
			!json.day_known_s[i] ? 'unknown' : down ? 'down' : 'up' });

		if (down)
			bar.style.setProperty('--part', Math.max(25, Math.min(100,
				100 * down / DAY_LONG_S)) + '%');
		strip.append(bar);
	});
	return strip;
}

function latest(json) {
	return json.events.toReversed().sort((a, b) =>
		Boolean(a.ended) - Boolean(b.ended) ||
		b.outage - a.outage).slice(0, EVENTS_SHOWN);
}

function eventItem(e, titleOf) {
	return el('li', { class: e.outage ? 'outage' : '' },
		el('span', { class: 'what' }, eventName(e, titleOf)),
		el('span', { class: 'when' }, eventTime(e) +
			(e.ended ? ` (${eventLength(e)})` : ''),
		e.times > 1 ? ', ' + t('event_times', { n: number(e.times) })
			: ''));
}

// For the report of a month: outages alone, the longest first.
export function longestOutages(json, count, titleOf) {
	return json.events.filter(e => e.outage).sort((a, b) =>
		b.seconds - a.seconds).slice(0, count).map(e =>
		`${eventName(e, titleOf)}: ${eventTime(e)} (${eventLength(e)})`);
}

function healthQuery(view) {
	const { from, to } = stretched(view, AVAIL_LEAST);

	return { from, to, zone: view.zone };
}

export function healthUrl(query) {
	return placeUrl('api/health', query);
}

const availCard = {
	id: 'avail',
	isApart: true, // no figure of use
	none: () => 'none_avail',
	wanted: view => !view.place, // of a city each box keeps its own
	url: view => healthUrl(healthQuery(view)),
	csv: view => healthUrl({ ...healthQuery(view), format: 'csv' }),
	prepare(json, view) {
		const titleOf = view.titleOf ?? (zone => zone);

		if (!json.known_s)
			return null;
		return { json, titleOf,
			figures: [[t('k_available'), availText(json)],
				[t('k_outages'), number(json.outages)],
				...json.outages ? [[t('k_longest'),
					shortSpan(json.longest_s)]] : []],
			aside: t('span', { from: shortDay(json.from),
				to: shortDay(json.to) }),
			table: { head: ['col_event', 'col_from', 'col_to',
				'col_long', 'col_kind'].map(w => t(w)),
			rows: json.events.toReversed().map(e => [
				eventName(e, titleOf),
				`${plainDay(dayOf(e.began))}, ${clockOf(e.began)}`,
				e.ended ? `${plainDay(dayOf(e.ended))}, ${
					clockOf(e.ended)}` : t('event_now'),
				eventLength(e),
				t(e.outage ? 'kind_outage' : 'kind_notice')]) } };
	},
	draw(host, { json, titleOf }) {
		host.append(availStrip(json), el('p', { class: 'ends',
			'aria-hidden': 'true' }, el('span', {}, shortDay(json.from)),
		el('span', {}, shortDay(json.to))),
		json.events.length ? el('ul', { class: 'events' },
			latest(json).map(e => eventItem(e, titleOf)))
			: el('p', { class: 'note' }, t('avail_nothing')));
	},
};

export { availCard };
