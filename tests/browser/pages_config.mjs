// SPDX-License-Identifier: GPL-3.0-or-later
// Zones with everything that pages can show, and what the program makes of
// them: every page in every language, as files.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export const web = join(root, 'web');
export const ZONES = ['square', 'library', 'hall', 'campus'];

export const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"' +
	' fill="#fff"><path d="M4 3h16v11a8 8 0 0 1-16 0zm3 3v8a5 5 0 0 0 10 0' +
	'V6zm4 1h2v9h-2z"/></svg>\n';

const COLOURS = { colour_accent: '#8a1c3b', colour_header: '#5c1029',
	colour_accent_dark: '#ffb1c5', colour_header_dark: '#43101f' };

// What may be written freely; hostile() puts markup in its place.
export const WORDS = {
	network: 'Bochum freies WLAN', provider: 'Stadt Bochum',
	contact: 'wlan@stadt.example',
	enforcement: 'Ombudsstelle NRW', address: 'Rathausplatz 1', title: 'Parken',
	text: 'Freie Plätze', live: '{} Plätze frei',
	own: 'Willkommen in der Bücherei',
};

// 9 kB of an operator's own.
const TERMS = '# § 1 <Geltung> & "Umfang"\n\nFür alle.\n\n- eins\n- zwei\n\n' +
	'Wer das WLAN nutzt, nimmt Rücksicht auf andere. '.repeat(180) + '\n';

// UCI: in double quotes a backslash takes the next character as it is.
function quoted(value) {
	return '"' + String(value).replace(/["\\]/g, '\\$&') + '"';
}

function section(kind, name, options) {
	const lines = Object.entries(options).flatMap(([key, value]) =>
		[value].flat().map(one => `\t${Array.isArray(value) ? 'list'
			: 'option'} ${key} ${quoted(one)}\n`));

	return `config ${kind}${name ? ` '${name}'` : ''}\n` + lines.join('');
}

function tile(name, icon, options) {
	return section('tile', name, { icon,
		link: `https://${name}.stadt.example/?a=1&b=2`, ...options });
}

const LIVE = 'https://data.stadt.example/values.json';

function accounts(zone) {
	return section('zone', ZONES[3], { device: 'eth4', auth: 'radius',
		radius: 'main', ...zone }) + section('radius', 'main', {
		server: ['192.0.2.5'], secret_file: '/nowhere' });
}

// options: words, as WORDS; pages: the folder of pages and languages; logo:
// a file; colours: false for the pages' own; accounts: false for no zone with
// a login.
export function config(options = {}) {
	const w = { ...WORDS, ...options.words };
	const zone = { rate_down: '16mbit', rate_up: '4mbit', duration: '2h',
		quota: '2GB', over_quota: 'slow', open: ['mo-fr 07:00-22:00'] };

	return section('uplink', 'wan', { device: 'eth0' }) +
		section('zone', ZONES[0], { device: 'eth1', ...zone }) +
		section('zone', ZONES[1], { device: 'eth2', auth: 'voucher',
			...zone, quota: '0' }) +
		section('zone', ZONES[2], { device: 'eth3',
			auth: ['click', 'voucher'], ...zone }) +
		(options.accounts === false ? '' : accounts(zone)) +
		section('portal', null, { pages: options.pages ?? web,
			network: w.network, provider: w.provider,
			contact: w.contact, enforcement: w.enforcement,
			success_url: 'https://www.stadt.example/',
			hostname: 'wlan.stadt.example',
			certificate: '/nowhere', key: '/nowhere',
			...(options.logo && { logo: options.logo }),
			...options.portal,
			...(options.colours === false ? {} : COLOURS) }) +
		section('legal', null, { land: 'nw', operator: w.provider,
			address: w.address, represented_by: w.provider,
			email: w.contact, phone: '0234 1', register: w.address,
			vat_id: 'DE 1', supervisor: w.enforcement,
			privacy_officer: w.contact, statement: 'partial',
			statement_date: '2026-11-30',
			privacy_text: ['de=' + w.text, 'en=More'],
			statement_limits: ['de=' + w.text, 'en=The map'],
			...(options.terms && { terms_file: ['de=' +
				options.terms, 'fa=' + options.terms] }) }) +
		tile('parking', 'parking', { title: ['de=' + w.title,
			'en=Parking'], text: ['de=' + w.text],
			live_url: LIVE, live_pointer: '/free',
			live_text: ['de=' + w.live] }) +
		tile('climate', 'weather', { title: ['de=Klima', 'en=Climate'],
			live_url: LIVE, live_pointer: '/degrees',
			live_text: ['de={} °C am Rathaus',
				'en={} °C at the town hall'] }) +
		tile('ideas', 'people', { title: ['de=Mitgestalten',
			'en=Take part'], text: ['de=Ideen für die Stadt'] }) +
		tile('office', 'office', { title: ['de=Bürgerservice',
			'en=City office'], text: ['de=Ausweis, Termine'] }) +
		section('text', null, { key: 'portal_heading', zone: [ZONES[1]],
			text: ['de=' + w.own, 'en=Welcome to the library',
				'ar=أهلاً بكم في المكتبة'] });
}

// Words that are markup to whom it may concern.
export function hostile() {
	const marks = ['<b>"x" \'y\'</b>', '&amp;&#60;i>', '{{network}}{{&style}}',
		'</style></title><script>alert(1)</script>',
		'" onclick="alert(1)', '--><!--'];

	return Object.fromEntries(Object.entries(WORDS).map(([key, word], i) =>
		[key, (key === 'own' ? '<h1>"&amp;\' ' + marks[3]
			: word.slice(0, 12) + marks[i % marks.length])]));
}

export function program(name) {
	return join(root, process.env.STADTTOR_BUILD ?? 'build', name);
}

export function run(...args) {
	return execFileSync(program('stadttor'), args, { encoding: 'utf8',
		stdio: ['ignore', 'pipe', 'pipe'] });
}

// Writes the config into a folder, and the pages into one below; says where.
export function preview(folder, options = {}) {
	const made = { folder: join(folder, 'pages'),
		config: join(folder, 'stadttor') };
	const logo = join(folder, 'logo.svg');
	const terms = join(folder, 'terms.txt');

	mkdirSync(folder, { recursive: true });
	writeFileSync(terms, TERMS);
	writeFileSync(logo, LOGO);
	writeFileSync(made.config, config({ logo, terms, ...options }));
	run('-c', made.config, 'portal', 'preview', made.folder);
	return made;
}

export function languages() {
	return readdirSync(join(web, 'lang')).filter(f => f.endsWith('.json'))
		.map(f => ({ code: f.slice(0, -5), ...JSON.parse(readFileSync(
			join(web, 'lang', f), 'utf8')) }))
		.sort((a, b) => a.code < b.code ? -1 : 1);
}

export function pageNames(folder, zone, code) {
	return readdirSync(join(folder, zone, code)).sort()
		.map(f => f.slice(0, -'.html'.length));
}
