/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A box of a city: what it tells the others, and whom it lets in by them. */
#include "tests/unit/controltest.h"

#include <sys/stat.h>

#include "common/city/city_keys.h"
#include "netctl/control/newcomers.h"
#include "netctl/control/roaming.h"
#include "netctl/roam/roam.h"

#define DAY	20787
#define SHIFT_S 10800
#define NOON	(DAY * 86400LL + 43200)
#define TERMS	3

static char folder[64], config[2048];

/* What another box of the city would say, and hears of us. */
static struct roam *other;

static struct city_keys keys_of(uint32_t day)
{
	struct city_keys k = { .generation = 1,
			       .day = DAY - 40,
			       .shift_s = SHIFT_S };

	memset(k.key, 0x11, sizeof(k.key));
	memset(k.wrap, 0x22, sizeof(k.wrap));
	assert_true(city_keys_advance(&k, day));
	return k;
}

static const char *keys_path(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/" CITY_KEYS_FILE, folder);
	return path;
}

static void write_keys(uint32_t day)
{
	struct city_keys k = keys_of(day);

	assert_int_equal(city_keys_write(keys_path(), &k, NULL), 0);
}

static int64_t utc_s(void)
{
	return kernel.wall_s + (int64_t)(kernel.now_ms / 1000);
}

static void set_clock(int64_t utc)
{
	kernel.wall_s = utc - (int64_t)(kernel.now_ms / 1000);
	if (other)
		roam_set_time(other, utc);
}

static const char *city_config(const char *square, const char *portal)
{
	snprintf(config, sizeof(config),
		 "config uplink 'wan'\n\toption device 'test-wan'\n"
		 "config zone 'square'\n\toption device 'test-square'\n"
		 "\toption duration '1h'\n%s"
		 "config zone 'library'\n\toption device 'test-library'\n"
		 "\toption roam '0'\n"
		 "config portal\n\toption network 'Stadt'\n"
		 "\toption terms_version '3'\n%s"
		 "config usage\n\toption pending ''\n"
		 "config city\n\toption folder '%s'\n",
		 square, portal, folder);
	return config;
}

static int set_up(void **state)
{
	struct city_keys k = keys_of(DAY - 1);

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/stadttor-city-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(config, sizeof(config), "%s/netctl", folder);
	assert_int_equal(mkdir(config, 0700), 0);
	write_keys(DAY - 1);
	other = roam_new(&k, 1000);
	return 0;
}

static int clean_up(void **state)
{
	char path[128];

	unlink(keys_path());
	snprintf(path, sizeof(path), "%s/netctl", folder);
	rmdir(path);
	rmdir(folder);
	roam_free(other);
	other = NULL;
	return tear_down(state);
}

/* At noon, unless the test has set the clock. */
static void begin_in_city_with(const char *square, const char *portal)
{
	kernel_boot();
	kernel_add_device("test-wan", WAN_INDEX);
	kernel_add_device("test-square", SQUARE_INDEX);
	kernel_add_device("test-library", LIBRARY_INDEX);
	snprintf(kernel_device(SQUARE_INDEX)->link.kind, 16, "bridge");
	snprintf(kernel_device(LIBRARY_INDEX)->link.kind, 16, "bridge");
	set_clock(NOON);
	assert_int_equal(start_controller(city_config(square, portal)), 0);
	turn();
	forget_log();
}

static void begin_in_city(void)
{
	begin_in_city_with("", "");
}

/* --- the other box -------------------------------------------------------- */

static struct roam_device device_of(unsigned int device)
{
	return (struct roam_device){ "Stadt", mac_of(device) };
}

static void take_word(struct ipc_city_feed *m)
{
	struct ipc_city_record r[IPC_CITY_RECORDS];

	m->count = (uint32_t)unsent_read(roam_unsent(other), 0, r,
					 IPC_CITY_RECORDS);
	assert_true(m->count);
	for (uint32_t i = 0; i < m->count; i++)
		memcpy(m->record[i], r[i].record, sizeof(r[i].record));
	unsent_forget(roam_unsent(other), UINT64_MAX);
}

static uint32_t feed(void)
{
	struct ipc_city_feed m = { 0 };
	uint32_t count = 0;

	take_word(&m);
	assert_int_equal(roaming_feed(t.controller, &m, &count), 0);
	if (count)
		newcomers_look_again(t.controller); /* as the server does */
	turn();
	return count;
}

