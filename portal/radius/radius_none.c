/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of all others here, where a build has no RADIUS. */
#include "portal/radius/radius.h"

#include <stdio.h>

struct radius *radius_new(struct event_base *base,
			  const struct radius_settings *s,
			  const struct radius_host *host,
			  char error[RADIUS_ERROR_MAX])
{
	(void)base;
	(void)host;
	snprintf(error, RADIUS_ERROR_MAX, "%s: this build has no RADIUS",
		 s->name);
	return NULL;
}

void radius_give_up(struct radius *r)
{
	(void)r;
}

void radius_free(struct radius *r)
{
	(void)r;
}

struct radius_attempt *radius_log_in(struct radius *r,
				     const struct radius_login *l,
				     radius_login_fn *on_login, void *arg)
{
	(void)r;
	(void)l;
	(void)on_login;
	(void)arg;
	return NULL;
}

void radius_attempt_cancel(struct radius_attempt *a)
{
	(void)a;
}

void radius_account_free(struct radius_account *a)
{
	(void)a;
}

void radius_begin(struct radius *r, struct radius_account *account,
		  const struct ipc_session *now)
{
	(void)r;
	(void)account;
	(void)now;
}

void radius_tell(struct radius *r, const struct ipc_account *m)
{
	(void)r;
	(void)m;
}

void radius_list_begins(struct radius *r)
{
	(void)r;
}

void radius_list_ends(struct radius *r)
{
	(void)r;
}
