/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/guest.h"

struct site *guest_site(struct conn *c)
{
	return conn_arg(c);
}

struct guest *guest_of(struct conn *c)
{
	return conn_exchange(c)->user;
}

void guest_on_close(void *user)
{
	struct guest *g = user;

	netctl_client_cancel(&g->question);
	auth_wait_withdraw(&g->wait);
	credential_clear(&g->pass);
}
