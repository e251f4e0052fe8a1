// SPDX-License-Identifier: GPL-3.0-or-later
// What the dashboard must do, in a real browser.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { HtmlValidate } from 'html-validate';
import { addDays, dayList, hourSlots, weekday }
	from '../../web/admin/calendar.js';
import { sumPairs, tellPair } from '../../web/admin/against.js';
import { cards } from '../../web/admin/cards.js';
import { daysBack, earlier, freeDays, lastDays, stretched }
	from '../../web/admin/period.js';
import { languages, useLanguage } from '../../web/admin/words.js';
import { colours, open, settled, test, violations } from './lib.mjs';

const WIRE_MAX = 130000;
const CHARTS = ['#visitors', '#today', '#volume'];
const PARTS = ['visitors', 'today', 'volume', 'dwell', 'heat', 'ended',
	'languages', 'platforms'];
const assets = new URL('../../web/admin/', import.meta.url);
const pictures = new URL('../../build/screenshots/', import.meta.url);

function text(page, selector) {
	return page.$eval(selector, node => node.textContent.trim());
}

async function pick(page, name, value) {
	await page.check(`input[name=${name}][value="${value}"]`,
		{ force: true });
	await settled(page);
}

// --- without a browser ---------------------------------------------------

test('calendar knows days without a time zone', 'none', () => {
	assert.equal(addDays('2026-02-28', 1), '2026-03-01');
	assert.equal(addDays('2028-03-01', -1), '2028-02-29');
	assert.equal(weekday('2026-11-23'), 0);
	assert.equal(weekday('2026-11-29'), 6);
	assert.deepEqual(dayList('2026-12-31', '2027-01-01'),
		['2026-12-31', '2027-01-01']);
});

test('days of a clock change have 23 and 25 hours', 'none', () => {
	const spring = hourSlots('2026-03-29', [1774738800, 1774749600],
		['2026-03-29T00:00+01:00', '2026-03-29T04:00+02:00']);
	const autumn = hourSlots('2026-10-25', [1792886400, 1792890000],
		['2026-10-25T02:00+02:00', '2026-10-25T02:00+01:00']);
	const plain = hourSlots('2026-11-24', [1795554000],
		['2026-11-24T22:00+01:00']);

	assert.equal(spring.length, 23);
	assert.equal(spring[3].row, 1);
	assert.deepEqual(spring.map(s => s.hour).slice(3, 5), [4, 5]);
	assert.equal(autumn.length, 25);
	assert.deepEqual(autumn.map(s => s.hour).slice(1, 5), [1, 2, 2, 3]);
	assert.deepEqual(autumn.slice(2, 4).map(s => [s.row, s.offset]),
		[[0, '+02:00'], [1, '+01:00']]);
	assert.equal(plain.length, 24);
	assert.equal(plain[22].row, 0);
	assert.equal(hourSlots('2026-11-24', [], []).length, 24);
});

// A month of days with so many visitors each, as /api/usage tells it.
function month(visitors) {
	const time = dayList('2026-11-01', '2026-11-30');

	return { from: time[0], to: time.at(-1), start: time.map((_, i) => i),
		time, hours: time.map(() => 24), values: { visitors },
		bands: { visitors: time.map(() => 6) } };
}

function visitorsOf(values, profile) {
	return cards[0].prepare(month(values), { days: 30, zone: '', profile });
}

test('a quiet place is told of days, a busy one is not', 'none', () => {
	const quiet = Array(30).fill(12), busy = Array(30).fill(25);

	assert.match(visitorsOf(quiet, 'hours').aside, /option profile 'days'/);
	assert.equal(visitorsOf(quiet, 'days').aside, '');
	assert.equal(visitorsOf(busy, 'hours').aside, '');
});

test('the highest of thirty is above what noise makes of nothing', 'none', () => {
	const best = values => visitorsOf(values, 'hours').figures[2][1];

	// t is 2: 2 * ln(30) = 6.8
	assert.match(best([...Array(29).fill(0), 6.5]), /^(unter|under)\s7$/);
	assert.match(best([...Array(29).fill(0), 7]), /^≈\s7$/);
});

test('periods: two days in order, and the same days earlier', 'none', () => {
	for (const [from, to] of [['2026-11-02', '2026-11-01'],
		['2026-02-30', '2026-03-02'], ['26-1-1', '2026-03-02'],
		['', '2026-03-02'], ['1026-03-02', '2026-03-02']])
		assert.equal(freeDays(from, to), null, from);
	const march = freeDays('2028-02-28', '2028-03-02');

	assert.equal(march.days, 4); // 2028 has the 29th
	assert.deepEqual(earlier(march, daysBack({ ...march,
		against: 'before' })), { from: '2028-02-24', to: '2028-02-27' });
	assert.deepEqual(earlier(march, daysBack({ ...march,
		against: 'year' })), { from: '2027-03-01', to: '2027-03-04' });
	assert.equal(weekday('2028-02-28'), weekday('2027-03-01'));
	assert.deepEqual(earlier(lastDays(30), 30),
		{ from: '-59d', to: '-30d' });
	assert.deepEqual(earlier(lastDays(1), 1), { from: '-1d', to: '-1d' });
	assert.equal(stretched(lastDays(7), 28).from, '-27d');
	assert.equal(stretched(march, 28).from, '2028-02-04');
	assert.equal(stretched(lastDays(30), 28).from, '-29d');
});

