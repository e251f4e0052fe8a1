/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "netctl/session/session.h"

static struct mac mac_of(uint32_t n)
{
	struct mac m = { { 2, 0, 0, 0, 0, 0 } };

	memcpy(m.byte + 2, &n, sizeof(n));
	return m;
}

static struct session *add(struct session_table *t, uint16_t zone, uint32_t n)
{
	struct mac m = mac_of(n);

	return session_add(t, zone, &m, 0);
}

static void test_find(void **state)
{
	struct session_table *t = session_table_new();
	struct mac m = mac_of(1), other = mac_of(2);
	struct session *s = add(t, 3, 1);

	(void)state;
	assert_non_null(s);
	assert_ptr_equal(session_find(t, 3, &m), s);
	assert_null(session_find(t, 2, &m));
	assert_null(session_find(t, 3, &other));
	assert_ptr_equal(session_find_handle(t, s->handle), s);
	assert_null(session_find_handle(t, s->handle + 1));
	assert_int_not_equal(s->handle, 0);
	session_table_free(t);
}

static void test_one_session_a_device_and_zone(void **state)
{
	struct session_table *t = session_table_new();
	struct mac m = mac_of(2);
	struct session *s = add(t, 0, 1);

	(void)state;
	assert_null(add(t, 0, 1));
	assert_non_null(add(t, 1, 1));
	assert_null(session_add(t, 0, &m, s->handle));
	assert_null(session_find(t, 0, &m));
	assert_int_equal(session_count(t), 2);
	assert_int_equal(session_count_zone(t, 0), 1);
	session_table_free(t);
}

static void test_places_are_reused(void **state)
{
	struct session_table *t = session_table_new();
	struct session *s[5];
	uint32_t seen = 0;

	(void)state;
	for (uint32_t i = 0; i < 5; i++)
		s[i] = add(t, 0, i);
	session_remove(t, s[1]);
	session_remove(t, s[4]);
	assert_int_equal(add(t, 0, 9)->index, 1);
	SESSION_FOREACH (s[0], t)
		seen++;
	assert_int_equal(seen, 4);
	assert_null(session_at(t, 4));
	session_table_free(t);
}

/* Random adds and removes against a plain array. */
static void test_many(void **state)
{
	enum { DEVICES = 500, STEPS = 20000 };
	struct session_table *t = session_table_new();
	bool model[DEVICES] = { false };
	uint32_t count = 0;

	(void)state;
	srandom(1);
	for (int i = 0; i < STEPS; i++) {
		uint32_t n = (uint32_t)random() % DEVICES;
		struct mac m = mac_of(n);
		struct session *s = session_find(t, 0, &m);

		assert_int_equal(s != NULL, model[n]);
		if (s)
			session_remove(t, s);
		else
			assert_non_null(add(t, 0, n));
		model[n] = !model[n];
		count += model[n] ? 1 : (uint32_t)-1;
		assert_int_equal(session_count(t), count);
	}
	session_table_free(t);
}

static void test_rezone(void **state)
{
	const int map[] = { 2, 0, 1 };
	struct session_table *t = session_table_new();
	struct mac m = mac_of(1);
	struct session *s[3];

	(void)state;
	for (uint16_t z = 0; z < 3; z++)
		s[z] = add(t, z, 1);
	session_rezone(t, map);
	for (uint16_t z = 0; z < 3; z++) {
		assert_ptr_equal(session_find(t, (uint16_t)map[z], &m), s[z]);
		assert_ptr_equal(session_find_handle(t, s[z]->handle), s[z]);
		assert_int_equal(session_count_zone(t, z), 1);
	}
	session_table_free(t);
}

static struct session *add_tagged(struct session_table *t, uint16_t zone,
				  uint32_t n, uint64_t tag)
{
	struct session *s = add(t, zone, n);

	assert_non_null(s);
	s->state = SESSION_GRANTED;
	s->ends_ms = 1000;
	session_set_tag(t, s, tag);
	return s;
}

static void test_tag_counts_the_devices_online(void **state)
{
	struct session_table *t = session_table_new();
	struct mac first = mac_of(1), nobody = mac_of(99);
	struct session *s[4];

	(void)state;
	for (uint32_t i = 0; i < 4; i++)
		s[i] = add_tagged(t, 0, i + 1, 7);
	add_tagged(t, 0, 8, 8);
	assert_int_equal(session_count_tag(t, 7, &nobody, 999), 4);
	assert_int_equal(session_count_tag(t, 7, &first, 999), 3);
	assert_int_equal(session_count_tag(t, 9, &nobody, 999), 0);
	s[1]->ends_ms = 500;
	assert_int_equal(session_count_tag(t, 7, &nobody, 499), 4);
	assert_int_equal(session_count_tag(t, 7, &nobody, 500), 3);
	s[2]->state = SESSION_ENDED;
	assert_int_equal(session_count_tag(t, 7, &nobody, 500), 2);
	session_set_tag(t, s[3], 8);
	assert_int_equal(session_count_tag(t, 7, &nobody, 500), 1);
	assert_int_equal(session_count_tag(t, 8, &nobody, 500), 2);
	session_set_tag(t, s[3], 0);
	assert_int_equal(session_count_tag(t, 8, &nobody, 500), 1);
	session_remove(t, s[0]);
	assert_int_equal(session_count_tag(t, 7, &nobody, 500), 0);
	session_table_free(t);
}

