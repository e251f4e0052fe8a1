// SPDX-License-Identifier: GPL-3.0-or-later
// ucode's module ubus (lib/ubus.c), and ubusd behind it as a user sees it who
// is not root (ubusd_acl.c, ubusd_proto.c, ubusd_event.c of openwrt/ubus):
//	list()		objects of which some method may be called, or that
//			have none; one without a type is not found at all
//			(ubusd_send_obj()), which here has null for methods
//	subscribe()	looks the name up like list(), then needs "subscribe";
//			else the object is not found
//	listener()	needs "listen" for the pattern
//	defer()		needs "access" to the method, and tells the status of
//			the answer later (uc_ubus_defer()); null, and error(),
//			for an object that is not found
// Where the test has RADIOS, network.wireless is netifd's (examples/wireless.uc
// and wireless-device.uc of openwrt/netifd, wireless.c before 2025): up and down
// of a device are answered at once, and one that is not there is not found; of
// none they are for all; what has been said is in the order of it.
// What a handler returns: an object becomes the answer's data, an integer its
// status; nothing is UBUS_STATUS_NO_DATA, an exception ends the program.
// Nobody is told of an ubusd that is killed (see uloop.mjs), and what it is asked
// fails: libubus's ubus_send_msg() gets EPIPE.
import fs from 'node:fs';

const NO_DATA = 5;
const NOT_FOUND = 4;
const DENIED = 6;
const acl = JSON.parse(fs.readFileSync(process.env.ACL, 'utf8'));
const objects = JSON.parse(process.env.OBJECTS); // {name: [methods]}
const subscriptions = []; // [object, handler]
const listeners = [];
let is_dead = false;

const fits = (pattern, name) => pattern.endsWith('*') ?
	name.startsWith(pattern.slice(0, -1)) : name == pattern;

function is_visible(name)
{
	const methods = objects[name];

	return methods && (!methods.length ||
		Object.entries(acl.access).some(([ pattern, x ]) =>
			fits(pattern, name) &&
			x.methods.some((m) => m == '*' || methods.includes(m))));
}

const radios = (process.env.RADIOS || '').split(' ').filter((x) => x);
const switched = []; // "down radio0"
const answers = []; // that are under way

function wireless(method, device)
{
	const known = radios.filter((x) => device == null || x == device);

	known.forEach((x) => switched.push(`${method} ${x}`));
	return known.length ? 0 : NOT_FOUND;
}

function may_call(name, method)
{
	return acl.access[name]?.methods.includes(method);
}

const bus = {
	defer(name, method, data, done) {
		if (!is_visible(name))
			return null;
		answers.push(() => done(may_call(name, method) ?
			wireless(method, data.device) : DENIED));
		return {};
	},
	list: () => is_dead ? null : Object.keys(objects).filter(is_visible),
	error: () => 'Not found',
	subscriber: (handler) => ({
		subscribe(name) {
			if (!is_visible(name) ||
			    !acl.subscribe.some((p) => fits(p, name)))
				return null;
			subscriptions.push([ name, handler ]);
			return true;
		}
	}),
	listener(pattern, handler) {
		if (!acl.listen.some((p) => fits(p, pattern)))
			return null;
		listeners.push([ pattern, handler ]);
		return {};
	}
};

export const connect = () => process.env.NO_UBUS ? null : bus;

function notify(name, told)
{
	const answers = [];

	for (const [ object, handler ] of subscriptions) {
		if (object != name)
			continue;
		const given = handler({ ...told, info: {} });

		if (given && typeof given == 'object')
			answers.push({ status: 0, data: given });
		else
			answers.push({ status: Number.isInteger(given) ? given :
				NO_DATA });
	}
	return answers;
}

function forget(name)
{
	for (let i = subscriptions.length - 1; i >= 0; i--)
		if (subscriptions[i][0] == name)
			subscriptions.splice(i, 1);
	delete objects[name];
}

// One line of the test.
export function handle(line)
{
	if (line.kill)
		is_dead = true;
	if (line.notify)
		return notify(line.notify, { type: line.type, data: line.data });
	if (line.remove)
		forget(line.remove);
	if (line.add) {
		objects[line.add] = line.methods;
		for (const [ pattern, handler ] of listeners)
			if (fits(pattern, 'ubus.object.add'))
				handler('ubus.object.add',
					{ id: 1, path: line.add });
	}
	while (answers.length)
		answers.shift()();
	if (line.add_radio)
		radios.push(line.add_radio);
	if (line.switched)
		return switched.splice(0);
	return subscriptions.map(([ name ]) => name).sort();
}
