// SPDX-License-Identifier: GPL-3.0-or-later
// The citizens' pages in a real browser: every page in every language and zone,
// as `stadttor portal preview` writes them.
//
// Usage: node pages.mjs		runs the cases whose names it reads, a line
//				each, and answers each with a line of JSON
//	  node pages.mjs --pictures FOLDER	and pictures of all that is seen
// STADTTOR_BUILD: the folder of the program, below the checkout.
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync }
	from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HtmlValidate } from 'html-validate';
import { answerLines, launch } from './lib.mjs';
import { BRANDS, ZONE, heroIsSeen, previewBrand } from './pages_branding.mjs';
import { ZONES, config, hostile, languages, pageNames, preview, run, web,
	WORDS } from './pages_config.mjs';
import { COMBINATIONS, SIZES, Visitor, skeleton } from './pages_lib.mjs';
import { takePictures } from './pages_pictures.mjs';

const cases = new Map();
const tongues = languages();
const folder = mkdtempSync(join(tmpdir(), 'stadttor-pages-'));
const made = preview(folder);

function test(name, call) {
	cases.set(name, call);
}

const validator = new HtmlValidate({
	extends: ['html-validate:recommended', 'html-validate:document'],
	rules: {
		// a page carries its style, so that it is one round trip
		'no-style-tag': 'off',
		// texts are in UTF-8, apostrophes and such as they are
		'no-raw-characters': ['error', { relaxed: true }],
		// lines of the templates whose condition is not met are empty
		'no-trailing-whitespace': 'off',
		// the Commission changes its script when it likes
		'require-sri': ['error',
			{ exclude: ['collection.wifi4eu.ec.europa.eu'] }],
	} });

function source(zone, code, page, from = made.folder) {
	return readFileSync(join(from, zone, code, page + '.html'), 'utf8');
}

function faults(zone, code, page) {
	const report = validator.validateStringSync(source(zone, code, page));

	return report.results.flatMap(r => r.messages.map(m => `${m.ruleId} ` +
		`${m.line}:${m.column} ${m.message}`));
}

// --- every page ----------------------------------------------------------

function allFaults(zones, code) {
	return zones.flatMap(zone => pageNames(made.folder, zone, code).flatMap(
		page => faults(zone, code, page)
			.map(what => `${zone} ${page}: ${what}`)));
}

// A zone a language, and each zone in every fourth: its templates and its words.
for (const [number, tongue] of tongues.entries())
	test(`source of ${tongue.code}`, () => {
		const zone = ZONES[number % ZONES.length];

		assert.deepEqual(allFaults([zone], tongue.code), []);
	});

for (const tongue of tongues)
	test(`source of ${tongue.code} everywhere`, () => {
		assert.deepEqual(allFaults(ZONES, tongue.code), []);
	});

// Page i in language n is seen in combination i + n: after all languages every
// page was seen in each of them, and after all pages every language.
// Seen with the languages open by half of them, and by the other half closed.
function isOpen(i, number) {
	return ((i >> 4) + (i >> 1) + number) % 2 === 1;
}

async function lookAt(visitor, zone, tongue, page, number, open) {
	const c = COMBINATIONS[number % COMBINATIONS.length];

	await visitor.show(zone, tongue.code, page, c);
	return (await visitor.check(tongue, open))
		.map(what => `${page} at ${c.name}: ${what}`);
}

for (const [number, tongue] of tongues.entries())
	for (const zone of ZONES)
		test(`${tongue.code} in ${zone}`, async ctx => {
			const visitor = await Visitor.enter(ctx.browser,
				made.folder);
			const wrong = [];

			for (const [i, page] of pageNames(made.folder, zone,
				tongue.code).entries())
				wrong.push(...await lookAt(visitor, zone, tongue,
					page, i + number, isOpen(i, number)));
			assert.deepEqual(wrong, []);
			await visitor.leave();
		});

// A sample of the above: every page once, and the first in every zone, by every
// language and in every combination.
const zonesOf = Object.fromEntries(ZONES.flatMap(zone => pageNames(made.folder,
	zone, 'de')).map(page => [page, ZONES.filter(zone => pageNames(
	made.folder, zone, 'de').includes(page))]));
const sample = Object.entries(zonesOf).flatMap(([page, zones], i) =>
	(page === 'portal' ? zones : [zones[i % zones.length]])
		.map(zone => ({ zone, page })))
	.map((seen, n) => ({ ...seen, n,
		tongue: tongues[5 * n % tongues.length] }));

test('the sample has every language and combination', () => {
	assert.equal(new Set(sample.map(s => s.tongue)).size, tongues.length);
	assert.equal(new Set(sample.map(s => s.page)).size,
		Object.keys(zonesOf).length);
	assert.equal(new Set(sample.map(s => s.zone)).size, ZONES.length);
	assert.ok(sample.length >= COMBINATIONS.length);
});

