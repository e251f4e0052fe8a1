/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_socket.h"

#include <errno.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>

#include "portal/http/listen.h"

static const struct timeval retry_pause = { .tv_sec = 2 };

/* Why it is closed; said once in the log. */
enum socket_state {
	SOCKET_NEW,
	SOCKET_OPEN,
	SOCKET_NOT_WANTED,
	SOCKET_NO_ADDRESS,
	SOCKET_GUESTS_DEVICE,
	SOCKET_FAILED,
};

struct admin_socket {
	const struct settings *settings;
	struct addr address;
	char device[IFNAMSIZ]; /* that carries the address */
	uint32_t ifindex;
	uint16_t port;
	struct listen_socket socket;
	enum socket_state state;
	struct event retry;
};

bool admin_address_is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == AF_INET ? a->byte[0] == 127
				    : !memcmp(a->byte, one, sizeof(one));
}

/* --- the device -------------------------------------------------------- */

static bool has_guests(const struct settings *s, const char *device)
{
	uint32_t ifindex = if_nametoindex(device);

	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].device, device) ||
		    (ifindex && if_nametoindex(s->zone[i].device) == ifindex))
			return true;
	return false;
}

static bool carries(const struct ifaddrs *i, const struct addr *wanted)
{
	struct addr a;

	return i->ifa_addr && addr_from_sockaddr(&a, i->ifa_addr) &&
	       a.family == wanted->family &&
	       !memcmp(a.byte, wanted->byte, addr_len(wanted));
}

/* Link-local addresses may be on many devices: one without guests will do. */
static enum socket_state find_device(struct admin_socket *l)
{
	enum socket_state found = SOCKET_NO_ADDRESS;
	struct ifaddrs *all;

	if (getifaddrs(&all) < 0) {
		snprintf(l->device, sizeof(l->device), "?");
		return SOCKET_FAILED;
	}
	for (struct ifaddrs *i = all; i && found != SOCKET_OPEN;
	     i = i->ifa_next) {
		size_t len = strcspn(i->ifa_name, ":"); /* br-lan:1 */

		if (!carries(i, &l->address) || len >= sizeof(l->device))
			continue;
		memset(l->device, 0, sizeof(l->device));
		memcpy(l->device, i->ifa_name, len);
		found = has_guests(l->settings, l->device)
				? SOCKET_GUESTS_DEVICE
				: SOCKET_OPEN;
	}
	freeifaddrs(all);
	l->ifindex = if_nametoindex(l->device);
	return found;
}

/* --- state ------------------------------------------------------------- */

static void say(const struct admin_socket *l, int err)
{
	switch (l->state) {
	case SOCKET_OPEN:
		log_info("admin: listening on %s, port %u%s", l->device,
			 l->port,
			 *l->settings->admin.certificate ? " with TLS" : "");
		if (!*l->settings->admin.certificate &&
		    !admin_address_is_loopback(&l->address))
			log_warn(
				"admin: passwords and figures pass unencrypted "
				"there: a certificate is missing");
		return;
	case SOCKET_NO_ADDRESS:
		log_warn("admin: no device has the address of the config; "
			 "trying again");
		return;
	case SOCKET_GUESTS_DEVICE:
		log_error("admin: the address of the config is on %s, a guest "
			  "zone's device; not listening there",
			  l->device);
		return;
	case SOCKET_FAILED:
		log_warn("admin: port %u on %s: %s; trying again", l->port,
			 l->device, strerror(-err));
		return;
	case SOCKET_NEW:
	case SOCKET_NOT_WANTED:
		return;
	}
}

static void enter(struct admin_socket *l, enum socket_state next, int err)
{
	bool is_news = l->state != next;

	l->state = next;
	if (is_news)
		say(l, err);
	if (next != SOCKET_OPEN && next != SOCKET_NOT_WANTED)
		event_add(&l->retry, &retry_pause);
}

static void try_to_open(struct admin_socket *l)
{
	enum socket_state found = find_device(l);
	struct addr address = l->address;
	int err = found == SOCKET_FAILED ? -errno : 0;

	if (found != SOCKET_OPEN) {
		enter(l, found, err);
		return;
	}
	address.ifindex = l->ifindex;
	err = listen_open(&l->socket, &address, l->port, l->device);
	enter(l, err ? SOCKET_FAILED : SOCKET_OPEN, err);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	try_to_open(arg);
}

/* --- life -------------------------------------------------------------- */

struct admin_socket *admin_socket_new(const struct admin_socket_config *config)
{
	struct admin_socket *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->socket.on_accept = config->on_accept;
	l->socket.arg = config->arg;
	l->socket.name = "admin";
	listen_init(&l->socket, config->base);
	evtimer_assign(&l->retry, config->base, on_retry, l);
	return l;
}

void admin_socket_apply(struct admin_socket *l, const struct settings *s,
			bool is_wanted)
{
	const struct admin_settings *a = &s->admin;
	struct addr address = { .family = AF_UNSPEC };
	bool is_same;

	addr_parse(&address, a->address);
	is_same = l->port == a->port && addr_equal(&address, &l->address);
	l->settings = s;
	l->address = address;
	l->port = (uint16_t)a->port;
	if (is_wanted && is_same && listen_is_open(&l->socket) &&
	    !has_guests(s, l->device)) {
		admin_socket_check(l);
		return;
	}
	event_del(&l->retry);
	listen_close(&l->socket);
	l->state = SOCKET_NEW; /* a reload hears again what is wrong */
	if (is_wanted)
		try_to_open(l);
	else
		enter(l, SOCKET_NOT_WANTED, 0);
}

void admin_socket_check(struct admin_socket *l)
{
	if (l->state == SOCKET_NEW || l->state == SOCKET_NOT_WANTED)
		return;
	if (listen_is_open(&l->socket) &&
	    if_nametoindex(l->device) == l->ifindex)
		return;
	if (listen_is_open(&l->socket)) {
		log_info("admin: %s is gone", l->device);
		l->state = SOCKET_NEW;
	}
	event_del(&l->retry);
	listen_close(&l->socket);
	try_to_open(l);
}

void admin_socket_free(struct admin_socket *l)
{
	if (!l)
		return;
	event_del(&l->retry);
	listen_close(&l->socket);
	free(l);
}
