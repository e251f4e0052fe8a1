/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "netctl/session/garden.h"

#define NOW_MS 1000000ULL
#define DAY_MS 86400000ULL

static const char base[] = "config uplink wan\noption device eth0\n"
			   "config zone a\noption device br0\n"
			   "list garden_name City.example\n"
			   "list garden_name www.city.example\n"
			   "list garden_name dot.example.\n"
			   "config zone b\noption device br1\n"
			   "list garden_name other.example\n"
			   "list garden_name www.city.example\n"
			   "config zone c\noption device br2\n";

static struct settings *parse(const char *more)
{
	char error[UCI_ERROR_MAX] = "";
	char text[2048];
	struct settings *s;

	snprintf(text, sizeof(text), "%s%s", base, more);
	s = settings_parse("test", text, strlen(text), error);
	if (!s)
		fail_msg("%s", error);
	return s;
}

static struct ipc_garden message(const char *name, const char *address,
				 uint32_t ttl_s)
{
	struct ipc_garden m = { .ttl_s = ttl_s };

	assert_true(addr_parse(&m.address, address));
	snprintf(m.name, sizeof(m.name), "%s", name);
	return m;
}

static size_t count(const struct garden *g, size_t zone)
{
	size_t n = 0;

	while (garden_at(g, zone, n))
		n++;
	return n;
}

static uint64_t left_s(const struct garden *g, size_t zone, const char *text)
{
	const struct garden_entry *e;
	struct addr a;

	assert_true(addr_parse(&a, text));
	for (size_t i = 0; (e = garden_at(g, zone, i)); i++)
		if (!memcmp(&e->address, &a, sizeof(a)))
			return (e->ends_ms - NOW_MS) / 1000;
	return 0;
}

/* As the gate does where the kernel takes all; lacks: zones that it told. */
static int take_and_tell(struct garden *g, const struct settings *s,
			 const struct ipc_garden *m, uint64_t now_ms,
			 struct garden_plan *plan)
{
	int err = garden_plan(g, s, m, now_ms, plan);

	for (size_t z = 0; z < SETTINGS_ZONES; z++)
		if (plan->lacks & 1U << z)
			garden_keep(g, z, &plan->entry[z]);
	assert_int_equal(plan->lacks & ~plan->zones, 0);
	return err;
}

static int take(struct garden *g, const struct settings *s,
		const struct ipc_garden *m, uint64_t now_ms, uint32_t *zones)
{
	struct garden_plan plan;
	int err = take_and_tell(g, s, m, now_ms, &plan);

	*zones = plan.zones;
	return err;
}

/* --- names ------------------------------------------------------------- */

static void test_names(void **state)
{
	static const struct {
		const char *name;
		const char *of[3]; /* what opens it in a, b, c */
	} cases[] = {
		{ "city.example", { "city.example" } },
		{ "CITY.EXAMPLE", { "city.example" } },
		{ "city.example.", { "city.example" } },
		{ "x.city.example", { "city.example" } },
		/* the widest of two */
		{ "www.city.example", { "city.example", "www.city.example" } },
		{ "a.www.city.example",
		  { "city.example", "www.city.example" } },
		{ "dot.example", { "dot.example" } },
		{ "a.dot.example.", { "dot.example" } },
		{ "other.example", { NULL, "other.example" } },
		{ "xcity.example", { NULL } },
		{ "city.example.net", { NULL } },
		{ "ity.example", { NULL } },
		{ "example", { NULL } },
		{ ".city.example", { "city.example" } },
		{ ".", { NULL } },
		{ "..", { NULL } },
		{ "", { NULL } },
	};
	struct settings *s = parse("");
	char of[GARDEN_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t z = 0; z < 3; z++) {
			const char *want = cases[i].of[z];

			assert_int_equal(
				garden_names_open(s, z, cases[i].name, of),
				want != NULL);
			if (want)
				assert_string_equal(of, want);
		}
	settings_free(s);
}

static void test_hosts_of_links(void **state)
{
	static const struct {
		const char *link, *host; /* NULL: opens nothing */
	} cases[] = {
		{ "https://Park.example/x?y#z", "park.example" },
		{ "http://park.example", "park.example" },
		{ "https://park.example:8443/", "park.example" },
		{ "https://a:b@park.example/", "park.example" },
		{ "https://a@b@park.example?x", "park.example" },
		{ "https://park.example./", "park.example" },
		{ "http://203.0.113.80/", NULL },
		{ "http://[2001:db8::1]:80/", NULL },
		{ "https://gate.example/", NULL }, /* the portal's own */
		{ "https://stra%C3%9Fe.example/", NULL },
	};
	char of[GARDEN_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char more[512];
		struct settings *s;

		snprintf(more, sizeof(more),
			 "config portal\noption hostname gate.example\n"
			 "config tile t\nlist title 'en=T'\nlist zone b\n"
			 "option link '%s'\n",
			 cases[i].link);
		s = parse(more);
		assert_int_equal(garden_names_open(s, 1, "x.park.example", of),
				 cases[i].host != NULL);
		assert_false(garden_names_open(s, 0, "park.example", of));
		assert_false(garden_names_open(s, 1, "gate.example", of));
		assert_false(garden_names_open(s, 1, "203.0.113.80", of));
		settings_free(s);
	}
}

