/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tokens, keys, claims, states and requests of accounts, without a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "common/array.h"
#include "common/config/tariff.h"
#include "portal/oidc/oidc_claims.h"
#include "portal/oidc/oidc_client.h"
#include "portal/oidc/oidc_json.h"
#include "portal/oidc/oidc_jwt.h"
#include "portal/oidc/oidc_keys.h"
#include "portal/oidc/oidc_provider.h"
#include "portal/oidc/oidc_state.h"
#include "portal/util/base64url.h"

#define NOW    1800000000
#define ISSUER "https://id.example"
#define CLIENT "stadttor"
#define NONCE  "n-0S6_WzA2Mj"
#define RS256  "{\"alg\":\"RS256\",\"kid\":\"r1\"}"
#define ES256  "{\"alg\":\"ES256\",\"kid\":\"e1\"}"
#define CLAIMS                                                                 \
	"{\"iss\":\"" ISSUER "\",\"aud\":\"" CLIENT "\",\"sub\":\"s\","        \
	"\"nonce\":\"" NONCE "\",\"iat\":1799999990,\"exp\":1800000600}"

static EVP_PKEY *rsa, *other_rsa, *ec;
static struct oidc_keys *keys;
static char jwks[4096];

/* --- making keys and tokens --------------------------------------------- */

static void put_number(char *out, const EVP_PKEY *key, const char *what,
		       int len)
{
	uint8_t bytes[512];
	BIGNUM *n = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, what, &n), 1);
	if (!len)
		len = BN_num_bytes(n);
	assert_int_equal(BN_bn2binpad(n, bytes, len), len);
	base64url_build(out, bytes, (size_t)len);
	BN_free(n);
}

static int start(void **state)
{
	char n[800], e[16], x[64], y[64];

	(void)state;
	rsa = EVP_RSA_gen(2048);
	other_rsa = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	put_number(n, rsa, OSSL_PKEY_PARAM_RSA_N, 0);
	put_number(e, rsa, OSSL_PKEY_PARAM_RSA_E, 0);
	put_number(x, ec, OSSL_PKEY_PARAM_EC_PUB_X, 32);
	put_number(y, ec, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
	snprintf(
		jwks, sizeof(jwks),
		"{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r1\",\"use\":\"sig\","
		"\"alg\":\"RS256\",\"n\":\"%s\",\"e\":\"%s\"},"
		"{\"kty\":\"EC\",\"kid\":\"e1\",\"crv\":\"P-256\",\"x\":\"%s\","
		"\"y\":\"%s\"},{\"kty\":\"oct\",\"kid\":\"o1\",\"k\":\"c2VjcmV0"
		"\"}]}",
		n, e, x, y);
	keys = oidc_keys_parse(jwks, strlen(jwks));
	return keys ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	oidc_keys_free(keys);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other_rsa);
	EVP_PKEY_free(ec);
	return 0;
}

static size_t sign(EVP_PKEY *key, const char *input, uint8_t out[512])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[512];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key),
			 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &len, (const uint8_t *)input,
					strlen(input)),
			 1);
	EVP_MD_CTX_free(ctx);
	if (!EVP_PKEY_is_a(key, "EC")) {
		memcpy(out, der, len);
		return len;
	}
	sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32);
	ECDSA_SIG_free(sig);
	return 64;
}

/* key: NULL: the signature is empty. */
static const char *token(const char *header, const char *claims, EVP_PKEY *key)
{
	static char text[8192];
	uint8_t signature[512];
	size_t len;

	base64url_build(text, header, strlen(header));
	strcat(text, ".");
	base64url_build(text + strlen(text), claims, strlen(claims));
	len = key ? sign(key, text, signature) : 0;
	strcat(text, ".");
	base64url_build(text + strlen(text), signature, len);
	return text;
}

/* "RS256 key confusion": the public key as the secret of a MAC. */
static const char *token_of_mac(void)
{
	static char text[8192];
	uint8_t mac[32];
	unsigned int len = sizeof(mac);

	snprintf(text, sizeof(text), "%s",
		 token("{\"alg\":\"HS256\",\"kid\":\"r1\"}", CLAIMS, NULL));
	text[strlen(text) - 1] = '\0';
	HMAC(EVP_sha256(), jwks, (int)strlen(jwks), (uint8_t *)text,
	     strlen(text), mac, &len);
	strcat(text, ".");
	base64url_build(text + strlen(text), mac, len);
	return text;
}

