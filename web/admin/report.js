// SPDX-License-Identifier: GPL-3.0-or-later
// A month on one page of A4, for the council: how many came, whether more than
// before, when, for how long, and how sure all that is.
import { sumPairs, tellPair } from './against.js';
import { Usage, figure, get, placeUrl, total, usageUrl, usePlace } from './api.js';
import { availSentence, availStrip, healthUrl, longestOutages } from './avail.js';
import { barList } from './bars.js';
import { addDays, dayList, weekday } from './calendar.js';
import { languageParts, dwellParts, rhythm } from './cards.js';
import { el } from './dom.js';
import { about, bytes, monthName, monthTitle, number, plainDay, shortDay } from './format.js';
import { loadNotes, noteOf, notesWithin } from './notes.js';
import { choose, recallLanguage, remember } from './remember.js';
import { svgBars } from './svg.js';
import { language, t, useLanguage } from './words.js';

const MONTHS_SHOWN = 13; // the same month of last year among them
const MONTHS_BACK = '-3650d';
const OUTAGES_TOLD = 2;
const NOTES_TOLD = 4;
const SVG_WIDE = { width: 700, height: 120 };
const SVG_HALF = { width: 340, height: 132 };

const chosen = { month: '', zone: '' };
let answers = null; // the last ones, of that choice
let asked = 0;

function byId(id) {
	return document.getElementById(id);
}

// --- months ------------------------------------------------------------------

function firstOf(month) {
	return month + '-01';
}

function monthBefore(month, count = 1) {
	const n = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 -
		count;

	return `${Math.floor(n / 12)}-${String(n % 12 + 1).padStart(2, '0')}`;
}

function lastOf(month) {
	return addDays(firstOf(monthBefore(month, -1)), -1);
}

function daysOf(month) {
	return dayList(firstOf(month), lastOf(month));
}

// --- parts of the page ---------------------------------------------------------

function block(title, ...content) {
	return el('section', {}, el('h2', {}, title), ...content);
}

function keyFigures(days, months, month) {
	const told = daysOf(month).map(day => [day, days.of('visitors', day)])
		.filter(([, f]) => f);
	const all = total(told.map(([, f]) => f));
	const best = told.reduce((a, b) => b[1].value > a[1].value ? b : a);
	const list = [[t('visits'), all, number],
		[t('k_per_day'), figure(all.value / told.length,
			all.band / told.length), number],
		[`${t('k_best_day')}, ${shortDay(best[0])}`, best[1], number],
		[t('down'), months.of('bytes_down', month), bytes],
		[t('up'), months.of('bytes_up', month), bytes]];

	return el('dl', { class: 'figures' }, list.filter(([, f]) => f)
		.map(([name, f, format]) => el('div', {}, el('dt', {}, name),
			el('dd', {}, about(f, format),
				el('small', {}, ' ± ' + format(Math.ceil(f.band)))))));
}

// Day by day of the month against the same days of another one.
function verdicts(days, month) {
	return [monthBefore(month), monthBefore(month, 12)].map(other => {
		const pairs = daysOf(month).map(day => [
			days.of('visitors', day),
			days.of('visitors', other + day.slice(7))]);

		return el('li', {}, tellPair(sumPairs(pairs),
			monthTitle(firstOf(other))));
	});
}

function dayChart(days, month) {
	const list = daysOf(month);

	return svgBars(SVG_WIDE, list.map(day => ({
		label: String(Number(day.slice(8))),
		figure: days.of('visitors', day),
		mark: noteOf(day),
		isQuiet: weekday(day) > 4 })), t('report_days_say',
		{ x: monthTitle(firstOf(month)) }));
}

function monthChart(months, month) {
	const list = Array.from({ length: MONTHS_SHOWN }, (_, i) =>
		monthBefore(month, MONTHS_SHOWN - 1 - i));

	return svgBars(SVG_HALF, list.map(m => ({
		label: monthName(firstOf(m)).slice(0, 3),
		figure: months.of('visitors', m),
		isQuiet: m !== month && m !== monthBefore(month, 12) })),
	t('report_months_say', { x: monthTitle(firstOf(month)) }));
}

// What was noted in the month, below the chart that has the marks.
function noted(month) {
	const list = notesWithin(firstOf(month), lastOf(month));

	return list.length ? [el('p', { class: 'note noted' }, list.slice(0,
		NOTES_TOLD).map(n => `▼ ${shortDay(n.day)}: ${n.text}`)
		.join(' · ') + (list.length > NOTES_TOLD ? ' …' : ''))] : [];
}

// Whether one could get online; a city's boxes each keep their own.
function availability(health, now) {
	if (!health?.known_s)
		return [];
	const longest = longestOutages(health, OUTAGES_TOLD,
		zone => now.titles?.[zone] ?? zone);

	return [block(t('avail'), availStrip(health), el('p', {},
		[availSentence(health), longest.join('; ')].join(' ')))];
}

function partsBlock(title, { rows, all }, tone) {
	return block(title, all ? barList(rows, all.value, tone)
		: el('p', {}, t('report_nothing')));
}

// The page cannot say more than there is: days that were not counted.
function covered(days, month) {
	const all = daysOf(month);
	const told = all.filter(day => days.of('visitors', day)).length;

	return told === all.length ? []
		: el('p', { class: 'note' }, t('report_covered',
			{ n: told, m: all.length }));
}

