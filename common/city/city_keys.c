/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/city/city_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/sha256.h"

#define DAY_S	 86400
#define FORMAT	 1
#define CHECKSUM 8

_Static_assert(CITY_KEY_SIZE == SHA256_SIZE, "a digest is a key");

/* magic, format, generation, 2 of zero, day, shift, key, wrap, checksum */
static const uint8_t magic[4] = { 'S', 'T', 'C', 'K' };

/* --- days -------------------------------------------------------------- */

uint32_t city_day(int64_t utc_s, uint32_t shift_s)
{
	int64_t s = utc_s - shift_s;

	return s < 0 ? 0 : (uint32_t)(s / DAY_S);
}

int64_t city_day_start(uint32_t day, uint32_t shift_s)
{
	return (int64_t)day * DAY_S + shift_s;
}

void city_key_next(uint8_t key[CITY_KEY_SIZE])
{
	uint8_t next[CITY_KEY_SIZE];

	hmac_sha256(key, CITY_KEY_SIZE, "next", sizeof("next"), next);
	memcpy(key, next, sizeof(next));
	explicit_bzero(next, sizeof(next));
}

bool city_keys_advance(struct city_keys *k, uint32_t day)
{
	if (day < k->day)
		return false;
	while (k->day < day) {
		city_key_next(k->key);
		k->day++;
	}
	return true;
}

bool city_keys_are_equal(const struct city_keys *a, const struct city_keys *b)
{
	return a->generation == b->generation && a->day == b->day &&
	       a->shift_s == b->shift_s &&
	       hmac_is_equal(a->key, b->key, CITY_KEY_SIZE) &&
	       hmac_is_equal(a->wrap, b->wrap, CITY_KEY_SIZE);
}

/* --- the file ---------------------------------------------------------- */

static void put_be32(uint8_t *to, uint32_t x)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(x >> (24 - 8 * i));
}

static uint32_t take_be32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
	       (uint32_t)from[2] << 8 | from[3];
}

static void put_checksum(const uint8_t *bytes, uint8_t out[SHA256_SIZE])
{
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, bytes, CITY_KEYS_SIZE - CHECKSUM);
	sha256_end(&s, out);
}

