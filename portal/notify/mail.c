/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/notify/mail.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <openssl/evp.h>

#include "common/clock.h"
#include "common/config/settings_valid.h"
#include "common/random.h"
#include "portal/notify/mail_text.h"
#include "portal/util/file.h"
#include "portal/util/resolver.h"
#include "portal/util/tls_client.h"

#define PORT_TLS     465
#define LINE_MAX_LEN 1000 /* RFC 5321 has 512 */
#define LINES_MAX    200  /* of all answers together */
#define WHY_MAX	     200
#define SECRET_MAX   256

enum step { GREETING, HELLO, UPGRADE, LOGIN, FROM, TO, DATA, TEXT, QUIT };

struct mailer {
	struct event_base *base;
	struct resolver *resolver;
};

/* Ends once, by whatever comes first, and then goes through `ending`. */
struct mail {
	struct mailer *mailer;
	void (*done)(const char *why, void *arg);
	void *arg;
	struct valid_relay relay;
	char *from, *to, *user, *secret, *json;
	struct event limit, ending;
	bool is_over;
	bool is_taken; /* and nothing that follows changes that */
	struct resolver_lookup *lookup;
	SSL_CTX *trust;
	struct bufferevent *stream;
	bool is_secure;
	bool offers_tls, offers_plain;
	enum step step;
	size_t lines;
	char why[WHY_MAX];
};

/* --- the end ------------------------------------------------------------ */

static void end(struct mail *m, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void end(struct mail *m, const char *fmt, ...)
{
	va_list args;

	if (m->is_over)
		return;
	m->is_over = true;
	va_start(args, fmt);
	vsnprintf(m->why, sizeof(m->why), fmt, args);
	va_end(args);
	event_active(&m->ending, EV_TIMEOUT, 0);
}

static void wipe_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void mail_cancel(struct mail *m)
{
	event_del(&m->limit);
	event_del(&m->ending);
	if (m->lookup)
		resolver_cancel(m->lookup);
	if (m->stream)
		bufferevent_free(m->stream);
	SSL_CTX_free(m->trust);
	free(m->from);
	free(m->to);
	free(m->user);
	wipe_text(m->secret);
	free(m->json);
	free(m);
}

static void on_ending(evutil_socket_t fd, short what, void *arg)
{
	struct mail *m = arg;

	(void)fd;
	(void)what;
	m->done(m->is_taken ? NULL : m->why, m->arg);
	mail_cancel(m);
}

static void on_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	end(arg, "no answer in time");
}

/* --- what is said ------------------------------------------------------- */

