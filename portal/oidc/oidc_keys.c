/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_keys.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "portal/oidc/oidc_json.h"
#include "portal/util/base64url.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX	     OIDC_SIGNATURE_MAX
#define P256	     32

struct oidc_key {
	enum oidc_alg alg;
	char id[OIDC_KEY_ID_MAX];
	EVP_PKEY *key;
};

struct oidc_keys {
	struct oidc_key key[OIDC_KEYS_MAX];
	size_t count;
};

enum oidc_alg oidc_alg_parse(const char *name)
{
	static const char *const names[OIDC_ALG_MAX] = {
		[OIDC_ALG_RS256] = "RS256",
		[OIDC_ALG_ES256] = "ES256",
	};

	for (int a = 0; name && a < OIDC_ALG_MAX; a++)
		if (!strcmp(name, names[a]))
			return (enum oidc_alg)a;
	return OIDC_ALG_MAX;
}

/* --- keys --------------------------------------------------------------- */

/* Frees the parameters. NULL: they are none of a key. */
static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	ERR_clear_error();
	return key;
}

/* A number that a member holds as base64url; -1: none, or too long a one. */
static int take_number(const json_object *jwk, const char *name, uint8_t *out,
		       size_t max)
{
	const char *text = oidc_json_text(jwk, name);

	return text ? base64url_parse(text, strlen(text), out, max) : -1;
}

static EVP_PKEY *take_rsa(const json_object *jwk)
{
	uint8_t n[RSA_MAX], e[8];
	int n_len = take_number(jwk, "n", n, sizeof(n));
	int e_len = take_number(jwk, "e", e, sizeof(e));
	OSSL_PARAM_BLD *b =
		n_len > 0 && e_len > 0 ? OSSL_PARAM_BLD_new() : NULL;
	BIGNUM *bn, *be;
	EVP_PKEY *key = NULL;

	if (!b)
		return NULL;
	bn = BN_bin2bn(n, n_len, NULL);
	be = BN_bin2bn(e, e_len, NULL);
	if (bn && be && BN_num_bits(bn) >= RSA_MIN_BITS && BN_is_odd(be) &&
	    !BN_is_one(be) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) == 1)
		key = make_key("RSA", OSSL_PARAM_BLD_to_param(b));
	BN_free(bn);
	BN_free(be);
	OSSL_PARAM_BLD_free(b);
	return key;
}

/* libcrypto takes no point beside the curve. */
static EVP_PKEY *take_ec(const json_object *jwk)
{
	uint8_t point[1 + 2 * P256] = { POINT_CONVERSION_UNCOMPRESSED };
	const char *curve = oidc_json_text(jwk, "crv");
	OSSL_PARAM_BLD *b;
	EVP_PKEY *key = NULL;

	if (!curve || strcmp(curve, "P-256") != 0 ||
	    take_number(jwk, "x", point + 1, P256) != P256 ||
	    take_number(jwk, "y", point + 1 + P256, P256) != P256)
		return NULL;
	b = OSSL_PARAM_BLD_new();
	if (b &&
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME,
					    "prime256v1", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
					     sizeof(point)) == 1)
		key = make_key("EC", OSSL_PARAM_BLD_to_param(b));
	OSSL_PARAM_BLD_free(b);
	return key;
}

static const struct {
	const char *type;
	enum oidc_alg alg;
	EVP_PKEY *(*take)(const json_object *jwk);
} types[] = {
	{ "RSA", OIDC_ALG_RS256, take_rsa },
	{ "EC", OIDC_ALG_ES256, take_ec },
};

/* Keys of other uses and algorithms are left out. */
static void take_key(struct oidc_keys *k, const json_object *jwk)
{
	struct oidc_key *to = &k->key[k->count];
	const char *type = oidc_json_text(jwk, "kty");
	const char *use = oidc_json_text(jwk, "use");
	const char *alg = oidc_json_text(jwk, "alg");
	const char *id = oidc_json_text(jwk, "kid");

	if (!type || (use && strcmp(use, "sig") != 0) ||
	    (id && strlen(id) >= sizeof(to->id)))
		return;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcmp(type, types[i].type) != 0 ||
		    (alg && oidc_alg_parse(alg) != types[i].alg))
			continue;
		to->alg = types[i].alg;
		to->key = types[i].take(jwk);
		snprintf(to->id, sizeof(to->id), "%s", id ? id : "");
		k->count += to->key != NULL;
		return;
	}
}

struct oidc_keys *oidc_keys_parse(const char *bytes, size_t len)
{
	json_object *root = oidc_json_parse(bytes, len), *list;
	struct oidc_keys *k = root ? calloc(1, sizeof(*k)) : NULL;

	if (k && json_object_object_get_ex(root, "keys", &list) &&
	    json_object_is_type(list, json_type_array))
		for (size_t i = 0; i < json_object_array_length(list) &&
				   k->count < OIDC_KEYS_MAX;
		     i++)
			take_key(k, json_object_array_get_idx(list, i));
	json_object_put(root);
	if (k && k->count)
		return k;
	free(k);
	return NULL;
}

void oidc_keys_free(struct oidc_keys *k)
{
	for (size_t i = 0; k && i < k->count; i++)
		EVP_PKEY_free(k->key[i].key);
	free(k);
}

size_t oidc_keys_count(const struct oidc_keys *k)
{
	return k->count;
}

/* --- signatures --------------------------------------------------------- */

/* NULL: there is none, or it is not clear which. */
static EVP_PKEY *find_key(const struct oidc_keys *k,
			  const struct oidc_signed *s)
{
	EVP_PKEY *found = NULL;

	for (size_t i = 0; i < k->count; i++) {
		if (k->key[i].alg != s->alg ||
		    (*s->id && strcmp(k->key[i].id, s->id) != 0))
			continue;
		if (found)
			return NULL;
		found = k->key[i].key;
	}
	return found;
}

/* From r and s, 32 bytes each (RFC 7518, 3.4), to what libcrypto reads. */
static int to_der(const struct oidc_signed *s, uint8_t **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(s->signature, P256, NULL);
	BIGNUM *t = BN_bin2bn(s->signature + P256, P256, NULL);
	int len = -1;

	*der = NULL;
	if (sig && r && t && ECDSA_SIG_set0(sig, r, t) == 1) {
		len = i2d_ECDSA_SIG(sig, der);
	} else {
		BN_free(r);
		BN_free(t);
	}
	ECDSA_SIG_free(sig);
	return len;
}

static bool is_signed(EVP_PKEY *key, const struct oidc_signed *s,
		      const uint8_t *signature, size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good =
		ctx &&
		EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestVerify(ctx, signature, len, (const uint8_t *)s->input,
				 s->input_len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return is_good;
}

enum oidc_verdict oidc_keys_verify(const struct oidc_keys *k,
				   const struct oidc_signed *s)
{
	EVP_PKEY *key = find_key(k, s);
	uint8_t *der;
	int len;
	bool is_good;

	if (!key)
		return OIDC_KEY_UNKNOWN;
	if (s->alg == OIDC_ALG_RS256)
		return is_signed(key, s, s->signature, s->signature_len)
			       ? OIDC_SIGNED
			       : OIDC_FORGED;
	if (s->signature_len != 2 * P256)
		return OIDC_FORGED;
	len = to_der(s, &der);
	is_good = len > 0 && is_signed(key, s, der, (size_t)len);
	OPENSSL_free(der);
	return is_good ? OIDC_SIGNED : OIDC_FORGED;
}
