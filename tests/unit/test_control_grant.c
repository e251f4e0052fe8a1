/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is let in, with which limits, and who makes room. */
#include "tests/unit/controltest.h"

#include "netctl/control/poll.h"
#include "netctl/rules/ruleset.h"

#define KBIT	1000ULL
#define MBIT	1000000ULL
#define HOUR_MS 3600000ULL
#define TAG	4711
#define OTHER	4712

static struct ipc_grant coded(unsigned int device, uint64_t tag,
			      uint32_t devices)
{
	struct ipc_grant m = grant_of(device);

	m.tag = tag;
	m.tag_devices = devices;
	return m;
}

static int use_code(unsigned int device, uint64_t tag)
{
	struct ipc_grant m = coded(device, tag, 1);
	int err;

	turn(); /* who has ended is gone */
	err = try_grant(&m, GRANT_ASKER_PORTAL);
	turn();
	return err;
}

/* It sends, and a poll sees that. */
static void stay(unsigned int device)
{
	move(device, 100, 0);
	pass(5000);
}

/* --- what is asked -------------------------------------------------------- */

static void test_fields_out_of_range(void **state)
{
	static const struct ipc_grant bad[] = {
		{ .extend = 2 },
		{ .replace = 2, .tag = TAG, .tag_devices = 1 },
		{ .terms = IPC_TERMS_MAX + 1 },
		{ .tag_devices = 1 },
		{ .replace = 1 },
		{ .tag = TAG },
		{ .tag = TAG, .tag_devices = IPC_TAG_DEVICES + 1 },
		{ .account = 2 },
		{ .account = 1, .tag = TAG, .tag_devices = 1 },
		{ .account = 1, .extend = 1 },
		{ .account = 1 }, /* in a zone that has none */
	};
	static const struct ipc_grant good[] = {
		{ .extend = 1, .terms = IPC_TERMS_MAX },
		{ .tag = TAG, .tag_devices = 1, .replace = 1 },
		{ .tag = TAG, .tag_devices = IPC_TAG_DEVICES },
	};

	(void)state;
	begin(CONFIG(""));
	join(1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct ipc_grant m = bad[i];

		m.client = address_of(1);
		assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -EINVAL);
		assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), -EINVAL);
	}
	assert_null(session_of(1));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct ipc_grant m = good[i];

		m.client = address_of(1);
		assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	}
}

/* --- accounts ------------------------------------------------------------- */

#define ACCOUNTS                                                               \
	"config uplink 'wan'\n\toption device 'test-wan'\n"                    \
	"config zone 'square'\n\toption device 'test-square'\n"                \
	"\toption duration '1h'\n\tlist auth 'click'\n\tlist auth 'radius'\n"  \
	"\toption radius 'main'\n\toption max_duration '1d'\n"                 \
	"\toption rate_down '5mbit'\n\toption max_rate_down '10mbit'\n"        \
	"config zone 'library'\n\toption device 'test-library'\n"              \
	"config portal\n\toption hostname 'a.example'\n"                       \
	"\toption certificate '/c'\n\toption key '/k'\n"                       \
	"config usage\n\toption pending ''\n"                                  \
	"config radius 'main'\n\tlist server '192.0.2.5'\n\toption secret "    \
	"'x'\n"

static struct session *enter_account(unsigned int device, uint64_t duration_s)
{
	struct ipc_grant m = grant_of(device);

	m.account = 1;
	m.limits.duration_s = duration_s;
	m.limits.down_bps = 8 * MBIT;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	return session_of(device);
}

