/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/array.h"
#include "netctl/usage/cells.h"
#include "netctl/usage/device_index.h"
#include "netctl/usage/outbox.h"
#include "netctl/usage/places.h"

static const char *path_in_ram(void)
{
	static char path[64];

	snprintf(path, sizeof(path), "/dev/shm/stadttor-ledger-%d",
		 (int)getpid());
	return path;
}

static struct ledger *opened(const char *path)
{
	struct ledger *l = ledger_open(path, geteuid(), getegid());

	assert_non_null(l);
	return l;
}

/* Only a test that spoils it may write there. */
static struct ledger_image *image_of(struct ledger *l)
{
	return (struct ledger_image *)ledger_image(l);
}

static int remove_file(void **state)
{
	(void)state;
	unlink(path_in_ram());
	return 0;
}

static void test_outlives_the_process(void **state)
{
	struct ledger *l = opened(path_in_ram());
	const uint64_t *word = &ledger_image(l)->zone[3].most;
	uint64_t stream = ledger_image(l)->stream;
	struct stat st;

	(void)state;
	assert_true(ledger_is_kept(l) && stream);
	ledger_set(l, word, 41);
	ledger_add(l, word, 1);
	assert_int_equal(*word, 0);
	assert_int_equal(ledger_get(l, word), 42);
	ledger_commit(l);
	assert_int_equal(*word, 42);
	ledger_close(l);
	assert_int_equal(stat(path_in_ram(), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	l = opened(path_in_ram());
	assert_true(ledger_is_kept(l));
	assert_true(ledger_image(l)->stream == stream);
	assert_int_equal(ledger_image(l)->zone[3].most, 42);
	ledger_close(l);
}

/* Killed between the journal and the words: whoever opens it carries on. */
static void test_complete_journal_is_carried_out(void **state)
{
	struct ledger *l = opened(path_in_ram());
	struct ledger_image *image = image_of(l);

	(void)state;
	image->journal[0].at =
		(uint64_t)((char *)&image->zone[1].most - (char *)image);
	image->journal[0].value = 7;
	image->journal_count = 1;
	ledger_close(l);
	l = opened(path_in_ram());
	assert_int_equal(ledger_image(l)->zone[1].most, 7);
	assert_int_equal(ledger_image(l)->journal_count, 0);
	ledger_close(l);
}

static void spoil_magic(struct ledger_image *image)
{
	image->magic++;
}

static void spoil_count(struct ledger_image *image)
{
	image->devices = LEDGER_DEVICES + 1;
}

static void spoil_journal(struct ledger_image *image)
{
	image->journal_count = 1;
	image->journal[0].at = sizeof(*image);
}

static void spoil_outbox(struct ledger_image *image)
{
	image->end_figure = image->first_figure + LEDGER_FIGURES + 1;
}

/* What cannot be ours is not read, however it came there. */
static void test_strange_content_is_not_used(void **state)
{
	static void (*const spoil[])(struct ledger_image *) = {
		spoil_magic, spoil_count, spoil_journal, spoil_outbox
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spoil); i++) {
		struct ledger *l = opened(path_in_ram());

		image_of(l)->zone[1].most = 5;
		spoil[i](image_of(l));
		ledger_close(l);
		l = opened(path_in_ram());
		assert_true(ledger_is_kept(l));
		assert_int_equal(ledger_image(l)->zone[1].most, 0);
		ledger_close(l);
	}
}

static void test_only_in_ram(void **state)
{
	static const char *const paths[] = { "", "/proc/stadttor",
					     "/no/such/folder/pending" };
	char on_disk[] = "build/ledger-XXXXXX";
	struct ledger *l;
	int fd;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		l = opened(paths[i]);
		assert_false(ledger_is_kept(l));
		ledger_close(l);
	}
	fd = mkstemp(on_disk);
	if (fd < 0)
		return; /* no such folder here: the checks run at the root */
	close(fd);
	l = opened(on_disk);
	assert_false(ledger_is_kept(l));
	ledger_close(l);
	assert_int_equal(unlink(on_disk), 0); /* it was left alone */
}

/* Where nobody fetches, the oldest go. */
static void test_full_outbox(void **state)
{
	struct ledger *l = opened("");
	struct ledger_figure f = { .metric = USAGE_VISITORS, .scale_d = 1 };
	struct ipc_usage_cell c[3];

	(void)state;
	for (uint64_t i = 1; i <= LEDGER_FIGURES + 10; i++) {
		f.value = i;
		outbox_put(l, &f);
		ledger_commit(l);
	}
	assert_int_equal(outbox_waiting(l), LEDGER_FIGURES);
	assert_int_equal(outbox_read(l, 0, c, 3), 3);
	assert_int_equal(c[0].seq, 11);
	assert_int_equal(c[0].value, 11);
	assert_int_equal(c[0].more, 2);
	assert_int_equal(c[2].more, 0);
	assert_int_equal(outbox_read(l, LEDGER_FIGURES + 9, c, 3), 1);
	assert_int_equal(c[0].value, LEDGER_FIGURES + 10);
	assert_int_equal(outbox_read(l, LEDGER_FIGURES + 10, c, 3), 0);
	outbox_forget(l, UINT64_MAX); /* which is no number of ours */
	assert_int_equal(outbox_waiting(l), LEDGER_FIGURES);
	outbox_forget(l, LEDGER_FIGURES + 9);
	assert_int_equal(outbox_waiting(l), 1);
	ledger_close(l);
}

