// SPDX-License-Identifier: GPL-3.0-or-later
// As much of LuCI's browser side as the views use, written after the behaviour
// of openwrt/luci, modules/luci-base (2024: luci.js, form.js, rpc.js, ui.js):
// modules are named by 'require' strings at their top, each is a class that is
// made once, E() takes children in arrays as text and elements. What LuCI would
// take otherwise, though it should not be done (a string that becomes HTML, a
// null that becomes the word), throws here. Forms are drawn plainly; what they
// are made of is in `recorded`.
'use strict';

const given = window.given; // answers, config, catalog
const recorded = { calls: [], options: [], notices: [], polls: [], opened: [],
	downloads: [] };

String.prototype.format = function(...values) {
	return this.replace(/%(%|s|d)/g, (whole, kind) => {
		if (kind === '%')
			return '%';
		if (!values.length)
			throw new Error('too few values for: ' + this);
		const value = values.shift();

		return kind === 'd' ? String(Math.floor(+value || 0)) : String(value);
	});
};

function _(text) {
	const found = given.catalog && given.catalog[text];

	if (given.catalog && !found)
		throw new Error('not translated: ' + text);
	return found || text;
}

// --- elements -----------------------------------------------------------------
const dom = {
	append(node, children) {
		if (!Array.isArray(children))
			throw new Error('children are no array: ' + children);
		for (const child of children) {
			if (child == null || Array.isArray(child))
				throw new Error('a child is ' + child);
			node.appendChild(child instanceof Node ? child
				: document.createTextNode(String(child)));
		}
	},
	content(node, children) {
		node.replaceChildren();
		this.append(node, children);
	}
};

function E(tag, attributes, children) {
	if (typeof tag !== 'string' && !(tag instanceof Array && !tag.length))
		throw new Error('E() of ' + tag);
	if (Array.isArray(tag))
		return document.createDocumentFragment();
	const node = document.createElement(tag);

	for (const [key, value] of Object.entries(attributes || {})) {
		if (value == null)
			continue;
		if (typeof value === 'function')
			node.addEventListener(key, value);
		else
			node.setAttribute(key, value);
	}
	if (children !== undefined)
		dom.append(node, children);
	return node;
}

// --- classes ------------------------------------------------------------------
class Base {
	static extend(members) {
		const parent = this;
		const Child = class extends parent {};

		Object.assign(Child.prototype, members);
		Child.prototype.super = function(name, values) {
			return Object.getPrototypeOf(Child.prototype)[name]
				.apply(this, values || []);
		};
		return Child;
	}
}

class View extends Base {
	async show() {
		const place = document.getElementById('view');

		dom.content(place, [await this.render(await this.load())]);
		if (this.handleSave !== null)
			dom.append(place, [E('button', { class: 'btn' }, ['Save'])]);
	}
}

// --- what modules talk to -----------------------------------------------------
const rpc = {
	declare({ object, method, params, expect }) {
		return async (...values) => {
			const named = {};

			(params || []).forEach((name, i) => {
				if (values[i] !== undefined)
					named[name] = values[i];
			});
			recorded.calls.push({ object, method, params: named });
			const [key, fallback] = Object.entries(expect)[0];
			let answer = (given.answers[object] || {})[method];

			if (method === 'usage' && answer && !answer.error)
				answer = answer[named.step];
			if (key && answer != null)
				answer = answer[key];
			return answer === undefined ? fallback
				: JSON.parse(JSON.stringify(answer));
		};
	}
};

const uci = {
	load: async name => name,
	sections: (config, type) => given.config
		.filter(s => s['.type'] === type),
	get: (config, section, option) => given.config
		.find(s => s['.name'] === section)[option]
};

const ui = {
	createHandlerFn: (context, run, ...values) => function(event) {
		const target = event.target;

		target.disabled = true;
		Promise.resolve(run.call(context, ...values, event)).catch(error => {
			console.error(error.stack);
		}).finally(() => {
			target.disabled = false;
		});
	},
	addNotification(title, node, kind) {
		recorded.notices.push(node.textContent);
		document.getElementById('notices')
			.append(E('div', { class: 'alert-message ' + kind }, [node]));
	},
	showModal(title, children) {
		dom.content(document.getElementById('modal'),
			[E('h4', {}, [title])].concat(children));
	},
	hideModal() {
		document.getElementById('modal').replaceChildren();
	}
};

const poll = { add: (run, seconds) => recorded.polls.push({ run, seconds }) };

// Titles and descriptions of forms are HTML to LuCI.
function markup(tag, text) {
	const node = document.createElement(tag);

	node.innerHTML = text || '';
	return node;
}

// --- forms --------------------------------------------------------------------
class Option extends Base {
	constructor(section, name, title, description) {
		super();
		Object.assign(this, { section, option: name, title, description,
			rmempty: true, choices: [] });
	}

	value(key, label) { this.choices.push([key, label]); }

	load(id) { return uci.get('stadttor', id, this.option); }