static void test_wifi4eu(void **state)
{
	const char *name = "collection.wifi4eu.ec.europa.eu";
	char of[GARDEN_NAME_MAX];
	struct settings *s = parse("config portal\noption wifi4eu "
				   "123e4567-e89b-12d3-a456-426655440000\n");

	(void)state;
	for (size_t z = 0; z < s->zones; z++) {
		assert_true(garden_names_open(s, z, name, of));
		assert_true(settings_opens_names(s, z));
		assert_false(garden_names_open(s, z, "ec.europa.eu", of));
	}
	settings_free(s);
	s = parse("");
	assert_false(garden_names_open(s, 2, name, of));
	assert_false(settings_opens_names(s, 2));
	settings_free(s);
}

/* --- addresses --------------------------------------------------------- */

static void test_only_the_internet(void **state)
{
	static const struct {
		const char *first,
			*last; /* both refused, their neighbours not */
		const char *before, *after;
	} nets[] = {
		{ "0.0.0.0", "0.255.255.255", NULL, "1.0.0.0" },
		{ "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0" },
		{ "100.64.0.0", "100.127.255.255", "100.63.255.255",
		  "100.128.0.0" },
		{ "127.0.0.0", "127.255.255.255", "126.255.255.255",
		  "128.0.0.0" },
		{ "169.254.0.0", "169.254.255.255", "169.253.255.255",
		  "169.255.0.0" },
		{ "172.16.0.0", "172.31.255.255", "172.15.255.255",
		  "172.32.0.0" },
		{ "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0" },
		{ "192.168.0.0", "192.168.255.255", "192.167.255.255",
		  "192.169.0.0" },
		{ "198.18.0.0", "198.19.255.255", "198.17.255.255",
		  "198.20.0.0" },
		{ "224.0.0.0", "255.255.255.255", "223.255.255.255", NULL },
		{ "::", "64:ff9a:ffff::", NULL, "64:ff9b::808:808" },
		{ "64:ff9b::1:0:0", "1fff:ffff::", NULL, "2000::" },
		{ "64:ff9b::a00:0", "64:ff9b::aff:ffff", NULL, NULL },
		{ "192.88.99.0", "192.88.99.255", "192.88.98.255",
		  "192.88.100.0" },
		{ "2001::", "2001:1ff:ffff::", "2000:ffff::", "2001:200::" },
		{ "2002::", "2002:ffff::", "2001:ffff::", "2003::" },
		{ "4000::", "ffff::", "3fff:ffff::", NULL },
	};
	struct addr none = { .family = AF_UNSPEC };
	struct addr a;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nets); i++) {
		const char *const texts[] = { nets[i].first, nets[i].last,
					      nets[i].before, nets[i].after };

		for (size_t k = 0; k < 4; k++) {
			if (!texts[k])
				continue;
			assert_true(addr_parse(&a, texts[k]));
			if (garden_is_public(&a) != (k >= 2))
				fail_msg("%s", texts[k]);
		}
	}
	assert_false(garden_is_public(&none));
}

/* --- what is taken ----------------------------------------------------- */

static void test_times(void **state)
{
	static const struct {
		uint32_t ttl_s;
		uint64_t open_s;
	} cases[] = {
		{ 0, 3600 },
		{ 1, 3600 },
		{ 3600, 3600 },
		{ 3601, 3601 },
		{ 604800, 604800 },
		{ 604801, 604800 },
		{ UINT32_MAX, 604800 },
	};
	struct settings *s = parse("");
	uint32_t zones;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct garden *g = garden_new();
		struct ipc_garden m =
			message("city.example", "9.9.9.9", cases[i].ttl_s);

		assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
		assert_int_equal(zones, 1);
		assert_int_equal(left_s(g, 0, "9.9.9.9"),
				 cases[i].open_s + GARDEN_SLACK_S);
		garden_free(g);
	}
	settings_free(s);
}

