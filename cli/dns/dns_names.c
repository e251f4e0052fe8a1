/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/dns/dns_names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config/garden_names.h"
#include "common/config/settings_valid.h"

/* --- one name ---------------------------------------------------------- */

/* true: nothing is left to do for that address. */
static bool is_open(const struct zone_settings *z, const char *text)
{
	struct addr a, net;
	unsigned int prefix;

	if (!addr_parse(&a, text))
		return false;
	for (size_t i = 0; i < z->garden_address.count; i++)
		if (addr_parse_prefix(&net, &prefix,
				      z->garden_address.value[i]) &&
		    addr_is_within(&a, &net, prefix))
			return true;
	return false;
}

static struct dns_name *add(struct dns_names *n, const char *text, size_t len)
{
	struct dns_name *d = &n->name[n->count];
	struct addr a;

	if (len && text[len - 1] == '.')
		len--;
	if (!len || len >= sizeof(d->name))
		return NULL;
	for (size_t i = 0; i < len; i++)
		d->name[i] = (char)tolower((unsigned char)text[i]);
	d->name[len] = '\0';
	for (size_t i = 0; i < n->count; i++)
		if (!strcmp(n->name[i].name, d->name))
			return &n->name[i];
	d->zones = 0;
	d->why_not = NULL;
	if (addr_parse(&a, d->name))
		d->why_not = "an address, which belongs into the list "
			     "garden_address of the zone";
	else if (!valid_dns_name(d->name))
		d->why_not = "no host name; write it as DNS does (xn--...)";
	n->count++;
	return d;
}

static void add_to_zone(struct dns_plan *p, size_t zone, const char *text,
			size_t len)
{
	struct dns_names *n = &p->garden;
	size_t before = n->count;
	struct dns_name *d = add(n, text, len);

	if (!d)
		return;
	if (is_open(&p->settings->zone[zone], d->name))
		n->count = before;
	else
		d->zones |= 1U << zone;
}

/* --- all names --------------------------------------------------------- */

struct collecting {
	struct dns_plan *plan; /* NULL: only counts */
	size_t zone;
	size_t names;
};

static void on_name(const char *name, size_t len, void *arg)
{
	struct collecting *c = arg;

	c->names++;
	if (c->plan)
		add_to_zone(c->plan, c->zone, name, len);
}

static bool is_below(const char *name, const char *domain)
{
	size_t name_len = strlen(name);
	size_t len = strlen(domain);

	return name_len > len && name[name_len - len - 1] == '.' &&
	       !strcmp(name + name_len - len, domain);
}

/*
 * dnsmasq looks at the longest name that fits and at no other, so a host has
 * to name the sets of the domains above it as well.
 */
static void inherit(struct dns_names *n)
{
	for (size_t i = 0; i < n->count; i++)
		for (size_t k = 0; k < n->count; k++)
			if (is_below(n->name[i].name, n->name[k].name))
				n->name[i].zones |= n->name[k].zones;
}

int dns_names_collect(struct dns_plan *p)
{
	struct collecting c = { .names = 1 };

	for (c.zone = 0; dns_next_zone(p, &c.zone); c.zone++)
		garden_names_each(p->settings, c.zone, on_name, &c);
	p->garden.name = calloc(c.names, sizeof(*p->garden.name));
	if (!p->garden.name)
		return -ENOMEM;
	c.plan = p;
	for (c.zone = 0; dns_next_zone(p, &c.zone); c.zone++)
		garden_names_each(p->settings, c.zone, on_name, &c);
	inherit(&p->garden);
	return 0;
}

void dns_names_clear(struct dns_names *n)
{
	free(n->name);
	n->name = NULL;
	n->count = 0;
}
