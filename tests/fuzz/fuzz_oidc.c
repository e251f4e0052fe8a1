/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a provider sends: a description of itself, keys, an answer with a token,
 * and the token. The first byte says which.
 */
#include <stdlib.h>
#include <string.h>

#include "portal/oidc/oidc_claims.h"
#include "portal/oidc/oidc_json.h"
#include "portal/oidc/oidc_jwt.h"
#include "portal/oidc/oidc_provider.h"
#include "tests/fuzz/fuzzcheck.h"

#define ISSUER "https://id.example"

/* Of RFC 7517, A.1. */
static const char set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
			  "\"MKBCTNIcKUSDii11ySs"
			  "3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":"
			  "\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM"
			  "4IFyM\",\"kid\":\"1\"}]}";

static void read_document(const char *text, size_t len)
{
	struct oidc_document d;
	const char *why;

	if (!oidc_document_parse(text, len, ISSUER, &d, &why)) {
		CHECK(why);
		return;
	}
	CHECK(!strncmp(d.token, "https://", 8) ||
	      !strncasecmp(d.token, "https://", 8));
	CHECK(!strpbrk(d.authorization, "\r\n\"<> "));
}

static void read_keys(const char *text, size_t len)
{
	struct oidc_keys *k = oidc_keys_parse(text, len);

	CHECK(!k ||
	      (oidc_keys_count(k) && oidc_keys_count(k) <= OIDC_KEYS_MAX));
	oidc_keys_free(k);
}

/* Nobody can have signed it. */
static void read_token(const char *text, size_t len)
{
	static struct oidc_keys *keys;
	enum oidc_verdict verdict;

	(void)len;
	if (!keys)
		keys = oidc_keys_parse(set, strlen(set));
	CHECK(keys && !oidc_jwt_verify(text, keys, &verdict));
	CHECK(verdict != OIDC_SIGNED);
}

static void read_claims(const char *text, size_t len)
{
	static const struct oidc_expected e = { ISSUER, "c", "n", 1800000000 };
	static char *list[] = { (char *)"role=pupil:0:0:1d" };
	const struct zone_settings z = { .tariff = { list, 1 } };
	struct ipc_limits l;
	json_object *o = oidc_json_parse(text, len);

	if (!o)
		return;
	oidc_claims_check_id(o, &e);
	if (!oidc_claims_check_logout(o, &e))
		CHECK(oidc_claims_session(o));
	oidc_claims_tariff(o, &z, &l);
	json_object_put(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const read[])(const char *,
				    size_t) = { read_document, read_keys,
						read_token, read_claims };
	char *copy = size ? malloc(size) : NULL;

	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	copy[size - 1] = '\0';
	read[*data % 4](copy, size - 1);
	free(copy);
	return 0;
}
