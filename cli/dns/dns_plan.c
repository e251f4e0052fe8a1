/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/dns/dns_plan.h"

#include <stdarg.h>

#include <json-c/json.h>

#include "netctl/rules/ruleset.h"

const struct zone_settings *dns_next_zone(const struct dns_plan *p, size_t *i)
{
	while (*i < p->settings->zones && !(p->zones & 1U << *i))
		++*i;
	return *i < p->settings->zones ? &p->settings->zone[*i] : NULL;
}

void dns_set_name(char name[32], int version, const char *zone)
{
	_Static_assert(RULESET_NAME_MAX == 32, "names of sets");
	ruleset_name(name, version == 4 ? "garden4" : "garden6", zone);
}

void dns_leave_out(struct dns_plan *p, const char *fmt, ...)
{
	char text[DNS_WHY_MAX + DNS_NAME_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(p->out, "# Left out: %s.\n", text);
	fprintf(stderr, "dns-config: left out: %s\n", text);
	json_object_array_add(p->left_out, json_object_new_string(text));
}

void dns_write_api_state(struct dns_plan *p)
{
	if (!p->announces && p->is_wanted)
		dns_leave_out(p, "the captive portal API: %s", p->api.why);
	else if (!p->announces)
		fputs("# Not announced, as config portal has no hostname, "
		      "certificate and key.\n",
		      p->out);
	else if (!p->api.is_fit)
		fprintf(p->out, "# By force, although: %s.\n", p->api.why);
	if (*p->api.until)
		fprintf(p->out,
			"# The certificate ends on %s. Phones do not believe an"
			" expired one.\n",
			p->api.until);
}