void city_keys_build(const struct city_keys *k, uint8_t out[CITY_KEYS_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	memset(out, 0, CITY_KEYS_SIZE);
	memcpy(out, magic, sizeof(magic));
	out[4] = FORMAT;
	out[5] = k->generation;
	put_be32(out + 8, k->day);
	put_be32(out + 12, k->shift_s);
	memcpy(out + 16, k->key, CITY_KEY_SIZE);
	memcpy(out + 48, k->wrap, CITY_KEY_SIZE);
	put_checksum(out, digest);
	memcpy(out + CITY_KEYS_SIZE - CHECKSUM, digest, CHECKSUM);
}

static bool is_whole(const uint8_t *bytes, size_t len)
{
	uint8_t digest[SHA256_SIZE];

	if (len != CITY_KEYS_SIZE || memcmp(bytes, magic, sizeof(magic)) ||
	    bytes[4] != FORMAT)
		return false;
	put_checksum(bytes, digest);
	return !memcmp(digest, bytes + CITY_KEYS_SIZE - CHECKSUM, CHECKSUM);
}

bool city_keys_parse(const uint8_t *bytes, size_t len, struct city_keys *k)
{
	if (!is_whole(bytes, len) || take_be32(bytes + 12) > CITY_SHIFT_MAX_S)
		return false;
	k->generation = bytes[5];
	k->day = take_be32(bytes + 8);
	k->shift_s = take_be32(bytes + 12);
	memcpy(k->key, bytes + 16, CITY_KEY_SIZE);
	memcpy(k->wrap, bytes + 48, CITY_KEY_SIZE);
	return true;
}

int city_keys_read(const char *path, struct city_keys *k)
{
	uint8_t bytes[CITY_KEYS_SIZE + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		err = -errno;
	else if (!city_keys_parse(bytes, (size_t)n, k))
		err = -EBADMSG;
	close(fd);
	explicit_bzero(bytes, sizeof(bytes));
	return err;
}

static int write_to(int fd, const struct city_keys *k,
		    const struct privs_user *owner)
{
	uint8_t bytes[CITY_KEYS_SIZE];
	int err = 0;
	ssize_t n;

	city_keys_build(k, bytes);
	n = write(fd, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	if (n != (ssize_t)sizeof(bytes))
		err = n < 0 ? -errno : -EIO;
	else if ((owner && fchown(fd, owner->uid, owner->gid) < 0) ||
		 fsync(fd) < 0)
		err = -errno;
	return err;
}

/* So that a power cut keeps the new name. */
static void sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (fsync(fd) < 0)
		log_debug("%s: not synced", path);
	close(fd);
}

int city_keys_write(const char *path, const struct city_keys *k,
		    const struct privs_user *owner)
{
	char fresh[PATH_MAX];
	int fd, err;

	if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", path) >=
	    sizeof(fresh))
		return -ENAMETOOLONG;
	unlink(fresh); /* left by a power cut */
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return -errno;
	err = write_to(fd, k, owner);
	close(fd);
	if (!err && rename(fresh, path) < 0)
		err = -errno;
	if (err)
		unlink(fresh);
	else
		sync_folder_of(path);
	return err;
}

/* --- a new generation -------------------------------------------------- */

/* The pad of the key, and the tag of what lies in the store. */
static void seal(const uint8_t wrap[CITY_KEY_SIZE],
		 const struct city_wrapped_key *w, uint8_t pad[SHA256_SIZE],
		 uint8_t tag[SHA256_SIZE])
{
	uint8_t pad_of[5] = "pad", tag_of[7 + CITY_KEY_SIZE] = "tag";

	pad_of[4] = tag_of[4] = w->generation;
	tag_of[5] = (uint8_t)(w->day >> 8);
	tag_of[6] = (uint8_t)w->day;
	memcpy(tag_of + 7, w->ct, CITY_KEY_SIZE);
	hmac_sha256(wrap, CITY_KEY_SIZE, pad_of, sizeof(pad_of), pad);
	hmac_sha256(wrap, CITY_KEY_SIZE, tag_of, sizeof(tag_of), tag);
}

static void xor_key(uint8_t to[CITY_KEY_SIZE], const uint8_t *a,
		    const uint8_t *b)
{
	for (int i = 0; i < CITY_KEY_SIZE; i++)
		to[i] = a[i] ^ b[i];
}

void city_key_wrap(const uint8_t wrap[CITY_KEY_SIZE],
		   const uint8_t key[CITY_KEY_SIZE], struct city_wrapped_key *w)
{
	uint8_t pad[SHA256_SIZE], tag[SHA256_SIZE];

	seal(wrap, w, pad, tag);
	xor_key(w->ct, key, pad);
	seal(wrap, w, pad, tag); /* now of the text as it is */
	memcpy(w->tag, tag, sizeof(w->tag));
	explicit_bzero(pad, sizeof(pad));
}

bool city_keys_unwrap(struct city_keys *k, const struct city_wrapped_key *w)
{
	uint8_t ahead = (uint8_t)(w->generation - k->generation);
	uint8_t pad[SHA256_SIZE], tag[SHA256_SIZE];
	struct city_keys next = *k;
	bool is_genuine;

	if (!ahead || ahead > CITY_GENERATIONS_MAX)
		return false;
	while (--ahead)
		city_key_next(next.wrap);
	seal(next.wrap, w, pad, tag);
	is_genuine = hmac_is_equal(tag, w->tag, sizeof(w->tag));
	if (is_genuine) {
		xor_key(next.key, w->ct, pad);
		city_key_next(next.wrap);
		next.generation = w->generation;
		next.day = w->day;
		*k = next;
	}
	explicit_bzero(pad, sizeof(pad));
	explicit_bzero(&next, sizeof(next));
	return is_genuine;
}
