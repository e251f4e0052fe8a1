/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entries of the store's streams, in replies of XREAD. */
#ifndef STADTTOR_HUB_INTAKE_ENTRY_H
#define STADTTOR_HUB_INTAKE_ENTRY_H

#include "hub/intake/intake.h"
#include "portal/city/resp.h"

/* Lent from the reply. id is NULL where it is no entry. */
struct intake_entry entry_of(const struct redisReply *r);

#endif
