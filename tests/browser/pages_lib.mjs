// SPDX-License-Identifier: GPL-3.0-or-later
// A visitor of the pages, who has no network but the files of a preview, and
// what is wrong with a page that stands before the visitor.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { PATIENCE_MS } from './lib.mjs';

const require = createRequire(import.meta.url);
const axeSource = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const HOST = 'http://portal.test';
const FOCUSABLE = 'a[href], button, summary, input:not([type=hidden])';

// Sheets and windows, light and dark, large text; and at the end people who
// choose their own colours, or cannot bear motion.
export const SIZES = [[320, 640], [900, 572], [1280, 800]];
const looks = [{ scheme: 'light' }, { scheme: 'dark' },
	{ scheme: 'light', text: 200 }, { scheme: 'dark', text: 200 }];

export const COMBINATIONS = [
	...looks.flatMap(look => SIZES.map(size => [size, look])),
	[SIZES[0], { scheme: 'light', forced: true }],
	[SIZES[2], { scheme: 'dark', forced: true }],
	[SIZES[1], { scheme: 'light', calm: true }],
	// 400 % zoom of a window of 1280 x 1024
	[[320, 256], { scheme: 'dark', calm: true }],
].map(([[width, height], look]) => ({ width, height, ...look,
	name: `${width}x${height} ${Object.entries(look).flat().join(' ')}` }));

// What only a script can see; runs in the page.
function findings(focusable) {
	const box = node => {
		const { left, right, top, bottom } =
			node.getBoundingClientRect();

		return { left, right, top, bottom };
	};
	const width = document.documentElement.clientWidth;
	const name = node => node.tagName.toLowerCase() + '.' +
		(node.className.baseVal ?? node.className);
	const shown = [...document.body.querySelectorAll('*')].filter(node =>
		node.checkVisibility() && !node.closest('svg *'));

	return {
		lang: document.documentElement.lang,
		dir: getComputedStyle(document.body).direction,
		dirAttribute: document.documentElement.dir,
		title: document.title,
		headings: document.querySelectorAll('h1').length,
		brand: box(document.querySelector('.brand')),
		toggle: box(document.querySelector('summary')),
		wide: document.documentElement.scrollWidth - width,
		outside: shown.filter(node => {
			const { left, right } = box(node);

			return left < -0.5 || right > width + 0.5;
		}).map(name),
		clipped: shown.filter(node => node.scrollWidth >
			node.clientWidth + 1 && node.clientWidth &&
			getComputedStyle(node).display !== 'inline').map(name),
		small: [...document.querySelectorAll(focusable)].filter(node => {
			const { left, right, top, bottom } = box(node);

			return node.checkVisibility() && (right - left < 24 ||
				bottom - top < 24) && getComputedStyle(node)
				.display !== 'inline';
		}).map(name),
		text: document.body.innerText,
		moving: document.getAnimations().length,
		stored: localStorage.length + sessionStorage.length,
		cookie: document.cookie,
	};
}

// Texts that are hard to read, WCAG 1.4.3, against the colour, or each end of
// the gradient, behind them: axe gives up where boxes overlap. Runs in the page.
function pale() {
	const numbers = text => text.match(/[\d.]+/g).map(Number);
	const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v =>
		v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) /
		(Math.min(light(a), light(b)) + 0.05);
	const behind = node => {
		const { backgroundColor, backgroundImage } =
			getComputedStyle(node);
		const colours = backgroundImage.match(/rgba?\([^)]*\)/g);

		if (colours)
			return colours.map(numbers);
		return numbers(backgroundColor)[3] === 0
			? behind(node.parentElement) : [numbers(backgroundColor)];
	};

	return [...document.body.querySelectorAll('*')].filter(node =>
		node.checkVisibility() && [...node.childNodes].some(child =>
			child.nodeType === 3 && child.data.trim())).flatMap(node => {
		const style = getComputedStyle(node);
		const size = parseFloat(style.fontSize);
		const least = size >= 24 || (size >= 18.7 &&
			style.fontWeight >= 700) ? 3 : 4.5;
		const found = Math.min(...behind(node).map(c =>
			contrast(numbers(style.color), c)));

		return found < least ? [`${node.outerHTML.slice(0, 80)}: ` +
			found.toFixed(2)] : [];
	});
}

