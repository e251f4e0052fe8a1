/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "common/config/settings_valid.h"
#include "portal/radius/radius_accounting.h"
#include "portal/radius/radius_pool.h"
#include "portal/radius/radius_tls.h"
#include "portal/util/file.h"

#define SECRET_FILE_MAX	    1024
#define SERVICE_LOGIN	    1 /* RFC 2865, 5.6 */
#define PORT_AUTHENTICATION 1812

struct radius {
	char *name, *identifier;
	struct radius_pool *pool;
	struct radius_pool *accounting_pool;  /* NULL: the same */
	struct radius_tls_context *tls;	      /* NULL: by UDP */
	struct radius_accounting *accounting; /* NULL: nobody wants any */
	struct radius_host host;
	struct radius_coa *coa; /* NULL: servers may change nothing */
};

struct radius_attempt {
	struct radius *radius;
	struct radius_call *call;
	radius_login_fn *on_login;
	void *arg;
	char name[RADIUS_VALUE_MAX + 1];
	char network[RADIUS_NETWORK_MAX];
	uint64_t pseudonym;
};

/* --- life --------------------------------------------------------------- */

/* The first line of the file, or the option. NULL: error says why. */
static char *read_secret(const struct radius_settings *s,
			 char error[RADIUS_ERROR_MAX])
{
	size_t len;
	char *text;

	if (!*s->secret_file)
		return strdup(*s->secret ? s->secret : "radsec");
	text = file_read(s->secret_file, SECRET_FILE_MAX, &len);
	if (!text) {
		snprintf(error, RADIUS_ERROR_MAX, "%s: %s", s->secret_file,
			 strerror(errno));
		return NULL;
	}
	text[strcspn(text, "\r\n")] = '\0';
	if (*text)
		return text;
	snprintf(error, RADIUS_ERROR_MAX, "%s: its first line is empty",
		 s->secret_file);
	free(text);
	return NULL;
}

static struct radius_link *open_link(const struct radius_link_config *config,
				     void *arg)
{
	const struct radius *r = arg;

	return r->tls ? radius_tls_new(config, r->tls) : radius_udp_new(config);
}

static void on_change(const struct radius_view *v, struct radius_link *l,
		      void *arg)
{
	const struct radius *r = arg;

	if (r->coa)
		radius_coa_take(r->coa, v, l);
}

/* port: of all servers, unless it tells its own; 0: does not matter */
static void fill_servers(struct radius_pool_config *c,
			 const struct radius_settings *s, uint16_t port)
{
	for (size_t i = 0; i < s->server.count; i++) {
		c->server[i].text = s->server.value[i];
		if (!valid_server_parse(s->server.value[i],
					&c->server[i].address,
					&c->server[i].port))
			continue; /* the config was checked */
		if (!c->server[i].port)
			c->server[i].port = port;
		c->servers++;
	}
}

static bool open_pools(struct radius *r, struct event_base *base,
		       const struct radius_settings *s, const char *secret)
{
	struct radius_pool_config c = {
		.base = base,
		.name = s->name,
		.secret = secret,
		.open = open_link,
		.on_change = on_change,
		.arg = r,
	};

	fill_servers(&c, s, r->tls ? RADIUS_TLS_PORT : PORT_AUTHENTICATION);
	r->pool = radius_pool_new(&c);
	if (!r->pool || !s->accounting_port || r->tls)
		return r->pool != NULL;
	for (size_t i = 0; i < c.servers; i++)
		c.server[i].port = (uint16_t)s->accounting_port;
	r->accounting_pool = radius_pool_new(&c);
	return r->accounting_pool != NULL;
}

static bool open_accounting(struct radius *r, struct event_base *base,
			    const struct radius_settings *s)
{
	const struct radius_accounting_config c = {
		.base = base,
		.identifier = s->identifier,
		.pool = r->tls ? r->pool : r->accounting_pool,
		.interim_s = s->interim_s,
		.ask = r->host.ask,
		.arg = r->host.arg,
	};

	if (!s->accounting_port)
		return true;
	r->accounting = radius_accounting_new(&c);
	return r->accounting != NULL;
}

static bool knows(uint64_t handle, void *arg)
{
	const struct radius *r = arg;

	return radius_accounting_knows(r->accounting, handle);
}

static bool change(const struct radius_change *c, void *arg)
{
	const struct radius *r = arg;

	return r->host.change(c, r->host.arg);
}

/* By TLS always. Without accounting, servers know no session by its name. */
static void open_coa(struct radius *r, struct event_base *base,
		     const struct radius_settings *s)
{
	struct radius_coa_config c = {
		.base = base,
		.name = r->name,
		.secret = radius_pool_secret(r->pool),
		.port = (uint16_t)s->coa_port,
		.knows = knows,
		.change = change,
		.arg = r,
	};
	uint16_t port;

	if ((!s->coa_port && !r->tls) || !r->accounting)
		return;
	for (size_t i = 0; i < s->server.count; i++)
		if (valid_server_parse(s->server.value[i], &c.server[c.servers],
				       &port))
			c.servers++;
	r->coa = radius_coa_new(&c);
}