/* The limits of an account hold once, and those of no tap or code do. */
static void test_accounts(void **state)
{
	struct ipc_grant tap, code = coded(1, TAG, 1);
	const struct session *s;
	uint64_t ends_ms;

	(void)state;
	begin(ACCOUNTS);
	join(1);
	tap = grant_of(1);
	assert_int_equal(try_grant(&tap, GRANT_ASKER_PORTAL), 0);
	turn();
	s = enter_account(1, 2 * 3600);
	assert_true(s->is_account);
	assert_int_equal(s->limits.down_bps, 8 * MBIT);
	ends_ms = s->ends_ms;
	assert_ptr_equal(enter_account(1, 3 * 3600), s);
	tap.extend = 1;
	assert_int_equal(try_grant(&tap, GRANT_ASKER_PORTAL), 0);
	assert_int_equal(try_grant(&code, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_int_equal(s->ends_ms, ends_ms);
	assert_int_equal(s->tag, 0);
}

static void test_changed_accounts(void **state)
{
	struct ipc_account_change m = { .limits = { .down_bps = 100 * MBIT } };
	struct session *s, *found;

	(void)state;
	begin(ACCOUNTS);
	join(1);
	join(2);
	s = enter_account(1, 7200);
	m.handle = s->handle;
	assert_int_equal(grant_change_account(t.controller, &m, &found), 0);
	assert_ptr_equal(found, s);
	assert_int_equal(s->limits.down_bps, 10 * MBIT);
	assert_int_equal(session_left_s(s, clock_ms()), 7200);
	m.limits = (struct ipc_limits){ .duration_s = 10 * 86400 };
	assert_int_equal(grant_change_account(t.controller, &m, &found), 0);
	assert_int_equal(session_left_s(s, clock_ms()), 86400);
	assert_int_equal(s->limits.down_bps, 10 * MBIT);
	m.end = 2;
	assert_int_equal(grant_change_account(t.controller, &m, &found),
			 -EINVAL);
	m.end = 1;
	assert_int_equal(grant_change_account(t.controller, &m, &found), 0);
	turn();
	assert_null(session_of(1));
	assert_int_equal(grant_change_account(t.controller, &m, &found),
			 -ENOENT);
}

/* Nobody else's can be reached so. */
static void test_sessions_of_no_account(void **state)
{
	struct ipc_grant tap;
	struct ipc_account_change m = { .end = 1 };
	struct session *found;

	(void)state;
	begin(ACCOUNTS);
	join(1);
	tap = grant_of(1);
	assert_int_equal(try_grant(&tap, GRANT_ASKER_PORTAL), 0);
	turn();
	m.handle = session_of(1)->handle;
	assert_int_equal(grant_change_account(t.controller, &m, &found),
			 -ENOENT);
	m.handle = 0;
	assert_int_equal(grant_change_account(t.controller, &m, &found),
			 -ENOENT);
	turn();
	assert_non_null(session_of(1));
}

static void test_unknown_devices(void **state)
{
	static const struct mac no_device[] = {
		{ { 0 } },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
		{ { 1, 0, 0x5e, 0, 0, 1 } },
	};
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOENT);
	for (unsigned int i = 0; i < ARRAY_SIZE(no_device); i++) {
		struct addr a = address_of(100 + i);

		kernel_add_neighbour(SQUARE_INDEX, &no_device[i], &a);
		m = grant_of(100 + i);
		assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOENT);
	}
	assert_int_equal(session_count(controller_sessions(t.controller)), 0);
}

/* An error that is no answer is told, but that an address is none. */
static void test_neighbours_that_cannot_be_asked(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	kernel_fail(KERNEL_FIND_NEIGHBOUR, -ENOBUFS, 2);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOBUFS);
	kernel_fail(KERNEL_FIND_NEIGHBOUR, -EINVAL, 2);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOENT);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
}

/* One address may be two devices', in two networks. */
static void test_address_in_two_zones(void **state)
{
	struct ipc_grant m = grant_of(1);
	struct mac other = mac_of(2);
	struct addr same = address_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	kernel_add_neighbour(LIBRARY_INDEX, &other, &same);
	m.client.ifindex = LIBRARY_INDEX;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	assert_null(session_of(1));
	assert_non_null(session_in(LIBRARY, 2));
	m.client.ifindex = SQUARE_INDEX;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	assert_non_null(session_of(1));
	m.client.ifindex = WAN_INDEX;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOENT);
}

