/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/certificate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

static bool PRINTF_LIKE(2, 3) unfit(char *why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, CERTIFICATE_WHY_MAX, fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return false;
}

static const char *reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(code)
				   ? strerror(ERR_GET_REASON(code))
				   : ERR_reason_error_string(code);

	return text ? text : "not usable";
}

/* The portal asks nobody either. */
static int no_passphrase(char *buf, int size, int is_writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)is_writing;
	(void)arg;
	return -1;
}

static bool read_chain(struct certificate *c)
{
	BIO *file = BIO_new_file(c->file, "r");
	X509 *next;

	if (!file)
		return false;
	c->leaf = PEM_read_bio_X509(file, NULL, no_passphrase, NULL);
	c->others = sk_X509_new_null();
	while (c->leaf && c->others &&
	       (next = PEM_read_bio_X509(file, NULL, no_passphrase, NULL)))
		if (!sk_X509_push(c->others, next))
			X509_free(next);
	BIO_free(file);
	return c->leaf && c->others;
}

static bool read_key(struct certificate *c, const char *path)
{
	BIO *file = BIO_new_file(path, "r");

	if (!file)
		return false;
	c->key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
	BIO_free(file);
	return c->key != NULL;
}

bool certificate_read(struct certificate *c, const char *file, const char *key,
		      char why[CERTIFICATE_WHY_MAX])
{
	*c = (struct certificate){ .file = file };
	if (!read_chain(c))
		return unfit(why, "%s: %s", file, reason());
	ERR_clear_error(); /* the end of the file was one */
	if (!read_key(c, key))
		return unfit(why, "%s: %s", key, reason());
	if (X509_check_private_key(c->leaf, c->key) != 1)
		return unfit(why, "%s is not the key of %s", key, file);
	return true;
}

void certificate_clear(struct certificate *c)
{
	X509_free(c->leaf);
	sk_X509_pop_free(c->others, X509_free);
	EVP_PKEY_free(c->key);
}

static time_t seconds_of(const ASN1_TIME *t)
{
	struct tm tm;

	return ASN1_TIME_to_tm(t, &tm) ? timegm(&tm) : 0;
}

time_t certificate_begin(const struct certificate *c)
{
	return seconds_of(X509_get0_notBefore(c->leaf));
}

time_t certificate_end(const struct certificate *c)
{
	return seconds_of(X509_get0_notAfter(c->leaf));
}

static int verify(const struct certificate *c, const char *hostname)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (store && ctx && X509_STORE_set_default_paths(store) &&
	    X509_STORE_CTX_init(ctx, store, c->leaf, c->others) &&
	    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) &&
	    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx),
					hostname, 0))
		error = X509_verify_cert(ctx) == 1
				? X509_V_OK
				: X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return error;
}

bool certificate_is_trusted(const struct certificate *c, const char *hostname,
			    char why[CERTIFICATE_WHY_MAX])
{
	int error = verify(c, hostname);

	if (error == X509_V_ERR_HOSTNAME_MISMATCH)
		return unfit(why, "%s is not for %s", c->file, hostname);
	if (error != X509_V_OK)
		return unfit(why, "%s: phones will not trust it: %s", c->file,
			     X509_verify_cert_error_string(error));
	return true;
}
