// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.forms as forms';

return forms.view(_('Zones'), _('Who passes the gate, from where to where, for how long and how fast.'), function(map) {
	let s = forms.named(map, 'zone', _('Zone'));

	forms.fill(s, 'zone', [
		[ 'way', _('Way in'), [ 'title', 'device', 'auth', 'radius', 'tariff' ] ],
		[ 'time', _('Time'), [ 'duration', 'idle', 'leave', 'open',
			'open_on', 'night_radio' ] ],
		[ 'speed', _('Speed and data'), [ 'rate_down', 'rate_up',
			'bandwidth', 'quota', 'over_quota', 'slow_rate',
			'daily_duration', 'daily_quota' ] ],
		[ 'ceiling', _('Most for codes and accounts'), [ 'max_duration',
			'max_rate_down', 'max_rate_up', 'max_quota' ] ],
		[ 'city', _('City'), [ 'roam', 'roam_accept', 'counted', 'at' ] ],
		[ 'more', _('Protection'), [] ]
	], [ 'garden_name', 'garden_address', 'garden_port' ]);
	forms.columns(s, [ 'device', 'auth', 'duration' ]);

	s = forms.named(map, 'uplink', _('Uplink'));
	forms.fill(s, 'uplink', []);
	forms.columns(s, [ 'device', 'masquerade', 'bandwidth' ]);

	s = forms.named(map, 'device', _('Device without a browser'));
	forms.fill(s, 'device', []);
	forms.columns(s, [ 'mac', 'zone' ]);
});
