/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The messages between netctl and its three kinds of peers, the portal, the
 * operator's command line and the program that hears what the box's resolver
 * and access points tell (on OpenWrt), and the channel that carries them.
 *
 * A message is one SOCK_SEQPACKET record of fixed size: numbers and addresses
 * in host order, no pointers, no free text. Every request carries an id that
 * its answers repeat; the last answer to a request that may have many is
 * IPC_DONE. Limits: 0 asks for the zone's default, IPC_UNLIMITED for none.
 */
#ifndef STADTTOR_COMMON_IPC_H
#define STADTTOR_COMMON_IPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"
#include "common/usage.h"

struct event_base;

#define IPC_VERSION	  10
#define IPC_ZONE_NAME_MAX 16 /* with the closing NUL */
#define IPC_DEVICE_MAX	  16 /* IFNAMSIZ, likewise */
#define IPC_ZONES	  16
#define IPC_UNLIMITED	  UINT64_MAX
#define IPC_MESSAGE_MAX	  1024
#define IPC_LIST_PAGE	  64 /* sessions in answer to one IPC_LIST */
#define IPC_TAG_DEVICES	  1000
#define IPC_TERMS_MAX	  65535
#define IPC_NAME_MAX	  256 /* of a name in DNS, with the closing NUL */
#define IPC_RADIO_MAX	  32  /* of a radio, likewise */

enum ipc_type {
	IPC_NONE,
	/* portal to netctl; each is answered by one IPC_SESSION */
	IPC_LOOKUP,
	IPC_GRANT,
	IPC_LOGOUT,
	/* portal to netctl */
	IPC_USAGE_NEXT, /* IPC_USAGE_CELL, each, once there is one */
	/* both to netctl */
	IPC_HEALTH_ASK, /* IPC_HEALTH */
	/* operator to netctl */
	IPC_ADMIT,  /* a grant with limits beyond the zone's: IPC_SESSION */
	IPC_STATUS, /* IPC_TOTALS, IPC_ZONE per zone, IPC_CITY if in one,
		       IPC_DONE */
	IPC_LIST,   /* IPC_SESSION, each with IPC_ADDRESS; IPC_DONE */
	IPC_REVOKE, /* IPC_DONE with the number of sessions ended; also of a
		     * portal, by a tag that it has given them */
	/* netctl to its peers */
	IPC_SESSION,
	IPC_ADDRESS,
	IPC_ZONE, /* also sent unasked to a portal: on connect and on change */
	IPC_TOTALS,
	IPC_DONE,
	IPC_HEALTH,
	IPC_USAGE_CELL,
	/* events to netctl */
	IPC_GARDEN, /* IPC_DONE with the number of zones, once it is open */
	IPC_LEFT,   /* no answer */
	/* netctl to events, unasked: on connect and on change */
	IPC_GARDEN_NAME, /* one for each name, then IPC_RADIO for each radio,
			    then IPC_DONE with id 0 */
	/* portal to netctl */
	IPC_DEVICE_ASK, /* IPC_DEVICE */
	/* netctl to portal */
	IPC_DEVICE,
	/* a city of boxes: portal to netctl */
	IPC_CITY_FEED,	/* IPC_DONE with the number of records that were new */
	IPC_CITY_CLOCK, /* no answer */
	IPC_CITY_NEXT,	/* IPC_CITY_RECORD, each, once there is one */
	IPC_CITY_KEY,	/* IPC_DONE */
	/* both to netctl */
	IPC_CITY_ASK, /* IPC_CITY */
	/* netctl to its peers */
	IPC_CITY_RECORD,
	IPC_CITY,
	/* accounts of others' servers: portal to netctl */
	IPC_ACCOUNT_ASK,    /* IPC_ACCOUNT, or many and IPC_DONE */
	IPC_ACCOUNT_CHANGE, /* IPC_ACCOUNT */
	/* netctl to portal, also unasked: when such a session ends */
	IPC_ACCOUNT,
	/* netctl to events, with the names */
	IPC_RADIO,
	IPC_TYPE_MAX
};

