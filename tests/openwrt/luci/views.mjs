// SPDX-License-Identifier: GPL-3.0-or-later
// Every view in a real browser, on runtime.js. Standard input: { resources,
// pictures, answers, wrong, config, catalog, grants, samples }. Standard output: one JSON line
// a case, and what test_luci.py looks at itself.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch, violations } from '../../browser/lib.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ORIGIN = 'http://luci.test';
const FORMS = ['zones', 'portal', 'garden', 'accounts', 'city', 'operation'];
const VIEWS = ['overview', 'usage', 'vouchers', ...FORMS];
const given = JSON.parse(readFileSync(0, 'utf8'));
const browser = await launch();
const page = await (await browser.newContext({ locale: 'en-GB',
	timezoneId: 'UTC', viewport: { width: 1040, height: 900 } })).newPage();
let current = {}; // what the next page is given
let seen = [];    // its errors

function serve(route) {
	const name = new URL(route.request().url()).pathname;
	const file = name === '/' ? path.join(HERE, 'page.html')
		: ['/runtime.js', '/form.js'].includes(name) ? path.join(HERE, name)
			: path.join(given.resources, name.replace('/resources/', ''));

	if (name === '/given.js')
		return route.fulfill({ contentType: 'text/javascript',
			body: 'window.given = ' + JSON.stringify(current) });
	if (!existsSync(file))
		return route.fulfill({ status: 404, body: '' });
	return route.fulfill({ body: readFileSync(file), contentType:
		file.endsWith('.html') ? 'text/html' : 'text/javascript' });
}

page.setDefaultTimeout(60000);
page.on('pageerror', e => seen.push(e.stack));
page.on('console', m => m.type() === 'error' && seen.push(m.text()));
await page.route('**', serve);
page.text = () => page.textContent('#view');
page.record = () => page.evaluate(() => {
	const { calls, denied, notices, opened, downloads } = window.recorded;

	return { calls, denied, notices, opened, downloads };
});
page.calls = async method => (await page.record()).calls
	.filter(c => c.method === method).map(c => c.params);
page.picture = name => page.screenshot({ fullPage: true,
	path: path.join(given.pictures, name + '.png') });

// One page for all cases: a new one each takes most of the time.
async function open(view, more = {}) {
	seen = [];
	current = { answers: given.answers, config: given.config, catalog: null,
		grants: given.grants.write, readonly: false, ...more };
	await page.goto(ORIGIN + '/');
	await page.evaluate(name => window.showView('stadttor.' + name), view);
}

const NARROW = { width: 390, height: 800 };
const WIDE = page.viewportSize();

page.narrow = async name => {
	await page.setViewportSize(NARROW);
	await page.picture(name + '-narrow');
	await page.setViewportSize(WIDE);
};
page.buttons = (within = 'main') => page.$$eval(
	within + ' :is(button, .btn)',
	list => list.map(b => b.textContent));

const READER = { grants: given.grants.read, readonly: true };

// What the forms are made of. In the page.
function optionsOfMap() {
	return window.recorded.map.children.flatMap(s => s.children.map(o => ({
		section: s.sectiontype, option: o.option, kind: o.constructor.name,
		choices: o.keylist.length, inModal: o.modalonly !== false,
		help: o.description })));
}

// --- cases --------------------------------------------------------------------
const cases = {};
const found = { options: [], calls: [], samples: [], unset: [] };

