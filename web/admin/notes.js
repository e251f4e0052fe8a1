// SPDX-License-Identifier: GPL-3.0-or-later
// What operators note at days, "Stadtfest": written by those who may do all,
// read by everybody. Texts only ever become text nodes.
import { get, placeUrl, post } from './api.js';
import { el } from './dom.js';
import { plainDay } from './format.js';
import { t } from './words.js';

const NOTE_BYTES = 120;

let notes = [];
let noteTrouble = '';

export async function loadNotes() {
	({ notes } = await get(placeUrl('api/notes')));
}

// The texts of a day, joined; '' where there are none.
export function noteOf(day) {
	return notes.filter(n => n.day === day).map(n => n.text).join('; ');
}

export function notesWithin(from, to) {
	return notes.filter(n => n.day >= from && n.day <= to);
}

function noteItem(n, may, change) {
	return el('li', {}, el('b', {}, plainDay(n.day)), ' ',
		el('span', { class: 'said' }, n.text),
		may ? el('button', { type: 'button', class: 'tool',
			onclick: () => change('api/notes/remove', { id: n.id }) },
		t('notes_remove'), el('span', { class: 'hidden-text' },
			`: ${plainDay(n.day)}, ${n.text}`)) : []);
}

function noteForm(today, change) {
	const day = el('input', { type: 'date', name: 'day', required: true,
		value: today, autocomplete: 'off' });
	const text = el('input', { type: 'text', name: 'text', required: true,
		maxlength: NOTE_BYTES, autocomplete: 'off' });

	text.addEventListener('input', () => text.setCustomValidity(
		new TextEncoder().encode(text.value).length > NOTE_BYTES
			? t('notes_long') : ''));
	return el('form', { onsubmit: event => {
		event.preventDefault();
		change('api/notes/add', { day: day.value, text: text.value });
	} }, el('label', {}, el('span', {}, t('notes_day')), day),
	el('label', { class: 'wide' }, el('span', {}, t('notes_text')), text),
	el('button', { type: 'submit', class: 'go' }, t('notes_add')));
}

// The card; hidden where there is nothing to read and nothing may be written.
// shown: { from, to }, today, may: whether to offer changes.
export function drawNotes(host, shown, today, may, onChange) {
	const list = notesWithin(shown.from, shown.to);
	const change = async (url, fields) => {
		noteTrouble = '';
		try {
			await post(url, fields);
			await loadNotes();
		} catch (error) {
			noteTrouble = error.status === 409 ? t('notes_many')
				: t('notes_failed');
		}
		onChange();
	};

	host.hidden = !may && !list.length;
	// what is being typed stays
	if (host.contains(document.activeElement) &&
	    document.activeElement.matches('input') && !noteTrouble)
		return;
	host.replaceChildren(el('div', { class: 'head' },
		el('h2', {}, t('notes'))),
	el('p', { class: 'note' }, t('notes_note')),
	...noteTrouble ? [el('p', { class: 'state', role: 'alert' },
		noteTrouble)] : [],
	list.length ? el('ul', { class: 'noted' }, list.toReversed().map(n =>
		noteItem(n, may, change)))
		: el('p', { class: 'note' }, t('notes_none')),
	...may ? [noteForm(today, change)] : []);
}
