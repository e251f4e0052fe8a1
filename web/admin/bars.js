// SPDX-License-Identifier: GPL-3.0-or-later
// Charts that are plain HTML: bars, and the heat map of the week.
import { el } from './dom.js';
import { hourName, number, weekdayName } from './format.js';
import { t } from './words.js';

// rows: { name, value, text, hint }; whole: what a full track stands for, so
// that a bar of 24 % fills 24 % of it.
export function barList(rows, whole, tone) {
	return el('ul', { class: 'bars' }, rows.map(r => {
		const bar = el('span', { class: 'bar ' + tone });

		bar.style.setProperty('--part',
			100 * r.value / Math.max(whole, 1) + '%');
		return el('li', {},
			el('span', { class: 'name' }, r.name),
			el('span', { class: 'track', 'aria-hidden': 'true' },
				r.value ? bar : []),
			el('span', { class: 'value', title: r.hint }, r.text));
	}));
}

export const LEVELS = 6;

export function heatLevel(value, largest) {
	return value > 0 && largest > 0
		? Math.max(1, Math.ceil(value / largest * LEVELS)) : 0;
}

// of: what the darkest stands for, where that is no number.
export function heatScale(largest, of = '') {
	const box = el('p', { class: 'scale', 'aria-hidden': 'true' });

	box.append(t('heat_less'));
	for (let i = 0; i <= LEVELS; i++)
		box.append(el('i', { class: 'q' + i, title: of ? undefined
			: '≤ ' + number(largest * i / LEVELS, 1) }));
	box.append(of || `${t('heat_more')} (${number(largest, 1)})`);
	return box;
}

// mean[weekday][hour], Monday first.
export function heatMap(mean, caption) {
	const largest = Math.max(...mean.flat());
	const cell = (value, day, hour) => el('td', {
		class: 'q' + heatLevel(value, largest),
		title: t('heat_cell', { d: weekdayName(day), h: hourName(hour),
			n: number(value, 1) }) },
	el('span', { class: 'hidden-text' }, number(value, 1)));

	return [el('table', { class: 'heat' },
		el('caption', { class: 'hidden-text' }, caption),
		el('thead', {}, el('tr', {}, el('td', {}),
			mean[0].map((_, hour) => el('th', { scope: 'col' },
				el('span', { class: hour % 3 ? 'hidden-text' : '' },
					String(hour).padStart(2, '0')))))),
		el('tbody', {}, mean.map((hours, day) => el('tr', {},
			el('th', { scope: 'row' },
				el('span', { 'aria-hidden': 'true' },
					weekdayName(day, 'short')),
				el('span', { class: 'hidden-text' },
					weekdayName(day))),
			hours.map((value, hour) => cell(value, day, hour)))))),
	heatScale(largest)];
}
