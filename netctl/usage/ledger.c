/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "common/random.h"

#define MAGIC	     0x3220726f74747453ULL /* changes with the layout */
#define RESERVE_STEP 1024		   /* visits; divides all of them */

/* No store may move across: what a kill leaves is what was written so far. */
#define ORDERED() __asm__ volatile("" ::: "memory")

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

uint64_t ledger_get(const struct ledger *l, const uint64_t *word)
{
	for (size_t i = l->staged; i-- > 0;)
		if (l->stage[i].word == word)
			return l->stage[i].value;
	return *word;
}

void ledger_set(struct ledger *l, uint64_t *word, uint64_t value)
{
	for (size_t i = 0; i < l->staged; i++) {
		if (l->stage[i].word == word) {
			l->stage[i].value = value;
			return;
		}
	}
	if (l->staged == LEDGER_JOURNAL)
		fatal("usage: the ledger's journal is full");
	l->stage[l->staged].word = word;
	l->stage[l->staged++].value = value;
}

void ledger_add(struct ledger *l, uint64_t *word, uint64_t more)
{
	ledger_set(l, word, ledger_get(l, word) + more);
}

void ledger_commit(struct ledger *l)
{
	struct ledger_image *image = l->image;

	for (size_t i = 0; i < l->staged; i++) {
		image->journal[i].at =
			(uint64_t)((char *)l->stage[i].word - (char *)image);
		image->journal[i].value = l->stage[i].value;
	}
	ORDERED();
	image->journal_count = l->staged;
	ORDERED();
	journal_apply(image);
	l->staged = 0;
}

/* --- today and yesterday ----------------------------------------------- */

struct ledger_visit *ledger_visit_at(const struct ledger *l, size_t i)
{
	return &l->image->visit[l->image->half][i];
}

static off_t offset_of_visits(uint64_t half, size_t i)
{
	return (off_t)(offsetof(struct ledger_image, visit) +
		       (half * LEDGER_VISITS + i) *
			       sizeof(struct ledger_visit));
}

bool ledger_reserve(struct ledger *l, uint64_t half, size_t visits)
{
	size_t *reserved = &l->reserved[half];
	size_t wanted =
		(visits + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;

	if (visits <= *reserved)
		return true;
	if (visits > LEDGER_VISITS)
		return false;
	if (l->fd >= 0 &&
	    posix_fallocate(l->fd, offset_of_visits(half, *reserved),
			    (off_t)((wanted - *reserved) *
				    sizeof(struct ledger_visit))))
		return false;
	*reserved = wanted;
	return true;
}

/* Pages that hold nothing but zeros. */
static void give_back(struct ledger *l, uint64_t half)
{
	l->reserved[half] = 0;
	if (l->fd >= 0)
		fallocate(l->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			  offset_of_visits(half, 0),
			  (off_t)(LEDGER_VISITS * sizeof(struct ledger_visit)));
}

void ledger_wipe_other_half(struct ledger *l)
{
	struct ledger_image *image = l->image;
	uint64_t other = !image->half;
	size_t used = image->visits[other];

	if (used > LEDGER_VISITS)
		used = LEDGER_VISITS;
	explicit_bzero(image->key[other], sizeof(image->key[other]));
	explicit_bzero(image->visit[other], used * sizeof(struct ledger_visit));
	image->visits[other] = 0;
	give_back(l, other);
}

/* --- the mapping ------------------------------------------------------- */

static int image_init(struct ledger_image *image)
{
	image->size = sizeof(*image);
	if (!random_fill(&image->stream, sizeof(image->stream)) ||
	    !random_fill(image->key[0], sizeof(image->key[0])))
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
	       image->stream && image->half < 2 &&
	       image->visits[0] <= LEDGER_VISITS &&
	       image->visits[1] <= LEDGER_VISITS &&
	       image->languages <= USAGE_LABELS &&
	       image->closing <= CLOSING_DAY &&
	       image->end_part - image->first_part <= LEDGER_PARTS &&
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

/* Nobody else's, under no other name, and of a size that we make. */
static bool is_ours(int fd, uid_t uid)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	       (st.st_uid == uid || st.st_uid == geteuid()) &&
	       (!st.st_size ||
		st.st_size == (off_t)sizeof(struct ledger_image));
}

/* All but the visits gets its memory now. */
static int give_size(int fd)
{
	if (ftruncate(fd, sizeof(struct ledger_image)) < 0)
		return -errno;
	return -posix_fallocate(fd, 0, offset_of_visits(0, 0));
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
	if (l->image && image_is_sound(l->image)) {
		l->is_fresh = false;
		journal_apply(l->image);
	} else if (l->image) {
		l->image = start_anew(l->image, fd);
	}
	if (!l->image) {
		close(fd);
		return -ENOSPC;
	}
	l->is_kept = true;
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

int ledger_open(struct ledger *l, const char *path, uid_t uid, gid_t gid)
{
	int err;

	*l = (struct ledger){ .is_fresh = true, .fd = -1 };
	err = *path ? open_kept(l, path, uid, gid) : -ENOENT;
	if (err) {
		if (*path)
			log_warn("usage: %s: %s; figures that are not released "
				 "end with this process",
				 path, why_not(err));
		l->image = map(-1);
		if (!l->image)
			return -ENOMEM;
	}
	if (l->is_fresh)
		return image_init(l->image);
	ledger_wipe_other_half(l);
	if (ledger_reserve(l, l->image->half, l->image->visits[l->image->half]))
		return 0;
	return -ENOSPC; /* cannot be: they are there */
}

void ledger_close(struct ledger *l)
{
	if (l->image)
		munmap(l->image, sizeof(*l->image));
	l->image = NULL;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
