/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The controller as a whole: the config, the devices as they are now, the
 * rules in the kernel, and the sessions. Its parts, each in a file of its own:
 *
 *	gate.c		devices, rules, reload, what happens around us
 *	admission.c	who is let in, how, and who no longer is
 *	accounting.c	counters, and the ends that follow from them
 *	opening.c	what the resolver and the access points tell
 *	describe.c	all of it as messages
 *	server.c	what portal, operator and events may ask
 */
#ifndef STADTTOR_NETCTL_CONTROL_CONTROLLER_H
#define STADTTOR_NETCTL_CONTROL_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/config/settings.h"
#include "netctl/control/health.h"
#include "netctl/netlink/conntrack.h"
#include "netctl/netlink/nft.h"
#include "netctl/netlink/rtnl.h"
#include "netctl/session/elements.h"
#include "netctl/session/garden.h"
#include "netctl/session/session.h"
#include "netctl/session/shaper.h"
#include "netctl/usage/usage.h"

struct gate_zone {
	uint32_t ifindex; /* 0: the device is not there */
	bool shaped;	  /* has a root and a pool of classes */
	bool policed;	  /* cannot have: limits of elements instead */
};

TAILQ_HEAD(session_list, session);

struct gate {
	struct event_base *base;
	struct settings *settings;
	struct nft *nft;
	struct rtnl *rtnl;
	struct conntrack *conntrack;
	struct shaper *shaper;
	struct session_table *sessions;
	struct garden *garden;
	uint64_t garden_full_ms; /* when the log said so; 0: never */
	struct usage *usage;	 /* by gate_set_usage() */
	struct health health;
	struct gate_zone zone[SETTINGS_ZONES];
	uint32_t uplink_ifindex[SETTINGS_UPLINKS];
	bool uplink_is_up[SETTINGS_UPLINKS]; /* there, and its cable plugged */
	struct session_list pending; /* to be pushed at the end of the turn */
	struct event push_event;
	struct event poll_timer;
	uint64_t poll_ms; /* when the timer fires; 0: not armed */
	struct event pool_timer;
	struct event hour_timer;
	struct event refresh_event; /* a zone needs classes now */
	struct event nft_event;	    /* somebody changed some table */
	struct event check_timer;   /* look whether it was ours */
	struct event link_event;
	struct event root_event; /* somebody changed some root qdisc */
	uint64_t fingerprint;
	bool has_counted;    /* the counters were read since the start */
	bool has_flow_table; /* when the rules were put in place */
	uint64_t started_ms;
	struct ipc_totals totals;
	/* the server's: a push has ended; the zones' devices have changed */
	void (*on_pushed)(void *arg);
	void (*on_zones)(void *arg);
	void (*on_batch)(void *arg); /* usage figures wait to be fetched */
	void *arg;
};

/*
 * Opens the sockets, takes the settings over. NULL: said in the log why. Needs
 * CAP_NET_ADMIN, as everything here does.
 */
struct gate *gate_new(struct event_base *base, struct settings *settings);

/* The gate owns it from now on; before gate_start(). */
void gate_set_usage(struct gate *g, struct usage *u);

/*
 * Adopts the sessions that the kernel holds and puts the rules in place. 0 or
 * -errno, said in the log.
 */
int gate_start(struct gate *g) MUST_CHECK;

/* Takes the new settings over; running sessions go on, or end with a zone. */
void gate_reload(struct gate *g, struct settings *settings);

/* Removes all that is ours from the kernel, if the config says so. */
void gate_stop(struct gate *g);

/*
 * The same without a gate and whatever the config says, for when the program
 * goes; one that runs would put its rules back. 0 or -errno, said in the log.
 */
int gate_remove(void) MUST_CHECK;
void gate_free(struct gate *g);

/*
 * Looks soon whether the rules, or now whether the root qdiscs, are still
 * ours, and puts them back with the sessions.
 */