test('a difference within the error is none', 'none', () => {
	const pair = (now, then) => sumPairs([
		[{ value: now, band: 3 }, { value: then, band: 4 }],
		[{ value: 9, band: 1 }, null], [null, { value: 9, band: 1 }]]);

	useLanguage('en');
	assert.match(tellPair(pair(105, 100), 'x'),
		/no certain difference.*within the error of ± 5/);
	assert.match(tellPair(pair(106, 100), 'x'), /x: 6% more \(106 ± 3/);
	assert.match(tellPair(pair(94, 100), 'x'), /x: 6% fewer/);
	// so small a base makes no percent
	assert.match(tellPair(pair(40, 20), 'x'), /x: 20 more/);
	assert.match(tellPair(pair(1, 1), 'x'), /1 days of which both/);
	assert.match(tellPair(sumPairs([[null, null]]), 'x'), /no figures/);
	useLanguage('de');
});

test('both languages have the same words', 'none', () => {
	const holes = words => Object.fromEntries(Object.entries(words)
		.filter(([key]) => !key.startsWith('health_'))
		.map(([key, word]) => [key, (word.match(/\{\w+\}/g) ?? [])
			.sort().join()]));

	assert.deepEqual(holes(languages.de), holes(languages.en));
	assert.ok(!Object.values(languages).some(words =>
		Object.values(words).includes('')));
});

test('everything together is small over the wire', 'none', ({ say }) => {
	const files = readdirSync(assets).filter(f => f.endsWith('.gz'));
	const sizes = files.map(f => readFileSync(new URL(f, assets)).length);
	const all = sizes.reduce((a, b) => a + b, 0);

	say(`${all} bytes: ` + files.map((f, i) => `${f} ${sizes[i]}`)
		.join(', '));
	assert.equal(files.length, 11);
	assert.ok(all < WIRE_MAX);
});

test('the pages carry no inline script, style or stranger', 'none', () => {
	for (const page of ['index.html.gz', 'login.html.gz',
		'report.html.gz', 'vouchers.html.gz']) {
		const html = gunzipSync(readFileSync(new URL(page, assets)))
			.toString();

		assert.doesNotMatch(html, /<script(?![^>]*src)|<style/);
		assert.doesNotMatch(html, /\s(style|on[a-z]+)=/);
		assert.doesNotMatch(html, /https?:/);
	}
});

test('the pages are valid HTML', 'none', () => {
	const rules = JSON.parse(readFileSync(new URL('htmlvalidate.json',
		import.meta.url), 'utf8'));
	const validator = new HtmlValidate(rules);

	for (const page of ['index', 'login', 'report', 'vouchers']) {
		const found = validator.validateStringSync(readFileSync(
			new URL(`${page}.html`, assets), 'utf8'));

		assert.deepEqual(found.results.flatMap(r => r.messages.map(m =>
			`${page}:${m.line}: ${m.message}`)), []);
	}
});

// --- what is shown -------------------------------------------------------

test('loads, draws and says what it drew', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	for (const chart of CHARTS) {
		assert.ok(await colours(page, chart + ' canvas') > 3, chart);
		assert.match(await page.getAttribute(chart + ' canvas',
			'aria-label'), /am meisten ≈\s\d/);
		assert.equal(await page.getAttribute(chart + ' canvas',
			'role'), 'img');
	}
	assert.match(await text(page, '.tile-online .note'),
		/genau gezählt/);
	assert.equal(await page.$$eval('.heat tbody td', c => c.length),
		7 * 24);
	assert.equal(await page.$$eval('#dwell li', l => l.length), 8);
	assert.match(await text(page, '#languages li'), /^Deutsch\s*[56]\d/);
	assert.match(await text(page, '#history-title + .note'),
		/Jede Zahl ist absichtlich etwas ungenau/);
	assert.match(await text(page, '#visitors .figures dd'), /^≈\s[\d.]+$/);
	assert.match(await page.getAttribute('#visitors .figures dd', 'title'),
		/^[\d.]+ ± \d+$/);
	assert.match(await text(page, '.health .error'),
		/Datenbank ist nicht beschreibbar/);
	assert.match(await text(page, '.health .warn'), /Zone library/);
	await page.finish();
});

async function yearStands(ctx) {
	const page = await open(ctx.browser, ctx.server);
	const begun = Date.now();

	await page.goto('./#days=365');
	await page.reload();
	await settled(page);
	ctx.say(`figures after ${Date.now() - begun} ms, from the reload on`);
	assert.equal(await page.$eval('.heat', table => table.rows.length), 8);
	await page.click('#visitors button.tool');
	assert.equal(await page.$$eval('#visitors tbody tr', r => r.length),
		364); // but today
	await page.finish();
}

test('a year of days stands, and says when', 'years', yearStands);
test('real: a year of days stands, and says when', 'real', yearStands);

test('real: draws, zones, tables and CSV of the database', 'real', async ctx => {
	const page = await open(ctx.browser, ctx.server, { hash: 'days=30' });

	for (const chart of CHARTS)
		assert.ok(await colours(page, chart + ' canvas') > 3, chart);
	await page.selectOption('#zone', 'zone_3');
	await settled(page);
	await page.click('#visitors button.tool');
	assert.ok(await page.$$eval('#visitors tbody tr', r => r.length) >= 29);
	const [file] = await Promise.all([page.waitForEvent('download'),
		page.click('#visitors a[download]')]);
	const lines = readFileSync(await file.path(), 'utf8').trim()
		.split('\r\n');
	assert.match(lines[0], /^time,/);
	assert.ok(lines.length >= 30);
	await page.finish();
});

test('real: axe finds nothing', 'real', async ctx => {
	for (const options of [{}, { scheme: 'dark', width: 320 }]) {
		const page = await open(ctx.browser, ctx.server, options);

		assert.deepEqual(await violations(page), []);
		await page.close();
	}
});

test('real: pictures', 'real', async ctx => {
	mkdirSync(pictures, { recursive: true });
	for (const [look, options] of Object.entries(LOOKS)) {
		const page = await open(ctx.browser, ctx.server, options);

		await page.waitForTimeout(100);
		await page.screenshot({ fullPage: true, path: new URL(
			`real-${look}.png`, pictures).pathname });
		await page.finish();
	}
});

test('periods: today, 7, 30 and 365 days', 'any', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const asked = [];

	page.on('request', r => asked.push(decodeURIComponent(r.url())));
	for (const [days, step, from] of [[1, 'hour', 'today'],
		[7, 'day', '-6d'], [365, 'day', '-364d'], [30, 'day', '-29d']]) {
		await pick(page, 'days', days);
		assert.ok(asked.some(url => url.includes('api/usage') &&
			url.includes(`step=${step}&from=${from}&to=today`)));
		assert.match(page.url(), new RegExp(`#days=${days}$`));
		assert.equal(await page.isVisible('#visitors'), days !== 1);
	}
	await page.finish();
});