/* --- limits --------------------------------------------------------------- */

#define LIMITS                                                                 \
	"\toption idle '0'\n\toption quota '1GB'\n\toption rate_down "         \
	"'8mbit'\n\toption rate_up "                                           \
	"'2mbit'\n"                                                            \
	"\toption max_duration '2h'\n\toption max_rate_down '16mbit'\n"        \
	"\toption max_rate_up '4mbit'\n\toption max_quota '2GB'\n"

static void test_limits(void **state)
{
	static const struct {
		enum grant_asker asker;
		struct ipc_limits wish, gets;
	} cases[] = {
		/* of the zone */
		{ GRANT_ASKER_PORTAL,
		  { 0 },
		  { 3600, IPC_UNLIMITED, 1000000000, 8 * MBIT, 2 * MBIT } },
		{ GRANT_ASKER_OPERATOR,
		  { 0 },
		  { 3600, IPC_UNLIMITED, 1000000000, 8 * MBIT, 2 * MBIT } },
		/* below the ceilings, above them, and none at all */
		{ GRANT_ASKER_PORTAL,
		  { 60, 30, 1000, 9 * MBIT, 3 * MBIT },
		  { 60, 30, 1000, 9 * MBIT, 3 * MBIT } },
		{ GRANT_ASKER_PORTAL,
		  { 7201, 90000, 2000000001, 16 * MBIT + 1, 4 * MBIT + 1 },
		  { 7200, 90000, 2000000000, 16 * MBIT, 4 * MBIT } },
		{ GRANT_ASKER_PORTAL,
		  { IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED,
		    IPC_UNLIMITED },
		  { 7200, IPC_UNLIMITED, 2000000000, 16 * MBIT, 4 * MBIT } },
		{ GRANT_ASKER_OPERATOR,
		  { IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED,
		    IPC_UNLIMITED },
		  { IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED, IPC_UNLIMITED,
		    IPC_UNLIMITED } },
		/* what no clock and no class can hold */
		{ GRANT_ASKER_OPERATOR,
		  { 366 * 86400, 1, 1, 1, 100000 * MBIT },
		  { 365 * 86400, 1, 1, 8 * KBIT, IPC_UNLIMITED } },
		{ GRANT_ASKER_OPERATOR,
		  { 1, 1, 1, 7999, 100000 * MBIT - 1 },
		  { 1, 1, 1, 8 * KBIT, 100000 * MBIT - 1 } },
	};

	(void)state;
	begin(CONFIG(LIMITS));
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ipc_grant m = grant_of(1 + i);

		join(1 + i);
		m.limits = cases[i].wish;
		assert_int_equal(try_grant(&m, cases[i].asker), 0);
		assert_memory_equal(&session_of(1 + i)->limits, &cases[i].gets,
				    sizeof(m.limits));
	}
}

static void test_end(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	m.terms = 3;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	assert_true(session_of(1)->ends_ms == kernel.now_ms + HOUR_MS);
	assert_true(session_of(1)->granted_ms == kernel.now_ms);
	assert_true(session_of(1)->active_ms == kernel.now_ms);
	assert_int_equal(session_of(1)->terms, 3);
	m.limits.duration_s = IPC_UNLIMITED;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	assert_true(session_of(1)->ends_ms == UINT64_MAX);
}

/* --- once more ------------------------------------------------------------ */

/*
 * What a grant does to a session of an hour that is ten minutes old, of TAG or
 * none: when it ends, counted from the grant.
 */
