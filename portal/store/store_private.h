/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What store.c and store_read.c share. */
#ifndef STADTTOR_PORTAL_STORE_STORE_PRIVATE_H
#define STADTTOR_PORTAL_STORE_STORE_PRIVATE_H

#include <sys/stat.h>

#include "portal/store/store_batch.h"

struct store {
	struct stat opened;    /* the file, as it was */
	char *path;	       /* empty: memory alone */
	char *spill;	       /* NULL: what waits has none */
	struct store_db *disk; /* NULL: not to be read either */
	struct store_db *ram;  /* NULL: nothing waits for the disk */
	struct store_checkpoint on_disk;
	struct store_checkpoint in_ram;	  /* on_disk, and what ram holds */
	struct store_checkpoint ram_base; /* on_disk when ram was begun */
	int lost;	/* -errno of the disk, 0: it takes writes */
	int spill_lost; /* the same of the spill file */
	bool is_reader;
	uint64_t write_interval_s; /* 0: nothing waits for the disk */
	int64_t waits_since_s;	   /* hour of the first batch in ram */
	uint64_t keep_hours_s;
	struct store_batch_plan plan; /* of the next transaction */
};

/* Says once why the disk is not written to, and remembers. */
void store_lose_disk(struct store *st, int err);

#endif
