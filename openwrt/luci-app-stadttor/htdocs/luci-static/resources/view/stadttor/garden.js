// SPDX-License-Identifier: GPL-3.0-or-later
'use strict';
'require stadttor.forms as forms';

return forms.view(_('Garden'), _('What everybody reaches before the tap, and the services on the pages.'), function(map) {
	let s = forms.part(map, 'zone', _('Reachable before the tap'));

	forms.add(s, null, 'zone', 'garden_name');
	forms.add(s, null, 'zone', 'garden_address');
	forms.add(s, null, 'zone', 'garden_port');

	s = forms.named(map, 'tile', _('Tile'));
	forms.fill(s, 'tile', [
		[ 'tile', _('Tile'), [ 'title', 'text', 'link', 'icon',
			'zone' ] ],
		[ 'live', _('Live value'), [] ]
	]);
	forms.columns(s, [ 'link', 'icon' ]);
});
