/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_store.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "common/city/city_login.h"

#define WAIT_S	  10 /* for the other end to do anything */
#define REPLY_MAX (16 * 1024 * 1024)

struct city_store {
	const char *node;
	SSL_CTX *ctx;
	SSL *tls;
	int fd;
	redisReader *reader;
};

static bool PRINTF_LIKE(3, 4) fail(const struct city_store *s,
				   char why[CITY_WHY_MAX], const char *fmt, ...)
{
	int n = snprintf(why, CITY_WHY_MAX, "%.262s: ", s->node);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why + n, CITY_WHY_MAX - (size_t)n, fmt, ap);
	va_end(ap);
	ERR_clear_error();
	return false;
}

/* --- connecting -------------------------------------------------------- */

static int try_address(const struct addrinfo *a)
{
	const struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, 0);

	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) &&
	    !connect(fd, a->ai_addr, a->ai_addrlen))
		return fd;
	if (fd >= 0) {
		int err = errno == EINPROGRESS ? ETIMEDOUT : errno;

		close(fd);
		errno = err;
	}
	return -1;
}

static bool connect_to(struct city_store *s, const char *host, const char *port,
		       char why[CITY_WHY_MAX])
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_ADDRCONFIG };
	struct addrinfo *found;
	int err = getaddrinfo(host, port, &hints, &found);

	if (err)
		return fail(s, why, "%s", gai_strerror(err));
	for (struct addrinfo *a = found; a && s->fd < 0; a = a->ai_next)
		s->fd = try_address(a);
	err = errno;
	freeaddrinfo(found);
	return s->fd >= 0 || fail(s, why, "%s", strerror(err));
}

static bool fail_tls(const struct city_store *s, char why[CITY_WHY_MAX])
{
	long verdict = s->tls ? SSL_get_verify_result(s->tls) : X509_V_OK;
	unsigned long code = ERR_peek_error();
	const char *text = ERR_SYSTEM_ERROR(code)
				   ? strerror(ERR_GET_REASON(code))
				   : ERR_reason_error_string(code);

	if (verdict != X509_V_OK)
		return fail(s, why, "its certificate is refused: %s",
			    X509_verify_cert_error_string(verdict));
	if (code)
		return fail(s, why, "TLS: %s", text ? text : "failed");
	if (errno == EAGAIN)
		return fail(s, why, "it does not answer");
	return fail(s, why, "it has closed the connection");
}

static bool name_peer(SSL *tls, const char *host)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(tls);

	return X509_VERIFY_PARAM_set1_ip_asc(p, host) == 1 ||
	       (SSL_set_tlsext_host_name(tls, host) == 1 &&
		SSL_set1_host(tls, host) == 1);
}

static bool begin_tls(struct city_store *s, const char *host, const char *ca,
		      char why[CITY_WHY_MAX])
{
	s->ctx = SSL_CTX_new(TLS_client_method());
	if (s->ctx && SSL_CTX_load_verify_file(s->ctx, ca) != 1) {
		snprintf(why, CITY_WHY_MAX, "%.200s: not readable", ca);
		ERR_clear_error();
		return false;
	}
	if (s->ctx)
		s->tls = SSL_new(s->ctx);
	if (!s->tls || !name_peer(s->tls, host))
		return fail_tls(s, why);
	ERR_clear_error();
	SSL_set_verify(s->tls, SSL_VERIFY_PEER, NULL);
	errno = 0;
	if (SSL_set_fd(s->tls, s->fd) != 1 || SSL_connect(s->tls) != 1)
		return fail_tls(s, why);
	return true;
}

static bool open_node(struct city_store *s, const char *ca,
		      char why[CITY_WHY_MAX])
{
	struct city_server server;
	char port[8];

	if (!city_server_parse(&server, s->node))
		return fail(s, why, "not a host and a port");
	snprintf(port, sizeof(port), "%u", server.port);
	s->reader = redisReaderCreate();
	if (!s->reader)
		return fail(s, why, "out of memory");
	return connect_to(s, server.host, port, why) &&
	       begin_tls(s, server.host, ca, why);
}

struct city_store *city_store_open(const struct city_store_login *l,
				   const char *node, char why[CITY_WHY_MAX])
{
	struct city_store *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(why, CITY_WHY_MAX, "out of memory");
		return NULL;
	}
	s->node = node;
	s->fd = -1;
	if (open_node(s, l->ca, why) &&
	    city_store_do(s, why, "AUTH", l->user, l->password, (char *)NULL))
		return s;
	city_store_close(s);
	return NULL;
}

