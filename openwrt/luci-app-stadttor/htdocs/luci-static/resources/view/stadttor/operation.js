// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.forms as forms';

return forms.view(_('Operation'), _('What is counted, who is told, and how the programs run.'), function(map) {
	let s = forms.single(map, 'usage', _('Figures'));

	forms.fill(s, 'usage', [
		[ 'what', _('Figures'), [ 'profile', 'epsilon', 'series',
			'keep_hours' ] ],
		[ 'files', _('Files'), [] ]
	]);

	s = forms.single(map, 'admin', _('Dashboard and alerts'));
	forms.fill(s, 'admin', [
		[ 'dashboard', _('Dashboard'), [ 'enabled', 'address', 'port',
			'hostname', 'title', 'accounts', 'live' ] ],
		[ 'alerts', _('Alerts'), [ 'notify', 'mail_relay', 'mail_from',
			'mail_user', 'mail_password' ] ],
		[ 'tls', _('TLS'), [] ]
	]);

	s = forms.single(map, 'gate', _('Controller'));
	forms.fill(s, 'gate', []);
});
