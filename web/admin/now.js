// SPDX-License-Identifier: GPL-3.0-or-later
// What is the case right now: people online, throughput, places, health.
import { el, icon } from './dom.js';
import { duration, number, percent, rate } from './format.js';
import { hasWord, t } from './words.js';

const STEP = 5; // the portal rounds down to multiples of it
const ALMOST_FULL = 80;

// null and undefined: the controller does not answer.
function about(n) {
	if (n === null || n === undefined)
		return '–';
	return n ? number(n) + '+' : '< ' + STEP;
}

function aboutText(n) {
	if (n === null || n === undefined)
		return t('online_unknown');
	return n ? t('online_at_least', { n: number(n) })
		: t('online_few', { n: STEP });
}

function tile(name, title, ...content) {
	return el('section', { class: 'card tile tile-' + name,
		'aria-labelledby': 'now-' + name },
	el('h3', { id: 'now-' + name }, title), ...content);
}

function online(now, zone) {
	const n = zone ? now.online[zone] : now.online_all;
	const each = !zone && now.zones.length > 1
		? el('dl', { class: 'lines' }, now.zones.map(z => el('div', {},
			el('dt', {}, z),
			el('dd', {}, about(now.online[z]))))) : [];

	return tile('online', t('online'),
		el('p', { class: 'big', 'aria-hidden': 'true' }, about(n)),
		el('p', { class: 'note' }, aboutText(n)), each);
}

function throughput(now) {
	const line = (name, bps) => el('p', { class: 'flow flow-' + name },
		icon(name), el('span', { class: 'hidden-text' }, t(name) + ' '),
		el('b', {}, bps ? rate(bps) : '–'));

	return tile('flow', t('throughput'), line('down', now.down_bps),
		line('up', now.up_bps),
		el('p', { class: 'note' }, t('throughput_note',
			{ k: now.k })));
}

function meter(zone, part) {
	const bar = el('span', { class: 'bar' +
		(part >= ALMOST_FULL ? ' high' : '') });

	bar.style.setProperty('--part', part + '%');
	return el('div', { class: 'meter' },
		el('span', { class: 'name' }, zone),
		el('span', { class: 'value' }, percent(part, 100),
			part >= ALMOST_FULL ? ', ' + t('fill_almost') : ''),
		el('span', { class: 'track', 'aria-hidden': 'true' }, bar));
}

function places(now, zone) {
	const zones = Object.entries(now.fill_percent)
		.filter(([z]) => !zone || z === zone);

	return tile('fill', t('fill'),
		...zones.map(([z, part]) => meter(z, part)),
		el('p', { class: 'note' }, t('fill_note')));
}

// The portal's own words are English; known codes are translated.
function healthText(item) {
	const key = 'health_' + item.code;

	return hasWord(key) ? el('span', {}, t(key, { zone: item.zone }))
		: el('span', { lang: 'en' }, item.text);
}

function health(now) {
	const order = ['error', 'warn', 'ok'];
	const items = [...now.health].sort((a, b) =>
		order.indexOf(a.level) - order.indexOf(b.level));

	return tile('health', t('health'),
		el('ul', { class: 'health' }, items.map(item => el('li',
			{ class: item.level }, icon(item.level),
			el('span', { class: 'hidden-text' },
				t('level_' + item.level) + ': '),
			healthText(item)))),
		el('p', { class: 'note' }, now.uptime_s === null ? ''
			: t('uptime', { t: duration(now.uptime_s) })));
}

export function drawNow(host, now, zone) {
	host.replaceChildren(online(now, zone), throughput(now),
		places(now, zone), health(now));
}
