// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the cases and prints one line of JSON for each: name, ok, text.
//
// Usage: node run.mjs [NAME ...]    NAME: part of a case's name
// STADTTOR_SERVERS: {"years": {"url", "user", "password"}, ...}; with "real"
// the cases that run against any portal use that one, others are left out.
import { cases, launch } from './lib.mjs';
import './cases.mjs';

const CASE_MS = 60000;
const servers = JSON.parse(process.env.STADTTOR_SERVERS);
const wanted = process.argv.slice(2);
const browser = await launch();

function serverOf(data) {
	if (data === 'any')
		return servers.real ?? servers.years;
	return data === 'none' ? {} : servers[data];
}

for (const c of cases) {
	const server = serverOf(c.data);
	const said = [];

	if (!server || (servers.real && c.data === 'none'))
		continue;
	if (wanted.length && !wanted.some(part => c.name.includes(part)))
		continue;
	const begun = Date.now();
	let ok = true;
	try {
		let timer;

		await Promise.race([
			c.run({ browser, server, say: text => said.push(text) }),
			new Promise((_, reject) => {
				timer = setTimeout(() => reject(
					new Error('too slow')), CASE_MS);
			})]).finally(() => clearTimeout(timer));
	} catch (error) {
		ok = false;
		said.push(error.stack);
	}
	for (const context of browser.contexts())
		await context.close();
	said.push(`${Date.now() - begun} ms`);
	console.log(JSON.stringify({ name: c.name, ok,
		text: said.join('\n') }));
}
await browser.close();
