// SPDX-License-Identifier: GPL-3.0-or-later
// LuCI's forms, as far as the views use them, written after the behaviour of
// openwrt/luci, modules/luci-base, resources/form.js (August 2026), whose names
// the methods have: what is loaded, shown, checked and written when. Widgets
// (ui.js, tools/widgets.js) are plain elements with their placeholders.
'use strict';

const callSessionAccess = rpc.declare({ object: 'session', method: 'access',
	params: ['scope', 'object', 'function'], expect: { access: false } });

// Titles and descriptions are HTML to E() of LuCI.
function markup(tag, text, attributes) {
	const node = E(tag, attributes);

	node.innerHTML = text;
	return node;
}

const button = (words, kind, click, disabled) => E('button', {
	class: 'cbi-button ' + kind, click, disabled: disabled ? '' : null }, [words]);

// --- options ------------------------------------------------------------------
class Value extends Base {
	constructor(map, section, option, title, description) {
		super();
		Object.assign(this, { map, section, option, title,
			description: description || '', rmempty: true, optional: false,
			default: null, retain: false, deps: [], values: {}, keylist: [],
			vallist: [] });
	}

	depends(need) { this.deps.push(need); }

	// null: a field of another section, or one that does not apply itself
	valueOf(id, name) {
		const o = this.section.children.find(c => c.option === name);

		return o && o.isActive(id) ? o.formvalue(id) : null;
	}

	isActive(id) {
		return !this.deps.length || this.deps.some(need => Object.keys(need)
			.filter(name => !name.startsWith('!')).every(name => {
				const value = this.valueOf(id, name);

				if (need['!contains'])
					return value != null && value.includes(need[name]);
				return need[name] instanceof RegExp
					? value != null && need[name].test(value)
					: String(value ?? '') === need[name];
			}));
	}

	value(key, label) {
		this.keylist.push(key);
		this.vallist.push(label);
	}

	cbid(id) { return `cbid.${this.map.config}.${id}.${this.option}`; }

	element(id) { return document.getElementById(this.cbid(id)); }

	load(id) { return uci.get(this.map.config, id, this.option); }

	cfgvalue(id, ...set) {
		if (set.length)
			this.values[id] = set[0];
		return this.values[id];
	}

	// HTML, as '%h' makes it
	textvalue(id) {
		const value = this.cfgvalue(id) ?? this.default;

		return value == null ? null
			: E('p', {}, [[].concat(value).join(' ')]).innerHTML;
	}

	formvalue(id) { return this.element(id).value; }

	write(id, value) {
		uci.set(this.map.config, id, this.option, value);
	}

	remove(id) { uci.unset(this.map.config, id, this.option); }

	// Where it differs: 24.10 does not take the default for empty.
	async parse(id) {
		if (!this.isActive(id))
			return this.retain ? null : this.remove(id);
		const value = this.formvalue(id);
		// several chosen ones are one text
		const verdict = this.validate ? this.validate(id,
			this instanceof MultiValue ? value.join(' ') : value) : true;

		if (verdict !== true)
			throw new Error(this.option + ': ' + verdict);
		if (String(value) !== '') {
			if (String(value) !== String(this.cfgvalue(id) ?? ''))
				return this.write(id, value);
		} else if (this.rmempty || this.optional) {
			return this.remove(id);
		} else {
			throw new Error(this.option + ' must not be empty.');
		}
		return null;
	}

	attributes(id) {
		return { id: this.cbid(id), class: 'cbi-input-text', disabled:
			this.map.readonly ? '' : null };
	}

	draw(id, value) {
		return E('input', { ...this.attributes(id), type: this.password
			? 'password' : 'text', placeholder: this.placeholder, value });
	}

	renderWidget(id, index, value) {
		return E('div', {}, [this.draw(id, value)]);
	}

	changed(id, event) {
		if (this.onchange)
			this.onchange(event, id, this.formvalue(id));
		this.section.checkDepends(id);
	}

	render(id) {
		return E('div', { class: 'cbi-value', 'data-name': this.option,
			'data-field': this.cbid(id),
			change: event => this.changed(id, event) }, [
			E('label', { class: 'cbi-value-title', for: this.cbid(id) },
				[this.title]),
			E('div', { class: 'cbi-value-field' }, [
				this.renderWidget(id, 0,
					this.cfgvalue(id) ?? this.default ?? ''),
				markup('div', this.description,
					{ class: 'cbi-value-description' })])]);
	}
}

class Flag extends Value {
	formvalue(id) { return this.element(id).checked ? '1' : '0'; }

	textvalue(id) {
		return (this.cfgvalue(id) ?? this.default) === '1' ? own('Yes')
			: own('No');
	}

