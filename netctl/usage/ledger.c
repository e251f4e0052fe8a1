/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/random.h"

#define MAGIC	     0x3520726f74747453ULL /* changes with the layout */
#define RESERVE_STEP 1024		   /* records; divides all of them */

/* No store may move across: what a kill leaves is what was written so far. */
#define ORDERED() __asm__ volatile("" ::: "memory")

/* Arrays of records of the day, which get memory as they grow. */
enum part { DAILIES, DEVICES, PARTS };
static const struct {
	size_t at, size, max; /* of a record; records */
} parts[PARTS] = {
	[DAILIES] = { offsetof(struct ledger_image, daily),
		      sizeof(struct ledger_daily), LEDGER_DAILIES },
	[DEVICES] = { offsetof(struct ledger_image, device),
		      sizeof(struct ledger_device), LEDGER_DEVICES },
};

struct ledger {
	struct ledger_image *image;
	int fd;			/* of the file; -1: anonymous memory */
	size_t reserved[PARTS]; /* records that have memory */
	size_t staged;
	struct {
		uint64_t at, value;
	} stage[LEDGER_JOURNAL];
};

/* --- all or nothing ---------------------------------------------------- */

static uint64_t *word_at(struct ledger_image *image, uint64_t at)
{
	return (uint64_t *)((char *)image + at);
}

static void journal_apply(struct ledger_image *image)
{
	for (uint64_t i = 0; i < image->journal_count; i++)
		*word_at(image, image->journal[i].at) = image->journal[i].value;
	ORDERED();
	image->journal_count = 0;
	ORDERED();
}

static bool journal_is_sound(const struct ledger_image *image)
{
	if (image->journal_count > LEDGER_JOURNAL)
		return false;
	for (uint64_t i = 0; i < image->journal_count; i++)
		if (image->journal[i].at % sizeof(uint64_t) ||
		    image->journal[i].at > sizeof(*image) - sizeof(uint64_t))
			return false;
	return true;
}

const struct ledger_image *ledger_image(const struct ledger *l)
{
	return l->image;
}

static uint64_t offset_of(const struct ledger *l, const uint64_t *word)
{
	return (uint64_t)((const char *)word - (const char *)l->image);
}

/* The place in the stage, or that behind it. */
static size_t find_staged(const struct ledger *l, const uint64_t *word)
{
	uint64_t at = offset_of(l, word);
	size_t i = 0;

	while (i < l->staged && l->stage[i].at != at)
		i++;
	return i;
}

uint64_t ledger_get(const struct ledger *l, const uint64_t *word)
{
	size_t i = find_staged(l, word);

	return i < l->staged ? l->stage[i].value : *word;
}

void ledger_set(struct ledger *l, const uint64_t *word, uint64_t value)
{
	size_t i = find_staged(l, word);

	if (i == LEDGER_JOURNAL)
		fatal("usage: the ledger's journal is full");
	l->stage[i].at = offset_of(l, word);
	l->stage[i].value = value;
	if (i == l->staged)
		l->staged++;
}

void ledger_add(struct ledger *l, const uint64_t *word, uint64_t more)
{
	ledger_set(l, word, ledger_get(l, word) + more);
}

void ledger_commit(struct ledger *l)
{
	struct ledger_image *image = l->image;

	for (size_t i = 0; i < l->staged; i++) {
		image->journal[i].at = l->stage[i].at;
		image->journal[i].value = l->stage[i].value;
	}
	ORDERED();
	image->journal_count = l->staged;
	ORDERED();
	journal_apply(image);
	l->staged = 0;
}

/* --- the day's records ------------------------------------------------- */

size_t ledger_devices(const struct ledger *l)
{
	return ledger_get(l, &l->image->devices);
}

