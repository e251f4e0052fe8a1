/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What servers want of running sessions (RFC 5176): other limits, or the end.
 * Only from the addresses of the config's servers, with their secret, and each
 * once (radius_replay.h); or by the TLS stream to one of them. Owns the socket.
 *
 * A session is named by its Acct-Session-Id alone.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_COA_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_COA_H

#include "common/ipc.h"
#include "portal/radius/radius_pool.h"

#define RADIUS_COA_WAITING 32 /* requests that netctl is asked about */

struct radius_coa;

/* error: 0, or -errno of netctl's; -ETIMEDOUT: it did not say. */
typedef void radius_changed_fn(int error, void *arg);

/* What a server wants of a session: all of a message but its header. */
struct radius_change {
	uint64_t handle;
	struct ipc_limits limits;
	bool end;
	radius_changed_fn *done; /* called later, once */
	void *arg;
};

struct radius_coa_config {
	struct event_base *base;
	const char *name; /* for the log; borrowed, as all here */
	const char *secret;
	uint16_t port; /* 0: none by UDP */
	struct addr server[RADIUS_SERVERS];
	size_t servers;
	/* Whether the session is one of these servers' accounts. */
	bool (*knows)(uint64_t handle, void *arg);
	/* false: netctl cannot be asked; done is not called then */
	bool (*change)(const struct radius_change *c, void *arg);
	void *arg;
};

/* NULL: no memory, or the port cannot be had; said in the log. */
struct radius_coa *radius_coa_new(const struct radius_coa_config *config);

/* One that came by the stream to a server, which lives as long as this. */
void radius_coa_take(struct radius_coa *c, const struct radius_view *v,
		     struct radius_link *stream);

/* What is waited for must have been called before. */
void radius_coa_free(struct radius_coa *c);

#endif