static void test_once_more(void **state)
{
	static const struct {
		const char *what;
		uint64_t had_tag;
		struct ipc_grant m;
		enum grant_asker asker;
		uint64_t ends_s, tag;
		bool is_pushed;
	} cases[] = {
		{ "a tap",
		  0,
		  { .limits.duration_s = 7200 },
		  0,
		  3000,
		  0,
		  false },
		{ "more time",
		  0,
		  { .limits.duration_s = 7200, .extend = 1 },
		  0,
		  7200,
		  0,
		  true },
		{ "more by less than half a minute",
		  0,
		  { .limits.duration_s = 3029, .extend = 1 },
		  0,
		  3000,
		  0,
		  false },
		{ "by half a minute",
		  0,
		  { .limits.duration_s = 3030, .extend = 1 },
		  0,
		  3030,
		  0,
		  true },
		{ "never earlier",
		  0,
		  { .limits.duration_s = 60, .extend = 1 },
		  0,
		  3000,
		  0,
		  false },
		{ "not what a code has bought",
		  TAG,
		  { .limits.duration_s = 7200, .extend = 1 },
		  0,
		  3000,
		  TAG,
		  false },
		{ "a code, be it earlier",
		  0,
		  { .limits.duration_s = 60, .tag = TAG, .tag_devices = 1 },
		  0,
		  60,
		  TAG,
		  true },
		{ "a code of the same end",
		  0,
		  { .limits.duration_s = 3000, .tag = TAG, .tag_devices = 1 },
		  0,
		  3000,
		  TAG,
		  true },
		{ "the code that it has",
		  TAG,
		  { .limits.duration_s = 2971, .tag = TAG, .tag_devices = 1 },
		  0,
		  3000,
		  TAG,
		  false },
		{ "which ends half a minute earlier",
		  TAG,
		  { .limits.duration_s = 2970, .tag = TAG, .tag_devices = 1 },
		  0,
		  2970,
		  TAG,
		  true },
		{ "another code",
		  TAG,
		  { .limits.duration_s = 3000, .tag = OTHER, .tag_devices = 1 },
		  0,
		  3000,
		  OTHER,
		  true },
		{ "other terms",
		  0,
		  { .limits.duration_s = 60, .terms = 9 },
		  0,
		  3000,
		  0,
		  true },
		{ "the operator",
		  TAG,
		  { .limits.duration_s = 10 },
		  GRANT_ASKER_OPERATOR,
		  10,
		  TAG,
		  true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ipc_grant m = cases[i].m;
		struct ipc_limits before;
		const struct session *s;

		begin(CONFIG("\toption max_duration '1d'\n"));
		join(1);
		if (cases[i].had_tag)
			assert_int_equal(use_code(1, cases[i].had_tag), 0);
		else
			tap(1);
		pass(600000);
		s = session_of(1);
		before = s->limits;
		m.client = address_of(1);
		assert_int_equal(try_grant(&m, cases[i].asker), 0);
		if (s->ends_ms != kernel.now_ms + cases[i].ends_s * 1000 ||
		    s->is_pending != cases[i].is_pushed)
			fail_msg("%s: ends in %llu s", cases[i].what,
				 (unsigned long long)(s->ends_ms -
						      kernel.now_ms) /
					 1000);
		assert_true(s->tag == cases[i].tag);
		assert_int_equal(s->terms, m.terms);
		assert_true(s->limits.down_bps == before.down_bps);
		assert_int_equal(totals().granted, 1);
		tear_down(NULL);
	}
}

/* Two that never end are as far apart as they can be: not at all. */
static void test_more_of_no_end(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG("\toption max_duration '1d'\n"));
	join(1);
	m.limits.duration_s = IPC_UNLIMITED;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
	m.extend = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	assert_false(session_of(1)->is_pending);
	assert_true(session_of(1)->ends_ms == UINT64_MAX);
}

static void test_terms_are_kept(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG(""));
	join(1);
	m.terms = 3;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	m.terms = 0; /* not known */
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	assert_int_equal(session_of(1)->terms, 3);
	assert_false(session_of(1)->is_pending);
}

