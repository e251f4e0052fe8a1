// SPDX-License-Identifier: GPL-3.0-or-later
// The dashboard of a city's hub, as a browser shows it. STADTTOR_HUB: { url,
// user, password }. Prints what it saw as JSON; tests/net/test_hub_dashboard.py
// says what that is to be.
import { launch, open, settled, violations } from './lib.mjs';

const server = JSON.parse(process.env.STADTTOR_HUB);
const browser = await launch();
const page = await open(browser, server, { height: 1600 });
const saw = {};

async function rows() {
	return page.$$eval('.sites tbody tr', list => list.map(row =>
		[...row.children].map(cell => cell.textContent)));
}

await page.waitForSelector('.sites tbody tr');
saw.all = await rows();
saw.filters = await page.$$eval('.states button', list =>
	list.map(button => button.textContent));
await page.click('.states button:has-text("Gestört")');
saw.ill = await rows();
await page.click('.states button:has-text("Alle")');
await page.fill('.card input[type=search]', 'NORD');
saw.found = (await rows()).map(row => row[0]);
await page.fill('.card input[type=search]', 'nowhere');
saw.none = await page.textContent('.sites');
await page.fill('.card input[type=search]', '');
saw.city = await page.textContent('#cards .card:first-child .figures');
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
await page.fill('#place', 'Süd');
await page.press('#place', 'Enter');
await page.waitForFunction(() => location.hash.includes('district='));
saw.district = await page.evaluate(() =>
	new URLSearchParams(location.hash.slice(1)).get('district'));
saw.axe = await violations(page);
await page.finish();
await browser.close();
console.log(JSON.stringify(saw));