static void make_elsewhere(const struct roam_device *d, uint8_t age,
			   uint8_t turn_of, uint8_t terms)
{
	struct roam_known known = { .age = age,
				    .turn = turn_of,
				    .terms = terms };
	uint8_t id[RECORD_ID_SIZE];

	roam_id(other, d, id);
	assert_int_equal(roam_make(other, id, &known), 0);
}

static void tap_elsewhere(unsigned int device)
{
	struct roam_device d = device_of(device);

	make_elsewhere(&d, 0, 0, TERMS);
	assert_int_equal(feed(), 1);
}

static void log_out_elsewhere(unsigned int device)
{
	struct roam_device d = device_of(device);

	make_elsewhere(&d, 0, 1, TERMS);
	assert_int_equal(feed(), 1);
}

static void arrive(unsigned int device)
{
	struct mac mac = mac_of(device);

	kernel_arrive(SQUARE_INDEX, &mac);
	turn();
}

/* The portal has told us all that the store has; store_s: 0: our time. */
static void complete(int64_t store_s)
{
	struct ipc_city_clock m = { .store_s = store_s ? store_s : utc_s(),
				    .is_complete = 1 };

	roaming_see_store(t.controller, &m);
	turn();
}

static void tap_here(unsigned int device)
{
	struct ipc_grant m = grant_of(device);

	m.terms = TERMS;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
}

/* As long as the zone allows. */
static void tap_for_days(unsigned int device)
{
	struct ipc_grant m = grant_of(device);

	m.terms = TERMS;
	m.limits.duration_s = 20 * 86400;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
}

static size_t unsent(void)
{
	struct ipc_city_record m[64];

	return roaming_read(t.controller, 0, m, 64);
}

/* The only one that waits; it is taken away. */
static struct record sent(void)
{
	struct ipc_city_record m[2];
	struct record r;

	assert_int_equal(roaming_read(t.controller, 0, m, 2), 1);
	assert_true(record_parse(m[0].record, &r));
	assert_true(roam_take(other, m[0].record, &r) != ROAM_REFUSED);
	roaming_forget(t.controller, m[0].seq);
	return r;
}

static struct ipc_city described(void)
{
	struct ipc_city m = { 0 };

	roaming_describe(t.controller, false, &m);
	return m;
}

static void turn_of_day(void)
{
	set_clock(city_day_start(DAY + 1, SHIFT_S) - 10);
	pass(61000); /* a step of the clock is believed */
	pass(61000);
}

/* --- let in --------------------------------------------------------------- */

static void test_first_frame(void **state)
{
	(void)state;
	begin_in_city();
	arrive(1);
	assert_false(is_in(1));
	tap_elsewhere(2);
	arrive(2);
	assert_true(is_in(2));
	assert_int_equal(session_of(2)->limits.duration_s, 3600);
	assert_int_equal(session_of(2)->terms, TERMS);
	assert_int_equal(unsent(), 0); /* others know it already */
	assert_int_equal(described().granted, 1);
	assert_int_equal(described().grants, 1);
	assert_quiet();
}

/* It was here before the word of its tap elsewhere. */
static void test_record_comes_after_the_device(void **state)
{
	(void)state;
	begin_in_city();
	arrive(1);
	arrive(2);
	tap_elsewhere(2);
	assert_true(is_in(2));
	assert_false(is_in(1));
}

static void test_asked_by_the_portal(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin_in_city();
	tap_elsewhere(1);
	assert_false(newcomers_admit(t.controller, LIBRARY, &mac));
	assert_true(newcomers_admit(t.controller, SQUARE, &mac));
	turn();
	assert_true(is_in(1));
}

/* Whoever it was that came, and was not known, is forgotten. */
static void test_strangers_are_forgotten(void **state)
{
	(void)state;
	begin_in_city();
	arrive(1);
	pass(4 * MINUTE);
	arrive(2);
	pass(2 * MINUTE);
	tap_elsewhere(1);
	tap_elsewhere(2);
	assert_false(is_in(1));
	assert_true(is_in(2));
	arrive(1);
	assert_true(is_in(1));
}