// One visitor sees all of it: to enter costs more than to look at ten pages.
let regular;

async function visitorOf({ browser }) {
	if (!regular?.isThere())
		regular = await Visitor.enter(browser, made.folder);
	return regular;
}

for (const tongue of tongues)
	test(`sample of ${tongue.code}`, async ctx => {
		const visitor = await visitorOf(ctx);
		const wrong = [];

		for (const s of sample.filter(s => s.tongue === tongue))
			wrong.push(...await lookAt(visitor, s.zone, tongue,
				s.page, s.n, s.n % 3 === 0));
		assert.deepEqual(wrong, []);
		await visitor.rest();
	});

test('there are as many combinations as languages, or fewer', () => {
	assert.ok(COMBINATIONS.length <= tongues.length);
	assert.ok(COMBINATIONS.length <= pageNames(made.folder, ZONES[0], 'de')
		.length + 1);
});

for (const name of BRANDS)
	test(`branding ${name}`, async ctx => {
		const brand = previewBrand(join(folder, 'brands'), name);
		const visitor = await Visitor.enter(ctx.browser, brand.folder);
		const wrong = [];

		assert.match(run('check', brand.config), /fine/);
		for (const [i, c] of COMBINATIONS.entries()) {
			const tongue = tongues[i % tongues.length];

			await visitor.show(ZONE, tongue.code, ['portal',
				'status'][i % 2], c);
			wrong.push(...(await visitor.check(tongue, false))
				.map(what => `${tongue.code} ${c.name}: ${what}`));
		}
		assert.deepEqual(wrong, []);
		for (const [width, height] of [[320, 640], [900, 572]]) {
			await visitor.visit(ZONE, 'de', 'portal', { width,
				height, scheme: 'light' });
			await heroIsSeen(visitor.page);
			assert.deepEqual(visitor.asked.slice(1).map(url =>
				new URL(url).pathname).sort(), ['/hero', '/logo']);
			assert.ok(await visitor.page.$eval('button.go', b =>
				b.getBoundingClientRect().bottom) <= height,
			`the button is not seen at ${width}x${height}`);
		}
		await visitor.leave();
	});

// --- without scripts -----------------------------------------------------

for (const [z, zone] of ZONES.entries())
	test(`keyboard and no scripts in ${zone}`, async ctx => {
		const names = pageNames(made.folder, zone, 'de');
		const visitor = await Visitor.enter(ctx.browser, made.folder,
			{ javaScriptEnabled: false });

		for (const [i, page] of names.entries()) {
			const { code } = tongues[(i + 8 * z) % tongues.length];

			await visitor.visit(zone, code, page,
				COMBINATIONS[i % SIZES.length]);
			await visitor.walk(`${page}, ${code}`);
		}
		await visitor.leave();
	});

test('right-to-left pages are walked by keyboard', async ctx => {
	const visitor = await Visitor.enter(ctx.browser, made.folder,
		{ javaScriptEnabled: false });

	for (const { code } of tongues.filter(t => t.direction === 'rtl'))
		for (const page of ['portal', 'status']) {
			await visitor.visit(ZONES[0], code, page, COMBINATIONS[0]);
			await visitor.walk(`${page}, ${code}`);
		}
	await visitor.leave();
});

test('one tap sends the form, and a code with it', async ctx => {
	const visitor = await Visitor.enter(ctx.browser, made.folder,
		{ javaScriptEnabled: false });

	await visitor.visit('square', 'uk', 'portal', COMBINATIONS[0]);
	assert.deepEqual(await visitor.send('button.go'),
		{ path: '/accept', terms: '1', lang: 'uk', way: 'click' });
	await visitor.visit('library', 'ar', 'portal', COMBINATIONS[0]);
	await visitor.page.fill('#code', 'abcde 23456');
	assert.deepEqual(await visitor.send('button.go'),
		{ path: '/accept', terms: '1', lang: 'ar', way: 'voucher',
			code: 'abcde 23456' });
	await visitor.visit('hall', 'fr', 'portal', COMBINATIONS[0]);
	assert.deepEqual(await visitor.send('form button'),
		{ path: '/accept', terms: '1', lang: 'fr', way: 'click' });
	await visitor.visit('hall', 'fr', 'portal', COMBINATIONS[0]);
	await visitor.page.fill('#code', 'abcde 23456');
	assert.deepEqual(await visitor.send('form + form button'),
		{ path: '/accept', terms: '1', lang: 'fr', way: 'voucher',
			code: 'abcde 23456' });
	await visitor.visit('square', 'de', 'status', COMBINATIONS[0]);
	assert.deepEqual(await visitor.send('form[action="/extend"] button'),
		{ path: '/extend', terms: '1', lang: 'de' });
	await visitor.leave();
});

