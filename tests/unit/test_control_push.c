/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How grants and their ends get into the kernel, and what if they do not. */
#include "tests/unit/controltest.h"

#include "netctl/rules/ruleset.h"

#define CAPPED "\toption rate_down '8mbit'\n\toption rate_up '2mbit'\n"
#define MANY   20 /* more than are read one by one */

static uint32_t slot_of(unsigned int device)
{
	const struct kernel_element *e = element("up_square", device);

	assert_non_null(e);
	assert_int_equal(e->data & 0xffff, 0);
	return e->data >> 16;
}

static void add_limit(unsigned int device, uint64_t down_bps)
{
	struct ipc_grant m = grant_of(device);

	m.limits.down_bps = down_bps;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
}

/* --- in ------------------------------------------------------------------- */

static void test_in_both_maps(void **state)
{
	const struct kernel_element *up, *down;

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	assert_int_equal(session_of(1)->state, SESSION_GRANTED);
	assert_true(session_of(1)->installed);
	up = element("up_square", 1);
	down = element("down_square", 1);
	assert_int_equal(slot_of(1), SLOT_UNCAPPED);
	assert_int_equal(down->data, 0); /* no class */
	assert_true(up->has_counter && down->has_counter);
	assert_true(up->ends_ms == KERNEL_START_MS + 3600000);
	assert_true(down->ends_ms == up->ends_ms);
	assert_int_equal(kernel.calls[KERNEL_BATCH], 0);
	assert_int_equal(totals().granted, 1);
	assert_int_equal(kernel_count("up_square"), 1);
	assert_int_equal(kernel_count("up_library"), 0);
	assert_quiet();
}

static void test_one_transaction_a_turn(void **state)
{
	unsigned int commits, pushes;

	(void)state;
	begin(CONFIG(""));
	commits = kernel.calls[KERNEL_COMMIT];
	pushes = t.pushes;
	for (unsigned int d = 1; d <= MANY; d++) {
		struct ipc_grant m = grant_of(d);

		join(d);
		assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	}
	assert_int_equal(kernel_count("up_square"), 0);
	turn();
	assert_int_equal(kernel_count("up_square"), MANY);
	assert_int_equal(kernel_count("down_square"), MANY);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits + 1);
	assert_int_equal(kernel.calls[KERNEL_DUMP], 0); /* of who is new */
	assert_int_equal(t.pushes, pushes + 1);
}

static void test_capped_by_a_class(void **state)
{
	const struct kernel_class *down, *up;
	uint32_t slot;

	(void)state;
	begin(CONFIG(CAPPED));
	join(1);
	tap(1);
	slot = slot_of(1);
	assert_int_equal(element("down_square", 1)->data,
			 (uint32_t)SHAPER_MAJOR << 16 | slot);
	down = kernel_class(SQUARE_INDEX, slot);
	up = kernel_class(WAN_INDEX, slot);
	assert_non_null(down);
	assert_non_null(up);
	assert_true(down->ceil_bps == 8080000); /* and 1 % for Ethernet */
	assert_true(up->ceil_bps == 2020000);
	assert_string_equal(down->leaf, "fq_codel");
	assert_null(kernel_find("cap_up_square", &session_of(1)->mac));
	assert_quiet();
}

/* A config without caps gets classes when somebody is let in with one. */
static void test_first_cap_of_a_zone(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join_many(2);
	tap(1);
	assert_false(kernel_has_root(SQUARE_INDEX));
	add_limit(2, 1000000);
	assert_true(kernel_has_root(SQUARE_INDEX));
	assert_true(kernel_has_root(WAN_INDEX));
	assert_false(kernel_has_root(LIBRARY_INDEX));
	assert_int_equal(slot_of(1), SLOT_UNCAPPED);
	assert_true(kernel_class(SQUARE_INDEX, slot_of(2))->ceil_bps ==
		    1010000);
	add_limit(2, IPC_UNLIMITED);
	assert_int_equal(slot_of(2), SLOT_UNCAPPED);
}

