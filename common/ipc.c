/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/ipc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/wipe.h"

#define READS_PER_TURN 256
#define QUEUE_MAX      (512 * 1024) /* bytes */

static const size_t message_size[IPC_TYPE_MAX] = {
	[IPC_LOOKUP] = sizeof(struct ipc_lookup),
	[IPC_GRANT] = sizeof(struct ipc_grant),
	[IPC_LOGOUT] = sizeof(struct ipc_lookup),
	[IPC_USAGE_NEXT] = sizeof(struct ipc_usage_next),
	[IPC_HEALTH_ASK] = sizeof(struct ipc_status),
	[IPC_ADMIT] = sizeof(struct ipc_grant),
	[IPC_STATUS] = sizeof(struct ipc_status),
	[IPC_LIST] = sizeof(struct ipc_list),
	[IPC_REVOKE] = sizeof(struct ipc_revoke),
	[IPC_SESSION] = sizeof(struct ipc_session),
	[IPC_ADDRESS] = sizeof(struct ipc_address),
	[IPC_ZONE] = sizeof(struct ipc_zone),
	[IPC_TOTALS] = sizeof(struct ipc_totals),
	[IPC_DONE] = sizeof(struct ipc_done),
	[IPC_HEALTH] = sizeof(struct ipc_health),
	[IPC_USAGE_CELL] = sizeof(struct ipc_usage_cell),
	[IPC_GARDEN] = sizeof(struct ipc_garden),
	[IPC_LEFT] = sizeof(struct ipc_left),
	[IPC_GARDEN_NAME] = sizeof(struct ipc_garden_name),
	[IPC_RADIO] = sizeof(struct ipc_radio),
	[IPC_DEVICE_ASK] = sizeof(struct ipc_device_ask),
	[IPC_DEVICE] = sizeof(struct ipc_device),
	[IPC_ACCOUNT_ASK] = sizeof(struct ipc_account_ask),
	[IPC_ACCOUNT_CHANGE] = sizeof(struct ipc_account_change),
	[IPC_ACCOUNT] = sizeof(struct ipc_account),
	[IPC_CITY_FEED] = sizeof(struct ipc_city_feed),
	[IPC_CITY_CLOCK] = sizeof(struct ipc_city_clock),
	[IPC_CITY_NEXT] = sizeof(struct ipc_city_next),
	[IPC_CITY_KEY] = sizeof(struct ipc_city_key),
	[IPC_CITY_ASK] = sizeof(struct ipc_status),
	[IPC_CITY_RECORD] = sizeof(struct ipc_city_record),
	[IPC_CITY] = sizeof(struct ipc_city),
};

struct ipc_queued {
	TAILQ_ENTRY(ipc_queued) next;
	size_t len;
	unsigned char bytes[];
};

struct ipc_channel {
	struct ipc_channel_config config;
	struct event read_event;
	struct event write_event;
	struct event resume_timer;
	struct event wipe_timer;
	TAILQ_HEAD(, ipc_queued) queue;
	size_t queued;	    /* bytes */
	uint64_t window_ms; /* start of the second that budget counts in */
	uint32_t window_used;
	bool closed;
	bool handling;	/* a handler runs: it may free the channel */
	bool is_orphan; /* freed meanwhile */
};

size_t ipc_message_size(enum ipc_type type)
{
	return (unsigned int)type < IPC_TYPE_MAX ? message_size[type] : 0;
}

const char *ipc_message_check(const void *message, size_t len)
{
	struct ipc_header h;

	if (len < sizeof(h))
		return "message shorter than its header";
	memcpy(&h, message, sizeof(h));
	if (h.version != IPC_VERSION)
		return "message of another version";
	if (!ipc_message_size(h.type))
		return "message of unknown type";
	if (ipc_message_size(h.type) != len)
		return "message of wrong size";
	return NULL;
}

