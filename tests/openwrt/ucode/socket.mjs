// SPDX-License-Identifier: GPL-3.0-or-later
// ucode's module socket (lib/socket.c). Node knows no SOCK_SEQPACKET, so each
// connect() takes the next of the descriptors in $CONNECTIONS, which the test
// has connected; '-' stands for a refusal.
import fs from 'node:fs';

export const AF_UNIX = 1;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const POLLIN = 1;

const SEQPACKET = 5;
const connections = (process.env.CONNECTIONS || '').split(' ');
const pause = new Int32Array(new SharedArrayBuffer(4));

class Socket {
	fd = null;
	waiting = [];

	connect(path) {
		const next = connections.shift() || '-';

		if (path != process.env.SOCKET || next == '-')
			return null;
		this.fd = +next;
		return true;
	}

	send(bytes) {
		try {
			return fs.writeSync(this.fd, Buffer.from(bytes, 'latin1'));
		} catch {
			return null;
		}
	}

	// A message, '' at the end of the connection; false: not yet.
	read() {
		const buffer = Buffer.alloc(4096);

		try {
			return buffer.toString('latin1', 0,
				fs.readSync(this.fd, buffer));
		} catch (e) {
			return e.code == 'EAGAIN' ? false : '';
		}
	}

	recv(length) {
		return this.waiting.length ?
			this.waiting.shift().slice(0, length) : this.read() || null;
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
	if (domain != AF_UNIX || protocol ||
	    type != (SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC))
		throw new Error('another kind of socket');
	return new Socket();
}

export function poll(ms, [ socket, events ])
{
	const end = Date.now() + ms;

	if (socket.fd == null)
		throw new Error('poll of a closed socket');
	while (!socket.waiting.length) {
		const got = socket.read();

		if (got !== false)
			socket.waiting.push(got);
		else if (Date.now() >= end)
			return [ [ socket, 0 ] ];
		else
			Atomics.wait(pause, 0, 0, 1);
	}
	return [ [ socket, events ] ];
}
