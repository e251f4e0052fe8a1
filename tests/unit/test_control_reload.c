/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another config, rules that others change, and the end. */
#include "tests/unit/controltest.h"

#include <linux/netfilter.h>

#include "netctl/rules/ruleset.h"

#define INSTALL	     2 /* transactions: with a flow table, and without */
#define TAIL	     "config portal\nconfig usage\n\toption pending ''\n"
#define WAN	     "config uplink 'wan'\n\toption device 'test-wan'\n"
#define SHAPED(name) ZONE(name, "test-" name) "\toption rate_down '8mbit'\n"
#define ZONE(name, device)                                                     \
	"config zone '" name "'\n\toption device '" device "'\n"

static void reload(const char *config)
{
	controller_reload(t.controller, settings_of(config));
	turn();
}

/* One in each of both zones, who have moved something. */
static void begin_with_two(void)
{
	begin(CONFIG(""));
	join(1);
	join_zone(2, LIBRARY_INDEX);
	tap(1);
	tap(2);
	move(1, 100, 200);
}

/* --- a reload ------------------------------------------------------------- */

static void test_same_config(void **state)
{
	unsigned int born;

	(void)state;
	begin_with_two();
	born = element("up_square", 1)->born;
	reload(CONFIG(""));
	assert_int_equal(element("up_square", 1)->born, born);
	assert_true(element("up_square", 1)->bytes == 100);
	assert_said("config reloaded: 2 zones");
	assert_quiet();
}

static void test_zone_goes(void **state)
{
	(void)state;
	begin_with_two();
	reload(WAN ZONE("square", "test-square") TAIL);
	assert_said("zone library is no longer in the config: its 1 sessions "
		    "end");
	assert_true(is_in(1));
	assert_false(kernel_has_set("up_library"));
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 1);
	assert_int_equal(kernel.ended_count, 1);
	assert_said("config reloaded: 1 zone");
}

static void test_zones_change_places(void **state)
{
	unsigned int requests;

	(void)state;
	begin(WAN SHAPED("square") SHAPED("library") TAIL);
	join(1);
	join_zone(2, LIBRARY_INDEX);
	tap(1);
	tap(2);
	move(1, 100, 200);
	pass(1000);
	requests = kernel.calls[KERNEL_REQUEST];
	reload(WAN SHAPED("library") SHAPED("square") TAIL);
	assert_null(session_in(0, 1));
	assert_non_null(session_in(1, 1));
	assert_non_null(session_in(0, 2));
	assert_int_equal(kernel.calls[KERNEL_REQUEST], requests);
	assert_int_equal(said("device test-square is there"), 0);
	pass(5000);
	assert_true(session_in(1, 1)->up_bytes == 100);
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 0);
	assert_quiet();
}

/* Who was behind the old device is a stranger to whom it belongs now. */
static void test_zone_moves(void **state)
{
	struct ipc_zone m = { .ifindex = 0 };
	struct ipc_grant g = grant_of(3);

	(void)state;
	begin_with_two();
	join(3);
	kernel_add_device("other", 40);
	reload(WAN ZONE("square", "other") TAIL);
	describe_zone(t.controller, 0, false, &m);
	assert_int_equal(m.ifindex, 40);
	assert_false(kernel_has_chain("shut_square")); /* it is no new name */
	assert_int_equal(try_grant(&g, GRANT_ASKER_PORTAL), -ENOENT);
	join_zone(3, 40);
	assert_int_equal(try_grant(&g, GRANT_ASKER_PORTAL), 0);
}

/* What people were granted stays theirs; who comes gets the new. */
static void test_limits_change(void **state)
{
	(void)state;
	begin_with_two();
	reload(CONFIG("\toption quota '1MB'\n"));
	join(3);
	tap(3);
	assert_true(session_of(1)->limits.quota_bytes == IPC_UNLIMITED);
	assert_true(session_of(3)->limits.quota_bytes == 1000000);
}

static void test_fixed_options(void **state)
{
	static const char *const changes[] = {
		"config gate\n\toption socket '/run/other.sock'\n",
		"config gate\n\toption user 'nobody'\n",
		"config gate\n\toption events_user 'nobody'\n",
		"config gate\n\toption mark_shift '8'\n",
	};
	char config[2048];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		begin_with_two();
		snprintf(config, sizeof(config), "%s%s", changes[i],
			 CONFIG(""));
		reload(config);
		assert_said("change with a restart, not with a reload");
		assert_int_equal(
			controller_settings(t.controller)->gate.mark_shift, 16);
		pass(5000);
		assert_true(is_in(1));
		tear_down(NULL);
	}
}

