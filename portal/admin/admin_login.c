/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_login.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "portal/admin/admin_answer.h"
#include "portal/admin/admin_site.h"
#include "portal/http/form.h"

#define COOKIE_FIELDS_MAX 256
#define FAILED_PATH	  "/login?failed=1#failed"
#define SAY_AGAIN_MS	  60000

/* --- sessions ---------------------------------------------------------- */

static const char *cookie_of(struct conn *c)
{
	const struct admin_site *s = conn_arg(c);
	const struct request_extra *e = conn_exchange(c)->request.extra;

	return s->is_secure ? e->secure_cookie : e->cookie;
}

bool admin_login_has_session(struct conn *c)
{
	struct admin_site *s = conn_arg(c);

	return admin_session_touch(s->sessions, cookie_of(c));
}

/* The __Host- name keeps others on this host from setting it. */
static void build_cookie(char out[COOKIE_FIELDS_MAX],
			 const struct admin_site *s, const char *value,
			 unsigned int age_s)
{
	snprintf(out, COOKIE_FIELDS_MAX,
		 "Set-Cookie: %s" REQUEST_COOKIE "=%s; HttpOnly; "
		 "SameSite=Strict; Path=/; Max-Age=%u%s\r\n",
		 s->is_secure ? "__Host-" : "", value, age_s,
		 s->is_secure ? "; Secure" : "");
}

/* --- tokens ------------------------------------------------------------ */

/* Guessing is cheap here, so the log is not filled with it. */
static void say_token(struct admin_site *s, uint64_t now_ms)
{
	if (s->token_said_ms && now_ms - s->token_said_ms < SAY_AGAIN_MS)
		return;
	log_info("admin: a request with an unknown token");
	s->token_said_ms = now_ms;
}

/* A token that is right is never made to wait for those that guess. */
bool admin_login_check_token(struct conn *c)
{
	struct admin_site *s = conn_arg(c);
	const struct exchange *x = conn_exchange(c);
	uint64_t now_ms = clock_ms();
	uint64_t wait_ms;

	if (accounts_check_token(s->accounts, x->request.extra->bearer))
		return true;
	wait_ms = lockout_wait_ms(s->lockout, &x->client, now_ms);
	if (wait_ms) {
		admin_answer_later(c, wait_ms);
		return false;
	}
	lockout_fail(s->lockout, &x->client, now_ms);
	say_token(s, now_ms);
	admin_answer_error(c, 401, "WWW-Authenticate: Bearer\r\n",
			   "this token is not known");
	return false;
}

const struct account *admin_login_account(struct conn *c)
{
	const struct admin_site *s = conn_arg(c);
	const struct request_extra *e = conn_exchange(c)->request.extra;
	const uint8_t *hash;

	if (e->has_authorization)
		return accounts_check_token(s->accounts, e->bearer);
	hash = admin_session_account(s->sessions, cookie_of(c));
	return hash ? accounts_find_hash(s->accounts, hash) : NULL;
}

/* --- passwords --------------------------------------------------------- */

static void start_session(struct conn *c, const struct account *who)
{
	struct admin_site *s = conn_arg(c);
	char key[ADMIN_SESSION_KEY_LEN + 1];
	char cookie[COOKIE_FIELDS_MAX];

	if (!admin_session_add(s->sessions, who, key)) {
		admin_answer_error(c, 503, NULL, "no randomness");
		return;
	}
	lockout_succeed(s->lockout, &conn_exchange(c)->client, clock_ms());
	log_info("admin: %s has logged in", who->name);
	build_cookie(cookie, s, key, ADMIN_SESSION_S);
	admin_answer_go(c, "/", cookie);
	explicit_bzero(cookie, sizeof(cookie));
	explicit_bzero(key, sizeof(key));
}

static void take_password(struct conn *c, const struct form *f)
{
	struct admin_site *s = conn_arg(c);
	const struct addr *client = &conn_exchange(c)->client;
	const char *name = form_find(f, "user");
	const char *password = form_find(f, "password");
	uint64_t now_ms = clock_ms();
	uint64_t wait_ms = lockout_take_turn(s->lockout, client, now_ms);
	const struct account *who;

	if (wait_ms) {
		admin_answer_later(c, wait_ms);
		return;
	}
	who = accounts_check_password(s->accounts, name ? name : "",
				      password ? password : "");
	lockout_end_turn(s->lockout, clock_ms());
	if (who) {
		start_session(c, who);
		return;
	}
	lockout_fail(s->lockout, client, now_ms);
	log_info("admin: a login failed");
	admin_answer_go(c, FAILED_PATH, NULL);
}

void admin_login_take(struct conn *c)
{
	struct exchange *x = conn_exchange(c);
	struct form f;

	if (!x->request.is_form ||
	    !form_parse(&f, x->body, x->request.body_len))
		admin_answer_error(c, 400, NULL, "this is no login form");
	else
		take_password(c, &f);
	explicit_bzero(&f, sizeof(f));
}

void admin_login_take_logout(struct conn *c)
{
	struct admin_site *s = conn_arg(c);
	char cookie[COOKIE_FIELDS_MAX];

	admin_session_remove(s->sessions, cookie_of(c));
	build_cookie(cookie, s, "", 0);
	admin_answer_go(c, "/login", cookie);
}