static void test_share_of_a_link(void **state)
{
	(void)state;
	begin(CONFIG("\toption bandwidth '100mbit'\n"));
	join(1);
	tap(1);
	assert_int_not_equal(slot_of(1), SLOT_UNCAPPED);
	assert_int_equal(kernel_class(SQUARE_INDEX, slot_of(1))->parent, 1);
	tear_down(NULL);

	begin("config uplink 'wan'\n\toption device 'test-wan'\n"
	      "\toption bandwidth '20mbit'\n"
	      "config zone 'square'\n\toption device 'test-square'\n"
	      "config portal\nconfig usage\n\toption pending ''\n");
	join(1);
	tap(1);
	assert_int_not_equal(slot_of(1), SLOT_UNCAPPED);
	assert_true(kernel_class(WAN_INDEX, slot_of(1))->ceil_bps == 20000000);
}

/* Classes are made ahead, so that a tap changes rates only. */
static void test_pool_of_classes(void **state)
{
	size_t classes;

	(void)state;
	begin(CONFIG(CAPPED));
	pass(1000);
	classes = kernel_class_count(SQUARE_INDEX);
	assert_int_equal(classes, 64);
	join(1);
	tap(1);
	assert_int_equal(kernel_class_count(SQUARE_INDEX), classes);
	for (unsigned int d = 2; d <= 40; d++) {
		join(d);
		tap(d);
	}
	pass(1000);
	assert_true(kernel_class_count(SQUARE_INDEX) > classes);
}

static void test_class_goes_to_the_next(void **state)
{
	uint32_t slot;

	(void)state;
	begin(CONFIG(CAPPED));
	join_many(2);
	tap(1);
	slot = slot_of(1);
	revoke_one(1);
	tap(2);
	assert_int_equal(slot_of(2), slot);
}

static void test_another_program_takes_the_root(void **state)
{
	uint32_t slot;

	(void)state;
	begin(CONFIG(CAPPED));
	join(1);
	tap(1);
	slot = slot_of(1);
	kernel_remove_root(SQUARE_INDEX);
	turn();
	assert_said("another program changed a root qdisc");
	assert_true(kernel_has_root(SQUARE_INDEX));
	assert_int_equal(slot_of(1), slot);
	assert_true(kernel_class(SQUARE_INDEX, slot)->ceil_bps == 8080000);
	assert_string_equal(kernel_class(SQUARE_INDEX, slot)->leaf, "fq_codel");
}

/* Who is in gets a class with a reload, and gives it back with the next. */
static void test_reload_of_caps(void **state)
{
	uint32_t slot;

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	controller_reload(t.controller,
			  settings_of(CONFIG("\toption bandwidth '9mbit'\n")));
	turn();
	slot = slot_of(1);
	assert_int_not_equal(slot, SLOT_UNCAPPED);
	assert_true(kernel_class(SQUARE_INDEX, slot)->ceil_bps == 9000000);
	controller_reload(t.controller, settings_of(CONFIG("")));
	turn();
	assert_int_equal(slot_of(1), SLOT_UNCAPPED);
}

/* The log is not told of each; health is, and the roots are looked at. */
static void test_classes_that_fail(void **state)
{
	unsigned int looks;

	(void)state;
	begin(CONFIG(CAPPED));
	join(1);
	looks = kernel.calls[KERNEL_ROOTS];
	kernel_fail(KERNEL_BATCH, -ENOBUFS, 1);
	tap(1);
	assert_true(is_in(1));
	assert_int_equal(errors(IPC_NETLINK_SHAPING), 1);
	assert_true(kernel.calls[KERNEL_ROOTS] > looks);
	assert_quiet();
}

/* --- where classes cannot be ---------------------------------------------- */

