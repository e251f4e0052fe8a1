// SPDX-License-Identifier: GPL-3.0-or-later
// A slow phone on a bad radio link, for tests/bench:
//	node pages_paint.mjs paint PORTAL RUNS LANGUAGE ...
// milliseconds to the first paint of the portal in each language, each run in
// a fresh profile, as JSON: {language: [ms, ...]}
//	node pages_paint.mjs taps SITE
// how often a person taps from joining to a page of the internet: {"taps": 1}
import { launch } from './lib.mjs';

const CPU_SLOWER = 4;
const LINK = { offline: false, latency: 300, downloadThroughput: 400e3 / 8,
	uploadThroughput: 400e3 / 8, connectionType: 'cellular3g' };
const TAPS_MAX = 5;
const [what, site, ...rest] = process.argv.slice(2);
const browser = await launch();

async function firstPaint(language) {
	const context = await browser.newContext({
		viewport: { width: 360, height: 640 } });
	const page = await context.newPage();
	const devtools = await context.newCDPSession(page);

	await page.goto('about:blank');
	await page.waitForTimeout(200);
	await devtools.send('Network.enable');
	await devtools.send('Network.setCacheDisabled',
		{ cacheDisabled: true });
	await devtools.send('Network.emulateNetworkConditions', LINK);
	await devtools.send('Emulation.setCPUThrottlingRate',
		{ rate: CPU_SLOWER });
	await page.goto(`${site}?lang=${language}`);
	const ms = await page.evaluate(() => new Promise(resolve => {
		new PerformanceObserver(list => list.getEntries().forEach(e =>
			e.name === 'first-contentful-paint' &&
			resolve(e.startTime)))
			.observe({ type: 'paint', buffered: true });
	}));

	await context.close();
	return ms;
}

async function paint(runs, languages) {
	const found = {};

	for (let run = 0; run < runs; run++)
		for (const language of languages)
			(found[language] ??= []).push(
				await firstPaint(language));
	return found;
}

async function taps() {
	const context = await browser.newContext({ javaScriptEnabled: false });
	const page = await context.newPage();
	let count = 0;

	for (; count < TAPS_MAX; count++) {
		await page.goto(site);
		if (page.url() === site)
			break;
		await page.click('button.go');
		await page.waitForLoadState();
	}
	return { taps: count };
}

console.log(JSON.stringify(what === 'taps' ? await taps()
	: await paint(Number(rest[0]), rest.slice(1))));
await browser.close();
