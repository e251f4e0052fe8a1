// SPDX-License-Identifier: GPL-3.0-or-later
// Fields that LuCI's forms do not have: colours, pictures that are uploaded, and
// secrets, which go to a file of the portal's user and are shown to nobody again.
'use strict';
'require baseclass';
'require form';
'require ui';
'require uci';
'require stadttor.gate as gate';
'require stadttor.tools as tools';

const colour = /^#[0-9a-fA-F]{6}$/;

// As if somebody had typed it, so that it is checked and others follow.
function type(input, value) {
	input.value = value;
	[ 'keyup', 'change' ].forEach(function(name) {
		input.dispatchEvent(new window.Event(name, { bubbles: true }));
	});
}

// --- colours ------------------------------------------------------------------
const Colour = form.Value.extend({
	__name__: 'Stadttor.Colour',

	renderWidget: function(section, index, value) {
		const frame = this.super('renderWidget', [ section, index, value ]);
		const text = frame.querySelector('input');
		const picker = E('input', { 'type': 'color', 'aria-label': this.title,
			'style': 'width:3em;height:2em;padding:0;margin:0 0 0 .5em',
			'disabled': tools.mayWrite() ? null : '',
			'input': function() { type(text, picker.value); } });
		// pale where the colour is that of the option theme
		const follow = function() {
			const is_set = colour.test(text.value);

			picker.value = is_set ? text.value : '#808080';
			picker.style.opacity = is_set ? 1 : 0.3;
		};

		text.addEventListener('input', follow);
		text.addEventListener('change', follow);
		follow();
		frame.appendChild(picker);
		return frame;
	}
});

// --- pictures -----------------------------------------------------------------
// endings: what the program takes, at most so many bytes.
const PICTURES = {
	logo: { endings: [ 'svg', 'png', 'webp' ], max: 4096 },
	hero: { endings: [ 'svg', 'png', 'webp', 'avif', 'jpg' ], max: 6144 }
};

function hexadecimal(buffer) {
	return Array.from(new Uint8Array(buffer)).map(function(byte) {
		return ('0' + byte.toString(16)).slice(-2);
	}).join('');
}

function upload(kind, file) {
	const ending = file.name.toLowerCase().replace(/^.*\./, '')
		.replace('jpeg', 'jpg');

	if (PICTURES[kind].endings.indexOf(ending) < 0)
		return Promise.resolve({ error: _('A file is one of %s.')
			.format(PICTURES[kind].endings.join(', ')) });
	if (file.size > PICTURES[kind].max)
		return Promise.resolve({ error:
			_('The file has %d bytes; at most %d are shown to guests.')
				.format(file.size, PICTURES[kind].max) });
	return file.arrayBuffer().then(function(buffer) {
		return gate.pictureSet(kind, ending, hexadecimal(buffer));
	});
}

const Picture = form.Value.extend({
	__name__: 'Stadttor.Picture',

	renderWidget: function(section, index, value) {
		const kind = this.option;
		const frame = this.super('renderWidget', [ section, index, value ]);
		const text = frame.querySelector('input');
		const chosen = E('input', { 'type': 'file', 'style': 'display:none',
			'accept': '.' + PICTURES[kind].endings.join(',.'),
			'aria-label': this.title,
			'change': function() {
				if (!chosen.files.length)
					return null;
				return upload(kind, chosen.files[0]).then(function(reply) {
					chosen.value = '';
					if (reply.error)
						tools.complain(reply);
					else
						type(text, reply.path);
				});
			} });

		if (tools.mayWrite()) {
			frame.appendChild(document.createTextNode(' '));
			frame.appendChild(tools.button(_('Upload…'),
				'cbi-button-action', function(ev) {
					ev.preventDefault();
					chosen.click();
				}));
			frame.appendChild(chosen);
		}
		return frame;
	}
});

// --- secrets ------------------------------------------------------------------
const Secret = form.Value.extend({
	__name__: 'Stadttor.Secret',

	// What is there is not shown, and an empty field changes nothing.
	load: function(section) {
		const is_set = uci.get('stadttor', section, this.file) ||
			uci.get('stadttor', section, 'secret');

		this.placeholder = is_set ? _('is set') : _('is not set');
		return null;
	},

	remove: function() {},

	// The file's name is what the config gets.
	write: function(section, value) {
		const o = this;
		const name = o.section.anonymous ? undefined : section;

		return gate.secretSet(o.kind, name, value).then(function(reply) {
			if (reply.error)
				throw new TypeError(reply.error);
			if (o.file !== 'secret')
				uci.unset('stadttor', section, 'secret');
			uci.set('stadttor', section, o.file, reply.path);
		});
	}
});

return baseclass.extend({
	// The kind of field; null: one of LuCI's.
	of: function(type, option) {
		if (type === 'portal' && PICTURES[option.name])
			return Picture;
		if (type === 'radius' && option.name === 'secret')
			return Secret;
		return option.type === 'colour' ? Colour : null;
	},

	prepare: function(o, type, option) {
		if (type === 'radius' && option.name === 'secret')
			Object.assign(o, { password: true, kind: type,
				file: 'secret_file', validate: this.validateSecret });
		if (option.type === 'colour')
			o.placeholder = _('as chosen above');
	},

	// A field for what goes into the file that the option file names.
	secret: function(s, tab, kind, file, title) {
		const o = s.taboption(tab, Secret, '_secret', title,
			_('Is written to a file that only the portal can read, and never shown again.'));

		return Object.assign(o, { password: true, kind: kind, file: file,
			retain: true, validate: this.validateSecret });
	},

	validateSecret: function(section, value) {
		return new Blob([ value || '' ]).size <= 200 ||
			_('Expecting: %s').format(_('at most 200 bytes'));
	}
});
