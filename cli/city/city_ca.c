/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_ca.h"

#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "common/city/city_login.h"

#define CURVE	     "P-256"
#define CA_YEARS     30
#define SERVER_YEARS 10
#define BEFORE_S     86400 /* clocks differ */
#define NAMES_MAX    (CITY_NODES_MAX * (CITY_NODE_MAX + 8))

static bool fail(char why[CITY_ERROR_MAX], const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = ERR_SYSTEM_ERROR(code)
				   ? strerror(ERR_GET_REASON(code))
				   : ERR_reason_error_string(code);

	snprintf(why, CITY_ERROR_MAX, "%.200s: %s", what,
		 text ? text : "not usable");
	ERR_clear_error();
	return false;
}

/* --- making ------------------------------------------------------------ */

static bool set_serial(X509 *cert)
{
	uint8_t bytes[16];
	BIGNUM *number = NULL;
	bool is_good = RAND_bytes(bytes, sizeof(bytes)) == 1;

	bytes[0] &= 0x7f; /* RFC 5280, 4.1.2.2: positive */
	if (is_good)
		number = BN_bin2bn(bytes, sizeof(bytes), NULL);
	is_good = number &&
		  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
	BN_free(number);
	return is_good;
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;
	bool is_good;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	e = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	is_good = e && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return is_good;
}

static bool set_name(X509 *cert, const char *name)
{
	return X509_NAME_add_entry_by_txt(
		       X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
		       (const unsigned char *)name, -1, -1, 0) == 1;
}

/* All but extensions and signature. */
static bool begin(struct city_ca *c, const char *name, int years)
{
	c->key = EVP_EC_gen(CURVE);
	c->cert = X509_new();
	return c->key && c->cert && X509_set_version(c->cert, 2) == 1 &&
	       set_serial(c->cert) && set_name(c->cert, name) &&
	       X509_gmtime_adj(X509_getm_notBefore(c->cert), -BEFORE_S) &&
	       X509_time_adj_ex(X509_getm_notAfter(c->cert), years * 365, 0,
				NULL) &&
	       X509_set_pubkey(c->cert, c->key) == 1;
}

bool city_ca_make(struct city_ca *ca, const char *city,
		  char why[CITY_ERROR_MAX])
{
	char name[CITY_NAME_MAX + 32];

	*ca = (struct city_ca){ 0 };
	snprintf(name, sizeof(name), "Stadttor city %s", city);
	if (!begin(ca, name, CA_YEARS) ||
	    X509_set_issuer_name(ca->cert, X509_get_subject_name(ca->cert)) !=
		    1 ||
	    !add_extension(ca->cert, ca->cert, NID_basic_constraints,
			   "critical,CA:TRUE,pathlen:0") ||
	    !add_extension(ca->cert, ca->cert, NID_key_usage,
			   "critical,keyCertSign,cRLSign") ||
	    !add_extension(ca->cert, ca->cert, NID_subject_key_identifier,
			   "hash") ||
	    !X509_sign(ca->cert, ca->key, EVP_sha256()))
		return fail(why, "the city's certificate");
	return true;
}

/* "DNS:store1.example,IP:192.0.2.1" */
static void name_hosts(const struct city_secret *s, char names[NAMES_MAX])
{
	struct city_server server;
	size_t used = 0;

	for (size_t i = 0; i < s->nodes; i++) {
		if (!city_server_parse(&server, s->node[i]))
			continue;
		used += (size_t)snprintf(names + used, NAMES_MAX - used,
					 "%s%s:%s", used ? "," : "",
					 server.is_address ? "IP" : "DNS",
					 server.host);
	}
}

bool city_ca_certify(const struct city_ca *ca, const struct city_secret *s,
		     struct city_ca *server, char why[CITY_ERROR_MAX])
{
	char names[NAMES_MAX];

