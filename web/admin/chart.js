// SPDX-License-Identifier: GPL-3.0-or-later
// Figures over time, drawn by uPlot. The x axis counts slots (hours or days
// by their place in the list), so nothing here knows of clocks.
import { figure, isFaint, total } from './api.js';
import { el, keyClass } from './dom.js';
import { exact } from './format.js';

const BAR_PART = 0.36; // of a slot
const BAR_MAX_PX = 26;
const PADDING = [12, 10, 0, 0];
const WHOLE = [1, 2, 5].flatMap(n => Array.from({ length: 16 },
	(_, power) => n * 10 ** power)).sort((a, b) => a - b);

function colour(name) {
	return getComputedStyle(document.documentElement)
		.getPropertyValue('--' + name).trim();
}

function remPx() {
	return parseFloat(getComputedStyle(document.documentElement).fontSize);
}

// Stripes, so that the second series differs by more than its colour.
function stripes(ink) {
	const size = Math.round(6 * devicePixelRatio);
	const tile = new OffscreenCanvas(size, size);
	const ctx = tile.getContext('2d');

	ctx.globalAlpha = 0.22;
	ctx.fillStyle = ink;
	ctx.fillRect(0, 0, size, size);
	ctx.globalAlpha = 1;
	ctx.strokeStyle = ink;
	ctx.lineWidth = size / 4;
	for (const x of [-size / 2, size / 2, size * 1.5]) {
		ctx.beginPath();
		ctx.moveTo(x - size, size * 1.5);
		ctx.lineTo(x + size, -size / 2);
		ctx.stroke();
	}
	return tile;
}

// The mean of the seven days around each, so that weekends do not hide the
// year, with the band of that mean.
function smooth(figures) {
	return figures.map((f, i) => {
		const near = figures.slice(Math.max(0, i - 3), i + 4)
			.filter(n => n);
		const sum = f && total(near);

		return sum && figure(sum.value / near.length,
			sum.band / near.length);
	});
}

// Two bars stand side by side in the middle of a slot, one on it.
function side(i, count) {
	return count < 2 ? 0 : i ? 1 : -1;
}

function barPaths(i, count) {
	return uPlot.paths.bars({ size: [BAR_PART, BAR_MAX_PX],
		align: side(i, count), radius: 0.18 });
}

// Bars of what is not to be told from nothing are hollow.
function hollowOptions(s, i, count) {
	return { stroke: colour(s.tone), width: 1, dash: [2, 2],
		paths: barPaths(i, count), points: { show: false } };
}

function seriesOptions(s, i, count, shape, dense) {
	const ink = colour(s.tone);
	const line = shape === 'lines';
	const tile = !line && i ? stripes(ink) : null;

	return {
		stroke: ink,
		width: line ? 2 : 1,
		dash: line && i ? [6, 4] : undefined,
		fill: tile ? u => u.ctx.createPattern(tile, 'repeat')
			: line ? (i ? undefined : ink + '20') : ink,
		paths: line ? undefined : barPaths(i, count),
		points: { show: line && !dense, size: 6, fill: ink },
	};
}

// What it is held against: a thin line of dashes, behind all else.
function beforeOptions(shape, dense) {
	return { stroke: colour('soft'), width: 1.5, dash: [3, 3],
		points: { show: shape === 'bars' && !dense, size: 4,
			fill: colour('soft') } };
}

// The days themselves, faint behind their mean.
function rawOptions(s) {
	return { stroke: colour(s.tone) + '59', width: 1,
		points: { show: false } };
}

// --- how far figures may be off -------------------------------------------

// From the lowest to the highest that the true number may be.
function drawWhisker(u, at, f) {
	const y = value => u.valToPos(Math.max(0, value), 'y', true);
	const low = y(f.value - f.band);
	const high = y(f.value + f.band);
	const half = 2.5 * devicePixelRatio;

	u.ctx.moveTo(at, low);
	u.ctx.lineTo(at, high);
	u.ctx.moveTo(at - half, high);
	u.ctx.lineTo(at + half, high);
}

