/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/tls_client.h"

#include <stdio.h>
#include <string.h>

#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

static bool load(SSL_CTX *ctx, const char *ca, char *why, size_t max)
{
	unsigned long code;
	const char *reason;

	/* What of the store cannot be read is missed at verification. */
	if (!ca)
		return SSL_CTX_set_default_verify_paths(ctx) == 1;
	if (SSL_CTX_load_verify_locations(ctx, ca, NULL) == 1)
		return true;
	code = ERR_peek_error();
	reason = ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code))
					: ERR_reason_error_string(code);
	snprintf(why, max, "%s: %s", ca, reason ? reason : "not usable");
	return false;
}

SSL_CTX *tls_client_trust(const char *ca, char *why, size_t max)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	snprintf(why, max, "out of memory");
	ERR_clear_error();
	if (!ctx || !load(ctx, ca, why, max) ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1) {
		SSL_CTX_free(ctx);
		ERR_clear_error();
		return NULL;
	}
	ERR_clear_error();
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

/* RFC 6066 has no addresses in the SNI. */
static bool expect_host(SSL *tls, const char *host, bool is_address)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls);

	if (is_address)
		return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
	X509_VERIFY_PARAM_set_hostflags(param,
					X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
	       SSL_set_tlsext_host_name(tls, host) == 1;
}

struct bufferevent *tls_client_open(struct event_base *base, SSL_CTX *trust,
				    const char *host, bool is_address)
{
	struct bufferevent *stream = NULL;
	SSL *tls = SSL_new(trust);

	if (tls && expect_host(tls, host, is_address))
		stream = bufferevent_openssl_socket_new(
			base, -1, tls, BUFFEREVENT_SSL_CONNECTING,
			BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!stream)
		SSL_free(tls);
	ERR_clear_error();
	return stream;
}

bool tls_client_explain(struct bufferevent *stream, char *why, size_t max)
{
	SSL *tls = bufferevent_openssl_get_ssl(stream);
	unsigned long error;
	const char *reason;
	long verdict;

	if (!tls)
		return false;
	verdict = SSL_get_verify_result(tls);
	if (verdict != X509_V_OK) {
		snprintf(why, max, "certificate refused: %s",
			 X509_verify_cert_error_string(verdict));
		return true;
	}
	error = bufferevent_get_openssl_error(stream);
	reason = error ? ERR_reason_error_string(error) : NULL;
	if (reason)
		snprintf(why, max, "TLS: %s", reason);
	return reason;
}