static void test_reload_that_fails(void **state)
{
	(void)state;
	begin_with_two();
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, INSTALL);
	reload(CONFIG("\toption quota '1MB'\n"));
	assert_said("nft: installing the rules: No buffer space available");
	assert_said("the new config is not in force in the kernel");
	assert_true(is_in(1)); /* by the old rules, which fail closed */
	reload(CONFIG(""));
	assert_said("config reloaded");
}

/* A kernel without the hooks says what it lacks. */
static void test_old_kernel(void **state)
{
	static const int errors[] = { -EOPNOTSUPP, -ENOENT };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		begin(CONFIG(""));
		stop_controller();
		kernel_fail(KERNEL_COMMIT, errors[i], INSTALL);
		assert_int_equal(start_controller(CONFIG("")), errors[i]);
		assert_said("(needs Linux 5.16 or newer with netdev ingress");
		tear_down(NULL);
	}
}

/* --- rules that others change --------------------------------------------- */

static const struct kernel_chain ours = {
	NFPROTO_INET, RULESET_TABLE, "forward", NULL, 0, false
};
static const struct kernel_chain theirs = { NFPROTO_INET, "fw4", "forward",
					    "filter",	  0,	 false };

static void test_rule_in_ours(void **state)
{
	unsigned int born;

	(void)state;
	begin_with_two();
	born = element("up_square", 1)->born;
	kernel_add_marking(&ours, 0xffff);
	turn();
	assert_int_equal(totals().reinstalled, 0); /* in a moment */
	pass(20);
	assert_int_equal(totals().reinstalled, 1);
	assert_said("another program changed our rules: put back, with 2 "
		    "sessions");
	assert_int_equal(element("up_square", 1)->born, born);
	pass(MINUTE);
	assert_int_equal(totals().reinstalled, 1); /* ours are no change */
}

static void test_rule_of_theirs(void **state)
{
	unsigned int commits;

	(void)state;
	begin_with_two();
	commits = kernel.calls[KERNEL_COMMIT];
	kernel_add_chain(&theirs);
	kernel_add_marking(&theirs, 0xffff);
	pass(MINUTE);
	assert_int_equal(totals().reinstalled, 0);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits);
	assert_quiet();
}

/* Between the transaction that puts the rules back and the look at them. */
static void test_taken_before_the_look(void **state)
{
	static const char *const sets[] = { "byways", "special4", "special6" };

	(void)state;
	begin_with_two();
	for (size_t i = 0; i < 2 * ARRAY_SIZE(sets); i++) {
		const char *set = sets[i / 2];
		size_t count = kernel_count(set);

		assert_true(count > 0);
		kernel.takes = set;
		kernel.takes_one = i % 2;
		kernel_add_marking(&ours, 0xffff);
		pass(MINUTE);
		assert_null(kernel.takes);
		assert_int_equal(kernel_count(set), count);
		assert_int_equal(totals().reinstalled, i + 1);
	}
}

/* As a resolver does that fills the garden's sets: it comes to an end. */
static void test_others_who_never_rest(void **state)
{
	unsigned int commits;

	(void)state;
	begin_with_two();
	kernel.is_restless = true;
	commits = kernel.calls[KERNEL_COMMIT];
	kernel_add_marking(&ours, 0xffff);
	pass(MINUTE);
	assert_int_equal(totals().reinstalled, 1);
	assert_true(kernel.calls[KERNEL_COMMIT] > commits);
	commits = kernel.calls[KERNEL_COMMIT];
	pass(MINUTE);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits);
	kernel.takes = "byways"; /* what can be counted is */
	kernel_add_marking(&ours, 0xffff);
	pass(MINUTE);
	assert_true(kernel_count("byways") > 0);
}

/* Rules that cannot be put back are tried again, later and later. */
static void test_rules_that_cannot_be_put_back(void **state)
{
	(void)state;
	begin_with_two();
	kernel_add_marking(&ours, 0xffff);
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, 2 * INSTALL + 1);
	pass(30);
	assert_int_equal(said("nft: installing the rules"), 1);
	assert_int_equal(said("nft: guests are NOT kept out"), 1);
	assert_true(totals().troubles & IPC_TROUBLE_RULES);
	pass(100);
	assert_int_equal(said("nft: installing the rules"), 1);
	assert_int_equal(totals().reinstalled, 0);
	pass(200);
	assert_false(totals().troubles & IPC_TROUBLE_RULES);
	assert_int_equal(totals().reinstalled, 1);
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 2);
}

