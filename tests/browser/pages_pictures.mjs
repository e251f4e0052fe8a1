// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of all pages, for people to look at: FOLDER/SIZE-SCHEME/
// ZONE-PAGE-LANGUAGE.png, of the example brandings, and an index. A sheet of 900x572 is shown as it
// opens, everything else in its whole length.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './lib.mjs';
import { takeBrandPictures } from './pages_branding.mjs';
import { ZONES, pageNames } from './pages_config.mjs';
import { SIZES, Visitor } from './pages_lib.mjs';

const EVERYWHERE = ['portal', 'status']; // in all languages, sizes, schemes
const LANGUAGES = ['de', 'de-simple', 'en', 'ar', 'fa', 'uk', 'tr'];
const LOOKS = SIZES.flatMap(([width, height]) => ['light', 'dark'].map(scheme =>
	({ width, height, scheme })));
const WORKERS = 3;

// Of all other pages each language shows the next look.
function jobs(folder, tongues) {
	const all = ZONES.flatMap(zone => tongues.flatMap(({ code }) =>
		pageNames(folder, zone, code).map((page, i) =>
			({ zone, code, page, i }))));

	return all.flatMap(job => {
		const at = LANGUAGES.indexOf(job.code);

		if (EVERYWHERE.includes(job.page))
			return LOOKS.map(look => ({ ...job, ...look }));
		return at < 0 ? []
			: [{ ...job, ...LOOKS[(at + job.i) % LOOKS.length] }];
	});
}

function place(j) {
	return join(`${j.width}x${j.height}-${j.scheme}`,
		`${j.zone}-${j.page}-${j.code}.png`);
}

async function work(queue, browser, folder, target) {
	const visitor = await Visitor.enter(browser, folder);

	for (let j = queue.shift(); j; j = queue.shift()) {
		await visitor.visit(j.zone, j.code, j.page, j);
		await visitor.page.screenshot({ fullPage: j.height !== 572,
			path: join(target, place(j)) });
	}
	await visitor.leave();
}

function index(paths) {
	return '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n' +
		'<title>Pictures of all pages</title>\n<style>img{width:20rem}' +
		'figure{display:inline-block;vertical-align:top}</style>\n' +
		paths.map(p => `<figure><a href="${p}"><img src="${p}" ` +
			`alt="" loading="lazy"></a><figcaption>${p}</figcaption>` +
			'</figure>\n').join('');
}

export async function takePictures(folder, tongues, target) {
	const all = jobs(folder, tongues);
	const queue = [...all];
	const browser = await launch();

	mkdirSync(target, { recursive: true });
	await Promise.all(Array.from({ length: WORKERS }, () =>
		work(queue, browser, folder, target)));
	const brands = await takeBrandPictures(browser,
		join(folder, '..', 'brands'), target);

	await browser.close();
	writeFileSync(join(target, 'index.html'), index([...brands,
		...all.map(place)]));
	console.log(`${all.length + brands.length} pictures; look at ${target}/index.html`);
}
