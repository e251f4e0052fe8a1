// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.forms as forms';

return forms.view(_('Zones'), _('Who passes the gate, from where to where, for how long and how fast.'), function(map) {
	let s = forms.named(map, 'zone', _('Zone'));

	forms.fill(s, 'zone', [
		[ 'session', _('Session'), [ 'device', 'auth', 'radius', 'tariff', 'duration',
			'idle', 'leave', 'max_sessions', 'open', 'open_on',
			'counted', 'title', 'at', 'roam', 'roam_accept' ] ],
		[ 'speed', _('Speed and amount'), [ 'rate_down', 'rate_up',
			'bandwidth', 'quota', 'over_quota', 'slow_rate',
			'daily_duration', 'daily_quota' ] ],
		[ 'ceiling', _('At most'), [ 'max_duration', 'max_rate_down',
			'max_rate_up', 'max_quota' ] ],
		[ 'more', _('More'), [] ]
	], [ 'garden_name', 'garden_address', 'garden_port' ]);
	forms.columns(s, [ 'device', 'auth', 'duration' ]);

	s = forms.named(map, 'device', _('Device without a browser'));
	forms.fill(s, 'device', []);
	forms.columns(s, [ 'mac', 'zone' ]);

	s = forms.named(map, 'radius', _('RADIUS servers'));
	forms.fill(s, 'radius', []);
	forms.columns(s, [ 'server', 'transport' ]);

	s = forms.named(map, 'uplink', _('Uplink'));
	forms.fill(s, 'uplink', []);
	forms.columns(s, [ 'device', 'masquerade', 'bandwidth' ]);

	s = forms.single(map, 'city', _('City'));
	forms.fill(s, 'city', []);

	s = forms.single(map, 'gate', _('Controller'));
	forms.fill(s, 'gate', []);
});
