/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The keys that a provider signs with, a JWK set (RFC 7517), and signatures by
 * them: RS256 and ES256 (RFC 7518), and no other algorithm.
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_KEYS_H
#define STADTTOR_PORTAL_OIDC_OIDC_KEYS_H

#include <stddef.h>
#include <stdint.h>

#define OIDC_KEYS_MAX	   32
#define OIDC_KEY_ID_MAX	   128 /* with its end */
#define OIDC_SIGNATURE_MAX 512 /* bytes: RSA of 4096 bits */

enum oidc_alg { OIDC_ALG_RS256, OIDC_ALG_ES256, OIDC_ALG_MAX };

enum oidc_verdict {
	OIDC_SIGNED,
	OIDC_KEY_UNKNOWN, /* it may have come since the set was fetched */
	OIDC_FORGED,
};

struct oidc_keys;

/*
 * Takes what can be used: RSA of 2048 to 4096 bits, and P-256. NULL: it is no
 * JWK set, or has none of these; or there is no memory.
 */
struct oidc_keys *oidc_keys_parse(const char *bytes, size_t len);
void oidc_keys_free(struct oidc_keys *k);
size_t oidc_keys_count(const struct oidc_keys *k);

/* What was signed, by which key, and how. */
struct oidc_signed {
	enum oidc_alg alg;
	const char *id; /* of the key; empty: any that fits, if it is one */
	const char *input;
	size_t input_len;
	const uint8_t *signature;
	size_t signature_len;
};
enum oidc_verdict oidc_keys_verify(const struct oidc_keys *k,
				   const struct oidc_signed *s);

/* Of "RS256" and "ES256"; OIDC_ALG_MAX: none of them. */
enum oidc_alg oidc_alg_parse(const char *name);

#endif
