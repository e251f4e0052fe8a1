/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A login under way, which is kept nowhere: what the portal has to know when
 * the browser comes back travels with it, sealed by a key that lives as long as
 * the process (AES-256-GCM). The seal holds for one device in one zone, without
 * naming it: its address is authenticated with the rest, and not contained.
 */
#ifndef STADTTOR_PORTAL_OIDC_OIDC_STATE_H
#define STADTTOR_PORTAL_OIDC_OIDC_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"
#include "common/log.h"

#define OIDC_STATE_MAX	  128 /* as text, with the closing NUL */
#define OIDC_STATE_AGE_MS 900000
#define OIDC_PROOF_MAX	  44 /* 32 bytes as base64url, with the NUL */
#define OIDC_LANG_MAX	  12

struct oidc_state_key;

/* NULL: the kernel has no random bytes, or there is no memory. */
struct oidc_state_key *oidc_state_key_new(void);
void oidc_state_key_free(struct oidc_state_key *k);

struct oidc_place { /* whose login it is */
	const char *zone;
	const struct addr *client;
};

/* What nobody else can know, made for one login; by oidc_state_begin(). */
struct oidc_state {
	uint64_t begun_ms;
	uint32_t terms; /* version that was accepted */
	char lang[OIDC_LANG_MAX];
	uint8_t seed[16];
	char nonce[OIDC_PROOF_MAX];
	char verifier[OIDC_PROOF_MAX];	/* of PKCE (RFC 7636) */
	char challenge[OIDC_PROOF_MAX]; /* S256 of it */
};

/* Fills in all but terms and lang. */
bool oidc_state_begin(const struct oidc_state_key *k, struct oidc_state *s,
		      uint64_t now_ms) MUST_CHECK;
bool oidc_state_seal(const struct oidc_state_key *k, const struct oidc_state *s,
		     const struct oidc_place *place,
		     char out[OIDC_STATE_MAX]) MUST_CHECK;

/* false: nobody sealed that, or for another device, or too long ago. */
bool oidc_state_open(const struct oidc_state_key *k, const char *text,
		     const struct oidc_place *place, uint64_t now_ms,
		     struct oidc_state *s);

/*
 * A random number for the sessions that a provider's session has led to, the
 * same each time, as long as the key lives; never 0 or UINT64_MAX.
 */
uint64_t oidc_state_tag(const struct oidc_state_key *k, const char *session);

#endif
