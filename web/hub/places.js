// SPDX-License-Identifier: GPL-3.0-or-later
// Where one is in the city, and how one gets elsewhere: a field that finds
// places as one types, and the way up from a zone to the city.
import { el, icon } from './dom.js';
import { t } from './words.js';

const FOUND_MAX = 8;

// As people type it: no capitals, no accents.
export function plain(text) {
	return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

// How well it fits; 0: not at all. The beginning of a word says most.
function fit(name, text) {
	const at = name.indexOf(text);

	if (at < 0)
		return 0;
	if (name === text)
		return 4;
	if (!at)
		return 3;
	return /[\s\-/(]/.test(name[at - 1]) ? 2 : 1;
}

// The city first, then its districts, then the sites.
export function placesOf(sites, city) {
	const districts = [...new Set(sites.map(s => s.district))]
		.filter(d => d).sort((a, b) => a.localeCompare(b));

	return [{ kind: 'city', title: city, aside: t('kind_city'), place: {},
		names: [plain(city), plain(t('city'))] },
	...districts.map(district => ({ kind: 'district',
		title: district, place: { district },
		names: [plain(district)] })),
	...sites.map(s => ({ kind: 'site', title: s.title, aside: s.district,
		place: { site: s.name }, names: [plain(s.title), s.name] }))];
}

function find(places, text) {
	const wanted = plain(text.trim());

	if (!wanted)
		return places.slice(0, FOUND_MAX);
	return places.map(p => ({ p,
		fit: Math.max(...p.names.map(name => fit(name, wanted))) }))
		.filter(f => f.fit).sort((a, b) => b.fit - a.fit)
		.slice(0, FOUND_MAX).map(f => f.p);
}

// A combobox as ARIA has it; choose(place) is called with what was picked.
export class PlaceField {
	constructor(choose) {
		this.choose = choose;
		this.places = [];
		this.shown = '';
		this.input = el('input', { id: 'place', class: 'find',
			type: 'text', role: 'combobox', autocomplete: 'off',
			'aria-expanded': 'false', 'aria-controls': 'places',
			'aria-autocomplete': 'list', oninput: () => this.open(),
			onclick: () => this.open(),
			onfocus: () => this.input.select(),
			onblur: () => this.close(),
			onkeydown: event => this.press(event) });
		this.list = el('ul', { id: 'places', role: 'listbox',
			class: 'places', hidden: true });
		this.label = el('span', {});
		this.node = el('div', { class: 'place' },
			el('label', { class: 'pick', for: 'place' },
				this.label, this.input), this.list);
	}

	// What there is, and where one is.
	take(places, name) {
		this.places = places;
		this.shown = name;
		this.label.textContent = t('place');
		this.input.placeholder = t('place_hint');
		this.list.setAttribute('aria-label', t('place'));
		if (this.list.hidden)
			this.input.value = name;
	}

	open() {
		const isAsked = this.input.value !== this.shown;

		this.found = find(this.places, isAsked ? this.input.value : '');
		this.at = isAsked && this.found.length ? 0 : -1;
		this.list.hidden = false;
		this.input.setAttribute('aria-expanded', 'true');
		this.draw();
	}

	close() {
		this.list.hidden = true;
		this.list.replaceChildren();
		this.input.setAttribute('aria-expanded', 'false');
		this.input.removeAttribute('aria-activedescendant');
		this.input.value = this.shown;
	}

	option(place, i) {
		return el('li', { role: 'option', id: 'place-' + i,
			'aria-selected': String(i === this.at),
			onmousedown: event => {
				event.preventDefault();
				this.pick(i);
			} },
		el('span', {}, place.title), el('small', {},
			place.aside || t('kind_' + place.kind)));
	}

	draw() {
		this.list.replaceChildren(...this.found.length
			? this.found.map((p, i) => this.option(p, i))
			: [el('li', { role: 'option', 'aria-disabled': 'true' },
				t('no_place'))]);
		if (this.at >= 0)
			this.input.setAttribute('aria-activedescendant',
				'place-' + this.at);
		else
			this.input.removeAttribute('aria-activedescendant');
	}

	pick(i) {
		const place = this.found[i];

		if (!place)
			return;
		this.shown = place.title;
		this.close();
		this.choose(place.place);
	}

	step(by) {
		const count = this.found.length;

		this.at = count ? (this.at + by + count) % count : -1;
		this.draw();
	}

	press(event) {
		const isOpen = !this.list.hidden;
		const moves = { ArrowDown: 1, ArrowUp: -1 };

		if (event.key === 'Escape' || event.key === 'Tab') {
			if (isOpen)
				this.close();
		} else if (event.key === 'Enter' && isOpen) {
			this.pick(Math.max(this.at, 0));
		} else if (moves[event.key]) {
			event.preventDefault();
			if (!isOpen)
				this.open();
			else
				this.step(this.at < 0 && event.key === 'ArrowUp'
					? 0 : moves[event.key]);
		}
	}
}

// steps: [{ title, go }]; the last is where one is.
export function drawWay(host, steps) {
	host.setAttribute('aria-label', t('way'));
	host.replaceChildren(el('ol', {}, steps.map((step, i) => el('li', {},
		i ? icon('next') : icon('gate'), i < steps.length - 1
			? el('button', { type: 'button', onclick: step.go },
				step.title)
			: el('span', { 'aria-current': 'location' },
				step.title)))));
}
