/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/accounts.h"

#include <errno.h>

#include "netctl/control/controller.h"
#include "netctl/control/describe.h"
#include "netctl/control/grant.h"
#include "netctl/server/peer.h"
#include "netctl/server/pseudonyms.h"
#include "netctl/session/session.h"

void accounts_send(struct peer *to, uint32_t id, const struct session *s,
		   int err)
{
	struct ipc_account m = { .header.id = id, .error = err };

	if (err)
		controller_count_refusal(to->server->controller);
	else
		describe_account(to->server->controller, s, &m);
	ipc_channel_send(to->channel, IPC_ACCOUNT, &m);
}

/* Those of a page of the list. */
static void send_page(struct peer *to, const struct ipc_account_ask *m)
{
	struct session_table *all = controller_sessions(to->server->controller);
	struct session *s = session_at(all, m->cursor);
	uint32_t count = 0;

	for (; s && count < IPC_LIST_PAGE; s = session_at(all, s->index + 1)) {
		if (!s->is_account || s->state != SESSION_GRANTED)
			continue;
		accounts_send(to, m->header.id, s, 0);
		count++;
	}
	peer_answer_done(to, m->header.id, 0, count, s ? s->index : 0);
}

static void answer_ask(struct peer *to, const struct ipc_account_ask *m)
{
	struct session_table *all = controller_sessions(to->server->controller);
	const struct session *s;

	if (!m->handle) {
		send_page(to, m);
		return;
	}
	s = session_find_handle(all, m->handle);
	accounts_send(to, m->header.id, s, s && s->is_account ? 0 : -ENOENT);
}

static void answer_change(struct peer *to, const struct ipc_account_change *m)
{
	struct session *s;
	int err = grant_change_account(to->server->controller, m, &s);

	accounts_send(to, m->header.id, s, err);
}

void accounts_handle(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_header *h = message;

	(void)ch;
	if (h->type == IPC_ACCOUNT_ASK)
		answer_ask(arg, message);
	else
		answer_change(arg, message);
}

uint64_t accounts_pseudonym(const struct server *sv, uint16_t zone,
			    const struct mac *mac)
{
	const struct settings *all = controller_settings(sv->controller);
	const char *radius = all->zone[zone].radius;

	return *radius ? pseudonyms_make(sv->pseudonyms, radius, mac) : 0;
}