/* Whether what a zone's devices send reaches the internet, and why not. */
enum ipc_outlet {
	IPC_OUTLET_OPEN,
	IPC_OUTLET_DOWN,       /* no uplink is there, up and plugged in */
	IPC_OUTLET_NO_ROUTE,   /* the kernel knows none, or does not forward */
	IPC_OUTLET_ELSEWHERE,  /* the route leaves by no uplink of the config */
	IPC_OUTLET_NO_ADDRESS, /* the uplink has none to masquerade with */
	IPC_OUTLET_OVERLAP,    /* the uplink is in the guests' own network */
	IPC_OUTLET_DROPPED,    /* another table drops it behind the gate */
	IPC_OUTLET_SILENT,     /* the uplink's gateway does not answer */
	IPC_OUTLET_MAX
};

enum session_state {
	SESSION_UNKNOWN, /* no session: the portal is all this device sees */
	SESSION_GRANTED,
	SESSION_ENDED,
};

enum session_reason {
	SESSION_REASON_NONE,
	SESSION_REASON_EXPIRED,
	SESSION_REASON_IDLE,
	SESSION_REASON_QUOTA,
	SESSION_REASON_LOGOUT,
	SESSION_REASON_OPERATOR,
	SESSION_REASON_KERNEL, /* which took no element for it */
	SESSION_REASON_MAX
};

struct ipc_header {
	uint16_t version; /* IPC_VERSION */
	uint16_t type;	  /* enum ipc_type */
	uint32_t id;	  /* chosen by the asker; 0 in unasked messages */
};

struct ipc_limits {
	uint64_t duration_s;
	uint64_t idle_s;
	uint64_t quota_bytes; /* up and down together */
	uint64_t down_bps;    /* bits per second */
	uint64_t up_bps;
};

struct ipc_lookup { /* IPC_LOOKUP, IPC_LOGOUT */
	struct ipc_header header;
	struct addr client;
	uint32_t shown;	   /* 1: without a session, the portal is shown */
	uint32_t platform; /* then: enum usage_platform */
	uint32_t attempt;  /* 1: a code is tried; -EDQUOT: too many of late */
	uint32_t zero;
};

/*
 * IPC_GRANT, IPC_ADMIT. A device that is in keeps its session and counters:
 *
 *	IPC_GRANT		stays as it is
 *	IPC_GRANT with extend	ends limits.duration_s from now, but never
 *				earlier than before; not if it has a tag
 *	IPC_GRANT with account	takes the limits anew, once; it is an account's
 *				from now on, and no other grant changes it
 *	IPC_GRANT with a tag	has that tag from now on and ends
 *				limits.duration_s from now, be it earlier; its
 *				other limits stay
 *	IPC_ADMIT		takes the limits anew, and the tag if there is
 *				one; the client may be a hardware address
 *
 * and each takes the terms where they are known. The sessions of one voucher
 * share a tag, a random number that netctl tells nobody but the kernel. Where
 * tag_devices others are online with it, the one that has been silent longest
 * yields, if it is silent for ten seconds, or with replace at once; else the
 * answer is -EUSERS. A device that has had what the zone gives it a day answers
 * -EDQUOT to a tap. In a full zone somebody who fell silent within a minute of
 * the tap yields, else the answer is -ENOSPC. A closed zone answers -ESHUTDOWN,
 *and no duration goes beyond its closing. Where a field is out of its range it
 *is -EINVAL.
 */
struct ipc_grant {
	struct ipc_header header;
	struct addr client;
	struct ipc_limits limits;
	char language[USAGE_LABEL_MAX]; /* of the page that was accepted */
	uint64_t tag;			/* 0: none */
	uint32_t tag_devices; /* at once: 1..IPC_TAG_DEVICES; no tag: 0 */
	uint32_t terms;	      /* version accepted, 0..IPC_TERMS_MAX; 0: none */
	uint32_t extend;      /* 0 or 1 */
	uint32_t replace;     /* 0 or 1; only with a tag */
	uint32_t account;     /* 0 or 1; see struct ipc_account */
	uint32_t zero;
};

struct ipc_status { /* IPC_STATUS, IPC_HEALTH_ASK */
	struct ipc_header header;
};

struct ipc_list {
	struct ipc_header header;
	uint32_t cursor;	 /* 0, then the cursor of the last IPC_DONE */
	uint32_t show_addresses; /* 0 or 1 */
};

