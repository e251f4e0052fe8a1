/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Operators who are logged in, in memory only: a restart logs everybody out.
 * Only a hash of what the browser holds is kept.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_SESSION_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_SESSION_H

#include "portal/admin/accounts.h"

#define ADMIN_SESSIONS	      16
#define ADMIN_SESSION_S	      43200
#define ADMIN_SESSION_IDLE_S  7200
#define ADMIN_SESSION_KEY_LEN 64 /* hexadecimal digits */

struct admin_sessions;

struct admin_sessions *admin_sessions_new(void);

/*
 * A session for the account; the one that rested longest makes room. false:
 * no randomness.
 */
bool admin_session_add(struct admin_sessions *s, const struct account *who,
		       char key[ADMIN_SESSION_KEY_LEN + 1]) MUST_CHECK;

/* true: there is such a session, and it has just been used. */
bool admin_session_touch(struct admin_sessions *s, const char *key);

/* The hash of whose it is; NULL: there is no such session. */
const uint8_t *admin_session_account(struct admin_sessions *s, const char *key);
void admin_session_remove(struct admin_sessions *s, const char *key);

/* Ends those whose account is gone or has another password. */
void admin_sessions_review(struct admin_sessions *s, const struct accounts *a);
void admin_sessions_free(struct admin_sessions *s);

#endif
