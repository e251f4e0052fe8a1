/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a round knows, for those who ask in it. */
#ifndef STADTTOR_HUB_INTAKE_ROUND_STATE_H
#define STADTTOR_HUB_INTAKE_ROUND_STATE_H

#include "hub/intake/command.h"
#include "hub/intake/intake.h"
#include "hub/intake/switcher.h"
#include "portal/city/connection.h"

#define ROUND_WINDOW 128 /* commands under way */
#define ROUND_TOKEN  320

/* In this order. */
enum phase {
	PHASE_REST,
	PHASE_LEASE, /* which of two hubs leads; only that one takes in */
	PHASE_TIME,
	PHASE_FOLLOW,	/* what the other has counted */
	PHASE_PROMISES, /* of a new connection: what boxes were told */
	PHASE_WEIGH,	/* the boxes' keys; those of sites that are off go */
	PHASE_TRIM,	/* heartbeats of boxes that do not */
	PHASE_BEATS,
	PHASE_READ,
	PHASE_HAND_ON, /* what is about to be counted; then it is */
	PHASE_DELIVER,
	PHASE_EXPIRE,
	PHASE_DELETE,
	PHASE_TELL,
	PHASE_LOOK_CODES, /* whether the store still has them */
	PHASE_CODES,
	PHASE_EMPTY, /* inboxes of sites that were just switched off */
	PHASES
};

struct round_state {
	bool is_up;	     /* the connection */
	bool is_leader;	     /* or the only one */
	bool is_full;	     /* the store takes no records */
	bool is_older;	     /* the database, than what boxes were told */
	uint64_t rounds;     /* that ended well */
	int64_t now_s;	     /* of the store, in the last round; 0: never */
	int64_t clock_off_s; /* of it, to this machine's */
};

struct round {
	struct city_db *db;
	struct sites *sites;
	struct intake *intake;
	struct connection *connection;
	struct switcher *switcher;
	struct codes *codes;
	bool codes_are_new;  /* of a new connection */
	bool codes_are_gone; /* what the store has of them is not all */
	bool said_codes;
	bool has_standby;	 /* there are two hubs */
	char token[ROUND_TOKEN]; /* this one's */
	int64_t shift_s;
	uint8_t generation;

	struct round_state state;
	enum phase phase;
	size_t at; /* the next site of the phase, or day */
	size_t under_way;
	bool is_failed;	   /* the phase */
	bool is_cut;	   /* the round: there was more than it takes */
	bool is_new;	   /* the connection, or the sites: all is looked at */
	size_t page;	   /* keys of one read, at most */
	size_t keys;	   /* of the read under way; 0: there is none */
	struct site *last; /* of its sites */
	size_t older;	   /* sites that were told of more */
	uint8_t days;	   /* that got records: yesterday, today, tomorrow */
	uint64_t beats_ms, weigh_ms; /* when they are due */
	bool said_full, said_clock, said_doubted;
	bool said_role, said_leader;
	uint64_t lease_ms;		  /* when it was asked for */
	bool is_behind;			  /* there may be more to follow */
	char log_at[HEARTBEAT_ID_MAX];	  /* of the poll under way */
	char log_seen[HEARTBEAT_ID_MAX];  /* counted up to here; "": nothing */
	struct site *asked[ROUND_WINDOW]; /* of the commands under way */
	size_t asked_at;
	struct command command; /* the next */
};

#endif