static enum oidc_verdict verdict_on(const char *text)
{
	enum oidc_verdict verdict;
	json_object *claims = oidc_jwt_verify(text, keys, &verdict);

	assert_int_equal(claims != NULL, verdict == OIDC_SIGNED);
	json_object_put(claims);
	return verdict;
}

/* --- signatures --------------------------------------------------------- */

static void test_good_tokens(void **state)
{
	(void)state;
	assert_int_equal(oidc_keys_count(keys), 2);
	assert_int_equal(verdict_on(token(RS256, CLAIMS, rsa)), OIDC_SIGNED);
	assert_int_equal(verdict_on(token(ES256, CLAIMS, ec)), OIDC_SIGNED);
	assert_int_equal(verdict_on(token("{\"alg\":\"RS256\"}", CLAIMS, rsa)),
			 OIDC_SIGNED);
}

static void test_refused_algorithms(void **state)
{
	static const char *const headers[] = {
		"{\"alg\":\"none\"}",
		"{\"alg\":\"None\",\"kid\":\"r1\"}",
		"{\"alg\":\"HS256\",\"kid\":\"o1\"}",
		"{\"alg\":\"HS256\",\"kid\":\"r1\"}",
		"{\"alg\":\"RS384\",\"kid\":\"r1\"}",
		"{\"alg\":\"PS256\",\"kid\":\"r1\"}",
		"{\"alg\":\"rs256\",\"kid\":\"r1\"}",
		"{\"alg\":\"\",\"kid\":\"r1\"}",
		"{\"kid\":\"r1\"}",
		"{\"alg\":[\"RS256\"],\"kid\":\"r1\"}",
		"{\"alg\":\"RS256\",\"kid\":\"r1\",\"crit\":[\"b64\"]}",
		"{\"alg\":\"RS256\",\"kid\":\"r1\",\"b64\":false}",
		"{\"alg\":\"RS256\",\"kid\":7}",
		"[\"RS256\"]",
		"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		if (verdict_on(token(headers[i], CLAIMS, rsa)) != OIDC_FORGED)
			fail_msg("%s is taken", headers[i]);
		if (verdict_on(token(headers[i], CLAIMS, NULL)) != OIDC_FORGED)
			fail_msg("%s is taken unsigned", headers[i]);
	}
	assert_int_equal(verdict_on(token_of_mac()), OIDC_FORGED);
}

static void test_wrong_keys(void **state)
{
	char text[8192];

	(void)state;
	assert_int_equal(verdict_on(token(RS256, CLAIMS, other_rsa)),
			 OIDC_FORGED);
	assert_int_equal(verdict_on(token(RS256, CLAIMS, ec)), OIDC_FORGED);
	assert_int_equal(verdict_on(token(ES256, CLAIMS, rsa)), OIDC_FORGED);
	assert_int_equal(verdict_on(token("{\"alg\":\"RS256\",\"kid\":\"e1\"}",
					  CLAIMS, rsa)),
			 OIDC_KEY_UNKNOWN);
	assert_int_equal(verdict_on(token("{\"alg\":\"RS256\",\"kid\":\"r2\"}",
					  CLAIMS, rsa)),
			 OIDC_KEY_UNKNOWN);
	/* every bit of it counts */
	snprintf(text, sizeof(text), "%s", token(RS256, CLAIMS, rsa));
	for (size_t i = 0; i < strlen(text); i += 7) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		if (verdict_on(text) == OIDC_SIGNED)
			fail_msg("changed at %zu", i);
		text[i] = was;
	}
}

static void test_no_tokens(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"..",
		"...",
		"a.b",
		"a.b.c",
		"e30.e30.",
		"e30.e30.e30",
		"e30.e30.e30.e30.e30",
		"e30=.e30.e30",
	};
	char *lengthy = malloc(OIDC_TOKEN_MAX + 10);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(verdict_on(texts[i]), OIDC_FORGED);
	memset(lengthy, 'A', OIDC_TOKEN_MAX + 9);
	lengthy[4] = lengthy[8] = '.';
	lengthy[OIDC_TOKEN_MAX + 9] = '\0';
	assert_int_equal(verdict_on(lengthy), OIDC_FORGED);
	free(lengthy);
}