static void begin_policed(const char *config)
{
	begin(CONFIG(""));
	kernel.has_htb = false;
	restart(config);
	assert_int_equal(said("cannot have HTB in this kernel"), 2);
	forget_log();
}

static void test_policed(void **state)
{
	(void)state;
	begin_policed(CONFIG(CAPPED));
	join(1);
	tap(1);
	assert_int_equal(slot_of(1), SLOT_UNCAPPED);
	assert_true(element("cap_down_square", 1)->limit_bytes_per_s == 940001);
	assert_true(element("cap_up_square", 1)->limit_bytes_per_s == 235001);
	assert_int_equal(kernel_class_count(SQUARE_INDEX), 0);
	add_limit(1, IPC_UNLIMITED);
	assert_null(element("cap_down_square", 1));
	assert_non_null(element("cap_up_square", 1));
	assert_true(is_in(1));
	revoke_one(1);
	assert_int_equal(kernel_count("cap_up_square"), 0);
	assert_int_equal(kernel_count("up_square"), 0);
	assert_quiet();
}

/* One of four elements is gone, so the transaction fails, and each is tried. */
static void test_policed_without_one_element(void **state)
{
	(void)state;
	begin_policed(CONFIG(CAPPED));
	join(1);
	tap(1);
	kernel_flush("cap_up_square");
	revoke_one(1);
	assert_int_equal(kernel_count("cap_down_square"), 0);
	assert_false(is_in(1));
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 1);
	assert_quiet();
}

/* A limit is full when it is new: whether it is. */
static unsigned int is_filled(unsigned int device, unsigned int *last)
{
	const struct kernel_element *e = element("cap_down_square", device);
	bool is_new = e && e->born != *last;

	*last = e ? e->born : 0;
	return is_new;
}

static void test_flood_of_changes(void **state)
{
	unsigned int last = 0, full = 0;

	(void)state;
	begin_policed(CONFIG(CAPPED));
	join(1);
	tap(1);
	for (int i = 0; i < 600; i++) { /* a minute */
		uint64_t bps = i % 2 ? 8000000 : 4000000;

		full += is_filled(1, &last);
		add_limit(1, bps);
		assert_true(is_in(1));
		assert_true(session_of(1)->limits.down_bps == bps);
		pass(100);
	}
	assert_in_range(full, 5, 7);
	add_limit(1, 2000000);
	pass(11000);
	assert_true(element("cap_down_square", 1)->limit_bytes_per_s == 235001);
	is_filled(1, &last);
	pass(60000); /* and then it stays as it is */
	assert_int_equal(is_filled(1, &last), 0);
	assert_quiet();
}

static void change_duration(unsigned int device, uint64_t duration_s)
{
	struct ipc_grant m = grant_of(device);

	m.limits.duration_s = duration_s;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
}

/* Without a limit in the kernel a session would have none. */
static void test_limits_end_with_the_session(void **state)
{
	(void)state;
	begin_policed(CONFIG(CAPPED));
	join(1);
	tap(1);
	change_duration(1, 7200);
	assert_true(element("up_square", 1)->ends_ms == session_of(1)->ends_ms);
	assert_true(element("cap_down_square", 1)->ends_ms <
		    session_of(1)->ends_ms);
	pass(11000);
	assert_true(element("cap_down_square", 1)->ends_ms ==
		    session_of(1)->ends_ms);
	change_duration(1, 5);
	pass(11000);
	assert_false(is_in(1));
	change_duration(1, 5); /* what would be gone before: anew at once */
	pass(1000);
	change_duration(1, 3600);
	assert_true(element("cap_down_square", 1)->ends_ms ==
		    session_of(1)->ends_ms);
}

