/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "portal/store/store_spill.h"

#define QUARANTINES 100
#define HOUR_S	    3600

static const char *reason(int err)
{
	switch (err) {
	case -EUCLEAN:
		return "the file is damaged";
	case -EPROTONOSUPPORT:
		return "a later version of Stadttor wrote the file";
	case -EMEDIUMTYPE:
		return "the file is something else";
	case -ENODATA:
		return "the file holds no figures yet";
	case -EBUSY:
		return "another program is writing to it";
	}
	return strerror(-err);
}

/* --- the disk ---------------------------------------------------------- */

void store_lose_disk(struct store *st, int err)
{
	if (st->lost != err)
		log_warn("usage figures stay in memory: %s: %s", st->path,
			 reason(err));
	st->lost = err;
}

static void disk_close(struct store *st)
{
	store_db_close(st->disk);
	st->disk = NULL;
}

static void ram_close(struct store *st)
{
	store_db_close(st->ram);
	st->ram = NULL;
}

static bool is_same(const struct store_checkpoint *a,
		    const struct store_checkpoint *b)
{
	return a->stream == b->stream && a->seq == b->seq;
}

/* The first free NAME.corrupt-N. false: there is none. */
static bool find_quarantine(const struct store *st, char *name, size_t max)
{
	for (int i = 1; i <= QUARANTINES; i++) {
		snprintf(name, max, "%s.corrupt-%d", st->path, i);
		if (access(name, F_OK) && errno == ENOENT)
			return true;
	}
	return false;
}