/* The operator's limits take the slow rate away, unless they are used up. */
static void test_limits_anew(void **state)
{
	struct ipc_grant m = grant_of(1);

	(void)state;
	begin(CONFIG("\toption quota '1MB'\n\toption over_quota 'slow'\n"));
	join(1);
	tap(1);
	move(1, 400000, 600000);
	pass(1000);
	assert_true(session_of(1)->reduced);
	m.limits.quota_bytes = 500000;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	assert_true(session_of(1)->reduced);
	m.limits.quota_bytes = 2000000;
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	assert_false(session_of(1)->reduced);
	pass(5000);
	assert_true(session_of(1)->up_bytes == 400000);
	assert_true(session_of(1)->active_ms == kernel.now_ms - 5000);
}

static void test_while_it_ends(void **state)
{
	struct ipc_revoke r = { .client = address_of(1) };
	struct ipc_grant m = grant_of(1);
	uint32_t count;

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	assert_int_equal(grant_revoke(t.controller, &r, &count), 0);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -EAGAIN);
	turn();
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
}

/* Where limits are elements, a new one is full again. */
static void test_codes_in_turns(void **state)
{
	struct ipc_grant m = coded(1, TAG, 1);

	(void)state;
	begin(CONFIG(""));
	kernel.has_htb = false;
	restart(CONFIG("\toption rate_down '1mbit'\n"));
	join(1);
	assert_int_equal(use_code(1, TAG), 0);
	pass(29990);
	assert_int_equal(use_code(1, OTHER), -EAGAIN);
	assert_int_equal(use_code(1, TAG), 0);
	assert_true(session_of(1)->tag == TAG);
	pass(10);
	assert_int_equal(use_code(1, OTHER), 0);
	assert_true(session_of(1)->tag == OTHER);
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	tear_down(NULL);

	begin(CONFIG("\toption rate_down '1mbit'\n")); /* classes go on */
	join(1);
	assert_int_equal(use_code(1, TAG), 0);
	assert_int_equal(use_code(1, OTHER), 0);
}

/* --- the devices of a code ------------------------------------------------ */

static void test_code_is_full(void **state)
{
	struct ipc_grant m = coded(3, TAG, 2);

	(void)state;
	begin(CONFIG(""));
	join_many(4);
	assert_int_equal(use_code(1, TAG), 0);
	assert_int_equal(use_code(2, TAG), -EUSERS);
	assert_int_equal(use_code(1, TAG), 0); /* it is in by it */
	assert_int_equal(use_code(2, OTHER), 0);
	tap(4);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	assert_int_equal(session_count(controller_sessions(t.controller)), 4);
}

static void test_silent_device_of_a_code(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join_many(2);
	assert_int_equal(use_code(1, TAG), 0);
	pass(9990);
	assert_int_equal(use_code(2, TAG), -EUSERS);
	pass(10);
	move(1, 1, 0); /* no poll has seen it yet */
	assert_int_equal(use_code(2, TAG), -EUSERS);
	pass(9990);
	assert_int_equal(use_code(2, TAG), -EUSERS);
	pass(10);
	move(1, 0, 1000000); /* what it gets is no sign of it */
	assert_int_equal(use_code(2, TAG), 0);
	assert_false(is_in(1));
	assert_true(is_in(2));
	assert_int_equal(ended(SESSION_REASON_IDLE), 1);
}

static void test_replacing_a_device(void **state)
{
	struct ipc_grant m = coded(2, TAG, 1);

	(void)state;
	begin(CONFIG(""));
	join_many(2);
	assert_int_equal(use_code(1, TAG), 0);
	m.replace = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_false(is_in(1));
	assert_true(is_in(2));
}

/* The one that has been silent longest. */
static void test_which_device_yields(void **state)
{
	struct ipc_grant m = coded(3, TAG, 2), second = coded(2, TAG, 2);

	(void)state;
	begin(CONFIG(""));
	join_many(3);
	assert_int_equal(use_code(1, TAG), 0);
	assert_int_equal(try_grant(&second, GRANT_ASKER_PORTAL), 0);
	pass(20000);
	stay(1);
	m.replace = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_true(is_in(1));
	assert_false(is_in(2));
	assert_true(is_in(3));
}

