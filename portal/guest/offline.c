/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/offline.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/wipe.h"
#include "portal/guest/offline_answer.h"
#include "portal/util/bind.h"

#define ANSWERS_PER_TURN 64

/* Where a socket is, or should be. */
struct place {
	char device[IFNAMSIZ];
	uint32_t ifindex;
	uint16_t port; /* 0: nowhere */
};

struct offline_zone {
	TAILQ_ENTRY(offline_zone) next;
	struct offline *owner;
	struct ipc_zone told; /* without a name: nothing yet */
	struct place place;
	int fd; /* open if the place has a port */
	struct event event;
	bool is_troubled; /* said so in the log */
};

struct offline {
	struct event_base *base;
	const struct settings *settings;
	struct event wipe_timer; /* messages carry addresses of guests */
	struct offline_zone zone[IPC_ZONES];
	TAILQ_HEAD(, offline_zone) zones; /* last told, last in the list */
};

/* --- answers ----------------------------------------------------------- */

/*
 * The control message is sent back as it came: the address that was asked is
 * the one that answers, else conntrack does not know the answer (ip(7),
 * IP_PKTINFO; RFC 3542, 6). false: there is none left.
 */
static bool answer_one(const struct offline_zone *z)
{
	uint8_t query[OFFLINE_QUERY_MAX], answer[OFFLINE_ANSWER_MAX];
	union {
		struct cmsghdr head; /* for its alignment */
		char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
	struct sockaddr_storage peer;
	struct iovec io = { .iov_base = query, .iov_len = sizeof(query) };
	struct msghdr m = {
		.msg_name = &peer,
		.msg_namelen = sizeof(peer),
		.msg_iov = &io,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t len = recvmsg(z->fd, &m, 0);

	if (len < 0)
		return false;
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return true;
	io.iov_base = answer;
	io.iov_len = offline_answer_build(answer, query, (size_t)len,
					  &z->told.address);
	if (io.iov_len)
		sendmsg(z->fd, &m, 0); /* else it is asked again */
	return true;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct offline_zone *z = arg;

	(void)fd;
	(void)what;
	for (int i = 0; i < ANSWERS_PER_TURN; i++)
		if (!answer_one(z))
			break;
	wipe_later(&z->owner->wipe_timer);
}

/* --- the socket -------------------------------------------------------- */

static int ask_for_destination(int fd, int family)
{
	int on = 1;
	int err = family == AF_INET
			  ? setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on,
				       sizeof(on))
			  : setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on,
				       sizeof(on));

	return err < 0 ? -errno : 0;
}

/* The socket or -errno. */
static int open_socket(const struct place *at, int family)
{
	const struct addr any = { .family = (uint8_t)family };
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return -errno;
	err = bind_to_device(fd, at->device);
	if (!err)
		err = ask_for_destination(fd, family);
	if (!err)
		err = bind_to_address(fd, &any, at->port);
	if (!err)
		return fd;
	close(fd);
	return err;
}

/* Both families by one socket, where the kernel has IPv6. */
static int open_dual(const struct place *at)
{
	int fd = open_socket(at, AF_INET6);

	if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
		return fd;
	return open_socket(at, AF_INET);
}

/* --- a zone ------------------------------------------------------------ */

static void zone_close(struct offline_zone *z)
{
	if (!z->place.port)
		return;
	event_del(&z->event);
	close(z->fd);
	z->place.port = 0;
}

static void zone_open(struct offline_zone *z, const struct place *at)
{
	int fd = open_dual(at);

	if (fd < 0) {
		if (!z->is_troubled)
			log_warn("zone %s: offline, but names cannot be "
				 "answered: UDP port %u on %s: %s",
				 z->told.zone, at->port, at->device,
				 strerror(-fd));
		z->is_troubled = true;
		return;
	}
	z->fd = fd;
	z->place = *at;
	z->is_troubled = false;
	event_assign(&z->event, z->owner->base, fd, EV_READ | EV_PERSIST,
		     on_readable, z);
	event_add(&z->event, NULL);
	log_info("zone %s: offline; every name leads to the portal",
		 z->told.zone);
}

/* Where what is let pass is lost behind the gate, its rules lead no names. */
static bool is_offline(const struct ipc_zone *told)
{
	return told->outlet != IPC_OUTLET_OPEN &&
	       told->outlet != IPC_OUTLET_DROPPED &&
	       told->outlet != IPC_OUTLET_SILENT && told->ifindex &&
	       told->address.family != AF_UNSPEC;
}

/* Where its socket should be by all that is known. */
static struct place place_of(const struct offline_zone *z)
{
	const struct settings *s = z->owner->settings;
	struct place at = { .ifindex = z->told.ifindex };

	if (!is_offline(&z->told))
		return at;
	for (size_t i = 0; i < s->zones; i++) {
		if (strcmp(s->zone[i].name, z->told.zone))
			continue;
		memcpy(at.device, s->zone[i].device, sizeof(at.device));
		at.port = (uint16_t)s->portal.hijack_port;
	}
	return at;
}

static bool is_same_place(const struct place *a, const struct place *b)
{
	return a->port == b->port && a->ifindex == b->ifindex &&
	       !strcmp(a->device, b->device);
}

/* Closes it, unless it is where it should be. */
static void zone_leave(struct offline_zone *z)
{
	struct place at = place_of(z);

	if (z->place.port && !at.port)
		log_info("zone %s: names are left to the resolver again",
			 z->told.zone);
	if (!is_same_place(&at, &z->place))
		zone_close(z);
	if (!at.port)
		z->is_troubled = false;
}

static void zone_enter(struct offline_zone *z)
{
	struct place at = place_of(z);

	if (at.port && !z->place.port)
		zone_open(z, &at);
}

/* --- all of them ------------------------------------------------------- */

struct offline *offline_new(struct event_base *base)
{
	struct offline *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->base = base;
	wipe_init(&o->wipe_timer, base);
	TAILQ_INIT(&o->zones);
	for (size_t i = 0; i < IPC_ZONES; i++) {
		o->zone[i].owner = o;
		TAILQ_INSERT_TAIL(&o->zones, &o->zone[i], next);
	}
	return o;
}

void offline_apply(struct offline *o, const struct settings *s)
{
	struct offline_zone *z;

	o->settings = s;
	TAILQ_FOREACH (z, &o->zones, next)
		zone_leave(z); /* where another one may be next */
	TAILQ_FOREACH (z, &o->zones, next)
		zone_enter(z);
}

/* Where there is none of that name: the one told longest ago, given up. */
static struct offline_zone *find(struct offline *o, const char *name)
{
	struct offline_zone *z;

	TAILQ_FOREACH (z, &o->zones, next)
		if (!strcmp(z->told.zone, name))
			return z;
	z = TAILQ_FIRST(&o->zones);
	z->told.outlet = IPC_OUTLET_OPEN;
	zone_leave(z);
	return z;
}

void offline_tell(struct offline *o, const struct ipc_zone *told)
{
	struct offline_zone *z = find(o, told->zone);

	TAILQ_REMOVE(&o->zones, z, next);
	TAILQ_INSERT_TAIL(&o->zones, z, next);
	z->told = *told;
	zone_leave(z);
	zone_enter(z);
}

void offline_free(struct offline *o)
{
	struct offline_zone *z;

	if (!o)
		return;
	TAILQ_FOREACH (z, &o->zones, next)
		zone_close(z);
	event_del(&o->wipe_timer);
	free(o);
}
