/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/netctl_status.h"

#include <errno.h>
#include <string.h>

static int on_part(const union netctl_call_message *m, void *arg)
{
	struct netctl_status *s = arg;

	if (m->header.type == IPC_TOTALS) {
		s->totals = m->totals;
		return 0;
	}
	if (m->header.type == IPC_CITY) {
		s->city = m->city;
		return 0;
	}
	if (m->header.type != IPC_ZONE || s->zones == SETTINGS_ZONES)
		return -EPROTO;
	s->zone[s->zones] = m->zone;
	s->zone[s->zones++].zone[IPC_ZONE_NAME_MAX - 1] = '\0';
	return 0;
}

int netctl_status_fetch(struct netctl_call *t, struct netctl_status *s)
{
	const struct netctl_call_handler h = { on_part, s };
	struct ipc_status question = { 0 };
	struct ipc_done done;

	memset(s, 0, sizeof(*s));
	return netctl_call_all(t, IPC_STATUS, &question, &h, &done);
}

const struct ipc_zone *netctl_status_find(const struct netctl_status *s,
					  const char *zone)
{
	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].zone, zone))
			return &s->zone[i];
	return NULL;
}