static void test_device_in_two_zones(void **state)
{
	struct mac mac = mac_of(1);
	struct addr there = address_of(11);
	struct ipc_grant m = coded(1, TAG, 1);

	(void)state;
	begin(CONFIG(""));
	join_many(2);
	kernel_add_neighbour(LIBRARY_INDEX, &mac, &there);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	m.client = there; /* one device has one place in both */
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	pass(10000);
	element("up_library", 1)->packets++;
	assert_int_equal(use_code(2, TAG), -EUSERS);
	pass(10000);
	assert_int_equal(use_code(2, TAG), 0);
	assert_null(session_of(1));
	assert_null(session_in(LIBRARY, 1));
	assert_int_equal(ended(SESSION_REASON_IDLE), 2);
}

/* One that ends in this very turn makes no room twice. */
static void test_ending_device_of_a_code(void **state)
{
	struct ipc_grant m = coded(3, TAG, 1), two = coded(2, TAG, 2);
	struct ipc_revoke r = { .client = address_of(1) };
	uint32_t count;

	(void)state;
	begin(CONFIG(""));
	join_many(3);
	assert_int_equal(use_code(1, TAG), 0);
	pass(1000);
	assert_int_equal(try_grant(&two, GRANT_ASKER_PORTAL), 0);
	pass(20000);
	assert_int_equal(grant_revoke(t.controller, &r, &count), 0);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_true(!is_in(1) && !is_in(2) && is_in(3));
}

/* --- a full zone ---------------------------------------------------------- */

#define SMALL "\toption max_sessions '2'\n"

/* Of the first two of three. */
static void begin_full(void)
{
	begin(CONFIG(SMALL));
	join_many(3);
	tap(1);
	tap(2);
}

static void test_zone_is_full(void **state)
{
	struct ipc_grant m = grant_of(3);

	(void)state;
	begin_full();
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOSPC);
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), -ENOSPC);
	join_zone(4, LIBRARY_INDEX);
	m = grant_of(4);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	m = grant_of(2); /* who is in needs no room */
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
}

/* Neither who ends already, nor who is elsewhere. */
static void test_who_makes_no_room(void **state)
{
	struct ipc_revoke r = { .client = address_of(1) };
	struct ipc_grant m = grant_of(3);
	uint32_t count;

	(void)state;
	begin(CONFIG(SMALL));
	join_many(3);
	join_zone(4, LIBRARY_INDEX);
	tap(4);
	tap(1);
	pass(20000);
	tap(2);
	assert_int_equal(grant_revoke(t.controller, &r, &count), 0);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOSPC);
	turn();
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	m = grant_of(1);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOSPC);
	turn();
	assert_non_null(session_in(LIBRARY, 4));
	assert_int_equal(ended(SESSION_REASON_IDLE), 0);
}

/* An address that was made up falls silent after the tap. */
static void test_who_fell_silent(void **state)
{
	struct ipc_grant m = grant_of(3);

	(void)state;
	begin_full();
	pass(5000);
	stay(2);
	pass(10);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_false(is_in(1));
	assert_true(is_in(2));
	assert_true(is_in(3));
	assert_int_equal(ended(SESSION_REASON_IDLE), 1);
}

/* Who stayed for a minute may be silent for five. */
static void test_phone_in_a_pocket(void **state)
{
	struct ipc_grant m = grant_of(3);

	(void)state;
	begin_full();
	pass(56000);
	stay(1); /* seen after a minute, from then on proven */
	stay(2);
	pass(5 * MINUTE - 10010);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), -ENOSPC);
	pass(5000);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_false(is_in(1)); /* it has been silent for longer */
	assert_true(is_in(2));
}

