// SPDX-License-Identifier: GPL-3.0-or-later
// Which days are looked at: so many up to today, as the box's clock has it, or
// any two days; and which earlier ones they are held against.
import { addDays, dayList } from './calendar.js';

export const PRESETS = [1, 7, 30, 365];
const DAY = /^\d{4}-\d\d-\d\d$/;
const FREE_DAYS_MAX = 3660;
// Whole weeks, so that Mondays meet Mondays.
const YEAR_BACK_DAYS = 364;

export const AGAINST = ['', 'before', 'year'];

function ago(days) {
	return days ? `-${days}d` : 'today';
}

export function lastDays(days) {
	return { days, isFree: false, from: ago(days - 1), to: 'today' };
}

function isDay(text) {
	return DAY.test(text) && !Number.isNaN(Date.parse(text)) &&
		addDays(text, 0) === text;
}

// null: these are no two days in order.
export function freeDays(from, to) {
	if (!isDay(from) || !isDay(to) || from > to)
		return null;
	const days = dayList(from, to).length;

	return days > FREE_DAYS_MAX ? null : { days, isFree: true, from, to };
}

// The same days, so many earlier.
export function earlier(period, back) {
	return period.isFree ? { from: addDays(period.from, -back),
		to: addDays(period.to, -back) }
		: { from: ago(period.days - 1 + back), to: ago(back) };
}

// How many days lie between a day and the one it is held against; 0: none.
export function daysBack(view) {
	if (view.against === 'year')
		return YEAR_BACK_DAYS;
	return view.against === 'before' ? view.days : 0;
}

// Of the period, but at least so many days.
export function stretched(period, least) {
	if (period.days >= least)
		return period;
	return period.isFree ? freeDays(addDays(period.to, 1 - least),
		period.to) : lastDays(least);
}
