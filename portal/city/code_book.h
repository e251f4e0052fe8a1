/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The city's codes at this box: takes what the store has of them, tells the
 * city of first uses, and netctl of sessions whose code is over. They are kept
 * on the disk, so a box that is cut off goes on taking those that it knows.
 */
#ifndef STADTTOR_PORTAL_CITY_CODE_BOOK_H
#define STADTTOR_PORTAL_CITY_CODE_BOOK_H

#include "portal/city/city_link.h"
#include "portal/voucher/voucher_city.h"

struct code_book;

/* digits: of city_login_codes(); file: where they are kept. NULL: no memory. */
struct code_book *code_book_new(struct city_link *link, const char *digits,
				const char *file);
void code_book_free(struct code_book *b);

/* Where they are looked up; its own. */
struct vouchers *code_book_vouchers(const struct code_book *b);

void code_book_connected(struct code_book *b); /* to the store */
/* What its clock shows now. Where ours differs no code is taken. */
void code_book_see_store(struct code_book *b, int64_t store_s);
/* false: so many of them were forged that it took long, so ask later. */
bool code_book_take(struct code_book *b, const struct voucher_text *text,
		    size_t count);

/* Also where the store is away: sessions end all the same. */
void code_book_poll(struct code_book *b);

#endif