void gate_check_rules(struct gate *g);
void gate_check_roots(struct gate *g);

/*
 * Looks whether others have changed tables until now. Then the rules are looked
 * at soon, and what is open by name is in doubt.
 */
void gate_see_strangers(struct gate *g);

/* --- admission.c ------------------------------------------------------- */

enum gate_asker { ASKER_PORTAL, ASKER_OPERATOR };

/*
 * The device behind a client's address. -ENOENT: nobody of that address has
 * been seen in a zone. *s may become NULL: no session.
 */
int gate_find(struct gate *g, const struct addr *client, uint16_t *zone,
	      struct mac *mac, struct session **s) MUST_CHECK;

/*
 * Lets the device in, or changes its session, as struct ipc_grant tells; the
 * portal's wishes end at the zone's ceilings. The session is in the kernel
 * after the next push. -ENOENT, -EINVAL, -EUSERS, -ENOSPC, -ENOMEM; -EAGAIN:
 * the device's session ends in this very turn.
 */
int gate_grant(struct gate *g, const struct ipc_grant *m, enum gate_asker asker,
	       struct session **s) MUST_CHECK;

/* Ends sessions at the next push, as struct ipc_revoke tells. */
int gate_revoke(struct gate *g, const struct ipc_revoke *m,
		uint32_t *count) MUST_CHECK;

/* Ends a session at the next push, which frees it. */
void gate_end(struct gate *g, struct session *s, enum session_reason reason);

/* Wants the session's elements and class made, changed or removed. */
void gate_touch(struct gate *g, struct session *s);

/* Brings the kernel up to date, in one transaction, and calls on_pushed. */
void gate_push(struct gate *g);

/*
 * Once at the start, when all sessions are known. Rules end what they see; what
 * a flow table carries for a device whose session ended while nobody ran, they
 * do not.
 */
void gate_end_leftovers(struct gate *g);

/* Puts the caps of all sessions back into the classes of present devices. */
void gate_restore_classes(struct gate *g);

struct elements_zone gate_elements_zone(const struct gate *g, uint16_t zone);

/* --- opening.c --------------------------------------------------------- */

/*
 * Opens an address that DNS has answered with, in the kernel when it returns,
 * as struct ipc_garden tells; count gets the number of zones where it is open.
 * No transaction where it is open long enough, as garden.h tells.
 */
int gate_open_name(struct gate *g, const struct ipc_garden *m,
		   uint32_t *count) MUST_CHECK;

/*
 * Puts back what is open by name, as much as there is room for, or closes what
 * the config in force has no name of.
 */
void gate_restore_garden(struct gate *g);
void gate_prune_garden(struct gate *g);

/* The device's sessions end soon, where it sends nothing until then. */
void gate_left(struct gate *g, const struct mac *mac);

/* --- describe.c -------------------------------------------------------- */

/* Each fills in all but the header of a zeroed message. */
void gate_describe_session(const struct gate *g, const struct session *s,
			   struct ipc_session *m);
void gate_describe_zone(const struct gate *g, size_t i, bool is_for_portal,
			struct ipc_zone *m);
void gate_describe_health(const struct gate *g, bool is_for_portal,
			  struct ipc_health *m);

/* --- accounting.c ------------------------------------------------------ */

/* Makes sessions of the elements in the kernel. */
int gate_adopt(struct gate *g) MUST_CHECK;

/*
 * Reads all counters, ends what is idle, used up or over, and puts back
 * elements that somebody removed.
 */
void gate_poll(struct gate *g);

/* Reads the counters of one, or of those about to be shut out, or changed. */
void gate_read(struct gate *g, struct session *s);
void gate_read_pending(struct gate *g);

/* Closes the hour, if it is over. */
void gate_close_hour(struct gate *g);

/* The session's end or limits may need an earlier poll. */
void gate_plan_poll(struct gate *g, const struct session *s);

#endif
