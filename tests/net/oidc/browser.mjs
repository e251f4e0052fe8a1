// SPDX-License-Identifier: GPL-3.0-or-later
// What a person with Chromium does who has an account:
// browser.mjs PLAYWRIGHT-FOLDER PROFILE-FOLDER NAME. From any page to the portal,
// to the provider and back, the internet; then the back button. A story in JSON.
import { createRequire } from 'node:module';

const [folder, profile, name] = process.argv.slice(2);
const { chromium } = createRequire(folder + '/')('playwright-core');
const story = {};

const context = await chromium.launchPersistentContext(profile, {
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	headless: true, chromiumSandbox: false, javaScriptEnabled: false,
	ignoreHTTPSErrors: true,
	args: ['--disable-gpu', '--disable-quic', '--no-first-run',
		'--disable-background-networking',
		'--disable-component-update', '--disable-sync'] });
const page = context.pages()[0];

context.setDefaultTimeout(60000);
await page.goto('http://net.test/');
story.portal = page.url();
story.ways = await page.$$eval('main form button', all => all.length);

await page.click('form[action="/login"] button');
story.provider = new URL(page.url()).host;
await page.fill('input[name=login]', name);
await page.fill('input[name=password]', 'any');
await page.click('button[type=submit]');
await page.click('button[type=submit]'); // "Continue", of the consent
await page.waitForURL(/\/status/);
story.after = page.url();
story.status = await page.title();

await page.goto('http://net.test/');
story.title = await page.title();
await page.goBack();
await page.goBack();
story.back = page.url();
story.cookies = (await context.cookies()).filter(
	c => c.domain.includes('portal')).length;
await context.close();
console.log(JSON.stringify(story));
