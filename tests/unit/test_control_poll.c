/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When counters are read, and what follows from them. */
#include "tests/unit/controltest.h"

#include "netctl/rules/ruleset.h"

#define HOUR_MS 3600000ULL
#define DUMPS	4 /* of a poll: two maps of two zones */
#define CAPPED	"\toption rate_down '8mbit'\n"
#define SLOT_AT 4 /* in an element's user data */

/* Polls since the last call. */
static unsigned int polls(void)
{
	unsigned int n = kernel.calls[KERNEL_DUMP];

	kernel.calls[KERNEL_DUMP] = 0;
	assert_int_equal(n % DUMPS, 0);
	return n / DUMPS;
}

static void begin_with_one(const char *config)
{
	begin(config);
	join(1);
	tap(1);
	kernel.calls[KERNEL_DUMP] = 0;
}

/* --- when ----------------------------------------------------------------- */

static void test_interval(void **state)
{
	static const struct {
		const char *config;
		unsigned int per_minute;
	} cases[] = {
		{ CONFIG(""), 12 },
		{ CONFIG("\toption quota '1GB'\n"), 60 },
		{ CONFIG("\toption idle '20s'\n"), 3 }, /* and it ends */
		{ CONFIG("\toption idle '19s'\n"), 20 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(cases[i].config);
		pass(MINUTE);
		assert_int_equal(polls(), 0); /* of nobody */
		join(1);
		tap(1);
		pass(MINUTE);
		if (i == 2)
			assert_int_equal(polls(), 5); /* 25 s */
		else
			assert_int_equal(polls(), cases[i].per_minute);
		tear_down(NULL);
	}
}

/* The strictest of all sessions. */
static void test_interval_of_two(void **state)
{
	struct ipc_grant m = grant_of(2);

	(void)state;
	begin_with_one(CONFIG("\toption idle '0'\n"));
	join(2);
	pass(2000);
	assert_int_equal(polls(), 0);
	m.limits.quota_bytes = 1000000;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
	pass(1000); /* not when the other was due */
	assert_int_equal(polls(), 1);
	pass(10000);
	assert_int_equal(polls(), 10);
	revoke_one(2);
	pass(1000);
	assert_int_equal(polls(), 1);
	pass(20000);
	assert_int_equal(polls(), 4);
}

static void test_nobody_is_polled(void **state)
{
	(void)state;
	begin_with_one(CONFIG(""));
	pass(5000);
	assert_int_equal(polls(), 1);
	revoke_one(1);
	polls();
	pass(5000);
	pass(MINUTE);
	assert_int_equal(polls(), 0);
}

/* --- the end of time ------------------------------------------------------ */

/* By the poll that reads the last counters, as the element takes them along. */
static void test_expiry(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	m.limits.duration_s = 12;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	kernel.calls[KERNEL_DUMP] = 0;
	pass(11890);
	assert_true(is_in(1));
	assert_int_equal(polls(), 2);
	pass(10);
	assert_false(is_in(1));
	assert_null(session_of(1));
	assert_int_equal(polls(), 1);
	assert_int_equal(ended(SESSION_REASON_EXPIRED), 1);
	assert_int_equal(kernel.ended_count, 1);
	assert_quiet();
}

/* The kernel was quicker: its clock of elements runs a little before ours. */
static void test_expired_by_the_kernel(void **state)
{
	static const struct {
		uint64_t early_ms;
		bool is_end;
	} cases[] = { { 500, true }, { 510, false } };
	struct ipc_grant m = grant_of(1);

	(void)state;
	m.limits.duration_s = 11;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(CONFIG("\toption quota '1GB'\n"));
		join(1);
		assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
		turn();
		pass(9000);
		element("up_square", 1)->ends_ms = kernel.now_ms + 10;
		element("down_square", 1)->ends_ms = kernel.now_ms + 10;
		session_of(1)->ends_ms =
			kernel.now_ms + 1000 + cases[i].early_ms;
		pass(1000);
		assert_int_equal(ended(SESSION_REASON_EXPIRED),
				 cases[i].is_end);
		assert_int_equal(said("missing in the kernel: put back"),
				 !cases[i].is_end);
		assert_int_equal(is_in(1), !cases[i].is_end);
		tear_down(NULL);
	}
}

