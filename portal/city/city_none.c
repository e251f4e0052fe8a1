/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of all else in this folder: see CITY in the Makefile. */
#include <stdlib.h>
#include <unistd.h>

#include "common/city/city_login.h"
#include "portal/city/city.h"

struct city {
	enum city_state state;
};

struct city *city_new(const struct city_config *config)
{
	(void)config;
	return calloc(1, sizeof(struct city));
}

struct vouchers *city_vouchers(const struct city *c)
{
	(void)c;
	return NULL;
}

void city_apply(struct city *c, const struct settings *s)
{
	char path[CITY_PATH_MAX];
	bool has_joined = s->city.enabled &&
			  city_login_path(path, s->city.folder) &&
			  access(path, F_OK) == 0;

	c->state = has_joined ? CITY_BROKEN : CITY_OFF;
	if (has_joined)
		log_error("city: this build can be part of none (CITY=0)");
}

void city_set_store(struct city *c, struct store *store)
{
	(void)c;
	if (store)
		store_set_outgoing(store, false);
}

void city_netctl(struct city *c)
{
	(void)c;
}

void city_take(struct city *c, const struct ipc_city_record *r)
{
	(void)c;
	(void)r;
}

struct city_status city_status(const struct city *c)
{
	return (struct city_status){ .state = c->state };
}

void city_free(struct city *c)
{
	free(c);
}