static void test_a_later_end_wins(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m = message("city.example", "9.9.9.9", 9000);
	uint32_t zones;

	(void)state;
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	m.ttl_s = 5000;
	assert_int_equal(take(g, s, &m, NOW_MS + 1000, &zones), 0);
	assert_int_equal(zones, 1);
	assert_int_equal(left_s(g, 0, "9.9.9.9"), 9000 + GARDEN_SLACK_S);
	m.ttl_s = 9000;
	assert_int_equal(take(g, s, &m, NOW_MS + 61000, &zones), 0);
	assert_int_equal(left_s(g, 0, "9.9.9.9"), 9061 + GARDEN_SLACK_S);
	assert_int_equal(count(g, 0), 1);
	garden_free(g);
	settings_free(s);
}

/* An answer a second, as of a name whose TTL is 0. */
static void test_what_the_kernel_is_told(void **state)
{
	static const uint32_t ttls_s[] = { 0, 3600, 7200, 86400, UINT32_MAX };
	struct settings *s = parse("");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ttls_s); i++) {
		struct garden *g = garden_new();
		struct ipc_garden m =
			message("www.city.example", "9.9.9.9", ttls_s[i]);
		uint64_t wants_s = ttls_s[i] < 3600 ? 3600 : ttls_s[i];
		unsigned int told = 0;

		if (wants_s > 604800)
			wants_s = 604800;
		for (unsigned int now_s = 0; now_s < 610; now_s++) {
			struct garden_plan plan;
			uint64_t now_ms = NOW_MS + now_s * 1000;

			assert_int_equal(take_and_tell(g, s, &m, now_ms, &plan),
					 0);
			assert_int_equal(plan.zones, 3);
			told += plan.lacks == 3;
			assert_true(plan.lacks == 3 || !plan.lacks);
			assert_true(left_s(g, 1, "9.9.9.9") >= wants_s + now_s);
		}
		assert_int_equal(told, 10); /* every 61 s */
		garden_free(g);
	}
	settings_free(s);
}

static void test_a_longer_answer_is_told_at_once(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m = message("city.example", "9.9.9.9", 3600);
	struct garden_plan plan;

	(void)state;
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	assert_int_equal(plan.lacks, 1);
	m.ttl_s = 3600 + GARDEN_SLACK_S;
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	assert_int_equal(plan.lacks, 0);
	m.ttl_s++;
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	assert_int_equal(plan.lacks, 1);
	garden_free(g);
	settings_free(s);
}

/* Strangers may have emptied its set; what is told anew ends no earlier. */
static void test_a_doubt(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m = message("city.example", "9.9.9.9", 9000);
	struct garden_plan plan;

	(void)state;
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	garden_doubt(g);
	m.ttl_s = 1;
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	assert_int_equal(plan.lacks, 1);
	assert_int_equal(left_s(g, 0, "9.9.9.9"), 9000 + GARDEN_SLACK_S);
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	assert_int_equal(plan.lacks, 0);
	garden_free(g);
	settings_free(s);
}

/* What the kernel refused is not in memory, and is tried again. */
static void test_what_is_not_kept(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m = message("city.example", "9.9.9.9", 60);
	struct garden_plan plan;

	(void)state;
	for (unsigned int n = 0; n < 2; n++) {
		assert_int_equal(garden_plan(g, s, &m, NOW_MS, &plan), 0);
		assert_int_equal(plan.lacks, 1);
		assert_int_equal(count(g, 0), 0);
	}
	assert_int_equal(take_and_tell(g, s, &m, NOW_MS, &plan), 0);
	m.ttl_s = 7200;
	assert_int_equal(garden_plan(g, s, &m, NOW_MS, &plan), 0);
	assert_int_equal(plan.lacks, 1);
	assert_int_equal(left_s(g, 0, "9.9.9.9"), 3600 + GARDEN_SLACK_S);
	garden_free(g);
	settings_free(s);
}

