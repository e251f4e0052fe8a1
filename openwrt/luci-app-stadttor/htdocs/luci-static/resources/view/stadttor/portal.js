// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.forms as forms';

return forms.view(_('Portal'), _('The pages that guests see, and what is kept of their use.'), function(map) {
	let s = forms.single(map, 'portal', _('Pages'));

	forms.fill(s, 'portal', [
		[ 'who', _('Network'), [ 'network', 'provider', 'contact',
			'hostname', 'success_url', 'terms_url', 'terms_version',
			'venue_url', 'barrier_contact', 'enforcement' ] ],
		[ 'look', _('Looks'), [ 'logo', 'hero', 'theme', 'colour_accent',
			'colour_header', 'colour_accent_dark',
			'colour_header_dark' ] ],
		[ 'tls', _('TLS'), [ 'certificate', 'key' ] ],
		[ 'more', _('More'), [] ]
	]);

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
		[ 'more', _('More'), [] ]
	]);

	s = forms.list(map, 'text', _('Own texts'));
	forms.fill(s, 'text', []);

	s = forms.single(map, 'usage', _('Figures'));
	forms.fill(s, 'usage', []);
	s = forms.single(map, 'admin', _('Dashboard'));
	forms.fill(s, 'admin', []);
	s = forms.single(map, 'voucher', _('Vouchers'));
	forms.fill(s, 'voucher', []);

	s = forms.single(map, 'oidc', _('Accounts (OpenID Connect)'));
	forms.fill(s, 'oidc', []);
});
