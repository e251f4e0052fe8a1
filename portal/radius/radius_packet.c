/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_packet.h"

#include <string.h>

#include "common/random.h"
#include "portal/util/crypto.h"

#define ATTRIBUTE     2 /* type and length */
#define VENDOR	      4 /* its number, before its attributes */
#define AUTHENTICATOR 4 /* where it is in a packet */
#define BLOCK	      16

_Static_assert(CRYPTO_MD5 == RADIUS_AUTHENTICATOR && CRYPTO_MD5 == BLOCK,
	       "RADIUS is made of MD5");

/* A request that begins with a Message-Authenticator. */
static bool is_protected(enum radius_code code)
{
	return code == RADIUS_ACCESS_REQUEST || code == RADIUS_STATUS_SERVER;
}

/* --- writing ------------------------------------------------------------ */

bool radius_packet_init(struct radius_packet *p, enum radius_code code)
{
	static const uint8_t place[RADIUS_AUTHENTICATOR];

	memset(p->byte, 0, RADIUS_HEADER);
	p->byte[0] = (uint8_t)code;
	p->len = RADIUS_HEADER;
	p->is_cut = false;
	if (!is_protected(code))
		return true;
	radius_put(p, RADIUS_MESSAGE_AUTHENTICATOR, place, sizeof(place));
	return random_fill(p->byte + AUTHENTICATOR, RADIUS_AUTHENTICATOR);
}

void radius_put(struct radius_packet *p, enum radius_type type,
		const void *value, size_t len)
{
	if (!len)
		return;
	if (len > RADIUS_VALUE_MAX ||
	    len + ATTRIBUTE > RADIUS_PACKET_MAX - p->len) {
		p->is_cut = true;
		return;
	}
	p->byte[p->len] = (uint8_t)type;
	p->byte[p->len + 1] = (uint8_t)(len + ATTRIBUTE);
	memcpy(p->byte + p->len + ATTRIBUTE, value, len);
	p->len += len + ATTRIBUTE;
}

void radius_put_text(struct radius_packet *p, enum radius_type type,
		     const char *text)
{
	radius_put(p, type, text, strlen(text));
}

void radius_put_number(struct radius_packet *p, enum radius_type type,
		       uint32_t number)
{
	const uint8_t value[] = { (uint8_t)(number >> 24),
				  (uint8_t)(number >> 16),
				  (uint8_t)(number >> 8), (uint8_t)number };

	radius_put(p, type, value, sizeof(value));
}

bool radius_put_password(struct radius_packet *p, const char *secret,
			 const char *password)
{
	uint8_t hidden[RADIUS_PASSWORD_MAX] = { 0 }, mask[BLOCK];
	const uint8_t *before = p->byte + AUTHENTICATOR;
	size_t len = strlen(password);

	if (len > sizeof(hidden))
		return false;
	memcpy(hidden, password, len);
	len = len ? (len + BLOCK - 1) / BLOCK * BLOCK : BLOCK;
	for (size_t at = 0; at < len; at += BLOCK) {
		const struct crypto_part parts[] = { { secret, strlen(secret) },
						     { before, BLOCK } };

		if (!crypto_md5(parts, 2, mask)) {
			explicit_bzero(hidden, sizeof(hidden));
			return false;
		}
		for (size_t i = 0; i < BLOCK; i++)
			hidden[at + i] ^= mask[i];
		before = hidden + at;
	}
	radius_put(p, RADIUS_USER_PASSWORD, hidden, len);
	return !p->is_cut;
}

static void number_packet(struct radius_packet *p, uint8_t id)
{
	p->byte[1] = id;
	p->byte[2] = (uint8_t)(p->len >> 8);
	p->byte[3] = (uint8_t)p->len;
}

/* With the place of the authenticator as it is. */
static bool hash_packet(const uint8_t *bytes, size_t len, const char *secret,
			uint8_t out[RADIUS_AUTHENTICATOR])
{
	const struct crypto_part parts[] = { { bytes, len },
					     { secret, strlen(secret) } };

	return crypto_md5(parts, 2, out);
}

bool radius_packet_sign(struct radius_packet *p, uint8_t id, const char *secret)
{
	uint8_t *message = p->byte + RADIUS_HEADER + ATTRIBUTE;

	number_packet(p, id);
	if (is_protected(p->byte[0])) {
		memset(message, 0, RADIUS_AUTHENTICATOR);
		return crypto_hmac_md5(secret, strlen(secret), p->byte, p->len,
				       message);
	}
	memset(p->byte + AUTHENTICATOR, 0, RADIUS_AUTHENTICATOR);
	return hash_packet(p->byte, p->len, secret, p->byte + AUTHENTICATOR);
}

bool radius_packet_sign_answer(struct radius_packet *p, uint8_t id,
			       const uint8_t request[RADIUS_AUTHENTICATOR],
			       const char *secret)
{
	number_packet(p, id);
	memcpy(p->byte + AUTHENTICATOR, request, RADIUS_AUTHENTICATOR);
	return hash_packet(p->byte, p->len, secret, p->byte + AUTHENTICATOR);
}

/* --- reading ------------------------------------------------------------ */