static bool reserve(struct ledger *l, enum part p, size_t records)
{
	size_t wanted =
		(records + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
	size_t has = l->reserved[p], size = parts[p].size;

	if (records <= has)
		return true;
	if (records > parts[p].max)
		return false;
	if (l->fd >= 0 &&
	    posix_fallocate(l->fd, (off_t)(parts[p].at + has * size),
			    (off_t)((wanted - has) * size)))
		return false;
	l->reserved[p] = wanted;
	return true;
}

bool ledger_reserve(struct ledger *l, size_t devices)
{
	return reserve(l, DEVICES, devices);
}

bool ledger_reserve_dailies(struct ledger *l, size_t dailies)
{
	return reserve(l, DAILIES, dailies);
}

static void destroy_part(struct ledger *l, enum part p)
{
	explicit_bzero((char *)l->image + parts[p].at,
		       l->reserved[p] * parts[p].size);
	l->reserved[p] = 0;
	if (l->fd >= 0) /* pages that hold nothing but zeros */
		fallocate(l->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  (off_t)parts[p].at,
			  (off_t)(parts[p].max * parts[p].size));
}

void ledger_destroy_day(struct ledger *l)
{
	struct ledger_image *image = l->image;

	image->is_counting = 0;
	ORDERED();
	explicit_bzero(image->key, sizeof(image->key));
	for (int p = 0; p < PARTS; p++)
		destroy_part(l, (enum part)p);
	memset(image->places, 0, sizeof(image->places));
	image->devices = image->dailies = image->minute = 0;
	ORDERED();
}

/* --- the mapping ------------------------------------------------------- */

static int image_init(struct ledger_image *image)
{
	image->size = sizeof(*image);
	if (!random_fill(&image->stream, sizeof(image->stream)))
		return -EIO;
	image->stream |= 1; /* 0 means none */
	ORDERED();
	image->magic = MAGIC;
	return 0;
}

/* Nobody but netctl can write there; still, bounds are not taken on trust. */
static bool image_is_sound(const struct ledger_image *image)
{
	return image->magic == MAGIC && image->size == sizeof(*image) &&
	       image->stream && image->devices <= LEDGER_DEVICES &&
	       image->dailies <= LEDGER_DAILIES &&
	       image->end_figure - image->first_figure <= LEDGER_FIGURES &&
	       journal_is_sound(image);
}

static bool is_in_ram(int fd)
{
	struct statfs fs;
	uint32_t type; /* f_type has a sign here and none there */

	if (fstatfs(fd, &fs) < 0)
		return false;
	type = (uint32_t)fs.f_type;
	return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

/* Nobody else's, and under no other name. */
static bool is_ours(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	       (st.st_uid == uid || st.st_uid == geteuid());
}

/* All but the day's records gets its memory now. */
static int give_size(int fd)
{
	if (ftruncate(fd, sizeof(struct ledger_image)) < 0)
		return -errno;
	return -posix_fallocate(fd, 0, (off_t)parts[0].at);
}

static int make_file(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (!is_in_ram(fd))
		err = -EMEDIUMTYPE;
	else if (geteuid() == 0 && fchown(fd, uid, gid) < 0)
		err = -errno;
	if (!err)
		return fd;
	unlink(path);
	close(fd);
	return err;
}

/* A descriptor of a file that is ours alone, or -errno. */
static int open_file(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	int err;

	if (fd < 0 && errno == ENOENT)
		fd = make_file(path, uid, gid);
	else if (fd < 0)
		fd = -errno;
	if (fd < 0)
		return fd;
	err = !is_in_ram(fd) ? -EMEDIUMTYPE : is_ours(fd, uid) ? 0 : -EEXIST;
	if (!err)
		err = give_size(fd);
	if (!err)
		return fd;
	close(fd);
	return err;
}

static struct ledger_image *map(int fd)
{
	int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
			   : MAP_SHARED;
	void *at = mmap(NULL, sizeof(struct ledger_image),
			PROT_READ | PROT_WRITE, flags, fd, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, sizeof(struct ledger_image), MADV_DONTDUMP);
	return at;
}

/* What another version left is of no use to us. */
static struct ledger_image *start_anew(struct ledger_image *image, int fd)
{
	munmap(image, sizeof(*image));
	if (ftruncate(fd, 0) < 0 || give_size(fd) < 0)
		return NULL;
	return map(fd);
}

static int open_kept(struct ledger *l, const char *path, uid_t uid, gid_t gid)
{
	int fd = open_file(path, uid, gid);

	if (fd < 0)
		return fd;
	l->image = map(fd);
	if (l->image && image_is_sound(l->image))
		journal_apply(l->image);
	else if (l->image)
		l->image = start_anew(l->image, fd);
	if (!l->image) {
		close(fd);
		return -ENOSPC;
	}
	l->fd = fd;
	return 0;
}

static const char *why_not(int err)
{
	switch (err) {
	case -EMEDIUMTYPE:
		return "not a file in RAM";
	case -EEXIST:
		return "the file is somebody else's";
	}
	return strerror(-err);
}

static int open_any(struct ledger *l, const char *path, uid_t uid, gid_t gid)
{
	int err = *path ? open_kept(l, path, uid, gid) : 0;

	if (err)
		log_warn("usage: %s: %s; figures that are not released end "
			 "with this process",
			 path, why_not(err));
	if (!l->image)
		l->image = map(-1);
	if (!l->image)
		return -ENOMEM;
	if (!l->image->magic)
		return image_init(l->image);
	return ledger_reserve(l, ledger_devices(l)) &&
			       ledger_reserve_dailies(l, l->image->dailies)
		       ? 0
		       : -ENOSPC;
}

struct ledger *ledger_open(const char *path, uid_t uid, gid_t gid)
{
	struct ledger *l = calloc(1, sizeof(*l));
	int err = -ENOMEM;

	if (l) {
		l->fd = -1;
		err = open_any(l, path, uid, gid);
	}
	if (!err)
		return l;
	log_error("usage: %s", strerror(-err));
	ledger_close(l);
	return NULL;
}

bool ledger_is_kept(const struct ledger *l)
{
	return l->fd >= 0;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->image)
		munmap(l->image, sizeof(*l->image));
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}
