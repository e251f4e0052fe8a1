// SPDX-License-Identifier: GPL-3.0-or-later
// What the views share: figures as text, tables, downloads. E() makes text nodes
// of what is in an array, but HTML of a string that stands alone: here everything
// comes in arrays.
'use strict';
'require baseclass';
'require ui';

const special = /[",\r\n]/;
const units = [ 'B', 'kB', 'MB', 'GB', 'TB' ];

return baseclass.extend({
	bytes: function(n) {
		let unit = 0;

		for (; n >= 1000 && unit < units.length - 1; unit++)
			n /= 1000;
		return '%s %s'.format(n >= 100 || !unit ? Math.round(n)
			: n.toFixed(1), units[unit]);
	},

	number: function(n) {
		return Number(n).toLocaleString();
	},

	span: function(seconds) {
		if (seconds == null)
			return '–';
		if (seconds >= 86400)
			return _('%d d %d h').format(seconds / 86400,
				seconds % 86400 / 3600);
		if (seconds >= 3600)
			return _('%d h %d min').format(seconds / 3600,
				seconds % 3600 / 60);
		return _('%d min').format(seconds / 60);
	},

	// As the figures do it: never how many few people are.
	people: function(n) {
		if (n < 5)
			return n ? _('fewer than 5') : '0';
		return _('at least %d').format(n - n % 5);
	},

	// Local time of this browser, to the minute.
	time: function(seconds) {
		return new Date(seconds * 1000).toLocaleString(undefined, {
			dateStyle: 'medium', timeStyle: 'short' });
	},

	paragraph: function(words, kind) {
		return E('p', { 'class': kind || '' }, [ words ]);
	},

	warning: function(words) {
		return E('div', { 'class': 'alert-message warning',
			'role': 'status' }, [ E('p', {}, [ words ]) ]);
	},

	complain: function(reply) {
		ui.addNotification(null, this.paragraph(reply.error), 'danger');
	},

	heading: function(words) {
		return E('h3', {}, [ words ]);
	},

	button: function(words, kind, onclick) {
		return E('button', { 'class': 'btn cbi-button ' + kind,
			'click': onclick }, [ words ]);
	},

	select: function(id, choices, value) {
		return E('select', { 'id': id, 'class': 'cbi-input-select' },
			choices.map(function(choice) {
				return E('option', { 'value': choice[0],
					'selected': choice[0] === value ? '' : null },
				[ choice[1] ]);
			}));
	},

	input: function(id, type, value, more) {
		return E('input', Object.assign({ 'id': id, 'type': type,
			'class': 'cbi-input-text', 'value': value }, more));
	},

	// A line of a form with its label.
	field: function(words, input) {
		return E('div', { 'class': 'cbi-value' }, [
			E('label', { 'class': 'cbi-value-title',
				'for': input.id }, [ words ]),
			E('div', { 'class': 'cbi-value-field' }, [ input ])
		]);
	},

	// headings: texts; rows: arrays of texts, numbers or elements.
	table: function(headings, rows, empty) {
		const head = E('tr', { 'class': 'tr table-titles' },
			headings.map(function(words) {
				return E('th', { 'class': 'th', 'scope': 'col' },
					[ words ]);
			}));
		const body = rows.map(function(cells) {
			return E('tr', { 'class': 'tr' }, cells.map(function(cell, i) {
				return E('td', { 'class': 'td',
					'data-title': headings[i] },
				[ cell ]);
			}));
		});

		if (!rows.length)
			body.push(E('tr', { 'class': 'tr placeholder' }, [
				E('td', { 'class': 'td', 'colspan': headings.length },
					[ empty ]) ]));
		return E('table', { 'class': 'table' }, [ head ].concat(body));
	},

	// Cells of a CSV file (RFC 4180).
	csv: function(rows) {
		return rows.map(function(row) {
			return row.map(function(cell) {
				const words = cell == null ? '' : String(cell);

				return special.test(words)
					? '"' + words.replace(/"/g, '""') + '"' : words;
			}).join(',');
		}).join('\r\n') + '\r\n';
	},

	download: function(name, type, content) {
		const url = URL.createObjectURL(new Blob([ content ], { type: type }));
		const link = E('a', { 'href': url, 'download': name }, []);

		document.body.appendChild(link);
		link.click();
		document.body.removeChild(link);
		window.setTimeout(function() { URL.revokeObjectURL(url); }, 60000);
	},

	openPage: function(html) {
		const url = URL.createObjectURL(new Blob([ html ],
			{ type: 'text/html;charset=utf-8' }));

		if (!window.open(url, '_blank'))
			this.download('stadttor.html', 'text/html', html);
		window.setTimeout(function() { URL.revokeObjectURL(url); }, 600000);
	}
});
