/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/session_page.h"

#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "netctl/control/controller.h"
#include "netctl/control/devices.h"
#include "netctl/session/session.h"

uint32_t session_page_fill(struct session_page *page, struct controller *c,
			   uint32_t cursor)
{
	uint32_t index = cursor;
	struct session *s;

	*page = (struct session_page){ .sessions = controller_sessions(c) };
	while (page->count < IPC_LIST_PAGE &&
	       (s = session_at(page->sessions, index))) {
		index = s->index + 1;
		if (s->state == SESSION_GRANTED)
			page->session[page->count++] = s;
	}
	return session_at(page->sessions, index) ? index : 0;
}

static void on_neighbour(const struct mac *mac, const struct addr *a, void *arg)
{
	struct session_page *page = arg;
	const struct session *s = session_find(page->sessions, page->zone, mac);
	void *grown;

	if (!s || !page->count || s->index < page->session[0]->index ||
	    s->index > page->session[page->count - 1]->index)
		return;
	grown = array_grow(page->address, &page->size, page->addresses + 1,
			   sizeof(*page->address));
	if (!grown)
		return;
	page->address = grown;
	page->address[page->addresses].session = s;
	page->address[page->addresses++].ip = *a;
}

void session_page_find_addresses(struct session_page *page,
				 struct controller *c)
{
	size_t zones = controller_settings(c)->zones;

	for (page->zone = 0; page->zone < zones; page->zone++)
		if (devices_list_neighbours(c, page->zone, on_neighbour, page) <
		    0)
			log_warn("neighbours: the list of addresses is "
				 "incomplete");
}

void session_page_clear(struct session_page *page)
{
	if (page->address)
		explicit_bzero(page->address,
			       page->size * sizeof(*page->address));
	free(page->address);
	page->address = NULL;
}