void city_store_close(struct city_store *s)
{
	if (!s)
		return;
	if (s->reader)
		redisReaderFree(s->reader);
	SSL_free(s->tls);
	SSL_CTX_free(s->ctx);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

const char *city_store_node(const struct city_store *s)
{
	return s->node;
}

int64_t city_store_days_left(const struct city_store *s, int64_t now_s)
{
	const X509 *cert = SSL_get0_peer_certificate(s->tls);
	struct tm tm;

	if (!cert || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
		return 0;
	return ((int64_t)timegm(&tm) - now_s) / 86400;
}

/* --- asking ------------------------------------------------------------ */

bool city_store_send(struct city_store *s, const struct city_command *c,
		     char why[CITY_WHY_MAX])
{
	const char *word[CITY_WORDS_MAX + 1];
	size_t len[CITY_WORDS_MAX + 1];
	char *text = NULL;
	int n = 0, bytes, sent;

	for (; n < CITY_WORDS_MAX && c->word[n]; n++) {
		word[n] = c->word[n];
		len[n] = strlen(word[n]);
	}
	if (c->value) {
		word[n] = c->value;
		len[n++] = c->len;
	}
	bytes = (int)redisFormatCommandArgv(&text, n, word, len);
	if (bytes < 0)
		return fail(s, why, "out of memory");
	errno = 0;
	sent = SSL_write(s->tls, text, bytes);
	explicit_bzero(text, (size_t)bytes);
	redisFreeCommand(text);
	return sent == bytes || fail_tls(s, why);
}

redisReply *city_store_read(struct city_store *s, char why[CITY_WHY_MAX])
{
	void *reply = NULL;
	char bytes[16384];
	size_t fed = 0;
	int n;

	while (redisReaderGetReply(s->reader, &reply) == REDIS_OK) {
		if (reply)
			return reply;
		errno = 0;
		n = SSL_read(s->tls, bytes, sizeof(bytes));
		if (n <= 0) {
			fail_tls(s, why);
			return NULL;
		}
		fed += (size_t)n;
		if (fed > REPLY_MAX) {
			fail(s, why, "its answer is too long");
			return NULL;
		}
		redisReaderFeed(s->reader, bytes, (size_t)n);
	}
	fail(s, why, "it does not speak RESP2");
	return NULL;
}

static redisReply *ask(struct city_store *s, char why[CITY_WHY_MAX],
		       const char *word, va_list ap)
{
	const char *words[CITY_WORDS_MAX + 1] = { word };
	const struct city_command c = { .word = words };
	redisReply *r;

	for (size_t i = 1; i < CITY_WORDS_MAX && words[i - 1]; i++)
		words[i] = va_arg(ap, const char *);
	if (!city_store_send(s, &c, why))
		return NULL;
	r = city_store_read(s, why);
	if (!r || r->type != REDIS_REPLY_ERROR)
		return r;
	fail(s, why, "%s: %.200s", word, r->str);
	freeReplyObject(r);
	return NULL;
}

redisReply *city_store_ask(struct city_store *s, char why[CITY_WHY_MAX],
			   const char *word, ...)
{
	redisReply *r;
	va_list ap;

	va_start(ap, word);
	r = ask(s, why, word, ap);
	va_end(ap);
	return r;
}

bool city_store_do(struct city_store *s, char why[CITY_WHY_MAX],
		   const char *word, ...)
{
	redisReply *r;
	va_list ap;

	va_start(ap, word);
	r = ask(s, why, word, ap);
	va_end(ap);
	if (r)
		freeReplyObject(r);
	return r != NULL;
}

/* --- what all of them are asked ---------------------------------------- */

int64_t city_store_time(struct city_store *s, char why[CITY_WHY_MAX])
{
	redisReply *r = city_store_ask(s, why, "TIME", (char *)NULL);
	int64_t time_s = 0;

	if (r && r->type == REDIS_REPLY_ARRAY && r->elements == 2 &&
	    r->element[0]->type == REDIS_REPLY_STRING)
		time_s = strtoll(r->element[0]->str, NULL, 10);
	if (r) {
		freeReplyObject(r);
		if (time_s <= 0)
			fail(s, why, "it does not tell the time");
	}
	return time_s > 0 ? time_s : 0;
}

bool city_store_is_master(struct city_store *s, bool *is_master,
			  char why[CITY_WHY_MAX])
{
	redisReply *r = city_store_ask(s, why, "ROLE", (char *)NULL);
	bool is_known = r && r->type == REDIS_REPLY_ARRAY && r->elements &&
			r->element[0]->type == REDIS_REPLY_STRING;

	if (is_known)
		*is_master = !strcmp(r->element[0]->str, "master");
	else if (r)
		fail(s, why, "it does not tell its role");
	if (r)
		freeReplyObject(r);
	return is_known;
}
