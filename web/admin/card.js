// SPDX-License-Identifier: GPL-3.0-or-later
// One card: heading, what is counted, key figures, chart, table, CSV, and
// what it says while there is nothing to show.
import { get } from './api.js';
import { dataTable, el, icon, keyClass } from './dom.js';
import { t } from './words.js';

/*
 * what: {
 *	id: word of the heading; id_note is the line below,
 *	note(view): what that word is filled with, if it needs any,
 *	noteWord(view): another word for that line,
 *	none(view): word for where there are no figures, if it is another,
 *	wanted(view): false hides it; missing: always there,
 *	title(view): the heading, if the word is not enough,
 *	url(view): what to ask,  csv(view): what the CSV link asks,
 *	before(view): what to ask beside it for comparison; null: nothing,
 *	prepare(json, view, before): what is drawn, null if there are no
 *		figures; may have figures [[name, text, hint]],
 *		legend [{ name, tone }], lines if it is about lines, aside,
 *		verdict: a sentence, table { head, rows },
 *	draw(host, data): draws, may return what takes the drawing away }
 */
export class Card {
	constructor(what) {
		const id = what.id;

		this.what = what;
		this.title = el('h2', { id: id + '-title' });
		this.note = el('p', { class: 'note' });
		this.toggle = el('button', { type: 'button', class: 'tool',
			'aria-expanded': 'false', 'aria-controls': id + '-table',
			onclick: () => this.flip() });
		this.csv = el('a', { class: 'tool',
			download: `stadttor-${id}.csv` });
		this.figures = el('dl', { class: 'figures' });
		this.verdict = el('p', { class: 'verdict' });
		this.legend = el('p', { class: 'legend',
			'aria-hidden': 'true' });
		this.plot = el('div', { class: 'plot' });
		this.state = el('div', { class: 'state' });
		this.table = el('div', { class: 'table', id: id + '-table',
			role: 'region', tabindex: '0', hidden: true });
		this.node = el('section', { class: 'card card-' + id, id,
			'aria-labelledby': id + '-title' },
		el('div', { class: 'head' }, this.title,
			el('div', { class: 'tools' }, this.toggle, this.csv)),
		this.note, this.figures, this.verdict, this.legend, this.plot, this.state,
		this.table);
		this.asked = 0;
		this.json = null;
	}

	isWanted(view) {
		return this.what.wanted?.(view) ?? true;
	}

	flip() {
		this.table.hidden = !this.table.hidden;
		this.toggle.setAttribute('aria-expanded', !this.table.hidden);
		this.fillTable();
	}

	fillTable() {
		this.table.replaceChildren(...this.data && !this.table.hidden
			? [dataTable(this.heading, this.data.table)] : []);
	}

	label(view) {
		const id = this.what.id;

		this.heading = this.what.title?.(view) ?? t(id);
		this.title.textContent = this.heading;
		this.toggle.replaceChildren(icon('table'),
			el('span', { 'aria-hidden': 'true' }, t('table')),
			el('span', { class: 'hidden-text' },
				t('table_show', { x: this.heading })));
		this.csv.replaceChildren(icon('save'),
			el('span', { 'aria-hidden': 'true' }, t('csv')),
			el('span', { class: 'hidden-text' },
				t('csv_save', { x: this.heading })));
		this.table.setAttribute('aria-label', t('table_show',
			{ x: this.heading }));
		this.toggle.title = t('table');
		this.csv.title = t('csv');
		this.csv.href = this.what.csv(view);
		this.note.textContent = t(this.what.noteWord?.(view) ??
			id + '_note', this.what.note?.(view));
	}

	// Asks for figures and shows them once what comes beside them is there,
	// too; what is on show stays meanwhile, unless it answers another question.
	async load(view, beside) {
		const mine = ++this.asked;
		const urls = [this.what.url(view),
			this.what.before?.(view)].filter(url => url);

		if (urls.join() !== this.url)
			this.json = null;
		this.url = urls.join();
		this.node.setAttribute('aria-busy', 'true');
		if (!this.json)
			this.clear('busy', el('p', {}, t('loading')));
		try {
			const [json, before] = await Promise.all(urls.map(get));

			await beside;
			if (mine !== this.asked)
				return;
			this.json = json;
			this.before = before;
			this.show(view);
		} catch {
			if (mine === this.asked)
				this.fail(view);
		}
		this.node.removeAttribute('aria-busy');
	}

	fail(view) {
		this.node.hidden = !this.isWanted(view);
		const again = el('button', { type: 'button', class: 'retry',
			onclick: () => this.load(view) }, t('retry'));
		const text = el('p', { role: 'alert' }, icon('error'),
			t('failed'));

		if (this.json)
			this.state.replaceChildren(text, again);
		else
			this.clear('failed', text, again);
	}

	clear(state, ...says) {
		this.erase?.();
		this.erase = null;
		this.data = null;
		for (const part of [this.figures, this.verdict, this.legend,
			this.plot])
			part.replaceChildren();
		this.node.dataset.state = state;
		this.state.replaceChildren(...says);
		this.fillTable();
	}

	// Answered, and without figures: named in one line with others.
	isEmpty(view) {
		return this.isWanted(view) && this.node.dataset.state === 'none';
	}

	whyEmpty(view) {
		return this.what.none?.(view) ?? 'none_note';
	}

	// Draws what was answered last, in the language and colours of now.
	show(view) {
		this.node.hidden = !this.isWanted(view);
		if (!this.json) {
			this.label(view);
			return;
		}
		const data = this.what.prepare(this.json, view, this.before);

		this.clear(data ? 'ready' : 'none');
		this.data = data;
		this.label(view);
		this.node.hidden = !this.isWanted(view) || !data;
		if (!data)
			return;
		this.figures.append(...(data.figures ?? []).map(
			([name, text, title]) => el('div', {},
				el('dt', {}, name), el('dd',
					title ? { title } : {}, text))));
		this.verdict.textContent = data.verdict ?? '';
		this.legend.className = data.lines ? 'legend lines-only'
			: 'legend';
		this.legend.append(...(data.legend ?? []).map((s, i) =>
			el('span', {}, el('i', { class: keyClass(s, i) }),
				s.name)),
		data.aside ? el('span', { class: 'aside' }, data.aside) : '');
		this.erase = this.what.draw(this.plot, data);
		this.fillTable();
	}
}
