// SPDX-License-Identifier: GPL-3.0-or-later
// What the dashboard of a large city asks for and makes. STADTTOR_HUB: { url,
// user, password }. Prints it as JSON, and how long it took, which is for
// people: how busy the machine is decides that.
import { launch, open } from './lib.mjs';

const server = JSON.parse(process.env.STADTTOR_HUB);
const browser = await launch();
const page = await open(browser, server);
const wire = await page.context().newCDPSession(page);
const saw = { requests: 0, bytes: 0, urls: [] };

await page.waitForSelector('.sites tbody tr');
await wire.send('Network.enable');
wire.on('Network.loadingFinished', event => {
	saw.requests++;
	saw.bytes += event.encodedDataLength;
});
page.on('request', request => saw.urls.push(request.url()));
const start = Date.now();
await page.reload();
await page.waitForFunction(() => document.querySelector('.sites tbody tr') &&
	document.querySelector('.card-parts canvas') &&
	document.querySelector('.tile-states .count') &&
	!document.querySelector('.card:not([hidden])[aria-busy]'));
saw.took_ms = Date.now() - start;
saw.nodes = await page.$$eval('*', list => list.length);
saw.counts = await page.$$eval('.tile-states .count b', list =>
	list.map(n => n.textContent));
saw.listed = await page.$$eval('.sites tbody tr', list => list.length);
await page.fill('.card input[type=search]', 'hafen 33');
saw.found = await page.$$eval('.sites tbody tr th', list =>
	list.map(n => n.textContent));
await page.fill('#place', 'box-1234');
saw.place = await page.$$eval('#places li', list =>
	list.map(n => n.textContent));
await page.finish();
await browser.close();
console.log(JSON.stringify(saw));