function headLines(now, month) {
	const zone = chosen.zone ? now.titles?.[chosen.zone] ?? chosen.zone
		: t('all_zones');

	return el('header', {},
		el('p', { class: 'from' }, [now.provider, now.network ?? 'Stadttor',
			now.title].filter(text => text).join(' · ')),
		el('h1', {}, t('report_title',
			{ x: monthTitle(firstOf(month)) })),
		el('p', { class: 'note' }, zone));
}

function draw() {
	const { now, months, box, days, hours, health, today } = answers;
	const month = chosen.month;
	const has = month && daysOf(month).some(day =>
		days.of('visitors', day));

	document.title = [t('report'), month && monthTitle(firstOf(month)),
		now.title, now.network].filter(text => text).join(' – ');
	byId('sheet').replaceChildren(...has ? [headLines(now, month),
		keyFigures(days, months, month), covered(days, month),
		el('ul', { class: 'verdicts' }, verdicts(days, month)),
		block(t('visitors'), dayChart(days, month), ...noted(month)),
		...availability(health, now),
		el('div', { class: 'pair' },
			block(t('report_year'), monthChart(months, month)),
			block(t('heat'), ...rhythm(hours))),
		el('div', { class: 'pair' },
			partsBlock(t('dwell'), dwellParts(box, month), 'tone-1'),
			partsBlock(t('languages'), languageParts(box, month),
				'tone-3')),
		el('footer', {}, el('p', {}, t('report_how')), el('p', {},
			t('report_made', { d: plainDay(today) })))].flat()
		: [el('h1', {}, t('report')),
			el('p', { class: 'none' }, t('report_nothing'))]);
}

// --- asking ----------------------------------------------------------------------

function monthsUrl(zone) {
	return usageUrl({ step: 'month', from: MONTHS_BACK, to: 'today', zone });
}

async function askMonth() {
	const { month, zone } = chosen;
	const span = (step, from, metrics) => get(usageUrl({ step, from,
		to: lastOf(month), zone, metrics })).then(json => new Usage(json));
	const isBox = !Object.keys(chosen.place).length;
	const [days, hours, health] = await Promise.all([
		span('day', firstOf(monthBefore(month, 12)),
			'visitors,onlookers'),
		span('hour', firstOf(month), 'online'),
		isBox ? get(healthUrl({ from: firstOf(month),
			to: lastOf(month), zone })).catch(() => null) : null,
		isBox ? loadNotes().catch(() => {}) : null]);

	return { days, hours, health };
}

function listMonths(months, today) {
	const known = months.time.filter(m => months.of('visitors', m));
	const done = known.filter(m => m < today.slice(0, 7));

	if (!known.includes(chosen.month))
		chosen.month = done.at(-1) ?? known.at(-1) ?? '';
	byId('month').replaceChildren(...known.toReversed().map(m =>
		el('option', { value: m }, monthTitle(firstOf(m)))));
	byId('month').value = chosen.month;
}

function listZones(now) {
	byId('zone').replaceChildren(byId('zone').options[0],
		...now.zones.map(z => el('option', { value: z },
			now.titles?.[z] ?? z)));
	byId('zone').value = chosen.zone;
}

async function loadReport() {
	const mine = ++asked;

	byId('sheet').setAttribute('aria-busy', 'true');
	try {
		const [now, months, box] = await Promise.all([
			get(placeUrl('api/now')), get(monthsUrl(chosen.zone)),
			get(monthsUrl(''))]);
		const next = { now, months: new Usage(months),
			box: new Usage(box), today: months.to };

		if (mine !== asked)
			return;
		listMonths(next.months, months.to);
		listZones(now);
		Object.assign(next, chosen.month ? await askMonth() : {});
		if (mine !== asked)
			return;
		answers = next;
		writeAddress();
		draw();
	} catch {
		if (mine === asked)
			byId('sheet').replaceChildren(el('p', { role: 'alert',
				class: 'none' }, t('failed')));
	}
	byId('sheet').removeAttribute('aria-busy');
}

// --- choosing --------------------------------------------------------------------

function readAddress() {
	const wish = new URLSearchParams(location.hash.slice(1));
	const site = wish.get('site');
	const district = wish.get('district');

	chosen.month = wish.get('month') ?? '';
	chosen.zone = wish.get('zone') ?? '';
	chosen.place = site ? { site } : district ? { district } : {};
	usePlace(chosen.place);
}

function writeAddress() {
	const { month, zone, place } = chosen;

	history.replaceState(null, '', '#' + new URLSearchParams({ ...month
		? { month } : {}, ...zone ? { zone } : {}, ...place }));
}

function say() {
	document.documentElement.lang = language();
	for (const node of document.querySelectorAll('[data-t]'))
		node.textContent = t(node.dataset.t);
	if (answers) {
		listMonths(answers.months, answers.today);
		draw();
	}
}

readAddress();
useLanguage(recallLanguage());
choose('language', language(), name => {
	useLanguage(name);
	remember('language', name);
	say();
});
for (const id of ['month', 'zone'])
	byId(id).addEventListener('change', () => {
		chosen[id] = byId(id).value;
		loadReport();
	});
byId('print').addEventListener('click', () => window.print());
window.addEventListener('hashchange', () => {
	readAddress();
	loadReport();
});
say();
loadReport();
