/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The garden's names, in the kernel's sets. */
#include "tests/unit/controltest.h"

#include "netctl/control/garden_sync.h"
#include "netctl/rules/ruleset.h"

#define NAMES  "\tlist garden_name 'city.example'\n"
#define HOUR_S 3600
#define HOUR   (HOUR_S * 1000ULL)

/* Those of the square; the library has none. */
static int open_name(const char *name, const char *address, uint32_t ttl_s,
		     uint32_t *zones)
{
	struct ipc_garden m = { .ttl_s = ttl_s };

	snprintf(m.name, sizeof(m.name), "%s", name);
	assert_true(addr_parse(&m.address, address));
	return garden_sync_open(t.controller, &m, zones);
}

static void open_one(const char *address, uint32_t ttl_s)
{
	uint32_t zones = 0;

	assert_int_equal(open_name("city.example", address, ttl_s, &zones), 0);
	assert_int_equal(zones, 1);
}

static struct kernel_element *opened(const char *address)
{
	struct addr a;

	assert_true(addr_parse(&a, address));
	return kernel_find_address(
		a.family == AF_INET ? "garden4_square" : "garden6_square", &a);
}

/* --- one answer ----------------------------------------------------------- */

static void test_opened(void **state)
{
	(void)state;
	begin(CONFIG(NAMES));
	open_one("203.0.113.8", 2 * HOUR_S);
	open_one("2001:4860::8", 2 * HOUR_S);
	assert_non_null(opened("203.0.113.8"));
	assert_true(opened("203.0.113.8")->ends_ms ==
		    kernel.now_ms + 2 * HOUR + MINUTE);
	assert_non_null(opened("2001:4860::8"));
	assert_false(kernel_has_set("garden4_library"));
	assert_quiet();
}

/* The garden lasts an hour at least, and no TTL is believed above a week. */
static void test_times(void **state)
{
	static const struct {
		uint32_t ttl_s, open_s;
	} cases[] = { { 0, HOUR_S },
		      { 3599, HOUR_S },
		      { 3601, 3601 },
		      { 7 * 86400, 7 * 86400 },
		      { UINT32_MAX, 7 * 86400 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(CONFIG(NAMES));
		open_one("203.0.113.8", cases[i].ttl_s);
		assert_true(opened("203.0.113.8")->ends_ms ==
			    kernel.now_ms + (cases[i].open_s + 60) * 1000ULL);
		tear_down(NULL);
	}
}

static void test_not_opened(void **state)
{
	uint32_t zones = 7;

	(void)state;
	begin(CONFIG(NAMES));
	assert_int_equal(
		open_name("elsewhere.example", "203.0.113.8", 60, &zones), 0);
	assert_int_equal(zones, 0);
	assert_int_equal(open_name("city.example", "192.168.1.1", 60, &zones),
			 -EACCES);
	assert_int_equal(zones, 0);
	assert_int_equal(kernel_count("garden4_square"), 0);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], 0);
}

/* Once more costs nothing while what is there lasts long enough. */
static void test_once_more(void **state)
{
	(void)state;
	begin(CONFIG(NAMES));
	open_one("203.0.113.8", HOUR_S);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], 1);
	pass(59000);
	open_one("203.0.113.8", HOUR_S);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], 1);
	pass(2000);
	open_one("203.0.113.8", HOUR_S);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], 2);
	assert_true(opened("203.0.113.8")->ends_ms ==
		    kernel.now_ms + HOUR + MINUTE);
	pass(MINUTE);
	open_one("203.0.113.8", 60); /* less is no reason to close earlier */
	assert_int_equal(kernel.calls[KERNEL_COMMIT], 2);
}

/* dnsmasq may have put the same one there, with a time of its own. */
static void test_there_already(void **state)
{
	struct kernel_element e = { .set = "garden4_square",
				    .key = { 203, 0, 113, 8 },
				    .key_len = 4 };

	(void)state;
	begin(CONFIG(NAMES));
	e.ends_ms = kernel.now_ms + 1000;
	kernel_add_element(&e);
	open_one("203.0.113.8", HOUR_S);
	assert_true(opened("203.0.113.8")->ends_ms ==
		    kernel.now_ms + HOUR + MINUTE);
	assert_int_equal(kernel_count("garden4_square"), 1);
}

/* --- what the kernel refuses ---------------------------------------------- */

static void test_full_set(void **state)
{
	uint32_t zones;

	(void)state;
	begin(CONFIG(NAMES));
	kernel.garden_size = 2;
	open_one("203.0.113.1", 60);
	open_one("203.0.113.2", 60);
	assert_int_equal(open_name("city.example", "203.0.113.3", 60, &zones),
			 -ENOSPC);
	assert_int_equal(zones, 0);
	assert_int_equal(open_name("city.example", "203.0.113.4", 60, &zones),
			 -ENOSPC);
	assert_said("warn: garden: a set is full, of addresses from elsewhere "
		    "as well; that zone opens no more until some expire");
	assert_non_null(opened("203.0.113.1"));
	assert_null(opened("203.0.113.3"));
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 0);
	pass(HOUR + MINUTE + 1000); /* they expire, and there is room */
	open_one("203.0.113.3", 60);
}

