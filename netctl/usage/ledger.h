/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is counted and not yet fetched, in memory that outlives netctl: a
 * mapping of a file in a RAM file system, so that a new netctl goes on where
 * the killed one was, and a power cut leaves nothing at all.
 *
 * It holds no address: a device is a keyed hash under the key of the day. A
 * cell's counter begins with its noise, so a copy of the file is as noisy as
 * what leaves; exact are today's records and the most devices at once.
 *
 * The rule for writing: the image is const for everybody. ledger_set() and
 * ledger_add() stage words, ledger_commit() makes all of them or none: they go
 * to the journal first, and a journal that is complete is carried out by
 * whoever opens the file next. ledger_destroy_day() alone writes at once.
 */
#ifndef STADTTOR_NETCTL_USAGE_LEDGER_H
#define STADTTOR_NETCTL_USAGE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/ipc.h"

#define LEDGER_ZONES   32    /* those of the config, and leaving ones */
#define LEDGER_DEVICES 65536 /* of a day */
#define LEDGER_DAILIES 32768 /* likewise, of zones that give so much a day */
#define LEDGER_FIGURES 1024  /* that wait; then the oldest go */
#define LEDGER_JOURNAL 32

/* What a device has done today. Its word is made and read by the union. */
union ledger_doings {
	uint64_t word;
	struct {
		uint64_t zone : 6;	 /* of its first session, else page */
		uint64_t is_visitor : 1; /* went online */
		uint64_t is_settled : 1; /* is in the cells of the day */
		uint64_t hours : 3;	 /* pairs of zone and hour it is in */
		uint64_t ended : 4;    /* metric - USAGE_EXPIRED, of its last */
		uint64_t language : 5; /* metric - USAGE_LANGUAGE_FIRST + 1 */
		uint64_t platform : 3; /* enum usage_platform */
		uint64_t hour : 8;     /* to which the next belong */
		uint64_t hour_zones : 32; /* bit z: is in that hour's cell */
	};
};

struct ledger_device {
	uint64_t id; /* keyed hash; 0: a free place */
	uint64_t doings;
	uint64_t bytes; /* in the cells, at most USAGE_BYTES_DEVICE */
	uint64_t online_ms;
};

/* What a device has had today of what its zone gives a day: see daily.h. */
struct ledger_daily {
	uint64_t id; /* keyed hash of zone and device */
	uint64_t ms, bytes;
	uint64_t share; /* in 1/1000 of what it may */
};

struct ledger_cell {
	uint64_t is_open;
	uint64_t value; /* noise and what was counted; two's complement */
	uint64_t scale_n, scale_d;
	uint64_t opened_ms; /* CLOCK_BOOTTIME */
};

struct ledger_period {
	uint64_t is_open;
	uint64_t is_closing;
	uint64_t number; /* of openings so far */
	uint64_t start_s;
	uint64_t opened_ms; /* CLOCK_BOOTTIME */
};

struct ledger_figure {
	uint64_t start_s, metric, hours;
	uint64_t value; /* two's complement */
	uint64_t scale_n, scale_d;
	uint64_t closed_ms; /* CLOCK_BOOTTIME */
	uint64_t zone[IPC_ZONE_NAME_MAX / sizeof(uint64_t)];
};

struct ledger_zone {
	uint64_t name[IPC_ZONE_NAME_MAX / sizeof(uint64_t)]; /* 0: free */
	uint64_t most; /* at once, in its cell */
};

/* Places for records, and how many are taken: see places.h. */
struct ledger_pool {
	uint64_t all, taken;
};

struct ledger_places {
	struct ledger_pool minute[LEDGER_ZONES];
	struct ledger_pool own[LEDGER_ZONES], shared; /* of the day */
};

enum ledger_kind { LEDGER_LOOKING, LEDGER_ONLINE, LEDGER_KINDS };

struct ledger_image {
	uint64_t magic, size;
	uint64_t stream;
	uint64_t key[2];      /* of the day */
	uint64_t is_counting; /* the day has a key, and its budget is not spent
			       */
	uint64_t devices;     /* records */
	uint64_t dailies;     /* likewise */
	uint64_t minute;      /* of its places: since the boot, + 1 */
	struct ledger_places places[LEDGER_KINDS]; /* by what a record began
						      with */
	struct ledger_period period[USAGE_PERIODS];
	struct ledger_zone zone[LEDGER_ZONES];
	struct ledger_cell cell[USAGE_METRICS][LEDGER_ZONES]; /* box: 0 */
	uint64_t first_figure, end_figure; /* place: modulo LEDGER_FIGURES */
	struct ledger_figure figure[LEDGER_FIGURES];
	uint64_t journal_count;
	struct {
		uint64_t at, value;
	} journal[LEDGER_JOURNAL];
	/* these two have as much memory as was reserved */
	struct ledger_daily daily[LEDGER_DAILIES];
	struct ledger_device device[LEDGER_DEVICES];
};

struct ledger;

/*
 * Maps the file, made for that owner; path "", a file that is not in RAM or
 * somebody else's gives a ledger that dies with the process, said in the log.
 * Must run before privileges are dropped. NULL: no memory, said in the log.
 */
struct ledger *ledger_open(const char *path, uid_t uid, gid_t gid);
void ledger_close(struct ledger *l);

const struct ledger_image *ledger_image(const struct ledger *l);
bool ledger_is_kept(const struct ledger *l); /* outlives this process */

/* Words of the image, with what is staged. */
uint64_t ledger_get(const struct ledger *l, const uint64_t *word);
void ledger_set(struct ledger *l, const uint64_t *word, uint64_t value);
void ledger_add(struct ledger *l, const uint64_t *word, uint64_t more);
void ledger_commit(struct ledger *l);

/*
 * true: so many devices can be written to. A file system in RAM may be full;
 * touching a page that it cannot give would kill us.
 */
bool ledger_reserve(struct ledger *l, size_t devices);
bool ledger_reserve_dailies(struct ledger *l, size_t dailies); /* likewise */

/* Overwrites the day's key and records. May be done twice. */
void ledger_destroy_day(struct ledger *l);

/* Records there are. */
size_t ledger_devices(const struct ledger *l);

#endif