static struct mac mac_of(uint64_t n)
{
	return (struct mac){ { 2, 0, 0, (uint8_t)(n >> 16), (uint8_t)(n >> 8),
			       (uint8_t)n } };
}

static bool is_wiped(const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((const char *)bytes)[i])
			return false;
	return true;
}

/* --- places ------------------------------------------------------------ */

struct day {
	struct ledger *l;
	struct device_index *x;
	uint64_t minute, invented;
};

static int64_t no_noise(struct usage_scale t)
{
	(void)t;
	return 0;
}

static const struct cells_plan plan = { .epsilon = 2, .draw = no_noise };

static struct day counting_day(void)
{
	struct day d = { .l = opened(path_in_ram()) };
	const struct ledger_image *image = ledger_image(d.l);

	d.x = device_index_new(d.l);
	ledger_set(d.l, &image->key[0], 1);
	ledger_set(d.l, &image->key[1], 2);
	ledger_set(d.l, &image->is_counting, 1);
	ledger_commit(d.l);
	places_begin_day(d.l, &plan);
	return d;
}

static const struct ledger_device *get(struct day *d, uint64_t n,
				       enum ledger_kind kind, unsigned int zone)
{
	struct mac mac = mac_of(n);
	const struct ledger_device *device =
		device_index_get(d->x, &mac, kind, zone);

	ledger_commit(d->l);
	return device;
}

static void next_minute(struct day *d)
{
	places_begin_minute(d->l, &plan, 60000 * d->minute++);
}

/* How many devices that were never seen are counted until one is not. */
static uint64_t flood(struct day *d, enum ledger_kind kind, unsigned int zone)
{
	uint64_t counted = 0;

	while (get(d, d->invented++, kind, zone))
		counted++;
	return counted;
}

static void end_day(struct day *d)
{
	device_index_free(d->x);
	ledger_close(d->l);
}

static void test_all_devices_of_a_day(void **state)
{
	struct day d = counting_day();
	const struct ledger_image *image = ledger_image(d.l);
	const uint64_t all = 20000;
	struct mac mac;

	(void)state;
	assert_null(get(&d, 1, LEDGER_ONLINE, 3)); /* no minute has begun */
	for (uint64_t n = 0; n < all; n++) {
		if (n % 500 == 0)
			next_minute(&d);
		assert_non_null(get(&d, n, LEDGER_ONLINE, 3));
	}
	for (uint64_t n = 0; n < all; n += 97) {
		mac = mac_of(n);
		assert_ptr_equal(device_index_find(d.x, &mac),
				 &image->device[n]);
	}
	device_index_free(d.x);
	d.x = device_index_new(d.l); /* made from the ledger */
	mac = mac_of(all);
	assert_null(device_index_find(d.x, &mac));
	mac = mac_of(all - 1);
	assert_ptr_equal(device_index_find(d.x, &mac), &image->device[all - 1]);
	ledger_destroy_day(d.l);
	device_index_clear(d.x);
	assert_null(device_index_find(d.x, &mac));
	assert_true(is_wiped(image->key, sizeof(image->key)));
	assert_true(is_wiped(image->device, all * sizeof(image->device[0])));
	assert_int_equal(ledger_devices(d.l), 0);
	end_day(&d);
}

/* Who invents devices stops counting for a minute, a zone, and who looks. */
static void test_a_flood_of_a_minute(void **state)
{
	struct day d = counting_day();

	(void)state;
	next_minute(&d);
	assert_int_equal(flood(&d, LEDGER_LOOKING, 1), 600);
	assert_non_null(get(&d, 1000000, LEDGER_LOOKING, 2));
	assert_non_null(get(&d, 1000001, LEDGER_ONLINE, 1));
	assert_non_null(get(&d, 1000000, LEDGER_LOOKING, 1)); /* seen before */
	places_begin_minute(d.l, &plan, 59999);		      /* the same */
	assert_null(get(&d, 1000002, LEDGER_LOOKING, 1));
	next_minute(&d);
	assert_non_null(get(&d, 1000002, LEDGER_LOOKING, 1));
	end_day(&d);
}

static void test_a_flood_of_a_day(void **state)
{
	struct day d = counting_day();
	uint64_t all = 0;

	(void)state;
	for (int i = 0; i < 60; i++) {
		next_minute(&d);
		all += flood(&d, LEDGER_LOOKING, 1);
	}
	assert_int_equal(all, 22528 + 256);
	assert_int_equal(flood(&d, LEDGER_LOOKING, 2), 256);
	assert_int_equal(flood(&d, LEDGER_ONLINE, 1), 600);
	ledger_destroy_day(d.l);
	device_index_clear(d.x);
	end_day(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_outlives_the_process,
					  remove_file),
		cmocka_unit_test_teardown(test_complete_journal_is_carried_out,
					  remove_file),
		cmocka_unit_test_teardown(test_strange_content_is_not_used,
					  remove_file),
		cmocka_unit_test(test_only_in_ram),
		cmocka_unit_test(test_full_outbox),
		cmocka_unit_test_teardown(test_all_devices_of_a_day,
					  remove_file),
		cmocka_unit_test_teardown(test_a_flood_of_a_minute,
					  remove_file),
		cmocka_unit_test_teardown(test_a_flood_of_a_day, remove_file),
	};

	log_open("test", false);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