/* What the kernel could not tell is listed a second later. */
static void test_unseen(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin_in_city();
	tap_elsewhere(1);
	kernel_arrive_unseen(SQUARE_INDEX, &mac);
	turn();
	assert_false(is_in(1));
	controller_reload(t.controller, settings_of(config));
	pass(1000);
	assert_true(is_in(1));
}

static void test_flood_of_devices(void **state)
{
	struct mac mac = mac_of(3001);

	(void)state;
	begin_in_city();
	pass(2000);
	tap_elsewhere(3001);
	memset(kernel.calls, 0, sizeof(kernel.calls));
	for (unsigned int d = 1; d <= 2000; d++)
		kernel_arrive_unseen(
			SQUARE_INDEX,
			&(struct mac){ { 2, 1, 0, 0, (uint8_t)(d >> 8),
					 (uint8_t)d } });
	kernel_arrive(SQUARE_INDEX, &mac);
	turn();
	assert_true(is_in(3001));
	assert_int_equal(kernel.calls[KERNEL_LIST_BRIDGE], 0);
	for (unsigned int d = 1; d <= 1200; d++) {
		mac = (struct mac){ { 2, 2, 0, 0, (uint8_t)(d >> 8),
				      (uint8_t)d } };
		kernel_arrive(SQUARE_INDEX, &mac);
	}
	mac = mac_of(3002); /* behind three thousand others */
	tap_elsewhere(3002);
	kernel_arrive(SQUARE_INDEX, &mac);
	turn();
	assert_false(is_in(3002));
	pass(1000);
	assert_int_equal(kernel.calls[KERNEL_LIST_BRIDGE], 1);
	assert_false(is_in(3002));
	for (int s = 0; s < 7 && !is_in(3002); s++)
		pass(1000);
	assert_true(is_in(3002));
	pass(5000);
	assert_true(kernel.calls[KERNEL_LIST_BRIDGE] <= 8);
}

static void test_zone_that_stays_home(void **state)
{
	struct mac mac = mac_of(1);

	(void)state;
	begin_in_city();
	tap_elsewhere(1);
	kernel_arrive(LIBRARY_INDEX, &mac);
	turn();
	assert_null(session_in(LIBRARY, 1));
	join_zone(2, LIBRARY_INDEX);
	tap_here(2);
	assert_non_null(session_in(LIBRARY, 2));
	assert_int_equal(unsent(), 0);
}

static void test_other_network(void **state)
{
	(void)state;
	begin_in_city_with("", "");
	tap_elsewhere(1);
	stop_controller();
	city_config("", "");
	memcpy(strstr(config, "'Stadt'"), "'Dorf_'", 7);
	assert_int_equal(start_controller(config), 0);
	turn();
	{
		struct roam_device d = device_of(1);

		make_elsewhere(&d, 0, 2, TERMS);
		assert_int_equal(feed(), 1);
	}
	arrive(1);
	assert_false(is_in(1));
}

static void test_other_terms(void **state)
{
	struct roam_device d = device_of(1);

	(void)state;
	begin_in_city();
	make_elsewhere(&d, 0, 0, TERMS - 1);
	assert_int_equal(feed(), 1);
	arrive(1);
	assert_false(is_in(1));
	join(1);
	tap_here(1);
	assert_true(is_in(1));
	assert_int_equal(sent().turn, 2);
}

static void test_full_zone(void **state)
{
	(void)state;
	begin_in_city_with("\toption max_sessions '1'\n", "");
	join(1);
	tap_here(1);
	tap_elsewhere(2);
	arrive(2);
	assert_false(is_in(2));
	assert_true(is_in(1));
}

static void test_vouchers_do_not_roam(void **state)
{
	struct ipc_grant m;

	(void)state;
	begin_in_city_with("\toption auth 'voucher'\n", "");
	tap_elsewhere(1);
	arrive(1);
	assert_false(is_in(1));
	join(2);
	m = grant_of(2);
	m.terms = TERMS;
	m.tag = 99;
	m.tag_devices = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	pass(MINUTE);
	assert_int_equal(unsent(), 0);
}