	async parse(id) {
		const value = this.formvalue(id);

		if (!this.isActive(id))
			return;
		if (value === this.default && (this.optional || this.rmempty))
			this.remove(id);
		else
			this.write(id, value);
	}

	draw(id, value) {
		return E('input', { ...this.attributes(id), type: 'checkbox',
			checked: value === '1' ? '' : null });
	}
}

class ListValue extends Value {
	draw(id, value) {
		const none = this.optional
			? [['', this.placeholder || own('-- Please choose --')]] : [];

		return E('select', this.attributes(id), none
			.concat(this.keylist.map((key, i) => [key, this.vallist[i]]))
			.map(([key, label]) => E('option', { value: key,
				selected: key === value ? '' : null }, [label])));
	}
}

// Its choices are the box's devices, and what the config has.
class DeviceSelect extends ListValue {
	draw(id, value) {
		return Value.prototype.draw.call(this, id, value);
	}
}

class DynamicList extends Value {
	formvalue(id) {
		return [...this.element(id).querySelectorAll('.item')]
			.map(item => item.textContent);
	}

	draw(id, value) {
		const items = [].concat(value).filter(Boolean)
			.map(text => E('div', { class: 'item' }, [text]));

		return E('div', { id: this.cbid(id) }, items.concat([E('input', {
			...this.attributes(id), id: null, 'aria-label': this.option,
			placeholder: this.placeholder }),
		E('div', { class: 'btn cbi-button-add' }, ['+'])]));
	}
}

class MultiValue extends DynamicList {
	constructor(...rest) {
		super(...rest);
		this.placeholder = own('-- Please choose --');
	}

	draw(id, value) {
		const node = super.draw(id, value);

		node.querySelector('.cbi-button-add').remove();
		return node;
	}
}

class DummyValue extends Value {
	draw(id, value) { return E('output', {}, [value]); }

	formvalue() { return null; }

	parse() {}
}

// --- sections -----------------------------------------------------------------
class AbstractSection extends Base {
	constructor(map, sectiontype, title, description) {
		super();
		Object.assign(this, { map, sectiontype, title: title || '',
			description: description || '', children: [], tabs: null });
	}

	tab(name, title) {
		(this.tabs = this.tabs || []).push([name, title]);
	}

	option(Kind, ...rest) {
		const o = new Kind(this.map, this, ...rest);

		this.children.push(o);
		return o;
	}

	taboption(tab, ...rest) {
		if (!this.tabs.some(t => t[0] === tab))
			throw new Error('no tab ' + tab);
		return Object.assign(this.option(...rest), { tab });
	}

	async load() {
		for (const id of this.cfgsections())
			for (const o of this.children)
				o.cfgvalue(id, await o.load(id));
	}

	parse() {
		return Promise.all(this.cfgsections().flatMap(id =>
			this.children.map(o => o.parse(id))));
	}

	checkDepends(id) {
		for (const o of this.children) {
			const field = document.querySelector(
				`[data-field="${o.cbid(id)}"]`);

			if (field)
				field.classList.toggle('hidden', !o.isActive(id));
		}
	}

	// Of a section with tabs what is in none is not shown.
	renderUCISection(id) {
		const draw = options => options.map(o => o.render(id));

		return this.tabs ? this.tabs.map(([name, title]) => E('div',
			{ 'data-tab': name }, [E('h5', {}, [title])].concat(
				draw(this.children.filter(o => o.tab === name)))))
			: draw(this.children);
	}
}

class TypedSection extends AbstractSection {
	cfgsections() {
		return uci.sections(this.map.config, this.sectiontype)
			.map(s => s['.name']);
	}

	async handleAdd(event, name) {
		uci.add(this.map.config, this.sectiontype, name);
		await this.map.save();
	}

	async handleRemove(id) {
		uci.remove(this.map.config, id);
		await this.map.save();
	}

	renderSectionAdd(extra) {
		if (!this.addremove)
			return E([]);
		const name = this.anonymous ? [] : [E('input',
			{ class: 'cbi-section-create-name', 'aria-label': own('Name'),
				disabled: this.map.readonly ? '' : null })];

		return E('div', { class: 'cbi-section-create ' + (extra || '') },
			name.concat([button(own('Add'), 'cbi-button-add',
				ev => this.handleAdd(ev, name.length ? name[0].value
					: undefined), this.map.readonly)]));
	}

	renderSectionPlaceholder() {
		return E('em', {}, [own('This section contains no values yet')]);
	}

	renderDelete(id, kind) {
		return this.addremove ? [button(own('Delete'), kind,
			() => this.handleRemove(id), this.map.readonly)] : [];
	}

