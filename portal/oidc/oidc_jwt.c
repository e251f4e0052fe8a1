/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_jwt.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "portal/oidc/oidc_json.h"
#include "portal/util/base64url.h"

/* The three parts of a token, as they are written. */
struct parts {
	const char *header, *claims, *signature;
	size_t header_len, claims_len, signature_len;
};

static bool split(const char *token, struct parts *p)
{
	size_t len = strnlen(token, OIDC_TOKEN_MAX + 1);
	const char *dot = memchr(token, '.', len);
	const char *second = dot ? strchr(dot + 1, '.') : NULL;

	if (len > OIDC_TOKEN_MAX || !second || strchr(second + 1, '.'))
		return false;
	p->header = token;
	p->header_len = (size_t)(dot - token);
	p->claims = dot + 1;
	p->claims_len = (size_t)(second - dot - 1);
	p->signature = second + 1;
	p->signature_len = len - (size_t)(second + 1 - token);
	return true;
}

/* The object that a part holds; NULL: none. */
static json_object *open_part(const char *text, size_t len)
{
	char *bytes = malloc(len + 1);
	json_object *o = NULL;
	int n;

	if (!bytes)
		return NULL;
	n = base64url_parse(text, len, bytes, len);
	if (n > 0)
		o = oidc_json_parse(bytes, (size_t)n);
	free(bytes);
	return o;
}

/* An identifier that is longer than any key's is none. */
static bool take_header(const json_object *header, struct oidc_signed *s)
{
	const char *id = oidc_json_text(header, "kid");

	if (json_object_object_get_ex(header, "crit", NULL) ||
	    json_object_object_get_ex(header, "b64", NULL) ||
	    json_object_object_get_ex(header, "enc", NULL))
		return false;
	if (!id && json_object_object_get_ex(header, "kid", NULL))
		return false;
	s->alg = oidc_alg_parse(oidc_json_text(header, "alg"));
	s->id = id ? id : "";
	return s->alg != OIDC_ALG_MAX;
}

static enum oidc_verdict check(const struct parts *p, const json_object *header,
			       const struct oidc_keys *keys)
{
	uint8_t signature[OIDC_SIGNATURE_MAX];
	struct oidc_signed s = {
		.input = p->header,
		.input_len = p->header_len + 1 + p->claims_len,
		.signature = signature,
	};
	int len = base64url_parse(p->signature, p->signature_len, signature,
				  sizeof(signature));

	if (len <= 0 || !take_header(header, &s))
		return OIDC_FORGED;
	s.signature_len = (size_t)len;
	return oidc_keys_verify(keys, &s);
}

json_object *oidc_jwt_verify(const char *token, const struct oidc_keys *keys,
			     enum oidc_verdict *verdict)
{
	struct parts p;
	json_object *header, *claims;

	*verdict = OIDC_FORGED;
	if (!split(token, &p))
		return NULL;
	header = open_part(p.header, p.header_len);
	if (header)
		*verdict = check(&p, header, keys);
	json_object_put(header);
	if (*verdict != OIDC_SIGNED)
		return NULL;
	claims = open_part(p.claims, p.claims_len);
	if (!claims)
		*verdict = OIDC_FORGED;
	return claims;
}
