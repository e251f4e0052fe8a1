// SPDX-License-Identifier: GPL-3.0-or-later
// What a place is made of, by the hour of its average day: districts of the
// city, sites of a district, zones of a site. Cells are drawn, not elements:
// there may be thousands.
import { figure, isFaint, placeUrl } from './api.js';
import { LEVELS, heatLevel, heatScale } from './bars.js';
import { addDays } from './calendar.js';
import { about, exact, hourName, number, plainDay } from './format.js';
import { el } from './dom.js';
import { t } from './words.js';

const DAYS_OF_HOURS = 28;
const ROWS_FIRST = 12;
const CELL_GAP = 2;

let pickPart = () => {};
let hasOwnScale = true; // of each row, or one for all
let isWhole = false; // all rows are on show

// pick({ kind, name }) is called with what was clicked.
export function onPart(pick) {
	pickPart = pick;
}

// What hours are asked of: whole days, unless it is today; the last so many.
function spanOf(view) {
	if (view.isFree)
		return { from: view.days > DAYS_OF_HOURS
			? addDays(view.to, 1 - DAYS_OF_HOURS) : view.from,
		to: view.to };
	return view.days === 1 ? { from: 'today', to: 'today' }
		: { from: `-${Math.min(view.days, DAYS_OF_HOURS)}d`,
			to: 'yesterday' };
}

function whenOf(view) {
	const span = spanOf(view);

	if (view.isFree)
		return t('parts_mean_free', { a: plainDay(span.from),
			b: plainDay(span.to) });
	return view.days === 1 ? t('parts_today') : t('parts_mean',
		{ n: Math.min(view.days, DAYS_OF_HOURS) });
}

function partRows(json) {
	return json.names.map((name, i) => ({ name, kind: json.kinds[i],
		title: json.titles[i] ?? name,
		visits: figure(json.visitors[i], json.visitors_bands[i]),
		hours: json.online[i].map((value, hour) =>
			figure(value, json.online_bands[i][hour])) }));
}

function shownValue(f) {
	return isFaint(f) ? 0 : f.value;
}

function most(rows) {
	return Math.max(0, ...rows.flatMap(row => row.hours.map(shownValue)));
}

function busiest(rows) {
	const top = most(rows);
	const row = rows.find(r => r.hours.some(f => shownValue(f) === top));

	return top ? [[t('k_busiest'), `${row.title}, ` + hourName(
		row.hours.findIndex(f => shownValue(f) === top))]] : [];
}

// --- the picture -------------------------------------------------------------

function inks() {
	const style = getComputedStyle(document.documentElement);
	const ink = name => style.getPropertyValue('--' + name).trim();

	return { soft: ink('soft'), line: ink('line'), mark: ink('ink'),
		steps: Array.from({ length: LEVELS + 1 }, (_, i) =>
			ink('q' + i)) };
}

// One row is as high as a line of the lists beside it.
function paint(canvas, rows, scale, at) {
	const ratio = devicePixelRatio;
	const width = canvas.clientWidth;
	const height = canvas.clientHeight / (rows.length + 1);
	const step = width / 24;
	const ctx = canvas.getContext('2d');
	const { soft, line, mark, steps } = inks();

	canvas.width = Math.round(width * ratio);
	canvas.height = Math.round(canvas.clientHeight * ratio);
	ctx.scale(ratio, ratio);
	ctx.font = `${Math.round(height * 0.44)}px ` +
		getComputedStyle(document.body).fontFamily;
	ctx.fillStyle = soft;
	ctx.textBaseline = 'middle';
	for (let hour = 0; hour < 24; hour += step < 22 ? 6 : 3)
		ctx.fillText(String(hour).padStart(2, '0'), hour * step + 1,
			height / 2);
	rows.forEach((row, n) => row.hours.forEach((f, hour) => {
		const box = [hour * step, (n + 1) * height + CELL_GAP / 2,
			step - CELL_GAP, height - CELL_GAP];

		if (!f)
			return;
		ctx.fillStyle = steps[heatLevel(shownValue(f), scale(row))];
		ctx.strokeStyle = line;
		ctx.lineWidth = 1;
		if (isFaint(f))
			ctx.strokeRect(box[0] + 0.5, box[1] + 0.5, box[2] - 1,
				box[3] - 1);
		else
			ctx.fillRect(...box);
		if (at?.row === n && at.hour === hour) {
			ctx.strokeStyle = mark;
			ctx.lineWidth = 2;
			ctx.strokeRect(box[0] + 1, box[1] + 1, box[2] - 2,
				box[3] - 2);
		}
	}));
}

function cellUnder(canvas, event, rows) {
	const box = canvas.getBoundingClientRect();
	const hour = Math.floor((event.clientX - box.left) / box.width * 24);
	const row = Math.floor((event.clientY - box.top) / box.height *
		(rows.length + 1)) - 1;

	return row >= 0 && row < rows.length && hour >= 0 && hour < 24
		? { row, hour } : null;
}