for (const view of VIEWS) {
	cases[`${view}: renders`] = async () => {
		await open(view);
		const record = await page.record();

		assert.deepEqual(record.denied, []);
		found.calls.push(...record.calls);
		if (FORMS.includes(view))
			found.options.push(...await page.evaluate(optionsOfMap));
		await page.picture(view);
		if (!FORMS.includes(view)) // whose elements are LuCI's own
			assert.deepEqual(await violations(page), []);
	};
	cases[`${view}: renders in German`] = async () => {
		await open(view, { catalog: given.catalog });

		await page.picture(view + '-de');
	};
	cases[`${view}: says what fails`] = async () => {
		const bad = { error: 'netctl <b>is</b> away', code: 3 };
		const methods = Object.keys(given.answers.stadttor);
		await open(view, { answers: {
			stadttor: Object.fromEntries(methods.map(m => [m, bad])) } });

		assert.match(await page.text(), /netctl <b>is<\/b> away/);
		assert.equal(await page.$('#view b'), null);
	};
	cases[`${view}: without answers`] = async () => {
		await open(view, { answers: {}, config: [] });

		assert.ok((await page.text()).length > 20);
	};
	cases[`${view}: makes no HTML of texts`] = async () => {
		const evil = '<img src=x onerror=document.title="pwned">';
		const spoil = value => typeof value === 'string' ? value + evil
			: Array.isArray(value) ? value.map(spoil)
				: value && typeof value === 'object'
					? Object.fromEntries(Object.entries(value)
						.map(([k, v]) => [k, ['step', 'from', 'to', 'time']
							.includes(k) ? v : spoil(v)]))
					: value;
		const answers = spoil(given.answers);

		answers.stadttor.preview = given.answers.stadttor.preview;
		await open(view, { answers });

		if (view === 'overview')
			await page.click('text=Show sessions');
		await page.waitForTimeout(50);
		assert.equal(await page.$('img'), null);
		assert.notEqual(await page.title(), 'pwned');
	};
}

cases['overview: the state, and no numbers of people'] = async () => {
	await open('overview');
	const text = await page.text();

	assert.match(text, /guest\s*there\s*1,000\s*htb/);
	assert.match(text, /staff\s*missing/);
	assert.match(text, /The device of zone staff is not there/);
	assert.match(text, /The program portal does not run/);
	assert.doesNotMatch(text, /at least|\b7\b/);
	assert.equal(await page.$$eval('svg[role=img][aria-label]',
		list => list.length), 2);
	assert.match(await page.getAttribute('svg', 'aria-label'),
		/^Devices today, by hour: at most \d+ \(\d\d\)$/);
};

cases['overview: what is wrong, in words'] = async () => {
	const answers = structuredClone(given.answers);
	const [guest] = answers.stadttor.status.zones;

	Object.assign(guest, { present: true, shut: false, outlet: 'silent' });
	answers.stadttor.status.troubles = ['marks'];
	await open('overview', { answers });
	const text = await page.text();

	assert.match(text, /Guests of zone guest do not reach the internet/);
	assert.match(text, /works against the gate/);
	assert.match(text, /clocks of this box and of the store differ/);
	guest.shut = true;
	answers.stadttor.status.troubles = [];
	answers.stadttor.status.city.troubles = [];
	await open('overview', { answers });
	assert.match(await page.text(), /Zone guest is shut/);
	assert.doesNotMatch(await page.text(), /reach the internet|against|clocks/);
};

cases['overview: asks again'] = async () => {
	await open('overview');
	const before = (await page.calls('status')).length;

	await page.evaluate(() => {
		window.given.answers.stadttor.status.zones[1].present = true;
		return window.recorded.polls[0].run();
	});
	assert.equal((await page.calls('status')).length, before + 1);
	assert.doesNotMatch(await page.text(), /zone staff is not there/);
};

cases['overview: ends a session'] = async () => {
	await open('overview');

	assert.deepEqual(await page.calls('sessions'), []);
	await page.click('text=Show sessions');
	await page.click('tr:has-text("00000000000000fe") button');
	await page.waitForSelector('text=00000000000000fe', { state: 'detached' });
	assert.deepEqual(await page.calls('revoke'),
		[{ handle: '00000000000000fe' }]);
	assert.match(await page.text(), /0123456789abcdef/);
	assert.doesNotMatch(await page.text(), /02:00:00|10\.0\.0/);
};

cases['overview: a session that is gone'] = async () => {
	const answers = structuredClone(given.answers);

	answers.stadttor.revoke = { error: 'no such device or session', code: 4 };
	await open('overview', { answers });

	await page.click('text=Show sessions');
	await page.click('tr:has-text("00000000000000fe") button');
	await page.waitForSelector('.alert-message.danger');
	assert.match(await page.text(), /00000000000000fe/);
};