	renderContents(ids) {
		return ids.length ? ids.map(id => E('div', { 'data-section-id': id }, [
			...this.renderDelete(id, ''),
			...(this.anonymous ? [] : [E('h4', {}, [id.toUpperCase()])]),
			...this.renderUCISection(id)]))
			: [this.renderSectionPlaceholder()];
	}

	render() {
		return E('div', { class: 'cbi-section' }, [
			markup('h3', this.title),
			markup('div', this.description, { class: 'cbi-section-descr' }),
			...this.renderContents(this.cfgsections()),
			this.renderSectionAdd()]);
	}
}

class TableSection extends TypedSection {
	renderRowActions(id, more) {
		const handle = this.sortable ? [button('☰', 'drag-handle', null,
			this.map.readonly)] : [];

		return E('td', { class: 'td cbi-section-actions' }, [...handle,
			...(more ? [button(more, 'cbi-button-edit',
				() => this.renderMoreOptionsModal(id))] : []),
			...this.renderDelete(id, 'cbi-button-remove')]);
	}

	renderContents(ids) {
		const shown = this.children.filter(o => !o.modalonly);

		return [E('table', { class: 'table' }, [
			E('tr', { class: 'tr' }, [own('Name'),
				...shown.map(o => o.title), ''].map(words =>
				E('th', { class: 'th' }, [words]))),
			...ids.map(id => E('tr', { class: 'tr', 'data-sid': id }, [
				E('td', { class: 'td' }, [id]),
				...shown.map(o => this.renderCell(id, o)),
				this.renderRowActions(id)]))])];
	}

	renderCell(id, o) {
		return E('td', { class: 'td' }, [o.render(id)]);
	}

	cloneOptions(section) {
		for (const from of this.children) {
			const o = section.option(from.constructor, from.option);

			Object.assign(o, from, { map: section.map, section, values: {} });
		}
	}

	async renderMoreOptionsModal(id) {
		const map = new FormMap(this.map.config, null, null);
		const section = map.section(NamedSection, id, this.sectiontype);

		map.readonly = this.map.readonly;
		section.tabs = this.tabs;
		this.cloneOptions(section);
		ui.showModal(this.modaltitle(id), [await map.render(),
			E('div', { class: 'button-row' }, [
				button(own('Dismiss'), '', () => ui.hideModal()),
				button(own('Save'), 'cbi-button-positive important',
					async () => {
						await map.save();
						await this.map.load();
						await this.map.reset();
						ui.hideModal();
					}, map.readonly)])], 'cbi-modal');
	}
}

class GridSection extends TableSection {
	renderCell(id, o) {
		const text = o.textvalue(id);

		return text == null
			? E('td', { class: 'td', 'data-title': o.title },
				[E('em', {}, [own('none')])])
			: markup('td', text, { class: 'td', 'data-title': o.title });
	}

	renderRowActions(id) {
		return super.renderRowActions(id, own('Edit'));
	}

	handleAdd(event, name) {
		return this.renderMoreOptionsModal(
			uci.add(this.map.config, this.sectiontype, name));
	}

	parse() {}
}

class NamedSection extends AbstractSection {
	constructor(map, id, ...rest) {
		super(map, ...rest);
		this.section = id;
	}

	cfgsections() { return [this.section]; }

	render() {
		return E('div', { class: 'cbi-section' },
			this.renderUCISection(this.section));
	}
}

// --- the form -----------------------------------------------------------------
class FormMap {
	constructor(config, title, description) {
		Object.assign(this, { config, title, description, children: [] });
	}

	section(Kind, ...rest) {
		this.children.push(new Kind(this, ...rest));
		return this.children[this.children.length - 1];
	}

	async load() {
		if (this.readonly == null &&
				!await callSessionAccess('uci', this.config, 'write'))
			this.readonly = true;
		await uci.load(this.config);
		for (const s of this.children)
			await s.load();
	}

	async render() {
		await this.load();
		this.root = E('div', { class: 'cbi-map' });
		this.root.map = this;
		this.reset();
		recorded.map = recorded.map || this;
		return this.root;
	}

	reset() {
		const head = [...(this.title ? [markup('h2', this.title)] : []),
			...(this.description ? [markup('div', this.description,
				{ class: 'cbi-map-descr' })] : [])];

		dom.content(this.root, head.concat(
			this.children.map(s => s.render())));
		// once it is in the page
		window.setTimeout(() => this.children.forEach(s =>
			s.cfgsections().forEach(id => s.checkDepends(id))), 0);
	}

	async save() {
		await Promise.all(this.children.map(s => s.parse()));
		await uci.save();
		await this.load();
		this.reset();
	}
}

Object.assign(modules, {
	form: { Map: FormMap, TypedSection, TableSection, GridSection,
		NamedSection, Value, Flag, ListValue, MultiValue, DynamicList,
		DummyValue },
	'tools.widgets': { DeviceSelect }
});
