// SPDX-License-Identifier: GPL-3.0-or-later
// What the portal is asked. Cards that want the same figures share an answer.

const TIMEOUT_MS = 20000;
const pending = new Map();

export function usageUrl(query) {
	return 'api/usage?' + new URLSearchParams(clean(query));
}

export function labelsUrl(query) {
	return 'api/labels?' + new URLSearchParams(clean(query));
}

function clean(query) {
	return Object.entries(query).filter(([, value]) => value);
}

async function load(url) {
	const answer = await fetch(url, { credentials: 'same-origin',
		cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });

	if (answer.status === 401) {
		location.assign('login');
		throw new Error('logged out');
	}
	if (!answer.ok)
		throw new Error(`${url}: ${answer.status}`);
	return answer.json();
}

export function get(url) {
	if (!pending.has(url))
		pending.set(url, load(url).finally(() => pending.delete(url)));
	return pending.get(url);
}

// An answer of /api/usage, by columns. Missing figures count as nothing.
export class Usage {
	constructor(json) {
		this.from = json.from;
		this.to = json.to;
		this.start = json.start;
		this.time = json.time;
		this.values = json.values;
		this.index = new Map(json.time.map((time, i) => [time, i]));
	}

	get isEmpty() {
		return !Object.values(this.values).some(column =>
			column.some(n => n > 0));
	}

	at(metric, row) {
		return row >= 0 ? this.values[metric]?.[row] ?? 0 : 0;
	}

	// time: as in the answer, "2026-11-24"
	of(metric, time) {
		return this.at(metric, this.index.get(time) ?? -1);
	}

	sum(metric) {
		return (this.values[metric] ?? []).reduce((a, b) => a + b, 0);
	}

	max(metric) {
		return Math.max(0, ...this.values[metric] ?? []);
	}

	get firstDay() {
		return this.time.find(time => time)?.slice(0, 10);
	}
}
