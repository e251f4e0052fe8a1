// SPDX-License-Identifier: GPL-3.0-or-later
// What the portal is asked. Cards that want the same figures share an answer.

const TIMEOUT_MS = 20000;
const pending = new Map();

// Of a city: { site } or { district }; of a box there is one place.
let place = {};

export function usePlace(chosen) {
	place = chosen;
}

export function placeUrl(path, query = {}) {
	const asked = new URLSearchParams(clean({ ...query, ...place })).toString();

	return asked ? `${path}?${asked}` : path;
}

export function usageUrl(query) {
	return placeUrl('api/usage', query);
}

function clean(query) {
	return Object.entries(query).filter(([, value]) => value);
}

async function read(url, answer) {
	if (answer.status === 401) {
		location.assign('login');
		throw new Error('logged out');
	}
	if (!answer.ok)
		throw Object.assign(new Error(`${url}: ${answer.status}`), {
			status: answer.status, said: (await answer.json()
				.catch(() => ({}))).error });
	return answer.json();
}

async function load(url) {
	const answer = await fetch(url, { credentials: 'same-origin',
		cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });

	return read(url, answer);
}

// Changes something: a form, as the browser sends one of its own page.
export async function post(url, fields) {
	const answer = await fetch(url, { method: 'POST',
		credentials: 'same-origin', body: new URLSearchParams(fields),
		signal: AbortSignal.timeout(TIMEOUT_MS) });

	return read(url, answer);
}

export function get(url) {
	if (!pending.has(url))
		pending.set(url, load(url).finally(() => pending.delete(url)));
	return pending.get(url);
}

// A figure: what was counted lies within value ± band in 95 of 100 cases.
// null: it was not counted then.
export function figure(value, band) {
	return value === null || value === undefined ? null : { value, band };
}

// Noise adds up by its squares.
export function total(figures) {
	const known = figures.filter(f => f);

	return known.length ? {
		value: known.reduce((sum, f) => sum + f.value, 0),
		band: Math.hypot(...known.map(f => f.band)) } : null;
}

// Not to be told from nothing.
export function isFaint(f) {
	return !f || f.value < f.band;
}

// An answer of /api/usage, by columns.
export class Usage {
	constructor(json) {
		this.from = json.from;
		this.to = json.to;
		this.start = json.start;
		this.time = json.time;
		this.hours = json.hours;
		this.values = json.values;
		this.bands = json.bands;
		this.index = new Map(json.time.map((time, i) => [time, i]));
	}

	get isEmpty() {
		return !this.time.length;
	}

	at(metric, row) {
		return row >= 0 ? figure(this.values[metric]?.[row],
			this.bands[metric]?.[row]) : null;
	}

	// time: as in the answer, "2026-11-24"
	of(metric, time) {
		return this.at(metric, this.index.get(time) ?? -1);
	}

	all(metric) {
		return this.time.map((_, row) => this.at(metric, row));
	}

	sum(metric) {
		return total(this.all(metric));
	}

	get firstDay() {
		return this.time[0]?.slice(0, 10);
	}
}
