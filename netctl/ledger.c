/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#define MAGIC 0x3120726f74747453ULL /* changes with the layout */

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
		fatal("ledger: too much at once");
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
}

/* --- the mapping ------------------------------------------------------- */

static bool is_random(void *bytes, size_t len)
{
	return getrandom(bytes, len, 0) == (ssize_t)len;
}

static int image_init(struct ledger_image *image)
{
	image->size = sizeof(*image);
	if (!is_random(&image->stream, sizeof(image->stream)) ||
	    !is_random(image->key[0], sizeof(image->key[0])))
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

	return fstatfs(fd, &fs) == 0 &&
	       (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* A descriptor of a file of the right size, or -errno. */
static int open_file(const char *path, uid_t uid, gid_t gid)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (!is_in_ram(fd) || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		unlink(path);
		err = -EMEDIUMTYPE;
	} else if ((st.st_size != (off_t)sizeof(struct ledger_image) &&
		    (ftruncate(fd, 0) < 0 ||
		     ftruncate(fd, sizeof(struct ledger_image)) < 0)) ||
		   fchmod(fd, 0600) < 0 ||
		   (geteuid() == 0 && fchown(fd, uid, gid) < 0)) {
		err = -errno;
	}
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
	if (ftruncate(fd, 0) < 0 ||
	    ftruncate(fd, sizeof(struct ledger_image)) < 0)
		return NULL;
	return map(fd);
}

static int open_kept(struct ledger *l, const char *path, uid_t uid, gid_t gid)
{
	int fd = open_file(path, uid, gid);

	if (fd < 0)
		return fd;
	l->is_kept = true;
	l->image = map(fd);
	if (l->image && image_is_sound(l->image)) {
		l->is_fresh = false;
		journal_apply(l->image);
	} else if (l->image) {
		l->image = start_anew(l->image, fd);
	}
	close(fd);
	return l->image ? 0 : -ENOMEM;
}

int ledger_open(struct ledger *l, const char *path, uid_t uid, gid_t gid)
{
	int err;

	*l = (struct ledger){ .is_fresh = true };
	err = *path ? open_kept(l, path, uid, gid) : -ENOENT;
	if (err) {
		if (*path)
			log_warn("usage: %s: %s; figures that are not released "
				 "end with this process",
				 path,
				 err == -EMEDIUMTYPE ? "not a file in RAM"
						     : strerror(-err));
		l->is_kept = false;
		l->image = map(-1);
		if (!l->image)
			return -ENOMEM;
	}
	if (l->is_fresh)
		return image_init(l->image);
	ledger_wipe_other_half(l);
	return 0;
}

void ledger_close(struct ledger *l)
{
	if (l->image)
		munmap(l->image, sizeof(*l->image));
	l->image = NULL;
}
