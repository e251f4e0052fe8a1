/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal's side of netctl's socket: keeps it connected, carries questions
 * and their answers, gives up on an answer after two seconds, and hands on
 * what comes unasked. Believes that netctl tells the truth, but not that it is
 * there.
 */
#ifndef STADTTOR_PORTAL_NETCTL_CLIENT_H
#define STADTTOR_PORTAL_NETCTL_CLIENT_H

#include <sys/queue.h>

#include "common/ipc.h"
#include "portal/util/deadline.h"

#define NETCTL_CLIENT_ANSWER_MS 2000

struct netctl_client;

struct netctl_client_config {
	struct event_base *base;
	const char *socket; /* copied */
	void (*on_zone)(const struct ipc_zone *z, void *arg);
	void (*on_presence)(bool is_there, void *arg);
	void (*on_usage_cell)(const struct ipc_usage_cell *cell, void *arg);
	/* of a session of an account, asked or not; may be NULL */
	void (*on_account)(const struct ipc_account *m, void *arg);
	void (*on_city_record)(const struct ipc_city_record *r, void *arg);
	void *arg;
};

/*
 * A question under way; lives in its asker, zeroed before its first use. One
 * of the five is called, with NULL where netctl is away or late; the request
 * is over by then.
 */
struct netctl_request {
	void (*on_answer)(const struct ipc_session *s, void *arg);
	void (*on_health)(const struct ipc_health *h, void *arg);
	void (*on_device)(const struct ipc_device *d, void *arg);
	void (*on_done)(const struct ipc_done *d, void *arg);
	void (*on_city)(const struct ipc_city *c, void *arg);
	void (*on_account)(const struct ipc_account *a, void *arg);
	void *arg;

	/* gate's own */
	struct netctl_client *netctl;
	LIST_ENTRY(netctl_request) next;
	struct deadline deadline;
	uint32_t id;	     /* 0: not under way */
	enum ipc_type wants; /* what answers it */
};

/* Tries to connect at once, then again and again. NULL: no memory. */
struct netctl_client *
netctl_client_new(const struct netctl_client_config *config);
bool netctl_client_is_there(const struct netctl_client *nc);

/* Another path takes effect with a new connection. -ENOMEM or 0. */
int netctl_client_set_socket(struct netctl_client *nc,
			     const char *socket) MUST_CHECK;

/*
 * Asks one of IPC_LOOKUP, IPC_GRANT (with the zone's default limits where
 * limits is NULL), IPC_LOGOUT. on_answer and arg of the request are set
 * before. -ENOTCONN: netctl is away, nothing will be answered.
 */
struct netctl_question {
	enum ipc_type type;
	const struct addr *client;
	const struct ipc_limits *limits;
	bool shown;	      /* of a lookup: see struct ipc_lookup */
	uint32_t platform;    /* then: enum usage_platform */
	bool attempt;	      /* of a lookup: a code is tried */
	const char *language; /* of a grant: of the page, NULL: not known */
	uint64_t tag;	  /* of a grant, as the rest: see struct ipc_grant */
	uint32_t devices; /* with that tag at once */
	uint32_t terms;	  /* version accepted, 0: not known */
	bool extend;	  /* a running session gets its duration anew */
	bool replace;	  /* of the tag's devices the quietest makes room */
	bool account;	  /* see struct ipc_account */
};
int netctl_client_ask(struct netctl_client *nc, struct netctl_request *r,
		      const struct netctl_question *q) MUST_CHECK;

/* The same for IPC_HEALTH_ASK, with on_health. */
int netctl_client_ask_health(struct netctl_client *nc,
			     struct netctl_request *r) MUST_CHECK;

/* Which device carries an address of this box (IPC_DEVICE_ASK): on_device. */
int netctl_client_ask_device(struct netctl_client *nc, struct netctl_request *r,
			     const struct addr *a) MUST_CHECK;

/*
 * Hands on what the city's store said: on_done. All of a message but its
 * header is the asker's.
 */
int netctl_client_feed(struct netctl_client *nc, struct netctl_request *r,
		       struct ipc_city_feed *m) MUST_CHECK;
int netctl_client_tell_key(struct netctl_client *nc, struct netctl_request *r,
			   struct ipc_city_key *m) MUST_CHECK;

/* How netctl fares in the city: on_city. */
int netctl_client_ask_city(struct netctl_client *nc,
			   struct netctl_request *r) MUST_CHECK;

/* A page of the sessions of accounts, by on_account; then on_done. */
int netctl_client_list_accounts(struct netctl_client *nc,
				struct netctl_request *r,
				uint32_t cursor) MUST_CHECK;

/* The counters of one, by on_account of the client. */
int netctl_client_ask_account(struct netctl_client *nc,
			      uint64_t handle) MUST_CHECK;

/* Changes or ends one: on_account. All of the message but its header is set. */
int netctl_client_change_account(struct netctl_client *nc,
				 struct netctl_request *r,
				 struct ipc_account_change *m) MUST_CHECK;
void netctl_client_cancel(struct netctl_request *r);

/* Ends the sessions that were granted with the tag. -ENOTCONN: not now. */
int netctl_client_end_tag(struct netctl_client *nc, uint64_t tag) MUST_CHECK;

/* -ENOTCONN: netctl is away; on_presence tells when it is back. */
int netctl_client_send_next(struct netctl_client *nc,
			    const struct ipc_usage_next *m) MUST_CHECK;

/* The same; records come by on_city_record. */
int netctl_client_ask_records(struct netctl_client *nc,
			      struct ipc_city_next *m) MUST_CHECK;
int netctl_client_tell_clock(struct netctl_client *nc,
			     struct ipc_city_clock *m) MUST_CHECK;

/* Requests under way are answered with NULL. */
void netctl_client_free(struct netctl_client *nc);

#endif
