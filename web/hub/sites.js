// SPDX-License-Identifier: GPL-3.0-or-later
// The list of sites: which are ill, and where most people were. It is asked
// for once for each choice of time; search and filter are done here.
import { figure, get } from './api.js';
import { el } from './dom.js';
import { about, exact, percent } from './format.js';
import { hasWord, t } from './words.js';

const ROWS = 50;
const FILTERS = ['all', 'well', 'ill', 'silent', 'unheard', 'off', 'outdated'];

export class Site {
	constructor(list, i, version) {
		this.name = list.names[i];
		this.title = list.titles[i] ?? this.name;
		this.district = list.districts[i] ?? '';
		this.state = list.states[i];
		this.codes = list.codes[i];
		this.version = list.versions[i] ?? '';
		this.isOutdated = this.version !== '' &&
			this.version !== version;
		this.visits = figure(list.values[i], list.bands[i]);
		this.before = figure(list.before[i], list.before_bands[i]);
	}

	is(filter) {
		return filter === 'all' || (filter === 'outdated'
			? this.isOutdated : this.state === filter);
	}

	matches(text) {
		return `${this.name}\n${this.title}\n${this.district}`
			.toLowerCase().includes(text);
	}

	get stateText() {
		if (this.state !== 'ill')
			return t('is_' + this.state);
		return this.codes.map(c => hasWord('health_' + c)
			? t('health_' + c, { zone: '' }) : c).join('; ');
	}

	// Only where the noise lets one say it.
	get change() {
		if (!this.visits || !this.before ||
		    this.before.value < 3 * this.before.band)
			return '';
		const part = this.visits.value - this.before.value;

		return (part > 0 ? '+' : '') +
			percent(part, this.before.value);
	}
}

export async function loadSites(days, version) {
	const list = await get('api/sites?' + new URLSearchParams({
		from: `-${days - 1}d`, to: 'today' }));

	return list.names.map((_, i) => new Site(list, i, version))
		.sort((a, b) => (b.visits?.value ?? -Infinity) -
			(a.visits?.value ?? -Infinity));
}

function count(sites, filter) {
	return sites.filter(s => s.is(filter)).length;
}

// The card; choose(site) is called with the one that was clicked.
export class SitesCard {
	constructor(choose) {
		this.choose = choose;
		this.sites = [];
		this.filter = 'all';
		this.text = '';
		this.most = ROWS;
		this.heading = el('h3', {});
		this.note = el('p', { class: 'note' });
		this.search = el('input', { type: 'search', class: 'find',
			oninput: () => {
				this.text = this.search.value.toLowerCase();
				this.most = ROWS;
				this.showRows();
			} });
		this.filters = el('div', { class: 'states' });
		this.table = el('div', { class: 'table sites', tabindex: '0' });
		this.node = el('section', { class: 'card wide' }, this.heading,
			this.note, el('div', { class: 'states' }, this.search),
			this.filters, this.table);
	}

	take(sites) {
		this.sites = sites;
		this.show();
	}

	show() {
		this.heading.textContent = t('sites');
		this.note.textContent = t('sites_note');
		this.search.placeholder = t('search');
		this.search.setAttribute('aria-label', t('search'));
		this.filters.replaceChildren(...FILTERS
			.filter(f => f === 'all' || count(this.sites, f))
			.map(f => el('button', { type: 'button', class: 'tool',
				'aria-pressed': String(f === this.filter),
				onclick: () => {
					this.filter = f;
					this.most = ROWS;
					this.show();
				} }, t('state_' + f, { n: count(this.sites, f) }))));
		this.showRows();
	}

	row(site) {
		return el('tr', { class: site.state },
			el('th', { scope: 'row' }, el('button', {
				type: 'button', class: 'tool',
				onclick: () => this.choose(site) },
			site.title)),
			el('td', {}, site.district),
			el('td', {}, site.stateText),
			el('td', {}, site.version),
			el('td', { title: exact(site.visits) },
				about(site.visits) + (site.change
					? ` (${site.change})` : '')),
			el('td', {}, about(site.before)));
	}

	showRows() {
		const found = this.sites.filter(s => s.is(this.filter) &&
			s.matches(this.text));
		const rest = found.length - this.most;
		const head = ['site', 'district', 'state', 'version', 'visits',
			'before'].map(c => el('th', { scope: 'col' },
			t('col_' + c)));

		this.table.replaceChildren(found.length ? el('table', {},
			el('thead', {}, el('tr', {}, head)),
			el('tbody', {}, found.slice(0, this.most)
				.map(s => this.row(s)))) : el('p', {
			class: 'note' }, t('no_site')),
		...rest > 0 ? [el('button', { type: 'button', class: 'tool',
			onclick: () => {
				this.most = Infinity;
				this.showRows();
			} }, t('more_sites', { n: rest }))] : []);
	}
}
