// SPDX-License-Identifier: GPL-3.0-or-later
// What a program in ucode finds without importing it, for Node, as far as
// stadttor.events uses it. Read off lib.c of jow-/ucode. Strings are bytes
// there: here, one character each. The program keeps to what both languages
// read alike; they differ in
//	for (x in array)	values in ucode, indexes here: not used
//	a?.b()			a call of null in ucode: not used
//	[] and {}		true in both; '' and 0 false in both
//	a missing property	null in ucode, undefined here: compared with ==,
//				!, ?? and length() alone
//	integer / integer	an integer in ucode: int() around it
//	functions		must be written before their use in ucode:
//				test_ubus_events.py checks that
// With DRIVEN in the environment the clock goes by uloop.mjs alone.
import fs from 'node:fs';

const isString = (x) => typeof x == 'string';

export const driven = { ns: 0n };

Object.assign(globalThis, {
	ARGV: process.argv.slice(2),
	chr: (...codes) => String.fromCharCode(...codes),
	clock(monotonic) {
		const ns = driven.ns + (process.env.DRIVEN ?
			1000000000n : process.hrtime.bigint());

		if (!monotonic)
			throw new Error('not the wall clock');
		return [ Number(ns / 1000000000n), Number(ns % 1000000000n) ];
	},
	exists: (object, key) => Object.hasOwn(object, key),
	exit: (code) => process.exit(code),
	filter: (list, f) => Array.isArray(list) ?
		list.filter((x, i) => f(x, i, list)) : null,
	hex: (x) => /^[0-9a-f]+$/i.test(x) ? parseInt(x, 16) : NaN,
	index: (text, part) => text.indexOf(part),
	int: (x) => Math.trunc(x),
	// inet_pton() of both kinds
	iptoarr(text) {
		const url = /^[0-9.]+$/.test(text) ? text : `[${text}]`;
		let host;

		if (!isString(text))
			return null;
		try {
			host = new URL(`http://${url}/`).hostname;
		} catch {
			return null;
		}
		if (/^(\d+\.){3}\d+$/.test(text))
			return host == text ? text.split('.').map(Number) : null;
		if (host[0] != '[')
			return null;
		const [ head, tail ] = host.slice(1, -1).split('::')
			.map((x) => x ? x.split(':') : []);
		const words = tail ? [ ...head,
			...Array(8 - head.length - tail.length).fill('0'),
			...tail ] : head;

		return words.flatMap((w) => {
			const n = parseInt(w, 16);

			return [ n >> 8, n & 255 ];
		});
	},
	join: (separator, list) => list.join(separator),
	keys: (object) => Object.keys(object),
	lc: (x) => x.replace(/[A-Z]/g, (c) => c.toLowerCase()),
	length: (x) => x == null ? null :
		isString(x) || Array.isArray(x) ? x.length :
			typeof x == 'object' ? Object.keys(x).length : null,
	map: (list, f) => Array.isArray(list) ? list.map((x, i) => f(x, i, list)) :
		null,
	match: (text, pattern) => text.match(pattern),
	max: (...all) => Math.max(...all),
	min: (...all) => Math.min(...all),
	ord: (text, at) => at < text.length ? text.charCodeAt(at) : null,
	print: (...all) => fs.writeSync(1, all.join('')),
	push(list, ...more) {
		list.push(...more);
		return more.at(-1);
	},
	slice: (list, from, to) => list.slice(from, to),
	split: (text, separator) => text.split(separator),
	substr: (text, at, length) => at < 0 ? text.substr(at, length) :
		text.slice(at, length == null ? undefined : at + length),
	type: (x) => x == null ? null : Number.isInteger(x) ? 'int' :
		typeof x == 'number' ? 'double' : typeof x == 'boolean' ? 'bool' :
			Array.isArray(x) ? 'array' : typeof x,
	warn: (...all) => fs.writeSync(2, all.join(''))
});
