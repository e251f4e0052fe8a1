/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/random.h"
#include "portal/util/base64url.h"
#include "portal/util/crypto.h"
#include "portal/util/file.h"

#define KEY_FILE_MAX 16384
#define ASSERTION_S  60
#define ASSERTION                                                              \
	"urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
#define P256 32

struct oidc_client {
	char id[256];
	char scope[208];
	char redirect[300];
	char secret[OIDC_SECRET_MAX]; /* empty: key */
	EVP_PKEY *key;		      /* NULL: secret */
};

/* --- secret and key ----------------------------------------------------- */

static bool take_secret(struct oidc_client *c, char *text, size_t len)
{
	len = strcspn(text, "\r\n");
	if (!len || len >= sizeof(c->secret))
		return false;
	memcpy(c->secret, text, len);
	return true;
}

static bool take_key(struct oidc_client *c, char *text, size_t len)
{
	BIO *bio = BIO_new_mem_buf(text, (int)len);

	c->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (char *)"")
		     : NULL;
	BIO_free(bio);
	ERR_clear_error();
	return c->key && (EVP_PKEY_is_a(c->key, "RSA")
				  ? EVP_PKEY_get_bits(c->key) >= 2048
				  : EVP_PKEY_is_a(c->key, "EC") &&
					    EVP_PKEY_get_bits(c->key) == 256);
}

static bool read_secrets(struct oidc_client *c, const struct oidc_settings *o,
			 char *error, size_t max)
{
	const char *path = *o->secret ? o->secret : o->key;
	size_t len;
	char *text = file_read(path, KEY_FILE_MAX, &len);
	bool ok;

	if (!text) {
		snprintf(error, max, "%s: %s", path, strerror(errno));
		return false;
	}
	ok = *o->secret ? take_secret(c, text, len) : take_key(c, text, len);
	if (!ok)
		snprintf(error, max, "%s: no %s", path,
			 *o->secret ? "secret of 1 to 255 characters"
				    : "private key, RSA of 2048 bits or P-256");
	explicit_bzero(text, len);
	free(text);
	return ok;
}

struct oidc_client *oidc_client_new(const struct settings *s, char *error,
				    size_t max)
{
	const struct oidc_settings *o = &s->oidc;
	struct oidc_client *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(error, max, "out of memory");
		return NULL;
	}
	snprintf(c->id, sizeof(c->id), "%s", o->client);
	snprintf(c->scope, sizeof(c->scope), "%s", o->scope);
	snprintf(c->redirect, sizeof(c->redirect), "https://%s/oidc",
		 s->portal.hostname);
	if (read_secrets(c, o, error, max))
		return c;
	oidc_client_free(c);
	return NULL;
}

void oidc_client_free(struct oidc_client *c)
{
	if (!c)
		return;
	EVP_PKEY_free(c->key);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

const char *oidc_client_id(const struct oidc_client *c)
{
	return c->id;
}

/* --- what is sent ------------------------------------------------------- */

/* As a value of a query or a form: all but the unreserved characters. */
static void put_encoded(struct strbuf *o, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c))
			strbuf_bytes(o, text, 1);
		else
			strbuf_format(o, "%%%02X", c);
	}
}

static void put_field(struct strbuf *o, const char *name, const char *value)
{
	strbuf_format(o, "&%s=", name);
	put_encoded(o, value);
}

bool oidc_client_build_url(const struct oidc_client *c,
			   const struct oidc_document *d,
			   const struct oidc_state *s, const char *sealed,
			   char out[OIDC_URL_MAX])
{
	struct strbuf o;

	strbuf_init(&o, out, OIDC_URL_MAX);
	strbuf_format(&o, "%s%sresponse_type=code", d->authorization,
		      strchr(d->authorization, '?') ? "&" : "?");
	put_field(&o, "client_id", c->id);
	put_field(&o, "redirect_uri", c->redirect);
	put_field(&o, "scope", c->scope);
	put_field(&o, "state", sealed);
	put_field(&o, "nonce", s->nonce);
	put_field(&o, "code_challenge", s->challenge);
	put_field(&o, "code_challenge_method", "S256");
	strbuf_bytes(&o, "", 1);
	return !o.is_cut;
}

/* --- an assertion ------------------------------------------------------- */

/* From DER to r and s, 32 bytes each (RFC 7518, 3.4). */
static bool to_raw(const uint8_t *der, size_t len, uint8_t out[2 * P256])
{
	const ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool ok = sig &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, P256) == P256 &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + P256, P256) == P256;

	ECDSA_SIG_free((ECDSA_SIG *)(size_t)sig);
	return ok;
}

