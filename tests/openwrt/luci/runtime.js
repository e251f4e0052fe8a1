// SPDX-License-Identifier: GPL-3.0-or-later
// As much of LuCI's browser side as the views use, written after the behaviour
// of openwrt/luci, modules/luci-base (August 2026: luci.js, rpc.js, uci.js,
// ui.js; form.js is beside this file): modules are named by 'require' strings at
// their top, each is a class that is made once, E() takes children in arrays as
// text and elements. What LuCI would take otherwise, though it should not be
// done (a string that becomes HTML; a null, which older ones write out), throws
// here. Calls are let through as rpcd does it, by given.grants.
'use strict';

// answers, config (null: libuci cannot read it), catalog, grants, readonly
const given = window.given;
const recorded = { calls: [], denied: [], notices: [], polls: [], opened: [],
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

// Texts that LuCI translates itself.
const own = text => text;

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
		if (members.__name__)
			Object.defineProperty(Child, 'name', { value: members.__name__ });
		Child.prototype.super = function(name, values) {
			return Object.getPrototypeOf(Child.prototype)[name]
				.apply(this, values || []);
		};
		return Child;
	}
}

const L = {
	env: { nodespec: { satisfied: true, readonly: given.readonly } },
	hasViewPermission() {
		return this.env.nodespec.satisfied ? !this.env.nodespec.readonly : null;
	}
};

class View extends Base {
	async show() {
		const place = document.getElementById('view');

		dom.content(place, [await this.render(await this.load())]);
		dom.append(place, [this.addFooter(place)]);
	}

	addFooter(place) {
		const maps = [...place.querySelectorAll('.cbi-map')].map(n => n.map);
		const readonly = maps.length ? maps.every(map => map.readonly)
			: !L.hasViewPermission();
		const buttons = [['handleSaveApply', 'Save & Apply'],
			['handleSave', 'Save'], ['handleReset', 'Reset']]
			.filter(([name]) => this[name])
			.map(([, words]) => E('button', { class: 'cbi-button',
				disabled: readonly ? '' : null }, [own(words)]));

		return buttons.length ? E('div', { class: 'cbi-page-actions' }, buttons)
			: E([]);
	}

	handleSaveApply() {}

	handleSave() {}

	handleReset() {}
}

// --- what modules talk to -----------------------------------------------------
// As rpc_session_acl_allowed() of openwrt/rpcd, session.c.
function isGranted(scope, object, name) {
	return ((given.grants[scope] || {})[object] || []).includes(name);
}

function answerTo(object, method, named) {
	const answer = (given.answers[object] || {})[method];

	if (object === 'session')
		return { access: isGranted(named.scope, named.object,
			named.function) };
	return method === 'usage' && answer && !answer.error
		? answer[named.step] : answer;
}

const rpc = {
	declare({ object, method, params, expect }) {
		return async (...values) => {
			const named = {};

			(params || []).forEach((name, i) => {
				if (values[i] !== undefined)
					named[name] = values[i];
			});
			if (!isGranted('ubus', object, method)) {
				recorded.denied.push(object + '.' + method);
				throw new Error(`RPC call to ${object}/${method} failed ` +
					'with error -32002: Access denied');
			}
			recorded.calls.push({ object, method, params: named });
			const [key, fallback] = Object.entries(expect)[0];
			let answer = answerTo(object, method, named);

			if (key && answer != null)
				answer = answer[key];
			return answer === undefined ? fallback
				: JSON.parse(JSON.stringify(answer));
		};
	}
};

// What is set lands in given.config at once; recorded.saves counts.
const uci = {
	async load(config) {
		for (const [scope, object, name] of [['ubus', 'uci', 'get'],
			['uci', config, 'read']])
			if (!isGranted(scope, object, name))
				throw new Error('Access denied');
		if (!given.config)
			throw new Error('RPC call to uci/get failed with ubus code 9');
	},
	sections: (config, type) => given.config
		.filter(s => s['.type'] === type),
	find: id => given.config.find(s => s['.name'] === id),
	get(config, id, option) {
		return (this.find(id) || {})[option] ?? null;
	},
	set(config, id, option, value) {
		if (value != null && String(value) !== '')
			this.find(id)[option] = value;
		else
			delete this.find(id)[option];
	},
	unset(config, id, option) { this.set(config, id, option, null); },
	add(config, type, name = 'cfg' + given.config.length) {
		given.config.push({ '.type': type, '.name': name });
		return name;
	},
	remove(config, id) {
		given.config.splice(given.config.indexOf(this.find(id)), 1);
	},
	async save() { recorded.saves = (recorded.saves || 0) + 1; }
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
	showModal(title, children, ...classes) {
		const dialog = document.querySelector('#modal_overlay > .modal');

		dialog.className = ['modal', ...classes].join(' ');
		dom.content(dialog, [E('h4', {}, [title])].concat(children));
	},
	hideModal() {
		dom.content(document.querySelector('#modal_overlay > .modal'), []);
	}
};

const poll = { add: (run, seconds) => recorded.polls.push({ run, seconds }) };

// --- modules ------------------------------------------------------------------
const modules = { baseclass: Base, view: View, rpc, uci, ui, dom, poll };

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
		source)(window, document, L, E, _, ...values);

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
