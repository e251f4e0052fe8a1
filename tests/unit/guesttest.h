/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of the guests' side share: the portal's routes and pages, and
 * what netctl says to them.
 */
#ifndef STADTTOR_TESTS_GUESTTEST_H
#define STADTTOR_TESTS_GUESTTEST_H

#include "tests/unit/portaltest.h"

#include <sys/stat.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "portal/guest/auth.h"
#include "portal/guest/guest.h"
#include "portal/guest/routes.h"
#include "portal/pages/theme.h"

#define HOST	"portal.test"
#define IFINDEX 7
#define TERMS	3
#define ACCEPT	"terms=3"
#define ENGLISH "Accept-Language: en\r\n"
#define FORM	"Content-Type: application/x-www-form-urlencoded\r\n"

enum { CLICK_ZONE, CODE_ZONE, CHOICE_ZONE, ZONES };

/* In the place of an error: netctl is gone before it answers. */
#define GATE_LEAVES 1

#define CONFIG                                                                 \
	"config uplink 'wan'\n\toption device 'eth0'\n"                        \
	"config zone 'square'\n\toption device 'eth1'\n"                       \
	"\toption duration '3600'\n"                                           \
	"config zone 'library'\n\toption device 'eth2'\n"                      \
	"\toption auth 'voucher'\n"                                            \
	"config zone 'hall'\n\toption device 'eth3'\n"                         \
	"\tlist auth 'click'\n\tlist auth 'voucher'\n"                         \
	"config portal\n\toption pages '%s/web'\n"                             \
	"\toption hostname '" HOST "'\n"                                       \
	"\toption network 'Testnet'\n\toption terms_version '3'\n"

struct guesttest {
	struct settings *settings;
	struct page_set *pages, *fewer; /* fewer: with fewer languages */
	struct picture picture[PICTURE_KINDS];
	struct site site;
	struct zone zone[ZONES];

	/* how requests come */
	size_t at; /* the zone */
	enum listener_kind kind;
	struct addr local;

	/* netctl */
	struct ipc_session says;
	int32_t error[IPC_LOGOUT + 1]; /* instead, by what was asked */

	void (*meanwhile)(void); /* happens before it answers */

	/* what it was asked */
	unsigned int asked;
	enum ipc_type type; /* of the last question */
	struct ipc_lookup lookup;
	struct ipc_grant grant;
};

static struct guesttest t;

static const struct ipc_session ended = { .state = SESSION_ENDED };
static const struct ipc_session granted = {
	.state = SESSION_GRANTED,
	.left_s = 1800,
	.terms = TERMS,
	.limits = { .duration_s = 3600 },
};

/* --- netctl ------------------------------------------------------------- */

/* A gate that answers with an unknown device until told otherwise. */
static inline void gate_start(bool is_there)
{
	t.says = (struct ipc_session){ .state = SESSION_UNKNOWN };
	memset(t.error, 0, sizeof(t.error));
	t.site.netctl = gate_open(is_there);
}

static inline void gate_stop(void)
{
	netctl_client_free(t.site.netctl);
	t.site.netctl = NULL;
	gate_leave();
}

union question {
	struct ipc_header header;
	struct ipc_lookup lookup;
	struct ipc_grant grant;
	char bytes[IPC_MESSAGE_MAX];
};

static inline void gate_answer(const struct ipc_header *question)
{
	struct ipc_session s = t.says;

	s.error = t.error[question->type];
	s.header =
		(struct ipc_header){ IPC_VERSION, IPC_SESSION, question->id };
	if (t.meanwhile)
		t.meanwhile();
	if (s.error == GATE_LEAVES)
		gate_leave();
	else
		assert_int_equal(send(wire.gate, &s, sizeof(s), 0), sizeof(s));
}

static inline void gate_serve(void)
{
	union question m;
	ssize_t n;

	if (wire.gate < 0)
		return;
	n = recv(wire.gate, &m, sizeof(m), MSG_DONTWAIT);
	if (n <= 0)
		return;
	assert_null(ipc_message_check(&m, (size_t)n));
	t.asked++;
	t.type = m.header.type;
	if (t.type == IPC_GRANT)
		t.grant = m.grant;
	else
		t.lookup = m.lookup;
	gate_answer(&m.header);
}

