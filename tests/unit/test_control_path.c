/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What others do to packets that the gate lets go on. */
#include "tests/unit/controltest.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "netctl/rules/ruleset.h"

#define CHECK_MS 5000
#define HOUR_MS	 3600000ULL

static const struct kernel_chain forward = { NFPROTO_INET,    "fw4",
					     "forward",	      "filter",
					     NF_INET_FORWARD, true };
static const struct kernel_chain input = { NFPROTO_IPV4,     "filter",
					   "INPUT",	     "filter",
					   NF_INET_LOCAL_IN, false };

static uint32_t troubles(void)
{
	return totals().troubles;
}

/* So many first packets, of which some are seen behind the filters. */
static void cross(enum ruleset_counter let, uint64_t count,
		  enum ruleset_counter arrived, uint64_t of_them)
{
	kernel.packets[let] += count;
	kernel.packets[arrived] += of_them;
	pass(CHECK_MS);
}

/* --- dropped -------------------------------------------------------------- */

static void test_out_is_dropped(void **state)
{
	(void)state;
	begin(CONFIG(""));
	kernel_add_chain(&forward);
	kernel_add_chain(&input);
	t.zones = 0;
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 0);
	assert_int_equal(troubles(), 0); /* one may be lost by chance */
	cross(COUNTER_LET_OUT, 0, COUNTER_LEFT, 0);
	assert_int_equal(troubles(), 0);
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 0);
	assert_int_equal(troubles(), IPC_TROUBLE_OUT_DROPPED);
	assert_said("error: the last new connections that the gate let pass "
		    "did not leave this box: they were dropped behind it, it "
		    "seems by chain forward of table inet fw4, whose policy is "
		    "drop; let it accept what comes from the zones' devices\n");
	cross(COUNTER_LET_OUT, 5, COUNTER_LEFT, 0);
	assert_int_equal(said("error: "), 1); /* once is enough */
	assert_int_equal(t.zones, 1);
	cross(COUNTER_LET_OUT, 5, COUNTER_LEFT, 1);
	assert_int_equal(troubles(), 0);
	assert_int_equal(t.zones, 2);
	assert_said("new connections leave again");
}

static void test_in_is_dropped(void **state)
{
	(void)state;
	begin(CONFIG(""));
	kernel_add_chain(&forward);
	kernel_add_chain(&input);
	cross(COUNTER_LET_IN, 2, COUNTER_ARRIVED, 0);
	assert_int_equal(troubles(), IPC_TROUBLE_PORTAL_DROPPED);
	assert_said("error: the last connections to the portal did not reach "
		    "it: they were dropped behind the gate, it seems by chain "
		    "INPUT of table ip filter; let it accept what comes from "
		    "the zones' devices to the portal's ports\n");
	cross(COUNTER_LET_IN, 0, COUNTER_ARRIVED, 1);
	assert_int_equal(troubles(), 0);
	assert_said("guests reach the portal again");
}

/* Those that drop all are named, and if there is none those that filter. */
static void test_suspects(void **state)
{
	static const struct kernel_chain others[] = {
		{ NFPROTO_IPV4, "filter", "FORWARD", "filter", NF_INET_FORWARD,
		  false },
		{ NFPROTO_IPV6, "filter", "FORWARD", "filter", NF_INET_FORWARD,
		  false },
		/* of no IP, of no hook, and at another one */
		{ NFPROTO_BRIDGE, "b", "forward", "filter", NF_INET_FORWARD,
		  true },
		{ NFPROTO_INET, "fw4", "jumped_to", NULL, 0, false },
		{ NFPROTO_INET, "fw4", "output", "filter", NF_INET_LOCAL_OUT,
		  true },
		{ NFPROTO_IPV4, "x", "y", "route", NF_INET_FORWARD, true },
	};
	static const struct kernel_chain later = { NFPROTO_IPV4,    "docker",
						   "forward",	    "filter",
						   NF_INET_FORWARD, false };

	(void)state;
	begin(CONFIG(""));
	cross(COUNTER_LET_OUT, 2, COUNTER_LEFT, 0);
	assert_said("it seems by a table that nf_tables does not list;");
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 1);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		kernel_add_chain(&others[i]);
	cross(COUNTER_LET_OUT, 2, COUNTER_LEFT, 0);
	assert_said("it seems by chain FORWARD of table ip filter, chain "
		    "FORWARD of table ip6 filter;");
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 1);
	kernel_add_chain(&forward);
	kernel_add_chain(&later);
	cross(COUNTER_LET_OUT, 2, COUNTER_LEFT, 0);
	assert_said("it seems by chain forward of table inet fw4, whose policy "
		    "is drop;");
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 1);
	kernel_fail_after(KERNEL_RULES, -EINTR, 2); /* marks, counters */
	cross(COUNTER_LET_OUT, 2, COUNTER_LEFT, 0);
	assert_int_equal(said("it seems by chain forward of table inet fw4, "
			      "whose policy is drop;"),
			 2);
}