static void test_guests_are_kept_out_meanwhile(void **state)
{
	(void)state;
	begin_with_two();
	kernel_add_marking(&ours, 0xffff);
	kernel_fail(KERNEL_COMMIT, -EPERM, INSTALL);
	pass(30);
	assert_int_equal(said("all zones are shut until they can"), 1);
	pass(100);
	assert_int_equal(said("nft: the rules can be installed again"), 1);
	assert_int_equal(totals().reinstalled, 1);
}

/* A map with people in it is not emptied, whatever happens around it. */
static void test_rules_with_people(void **state)
{
	(void)state;
	begin_with_two();
	kernel_delete_table(NFPROTO_INET, RULESET_TABLE); /* not of netdev */
	pass(30);
	assert_true(kernel_has_chain("forward"));
	assert_true(is_in(1));
	assert_true(element("up_square", 1)->bytes == 100);
	assert_int_equal(said("missing"), 0);
}

/* --- the end -------------------------------------------------------------- */

static void test_stop_keeps(void **state)
{
	(void)state;
	begin_with_two();
	controller_stop(t.controller);
	assert_said("stopping; the gate stays in force");
	assert_true(is_in(1));
}

#define CAPPED "\toption rate_down '8mbit'\n"
#define REMOVE "config gate\n\toption on_stop 'remove'\n"

static void test_stop_removes(void **state)
{
	(void)state;
	begin(REMOVE CONFIG(CAPPED));
	join(1);
	tap(1);
	assert_true(kernel_has_root(SQUARE_INDEX));
	kernel_add_chain(&theirs);
	controller_stop(t.controller);
	assert_said("stopping; the gate is removed");
	assert_false(kernel_has_set("up_square"));
	assert_false(kernel_has_chain("ingress_square"));
	assert_false(kernel_has_root(SQUARE_INDEX));
	assert_false(kernel_has_root(WAN_INDEX));
	kernel_delete_table(NFPROTO_INET, "fw4"); /* it is there yet */
}

static void test_stop_that_fails(void **state)
{
	(void)state;
	begin(REMOVE CONFIG(CAPPED));
	kernel_fail(KERNEL_COMMIT, -EPERM, 1);
	controller_stop(t.controller);
	assert_said("nft: removing our tables: Operation not permitted");
	assert_true(kernel_has_set("up_square"));
	kernel_fail(KERNEL_RULES, -EINTR, 9);
	kernel_fail(KERNEL_ROOTS, -EPERM, 1);
	controller_stop(t.controller);
	assert_said(
		"shaper: removing our root qdiscs: Operation not permitted");
	assert_false(kernel_has_set("up_square"));
	assert_int_equal(said("stopping; the gate is removed"), 0);
}

/* When the program goes, whoever stopped it before. */
static void test_removed_without_a_controller(void **state)
{
	(void)state;
	begin(CONFIG(CAPPED));
	join(1);
	tap(1);
	stop_controller();
	assert_int_equal(controller_remove(false), 0);
	assert_false(kernel_has_set("up_square"));
	assert_false(kernel_has_root(SQUARE_INDEX));
	assert_int_equal(controller_remove(false), 0); /* nothing is there */
	kernel_fail(KERNEL_RULES, -EPERM, 1);
	assert_int_equal(controller_remove(false), -EPERM);
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_same_config),
		UNIT(test_zone_goes),
		UNIT(test_zones_change_places),
		UNIT(test_zone_moves),
		UNIT(test_limits_change),
		UNIT(test_fixed_options),
		UNIT(test_reload_that_fails),
		UNIT(test_old_kernel),
		UNIT(test_rule_in_ours),
		UNIT(test_rule_of_theirs),
		UNIT(test_taken_before_the_look),
		UNIT(test_others_who_never_rest),
		UNIT(test_rules_that_cannot_be_put_back),
		UNIT(test_guests_are_kept_out_meanwhile),
		UNIT(test_rules_with_people),
		UNIT(test_stop_keeps),
		UNIT(test_stop_removes),
		UNIT(test_stop_that_fails),
		UNIT(test_removed_without_a_controller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
