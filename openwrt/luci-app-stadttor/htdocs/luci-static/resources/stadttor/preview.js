// SPDX-License-Identifier: GPL-3.0-or-later
// A page as the program makes it of what stands in the form, before it is saved.
// It is shown in a frame that can do nothing: no scripts, no forms, no way out.
'use strict';
'require baseclass';
'require form';
'require dom';
'require stadttor.gate as gate';
'require stadttor.tools as tools';

const WAIT_MS = 400; // while somebody types or drags
const PAGES = [ [ 'portal', _('First page') ], [ 'status', _('After the tap') ],
	[ 'status-offline', _('Without internet') ], [ 'rules', _('Rules') ],
	[ 'legal-notice', _('Legal notice') ], [ 'privacy', _('Privacy') ],
	[ 'accessibility', _('Accessibility') ] ];
const LIGHTS = [ [ 'light', _('Light') ], [ 'dark', _('Dark') ] ];

// As on a device that is set to it, whatever this one is set to.
function inLight(html, light) {
	return html.replace(/\(prefers-color-scheme:\s*dark\)/g,
		light === 'dark' ? '(min-width:0)' : '(max-width:0)')
		.replace('content="light dark"', 'content="' + light + '"');
}

function frame(html, light) {
	return E('iframe', { 'sandbox': '', 'srcdoc': inLight(html, light),
		'tabindex': '-1', 'title': _('Preview'),
		'style': 'width:360px;max-width:100%;height:720px;' +
			'border:1px solid #888;border-radius:12px;' +
			'pointer-events:none;color-scheme:' + light });
}

// What the form has of it; hidden and unknown ones are left out.
function valuesOf(section, id) {
	const values = {};

	section.children.forEach(function(o) {
		if (gate.looks.indexOf(o.option) < 0)
			return;
		const value = o.formvalue(id);

		if (value != null)
			values[o.option] = String(value);
	});
	return values;
}

// What is wrong with the config as it is saved is told above already.
function complaints(reply, mistake) {
	const wrong = reply.error || reply.refused;

	if (!wrong)
		return [];
	return [ wrong === mistake ? tools.failure(reply) : tools.warning(wrong) ];
}

function choose(name, label, choices) {
	const field = tools.select('stadttor-' + name, choices);

	field.setAttribute('aria-label', label);
	return field;
}

function render(section, id, zones) {
	const page = choose('page', _('Page'), PAGES);
	const language = choose('language', _('Language'), tools.languages);
	const light = choose('light', _('Light or dark'), LIGHTS);
	const zone = choose('zone', _('Zone'), zones.map(function(name) {
		return [ name, name ];
	}));
	const shown = E('div', {}, []);
	const verdict = E('div', { 'aria-live': 'polite' }, []);
	let html = '', asked = 0;
	const draw = function() {
		dom.content(shown, html ? [ frame(html, light.value) ] : []);
	};
	// An older answer that comes late is not shown.
	const refresh = function() {
		const mine = ++asked;

		return gate.preview(page.value, language.value, zone.value,
			valuesOf(section, id)).then(function(reply) {
			if (mine !== asked)
				return;
			dom.content(verdict, complaints(reply, section.map.mistake));
			html = reply.html || html;
			draw();
		});
	};

	[ page, language, zone ].forEach(function(field) {
		field.addEventListener('change', refresh);
	});
	light.addEventListener('change', draw);
	return { refresh: refresh, node: E('div', {}, [
		E('div', { 'style': 'display:flex;flex-wrap:wrap;gap:.5em;margin:0 0 .5em' },
			[ page, language, zone, light ]),
		verdict, shown ]) };
}

const Preview = form.DummyValue.extend({
	__name__: 'Stadttor.Preview',

	load: function() { return ''; },

	renderWidget: function(id) {
		const panel = render(this.section, id, this.zones());
		let timer = null;

		this.section.children.forEach(function(o) {
			if (gate.looks.indexOf(o.option) >= 0)
				o.onchange = function() {
					window.clearTimeout(timer);
					timer = window.setTimeout(panel.refresh, WAIT_MS);
				};
		});
		// once the fields of the form are in the page
		timer = window.setTimeout(panel.refresh, WAIT_MS);
		return panel.node;
	}
});

return baseclass.extend({
	// zones: a function that names them.
	add: function(s, tab, zones) {
		if (!tools.mayWrite())
			return;
		Object.assign(s.taboption(tab, Preview, '_preview', _('Preview'),
			_('The page with what stands here, before it is saved. The program draws it, and says what it would refuse.')),
		{ zones: zones });
	}
});
