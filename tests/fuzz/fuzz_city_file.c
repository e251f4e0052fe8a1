/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes as the file that a box joins a city by: it is refused in one
 * printable line, or what becomes the box's login is read again to the same
 * and has no key in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/city/city_file.h"
#include "portal/util/hex.h"
#include "tests/fuzz/fuzzcheck.h"

static void check_keys(const struct city_file *f)
{
	char hex[2 * CITY_KEY_SIZE + 1];

	hex_build(hex, f->keys.key, CITY_KEY_SIZE);
	CHECK(!strcasecmp(hex, f->part[CITY_FILE_KEY]->value));
	hex_build(hex, f->keys.wrap, CITY_KEY_SIZE);
	CHECK(!strcasecmp(hex, f->part[CITY_FILE_WRAP]->value));
}

static void check_login(const struct city_file *f)
{
	char error[UCI_ERROR_MAX];
	struct city_login *again;
	struct printed p;
	struct uci_file *uci;

	printed_start(&p);
	city_file_print_login(f, p.out);
	printed_end(&p);
	CHECK(!strstr(p.text, "\toption key") &&
	      !strstr(p.text, "\toption wrap"));
	uci = uci_parse(p.text, p.len, error);
	CHECK(uci);
	again = city_login_from(TAILQ_FIRST(&uci->sections), error);
	CHECK(again);
	CHECK(!strcmp(city_login_site(again), city_login_site(f->login)));
	CHECK(!strcmp(city_login_user(again), city_login_user(f->login)));
	CHECK(!strcmp(city_login_password(again),
		      city_login_password(f->login)));
	city_login_free(again);
	uci_free(uci);
	free(p.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[UCI_ERROR_MAX] = "";
	struct city_file f;

	if (city_file_parse(&f, (const char *)data, size, error)) {
		check_keys(&f);
		check_login(&f);
	} else {
		check_error(error, "", UCI_ERROR_MAX);
	}
	city_file_clear(&f);
	return 0;
}
