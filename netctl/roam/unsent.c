/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/roam/unsent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"

struct unsent {
	uint8_t (*record)[RECORD_SIZE];
	size_t room;
	size_t count;
	uint64_t first; /* number of record[0] */
};

struct unsent *unsent_new(void)
{
	struct unsent *u = calloc(1, sizeof(*u));

	if (u)
		u->first = 1;
	return u;
}

void unsent_free(struct unsent *u)
{
	if (!u)
		return;
	free(u->record);
	free(u);
}

int unsent_put(struct unsent *u, const uint8_t record[RECORD_SIZE])
{
	void *grown;

	if (u->count == UNSENT_MAX)
		return -ENOSPC;
	grown = array_grow(u->record, &u->room, u->count + 1, RECORD_SIZE);
	if (!grown)
		return -ENOMEM;
	u->record = grown;
	memcpy(u->record[u->count++], record, RECORD_SIZE);
	return 0;
}

/* How many there are up to that number. */
static size_t count_up_to(const struct unsent *u, uint64_t seq)
{
	if (seq < u->first)
		return 0;
	return seq - u->first < u->count ? (size_t)(seq - u->first) + 1
					 : u->count;
}

size_t unsent_read(const struct unsent *u, uint64_t after,
		   struct ipc_city_record *out, size_t max)
{
	size_t from = count_up_to(u, after);
	size_t count = u->count - from < max ? u->count - from : max;

	for (size_t i = 0; i < count; i++) {
		out[i] = (struct ipc_city_record){
			.seq = u->first + from + i,
			.more = (uint32_t)(count - i - 1),
		};
		memcpy(out[i].record, u->record[from + i], RECORD_SIZE);
	}
	return count;
}

void unsent_forget(struct unsent *u, uint64_t committed)
{
	size_t gone = count_up_to(u, committed);

	if (!gone)
		return;
	u->count -= gone;
	u->first += gone;
	memmove(u->record, u->record + gone, u->count * RECORD_SIZE);
}

size_t unsent_count(const struct unsent *u)
{
	return u->count;
}
