// SPDX-License-Identifier: GPL-3.0-or-later
// The list of sites: which are ill, silent or outdated, and where most people
// were. It is asked for once for each choice of time; search, filter and order
// are made here.
import { figure, get } from './api.js';
import { addDays } from './calendar.js';
import { compare } from './compare.js';
import { el, icon } from './dom.js';
import { about, duration, exact, number } from './format.js';
import { plain } from './places.js';
import { hasWord, t } from './words.js';

const ROWS = 50;
const DAYS_MAX = 91; // of thousands of sites, three times
const JUST_NOW_S = 120;
const STATES = ['all', 'well', 'ill', 'silent', 'unheard', 'off', 'outdated'];
const MARKS = { well: 'ok', ill: 'warn', silent: 'error', off: 'error',
	unheard: 'warn', outdated: 'warn' };

// "0.2.0+git-1" -> [0, 2, 0]
function versionOf(text) {
	return (/^\d+(\.\d+)*/.exec(text)?.[0] ?? '').split('.').map(Number);
}

function isOlder(a, b) {
	const x = versionOf(a);
	const y = versionOf(b);
	const at = y.findIndex((n, i) => n !== (x[i] ?? 0));

	return at >= 0 && (x[at] ?? 0) < y[at];
}

class Site {
	constructor(list, i) {
		this.name = list.names[i];
		this.title = list.titles[i] ?? this.name;
		this.district = list.districts[i] ?? '';
		this.state = list.states[i];
		this.codes = list.codes[i];
		this.heard = list.heard[i];
		this.version = list.versions[i] ?? '';
		this.visits = figure(list.values[i], list.bands[i]);
		this.before = figure(list.before[i], list.before_bands[i]);
		this.year = figure(list.year_before[i],
			list.year_before_bands[i]);
		this.text = plain(`${this.name}\n${this.title}\n` +
			this.district);
	}

	is(state, version) {
		return state === 'all' || (state === 'outdated'
			? this.version !== '' && isOlder(this.version, version)
			: this.state === state);
	}

	get stateText() {
		if (this.state !== 'ill')
			return t('is_' + this.state);
		return this.codes.map(c => hasWord('health_' + c)
			? t('health_' + c, { zone: '' }) : c).join('; ');
	}
}

// Whole days, so that they can be compared.
export function sitesUrl(period, more) {
	const days = Math.min(period.days, DAYS_MAX);
	const span = period.isFree ? { to: period.to,
		from: addDays(period.to, 1 - days) }
		: { from: `-${days}d`, to: 'yesterday' };

	return 'api/sites?' + new URLSearchParams({ ...span, ...more });
}

export async function loadSites(url) {
	const list = await get(url);

	return list.names.map((_, i) => new Site(list, i));
}

function countOf(sites, state, version) {
	return sites.filter(s => s.is(state, version)).length;
}

// How many are how, each a way to the list of them. pick(state) is called.
export function drawStates(host, sites, district, version, pick) {
	host.replaceChildren(
		el('h3', { id: 'states-title' }, `${district
			? t('sites_of', { x: district }) : t('sites')}: ` +
			number(sites.length)),
		el('ul', { class: 'counts' }, STATES.slice(1).map(state =>
			el('li', {}, el('button', { type: 'button',
				class: 'count ' + (countOf(sites, state, version)
					? MARKS[state] : 'nil'),
				onclick: () => pick(state) },
			el('b', {}, number(countOf(sites, state, version))),
			el('span', {}, icon(MARKS[state]),
				t('state_' + state)))))));
}

// --- order -------------------------------------------------------------------

function byFigure(of) {
	return (a, b) => (of(b)?.value ?? -Infinity) -
		(of(a)?.value ?? -Infinity) || a.title.localeCompare(b.title);
}

// What is certain comes first, by how much of what was; then the rest.
function byChange(of) {
	const part = s => {
		const said = compare(s.visits, of(s));

		return said?.isSure ? said.difference / Math.max(of(s).value,
			of(s).band) : NaN;
	};

	return (a, b) => {
		const x = part(a);
		const y = part(b);

		return Number.isNaN(x) - Number.isNaN(y) || y - x ||
			a.title.localeCompare(b.title);
	};
}

function heardText(heard, now) {
	if (!heard)
		return '–';
	return now - heard < JUST_NOW_S ? t('just_now')
		: t('ago', { t: duration(now - heard) });
}

const ORDER = ['off', 'silent', 'ill', 'unheard', 'well'];

// Each column: how it is sorted, and what a cell shows.
const COLUMNS = [
	{ id: 'site', sort: (a, b) => a.title.localeCompare(b.title) },
	{ id: 'district', sort: (a, b) =>
		a.district.localeCompare(b.district) ||
		a.title.localeCompare(b.title),
	text: s => s.district },
	{ id: 'state', sort: (a, b) => ORDER.indexOf(a.state) -
		ORDER.indexOf(b.state) || a.title.localeCompare(b.title),
	text: s => s.stateText },
	{ id: 'heard', sort: (a, b) => (a.heard ?? 0) - (b.heard ?? 0) ||
		a.title.localeCompare(b.title),
	text: (s, now) => heardText(s.heard, now) },
	{ id: 'version', sort: (a, b) => Number(isOlder(b.version, a.version)) -
		Number(isOlder(a.version, b.version)) ||
		a.title.localeCompare(b.title),
	text: s => s.version },
	{ id: 'visits', sort: byFigure(s => s.visits),
		text: s => about(s.visits), hint: s => exact(s.visits) },
	{ id: 'before', sort: byChange(s => s.before),
		text: s => compare(s.visits, s.before)?.text ?? '–',
		hint: s => exact(s.before) },
	{ id: 'year', sort: byChange(s => s.year),
		text: s => compare(s.visits, s.year)?.text ?? '–',
		hint: s => exact(s.year) }];