static void test_refused_keys(void **state)
{
	static const char *const sets[] = {
		"",
		"{}",
		"[]",
		"{\"keys\":{}}",
		"{\"keys\":[]}",
		"{\"keys\":[7,null,\"\",{}]}",
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
		/* short, even exponent */
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"sXch\",\"e\":\"AQAB\"}]}",
		/* not on the curve */
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		"\"AAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\",\"y\":"
		"\"AAAAAAAAAAAAAAAAAAAAAAA"
		"AAAAAAAAAAAAAAAAAAAE\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		if (oidc_keys_parse(sets[i], strlen(sets[i])))
			fail_msg("%s", sets[i]);
}

/* Two keys that fit, and no name: which it is is not guessed. */
static void test_ambiguous_key(void **state)
{
	char set[8192];
	enum oidc_verdict verdict;
	struct oidc_keys *two;

	(void)state;
	snprintf(set, sizeof(set), "{\"keys\":[%.*s,%s",
		 (int)strcspn(jwks, "}") - 8, jwks + 9, strchr(jwks, '[') + 1);
	two = oidc_keys_parse(set, strlen(set));
	assert_non_null(two);
	assert_int_equal(oidc_keys_count(two), 3);
	assert_null(oidc_jwt_verify(token("{\"alg\":\"RS256\"}", CLAIMS, rsa),
				    two, &verdict));
	assert_int_equal(verdict, OIDC_KEY_UNKNOWN);
	oidc_keys_free(two);
}

/* --- claims ------------------------------------------------------------- */

static const struct oidc_expected expected = { ISSUER, CLIENT, NONCE, NOW };

static const char *judge_id(const char *claims)
{
	json_object *o = oidc_json_parse(claims, strlen(claims));
	const char *why;

	if (!o)
		fail_msg("%s", claims);
	why = oidc_claims_check_id(o, &expected);
	json_object_put(o);
	return why;
}

#define ID(iss, aud, rest)                                                     \
	"{\"iss\":\"" iss "\",\"aud\":" aud ",\"sub\":\"s\"," rest "}"
#define TIMES	   "\"iat\":1799999990,\"exp\":1800000600"
#define GOOD_NONCE ",\"nonce\":\"" NONCE "\""

static void test_id_claims(void **state)
{
	static const char *const good[] = {
		CLAIMS,
		ID(ISSUER, "[\"" CLIENT "\"]", TIMES GOOD_NONCE),
		ID(ISSUER, "[\"x\",\"" CLIENT "\"]",
		   "\"azp\":\"" CLIENT "\"," TIMES GOOD_NONCE),
		/* clocks differ a little */
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"iat\":1800000059,\"exp\":1800000600" GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"iat\":1799999000,\"exp\":1799999941" GOOD_NONCE),
	};
	static const char *const bad[] = {
		ID("https://evil.example", "\"" CLIENT "\"", TIMES GOOD_NONCE),
		ID(ISSUER "/", "\"" CLIENT "\"", TIMES GOOD_NONCE),
		ID(ISSUER, "\"other\"", TIMES GOOD_NONCE),
		ID(ISSUER, "[]", TIMES GOOD_NONCE),
		ID(ISSUER, "[\"x\",\"" CLIENT "\"]", TIMES GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"azp\":\"other\"," TIMES GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"", TIMES),
		ID(ISSUER, "\"" CLIENT "\"", TIMES ",\"nonce\":\"other\""),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"iat\":1799999000,\"exp\":1799999940" GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"iat\":1800000061,\"exp\":1800000600" GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"nbf\":1800000061," TIMES GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"", "\"iat\":1799999990" GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"", "\"exp\":1800000600" GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"iat\":\"1799999990\",\"exp\":1800000600" GOOD_NONCE),
		ID(ISSUER, "\"" CLIENT "\"",
		   "\"iat\":-1,\"exp\":1e300" GOOD_NONCE),
		"{\"iss\":\"" ISSUER "\",\"aud\":\"" CLIENT
		"\"," TIMES GOOD_NONCE "}",
		"{}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (judge_id(good[i]))
			fail_msg("%s: %s", good[i], judge_id(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!judge_id(bad[i]))
			fail_msg("%s is taken", bad[i]);
}

#define EVENT                                                                  \
	"\"events\":{\"http://schemas.openid.net/event/"                       \
	"backchannel-logout\":{}}"

static void test_logout_claims(void **state)
{
	static const struct {
		const char *claims;
		bool is_good;
	} cases[] = {
		{ ID(ISSUER, "\"" CLIENT "\"", TIMES ",\"sid\":\"a\"," EVENT),
		  true },
		{ ID(ISSUER, "\"" CLIENT "\"", TIMES "," EVENT), false },
		{ ID(ISSUER, "\"" CLIENT "\"", TIMES ",\"sid\":\"a\""), false },
		{ ID(ISSUER, "\"" CLIENT "\"",
		     TIMES ",\"sid\":\"a\"," EVENT GOOD_NONCE),
		  false }, /* an ID token */
		{ ID(ISSUER, "\"other\"", TIMES ",\"sid\":\"a\"," EVENT),
		  false },
		{ ID(ISSUER, "\"" CLIENT "\"",
		     "\"iat\":1799999600,\"sid\":\"a\"," EVENT),
		  false }, /* replayed */
		{ ID(ISSUER, "\"" CLIENT "\"",
		     TIMES ",\"sid\":\"a\",\"events\":{\"other\":{}}"),
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_object *o = oidc_json_parse(cases[i].claims,
						 strlen(cases[i].claims));

		if (!oidc_claims_check_logout(o, &expected) != cases[i].is_good)
			fail_msg("%s", cases[i].claims);
		json_object_put(o);
	}
}

/* --- tariffs ------------------------------------------------------------ */

static void test_tariffs(void **state)
{
	static const char *const good[] = { "*:0:0:8h", "role=x:5mbit:0:0",
					    "a=b:c:8kbit:8kbit:365d" };
	static const char *const bad[] = { "",
					   "*",
					   "*:0:0",
					   "*:0:0:8x",
					   "x:0:0:8h",
					   "=x:0:0:8h",
					   "a=:0:0:8h",
					   "a=b:1kbit:0:8h",
					   "a=b:0:0:366d" };
	static char *list[] = { (char *)"role=pupil:20mbit:5mbit:1d",
				(char *)"groups=staff:0:0:2d" };
	struct zone_settings z = { .tariff = { list, ARRAY_SIZE(list) } };
	static const struct {
		const char *claims;
		bool fits;
		uint64_t duration_s, down_bps;
	} cases[] = {
		{ "{\"role\":\"pupil\"}", true, 86400, 20000000 },
		{ "{\"groups\":[\"a\",\"staff\"]}", true, 172800, 0 },
		{ "{\"role\":\"pupils\"}", false, 0, 0 },
		{ "{\"groups\":[[\"staff\"]]}", false, 0, 0 },
		{ "{}", false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(tariff_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (tariff_is_valid(bad[i]))
			fail_msg("%s", bad[i]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_object *o = oidc_json_parse(cases[i].claims,
						 strlen(cases[i].claims));
		struct ipc_limits l = { 0 };

		assert_int_equal(oidc_claims_tariff(o, &z, &l), cases[i].fits);
		assert_int_equal(l.duration_s, cases[i].duration_s);
		assert_int_equal(l.down_bps, cases[i].down_bps);
		json_object_put(o);
	}
}

/* --- states ------------------------------------------------------------- */

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text));
	return a;
}

static void test_state(void **state)
{
	struct oidc_state_key *k = oidc_state_key_new();
	struct oidc_state_key *other = oidc_state_key_new();
	struct addr phone = address("10.20.0.9"), next = address("10.20.0.8");
	struct oidc_place place = { "guest", &phone };
	struct oidc_place elsewhere = { "guest", &next };
	struct oidc_place zone = { "staff", &phone };
	struct oidc_state s, opened;
	char text[OIDC_STATE_MAX], again[OIDC_STATE_MAX];

	(void)state;
	assert_true(oidc_state_begin(k, &s, 1000));
	s.terms = 7;
	strcpy(s.lang, "de-simple");
	assert_true(oidc_state_seal(k, &s, &place, text));
	assert_true(oidc_state_seal(k, &s, &place, again));
	assert_string_not_equal(text, again);
	assert_true(oidc_state_open(k, text, &place, 1000, &opened));
	assert_int_equal(opened.terms, 7);
	assert_string_equal(opened.lang, "de-simple");
	assert_string_equal(opened.nonce, s.nonce);
	assert_string_equal(opened.verifier, s.verifier);
	assert_int_equal(strlen(s.verifier), 43);
	assert_string_not_equal(s.nonce, s.verifier);
	/* another device, zone, process, too late, before it began */
	assert_false(oidc_state_open(k, text, &elsewhere, 1000, &opened));
	assert_false(oidc_state_open(k, text, &zone, 1000, &opened));
	assert_false(oidc_state_open(other, text, &place, 1000, &opened));
	assert_true(oidc_state_open(k, text, &place, 1000 + OIDC_STATE_AGE_MS,
				    &opened));
	assert_false(oidc_state_open(k, text, &place, 1001 + OIDC_STATE_AGE_MS,
				     &opened));
	assert_false(oidc_state_open(k, text, &place, 999, &opened));
	for (size_t i = 0; i < strlen(text); i++) {
		char was = text[i];

		text[i] = was == 'A' ? 'B' : 'A';
		if (oidc_state_open(k, text, &place, 1000, &opened))
			fail_msg("changed at %zu", i);
		text[i] = was;
	}
	text[strlen(text) - 4] = '\0';
	assert_false(oidc_state_open(k, text, &place, 1000, &opened));
	assert_false(oidc_state_open(k, "", &place, 1000, &opened));
	assert_int_equal(oidc_state_tag(k, "sid"), oidc_state_tag(k, "sid"));
	assert_int_not_equal(oidc_state_tag(k, "sid"),
			     oidc_state_tag(other, "sid"));
	oidc_state_key_free(k);
	oidc_state_key_free(other);
}

/* --- discovery ---------------------------------------------------------- */

#define DOCUMENT(iss, token, more)                                             \
	"{\"issuer\":\"" iss "\",\"authorization_endpoint\":\"" ISSUER         \
	"/auth?a=b\",\"token_endpoint\":\"" token "\",\"jwks_uri\":\"" ISSUER  \
	"/jwks\"" more "}"

static void test_document(void **state)
{
	static const char good[] = DOCUMENT(
		ISSUER, ISSUER "/token",
		",\"authorization_response_iss_parameter_supported\":true,"
		"\"token_endpoint_auth_methods_supported\":[\"client_secret_"
		"post\"]");
	static const char *const bad[] = {
		DOCUMENT("https://evil.example", ISSUER "/token", ""),
		DOCUMENT(ISSUER, "http://id.example/token", ""),
		DOCUMENT(ISSUER, "https://id.example/\\\"x", ""),
		DOCUMENT(ISSUER, "javascript:1", ""),
		"{}",
		"[]",
		"",
		"nonsense",
	};
	struct oidc_document d;
	const char *why;

	(void)state;
	assert_true(oidc_document_parse(good, strlen(good), ISSUER, &d, &why));
	assert_true(d.names_issuer && d.wants_post);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (oidc_document_parse(bad[i], strlen(bad[i]), ISSUER, &d,
					&why))
			fail_msg("%s", bad[i]);
}

/* --- requests ----------------------------------------------------------- */

static struct oidc_client *client_of(const char *path, bool is_key)
{
	static struct settings s;
	char error[256] = "";
	struct oidc_client *c;

	s = (struct settings){ .portal.hostname = (char *)"portal.test" };
	s.oidc = (struct oidc_settings){ .client = (char *)CLIENT,
					 .scope = (char *)"openid roles",
					 .secret = (char *)"",
					 .key = (char *)"" };
	*(is_key ? &s.oidc.key : &s.oidc.secret) = (char *)(size_t)path;
	c = oidc_client_new(&s, error, sizeof(error));
	if (!c)
		print_message("%s\n", error);
	return c;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_requests(void **state)
{
	static char form[OIDC_FORM_MAX];
	static const char document[] = DOCUMENT(ISSUER, ISSUER "/token", "");
	char path[] = "/tmp/stadttor-oidc-XXXXXX", url[OIDC_URL_MAX];
	struct oidc_state s = { .nonce = "N", .challenge = "C" };
	struct oidc_document d;
	struct fetch_url to;
	struct oidc_client *c;
	const char *why;

	(void)state;
	close(mkstemp(path));
	assert_true(oidc_document_parse(document, strlen(document), ISSUER, &d,
					&why));
	write_file(path, "s&cret\n");
	c = client_of(path, false);
	assert_non_null(c);
	assert_true(oidc_client_build_url(c, &d, &s, "S", url));
	assert_string_equal(url, ISSUER
			    "/auth?a=b&response_type=code&client_id=stadttor"
			    "&redirect_uri=https%3A%2F%2Fportal.test%2Foidc"
			    "&scope=openid%20roles&state=S&nonce=N"
			    "&code_challenge=C&code_challenge_method=S256");
	assert_true(oidc_client_build_request(
		c, &d, &(struct oidc_code){ "a b", "V" }, &to, form));
	assert_string_equal(form, "grant_type=authorization_code&code=a%20b"
				  "&redirect_uri=https%3A%2F%2Fportal.test%2F"
				  "oidc&client_id=stadttor&code_verifier=V");
	assert_string_equal(to.authorization, "Basic c3RhZHR0b3I6cyUyNmNyZXQ=");
	d.wants_post = true;
	assert_true(oidc_client_build_request(
		c, &d, &(struct oidc_code){ "a", "V" }, &to, form));
	assert_non_null(strstr(form, "&client_secret=s%26cret"));
	assert_string_equal(to.authorization, "");
	oidc_client_free(c);
	write_file(path, "");
	assert_null(client_of(path, false));
	assert_null(client_of(path, true));
	assert_null(client_of("/nowhere/secret", false));
	unlink(path);
}

/* The assertion is signed so that our own verifier takes it. */
static void test_assertion(void **state)
{
	static char form[OIDC_FORM_MAX];
	static const char document[] = DOCUMENT(ISSUER, ISSUER "/token", "");
	char path[] = "/tmp/stadttor-oidc-XXXXXX";
	EVP_PKEY *const pair[] = { rsa, ec };
	struct oidc_document d;
	struct fetch_url to;
	const char *why, *at;

	(void)state;
	close(mkstemp(path));
	assert_true(oidc_document_parse(document, strlen(document), ISSUER, &d,
					&why));
	for (size_t i = 0; i < ARRAY_SIZE(pair); i++) {
		FILE *f = fopen(path, "w");
		enum oidc_verdict verdict;
		struct oidc_client *c;
		json_object *claims;

		PEM_write_PrivateKey(f, pair[i], NULL, NULL, 0, NULL, NULL);
		fclose(f);
		c = client_of(path, true);
		assert_non_null(c);
		assert_true(oidc_client_build_request(
			c, &d, &(struct oidc_code){ "a", "V" }, &to, form));
		at = strstr(form, "&client_assertion=");
		assert_non_null(at);
		claims = oidc_jwt_verify(at + strlen("&client_assertion="),
					 keys, &verdict);
		assert_int_equal(verdict, OIDC_SIGNED);
		assert_true(oidc_json_has(claims, "aud", ISSUER "/token"));
		assert_true(oidc_json_has(claims, "sub", CLIENT));
		json_object_put(claims);
		oidc_client_free(c);
	}
	unlink(path);
}

static void test_base64url(void **state)
{
	uint8_t bytes[8];
	char text[BASE64URL(sizeof(bytes))];

	(void)state;
	assert_int_equal(base64url_parse("_-8", 3, bytes, 8), 2);
	base64url_build(text, bytes, 2);
	assert_string_equal(text, "_-8");
	assert_int_equal(base64url_parse("", 0, bytes, 8), 0);
	assert_int_equal(base64url_parse("_-9", 3, bytes, 8), -1);
	assert_int_equal(base64url_parse("A", 1, bytes, 8), -1);
	assert_int_equal(base64url_parse("AA==", 4, bytes, 8), -1);
	assert_int_equal(base64url_parse("AAAA", 4, bytes, 2), -1);
	assert_int_equal(base64url_parse("A+AA", 4, bytes, 8), -1);
	assert_int_equal(base64url_parse("A\0AA", 4, bytes, 8), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_tokens),
		cmocka_unit_test(test_refused_algorithms),
		cmocka_unit_test(test_wrong_keys),
		cmocka_unit_test(test_no_tokens),
		cmocka_unit_test(test_refused_keys),
		cmocka_unit_test(test_ambiguous_key),
		cmocka_unit_test(test_id_claims),
		cmocka_unit_test(test_logout_claims),
		cmocka_unit_test(test_tariffs),
		cmocka_unit_test(test_state),
		cmocka_unit_test(test_document),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_assertion),
		cmocka_unit_test(test_base64url),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
