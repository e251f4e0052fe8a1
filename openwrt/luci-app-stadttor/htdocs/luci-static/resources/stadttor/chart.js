// SPDX-License-Identifier: GPL-3.0-or-later
// Bars in SVG. Every chart has its figures as text beside it or behind it, so
// it is one picture for a screen reader, named by what it shows at most.
'use strict';
'require baseclass';

const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 640, HEIGHT = 180, LEFT = 52, BOTTOM = 24, TOP = 10;

function draw(name, attributes, children) {
	const node = document.createElementNS(SVG, name);

	Object.keys(attributes).forEach(function(key) {
		node.setAttribute(key, attributes[key]);
	});
	(children || []).forEach(function(child) {
		node.appendChild(child instanceof Node ? child
			: document.createTextNode(String(child)));
	});
	return node;
}

// The least of 2, 4, 6, 8, 10, 20, 40 ... that holds max: half of it is whole.
function roundUp(max) {
	let step = 1;

	while (step * 10 < max)
		step *= 10;
	return [ 2, 4, 6, 8, 10 ].map(function(n) {
		return n * step;
	}).filter(function(n) { return n >= max; })[0];
}

function grid(top, show) {
	return [ 0, 0.5, 1 ].map(function(part) {
		const y = HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP);

		return draw('g', {}, [
			draw('line', { x1: LEFT, x2: WIDTH, y1: y, y2: y,
				'stroke': 'currentColor', 'stroke-opacity': 0.2 }),
			draw('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' },
				[ show(part * top) ])
		]);
	});
}

function bar(slot, i, width, top, show) {
	const height = slot.value / top * (HEIGHT - BOTTOM - TOP);

	return draw('rect', { x: LEFT + i * width + width * 0.1,
		y: HEIGHT - BOTTOM - height, width: width * 0.8, height: height,
		'fill': 'var(--primary-color-high, #0a7d87)' },
	[ draw('title', {}, [ slot.label + ': ' + show(slot.value) ]) ]);
}

return baseclass.extend({
	// slots: [ { label, value } ]; title: of the picture; show: value -> text.
	bars: function(slots, title, show) {
		const most = slots.reduce(function(a, b) {
			return a && a.value >= b.value ? a : b;
		}, null);
		const top = roundUp(most ? most.value : 0);
		const width = (WIDTH - LEFT) / Math.max(slots.length, 1);
		const every = Math.ceil(slots.length / 12);
		const labels = slots.map(function(slot, i) {
			return i % every ? null : draw('text', {
				x: LEFT + (i + 0.5) * width, y: HEIGHT - 6,
				'text-anchor': 'middle' }, [ slot.label ]);
		}).filter(Boolean);
		const name = !most || !most.value ? _('%s: nothing yet').format(title)
			: _('%s: at most %s (%s)').format(title, show(most.value),
				most.label);

		return draw('svg', { 'viewBox': '0 0 %d %d'.format(WIDTH, HEIGHT),
			'role': 'img', 'aria-label': name, 'font-size': 11,
			'fill': 'currentColor',
			'style': 'width:100%;max-width:60em;height:auto' },
		grid(top, show).concat(slots.map(function(slot, i) {
			return bar(slot, i, width, top, show);
		})).concat(labels));
	}
});
