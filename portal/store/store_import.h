/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes released cells from netctl into the store: those of one answer are
 * applied together, then the next are asked for. An answer that is not as it
 * should be is dropped, and asked for again only after a pause.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_IMPORT_H
#define STADTTOR_PORTAL_STORE_STORE_IMPORT_H

#include "portal/store/store.h"

struct store_import;

/* send_next: m is for the call only; its header is still empty. NULL: no
 * memory. The store has to outlive it. */
struct store_import *
store_import_new(struct store *st,
		 void (*send_next)(const struct ipc_usage_next *m, void *arg),
		 void *arg);

/* There is a new connection to netctl: asks for what follows. */
void store_import_connected(struct store_import *i);

void store_import_cell(struct store_import *i, const struct ipc_usage_cell *m);

/* From a timer, about once a minute: tries the disk, and asks again, where
 * something was wrong. */
void store_import_retry(struct store_import *i);

void store_import_free(struct store_import *i);

#endif