test('periods: any two days, and what they are held against', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);
		const days = () => page.$$eval('#visitors tbody tr',
			rows => rows.map(row => [...row.cells].map(
				c => c.textContent)));

		await page.click('#visitors button.tool');
		assert.equal(await page.inputValue('#to'), '2026-11-24');
		assert.equal(await page.inputValue('#from'), '2026-10-26');
		assert.ok(!await page.isVisible('.verdict'));
		await page.fill('#from', '2026-11-01');
		await page.fill('#to', '2026-11-07');
		await settled(page);
		assert.match(page.url(), /#from=2026-11-01&to=2026-11-07$/);
		assert.equal((await days()).length, 7);
		assert.equal(await page.$('input[name=days]:checked'), null);
		assert.equal(await text(page, '#today h2'),
			'7. Nov. 2026 nach Stunden');
		const now = (await days()).map(row => row[1]);

		await page.selectOption('#against', 'before');
		await settled(page);
		assert.match(page.url(), /against=before/);
		const then = (await days()).map(row => row[3]);

		await page.fill('#to', '2026-10-31'); // not before the first day
		assert.match(page.url(), /to=2026-11-07/);
		await page.fill('#from', '2026-10-25');
		await settled(page);
		assert.deepEqual((await days()).map(row => row[1]), then);
		await page.selectOption('#against', 'year');
		await settled(page);
		assert.match(await text(page, '#visitors .verdict'),
			/^Gegenüber dem Vorjahr.*\d\s% mehr \([\d.]+ ± \d+ statt/);
		await page.evaluate(() => { // as a link in a mail
			location.hash = 'from=2026-11-01&to=2026-11-07';
		});
		await settled(page);
		assert.deepEqual((await days()).map(row => row[1]), now);
		assert.equal(await page.inputValue('#against'), '');
		await page.reload();
		await settled(page);
		assert.equal(await page.inputValue('#from'), '2026-11-01');
		await page.finish();
	});

test('charts show how far figures may be off', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const inked = async hash => {
		await page.evaluate(to => {
			location.hash = to;
		}, hash);
		await settled(page);
		return page.$eval('#visitors canvas', c => c.toDataURL());
	};

	for (const hash of ['days=30', 'days=365']) {
		await page.unroute('**/api/usage*');
		await inked('days=7');
		const narrow = await inked(hash);

		await page.route('**/api/usage*', async route => {
			const answer = await route.fetch();
			const json = await answer.json();

			for (const bands of Object.values(json.bands))
				bands.forEach((band, i) => {
					bands[i] = band && 40;
				});
			await route.fulfill({ json });
		});
		await inked('days=7');
		assert.notEqual(await inked(hash), narrow, hash);
	}
	await page.finish();
});

test('a period is one question, shared by the cards', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const asked = [];

	page.on('request', r => asked.push(r.url().split('api/')[1]));
	await pick(page, 'days', 7);
	const questions = asked.filter(a => a?.startsWith('usage'));

	assert.equal(questions.length, new Set(questions).size);
	assert.equal(questions.length, 4, questions.join('\n'));
	await page.finish();
});

test('zones: figures and the address follow', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const sessions = () => text(page, '#visitors .figures div:nth-child(3)');
	const all = await sessions();

	await page.selectOption('#zone', 'library');
	await settled(page);
	assert.notEqual(await sessions(), all);
	assert.match(page.url(), /zone=library/);
	assert.match(await page.getAttribute('#volume a', 'href'),
		/zone=library/);
	await page.reload();
	await settled(page);
	assert.equal(await page.$eval('#zone', s => s.value), 'library');
	await page.finish();
});

test('titles: network, box and zones, as people call them', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);

		assert.equal(await text(page, '.brand'),
			'Musterstadt WLAN Rathaus');
		assert.equal(await page.title(),
			'Rathaus – Musterstadt WLAN – Übersicht');
		assert.deepEqual(await page.$$eval('#zone option', o => o.map(
			one => [one.value, one.text])), [['', 'Alle Zonen'],
			['guest', 'Marktplatz'], ['library', 'library']]);
		assert.match(await text(page, '.tile-online dt'), /^Marktplatz$/);
		await page.selectOption('#zone', 'guest');
		await settled(page);
		assert.match(page.url(), /zone=guest/);
		await page.finish();
	});

test('language: the browser asks, the switch decides', 'any', async ctx => {
	const page = await open(ctx.browser, ctx.server,
		{ locale: 'fr-FR' });

	assert.equal(await page.getAttribute('html', 'lang'), 'en');
	assert.equal(await text(page, '#now-title'), 'Now');
	await pick(page, 'language', 'de');
	assert.equal(await page.getAttribute('html', 'lang'), 'de');
	assert.equal(await text(page, '#visitors h2'), 'Besuche je Tag');
	assert.match(await page.title(), /Übersicht$/);
	await page.reload();
	await settled(page);
	assert.equal(await text(page, '#now-title'), 'Jetzt');
	assert.doesNotMatch(await text(page, 'main'),
		/[{}]|undefined|NaN|Invalid/);
	await page.finish();
});

test('theme: as the device, light, dark, remembered', 'any', async ctx => {
	const page = await open(ctx.browser, ctx.server, { scheme: 'dark' });
	const ground = () => page.evaluate(() =>
		getComputedStyle(document.body).backgroundColor);
	const dark = await ground();

	await pick(page, 'theme', 'light');
	const light = await ground();
	assert.notEqual(light, dark);
	await page.reload();
	await settled(page);
	assert.equal(await ground(), light);
	await page.emulateMedia({ colorScheme: 'light' });
	await pick(page, 'theme', 'dark');
	assert.equal(await ground(), dark);
	await pick(page, 'theme', 'auto');
	assert.equal(await ground(), light);
	await page.finish();
});

test('works where storage is forbidden', 'any', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.addInitScript(() => Object.defineProperty(window,
		'localStorage', { get() {
			throw new DOMException('no', 'SecurityError');
		} }));
	await page.reload();
	await settled(page);
	await pick(page, 'theme', 'dark');
	await pick(page, 'language', 'en');
	assert.equal(await text(page, '#now-title'), 'Now');
	await page.finish();
});