/* Out and in again, as fast as may be. */
static void test_flood_of_logins(void **state)
{
	struct ipc_grant m = grant_of(1);
	unsigned int last = 0, full = 0, refused = 0;

	(void)state;
	begin_policed(CONFIG(CAPPED));
	join(2);
	join(1);
	for (int i = 0; i < 600; i++) {
		int err = try_grant(&m, GRANT_ASKER_PORTAL);

		assert_true(!err || err == -EAGAIN);
		refused += err != 0;
		turn();
		full += is_filled(1, &last);
		if (!err)
			revoke_one(1);
		pass(100);
	}
	assert_in_range(full, 5, 7);
	assert_true(refused > 500);
	tap(2); /* of others it says nothing */
	assert_true(is_in(2));
	tear_down(NULL);

	begin(CONFIG(CAPPED)); /* classes are not filled */
	join(1);
	tap(1);
	revoke_one(1);
	tap(1);
	assert_true(is_in(1));
}

static void test_somebody_elses_root(void **state)
{
	(void)state;
	begin(CONFIG(""));
	kernel.root_is_foreign = true;
	restart(CONFIG(CAPPED));
	join(1);
	tap(1);
	assert_true(said("has a root qdisc that is not ours") > 0);
	assert_non_null(element("cap_down_square", 1));
}

/* --- what the kernel refuses ---------------------------------------------- */

static void test_refused(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(CAPPED));
	join(1);
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, 2);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_null(session_of(1));
	assert_false(is_in(1));
	assert_int_equal(ended(SESSION_REASON_KERNEL), 1);
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 0);
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 1);
	assert_said("nft: No buffer space available");
	tap(1); /* as good as any other */
	assert_true(is_in(1));
}

/* Two in one turn. */
static void tap_at_once(void)
{
	struct ipc_grant one = grant_of(1), two = grant_of(2);

	assert_int_equal(try_grant(&one, GRANT_ASKER_PORTAL), 0);
	assert_int_equal(try_grant(&two, GRANT_ASKER_PORTAL), 0);
	turn();
}

/* The other of the same turn gets in. */
static void test_refused_alone(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join_many(2);
	kernel_fail(KERNEL_COMMIT, -EPERM, 2);
	tap_at_once();
	assert_null(session_of(1));
	assert_true(is_in(2));
	assert_true(session_of(2)->installed);
	assert_int_equal(ended(SESSION_REASON_KERNEL), 1);
	assert_said("nft: Operation not permitted");
}

/* Once is chance: both are in by transactions of their own. */
static void test_refused_once(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join_many(2);
	kernel_fail(KERNEL_COMMIT, -ENOMEM, 1);
	tap_at_once();
	assert_true(is_in(1));
	assert_true(is_in(2));
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 0);
	assert_quiet();
}

/* An element of another's, or our own of a moment ago, is in the way. */
static void test_element_that_is_there(void **state)
{
	static const struct kernel_element foreign = {
		.set = "up_square",
		.key = { 2, 0, 0, 0, 0, 1 },
		.key_len = 6,
		.has_data = true,
		.data = 0x70000,
		.ends_ms = UINT64_MAX,
	};
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	kernel_add_element(&foreign);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_null(session_of(1)); /* rather than in by what it is not */
	assert_int_equal(ended(SESSION_REASON_KERNEL), 1);
	assert_said("nft: Device or resource busy");
	join(2);
	tap(2);
	pass(5000); /* the next poll removes it */
	assert_null(element("up_square", 1));
	assert_said("removed 1 orphan elements");
}

/* A change that fails ends the session: nobody keeps what was taken back. */
static void test_refused_change(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	move(1, 100, 2000);
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, 1);
	add_limit(1, 1000000);
	assert_true(is_in(1)); /* alone it went through */
	assert_true(element("up_square", 1)->bytes == 100);
	assert_true(element("down_square", 1)->bytes == 2014);
	/* whole, each of two deletes, and the element alone */
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, 4);
	add_limit(1, 2000000);
	assert_null(session_of(1));
	assert_int_equal(said("nft: delete: No buffer space"), 2);
	assert_said("nft: No buffer space");
	assert_int_equal(ended(SESSION_REASON_KERNEL), 1);
	pass(5000);
}

