/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is counted and not yet released, in memory that outlives netctl: a
 * mapping of a file in a RAM file system, so a new netctl finds every figure
 * where the killed one left it, and a power cut leaves nothing at all.
 *
 * It holds no address. A device is a keyed hash under the key of the day; key
 * and hashes are destroyed at midnight.
 *
 * Everything is 64-bit words. ledger_set() stages words, ledger_commit() makes
 * all of them or none: they are written to the journal first, and a journal
 * that is complete is carried out by whoever opens the file next.
 */
#ifndef STADTTOR_NETCTL_USAGE_LEDGER_H
#define STADTTOR_NETCTL_USAGE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/ipc.h"

#define LEDGER_ZONES   32    /* those of the config, and leaving ones */
#define LEDGER_VISITS  65536 /* devices a day; more are not counted */
#define LEDGER_PARTS   1024  /* of batches that wait, >= 48 hours */
#define LEDGER_JOURNAL 160

/* A device in a zone, today. */
struct ledger_visit {
	uint64_t id;	   /* keyed hash; 0: not seen since midnight */
	uint64_t bits;	   /* VISIT_*, zone and platform */
	uint64_t batch_up; /* its bytes among those that wait */
	uint64_t batch_down;
	uint64_t handle;     /* of its session; 0: none, nor what follows */
	uint64_t granted_ms; /* CLOCK_BOOTTIME */
	uint64_t ends_ms;
	uint64_t seen_up; /* counters of the session, already taken in */
	uint64_t seen_down;
};

/* Bit m < USAGE_RELEASED: it contributed to what waits of metric m. */
#define VISIT_CONTRIBUTED    ((1ULL << USAGE_RELEASED) - 1)
#define VISIT_IN_HOUR	     (1ULL << 24)
#define VISIT_IN_DAY	     (1ULL << 25)
#define VISIT_SHOWN	     (1ULL << 26)
#define VISIT_LABELLED	     (1ULL << 27)
#define VISIT_ZONE_SHIFT     32
#define VISIT_ZONE_MASK	     (0xffULL << VISIT_ZONE_SHIFT)
#define VISIT_PLATFORM_SHIFT 40
#define VISIT_PLATFORM_MASK  (0xffULL << VISIT_PLATFORM_SHIFT)

struct ledger_zone {
	char name[IPC_ZONE_NAME_MAX]; /* empty: a free place */
	uint64_t value[USAGE_RELEASED];
	uint64_t contributors[USAGE_RELEASED];
	uint64_t bound_up; /* most that a device of earlier days can have */
	uint64_t bound_down;
	uint64_t peak;
	uint64_t day_visitors; /* today */
	uint64_t day_carried;  /* of days that fewer than k shared */
	uint64_t releasing;    /* metrics, while an hour is being closed */
};

struct ledger_label {
	char label[USAGE_LABEL_MAX];
	uint64_t value; /* devices of today, each counted once */
};

enum ledger_closing { CLOSING_NOTHING, CLOSING_HOUR, CLOSING_DAY };

union ledger_part {
	struct ipc_usage_row row;
	struct ipc_usage_label label; /* header.type tells which */
};

struct ledger_image {
	uint64_t magic, size;
	uint64_t stream, last_seq;
	uint64_t k;    /* in force: what waits was collected under it */
	uint64_t half; /* which of the two is today's */
	uint64_t key[2][2];
	uint64_t visits[2];
	uint64_t is_started;  /* an hour is being counted */
	uint64_t is_relative; /* times are CLOCK_BOOTTIME seconds */
	uint64_t hour_s;      /* that is being counted */
	uint64_t day_s;
	uint64_t next_hour_s; /* while closing */
	uint64_t next_day_s;
	uint64_t closing; /* enum ledger_closing */
	uint64_t box_day_visitors;
	uint64_t box_day_carried;
	uint64_t languages;
	struct ledger_label language[USAGE_LABELS];
	uint64_t platform[USAGE_PLATFORMS];
	uint64_t other[USAGE_KINDS]; /* carried on */
	struct ledger_zone zone[LEDGER_ZONES];
	uint64_t first_part, end_part; /* place: modulo LEDGER_PARTS */
	uint64_t journal_count;
	struct {
		uint64_t at, value;
	} journal[LEDGER_JOURNAL];
	union ledger_part part[LEDGER_PARTS];
	struct ledger_visit visit[2][LEDGER_VISITS];
};

struct ledger {
	struct ledger_image *image;
	int fd;		    /* of the file; -1: anonymous memory */
	size_t reserved[2]; /* visits of a half that have memory */
	bool is_kept;	    /* outlives this process */
	bool is_fresh;	    /* nothing of an earlier netctl was found */
	size_t staged;
	struct {
		uint64_t *word;
		uint64_t value;
	} stage[LEDGER_JOURNAL];
};

/*
 * Maps the file, made for that owner; path "", a file that is not in RAM or
 * somebody else's gives a ledger that dies with the process, said in the log.
 * Must run before privileges are dropped. 0 or -errno.
 */
int ledger_open(struct ledger *l, const char *path, uid_t uid,
		gid_t gid) MUST_CHECK;
void ledger_close(struct ledger *l);

/* The word as it will be after the commit. */
uint64_t ledger_get(const struct ledger *l, const uint64_t *word);
void ledger_set(struct ledger *l, uint64_t *word, uint64_t value);
void ledger_add(struct ledger *l, uint64_t *word, uint64_t more);
void ledger_commit(struct ledger *l);

/*
 * true: so many visits of that half can be written to. A file system in RAM
 * may be full; touching a page that it cannot give would kill us.
 */
bool ledger_reserve(struct ledger *l, uint64_t half, size_t visits);

/* Destroys keys, visits and what else is not of today's half. */
void ledger_wipe_other_half(struct ledger *l);

struct ledger_visit *ledger_visit_at(const struct ledger *l, size_t i);

#endif