test('bars are to scale: one of 24 % fills 24 %', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const bars = await page.$$eval('.bars li', rows => rows.map(row => ({
		told: /^(\d+)\s%$/.exec(row.querySelector('.value')
			.textContent)?.[1],
		filled: 100 * (row.querySelector('.bar')?.getBoundingClientRect()
			.width ?? 0) / row.querySelector('.track')
			.getBoundingClientRect().width })));
	const shares = bars.filter(b => b.told);

	assert.ok(shares.length > 15);
	for (const { told, filled } of shares)
		assert.ok(Math.abs(told - filled) < 1, `${told} % is ${filled}`);
	await page.finish();
});

test('a visit is the same in figure, table, CSV and API', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server, { locale: 'en-GB' });
	const numbers = text => Number(text.replace(/[^\d]/g, ''));
	const sum = list => list.reduce((a, b) => a + b, 0);

	await page.click('#visitors button.tool');
	const figure = numbers((await page.getAttribute(
		'#visitors .figures dd', 'title')).split('±')[0]);
	const table = await page.$$eval('#visitors tbody td:nth-child(2)',
		cells => cells.map(c => Number(c.textContent.split('±')[0])));
	const link = await page.getAttribute('#visitors a.tool', 'href');
	const ask = url => page.evaluate(async asked =>
		(await fetch(asked)).text(), url);
	const csv = (await ask(link)).trim().split(/\r?\n/)
		.map(line => line.split(','));
	const api = JSON.parse(await ask(link.replace(/&format=csv/, '')));
	const column = csv[0].indexOf('visitors');

	assert.equal(sum(table), figure);
	assert.equal(sum(csv.slice(1).map(row => Number(row[column]))), figure);
	assert.equal(sum(api.values.visitors), figure);
	for (const [at, word] of [['.legend', 'Visits'], ['.figures', 'Visits'],
		['thead', 'Visits'], ['.note', 'device that was online on a day']])
		assert.match(await text(page, '#visitors ' + at),
			new RegExp(word));
	await page.finish();
});

for (const data of ['empty', 'small', 'years'])
	test(`no row and no card has a hole: ${data}`, data, async ctx => {
		for (const hash of ['days=1', 'days=30', 'days=365']) {
			const page = await open(ctx.browser, ctx.server,
				{ hash });
			const holes = await page.evaluate(() => {
				const box = n => n.getBoundingClientRect();
				const found = [];

				for (const rows of document.querySelectorAll(
					'.cards,.tiles')) {
					const cards = [...rows.children].filter(
						c => box(c).height);
					const last = cards.filter((c, i) => !cards[
						i + 1] || box(cards[i + 1]).top >
						box(c).top + 1);

					for (const c of last)
						if (box(rows).right - box(c).right > 1)
							found.push('beside ' + c.id);
				}
				for (const card of document.querySelectorAll(
					'.cards .card:not([hidden])')) {
					const end = Math.max(...[...card.children]
						.map(c => box(c).bottom));

					if (box(card).bottom - end > 24)
						found.push('in ' + card.id);
				}
				return found;
			});

			assert.deepEqual(holes, [], hash);
			await page.finish();
		}
	});

test('tables: every chart has its figures in one', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	for (const name of PARTS) {
		const button = page.locator(`#${name} button.tool`);

		assert.equal(await button.getAttribute('aria-expanded'),
			'false');
		await button.click();
		assert.equal(await button.getAttribute('aria-expanded'),
			'true');
		const table = await page.$eval(`#${name}-table table`, t => ({
			caption: t.caption.textContent,
			rows: t.tBodies[0].rows.length,
			scopes: [...t.querySelectorAll('th')].map(th =>
				th.scope) }));

		assert.ok(table.caption && table.rows > 4, name);
		assert.ok(table.scopes.every(s => s === 'col' || s === 'row'));
		await button.click();
		assert.ok(!await page.isVisible(`#${name}-table`));
	}
	await page.finish();
});

test('an open table follows the period', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const rows = () => page.$$eval('#visitors tbody tr', r => r.length);

	await page.click('#visitors button.tool');
	assert.equal(await rows(), 29);
	await pick(page, 'days', 7);
	assert.equal(await rows(), 6);
	await page.finish();
});

test('CSV: the files hold what the charts show', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const heads = { visitors: 'visitors,onlookers', today: 'online',
		volume: 'bytes_up,bytes_down,peak', heat: 'online',
		dwell: 'dwell_5,dwell_15,dwell_30,dwell_60,dwell_120,' +
			'dwell_240,dwell_480,dwell_more',
		ended: 'ended_expired,ended_idle,ended_quota,ended_logout,' +
			'ended_operator,ended_not' };

	for (const [name, head] of Object.entries(heads)) {
		const [file] = await Promise.all([
			page.waitForEvent('download'),
			page.click(`#${name} a.tool`)]);
		const lines = readFileSync(await file.path(), 'utf8')
			.trim().split(/\r?\n/);

		assert.equal(file.suggestedFilename(), `stadttor-${name}.csv`);
		assert.equal(lines[0], 'time,hours,' + head);
		assert.ok(lines.length > 3, name);
	}
	await page.finish();
});

test('the pointer gets the figures of a bar', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const over = page.locator('#visitors .u-over');
	const box = await over.boundingBox();

	await over.hover({ position: { x: box.width - 30, y: 60 } });
	assert.match(await text(page, '#visitors .tip'),
		/Nov. 2026Besuche: \d+ ± 6Nur die Seite gesehen: \d+ ± 6/);
	await page.finish();
});

test('the clock of the box counts, not the browser’s', 'years', async ctx => {
	const labels = [];

	for (const timezone of ['Pacific/Auckland', 'America/Los_Angeles']) {
		const page = await open(ctx.browser, ctx.server, { timezone });

		await page.click('#today button.tool');
		labels.push(await text(page, '#today table') +
			await text(page, '#heat table'));
		await page.finish();
	}
	assert.equal(labels[0], labels[1]);
	assert.match(labels[0], /07 Uhr/);
});