/* --- the portal --------------------------------------------------------- */

/* TLS has tests of its own: here a request is said to have come by it. */
static inline void guesttest_on_request(struct conn *c, void *arg)
{
	struct exchange *x = conn_exchange(c);

	x->kind = t.kind;
	x->local = t.local;
	routes_on_request(c, arg);
}

static inline void read_pages(void)
{
	char text[1024], error[PAGE_ERROR_MAX], why[UCI_ERROR_MAX];
	char here[200];

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(text, sizeof(text), CONFIG, here);
	t.settings = settings_parse("test", text, strlen(text), why);
	if (!t.settings)
		fail_msg("%s", why);
	t.pages = page_set_read(t.settings, error);
	if (!t.pages)
		fail_msg("%s", error);
}

static inline void make_zones(void)
{
	for (size_t i = 0; i < ZONES; i++) {
		t.zone[i].index = i;
		t.zone[i].ifindex = IFINDEX;
		snprintf(t.zone[i].name, sizeof(t.zone[i].name), "%s",
			 t.settings->zone[i].name);
	}
}

static inline int guesttest_start(void **state)
{
	const struct conns_bounds bounds = {
		.max = 8, .max_per_device = 8, .request_s = 60, .answer_s = 60
	};
	struct conns_config config = { .on_request = guesttest_on_request,
				       .on_trouble = routes_on_trouble,
				       .on_close = guest_on_close,
				       .arg = &t.site,
				       .user_size = sizeof(struct guest) };

	(void)state;
	portaltest_open();
	read_pages();
	make_zones();
	t.site.source.settings = t.settings;
	t.site.source.pages = t.pages;
	t.site.picture = t.picture;
	auth_waits_init(&t.site.auth_waits, wire.base, auth_on_late);
	origin_init(&t.site.origin, &t.settings->portal);
	config.base = wire.base;
	wire.conns = conns_new(&config, &bounds);
	return wire.conns ? 0 : -1;
}

static inline int guesttest_stop(void **state)
{
	(void)state;
	if (t.site.netctl) /* of a test that failed */
		gate_stop();
	page_set_free(t.pages);
	page_set_free(t.fewer);
	t.fewer = NULL;
	settings_free(t.settings);
	return portaltest_close();
}

/* --- a reload ---------------------------------------------------------- */