/* false: an attribute goes beyond the packet. */
static bool check_attribute(struct radius_view *v, size_t at)
{
	const uint8_t *a = v->byte + at;

	if (v->len - at < ATTRIBUTE || a[1] < ATTRIBUTE || a[1] > v->len - at)
		return false;
	if (a[0] != RADIUS_MESSAGE_AUTHENTICATOR)
		return true;
	if (v->message_authenticator ||
	    a[1] != ATTRIBUTE + RADIUS_AUTHENTICATOR)
		return false;
	v->message_authenticator = at + ATTRIBUTE;
	return true;
}

bool radius_view_parse(struct radius_view *v, const void *bytes, size_t len)
{
	const uint8_t *byte = bytes;

	if (len < RADIUS_HEADER)
		return false;
	*v = (struct radius_view){
		.byte = byte,
		.len = (size_t)byte[2] << 8 | byte[3],
		.code = byte[0],
		.id = byte[1],
	};
	/* what follows the length is padding (RFC 2865, 3) */
	if (v->len < RADIUS_HEADER || v->len > len ||
	    v->len > RADIUS_PACKET_MAX)
		return false;
	for (size_t at = RADIUS_HEADER; at < v->len; at += byte[at + 1])
		if (!check_attribute(v, at))
			return false;
	return true;
}

const uint8_t *radius_view_authenticator(const struct radius_view *v)
{
	return v->byte + AUTHENTICATOR;
}

/*
 * The packet as it was signed: with the authenticator that it was made for, and
 * without the proofs in it.
 */
static bool message_is_genuine(const struct radius_view *v,
			       const uint8_t authenticator[BLOCK],
			       const char *secret)
{
	uint8_t copy[RADIUS_PACKET_MAX], proof[CRYPTO_MD5];

	memcpy(copy, v->byte, v->len);
	memcpy(copy + AUTHENTICATOR, authenticator, RADIUS_AUTHENTICATOR);
	memset(copy + v->message_authenticator, 0, RADIUS_AUTHENTICATOR);
	return crypto_hmac_md5(secret, strlen(secret), copy, v->len, proof) &&
	       crypto_equal(proof, v->byte + v->message_authenticator,
			    sizeof(proof));
}

/* made_for: what stood in the place of the authenticator. */
static bool is_genuine(const struct radius_view *v,
		       const uint8_t made_for[BLOCK], const char *secret)
{
	const struct crypto_part parts[] = {
		{ v->byte, AUTHENTICATOR },
		{ made_for, RADIUS_AUTHENTICATOR },
		{ v->byte + RADIUS_HEADER, v->len - RADIUS_HEADER },
		{ secret, strlen(secret) },
	};
	uint8_t proof[CRYPTO_MD5];

	return crypto_md5(parts, 4, proof) &&
	       crypto_equal(proof, radius_view_authenticator(v),
			    sizeof(proof)) &&
	       (!v->message_authenticator ||
		message_is_genuine(v, made_for, secret));
}

bool radius_view_answers(const struct radius_view *v,
			 const uint8_t request[RADIUS_AUTHENTICATOR],
			 const char *secret, bool needs_message_authenticator)
{
	if (needs_message_authenticator && !v->message_authenticator)
		return false;
	return is_genuine(v, request, secret);
}

bool radius_view_is_genuine(const struct radius_view *v, const char *secret)
{
	static const uint8_t none[RADIUS_AUTHENTICATOR];

	return is_genuine(v, none, secret);
}

/* Those of a vendor stand within one, from `inner` on. */
static bool next_inner(const struct radius_view *v, struct radius_attribute *a)
{
	const uint8_t *at = v->byte + a->inner;
	size_t left = a->next - a->inner;

	if (left < ATTRIBUTE || at[1] < ATTRIBUTE || at[1] > left) {
		a->inner = 0;
		return false;
	}
	a->type = at[0];
	a->len = (uint8_t)(at[1] - ATTRIBUTE);
	a->value = at + ATTRIBUTE;
	a->inner += at[1];
	return true;
}

static void next_outer(const struct radius_view *v, struct radius_attribute *a)
{
	const uint8_t *at = v->byte + a->next;

	a->vendor = 0;
	a->type = at[0];
	a->len = (uint8_t)(at[1] - ATTRIBUTE);
	a->value = at + ATTRIBUTE;
	a->next += at[1];
}

bool radius_view_next(const struct radius_view *v, struct radius_attribute *a)
{
	if (!a->next)
		a->next = RADIUS_HEADER;
	for (;;) {
		if (a->inner && next_inner(v, a))
			return true;
		if (a->next >= v->len)
			return false;
		next_outer(v, a);
		if (a->type != RADIUS_VENDOR_SPECIFIC || a->len <= VENDOR)
			return true;
		a->vendor = (uint32_t)a->value[0] << 24 |
			    (uint32_t)a->value[1] << 16 |
			    (uint32_t)a->value[2] << 8 | a->value[3];
		a->inner = (size_t)(a->value - v->byte) + VENDOR;
	}
}

uint32_t radius_attribute_number(const struct radius_attribute *a)
{
	if (a->len != 4)
		return 0;
	return (uint32_t)a->value[0] << 24 | (uint32_t)a->value[1] << 16 |
	       (uint32_t)a->value[2] << 8 | a->value[3];
}
