// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard of a city: that of a box, for the place that was chosen, what
// it is made of, how it has changed, and the list of all sites.
import { usePlace } from './api.js';
import { onShow, reload, view } from './app.js';
import { cards } from './cards.js';
import { compareCard } from './compare.js';
import { el } from './dom.js';
import { onPart, partsHeat } from './parts.js';
import { PlaceField, drawWay, placesOf } from './places.js';
import { SitesCard, drawStates, loadSites, sitesUrl } from './sites.js';
import { language, t } from './words.js';

const SITES_EVERY_S = 60;
let sites = [];
let lastNow = null;
let listed = ''; // what was asked
let listedAt = 0;
let shownSites = '';
const field = new PlaceField(goTo);
const sitesCard = new SitesCard(site => goTo({ site: site.name }));
const stateTile = el('section', { class: 'card tile tile-states',
	'aria-labelledby': 'states-title' });
const wayBar = el('nav', { class: 'way' });

function readPlace() {
	const asked = new URLSearchParams(location.hash.slice(1));
	const site = asked.get('site');
	const district = asked.get('district');

	return site ? { site } : district ? { district } : {};
}

function siteOf(place) {
	return sites.find(s => s.name === place.site);
}

function cityName() {
	return lastNow?.city.name || t('city');
}

function placeName(place) {
	return siteOf(place)?.title ?? place.site ?? place.district ??
		cityName();
}

function goTo(place, zone = '') {
	const select = document.getElementById('zone');

	usePlace(place);
	view.place = place;
	view.zone = zone;
	select.value = zone;
	reload();
	document.getElementById('main').focus({ preventScroll: true });
	window.scrollTo(0, 0);
}

function goToPart(part) {
	if (part.kind === 'zone')
		goTo(view.place, part.name);
	else
		goTo({ [part.kind]: part.name });
}

// City, district, site, zone: as far down as one is.
function steps() {
	const place = view.place ?? {};
	const district = place.district ?? siteOf(place)?.district;
	const way = [{ title: cityName(), go: () => goTo({}) }];

	if (district)
		way.push({ title: district, go: () => goTo({ district }) });
	if (place.site)
		way.push({ title: placeName(place), go: () => goTo(place) });
	if (view.zone)
		way.push({ title: view.zone, go: () => {} });
	return way;
}

function showSites(now) {
	const district = view.place?.district ?? '';
	const key = [language(), now?.version, district, listedAt].join();

	if (!now || key === shownSites)
		return;
	shownSites = key;
	sitesCard.take(sites, now.version, district, view);
	drawStates(stateTile, sitesCard.sites, district, now.version,
		state => sitesCard.pick(state));
}

function showPlace(now) {
	const place = view.place ?? {};
	const zonePick = document.getElementById('zone').closest('.pick');

	zonePick.hidden = !now?.zones.length;
	field.take(placesOf(sites, cityName()), placeName(place));
	if (!wayBar.contains(document.activeElement))
		drawWay(wayBar, steps());
	stateTile.hidden = Boolean(place.site);
	sitesCard.node.hidden = Boolean(place.site);
	showSites(now);
}

async function list() {
	const url = sitesUrl(view);

	if (url === listed &&
	    Date.now() - listedAt < SITES_EVERY_S * 1000)
		return;
	listed = url;
	listedAt = Date.now();
	try {
		sites = await loadSites(url);
	} catch {
		listed = '';
		return;
	}
	shownSites = '';
	showPlace(lastNow);
}

onShow(now => {
	lastNow = now;
	list();
	showPlace(now);
});
onPart(goToPart);

usePlace(view.place = readPlace());
cards.splice(1, 0, compareCard, partsHeat);

document.addEventListener('DOMContentLoaded', () => {
	const now = document.getElementById('now');
	const row = el('div', { class: 'now-row' });

	document.querySelector('.filters .bar').prepend(field.node);
	document.querySelector('main section').prepend(wayBar);
	now.before(row);
	row.append(now, stateTile);
	document.querySelector('main').append(sitesCard.node);
});
