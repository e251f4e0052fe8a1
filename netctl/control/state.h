/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state that the controller's parts work on. For the files of this folder
 * alone: to others struct controller is opaque.
 */
#ifndef STADTTOR_NETCTL_CONTROL_STATE_H
#define STADTTOR_NETCTL_CONTROL_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/config/settings.h"
#include "netctl/control/health.h"
#include "netctl/control/watcher.h"
#include "netctl/netlink/conntrack.h"
#include "netctl/netlink/nft.h"
#include "netctl/netlink/rtnl.h"
#include "netctl/rules/byways.h"
#include "netctl/rules/ruleset.h"
#include "netctl/session/elements.h"
#include "netctl/session/garden.h"
#include "netctl/session/session.h"
#include "netctl/session/shaper.h"
#include "netctl/usage/usage.h"
#include "netctl/usage/wallclock.h"

struct zone_state {
	uint32_t ifindex; /* 0: the device is not there */
	/*
	 * By which packets reach layer 3 past its device, so that it is shut:
	 * what it is a port of, or what stands on it; 0: it is as it should be.
	 */
	uint32_t bypass_ifindex;
	/* of IPv4 and IPv6; IPC_OUTLET_MAX: the zone does not speak it */
	enum ipc_outlet outlet[2];
	struct addr gateway[2]; /* of those that are open; or AF_UNSPEC */
	unsigned int gateway_misses[2]; /* looks without an answer */
	bool is_closed;	  /* its opening hours; by hours_look(), as the next */
	int64_t change_s; /* when it opens or closes, since 1970; 0: never */
	uint64_t change_ms;  /* the same by CLOCK_BOOTTIME; UINT64_MAX */
	bool has_lost_names; /* its garden's, with a reload */
	bool is_bridge;
	bool is_lower; /* another device of the config stands on its own */
	bool shaped;   /* has a root and a pool of classes */
	bool policed;  /* cannot have: limits of elements instead */
};

/* Devices that have left with a limit that was full a moment ago. */
#define REFILLS 256
struct refills {
	uint64_t key[2];
	size_t next; /* 0: there is no key yet */
	struct refill {
		uint64_t hash; /* of zone and device */
		uint64_t until_ms;
	} device[REFILLS];
};

/* Where others may drop what the gate lets go on. */
enum path_crossing { PATH_OUT, PATH_IN, PATH_CROSSINGS };

/* What the path of packets looked like at the last check, see path.h. */
struct path {
	uint64_t packets[COUNTER_MAX]; /* at the last check */
	bool tables_changed;	       /* anybody's, since the last check */
	bool has_early_nat;	       /* others', before ours */
	uint64_t lost[PATH_CROSSINGS]; /* since one got through */
	uint32_t troubles;	       /* bits: enum ipc_trouble */
	uint64_t greedy_ms; /* when the log told of a device; 0: never */
};

TAILQ_HEAD(session_list, session);

struct controller {
	struct event_base *base;
	struct settings *settings;
	struct nft *nft;
	struct rtnl *rtnl;
	struct conntrack *conntrack;
	struct shaper *shaper;
	struct session_table *sessions;
	struct garden *garden;
	uint64_t garden_full_ms;     /* when the log said so; 0: never */
	struct usage *usage;	     /* by controller_set_usage() */
	struct roaming *roaming;     /* NULL: in no city */
	struct newcomers *newcomers; /* likewise */
	struct spent *spent;	     /* allowance.h; NULL: of nobody yet */
	struct refills refills;
	struct health health;
	struct path path;
	struct event path_timer;
	struct zone_state zone[SETTINGS_ZONES];
	uint32_t uplink_ifindex[SETTINGS_UPLINKS];
	bool uplink_is_lower[SETTINGS_UPLINKS]; /* as of a zone */
	bool uplink_is_up[SETTINGS_UPLINKS]; /* there, and its cable plugged */
	bool uplink_is_shared[SETTINGS_UPLINKS]; /* with others on a link */
	/* the zones' devices, their ports, and what was one of these */
	struct byways byways;
	struct byways strays;	      /* of those, what no zone has now */
	struct rtnl_address *address; /* of this box */
	size_t addresses;
	struct rtnl_address *link_net; /* that routes of uplinks lead to */
	size_t link_nets;
	bool addresses_are_old; /* the last time they could not be listed */
	struct session_list pending; /* to be pushed at the end of the turn */
	struct event push_event;
	struct event poll_timer;
	uint64_t poll_ms; /* when the timer fires; 0: not armed */
	struct event pool_timer;
	struct event hour_timer;
	struct event hours_timer;   /* look at the opening hours */
	struct wallclock clock;	    /* that they go by */
	struct event refresh_event; /* a zone needs classes now */
	struct event nft_event;	    /* somebody changed some table */
	struct event check_timer;   /* look whether it was ours */
	struct event link_event;
	struct event address_event;
	struct event route_event;
	struct event outlet_timer; /* look whether zones have a way out */
	struct event root_event;   /* somebody changed some root qdisc */
	uint64_t fingerprint;
	uint32_t generation;	  /* of the tables, before the last install */
	int rules_error;	  /* of the last install, or 0 */
	uint32_t rules_retry_ms;  /* until the next; 0: none has failed */
	bool devices_are_unknown; /* all zones are shut until they are known */
	bool has_counted;	  /* the counters were read since the start */
	bool foreign_flow_table;  /* when the rules were put in place */
	enum ipc_flow_table flow_table; /* of our own, likewise */
	int flow_table_refusal; /* of the kernel since the last refresh, or 0 */
	uint64_t started_ms;
	struct ipc_totals totals;
	struct controller_watcher watcher;
};

struct elements_zone state_elements_zone(const struct controller *c,
					 uint16_t zone);

#endif
