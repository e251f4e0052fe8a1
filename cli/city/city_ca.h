/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The authority of a city, which certifies the servers of its store and nobody
 * else. Boxes trust it alone, so it is made once for the city's life.
 */
#ifndef STADTTOR_CLI_CITY_CITY_CA_H
#define STADTTOR_CLI_CITY_CITY_CA_H

#include <stddef.h>

#include <openssl/x509.h>

#include "cli/city/city_secret.h"

struct city_ca {
	X509 *cert;
	EVP_PKEY *key; /* NULL: somebody else's authority */
};

/* false: why says what is wrong. Cleared in any case by city_ca_clear(). */
bool city_ca_make(struct city_ca *ca, const char *city,
		  char why[CITY_ERROR_MAX]) MUST_CHECK;
bool city_ca_read(struct city_ca *ca, const char *cert, const char *key,
		  char why[CITY_ERROR_MAX]) MUST_CHECK;
void city_ca_clear(struct city_ca *ca);

/* A certificate and its key for the hosts of all these "host:port". */
bool city_ca_certify(const struct city_ca *ca, const struct city_secret *s,
		     struct city_ca *server,
		     char why[CITY_ERROR_MAX]) MUST_CHECK;

/* Whether a box that trusts the authority would accept it for all of them. */
bool city_ca_is_for(const struct city_ca *ca, const struct city_ca *server,
		    const struct city_secret *s,
		    char why[CITY_ERROR_MAX]) MUST_CHECK;

/* Until its end; below 0: it is over. */
int64_t city_ca_days_left(const struct city_ca *server, int64_t now_s);

/* As PEM. */
bool city_ca_print_cert(const struct city_ca *ca, FILE *out) MUST_CHECK;
bool city_ca_print_key(const struct city_ca *ca, FILE *out) MUST_CHECK;

#endif
