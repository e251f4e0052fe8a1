// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require dom';
'require ui';
'require stadttor.forms as forms';
'require stadttor.gate as gate';
'require stadttor.tools as tools';

// --- the state ----------------------------------------------------------------
function troublesOf(status) {
	if (status.error)
		return [ status.error ];
	if (!status.city)
		return [ _('The controller does not know of it: is it part of the city, and was it reloaded?') ];
	return tools.cityTroubles(status);
}

function renderState(city, status) {
	if (city.error)
		return tools.failure(city);
	if (!city.joined)
		return tools.paragraph(_('This box is in no city.'));
	return E('div', {}, [
		tools.paragraph(_('This box is the site %s of the city %s.')
			.format(city.site, city.city)),
		tools.warnings(troublesOf(status))
	]);
}

// --- to join and to leave -----------------------------------------------------
function askAndLeave(done) {
	return new Promise(function(resolve) {
		const close = function() {
			ui.hideModal();
			resolve();
		};

		ui.showModal(_('Leave the city?'), [
			tools.paragraph(_('Guests of the city have to tap here, and the figures of this box go nowhere. To come back it needs a new file.')),
			E('div', { 'class': 'right' }, [
				tools.button(_('Cancel'), '', close), ' ',
				tools.button(_('Leave the city'), 'cbi-button-negative',
					function() {
						close();
						return gate.cityLeave().then(done);
					})
			])
		]);
	});
}

// What is pasted opens the store: it is not to be read on the screen.
function renderJoin(city, done) {
	const text = E('textarea', { 'id': 'stadttor-join', 'rows': 4,
		'class': 'cbi-input-textarea', 'autocomplete': 'off',
		'spellcheck': 'false', 'aria-label': _('Join file'),
		'style': 'width:100%;-webkit-text-security:disc' }, []);
	const chosen = E('input', { 'id': 'stadttor-join-file', 'type': 'file',
		'aria-label': _('Join file'), 'change': function() {
			return chosen.files.length ? chosen.files[0].text()
				.then(function(read) {
					text.value = read;
					chosen.value = '';
				}) : null;
		} });

	return E('div', {}, [
		tools.paragraph(city.joined
			? _('To join another city, or this one with a new file:')
			: _('On the hub "stadttor city add" writes one file for this box. Paste it here, or choose it. It is checked as a whole, and never shown again.')),
		tools.field(_('Choose the file'), chosen),
		tools.field(_('Or paste it'), text),
		tools.button(_('Join'), 'cbi-button-apply', ui.createHandlerFn(null,
			function() {
				const file = text.value;

				text.value = '';
				return gate.cityJoin(file, city.joined ? 'yes' : undefined)
					.then(done);
			})),
		city.joined ? E('span', {}, [ ' ',
			tools.button(_('Leave the city'), 'cbi-button-remove',
				ui.createHandlerFn(null, function() {
					return askAndLeave(done);
				})) ]) : ''
	]);
}

function load() {
	return Promise.all([ gate.city(), gate.status() ]);
}

function render(data) {
	const place = E('div', { 'class': 'cbi-section', 'aria-live': 'polite' }, []);
	const show = function(now) {
		dom.content(place, [ tools.heading(_('State')),
			renderState(now[0], now[1]) ].concat(
			tools.mayWrite() && !now[0].error
				? [ renderJoin(now[0], done) ] : []));
	};
	const done = function(reply) {
		if (reply.error)
			tools.complain(reply);
		return load().then(show);
	};

	show(data);
	return place;
}

return forms.view(_('City'), _('One tap for all access points of a city: who has tapped at one is online at all of them.'), function(map) {
	forms.fill(forms.single(map, 'city', _('Options')), 'city', []);
}, { load: load, render: render });
