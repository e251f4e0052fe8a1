// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard of a city: that of a box, for the place that was chosen, and
// the list of all sites.
import { usePlace } from './api.js';
import { onShow, reload, view } from './app.js';
import { el } from './dom.js';
import { SitesCard, loadSites } from './sites.js';
import { t } from './words.js';

let sites = [];
let listed = '';
let listedAt = 0;
const SITES_EVERY_S = 60;
const placeBox = el('input', { id: 'place', list: 'places', class: 'find' });
const placeList = el('datalist', { id: 'places' });
const placeLabel = el('span', {});
const card = new SitesCard(site => goTo({ site: site.name }));

function readPlace() {
	const asked = new URLSearchParams(location.hash.slice(1));
	const site = asked.get('site');
	const district = asked.get('district');

	return site ? { site } : district ? { district } : {};
}

function placeName(place) {
	const site = sites.find(s => s.name === place.site);

	return site?.title ?? place.site ?? place.district ?? t('city');
}

function goTo(place) {
	usePlace(place);
	view.place = place;
	view.zone = '';
	placeBox.value = placeName(place);
	reload();
}

// What was typed or picked: a site's title or name, a district, the city.
function takePlace() {
	const text = placeBox.value.trim().toLowerCase();
	const site = sites.find(s => s.title.toLowerCase() === text ||
		s.name === text);
	const district = sites.find(s => s.district.toLowerCase() === text);

	if (site)
		goTo({ site: site.name });
	else if (text && district)
		goTo({ district: district.district });
	else
		goTo({});
}

function listPlaces() {
	const districts = [...new Set(sites.map(s => s.district))]
		.filter(d => d).sort();

	placeList.replaceChildren(...[t('city'), ...districts,
		...sites.map(s => s.title)].map(value =>
		el('option', { value })));
}

async function list(now) {
	const key = `${view.days} ${now.version}`;

	if (key === listed && Date.now() - listedAt < SITES_EVERY_S * 1000)
		return;
	listed = key;
	listedAt = Date.now();
	try {
		sites = await loadSites(view.days, now.version);
	} catch {
		listed = '';
		return;
	}
	listPlaces();
	card.take(sites);
	if (document.activeElement !== placeBox)
		placeBox.value = placeName(view.place ?? {});
}

onShow(now => {
	placeLabel.textContent = t('place');
	placeBox.placeholder = t('place_hint');
	card.show();
	if (now)
		list(now);
});

usePlace(view.place = readPlace());

document.addEventListener('DOMContentLoaded', () => {
	placeBox.addEventListener('change', takePlace);
	placeBox.addEventListener('focus', () => placeBox.select());
	document.querySelector('.filters .bar').prepend(
		el('label', { class: 'pick' }, placeLabel, placeBox), placeList);
	document.getElementById('now').after(card.node);
});
