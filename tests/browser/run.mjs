// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the cases whose names it reads, a line each, and answers each with a
// line of JSON: name, ok, text.
//
// STADTTOR_SERVERS: {"years": {"url", "user", "password"}, ...}; with "real"
// the cases that run against any portal use that one. A line "*" is answered
// with the names of the cases that can be run with these.
import { answerLines, cases, launch } from './lib.mjs';
import './cases.mjs';

const CASE_MS = 600000;
const servers = JSON.parse(process.env.STADTTOR_SERVERS);
let browser; // for the first who needs it

function serverOf(data) {
	if (data === 'none')
		return servers.real ? undefined : {};
	if (data === 'any')
		return servers.real ?? servers.years;
	return servers[data];
}

// What nobody waited for fails the case that it happens in, and no other.
const strays = [];

process.on('unhandledRejection', error => strays.push(error));

async function runCase(c) {
	const said = [];
	const begun = Date.now();
	let ok = true, timer;

	if (c.data !== 'none')
		browser ??= await launch();
	try {
		await Promise.race([
			c.run({ browser, server: serverOf(c.data),
				say: text => said.push(text) }),
			new Promise((_, reject) => {
				timer = setTimeout(() => reject(
					new Error('too slow')), CASE_MS);
			})]).finally(() => clearTimeout(timer));
	} catch (error) {
		ok = false;
		said.push(error.stack);
	}
	for (const context of browser?.contexts() ?? [])
		await context.close();
	for (const error of strays.splice(0)) {
		ok = false;
		said.push(error.stack ?? String(error));
	}
	said.push(`${Date.now() - begun} ms`);
	return { name: c.name, ok, text: said.join('\n') };
}

await answerLines(async name => {
	if (name === '*')
		return cases.filter(c => serverOf(c.data)).map(c => c.name);
	return runCase(cases.find(c => c.name === name));
});
await browser?.close();
