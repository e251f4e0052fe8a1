/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/pseudonyms.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/ipc.h"
#include "common/random.h"
#include "common/siphash.h"
#include "netctl/usage/wallclock.h"

#define KEY_MAX_MS (26 * 3600 * 1000ULL)

struct pseudonyms {
	uint64_t key[2];
	int64_t day_s;	 /* local midnight before it was made */
	uint64_t old_ms; /* when it ends at the latest; 0: there is none */
};

struct pseudonyms *pseudonyms_new(void)
{
	return calloc(1, sizeof(struct pseudonyms));
}

void pseudonyms_free(struct pseudonyms *p)
{
	if (p)
		explicit_bzero(p, sizeof(*p));
	free(p);
}

static bool has_key(struct pseudonyms *p)
{
	int64_t day_s = wallclock_midnight(time(NULL));
	uint64_t now_ms = clock_ms();

	if (p->old_ms > now_ms && p->day_s == day_s)
		return true;
	p->old_ms = 0;
	if (!random_fill(p->key, sizeof(p->key)))
		return false;
	p->day_s = day_s;
	p->old_ms = now_ms + KEY_MAX_MS;
	return true;
}

uint64_t pseudonyms_make(struct pseudonyms *p, const char *server,
			 const struct mac *mac)
{
	uint8_t bytes[IPC_ZONE_NAME_MAX + sizeof(*mac)] = { 0 };
	uint64_t hash;

	if (!has_key(p))
		return 0;
	memcpy(bytes, server, strnlen(server, IPC_ZONE_NAME_MAX - 1));
	memcpy(bytes + IPC_ZONE_NAME_MAX, mac, sizeof(*mac));
	hash = siphash(p->key, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return hash ? hash : 1;
}
