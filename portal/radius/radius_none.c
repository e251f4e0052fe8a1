/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of all others here, where a build has no RADIUS. */
#include "portal/radius/radius.h"

#include <stdio.h>

struct radius *radius_new(struct event_base *base,
			  const struct radius_settings *s,
			  char error[RADIUS_ERROR_MAX])
{
	(void)base;
	snprintf(error, RADIUS_ERROR_MAX, "%s: this build has no RADIUS",
		 s->name);
	return NULL;
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