/* One that was not proven is asked first, though another is silent longer. */
static void test_newcomers_yield_first(void **state)
{
	struct ipc_grant m = grant_of(3);

	(void)state;
	begin(CONFIG(SMALL));
	join_many(3);
	tap(1);
	pass(56000);
	stay(1);
	pass(5 * MINUTE);
	tap(2);
	pass(10000);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_true(is_in(1));
	assert_false(is_in(2));
	pass(5000); /* the newcomer is not silent, so it is the old one's turn
		     */
	m = grant_of(2);
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	assert_false(is_in(1));
	assert_true(is_in(3));
}

/* --- out ------------------------------------------------------------------ */

static void test_ways_to_revoke(void **state)
{
	struct ipc_revoke m = { .all = 1 };
	uint32_t count = 0;

	(void)state;
	begin(CONFIG(""));
	join_many(5);
	tap(1);
	tap(2);
	assert_int_equal(use_code(3, TAG), 0);
	assert_int_equal(use_code(4, OTHER), 0);

	m = (struct ipc_revoke){ .handle = session_of(1)->handle };
	assert_int_equal(grant_revoke(t.controller, &m, &count), 0);
	assert_int_equal(count, 1);
	turn();
	assert_false(is_in(1));
	assert_int_equal(grant_revoke(t.controller, &m, &count), -ENOENT);

	m = (struct ipc_revoke){ .tag = TAG };
	assert_int_equal(grant_revoke(t.controller, &m, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(grant_revoke(t.controller, &m, &count), -ENOENT);
	assert_int_equal(count, 0); /* it ends already */
	turn();
	assert_true(is_in(2) && !is_in(3) && is_in(4));

	m = (struct ipc_revoke){ .client = address_of(5) }; /* has none */
	assert_int_equal(grant_revoke(t.controller, &m, &count), -ENOENT);
	m = (struct ipc_revoke){ .client = address_of(77) };
	assert_int_equal(grant_revoke(t.controller, &m, &count), -ENOENT);
	m = (struct ipc_revoke){ .client = address_of(2) };
	kernel_fail(KERNEL_FIND_NEIGHBOUR, -ENOBUFS, 2);
	assert_int_equal(grant_revoke(t.controller, &m, &count), -ENOBUFS);

	m = (struct ipc_revoke){ .all = 1 };
	assert_int_equal(grant_revoke(t.controller, &m, &count), 0);
	assert_int_equal(count, 2);
	turn();
	assert_int_equal(grant_revoke(t.controller, &m, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 4);
	assert_int_equal(kernel_count("up_square"), 0);
}

static void test_one_way_to_revoke(void **state)
{
	static const struct ipc_revoke bad[] = {
		{ .zero = 0 },
		{ .all = 2 },
		{ .all = 1, .tag = TAG },
		{ .handle = 1, .tag = TAG },
		{ .handle = 1, .client = { .family = AF_INET } },
		{ .all = 1, .client = { .family = AF_INET6 } },
	};
	uint32_t count;

	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(grant_revoke(t.controller, &bad[i], &count),
				 -EINVAL);
	assert_true(is_in(1));
}

static void test_logged_out(void **state)
{
	(void)state;
	begin(CONFIG(""));
	join(1);
	tap(1);
	for (int i = 0; i < 2; i++) /* two answers to one */
		assert_int_equal(grant_log_out(t.controller, session_of(1)), 0);
	turn();
	assert_false(is_in(1));
	assert_int_equal(ended(SESSION_REASON_LOGOUT), 1);
}

/* --- who has gone --------------------------------------------------------- */

#define LEAVES "\toption leave '30s'\n"

static void test_gone_and_silent(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin(CONFIG(LEAVES));
	join(1);
	tap(1);
	pass(12000);
	move(1, 100, 100); /* before it went */
	grant_left(t.controller, &mac);
	pass(29990);
	assert_true(is_in(1));
	pass(10);
	assert_false(is_in(1));
	assert_int_equal(ended(SESSION_REASON_IDLE), 1);
}

/* Sooner than counters would be read anyway. */
static void test_gone_for_a_moment(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin(CONFIG("\toption leave '2s'\n"));
	join(1);
	tap(1);
	pass(1000);
	grant_left(t.controller, &mac);
	pass(1990);
	assert_true(is_in(1));
	pass(10);
	assert_false(is_in(1));
}

static void test_gone_and_back(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin(CONFIG(LEAVES));
	join(1);
	tap(1);
	grant_left(t.controller, &mac);
	pass(20000);
	move(1, 100, 0);
	pass(MINUTE);
	assert_true(is_in(1));
	grant_left(t.controller, &mac); /* what it gets is no return */
	pass(20000);
	move(1, 0, 1000);
	pass(10000);
	assert_false(is_in(1));
}

/* An operator who watches keeps nobody, and ends nobody early. */
static void test_gone_while_somebody_looks(void **state)
{
	struct mac gone = mac_of(1), back = mac_of(2);

	(void)state;
	begin(CONFIG(LEAVES "\toption idle '1m'\n"));
	tap_many(3);
	grant_left(t.controller, &gone);
	grant_left(t.controller, &back);
	for (unsigned int ms = 100; ms <= MINUTE; ms += 100) {
		pass(100);
		if (ms == 1000)
			move(2, 100, 0);
		poll_sessions(t.controller);
		turn();
		assert_true(is_in(1) == (ms < 30000));
		assert_true(is_in(2) && is_in(3));
	}
	pass(100);
	poll_sessions(t.controller);
	turn();
	assert_true(is_in(2));
	assert_false(is_in(3)); /* as silent, and not said to have gone */
	assert_int_equal(ended(SESSION_REASON_IDLE), 2);
}

static void test_gone_where_nobody_looks(void **state)
{
	struct mac mac = mac_of(1), nobody = mac_of(2);
	struct ipc_revoke all = { .all = 1 };
	uint32_t count;

	(void)state;
	begin(CONFIG(LEAVES));
	join_zone(1, LIBRARY_INDEX); /* which has no `leave` */
	tap(1);
	grant_left(t.controller, &mac);
	grant_left(t.controller, &nobody);
	pass(MINUTE);
	assert_non_null(session_in(LIBRARY, 1));
	assert_int_equal(grant_revoke(t.controller, &all, &count), 0);
	grant_left(t.controller, &mac); /* ended by now */
	turn();
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 1);
	assert_int_equal(ended(SESSION_REASON_IDLE), 0);
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_fields_out_of_range),
		UNIT(test_unknown_devices),
		UNIT(test_accounts),
		UNIT(test_changed_accounts),
		UNIT(test_sessions_of_no_account),
		UNIT(test_neighbours_that_cannot_be_asked),
		UNIT(test_address_in_two_zones),
		UNIT(test_limits),
		UNIT(test_end),
		UNIT(test_once_more),
		UNIT(test_more_of_no_end),
		UNIT(test_terms_are_kept),
		UNIT(test_limits_anew),
		UNIT(test_while_it_ends),
		UNIT(test_codes_in_turns),
		UNIT(test_code_is_full),
		UNIT(test_silent_device_of_a_code),
		UNIT(test_replacing_a_device),
		UNIT(test_which_device_yields),
		UNIT(test_device_in_two_zones),
		UNIT(test_ending_device_of_a_code),
		UNIT(test_zone_is_full),
		UNIT(test_who_makes_no_room),
		UNIT(test_who_fell_silent),
		UNIT(test_phone_in_a_pocket),
		UNIT(test_newcomers_yield_first),
		UNIT(test_ways_to_revoke),
		UNIT(test_one_way_to_revoke),
		UNIT(test_logged_out),
		UNIT(test_gone_and_silent),
		UNIT(test_gone_for_a_moment),
		UNIT(test_gone_and_back),
		UNIT(test_gone_while_somebody_looks),
		UNIT(test_gone_where_nobody_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