/* Where a tap would do as well. */
static void test_codes_are_told_of_nobody(void **state)
{
	struct ipc_grant m;

	(void)state;
	begin_in_city();
	join(1);
	m = grant_of(1);
	m.terms = TERMS;
	m.tag = 99;
	m.tag_devices = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	pass(MINUTE);
	revoke_one(1);
	assert_int_equal(unsent(), 0);
	tap_elsewhere(
		1); /* but a device that was let in by both goes by both */
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	revoke_one(1);
	assert_int_equal(sent().kind, RECORD_REVOKE);
}

/* Servers of others say of each who is in, at each box. */
static void test_accounts_are_told_of_nobody(void **state)
{
	struct ipc_grant m;

	(void)state;
	begin_in_city_with("\tlist auth 'click'\n\tlist auth 'radius'\n"
			   "\toption radius 'main'\n",
			   "\toption hostname 'portal.example'\n"
			   "\toption certificate '/c'\n\toption key '/k'\n"
			   "config radius 'main'\n\tlist server '192.0.2.5'\n"
			   "\toption secret 'of some length'\n");
	join(1);
	m = grant_of(1);
	m.terms = TERMS;
	m.account = 1;
	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
	pass(MINUTE);
	assert_true(is_in(1));
	assert_int_equal(unsent(), 0);
}

static void test_operators_word_does_not_roam(void **state)
{
	struct ipc_grant m;

	(void)state;
	begin_in_city();
	join(1);
	m = grant_of(1);
	assert_int_equal(try_grant(&m, GRANT_ASKER_OPERATOR), 0);
	turn();
	pass(MINUTE);
	assert_true(is_in(1));
	assert_int_equal(unsent(), 0);
}

/* The record is not a quota that begins anew as often as one likes. */
static void test_used_up(void **state)
{
	(void)state;
	begin_in_city_with("\toption quota '1MB'\n\toption idle '0'\n", "");
	tap_elsewhere(1);
	tap_elsewhere(2);
	arrive(1);
	arrive(2);
	join(1);
	join(2);
	move(1, 0, 2000000);
	pass(MINUTE);
	assert_int_equal(ended(SESSION_REASON_QUOTA), 1);
	arrive(1);
	assert_false(is_in(1));
	assert_true(is_in(2));
	pass(60 * MINUTE);
	assert_int_equal(ended(SESSION_REASON_EXPIRED), 1);
	arrive(2);
	assert_false(is_in(2));
	tap_here(1);
	assert_true(is_in(1));
	set_clock(city_day_start(DAY + 1, SHIFT_S) + 5);
	pass(61000);
	pass(61000);
	arrive(2);
	assert_true(is_in(2)); /* another day */
}

static void test_gone_and_back(void **state)
{
	(void)state;
	begin_in_city_with("\toption idle '5m'\n", "");
	tap_elsewhere(1);
	arrive(1);
	pass(7 * MINUTE);
	assert_int_equal(ended(SESSION_REASON_IDLE), 1);
	arrive(1);
	assert_true(is_in(1));
}

/* --- told ----------------------------------------------------------------- */

static void test_tap_is_told_once(void **state)
{
	struct record r;

	(void)state;
	begin_in_city();
	join(1);
	tap_here(1);
	tap_here(1);
	pass(MINUTE);
	r = sent();
	assert_int_equal(r.kind, RECORD_ACCEPT);
	assert_int_equal(r.turn, 0);
	assert_int_equal(r.terms, TERMS);
	tap_here(1);
	assert_int_equal(unsent(), 0);
}

static void test_log_out_and_back(void **state)
{
	struct record r;

	(void)state;
	begin_in_city();
	join(1);
	tap_here(1);
	sent();
	assert_int_equal(grant_log_out(t.controller, session_of(1)), 0);
	turn();
	r = sent();
	assert_int_equal(r.kind, RECORD_REVOKE);
	arrive(1);
	assert_false(is_in(1));
	tap_here(1);
	assert_true(is_in(1));
	r = sent();
	assert_int_equal(r.kind, RECORD_ACCEPT);
	assert_int_equal(r.turn, 2);
	revoke_one(1);
	assert_int_equal(sent().turn, 3);
	assert_int_equal(ended(SESSION_REASON_OPERATOR), 1);
}

