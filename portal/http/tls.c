/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/http/tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls_context {
	SSL_CTX *ctx;
};

static void explain(char error[TLS_ERROR_MAX], const char *file)
{
	unsigned long code = ERR_peek_error();
	const char *reason = ERR_SYSTEM_ERROR(code)
				     ? strerror(ERR_GET_REASON(code))
				     : ERR_reason_error_string(code);

	snprintf(error, TLS_ERROR_MAX, "%.200s: %.100s", file,
		 reason ? reason : "not usable");
	ERR_clear_error();
}

/*
 * No tickets and no cache: a session that can be resumed is an identifier of
 * its phone, and what they save is not worth that on a page seen once.
 */
static void harden(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20");
}

struct tls_context *tls_context_new(const char *certificate, const char *key,
				    char error[TLS_ERROR_MAX])
{
	struct tls_context *t = calloc(1, sizeof(*t));

	if (t)
		t->ctx = SSL_CTX_new(TLS_server_method());
	if (!t || !t->ctx) {
		snprintf(error, TLS_ERROR_MAX, "out of memory");
		tls_context_free(t);
		return NULL;
	}
	harden(t->ctx);
	ERR_clear_error();
	if (SSL_CTX_use_certificate_chain_file(t->ctx, certificate) != 1) {
		explain(error, certificate);
	} else if (SSL_CTX_use_PrivateKey_file(t->ctx, key, SSL_FILETYPE_PEM) !=
			   1 ||
		   SSL_CTX_check_private_key(t->ctx) != 1) {
		explain(error, key);
	} else {
		return t;
	}
	tls_context_free(t);
	return NULL;
}

int64_t tls_context_end_s(const struct tls_context *t)
{
	const X509 *x = SSL_CTX_get0_certificate(t->ctx);
	struct tm end;

	if (!x || ASN1_TIME_to_tm(X509_get0_notAfter(x), &end) != 1)
		return 0;
	return timegm(&end);
}

void tls_context_free(struct tls_context *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	free(t);
}

void *tls_accept(struct tls_context *t, int fd)
{
	SSL *ssl = SSL_new(t->ctx);

	if (!ssl)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

static ssize_t tls_result(SSL *ssl, int n)
{
	ssize_t answer = TRANSPORT_ERROR;

	if (n > 0)
		return n;
	switch (SSL_get_error(ssl, n)) {
	case SSL_ERROR_WANT_READ:
		answer = TRANSPORT_WANT_READ;
		break;
	case SSL_ERROR_WANT_WRITE:
		answer = TRANSPORT_WANT_WRITE;
		break;
	case SSL_ERROR_ZERO_RETURN:
		answer = TRANSPORT_CLOSED;
		break;
	}
	ERR_clear_error();
	return answer;
}

static ssize_t tls_read(void *state, int fd, char *buf, size_t len)
{
	(void)fd;
	return tls_result(state, SSL_read(state, buf, (int)len));
}

static ssize_t tls_write(void *state, int fd, const char *buf, size_t len)
{
	(void)fd;
	return tls_result(state, SSL_write(state, buf, (int)len));
}

static void tls_finish(void *state)
{
	if (SSL_is_init_finished(state))
		SSL_shutdown(state);
	ERR_clear_error();
}

static void tls_free(void *state)
{
	SSL_free(state);
}

const struct transport transport_tls = {
	.name = "tls",
	.read = tls_read,
	.write = tls_write,
	.finish = tls_finish,
	.free = tls_free,
};
