/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vouchercut FOLDER CUTS SEED: vouchers through power cuts, see cutvfs.h. Codes
 * are made by the batch, then used in the order of their rows, every fifth of
 * a batch is revoked. Says for each cut how many batches, uses and revocations
 * were acknowledged before.
 */
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_batch.h"
#include "tests/golden/cutvfs.h"

#define COUNT 20
#define NOW   1800000000

static char file[PATH_LEN], key_file[PATH_LEN];
static unsigned int batches, uses, revoked;
static char codes[COUNT][VOUCHER_CODE_MAX];
static struct voucher_key key;

static void say(void)
{
	printf("%u %u %u\n", batches, uses, revoked);
}

static struct voucher_time now(void *arg)
{
	(void)arg;
	return (struct voucher_time){ .wall_s = NOW, .since_ms = 1000 };
}

static int by_hash(const void *a, const void *b)
{
	struct voucher_hash x, y;

	if (voucher_key_hash(&key, a, &x) || voucher_key_hash(&key, b, &y))
		abort();
	return memcmp(&x, &y, sizeof(x));
}

static int make_batch(void)
{
	struct voucher_batch b = {
		.label = "x",
		.created_s = NOW,
		.valid_until_s = NOW + 86400,
		.duration_s = 3600,
		.devices = 1,
		.count = COUNT,
	};
	struct voucher_db *db;
	int err = voucher_key_make(&key, key_file);

	if (!err)
		err = voucher_db_open(&db, file, &key, VOUCHER_DB_MAKE);
	if (err)
		return err;
	err = voucher_batch_create(db, &key, &b, codes);
	voucher_db_close(db);
	qsort(codes, COUNT, sizeof(codes[0]), by_hash);
	batches += !err;
	return err;
}

static int revoke_code(const char code[VOUCHER_CODE_MAX])
{
	struct voucher_target t = { 0 };
	struct voucher_db *db;
	uint64_t *tags = NULL;
	size_t count;
	int err = voucher_db_open(&db, file, &key, VOUCHER_DB_USE);

	if (err)
		return err;
	err = voucher_key_hash(&key, code, &t.code);
	if (!err)
		err = voucher_batch_revoke(db, &t, NOW, &tags, &count);
	voucher_db_close(db);
	free(tags);
	revoked += !err;
	return err;
}

static int use_code(struct vouchers *v, const char code[VOUCHER_CODE_MAX])
{
	struct voucher_pass p;

	if (vouchers_redeem(v, code, AF_INET, "", &p) != VOUCHER_FINE ||
	    !p.is_first_use)
		return -1;
	uses++;
	return 0;
}

int main(int argc, char **argv)
{
	struct voucher_settings s = { .tries_per_minute = 60 };
	struct vouchers *v;
	int err = 0;

	if (!start_cuts(argc, argv, say))
		return 2;
	snprintf(file, sizeof(file), "%s/vouchers.sqlite", folder);
	snprintf(key_file, sizeof(key_file), "%s/key", folder);
	s.file = file;
	s.key = key_file;
	v = vouchers_open(&s);
	if (!v)
		return 1;
	vouchers_use_clock(v, now, NULL);
	while (!err && has_cuts_left()) {
		err = make_batch();
		for (size_t i = 0; i < COUNT && !err; i++) {
			err = use_code(v, codes[i]);
			if (!err && i % 5 == 4)
				err = revoke_code(codes[i]);
		}
	}
	vouchers_free(v);
	return err ? 1 : 0;
}
