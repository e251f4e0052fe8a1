// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.fields as fields';
'require stadttor.forms as forms';

return forms.view(_('Accounts'), _('Where codes and accounts of guests are, for zones that ask for them.'), function(map) {
	let s = forms.single(map, 'voucher', _('Codes'));

	forms.fill(s, 'voucher', []);

	s = forms.named(map, 'radius', _('RADIUS servers'));
	forms.fill(s, 'radius', [
		[ 'server', _('Servers'), [ 'server', 'transport', 'secret',
			'secret_file', 'identifier' ] ],
		[ 'accounting', _('Accounting'), [ 'accounting_port', 'interim',
			'coa_port' ] ],
		[ 'tls', _('TLS'), [] ]
	]);
	forms.columns(s, [ 'server', 'transport' ]);

	s = forms.single(map, 'oidc', _('OpenID Connect'));
	s.tab('provider', _('Provider'));
	forms.add(s, 'provider', 'oidc', 'issuer');
	forms.add(s, 'provider', 'oidc', 'client_id');
	fields.secret(s, 'provider', 'oidc', 'secret', _('Client secret'));
	forms.fill(s, 'oidc', [
		[ 'page', _('On the page'), [ 'account' ] ],
		[ 'more', _('More'), [] ]
	], [ 'issuer', 'client_id' ]);
});
