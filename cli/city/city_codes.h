/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the codes of a city are made by, as root on the hub's host knows it. */
#ifndef STADTTOR_CLI_CITY_CITY_CODES_H
#define STADTTOR_CLI_CITY_CITY_CODES_H

#include "cli/cli.h"
#include "portal/util/crypto.h"

struct city_hub;

struct city_codes {
	struct city_hub *hub; /* nobody else changes the city meanwhile */
	char *file;	      /* of the codes */
	char *user;	      /* whose it is */
	uint8_t seed[CRYPTO_ED25519];
	uint8_t key[CRYPTO_SHA256];
};

/*
 * Makes the keys where the city has none yet. Otherwise than CLI_DONE: it has
 * said why. Closing is due in either case.
 */
enum cli_exit city_codes_open(struct city_codes *c, const struct cli *cli);
void city_codes_close(struct city_codes *c);

#endif