cases['usage: other spans and zones'] = async () => {
	await open('usage');

	await page.selectOption('#stadttor-span', 'month');
	await page.waitForFunction(() => !document
		.querySelector('#stadttor-span').disabled);
	await page.selectOption('#stadttor-zone', 'guest');
	await page.waitForFunction(() => !document
		.querySelector('#stadttor-zone').disabled);
	assert.deepEqual(await page.calls('usage'), [
		{ from: 'today', step: 'hour' }, { from: '-29d', step: 'day' },
		{ from: '-29d', step: 'day', zone: 'guest' }]);
	assert.match(await page.text(), /2026-01-01\s*204 ± 15\s*under 15/);
	await page.selectOption('#stadttor-span', 'year');
	await page.waitForSelector('td:text-is("2026-01")');
};

cases['usage: CSV'] = async () => {
	await open('usage');

	await page.selectOption('#stadttor-span', 'week');
	await page.waitForSelector('td:text-is("2026-01-02")');
	await page.click('text=Download as CSV');
	const [file] = (await page.record()).downloads;
	const lines = (await page.evaluate(async url =>
		(await fetch(url)).text(), file.url)).split('\r\n');

	assert.match(file.name, /^stadttor-2025-12-27-2026-01-02\.csv$/);
	assert.match(lines[0], /^time,hours,visitors,visitors_band,/);
	assert.match(lines[1], /^2026-01-01,/);
	assert.equal(lines.length, 4);
};

cases['vouchers: made, saved, printed'] = async () => {
	await open('vouchers');

	await page.fill('#stadttor-count', '3');
	await page.fill('#stadttor-label', '=Fest "1", <b>');
	await page.fill('#stadttor-valid', '');
	await page.selectOption('#stadttor-zone', 'guest');
	await page.click('button:text-is("Make codes")');
	await page.waitForSelector('pre');
	assert.deepEqual(await page.calls('vouchers_create'), [{ count: 3,
		minutes: 1440, devices: 1, label: '=Fest "1", <b>', zone: 'guest' }]);
	const made = given.answers.stadttor.vouchers_create;

	assert.equal(await page.textContent('pre'), made.codes.join('\n'));
	await page.picture('vouchers-made');
	await page.click('text=Download as CSV');
	await page.selectOption('#stadttor-language', 'uk');
	await page.click('button:text-is("Print")');
	await page.waitForFunction(() => window.recorded.opened.length);
	assert.deepEqual(await page.calls('vouchers_print'), [{
		codes: made.codes.join(' '), title: made.label, language: 'uk' }]);
	const record = await page.record();
	const [html, csv] = await page.evaluate(urls => Promise.all(urls.map(
		async url => (await fetch(url)).text())),
	[record.opened[0], record.downloads[0].url]);

	assert.equal(html, given.answers.stadttor.vouchers_print.html);
	assert.ok(csv.split('\r\n')[1].startsWith(made.codes[0] + ',1,'));
};

cases['vouchers: taken back'] = async () => {
	await open('vouchers');

	await page.click('#view table button:text-is("Take back")');
	await page.click('#modal_overlay button:text-is("Cancel")');
	assert.deepEqual(await page.calls('vouchers_revoke'), []);
	await page.click('#view table button:text-is("Take back")');
	await page.click('#modal_overlay button:text-is("Take back")');
	await page.waitForFunction(() => window.recorded.calls.filter(
		c => c.method === 'vouchers_list').length === 2);
	assert.deepEqual(await page.calls('vouchers_revoke'), [{ batch: 1 }]);
};

cases['forms: names of zones'] = async () => {
	await open('zones');
	const add = name => page.evaluate(async wanted => {
		const before = window.given.config.length;

		await window.recorded.map.children[0].handleAdd(null, wanted);
		return window.given.config.slice(before);
	}, name);

	assert.deepEqual(await add('market_2'),
		[{ '.type': 'zone', '.name': 'market_2' }]);
	for (const name of ['', 'Market', 'a-b', 'x'.repeat(16), 'ä'])
		assert.deepEqual(await add(name), []);
	assert.equal((await page.record()).notices.length, 5);
};