/* Tables that were made anew begin with 0. */
static void test_counters_that_fell(void **state)
{
	(void)state;
	begin(CONFIG(""));
	cross(COUNTER_LET_OUT, 100, COUNTER_LEFT, 100);
	memset(kernel.packets, 0, sizeof(kernel.packets));
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 0);
	assert_int_equal(troubles(), 0);
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 0);
	assert_int_equal(troubles(), IPC_TROUBLE_OUT_DROPPED);
}

/* They are read by a later check, and nothing is taken for new. */
static void test_counters_that_cannot_be_read(void **state)
{
	(void)state;
	begin(CONFIG(""));
	cross(COUNTER_LET_OUT, 100, COUNTER_LEFT, 100);
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 0);
	kernel_fail(KERNEL_RULES, -ENOBUFS, 1);
	cross(COUNTER_LET_OUT, 1, COUNTER_LEFT, 0);
	assert_int_equal(troubles(), 0);
	pass(CHECK_MS);
	assert_int_equal(troubles(), IPC_TROUBLE_OUT_DROPPED);
}

/* --- a device that has all ------------------------------------------------ */

static void test_greedy(void **state)
{
	(void)state;
	begin(CONFIG(""));
	cross(COUNTER_TOO_MANY, 1, COUNTER_LEFT, 0);
	assert_said("a device has max_flows of them");
	cross(COUNTER_TOO_MANY, 100, COUNTER_LEFT, 0);
	assert_said("a device has max_flows of them"); /* no news */
	pass(HOUR_MS);
	assert_said("a device has max_flows of them");
	cross(COUNTER_TOO_MANY, 1, COUNTER_LEFT, 0);
	assert_int_equal(said("a device has max_flows of them"), 2);
	assert_int_equal(troubles(), 0);
}

/* --- marks ---------------------------------------------------------------- */

#define OURS 0xffff0000U

static void test_marks(void **state)
{
	static const struct kernel_chain prerouting = {
		NFPROTO_IPV4, "mangle", "PREROUTING", "filter", 0, false
	};

	(void)state;
	begin(CONFIG(""));
	kernel_add_chain(&prerouting);
	kernel_add_marking(&prerouting, ~OURS);
	pass(CHECK_MS);
	assert_int_equal(troubles(), 0); /* the other half is theirs */
	kernel_add_marking(&prerouting, 0x00010000);
	pass(CHECK_MS);
	assert_int_equal(troubles(), IPC_TROUBLE_MARKS);
	assert_said("error: chain PREROUTING of table ip mangle changes the "
		    "gate's bits of the packet mark, 0xffff0000: ");
	kernel_add_marking(&prerouting, OURS);
	pass(CHECK_MS);
	assert_int_equal(said("error: "), 1);
	kernel_delete_table(NFPROTO_IPV4, "mangle");
	pass(CHECK_MS);
	assert_int_equal(troubles(), 0);
	assert_said("nobody changes the gate's bits of the packet mark any "
		    "more");
}