// --- the card ----------------------------------------------------------------

// choose(site) is called with the one that was clicked.
export class SitesCard {
	constructor(choose) {
		this.choose = choose;
		this.all = [];
		this.version = '';
		this.district = '';
		this.filter = 'all';
		this.text = '';
		this.most = ROWS;
		this.column = 'visits';
		this.isReversed = false;
		this.heading = el('h2', { id: 'sites-title', tabindex: '-1' });
		this.csv = el('a', { class: 'tool',
			download: 'stadttor-sites.csv' });
		this.note = el('p', { class: 'note' });
		this.search = el('input', { type: 'search', class: 'find',
			oninput: () => {
				this.text = plain(this.search.value);
				this.most = ROWS;
				this.showRows();
			} });
		this.filters = el('div', { class: 'states' });
		this.said = el('p', { class: 'note', role: 'status' });
		this.table = el('div', { class: 'table sites', role: 'region',
			tabindex: '0' });
		this.node = el('section', { class: 'card wide', id: 'sites',
			'aria-labelledby': 'sites-title' },
		el('div', { class: 'head' }, this.heading,
			el('div', { class: 'tools' }, this.csv)),
		this.note, el('div', { class: 'states' }, this.search,
			this.filters), this.said, this.table);
	}

	take(sites, version, district, period) {
		this.all = sites;
		this.version = version;
		this.district = district;
		this.csv.href = sitesUrl(period, { format: 'csv' });
		this.show();
	}

	get sites() {
		return this.district ? this.all.filter(s =>
			s.district === this.district) : this.all;
	}

	// Those that are so.
	pick(state) {
		this.filter = state;
		this.most = ROWS;
		this.show();
		this.heading.scrollIntoView({ block: 'start' });
		this.heading.focus({ preventScroll: true });
	}

	show() {
		const sites = this.sites;

		this.heading.textContent = this.district ? t('sites_of',
			{ x: this.district }) : t('sites');
		this.table.setAttribute('aria-label', t('table_show',
			{ x: t('sites') }));
		this.note.textContent = t('sites_note');
		this.search.placeholder = t('search');
		this.search.setAttribute('aria-label', t('search'));
		this.csv.replaceChildren(icon('save'),
			el('span', { 'aria-hidden': 'true' }, t('csv')),
			el('span', { class: 'hidden-text' },
				t('csv_save', { x: t('sites') })));
		this.filters.replaceChildren(...STATES
			.filter(f => f === 'all' || f === this.filter ||
				countOf(sites, f, this.version))
			.map(f => el('button', { type: 'button', class: 'tool',
				'aria-pressed': String(f === this.filter),
				onclick: () => {
					this.filter = f;
					this.most = ROWS;
					this.show();
				} }, `${t('state_' + f)} (${number(countOf(sites,
				f, this.version))})`)));
		this.showRows();
	}

	sortBy(id) {
		this.isReversed = this.column === id && !this.isReversed;
		this.column = id;
		this.showRows();
		this.table.querySelector('[aria-sort] button').focus();
	}

	head() {
		return COLUMNS.map(c => el('th', { scope: 'col',
			'aria-sort': c.id === this.column && (this.isReversed
				? 'ascending' : 'descending') },
		el('button', { type: 'button', class: 'tool',
			onclick: () => this.sortBy(c.id) },
		t('col_' + c.id), c.id === this.column
			? icon(this.isReversed ? 'up' : 'down') : [])));
	}

	row(site, now) {
		const cells = COLUMNS.slice(1).map(c => el('td', {
			title: c.hint?.(site) }, c.text(site, now)));

		cells[1].prepend(icon(MARKS[site.state]));
		return el('tr', { class: site.state }, el('th', { scope: 'row' },
			el('button', { type: 'button', class: 'tool',
				onclick: () => this.choose(site) },
			site.title)), cells);
	}

	showRows() {
		const column = COLUMNS.find(c => c.id === this.column);
		const found = this.sites.filter(s => s.is(this.filter,
			this.version) && s.text.includes(this.text))
			.sort(column.sort);
		const rest = found.length - this.most;
		const now = Date.now() / 1000;

		if (this.isReversed)
			found.reverse();
		this.said.textContent = found.length ? t('sites_found',
			{ n: number(found.length) }) : t('no_site');
		this.table.hidden = !found.length;
		this.table.replaceChildren(el('table', {},
			el('caption', { class: 'hidden-text' }, t('sites')),
			el('thead', {}, el('tr', {}, this.head())),
			el('tbody', {}, found.slice(0, this.most)
				.map(s => this.row(s, now)))),
		...rest > 0 ? [el('button', { type: 'button', class: 'tool',
			onclick: () => {
				this.most += 10 * ROWS;
				this.showRows();
			} }, t('more_sites', { n: number(Math.min(rest,
			10 * ROWS)) }))] : []);
	}
}