/* --- maps that others remove ---------------------------------------------- */

static void test_without_tables(void **state)
{
	struct ipc_grant m = grant_of(2);

	(void)state;
	begin(CONFIG(CAPPED));
	join_many(2);
	tap(1);
	move(1, 500, 6000);
	pass(5000);
	kernel_delete_tables();
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
	assert_false(kernel_has_set("up_square"));
	pass(100); /* the rules are looked at 20 ms later */
	assert_true(is_in(1));
	assert_true(is_in(2));
	assert_true(element("up_square", 1)->bytes == 500);
	assert_true(element("down_square", 1)->bytes == 6014);
	assert_int_equal(totals().reinstalled, 1);
	assert_int_equal(totals().ended[SESSION_REASON_KERNEL], 0);
	assert_said("another program changed our rules: put back, with 2");
}

/* A push finds out by itself, where the notice of it was lost. */
static void test_without_tables_or_notice(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join(1);
	kernel_lose_tables();
	tap(1);
	assert_int_equal(kernel_count("up_square"), 0);
	pass(30);
	assert_true(is_in(1));
	assert_int_equal(totals().ended[SESSION_REASON_KERNEL], 0);
	assert_int_equal(said("missing"), 0); /* it was not there before */
}

/* Gone for good: whoever looks on gets a line each time, and nobody is in. */
static void test_tables_that_cannot_be_made(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	kernel_delete_tables();
	kernel_fail(KERNEL_COMMIT, -EPERM, 2);
	pass(30);
	assert_true(said("nft: installing the rules: Operation not permitted") >
		    0);
	assert_false(kernel_has_set("up_square"));
	pass(100);
	assert_true(is_in(1));
}

/* Tables of another layout are replaced with what is in them. */
static void test_other_layout(void **state)
{
	static const int errors[] = { -EEXIST, -EBUSY, -EINVAL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		begin(CONFIG(""));
		join(1);
		tap(1);
		/* with a flow table, and without */
		kernel_fail(KERNEL_COMMIT, errors[i], 2);
		restart(CONFIG(""));
		assert_said("our tables have another layout");
		assert_true(is_in(1));
		assert_int_equal(said("missing in the kernel"), 0);
		assert_int_equal(totals().adopted, 1);
		tear_down(NULL);
	}
}

/* --- out ------------------------------------------------------------------ */

static void test_revoked(void **state)
{
	struct addr six = address6_of(1);
	struct mac mac = mac_of(1);

	(void)state;
	begin(CONFIG(CAPPED));
	join_many(2);
	join_zone(3, LIBRARY_INDEX);
	kernel_add_neighbour(SQUARE_INDEX, &mac, &six);
	tap(1);
	tap(2);
	assert_int_equal(kernel.calls[KERNEL_LIST_NEIGHBOURS], 0);
	revoke_one(1);
	assert_null(session_of(1));
	assert_false(is_in(1));
	assert_true(is_in(2));
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 1);
	/* the flows of both its addresses, and of nobody else's */
	assert_int_equal(kernel.ended_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_memory_equal(&kernel.ended[i].mac, &mac, sizeof(mac));
		assert_int_equal(kernel.ended[i].addr.ifindex, SQUARE_INDEX);
	}
	assert_int_equal(kernel.calls[KERNEL_LIST_NEIGHBOURS], 1);
	assert_quiet();
}

static void test_revoked_in_the_turn_of_the_tap(void **state)
{
	struct ipc_grant m = grant_of(1);
	unsigned int commits, batches;

	(void)state;
	begin(CONFIG(CAPPED));
	pass(1000); /* the pool is full */
	join(1);
	commits = kernel.calls[KERNEL_COMMIT];
	batches = kernel.calls[KERNEL_BATCH];
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	revoke_one(1);
	assert_null(session_of(1));
	assert_int_equal(kernel_count("up_square"), 0);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits);
	assert_int_equal(kernel.calls[KERNEL_BATCH], batches);
	assert_int_equal(totals().granted, 1);
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 1);
}

