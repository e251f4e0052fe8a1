/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate and its key, read from files and judged; nothing is served. */
#ifndef STADTTOR_CLI_CERTIFICATE_H
#define STADTTOR_CLI_CERTIFICATE_H

#include <stdbool.h>
#include <time.h>

#include <openssl/x509.h>

#include "common/log.h"

#define CERTIFICATE_WHY_MAX 400

struct certificate {
	const char *file;	 /* the caller's */
	X509 *leaf;		 /* NULL: it did not load */
	STACK_OF(X509) * others; /* of the chain */
	EVP_PKEY *key;
};

/*
 * Both are there, and the key is that of the certificate. false: why says what
 * is wrong. certificate_clear() is due in any case.
 */
bool certificate_read(struct certificate *c, const char *file, const char *key,
		      char why[CERTIFICATE_WHY_MAX]) MUST_CHECK;
void certificate_clear(struct certificate *c);

/* Of the leaf, in seconds since 1970; 0: it does not say. */
time_t certificate_begin(const struct certificate *c);
time_t certificate_end(const struct certificate *c);

/* As a client that trusts what this machine trusts, and calls it hostname. */
bool certificate_is_trusted(const struct certificate *c, const char *hostname,
			    char why[CERTIFICATE_WHY_MAX]) MUST_CHECK;

#endif
