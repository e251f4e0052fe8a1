// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard: what was chosen, when to ask again, who draws.
import { get, placeUrl } from './api.js';
import { availCard } from './avail.js';
import { Card } from './card.js';
import { cards } from './cards.js';
import { addDays } from './calendar.js';
import { el } from './dom.js';
import { shortDay } from './format.js';
import { drawNotes, loadNotes } from './notes.js';
import { drawNow } from './now.js';
import { AGAINST, PRESETS, freeDays, lastDays } from './period.js';
import { choose, recall, recallLanguage, remember } from './remember.js';
import { language, t, useLanguage } from './words.js';

const NOW_EVERY_S = 15;
const REST_EVERY_S = 300;
const THEMES = ['auto', 'light', 'dark'];

export const view = { zone: '', against: '', profile: 'hours', titleOf,
	...lastDays(30) };
let shown = [];
let now = null;
let nowAt = 0;
let restAt = 0;
const listeners = [];

// Called with what is the case now, or null, whenever all is shown anew.
export function onShow(listener) {
	listeners.push(listener);
}

// --- what was chosen -------------------------------------------------------

// The address carries zone and period, so that it can be kept or passed on.
function readAddress() {
	const asked = new URLSearchParams(location.hash.slice(1));
	const days = Number(asked.get('days'));
	const against = asked.get('against') ?? '';

	view.zone = asked.get('zone') ?? '';
	view.against = AGAINST.includes(against) ? against : '';
	Object.assign(view, freeDays(asked.get('from'), asked.get('to')) ??
		lastDays(PRESETS.includes(days) ? days : 30));
}

// The report is of the same zone and place.
function linkReport() {
	$('report').href = 'report#' + new URLSearchParams({
		...view.zone ? { zone: view.zone } : {}, ...view.place });
}

function writeAddress() {
	const asked = new URLSearchParams(view.isFree
		? { from: view.from, to: view.to } : { days: view.days });

	if (view.against)
		asked.set('against', view.against);
	if (view.zone)
		asked.set('zone', view.zone);
	for (const [name, value] of Object.entries(view.place ?? {}))
		asked.set(name, value);
	history.replaceState(null, '', '#' + asked);
	linkReport();
}

function setTheme(theme) {
	document.documentElement.dataset.theme =
		THEMES.includes(theme) ? theme : 'auto';
}

function setLanguage(name) {
	useLanguage(name);
	document.documentElement.lang = language();
}

// Before the first pixel: this script blocks, but is small and near.
setTheme(recall('theme'));
setLanguage(recallLanguage());

// --- showing -------------------------------------------------------------

function $(id) {
	return document.getElementById(id);
}

function translate() {
	showTitles();
	for (const node of document.querySelectorAll('[data-t]'))
		node.textContent = t(node.dataset.t);
	for (const node of document.querySelectorAll('[data-t-label]'))
		node.setAttribute('aria-label', t(node.dataset.tLabel));
}

function showAll() {
	translate();
	for (const card of shown)
		card.show(view);
	document.body.dataset.days = view.days;
	showNow();
	showNotes();
	showWaiting();
	for (const listener of listeners)
		listener(now);
}

// Cards without figures have no place of their own: one line names them and
// says when there will be some.
function showWaiting() {
	const wanted = shown.filter(card => card.isWanted(view) &&
		!card.what.isApart);
	const empty = wanted.filter(card => card.isEmpty(view));
	const isNew = empty.length === wanted.length;
	const reasons = [...new Set(isNew ? [] : empty.map(card =>
		card.whyEmpty(view)))];

	$('welcome').hidden = !isNew;
	$('welcome-note').textContent = t('welcome_note');
	$('waiting').hidden = !reasons.length;
	$('waiting').replaceChildren(...reasons.map(reason => el('p', {},
		el('b', {}, empty.filter(card => card.whyEmpty(view) === reason)
			.map(card => card.heading).join(', ') + ': '),
		t(reason))));
}

// A zone's title, or its name.
function titleOf(zone) {
	return now?.titles?.[zone] ?? zone;
}

function showTitles() {
	$('network').textContent = now?.network ?? 'Stadttor';
	$('box').textContent = now?.title ?? '';
	$('codes').hidden = !now?.has_codes || now.role === 'read';
	document.title = [$('box').textContent, $('network').textContent,
		t('title')].filter(text => text).join(' – ');
}

function showZones() {
	const names = now.zones.includes(view.zone) || !view.zone
		? now.zones : [...now.zones, view.zone];
	const options = names.map(z => el('option', { value: z }, titleOf(z)));
	const text = list => list.map(o => o.value + ' ' + o.text).join();

	if (text(options) === text([...$('zone').options].slice(1)))
		return;
	$('zone').replaceChildren($('zone').options[0], ...options);
	$('zone').value = view.zone;
}