static void test_refused(void **state)
{
	uint32_t zones;

	(void)state;
	begin(CONFIG(NAMES));
	kernel_fail(KERNEL_COMMIT, -ENOBUFS, 1);
	assert_int_equal(open_name("city.example", "203.0.113.8", 60, &zones),
			 -ENOBUFS);
	assert_int_equal(zones, 0);
	assert_said("nft: opening the garden: No buffer space available");
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 1);
	open_one("203.0.113.8", 60); /* it is not taken for open */
	assert_non_null(opened("203.0.113.8"));
}

/* --- sets that others empty or remove ------------------------------------- */

static void test_flushed(void **state)
{
	(void)state;
	begin(CONFIG(NAMES));
	open_one("203.0.113.8", HOUR_S);
	kernel_flush("garden4_square");
	open_one("203.0.113.8", HOUR_S); /* not taken for open any more */
	assert_non_null(opened("203.0.113.8"));
	assert_int_equal(kernel.calls[KERNEL_COMMIT], 2);
}

static void test_removed(void **state)
{
	uint32_t zones;

	(void)state;
	begin(CONFIG(NAMES));
	open_one("203.0.113.8", HOUR_S);
	open_one("2001:4860::8", 2 * HOUR_S);
	kernel_lose_tables();
	assert_int_equal(
		open_name("city.example", "203.0.113.9", HOUR_S, &zones),
		-EAGAIN);
	/* nor is it open the next moment */
	assert_int_equal(
		open_name("city.example", "203.0.113.9", HOUR_S, &zones),
		-EAGAIN);
	pass(30); /* it comes with the rules, as those that were open */
	assert_non_null(opened("203.0.113.8"));
	assert_non_null(opened("203.0.113.9"));
	assert_true(opened("2001:4860::8")->ends_ms ==
		    KERNEL_START_MS + 2 * HOUR + MINUTE);
	assert_int_equal(errors(IPC_NETLINK_NFTABLES), 0);
}

/* As many as there is room for. */
static void test_restored_in_part(void **state)
{
	char address[32];

	(void)state;
	begin(CONFIG(NAMES));
	for (int i = 1; i <= 9; i++) {
		snprintf(address, sizeof(address), "203.0.113.%d", i);
		open_one(address, HOUR_S);
	}
	open_one("2001:4860::8", HOUR_S);
	kernel.garden_size = 4;
	kernel_delete_tables();
	pass(30);
	assert_int_equal(kernel_count("garden4_square"), 4);
	assert_int_equal(kernel_count("garden6_square"), 1);
	assert_said("garden: a set is full");
	kernel.garden_size = 0;
	open_one("203.0.113.9", HOUR_S); /* nothing is taken for open */
	assert_non_null(opened("203.0.113.9"));
}

/* What could not be put back is not taken for open. */
static void test_not_restored(void **state)
{
	unsigned int commits;

	(void)state;
	begin(CONFIG(NAMES));
	open_one("203.0.113.8", HOUR_S);
	kernel_fail_after(KERNEL_COMMIT, -ENOBUFS, 1); /* of the rules */
	controller_reload(t.controller, settings_of(CONFIG(NAMES)));
	assert_said("nft: restoring the garden: No buffer space");
	commits = kernel.calls[KERNEL_COMMIT];
	open_one("203.0.113.8", HOUR_S);
	assert_int_equal(kernel.calls[KERNEL_COMMIT], commits + 1);
}

/* --- a reload ------------------------------------------------------------- */

static void test_name_goes(void **state)
{
	uint32_t zones;

	(void)state;
	begin(CONFIG(NAMES "\tlist garden_name 'other.example'\n"));
	open_one("203.0.113.8", HOUR_S);
	assert_int_equal(
		open_name("other.example", "203.0.113.9", HOUR_S, &zones), 0);
	controller_reload(t.controller, settings_of(CONFIG(NAMES)));
	turn();
	assert_non_null(opened("203.0.113.8"));
	assert_null(opened("203.0.113.9"));
	controller_reload(t.controller, settings_of(CONFIG("")));
	turn();
	assert_false(kernel_has_set("garden4_square"));
	controller_reload(t.controller, settings_of(CONFIG(NAMES)));
	turn();
	assert_null(opened("203.0.113.8"));
	assert_quiet();
}

#define UNIT(name) cmocka_unit_test_teardown(name, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_opened),	  UNIT(test_times),
		UNIT(test_not_opened),	  UNIT(test_once_more),
		UNIT(test_there_already), UNIT(test_full_set),
		UNIT(test_refused),	  UNIT(test_flushed),
		UNIT(test_removed),	  UNIT(test_restored_in_part),
		UNIT(test_not_restored),  UNIT(test_name_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