/* Exactly one of the four, else -EINVAL. -ENOENT: nobody is online by it. */
struct ipc_revoke {
	struct ipc_header header;
	struct addr client; /* AF_UNSPEC: not by address; or AF_PACKET */
	uint64_t handle;    /* 0: not by handle */
	uint64_t tag;	    /* 0: not by tag */
	uint32_t all;	    /* 0 or 1 */
	uint32_t zero;
};

enum ipc_closed {
	IPC_CLOSED_NOT,
	IPC_CLOSED_ZONE,  /* nobody is let in at this hour */
	IPC_CLOSED_TODAY, /* no tap lets this device in before tomorrow, nor
			     makes its session longer */
};

struct ipc_session {
	struct ipc_header header;
	int32_t error;	/* 0, or -errno of what was asked */
	uint32_t state; /* enum session_state */
	uint64_t handle;
	uint64_t left_s;   /* seconds until it expires */
	uint64_t age_s;	   /* seconds since the grant */
	uint64_t up_bytes; /* layer-3 bytes, at most one poll old */
	uint64_t down_bytes;
	struct ipc_limits limits; /* as granted; IPC_UNLIMITED: none */
	uint32_t reduced;	  /* 1: quota used up, slower rate applies */
	uint32_t terms;		  /* version accepted; 0: not known */
	uint32_t is_tagged;	  /* 1: of a voucher */
	uint32_t outlet;	  /* enum ipc_outlet, of its zone */
	char zone[IPC_ZONE_NAME_MAX];
	int64_t change_s;     /* when the zone opens or closes; 0: never */
	uint64_t change_in_s; /* until then; IPC_UNLIMITED: never */
	uint32_t is_closed;   /* enum ipc_closed */
	uint32_t is_account;  /* 1: see struct ipc_account */
	/*
	 * Of the device, for the servers of the zone's accounts: the same for
	 * a day. To a lookup that is an attempt, where a zone has such; else 0.
	 */
	uint64_t pseudonym;
};

struct ipc_address { /* an address of the session before it */
	struct ipc_header header;
	struct mac mac;
	uint8_t has_mac;
	uint8_t zero;
	struct addr ip;
};

struct ipc_zone {
	struct ipc_header header;
	uint32_t ifindex;  /* 0: the device is not there */
	uint32_t sessions; /* to a portal: 0 */
	uint32_t max_sessions;
	uint16_t shaping; /* enum ipc_shaping */
	uint16_t is_shut; /* packets would pass by its device: see the log */
	char zone[IPC_ZONE_NAME_MAX];
	/* of this box on that device, as a browser can open it; or AF_UNSPEC */
	struct addr address;
	uint32_t outlet;    /* enum ipc_outlet */
	uint32_t is_closed; /* 1: nobody is let in at this hour */
	int64_t change_s;
};

enum ipc_shaping {
	IPC_SHAPING_NONE,    /* no cap is asked for */
	IPC_SHAPING_HTB,     /* a class per device */
	IPC_SHAPING_POLICED, /* limits in nftables */
};

/* The gate's own. */
enum ipc_flow_table {
	IPC_FLOW_TABLE_OFF, /* the config wants none */
	IPC_FLOW_TABLE_ON,
	IPC_FLOW_TABLE_REFUSED, /* by the kernel; see the log */
};

struct ipc_totals {
	struct ipc_header header;
	uint64_t uptime_s;
	uint64_t granted; /* since start; adopted sessions not counted */
	uint64_t adopted;
	uint64_t ended[SESSION_REASON_MAX];
	uint64_t refused;     /* requests refused, whoever asked */
	uint64_t reinstalled; /* rules put back after somebody removed them */
	uint64_t netlink_errors;
	uint32_t uplinks_present;
	uint32_t troubles;   /* of enum ipc_trouble */
	uint32_t flow_table; /* enum ipc_flow_table */
	uint32_t zero;
};

struct ipc_done {
	struct ipc_header header;
	int32_t error;
	uint32_t count;	 /* what the request was about */
	uint32_t cursor; /* IPC_LIST: ask again with it; 0: that was all */
	uint32_t zero;
};

/* --- the box's own addresses ------------------------------------------- */

