/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Devices, addresses and ways out, as they come and go. */
#include "tests/unit/controltest.h"

#include "netctl/control/addresses.h"
#include "netctl/rules/ruleset.h"

static struct ipc_zone zone(size_t i)
{
	struct ipc_zone m = { .ifindex = 0 };

	describe_zone(t.controller, i, false, &m);
	return m;
}

/* It is another one than before. */
static void change(uint32_t ifindex, const struct kernel_device *next)
{
	*kernel_device(ifindex) = *next;
	kernel_tell_links();
	turn();
}

static struct kernel_device device(uint32_t ifindex, const char *name)
{
	struct kernel_device d = { .link = { .ifindex = ifindex },
				   .is_up = true };

	snprintf(d.link.name, sizeof(d.link.name), "%s", name);
	return d;
}

/* --- coming and going ----------------------------------------------------- */

static void test_that_comes_and_goes(void **state)
{
	struct kernel_device square = device(SQUARE_INDEX, "test-square");
	const struct kernel_device none = { .is_up = false };

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	assert_int_equal(zone(SQUARE).ifindex, SQUARE_INDEX);
	change(SQUARE_INDEX, &none);
	assert_said("device test-square is gone");
	assert_int_equal(zone(SQUARE).ifindex, 0);
	assert_int_equal(zone(LIBRARY).ifindex, LIBRARY_INDEX);
	pass(MINUTE);
	assert_true(is_in(1)); /* its time runs on */
	t.zones = 0;
	kernel_add_device("test-square", 77); /* made anew */
	turn();
	assert_said("device test-square is there");
	assert_int_equal(zone(SQUARE).ifindex, 77);
	assert_int_equal(t.zones, 1);
	assert_true(is_in(1));
	forget_log();
	square.link.ifindex = 77;
	change(77, &square); /* nothing has changed */
	assert_int_equal(t.zones, 1);
	assert_string_equal(t.log, "");
}

static void test_that_is_not_there_yet(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	kernel_boot();
	kernel_add_device("test-wan", WAN_INDEX);
	assert_int_equal(start_controller(CONFIG("")), 0);
	assert_said("zone square: device test-square is not there yet");
	assert_said("zone library: device test-library is not there yet");
	join(1);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOENT);
	kernel_add_device("test-square", SQUARE_INDEX);
	turn();
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
}

/* ip(8) knows a device by several names, rules by one. */
static void test_other_name(void **state)
{
	struct kernel_device d = device(SQUARE_INDEX, "square0");

	(void)state;
	strcpy(d.alias, "test-square");
	begin(CONFIG(""));
	stop_controller();
	*kernel_device(SQUARE_INDEX) = d;
	assert_int_equal(start_controller(CONFIG("")), 0);
	assert_said("device test-square is another name of square0, which the "
		    "rules go by");
	assert_int_equal(zone(SQUARE).ifindex, SQUARE_INDEX);
}

/* Guests are still behind it, whatever it is called. */
static void test_renamed(void **state)
{
	struct kernel_device renamed = device(SQUARE_INDEX, "bad0");
	struct kernel_device back = device(SQUARE_INDEX, "test-square");

	(void)state;
	begin(CONFIG(""));
	assert_true(kernel_has_chain("ingress_square"));
	change(SQUARE_INDEX, &renamed);
	assert_int_equal(zone(SQUARE).ifindex, 0);
	assert_false(kernel_has_chain("ingress_square"));
	assert_said("guests may be behind device bad0, which was a zone's or a "
		    "port of it: shut until");
	change(SQUARE_INDEX, &back);
	assert_int_equal(zone(SQUARE).ifindex, SQUARE_INDEX);
	assert_true(kernel_has_chain("ingress_square"));
	assert_said("guests are behind the zones' devices alone again");
}

/* --- past a zone's device ------------------------------------------------- */

