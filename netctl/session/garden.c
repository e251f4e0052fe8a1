/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/session/garden.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "netctl/rules/ruleset.h"
#include "netctl/rules/special_nets.h"

struct list {
	struct garden_entry *entry;
	size_t count, size;
};

struct garden {
	struct list zone[SETTINGS_ZONES];
	uint64_t doubts; /* so far */
};

struct garden *garden_new(void)
{
	return calloc(1, sizeof(struct garden));
}

static void list_clear(struct list *l)
{
	free(l->entry);
	*l = (struct list){ 0 };
}

void garden_free(struct garden *g)
{
	for (size_t z = 0; g && z < SETTINGS_ZONES; z++)
		list_clear(&g->zone[z]);
	free(g);
}

/* --- what is believed -------------------------------------------------- */

/* Of IPv6 only 2000::/3 is given to hosts; DNS64 answers with RFC 6052's. */
static bool is_given_to_hosts(const struct addr *a)
{
	static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };

	return a->family == AF_INET || (a->byte[0] & 0xe0) == 0x20 ||
	       !memcmp(a->byte, nat64, sizeof(nat64));
}

bool garden_is_public(const struct addr *a)
{
	return addr_len(a) && is_given_to_hosts(a) && !special_nets_have(a);
}

static bool is_valid(const struct ipc_garden *m)
{
	return addr_len(&m->address) && !m->address.ifindex && !m->zero &&
	       memchr(m->name, '\0', sizeof(m->name)) && *m->name;
}

static uint64_t end_of(uint32_t ttl_s, uint64_t now_ms)
{
	uint64_t s = ttl_s;

	if (s < GARDEN_MIN_S)
		s = GARDEN_MIN_S;
	if (s > GARDEN_TOP_S)
		s = GARDEN_TOP_S;
	return now_ms + s * 1000;
}

_Static_assert(GARDEN_MAX < RULESET_SET_MAX,
	       "the set has room for those of dnsmasq as well");

/* FNV-1a; the names are the operator's, so nobody chooses a collision. */
static uint64_t hash(const char *name, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (uint64_t)tolower((unsigned char)name[i])) *
		      0x100000001b3ULL;
	return sum;
}

/* --- the lists --------------------------------------------------------- */

static struct garden_entry *find(const struct list *l, const struct addr *a)
{
	for (size_t i = 0; i < l->count; i++)
		if (addr_equal(&l->entry[i].address, a))
			return &l->entry[i];
	return NULL;
}

static void expire(struct list *l, uint64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (l->entry[i].ends_ms > now_ms)
			l->entry[kept++] = l->entry[i];
	l->count = kept;
}

static int grow(struct list *l)
{
	struct garden_entry *grown =
		array_grow(l->entry, &l->size, l->count + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	l->entry = grown;
	return 0;
}

static int make_room(struct list *l, uint64_t now_ms)
{
	if (l->count == GARDEN_MAX)
		expire(l, now_ms);
	if (l->count == GARDEN_MAX)
		return -ENOSPC;
	return grow(l);
}

/* --- one answer -------------------------------------------------------- */

static bool is_covered(const struct garden *g, const struct garden_entry *old,
		       uint64_t ends_ms)
{
	return old && old->told == g->doubts && old->ends_ms >= ends_ms;
}

static int plan_zone(struct garden *g, size_t zone,
		     const struct garden_entry *wanted, uint64_t now_ms,
		     struct garden_plan *plan)
{
	const struct garden_entry *old = find(&g->zone[zone], &wanted->address);
	struct garden_entry *e = &plan->entry[zone];
	int err = old ? 0 : make_room(&g->zone[zone], now_ms);

	if (err)
		return err;
	plan->zones |= 1U << zone;
	if (is_covered(g, old, wanted->ends_ms))
		return 0;
	plan->lacks |= 1U << zone;
	*e = *wanted;
	e->ends_ms += GARDEN_SLACK_S * 1000;
	if (old && old->ends_ms > e->ends_ms)
		*e = *old;
	return 0;
}

int garden_plan(struct garden *g, const struct settings *s,
		const struct ipc_garden *m, uint64_t now_ms,
		struct garden_plan *plan)
{
	struct garden_entry wanted = { .ends_ms = end_of(m->ttl_s, now_ms) };
	char name[GARDEN_NAME_MAX];
	int err = 0;

	plan->zones = plan->lacks = 0;
	if (!is_valid(m))
		return -EINVAL;
	wanted.address = m->address;
	for (size_t z = 0; z < s->zones; z++) {
		int wrong;

		if (!garden_names_open(s, z, m->name, name))
			continue;
		if (!garden_is_public(&m->address))
			return -EACCES;
		wanted.name = hash(name, strlen(name));
		wrong = plan_zone(g, z, &wanted, now_ms, plan);
		if (wrong)
			err = wrong;
	}
	return err;
}

void garden_keep(struct garden *g, size_t zone, const struct garden_entry *e)
{
	struct list *l = &g->zone[zone];
	struct garden_entry *kept = find(l, &e->address);

	if (!kept)
		kept = &l->entry[l->count++];
	*kept = *e;
	kept->told = g->doubts;
}

void garden_doubt(struct garden *g)
{
	g->doubts++;
}

const struct garden_entry *garden_at(const struct garden *g, size_t zone,
				     size_t place)
{
	const struct list *l = &g->zone[zone];

	return place < l->count ? &l->entry[place] : NULL;
}

void garden_expire(struct garden *g, size_t zone, uint64_t now_ms)
{
	expire(&g->zone[zone], now_ms);
}

void garden_rezone(struct garden *g, const int map[])
{
	struct list before[SETTINGS_ZONES];

	memcpy(before, g->zone, sizeof(before));
	memset(g->zone, 0, sizeof(g->zone));
	for (size_t z = 0; z < SETTINGS_ZONES; z++) {
		if (map[z] < 0)
			list_clear(&before[z]);
		else
			g->zone[map[z]] = before[z];
	}
}

struct names {
	uint64_t wanted;
	bool is_there;
};

static void on_name(const char *name, size_t len, void *arg)
{
	struct names *n = arg;

	n->is_there = n->is_there || hash(name, len) == n->wanted;
}

static bool is_gone(const struct settings *s, size_t zone,
		    const struct garden_entry *e)
{
	struct names n = { .wanted = e->name };

	garden_names_each(s, zone, on_name, &n);
	return !n.is_there;
}

void garden_prune(struct garden *g, const struct settings *s, size_t zone)
{
	struct list *l = &g->zone[zone];
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++)
		if (!is_gone(s, zone, &l->entry[i]))
			l->entry[kept++] = l->entry[i];
	l->count = kept;
}
