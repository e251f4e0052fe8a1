/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes usage figures from netctl into the store: puts the parts of a batch
 * together, has it applied, and asks for the next. A batch that is not as it
 * should be is dropped, and asked for again only after a pause.
 */
#ifndef STADTTOR_PORTAL_STORE_STORE_IMPORT_H
#define STADTTOR_PORTAL_STORE_STORE_IMPORT_H

#include "portal/store/store.h"

struct intake;

/* send_next: m is for the call only; its header is still empty. NULL: no
 * memory. The store has to outlive it. */
struct intake *intake_new(struct store *st,
			  void (*send_next)(const struct ipc_usage_next *m,
					    void *arg),
			  void *arg);

/* There is a new connection to netctl: asks for what follows. */
void intake_connected(struct intake *i);

void intake_row(struct intake *i, const struct ipc_usage_row *m);
void intake_label(struct intake *i, const struct ipc_usage_label *m);

/* From a timer, about once a minute: tries the disk, and asks again, where
 * something was wrong. */
void intake_retry(struct intake *i);

void intake_free(struct intake *i);

#endif