function cellTip(box, canvas, rows, at) {
	box.hidden = !at;
	if (!at)
		return;
	const row = rows[at.row];
	const x = (at.hour + 1) * canvas.clientWidth / 24;
	const isLate = at.hour >= 12;

	box.replaceChildren(el('b', {}, row.title), el('span', {},
		`${hourName(at.hour)}: ${exact(row.hours[at.hour],
			n => number(n, 1))}`));
	box.style.top = (at.row + 1) * canvas.clientHeight /
		(rows.length + 1) + 'px';
	box.style.left = isLate ? '' : x + 8 + 'px';
	box.style.right = isLate ? canvas.clientWidth - x +
		canvas.clientWidth / 24 + 8 + 'px' : '';
}

function picture(rows, scale, label) {
	const canvas = el('canvas', { role: 'img', 'aria-label': label });
	const box = el('div', { class: 'tip', hidden: true });
	const show = at => {
		paint(canvas, rows, scale, at);
		cellTip(box, canvas, rows, at);
	};
	const watch = new ResizeObserver(() => show(null));

	canvas.addEventListener('pointermove', event =>
		show(cellUnder(canvas, event, rows)));
	canvas.addEventListener('pointerleave', () => show(null));
	watch.observe(canvas);
	return { node: el('div', { class: 'cells' }, canvas, box), canvas,
		end: () => watch.disconnect() };
}

// --- the card ----------------------------------------------------------------

function partName(row) {
	return el('li', {}, el('button', { type: 'button', class: 'tool',
		title: row.title, onclick: () => pickPart(row) },
	el('span', {}, row.title)));
}

function toggles(redraw, rows, count) {
	const rest = rows.length - ROWS_FIRST;

	return el('div', { class: 'states' },
		el('button', { type: 'button', class: 'tool',
			'aria-pressed': String(!hasOwnScale), onclick: () => {
				hasOwnScale = !hasOwnScale;
				redraw();
			} }, t('one_scale')),
		rest > 0 ? el('button', { type: 'button', class: 'tool',
			'aria-expanded': String(isWhole), onclick: () => {
				isWhole = !isWhole;
				redraw();
			} }, isWhole ? t('fewer_rows') : t('more_rows',
			{ n: number(rest) })) : [],
		count > rows.length ? el('span', { class: 'note' },
			t('busiest_only', { n: number(rows.length),
				m: number(count) })) : []);
}

function drawParts(host, data) {
	let drawn = null;
	const redraw = () => {
		const rows = isWhole ? data.rows
			: data.rows.slice(0, ROWS_FIRST);
		const top = most(rows);
		const scale = hasOwnScale ? row => most([row]) : () => top;
		const focused = host.contains(document.activeElement) &&
			[...host.querySelectorAll('button')]
				.indexOf(document.activeElement);

		drawn?.end();
		drawn = picture(rows, scale, data.summary);
		host.replaceChildren(toggles(redraw, data.rows, data.count),
			el('div', { class: 'hours' },
				el('div', {}, el('p', {}), el('ol', {
					class: 'names' }, rows.map(partName))),
				drawn.node,
				el('div', { class: 'visits' }, el('p', {},
					t('col_visits')),
				el('ol', {}, rows.map(r => el('li', { title:
					exact(r.visits) }, about(r.visits)))))),
			heatScale(top, hasOwnScale ? t('scale_by_row') : ''));
		drawn.canvas.style.height = `calc(var(--row) * ${
			rows.length + 1})`;
		paint(drawn.canvas, rows, scale, null);
		if (focused !== false)
			host.querySelectorAll('button')[focused]?.focus();
	};

	redraw();
	return () => drawn.end();
}

function partsLevel(view) {
	return view.place?.site ? 'zones' : view.place?.district ? 'sites'
		: 'districts';
}

export const partsHeat = {
	id: 'parts',
	none: view => view.profile === 'days' ? 'none_hours' : 'none_note',
	note: view => ({ x: t('parts_' + partsLevel(view)),
		when: whenOf(view) }),
	url: view => placeUrl('api/parts', spanOf(view)),
	csv: view => placeUrl('api/parts', { ...spanOf(view), format: 'csv' }),
	prepare(json) {
		const rows = partRows(json);

		if (!rows.some(row => row.visits || row.hours.some(f => f)))
			return null;
		const top = busiest(rows);

		return { rows, count: json.count, figures: top,
			summary: `${t('parts')}. ${top.map(f =>
				`${f[0]}: ${f[1]}.`)} ${t('in_table')}`,
			table: { head: [t('col_part'), t('col_visits'),
				...rows[0].hours.map((_, hour) =>
					hourName(hour))],
			rows: rows.map(row => [row.title, exact(row.visits),
				...row.hours.map(f => exact(f,
					n => number(n, 1)))]) } };
	},
	draw: drawParts,
};
