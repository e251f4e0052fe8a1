// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard of a city's hub, as a browser shows it. STADTTOR_HUB: { url,
// user, password }. Prints what it saw as JSON; tests/net/test_hub_dashboard.py
// says what that is to be.
import { colours, launch, open, settled, violations } from './lib.mjs';

const server = JSON.parse(process.env.STADTTOR_HUB);
const browser = await launch();
const page = await open(browser, server, { height: 1600 });
const saw = { axe: [] };

function texts(selector) {
	return page.$$eval(selector, list => list.map(n => n.textContent));
}

async function rows() {
	return page.$$eval('.sites tbody tr', list => list.map(row =>
		[...row.children].map(cell => cell.textContent)));
}

async function titles() {
	return (await rows()).map(row => row[0]);
}

function column(name) {
	return page.click(`.sites thead button:has-text("${name}")`);
}

async function hints(selector) {
	return page.$$eval(selector, list => list.map(n => n.title));
}

async function look() {
	saw.axe.push(...await violations(page));
}

// --- the city ---------------------------------------------------------------

await page.waitForSelector('.sites tbody tr');
await page.waitForSelector('.tile-states .count');
saw.all = await rows();
saw.hints = await hints('.sites tbody tr:first-child td');
saw.counts = await texts('.tile-states .count b');
saw.filters = await texts('#sites .states button');
saw.city = await page.textContent('#cards .card:first-child .figures');
saw.way = await texts('.way li');
saw.week = await texts('.card-compare .figures dd');
saw.changes = await texts('.change');
await look();

// --- the list ---------------------------------------------------------------

await page.click('.tile-states .count:has-text("Gestört")');
saw.ill = await rows();
saw.focused = await page.evaluate(() => document.activeElement.id);
await page.click('#sites .states button:has-text("Alle")');
await page.fill('.card input[type=search]', 'NORD');
saw.found = await titles();
await page.fill('.card input[type=search]', 'libr');
saw.named = await titles();
await page.fill('.card input[type=search]', 'nowhere');
saw.none = await page.textContent('#sites [role=status]');
await page.fill('.card input[type=search]', '');
await column('Standort');
saw.byName = await titles();
await column('Standort');
saw.reversed = await titles();
await column('Zustand');
saw.byState = await titles();
await column('Besuche');

// --- by the hour ------------------------------------------------------------

saw.parts = await texts('.card-parts .names li');
saw.partVisits = await hints('.card-parts .visits li');
saw.painted = await colours(page, '.card-parts canvas');
saw.heatNodes = await page.$$eval('.card-parts .plot *', list => list.length);
await page.hover('.card-parts canvas', { position: { x: 3, y: 40 } });
saw.tip = await page.textContent('.card-parts .tip');
await page.click('.card-parts [aria-controls=parts-table]');
saw.partTable = await page.$$eval('#parts-table tbody tr', list =>
	list.map(row => [...row.children].map(c => c.textContent)));
await page.click('.card-parts [aria-controls=parts-table]');
await page.click('.card-parts .names button:has-text("Süd")');
await settled(page);
await page.waitForFunction(() => document.querySelector(
	'.card-parts .names')?.textContent.includes('station'));
saw.districtParts = await texts('.card-parts .names li');
saw.districtSites = await titles();
saw.districtCounts = await texts('.tile-states .count b');
await look();
await page.click('.card-parts .names button:has-text("station")');
await page.waitForFunction(() => location.hash.includes('site='));
await page.waitForFunction(() => document.querySelector(
	'.card-parts .names')?.textContent.includes('guest'));
saw.zoneParts = await texts('.card-parts .names li');
await page.click('.card-parts .names button:has-text("guest")');
await page.waitForFunction(() => location.hash.includes('zone=guest'));
await settled(page);
saw.zoneWay = await texts('.way li');
saw.zone = await page.inputValue('#zone');
await page.click('.way li:first-child button');
await page.waitForFunction(() => !location.hash.includes('site='));
await settled(page);

// --- finding places ---------------------------------------------------------

await page.click('#place');
saw.suggested = await texts('#places li span');
await page.fill('#place', 'STAT');
saw.typed = await texts('#places li span');
saw.active = await page.getAttribute('#place', 'aria-activedescendant');
await look();
await page.press('#place', 'Escape');
saw.closed = await page.isHidden('#places');
saw.kept = await page.inputValue('#place');
await page.fill('#place', 'sud');
await page.press('#place', 'Enter');
await page.waitForFunction(() => location.hash.includes('district='));
saw.district = await page.evaluate(() =>
	new URLSearchParams(location.hash.slice(1)).get('district'));
await page.fill('#place', 'the');
await page.press('#place', 'ArrowDown');
saw.second = await page.textContent('#places [aria-selected=true] span');
await page.press('#place', 'Escape');
await page.click('.way li:first-child button');
await settled(page);

// --- a site -----------------------------------------------------------------

await page.click('.sites tbody tr:first-child button');
await page.waitForFunction(() => location.hash.includes('site='));
await page.waitForFunction(() =>
	document.querySelectorAll('#zone option').length > 1);
await settled(page);
saw.hash = await page.evaluate(() => location.hash);
saw.place = await page.inputValue('#place');
saw.zones = await page.$$eval('#zone option', list =>
	list.map(option => option.value));
saw.site = await page.textContent('#cards .card:first-child .figures');
saw.listed = await page.isVisible('#sites');
// of those that ask the hub: some are a box's alone
saw.csv = await page.$$eval('.cards .card[data-state] .tools a', list =>
	list.map(a => a.getAttribute('href')));
await look();

// --- the other language, and colours ----------------------------------------

await page.click('.way li:first-child button');
await page.check('input[name=language][value=en]', { force: true });
await page.check('input[name=theme][value=dark]', { force: true });
await settled(page);
saw.english = await texts('#sites thead button, .tile-states .count span,' +
	' .change, .card-parts .note');
await look();
await page.finish();
await browser.close();
console.log(JSON.stringify(saw));
