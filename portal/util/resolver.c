/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/resolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <event2/dns.h>
#include <event2/util.h>

#define RESOLV_CONF "/etc/resolv.conf"
#define HOSTS	    "/etc/hosts"
#define TIMEOUT_S   "3" /* a second server is asked within a fetch's time */

struct resolver_lookup {
	LIST_ENTRY(resolver_lookup) next;
	bool is_under_way; /* the answer comes from the loop */
	size_t turn;
	resolver_found found; /* NULL: cancelled */
	void *arg;
};

/* What tells that a file is another one than before. */
struct file_mark {
	ino_t inode;
	off_t size;
	struct timespec changed;
};

struct resolver {
	struct event_base *base;
	struct evdns_base *dns;
	struct file_mark mark[2];
	LIST_HEAD(, resolver_lookup) lookups;
};

/* --- following the files ------------------------------------------------ */

static struct file_mark mark_of(const char *path)
{
	struct file_mark m = { .inode = 0 };
	struct stat st;

	if (stat(path, &st) == 0) {
		m.inode = st.st_ino;
		m.size = st.st_size;
		m.changed = st.st_mtim;
	}
	return m;
}

static bool has_changed(struct file_mark *mark, const char *path)
{
	struct file_mark now = mark_of(path);
	bool changed = now.inode != mark->inode || now.size != mark->size ||
		       now.changed.tv_sec != mark->changed.tv_sec ||
		       now.changed.tv_nsec != mark->changed.tv_nsec;

	*mark = now;
	return changed;
}

/* A missing file means a server on this host, says resolv.conf(5), too. */
static void read_files(struct resolver *r)
{
	evdns_base_clear_nameservers_and_suspend(r->dns);
	evdns_base_clear_host_addresses(r->dns);
	evdns_base_search_clear(r->dns);
	evdns_base_set_option(r->dns, "timeout:", TIMEOUT_S);
	evdns_base_resolv_conf_parse(r->dns, DNS_OPTIONS_ALL, RESOLV_CONF);
	evdns_base_resume(r->dns);
}

static void follow_files(struct resolver *r)
{
	bool changed;

	/* Servers are not exchanged under a question that waits for them. */
	if (!LIST_EMPTY(&r->lookups))
		return;
	changed = has_changed(&r->mark[0], RESOLV_CONF);
	if (has_changed(&r->mark[1], HOSTS) || changed)
		read_files(r);
}

/* libevent tells of every server that is slow; a failed fetch is enough. */
static void on_log(int is_warning, const char *message)
{
	(void)is_warning;
	(void)message;
}

/* --- lookups ------------------------------------------------------------ */

static bool address_of(char text[RESOLVER_ADDRESS_MAX],
		       const struct evutil_addrinfo *list, size_t turn)
{
	const struct evutil_addrinfo *a;
	size_t count = 0;

	for (a = list; a; a = a->ai_next)
		count++;
	if (count == 0)
		return false;
	a = list;
	for (turn %= count; turn; turn--)
		a = a->ai_next;
	return getnameinfo(a->ai_addr, a->ai_addrlen, text,
			   RESOLVER_ADDRESS_MAX, NULL, 0, NI_NUMERICHOST) == 0;
}

static void on_addresses(int error, struct evutil_addrinfo *list, void *arg)
{
	struct resolver_lookup *l = arg;
	char text[RESOLVER_ADDRESS_MAX];
	bool ok = error == 0 && address_of(text, list, l->turn);

	LIST_REMOVE(l, next);
	if (list)
		evutil_freeaddrinfo(list);
	if (l->found)
		l->found(ok ? text : NULL, l->arg);
	if (l->is_under_way)
		free(l);
}

static bool open_dns(struct resolver *r)
{
	if (!r->dns) {
		evdns_set_log_fn(on_log);
		r->dns = evdns_base_new(r->base,
					EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	}
	return r->dns;
}

struct resolver_lookup *resolver_find(struct resolver *r, const char *host,
				      size_t turn, resolver_found found,
				      void *arg)
{
	static const struct evutil_addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_protocol = IPPROTO_TCP,
	};
	struct resolver_lookup *l = NULL;

	if (open_dns(r)) {
		follow_files(r);
		l = calloc(1, sizeof(*l));
	}
	if (!l) {
		found(NULL, arg);
		return NULL;
	}
	l->turn = turn;
	l->found = found;
	l->arg = arg;
	LIST_INSERT_HEAD(&r->lookups, l, next);
	l->is_under_way =
		evdns_getaddrinfo(r->dns, host, NULL, &hints, on_addresses, l);
	if (!l->is_under_way) {
		free(l);
		return NULL;
	}
	return l;
}

/*
 * The question runs out by itself: libevent answers a cancelled one from the
 * loop, too, but touches the resolver then, which may be gone.
 */
void resolver_cancel(struct resolver_lookup *l)
{
	l->found = NULL;
}

/* --- life --------------------------------------------------------------- */

struct resolver *resolver_new(struct event_base *base)
{
	struct resolver *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->base = base;
	LIST_INIT(&r->lookups);
	return r;
}

void resolver_free(struct resolver *r)
{
	struct resolver_lookup *l;

	if (!r)
		return;
	if (r->dns)
		evdns_base_free(r->dns, 0);
	while ((l = LIST_FIRST(&r->lookups))) {
		LIST_REMOVE(l, next);
		free(l);
	}
	free(r);
}