/* The length of the signature in out; 0: it could not be made. */
static size_t sign(EVP_PKEY *key, const char *input, size_t len,
		   uint8_t out[OIDC_SIGNATURE_MAX])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[OIDC_SIGNATURE_MAX];
	size_t n = sizeof(der);
	bool ok =
		ctx &&
		EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
		EVP_DigestSign(ctx, der, &n, (const uint8_t *)input, len) == 1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (!ok)
		return 0;
	if (EVP_PKEY_is_a(key, "EC"))
		return to_raw(der, n, out) ? 2 * P256 : 0;
	memcpy(out, der, n);
	return n;
}

static void put_base64url(struct strbuf *o, const void *bytes, size_t len)
{
	char text[BASE64URL(1024)];

	if (len > 1024) {
		o->is_cut = true;
		return;
	}
	base64url_build(text, bytes, len);
	strbuf_text(o, text);
}

/* Both id and end point have no quotes: they are checked when they are read. */
static void put_claims(struct strbuf *o, const struct oidc_client *c,
		       const char *audience)
{
	char claims[1024], id[BASE64URL(16)];
	uint8_t random[16];
	long long now_s = (long long)time(NULL);
	struct strbuf t;

	if (!random_fill(random, sizeof(random))) {
		o->is_cut = true;
		return;
	}
	base64url_build(id, random, sizeof(random));
	strbuf_init(&t, claims, sizeof(claims));
	strbuf_format(&t,
		      "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\","
		      "\"jti\":\"%s\",\"iat\":%lld,\"exp\":%lld}",
		      c->id, c->id, audience, id, now_s, now_s + ASSERTION_S);
	o->is_cut = o->is_cut || t.is_cut;
	put_base64url(o, claims, t.len);
}

static void put_assertion(struct strbuf *o, const struct oidc_client *c,
			  const char *audience)
{
	bool is_rsa = EVP_PKEY_is_a(c->key, "RSA");
	const char *header =
		is_rsa ? "{\"alg\":\"RS256\"}" : "{\"alg\":\"ES256\"}";
	uint8_t signature[OIDC_SIGNATURE_MAX];
	size_t from, len;

	strbuf_text(o,
		    "&client_assertion_type=" ASSERTION "&client_assertion=");
	from = o->len;
	put_base64url(o, header, strlen(header));
	strbuf_text(o, ".");
	put_claims(o, c, audience);
	len = o->is_cut ? 0
			: sign(c->key, o->at + from, o->len - from, signature);
	strbuf_text(o, ".");
	put_base64url(o, signature, len);
	o->is_cut = o->is_cut || !len;
}

/* In the header (RFC 6749, 2.3.1), or in the form where it must be. */
static void put_secret(struct strbuf *o, const struct oidc_client *c,
		       const struct oidc_document *d, struct fetch_url *url)
{
	char login[3 * (sizeof(c->id) + sizeof(c->secret))];
	struct strbuf t;

	if (d->wants_post) {
		put_field(o, "client_secret", c->secret);
		return;
	}
	strbuf_init(&t, login, sizeof(login));
	put_encoded(&t, c->id);
	strbuf_text(&t, ":");
	put_encoded(&t, c->secret);
	if (t.is_cut || t.len > FETCH_LOGIN_MAX) {
		o->is_cut = true;
		return;
	}
	snprintf(url->authorization, sizeof(url->authorization), "Basic ");
	crypto_base64(url->authorization + strlen("Basic "), login, t.len);
	explicit_bzero(login, sizeof(login));
}

bool oidc_client_build_request(const struct oidc_client *c,
			       const struct oidc_document *d,
			       const struct oidc_code *code,
			       struct fetch_url *url, char form[OIDC_FORM_MAX])
{
	struct strbuf o;

	if (!fetch_url_parse(url, d->token))
		return false;
	strbuf_init(&o, form, OIDC_FORM_MAX);
	strbuf_text(&o, "grant_type=authorization_code");
	put_field(&o, "code", code->code);
	put_field(&o, "redirect_uri", c->redirect);
	put_field(&o, "client_id", c->id);
	put_field(&o, "code_verifier", code->verifier);
	if (c->key)
		put_assertion(&o, c, d->token);
	else
		put_secret(&o, c, d, url);
	strbuf_bytes(&o, "", 1);
	return !o.is_cut;
}