/* false: error says what is wrong. */
static bool open_parts(struct radius *r, struct event_base *base,
		       const struct radius_settings *s,
		       char error[RADIUS_ERROR_MAX])
{
	char *secret = read_secret(s, error);
	bool is_fine = secret != NULL;

	if (is_fine && s->transport == RADIUS_TLS) {
		r->tls = radius_tls_context_new(s, error, RADIUS_ERROR_MAX);
		is_fine = r->tls != NULL;
	}
	if (is_fine) {
		snprintf(error, RADIUS_ERROR_MAX, "out of memory");
		is_fine = open_pools(r, base, s, secret) &&
			  open_accounting(r, base, s);
	}
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
	return is_fine;
}

struct radius *radius_new(struct event_base *base,
			  const struct radius_settings *s,
			  const struct radius_host *host,
			  char error[RADIUS_ERROR_MAX])
{
	struct radius *r = calloc(1, sizeof(*r));

	snprintf(error, RADIUS_ERROR_MAX, "out of memory");
	if (!r)
		return NULL;
	r->host = *host;
	r->name = strdup(s->name);
	r->identifier = strdup(s->identifier);
	if (!r->name || !r->identifier || !open_parts(r, base, s, error)) {
		radius_free(r);
		return NULL;
	}
	open_coa(r, base, s);
	return r;
}

void radius_give_up(struct radius *r)
{
	if (r->accounting)
		radius_accounting_give_up(r->accounting);
}

void radius_free(struct radius *r)
{
	if (!r)
		return;
	radius_coa_free(r->coa);
	radius_accounting_free(r->accounting);
	radius_pool_free(r->accounting_pool);
	radius_pool_free(r->pool);
	radius_tls_context_free(r->tls);
	free(r->name);
	free(r->identifier);
	free(r);
}

/* --- who is let in ------------------------------------------------------ */

void radius_attempt_cancel(struct radius_attempt *a)
{
	if (a->call)
		radius_call_cancel(a->call);
	explicit_bzero(a, sizeof(*a));
	free(a);
}

static struct radius_account *account_of(const struct radius_attempt *a,
					 const struct radius_view *answer)
{
	const struct radius_login l = { .name = a->name,
					.network = a->network,
					.pseudonym = a->pseudonym };
	struct radius_reply reply;
	struct radius_account *account;

	radius_reply_read(&reply, answer);
	account = radius_account_new(&l, &reply);
	explicit_bzero(&reply, sizeof(reply));
	return account;
}

static void on_answer(const struct radius_view *answer, void *arg)
{
	struct radius_attempt *a = arg;
	radius_login_fn *on_login = a->on_login;
	void *login_arg = a->arg;
	struct radius_account *account = NULL;
	enum radius_verdict verdict = RADIUS_UNAVAILABLE;

	a->call = NULL;
	if (answer && answer->code == RADIUS_ACCESS_ACCEPT)
		account = account_of(a, answer);
	else if (answer)
		verdict = RADIUS_REFUSED;
	radius_attempt_cancel(a);
	on_login(account ? RADIUS_ACCEPTED : verdict, account, login_arg);
}

/* false: it cannot be asked so. */
static bool build_request(const struct radius *r, const struct radius_login *l,
			  struct radius_packet *p)
{
	static const uint8_t wanted[1]; /* RFC 4372, 2.1: please tell */
	const char *secret = radius_pool_secret(r->pool);

	if (!radius_packet_init(p, RADIUS_ACCESS_REQUEST))
		return false;
	radius_put_text(p, RADIUS_USER_NAME, l->name);
	if (!radius_put_password(p, secret, l->password))
		return false;
	radius_put_number(p, RADIUS_SERVICE_TYPE, SERVICE_LOGIN);
	radius_put(p, RADIUS_CHARGEABLE_USER_IDENTITY, wanted, sizeof(wanted));
	radius_put_place(p, r->identifier, l->network, l->pseudonym);
	return !p->is_cut;
}

static struct radius_attempt *new_attempt(struct radius *r,
					  const struct radius_login *l)
{
	struct radius_attempt *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->radius = r;
	snprintf(a->name, sizeof(a->name), "%s", l->name);
	snprintf(a->network, sizeof(a->network), "%s", l->network);
	a->pseudonym = l->pseudonym;
	return a;
}

struct radius_attempt *radius_log_in(struct radius *r,
				     const struct radius_login *l,
				     radius_login_fn *on_login, void *arg)
{
	struct radius_packet p;
	struct radius_attempt *a;

	if (r->accounting && !radius_accounting_has_room(r->accounting))
		return NULL;
	a = new_attempt(r, l);
	if (!a)
		return NULL;
	a->on_login = on_login;
	a->arg = arg;
	if (build_request(r, l, &p))
		a->call = radius_pool_ask(r->pool, &p, on_answer, a);
	explicit_bzero(&p, sizeof(p));
	if (a->call)
		return a;
	radius_attempt_cancel(a);
	return NULL;
}

/* --- its session ---------------------------------------------------------- */

void radius_begin(struct radius *r, struct radius_account *account,
		  const struct ipc_session *now)
{
	if (r->accounting)
		radius_accounting_begin(r->accounting, account, now);
	else
		radius_account_free(account);
}

void radius_tell(struct radius *r, const struct ipc_account *m)
{
	if (r->accounting)
		radius_accounting_tell(r->accounting, m);
}

void radius_list_begins(struct radius *r)
{
	if (r->accounting)
		radius_accounting_list_begins(r->accounting);
}

void radius_list_ends(struct radius *r)
{
	if (r->accounting)
		radius_accounting_list_ends(r->accounting);
}
