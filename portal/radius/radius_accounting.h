/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Telling servers of the sessions of their accounts (RFC 2866): the start, the
 * volume now and then, the end. Each session's packets go one after the other;
 * one that no server takes waits here, and is sent again until one does.
 *
 * Bounded: RADIUS_SESSIONS_MAX sessions, those that have ended and wait
 * included. Where these are too many, the oldest of them is forgotten.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_ACCOUNTING_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_ACCOUNTING_H

#include "portal/radius/radius_account.h"
#include "portal/radius/radius_pool.h"

#define RADIUS_SESSIONS_MAX  4096
#define RADIUS_AGAIN_MS	     10000 /* until what nobody took is sent again */
#define RADIUS_INTERIM_MIN_S 60

struct radius_accounting;

struct radius_accounting_config {
	struct event_base *base;
	const char *identifier;	  /* copied */
	struct radius_pool *pool; /* borrowed */
	uint64_t interim_s;	  /* where the server has not said; 0: never */
	/* wants the counters of that session: radius_accounting_tell() */
	void (*ask)(uint64_t handle, void *arg);
	void *arg;
};

/* NULL: no memory. */
struct radius_accounting *
radius_accounting_new(const struct radius_accounting_config *config);

/*
 * Tells servers that the box ends (Accounting-Off), if no session goes on, and
 * once more of each end that none has taken. Others go on for whoever comes
 * next, as after a restart.
 */
void radius_accounting_free(struct radius_accounting *a);

/* Nobody comes next for these servers: to them all sessions end with it. */
void radius_accounting_give_up(struct radius_accounting *a);

/* false: there is no room for one more session. */
bool radius_accounting_has_room(const struct radius_accounting *a);

/*
 * A session has begun; takes the account over. now: of the session, which may
 * have counted before. One that is known goes on as it was.
 */
void radius_accounting_begin(struct radius_accounting *a,
			     struct radius_account *account,
			     const struct ipc_session *now);

/* What netctl says of a session, be it asked or not. */
void radius_accounting_tell(struct radius_accounting *a,
			    const struct ipc_account *m);

/*
 * netctl is back, and tells of all sessions until the list ends: those that it
 * does not name have ended meanwhile. Where there is none the first time, the
 * box has been started, which servers are told (Accounting-On).
 */
void radius_accounting_list_begins(struct radius_accounting *a);
void radius_accounting_list_ends(struct radius_accounting *a);

/* Whether such a session goes on. */
bool radius_accounting_knows(const struct radius_accounting *a,
			     uint64_t handle);

#endif