/* Which device of the box has this address? */
struct ipc_device_ask {
	struct ipc_header header;
	struct addr address; /* its ifindex is 0 */
};

/* Of several devices with the address, one without guests. */
struct ipc_device {
	struct ipc_header header;
	int32_t error; /* -ENOENT: none; -EINVAL: that is no address */
	uint32_t ifindex;
	char device[IPC_DEVICE_MAX];
	uint32_t has_guests; /* 1: a zone's packets reach the box by it */
	uint32_t zero;
};

/* --- events: what the box's resolver and access points tell ------------ */

/*
 * An answer of DNS. Opens the address in each zone whose garden has the name;
 * 0 of them is no error. -EINVAL: a field is out of its range; -EACCES: no
 * address of the internet; -ENOSPC: a garden is full; -EAGAIN: it opens with
 * the rules, which are being put back.
 */
struct ipc_garden {
	struct ipc_header header;
	struct addr address;
	uint32_t ttl_s;
	uint32_t zero;
	char name[IPC_NAME_MAX];
};

struct ipc_left { /* gave its lease back, or its radio link */
	struct ipc_header header;
	struct mac mac;
	uint16_t zero;
};

/*
 * A name that some zone opens, in lower case, so that no other name has to be
 * told. The list, with the radios that some zone names, is complete with
 * IPC_DONE, which counts both, and takes the place of the last.
 */
struct ipc_garden_name {
	struct ipc_header header;
	char name[IPC_NAME_MAX];
};

#define IPC_RADIO_OFF UINT32_MAX

struct ipc_radio { /* of the access point, as its config names it */
	struct ipc_header header;
	char name[IPC_RADIO_MAX];
	/* seconds that it is off for, from now on; 0: on; IPC_RADIO_OFF: until
	 * another list comes */
	uint32_t off_s;
	uint32_t zero;
};

/* --- health: at once, of the machine and not of people ----------------- */
/* What follows single steps of people is told the operator alone. */

enum ipc_netlink { /* what a failed request was about */
		   IPC_NETLINK_NFTABLES,
		   IPC_NETLINK_SHAPING,
		   IPC_NETLINK_CONNTRACK,
		   IPC_NETLINK_NEIGHBOURS,
		   IPC_NETLINK_MAX
};

enum ipc_trouble { /* bits: what happens to packets that the gate lets pass */
		   IPC_TROUBLE_OUT_DROPPED = 1 << 0, /* none leaves the box */
		   IPC_TROUBLE_PORTAL_DROPPED = 1 << 1, /* none arrives there */
		   IPC_TROUBLE_TABLE_FULL = 1 << 2, /* of connections, nearly */
		   IPC_TROUBLE_MARKS = 1 << 3,	    /* others change our bits */
		   IPC_TROUBLE_INGRESS = 1 << 4, /* tc takes them before us */
		   IPC_TROUBLE_OFFLOAD = 1 << 5, /* a flow table passes us by */
		   IPC_TROUBLE_RULES = 1 << 6,	 /* cannot be put in place */
};

enum ipc_latency {
	IPC_LATENCY_COMMIT, /* one transaction of elements */
	IPC_LATENCY_POLL,   /* reading and accounting all counters */
	IPC_LATENCY_MAX
};

#define IPC_BUCKETS 10 /* upper bounds in microseconds; the last has none */
#define IPC_BUCKET_BOUNDS                                                      \
	{                                                                      \
		250, 500, 1000, 2500, 5000, 10000, 20000, 50000, 100000        \
	}

struct ipc_histogram {
	uint64_t sum_us;
	uint32_t bucket[IPC_BUCKETS]; /* not cumulative */
};