static void test_port(void **state)
{
	struct kernel_device port = device(SQUARE_INDEX, "test-square");
	struct kernel_device alone = port;

	(void)state;
	begin(CONFIG(""));
	kernel_add_device("br0", 50);
	turn();
	assert_false(zone(SQUARE).is_shut);
	port.link.master = 50;
	t.zones = 0;
	change(SQUARE_INDEX, &port);
	assert_true(zone(SQUARE).is_shut);
	assert_int_equal(t.zones, 1);
	assert_false(zone(LIBRARY).is_shut);
	assert_said("zone square: device test-square is a port of br0, by "
		    "which its packets reach this box; the zone is shut until "
		    "its device is br0, or no port");
	change(SQUARE_INDEX, &alone);
	assert_false(zone(SQUARE).is_shut);
	assert_said("zone square: packets reach this box by test-square alone");
}

static void test_stacked(void **state)
{
	static const struct {
		const char *kind;
		bool shuts;
	} kinds[] = {
		{ "vlan", true },	{ "macvlan", true },
		{ "macvtap", true },	{ "ipvlan", true },
		{ "ipvtap", true },	{ "veth", false },
		{ "wireguard", false }, { "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct kernel_device d = device(60, "stacked");

		begin(CONFIG(""));
		d.link.lower = SQUARE_INDEX;
		snprintf(d.link.kind, sizeof(d.link.kind), "%s", kinds[i].kind);
		kernel_add_device("stacked", 60);
		change(60, &d);
		assert_int_equal(zone(SQUARE).is_shut, kinds[i].shuts);
		assert_int_equal(said("device stacked stands on test-square "
				      "and takes packets past the gate"),
				 kinds[i].shuts);
		tear_down(NULL);
	}
}

/* A zone or uplink of its own has rules of its own. */
static void test_stacked_of_the_config(void **state)
{
	struct kernel_device d = device(LIBRARY_INDEX, "test-library");
	struct kernel_device wan = device(WAN_INDEX, "test-wan");

	(void)state;
	begin(CONFIG(""));
	d.link.lower = wan.link.lower = SQUARE_INDEX;
	strcpy(d.link.kind, "vlan");
	strcpy(wan.link.kind, "vlan");
	change(LIBRARY_INDEX, &d);
	change(WAN_INDEX, &wan);
	assert_false(zone(SQUARE).is_shut);
}

/* What is not known is shut, and asked for again. */
static void test_that_cannot_be_listed(void **state)
{
	(void)state;
	begin(CONFIG(""));
	kernel_fail(KERNEL_LIST_LINKS, -ENOBUFS, 2);
	kernel_tell_links();
	turn();
	assert_true(zone(SQUARE).is_shut && zone(LIBRARY).is_shut);
	assert_said("devices cannot be listed: No buffer space available; all "
		    "zones are shut until they can");
	pass(20); /* once more, without a word */
	assert_true(zone(SQUARE).is_shut);
	assert_int_equal(said("devices cannot be listed"), 1);
	pass(20);
	assert_false(zone(SQUARE).is_shut || zone(LIBRARY).is_shut);
	kernel_fail(KERNEL_LIST_LINKS, -ENOBUFS, 1);
	kernel_tell_links();
	turn();
	assert_int_equal(said("devices cannot be listed"), 2);
	tear_down(NULL);

	begin(CONFIG(""));
	kernel_fail(KERNEL_LIST_LINKS, -EINTR, 9);
	kernel_tell_links();
	turn();
	assert_false(zone(SQUARE).is_shut);
	stop_controller();
	kernel_fail(KERNEL_LIST_LINKS, -EPERM, 1);
	assert_int_equal(start_controller(CONFIG("")), -EPERM);
}

/* --- this box's addresses ------------------------------------------------- */

/* As a browser can open it. */
static void assert_address(size_t i, const char *text)
{
	struct ipc_zone m = zone(i);
	struct addr wanted;

	assert_true(addr_parse(&wanted, text));
	assert_true(addr_equal(&m.address, &wanted));
}

static void test_address_of_a_zone(void **state)
{
	(void)state;
	begin(CONFIG(""));
	assert_int_equal(zone(SQUARE).address.family, AF_UNSPEC);
	kernel_add_address(SQUARE_INDEX, "fe80::1", 64);
	pass(200);
	assert_int_equal(zone(SQUARE).address.family, AF_UNSPEC);
	t.zones = 0;
	kernel_add_address(SQUARE_INDEX, "2001:db8::1", 64);
	pass(200);
	assert_address(SQUARE, "2001:db8::1");
	assert_int_equal(t.zones, 1);
	kernel_add_address(SQUARE_INDEX, "10.0.0.1", 24);
	kernel_add_address(LIBRARY_INDEX, "10.0.1.1", 24);
	pass(200);
	assert_address(SQUARE, "10.0.0.1");
	assert_int_equal(t.zones, 2);
	kernel_tell_routes(); /* of others: nothing is new */
	pass(200);
	kernel_fail(KERNEL_LIST_ADDRESSES, -EINTR, 9);
	kernel_tell_routes();
	pass(200);
	assert_int_equal(t.zones, 2);
	kernel_forget_addresses(); /* as many others */
	kernel_add_address(SQUARE_INDEX, "10.0.0.1", 24);
	kernel_add_address(SQUARE_INDEX, "fe80::1", 64);
	kernel_add_address(LIBRARY_INDEX, "10.0.1.1", 24);
	kernel_add_address(LIBRARY_INDEX, "2001:db8::2", 64);
	pass(200);
	assert_int_equal(t.zones, 3);
	assert_address(SQUARE, "10.0.0.1");
	assert_address(LIBRARY, "10.0.1.1");
}

static void test_device_of_an_address(void **state)
{
	struct addr a = { .family = AF_UNSPEC };
	struct ipc_device m;

	(void)state;
	begin(CONFIG(""));
	kernel_add_address(WAN_INDEX, "192.0.2.1", 24);
	kernel_add_address(SQUARE_INDEX, "10.0.0.1", 24);
	kernel_add_address(SQUARE_INDEX, "fe80::1", 64);
	kernel_add_address(WAN_INDEX, "fe80::1", 64);
	kernel_add_address(LIBRARY_INDEX, "fe80::1", 64);
	pass(200);

	m = (struct ipc_device){ .error = 0 };
	assert_int_equal(addresses_find_device(t.controller, &a, &m), -EINVAL);
	assert_true(addr_parse(&a, "192.0.2.1"));
	assert_int_equal(addresses_find_device(t.controller, &a, &m), 0);
	assert_string_equal(m.device, "test-wan");
	assert_int_equal(m.has_guests, 0);
	a.ifindex = WAN_INDEX;
	assert_int_equal(addresses_find_device(t.controller, &a, &m), -EINVAL);

	m = (struct ipc_device){ .error = 0 };
	assert_true(addr_parse(&a, "10.0.0.1"));
	assert_int_equal(addresses_find_device(t.controller, &a, &m), 0);
	assert_string_equal(m.device, "test-square");
	assert_int_equal(m.has_guests, 1);

	m = (struct ipc_device){ .error = 0 }; /* of two, that without guests */
	assert_true(addr_parse(&a, "fe80::1"));
	assert_int_equal(addresses_find_device(t.controller, &a, &m), 0);
	assert_string_equal(m.device, "test-wan");

	m = (struct ipc_device){ .error = 0 };
	assert_true(addr_parse(&a, "192.0.2.2"));
	assert_int_equal(addresses_find_device(t.controller, &a, &m), -ENOENT);

	kernel_fail(KERNEL_LIST_ADDRESSES, -ENOBUFS, 1);
	kernel_tell_routes();
	pass(200);
	assert_said("of this box cannot be listed: No buffer space");
	assert_true(addr_parse(&a, "192.0.2.1")); /* is known from before */
	assert_int_equal(addresses_find_device(t.controller, &a, &m), 0);
}

/* --- the way out ---------------------------------------------------------- */

static void with_addresses(void)
{
	kernel_add_address(SQUARE_INDEX, "10.0.0.1", 24);
	kernel_add_address(WAN_INDEX, "192.0.2.1", 24);
	kernel.route_oif = WAN_INDEX;
}

static void unplugged(void)
{
	with_addresses();
	kernel_device(WAN_INDEX)->is_up = false;
	kernel.route_oif = 0;
	kernel_tell_links();
}

static void without_route(void)
{
	with_addresses();
	kernel.route_oif = 0;
}

static void by_another(void)
{
	with_addresses();
	kernel_add_device("lte", 90);
	kernel.route_oif = 90;
}

static void without_address(void)
{
	kernel_add_address(SQUARE_INDEX, "10.0.0.1", 24);
	kernel.route_oif = WAN_INDEX;
}

static void in_the_same_network(void)
{
	with_addresses();
	kernel_add_address(WAN_INDEX, "10.0.0.77", 24);
}

static void in_a_wider_network(void)
{
	with_addresses();
	kernel_add_address(WAN_INDEX, "10.0.0.77", 16);
}

/* IPv6 leaves as it is, so people are online. */
static void by_ipv6(void)
{
	without_address();
	kernel_add_address(SQUARE_INDEX, "2001:db8::1", 64);
}

static void test_way_out(void **state)
{
	static const struct {
		void (*happens)(void);
		enum ipc_outlet outlet;
		const char *said;
	} cases[] = {
		{ with_addresses, IPC_OUTLET_OPEN, NULL },
		{ unplugged, IPC_OUTLET_DOWN, "no uplink is up" },
		{ without_route, IPC_OUTLET_NO_ROUTE,
		  "no route leads there: Network is unreachable" },
		{ by_another, IPC_OUTLET_ELSEWHERE,
		  "the route leaves by lte, which is no uplink of the config" },
		{ without_address, IPC_OUTLET_NO_ADDRESS,
		  "uplink test-wan has no address of it" },
		{ in_the_same_network, IPC_OUTLET_OVERLAP,
		  "uplink test-wan is in the guests' own network" },
		{ in_a_wider_network, IPC_OUTLET_OPEN, NULL },
		{ by_ipv6, IPC_OUTLET_OPEN,
		  "IPv4 has no way to the internet: uplink test-wan has no" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(CONFIG(""));
		cases[i].happens();
		pass(200);
		assert_int_equal(zone(SQUARE).outlet, cases[i].outlet);
		assert_int_equal(zone(LIBRARY).outlet, IPC_OUTLET_OPEN);
		if (cases[i].said)
			assert_said(cases[i].said);
		else
			assert_quiet();
		tear_down(NULL);
	}
}

/* It is lost and found again; a packet of a guest beside the box is asked. */
static void test_way_out_comes_back(void **state)
{
	struct addr guest;

	(void)state;
	begin(CONFIG(""));
	with_addresses();
	pass(200);
	assert_true(addr_parse(&guest, "10.0.0.2")); /* .0 is the network */
	assert_true(addr_equal(&kernel.route_ask.from, &guest));
	assert_int_equal(kernel.route_ask.iif, SQUARE_INDEX);
	assert_quiet();
	t.zones = 0;
	kernel.route_oif = 0;
	kernel_tell_routes();
	kernel_tell_routes();
	pass(90); /* routes may change by the thousand */
	assert_int_equal(zone(SQUARE).outlet, IPC_OUTLET_OPEN);
	pass(20);
	assert_int_equal(zone(SQUARE).outlet, IPC_OUTLET_NO_ROUTE);
	kernel_tell_routes();
	pass(200);
	assert_said("no route leads there");
	assert_int_equal(t.zones, 1);
	kernel.route_oif = WAN_INDEX;
	kernel_tell_routes();
	pass(200);
	assert_int_equal(zone(SQUARE).outlet, IPC_OUTLET_OPEN);
	assert_said("zone square: IPv4 leaves by test-wan");
	assert_int_equal(t.zones, 2);
}

static void test_uplink_is_unplugged(void **state)
{
	(void)state;
	begin(CONFIG(""));
	assert_int_equal(totals().uplinks_present, 1);
	kernel_device(WAN_INDEX)->is_up = false;
	kernel_tell_links();
	turn();
	assert_said("uplink test-wan is down or unplugged");
	assert_int_equal(totals().uplinks_present, 0);
	kernel_device(WAN_INDEX)->is_up = true;
	kernel_tell_links();
	turn();
	assert_said("uplink test-wan is up");
	assert_int_equal(totals().uplinks_present, 1);
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_that_comes_and_goes),
		UNIT(test_that_is_not_there_yet),
		UNIT(test_other_name),
		UNIT(test_renamed),
		UNIT(test_port),
		UNIT(test_stacked),
		UNIT(test_stacked_of_the_config),
		UNIT(test_that_cannot_be_listed),
		UNIT(test_address_of_a_zone),
		UNIT(test_device_of_an_address),
		UNIT(test_way_out),
		UNIT(test_way_out_comes_back),
		UNIT(test_uplink_is_unplugged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
