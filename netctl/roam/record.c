/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/roam/record.h"

#include <string.h>

#define VERSION_NOW 1
#define AT_ID	    4
#define AT_COUNT    9
#define AT_TERMS    10
#define AT_TAG	    11
#define TAG_SIZE    (RECORD_SIZE - AT_TAG)

void record_id(const struct hmac_key *k, const char *network,
	       const struct mac *mac, uint8_t id[RECORD_ID_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 s;

	hmac_start(k, &s);
	sha256_add(&s, "grant", sizeof("grant"));
	sha256_add(&s, network, strlen(network));
	sha256_add(&s, mac, sizeof(*mac));
	hmac_end(k, &s, digest);
	memcpy(id, digest, RECORD_ID_SIZE);
}

static void tag_of(const uint8_t bytes[RECORD_SIZE], const struct hmac_key *k,
		   uint8_t digest[SHA256_SIZE])
{
	struct sha256 s;

	hmac_start(k, &s);
	sha256_add(&s, "auth", sizeof("auth"));
	sha256_add(&s, bytes, AT_TAG);
	hmac_end(k, &s, digest);
}

void record_build(const struct record *r, const struct hmac_key *k,
		  uint8_t out[RECORD_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	out[0] = (uint8_t)(VERSION_NOW << 4 | r->kind);
	out[1] = r->generation;
	out[2] = (uint8_t)(r->day >> 8);
	out[3] = (uint8_t)r->day;
	memcpy(out + AT_ID, r->id, RECORD_ID_SIZE);
	out[AT_COUNT] = r->kind == RECORD_RENEW ? r->age : r->turn;
	out[AT_TERMS] = r->terms;
	tag_of(out, k, digest);
	memcpy(out + AT_TAG, digest, TAG_SIZE);
}

static bool count_fits(const struct record *r)
{
	if (r->kind == RECORD_RENEW)
		return r->age && r->age <= RECORD_AGE_MAX;
	return r->turn % 2 == (r->kind == RECORD_REVOKE);
}

bool record_parse(const uint8_t bytes[RECORD_SIZE], struct record *r)
{
	unsigned int kind = bytes[0] & 15;

	if (bytes[0] >> 4 != VERSION_NOW || kind < RECORD_ACCEPT ||
	    kind > RECORD_REVOKE)
		return false;
	r->kind = kind;
	r->generation = bytes[1];
	r->day = (uint16_t)(bytes[2] << 8 | bytes[3]);
	memcpy(r->id, bytes + AT_ID, RECORD_ID_SIZE);
	r->age = r->kind == RECORD_RENEW ? bytes[AT_COUNT] : 0;
	r->turn = r->kind == RECORD_RENEW ? 0 : bytes[AT_COUNT];
	r->terms = bytes[AT_TERMS];
	return count_fits(r);
}

bool record_is_genuine(const uint8_t bytes[RECORD_SIZE],
		       const struct hmac_key *k)
{
	uint8_t digest[SHA256_SIZE];

	tag_of(bytes, k, digest);
	return hmac_is_equal(digest, bytes + AT_TAG, TAG_SIZE);
}