struct ipc_health {
	struct ipc_header header;
	uint64_t uptime_s;
	uint64_t memory_bytes; /* resident; to a portal: 0 */
	uint64_t generation;   /* configs taken over since the start, from 1 */
	uint64_t netlink_errors[IPC_NETLINK_MAX];
	uint64_t reinstalled;
	uint64_t refused; /* to a portal: 0 */
	uint64_t up_bps;  /* of the box, last minute; where is_live */
	uint64_t down_bps;
	uint64_t usage_lag_s;	/* since the oldest that waits, 0: none */
	uint32_t usage_waiting; /* figures */
	uint8_t time_is_known;
	uint8_t usage_is_kept; /* figures outlive a restart of netctl */
	uint8_t is_counting;   /* 0: the day's budget is spent, or no time */
	uint8_t is_live;       /* the config tells operators numbers of people
				*/
	uint8_t zones;
	uint8_t zero[7];
	uint32_t uplinks_present;
	uint32_t troubles;			       /* of enum ipc_trouble */
	struct ipc_histogram latency[IPC_LATENCY_MAX]; /* to a portal: 0 */
	struct {
		char name[IPC_ZONE_NAME_MAX];
		uint32_t online;    /* devices; where is_live */
		uint8_t is_full;    /* nobody else can be let in */
		uint8_t is_present; /* its device is there */
		uint8_t is_shut;    /* as of struct ipc_zone */
		uint8_t outlet;	    /* enum ipc_outlet */
	} zone[IPC_ZONES];
};

/* --- usage: released cells, differentially private --------------------- */

#define IPC_USAGE_CELLS 64 /* in answer to one IPC_USAGE_NEXT */

/*
 * The stream is a random number that lives as long as the sequence does. What
 * portal asks for anew is sent anew; what it has committed is forgotten.
 */
struct ipc_usage_next {
	struct ipc_header header;
	uint64_t stream; /* 0: none yet */
	uint64_t after;	 /* send the cells behind this number of the stream */
	uint64_t committed; /* forget all up to this one */
};

/* One metric of one zone and period: what was counted, and its noise. */
struct ipc_usage_cell {
	struct ipc_header header;
	uint64_t stream;
	uint64_t seq;	 /* from 1, by 1; the oldest may be lost */
	int64_t start_s; /* of the local hour, day or week */
	int64_t value;
	uint64_t scale_n; /* t of its noise, a fraction */
	uint64_t scale_d;
	uint16_t metric; /* enum usage_metric */
	uint16_t hours;	 /* that it covers, rounded */
	uint16_t more;	 /* that follow in the same answer */
	uint16_t zero;
	char zone[IPC_ZONE_NAME_MAX]; /* empty: of the box as a whole */
};

/* --- accounts: sessions that servers of others are told of ------------- */
/*
 * Only sessions that were granted as an account's, in zones that have such:
 * of these alone the portal hears, by their handle, of counters and end.
 */
struct ipc_account_ask {
	struct ipc_header header;
	uint64_t handle; /* 0: all, IPC_LIST_PAGE at once */
	uint32_t cursor; /* then: 0, or that of the last IPC_DONE */
	uint32_t zero;
};

struct ipc_account_change {
	struct ipc_header header;
	uint64_t handle;
	/* 0: stays; a duration is from now on; the zone's ceilings hold */
	struct ipc_limits limits;
	uint32_t end; /* 1: it ends now, by SESSION_REASON_OPERATOR */
	uint32_t zero;
};

struct ipc_account {
	struct ipc_header header;
	uint64_t handle;
	int32_t error;	 /* -ENOENT: there is none of that handle */
	uint32_t reason; /* enum session_reason; none: it goes on */
	uint64_t age_s;
	uint64_t up_bytes; /* layer 3, at most one poll old; exact at the end */
	uint64_t down_bytes;
	uint64_t up_packets;
	uint64_t down_packets;
	char zone[IPC_ZONE_NAME_MAX];
};

/* --- a city of boxes that know each other's guests --------------------- */
/* A record is opaque to the portal, which carries it: netctl/roam/record.h. */

#define IPC_CITY_RECORD_SIZE 16
#define IPC_CITY_RECORDS     32 /* of one IPC_CITY_FEED */

/*
 * What the city's store said. One is under way at a time. -EINVAL: the count;
 * -EAGAIN: too many a second, nothing was looked at: ask again a second later.
 */
struct ipc_city_feed {
	struct ipc_header header;
	uint32_t count; /* 1..IPC_CITY_RECORDS */
	uint32_t zero;
	uint8_t record[IPC_CITY_RECORDS][IPC_CITY_RECORD_SIZE];
};

struct ipc_city_clock {
	struct ipc_header header;
	int64_t store_s; /* the store's TIME, since 1970 in UTC */
	/* 1: all records of today and yesterday were fed since this connection
	 * was made */
	uint32_t is_complete;
	uint32_t zero;
};

