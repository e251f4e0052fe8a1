// SPDX-License-Identifier: GPL-3.0-or-later
// Days and hours of the box, as its own clock and time zone name them. The
// browser's time zone is never asked: days are texts ("2026-11-24"), and UTC
// serves as a calendar without clock changes.

const DAY_MS = 86400000;
const HOUR_S = 3600;

function toMs(day) {
	return Date.parse(day + 'T00:00:00Z');
}

export function addDays(day, count) {
	return new Date(toMs(day) + count * DAY_MS).toISOString().slice(0, 10);
}

export function dayList(from, to) {
	const days = [];

	for (let day = from; day <= to; day = addDays(day, 1))
		days.push(day);
	return days;
}

// 0 is Monday.
export function weekday(day) {
	return (new Date(toMs(day)).getUTCDay() + 6) % 7;
}

export function dayOf(time) {
	return time.slice(0, 10);
}

export function hourOf(time) {
	return Number(time.slice(11, 13));
}

// "2026-11-24T14:00+01:00" -> 3600
export function offsetOf(time) {
	const found = /([+-])(\d\d):?(\d\d)$/.exec(time);

	if (!found)
		return 0;
	return (found[1] === '-' ? -1 : 1) *
		(Number(found[2]) * HOUR_S + Number(found[3]) * 60);
}

function offsetText(seconds) {
	const minutes = Math.abs(seconds) / 60;
	const two = n => String(Math.floor(n)).padStart(2, '0');

	return (seconds < 0 ? '-' : '+') + two(minutes / 60) + ':' +
		two(minutes % 60);
}

// The hours of a day: 24, or 23 or 25 where the rows show that the clock
// changed. Each is { hour, offset, row }; row is the index into starts and
// times, or -1 where there are no figures. Rows of other days are left out.
export function hourSlots(day, starts, times) {
	const rows = [];

	times.forEach((time, i) => {
		if (time && dayOf(time) === day)
			rows.push({ i, start: starts[i],
				offset: offsetOf(time) });
	});
	const before = rows.length ? rows[0].offset : 0;
	const after = rows.length ? rows.at(-1).offset : 0;
	const change = rows.find(r => r.offset === after)?.start ?? 0;
	const midnight = toMs(day) / 1000 - before;
	const count = 24 + Math.round((before - after) / HOUR_S);
	const slots = [];

	for (let n = 0; n < count; n++) {
		const start = midnight + n * HOUR_S;
		const offset = start < change ? before : after;
		const wall = new Date((start + offset) * 1000);

		slots.push({ hour: wall.getUTCHours(),
			offset: offsetText(offset), row: -1 });
	}
	for (const r of rows) {
		const slot = slots[Math.floor((r.start - midnight) / HOUR_S)];

		if (slot)
			slot.row = r.i;
	}
	return slots;
}