/* It has timed out a moment before. */
static void test_revoked_when_gone(void **state)
{
	(void)state;
	begin(CONFIG(""));
	tap_many(2);
	kernel_remove("up_square", &session_of(1)->mac);
	kernel_remove("down_square", &session_of(1)->mac);
	revoke_one(1);
	assert_null(session_of(1));
	assert_true(is_in(2));
	assert_quiet();
}

static void test_connections_that_cannot_be_ended(void **state)
{
	(void)state;
	begin(CONFIG(""));
	tap_many(2);
	kernel_fail(KERNEL_LIST_NEIGHBOURS, -EINTR, 1);
	revoke_one(1);
	assert_int_equal(errors(IPC_NETLINK_NEIGHBOURS), 1);
	assert_said("neighbours: Interrupted system call");
	kernel_fail(KERNEL_END_FLOWS, -ETIMEDOUT, 1);
	revoke_one(2);
	assert_int_equal(errors(IPC_NETLINK_CONNTRACK), 1);
	assert_said("conntrack: Connection timed out");
	assert_false(is_in(1));
	assert_false(is_in(2));
}

/* Those of IPv6 may wait for the next list, and the push comes back for it. */
static void test_connections_that_wait(void **state)
{
	struct mac stranger = mac_of(7), member = mac_of(1);
	struct addr six = address6_of(7), six_of_member = address6_of(1);
	unsigned int calls;

	(void)state;
	begin(CONFIG(""));
	join_many(2);
	join(7);
	kernel_add_neighbour(SQUARE_INDEX, &stranger, &six);
	kernel_add_neighbour(SQUARE_INDEX, &member, &six_of_member);
	tap(1);
	tap(2);
	kernel.flows_due_ms = kernel.now_ms + 1000;
	revoke_one(2);
	calls = kernel.calls[KERNEL_END_FLOWS];
	kernel.flows_want_all = true; /* there was no room for some */
	kernel.ended_count = 0;
	pass(990);
	assert_int_equal(kernel.calls[KERNEL_END_FLOWS], calls);
	pass(20);
	assert_int_equal(kernel.calls[KERNEL_END_FLOWS], calls + 1);
	/* all over IPv6 that have no session */
	assert_int_equal(kernel.ended_count, 1);
	assert_memory_equal(&kernel.ended[0].mac, &stranger, sizeof(stranger));
	assert_int_equal(kernel.ended[0].addr.family, AF_INET6);
	pass(2000);
	assert_int_equal(kernel.calls[KERNEL_END_FLOWS], calls + 1);
}

static void test_let_in_again(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	assert_memory_equal(&kernel.spared, &mac, sizeof(mac));
	assert_int_equal(kernel.spared_ifindex, SQUARE_INDEX);
	revoke_one(1);
	kernel.spared_ifindex = 0;
	tap(1);
	assert_int_equal(kernel.spared_ifindex, SQUARE_INDEX);
	assert_true(is_in(1));
	assert_true(element("up_square", 1)->bytes == 0);
}

/* At the start, where a flow table may carry those who left meanwhile. */
static void test_leftovers(void **state)
{
	struct mac stranger = mac_of(7);

	(void)state;
	begin(CONFIG(""));
	join(1);
	join(7);
	tap(1);
	restart(CONFIG(""));
	assert_int_equal(kernel.ended_count, 0);
	kernel.has_flow_table = true;
	restart(CONFIG(""));
	assert_int_equal(kernel.ended_count, 1);
	assert_memory_equal(&kernel.ended[0].mac, &stranger, sizeof(stranger));
}

/* --- changes -------------------------------------------------------------- */

