/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A hostile program of events: what it tells of names and addresses is taken or
 * not, but the garden stays within its bounds, and holds nothing that a name of
 * the config does not open.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/settings_read.h"
#include "netctl/session/garden.h"
#include "tests/fuzz/fuzzcheck.h"

#define NOW_MS	 5000000ULL
#define STEP_MAX 64 /* bytes of input for one message */

static const char config[] =
	"config uplink wan\noption device eth0\n"
	"config zone a\noption device br0\nlist garden_name a.example\n"
	"config zone b\noption device br1\nlist garden_name x.a.example\n"
	"list garden_name b\n";

static const struct settings *settings(void)
{
	static struct settings *s;
	char error[UCI_ERROR_MAX];

	if (!s)
		s = settings_parse("fuzz", config, sizeof(config) - 1, error);
	CHECK(s);
	return s;
}

/* A name near those of the config, or any bytes; an address; a TTL. */
static struct ipc_garden message(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "", ".a.example", "x.a.example",
					     "b" };
	struct ipc_garden m = { .address.family = AF_INET };
	size_t used = strlen(names[data[0] & 3]);

	memcpy(m.name, names[data[0] & 3], used);
	if (data[0] & 4)
		m.address.family = AF_INET6;
	if (data[0] & 8)
		memset(m.name, data[0], sizeof(m.name));
	if (data[0] & 16)
		m.address.family = data[0];
	if (size > 21) {
		memcpy(&m.ttl_s, data + 1, sizeof(m.ttl_s));
		memcpy(m.address.byte, data + 5, sizeof(m.address.byte));
		memcpy(m.name, data + 21, size - 21);
	}
	return m;
}

static size_t check_zone(const struct garden *g, size_t zone)
{
	const struct garden_entry *e;
	size_t n = 0;

	for (; (e = garden_at(g, zone, n)); n++) {
		CHECK(garden_is_public(&e->address));
		for (size_t i = 0; i < n; i++)
			CHECK(memcmp(&garden_at(g, zone, i)->address,
				     &e->address, sizeof(e->address)));
		CHECK(e->ends_ms >= NOW_MS + GARDEN_MIN_S * 1000ULL);
		CHECK(e->ends_ms <=
		      NOW_MS + (GARDEN_TOP_S + GARDEN_SLACK_S) * 1000ULL);
	}
	CHECK(n <= GARDEN_MAX);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct settings *s = settings();
	struct garden *g = garden_new();

	CHECK(g);
	while (size) {
		size_t step = size < STEP_MAX ? size : STEP_MAX;
		struct ipc_garden m = message(data, step);
		char of[GARDEN_NAME_MAX];
		struct garden_plan plan;
		int err = garden_plan(g, s, &m, NOW_MS, &plan);

		CHECK(!err || err == -EINVAL || err == -EACCES);
		CHECK(!(plan.zones & ~3U) && (!err || !plan.zones));
		CHECK(!(plan.lacks & ~plan.zones));
		for (size_t z = 0; z < 2; z++) {
			if (plan.zones & 1U << z)
				CHECK(garden_names_open(s, z, m.name, of));
			if (plan.lacks & 1U << z)
				garden_keep(g, z, &plan.entry[z]);
		}
		data += step;
		size -= step;
	}
	for (size_t z = 0; z < 2; z++) {
		size_t n = check_zone(g, z);

		garden_prune(g, s, z);
		CHECK(check_zone(g, z) == n); /* the config is the same */
	}
	garden_free(g);
	return 0;
}
