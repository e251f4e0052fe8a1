/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/login.h"

#include <stdlib.h>
#include <string.h>

void login_withdraw(void *arg)
{
	struct login *l = arg;

	if (l->under_way)
		oidc_cancel(l->under_way);
	l->under_way = NULL;
}

void login_free(struct login *l)
{
	if (!l)
		return;
	login_withdraw(l);
	explicit_bzero(l, sizeof(*l));
	free(l);
}