/* What is over but cannot be read is asked for again, not all of the time. */
static void test_end_that_cannot_be_read(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin_with_one(CONFIG("\toption leave '2s'\n"));
	grant_left(t.controller, &mac);
	pass(1990);
	kernel_fail(KERNEL_DUMP, -ENOBUFS, 1000);
	pass(1000);
	assert_in_range(errors(IPC_NETLINK_NFTABLES), 10, 21);
	kernel_fail(KERNEL_DUMP, 0, 0);
	pass(50);
	assert_false(is_in(1));
}

static void test_no_end(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG("\toption idle '0'\n"));
	join(1);
	m.limits.duration_s = IPC_UNLIMITED;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
	pass(2 * HOUR_MS);
	assert_true(is_in(1));
}

/* --- silence -------------------------------------------------------------- */

static void test_idle(void **state)
{
	(void)state;
	begin_with_one(CONFIG("\toption idle '1m'\n"));
	pass(58000);
	move(1, 100, 100);
	pass(5000); /* seen at 60 s */
	move(1, 0, 5000);
	pass(57000);
	assert_true(is_in(1)); /* at 120 s it was silent for just a minute */
	pass(5000);
	assert_false(is_in(1)); /* though somebody sends to it */
	assert_int_equal(ended(SESSION_REASON_IDLE), 1);
	assert_quiet();
}

static void test_busy(void **state)
{
	(void)state;
	begin_with_one(CONFIG("\toption idle '10s'\n"));
	for (int i = 0; i < 60; i++) {
		move(1, 1, 0);
		pass(1000);
	}
	assert_true(is_in(1));
}

/* --- quotas --------------------------------------------------------------- */

static void test_quota_ends(void **state)
{
	(void)state;
	begin_with_one(CONFIG("\toption quota '1MB'\n"));
	move(1, 400000, 599999);
	pass(1000);
	assert_true(is_in(1));
	move(1, 1, 0);
	pass(1000);
	assert_false(is_in(1));
	assert_int_equal(ended(SESSION_REASON_QUOTA), 1);
	assert_quiet();
}

#define SLOW                                                                   \
	"\toption quota '1MB'\n\toption over_quota 'slow'\n"                   \
	"\toption slow_rate '64kbit'\n\toption rate_up '32kbit'\n"

static void test_quota_slows(void **state)
{
	uint32_t slot;
	unsigned int commits, born;

	(void)state;
	begin_with_one(CONFIG(SLOW));
	slot = element("up_square", 1)->data >> 16;
	assert_true(kernel_class(SQUARE_INDEX, slot)->ceil_bps > 64640);
	move(1, 400000, 600000);
	pass(1000);
	assert_true(session_of(1)->reduced);
	assert_int_equal(element("up_square", 1)->data >> 16, slot);
	assert_true(kernel_class(SQUARE_INDEX, slot)->ceil_bps == 64640);
	assert_true(kernel_class(WAN_INDEX, slot)->ceil_bps == 32320);
	assert_true(element("up_square", 1)->bytes == 400000);
	commits = kernel.calls[KERNEL_COMMIT];
	move(1, 1000, 1000);
	kernel.calls[KERNEL_DUMP] = 0;
	pass(20000); /* once is enough, and nothing more is to be seen soon */
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits);
	assert_int_equal(polls(), 4);
	assert_true(is_in(1));
	born = element("up_square", 1)->born;
	restart(CONFIG(SLOW)); /* it stays known */
	assert_true(session_of(1)->reduced);
	assert_int_equal(element("up_square", 1)->born, born);
	assert_true(kernel_class(SQUARE_INDEX, slot)->ceil_bps == 64640);
}

/* Without a class before, it gets one now. */
static void test_quota_gives_a_class(void **state)
{
	(void)state;
	begin_with_one(CONFIG("\toption quota '1MB'\n"
			      "\toption over_quota 'slow'\n"));
	assert_int_equal(element("up_square", 1)->data >> 16, SLOT_UNCAPPED);
	move(1, 1000000, 0);
	pass(1000);
	assert_int_not_equal(element("up_square", 1)->data >> 16,
			     SLOT_UNCAPPED);
	assert_true(is_in(1));
}

/* --- elements that others remove ------------------------------------------ */