test('what is wrong stands at its field', async ctx => {
	const visitor = await Visitor.enter(ctx.browser, made.folder,
		{ javaScriptEnabled: false });
	const field = id => visitor.page.$eval(id, node => ({
		hasFocus: node === document.activeElement,
		isInvalid: node.getAttribute('aria-invalid'),
		says: node.getAttribute('aria-describedby').split(' ').map(id =>
			document.getElementById(id)?.className) }));

	await visitor.visit('library', 'en', 'portal-code-wrong',
		COMBINATIONS[0]);
	assert.deepEqual(await field('#code'), { hasFocus: true, isInvalid: 'true',
		says: ['note bad', 'small soft'] });
	await visitor.visit('library', 'en', 'portal', COMBINATIONS[0]);
	assert.deepEqual(await field('#code'), { hasFocus: false, isInvalid: null,
		says: ['small soft'] });
	await visitor.visit('campus', 'en', 'portal-account-wrong',
		COMBINATIONS[0]);
	for (const id of ['#name', '#password'])
		assert.deepEqual(await field(id), { hasFocus: id === '#name',
			isInvalid: 'true', says: ['note bad'] });
	await visitor.leave();
});

test('one button is the first', async ctx => {
	const visitor = await visitorOf(ctx);

	for (const zone of ZONES)
		for (const page of pageNames(made.folder, zone, 'de')) {
			await visitor.show(zone, 'de', page, COMBINATIONS[0]);
			const { ways, first } = await visitor.page.evaluate(() => ({
				ways: document.querySelectorAll(
					'form[action="/accept"]').length,
				first: document.querySelectorAll(
					'.go:not(.quiet)').length }));

			// two ways in have a button each
			assert.equal(first, page.startsWith('portal') ? ways : 1,
				`${zone} ${page}`);
		}
	await visitor.rest();
});

test('name and language stand on one row', async ctx => {
	const visitor = await visitorOf(ctx);
	const apart = [];

	for (const { code } of tongues) {
		await visitor.show(ZONES[0], code, 'rules', COMBINATIONS[0]);
		for (const width of [320, 390, 768]) {
			await visitor.look({ width, height: 640,
				scheme: 'light' });
			const [a, b] = await visitor.page.$$eval(
				'.brand, summary', nodes => nodes.map(n =>
					n.getBoundingClientRect()));

			if (a.bottom <= b.top || b.bottom <= a.top)
				apart.push(`${code} at ${width}`);
		}
	}
	assert.deepEqual(apart, []);
	await visitor.rest();
});

test('the button is seen without scrolling', async ctx => {
	const visitor = await Visitor.enter(ctx.browser, made.folder);
	const hidden = [];

	for (const { code } of tongues)
		for (const [width, height] of [[320, 640], [900, 572]]) {
			await visitor.visit(ZONES[0], code, 'portal',
				{ width, height, scheme: 'light' });
			const bottom = await visitor.page.$eval('button.go',
				b => b.getBoundingClientRect().bottom);

			if (bottom > height)
				hidden.push(`${code} at ${width}x${height}: ` +
					`ends at ${Math.round(bottom)}`);
		}
	assert.deepEqual(hidden, []);
	await visitor.leave();
});

test('the pages have their own colours', async ctx => {
	const plain = preview(join(folder, 'plain'), { colours: false,
		logo: '' });
	const visitor = await Visitor.enter(ctx.browser, plain.folder);

	for (const [i, page] of ['portal', 'status', 'rules', 'error-full']
		.entries())
		for (const scheme of ['light', 'dark']) {
			const tongue = tongues[(5 * i + 3) % tongues.length];

			await visitor.show(ZONES[0], tongue.code, page,
				{ width: 320, height: 640, scheme });
			assert.deepEqual(await visitor.check(tongue, true), [],
				page);
		}
	await visitor.leave();
});

