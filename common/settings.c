/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/settings.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/addr.h"
#include "common/settings_check.h"

#define DAY   86400ULL
#define TBIT  1000000000000ULL
#define PBYTE 1000000000000000ULL

static const char *const on_stop_words[] = { "keep", "remove", NULL };
static const char *const masquerade_words[] = { "off", "ipv4", "both", NULL };
static const char *const over_quota_words[] = { "end", "slow", NULL };

static bool is_garden_address(const char *text)
{
	struct addr a;
	unsigned int prefix;

	return addr_parse_prefix(&a, &prefix, text) && prefix > 0;
}

static bool is_dns_name(const char *text)
{
	size_t label = 0;

	if (!*text || *text == '.' || strlen(text) > 253)
		return false;
	for (; *text; text++) {
		label = *text == '.' ? 0 : label + 1;
		if (label > 63 || (*text == '.' && text[1] == '.'))
			return false;
		if (!strchr("abcdefghijklmnopqrstuvwxyz"
			    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._",
			    *text))
			return false;
	}
	return true;
}

static bool is_dns_name_or_empty(const char *text)
{
	return !*text || is_dns_name(text);
}

static bool is_url_or_empty(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) ? 7 : 8;

	if (!*text)
		return true;
	if (scheme == 7 && strncmp(text, "http://", 7))
		return false;
	return text[scheme] && text[scheme] != '/' &&
	       !strpbrk(text, " \"'<>\\");
}

#define AT(type, field) .offset = offsetof(struct type, field)

static const struct conf_option gate_options[] = {
	{ .name = "socket",
	  .type = CONF_PATH,
	  AT(gate_settings, socket),
	  .fallback = "/run/stadttor/netctl.sock",
	  .min = 1,
	  .max = 100,
	  .help = "socket between portal, command line and controller" },
	{ .name = "user",
	  .type = CONF_TEXT,
	  AT(gate_settings, user),
	  .fallback = "stadttor-netctl",
	  .min = 1,
	  .max = 31,
	  .help = "user that the controller becomes after its start" },
	{ .name = "on_stop",
	  .type = CONF_WORD,
	  AT(gate_settings, on_stop),
	  .fallback = "keep",
	  .words = on_stop_words,
	  .help = "what SIGTERM does with the gate: keep it enforcing, or "
		  "remove every rule and class" },
	{ .name = "mark_shift",
	  .type = CONF_NUMBER,
	  AT(gate_settings, mark_shift),
	  .fallback = "16",
	  .max = 16,
	  .help = "lowest of the 16 bits of the packet mark that the gate "
		  "uses; no other rule may set them (mwan3 keeps to others, "
		  "pbr needs another mask)" },
	{ .name = "debug",
	  .type = CONF_BOOL,
	  AT(gate_settings, debug),
	  .fallback = "0",
	  .help = "log what the controller does" },
};