static void test_zones(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m = message("www.city.example", "9.9.9.9", 1);
	uint32_t zones = 77;

	(void)state;
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	assert_int_equal(zones, 3);
	m = message("nobody.example", "9.9.9.9", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	assert_int_equal(zones, 0);
	m = message("nobody.example", "10.0.0.1", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	m = message("other.example", "10.0.0.1", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), -EACCES);
	assert_int_equal(zones, 0);
	assert_int_equal(count(g, 0) + count(g, 1) + count(g, 2), 2);
	garden_free(g);
	settings_free(s);
}

static void test_form(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden good = message("city.example", "9.9.9.9", 1), m;
	uint32_t zones;

	(void)state;
	for (int i = 0; i < 6; i++) {
		m = good;
		if (i == 0)
			m.address.family = AF_UNSPEC;
		else if (i == 1)
			m.address.family = 17;
		else if (i == 2)
			m.address.ifindex = 1;
		else if (i == 3)
			m.zero = 1;
		else if (i == 4)
			m.name[0] = '\0';
		else
			memset(m.name, 'a', sizeof(m.name));
		assert_int_equal(take(g, s, &m, NOW_MS, &zones), -EINVAL);
		assert_int_equal(zones, 0);
	}
	assert_int_equal(take(g, s, &good, NOW_MS, &zones), 0);
	assert_int_equal(count(g, 0), 1);
	garden_free(g);
	settings_free(s);
}

/* Address n of 5.0.0.0/8. */
static struct ipc_garden nth(const char *name, unsigned int n, uint32_t ttl_s)
{
	struct ipc_garden m = message(name, "5.0.0.0", ttl_s);

	m.address.byte[2] = (uint8_t)(n >> 8);
	m.address.byte[3] = (uint8_t)n;
	return m;
}

static void test_bounds(void **state)
{
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m;
	uint32_t zones;

	(void)state;
	for (unsigned int n = 0; n < GARDEN_MAX; n++) {
		m = nth("city.example", n, n % 2 ? 7200 : 3600);
		assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	}
	m = nth("city.example", GARDEN_MAX, 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), -ENOSPC);
	assert_int_equal(zones, 0);
	/* of two gardens one is full: the other opens */
	m = nth("www.city.example", GARDEN_MAX, 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), -ENOSPC);
	assert_int_equal(zones, 2);
	/* what is in already goes on */
	m = nth("city.example", 5, 86400);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	/* what is over makes room */
	m = nth("city.example", GARDEN_MAX, 1);
	assert_int_equal(take(g, s, &m, NOW_MS + 3660000, &zones), 0);
	assert_int_equal(count(g, 0), GARDEN_MAX / 2 + 1);
	garden_expire(g, 0, NOW_MS + 8 * DAY_MS);
	assert_int_equal(count(g, 0), 0);
	assert_int_equal(count(g, 1), 1);
	garden_free(g);
	settings_free(s);
}

/* --- the config changes ------------------------------------------------ */

static void test_rezone(void **state)
{
	/* zone a goes, b becomes the first, c the sixteenth */
	int map[SETTINGS_ZONES];
	struct settings *s = parse("");
	struct garden *g = garden_new();
	struct ipc_garden m = message("www.city.example", "9.9.9.9", 1);
	uint32_t zones;

	(void)state;
	for (size_t i = 0; i < SETTINGS_ZONES; i++)
		map[i] = -1;
	map[1] = 0;
	map[2] = SETTINGS_ZONES - 1;
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	m = message("other.example", "8.8.8.8", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	garden_rezone(g, map);
	assert_int_equal(count(g, 0), 2);
	assert_int_equal(left_s(g, 0, "8.8.8.8"), 3600 + GARDEN_SLACK_S);
	for (size_t z = 1; z < SETTINGS_ZONES; z++)
		assert_int_equal(count(g, z), 0);
	garden_free(g);
	settings_free(s);
}

static void test_prune(void **state)
{
	static const char next[] = "config uplink wan\noption device eth0\n"
				   "config zone a\noption device br0\n"
				   "list garden_name CITY.example.\n";
	struct settings *s = parse("config tile t\nlist title 'en=T'\n"
				   "option link 'https://park.example/'\n");
	struct garden *g = garden_new();
	char error[UCI_ERROR_MAX];
	struct ipc_garden m;
	uint32_t zones;

	(void)state;
	m = message("a.city.example", "1.1.1.1", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	m = message("dot.example", "2.2.2.2", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	/* the wider of two names is still there */
	m = message("www.city.example", "3.3.3.3", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	m = message("park.example", "2400::1", 1);
	assert_int_equal(take(g, s, &m, NOW_MS, &zones), 0);
	assert_int_equal(zones, 7);
	settings_free(s);
	s = settings_parse("test", next, strlen(next), error);
	assert_non_null(s);
	assert_int_equal(count(g, 0), 4);
	garden_prune(g, s, 0);
	assert_int_equal(count(g, 0), 2);
	assert_true(left_s(g, 0, "1.1.1.1") && left_s(g, 0, "3.3.3.3"));
	garden_free(g);
	settings_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hosts_of_links),
		cmocka_unit_test(test_wifi4eu),
		cmocka_unit_test(test_only_the_internet),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_a_later_end_wins),
		cmocka_unit_test(test_what_the_kernel_is_told),
		cmocka_unit_test(test_a_longer_answer_is_told_at_once),
		cmocka_unit_test(test_a_doubt),
		cmocka_unit_test(test_what_is_not_kept),
		cmocka_unit_test(test_zones),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_rezone),
		cmocka_unit_test(test_prune),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