	get kind() { return this.constructor.kind; }

	draw(id) {
		const value = this.load(id) ?? this.default ?? '';
		const attributes = { id: id + '.' + this.option,
			class: 'cbi-input-text', placeholder: this.placeholder };

		if (this.kind === 'Flag')
			return E('input', { ...attributes, type: 'checkbox',
				checked: value === '1' ? '' : null });
		if (this.kind === 'ListValue')
			return E('select', attributes, [['', this.placeholder]]
				.concat(this.choices).map(([key, label]) => E('option',
					{ value: key, selected: key === value ? '' : null },
					[label])));
		return E('input', { ...attributes, type: 'text',
			value: [].concat(value).join(', ') });
	}
}

const widget = kind => Object.assign(class extends Option {}, { kind });

class Section extends Base {
	constructor(map, type, title, description) {
		super();
		Object.assign(this, { map, type, title, description, children: [],
			tabs: [] });
	}

	tab(name, title) { this.tabs.push([name, title]); }

	option(Kind, name, title, description) {
		const o = new Kind(this, name, title, description);

		if (!Kind.kind)
			throw new Error('no widget for ' + name);
		this.children.push(o);
		return o;
	}

	taboption(tab, ...rest) {
		if (!this.tabs.some(t => t[0] === tab))
			throw new Error('no tab ' + tab);
		const o = this.option(...rest);

		o.tab = tab;
		return o;
	}

	cfgsections() {
		return uci.sections('stadttor', this.type).map(s => s['.name']);
	}

	renderSectionAdd(extra) {
		return this.addremove
			? E('div', { class: 'cbi-section-create ' + (extra || '') },
				[E('button', { class: 'btn' }, ['Add'])])
			: E([]);
	}

	async handleAdd(event, name) {
		recorded.added = [this.type, name];
	}

	drawOption(id, o) {
		const help = markup('div', o.description);

		help.className = 'cbi-value-description';
		const input = o.draw(id);

		return E('div', { class: 'cbi-value' }, [
			E('label', { class: 'cbi-value-title', for: input.id },
				[o.title]), E('div', { class: 'cbi-value-field' },
				[input, help])]);
	}

	draw() {
		return E('div', { class: 'cbi-section' }, [
			markup('h3', this.title), markup('p', this.description),
			...this.cfgsections().map(id => E('div', {},
				[E('h4', {}, [id]),
					...this.children.map(o => this.drawOption(id, o))])),
			this.renderSectionAdd()]);
	}
}

class TypedSection extends Section {}
class GridSection extends Section {}

class FormMap {
	constructor(config, title, description) {
		Object.assign(this, { config, title, description, sections: [] });
	}

	section(Kind, ...rest) {
		this.sections.push(new Kind(this, ...rest));
		return this.sections[this.sections.length - 1];
	}

	async render() {
		for (const s of this.sections)
			for (const o of s.children)
				recorded.options.push({ section: s.type, option: o.option,
					kind: o.kind, choices: o.choices.length,
					inModal: o.modalonly !== false, help: o.description });
		recorded.map = this;
		return E('div', { class: 'cbi-map' }, [markup('h2', this.title),
			markup('p', this.description),
			...this.sections.map(s => s.draw())]);
	}
}

const form = { Map: FormMap, TypedSection, GridSection };

for (const kind of ['Value', 'Flag', 'ListValue', 'MultiValue', 'DynamicList'])
	form[kind] = widget(kind);

// --- modules ------------------------------------------------------------------
const modules = { baseclass: Base, view: View, rpc, uci, ui, dom, poll, form,
	'tools.widgets': { DeviceSelect: widget('DeviceSelect') } };

async function load(name) {
	if (modules[name])
		return modules[name];
	const answer = await fetch('/resources/' + name.replace(/\./g, '/') + '.js');
	const source = await answer.text();
	const names = [], values = [];

	if (!answer.ok)
		throw new Error('no module ' + name);
	// strings at the top, comments between them
	const top = /^(?:\s|\/\/[^\n]*\n)*'([^'\n]*)';/;

	for (let rest = source, found; (found = top.exec(rest));
		rest = rest.substring(found[0].length)) {
		const wanted = /^require (\S+)(?: as (\S+))?$/.exec(found[1]);

		if (wanted) {
			values.push(await load(wanted[1]));
			names.push(wanted[2] || wanted[1].replace(/[^a-zA-Z0-9_]/g, '_'));
		}
	}
	const Module = new Function('window', 'document', 'L', 'E', '_', ...names,
		source)(window, document, {}, E, _, ...values);

	modules[name] = new Module();
	return modules[name];
}

// --- the page -----------------------------------------------------------------
window.open = (url) => { recorded.opened.push(url); return {}; };
HTMLAnchorElement.prototype.click = function() {
	recorded.downloads.push({ name: this.download, url: this.href });
};
window.recorded = recorded;
window.loadModule = load;
window.showView = async name => (await load('view.' + name)).show();