static void channel_close(struct ipc_channel *ch, const char *why)
{
	if (ch->closed)
		return;
	ch->closed = true;
	event_del(&ch->read_event);
	event_del(&ch->write_event);
	event_del(&ch->resume_timer);
	ch->config.on_close(ch, why, ch->config.arg);
}

/* How many messages may be read now; 0 pauses the reader. */
static uint32_t channel_allowance(struct ipc_channel *ch)
{
	struct timeval pause;
	uint64_t now_ms = clock_ms();
	uint32_t budget = ch->config.budget_per_s;
	uint32_t left;

	if (!budget)
		return READS_PER_TURN;
	if (now_ms - ch->window_ms >= 1000) {
		ch->window_ms = now_ms;
		ch->window_used = 0;
	}
	left = ch->window_used < budget ? budget - ch->window_used : 0;
	if (left)
		return left < READS_PER_TURN ? left : READS_PER_TURN;
	pause = clock_timeval(1000 - (now_ms - ch->window_ms));
	event_del(&ch->read_event);
	event_add(&ch->resume_timer, &pause);
	return 0;
}

/* false: the channel is gone, or nothing is left to read. */
static bool channel_read_one(struct ipc_channel *ch)
{
	union {
		struct ipc_header header;
		uint64_t alignment; /* that of every message */
		unsigned char bytes[IPC_MESSAGE_MAX + 1];
	} m;
	const struct ipc_handler *handler;
	const char *wrong;
	ssize_t n;

	n = recv(ch->config.fd, &m, sizeof(m), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		channel_close(ch, n ? strerror(errno) : NULL);
		return false;
	}
	ch->window_used++;
	wrong = ipc_message_check(&m, (size_t)n);
	if (!wrong && !ch->config.handlers[m.header.type].handle)
		wrong = "message that this peer may not send";
	if (wrong) {
		channel_close(ch, wrong);
		return false;
	}
	handler = &ch->config.handlers[m.header.type];
	ch->handling = true;
	handler->handle(ch, &m, ch->config.arg);
	ch->handling = false;
	if (!ch->is_orphan)
		return true;
	free(ch);
	return false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_channel *ch = arg;
	uint32_t n;

	(void)fd;
	(void)what;
	wipe_later(&ch->wipe_timer); /* messages name clients */
	n = channel_allowance(ch);
	while (n && channel_read_one(ch))
		n--;
}

static void on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_channel *ch = arg;

	event_add(&ch->read_event, NULL);
	on_readable(fd, what, arg);
}