cases['zones: the radios of the box can be chosen'] = async () => {
	await open('zones');
	const chosen = () => page.evaluate(() => window.recorded.map.children[0]
		.children.filter(o => o.option === 'night_radio')
		.flatMap(o => [o.keylist, o.vallist]));

	assert.deepEqual(await chosen(), [['radio0', 'wl_2'],
		['radio0 (2.4 GHz)', 'wl_2']]);
	await page.click('tr[data-sid=guest] .cbi-button-edit');
	await page.waitForSelector('#modal_overlay [data-name=night_radio]');
	assert.equal((await chosen())[0].length, 2);
	assert.equal((await page.calls('radios')).length, 1);
	await open('zones', { answers: { ...given.answers, stadttor: {
		...given.answers.stadttor, radios: { error: 'no such file' } } } });
	assert.deepEqual(await chosen(), [[], []]);
};

cases['forms: one section of a kind'] = async () => {
	await open('operation');
	const adds = () => page.evaluate(() => {
		const gate = window.recorded.map.children[2];

		return gate.sectiontype + gate.renderSectionAdd().childNodes.length;
	});

	assert.equal(await adds(), 'gate1');
	await page.evaluate(() => window.given.config.push(
		{ '.type': 'gate', '.name': 'cfg1' }));
	assert.equal(await adds(), 'gate0');
};

// --- labels, and what applies when ---------------------------------------------
cases['forms: words in the place of names'] = async () => {
	for (const view of FORMS) {
		await open(view);
		const titles = await page.$$eval('.cbi-value-title',
			list => list.map(l => l.textContent));

		for (const title of titles)
			assert.match(title, /^\p{Lu}[^_]*$/u);
	}
};

cases['zones: what does not apply is hidden and not lost'] = async () => {
	const config = structuredClone(given.config);
	const guest = config.find(s => s['.name'] === 'guest');

	Object.assign(guest, { auth: ['click', 'radius'], radius: 'main',
		slow_rate: '1mbit' });
	await open('zones', { config });
	await page.click('tr[data-sid=guest] .cbi-button-edit');
	const isShown = name => page.isVisible(`[data-name=${name}]`);

	await page.waitForSelector('[data-name=slow_rate].hidden',
		{ state: 'attached' });
	assert.deepEqual([await isShown('radius'), await isShown('tariff')],
		[true, false]);
	await page.selectOption('[data-name=over_quota] select', 'slow');
	assert.ok(await isShown('slow_rate'));
	await page.selectOption('[data-name=over_quota] select', '');
	await page.click('#modal_overlay button:text-is("Save")');
	await page.waitForSelector('#modal_overlay .cbi-map',
		{ state: 'detached' });
	const saved = await page.evaluate(() => window.given.config
		.find(s => s['.name'] === 'guest'));

	assert.equal(saved.slow_rate, '1mbit');
	assert.equal(saved.radius, 'main');
};

// --- pictures and the page -------------------------------------------------------
const previews = async wanted => {
	await page.waitForFunction(n => window.recorded.calls
		.filter(c => c.method === 'preview').length >= n, wanted);
	return page.calls('preview');
};

cases['portal: the page as it would be'] = async () => {
	await open('portal');
	const [first] = await previews(1);

	assert.deepEqual([first.page, first.language, first.zone, first.network,
		first.colour_accent], ['portal', 'de', 'guest', 'Free Wi-Fi', '']);
	await page.waitForSelector('iframe');
	assert.equal(await page.getAttribute('iframe', 'sandbox'), '');
	const { html } = given.answers.stadttor.preview;
	const background = async light => {
		await page.selectOption('#stadttor-light', light);
		await page.frameLocator('iframe').locator('h1').waitFor();
		return page.frameLocator('iframe').locator('body').evaluate(
			body => window.getComputedStyle(body).backgroundColor);
	};

	assert.equal((await page.getAttribute('iframe', 'srcdoc')).length,
		html.replace('prefers-color-scheme:dark', 'max-width:0')
			.replace('light dark', 'light').length);
	assert.deepEqual([await background('dark'), await background('light')],
		['rgb(15, 23, 25)', 'rgb(238, 243, 242)']);
	await page.evaluate(() => {
		window.given.answers.stadttor.preview = { error:
			'colour_accent has a contrast of 1.07:1', code: 2 };
	});
	await page.fill('[data-name=colour_accent] input[type=color]', '#ffff00');
	const asked = await previews(2);

	assert.equal(asked[1].colour_accent, '#ffff00');
	assert.equal(await page.inputValue(
		'[data-name=colour_accent] input[type=text]'), '#ffff00');
	await page.waitForSelector('.alert-message:has-text("1.07:1")');
	assert.ok(await page.$('iframe'), 'the last good one stays');
	await page.selectOption('#stadttor-language', 'ar');
	assert.equal((await previews(3))[2].language, 'ar');
	assert.deepEqual((await page.record()).denied, []);
};