static void say(struct mail *m, enum step step, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static void say(struct mail *m, enum step step, const char *fmt, ...)
{
	struct evbuffer *out = bufferevent_get_output(m->stream);
	va_list args;

	m->step = step;
	va_start(args, fmt);
	if (evbuffer_add_vprintf(out, fmt, args) < 0)
		end(m, "out of memory");
	va_end(args);
}

static void say_hello(struct mail *m)
{
	char host[254] = "";

	gethostname(host, sizeof(host) - 1);
	m->offers_tls = m->offers_plain = false;
	say(m, HELLO, "EHLO %s\r\n", valid_dns_name(host) ? host : "localhost");
}

static void say_from(struct mail *m)
{
	say(m, FROM, "MAIL FROM:<%s>\r\n", m->from);
}

/* RFC 4616 */
static void log_in(struct mail *m)
{
	char plain[2 * SECRET_MAX + 2], coded[MAIL_BASE64(sizeof(plain))];
	int len = snprintf(plain, sizeof(plain), "%c%s%c%s", 0, m->user, 0,
			   m->secret);

	if (!m->offers_plain) {
		end(m, "the relay does not offer AUTH PLAIN");
		return;
	}
	(void)EVP_EncodeBlock((unsigned char *)coded, (unsigned char *)plain,
			      len);
	say(m, LOGIN, "AUTH PLAIN %s\r\n", coded);
	explicit_bzero(plain, sizeof(plain));
	explicit_bzero(coded, sizeof(coded));
}

/* Nothing but these two words is ever said without TLS. */
static void after_hello(struct mail *m)
{
	if (!m->is_secure && m->offers_tls)
		say(m, UPGRADE, "STARTTLS\r\n");
	else if (!m->is_secure)
		end(m, "the relay does not offer STARTTLS, so it gets nothing");
	else if (*m->user)
		log_in(m);
	else
		say_from(m);
}

static void say_to(struct mail *m)
{
	say(m, TO, "RCPT TO:<%s>\r\n", m->to);
}

static void say_data(struct mail *m)
{
	say(m, DATA, "DATA\r\n");
}

static void say_text(struct mail *m)
{
	char text[MAIL_TEXT_MAX];
	uint64_t id;
	size_t len = 0;

	if (random_fill(&id, sizeof(id)))
		len = mail_text(text, m->from, m->to, m->json, id);
	if (!len)
		end(m, "the news do not fit into a mail");
	else
		say(m, TEXT, "%.*s", (int)len, text);
}

static void say_quit(struct mail *m)
{
	m->is_taken = true;
	say(m, QUIT, "QUIT\r\n");
}

static void finish(struct mail *m)
{
	end(m, "delivered");
}

/* --- what is answered --------------------------------------------------- */

static void start_tls(struct mail *m);

static const struct {
	const char *name;
	unsigned long code;
	void (*next)(struct mail *m);
} steps[] = {
	[GREETING] = { "the greeting", 220, say_hello },
	[HELLO] = { "EHLO", 250, after_hello },
	[UPGRADE] = { "STARTTLS", 220, start_tls },
	[LOGIN] = { "the login", 235, say_from },
	[FROM] = { "the sender", 250, say_to },
	[TO] = { "the recipient", 250, say_data },
	[DATA] = { "DATA", 354, say_text },
	[TEXT] = { "the mail", 250, say_quit },
	[QUIT] = { "QUIT", 221, finish },
};

static void note_offer(struct mail *m, const char *offer)
{
	if (!strcasecmp(offer, "STARTTLS"))
		m->offers_tls = true;
	if (!strncasecmp(offer, "AUTH ", 5) && strcasestr(offer, " PLAIN"))
		m->offers_plain = true;
}

/* Into the log goes what a line of it can be. */
static void refuse(struct mail *m, const char *line)
{
	char shown[80];
	size_t len = 0;

	for (; *line && len < sizeof(shown) - 1; line++)
		shown[len++] = *line >= ' ' && *line <= '~' ? *line : '?';
	shown[len] = '\0';
	end(m, "the relay refuses %s: %s", steps[m->step].name, shown);
}

static void take_line(struct mail *m, const char *line)
{
	char *behind;
	unsigned long code = strtoul(line, &behind, 10);

	if (behind != line + 3 || (*behind && !strchr(" -", *behind)) ||
	    m->lines++ == LINES_MAX) {
		end(m, "the relay's answer cannot be used");
		return;
	}
	if (m->step == HELLO && *behind)
		note_offer(m, behind + 1);
	if (*behind == '-')
		return;
	if (code != steps[m->step].code && !(m->step == TO && code == 251))
		refuse(m, line);
	else
		steps[m->step].next(m);
}

static void on_read(struct bufferevent *stream, void *arg)
{
	struct mail *m = arg;
	struct evbuffer *in = bufferevent_get_input(stream);
	char *line;

	while (!m->is_over && m->stream == stream &&
	       (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_CRLF))) {
		take_line(m, line);
		free(line);
	}
	if (m->stream == stream && evbuffer_get_length(in) > LINE_MAX_LEN)
		end(m, "the relay's answer cannot be used");
}

/* --- the connection ----------------------------------------------------- */

static void on_event(struct bufferevent *stream, short what, void *arg)
{
	struct mail *m = arg;
	char why[WHY_MAX / 2];

	if (!(what & BEV_EVENT_CONNECTED)) {
		if (tls_client_explain(stream, why, sizeof(why)))
			end(m, "%s", why);
		else
			end(m, "the connection failed");
		return;
	}
	if (m->step == UPGRADE)
		say_hello(m);
}

static void use_stream(struct mail *m)
{
	bufferevent_setcb(m->stream, on_read, NULL, on_event, m);
	bufferevent_setwatermark(m->stream, EV_READ, 0, 2 * LINE_MAX_LEN);
	bufferevent_enable(m->stream, EV_READ | EV_WRITE);
}