function drawWhiskers(u, series) {
	const slot = u.valToPos(1, 'x', true) - u.valToPos(0, 'x', true);
	const width = Math.min(BAR_PART * slot, BAR_MAX_PX * devicePixelRatio);

	u.ctx.beginPath();
	series.forEach((s, i) => s.figures.forEach((f, n) => {
		if (!isFaint(f))
			drawWhisker(u, u.valToPos(n, 'x', true) + width / 2 *
				side(i, series.length), f);
	}));
	u.ctx.strokeStyle = colour('ink');
	u.ctx.lineWidth = devicePixelRatio;
	u.ctx.setLineDash([]);
	u.ctx.globalAlpha = 0.55;
	u.ctx.stroke();
}

function drawRibbon(u, s) {
	const known = s.figures.flatMap((f, n) => f ? [[n, f]] : []);
	const go = (n, value) => u.ctx.lineTo(u.valToPos(n, 'x', true),
		u.valToPos(Math.max(0, value), 'y', true));

	u.ctx.beginPath();
	known.forEach(([n, f]) => go(n, f.value + f.band));
	known.reverse().forEach(([n, f]) => go(n, f.value - f.band));
	u.ctx.closePath();
	u.ctx.fillStyle = colour(s.tone);
	u.ctx.globalAlpha = 0.28;
	u.ctx.fill();
}

function errors(series, shape) {
	return { hooks: { draw: u => {
		u.ctx.save();
		if (shape === 'bars')
			drawWhiskers(u, series);
		else
			series.forEach(s => drawRibbon(u, s));
		u.ctx.restore();
	} } };
}

// --- what was noted -----------------------------------------------------------

// A flag above each day that has a note.
function flags(marks) {
	return { hooks: { draw: u => {
		const size = 5 * devicePixelRatio;

		u.ctx.save();
		u.ctx.fillStyle = u.ctx.strokeStyle = colour('mark');
		marks.forEach((mark, i) => {
			const x = u.valToPos(i, 'x', true);
			const y = u.bbox.top;

			if (!mark)
				return;
			u.ctx.setLineDash([2 * devicePixelRatio,
				3 * devicePixelRatio]);
			u.ctx.beginPath();
			u.ctx.moveTo(x, y);
			u.ctx.lineTo(x, y + u.bbox.height);
			u.ctx.stroke();
			u.ctx.beginPath();
			u.ctx.moveTo(x - size, y - size);
			u.ctx.lineTo(x + size, y - size);
			u.ctx.lineTo(x, y + size);
			u.ctx.fill();
		});
		u.ctx.restore();
	} } };
}

// --- the picture ------------------------------------------------------------

// Which slots carry a label: those with one, thinned until they have room.
function ticks(labels, widthPx, fontPx) {
	const named = labels.flatMap((label, i) => label ? [i] : []);
	const longest = Math.max(...named.map(i => labels[i].length), 1);
	const room = Math.max(1, widthPx / (longest * fontPx * 0.58 + 10));
	const least = named.length / room;
	const step = [1, 2, 3, 4, 6, 7, 12, 14, 28].find(n => n >= least) ?? 56;

	return named.filter((_, n) => n % step === 0);
}

function yAxisSize(u, values) {
	if (!values)
		return 40;
	u.ctx.save();
	u.ctx.font = u.axes[1].font[0];
	const width = Math.max(...values.map(v => u.ctx.measureText(v).width));

	u.ctx.restore();
	return Math.ceil(width / devicePixelRatio) + 14;
}

function axes(labels, format, whole) {
	const fontPx = Math.round(remPx() * 0.76);
	const font = `${fontPx}px ${getComputedStyle(document.body).fontFamily}`;
	const common = { font, stroke: colour('soft'),
		ticks: { show: false }, border: { show: false } };

	return [
		{ ...common, grid: { show: false }, size: fontPx + 16, gap: 8,
			splits: u => ticks(labels, u.over.clientWidth ||
				u.width - 50, fontPx),
			values: (u, at) => at.map(i => labels[i]) },
		{ ...common, grid: { stroke: colour('grid'), width: 1 },
			size: yAxisSize, gap: 8, space: fontPx * 3.2,
			incrs: whole ? WHOLE : undefined,
			values: (u, at) => at.map(n => format(n)) },
	];
}