/* Sets a damaged file aside, with what SQLite keeps beside it. */
static int quarantine(struct store *st)
{
	static const char *const companions[] = { "-wal", "-shm" };
	char from[STORE_ERROR_MAX], to[STORE_ERROR_MAX];
	size_t len;

	disk_close(st);
	if (!find_quarantine(st, to, sizeof(to) - 8))
		return -EEXIST;
	if (rename(st->path, to))
		return -errno;
	log_warn("usage figures: %s was damaged; it is now %s", st->path, to);
	len = strlen(to);
	for (size_t i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), "%s%s", st->path, companions[i]);
		snprintf(to + len, sizeof(to) - len, "%s", companions[i]);
		if (rename(from, to) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int start_anew(struct store *st)
{
	int err = quarantine(st);

	if (err)
		return err;
	st->on_disk = (struct store_checkpoint){ 0 };
	return store_db_open(&st->disk, st->path, STORE_DB_WRITE);
}

static int disk_open(struct store *st)
{
	int err = store_db_open(&st->disk, st->path, STORE_DB_WRITE);

	if (!err)
		err = store_db_get_checkpoint(st->disk, &st->on_disk);
	if (err == -EUCLEAN)
		err = start_anew(st);
	if (!err && store_db_is_readonly(st->disk))
		err = -EROFS;
	if (!err && stat(st->path, &st->opened))
		err = -errno;
	return err;
}

/* Somebody took the file away, or put a backup in its place. */
static bool disk_is_replaced(const struct store *st)
{
	struct stat now;

	return stat(st->path, &now) || now.st_dev != st->opened.st_dev ||
	       now.st_ino != st->opened.st_ino;
}

static int disk_open_again(struct store *st)
{
	log_warn("usage figures: %s was removed or replaced while it was in "
		 "use; what is there now is used",
		 st->path);
	disk_close(st);
	st->on_disk = (struct store_checkpoint){ 0 };
	return disk_open(st);
}

/* SQLite tells of the last file that it tried; the first cause is plainer. */
static int find_cause(const struct store *st, int err)
{
	char parent[STORE_ERROR_MAX];
	const char *slash = strrchr(st->path, '/');

	if (err == -EUCLEAN || err == -EPROTONOSUPPORT || err == -EMEDIUMTYPE)
		return err;
	if (access(st->path, W_OK) && errno != ENOENT)
		return -errno;
	snprintf(parent, sizeof(parent), "%.*s",
		 slash ? (int)(slash - st->path) : 0, st->path);
	return *parent && access(parent, W_OK | X_OK) ? -errno : err;
}

/* What cannot be written may be read all the same. */
static void disk_failed(struct store *st, int err)
{
	store_lose_disk(st, find_cause(st, err));
	if (st->disk || store_db_open(&st->disk, st->path, STORE_DB_READ))
		return;
	if (store_db_get_checkpoint(st->disk, &st->on_disk))
		disk_close(st);
}

/* --- life -------------------------------------------------------------- */

static void let_go(struct store *st)
{
	store_db_close(st->disk);
	store_db_close(st->ram);
	free(st->spill);
	free(st->path);
	free(st);
}

static struct store *store_new(const char *path, uint64_t keep_hours_s)
{
	struct store *st = calloc(1, sizeof(*st));

	if (!st)
		return NULL;
	tzset();
	st->path = strdup(path);
	st->keep_hours_s = keep_hours_s;
	if (st->path && strlen(path) < STORE_ERROR_MAX - 32)
		return st;
	let_go(st);
	return NULL;
}

struct store *store_open(const char *path, uint64_t keep_hours_s)
{
	struct store *st = store_new(path, keep_hours_s);
	int err;

	if (!st || !*path)
		return st;
	err = disk_open(st);
	if (err)
		disk_failed(st, err);
	return st;
}

/* Without a file on the disk there may be figures that wait for one. */
static int open_both(struct store *st, const char *spill)
{
	int err;

	store_spill_read(st, spill);
	err = store_db_open(&st->disk, st->path, STORE_DB_READ);
	if (!err)
		err = store_db_suspend(st->disk, &st->on_disk);
	if (st->ram && !is_same(&st->ram_base, &st->on_disk))
		ram_close(st);
	return st->ram && (err == -ENOENT || err == -ENODATA) ? 0 : err;
}

struct store *store_open_readonly(const char *path, const char *spill,
				  char error[STORE_ERROR_MAX])
{
	struct store *st = store_new(path, 0);
	int err;

	if (!st) {
		snprintf(error, STORE_ERROR_MAX, "%s", strerror(ENOMEM));
		return NULL;
	}
	st->is_reader = true;
	err = open_both(st, spill);
	if (!err)
		return st;
	snprintf(error, STORE_ERROR_MAX, "%s: %s", path, reason(err));
	let_go(st);
	return NULL;
}

void store_set_keep(struct store *st, uint64_t keep_hours_s)
{
	st->keep_hours_s = keep_hours_s;
}

void store_set_write_interval(struct store *st, uint64_t write_interval_s)
{
	st->write_interval_s = write_interval_s;
}

void store_set_spill(struct store *st, const char *path)
{
	if (st->spill && !strcmp(st->spill, path))
		return;
	store_spill_remove(st);
	free(st->spill);
	st->spill = strlen(path) < STORE_ERROR_MAX - 8 ? strdup(path) : NULL;
	st->spill_lost = 0;
	store_spill_update(st);
}

void store_spill_path(char path[STORE_ERROR_MAX], const char *socket)
{
	const char *slash = strrchr(socket, '/');

	snprintf(path, STORE_ERROR_MAX, "%.*s/portal/waiting.sqlite",
		 slash ? (int)(slash - socket) : 0, socket);
}

enum store_health store_health(const struct store *st)
{
	if (!*st->path)
		return STORE_IN_MEMORY;
	return st->lost ? STORE_CANNOT_WRITE : STORE_ON_DISK;
}

/* Memory that the config asks for is all there will be: it counts as saved. */
struct store_position store_position(const struct store *st)
{
	const struct store_checkpoint *saved =
		*st->path ? &st->on_disk : &st->in_ram;
	const struct store_checkpoint *shown =
		st->ram ? &st->in_ram : &st->on_disk;

	return (struct store_position){
		.stream = shown->stream,
		.applied = shown->seq,
		.committed = saved->stream == shown->stream ? saved->seq : 0,
	};
}

/* --- applying ---------------------------------------------------------- */

static int apply_to_disk(struct store *st, const struct usage_batch *b)
{
	int err = disk_is_replaced(st) ? disk_open_again(st) : 0;

	if (!err)
		err = store_batch_apply(st->disk, b, &st->plan, &st->on_disk);
	if (err == -EUCLEAN) {
		err = start_anew(st);
		if (!err)
			err = store_batch_apply(st->disk, b, &st->plan,
						&st->on_disk);
	}
	if (err)
		store_lose_disk(st, err);
	return err;
}

static int apply_to_ram(struct store *st, const struct usage_batch *b)
{
	int err;

	if (!st->ram) {
		err = store_db_open(&st->ram, NULL, STORE_DB_MEMORY);
		if (!err)
			err = store_db_set_checkpoint(st->ram, &st->on_disk);
		if (err) {
			ram_close(st);
			return err;
		}
		st->ram_base = st->on_disk;
		st->in_ram = st->on_disk;
	}
	return store_batch_apply(st->ram, b, &st->plan, &st->in_ram);
}

/* --- back to the disk -------------------------------------------------- */

/*
 * What memory holds adds to what the disk held when it was begun. If that is
 * what the disk holds now, one transaction takes all over; otherwise netctl
 * sends what is missing. The checkpoint is written in any case, to see it work.
 */
static int save_ram(struct store *st)
{
	struct store_checkpoint now;
	int err = store_db_begin(st->disk);

	if (err)
		return err;
	err = store_db_get_checkpoint(st->disk, &now);
	if (!err && st->ram && is_same(&now, &st->ram_base)) {
		err = store_spill_rows(st->ram, st->disk);
		if (!err)
			err = store_spill_outgoing(st->ram, st->disk,
						   &st->plan.got);
		now = st->in_ram;
	}
	if (!err && st->plan.trim_s > 0)
		err = store_db_trim(st->disk, st->plan.trim_s);
	if (!err)
		err = store_db_set_checkpoint(st->disk, &now);
	err = store_db_end(st->disk, err);
	if (!err)
		st->on_disk = now;
	return err;
}

bool store_retry(struct store *st)
{
	int err;

	if (!st->lost)
		return false;
	disk_close(st);
	err = st->lost == -EUCLEAN ? start_anew(st) : disk_open(st);
	if (!err)
		err = save_ram(st);
	if (err) {
		disk_failed(st, err);
		return false;
	}
	log_info("usage figures go to %s again", st->path);
	st->lost = 0;
	ram_close(st);
	store_spill_update(st);
	return true;
}

/* --- all of it --------------------------------------------------------- */

/* When the last of its hours ended; 0: a day has. */
static int64_t end_of(const struct usage_batch *b)
{
	int64_t end_s = 0;

	for (size_t i = 0; i < b->cells; i++) {
		if (b->cell[i].metric != USAGE_DEVICES_ONLINE)
			return 0;
		if (b->cell[i].start_s + HOUR_S > end_s)
			end_s = b->cell[i].start_s + HOUR_S;
	}
	return end_s;
}

/* Hours wait for their day, or for less time. */
static bool may_wait(struct store *st, const struct usage_batch *b)
{
	int64_t end_s = end_of(b);

	if (!st->ram)
		st->waits_since_s = b->cell[0].start_s;
	return end_s > st->waits_since_s &&
	       (uint64_t)(end_s - st->waits_since_s) < st->write_interval_s;
}

static void save_what_waits(struct store *st)
{
	int err = disk_is_replaced(st) ? disk_open_again(st) : 0;

	if (!err)
		err = save_ram(st);
	if (err == -EUCLEAN) {
		err = start_anew(st);
		if (!err)
			err = save_ram(st);
	}
	if (err) {
		store_lose_disk(st, err);
		return;
	}
	ram_close(st);
}

int store_apply(struct store *st, const struct usage_batch *b)
{
	bool has_disk = *st->path && !st->lost, waits;
	int err;

	if (!store_batch_is_valid(b))
		return -EINVAL;
	if (store_batch_is_applied(st->ram ? &st->in_ram : &st->on_disk, b))
		return 0;
	tzset();
	st->plan.trim_s = store_batch_trim_s(b, st->keep_hours_s);
	waits = has_disk && may_wait(st, b);
	if (has_disk && !waits && !st->ram && !apply_to_disk(st, b))
		return 0;
	err = apply_to_ram(st, b);
	if (!err && has_disk && !waits && !st->lost)
		save_what_waits(st);
	store_spill_update(st);
	return err;
}

void store_free(struct store *st)
{
	if (!st)
		return;
	if (st->ram && *st->path && !st->lost && !st->is_reader)
		save_what_waits(st);
	store_spill_remove(st);
	let_go(st);
}
