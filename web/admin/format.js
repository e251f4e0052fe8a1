// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, sizes, rates and days as people of the chosen language write them.
import { language, t } from './words.js';

function locale() {
	return language() === 'de' ? 'de-DE' : 'en-GB';
}

export function number(n, digits = 0) {
	return new Intl.NumberFormat(locale(), {
		maximumFractionDigits: digits }).format(n);
}

export function percent(part, whole, digits = 0) {
	return new Intl.NumberFormat(locale(), { style: 'percent',
		maximumFractionDigits: digits }).format(whole ? part / whole : 0);
}

// "≈ 320", or "unter 15" where it is not to be told from nothing.
export function about(f, format = number) {
	if (!f)
		return '–';
	return f.value < f.band ? t('under', { n: format(Math.ceil(f.band)) })
		: t('about', { n: format(f.value) });
}

// "320 ± 15", for tables and the pointer.
export function exact(f, format = number) {
	if (!f)
		return '–';
	return f.value < f.band ? t('under', { n: format(Math.ceil(f.band)) })
		: t('within', { n: format(f.value),
			b: format(Math.ceil(f.band)) });
}

function scaled(n, units) {
	let i = 0;

	while (n >= 1000 && i < units.length - 1) {
		n /= 1000;
		i++;
	}
	return number(n, n < 10 && i ? 1 : 0) + '\u00a0' + units[i];
}

export function bytes(n) {
	return scaled(n, ['B', 'kB', 'MB', 'GB', 'TB', 'PB']);
}

export function rate(n) {
	return scaled(n, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s']);
}

// So many whole hours or days, in minutes: "8 Stunden".
export function span(minutes) {
	const isDays = minutes % 1440 === 0;

	return new Intl.NumberFormat(locale(), { style: 'unit',
		unit: isDays ? 'day' : 'hour', unitDisplay: 'long' })
		.format(minutes / (isDays ? 1440 : 60));
}

export function duration(seconds) {
	const minutes = Math.floor(seconds / 60);
	const hours = Math.floor(minutes / 60);
	const days = Math.floor(hours / 24);

	if (days)
		return new Intl.NumberFormat(locale(), { style: 'unit',
			unit: 'day', unitDisplay: 'long' }).format(days) +
			` ${hours % 24} h`;
	return hours ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

// "14 min", "3 h 20 min", "2 Tage 4 h"
export function shortSpan(seconds) {
	return seconds < 60 ? `${Math.round(seconds)} s` : duration(seconds);
}

const dateFormats = new Map();

function date(day, options) {
	const key = locale() + JSON.stringify(options);

	if (!dateFormats.has(key))
		dateFormats.set(key, new Intl.DateTimeFormat(locale(),
			{ timeZone: 'UTC', ...options }));
	return dateFormats.get(key).format(new Date(day + 'T00:00:00Z'));
}

export function fullDay(day) {
	return date(day, { weekday: 'short', day: 'numeric', month: 'short',
		year: 'numeric' });
}

export function plainDay(day) {
	return date(day, { day: 'numeric', month: 'short', year: 'numeric' });
}

export function shortDay(day) {
	return date(day, { day: 'numeric', month: 'short' });
}

export function shortWeekday(day) {
	return date(day, { weekday: 'short', day: 'numeric' })
		.replace(/\.?,/, '');
}

export function monthName(day) {
	return day.slice(5, 7) === '01'
		? date(day, { month: 'short', year: '2-digit' })
		: date(day, { month: 'short' });
}

export function monthTitle(day) {
	return date(day, { month: 'long', year: 'numeric' });
}

// 0 is Monday; 1 January 2024 was one.
export function weekdayName(n, width = 'long') {
	return date('2024-01-0' + (n + 1), { weekday: width });
}

export function hourName(hour) {
	return t('hour', { h: String(hour).padStart(2, '0') });
}

export function languageName(code) {
	if (code === 'other')
		return t('other');
	try {
		return new Intl.DisplayNames([locale()],
			{ type: 'language' }).of(code);
	} catch {
		return code;
	}
}