/* The pages in Arabic and German only, into t.fewer. */
static inline void read_fewer_pages(void)
{
	static const char *const linked[] = { "pages", "lang/ar.json",
					      "lang/de.json" };
	char here[200], from[300], to[100], error[PAGE_ERROR_MAX];
	static struct settings s; /* lent to the pages */

	s = *t.settings;
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(to, sizeof(to), "%s/lang", wire.folder);
	assert_int_equal(mkdir(to, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(linked); i++) {
		snprintf(from, sizeof(from), "%s/web/%s", here, linked[i]);
		snprintf(to, sizeof(to), "%s/%s", wire.folder, linked[i]);
		assert_int_equal(symlink(from, to), 0);
	}
	s.portal.pages = wire.folder;
	t.fewer = page_set_read(&s, error);
	assert_non_null(t.fewer);
}

static inline void change_pages(void)
{
	t.site.source.pages = t.fewer;
}

/* --- a request and its answer ------------------------------------------- */

/* Sends it, and turns the loop until the connection ends. */
static inline void exchange(const char *request)
{
	struct accepted a = { .zone = &t.zone[t.at],
			      /* what is for TLS has no handshake here */
			      .kind = t.kind == LISTENER_HIJACK
					      ? LISTENER_HIJACK
					      : LISTENER_HTTP };

	t.asked = 0;
	t.type = IPC_NONE;
	portaltest_exchange(request, &a, gate_serve);
}

/* The same where there is an answer. */
static inline void visit(const char *request)
{
	exchange(request);
	portaltest_read_head(request);
}

/* --- tables of cases ---------------------------------------------------- */

struct guest_case {
	const char *line;   /* method and target */
	const char *host;   /* NULL: HOST */
	const char *fields; /* NULL: English */
	const char *form;   /* NULL: no body */
	const struct ipc_session *says;
	int32_t error;	     /* instead, whatever is asked */
	int32_t grant_error; /* of a grant alone */
	bool is_away;	     /* netctl, from the beginning */

	unsigned int status;
	const char *location; /* NULL: none */
	const char *lang;     /* of the answer; NULL: English */
	/* keys of texts in that language, or just what stands there */
	const char *has[4], *lacks[3];
	enum ipc_type asks; /* the last; IPC_NONE: nothing was asked */
};

static inline const char *text_of(const char *lang, const char *what)
{
	const struct lang_set *set = page_languages(t.pages);
	size_t index = lang_index(set, lang ? lang : "en");
	const char *text;

	assert_int_not_equal(index, set->count);
	text = lang_find(&set->lang[index], what);
	return text ? text : what;
}

static inline void send_case(const struct guest_case *c)
{
	char request[2048], body[128] = "";

	if (c->form)
		snprintf(body, sizeof(body), FORM "Content-Length: %zu\r\n",
			 strlen(c->form));
	snprintf(request, sizeof(request),
		 "%s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n%s", c->line,
		 c->host ? c->host : HOST, c->fields ? c->fields : ENGLISH,
		 body, c->form ? c->form : "");
	visit(request);
}

/* Without the style, which is most of a page. */
static inline const char *shown(void)
{
	const char *page = strstr(wire.body, "<body");

	return page ? page : wire.body;
}

static inline void check_texts(const struct guest_case *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->has) && c->has[i]; i++)
		if (!strstr(wire.body, text_of(c->lang, c->has[i])))
			fail_msg("%s: lacks '%s': %s", c->line, c->has[i],
				 shown());
	for (size_t i = 0; i < ARRAY_SIZE(c->lacks) && c->lacks[i]; i++)
		if (strstr(wire.body, text_of(c->lang, c->lacks[i])))
			fail_msg("%s: has '%s': %s", c->line, c->lacks[i],
				 shown());
}

/* Of HEAD only the length of what GET would get is told. */
static inline void check_length(const struct guest_case *c)
{
	const char *length = field("Content-Length");
	size_t sent = wire.len - (size_t)(wire.body - wire.answer);

	assert_non_null(length);
	if (strncmp(c->line, "HEAD ", 5)) {
		assert_int_equal(strtoul(length, NULL, 10), sent);
		return;
	}
	assert_int_equal(sent, 0);
	assert_true(strtoul(length, NULL, 10) > 0);
}

static inline void check_case(const struct guest_case *c)
{
	const char *location = field("Location");

	if (wire.status != c->status)
		fail_msg("%s: %u instead of %u: %s", c->line, wire.status,
			 c->status, shown());
	if (!location != !c->location ||
	    (location && strcmp(location, c->location)))
		fail_msg("%s: leads to %s", c->line,
			 location ? location : "nothing");
	if (t.type != c->asks)
		fail_msg("%s: asks for %d", c->line, t.type);
	if (c->lang)
		assert_string_equal(field("Content-Language"), c->lang);
	check_length(c);
	check_texts(c);
}

/* Each with a netctl of its own. */
static inline void run_case(const struct guest_case *c)
{
	gate_start(!c->is_away);
	if (c->says)
		t.says = *c->says;
	for (size_t i = 0; i < ARRAY_SIZE(t.error); i++)
		t.error[i] = c->error;
	if (c->grant_error)
		t.error[IPC_GRANT] = c->grant_error;
	send_case(c);
	check_case(c);
	gate_stop();
}

static inline void run_cases(const struct guest_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		run_case(&cases[i]);
}

/* Every test begins with plain HTTP in the zone of the tap. */
static inline int set_up(void **state)
{
	(void)state;
	if (t.site.netctl) /* of a test that failed */
		gate_stop();
	t.meanwhile = NULL;
	t.at = CLICK_ZONE;
	t.kind = LISTENER_HTTP;
	memset(&t.local, 0, sizeof(t.local));
	origin_init(&t.site.origin, &t.settings->portal);
	return 0;
}

#endif
