/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event_struct.h>

#include "portal/http/listen.h"
#include "portal/netctl_client.h"

static const struct timeval retry_pause = { .tv_sec = 2 };

/* Why it is closed; said once in the log. */
enum socket_state {
	SOCKET_NEW,
	SOCKET_ASKING, /* for the first time: netctl may be about to come */
	SOCKET_OPEN,
	SOCKET_NOT_WANTED,
	SOCKET_NO_NETCTL,
	SOCKET_NO_ADDRESS,
	SOCKET_GUESTS_DEVICE,
	SOCKET_FAILED,
};

struct admin_socket {
	const struct settings *settings;
	struct netctl_client *netctl;
	struct netctl_request request; /* which device? */
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

/* By our own config, which may be newer than netctl's. */
static bool has_guests(const struct admin_socket *l, const struct settings *s)
{
	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].device, l->device) ||
		    (l->ifindex &&
		     listen_find_device(s->zone[i].device) == l->ifindex))
			return true;
	return false;
}

/* Takes over the device that netctl has found. */
static enum socket_state take_device(struct admin_socket *l,
				     const struct ipc_device *d)
{
	if (d->error)
		return SOCKET_NO_ADDRESS;
	memcpy(l->device, d->device, sizeof(l->device) - 1);
	l->ifindex = d->ifindex;
	return d->has_guests || has_guests(l, l->settings)
		       ? SOCKET_GUESTS_DEVICE
		       : SOCKET_OPEN;
}

static bool is_still_there(const struct admin_socket *l,
			   const struct ipc_device *d)
{
	return !d->error && !d->has_guests && d->ifindex == l->ifindex &&
	       !strncmp(d->device, l->device, sizeof(l->device));
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
	case SOCKET_NO_NETCTL:
		log_warn("admin: not listening: only netctl can tell which "
			 "device has the address of the config, and it does "
			 "not answer; trying again");
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
	case SOCKET_ASKING:
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

static void open_on_device(struct admin_socket *l)
{
	struct addr address = l->address;
	int err;

	address.ifindex = l->ifindex;
	err = listen_open(&l->socket, &address, l->port, l->device);
	enter(l, err ? SOCKET_FAILED : SOCKET_OPEN, err);
}

/* NULL: netctl is away, or late. What is open by then stays open. */
static void on_device(const struct ipc_device *d, void *arg)
{
	struct admin_socket *l = arg;
	bool is_open = listen_is_open(&l->socket);
	enum socket_state found;

	if (is_open && (!d || is_still_there(l, d)))
		return;
	if (is_open) {
		log_info("admin: %s is gone, or the address from it",
			 l->device);
		listen_close(&l->socket);
		l->state = SOCKET_NEW;
	}
	found = d ? take_device(l, d) : SOCKET_NO_NETCTL;
	if (found == SOCKET_OPEN)
		open_on_device(l);
	else
		enter(l, found, 0);
}

static void ask(struct admin_socket *l)
{
	bool is_first = l->state == SOCKET_NEW;
	int err;

	l->request.on_device = on_device;
	l->request.arg = l;
	err = netctl_client_ask_device(l->netctl, &l->request, &l->address);
	if (!err && is_first)
		l->state = SOCKET_ASKING;
	else if (err && !listen_is_open(&l->socket))
		enter(l, is_first ? SOCKET_ASKING : SOCKET_NO_NETCTL, err);
}

/* Loopback needs nobody's word: no packet comes to it by another device. */
static void try_to_open(struct admin_socket *l)
{
	if (!admin_address_is_loopback(&l->address)) {
		ask(l);
		return;
	}
	memcpy(l->device, "lo", sizeof("lo"));
	l->ifindex = 0;
	open_on_device(l);
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
	l->netctl = config->netctl;
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
	    !has_guests(l, s)) {
		admin_socket_check(l);
		return;
	}
	event_del(&l->retry);
	netctl_client_cancel(&l->request);
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
	    admin_address_is_loopback(&l->address))
		return;
	event_del(&l->retry);
	try_to_open(l);
}

void admin_socket_free(struct admin_socket *l)
{
	if (!l)
		return;
	event_del(&l->retry);
	netctl_client_cancel(&l->request);
	listen_close(&l->socket);
	free(l);
}
