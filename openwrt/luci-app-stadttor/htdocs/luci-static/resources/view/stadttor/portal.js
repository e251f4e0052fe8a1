// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.forms as forms';
'require stadttor.preview as preview';

return forms.view(_('Pages'), _('What guests see: name and looks, what the law asks for, own texts.'), function(map) {
	let s = forms.single(map, 'portal', _('Pages'));

	forms.fill(s, 'portal', [
		[ 'who', _('Network'), [ 'network', 'provider', 'contact',
			'hostname', 'success_url', 'venue_url' ] ],
		[ 'look', _('Looks'), [ 'logo', 'hero', 'theme', 'colour_accent',
			'colour_header', 'colour_accent_dark',
			'colour_header_dark' ] ],
		[ 'rules', _('Rules'), [ 'terms_url', 'terms_version',
			'barrier_contact', 'enforcement' ] ],
		[ 'wifi4eu', 'WiFi4EU', [ 'wifi4eu', 'wifi4eu_selftest' ] ],
		[ 'tls', _('TLS'), [ 'certificate', 'key' ] ],
		[ 'more', _('Ports and limits'), [] ]
	]);
	preview.add(s, 'look', forms.zones);

	s = forms.single(map, 'legal', _('Legal pages'));
	forms.fill(s, 'legal', [
		[ 'who', _('Operator'), [ 'public_body', 'land', 'operator',
			'address', 'represented_by', 'email', 'phone',
			'register', 'vat_id', 'supervisor' ] ],
		[ 'privacy', _('Privacy'), [ 'privacy_officer',
			'privacy_authority', 'basis', 'privacy_text' ] ],
		[ 'access', _('Accessibility'), [ 'statement',
			'statement_date', 'statement_external',
			'statement_limits' ] ],
		[ 'more', _('Rules'), [] ]
	]);

	s = forms.list(map, 'text', _('Own texts'));
	forms.fill(s, 'text', []);
});
