/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is online: one session a device in a zone. Owns struct session and the
 * indexes by device, by handle and by tag; knows nothing of netlink.
 * Everything here is also in the kernel's map elements, from which it is
 * rebuilt.
 */
#ifndef STADTTOR_NETCTL_SESSION_SESSION_H
#define STADTTOR_NETCTL_SESSION_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "common/addr.h"
#include "common/ipc.h"

/* The tag of residents: devices that the config lets in for good. */
#define SESSION_TAG_RESIDENT UINT64_MAX

struct session {
	TAILQ_ENTRY(session) pending; /* the controller's: to be pushed */
	/* the table's own */
	struct session *next_device, *next_handle, *next_tag;
	bool is_pending;
	bool is_new;	  /* no push has succeeded yet */
	bool is_accepted; /* its tap is counted */
	bool is_account;  /* the portal hears of it, see struct ipc_account */
	bool installed;	  /* its elements are in the kernel's maps */
	uint8_t seen;	  /* in the dumps being read: bit 0 up, bit 1 down */
	bool reduced;	  /* over its quota, at the zone's slow rate */
	uint8_t policed;  /* which caps are elements, as elements_caps() */
	uint8_t reason;	  /* enum session_reason, once ended; likewise */
	enum session_state state; /* by session_enter() alone */
	uint16_t slot;		  /* class minor number, or SLOT_UNCAPPED */
	uint16_t zone;		  /* index in the table of zones */
	struct mac mac;
	uint32_t index; /* place in the table, for lists */
	uint64_t handle;
	/* of its voucher, 0: none, or of residents; by session_set_tag() */
	uint64_t tag;
	uint32_t terms;		  /* version accepted, 0: not known */
	struct ipc_limits limits; /* IPC_UNLIMITED: none */
	uint64_t down_cap_bps;	  /* in force now; 0: none */
	uint64_t up_cap_bps;
	uint64_t granted_ms;  /* CLOCK_BOOTTIME */
	uint64_t ends_ms;     /* UINT64_MAX: never */
	uint64_t moved_ms;    /* when that was set; 0: before we started */
	uint64_t active_ms;   /* last time its counters moved */
	uint64_t filled_ms;   /* its limits were made then; 0: it has none */
	uint64_t caps_end_ms; /* when these limits time out */
	uint64_t refill_ms; /* when they are made anew; 0: they are as it is */
	uint64_t leaves_ms; /* has gone, and ends then; 0: has not */
	uint64_t up_bytes, up_packets;
	uint64_t down_bytes, down_packets;
	uint64_t moved_up, moved_down;	   /* bytes at the last look */
	uint64_t counted_up, counted_down; /* bytes that usage has taken in */
	uint64_t counted_ms;		   /* until then; 0: not yet */
	/* the controller's: what of it is in the day's record, and where */
	uint64_t today_ms, today_bytes; /* until then; 0: nothing yet */
	uint32_t today_at;
	bool today_is_over; /* the device has had its day */
	uint32_t city_day;  /* the controller's: its record of that day is */
	uint8_t city_id[5]; /* made or known, with that id; 0: of no day */
};

struct session_table;

struct session_table *session_table_new(void); /* NULL: no memory */
void session_table_free(struct session_table *t);

/*
 * A new session of the device, which must have none. handle 0: a random one is
 * drawn. NULL: no memory or handle taken.
 */
struct session *session_add(struct session_table *t, uint16_t zone,
			    const struct mac *mac, uint64_t handle);

/*
 * The one way from a state to another: unknown to granted, granted to ended.
 * Any other is a bug, and ends the program. The reason is SESSION_REASON_NONE
 * for a grant, and never that for an end.
 */
void session_enter(struct session *s, enum session_state next,
		   enum session_reason reason);

/* Wipes and frees it. It must not be pending. */
void session_remove(struct session_table *t, struct session *s);

struct session *session_find(struct session_table *t, uint16_t zone,
			     const struct mac *mac);
struct session *session_find_handle(struct session_table *t, uint64_t handle);

void session_set_tag(struct session_table *t, struct session *s, uint64_t tag);

/*
 * How many devices but that one are online with the tag at that time. One that
 * has sessions in several zones is one.
 */
uint32_t session_count_tag(struct session_table *t, uint64_t tag,
			   const struct mac *but, uint64_t now_ms);

/*
 * Renumbers the zones: zone i becomes map[i]. No session may be in a zone
 * whose map is negative.
 */
void session_rezone(struct session_table *t, const int map[]);

/* The first session at or after that place; NULL: there is none. */
struct session *session_at(struct session_table *t, uint32_t index);
#define SESSION_FOREACH(s, t)                                                  \
	for ((s) = session_at((t), 0); (s);                                    \
	     (s) = session_at((t), (s)->index + 1))

/* As SESSION_FOREACH, where the body may remove s. */
#define SESSION_FOREACH_SAFE(s, t, i)                                          \
	for ((i) = 0;                                                          \
	     ((s) = session_at((t), (i))) && ((i) = (s)->index + 1, true);)

uint32_t session_count(const struct session_table *t);
uint32_t session_count_zone(const struct session_table *t, uint16_t zone);

/* Without the residents. */
uint32_t session_count_guests(const struct session_table *t, uint16_t zone);

static inline bool session_is_resident(const struct session *s)
{
	return s->tag == SESSION_TAG_RESIDENT;
}

/* Seconds left at that time, 0 after the end, UINT64_MAX without one. */
uint64_t session_left_s(const struct session *s, uint64_t now_ms);

/* true: traffic over the quota. */
bool session_is_over_quota(const struct session *s);

#endif