static void test_map_is_flushed(void **state)
{
	unsigned int commits;

	(void)state;
	begin_with_one(CONFIG("\toption quota '1GB'\n"));
	join(2);
	tap(2);
	move(1, 100, 200);
	pass(1000);
	kernel_flush("up_square");
	kernel_flush("down_square");
	commits = kernel.calls[KERNEL_COMMIT];
	pass(1000);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits + 1);
	assert_true(is_in(1));
	assert_true(is_in(2));
	assert_true(element("up_square", 1)->bytes == 100);
	assert_true(element("up_square", 1)->ends_ms ==
		    KERNEL_START_MS + HOUR_MS);
	assert_said("sessions were missing in the kernel: put back");
	forget_log();
	kernel_flush("down_square"); /* half of it */
	pass(1000);
	assert_true(is_in(1));
	assert_said("sessions were missing in the kernel: put back");
	assert_int_equal(session_count(controller_sessions(t.controller)), 2);
	assert_int_equal(ended(SESSION_REASON_EXPIRED), 0);
}

static void test_maps_are_gone(void **state)
{
	(void)state;
	begin_with_one(CONFIG("\toption quota '1GB'\n"));
	move(1, 100, 200);
	pass(1000);
	pass(990);
	kernel_delete_tables(); /* the poll comes before the rules are back */
	pass(100);
	assert_said("sessions were missing in the kernel"); /* once */
	assert_true(is_in(1));
	assert_true(element("up_square", 1)->bytes == 100);
	assert_int_equal(totals().reinstalled, 1);
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 0);
}

/* Nobody lets a device in but netctl. */
static void test_orphans(void **state)
{
	static struct kernel_element e = { .key = { 2, 0, 0, 0, 0, 9 },
					   .key_len = 6,
					   .has_data = true,
					   .data = 0x70000,
					   .has_counter = true,
					   .ends_ms = UINT64_MAX };

	(void)state;
	begin_with_one(CONFIG(""));
	strcpy(e.set, "up_square");
	kernel_add_element(&e);
	strcpy(e.set, "down_square");
	kernel_add_element(&e);
	e.key[5] = 10;
	kernel_add_element(&e);
	strcpy(e.set, "up_library");
	kernel_add_element(&e);
	pass(5000);
	assert_int_equal(kernel_count("up_square"), 1);
	assert_int_equal(kernel_count("down_square"), 1);
	assert_int_equal(kernel_count("up_library"), 0);
	assert_said("zone square: removed 3 orphan elements");
	assert_said("zone library: removed 1 orphan elements");
	assert_true(is_in(1));
	assert_int_equal(session_count(controller_sessions(t.controller)), 1);
}

/* An element of ours that somebody has kept is nobody's, too. */
static void test_orphan_of_a_session(void **state)
{
	struct kernel_element e;

	(void)state;
	begin_with_one(CONFIG(""));
	join(2);
	tap(2);
	e = *element("up_square", 2);
	revoke_one(2);
	kernel_add_element(&e);
	pass(5000);
	assert_null(element("up_square", 2));
	assert_null(session_of(2));
	assert_int_equal(totals().adopted, 0);
}

static void test_orphans_that_stay(void **state)
{
	static const struct kernel_element e = { .set = "up_square",
						 .key = { 2, 0, 0, 0, 0, 9 },
						 .key_len = 6,
						 .has_data = true,
						 .ends_ms = UINT64_MAX };

	(void)state;
	begin_with_one(CONFIG(""));
	kernel_add_element(&e);
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, 1);
	pass(5000);
	assert_said("removed 1 orphan elements: No buffer space");
	assert_non_null(element("up_square", 9));
	pass(5000);
	assert_null(element("up_square", 9));
}

/* --- dumps that fail ------------------------------------------------------ */

/* What an interrupted dump has left out is not missing. */
static void test_interrupted(void **state)
{
	static const struct kernel_element e = { .set = "up_square",
						 .key = { 2, 0, 0, 0, 0, 99 },
						 .key_len = 6,
						 .has_data = true,
						 .ends_ms = UINT64_MAX };

	(void)state;
	begin(CONFIG(""));
	kernel_add_element(&e);
	pass(30); /* the rules are looked at, which reads sets, too */
	for (unsigned int d = 1; d <= 8; d++) {
		join(d);
		tap(d);
		move(d, 10, 20);
	}
	kernel.calls[KERNEL_DUMP] = 0;
	kernel_fail(KERNEL_DUMP, -EINTR, 9);
	pass(5000);
	assert_int_equal(kernel.calls[KERNEL_DUMP], 9 + DUMPS);
	assert_int_equal(kernel_count("up_square"), 8);
	assert_int_equal(kernel_count("down_square"), 8);
	assert_said("removed 1 orphan elements"); /* not once a time */
	assert_int_equal(said("missing"), 0);
	for (unsigned int d = 1; d <= 8; d++)
		assert_true(session_of(d)->down_bytes == 20);
}

