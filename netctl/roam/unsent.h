/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records that were made here, numbered from 1, until the portal says that the
 * city's store has them.
 */
#ifndef STADTTOR_NETCTL_ROAM_UNSENT_H
#define STADTTOR_NETCTL_ROAM_UNSENT_H

#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/log.h"
#include "netctl/roam/record.h"

#define UNSENT_MAX 8192

struct unsent;

struct unsent *unsent_new(void); /* NULL: no memory */
void unsent_free(struct unsent *u);

/* 0, -ENOSPC or -ENOMEM. */
int unsent_put(struct unsent *u, const uint8_t record[RECORD_SIZE]) MUST_CHECK;

/* Those behind that number, at most max: how many; seq and more are set. */
size_t unsent_read(const struct unsent *u, uint64_t after,
		   struct ipc_city_record *out, size_t max);

/* Lets go of all up to that number. */
void unsent_forget(struct unsent *u, uint64_t committed);

size_t unsent_count(const struct unsent *u);

#endif
