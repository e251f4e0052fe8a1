/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/oidc/oidc_state.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/random.h"
#include "common/sha256.h"
#include "portal/util/base64url.h"

#define NONCE 12
#define TAG   16
#define KEY   32

/* What is sealed, as it is. */
struct content {
	uint64_t begun_ms;
	uint32_t terms;
	char lang[OIDC_LANG_MAX];
	uint8_t seed[16];
};

struct sealed {
	uint8_t nonce[NONCE];
	uint8_t content[sizeof(struct content)];
	uint8_t tag[TAG];
};

struct oidc_state_key {
	uint8_t seal[KEY];
	uint8_t derive[KEY]; /* for what a login is proven by */
};

_Static_assert(BASE64URL(sizeof(struct sealed)) <= OIDC_STATE_MAX,
	       "a state as text is too long");

struct oidc_state_key *oidc_state_key_new(void)
{
	struct oidc_state_key *k = calloc(1, sizeof(*k));

	if (k && random_fill(k, sizeof(*k)))
		return k;
	free(k);
	return NULL;
}

void oidc_state_key_free(struct oidc_state_key *k)
{
	if (k)
		explicit_bzero(k, sizeof(*k));
	free(k);
}

/* --- what is derived ---------------------------------------------------- */

static void derive(const struct oidc_state_key *k, const char *what,
		   const void *bytes, size_t len, uint8_t out[SHA256_SIZE])
{
	struct hmac_key hk;
	struct sha256 s;

	hmac_key_init(&hk, k->derive, sizeof(k->derive));
	hmac_start(&hk, &s);
	sha256_add(&s, what, strlen(what) + 1);
	sha256_add(&s, bytes, len);
	hmac_end(&hk, &s, out);
	explicit_bzero(&hk, sizeof(hk));
}

static void fill_proofs(const struct oidc_state_key *k, struct oidc_state *s)
{
	uint8_t digest[SHA256_SIZE];
	struct sha256 hash;

	derive(k, "nonce", s->seed, sizeof(s->seed), digest);
	base64url_build(s->nonce, digest, sizeof(digest));
	derive(k, "verifier", s->seed, sizeof(s->seed), digest);
	base64url_build(s->verifier, digest, sizeof(digest));
	sha256_init(&hash);
	sha256_add(&hash, s->verifier, strlen(s->verifier));
	sha256_end(&hash, digest);
	base64url_build(s->challenge, digest, sizeof(digest));
}

uint64_t oidc_state_tag(const struct oidc_state_key *k, const char *session)
{
	uint8_t digest[SHA256_SIZE];
	uint64_t tag;

	derive(k, "session", session, strlen(session), digest);
	memcpy(&tag, digest, sizeof(tag));
	return tag == 0 || tag == UINT64_MAX ? 1 : tag;
}

bool oidc_state_begin(const struct oidc_state_key *k, struct oidc_state *s,
		      uint64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->begun_ms = now_ms;
	if (!random_fill(s->seed, sizeof(s->seed)))
		return false;
	fill_proofs(k, s);
	return true;
}

/* --- the seal ----------------------------------------------------------- */

/* The place is authenticated, and in nothing that is sent. */
static bool add_place(EVP_CIPHER_CTX *ctx, const struct oidc_place *p)
{
	uint8_t bytes[IPC_ZONE_NAME_MAX + 1 + 16] = { 0 };
	int n;

	strncpy((char *)bytes, p->zone, IPC_ZONE_NAME_MAX);
	bytes[IPC_ZONE_NAME_MAX] = (uint8_t)p->client->family;
	memcpy(bytes + IPC_ZONE_NAME_MAX + 1, p->client->byte,
	       addr_len(p->client));
	return EVP_CipherUpdate(ctx, NULL, &n, bytes, sizeof(bytes)) == 1;
}

/* encrypts: 1 or 0; from and to have the size of the content. */
static bool apply(const struct oidc_state_key *k, const struct oidc_place *p,
		  int encrypts, struct sealed *sealed, struct content *content)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t *plain = (uint8_t *)content;
	uint8_t *out = encrypts ? sealed->content : plain;
	const uint8_t *in = encrypts ? plain : sealed->content;
	int n;
	bool ok =
		ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, k->seal,
					 sealed->nonce, encrypts) == 1;

	ok = ok && add_place(ctx, p) &&
	     EVP_CipherUpdate(ctx, out, &n, in, sizeof(*content)) == 1 &&
	     (encrypts || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG,
					      sealed->tag) == 1) &&
	     EVP_CipherFinal_ex(ctx, out + n, &n) == 1 &&
	     (!encrypts || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG,
					       sealed->tag) == 1);
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

bool oidc_state_seal(const struct oidc_state_key *k, const struct oidc_state *s,
		     const struct oidc_place *place, char out[OIDC_STATE_MAX])
{
	struct content c = { .begun_ms = s->begun_ms, .terms = s->terms };
	struct sealed sealed;
	bool ok;

	memcpy(c.lang, s->lang, sizeof(c.lang));
	memcpy(c.seed, s->seed, sizeof(c.seed));
	ok = random_fill(sealed.nonce, sizeof(sealed.nonce)) &&
	     apply(k, place, 1, &sealed, &c);
	if (ok)
		base64url_build(out, &sealed, sizeof(sealed));
	explicit_bzero(&c, sizeof(c));
	return ok;
}

bool oidc_state_open(const struct oidc_state_key *k, const char *text,
		     const struct oidc_place *place, uint64_t now_ms,
		     struct oidc_state *s)
{
	struct sealed sealed;
	struct content c;
	bool ok = base64url_parse(text, strlen(text), &sealed,
				  sizeof(sealed)) == sizeof(sealed) &&
		  apply(k, place, 0, &sealed, &c) && c.begun_ms <= now_ms &&
		  now_ms - c.begun_ms <= OIDC_STATE_AGE_MS;

	memset(s, 0, sizeof(*s));
	if (!ok)
		return false;
	s->begun_ms = c.begun_ms;
	s->terms = c.terms;
	memcpy(s->lang, c.lang, sizeof(s->lang));
	s->lang[sizeof(s->lang) - 1] = '\0';
	memcpy(s->seed, c.seed, sizeof(s->seed));
	fill_proofs(k, s);
	explicit_bzero(&c, sizeof(c));
	return true;
}