test('a day of 25 hours has 02 twice', 'change', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.click('#today button.tool');
	assert.match(await text(page, '#today table'),
		/02 Uhr \(\+02:00\).*02 Uhr \(\+01:00\)/);
	await page.finish();
});

// --- what was not well, and notes ----------------------------------------------

test('availability: a strip of days, and what happened', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);

		assert.deepEqual(await page.$$eval('#avail .figures dd', l => l
			.map(n => n.textContent)), ['99,93\u00a0%', '2', '14 min']);
		assert.equal(await page.$$eval('#avail .strip i',
			l => l.length), 30);
		assert.deepEqual(await page.$$eval('#avail .strip .down',
			l => l.map(n => n.title)), [
			'5. Nov. 2026: 14 min gestört',
			'12. Nov. 2026: 14 min gestört']);
		assert.match(await page.getAttribute('#avail .strip',
			'aria-label'), /99,93\s% verfügbar, 2 Störungen, die längste 14 min/);
		assert.match(await text(page, '#avail .events'), new RegExp(
			'^Datenbank nicht beschreibbar oder vollseit 24. Nov., 10:00' +
			'.*Kein Weg ins Internet \\(Marktplatz\\)5. Nov., 23:50 bis ' +
			'6. Nov., 00:04 \\(14 min\\), 3-mal'));
		await page.selectOption('#zone', 'library');
		await page.waitForFunction(() => document.querySelector(
			'#avail .figures div:nth-child(2) dd')?.textContent === '1');
		assert.equal(await text(page, '#avail .figures div:nth-child(2) dd'),
			'1');
		await pick(page, 'days', 365);
		await page.waitForFunction(() => document.querySelectorAll(
			'#avail .strip i').length === 365);
		assert.match(await text(page, '#avail .figures dd'), /^mindestens /);
		assert.match(await text(page, '#avail .events'),
			/Strom weg oder Absturz.*\(höchstens 6 h 12 min\)/);
		await page.click('#avail button.tool');
		assert.match(await text(page, '#avail table'),
			/Was.*Von.*Bis.*Dauer.*Art.*dauert an.*Störung/);
		const csv = await page.evaluate(async () => (await fetch(document
			.querySelector('#avail a.tool').href)).text());

		assert.match(csv, /^began,ended,seconds,level,code,zone,times,outage/);
		await page.finish();
	});

test('notes: marks, table, list; written and removed by who may', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);
		const said = () => page.$$eval('#notes .noted .said', l => l.map(
			n => n.textContent));
		const evil = '<img src=x onerror="document.title=1"> & \'"';

		assert.deepEqual(await said(), ['Antenne am Turm versetzt',
			'Stadtfest <b>auf dem Markt</b>']);
		await page.click('#visitors button.tool');
		assert.match(await text(page, '#visitors table'),
			/Notiz.*12. Nov. 2026.*Stadtfest <b>auf dem Markt<\/b>/);
		const over = page.locator('#visitors .u-over');
		const box = await over.boundingBox();

		await over.hover({ position: { x: box.width * 17.5 / 30, y: 60 } });
		assert.match(await text(page, '#visitors .tip'),
			/12. Nov. 2026.*Stadtfest <b>/);
		await page.fill('#notes [name=day]', '2026-11-20');
		await page.fill('#notes [name=text]', evil);
		await page.click('#notes [type=submit]');
		await page.waitForFunction(() => document.querySelectorAll(
			'#notes .noted li').length === 3);
		assert.equal((await said())[0], evil);
		assert.ok(!await page.$('#notes img'));
		await page.click('#notes .noted li:first-child button');
		await page.waitForFunction(() => document.querySelectorAll(
			'#notes .noted li').length === 2);
		await page.fill('#notes [name=text]', 'ä'.repeat(61));
		await page.click('#notes [type=submit]');
		assert.equal((await said()).length, 2);
		await page.route('**/api/now', async route => {
			const json = await (await route.fetch()).json();

			await route.fulfill({ json: { ...json, role: 'vouchers' } });
		});
		await page.reload();
		await settled(page);
		assert.equal((await said()).length, 2);
		assert.ok(!await page.$('#notes form, #notes button'));
		await page.finish();
	});

test('opening hours: open or closed, and until when', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.waitForSelector('.tile-opening');
	assert.equal(await text(page, '.tile-opening dl'),
		'Marktplatzoffen bis 22:00librarygeschlossen bis Mi, 09:30');
	await page.selectOption('#zone', 'guest');
	assert.equal(await text(page, '.tile-opening dl'),
		'Marktplatzoffen bis 22:00');
	await page.finish();
});

test('codes: slips join the network and open the page', 'small', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.goto('vouchers');
	await page.fill('[name=label]', 'Fest');
	await page.fill('[name=count]', '2');
	await page.fill('[name=ssid]', 'Frei & offen');
	await page.click('#make [type=submit]');
	await page.waitForSelector('#slips li');
	assert.deepEqual(await page.$$eval('#slips li:first-child svg', l => l
		.map(n => n.getAttribute('aria-label').slice(0, 14))),
	['WLAN verbinden', 'Code einlösen:']);
	// drawn as it came: rows from the highest bit on, four modules from the edge
	assert.equal(await page.evaluate(() => document.querySelector(
		'#slips svg').getAttribute('viewBox')), '0 0 37 37');
	assert.match(await text(page, '#slips li small'),
		/ · bis 24. Dez. 2026, 14:32$/);
	await page.reload();
	await page.waitForSelector('#make:not([hidden])');
	assert.equal(await page.inputValue('#ssid'), 'Frei & offen');
	await page.finish();
});

// --- the page for the council ------------------------------------------------

async function openReport(ctx, hash, options = {}) {
	const page = await open(ctx.browser, ctx.server, options);

	await page.goto('report#' + hash);
	await page.waitForSelector('.sheet:not([aria-busy]) > *');
	return page;
}

const LONG = 'Stadtbibliothek Musterstadt, Lesesaal und Hof der Volkshoch-64 B';

