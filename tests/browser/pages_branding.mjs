// SPDX-License-Identifier: GPL-3.0-or-later
// The example brandings: what the program makes of each, and pictures of it.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, web } from './pages_config.mjs';
import { Visitor } from './pages_lib.mjs';

const examples = fileURLToPath(new URL('../../examples/branding',
	import.meta.url));

export const BRANDS = readdirSync(examples).sort();
export const ZONE = 'guest';

// A box of that brand; the library asks for codes.
function config(name) {
	const files = join(examples, name) + '/';

	return `config uplink 'wan'\n\toption device 'eth0'\n` +
		`config zone '${ZONE}'\n\toption device 'eth1'\n` +
		'\toption duration \'2h\'\n\toption rate_down \'16mbit\'\n' +
		(name === 'library' ? '\toption auth \'voucher\'\n' : '') +
		readFileSync(files + 'stadttor.conf', 'utf8')
			.replaceAll('/etc/stadttor/', files)
			.replace('config portal\n', 'config portal\n' +
				`\toption pages '${web}'\n`);
}

// Where its pages are, below the folder.
export function previewBrand(folder, name) {
	const made = { folder: join(folder, name, 'pages'),
		config: join(folder, name, 'stadttor') };

	mkdirSync(join(folder, name), { recursive: true });
	writeFileSync(made.config, config(name));
	run('-c', made.config, 'portal', 'preview', made.folder);
	return made;
}

// The page stands without it, which is loaded when there is time.
export function heroIsSeen(page) {
	return page.waitForFunction(() => {
		const hero = document.querySelector('.hero');

		return hero.complete && hero.naturalWidth;
	});
}

const PAGES = ['portal', 'status'];
const SIZES = [[320, 640], [390, 844], [768, 1024]];

// branding/NAME-PAGE-WIDTH-SCHEME.png in the target; says which.
export async function takeBrandPictures(browser, folder, target) {
	const taken = [];

	mkdirSync(join(target, 'branding'), { recursive: true });
	for (const name of BRANDS) {
		const made = previewBrand(folder, name);
		const visitor = await Visitor.enter(browser, made.folder);

		for (const page of PAGES)
			for (const [width, height] of SIZES)
				for (const scheme of ['light', 'dark']) {
					await visitor.visit(ZONE, 'de', page,
						{ width, height, scheme });
					await heroIsSeen(visitor.page);
					taken.push(`branding/${name}-${page}-` +
						`${width}-${scheme}.png`);
					await visitor.page.screenshot({
						path: join(target, taken.at(-1)) });
				}
		await visitor.leave();
	}
	return taken;
}