test('WiFi4EU has its banner and its script, and no more', async ctx => {
	const eu = 'https://collection.wifi4eu.ec.europa.eu';
	const funded = preview(join(folder, 'wifi4eu'), { accounts: false,
		portal: { wifi4eu: '123e4567-e89b-12d3-a456-426655440000' } });
	const visitor = await Visitor.enter(ctx.browser, funded.folder);
	const asked = [];
	const look = { width: 320, height: 640, scheme: 'light' };

	await visitor.context.route(`${eu}/**`, route => {
		const { pathname } = new URL(route.request().url());

		asked.push(pathname);
		return pathname.endsWith('.js') ? route.fulfill({
			contentType: 'text/javascript', body: 'document.title =' +
				'[wifi4euNetworkIdentifier, wifi4euLanguage,' +
				'typeof wifi4euTimerStart, document.readyState]' })
			: route.fulfill({ contentType: 'image/svg+xml',
				body: '<svg xmlns="http://www.w3.org/2000/svg"/>' });
	});
	await visitor.visit('square', 'pl', 'portal', look);
	assert.deepEqual(asked.sort(), ['/media/banner/Wifi4EU-PL.svg',
		'/wifi4eu.min.js']);
	assert.equal(await visitor.page.title(), '123e4567-e89b-12d3-a456-' +
		'426655440000,pl,number,interactive');
	const top = await visitor.page.$eval('#wifi4eubanner', n =>
		n.getBoundingClientRect().bottom);
	const button = await visitor.page.$eval('button.go', n =>
		n.getBoundingClientRect().bottom);

	assert.ok(top < 120 && button < 640, `${top} ${button}`);
	for (const page of pageNames(funded.folder, 'square', 'de').filter(p =>
		!p.startsWith('portal')))
		assert.doesNotMatch(source('square', 'de', page, funded.folder),
			/<script/, page);
	assert.deepEqual(validator.validateStringSync(source('square', 'de',
		'portal', funded.folder)).results, []);
	await visitor.leave();
});

// --- what is written by others -------------------------------------------

test('markup in the config is text', async ctx => {
	const words = hostile();
	const bad = preview(join(folder, 'hostile'), { words });
	const visitor = await Visitor.enter(ctx.browser, bad.folder);
	const seen = [];

	for (const zone of ZONES)
		for (const code of ['de', 'fa'])
			for (const page of pageNames(bad.folder, zone, code)) {
				await visitor.visit(zone, code, page,
					COMBINATIONS[0]);
				const found = await visitor.page.evaluate(
					skeleton);

				seen.push(found.text);
				await visitor.visit(zone, code, page,
					COMBINATIONS[0], made.folder);
				assert.deepEqual(found.elements, (await visitor
					.page.evaluate(skeleton)).elements,
					`${zone} ${code} ${page}`);
			}
	for (const [key, word] of Object.entries(words))
		assert.ok(seen.some(text => text.includes(
			word.replace('{}', '123'))), `${key}: ${word}`);
	await visitor.leave();
});

// A program that must refuse, and what it says.
function refusal(...args) {
	try {
		run(...args);
	} catch (error) {
		assert.equal(error.status, 2, error.stderr);
		return error.stderr;
	}
	assert.fail(`not refused: ${args.join(' ')}`);
}

test('texts that run the other way by force are refused', () => {
	const file = join(folder, 'bidi');

	for (const key of Object.keys(WORDS))
		for (const mark of ['\u202e', '\u2066']) {
			writeFileSync(file, config({ words: { [key]:
				WORDS[key] + mark + 'x' } }));
			assert.match(refusal('check', file),
				/bidi:\d+: .*(control|direction)/, `${key}`);
		}
});

test('a language file with such a text is refused', () => {
	const pages = join(folder, 'bidi-web');
	const file = join(folder, 'bidi-lang');
	const english = join(pages, 'lang', 'en.json');

	cpSync(join(web, 'pages'), join(pages, 'pages'), { recursive: true });
	cpSync(join(web, 'lang'), join(pages, 'lang'), { recursive: true });
	writeFileSync(file, config({ pages }));
	assert.match(run('check', file), /fine/);
	writeFileSync(english, readFileSync(english, 'utf8').replace(
		'"portal_heading": "', '"portal_heading": "\u202e'));
	assert.match(refusal('check', file), /en\.json.*(control|direction)/);
});

test('a hole that is none is refused in a text of the config', () => {
	const file = join(folder, 'hole');

	writeFileSync(file, config({ words: { own: 'Hallo {{nobody}}' } }));
	assert.match(refusal('check', file), /nobody/);
});

// --- running them --------------------------------------------------------

let browser; // for the first who needs it

async function runCase(name) {
	const begun = Date.now();
	let ok = true, text = '';

	try {
		browser ??= await launch();
		await cases.get(name)({ browser });
	} catch (error) {
		ok = false;
		text = error.stack + '\n';
	}
	for (const context of browser?.contexts() ?? [])
		if (!ok || context !== regular?.context)
			await context.close();
	return { name, ok, text: `${text}${Date.now() - begun} ms` };
}

try {
	if (process.argv[2] === '--pictures')
		await takePictures(made.folder, tongues, process.argv[3]);
	else
		await answerLines(runCase);
} finally {
	await browser?.close();
	rmSync(folder, { recursive: true, force: true });
}