static void test_interrupted_for_ever(void **state)
{
	(void)state;
	begin_with_one(CONFIG("\toption quota '1MB'\n"));
	move(1, 1000000, 1000000);
	kernel_fail(KERNEL_DUMP, -EINTR, 10);
	pass(1000);
	assert_int_equal(kernel.calls[KERNEL_DUMP], 10);
	assert_said("nft: reading counters: Interrupted system call");
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 1);
	assert_true(is_in(1)); /* nothing is known of it, so nothing follows */
	pass(1000);
	assert_false(is_in(1));
}

static void test_lost(void **state)
{
	struct ipc_grant m = grant_of(2);

	(void)state;
	begin_with_one(CONFIG("\toption idle '10s'\n"));
	join(2);
	m.limits.duration_s = 20;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	pass(8000);
	move(2, 1, 1);
	pass(1000);
	kernel_fail(KERNEL_DUMP, -ENOBUFS, 3);
	pass(3000);
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 3);
	assert_int_equal(said("nft: reading counters: No buffer space"), 3);
	assert_int_equal(said("missing"), 0); /* for all that is known */
	assert_int_equal(session_count(controller_sessions(t.controller)), 2);
	pass(1000);
	assert_int_equal(session_count(controller_sessions(t.controller)), 1);
	assert_int_equal(ended(SESSION_REASON_IDLE), 1);
	pass(8000);
	assert_int_equal(
		ended(SESSION_REASON_IDLE) + ended(SESSION_REASON_EXPIRED), 2);
}

/* --- after a restart ------------------------------------------------------ */

static void test_adopted(void **state)
{
	struct ipc_grant m = { .client = address_of(1),
			       .tag = 4711,
			       .tag_devices = 1,
			       .terms = 7,
			       .limits = { 1800, 600, 5000000, 3000000,
					   1000000 } };
	struct session before;
	const struct session *s;
	uint32_t slot;

	(void)state;
	begin(CONFIG(CAPPED));
	join_many(2);
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
	pass(MINUTE);
	move(1, 1000, 2000);
	slot = element("up_square", 1)->data >> 16;
	before = *session_of(1);
	restart(CONFIG(CAPPED));
	s = session_of(1);
	assert_non_null(s);
	assert_int_equal(s->state, SESSION_GRANTED);
	assert_true(s->handle == before.handle);
	assert_true(s->tag == 4711);
	assert_int_equal(s->terms, 7);
	assert_true(s->granted_ms == before.granted_ms);
	assert_true(s->ends_ms == before.ends_ms);
	assert_memory_equal(&s->limits, &before.limits, sizeof(s->limits));
	assert_int_equal(s->slot, slot);
	assert_true(s->up_bytes == 1000 && s->down_bytes == 2000);
	assert_true(s->active_ms == kernel.now_ms);
	assert_int_equal(totals().adopted, 1);
	assert_int_equal(totals().granted, 0);
	assert_int_equal(kernel.ended_count, 0);
	tap(2); /* not of the slot that is taken */
	assert_int_not_equal(element("up_square", 2)->data >> 16, slot);
	kernel.calls[KERNEL_DUMP] = 0;
	pass(2000);
	assert_int_equal(polls(), 2); /* it has a quota */
	assert_true(session_find_handle(controller_sessions(t.controller),
					before.handle) == s);
}

static void copy_record(struct kernel_element *to,
			const struct kernel_element *from)
{
	memcpy(to->user, from->user, sizeof(to->user));
	to->user_len = from->user_len;
}

static void test_what_is_not_adopted(void **state)
{
	(void)state;
	begin(CONFIG(""));
	tap_many(5);
	element("up_square", 1)->user_len = 0;
	element("up_square", 2)->user[0] = 0; /* of a type that is not ours */
	/* half of one, with the record in the wrong map */
	copy_record(element("down_square", 3), element("up_square", 3));
	kernel_remove("up_square", &session_of(3)->mac);
	/* by the handle of another */
	copy_record(element("up_square", 5), element("up_square", 4));
	restart(CONFIG(""));
	assert_int_equal(totals().adopted, 1);
	for (unsigned int d = 1; d <= 5; d++)
		assert_int_equal(is_in(d), d == 4);
	assert_said("removed 7 orphan elements");
}