cases['portal: what is shown can do nothing'] = async () => {
	const answers = structuredClone(given.answers);

	answers.stadttor.preview.html = '<!DOCTYPE html><title>x</title>' +
		'<script>top.document.title = "pwned"</script><p>shown</p>';
	await open('portal', { answers });
	await page.waitForSelector('iframe');
	await page.frameLocator('iframe').locator('text=shown').waitFor();
	assert.notEqual(await page.title(), 'pwned');
	assert.match(seen.splice(0).join(), /Blocked script execution/);
};

cases['portal: every language of the pages can be seen'] = async () => {
	await open('portal');

	assert.deepEqual(await page.$$eval('#stadttor-language option',
		list => list.map(o => o.value).sort()), given.languages);
};

cases['portal: a logo is uploaded'] = async () => {
	await open('portal');
	await previews(1);
	const field = '[data-name=logo] input';
	const choose = (name, bytes) => page.setInputFiles(field + '[type=file]',
		{ name, mimeType: 'image/svg+xml', buffer: Buffer.from(bytes) });

	await choose('Our Logo.SVG', [0x3c, 0x00, 0xff]);
	await page.waitForFunction(() => window.recorded.calls
		.some(c => c.method === 'picture_set'));
	assert.deepEqual(await page.calls('picture_set'),
		[{ kind: 'logo', type: 'svg', content: '3c00ff' }]);
	assert.equal(await page.inputValue(field + '[type=text]'),
		given.answers.stadttor.picture_set.path);
	assert.equal((await previews(2)).pop().logo,
		given.answers.stadttor.picture_set.path);
	await choose('logo.svg', new Uint8Array(4097));
	await choose('logo.exe', [1]);
	await page.waitForFunction(() => window.recorded.notices.length === 2);
	assert.equal((await page.calls('picture_set')).length, 1);
	await page.evaluate(() => {
		window.given.answers.stadttor.picture_set = { error: 'a script' };
	});
	await choose('logo.svg', [1]);
	await page.waitForFunction(() => window.recorded.notices.length === 3);
	assert.equal(await page.inputValue(field + '[type=text]'),
		given.answers.stadttor.picture_set.path);
};

// --- secrets ----------------------------------------------------------------------
const everything = () => page.evaluate(() =>
	document.documentElement.outerHTML + [...document.querySelectorAll(
		'input, textarea')].map(f => f.value).join());

cases['accounts: secrets go to a file and are never shown'] = async () => {
	await open('accounts');
	await page.click('tr[data-sid=main] .cbi-button-edit');
	await page.waitForSelector('#modal_overlay .cbi-map');
	const field = '#modal_overlay [data-name=secret] input';

	assert.deepEqual([await page.getAttribute(field, 'type'),
		await page.inputValue(field),
		await page.getAttribute(field, 'placeholder')],
	['password', '', 'is set']);
	assert.ok(!(await everything()).includes('of-old-times'));
	await page.fill(field, 'radius-secret');
	await page.click('#modal_overlay button:text-is("Save")');
	await page.waitForSelector('#modal_overlay .cbi-map',
		{ state: 'detached' });
	assert.equal(await page.getAttribute('[data-name=_secret] input', 'type'),
		'password');
	await page.fill('[data-name=_secret] input', 'client-secret');
	await page.evaluate(() => window.recorded.map.save());
	assert.deepEqual(await page.calls('secret_set'), [
		{ section: 'radius', name: 'main', secret: 'radius-secret' },
		{ section: 'oidc', secret: 'client-secret' }]);
	const config = await page.evaluate(() => window.given.config);
	const { path } = given.answers.stadttor.secret_set;

	assert.equal(config.find(s => s['.name'] === 'main').secret_file, path);
	assert.equal(config.find(s => s['.type'] === 'oidc').secret, path);
	assert.doesNotMatch(JSON.stringify(config),
		/of-old-times|radius-secret|client-secret/);
	assert.ok(!(await everything()).includes('client-secret'));
};

