/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the box's resolver and access points tell, and what their teller is told
 * of the config: names to listen for, and radios to switch.
 */
#include <stdio.h>

#include "common/config/garden_names.h"
#include "netctl/control/controller.h"
#include "netctl/control/garden_sync.h"
#include "netctl/control/grant.h"
#include "netctl/control/radios.h"
#include "netctl/server/peer.h"

_Static_assert(IPC_NAME_MAX == GARDEN_NAME_MAX, "names fit messages");

static void handle_garden(struct ipc_channel *ch, const void *message,
			  void *arg)
{
	const struct ipc_garden *m = message;
	struct peer *p = arg;
	uint32_t count;
	int err = garden_sync_open(p->server->controller, m, &count);

	(void)ch;
	if (err)
		controller_count_refusal(p->server->controller);
	peer_answer_done(p, m->header.id, err, count, 0);
}

static void handle_left(struct ipc_channel *ch, const void *message, void *arg)
{
	const struct ipc_left *m = message;
	struct peer *p = arg;

	(void)ch;
	grant_left(p->server->controller, &m->mac);
}

struct greeting {
	struct peer *peer;
	uint32_t count;
};

/* A link may lead to what no resolver is asked for. */
static void on_garden_name(const char *name, size_t len, void *arg)
{
	struct ipc_garden_name m = { 0 };
	struct greeting *g = arg;

	if (!garden_name_clean(name, len, m.name))
		return;
	ipc_channel_send(g->peer->channel, IPC_GARDEN_NAME, &m);
	g->count++;
}

static void on_radio(const char *name, uint32_t off_s, void *arg)
{
	struct ipc_radio m = { .off_s = off_s };
	struct greeting *g = arg;

	snprintf(m.name, sizeof(m.name), "%s", name);
	ipc_channel_send(g->peer->channel, IPC_RADIO, &m);
	g->count++;
}

static void greet_events(struct peer *p)
{
	const struct controller *c = p->server->controller;
	const struct settings *s = controller_settings(c);
	struct greeting g = { .peer = p };

	for (size_t z = 0; z < s->zones; z++)
		garden_names_each(s, z, on_garden_name, &g);
	radios_each(c, on_radio, &g);
	peer_answer_done(p, 0, 0, g.count, 0);
}

static const struct ipc_handler events_handlers[IPC_TYPE_MAX] = {
	[IPC_GARDEN] = { handle_garden },
	[IPC_LEFT] = { handle_left },
};

/* One transaction a message, unlike all of the portal's in a turn. */
const struct role peer_events_role = { "events", events_handlers, 2, 500,
				       true,	 greet_events };