/* The turns of a day end; what is here goes on. */
static void test_log_out_all_day(void **state)
{
	(void)state;
	begin_in_city();
	join(1);
	for (int i = 0; i < 130; i++) {
		kernel.ended_count = 0;
		tap_here(1);
		assert_true(is_in(1));
		assert_int_equal(grant_log_out(t.controller, session_of(1)), 0);
		turn();
		assert_false(is_in(1));
	}
	assert_int_equal(unsent(), 8);
	tap_here(1);
	pass(MINUTE);
	assert_true(is_in(1));
	arrive(1);
	roaming_forget(t.controller, UINT64_MAX);
	assert_int_equal(unsent(), 0);
}

static void test_log_out_elsewhere(void **state)
{
	(void)state;
	begin_in_city();
	tap_elsewhere(1);
	arrive(1);
	join(2);
	tap_here(2);
	sent();
	assert_true(is_in(1));
	log_out_elsewhere(1);
	assert_false(is_in(1));
	assert_true(is_in(2));
	arrive(1);
	assert_false(is_in(1));
	assert_int_equal(unsent(), 0);
}

/* --- days ----------------------------------------------------------------- */

static void test_turn_of_the_day(void **state)
{
	struct record r;

	(void)state;
	begin_in_city_with("\toption max_duration '20d'\n\toption idle '0'\n",
			   "");
	join(1);
	tap_for_days(1);
	assert_int_equal(sent().day, DAY);
	tap_elsewhere(2);
	turn_of_day();
	r = sent();
	assert_int_equal(r.kind, RECORD_RENEW);
	assert_int_equal(r.day, DAY + 1);
	assert_int_equal(r.age, 1);
	pass(MINUTE);
	assert_int_equal(unsent(), 0);
	arrive(2); /* known of yesterday: the first box tells */
	assert_true(is_in(2));
	r = sent();
	assert_int_equal(r.kind, RECORD_RENEW);
	assert_int_equal(r.age, 1);
}

/* A record of another box, made now, that reaches us later. */
static void say_later(unsigned int device, uint8_t turn_of,
		      struct ipc_city_feed *m)
{
	struct roam_device d = device_of(device);

	make_elsewhere(&d, 0, turn_of, TERMS);
	take_word(m);
}

static uint32_t comes(const struct ipc_city_feed *m)
{
	uint32_t count = 0;

	assert_int_equal(roaming_feed(t.controller, m, &count), 0);
	turn();
	return count;
}

/* Logged out elsewhere just before the day's turn; we settle after it. */
static void test_late_log_out(void **state)
{
	struct ipc_city_feed m = { 0 };
	struct record r;

	(void)state;
	begin_in_city_with("\toption max_duration '20d'\n\toption idle '0'\n",
			   "");
	join_many(3);
	for (unsigned int d = 1; d <= 3; d++)
		tap_for_days(d);
	roaming_forget(t.controller, UINT64_MAX);
	say_later(1, 1, &m);
	turn_of_day();
	roaming_forget(t.controller, UINT64_MAX); /* three renewals */
	set_clock(utc_s());			  /* the other's day, too */
	tap_elsewhere(3); /* today, which a log-out of yesterday is before */
	assert_true(is_in(1));
	assert_int_equal(comes(&m), 1);
	assert_false(is_in(1));
	assert_true(is_in(2));
	assert_true(is_in(3));
	r = sent();
	assert_int_equal(r.kind, RECORD_REVOKE);
	assert_int_equal(r.day, (uint16_t)(DAY + 1));
	assert_int_equal(r.turn, 1);
	arrive(1);
	assert_false(is_in(1));
	pass(MINUTE);
	assert_int_equal(comes(&m), 0);
	assert_int_equal(unsent(), 0);
}

/* Known by us before the turn; the session was there without a record. */
static void test_log_out_of_yesterday_renews_nothing(void **state)
{
	struct ipc_city_feed m = { 0 };
	uint32_t count = 0;

	(void)state;
	begin_in_city_with("\toption max_duration '20d'\n\toption idle '0'\n",
			   "");
	join(1);
	tap_for_days(1);
	roaming_forget(t.controller, UINT64_MAX);
	say_later(1, 1, &m);
	restart(city_config("\toption max_duration '20d'\n"
			    "\toption idle '0'\n",
			    ""));
	turn_of_day();
	assert_true(is_in(1)); /* waits for what others said */
	assert_int_equal(roaming_feed(t.controller, &m, &count), 0);
	assert_int_equal(count, 1);
	complete(0);
	pass(MINUTE);
	assert_false(is_in(1));
	assert_int_equal(unsent(), 0);
}