test('report: a month is one page of A4', 'years', async ctx => {
	for (const [locale, hash, name] of [['de-DE', 'month=2026-10'],
		['en-GB', 'month=2026-08&zone=guest', LONG],
		['de-DE', 'month=2024-02&zone=guest', LONG],
		['de-DE', 'month=2026-11']]) {
		const page = await open(ctx.browser, ctx.server,
			{ locale, bare: true });

		if (name)
			await page.route('**/api/now*', async route => {
				const json = await (await route.fetch()).json();

				await route.fulfill({ json: { ...json,
					network: name, provider: name + name,
					title: name, titles: { guest: name } } });
			});
		await page.goto('report#' + hash);
		await page.waitForSelector('.sheet .drawn');
		const pdf = (await page.pdf({ preferCSSPageSize: true }))
			.toString('latin1');

		assert.equal(pdf.match(/\/Type\s*\/Page\b/g).length, 1, hash);
		assert.match(pdf, /\/MediaBox\s*\[0 0 59[45][\d.]* 84[12]/);
		assert.doesNotMatch(await text(page, 'body'),
			/[{}]|undefined|NaN|Invalid|null/);
		await page.finish();
	}
});

test('report: says what the dashboard says of that month', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);

		await page.evaluate(() => {
			location.hash = 'from=2026-10-01&to=2026-10-31';
		});
		await settled(page);
		const told = await page.getAttribute('#visitors .figures dd',
			'title');

		await page.click('#report');
		await page.waitForSelector('.sheet .drawn');
		assert.match(page.url(), /month=2026-10/); // the last whole one
		assert.equal((await text(page, '.figures dd'))
			.replace('≈\u00a0', ''), told);
		assert.match(await text(page, '.sheet h1'),
			/^WLAN-Bericht Oktober 2026$/);
		assert.match(await text(page, '.from'), /^Stadt Musterstadt · /);
		assert.match(await text(page, '.sheet'), new RegExp('Verfügbarkeit' +
			'mindestens 99,\\d+\\s% verfügbar, 1 Störung von 6 h 12 min\\.'));
		assert.match(await text(page, '.verdicts'),
			/Gegenüber September 2026: .*Gegenüber Oktober 2025: /);
		await page.selectOption('#zone', 'guest');
		await page.waitForFunction(was => document.querySelector(
			'.sheet .figures dd').textContent !== was,
		await text(page, '.figures dd'));
		assert.match(page.url(), /zone=guest/);
		await page.selectOption('#month', '2026-11');
		await page.waitForSelector('.sheet:not([aria-busy]) > .note');
		assert.match(await text(page, '.sheet > .note'),
			/an 23 von 30 Tagen/);
		await page.finish();
	});

const REPORTS = { empty: /Aus dieser Zeit gibt es keine Zahlen/,
	small: /Gezählt wurde an 1 von 30 Tagen/,
	years: /WLAN-Bericht Oktober 2026/ };

for (const data of ['empty', 'small', 'years'])
	test(`report: what is there and what is not: ${data}`, data, async ctx => {
		const page = await openReport(ctx, '');

		assert.match(await text(page, '.sheet'), REPORTS[data]);
		assert.doesNotMatch(await text(page, 'body'),
			/[{}]|undefined|NaN|Invalid|null/);
		assert.deepEqual(await violations(page), []);
		await page.finish();
	});

test('report: axe finds nothing, and nothing is too wide', 'years',
	async ctx => {
		for (const width of [320, 1280]) {
			const page = await openReport(ctx, 'month=2026-10',
				{ width });

			assert.deepEqual(await violations(page), []);
			assert.ok(await page.evaluate(() => document
				.documentElement.scrollWidth <= innerWidth));
			await page.finish();
		}
	});

// --- codes -------------------------------------------------------------------

test('codes: made, printed, taken back', 'small', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.click('#codes');
	await page.fill('[name=label]', 'Stadtfest');
	await page.fill('[name=count]', '7');
	await page.selectOption('#zone', 'guest');
	await page.click('#make [type=submit]');
	await page.waitForSelector('#slips li');
	assert.equal(await page.$$eval('#slips li', l => l.length), 7);
	assert.match(await text(page, '#made h2'), /^7 Codes für „Stadtfest“/);
	assert.match(await text(page, '#slips li'), new RegExp('Musterstadt ' +
		'WLAN[\\w-]{11}WLAN „.*8 Stunden · Geräte zugleich: 1 · bis '));
	assert.match(await text(page, '#list tbody tr'),
		/^StadtfestMarktplatz.*0 von 7 eingelöstZurücknehmen/);
	await page.emulateMedia({ media: 'print' });
	assert.ok(!await page.isVisible('#make'));
	assert.ok(!await page.isVisible('#list'));
	assert.ok(await page.isVisible('#slips'));
	const pdf = (await page.pdf({ preferCSSPageSize: true }))
		.toString('latin1');

	assert.equal(pdf.match(/\/Type\s*\/Page\b/g).length, 1);
	await page.emulateMedia({ media: 'screen' });
	for (const width of [320, 1280]) {
		await page.setViewportSize({ width, height: 900 });
		assert.deepEqual(await violations(page), []);
		assert.ok(await page.evaluate(() => document.documentElement
			.scrollWidth <= innerWidth));
	}
	await page.check('input[name=language][value=en]', { force: true });
	assert.match(await text(page, '#list tbody tr'), /0 of 7 usedTake back/);
	page.once('dialog', dialog => {
		assert.match(dialog.message(), /all 7 codes for “Stadtfest”/);
		dialog.accept();
	});
	await page.click('#list button');
	await page.waitForFunction(() => /taken back/.test(document
		.querySelector('#list tbody').textContent));
	assert.ok(!await page.isVisible('#made'));
	await page.finish();
});

test('codes: who may not is told, and offered none', 'small', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.route('**/api/now', async route => {
		const json = await (await route.fetch()).json();

		await route.fulfill({ json: { ...json, role: 'read' } });
	});
	await page.route('**/api/vouchers', route => route.fulfill({
		status: 403, json: { error: 'no' } }));
	await page.reload();
	await settled(page);
	assert.ok(!await page.isVisible('#codes'));
	await page.goto('vouchers');
	await page.waitForSelector('#trouble:not([hidden])');
	page.forgive('403');
	assert.match(await text(page, '#trouble'), /darf keine Codes verwalten/);
	assert.ok(!await page.isVisible('#make'));
	await page.finish();
});

