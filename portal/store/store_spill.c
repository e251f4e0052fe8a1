/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/store/store_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- rows -------------------------------------------------------------- */

static int copy_cells(struct store_db *from, struct store_db *to, bool hours)
{
	struct store_cell cell;
	int err = store_db_seek(from, hours, 0, INT64_MAX);

	while (!err) {
		err = store_db_next(from, &cell);
		if (err <= 0)
			break;
		err = store_db_add(to, &cell);
	}
	store_db_rewind(from);
	return err;
}

int store_spill_rows(struct store_db *from, struct store_db *to)
{
	int err = copy_cells(from, to, true);

	return err ? err : copy_cells(from, to, false);
}

int store_spill_outgoing(struct store_db *from, struct store_db *to,
			 const struct store_checkpoint *got)
{
	struct ipc_usage_cell cell;
	int err = store_db_seek_outgoing(from, got);

	while (!err) {
		err = store_db_next_outgoing(from, &cell);
		if (err <= 0)
			break;
		err = store_db_add_outgoing(to, &cell);
	}
	store_db_rewind(from);
	return err;
}

/* --- writing ----------------------------------------------------------- */

static void name_unfinished(const struct store *st, char name[STORE_ERROR_MAX])
{
	snprintf(name, STORE_ERROR_MAX, "%s.new", st->spill);
}

static int fill(struct store *st, const char *name)
{
	struct store_db *db = NULL;
	int err = store_db_open(&db, name, STORE_DB_SPILL);

	if (!err)
		err = store_db_begin(db);
	if (!err) {
		err = store_spill_rows(st->ram, db);
		if (!err)
			err = store_db_set_checkpoint(db, &st->ram_base);
		err = store_db_end(db, err);
	}
	store_db_close(db);
	return err;
}

static int write_spill(struct store *st)
{
	char name[STORE_ERROR_MAX];
	int err, fd;

	name_unfinished(st, name);
	unlink(name);
	fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	close(fd);
	err = fill(st, name);
	if (!err && rename(name, st->spill))
		err = -errno;
	if (err)
		unlink(name);
	return err;
}

void store_spill_remove(const struct store *st)
{
	char name[STORE_ERROR_MAX];

	if (!st->spill)
		return;
	name_unfinished(st, name);
	unlink(st->spill);
	unlink(name);
}

void store_spill_update(struct store *st)
{
	int err;

	/* memory that is all the config asks for has no disk to add to */
	if (!st->spill || !st->ram || !*st->path) {
		store_spill_remove(st);
		return;
	}
	err = write_spill(st);
	if (err && err != st->spill_lost)
		log_warn(
			"stadttor usage does not see all figures that wait for "
			"the disk: %s: %s",
			st->spill, strerror(-err));
	st->spill_lost = err;
}

/* --- reading ----------------------------------------------------------- */

void store_spill_read(struct store *st, const char *path)
{
	if (store_db_open(&st->ram, path, STORE_DB_STILL))
		return;
	if (!store_db_get_checkpoint(st->ram, &st->ram_base))
		return;
	store_db_close(st->ram);
	st->ram = NULL;
}
