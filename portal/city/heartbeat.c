/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/heartbeat.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define TEXT_MAX 2048

struct heartbeat {
	struct city_link *link;
	heartbeat_codes_fn *codes;
	void *arg;
	struct netctl_request city, health;
	struct ipc_city last; /* what netctl said of the city; 0: nothing */
	bool is_beating;
};

static void on_written(const struct redisReply *reply, void *arg)
{
	struct heartbeat *h = arg;

	city_link_has_taken(h->link, reply);
}

static void write_beat(struct heartbeat *h, const struct ipc_health *health)
{
	char text[TEXT_MAX];
	struct strbuf o;
	struct city_entry e = {
		.stream = "hb",
		.is_alone = true,
		.field = "h",
		.bytes = text,
	};

	strbuf_init(&o, text, sizeof(text));
	strbuf_format(&o,
		      "{\"version\":\"" VERSION "\",\"uptime_s\":%" PRIu64
		      ",\"generation\":%u,\"health\":[",
		      clock_ms() / 1000, h->last.generation);
	h->codes(health, &o, h->arg);
	strbuf_text(&o, "]}");
	e.len = o.len;
	if (!city_link_is_up(h->link) || o.is_cut ||
	    city_link_add(h->link, &e, on_written, h))
		log_debug("city: no heartbeat this time");
}

static void on_health(const struct ipc_health *health, void *arg)
{
	struct heartbeat *h = arg;
	struct ipc_health copy;

	if (health)
		memcpy(&copy, health, sizeof(copy));
	h->is_beating = false;
	write_beat(h, health ? &copy : NULL);
}

static void on_city(const struct ipc_city *city, void *arg)
{
	struct heartbeat *h = arg;

	if (city)
		memcpy(&h->last, city, sizeof(h->last));
	else
		memset(&h->last, 0, sizeof(h->last));
	if (netctl_client_ask_health(h->link->netctl, &h->health))
		on_health(NULL, h);
}

void heartbeat_beat(struct heartbeat *h)
{
	if (h->is_beating)
		return;
	h->is_beating = true;
	if (netctl_client_ask_city(h->link->netctl, &h->city))
		on_city(NULL, h);
}

unsigned int heartbeat_troubles(const struct heartbeat *h)
{
	return h->last.troubles;
}

struct heartbeat *heartbeat_new(struct city_link *link,
				heartbeat_codes_fn *codes, void *arg)
{
	struct heartbeat *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->link = link;
	h->codes = codes;
	h->arg = arg;
	h->city.on_city = on_city;
	h->health.on_health = on_health;
	h->city.arg = h->health.arg = h;
	return h;
}

void heartbeat_free(struct heartbeat *h)
{
	if (!h)
		return;
	netctl_client_cancel(&h->city);
	netctl_client_cancel(&h->health);
	free(h);
}
