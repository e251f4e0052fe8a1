// SPDX-License-Identifier: GPL-3.0-or-later
// The methods of the ubus object "stadttor". Each answers with an object, which
// has the key "error", a text, when the method failed, whatever the reason.
'use strict';
'require baseclass';
'require rpc';
'require uci';

function method(name, params) {
	const call = rpc.declare({
		object: 'stadttor',
		method: name,
		params: params,
		expect: { '': { error: _('The gate does not answer.') } }
	});

	return function() {
		return call.apply(null, arguments).catch(function(e) {
			return { error: e.message };
		});
	};
}

const LOOKS = [ 'network', 'provider', 'theme', 'colour_accent', 'colour_header',
	'colour_accent_dark', 'colour_header_dark', 'logo', 'hero' ];
const previewOf = method('preview', [ 'page', 'language', 'zone' ].concat(LOOKS));

const services = rpc.declare({
	object: 'service',
	method: 'list',
	params: [ 'name' ],
	expect: { stadttor: {} }
});

return baseclass.extend({
	status: method('status', []),
	check: method('check', []),
	sessions: method('sessions', [ 'zone' ]),
	usage: method('usage', [ 'from', 'to', 'step', 'zone' ]),
	revoke: method('revoke', [ 'handle' ]),
	vouchersList: method('vouchers_list', []),
	vouchersStatistics: method('vouchers_statistics', []),
	vouchersCreate: method('vouchers_create',
		[ 'count', 'minutes', 'devices', 'valid', 'label', 'zone' ]),
	vouchersRevoke: method('vouchers_revoke', [ 'batch' ]),
	vouchersPrint: method('vouchers_print', [ 'codes', 'title', 'language' ]),

	city: method('city', []),
	cityJoin: method('city_join', [ 'file', 'replace' ]),
	cityLeave: method('city_leave', []),
	// { radio0: '5g' }: the bands of the box's radios, '' where it is not said.
	radios: method('radios', []),
	// kind: logo or hero; content: in hexadecimal. The program judges it.
	pictureSet: method('picture_set', [ 'kind', 'type', 'content' ]),
	secretSet: method('secret_set', [ 'section', 'name', 'secret' ]),

	// Options of the config that decide what a page looks like.
	looks: LOOKS,

	// The page as it would be with these values of them; none: as saved.
	preview: function(page, language, zone, values) {
		return previewOf.apply(null, [ page, language, zone ].concat(
			LOOKS.map(function(name) { return values[name]; })));
	},

	// The programs that procd keeps: [ { name, running } ].
	programs: function() {
		return services('stadttor').then(function(service) {
			const instances = service.instances || {};

			return Object.keys(instances).map(function(name) {
				return { name: name, running: !!instances[name].running };
			});
		}).catch(function() { return []; });
	},

	// The names of all zones; null: libuci cannot read the config.
	zones: function() {
		return uci.load('stadttor').then(function() {
			return uci.sections('stadttor', 'zone').map(function(z) {
				return z['.name'];
			});
		}).catch(function() { return null; });
	}
});