// The small card beside the pointer.
function tip(names, series, format, marks) {
	const box = el('div', { class: 'tip', hidden: true });

	return {
		hooks: {
			init: u => u.over.append(box),
			setCursor: u => {
				const i = u.cursor.idx;

				box.hidden = i === null || i === undefined ||
					u.cursor.left < 0;
				if (box.hidden)
					return;
				box.replaceChildren(el('b', {}, names[i]),
					...series.map((s, n) => el('span', {},
						el('i', { class: keyClass(s, n) }),
						`${s.name}: ${exact(s.figures[i],
							format)}`)),
				marks[i] ? el('span', { class: 'marked' },
					marks[i]) : '');
				const x = u.valToPos(i, 'x');
				const left = x > u.over.clientWidth / 2;

				box.style.left = left ? '' : x + 12 + 'px';
				box.style.right = left
					? u.over.clientWidth - x + 12 + 'px' : '';
			},
		},
	};
}

/*
 * host: an empty element with a size. What: {
 *	labels: under each slot, '' for none,  names: of each slot, in full,
 *	series: one or two of { name, figures, tone }, null is a gap,
 *	before: what the first is held against, { name, figures }, if any,
 *	shape: 'bars' or 'lines',  format: number -> text,  whole: counts,
 *	marks: what was noted at each slot, '' for nothing, if any,
 *	summary: what the picture says }
 * Returns a function that takes the chart away again.
 */
export function drawTime(host, what) {
	const { labels, names, series, shape, format, marks = [] } = what;
	const before = what.before ? [what.before] : [];
	const isLines = shape === 'lines';
	const edge = isLines ? 0 : 0.5;
	const raw = isLines ? series.slice(0, 1) : [];
	const dense = series[0].figures.filter(f => f).length > 40;
	// what is below nothing is noise: never drawn, but added up before
	const value = f => f && Math.max(0, f.value);
	const values = s => s.figures.map(value);
	const drawn = series.map(s => isLines
		? { ...s, figures: smooth(s.figures) } : s);
	const top = Math.max(...[...drawn, ...before].flatMap(s => s.figures)
		.map(f => isFaint(f) ? 0 : f.value + f.band));
	const sure = s => s.figures.map(f => isFaint(f) ? null : f.value);
	const faint = s => s.figures.map(f => isFaint(f) ? value(f) : null);
	const plot = new uPlot({
		width: host.clientWidth, height: host.clientHeight,
		padding: PADDING, legend: { show: false },
		cursor: { y: false, drag: { x: false, y: false },
			points: { show: false } },
		scales: {
			x: { time: false,
				range: [-edge, labels.length - 1 + edge] },
			y: { range: (u, low, high) =>
				[0, Math.max(high * 1.08, top * 1.04,
						what.whole ? 4 : 1)] },
		},
		axes: axes(labels, format, what.whole),
		series: [{}, ...raw.map(rawOptions), ...drawn.map((s, i) =>
			seriesOptions(s, i, series.length, shape, dense)),
		...isLines ? [] : series.map((s, i) =>
			hollowOptions(s, i, series.length)),
		...before.map(() => beforeOptions(shape, dense))],
		plugins: [errors(drawn, shape), flags(marks),
			tip(names, [...series, ...before], format, marks)],
	}, [labels.map((_, i) => i), ...raw.map(values),
		...drawn.map(s => isLines ? s.figures.map(f => f && f.value)
			: sure(s)),
		...isLines ? [] : series.map(faint),
		...before.map(s => isLines ? smooth(s.figures).map(value)
			: values(s))],
	host);
	const canvas = host.querySelector('canvas');
	const watch = new ResizeObserver(() => {
		if (host.clientWidth && host.clientHeight)
			plot.setSize({ width: host.clientWidth,
				height: host.clientHeight });
	});

	canvas.setAttribute('role', 'img');
	canvas.setAttribute('aria-label', what.summary);
	watch.observe(host);
	return () => {
		watch.disconnect();
		plot.destroy();
	};
}
