// SPDX-License-Identifier: GPL-3.0-or-later
// ucode's module uloop: what would come from ubusd comes as lines of JSON from
// standard input, and is handled one after the other; see ubus.mjs.
import fs from 'node:fs';

import { handle } from './ubus.mjs';

export function init() {}

export function run()
{
	const byte = Buffer.alloc(1);
	let line = '';

	while (fs.readSync(0, byte) == 1) {
		if (byte[0] != 10) {
			line += byte.toString('latin1');
			continue;
		}
		fs.writeSync(1, `${JSON.stringify(handle(JSON.parse(line)))}\n`);
		line = '';
	}
}
