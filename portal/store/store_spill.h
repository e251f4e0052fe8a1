/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What waits in memory, carried to another database: to the disk when its time
 * has come, and until then to a file on a RAM file system, for those who read
 * the disk from outside.
 *
 * The spill file is written anew with each batch and takes its name when
 * it is complete, so nobody locks it or sees half of it. It says which position
 * of the disk it adds to: at any other it does not count, as after a crash
 * between the disk's commit and its removal. Where it cannot be written, the
 * last complete one stays, if there is one; a damaged one does not count. The
 * rest is seen once it is on the disk.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_SPILL_H
#define STADTTOR_PORTAL_STORE_STORE_SPILL_H

#include "portal/store/store_private.h"

/* In a transaction of to, all but the checkpoint. 0 or -errno. */
int store_spill_rows(struct store_db *from, struct store_db *to) MUST_CHECK;

/* The same of what the city's hub is to get behind that checkpoint. */
int store_spill_outgoing(struct store_db *from, struct store_db *to,
			 const struct store_checkpoint *got) MUST_CHECK;

/* Makes the file what memory holds; there is none where nothing waits. */
void store_spill_update(struct store *st);
void store_spill_remove(const struct store *st);

/* For a reader, before it looks at the disk: what comes to the disk in between
 * is told by the checkpoint. What cannot be used is left out. */
void store_spill_read(struct store *st, const char *path);

#endif
