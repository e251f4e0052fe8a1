// SPDX-License-Identifier: GPL-3.0-or-later
// Codes for those who may: made, printed as slips, taken back.
import { get, post } from './api.js';
import { el } from './dom.js';
import { number, plainDay, span } from './format.js';
import { qrPicture } from './qr.js';
import { choose, recall, recallLanguage, remember } from './remember.js';
import { language, t, useLanguage } from './words.js';

const HOUR_MIN = 60;
const DAY_MIN = 24 * HOUR_MIN;
const MINUTES = [HOUR_MIN, 4 * HOUR_MIN, 8 * HOUR_MIN, DAY_MIN, 7 * DAY_MIN,
	30 * DAY_MIN];
const DAYS = [7, 30, 90, 365];
const TROUBLES = { 403: 'codes_forbidden', 409: 'codes_nobody' };

let now = null;
let batches = [];
let made = null; // what was made last: { wish, codes, valid_until_s }

function byId(id) {
	return document.getElementById(id);
}

// As the box's clock has it.
function whenText(time) {
	return `${plainDay(time.slice(0, 10))}, ${time.slice(11, 16)}`;
}

function zoneTitle(zone) {
	return zone ? now.titles?.[zone] ?? zone : t('codes_any');
}

// --- showing -------------------------------------------------------------------

function option(value, text) {
	return el('option', { value }, text);
}

function fillForm() {
	const keep = { minutes: byId('minutes').value || 8 * HOUR_MIN,
		days: byId('days').value || 30, zone: byId('zone').value };

	byId('minutes').replaceChildren(...MINUTES.map(m =>
		option(m, span(m))));
	byId('days').replaceChildren(...DAYS.map(d => option(d,
		t('codes_for', { x: span(d * DAY_MIN) }))));
	byId('zone').replaceChildren(byId('zone').options[0],
		...now.zones.map(z => option(z, zoneTitle(z))));
	for (const [id, value] of Object.entries(keep))
		byId(id).value = value;
}

function figureOf(qr, word, told) {
	return el('figure', {}, qrPicture(qr, `${t(word)}: ${told}`),
		el('figcaption', {}, t(word)));
}

// Of all slips the first one is the same: it joins the network.
function qrCodes(code, i) {
	const link = made.links[i];

	return el('div', { class: 'qrs' },
		made.join ? figureOf(made.join, 'codes_join', made.wish.ssid) : [],
		link ? figureOf(link, 'codes_open', code) : []);
}

function slip(code, i) {
	const { wish } = made;

	return el('li', {}, el('b', {}, now.network ?? 'Stadttor'),
		el('strong', { class: 'code' }, code),
		el('span', {}, t('codes_slip', {
			n: wish.ssid || (now.network ?? 'Stadttor') })),
		made.join || made.links.length ? qrCodes(code, i) : [],
		el('small', {}, [span(Number(wish.minutes)),
			t('codes_at_once', { n: number(wish.devices) }),
			t('codes_until', { d: whenText(made.valid_until) })]
			.join(' · ')));
}

function showMade() {
	byId('made').hidden = !made;
	if (!made)
		return;
	byId('made-title').textContent = t('codes_made',
		{ n: made.codes.length, x: made.wish.label });
	byId('nolink').hidden = made.links.length > 0;
	byId('slips').replaceChildren(...made.codes.map(slip));
}

function stateOf(b) {
	if (b.revoked >= b.count)
		return t('codes_gone');
	return t('codes_used', { n: number(b.used), m: number(b.count) });
}

function row(b) {
	const isGone = b.revoked >= b.count;

	return el('tr', {}, el('th', { scope: 'row' }, b.label),
		el('td', {}, zoneTitle(b.zone)),
		el('td', {}, plainDay(b.created.slice(0, 10))),
		el('td', {}, whenText(b.valid_until)),
		el('td', {}, stateOf(b)),
		el('td', {}, isGone ? '–' : el('button', { type: 'button',
			class: 'tool', onclick: () => takeBack(b) },
		t('codes_back'), el('span', { class: 'hidden-text' },
			': ' + b.label))));
}

function showList() {
	const head = ['label', 'zone', 'created', 'until', 'state', 'back']
		.map(c => el('th', { scope: 'col' }, t('codes_col_' + c)));

	byId('list').replaceChildren(el('table', {},
		el('thead', {}, el('tr', {}, head)),
		el('tbody', {}, batches.toReversed().map(row))));
}

function show() {
	document.documentElement.lang = language();
	document.title = [t('codes'), now?.title, now?.network]
		.filter(text => text).join(' – ');
	for (const node of document.querySelectorAll('[data-t]'))
		node.textContent = t(node.dataset.t);
	if (!now)
		return;
	fillForm();
	showMade();
	showList();
}

function showTrouble(error) {
	const known = TROUBLES[error?.status];

	byId('trouble').hidden = !error;
	byId('trouble').replaceChildren(!error ? '' : known ? t(known)
		: error.said ? el('span', { lang: 'en' }, error.said)
			: t('failed'));
}

// --- asking ----------------------------------------------------------------------

// Runs it and says what went wrong; true: nothing did.
async function attempt(run) {
	try {
		await run();
		showTrouble(null);
		return true;
	} catch (error) {
		showTrouble(error);
		return false;
	}
}

async function loadCodes() {
	now = await get('api/now');
	({ batches } = await get('api/vouchers'));
	byId('make').hidden = byId('batches').hidden = false;
	show();
}

function takeBack(b) {
	if (!window.confirm(t('codes_sure', { x: b.label, n: b.count })))
		return;
	attempt(async () => {
		await post('api/vouchers/revoke', { batch: b.batch });
		if (made?.batch === b.batch)
			made = null;
		await loadCodes();
	});
}

function makeCodes(event) {
	const wish = Object.fromEntries(new FormData(byId('make')));
	const button = byId('make').querySelector('button');

	event.preventDefault();
	remember('ssid', wish.ssid);
	button.disabled = true; // or a second click makes as many again
	attempt(async () => {
		made = { ...await post('api/vouchers/create', wish), wish };
		await loadCodes();
		byId('made').scrollIntoView();
	}).then(() => {
		button.disabled = false;
	});
}

useLanguage(recallLanguage());
choose('language', language(), name => {
	useLanguage(name);
	remember('language', name);
	show();
});
byId('ssid').value = recall('ssid') ?? '';
byId('make').addEventListener('submit', makeCodes);
byId('print').addEventListener('click', () => window.print());
show();
attempt(loadCodes);
