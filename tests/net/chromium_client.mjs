// SPDX-License-Identifier: GPL-3.0-or-later
// What a person with Chromium and without scripts does on the street:
// chromium_client.mjs PLAYWRIGHT-FOLDER PROFILE-FOLDER SECURE-URL. The browser
// finds the portal by itself, one tap, the internet; a story in JSON.
import { createRequire } from 'node:module';

const [folder, profile, secureUrl] = process.argv.slice(2);
const { chromium } = createRequire(folder + '/')('playwright-core');
const PROBE = 'http://connectivitycheck.gstatic.com/generate_204';
const story = { taps: 0 };

const context = await chromium.launchPersistentContext(profile, {
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	headless: true, chromiumSandbox: false, javaScriptEnabled: false,
	args: ['--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking',
		'--disable-component-update', '--disable-sync'] });

async function tap(page, selector) {
	story.taps++;
	await page.click(selector);
}

const page = context.pages()[0];
context.setDefaultTimeout(40000);

// A certificate that is not the host's makes Chromium look for a portal.
const opened = context.waitForEvent('page', { timeout: 40000 });
await page.goto(secureUrl).catch(() => {});
const portal = await opened;
await portal.waitForLoadState();
story.portal = portal.url();

await tap(portal, 'form button.go');
await portal.waitForURL(/\/status$/);
story.after = portal.url();
story.status = await portal.title();

// It had opened connections to that host before.
const [answer] = await Promise.all([portal.waitForResponse(PROBE),
	portal.goto(PROBE).catch(() => {})]); // 204 is no page
story.probe = answer.status();
await portal.goto('http://net.test/');
story.title = await portal.title();
await context.close();
console.log(JSON.stringify(story));
