/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/origin.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/authority.h"
#include "common/clock.h"
#include "portal/util/strbuf.h"

#define KEEP_MS 60000
#define VIA	"?via="
#define ANY_VIA "o" /* put in its place later */

/* --- our name ---------------------------------------------------------- */

void origin_init(struct origin *o, const struct portal_settings *p)
{
	memset(o, 0, sizeof(*o));
	snprintf(o->hostname, sizeof(o->hostname), "%s", p->hostname);
	for (char *c = o->hostname; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	o->is_secure = *p->certificate != '\0';
}

/* Whatever the port: nftables moves it. */
static size_t find_name(const char *field, const char **name)
{
	return authority_host(field, strlen(field), name);
}

bool origin_is_hostname(const struct origin *o, const char *host)
{
	const char *name;
	size_t len = find_name(host, &name);

	if (!o->hostname[0])
		return false;
	if (len && name[len - 1] == '.')
		len--;
	return len == strlen(o->hostname) && !memcmp(name, o->hostname, len);
}

bool origin_is_ours(const struct origin *o, const char *host,
		    const struct addr *local)
{
	const char *name;
	size_t len = find_name(host, &name);
	struct addr a;

	if (!*host || origin_is_hostname(o, host))
		return true;
	return len && addr_parse_part(&a, name, len) && addr_equal(&a, local);
}

/* --- the redirect ------------------------------------------------------ */

/* How well an address of our device serves in a URL; 0: not at all. */
static int fitness(const struct addr *a)
{
	if (a->family == AF_INET)
		return 2;
	return a->family == AF_INET6 && !addr_is_link_local(a);
}

/* Browsers do not open link-local addresses: look for another one. */
static void find_usable(struct addr *a)
{
	char device[IF_NAMESIZE];
	struct ifaddrs *all, *i;
	uint32_t ifindex = a->ifindex;
	struct addr best = *a;

	if (!if_indextoname(ifindex, device) || getifaddrs(&all) < 0)
		return;
	for (i = all; i; i = i->ifa_next) {
		struct addr other;

		if (!i->ifa_addr || strcmp(i->ifa_name, device) ||
		    !addr_from_sockaddr(&other, i->ifa_addr))
			continue;
		if (fitness(&other) > fitness(&best))
			best = other;
	}
	freeifaddrs(all);
	*a = best;
	a->ifindex = ifindex;
}

static void url_of_address(char *url, size_t max, const struct addr *local)
{
	char text[ADDR_TEXT_MAX];
	struct addr a = *local;

	if (addr_is_link_local(&a))
		find_usable(&a);
	addr_to_string(&a, text);
	snprintf(url, max,
		 a.family == AF_INET6 ? "http://[%s]/" VIA ANY_VIA
				      : "http://%s/" VIA ANY_VIA,
		 text);
}

/* Every address in the answer ends in the same query. */
static void find_via(struct origin_redirect *r)
{
	const char *at = r->bytes;

	memset(r->via_at, 0, sizeof(r->via_at));
	for (size_t i = 0; i < ORIGIN_VIA; i++) {
		at = memmem(at, r->len - (size_t)(at - r->bytes), VIA,
			    strlen(VIA));
		if (!at)
			return; /* the answer was cut: it is short, too */
		at += strlen(VIA);
		r->via_at[i] = (size_t)(at - r->bytes);
	}
}

static const struct origin_redirect *with_via(struct origin_redirect *r,
					      char via)
{
	for (size_t i = 0; i < ORIGIN_VIA && r->via_at[i]; i++)
		r->bytes[r->via_at[i]] = via;
	return r;
}

static void build(struct origin_redirect *r, const char *url)
{
	char body[768];
	struct strbuf b, o;

	strbuf_init(&b, body, sizeof(body));
	strbuf_format(&b,
		      "<!DOCTYPE html><title>302</title>"
		      "<p><a href=\"%s\">%s</a></p>\n",
		      url, url);
	strbuf_init(&o, r->bytes, sizeof(r->bytes));
	strbuf_format(&o,
		      "HTTP/1.1 302 Found\r\n"
		      "Location: %s\r\n"
		      "Cache-Control: no-store\r\n"
		      "Content-Type: text/html\r\n"
		      "Content-Length: %zu\r\n"
		      "Connection: close\r\n\r\n",
		      url, b.len);
	r->head_len = o.len;
	strbuf_bytes(&o, body, b.len);
	r->len = o.len;
	find_via(r);
}

static struct origin_redirect *redirect_by_name(struct origin *o)
{
	char url[300];

	if (!o->named.len) {
		snprintf(url, sizeof(url), "%s://%s/" VIA ANY_VIA,
			 o->is_secure ? "https" : "http", o->hostname);
		build(&o->named, url);
	}
	return &o->named;
}

const struct origin_redirect *
origin_redirect(struct origin *o, const struct addr *local, char via)
{
	struct origin_redirect *r = NULL;
	uint64_t now_ms;
	char url[ADDR_TEXT_MAX + 24];

	if (!origin_needs_address(o))
		return with_via(redirect_by_name(o), via);
	now_ms = clock_ms();
	for (size_t i = 0; i < ORIGIN_KEPT; i++)
		if (o->kept[i].len && o->kept[i].valid_ms > now_ms &&
		    o->kept[i].local.ifindex == local->ifindex &&
		    addr_equal(&o->kept[i].local, local))
			return with_via(&o->kept[i], via);
	r = &o->kept[o->next++ % ORIGIN_KEPT];
	r->local = *local;
	r->valid_ms = now_ms + KEEP_MS;
	url_of_address(url, sizeof(url), local);
	build(r, url);
	return with_via(r, via);
}