/*
 * A mark of other bits, or of no slot: it is put in place anew, with what it
 * has counted, be it read once more or not.
 */
static void test_adopted_with_another_mark(void **state)
{
	static const struct {
		uint32_t mark;
		uint16_t slot; /* of the record */
	} cases[] = {
		{ 0, SLOT_UNCAPPED },
		{ 1U << 16, SLOT_UNCAPPED },
		{ 7, SLOT_UNCAPPED },
		{ 0xffffU << 16, SLOT_UNCAPPED },
		{ 0, SLOT_NONE },
		{ 1U << 16, SLOT_FIRST - 1 },
		{ 0xffffU << 16, SLOT_INBOUND },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct kernel_element *e;

		begin_with_one(CONFIG(CAPPED));
		move(1, 300, 400);
		e = element("up_square", 1);
		e->data = cases[i].mark;
		memcpy(e->user + SLOT_AT, &cases[i].slot, sizeof(uint16_t));
		kernel_fail(KERNEL_GET, -ENOBUFS, 4);
		restart(CONFIG(CAPPED));
		e = element("up_square", 1);
		assert_in_range(e->data, SLOT_FIRST << 16,
				(uint32_t)SLOT_LAST << 16);
		assert_non_null(kernel_class(SQUARE_INDEX, e->data >> 16));
		assert_true(e->packets == 1 && e->bytes == 300);
		assert_true(element("down_square", 1)->bytes == 414);
		assert_int_equal(totals().adopted, 1);
		tear_down(NULL);
	}
}

/* Of a device that is no longer shaped; the class goes, the session stays. */
static void test_adopted_without_caps(void **state)
{
	(void)state;
	begin_with_one(CONFIG(CAPPED));
	assert_int_not_equal(element("up_square", 1)->data >> 16,
			     SLOT_UNCAPPED);
	kernel_remove_root(SQUARE_INDEX);
	kernel_remove_root(WAN_INDEX);
	session_of(1)->limits.down_bps = IPC_UNLIMITED;
	kernel_flush("up_square"); /* put back with other limits */
	kernel_flush("down_square");
	pass(5000);
	assert_int_equal(element("up_square", 1)->data >> 16, SLOT_UNCAPPED);
	restart(CONFIG(""));
	assert_int_equal(totals().adopted, 1);
	assert_true(is_in(1));
}

static void test_nothing_can_be_adopted(void **state)
{
	(void)state;
	begin_with_one(CONFIG(""));
	stop_controller();
	kernel_fail(KERNEL_DUMP, -EPERM, 1);
	assert_int_equal(start_controller(CONFIG("")), -EPERM);
	assert_said("nft: reading the devices that guests are behind: "
		    "Operation not");
	assert_true(is_in(1)); /* as it was */
}

/* --- what all of them move ------------------------------------------------ */

static struct ipc_health health(void)
{
	struct ipc_health m = { .uptime_s = 0 };

	describe_health(t.controller, false, &m);
	return m;
}

static void test_rate_of_the_box(void **state)
{
	(void)state;
	begin(CONFIG(""));
	tap_many(6);
	pass(MINUTE + 5000); /* the first look */
	for (unsigned int d = 1; d <= 6; d++)
		move(d, 75000, 750000);
	pass(MINUTE);
	assert_true(health().up_bps == 60000);
	assert_true(health().down_bps == 600000);
	pass(MINUTE);
	assert_true(health().down_bps == 0);
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_interval),
		UNIT(test_interval_of_two),
		UNIT(test_nobody_is_polled),
		UNIT(test_expiry),
		UNIT(test_expired_by_the_kernel),
		UNIT(test_end_that_cannot_be_read),
		UNIT(test_no_end),
		UNIT(test_idle),
		UNIT(test_busy),
		UNIT(test_quota_ends),
		UNIT(test_quota_slows),
		UNIT(test_quota_gives_a_class),
		UNIT(test_map_is_flushed),
		UNIT(test_maps_are_gone),
		UNIT(test_orphans),
		UNIT(test_orphan_of_a_session),
		UNIT(test_orphans_that_stay),
		UNIT(test_interrupted),
		UNIT(test_interrupted_for_ever),
		UNIT(test_lost),
		UNIT(test_adopted),
		UNIT(test_what_is_not_adopted),
		UNIT(test_adopted_with_another_mark),
		UNIT(test_adopted_without_caps),
		UNIT(test_nothing_can_be_adopted),
		UNIT(test_rate_of_the_box),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
