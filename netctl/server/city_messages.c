/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/city_messages.h"

#include <errno.h>

#include "netctl/control/controller.h"
#include "netctl/control/newcomers.h"
#include "netctl/control/roaming.h"
#include "netctl/server/peer.h"

#define RECORDS_AT_ONCE 64

void city_handle_feed(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_city_feed *m = message;
	struct peer *p = arg;
	uint32_t count = 0;
	int err = roaming_feed(p->server->controller, m, &count);

	(void)ch;
	if (count)
		newcomers_look_again(p->server->controller);
	peer_answer_done(p, m->header.id, err, count, 0);
}

void city_handle_clock(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct peer *p = arg;

	(void)ch;
	roaming_see_store(p->server->controller, message);
}

void city_send_records(struct peer *p)
{
	struct ipc_city_record record[RECORDS_AT_ONCE];
	size_t count = roaming_read(p->server->controller, p->last_record,
				    record, RECORDS_AT_ONCE);

	p->wants_records = !count;
	for (size_t i = 0; i < count; i++)
		ipc_channel_send(p->channel, IPC_CITY_RECORD, &record[i]);
}

void city_handle_next(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_city_next *m = message;
	struct peer *p = arg;

	(void)ch;
	roaming_forget(p->server->controller, m->committed);
	p->last_record = m->after;
	city_send_records(p);
}

void city_handle_key(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_city_key *m = message;
	struct peer *p = arg;
	int err = roaming_take_key(p->server->controller, m);

	(void)ch;
	if (err == -EBADMSG)
		controller_count_refusal(p->server->controller);
	peer_answer_done(p, m->header.id, err, 0, 0);
}

void city_send_state(struct peer *p, uint32_t id)
{
	struct ipc_city c = { .header.id = id };

	roaming_describe(p->server->controller, p->role->is_portal, &c);
	if (c.is_joined)
		ipc_channel_send(p->channel, IPC_CITY, &c);
}

void city_handle_ask(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_status *m = message;
	const struct peer *p = arg;
	struct ipc_city c = { .header.id = m->header.id };

	roaming_describe(p->server->controller, p->role->is_portal, &c);
	ipc_channel_send(ch, IPC_CITY, &c);
}
