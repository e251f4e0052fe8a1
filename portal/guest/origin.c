/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/origin.h"

#include <stdio.h>
#include <string.h>

#include "common/authority.h"
#include "portal/util/strbuf.h"

#define VIA	"?via="
#define ANY_VIA "o" /* put in its place later */

/* --- our name ---------------------------------------------------------- */

static void forget_redirects(struct origin *o)
{
	o->named.len = 0;
	for (size_t i = 0; i < ORIGIN_KEPT; i++)
		o->kept[i].len = 0;
}

void origin_init(struct origin *o, const struct portal_settings *p)
{
	forget_redirects(o);
	snprintf(o->hostname, sizeof(o->hostname), "%s", p->hostname);
	for (char *c = o->hostname; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	o->is_secure = *p->certificate != '\0';
}

void origin_tell(struct origin *o, uint32_t ifindex, const struct addr *a)
{
	struct addr *told = &o->told[o->next_told];

	*told = *a;
	told->ifindex = ifindex;
	o->next_told = (o->next_told + 1) % ORIGIN_TOLD;
	forget_redirects(o);
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

static bool parse_address(struct addr *a, const char *host)
{
	const char *name;
	size_t len = find_name(host, &name);

	return len && addr_parse_part(a, name, len);
}

bool origin_is_ours(const struct origin *o, const char *host,
		    const struct addr *local)
{
	struct addr a;

	if (!*host || origin_is_hostname(o, host))
		return true;
	return parse_address(&a, host) && addr_equal(&a, local);
}

bool origin_leads_to_address(const struct origin *o, const char *host)
{
	struct addr a;

	return !o->hostname[0] || parse_address(&a, host);
}

/* --- the redirect ------------------------------------------------------ */

/* The last that was told of its device, if it is any good. */
static void find_usable(const struct origin *o, struct addr *a)
{
	for (size_t i = 1; i <= ORIGIN_TOLD; i++) {
		size_t at = (o->next_told + ORIGIN_TOLD - i) % ORIGIN_TOLD;
		const struct addr *told = &o->told[at];

		if (told->ifindex != a->ifindex)
			continue;
		if (told->family != AF_UNSPEC)
			*a = *told;
		return;
	}
}

static void url_of_address(const struct origin *o, char *url, size_t max,
			   const struct addr *local)
{
	char text[ADDR_TEXT_MAX];
	struct addr a = *local;

	if (addr_is_link_local(&a))
		find_usable(o, &a);
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
	struct origin_redirect *r;
	char url[ADDR_TEXT_MAX + 24];

	if (!local)
		return with_via(redirect_by_name(o), via);
	for (size_t i = 0; i < ORIGIN_KEPT; i++)
		if (o->kept[i].len &&
		    o->kept[i].local.ifindex == local->ifindex &&
		    addr_equal(&o->kept[i].local, local))
			return with_via(&o->kept[i], via);
	r = &o->kept[o->next++ % ORIGIN_KEPT];
	r->local = *local;
	url_of_address(o, url, sizeof(url), local);
	build(r, url);
	return with_via(r, via);
}
