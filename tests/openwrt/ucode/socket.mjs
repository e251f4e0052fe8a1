// SPDX-License-Identifier: GPL-3.0-or-later
// ucode's module socket (lib/socket.c). Node knows no SOCK_SEQPACKET and no
// datagrams without a wait, so each connect() takes the next of the descriptors
// in $CONNECTIONS or $RESOLVERS, which the test has connected; '-' stands for a
// refusal of the one, and the other never has any (udp(7)).
//	connect()	an address with a port is an object; text and a second
//			argument do not work before ucode of June 2025
//	poll()		waits by the clock; of one that goes by the test alone,
//			until something comes, or the test makes the file $LATE
//			the file $WAITED gets a "-" for each wait, and how long
//			each was that was in vain
//	recv()		what there is, '' at the end of a connection; null: an
//			error, as nothing yet is one
import fs from 'node:fs';

export const AF_UNIX = 1;
export const AF_INET = 2;
export const SOCK_DGRAM = 2;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const POLLIN = 1;

const SEQPACKET = 5;
const PATIENCE_MS = 20000; // of a test that never says that it is late
const FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;
const connections = (process.env.CONNECTIONS || '').split(' ');
const resolvers = (process.env.RESOLVERS || '').split(' ');
const pause = new Int32Array(new SharedArrayBuffer(4));

class Socket {
	fd = null;
	waiting = [];

	constructor(domain) {
		this.domain = domain;
	}

	connect(to, ...more) {
		const next = (this.domain == AF_UNIX ? connections :
			resolvers).shift() || '-';

		if (this.domain == AF_INET && (to.family != AF_INET ||
		    to.address != '127.0.0.1' || to.port != 53 || more.length))
			throw new Error('another resolver');
		if (this.domain == AF_UNIX && to != process.env.SOCKET ||
		    next == '-')
			return null;
		this.fd = +next;
		return true;
	}

	fileno() {
		return this.fd;
	}

	is_ready() {
		return poll(0, [ this, POLLIN ])[0][1] != 0;
	}

	send(bytes) {
		try {
			return fs.writeSync(this.fd, Buffer.from(bytes, 'latin1'));
		} catch {
			return null;
		}
	}

	// A message, '' at the end of the connection, null for an error; false:
	// not yet.
	read() {
		const buffer = Buffer.alloc(4096);

		try {
			return buffer.toString('latin1', 0,
				fs.readSync(this.fd, buffer));
		} catch (e) {
			return e.code == 'EAGAIN' ? false : null;
		}
	}

	recv(length) {
		const got = this.waiting.length ? this.waiting.shift() :
			this.read();

		return got === false || got == null ? null :
			got.slice(0, length);
	}

	close() {
		if (this.fd != null)
			fs.closeSync(this.fd);
		this.fd = null;
		return true;
	}
}

export function create(domain, type, protocol)
{
	if (protocol || !(domain == AF_UNIX && type == (SEQPACKET | FLAGS) ||
	    domain == AF_INET && type == (SOCK_DGRAM | FLAGS)))
		throw new Error('another kind of socket');
	return new Socket(domain);
}

// Consumed: the next wait is another one.
function is_late(end_ms)
{
	if (!fs.existsSync(process.env.LATE || ''))
		return Date.now() >= end_ms;
	fs.unlinkSync(process.env.LATE);
	return true;
}

function note(text)
{
	if (process.env.WAITED)
		fs.appendFileSync(process.env.WAITED, `${text}\n`);
}

export function poll(ms, [ socket, events ])
{
	const end = Date.now() + (ms && process.env.DRIVEN ? PATIENCE_MS : ms);
	let has_waited = false;

	if (socket.fd == null)
		throw new Error('poll of a closed socket');
	while (!socket.waiting.length) {
		const got = socket.read();

		if (got !== false) {
			socket.waiting.push(got);
			break;
		}
		if (!ms)
			return [ [ socket, 0 ] ];
		if (!has_waited)
			note('-');
		has_waited = true;
		if (is_late(end)) {
			note(ms);
			return [ [ socket, 0 ] ];
		}
		Atomics.wait(pause, 0, 0, 1);
	}
	return [ [ socket, events ] ];
}