static void test_end_of_the_chain(void **state)
{
	struct roam_device d = device_of(1);

	(void)state;
	begin_in_city_with("\toption roam_accept '10d'\n", "");
	make_elsewhere(&d, 10, 0, TERMS);
	assert_int_equal(feed(), 1);
	set_clock(city_day_start(DAY + 1, SHIFT_S) - 1000);
	pass(61000);
	pass(61000);
	arrive(1);
	assert_true(is_in(1)); /* to the end of the day */
	assert_true(session_left_s(session_of(1), clock_ms()) <= 1000);
	assert_int_equal(unsent(), 0);
	set_clock(city_day_start(DAY + 1, SHIFT_S) + 5);
	pass(61000);
	pass(61000);
	arrive(1);
	assert_int_equal(unsent(), 0);
}

static void test_restart_makes_no_second_record(void **state)
{
	struct ipc_city_record m[1];
	struct ipc_city_feed f = { .count = 1 };
	uint32_t count = 0;

	(void)state;
	begin_in_city();
	join(1);
	join(2);
	tap_here(1);
	assert_int_equal(roaming_read(t.controller, 0, m, 1), 1);
	memcpy(f.record[0], m[0].record, sizeof(m[0].record));
	tap_here(2); /* whose record is lost with us */
	restart(city_config("", ""));
	assert_true(is_in(1));
	pass(2 * MINUTE);
	assert_int_equal(unsent(), 0);
	assert_int_equal(roaming_feed(t.controller, &f, &count), 0);
	complete(0);
	pass(MINUTE);
	assert_int_equal(sent().kind, RECORD_ACCEPT);
	assert_true(is_in(1));
	assert_true(is_in(2));
}

static void test_revoked_while_we_were_gone(void **state)
{
	(void)state;
	begin_in_city();
	tap_elsewhere(1);
	arrive(1);
	restart(city_config("", ""));
	log_out_elsewhere(1);
	assert_true(is_in(1)); /* an accept may follow */
	complete(0);
	pass(MINUTE);
	assert_false(is_in(1));
}

/* Everybody's day turns at once: in parts, and none is left out. */
static void test_many_renewals(void **state)
{
	struct ipc_city_record m[64];
	uint64_t after = 0;
	size_t total = 0, n;

	(void)state;
	begin_in_city_with("\toption max_duration '20d'\n\toption idle '0'\n",
			   "");
	join_many(100);
	for (unsigned int d = 1; d <= 100; d++)
		tap_for_days(d);
	roaming_forget(t.controller, UINT64_MAX);
	turn_of_day();
	while ((n = roaming_read(t.controller, after, m, 64))) {
		total += n;
		after = m[n - 1].seq;
	}
	assert_int_equal(total, 100);
}

/* --- clock and keys ------------------------------------------------------- */

static void test_no_clock(void **state)
{
	struct ipc_city_feed f = { 0 };
	struct roam_device d = device_of(2);
	uint32_t count = 0;

	(void)state;
	begin_in_city();
	stop_controller();
	kernel.wall_s = 0;
	assert_int_equal(start_controller(config), 0);
	turn();
	assert_int_equal(described().troubles, IPC_CITY_NO_CLOCK);
	make_elsewhere(&d, 0, 0, TERMS);
	take_word(&f);
	assert_int_equal(roaming_feed(t.controller, &f, &count), -EAGAIN);
	join(1);
	tap_here(1);
	arrive(2);
	assert_true(is_in(1));
	assert_false(is_in(2));
	assert_int_equal(unsent(), 0);
	set_clock(NOON + 100);
	pass(MINUTE); /* known now: it is told after all */
	assert_int_equal(sent().kind, RECORD_ACCEPT);
	assert_int_equal(roaming_feed(t.controller, &f, &count), 0);
	newcomers_look_again(t.controller);
	arrive(2);
	assert_true(is_in(2));
	assert_int_equal(described().troubles, 0);
}

static uint32_t day_of_file(void)
{
	struct city_keys k;

	assert_int_equal(city_keys_read(keys_path(), &k), 0);
	return k.day;
}