// The elements with the names of their attributes, and all that people are
// told; runs in the page.
export function skeleton() {
	const all = [...document.querySelectorAll('*')];

	return {
		elements: all.map(node => node.tagName + ' ' +
			[...node.attributes].map(a => a.name).join(' ')),
		text: document.title + '\n' + all.flatMap(node =>
			[...node.childNodes].filter(child => child.nodeType === 3 &&
				node.tagName !== 'STYLE').map(child => child.data))
			.join('\n'),
	};
}

export class Visitor {
	static async enter(browser, folder, options = {}) {
		const visitor = new Visitor();

		visitor.folder = folder;
		visitor.context = await browser.newContext({
			locale: 'de-DE', ...options });
		visitor.page = await visitor.context.newPage();
		visitor.page.setDefaultTimeout(PATIENCE_MS);
		visitor.wrong = [];
		visitor.asked = [];
		visitor.posted = null;
		visitor.page.on('console', message =>
			visitor.wrong.push('console: ' + message.text()));
		visitor.page.on('pageerror', error =>
			visitor.wrong.push('error: ' + error.stack));
		await visitor.context.route('**/*', route =>
			visitor.answer(route));
		return visitor;
	}

	// Everything that the browser asks for ends here.
	async answer(route) {
		const url = new URL(route.request().url());
		const path = normalize(url.pathname);

		if (route.request().method() === 'POST') {
			this.posted = { path, ...Object.fromEntries(
				new URLSearchParams(route.request().postData())) };
			await route.fulfill({ body: 'taken' });
			return;
		}
		this.asked.push(url.origin + path);
		if (url.origin !== HOST || !/^\/(logo$|hero$|\w+\/[\w-]+\/[\w-]+\.html$)/
			.test(path)) {
			await route.abort();
			return;
		}
		await route.fulfill({ body: readFileSync(join(this.folder, path)),
			contentType: /^\/(logo|hero)$/.test(path) ? 'image/svg+xml'
				: 'text/html; charset=utf-8' });
	}

	async look(combination) {
		await this.page.setViewportSize({ width: combination.width,
			height: combination.height });
		await this.page.emulateMedia({ colorScheme: combination.scheme,
			forcedColors: combination.forced ? 'active' : 'none',
			reducedMotion: combination.calm ? 'reduce'
				: 'no-preference' });
	}

	// As visit(), but the document is written into the window that stands
	// open, where axe is: to load it costs more than all that it does.
	async show(zone, code, page, combination) {
		if (!this.isOpen) {
			await this.visit(zone, code, page, combination);
			await this.page.evaluate(axeSource);
			this.isOpen = true;
			return;
		}
		await this.look(combination);
		await this.page.evaluate(([html, percent]) =>
			new Promise(resolve => {
				document.open();
				document.write(html);
				document.close();
				document.documentElement.style.fontSize =
					percent ? `${percent}%` : '';
				if (document.readyState === 'complete')
					resolve();
				else
					addEventListener('load', resolve,
						{ once: true });
			}), [readFileSync(join(this.folder, zone, code, page +
			'.html'), 'utf8'), combination.text]);
	}

	// combination: one of the above; folder: of another preview.
	async visit(zone, code, page, combination, folder = this.folder) {
		const path = `/${zone}/${code}/${page}.html`;
		const own = this.folder;

		this.folder = folder;
		this.asked = [];
		await this.look(combination);
		await this.page.goto(HOST + path);
		if (combination.text)
			await this.page.evaluate(percent => {
				document.documentElement.style.fontSize =
					`${percent}%`;
			}, combination.text);
		assert.deepEqual(this.asked.filter(url => ![path, '/logo', '/hero']
			.includes(url.slice(HOST.length))), [], 'asked for more than the page');
		this.folder = own;
	}