/* As struct ipc_usage_next, in a sequence that begins with netctl, at 1. */
struct ipc_city_next {
	struct ipc_header header;
	uint64_t after;
	uint64_t committed;
};

struct ipc_city_record {
	struct ipc_header header;
	uint64_t seq;
	uint32_t more; /* that follow in the same answer */
	uint32_t zero;
	uint8_t record[IPC_CITY_RECORD_SIZE];
};

/* The key of a new generation. -EBADMSG: not for this box, or not genuine. */
struct ipc_city_key {
	struct ipc_header header;
	uint8_t generation;
	uint8_t zero;
	uint16_t day;
	uint8_t ct[32];
	uint8_t tag[16];
	uint32_t zero2;
};

enum ipc_city_trouble { /* bits: why devices may have to tap */
			IPC_CITY_NO_CLOCK = 1 << 0,    /* its own is not set */
			IPC_CITY_CLOCK_OFF = 1 << 1,   /* from the store's */
			IPC_CITY_KEYS_BROKEN = 1 << 2, /* no key to work with */
			IPC_CITY_KEYS_STALE = 1 << 3,  /* file not rewritten */
			IPC_CITY_FULL = 1 << 4,	       /* not all records fit */
};

struct ipc_city {
	struct ipc_header header;
	uint8_t is_joined;   /* the rest is 0 without */
	uint8_t generation;  /* of the key */
	uint8_t is_complete; /* as of struct ipc_city_clock */
	uint8_t zero;
	uint16_t day;	   /* of the key, since 1970, shifted */
	uint16_t troubles; /* of enum ipc_city_trouble */
	uint32_t grants;   /* devices known, of the whole city */
	uint32_t unsent;   /* records; to a portal: 0 */
	uint64_t refused;  /* records that were not genuine, since the start */
	uint64_t granted;  /* sessions by a record; to a portal: 0 */
};

/* --- the channel ------------------------------------------------------- */

struct ipc_channel;

/* type -> who handles it, its exact size checked; no handler: a breach. */
struct ipc_handler {
	void (*handle)(struct ipc_channel *ch, const void *message, void *arg);
};

struct ipc_channel_config {
	struct event_base *base;
	int fd; /* a connected SOCK_SEQPACKET socket; the channel owns it */
	const struct ipc_handler *handlers; /* IPC_TYPE_MAX of them */
	uint32_t budget_per_s; /* messages read a second, 0: no bound */
	void (*on_close)(struct ipc_channel *ch, const char *why, void *arg);
	void *arg;
};

/*
 * The channel reads as soon as the loop runs. A message of wrong size, type or
 * version, an error or the peer's close call on_close once; the owner then
 * calls ipc_channel_free(), as handlers may do. A peer beyond its budget is
 * read later.
 * NULL: no memory, the fd is closed.
 */
struct ipc_channel *ipc_channel_new(const struct ipc_channel_config *config);
void ipc_channel_free(struct ipc_channel *ch);
void *ipc_channel_arg(struct ipc_channel *ch);

/*
 * Sends or queues a message; header.version and .type are filled in from type.
 * -ENOBUFS: the peer does not read (512 KiB wait).
 */
int ipc_channel_send(struct ipc_channel *ch, enum ipc_type type, void *message);

/* The size of a message of that type, 0 for a type that is none. */
size_t ipc_message_size(enum ipc_type type);

/*
 * Checks what handlers do not need to: version, type and exact size.
 * NULL: fine; else what is wrong, for the log.
 */
const char *ipc_message_check(const void *message, size_t len);

/*
 * Connects a socket (AF_UNIX, SOCK_SEQPACKET), which stays the caller's. 0 or
 * -errno.
 */
int ipc_connect_socket(int fd, const char *path) MUST_CHECK;

/* A non-blocking client socket, or -errno. */
int ipc_connect(const char *path) MUST_CHECK;

/* "out_dropped", of one bit of enum ipc_trouble; NULL: of no such bit. */
const char *ipc_trouble_to_string(uint32_t bit);
const char *session_reason_to_string(enum session_reason reason);
const char *ipc_outlet_to_string(enum ipc_outlet outlet);
const char *session_state_to_string(enum session_state state);

#endif
