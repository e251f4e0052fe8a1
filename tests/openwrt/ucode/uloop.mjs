// SPDX-License-Identifier: GPL-3.0-or-later
// ucode's module uloop (lib/uloop.c, over uloop.c and uloop-epoll.c of libubox).
// What would come from ubusd comes as lines of JSON from standard input, and is
// handled one after the other; see ubus.mjs. Of the test's own are
//	{"pass_ms": n}	time goes by, and timers run when theirs has come
//	{"ready": true}	handles are told that there is something to read, once
//			for whatever there is; level-triggered, so again as
//			long as there is
//	{"error": true}	as an error on each handle (EPOLLERR, EPOLLHUP) does, in
//			uloop_fetch_events(): it is taken out of the loop, and
//			told this once
// A connection with ubusd is such a handle; it is out of the loop when libubus
// hears of its end, so ubus_default_connection_lost() does not end the loop. An
// exception of a handler ends it.
import fs from 'node:fs';

import { driven } from './globals.mjs';
import { handle as tell } from './ubus.mjs';

export const ULOOP_READ = 1;

const timers = new Set();
const handles = new Set();
let has_ended = false;

function call(handler, ...args)
{
	try {
		handler(...args);
	} catch (e) {
		fs.writeSync(2, `${e}\n`);
		has_ended = true;
	}
}

const now_ms = () => Number(driven.ns / 1000000n);

class Timer {
	constructor(ms, handler) {
		this.handler = handler;
		this.set(ms);
	}

	set(ms) {
		this.due_ms = now_ms() + ms;
		timers.add(this);
		return true;
	}
}

class Handle {
	constructor(socket, handler) {
		this.socket = socket;
		this.handler = handler;
	}

	delete() {
		handles.delete(this);
		return true;
	}
}

export function init() {}

export function end()
{
	has_ended = true;
}

export const timer = (ms, handler) => new Timer(ms, handler);

export function handle(socket, handler, flags)
{
	if (socket.fileno() == null || flags != ULOOP_READ)
		throw new Error('nothing to watch');
	const made = new Handle(socket, handler);

	handles.add(made);
	return made;
}

function next_timer(until_ms)
{
	return [ ...timers ].filter((t) => t.due_ms <= until_ms)
		.sort((a, b) => a.due_ms - b.due_ms)[0];
}

function pass(ms)
{
	const until_ms = now_ms() + ms;

	for (let t = next_timer(until_ms); t && !has_ended;
		t = next_timer(until_ms)) {
		driven.ns = BigInt(t.due_ms) * 1000000n;
		timers.delete(t);
		call(t.handler);
	}
	driven.ns = BigInt(until_ms) * 1000000n;
}

function read_all()
{
	for (let again = true; again && !has_ended;) {
		again = false;
		for (const h of [ ...handles ])
			if (handles.has(h) && h.socket.is_ready()) {
				call(h.handler, ULOOP_READ);
				again = true;
			}
	}
}

function break_all()
{
	for (const h of [ ...handles ]) {
		handles.delete(h);
		call(h.handler, 0);
	}
}

export function run()
{
	const byte = Buffer.alloc(1);
	let line = '';

	while (!has_ended && fs.readSync(0, byte) == 1) {
		if (byte[0] != 10) {
			line += byte.toString('latin1');
			continue;
		}
		const told = JSON.parse(line);

		line = '';
		if (told.pass_ms)
			pass(told.pass_ms);
		if (told.ready)
			read_all();
		if (told.error)
			break_all();
		fs.writeSync(1, `${JSON.stringify(tell(told))}\n`);
	}
}