/* What was moved since the last poll is not given away with the new element. */
static void test_change_keeps_counters(void **state)
{
	(void)state;
	begin(CONFIG(CAPPED));
	for (unsigned int d = 1; d <= MANY; d++) {
		join(d);
		tap(d);
		move(d, 100 * d, 1000 * d);
	}
	kernel.calls[KERNEL_DUMP] = 0;
	add_limit(1, 1000000);
	assert_int_equal(kernel.calls[KERNEL_GET], 2);
	assert_int_equal(kernel.calls[KERNEL_DUMP], 0);
	assert_true(session_of(1)->up_bytes == 100);
	assert_true(element("up_square", 1)->bytes == 100);
	assert_true(element("down_square", 1)->bytes == 1014);
	for (unsigned int d = 1; d <= MANY; d++) {
		struct ipc_grant m = grant_of(d);

		m.limits.down_bps = 2000000;
		assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	}
	kernel.calls[KERNEL_DUMP] = 0;
	turn(); /* so many are read by one dump of each map */
	assert_int_equal(kernel.calls[KERNEL_GET], 2);
	assert_int_equal(kernel.calls[KERNEL_DUMP], 2 * 2);
	for (unsigned int d = 1; d <= MANY; d++) {
		assert_true(element("up_square", d)->bytes == 100 * d);
		assert_true(element("down_square", d)->bytes == 1000 * d + 14);
	}
}

static void test_change_of_time(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	pass(MINUTE);
	m.extend = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_true(element("up_square", 1)->ends_ms ==
		    KERNEL_START_MS + MINUTE + 3600000);
	assert_true(element("down_square", 1)->ends_ms ==
		    KERNEL_START_MS + MINUTE + 3600000);
	assert_int_equal(kernel.put_deleted, 2);
	assert_int_equal(kernel.put_added, 2);
	m.limits.duration_s = IPC_UNLIMITED;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
	assert_true(element("up_square", 1)->ends_ms == UINT64_MAX);
}

static void test_change_of_rate(void **state)
{
	uint32_t slot;

	(void)state;
	begin(CONFIG(CAPPED));
	join(1);
	tap(1);
	slot = slot_of(1);
	add_limit(1, 16000000);
	assert_int_equal(slot_of(1), slot);
	assert_true(kernel_class(SQUARE_INDEX, slot)->ceil_bps == 16160000);
	assert_true(kernel_class(WAN_INDEX, slot)->ceil_bps == 2020000);
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_in_both_maps),
		UNIT(test_one_transaction_a_turn),
		UNIT(test_capped_by_a_class),
		UNIT(test_first_cap_of_a_zone),
		UNIT(test_share_of_a_link),
		UNIT(test_pool_of_classes),
		UNIT(test_class_goes_to_the_next),
		UNIT(test_another_program_takes_the_root),
		UNIT(test_reload_of_caps),
		UNIT(test_classes_that_fail),
		UNIT(test_policed),
		UNIT(test_policed_without_one_element),
		UNIT(test_flood_of_changes),
		UNIT(test_limits_end_with_the_session),
		UNIT(test_flood_of_logins),
		UNIT(test_somebody_elses_root),
		UNIT(test_refused),
		UNIT(test_refused_alone),
		UNIT(test_refused_once),
		UNIT(test_element_that_is_there),
		UNIT(test_refused_change),
		UNIT(test_without_tables),
		UNIT(test_without_tables_or_notice),
		UNIT(test_tables_that_cannot_be_made),
		UNIT(test_other_layout),
		UNIT(test_revoked),
		UNIT(test_revoked_in_the_turn_of_the_tap),
		UNIT(test_revoked_when_gone),
		UNIT(test_connections_that_cannot_be_ended),
		UNIT(test_connections_that_wait),
		UNIT(test_let_in_again),
		UNIT(test_leftovers),
		UNIT(test_change_keeps_counters),
		UNIT(test_change_of_time),
		UNIT(test_change_of_rate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
