/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * powercut FOLDER CUTS SEED: a store through power cuts, see cutvfs.h. Says
 * for each the last batch that was acknowledged before.
 */
#include <inttypes.h>

#include "portal/store/store.h"
#include "tests/golden/cutvfs.h"
#include "tests/golden/storebatch.h"

#define ZONES  8
#define KEEP_S (2 * 86400)

static uint64_t acknowledged;

static void say(void)
{
	printf("%" PRIu64 "\n", acknowledged);
}

int main(int argc, char **argv)
{
	static struct usage_batch b;
	char file[PATH_LEN];
	struct store *st;

	if (!start_cuts(argc, argv, say))
		return 2;
	setenv("TZ", "UTC", 1);
	snprintf(file, sizeof(file), "%s/usage.sqlite", folder);
	st = store_open(file, KEEP_S);
	for (uint64_t seq = 1; st && has_cuts_left(); seq++) {
		batch_make(&b, seq, ZONES);
		if (store_apply(st, &b) || store_position(st).committed != seq)
			return 1;
		acknowledged = seq;
	}
	store_free(st);
	return 0;
}
