// SPDX-License-Identifier: GPL-3.0-or-later
// What options and their words are called in the forms: options by section and
// name, words by section.name.
'use strict';
'require baseclass';

return baseclass.extend({
	options: {
		gate: {
			socket: _('Socket of the controller'),
			user: _('User of the controller'),
			on_stop: _('When the controller is stopped'),
			mark_shift: _('Bits of packet marks'),
			flow_table: _('Short way for established connections'),
			events_user: _('User of the events program'),
			debug: _('Log details')
		},
		uplink: {
			device: _('Network device'),
			masquerade: _("Replace guests' addresses"),
			bandwidth: _('Upload rate of the link')
		},
		zone: {
			title: _('Name for operators'),
			device: _('Network device'),
			auth: _('Ways in'),
			radius: _('RADIUS servers'),
			duration: _('Time online'),
			idle: _('End after silence'),
			leave: _('End after leaving'),
			quota: _('Data of a session'),
			over_quota: _('When the data is used up'),
			slow_rate: _('Slower rate'),
			daily_duration: _('Time of a device and day'),
			daily_quota: _('Data of a device and day'),
			rate_down: _('Download of a device'),
			rate_up: _('Upload of a device'),
			bandwidth: _('Download rate of the link'),
			max_duration: _('Longest time online'),
			max_rate_down: _('Highest download'),
			max_rate_up: _('Highest upload'),
			max_quota: _('Most data of a session'),
			max_sessions: _('Devices at once'),
			dns_rate: _('DNS queries a second'),
			max_flows: _('Connections of a device'),
			counted: _('Count its use'),
			at: _('Place'),
			roam: _('Guests of the city'),
			roam_accept: _('Guests of the city tap again'),
			open: _('Opening hours'),
			open_on: _('Hours on dates'),
			night_radio: _('Radios off while closed'),
			tariff: _('What accounts get'),
			garden_name: _('Names'),
			garden_address: _('Addresses'),
			garden_port: _('Ports'),
			allow_private: _('Private networks for guests')
		},
		portal: {
			user: _('User of the portal'),
			pages: _('Folder of the pages'),
			network: _('Name of the network'),
			provider: _('Provider'),
			contact: _('Contact'),
			hostname: _('Host name'),
			success_url: _('Page after the tap'),
			terms_url: _('Full terms'),
			venue_url: _('Page about the place'),
			terms_version: _('Number of the terms'),
			barrier_contact: _('Contact for barriers'),
			enforcement: _('Enforcement body'),
			logo: _('Logo'),
			hero: _('Picture of the place'),
			theme: _('Colours'),
			colour_accent: _('Buttons and links'),
			colour_header: _('Header'),
			colour_accent_dark: _('Buttons and links, dark'),
			colour_header_dark: _('Header, dark'),
			wifi4eu: _('WiFi4EU identifier'),
			wifi4eu_selftest: _('WiFi4EU self-test'),
			certificate: _('Certificate'),
			key: _('Private key'),
			hijack_port: _('Port of redirects'),
			http_port: _('Port of the pages'),
			https_port: _('Port of the pages over TLS'),
			max_connections: _('Connections in all'),
			max_per_device: _('Connections of an address'),
			request_time: _('Time for a request'),
			debug: _('Log details')
		},
		legal: {
			public_body: _('Public body'),
			land: _('Land'),
			operator: _('Operator'),
			address: _('Postal address'),
			represented_by: _('Represented by'),
			email: _('Mail address'),
			phone: _('Telephone'),
			register: _('Register'),
			vat_id: _('VAT number'),
			supervisor: _('Supervised by'),
			privacy_officer: _('Data protection officer'),
			privacy_authority: _('Data protection authority'),
			basis: _('Legal basis'),
			privacy_text: _('More for the privacy notice'),
			statement: _('Accessibility statement'),
			statement_date: _('Date of the statement'),
			statement_external: _('Judged by others'),
			statement_limits: _('What is not accessible'),
			terms_file: _('Terms of your own')
		},
		usage: {
			profile: _('Level of detail'),
			epsilon: _('Privacy budget'),
			series: _('What is counted'),
			pending: _('File until release'),
			lives: _('File of days'),
			file: _('Database'),
			keep_hours: _('Keep hours for'),
			write_every: _('Write to flash every')
		},
		admin: {
			enabled: _('Dashboard'),
			address: _('Listen on address'),
			port: _('Port'),
			hostname: _('Further host name'),
			certificate: _('Certificate'),
			key: _('Private key'),
			accounts: _('File of accounts'),
			title: _('Name of this box'),
			live: _('Live numbers'),
			notify: _('Webhooks and mail addresses'),
			mail_relay: _('Mail server'),
			mail_from: _('Sender of mails'),
			mail_user: _('Account at the mail server'),
			mail_password: _('File of its password')
		},
		city: {
			enabled: _('Part of the city'),
			folder: _('Folder'),
			poll: _('Ask the store every')
		},
		voucher: {
			file: _('Database'),
			key: _('File of the key'),
			tries_per_minute: _('Wrong codes a minute')
		},
		oidc: {
			issuer: _('Provider'),
			client_id: _('Client ID'),
			secret: _('File with the client secret'),
			key: _('File with a private key'),
			scope: _('Scope'),
			account: _('Name of the account')
		},
		tile: {
			title: _('Title'),
			text: _('Text'),
			link: _('Link'),
			icon: _('Icon'),
			zone: _('Zones'),
			live_url: _('Document'),
			live_pointer: _('Place in the document'),
			live_text: _('Text with the value'),
			live_interval: _('Fetch every'),
			live_decimals: _('Decimals')
		},
		text: {
			key: _('Text to replace'),
			text: _('Own text'),
			zone: _('Zones')
		},
		device: {
			mac: _('Hardware address'),
			zone: _('Zones'),
			rate_down: _('Download'),
			rate_up: _('Upload')
		},
		radius: {
			server: _('Servers'),
			transport: _('Transport'),
			secret: _('Secret'),
			secret_file: _('File with the secret'),
			accounting_port: _('Accounting port'),
			interim: _('Tell volumes every'),
			identifier: _('Name of this box'),
			coa_port: _('Port for changes'),
			ca: _('Authorities'),
			server_name: _('Name in certificates'),
			certificate: _('Certificate'),
			key: _('Private key')
		}
	},
	words: {
		'gate.on_stop': {
			keep: _('Keep guests as they are'),
			remove: _('Remove every rule')
		},
		'uplink.masquerade': {
			off: _('No'),
			ipv4: _('IPv4'),
			both: _('IPv4 and IPv6')
		},
		'zone.auth': {
			click: _('Tap that accepts the terms'),
			voucher: _('Code'),
			radius: _('Account (RADIUS)'),
			oidc: _('Account (OpenID Connect)')
		},
		'zone.over_quota': {
			end: _('End of the session'),
			slow: _('Go on, slower')
		},
		'portal.theme': {
			gate: _('Gate (teal)'),
			brick: _('Brick (red)'),
			forest: _('Forest (green)'),
			river: _('River (blue)'),
			plum: _('Plum (purple)'),
			slate: _('Slate (grey)'),
			amber: _('Amber (brown)')
		},
		'legal.land': {
			none: _('None'),
			bund: _('Germany as a whole'),
			bw: _('Baden-Württemberg'),
			by: _('Bavaria'),
			be: _('Berlin'),
			bb: _('Brandenburg'),
			hb: _('Bremen'),
			hh: _('Hamburg'),
			he: _('Hesse'),
			mv: _('Mecklenburg-Vorpommern'),
			ni: _('Lower Saxony'),
			nw: _('North Rhine-Westphalia'),
			rp: _('Rhineland-Palatinate'),
			sl: _('Saarland'),
			sn: _('Saxony'),
			st: _('Saxony-Anhalt'),
			sh: _('Schleswig-Holstein'),
			th: _('Thuringia')
		},
		'legal.basis': {
			task: _('Public task'),
			contract: _('Contract'),
			interest: _('Legitimate interest')
		},
		'legal.statement': {
			none: _('None'),
			full: _('Fully compliant'),
			partial: _('Partially compliant'),
			'not': _('Not compliant')
		},
		'usage.profile': {
			hours: _('Hours'),
			days: _('Days')
		},
		'usage.series': {
			online: _('Devices online'),
			devices: _('Visitors and onlookers'),
			dwell: _('Time spent'),
			ended: _('How sessions end'),
			language: _('Languages'),
			platform: _('Kinds of devices'),
			bytes: _('Data'),
			peak: _('Peaks')
		},
		'tile.icon': {
			link: _('Arrow'),
			parking: _('Parking'),
			bus: _('Bus'),
			weather: _('Weather'),
			people: _('People'),
			office: _('Office'),
			culture: _('Culture'),
			book: _('Book'),
			map: _('Map'),
			alert: _('Alert'),
			help: _('Help')
		},
		'radius.transport': {
			udp: _('UDP'),
			tls: _('TLS (RadSec)')
		}
	}
});