static void test_file_waits_for_the_store(void **state)
{
	(void)state;
	write_keys(DAY - 21); /* asleep for weeks */
	begin_in_city();
	tap_elsewhere(1);
	tap_elsewhere(2);
	arrive(1);
	assert_true(is_in(1)); /* by its own clock, in memory */
	pass(MINUTE);
	assert_int_equal(day_of_file(), DAY - 21);
	complete(utc_s() + 301);
	pass(MINUTE);
	assert_int_equal(day_of_file(), DAY - 21);
	assert_int_equal(described().troubles, IPC_CITY_CLOCK_OFF);
	arrive(2);
	join(3);
	tap_here(3);
	assert_false(is_in(2));
	assert_int_equal(unsent(), 0);
	complete(utc_s() + 299);
	pass(MINUTE);
	assert_int_equal(day_of_file(), DAY - 1);
	assert_int_equal(described().troubles, 0);
	assert_said("this box's clock and the store's differ");
}

static void test_clock_ahead(void **state)
{
	(void)state;
	begin_in_city();
	set_clock(NOON + 300 * 86400LL);
	pass(2 * MINUTE);
	join(1);
	tap_here(1);
	complete(NOON + 200);
	pass(MINUTE);
	assert_int_equal(day_of_file(), DAY - 1);
	assert_int_equal(described().troubles, IPC_CITY_CLOCK_OFF);
	set_clock(NOON + 300);
	pass(2 * MINUTE);
	assert_int_equal(described().troubles, 0);
	tap_elsewhere(2);
	arrive(2);
	assert_true(is_in(2));
}

static void test_unwritable(void **state)
{
	char path[160];

	(void)state;
	write_keys(DAY - 5);
	begin_in_city();
	snprintf(path, sizeof(path), "%s.new", keys_path());
	assert_int_equal(mkdir(path, 0700), 0);
	complete(0);
	pass(3 * MINUTE);
	assert_said("who steals this box learns");
	assert_int_equal(described().troubles, IPC_CITY_KEYS_STALE);
	assert_int_equal(rmdir(path), 0);
	complete(0);
	pass(MINUTE);
	assert_int_equal(described().troubles, 0);
	assert_int_equal(day_of_file(), DAY - 1);
}

static void test_damaged_keys(void **state)
{
	(void)state;
	assert_int_equal(truncate(keys_path(), 50), 0);
	begin_in_city();
	assert_int_equal(described().is_joined, 1);
	assert_int_equal(described().troubles, IPC_CITY_KEYS_BROKEN);
	join(1);
	tap_here(1);
	assert_true(is_in(1));
	assert_int_equal(unsent(), 0);
	write_keys(DAY - 1);
	controller_reload(t.controller, settings_of(config));
	turn();
	assert_int_equal(described().troubles, 0);
	pass(MINUTE);
	assert_int_equal(unsent(), 1);
}

static void test_in_no_city(void **state)
{
	struct ipc_city_feed f = { 0 };
	struct ipc_city_key k = { 0 };
	struct ipc_city_clock m = { 0 };
	struct ipc_city described_as = { 0 };
	uint32_t count = 0;

	(void)state;
	unlink(keys_path());
	begin_in_city();
	assert_int_equal(roaming_feed(t.controller, &f, &count), -ENXIO);
	assert_int_equal(roaming_take_key(t.controller, &k), -ENXIO);
	roaming_see_store(t.controller, &m);
	roaming_forget(t.controller, 1);
	newcomers_look_again(t.controller);
	join(1);
	tap_here(1);
	arrive(1);
	assert_int_equal(unsent(), 0);
	roaming_describe(t.controller, false, &described_as);
	assert_int_equal(described_as.is_joined, 0);
	write_keys(DAY - 1); /* joins */
	controller_reload(t.controller, settings_of(config));
	turn();
	assert_said("city: joined");
	assert_int_equal(described().is_joined, 1);
	pass(MINUTE);
	assert_int_equal(unsent(), 1);
	unlink(keys_path()); /* and leaves */
	controller_reload(t.controller, settings_of(config));
	turn();
	assert_int_equal(described().is_joined, 0);
	assert_true(is_in(1));
}

/* --- a portal that lies --------------------------------------------------- */

