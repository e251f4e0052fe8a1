/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/random.h"

#define PATH_BYTES 512
#define ROUNDS	   4096 /* of PBKDF2 */

int voucher_key_read(struct voucher_key *k, const char *path)
{
	uint8_t bytes[VOUCHER_KEY_BYTES + 1]; /* one more tells a longer file */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int err = 0;

	k->is_citys = false;
	if (fd < 0)
		return -errno;
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		err = -errno;
	else if (n != VOUCHER_KEY_BYTES)
		err = -EBADMSG;
	else
		memcpy(k->byte, bytes, sizeof(k->byte));
	close(fd);
	explicit_bzero(bytes, sizeof(bytes));
	return err;
}

static int write_synced(int fd, const struct voucher_key *k)
{
	ssize_t n = write(fd, k->byte, sizeof(k->byte));

	if (n < 0)
		return -errno;
	if (n != sizeof(k->byte))
		return -ENOSPC;
	return fsync(fd) < 0 ? -errno : 0;
}

static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_BYTES];
	int fd, err;

	snprintf(folder, sizeof(folder), "%.*s",
		 slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* A link appears at once and never replaces what is there already. */
static int publish(const char *from, const char *path)
{
	int err = link(from, path) < 0 ? -errno : 0;

	if (unlink(from) < 0 && !err)
		err = -errno;
	return err && err != -EEXIST ? err : sync_folder(path);
}

static int make_file(const char *path)
{
	char temporary[PATH_BYTES];
	struct voucher_key k;
	int fd, err;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >=
	    (int)sizeof(temporary))
		return -ENAMETOOLONG;
	if (!random_fill(k.byte, sizeof(k.byte)))
		return -EIO;
	fd = mkostemp(temporary, O_CLOEXEC); /* O_EXCL, mode 0600 */
	if (fd < 0)
		return -errno;
	err = write_synced(fd, &k);
	explicit_bzero(&k, sizeof(k));
	close(fd);
	if (!err)
		return publish(temporary, path);
	unlink(temporary);
	return err;
}

int voucher_key_make(struct voucher_key *k, const char *path)
{
	int err = voucher_key_read(k, path);

	if (err != -ENOENT)
		return err;
	err = make_file(path);
	return err ? err : voucher_key_read(k, path);
}

void voucher_key_clear(struct voucher_key *k)
{
	explicit_bzero(k, sizeof(*k));
}

static int hash(const struct voucher_key *k, const char *text,
		struct voucher_hash *out)
{
	uint8_t whole[CRYPTO_SHA256];

	if (!crypto_hmac_sha256(k->byte, sizeof(k->byte), text, strlen(text),
				whole))
		return -EIO;
	memcpy(out->byte, whole, sizeof(out->byte));
	return 0;
}

int voucher_key_seed(const struct voucher_key *k,
		     const char code[VOUCHER_CODE_MAX],
		     struct voucher_seed *out)
{
	const struct crypto_pbkdf2 how = { k->byte, sizeof(k->byte), ROUNDS };

	return crypto_pbkdf2(&how, code, out->byte, sizeof(out->byte)) ? 0
								       : -EIO;
}

void voucher_public_hash(const uint8_t public_key[CRYPTO_ED25519],
			 struct voucher_hash *out)
{
	uint8_t whole[CRYPTO_SHA256];

	crypto_sha256(public_key, CRYPTO_ED25519, whole);
	memcpy(out->byte, whole, sizeof(out->byte));
}

int voucher_seed_hash(const struct voucher_seed *seed, struct voucher_hash *out)
{
	uint8_t public_key[CRYPTO_ED25519];

	if (!crypto_ed25519_public(seed->byte, public_key))
		return -EIO;
	voucher_public_hash(public_key, out);
	return 0;
}

int voucher_key_hash(const struct voucher_key *k,
		     const char code[VOUCHER_CODE_MAX],
		     struct voucher_hash *out)
{
	struct voucher_seed seed;
	int err;

	if (!k->is_citys)
		return hash(k, code, out);
	err = voucher_key_seed(k, code, &seed);
	if (!err)
		err = voucher_seed_hash(&seed, out);
	explicit_bzero(&seed, sizeof(seed));
	return err;
}

int voucher_key_check(const struct voucher_key *k, struct voucher_hash *out)
{
	/* no codes: not ten symbols */
	return hash(k,
		    k->is_citys ? "which key of a city is it?"
				: "which key is it?",
		    out);
}