static void test_tagged_device_in_zones_is_one(void **state)
{
	const int map[] = { 2, 0, 1 };
	struct session_table *t = session_table_new();
	struct mac nobody = mac_of(99);
	struct session *s[3];

	(void)state;
	for (uint16_t z = 0; z < 3; z++)
		s[z] = add_tagged(t, z, 1, 7);
	assert_int_equal(session_count_tag(t, 7, &nobody, 0), 1);
	session_rezone(t, map);
	assert_int_equal(session_count_tag(t, 7, &nobody, 0), 1);
	s[1]->ends_ms = 10; /* of the first zone now */
	assert_int_equal(session_count_tag(t, 7, &nobody, 10), 1);
	session_set_tag(t, s[2], 8);
	assert_int_equal(session_count_tag(t, 7, &nobody, 10), 1);
	assert_int_equal(session_count_tag(t, 8, &nobody, 10), 1);
	session_table_free(t);
}

/* Random tags, changes and removals against a plain array. */
static void test_many_tags(void **state)
{
	enum { DEVICES = 300, TAGS = 20, STEPS = 20000 };
	struct session_table *t = session_table_new();
	struct mac nobody = mac_of(DEVICES);
	uint64_t tag_of[DEVICES] = { 0 };
	uint32_t count[TAGS] = { 0 };

	(void)state;
	srandom(2);
	for (int i = 0; i < STEPS; i++) {
		uint32_t n = (uint32_t)random() % DEVICES;
		uint64_t tag = (uint64_t)random() % TAGS;
		struct mac m = mac_of(n);
		struct session *s = session_find(t, 0, &m);

		count[tag_of[n]]--;
		count[tag]++;
		tag_of[n] = tag;
		if (s && !tag)
			session_remove(t, s);
		else if (s)
			session_set_tag(t, s, tag);
		else if (tag)
			add_tagged(t, 0, n, tag);
		tag = 1 + (uint64_t)random() % (TAGS - 1);
		assert_int_equal(session_count_tag(t, tag, &nobody, 0),
				 count[tag]);
	}
	session_table_free(t);
}

static void test_left(void **state)
{
	struct session s = { .ends_ms = 10000 };

	(void)state;
	assert_int_equal(session_left_s(&s, 0), 10);
	assert_int_equal(session_left_s(&s, 9001), 1);
	assert_int_equal(session_left_s(&s, 10000), 0);
	assert_int_equal(session_left_s(&s, 20000), 0);
	s.ends_ms = UINT64_MAX;
	assert_true(session_left_s(&s, 5) == UINT64_MAX);
}

static void test_quota(void **state)
{
	struct session s = { .limits.quota_bytes = 100,
			     .up_bytes = 40,
			     .down_bytes = 59 };

	(void)state;
	assert_false(session_is_over_quota(&s));
	s.up_bytes++;
	assert_true(session_is_over_quota(&s));
	s.limits.quota_bytes = IPC_UNLIMITED;
	assert_false(session_is_over_quota(&s));
}

/* A step that does not exist ends the program: what it does in a child. */
static bool is_refused(enum session_state from, enum session_state next,
		       enum session_reason reason)
{
	struct session s = { .state = from };
	int status = 0;
	pid_t child = fork();

	if (!child) {
		if (!freopen("/dev/null", "w", stderr))
			_exit(2);
		session_enter(&s, next, reason);
		_exit(s.state == next && s.reason == reason ? 0 : 2);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 1;
}

static void test_states(void **state)
{
	(void)state;
	for (int from = 0; from <= SESSION_ENDED; from++)
		for (int next = 0; next <= SESSION_ENDED; next++)
			for (int why = 0; why < SESSION_REASON_MAX; why++) {
				bool is_grant = from == SESSION_UNKNOWN &&
						next == SESSION_GRANTED && !why;
				bool is_end = from == SESSION_GRANTED &&
					      next == SESSION_ENDED && why;

				assert_int_equal(is_refused(from, next, why),
						 !is_grant && !is_end);
			}
}

/* Residents are in the zone, and no guests, whatever happens to them. */
static void residents(void **state)
{
	struct session_table *t = session_table_new();
	const int map[] = { 1, 0 };
	struct mac a = { { 2, 0, 0, 0, 0, 1 } }, b = { { 2, 0, 0, 0, 0, 2 } };
	struct session *s, *guest;

	(void)state;
	assert_non_null(t);
	s = session_add(t, 0, &a, 0);
	guest = session_add(t, 0, &b, 0);
	assert_false(session_is_resident(s));
	assert_int_equal(session_count_guests(t, 0), 2);
	session_set_tag(t, s, SESSION_TAG_RESIDENT);
	session_set_tag(t, s, SESSION_TAG_RESIDENT);
	assert_true(session_is_resident(s));
	assert_int_equal(session_count_guests(t, 0), 1);
	assert_int_equal(session_count_zone(t, 0), 2);
	session_rezone(t, map);
	assert_int_equal(session_count_guests(t, 0), 0);
	assert_int_equal(session_count_guests(t, 1), 1);
	session_set_tag(t, guest, SESSION_TAG_RESIDENT);
	session_set_tag(t, s, 7);
	assert_int_equal(session_count_guests(t, 1), 1);
	session_remove(t, guest);
	assert_int_equal(session_count_guests(t, 1), 1);
	session_remove(t, s);
	assert_int_equal(session_count_guests(t, 1), 0);
	session_table_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_one_session_a_device_and_zone),
		cmocka_unit_test(test_places_are_reused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_rezone),
		cmocka_unit_test(test_tag_counts_the_devices_online),
		cmocka_unit_test(test_tagged_device_in_zones_is_one),
		cmocka_unit_test(test_many_tags),
		cmocka_unit_test(test_left),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_states),
		cmocka_unit_test(residents),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
