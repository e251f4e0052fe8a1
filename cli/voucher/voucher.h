/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the voucher commands share: the database, opened as the portal's user.
 * What SQLite made in the portal's folder as root, the portal could not write
 * any more, and somebody who took the portal over could turn against root.
 */
#ifndef STADTTOR_CLI_VOUCHER_VOUCHER_H
#define STADTTOR_CLI_VOUCHER_VOUCHER_H

#include "cli/city/city_codes.h"
#include "cli/cli.h"
#include "portal/pages/lang.h"
#include "portal/pages/picture.h"
#include "portal/voucher/voucher_batch.h"

struct voucher_session {
	const struct cli *cli;
	struct settings *settings; /* NULL: of the city */
	struct city_codes city;	   /* likewise */
	const char *file;	   /* of the codes */
	const char *user;	   /* whose it is */
	struct voucher_key key;
	struct voucher_db *db;
	int64_t now_s;
};

/*
 * First the config, while the caller may still open what only root may, then
 * the database; with VOUCHER_DB_MAKE folder, key and database are made where
 * they are missing. Otherwise than CLI_DONE: it has said why.
 * voucher_session_close() is due after either, and safe before.
 */
enum cli_exit voucher_session_init(struct voucher_session *d,
				   const struct cli *cli);
enum cli_exit voucher_session_open(struct voucher_session *d,
				   enum voucher_db_mode mode);
void voucher_session_close(struct voucher_session *d);

/* Of the city: what was made or taken back is signed, for all boxes. */
int voucher_session_publish(struct voucher_session *d) MUST_CHECK;

/* Says why the database has failed. */
enum cli_exit voucher_session_fail(const struct voucher_session *d, int err);

/* --- the sheet --------------------------------------------------------- */

struct voucher_sheet_card {
	char code[VOUCHER_CODE_MAX];
	int64_t duration_s;
	int64_t valid_until_s;
	uint32_t devices;
};

struct voucher_sheet {
	const char *network;
	const char *title; /* NULL: none */
	const char *ssid;  /* of an open network; NULL: no code joins it */
	const char *url;   /* that a code is appended to */
	const struct lang *lang;
	const struct picture *logo;
	const char *logo_colour; /* that it stands on */
	const struct voucher_sheet_card *card;
	size_t cards;
};

/* One HTML document. 0, -ENOMEM, or -EMSGSIZE: no QR code holds the URL. */
int voucher_sheet_write(const struct voucher_sheet *s, FILE *out) MUST_CHECK;

#endif