/* Where guests' packets do not come by, marks may be changed. */
static void test_marks_elsewhere(void **state)
{
	static const struct kernel_chain chains[] = {
		{ NFPROTO_INET, "a", "output", "filter", NF_INET_LOCAL_OUT,
		  false },
		{ NFPROTO_INET, "b", "postrouting", "filter",
		  NF_INET_POST_ROUTING, false },
	};
	static const struct kernel_chain jumped_to = {
		NFPROTO_INET, "c", "d", NULL, 0, false
	};

	(void)state;
	begin(CONFIG(""));
	for (size_t i = 0; i < ARRAY_SIZE(chains); i++) {
		kernel_add_chain(&chains[i]);
		kernel_add_marking(&chains[i], OURS);
	}
	pass(CHECK_MS);
	assert_int_equal(troubles(), 0);
	for (int i = 0; i < 8; i++) /* one place is named once */
		kernel_add_marking(&chains[0], OURS);
	kernel_add_chain(&jumped_to); /* from wherever */
	kernel_add_marking(&jumped_to, OURS);
	pass(CHECK_MS);
	assert_int_equal(troubles(), IPC_TROUBLE_MARKS);
	assert_said("chain d of table inet c changes");
}

/* Not by every check, but by the one that follows a change. */
static void test_marks_that_cannot_be_read(void **state)
{
	(void)state;
	begin(CONFIG(""));
	pass(CHECK_MS);
	kernel_add_chain(&forward);
	kernel_add_marking(&forward, OURS);
	pass(100); /* the rules are compared */
	kernel_fail(KERNEL_RULES, -EINTR, 10);
	pass(CHECK_MS - 100);
	assert_int_equal(troubles(), 0);
	kernel_fail(KERNEL_RULES, -EINTR, 9);
	pass(CHECK_MS);
	assert_int_equal(troubles(), IPC_TROUBLE_MARKS);
}

/* --- the table of connections --------------------------------------------- */

static void test_full_table(void **state)
{
	static const struct {
		uint32_t entries;
		bool is_full;
	} steps[] = { { 899, false }, { 900, true },  { 899, true },
		      { 800, true },  { 799, false }, { 899, false } };

	(void)state;
	begin(CONFIG(""));
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		kernel.fill.entries = steps[i].entries;
		pass(CHECK_MS);
		if (troubles() !=
		    (steps[i].is_full ? IPC_TROUBLE_TABLE_FULL : 0U))
			fail_msg("%u entries: %u", steps[i].entries,
				 troubles());
	}
	assert_said("warn: the table of connections is nearly full: 900 of "
		    "1000; raise net.netfilter.nf_conntrack_max");
	assert_said("the table of connections has room again");
	kernel.fill = (struct conntrack_fill){ 0 }; /* not known */
	pass(CHECK_MS);
	assert_int_equal(troubles(), 0);
}

/* --- flow tables of others ------------------------------------------------ */

#define WITHOUT CONFIG("") "config gate\n\toption flow_table '0'\n"

static void begin_offload(const char *config, const char *device,
			  uint32_t flags)
{
	begin(config);
	kernel_add_device("test-port", 9);
	kernel_device(9)->link.master = SQUARE_INDEX;
	kernel_add_device("test-lan", 10);
	kernel.has_flow_table = true;
	kernel.flow_table_device = device;
	kernel.flow_table_flags = flags;
	pass(CHECK_MS);
}

static void test_offload(void **state)
{
	static const struct {
		const char *device, *said;
		uint32_t flags;
	} tables[] = {
		{ NULL, NULL, 0 },
		{ "test-square", NULL, 0 },
		{ "test-lan", NULL, 0 },
		{ "test-port", "flow table ft of table fw4 (test-port)", 0 },
		{ "test-lan", "flow table ft of table fw4 (in hardware)",
		  NFT_FLOWTABLE_HW_OFFLOAD },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		begin_offload(WITHOUT, tables[i].device, tables[i].flags);
		if (tables[i].said)
			assert_said(tables[i].said);
		assert_int_equal(troubles(),
				 tables[i].said ? IPC_TROUBLE_OFFLOAD : 0U);
		kernel.has_flow_table = false;
		pass(CHECK_MS);
		assert_int_equal(troubles(), 0);
		tear_down(state);
		begin_offload(CONFIG(""), tables[i].device, tables[i].flags);
		assert_int_equal(troubles(), 0); /* all flows are ours */
		tear_down(state);
	}
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_out_is_dropped),
		UNIT(test_in_is_dropped),
		UNIT(test_suspects),
		UNIT(test_counters_that_fell),
		UNIT(test_counters_that_cannot_be_read),
		UNIT(test_greedy),
		UNIT(test_marks),
		UNIT(test_marks_elsewhere),
		UNIT(test_marks_that_cannot_be_read),
		UNIT(test_full_table),
		UNIT(test_offload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
