// SPDX-License-Identifier: GPL-3.0-or-later
// Making elements. Attributes named on... are listeners; styles are set by
// rule only, as the content security policy wants it.

const SVG = 'http://www.w3.org/2000/svg';

export function el(tag, attributes = {}, ...children) {
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes)) {
		if (value === undefined || value === false)
			continue;
		if (name.startsWith('on'))
			node.addEventListener(name.slice(2), value);
		else
			node.setAttribute(name, value === true ? '' : value);
	}
	node.append(...children.flat());
	return node;
}

// Of the little sign in a legend that stands for the series.
export function keyClass(series, place) {
	return 'key ' + (series.tone ?? 'earlier') +
		(series.tone && place ? ' second' : '');
}

// One of the symbols in index.html.
export function icon(name) {
	const svg = document.createElementNS(SVG, 'svg');
	const use = document.createElementNS(SVG, 'use');

	svg.setAttribute('class', 'icon');
	svg.setAttribute('aria-hidden', 'true');
	use.setAttribute('href', '#i-' + name);
	svg.append(use);
	return svg;
}

// { head: ['Day', ...], rows: [['Mon', 3], ...] }: the first column names the
// row.
export function dataTable(caption, { head, rows }) {
	return el('table', {},
		el('caption', {}, caption),
		el('thead', {}, el('tr', {},
			head.map(h => el('th', { scope: 'col' }, h)))),
		el('tbody', {}, rows.map(([name, ...cells]) => el('tr', {},
			el('th', { scope: 'row' }, name),
			cells.map(c => el('td', {}, String(c)))))));
}