static int channel_write(struct ipc_channel *ch, const void *bytes, size_t len)
{
	ssize_t n =
		send(ch->config.fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 ? -errno : 0;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_channel *ch = arg;
	struct ipc_queued *q;

	(void)fd;
	(void)what;
	while ((q = TAILQ_FIRST(&ch->queue))) {
		int err = channel_write(ch, q->bytes, q->len);

		if (err == -EAGAIN)
			return;
		TAILQ_REMOVE(&ch->queue, q, next);
		ch->queued -= q->len;
		free(q);
		if (err)
			return; /* the reader sees the close */
	}
	event_del(&ch->write_event);
}

struct ipc_channel *ipc_channel_new(const struct ipc_channel_config *config)
{
	struct ipc_channel *ch = calloc(1, sizeof(*ch));

	if (!ch) {
		close(config->fd);
		return NULL;
	}
	ch->config = *config;
	TAILQ_INIT(&ch->queue);
	event_assign(&ch->read_event, config->base, config->fd,
		     EV_READ | EV_PERSIST, on_readable, ch);
	event_assign(&ch->write_event, config->base, config->fd,
		     EV_WRITE | EV_PERSIST, on_writable, ch);
	evtimer_assign(&ch->resume_timer, config->base, on_resume, ch);
	wipe_init(&ch->wipe_timer, config->base);
	event_add(&ch->read_event, NULL);
	return ch;
}

void ipc_channel_free(struct ipc_channel *ch)
{
	struct ipc_queued *q;

	if (!ch)
		return;
	event_del(&ch->read_event);
	event_del(&ch->write_event);
	event_del(&ch->resume_timer);
	if (evtimer_pending(&ch->wipe_timer, NULL))
		wipe_stack();
	event_del(&ch->wipe_timer);
	while ((q = TAILQ_FIRST(&ch->queue))) {
		TAILQ_REMOVE(&ch->queue, q, next);
		free(q);
	}
	close(ch->config.fd);
	ch->closed = true;
	ch->is_orphan = true;
	if (!ch->handling)
		free(ch);
}

void *ipc_channel_arg(struct ipc_channel *ch)
{
	return ch->config.arg;
}

static int channel_queue(struct ipc_channel *ch, const void *m, size_t len)
{
	struct ipc_queued *q;

	if (ch->queued + len > QUEUE_MAX)
		return -ENOBUFS;
	q = malloc(sizeof(*q) + len);
	if (!q)
		return -ENOMEM;
	q->len = len;
	memcpy(q->bytes, m, len);
	TAILQ_INSERT_TAIL(&ch->queue, q, next);
	ch->queued += len;
	event_add(&ch->write_event, NULL);
	return 0;
}

int ipc_channel_send(struct ipc_channel *ch, enum ipc_type type, void *message)
{
	struct ipc_header *h = message;
	size_t len = ipc_message_size(type);
	int err;

	if (ch->closed)
		return -EPIPE;
	h->version = IPC_VERSION;
	h->type = (uint16_t)type;
	if (ch->queued)
		return channel_queue(ch, message, len);
	err = channel_write(ch, message, len);
	return err == -EAGAIN ? channel_queue(ch, message, len) : err;
}

int ipc_connect_socket(int fd, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, len + 1);
	return connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ? -errno
								     : 0;
}

int ipc_connect(const char *path)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	int err;

	if (fd < 0)
		return -errno;
	err = ipc_connect_socket(fd, path);
	if (!err)
		return fd;
	close(fd);
	return err;
}

const char *session_reason_to_string(enum session_reason reason)
{
	static const char *const name[SESSION_REASON_MAX] = {
		[SESSION_REASON_NONE] = "none",
		[SESSION_REASON_EXPIRED] = "expired",
		[SESSION_REASON_IDLE] = "idle",
		[SESSION_REASON_QUOTA] = "quota",
		[SESSION_REASON_LOGOUT] = "logout",
		[SESSION_REASON_OPERATOR] = "operator",
		[SESSION_REASON_KERNEL] = "kernel",
	};

	return (unsigned int)reason < SESSION_REASON_MAX ? name[reason] : "?";
}

const char *ipc_outlet_to_string(enum ipc_outlet outlet)
{
	static const char *const name[IPC_OUTLET_MAX] = {
		[IPC_OUTLET_OPEN] = "open",
		[IPC_OUTLET_DOWN] = "down",
		[IPC_OUTLET_NO_ROUTE] = "no_route",
		[IPC_OUTLET_ELSEWHERE] = "elsewhere",
		[IPC_OUTLET_NO_ADDRESS] = "no_address",
		[IPC_OUTLET_OVERLAP] = "overlap",
		[IPC_OUTLET_DROPPED] = "dropped",
		[IPC_OUTLET_SILENT] = "silent",
	};

	return (unsigned int)outlet < IPC_OUTLET_MAX ? name[outlet] : "?";
}

const char *ipc_trouble_to_string(uint32_t bit)
{
	static const char *const name[] = {
		"out_dropped", "portal_dropped", "table_full", "marks",
		"ingress",     "offload",	 "rules",
	};

	for (size_t i = 0; i < ARRAY_SIZE(name); i++)
		if (bit == 1U << i)
			return name[i];
	return NULL;
}

const char *session_state_to_string(enum session_state state)
{
	static const char *const name[] = {
		[SESSION_UNKNOWN] = "unknown",
		[SESSION_GRANTED] = "granted",
		[SESSION_ENDED] = "ended",
	};

	return (unsigned int)state <= SESSION_ENDED ? name[state] : "?";
}
