// SPDX-License-Identifier: GPL-3.0-or-later
// A browser for the dashboard's cases, and what every page is watched for:
// requests to strangers, errors on the console, breaches of the policy.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const logins = new Map(); // of servers, so that each is entered once

// As long as a machine with much else to do may take for what comes at once.
export const PATIENCE_MS = 80000;

export const cases = [];

// data: the server it needs: 'empty', 'small' or 'years' of the mock, 'any' of
// them and a real portal, 'none' at all.
export function test(name, data, run) {
	cases.push({ name, data, run });
}

export function launch() {
	return chromium.launch({
		executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
		headless: true, chromiumSandbox: false,
		args: ['--disable-gpu', '--disable-quic', '--no-first-run',
			'--disable-background-networking',
			'--disable-component-update', '--disable-sync'] });
}

// Calls run() with each line that is read, and prints what it returns.
export async function answerLines(run) {
	for await (const line of createInterface({ input: process.stdin }))
		console.log(JSON.stringify(await run(line)));
}

function watch(page, base, seen) {
	page.on('request', request => {
		const url = request.url();

		if (!url.startsWith(base) && !url.startsWith('data:') &&
				!url.startsWith('blob:'))
			seen.push('left the origin: ' + url);
	});
	page.on('console', message => {
		if (message.type() === 'error' || message.type() === 'warning')
			seen.push('console: ' + message.text());
	});
	page.on('pageerror', error => seen.push('error: ' + error.stack));
}

async function enter(page, server) {
	await page.goto('login');
	await page.fill('#user', server.user);
	await page.fill('#password', server.password);
	await page.press('#password', 'Enter');
	await page.waitForSelector('#main');
	logins.set(server.url, await page.context().storageState());
}

/*
 * The dashboard, logged in and settled. options: width, height, scheme
 * ('light', 'dark'), locale, timezone of the browser, hash, clock: true for
 * one that page.clock moves, login: false for a page that is nowhere yet, bare:
 * true for one that is nowhere yet, but logged in.
 * page.forgive(text): such a message is what the case provokes.
 */
export async function open(browser, server, options = {}) {
	const context = await browser.newContext({
		baseURL: server.url, storageState: options.login === false
			? undefined : logins.get(server.url),
		locale: options.locale ?? 'de-DE',
		timezoneId: options.timezone ?? 'Pacific/Auckland',
		colorScheme: options.scheme ?? 'light',
		reducedMotion: 'reduce', acceptDownloads: true,
		viewport: { width: options.width ?? 1280,
			height: options.height ?? 900 } });
	const seen = [];
	const page = await context.newPage();

	page.setDefaultTimeout(PATIENCE_MS);
	await page.addInitScript(() => document.addEventListener(
		'securitypolicyviolation', e => console.error('policy: ' +
			e.violatedDirective + ' ' + e.blockedURI)));
	watch(page, server.url, seen);
	page.forgive = text => {
		const kept = seen.filter(s => !s.includes(text));

		assert.ok(kept.length < seen.length, 'nothing to forgive');
		seen.splice(0, seen.length, ...kept);
	};
	page.finish = async () => {
		await context.close();
		assert.deepEqual(seen, []);
	};
	if (options.login === false)
		return page;
	if (options.clock)
		await page.clock.install();
	if (!logins.has(server.url))
		await enter(page, server);
	if (options.bare)
		return page;
	// What a script does not survive is said at once, not by a timeout.
	const broken = new Promise((_, reject) => page.once('pageerror', reject));

	broken.catch(() => {});
	await page.goto('./#' + (options.hash ?? ''));
	await Promise.race([settled(page), broken]);
	return page;
}

// Every card has its answer, and the tiles are there.
export async function settled(page) {
	await page.waitForFunction(() =>
		document.querySelectorAll('.cards .card').length >= 8 &&
		document.querySelector('.tile-health') &&
		!document.querySelector('.card:not([hidden])[aria-busy]') &&
		![...document.querySelectorAll('.cards .card:not([hidden])')]
			.some(c => !c.dataset.state || c.dataset.state === 'busy'));
}

export async function violations(page) {
	await page.evaluate(axeSource);
	const result = await page.evaluate(() => window.axe.run(document, {
		runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
			'best-practice'] }));

	return result.violations.map(v => `${v.id}: ` + v.nodes.map(n =>
		n.target.join(' ') + ' ' + n.failureSummary).join('; '));
}

// How many different colours a canvas shows; a blank one shows one.
export function colours(page, selector) {
	return page.$eval(selector, canvas => {
		const { data } = canvas.getContext('2d').getImageData(0, 0,
			canvas.width, canvas.height);
		const found = new Set();

		for (let i = 0; i < data.length; i += 4)
			found.add(data[i] << 24 | data[i + 1] << 16 |
				data[i + 2] << 8 | data[i + 3]);
		return found.size;
	});
}
