/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections whose way in asks somebody outside of the box: bounded in number
 * and in time. Owns a timer only, as the items live in their connections.
 */
#ifndef STADTTOR_PORTAL_GUEST_AUTH_WAIT_H
#define STADTTOR_PORTAL_GUEST_AUTH_WAIT_H

#include "common/addr.h"
#include "portal/util/deadline.h"

#define AUTH_WAITS_MAX	      256
#define AUTH_WAITS_PER_CLIENT 2	    /* by its address */
#define AUTH_WAIT_MS	      30000 /* methods give up earlier by themselves */

struct conn;

/* All that wait; of the site. */
struct auth_waits {
	struct deadline_queue queue;
	void (*on_late)(struct conn *c); /* it has been withdrawn */
};

/* Of one connection, zeroed when it begins. */
struct auth_wait {
	struct conn *conn;  /* NULL: it does not wait */
	struct addr client; /* of it */
	struct auth_waits *waits;
	void (*withdraw)(void *arg); /* nobody wants the answer any more */
	void *arg;
	struct deadline deadline;
};

void auth_waits_init(struct auth_waits *ws, struct event_base *base,
		     void (*on_late)(struct conn *c));
void auth_waits_clear(struct auth_waits *ws);

/*
 * withdraw, arg and client are set before. false: as many as may wait do, of
 * all or of that client.
 */
bool auth_wait_start(struct auth_wait *w, struct auth_waits *ws,
		     struct conn *c);

/* The answer is there, or was never waited for. */
void auth_wait_stop(struct auth_wait *w);

/* It is not wanted any more, if it ever was. */
void auth_wait_withdraw(struct auth_wait *w);

#endif