// --- when things go wrong ------------------------------------------------

test('nothing yet: a friendly word, no charts', 'empty', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	assert.ok(await page.isVisible('#welcome'));
	assert.match(await text(page, '#welcome'), /zufälliges Rauschen/);
	assert.equal(await page.$$eval('canvas', c => c.length), 0);
	assert.ok(!await page.isVisible('.cards .card'));
	assert.ok(!await page.isVisible('#waiting'));
	assert.ok(!await page.isVisible('.tile-online')); // not asked for
	await page.finish();
});

test('cards without figures are one line', 'small', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	assert.ok(await page.isVisible('#visitors canvas'));
	assert.ok(!await page.isVisible('#dwell'));
	assert.match(await text(page, '#waiting'),
		/Datenmenge, Verweildauer.*wenn die Woche vorbei ist/);
	await page.finish();
});

test('a failed card says so and tries again', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	let isBroken = true;

	await page.route('**/api/usage?step=day*', route =>
		isBroken ? route.fulfill({ status: 503 }) : route.continue());
	await pick(page, 'days', 7);
	assert.equal(await page.getAttribute('#visitors', 'data-state'),
		'failed');
	assert.ok(await page.isVisible('#platforms .bars'));
	page.forgive('503');
	isBroken = false;
	await page.click('#visitors .retry');
	await settled(page);
	assert.ok(await page.isVisible('#visitors canvas'));
	assert.ok(!await page.isVisible('#visitors .retry'));
	await page.finish();
});

test('a portal that is away is said, and found again', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server, { clock: true });

	await page.route('**/api/now', route => route.abort());
	await page.clock.fastForward(16000);
	await page.waitForSelector('#pulse[data-state=lost]');
	assert.match(await text(page, '#pulse'), /Keine Verbindung/);
	page.forgive('ERR_FAILED');
	await page.unroute('**/api/now');
	await page.clock.fastForward(16000);
	await page.waitForSelector('#pulse[data-state=live]');
	await page.finish();
});

test('without the controller the figures stay', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.route('**/api/now', route => route.fulfill({ json: {
		time: 1, profile: 'days', zones: ['guest', 'library'],
		live: null, uptime_s: null, health: [{ level: 'error',
			code: 'netctl_away', text: 'Does not answer' }] } }));
	await page.reload();
	await settled(page);
	assert.ok(!await page.isVisible('.tile-online'));
	assert.match(await text(page, '.health'), /antwortet nicht/);
	assert.ok(await page.isVisible('#visitors canvas'));
	assert.doesNotMatch(await text(page, '#now'), /NaN|null|undefined/);
	await page.finish();
});

test('what is not to be told from nothing is hollow', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const inks = () => page.$eval('#visitors canvas', canvas => {
		const { data } = canvas.getContext('2d').getImageData(0, 0,
			canvas.width, canvas.height);
		let dark = 0;

		for (let i = 3; i < data.length; i += 4)
			dark += data[i] > 128;
		return dark;
	});
	const full = await inks();

	await page.route('**/api/usage*', async route => {
		const answer = await route.fetch();
		const json = await answer.json();

		for (const name of Object.keys(json.bands))
			json.bands[name] = json.values[name].map(n => n + 1);
		await route.fulfill({ json });
	});
	await page.reload();
	await settled(page);
	assert.ok(await inks() < full / 2);
	assert.match(await text(page, '#visitors .figures div:nth-child(3) dd'),
		/^unter \d+$/);
	await page.click('#visitors button.tool');
	assert.match(await text(page, '#visitors tbody td'), /^unter \d+$/);
	await page.finish();
});

test('an ended login leads back to the door', 'any', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.context().clearCookies();
	await page.click('input[name=days][value="7"]', { force: true });
	await page.waitForSelector('#password');
	page.forgive('401');
	await page.finish();
});

// A click that leads to another page, until that one is there.
async function follow(page, selector)
{
	await Promise.all([ page.waitForEvent('load'), page.click(selector) ]);
}

test('login: wrong, right, out again, without script', 'any', async ctx => {
	const context = await ctx.browser.newContext({
		baseURL: ctx.server.url, javaScriptEnabled: false });
	const page = await context.newPage();

	await page.goto('login');
	assert.ok(!await page.isVisible('#failed'));
	assert.equal(await page.getAttribute('#password', 'autocomplete'),
		'current-password');
	await page.fill('#user', ctx.server.user);
	await page.fill('#password', 'wrong');
	await follow(page, 'button');
	assert.ok(await page.isVisible('#failed'));
	await page.waitForTimeout(ctx.server.patience ?? 0);
	await page.fill('#user', ctx.server.user);
	await page.fill('#password', ctx.server.password);
	await follow(page, 'button');
	assert.match(await page.textContent('body'), /JavaScript/);
	await follow(page, 'form[action=logout] button');
	await page.goto('./');
	assert.ok(await page.isVisible('#password'));
	await context.close();
});

// --- for everybody -------------------------------------------------------

test('keyboard: everything is reached, in order, and seen', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);
		const order = [];

		for (let i = 0; i < 60; i++) {
			await page.keyboard.press('Tab');
			const at = await page.evaluate(() => {
				const node = document.activeElement;
				const face = node.matches('input[type=radio]')
					? node.nextElementSibling : node;

				return node === document.body ? null : {
					name: node.name || node.id ||
						node.className + ' ' +
						(node.closest('section')?.id ?? ''),
					ring: getComputedStyle(face).outlineStyle };
			});

			if (!at)
				break;
			assert.notEqual(at.ring, 'none', at.name);
			// dates have parts
			if (!['from', 'to', 'day'].includes(at.name) ||
					at.name !== order.at(-1))
				order.push(at.name);
		}
		assert.deepEqual(order.slice(0, 11).map(n => n.trim()), ['skip',
			'language', 'theme', 'codes', 'report', 'ghost', 'zone',
			'days', 'from', 'to', 'against']);
		assert.deepEqual(order.slice(11).map(n => n.trim()),
			[...[...PARTS, 'avail'].flatMap(n => ['tool ' + n, 'tool ' + n]),
				'tool notes', 'tool notes', 'day', 'text', 'go notes']);
		await page.finish();
	});

