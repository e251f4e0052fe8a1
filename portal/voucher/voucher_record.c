/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/voucher/voucher_record.h"

#include <string.h>

#include "common/config/settings_valid.h"
#include "portal/voucher/voucher_batch.h"

#define VERSION_NOW    1
#define HEAD	       11 /* of batch and revoke */
#define BATCH_HEAD     23
#define USE_HEAD       6
#define DURATION_MAX_S (366 * 86400)

/* So that nothing else that the key may sign is one of these. */
static const char context[] = "stadttor codes of a city";

/* --- numbers ----------------------------------------------------------- */

static uint8_t *put(uint8_t *at, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
	return at + bytes;
}

static uint64_t get(const uint8_t *at, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v = v << 8 | at[i];
	return v;
}

/* --- making ------------------------------------------------------------ */

static uint8_t *put_head(const struct voucher_record *r, uint8_t *at)
{
	*at++ = (uint8_t)(VERSION_NOW << 4 | r->kind);
	*at++ = (uint8_t)r->codes;
	at = put(at, r->number, 4);
	return put(at, (uint64_t)r->created_s, 5);
}

static uint8_t *put_limits(const struct voucher_record *r, uint8_t *at)
{
	size_t len = strlen(r->zone);

	at = put(at, (uint64_t)r->valid_until_s, 5);
	at = put(at, (uint64_t)r->duration_s, 4);
	at = put(at, r->devices, 2);
	*at++ = (uint8_t)len;
	memcpy(at, r->zone, len);
	return at + len;
}

/* What is signed: the context in front of the bytes. */
struct signed_text {
	uint8_t bytes[sizeof(context) + VOUCHER_RECORD_MAX];
	size_t len;
};

static void build_text(struct signed_text *t, const void *bytes, size_t len)
{
	memcpy(t->bytes, context, sizeof(context));
	memcpy(t->bytes + sizeof(context), bytes, len);
	t->len = sizeof(context) + len;
}

static uint8_t *put_codes(const struct voucher_record *r, uint8_t *at)
{
	at = put_head(r, at);
	if (r->kind == VOUCHER_RECORD_BATCH)
		at = put_limits(r, at);
	memcpy(at, r->code, r->codes * sizeof(*r->code));
	return at + r->codes * sizeof(*r->code);
}

/* NULL: no memory. */
static uint8_t *put_use(const struct voucher_record *r,
			const uint8_t seed[CRYPTO_ED25519], uint8_t *at)
{
	*at++ = VERSION_NOW << 4 | VOUCHER_RECORD_FIRST_USE;
	at = put(at, (uint64_t)r->first_s, 5);
	return crypto_ed25519_public(seed, at) ? at + CRYPTO_ED25519 : NULL;
}

size_t voucher_record_sign(const struct voucher_record *r,
			   const uint8_t seed[CRYPTO_ED25519],
			   uint8_t out[VOUCHER_RECORD_MAX])
{
	uint8_t *at = r->kind == VOUCHER_RECORD_FIRST_USE
			      ? put_use(r, seed, out)
			      : put_codes(r, out);
	struct signed_text t;

	if (!at)
		return 0;
	build_text(&t, out, (size_t)(at - out));
	if (!crypto_ed25519_sign(seed, t.bytes, t.len, at))
		return 0;
	return (size_t)(at - out) + CRYPTO_ED25519_SIGNATURE;
}

/* --- reading ----------------------------------------------------------- */

static bool is_time(int64_t s)
{
	return s > 0 && s < 1LL << 37;
}

static void get_head(struct voucher_record *r, const uint8_t *at)
{
	r->codes = at[1];
	r->number = (uint32_t)get(at + 2, 4);
	r->created_s = (int64_t)get(at + 6, 5);
}

static bool head_is_fine(const struct voucher_record *r, size_t codes_max)
{
	return r->codes <= codes_max && r->number &&
	       r->number <= VOUCHER_NUMBER_MAX && is_time(r->created_s);
}

static bool get_zone(struct voucher_record *r, const uint8_t *at, size_t len)
{
	if (len >= sizeof(r->zone))
		return false;
	memcpy(r->zone, at, len);
	return strlen(r->zone) == len && (!len || valid_zone_name(r->zone));
}

static bool limits_are_fine(const struct voucher_record *r)
{
	return r->valid_until_s > r->created_s &&
	       r->valid_until_s - r->created_s <= VOUCHER_VALID_MAX_S + 60 &&
	       r->duration_s >= 60 && r->duration_s <= DURATION_MAX_S &&
	       r->devices >= 1 && r->devices <= VOUCHER_DEVICES_MAX;
}

static bool parse_batch(struct voucher_record *r, const uint8_t *at, size_t len)
{
	size_t zone, codes;

	if (len < BATCH_HEAD)
		return false;
	get_head(r, at);
	r->valid_until_s = (int64_t)get(at + HEAD, 5);
	r->duration_s = (int64_t)get(at + HEAD + 5, 4);
	r->devices = (uint32_t)get(at + HEAD + 9, 2);
	zone = at[BATCH_HEAD - 1];
	codes = r->codes * sizeof(*r->code);
	if (!head_is_fine(r, VOUCHER_RECORD_CODES) || !r->codes ||
	    !limits_are_fine(r) ||
	    len != BATCH_HEAD + zone + codes + CRYPTO_ED25519_SIGNATURE)
		return false;
	memcpy(r->code, at + BATCH_HEAD + zone, codes);
	return get_zone(r, at + BATCH_HEAD, zone);
}

static bool parse_revoke(struct voucher_record *r, const uint8_t *at,
			 size_t len)
{
	if (len < HEAD)
		return false;
	get_head(r, at);
	if (!head_is_fine(r, 1) || len != HEAD + r->codes * sizeof(*r->code) +
						   CRYPTO_ED25519_SIGNATURE)
		return false;
	memcpy(r->code, at + HEAD, r->codes * sizeof(*r->code));
	return true;
}

static bool parse_use(struct voucher_record *r, const uint8_t *at, size_t len)
{
	if (len != VOUCHER_RECORD_USE)
		return false;
	r->first_s = (int64_t)get(at + 1, 5);
	memcpy(r->public_key, at + USE_HEAD, sizeof(r->public_key));
	return is_time(r->first_s);
}

static bool (*const parse[])(struct voucher_record *r, const uint8_t *at,
			     size_t len) = {
	[VOUCHER_RECORD_BATCH] = parse_batch,
	[VOUCHER_RECORD_REVOKE] = parse_revoke,
	[VOUCHER_RECORD_FIRST_USE] = parse_use,
};

bool voucher_record_parse(struct voucher_record *r, const void *bytes,
			  size_t len)
{
	const uint8_t *at = bytes;

	*r = (struct voucher_record){ .number = 0 };
	if (!len || at[0] >> 4 != VERSION_NOW)
		return false;
	r->kind = at[0] & 15;
	return r->kind >= VOUCHER_RECORD_BATCH &&
	       r->kind <= VOUCHER_RECORD_FIRST_USE &&
	       parse[r->kind](r, at, len);
}

bool voucher_record_is_genuine(const struct voucher_record *r,
			       const void *bytes, size_t len,
			       const uint8_t citys[CRYPTO_ED25519])
{
	const uint8_t *by =
		r->kind == VOUCHER_RECORD_FIRST_USE ? r->public_key : citys;
	struct signed_text t;

	len -= CRYPTO_ED25519_SIGNATURE;
	build_text(&t, bytes, len);
	return crypto_ed25519_verify(by, t.bytes, t.len,
				     (const uint8_t *)bytes + len);
}