static const struct conf_option uplink_options[] = {
	{ .name = "device",
	  .type = CONF_DEVICE,
	  .required = true,
	  AT(uplink_settings, device),
	  .help = "network device towards the internet" },
	{ .name = "masquerade",
	  .type = CONF_WORD,
	  AT(uplink_settings, masquerade),
	  .fallback = "ipv4",
	  .words = masquerade_words,
	  .help = "which guests' addresses are replaced by the gate's own; "
		  "off where a firewall does it already" },
	{ .name = "bandwidth",
	  .type = CONF_RATE,
	  AT(uplink_settings, bandwidth_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = "upload rate of the link, shared evenly by the devices that "
		  "want it; 0: not shaped as a whole" },
};

static const struct conf_option zone_options[] = {
	{ .name = "device",
	  .type = CONF_DEVICE,
	  .required = true,
	  AT(zone_settings, device),
	  .help = "network device of the guests, a bridge or an interface" },
	{ .name = "duration",
	  .type = CONF_SECONDS,
	  AT(zone_settings, limits.duration_s),
	  .fallback = "8h",
	  .min = 1,
	  .max = 365 * DAY,
	  .help = "how long a tap lets a device in" },
	{ .name = "idle",
	  .type = CONF_SECONDS,
	  AT(zone_settings, limits.idle_s),
	  .fallback = "1h",
	  .max = 365 * DAY,
	  .help = "a device that sends nothing for this long is let go; "
		  "0: never" },
	{ .name = "quota",
	  .type = CONF_BYTES,
	  AT(zone_settings, limits.quota_bytes),
	  .fallback = "0",
	  .max = PBYTE,
	  .help = "bytes up and down together that a session may use; "
		  "0: any" },
	{ .name = "over_quota",
	  .type = CONF_WORD,
	  AT(zone_settings, over_quota),
	  .fallback = "end",
	  .words = over_quota_words,
	  .help = "what follows the quota: the end of the session, or "
		  "slow_rate" },
	{ .name = "slow_rate",
	  .type = CONF_RATE,
	  AT(zone_settings, slow_bps),
	  .fallback = "256kbit",
	  .min = 8000,
	  .max = TBIT,
	  .help = "rate in each direction after the quota" },
	{ .name = "rate_down",
	  .type = CONF_RATE,
	  AT(zone_settings, limits.down_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = "download cap of a device; 0: none" },
	{ .name = "rate_up",
	  .type = CONF_RATE,
	  AT(zone_settings, limits.up_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = "upload cap of a device; 0: none" },
	{ .name = "bandwidth",
	  .type = CONF_RATE,
	  AT(zone_settings, bandwidth_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = "download rate of the link, shared evenly by the zone's "
		  "devices that want it; 0: not shaped as a whole" },
	{ .name = "max_duration",
	  .type = CONF_SECONDS,
	  AT(zone_settings, ceiling.duration_s),
	  .fallback = "0",
	  .max = 365 * DAY,
	  .help = "longest session that the portal may ask for; 0: duration" },
	{ .name = "max_rate_down",
	  .type = CONF_RATE,
	  AT(zone_settings, ceiling.down_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = "highest download cap that the portal may ask for; "
		  "0: rate_down" },
	{ .name = "max_rate_up",
	  .type = CONF_RATE,
	  AT(zone_settings, ceiling.up_bps),
	  .fallback = "0",
	  .max = TBIT,
	  .help = "highest upload cap that the portal may ask for; "
		  "0: rate_up" },
	{ .name = "max_quota",
	  .type = CONF_BYTES,
	  AT(zone_settings, ceiling.quota_bytes),
	  .fallback = "0",
	  .max = PBYTE,
	  .help = "largest quota that the portal may ask for; 0: quota" },
	{ .name = "max_sessions",
	  .type = CONF_NUMBER,
	  AT(zone_settings, max_sessions),
	  .fallback = "1000",
	  .min = 1,
	  .max = 30000,
	  .help = "devices that may be online at once" },
	{ .name = "dns_rate",
	  .type = CONF_NUMBER,
	  AT(zone_settings, dns_per_s),
	  .fallback = "20",
	  .min = 1,
	  .max = 10000,
	  .help = "DNS queries a second that a device may send before it is "
		  "let in" },
	{ .name = "garden_name",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, garden_name),
	  .max = 253,
	  .is_valid = is_dns_name,
	  .allowed = "a host or domain name",
	  .help = "name whose addresses everybody reaches before the tap "
		  "(dnsmasq fills them in)" },
	{ .name = "garden_address",
	  .type = CONF_TEXT,
	  .is_list = true,
	  AT(zone_settings, garden_address),
	  .max = 63,
	  .is_valid = is_garden_address,
	  .allowed = "an IPv4 or IPv6 address or network such as "
		     "203.0.113.0/24",
	  .help = "address or network that everybody reaches before the tap" },
};

static const struct conf_option portal_options[] = {
	{ .name = "user",
	  .type = CONF_TEXT,
	  AT(portal_settings, user),
	  .fallback = "stadttor-portal",
	  .min = 1,
	  .max = 31,
	  .help = "user that the portal becomes after its start" },
	{ .name = "pages",
	  .type = CONF_PATH,
	  AT(portal_settings, pages),
	  .fallback = "/usr/share/stadttor",
	  .min = 1,
	  .max = 200,
	  .help = "folder with the pages and the languages" },
	{ .name = "network",
	  .type = CONF_TEXT,
	  AT(portal_settings, network),
	  .fallback = "Stadttor",
	  .min = 1,
	  .max = 64,
	  .help = "name of the network, as people know it" },
	{ .name = "provider",
	  .type = CONF_TEXT,
	  AT(portal_settings, provider),
	  .fallback = "",
	  .max = 128,
	  .help = "who offers the network" },
	{ .name = "contact",
	  .type = CONF_TEXT,
	  AT(portal_settings, contact),
	  .fallback = "",
	  .max = 128,
	  .help = "mail address or telephone number for questions" },
	{ .name = "hostname",
	  .type = CONF_TEXT,
	  AT(portal_settings, hostname),
	  .fallback = "",
	  .max = 253,
	  .is_valid = is_dns_name_or_empty,
	  .allowed = "a host name, or nothing",
	  .help = "name under which guests reach the portal, needed for TLS; "
		  "empty: the gate's address" },
	{ .name = "success_url",
	  .type = CONF_TEXT,
	  AT(portal_settings, success_url),
	  .fallback = "",
	  .max = 256,
	  .is_valid = is_url_or_empty,
	  .allowed = "an http or https address",
	  .help = "where the page after the tap points to" },
	{ .name = "terms_url",
	  .type = CONF_TEXT,
	  AT(portal_settings, terms_url),
	  .fallback = "",
	  .max = 256,
	  .is_valid = is_url_or_empty,
	  .allowed = "an http or https address",
	  .help = "full terms, a page in the walled garden; empty: only the "
		  "built-in ones" },
	{ .name = "certificate",
	  .type = CONF_PATH,
	  AT(portal_settings, certificate),
	  .fallback = "",
	  .max = 200,
	  .help = "certificate chain in PEM; empty: no TLS" },
	{ .name = "key",
	  .type = CONF_PATH,
	  AT(portal_settings, key),
	  .fallback = "",
	  .max = 200,
	  .help = "its private key in PEM" },
	{ .name = "hijack_port",
	  .type = CONF_NUMBER,
	  AT(portal_settings, hijack_port),
	  .fallback = "2080",
	  .min = 1,
	  .max = 65535,
	  .help = "port that answers diverted requests with a redirect" },
	{ .name = "http_port",
	  .type = CONF_NUMBER,
	  AT(portal_settings, http_port),
	  .fallback = "2081",
	  .min = 1,
	  .max = 65535,
	  .help = "port of the pages; guests reach it as port 80 of the gate" },
	{ .name = "https_port",
	  .type = CONF_NUMBER,
	  AT(portal_settings, https_port),
	  .fallback = "2443",
	  .min = 1,
	  .max = 65535,
	  .help = "port of the pages over TLS; guests reach it as port 443" },
	{ .name = "max_connections",
	  .type = CONF_NUMBER,
	  AT(portal_settings, max_connections),
	  .fallback = "1024",
	  .min = 8,
	  .max = 65536,
	  .help = "connections at once in all" },
	{ .name = "max_per_device",
	  .type = CONF_NUMBER,
	  AT(portal_settings, max_per_device),
	  .fallback = "24",
	  .min = 1,
	  .max = 1024,
	  .help = "connections at once of one address" },
	{ .name = "request_time",
	  .type = CONF_SECONDS,
	  AT(portal_settings, request_s),
	  .fallback = "10s",
	  .min = 1,
	  .max = 300,
	  .help = "time to complete a request" },
	{ .name = "debug",
	  .type = CONF_BOOL,
	  AT(portal_settings, debug),
	  .fallback = "0",
	  .help = "log what the portal does" },
};

#define TABLE(type, options)                                                   \
	{                                                                      \
		type, options, sizeof(options) / sizeof(options[0])            \
	}

static const struct conf_table gate_table = TABLE("gate", gate_options);
static const struct conf_table uplink_table = TABLE("uplink", uplink_options);
static const struct conf_table zone_table = TABLE("zone", zone_options);
static const struct conf_table portal_table = TABLE("portal", portal_options);

/* --- sections ---------------------------------------------------------- */

static bool wrong(const struct uci_section *s, char *error, const char *what)
{
	snprintf(error, UCI_ERROR_MAX, "%u: %s", s->line, what);
	return false;
}

/* Zone names become names of nftables objects. */
static bool take_name(char name[IPC_ZONE_NAME_MAX], const struct uci_section *s,
		      char *error)
{
	if (!s->name)
		return wrong(s, error, "this section needs a name");
	if (strlen(s->name) >= IPC_ZONE_NAME_MAX ||
	    s->name[strspn(s->name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return wrong(s, error,
			     "the name of a zone or uplink is 1 to 15 of "
			     "a-z, 0-9 and '_'");
	snprintf(name, IPC_ZONE_NAME_MAX, "%s", s->name);
	return true;
}

static bool take_single(const struct conf_table *t, void *base,
			const struct uci_section *s, char *error)
{
	return conf_apply(t, base, s, error);
}

static bool take_gate(struct settings *c, const struct uci_section *s,
		      char *error)
{
	return take_single(&gate_table, &c->gate, s, error);
}

static bool take_portal(struct settings *c, const struct uci_section *s,
			char *error)
{
	return take_single(&portal_table, &c->portal, s, error);
}

static bool take_uplink(struct settings *c, const struct uci_section *s,
			char *error)
{
	struct uplink_settings *u = &c->uplink[c->uplinks];

	if (c->uplinks == SETTINGS_UPLINKS)
		return wrong(s, error, "more than 4 uplinks");
	c->uplinks++;
	if (conf_defaults(&uplink_table, u) < 0)
		return wrong(s, error, "out of memory");
	return take_name(u->name, s, error) &&
	       conf_apply(&uplink_table, u, s, error);
}

static bool take_zone(struct settings *c, const struct uci_section *s,
		      char *error)
{
	struct zone_settings *z = &c->zone[c->zones];

	if (c->zones == SETTINGS_ZONES)
		return wrong(s, error, "more than 16 zones");
	c->zones++;
	if (conf_defaults(&zone_table, z) < 0)
		return wrong(s, error, "out of memory");
	return take_name(z->name, s, error) &&
	       conf_apply(&zone_table, z, s, error);
}

static const struct {
	const char *type;
	bool single;
	bool (*take)(struct settings *c, const struct uci_section *s,
		     char *error);
} sections[] = {
	{ "gate", true, take_gate },
	{ "uplink", false, take_uplink },
	{ "zone", false, take_zone },
	{ "portal", true, take_portal },
};

static bool take_section(struct settings *c, const struct uci_file *f,
			 const struct uci_section *s, char *error)
{
	const struct uci_section *o;

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (strcmp(s->type, sections[i].type))
			continue;
		TAILQ_FOREACH (o, &f->sections, next) {
			if (o == s)
				break;
			if (sections[i].single && !strcmp(o->type, s->type))
				return wrong(s, error,
					     "a second section of this type");
		}
		return sections[i].take(c, s, error);
	}
	snprintf(error, UCI_ERROR_MAX,
		 "%u: '%.40s' is no section; there are gate, uplink, zone and "
		 "portal",
		 s->line, s->type);
	return false;
}

/* --- the whole --------------------------------------------------------- */

static bool fill(struct settings *c, const struct uci_file *f, char *error)
{
	const struct uci_section *s;

	if (conf_defaults(&gate_table, &c->gate) < 0 ||
	    conf_defaults(&portal_table, &c->portal) < 0) {
		snprintf(error, UCI_ERROR_MAX, "1: out of memory");
		return false;
	}
	TAILQ_FOREACH (s, &f->sections, next)
		if (!take_section(c, f, s, error))
			return false;
	return settings_check(c, f, error);
}

static struct settings *settings_from_tree(const char *path,
					   const struct uci_file *f,
					   char error[UCI_ERROR_MAX])
{
	struct settings *c = calloc(1, sizeof(*c));
	char inner[UCI_ERROR_MAX] = "1: out of memory";

	if (c && fill(c, f, inner))
		return c;
	snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
	settings_free(c);
	return NULL;
}

struct settings *settings_parse(const char *path, const char *text, size_t len,
				char error[UCI_ERROR_MAX])
{
	char inner[UCI_ERROR_MAX];
	struct uci_file *f = uci_parse(text, len, inner);
	struct settings *c;

	if (!f) {
		snprintf(error, UCI_ERROR_MAX, "%.250s:%.250s", path, inner);
		return NULL;
	}
	c = settings_from_tree(path, f, error);
	uci_free(f);
	return c;
}

struct settings *settings_read(const char *path, char error[UCI_ERROR_MAX])
{
	struct uci_file *f = uci_read(path, error);
	struct settings *c;

	if (!f)
		return NULL;
	c = settings_from_tree(path, f, error);
	uci_free(f);
	return c;
}

void settings_free(struct settings *s)
{
	if (!s)
		return;
	conf_clear(&gate_table, &s->gate);
	conf_clear(&portal_table, &s->portal);
	for (size_t i = 0; i < s->zones; i++)
		conf_clear(&zone_table, &s->zone[i]);
	for (size_t i = 0; i < s->uplinks; i++)
		conf_clear(&uplink_table, &s->uplink[i]);
	free(s);
}

bool settings_zone_may_cap(const struct settings *s, size_t zone)
{
	const struct zone_settings *z = &s->zone[zone];

	if (z->ceiling.down_bps || z->ceiling.up_bps || z->bandwidth_bps ||
	    (z->limits.quota_bytes && z->over_quota == OVER_QUOTA_SLOW))
		return true;
	for (size_t u = 0; u < s->uplinks; u++)
		if (s->uplink[u].bandwidth_bps)
			return true;
	return false;
}

void settings_print(const struct settings *s, FILE *out)
{
	conf_print(&gate_table, &s->gate, NULL, out);
	for (size_t i = 0; i < s->uplinks; i++)
		conf_print(&uplink_table, &s->uplink[i], s->uplink[i].name,
			   out);
	for (size_t i = 0; i < s->zones; i++)
		conf_print(&zone_table, &s->zone[i], s->zone[i].name, out);
	conf_print(&portal_table, &s->portal, NULL, out);
}

static void document(const struct conf_table *t, const char *what, FILE *out)
{
	fprintf(out, ".Ss config %s\n%s\n.Bl -tag -width Ds\n", t->section,
		what);
	conf_document(t, out);
	fputs(".El\n", out);
}

void settings_document(FILE *out)
{
	document(&gate_table, "The controller itself; at most one.", out);
	document(&uplink_table, "A way to the internet, named; at least one.",
		 out);
	document(&zone_table,
		 "A network of guests with its own policy, named; at least "
		 "one.",
		 out);
	document(&portal_table, "The pages; at most one.", out);
}