	*server = (struct city_ca){ 0 };
	name_hosts(s, names);
	if (!begin(server, "Stadttor store", SERVER_YEARS) ||
	    X509_set_issuer_name(server->cert,
				 X509_get_subject_name(ca->cert)) != 1 ||
	    !add_extension(server->cert, ca->cert, NID_basic_constraints,
			   "critical,CA:FALSE") ||
	    !add_extension(server->cert, ca->cert, NID_key_usage,
			   "critical,digitalSignature") ||
	    /* replicas and Sentinel are clients of it */
	    !add_extension(server->cert, ca->cert, NID_ext_key_usage,
			   "serverAuth,clientAuth") ||
	    !add_extension(server->cert, ca->cert, NID_authority_key_identifier,
			   "keyid") ||
	    !add_extension(server->cert, ca->cert, NID_subject_alt_name,
			   names) ||
	    !X509_sign(server->cert, ca->key, EVP_sha256()))
		return fail(why, "the store's certificate");
	return true;
}

/* --- reading and judging ----------------------------------------------- */

static int no_passphrase(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

bool city_ca_read(struct city_ca *ca, const char *cert, const char *key,
		  char why[CITY_ERROR_MAX])
{
	BIO *file = BIO_new_file(cert, "r");

	*ca = (struct city_ca){ 0 };
	if (file)
		ca->cert = PEM_read_bio_X509(file, NULL, no_passphrase, NULL);
	BIO_free(file);
	if (!ca->cert)
		return fail(why, cert);
	if (!key)
		return true;
	file = BIO_new_file(key, "r");
	if (file)
		ca->key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase,
						  NULL);
	BIO_free(file);
	if (!ca->key)
		return fail(why, key);
	if (X509_check_private_key(ca->cert, ca->key) == 1)
		return true;
	ERR_clear_error();
	snprintf(why, CITY_ERROR_MAX, "%.120s is not the key of %.120s", key,
		 cert);
	return false;
}

void city_ca_clear(struct city_ca *ca)
{
	X509_free(ca->cert);
	EVP_PKEY_free(ca->key);
	*ca = (struct city_ca){ 0 };
}

static int judge(const struct city_ca *ca, const struct city_ca *server,
		 const char *host)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (store && ctx && X509_STORE_add_cert(store, ca->cert) == 1 &&
	    X509_STORE_CTX_init(ctx, store, server->cert, NULL) == 1 &&
	    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) == 1) {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);

		if (X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1 ||
		    X509_VERIFY_PARAM_set1_host(p, host, 0) == 1)
			error = X509_verify_cert(ctx) == 1
					? X509_V_OK
					: X509_STORE_CTX_get_error(ctx);
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	ERR_clear_error();
	return error;
}

bool city_ca_is_for(const struct city_ca *ca, const struct city_ca *server,
		    const struct city_secret *s, char why[CITY_ERROR_MAX])
{
	struct city_server node;
	int error;

	for (size_t i = 0; i < s->nodes; i++) {
		error = city_server_parse(&node, s->node[i])
				? judge(ca, server, node.host)
				: X509_V_ERR_HOSTNAME_MISMATCH;
		if (error == X509_V_OK)
			continue;
		snprintf(why, CITY_ERROR_MAX,
			 "the store's certificate will not do for %.160s: %s",
			 s->node[i], X509_verify_cert_error_string(error));
		return false;
	}
	return true;
}

int64_t city_ca_days_left(const struct city_ca *server, int64_t now_s)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(server->cert), &tm) != 1)
		return -1;
	return ((int64_t)timegm(&tm) - now_s) / 86400;
}

bool city_ca_print_cert(const struct city_ca *ca, FILE *out)
{
	return PEM_write_X509(out, ca->cert) == 1;
}

bool city_ca_print_key(const struct city_ca *ca, FILE *out)
{
	return PEM_write_PrivateKey(out, ca->key, NULL, NULL, 0, NULL, NULL) ==
	       1;
}
