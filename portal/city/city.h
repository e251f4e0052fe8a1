/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal's half of a city of boxes: carries records, which it cannot read,
 * between netctl and the store of the city, and figures and health to the
 * store. Nothing runs before the box has joined one. Whatever becomes of the
 * store, nobody who is online notices.
 *
 * What a build with CITY=0 has of it is city_none.c.
 */
#ifndef STADTTOR_PORTAL_CITY_CITY_H
#define STADTTOR_PORTAL_CITY_CITY_H

#include "common/config/settings.h"
#include "portal/netctl_client.h"
#include "portal/store/store.h"
#include "portal/util/strbuf.h"
#include "portal/voucher/voucher.h"

struct city;

struct city_config { /* lent as long as the city lives */
	struct event_base *base;
	struct netctl_client *netctl;
	/* see heartbeat.h */
	void (*codes)(const struct ipc_health *h, struct strbuf *out,
		      void *arg);
	void *arg;
};

/* NULL: no memory. */
struct city *city_new(const struct city_config *config);

/*
 * Reads the login anew and begins anew, or ends, as it says; a login that
 * cannot be used is said in the log, and the box is by itself.
 */
void city_apply(struct city *c, const struct settings *s);

/* The city's codes, lent until the next city_apply(). NULL: there are none, or
 * no zone asks for codes. */
struct vouchers *city_vouchers(const struct city *c);

/* Lent; NULL: there is none for the moment. Not before city_apply(): in no
 * city, it lets go of what waits for the hub. */
void city_set_store(struct city *c, struct store *store);

void city_netctl(struct city *c); /* is there anew, or away */
void city_take(struct city *c, const struct ipc_city_record *r);

enum city_state {
	CITY_OFF,     /* in no city */
	CITY_BROKEN,  /* what was joined cannot be used */
	CITY_AWAY,    /* the store cannot be reached */
	CITY_REFUSED, /* the store does not take what is sent */
	CITY_UP,
};

struct city_status {
	enum city_state state;
	unsigned int troubles; /* of enum ipc_city_trouble */
	uint64_t figures;      /* that the hub has not got */
};

struct city_status city_status(const struct city *c);

/* After the loop has ended, and before netctl's client and the store. */
void city_free(struct city *c);

#endif
