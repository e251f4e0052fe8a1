// SPDX-License-Identifier: GPL-3.0-or-later
// What is the case right now: health, and people where that is asked for.
import { addDays, weekday } from './calendar.js';
import { el, icon } from './dom.js';
import { duration, number, rate, shortDay, weekdayName } from './format.js';
import { hasWord, t } from './words.js';

function tile(name, title, ...content) {
	return el('section', { class: 'card tile tile-' + name,
		'aria-labelledby': 'now-' + name },
	el('h3', { id: 'now-' + name }, title), ...content);
}

function online(live, zones, zone, titleOf) {
	const all = Object.values(live.online).reduce((a, b) => a + b, 0);
	const each = !zone && zones.length > 1
		? el('dl', { class: 'lines' }, zones.map(z => el('div', {},
			el('dt', {}, titleOf(z)),
			el('dd', {}, number(live.online[z] ?? 0))))) : [];

	return tile('online', t('online'),
		el('p', { class: 'big' },
			number(zone ? live.online[zone] ?? 0 : all)),
		el('p', { class: 'note' }, t('live_note')), each);
}

function throughput(live) {
	const line = (name, bps) => el('p', { class: 'flow flow-' + name },
		icon(name), el('span', { class: 'hidden-text' }, t(name) + ' '),
		el('b', {}, rate(bps)));

	return tile('flow', t('throughput'), line('down', live.down_bps),
		line('up', live.up_bps),
		el('p', { class: 'note' }, t('throughput_note')));
}

// "Markt: offen bis 22:00"
function openingText({ is_open: isOpen, change }, today) {
	const day = change?.slice(0, 10);
	const when = !change ? '' : [...day === today ? []
		: [day < addDays(today, 7) ? weekdayName(weekday(day), 'short')
			: shortDay(day)], change.slice(11, 16)].join(', ');

	return t(`open_${isOpen ? 'yes' : 'no'}${when ? '' : '_always'}`,
		{ x: when });
}

function opening(now, zone, titleOf) {
	const listed = Object.entries(now.opening ?? {}).filter(([name]) =>
		!zone || name === zone);
	const today = now.clock?.slice(0, 10); // a hub has no hours and no clock

	return !listed.length ? [] : [tile('opening', t('opening'),
		el('dl', { class: 'lines' }, listed.map(([name, is]) => el('div',
			{ class: is.is_open ? 'is-open' : 'is-shut' },
			el('dt', {}, titleOf(name)),
			el('dd', {}, openingText(is, today))))))];
}

// The portal's own words are English; known codes are translated.
function healthText(item, titleOf) {
	const key = 'health_' + item.code;

	return hasWord(key) ? el('span', {}, t(key, { zone: titleOf(item.zone) }))
		: el('span', { lang: 'en' }, item.text);
}

function health(now, titleOf) {
	const order = ['error', 'warn', 'ok'];
	const items = [...now.health].sort((a, b) =>
		order.indexOf(a.level) - order.indexOf(b.level));

	return tile('health', t('health'),
		el('ul', { class: 'health' }, items.map(item => el('li',
			{ class: item.level }, icon(item.level),
			el('span', { class: 'hidden-text' },
				t('level_' + item.level) + ': '),
			healthText(item, titleOf)))),
		el('p', { class: 'note' }, now.uptime_s === null ? ''
			: t('uptime', { t: duration(now.uptime_s) })));
}

// Numbers of people only where the config asks for them.
export function drawNow(host, now, zone, titleOf) {
	host.replaceChildren(...now.live ? [
		online(now.live, now.zones, zone, titleOf),
		throughput(now.live)] : [], ...opening(now, zone, titleOf), health(now, titleOf));
}