cases['accounts: an empty secret changes nothing'] = async () => {
	await open('accounts');
	await page.click('tr[data-sid=main] .cbi-button-edit');
	await page.waitForSelector('#modal_overlay .cbi-map');
	await page.click('#modal_overlay button:text-is("Save")');
	await page.waitForSelector('#modal_overlay .cbi-map',
		{ state: 'detached' });
	assert.deepEqual(await page.calls('secret_set'), []);
	assert.equal((await page.evaluate(() => window.given.config))
		.find(s => s['.name'] === 'main').secret, 'of-old-times');
};

// --- the city ---------------------------------------------------------------------
const ALONE = { ...given.answers, stadttor: { ...given.answers.stadttor,
	city: { joined: false } } };

cases['city: joined by what is pasted'] = async () => {
	await open('city', { answers: ALONE });
	assert.match(await page.text(), /This box is in no city/);
	assert.ok(!(await page.buttons()).includes('Leave the city'));
	await page.fill('#stadttor-join', 'config city\n\toption key \'ab\'\n');
	assert.match(await page.$eval('#stadttor-join', f =>
		window.getComputedStyle(f).webkitTextSecurity), /disc/);
	await page.evaluate(() => {
		window.given.answers.stadttor.city = { joined: true, city: 'muster',
			site: 'rathaus' };
	});
	await page.click('button:text-is("Join")');
	await page.waitForSelector('text=the site rathaus of the city muster');
	assert.deepEqual(await page.calls('city_join'),
		[{ file: 'config city\n\toption key \'ab\'\n' }]);
	assert.ok(!(await everything()).includes("key 'ab'"));
};

cases['city: joined by a file, in the place of another'] = async () => {
	await open('city');
	assert.match(await page.text(), /the site rathaus of the city muster/);
	assert.match(await page.text(), /clocks of this box and of the store/);
	await page.setInputFiles('#stadttor-join-file', { name: 'rathaus.city',
		mimeType: 'text/plain', buffer: Buffer.from('config city\n') });
	await page.waitForFunction(() =>
		document.querySelector('#stadttor-join').value);
	await page.evaluate(() => {
		window.given.answers.stadttor.city_join = { error: 'line 1: no key' };
	});
	await page.click('button:text-is("Join")');
	await page.waitForSelector('.alert-message.danger:has-text("no key")');
	assert.deepEqual(await page.calls('city_join'),
		[{ file: 'config city\n', replace: 'yes' }]);
	assert.equal(await page.inputValue('#stadttor-join'), '');
};

cases['city: left when one is sure'] = async () => {
	await open('city');
	await page.click('#view button:text-is("Leave the city")');
	await page.click('#modal_overlay button:text-is("Cancel")');
	assert.deepEqual(await page.calls('city_leave'), []);
	await page.click('#view button:text-is("Leave the city")');
	await page.evaluate(() => {
		window.given.answers.stadttor.city = { joined: false };
	});
	await page.click('#modal_overlay button:text-is("Leave the city")');
	await page.waitForSelector('text=This box is in no city');
	assert.equal((await page.calls('city_leave')).length, 1);
};

cases['city: a reader sees the state alone'] = async () => {
	await open('city', READER);
	assert.match(await page.text(), /the site rathaus of the city muster/);
	assert.equal(await page.$('#stadttor-join'), null);
};

