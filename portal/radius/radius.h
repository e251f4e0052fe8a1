/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The accounts of one section `config radius`: who is let in, and what servers
 * are told of their sessions. Knows no page, no connection and no netctl.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_H

#include "common/config/settings.h"
#include "portal/radius/radius_account.h"
#include "portal/radius/radius_coa.h"

struct event_base;
struct radius;
struct radius_attempt;

#define RADIUS_ERROR_MAX 300

/* What is asked of netctl. */
struct radius_host {
	/* wants the counters of that session: radius_tell() */
	void (*ask)(uint64_t handle, void *arg);
	/* a server wants that of a session, see struct radius_change */
	bool (*change)(const struct radius_change *c, void *arg);
	void *arg;
};

/* Reads the files that it names. NULL: error says what is wrong. */
struct radius *radius_new(struct event_base *base,
			  const struct radius_settings *s,
			  const struct radius_host *host,
			  char error[RADIUS_ERROR_MAX]) MUST_CHECK;

/* Whoever waits is told RADIUS_UNAVAILABLE. */
void radius_free(struct radius *r);

/* Before it is freed, where no other section has these servers. */
void radius_give_up(struct radius *r);

enum radius_verdict {
	RADIUS_ACCEPTED,
	RADIUS_REFUSED, /* also where more is asked than a password */
	RADIUS_UNAVAILABLE,
};

/* The account is the callee's from now on; NULL where it is not accepted. */
typedef void radius_login_fn(enum radius_verdict verdict,
			     struct radius_account *account, void *arg);

/*
 * Asks the servers; name and password are not kept. NULL: it cannot be asked,
 * and nothing is called.
 */
struct radius_attempt *radius_log_in(struct radius *r,
				     const struct radius_login *l,
				     radius_login_fn *on_login,
				     void *arg) MUST_CHECK;
void radius_attempt_cancel(struct radius_attempt *a);

/* netctl has let it in; takes the account over. */
void radius_begin(struct radius *r, struct radius_account *account,
		  const struct ipc_session *now);

/* As of struct radius_accounting. */
void radius_tell(struct radius *r, const struct ipc_account *m);
void radius_list_begins(struct radius *r);
void radius_list_ends(struct radius *r);

#endif
