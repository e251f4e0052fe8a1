/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the voucher commands share: the database, opened as the portal's user.
 * What SQLite made in the portal's folder as root, the portal could not write
 * any more, and somebody who took the portal over could turn against root.
 */
#ifndef STADTTOR_CLI_VOUCHER_VOUCHER_H
#define STADTTOR_CLI_VOUCHER_VOUCHER_H

#include "cli/cli.h"
#include "portal/voucher/voucher_batch.h"

#define VOUCHER_TIME_MAX 32

struct desk {
	const struct cli *cli;
	struct settings *settings;
	struct voucher_key key;
	struct voucher_db *db;
	int64_t now_s;
};

/*
 * First the config, while the caller may still open what only root may, then
 * the database; with VOUCHER_DB_MAKE folder, key and database are made where
 * they are missing. Otherwise than CLI_DONE: it has said why. desk_close() is
 * due after either, and safe before.
 */
enum cli_exit desk_init(struct desk *d, const struct cli *cli);
enum cli_exit desk_open(struct desk *d, enum voucher_db_mode mode);
void desk_close(struct desk *d);

/* Says why the database has failed. */
enum cli_exit desk_fail(const struct desk *d, int err);

/* "2026-12-24 14:00" of local time; returns text. */
const char *desk_time(int64_t time_s, char text[VOUCHER_TIME_MAX]);

/* --- the sheet --------------------------------------------------------- */

struct sheet_card {
	char code[CODE_MAX];
	int64_t duration_s;
	int64_t valid_until_s;
	uint32_t devices;
};

struct sheet {
	const char *network;
	const char *title; /* NULL: none */
	const char *url;   /* that a code is appended to */
	bool is_english;
	const struct sheet_card *card;
	size_t cards;
};

/* One HTML document. 0, -ENOMEM, or -EMSGSIZE: no QR code holds the URL. */
int sheet_write(const struct sheet *s, FILE *out) MUST_CHECK;

#endif
