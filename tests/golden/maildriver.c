/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal's news to operators, by a list of what is not well that a test
 * keeps in a file:
 *
 *	maildriver LIST LIMIT_MS RELAY FROM USER PASSWORD-FILE ADDRESS...
 *
 * It looks each 20 ms and says each look on its output, until it is killed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "portal/netctl_client.h"
#include "portal/notify/notify.h"

static struct json_object *on_list(const struct ipc_health *h, void *arg)
{
	struct json_object *list = json_object_from_file(arg);

	(void)h;
	puts("look");
	fflush(stdout);
	return list ? list : json_object_new_array();
}

int main(int argc, char **argv)
{
	struct settings s = { .portal = { .network = "Bochum frei" } };
	struct netctl_client_config nc = { .socket = "/nonexistent/sock" };
	struct notify_config c = { .list = on_list };
	struct event_base *base = event_base_new();
	struct notify *n;

	if (argc < 8)
		return 2;
	s.admin.mail_relay = argv[3];
	s.admin.mail_from = argv[4];
	s.admin.mail_user = argv[5];
	s.admin.mail_password = argv[6];
	s.admin.notify = (struct conf_list){ argv + 7, (size_t)argc - 7 };
	c.arg = argv[1];
	nc.base = c.base = base;
	nc.arg = NULL;
	c.netctl = netctl_client_new(&nc);
	n = notify_new(&c);
	setvbuf(stderr, NULL, _IOLBF, 0);
	if (!n)
		return 1;
	notify_hurry(n, 20, strtoull(argv[2], NULL, 10));
	notify_apply(n, &s);
	event_base_dispatch(base);
	return 0;
}