// --- who may only read --------------------------------------------------------
const BUTTONS = { // of who may write, of who may not
	overview: [['Show sessions'], []],
	zones: [['☰', 'Edit', 'Delete', 'Add', 'Save & Apply', 'Save', 'Reset'],
		['Show']],
	portal: [['+', 'Delete', 'Add', 'Upload…', 'Save & Apply', 'Save',
		'Reset'], []],
	garden: [['+', '☰', 'Edit', 'Delete', 'Add', 'Save & Apply', 'Save',
		'Reset'], ['Show']],
	accounts: [['☰', 'Edit', 'Delete', 'Add', 'Save & Apply', 'Save', 'Reset'],
		['Show']],
	city: [['Join', 'Leave the city', 'Add', 'Save & Apply', 'Save', 'Reset'],
		[]],
	operation: [['Add', 'Save & Apply', 'Save', 'Reset'], []],
	usage: [['Download as CSV'], ['Download as CSV']],
	vouchers: [['Make codes', 'Take back'], []]
};

for (const [view, [writer, reader]] of Object.entries(BUTTONS)) {
	cases[`${view}: buttons`] = async () => {
		await open(view);
		assert.deepEqual(new Set(await page.buttons()), new Set(writer));
		await open(view, READER);
		assert.deepEqual(new Set(await page.buttons()), new Set(reader));
		assert.deepEqual((await page.record()).denied, []);
		if (FORMS.includes(view))
			assert.equal(await page.locator('#view :is(input, select):enabled')
				.count(), 0);
		await page.narrow(view + '-reader');
	};
}

cases['overview: a reader sees no sessions'] = async () => {
	await open('overview', READER);

	assert.deepEqual(await page.buttons(), []);
	assert.doesNotMatch(await page.text(), /Sessions/);
	assert.deepEqual(await page.calls('sessions'), []);
};

cases['garden: a reader sees lists as text'] = async () => {
	await open('garden', READER);

	assert.equal(await page.textContent('[data-name=garden_name] output'),
		'city.example');
};

cases['portal: a section that is not there has defaults'] = async () => {
	await open('portal', READER);

	assert.match(await page.text(), /Legal pages[^]*every option has its default/);
	assert.doesNotMatch(await page.text(), /contains no values/);
};

cases['zones: a reader sees all options'] = async () => {
	await open('zones', READER);

	await page.click('tr[data-sid=staff] button');
	await page.waitForSelector('#modal_overlay .cbi-map');
	assert.equal(await page.locator('#modal_overlay :is(input, select):enabled')
		.count(), 0);
	await page.picture('zones-reader-dialog');
	assert.deepEqual(await page.buttons('#modal_overlay'), ['Dismiss']);
	await page.click('#modal_overlay button');
	assert.deepEqual(await page.buttons('#modal_overlay'), []);
};

// --- a wrong config -----------------------------------------------------------
const STAYS = 'The config has a mistake; the running config stays. ' +
	'/etc/config/stadttor:2: unknown option \'x\' in a gate section';