static struct bufferevent *open_tls(struct mail *m)
{
	char why[WHY_MAX / 2];

	m->is_secure = true;
	m->trust = tls_client_trust(NULL, why, sizeof(why));
	return m->trust ? tls_client_open(m->mailer->base, m->trust,
					  m->relay.host, m->relay.is_address)
			: NULL;
}

/* What came before TLS is nobody's word (CVE-2011-0411). */
static void start_tls(struct mail *m)
{
	struct bufferevent *plain = m->stream;
	evutil_socket_t fd = bufferevent_getfd(plain);

	if (evbuffer_get_length(bufferevent_get_input(plain))) {
		end(m, "the relay says more before TLS than it should");
		return;
	}
	m->stream = open_tls(m);
	if (!m->stream) {
		m->stream = plain;
		end(m, "out of memory");
		return;
	}
	bufferevent_setfd(plain, -1);
	bufferevent_free(plain);
	bufferevent_setfd(m->stream, fd);
	use_stream(m);
}

static void on_address(const char *address, void *arg)
{
	struct mail *m = arg;
	struct sockaddr_storage ss;
	int len = sizeof(ss);
	char text[RESOLVER_ADDRESS_MAX + 16];

	m->lookup = NULL;
	if (m->is_over)
		return;
	if (!address) {
		end(m, "the relay has no address");
		return;
	}
	snprintf(text, sizeof(text), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
		 address, (unsigned int)m->relay.port);
	m->stream = m->relay.port == PORT_TLS
			    ? open_tls(m)
			    : bufferevent_socket_new(
				      m->mailer->base, -1,
				      BEV_OPT_CLOSE_ON_FREE |
					      BEV_OPT_DEFER_CALLBACKS);
	if (!m->stream || evutil_parse_sockaddr_port(
				  text, (struct sockaddr *)&ss, &len) < 0) {
		end(m, "out of memory");
		return;
	}
	use_stream(m);
	if (bufferevent_socket_connect(m->stream, (struct sockaddr *)&ss, len) <
	    0)
		end(m, "the connection failed");
}

/* --- life --------------------------------------------------------------- */

/* The first line of the file; as it is now, so that no reload is needed. */
static char *read_secret(const char *path)
{
	size_t len;
	char *secret = file_read(path, SECRET_MAX, &len);

	if (secret)
		secret[strcspn(secret, "\r\n")] = '\0';
	return secret;
}

static bool take_order(struct mail *m, const struct mail_order *o)
{
	m->done = o->done;
	m->arg = o->arg;
	m->from = strdup(o->relay->mail_from);
	m->to = strdup(o->to);
	m->user = strdup(o->relay->mail_user);
	m->json = strdup(o->json);
	return m->from && m->to && m->user && m->json;
}

struct mail *mail_start(struct mailer *mailer, const struct mail_order *o)
{
	struct mail *m = calloc(1, sizeof(*m));
	struct timeval limit = clock_timeval(o->limit_ms);

	if (!m)
		return NULL;
	m->mailer = mailer;
	evtimer_assign(&m->limit, mailer->base, on_limit, m);
	evtimer_assign(&m->ending, mailer->base, on_ending, m);
	if (!take_order(m, o)) {
		mail_cancel(m);
		return NULL;
	}
	evtimer_add(&m->limit, &limit);
	if (*m->user)
		m->secret = read_secret(o->relay->mail_password);
	if (!valid_relay_parse(o->relay->mail_relay, &m->relay))
		end(m, "there is no mail_relay");
	else if (*m->user && !m->secret)
		end(m, "the file mail_password cannot be read");
	else if (m->relay.is_address)
		on_address(m->relay.host, m);
	else
		m->lookup = resolver_find(mailer->resolver, m->relay.host,
					  o->turn, on_address, m);
	return m;
}

struct mailer *mailer_new(struct event_base *base)
{
	struct mailer *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->base = base;
	m->resolver = resolver_new(base);
	if (m->resolver)
		return m;
	free(m);
	return NULL;
}

void mailer_free(struct mailer *m)
{
	if (!m)
		return;
	resolver_free(m->resolver);
	free(m);
}
