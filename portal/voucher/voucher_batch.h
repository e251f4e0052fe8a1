/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vouchers as an operator handles them: made by the batch, listed, revoked and
 * counted. Each call is one transaction of its own; times are seconds since
 * 1970.
 */
#ifndef STADTTOR_PORTAL_VOUCHER_VOUCHER_BATCH_H
#define STADTTOR_PORTAL_VOUCHER_VOUCHER_BATCH_H

#include <stddef.h>

#include "portal/voucher/voucher_db.h"

#define VOUCHER_COUNT_MAX   10000 /* codes in a batch */
#define VOUCHER_DEVICES_MAX IPC_TAG_DEVICES
#define VOUCHER_VALID_MIN_S 60
#define VOUCHER_VALID_MAX_S (3660LL * 86400)
#define VOUCHER_LABEL_MAX   65 /* bytes, with the closing NUL */
#define VOUCHER_KEEP_OVER_S (30 * 86400)

struct voucher_batch {
	int64_t id; /* from 1, never twice */
	char label[VOUCHER_LABEL_MAX];
	char zone[IPC_ZONE_NAME_MAX]; /* empty: any */
	int64_t created_s, valid_until_s;
	int64_t duration_s;
	uint32_t devices;
	uint32_t count;
	/* of its codes, when it is read */
	uint64_t used; /* begun at any time */
	uint64_t revoked;
	uint64_t active;  /* begun, not over, not revoked */
	uint64_t expired; /* never begun, and will not be */
};

struct voucher_statistics {
	char label[VOUCHER_LABEL_MAX];
	uint64_t created, used, active, expired, revoked;
};

/* 1 to 64 bytes of plain text, see common/text.h. */
bool voucher_label_is_valid(const char *label);

/*
 * Makes b->count codes and writes them to codes, once they are on the disk;
 * sets b->id. What has been over for 30 days is deleted first. 0 or -errno.
 */
int voucher_batch_create(struct voucher_db *db, const struct voucher_key *key,
			 struct voucher_batch *b,
			 char (*codes)[VOUCHER_CODE_MAX]) MUST_CHECK;

/* In order of id; label NULL: all. */
int voucher_batch_list(struct voucher_db *db, int64_t now_s, const char *label,
		       void (*on_batch)(const struct voucher_batch *b,
					void *arg),
		       void *arg) MUST_CHECK;

/* In order of label. */
int voucher_batch_statistics(
	struct voucher_db *db, int64_t now_s,
	void (*on_label)(const struct voucher_statistics *s, void *arg),
	void *arg) MUST_CHECK;

/* A whole batch, or a single code. */
struct voucher_target {
	int64_t batch; /* 0: the code */
	struct voucher_hash code;
};

/*
 * For good, also if it was before. tags: of its codes that are active, for
 * free(). -ENOENT: there is no such batch or code.
 */
int voucher_batch_revoke(struct voucher_db *db,
			 const struct voucher_target *target, int64_t now_s,
			 uint64_t **tags, size_t *count) MUST_CHECK;

#endif