static void test_lies(void **state)
{
	struct ipc_city_feed f = { .count = IPC_CITY_RECORDS };
	struct ipc_city_key k = { .generation = 2, .day = DAY };
	uint32_t count = 0;
	int err = 0;

	(void)state;
	begin_in_city();
	for (unsigned int i = 0; i < IPC_CITY_RECORDS; i++)
		f.record[i][0] = 0x11;
	for (unsigned int i = 0; i < IPC_CITY_RECORDS; i++) {
		f.record[i][1] = 1;
		f.record[i][2] = DAY >> 8;
		f.record[i][3] = DAY & 255;
	}
	assert_int_equal(roaming_feed(t.controller, &f, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(described().refused, IPC_CITY_RECORDS);
	assert_said("records that no box of the city made");
	for (unsigned int i = 0; i < 2000 && !err; i++)
		err = roaming_feed(t.controller, &f, &count);
	assert_int_equal(err, -EAGAIN);
	assert_true(described().refused <= 16000 + IPC_CITY_RECORDS);
	assert_said("records that no box of the city made");
	pass(1000);
	assert_int_equal(roaming_feed(t.controller, &f, &count), 0);
	f.count = 0;
	assert_int_equal(roaming_feed(t.controller, &f, &count), -EINVAL);
	f.count = IPC_CITY_RECORDS + 1;
	assert_int_equal(roaming_feed(t.controller, &f, &count), -EINVAL);
	assert_int_equal(roaming_take_key(t.controller, &k), -EBADMSG);
	complete(INT64_MIN);
	complete(INT64_MAX);
	assert_int_equal(described().troubles, IPC_CITY_CLOCK_OFF);
	assert_int_equal(described().grants, 0);
}

static void test_new_generation(void **state)
{
	struct city_keys keys = keys_of(DAY - 1);
	struct city_wrapped_key w = { .generation = 2, .day = DAY };
	struct ipc_city_key k = { .generation = 2, .day = DAY };
	uint8_t fresh[CITY_KEY_SIZE] = { 0x33 };
	struct city_keys file;

	(void)state;
	begin_in_city();
	join(1);
	tap_here(1);
	sent();
	city_key_wrap(keys.wrap, fresh, &w);
	memcpy(k.ct, w.ct, sizeof(k.ct));
	memcpy(k.tag, w.tag, sizeof(k.tag));
	assert_int_equal(roaming_take_key(t.controller, &k), 0);
	assert_int_equal(roaming_take_key(t.controller, &k), -EBADMSG);
	assert_int_equal(city_keys_read(keys_path(), &file), 0);
	assert_int_equal(file.generation, 2);
	assert_memory_equal(file.key, fresh, sizeof(fresh));
	pass(MINUTE);
	assert_true(roam_unwrap(other, &w));
	assert_int_equal(sent().generation, 2); /* of who is in */
	tap_elsewhere(2);
	arrive(2);
	assert_true(is_in(2));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, clean_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(test_first_frame),
		CASE(test_record_comes_after_the_device),
		CASE(test_asked_by_the_portal),
		CASE(test_strangers_are_forgotten),
		CASE(test_unseen),
		CASE(test_flood_of_devices),
		CASE(test_zone_that_stays_home),
		CASE(test_other_network),
		CASE(test_other_terms),
		CASE(test_full_zone),
		CASE(test_vouchers_do_not_roam),
		CASE(test_codes_are_told_of_nobody),
		CASE(test_accounts_are_told_of_nobody),
		CASE(test_operators_word_does_not_roam),
		CASE(test_used_up),
		CASE(test_gone_and_back),
		CASE(test_tap_is_told_once),
		CASE(test_log_out_and_back),
		CASE(test_log_out_all_day),
		CASE(test_log_out_elsewhere),
		CASE(test_turn_of_the_day),
		CASE(test_late_log_out),
		CASE(test_log_out_of_yesterday_renews_nothing),
		CASE(test_end_of_the_chain),
		CASE(test_restart_makes_no_second_record),
		CASE(test_revoked_while_we_were_gone),
		CASE(test_many_renewals),
		CASE(test_no_clock),
		CASE(test_file_waits_for_the_store),
		CASE(test_clock_ahead),
		CASE(test_unwritable),
		CASE(test_damaged_keys),
		CASE(test_in_no_city),
		CASE(test_lies),
		CASE(test_new_generation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