for (const view of VIEWS) {
	cases[`${view}: a wrong config`] = async () => {
		await open(view, { answers: given.wrong });
		const notices = page.locator('#view .alert-message:has-text("mistake")');

		assert.deepEqual(await notices.allTextContents(), [STAYS]);
		assert.equal((await page.text()).split(':2: unknown option').length, 2);
		if (view === 'overview' || view === 'usage')
			assert.match(await page.getAttribute('svg', 'aria-label'),
				/: at most \d/);
		await page.narrow(view + '-wrong');
	};
	cases[`${view}: a config that libuci cannot read`] = async () => {
		await open(view, { answers: given.wrong, config: null });

		assert.match(await page.text(), /the running config stays/);
		assert.doesNotMatch((await page.buttons()).join(), /Save/);
	};
	cases[`${view}: without the right to read the config`] = async () => {
		const ubus = { ...READER.grants.ubus, uci: [] };

		await open(view, { ...READER, grants: { ...READER.grants, ubus } });
		assert.equal(/LuCI cannot read the config/.test(await page.text()),
			FORMS.includes(view));
	};
	cases[`${view}: a wrong config, and nothing runs`] = async () => {
		const { check } = given.wrong.stadttor;
		const answers = { service: {}, stadttor: Object.fromEntries(
			Object.keys(given.answers.stadttor).map(m => [m, check])) };

		await open(view, { answers });
		assert.match(await page.text(), /the programs do not start with it\. \//);
		assert.equal((await page.text()).split(':2: unknown option').length, 2);
	};
}

// --- defaults -----------------------------------------------------------------
cases['zones: the lists show defaults'] = async () => {
	await open('zones');
	const cells = id => page.$$eval(`tr[data-sid=${id}] td`,
		list => list.slice(0, 4).map(td => td.textContent));

	assert.deepEqual(await cells('guest'),
		['guest', 'br-guest', 'Code', '8h']);
	assert.deepEqual(await cells('staff'), ['staff', 'br-staff',
		'Tap that accepts the terms (default)', '8h (default)']);
	assert.deepEqual(await cells('wan'),
		['wan', 'eth0', 'IPv4 (default)', '0 (default)']);
};

// What the fields show of options that are not set. In the page.
function unsetOptions(nodes) {
	return nodes.flatMap(node => {
		const [, , id, option] = node.querySelector('label').htmlFor.split('.');
		const section = window.given.config.find(s => s['.name'] === id);
		const field = node.querySelector('input, select');

		return option in section ? [] : [{ section: section['.type'], option,
			shown: field.type === 'checkbox' ? String(Number(field.checked))
				: field.placeholder ?? field.selectedOptions[0].textContent
		}];
	});
}

// Every field of what is on the page, in dialogs as well; then all is saved.
async function eachForm(see) {
	await see('#view');
	for (let i = 0; i < await page.locator('#view .cbi-button-edit').count();
		i++) {
		await page.click(`#view .cbi-button-edit >> nth=${i}`);
		await page.waitForSelector('#modal_overlay .cbi-map');
		await see('#modal_overlay');
		await page.click('#modal_overlay button:text-is("Save")');
		await page.waitForSelector('#modal_overlay .cbi-map',
			{ state: 'detached' });
	}
	await page.evaluate(() => window.recorded.map.save());
}

for (const view of FORMS) {
	cases[`${view}: unset options, seen and saved`] = async () => {
		const config = structuredClone(given.config).concat(['gate', 'usage',
			'admin', 'voucher', 'city', 'legal'].map(type => ({
			'.type': type, '.name': 'cfg' + type })), { '.type': 'tile',
			'.name': 'plain', title: ['en=Plain'],
			link: 'https://city.example/' }, { '.type': 'device',
			'.name': 'printer', mac: '02:00:5e:00:53:01' }, { '.type': 'radius',
			'.name': 'plain2' });

		delete config.find(s => s['.type'] === 'portal').network;
		await open(view, { config });
		await eachForm(async within => found.unset.push(
			...await page.$$eval(within + ' :is(.cbi-map, .cbi-map *) > .cbi-value',
				unsetOptions)));

		const saved = await page.evaluate(() => window.given.config);

		assert.equal(saved.length, config.length);
		for (const [i, section] of saved.entries())
			for (const name of Object.keys(section))
				assert.ok(name in config[i], name + ' was written');
	};
}

cases['forms: words for 0 and 1'] = async () => {
	await open('zones');

	assert.deepEqual(await page.evaluate(() => ['on', 'no', '1', undefined]
		.map(value => {
			const s = window.recorded.map.children[0];
			const o = s.children.find(c => c.option === 'counted');

			window.given.config.find(c => c['.type'] === 'zone').counted = value;
			return o.load('guest');
		})), ['1', '0', '1', null]);
};

// What the config's own parser says of the same values is test_luci.py's part.
cases['forms: values'] = async () => {
	await open('zones');

	found.samples = await page.evaluate(async samples => {
		const forms = await window.loadModule('stadttor.forms');

		return samples.map(([section, name, value]) => {
			const option = forms.find(section).options
				.find(o => o.name === name);
			const answer = forms.validate(option, value);

			if (answer !== true && !answer.startsWith('Expecting: '))
				throw new Error(answer);
			return answer === true;
		});
	}, given.samples);
};

for (const [name, run] of Object.entries(cases)) {
	const began = Date.now();
	let text = '';

	try {
		await run();
		assert.deepEqual(seen, []);
	} catch (error) {
		text = error.stack;
	}
	console.log(JSON.stringify({ name, ok: !text, text, ms: Date.now() - began }));
}
console.log(JSON.stringify({ name: 'found', ok: true, text: '', found }));
await browser.close();
