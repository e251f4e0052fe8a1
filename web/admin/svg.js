// SPDX-License-Identifier: GPL-3.0-or-later
// Bars as SVG, which stay sharp on paper; with how far each may be off.
import { isFaint } from './api.js';
import { number } from './format.js';

const NS = 'http://www.w3.org/2000/svg';
const LEFT = 40, TOP = 8, BOTTOM = 18, FONT = 11;
const NICE = [1, 2, 2.5, 5, 10];

function shape(tag, attributes, text = '') {
	const node = document.createElementNS(NS, tag);

	for (const [name, value] of Object.entries(attributes))
		node.setAttribute(name, value);
	node.append(text);
	return node;
}

// The next round number: 1143 -> 2000
function roundUp(value) {
	const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));

	return NICE.find(n => n * power >= value) * power;
}

// A small flag above, where something was noted.
function flag(slot, middle) {
	return slot.mark ? [shape('path', { class: 'mark',
		d: `M${middle - 4} 0h8l-4 7z` }, shape('title', {}, slot.mark))] : [];
}

function bar(slot, x, width, y) {
	const top = y(Math.max(0, slot.figure.value));
	const high = y(slot.figure.value + slot.figure.band);
	const low = y(Math.max(0, slot.figure.value - slot.figure.band));
	const middle = x + width / 2;

	return [shape('rect', { x, y: top, width, height: y(0) - top, class:
		isFaint(slot.figure) ? 'faint' : slot.isQuiet ? 'quiet' : 'bar' }),
	shape('path', { class: 'whisker', d: `M${middle} ${high}V${low}` +
		`M${middle - 2} ${high}h4` })];
}

// slots: { label, figure (null: a gap), isQuiet, mark: what was noted }
export function svgBars({ width, height }, slots, summary) {
	const most = roundUp(Math.max(...slots.map(s => s.figure
		? s.figure.value + s.figure.band : 0)));
	const y = value => TOP + (height - TOP - BOTTOM) * (1 - value / most);
	const each = (width - LEFT) / slots.length;
	const svg = shape('svg', { viewBox: `0 0 ${width} ${height}`,
		class: 'drawn', role: 'img', 'aria-label': summary,
		'font-size': FONT });

	for (const value of [0, most / 2, most])
		svg.append(shape('path', { class: 'grid',
			d: `M${LEFT} ${y(value)}H${width}` }),
		shape('text', { x: LEFT - 6, y: y(value) + FONT / 3,
			'text-anchor': 'end' }, number(value, 1)));
	slots.forEach((slot, i) => {
		const x = LEFT + each * i;

		svg.append(...slot.figure
			? bar(slot, x + each * 0.18, each * 0.64, y) : [],
		...flag(slot, x + each / 2),
		shape('text', { x: x + each / 2, y: height - 4,
			'text-anchor': 'middle' }, slot.label));
	});
	return svg;
}
