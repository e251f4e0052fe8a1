/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/dns/dns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "cli/netctl_call.h"
#include "portal/guest/captive.h"

#define TCP_LISTENING 0x0a /* in /proc/net/tcp */

static bool PRINTF_LIKE(2, 3) unfit(struct dns_api *api, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(api->why, sizeof(api->why), fmt, ap);
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

/* --- the certificate --------------------------------------------------- */

struct pair {
	X509 *leaf;
	STACK_OF(X509) * others; /* of the chain */
	EVP_PKEY *key;
};

static void free_pair(struct pair *p)
{
	X509_free(p->leaf);
	sk_X509_pop_free(p->others, X509_free);
	EVP_PKEY_free(p->key);
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

static bool read_chain(struct pair *p, const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *next;

	if (!file)
		return false;
	p->leaf = PEM_read_bio_X509(file, NULL, no_passphrase, NULL);
	p->others = sk_X509_new_null();
	while (p->leaf && p->others &&
	       (next = PEM_read_bio_X509(file, NULL, no_passphrase, NULL)))
		if (!sk_X509_push(p->others, next))
			X509_free(next);
	BIO_free(file);
	return p->leaf && p->others;
}

static bool read_key(struct pair *p, const char *path)
{
	BIO *file = BIO_new_file(path, "r");

	if (!file)
		return false;
	p->key = PEM_read_bio_PrivateKey(file, NULL, no_passphrase, NULL);
	BIO_free(file);
	return p->key != NULL;
}

static void write_end(struct dns_api *api, const X509 *leaf)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &tm))
		strftime(api->until, sizeof(api->until), "%Y-%m-%d %H:%M UTC",
			 &tm);
}

/* As a client that trusts what this machine trusts. */
static int verify(const struct pair *p, const char *hostname)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	int error = X509_V_ERR_OUT_OF_MEM;

	if (store && ctx && X509_STORE_set_default_paths(store) &&
	    X509_STORE_CTX_init(ctx, store, p->leaf, p->others) &&
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

static bool judge(struct dns_api *api, const struct portal_settings *s,
		  struct pair *p)
{
	int error;

	if (!read_chain(p, s->certificate))
		return unfit(api, "%s: %s", s->certificate, reason());
	write_end(api, p->leaf);
	ERR_clear_error(); /* the end of the file was one */
	if (!read_key(p, s->key))
		return unfit(api, "%s: %s", s->key, reason());
	if (X509_check_private_key(p->leaf, p->key) != 1)
		return unfit(api, "%s is not the key of %s", s->key,
			     s->certificate);
	error = verify(p, s->hostname);
	if (error == X509_V_ERR_HOSTNAME_MISMATCH)
		return unfit(api, "%s is not for %s", s->certificate,
			     s->hostname);
	if (error != X509_V_OK)
		return unfit(api, "%s: phones will not trust it: %s",
			     s->certificate,
			     X509_verify_cert_error_string(error));
	return true;
}

static bool has_good_certificate(struct dns_api *api,
				 const struct portal_settings *s)
{
	struct pair p = { 0 };
	bool is_good = judge(api, s, &p);

	free_pair(&p);
	return is_good;
}

/* --- who is there ------------------------------------------------------ */

static bool has_netctl(struct dns_api *api, const char *socket)
{
	struct ipc_status question = { 0 };
	union netctl_call_message m;
	struct netctl_call t;
	int err = netctl_call_open(&t, socket);

	if (err)
		return unfit(api, "netctl is not reachable at %s: %s", socket,
			     strerror(-err));
	err = netctl_call_ask(&t, IPC_STATUS, &question);
	if (!err)
		err = netctl_call_answer_of(&t, IPC_TOTALS, &m);
	netctl_call_close(&t);
	if (err)
		return unfit(api, "netctl does not answer: %s", strerror(-err));
	return true;
}

static bool listens_in(const char *table, uint64_t port)
{
	FILE *f = fopen(table, "re");
	unsigned int local, state;
	bool found = false;
	char line[256];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, " %*d: %*[^:]:%x %*[^:]:%*x %x", &local,
			       &state) == 2 &&
			local == port && state == TCP_LISTENING;
	fclose(f);
	return found;
}

static bool has_portal(struct dns_api *api, uint64_t port)
{
	if (listens_in("/proc/net/tcp6", port) ||
	    listens_in("/proc/net/tcp", port))
		return true;
	return unfit(api, "no portal listens on its https_port %" PRIu64, port);
}

void dns_check_api(const struct settings *s, struct dns_api *api)
{
	const struct portal_settings *p = &s->portal;

	memset(api, 0, sizeof(*api));
	snprintf(api->url, sizeof(api->url), "https://%s" CAPTIVE_PATH,
		 p->hostname);
	if (!*p->certificate) {
		unfit(api, "it needs TLS; hostname, certificate and key of "
			   "config portal are not all set");
		return;
	}
	api->is_fit = has_good_certificate(api, p) &&
		      has_netctl(api, s->gate.socket) &&
		      has_portal(api, p->https_port);
}
