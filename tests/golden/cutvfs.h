/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file system for SQLite that keeps track of what has been synced. So many
 * times it leaves in FOLDER/N what a power cut at that moment could have left
 * of a database: all that was synced and, of what was not, a random part, torn
 * at sectors and out of order. At each it says what was acknowledged before.
 */
#ifndef STADTTOR_TESTS_CUTVFS_H
#define STADTTOR_TESTS_CUTVFS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECTOR	 512
#define STEPS	 500 /* writes and syncs between two cuts, at most */
#define PATH_LEN 512

struct change { /* data NULL: a truncation to offset */
	struct change *next;
	uint8_t *data;
	size_t offset, len;
};

struct content {
	uint8_t *bytes;
	size_t len;
};

/* A file as the program sees it is the real one; this is what is certain. */
struct image {
	char name[PATH_LEN];
	struct content synced;
	struct change *first, **end;
};

struct cut_file {
	sqlite3_file base;
	struct image *image; /* NULL: none of the database's */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;
static struct image images[3]; /* file, -wal, -journal */
static size_t image_count;
static const char *folder;
static unsigned int cuts, cuts_made, steps_left;
static void (*say_acknowledged)(void);

/* --- what a cut leaves ------------------------------------------------- */

static unsigned int chance(unsigned int below)
{
	return (unsigned int)random() % below;
}

static void put(struct content *c, size_t offset, const uint8_t *data,
		size_t len)
{
	if (offset + len > c->len) {
		c->bytes = realloc(c->bytes, offset + len);
		memset(c->bytes + c->len, 0, offset + len - c->len);
		c->len = offset + len;
	}
	memcpy(c->bytes + offset, data, len);
}

static void put_torn(struct content *c, const struct change *w)
{
	size_t at = 0;

	while (at < w->len) {
		size_t len = SECTOR - (w->offset + at) % SECTOR;

		if (len > w->len - at)
			len = w->len - at;
		if (chance(2))
			put(c, w->offset + at, w->data + at, len);
		at += len;
	}
}

static void apply(struct content *c, const struct change *w)
{
	if (w->data)
		put(c, w->offset, w->data, w->len);
	else if (w->offset < c->len)
		c->len = w->offset;
}

static void write_image(const struct image *i, const char *to)
{
	struct content c = { NULL, 0 };
	unsigned int way = chance(3); /* none, some or all of it */
	const char *suffix = strrchr(i->name, '/') + 1;
	char name[PATH_LEN + 64];
	FILE *f;

	if (i->synced.len)
		put(&c, 0, i->synced.bytes, i->synced.len);
	for (const struct change *w = i->first; w && way; w = w->next) {
		if (way == 2 || chance(3) == 0)
			apply(&c, w);
		else if (w->data && chance(2))
			put_torn(&c, w);
	}
	snprintf(name, sizeof(name), "%s/%s", to, suffix);
	f = fopen(name, "w");
	if (!f ||
	    fwrite(c.bytes ? (void *)c.bytes : (void *)"", 1, c.len, f) !=
		    c.len ||
	    fclose(f))
		exit(1);
	free(c.bytes);
}

static void make_cut(void)
{
	char to[PATH_LEN];

	snprintf(to, sizeof(to), "%s/%u", folder, cuts_made++);
	if (mkdir(to, 0700))
		exit(1);
	for (size_t i = 0; i < image_count; i++)
		write_image(&images[i], to);
	say_acknowledged();
	steps_left = chance(STEPS);
}

/* Before each write and sync. */
static void step(void)
{
	if (cuts_made == cuts)
		return;
	if (!steps_left)
		make_cut();
	else
		steps_left--;
}

static void add_change(struct image *i, const void *data, size_t offset,
		       size_t len)
{
	struct change *w = calloc(1, sizeof(*w));

	w->offset = offset;
	w->len = len;
	if (data) {
		w->data = malloc(len);
		memcpy(w->data, data, len);
	}
	*i->end = w;
	i->end = &w->next;
}

static void settle(struct image *i, bool keep)
{
	struct change *w, *next;

	for (w = i->first; w; w = next) {
		next = w->next;
		if (keep)
			apply(&i->synced, w);
		free(w->data);
		free(w);
	}
	i->first = NULL;
	i->end = &i->first;
	if (!keep)
		i->synced.len = 0;
}

/* --- the file system --------------------------------------------------- */

#define REAL(f) (((struct cut_file *)(f))->real)

static int cut_close(sqlite3_file *f)
{
	return REAL(f)->pMethods->xClose(REAL(f));
}

static int cut_read(sqlite3_file *f, void *buf, int len, sqlite3_int64 at)
{
	return REAL(f)->pMethods->xRead(REAL(f), buf, len, at);
}

static int cut_write(sqlite3_file *f, const void *buf, int len,
		     sqlite3_int64 at)
{
	struct image *i = ((struct cut_file *)f)->image;

	step();
	if (i)
		add_change(i, buf, (size_t)at, (size_t)len);
	return REAL(f)->pMethods->xWrite(REAL(f), buf, len, at);
}

static int cut_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	struct image *i = ((struct cut_file *)f)->image;