	// What is wrong with the page that is shown, in words. open: its languages are shown.
	async check(tongue, open) {
		if (open)
			await this.page.click('summary');
		const found = await this.page.evaluate(findings, FOCUSABLE);
		const { brand, toggle } = found;
		const isMirrored = tongue.direction === 'rtl';
		const wrong = Object.entries({
			'its language': found.lang !== tongue.code,
			'its direction': found.dir !== tongue.direction ||
				found.dirAttribute !== tongue.direction,
			'headings of first order': found.headings !== 1 &&
				found.headings,
			'no title': found.title.length < 4,
			'a hole or an entity': /[{}]|undefined|\(null\)|&\w+;/
				.test(found.title + found.text),
			'the side of the brand': isMirrored
				? brand.right < toggle.right
				: brand.left > toggle.left,
			'wider than the window': found.wide > 0,
			'outside of the window': found.outside.join(' '),
			'cut off': found.clipped.join(' '),
			'too small to tap': found.small.join(' '),
			'something moves': found.moving,
			'something is stored': found.stored || found.cookie,
		}).filter(([, isWrong]) => isWrong).map(([what, value]) =>
			`${what}: ${value === true ? '' : value}`);

		return [...wrong, ...await this.violations()];
	}

	// What axe objects to, and what is too pale.
	async violations() {
		const found = await this.page.evaluate(async () => {
			const result = await window.axe.run(document, {
				runOnly: ['wcag2a', 'wcag2aa', 'wcag21a',
					'wcag21aa', 'wcag22a', 'wcag22aa',
					'best-practice'],
				resultTypes: ['violations'],
				rules: { 'target-size': { enabled: true } } });

			return result.violations.map(r => `${r.id}: ` +
				r.nodes.map(n => `${n.target.join(' ')} ` +
					n.failureSummary).join('; '));
		});

		return [...found, ...await this.page.evaluate(pale)];
	}

	// With the keyboard alone: everything in the order of the page, and one
	// sees where one is.
	async walk(where) {
		const { page } = this;

		await page.focus('summary');
		assert.deepEqual(await this.tab(), await this.inOrder(), where);
		await page.focus('summary');
		await page.keyboard.press('Enter');
		assert.ok(await page.isVisible('nav a'), where);
		const order = await this.inOrder();

		assert.ok(order.length > 16, where);
		assert.deepEqual(await this.tab(), order, where);
		await page.click('summary');
		assert.ok(!await page.isVisible('nav a'), where);
		await page.click('summary');
		assert.ok(await page.isVisible('nav a'), where);
	}

	inOrder() {
		return this.page.$$eval(FOCUSABLE, nodes => nodes.filter(n =>
			n.checkVisibility()).map(n => n.outerHTML));
	}

	// Where Tab leads, from the summary that has the focus to the end.
	async tab() {
		const seen = [];

		for (;;) {
			const at = await this.page.evaluate(() => {
				const node = document.activeElement;
				const style = getComputedStyle(node);
				const { top, bottom } = node.getBoundingClientRect();

				return { html: node.outerHTML,
					isBody: node === document.body,
					outline: style.outlineStyle === 'none' ? 0
						: parseFloat(style.outlineWidth),
					seen: bottom > 0 && top < innerHeight };
			});

			if (at.isBody || seen.includes(at.html))
				return seen;
			assert.ok(at.outline >= 2 && at.seen, JSON.stringify(at));
			seen.push(at.html);
			await this.page.keyboard.press('Tab');
		}
	}

	// What a form sends when that button is pressed.
	async send(button) {
		this.posted = null;
		await this.page.click(button);
		await this.page.waitForURL(url => url.protocol === 'http:');
		return this.posted;
	}

	isThere() {
		return !this.page.isClosed();
	}

	// Nothing was wrong, and the next case begins without what was seen.
	async rest() {
		const wrong = this.wrong;

		this.wrong = [];
		assert.deepEqual(await this.context.cookies(), []);
		assert.deepEqual(wrong, []);
	}

	async leave() {
		assert.deepEqual(await this.context.cookies(), []);
		await this.context.close();
		assert.deepEqual(this.wrong, []);
	}
}