function showNow() {
	if (!now)
		return;
	showTitles();
	showZones();
	showNotes();
	drawNow($('now'), now, view.zone, titleOf);
}

// As the box's clock has it, once it has said so.
function boxToday() {
	return shown.map(card => card.json).find(json =>
		json?.step === 'hour')?.to;
}

// Of a city each box has its own.
function showNotes() {
	const today = boxToday();

	if (today && now && !view.place)
		drawNotes($('notes'), view.isFree ? view
			: { from: addDays(today, 1 - view.days), to: today },
		today, now.role === 'all', showAll);
}

// The days themselves.
function showPeriod() {
	const today = boxToday();
	const to = view.isFree ? view.to : today;

	for (const input of document.getElementsByName('days'))
		input.checked = !view.isFree && input.value === String(view.days);
	$('against').value = view.against;
	if (!to)
		return;
	$('to').value = to;
	$('from').value = view.isFree ? view.from : addDays(to, 1 - view.days);
}

function showPulse(state) {
	$('pulse').dataset.state = state;
	const text = state === 'lost' ? t('now_lost')
		: t('now_note', { n: NOW_EVERY_S });

	if ($('pulse-text').textContent !== text)
		$('pulse-text').textContent = text;
}

// --- asking --------------------------------------------------------------

async function loadNow() {
	nowAt = Date.now();
	try {
		now = await get(placeUrl('api/now'));
		if (now.profile !== view.profile) {
			view.profile = now.profile;
			showAll();
		} else {
			showNow();
			for (const listener of listeners)
				listener(now);
		}
		showPulse('live');
	} catch {
		showPulse('lost');
	}
}

async function loadRest() {
	const period = view.isFree ? t('range_free', { a: shortDay(view.from),
		b: shortDay(view.to) }) : t('range_' + view.days);

	restAt = Date.now();
	// figures stand without them
	const noted = view.place ? null : loadNotes().catch(() => {});

	await Promise.all(shown.filter(card => card.isWanted(view))
		.map(card => card.load(view, noted)));
	showWaiting();
	showPeriod();
	showNotes();
	$('said').textContent = t('loaded', { x: period });
}

// Another choice, of the same place.
function showChosen() {
	writeAddress();
	showPeriod();
	showAll();
	loadRest();
}

// Another place.
export function reload() {
	showChosen();
	loadNow();
}

function tick() {
	if (document.hidden)
		return;
	if (Date.now() - nowAt >= NOW_EVERY_S * 1000)
		loadNow();
	if (Date.now() - restAt >= REST_EVERY_S * 1000)
		loadRest();
}

// --- choosing ------------------------------------------------------------

// While a date is typed it is none, or of the year 2: that is no error yet.
function takeDates() {
	const free = freeDays($('from').value, $('to').value);
	const isWrong = !free && $('from').value && $('to').value &&
		$('from').value > $('to').value;

	$('to').setCustomValidity(isWrong ? t('date_wrong') : '');
	if (isWrong)
		$('to').reportValidity();
	if (!free)
		return;
	Object.assign(view, free);
	showChosen();
}

function listen() {
	choose('theme', document.documentElement.dataset.theme, theme => {
		setTheme(theme);
		remember('theme', theme);
		showAll();
	});
	choose('language', language(), name => {
		setLanguage(name);
		remember('language', name);
		showAll();
		showPulse($('pulse').dataset.state);
	});
	choose('days', view.isFree ? '' : view.days, days => {
		Object.assign(view, lastDays(Number(days)));
		showChosen();
	});
	for (const id of ['from', 'to'])
		$(id).addEventListener('change', takeDates);
	for (const id of ['zone', 'against'])
		$(id).addEventListener('change', () => {
			view[id] = $(id).value;
			showChosen();
		});
	window.addEventListener('hashchange', () => {
		readAddress();
		$('zone').value = view.zone;
		showChosen();
	});
	matchMedia('(prefers-color-scheme: dark)')
		.addEventListener('change', showAll);
	document.addEventListener('visibilitychange', tick);
	setInterval(tick, 1000);
}

function start() {
	readAddress();
	shown = [...cards, availCard].map(what => new Card(what));
	$('cards').append(...shown.map(card => card.node));
	if (view.zone)
		$('zone').append(el('option', { value: view.zone }, view.zone));
	$('zone').value = view.zone;
	listen();
	linkReport();
	showAll();
	loadNow();
	loadRest();
}

document.addEventListener('DOMContentLoaded', start);