test('keyboard: arrows choose, Enter opens, skip skips', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server);

		await page.focus('input[name=days]:checked');
		await page.keyboard.press('ArrowLeft');
		await settled(page);
		assert.match(page.url(), /days=7/);
		await page.focus('#dwell button.tool');
		await page.keyboard.press('Enter');
		assert.ok(await page.isVisible('#dwell-table table'));
		await page.focus('.skip');
		await page.keyboard.press('Enter');
		assert.equal(await page.evaluate(() =>
			document.activeElement.id), 'main');
		await page.finish();
	});

for (const data of ['empty', 'small', 'years'])
	test(`axe finds nothing: ${data}`, data, async ctx => {
		const page = await open(ctx.browser, ctx.server);

		if (data !== 'empty')
			for (const name of PARTS)
				if (await page.isVisible(`#${name} button`))
					await page.click(`#${name} button`);
		for (const width of [320, 768, 1280])
			for (const colorScheme of ['light', 'dark']) {
				await page.setViewportSize({ width,
					height: 900 });
				await page.emulateMedia({ colorScheme });
				await page.waitForTimeout(50);
				assert.deepEqual(await violations(page), [],
					`${width} ${colorScheme}`);
			}
	});

test('axe finds nothing: login', 'any', async ctx => {
	for (const width of [320, 768, 1280])
		for (const scheme of ['light', 'dark']) {
			const page = await open(ctx.browser, ctx.server,
				{ login: false, width, scheme });

			await page.goto('login#failed');
			assert.deepEqual(await violations(page), []);
			await page.finish();
		}
});

test('no width and no text size makes it scroll sideways', 'years',
	async ctx => {
		for (const [width, size] of [[320, 16], [768, 16], [1280, 16],
			[1600, 16], [640, 32], [1280, 32]]) {
			const page = await open(ctx.browser, ctx.server,
				{ width });

			await page.evaluate(px => {
				document.documentElement.style.fontSize =
					px + 'px';
			}, size);
			await page.waitForTimeout(100);
			const wide = await page.evaluate(() => [...document
				.querySelectorAll('main *, header *, .filters *')]
				.filter(n => !n.closest('.hidden-text,.tip') &&
					n.getBoundingClientRect().right >
					innerWidth + 1)
				.map(n => n.tagName + '.' + n.className));

			assert.deepEqual(wide, [], `${width} px, ${size} px`);
			assert.ok(await page.evaluate(() => document
				.documentElement.scrollWidth <= innerWidth));
			for (const chart of CHARTS) {
				const [card, canvas] = await page.$eval(chart,
					c => [c, c.querySelector('canvas')].map(
						n => n.clientWidth));

				assert.ok(canvas > card * 0.7);
			}
			await page.finish();
		}
	});

test('charts follow the width of the window', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);

	await page.setViewportSize({ width: 320, height: 700 });
	await page.waitForFunction(() => document.querySelector(
		'#visitors canvas').getBoundingClientRect().width < 300);
	assert.ok(await colours(page, '#visitors canvas') > 3);
	await page.finish();
});

test('figures are asked for again, unless nobody looks', 'years',
	async ctx => {
		const page = await open(ctx.browser, ctx.server,
			{ clock: true });
		const asked = [];
		const count = what => asked.filter(u => u.includes(what)).length;

		page.on('request', r => asked.push(r.url()));
		await page.clock.runFor(46000);
		while (count('api/now') < 3) // told a little later
			await page.waitForTimeout(20);
		assert.equal(count('api/now'), 3);
		assert.equal(count('api/usage'), 0);
		await page.clock.fastForward(300000);
		await page.clock.runFor(2000);
		await settled(page);
		assert.equal(count('api/usage'), 4);
		await page.evaluate(() => Object.defineProperty(document,
			'hidden', { value: true }));
		asked.length = 0;
		await page.clock.runFor(60000);
		assert.deepEqual(asked, []);
		await page.finish();
	});

test('answers stay small: a year is quick to send', 'years', async ctx => {
	const page = await open(ctx.browser, ctx.server);
	const bodies = [];

	page.on('response', r => bodies.push(r.body()));
	await pick(page, 'days', 365);
	const size = (await Promise.all(bodies)).reduce((sum, body) =>
		sum + body.length, 0);

	ctx.say(`${size} bytes of JSON for a year`);
	assert.ok(size < 300000);
	await page.finish();
});

// --- pictures to look at -------------------------------------------------

const LOOKS = { light: {}, dark: { scheme: 'dark', locale: 'en-GB' },
	phone: { width: 360, height: 740 },
	year: { width: 1600, hash: 'days=365' } };

for (const data of ['empty', 'small', 'years'])
	test(`pictures: ${data}`, data, async ctx => {
		mkdirSync(pictures, { recursive: true });
		for (const [look, options] of Object.entries(LOOKS)) {
			const page = await open(ctx.browser, ctx.server,
				options);

			await page.waitForTimeout(100);
			await page.screenshot({ fullPage: true, path: new URL(
				`${data}-${look}.png`, pictures).pathname });
			await page.finish();
		}
	});

// docs/dashboard.png, for which it is copied by hand
test('pictures: README', 'well', async ctx => {
	mkdirSync(pictures, { recursive: true });
	const page = await open(ctx.browser, ctx.server, { locale: 'en-GB',
		timezone: 'Europe/Berlin', width: 1180, height: 1048,
		hash: 'days=30&against=year' });

	await page.waitForTimeout(100);
	await page.screenshot({ path: new URL('dashboard.png', pictures)
		.pathname });
	await page.finish();
});

test('pictures: login', 'years', async ctx => {
	mkdirSync(pictures, { recursive: true });
	for (const scheme of ['light', 'dark']) {
		const page = await open(ctx.browser, ctx.server,
			{ login: false, scheme, width: 800, height: 640 });

		await page.goto('login' + (scheme === 'dark' ? '#failed' : ''));
		await page.screenshot({ path: new URL(`login-${scheme}.png`,
			pictures).pathname });
		await page.finish();
	}
});