	step();
	if (i)
		add_change(i, NULL, (size_t)size, 0);
	return REAL(f)->pMethods->xTruncate(REAL(f), size);
}

static int cut_sync(sqlite3_file *f, int flags)
{
	struct image *i = ((struct cut_file *)f)->image;

	(void)flags;
	step();
	if (i)
		settle(i, true);
	return SQLITE_OK; /* the real one is not under test */
}

static int cut_size(sqlite3_file *f, sqlite3_int64 *size)
{
	return REAL(f)->pMethods->xFileSize(REAL(f), size);
}

static int cut_lock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xLock(REAL(f), level);
}

static int cut_unlock(sqlite3_file *f, int level)
{
	return REAL(f)->pMethods->xUnlock(REAL(f), level);
}

static int cut_check_lock(sqlite3_file *f, int *out)
{
	return REAL(f)->pMethods->xCheckReservedLock(REAL(f), out);
}

static int cut_control(sqlite3_file *f, int op, void *arg)
{
	return REAL(f)->pMethods->xFileControl(REAL(f), op, arg);
}

static int cut_sector(sqlite3_file *f)
{
	return REAL(f)->pMethods->xSectorSize(REAL(f));
}

static int cut_characteristics(sqlite3_file *f)
{
	return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f));
}

static int cut_shm_map(sqlite3_file *f, int region, int size, int extend,
		       void volatile **out)
{
	return REAL(f)->pMethods->xShmMap(REAL(f), region, size, extend, out);
}

static int cut_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
	return REAL(f)->pMethods->xShmLock(REAL(f), offset, n, flags);
}

static void cut_shm_barrier(sqlite3_file *f)
{
	REAL(f)->pMethods->xShmBarrier(REAL(f));
}

static int cut_shm_unmap(sqlite3_file *f, int delete)
{
	return REAL(f)->pMethods->xShmUnmap(REAL(f), delete);
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, /* without mmap */
	.xClose = cut_close,
	.xRead = cut_read,
	.xWrite = cut_write,
	.xTruncate = cut_truncate,
	.xSync = cut_sync,
	.xFileSize = cut_size,
	.xLock = cut_lock,
	.xUnlock = cut_unlock,
	.xCheckReservedLock = cut_check_lock,
	.xFileControl = cut_control,
	.xSectorSize = cut_sector,
	.xDeviceCharacteristics = cut_characteristics,
	.xShmMap = cut_shm_map,
	.xShmLock = cut_shm_lock,
	.xShmBarrier = cut_shm_barrier,
	.xShmUnmap = cut_shm_unmap,
};

static struct image *image_of(const char *name)
{
	struct image *i;

	for (size_t n = 0; n < image_count; n++)
		if (!strcmp(images[n].name, name))
			return &images[n];
	if (image_count == 3)
		exit(1);
	i = &images[image_count++];
	snprintf(i->name, sizeof(i->name), "%s", name);
	i->end = &i->first;
	return i;
}

static int cut_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
		    int flags, int *out_flags)
{
	struct cut_file *c = (struct cut_file *)f;
	int code;

	(void)vfs;
	c->real = (sqlite3_file *)(c + 1);
	c->image = name ? image_of(name) : NULL;
	code = real_vfs->xOpen(real_vfs, name, c->real, flags, out_flags);
	f->pMethods = c->real->pMethods ? &methods : NULL;
	return code;
}

static int cut_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	step();
	settle(image_of(name), false);
	return real_vfs->xDelete(real_vfs, name, sync);
}

static void register_vfs(void)
{
	static sqlite3_vfs vfs;

	real_vfs = sqlite3_vfs_find(NULL);
	vfs = *real_vfs;
	vfs.zName = "powercut";
	vfs.szOsFile = (int)sizeof(struct cut_file) + real_vfs->szOsFile;
	vfs.xOpen = cut_open;
	vfs.xDelete = cut_delete;
	sqlite3_vfs_register(&vfs, 1);
}

/* FOLDER CUTS SEED; say prints a line about what has been acknowledged. */
static bool start_cuts(int argc, char **argv, void (*say)(void))
{
	if (argc != 4)
		return false;
	folder = argv[1];
	cuts = (unsigned int)atoi(argv[2]);
	srandom((unsigned int)atoi(argv[3]));
	steps_left = chance(20);
	say_acknowledged = say;
	register_vfs();
	return true;
}

static bool has_cuts_left(void)
{
	return cuts_made < cuts;
}

#endif
