/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any records on a channel: a handler sees only messages of its own size and
 * version, in order, and the first breach closes the channel once. Input: for
 * each record two bytes of length (little endian), then its bytes.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/ipc.h"
#include "tests/fuzz/fuzzcheck.h"

#define RECORDS	   16
#define RECORD_MAX 1200

struct record {
	const uint8_t *bytes;
	size_t len;
};

struct run {
	struct record record[RECORDS];
	int records;
	int handled;
	int closed;
};

static void on_message(struct ipc_channel *ch, const void *message, void *arg)
{
	struct run *r = arg;
	const struct record *want = &r->record[r->handled];
	const struct ipc_header *h = message;
	struct ipc_done answer = { .header.id = h->id };

	CHECK(!r->closed && r->handled < r->records);
	CHECK(h->version == IPC_VERSION);
	CHECK(ipc_message_size(h->type) == want->len);
	CHECK(!ipc_message_check(message, want->len));
	CHECK(!memcmp(message, want->bytes, want->len));
	r->handled++;
	CHECK(!ipc_channel_send(ch, IPC_DONE, &answer));
}

static void on_close(struct ipc_channel *ch, const char *why, void *arg)
{
	struct run *r = arg;

	(void)ch;
	(void)why;
	r->closed++;
	CHECK(r->closed == 1);
}

static const struct ipc_handler handlers[IPC_TYPE_MAX] = {
	[IPC_LOOKUP] = { on_message },
	[IPC_GRANT] = { on_message },
	[IPC_LOGOUT] = { on_message },
	[IPC_STATUS] = { on_message },
	[IPC_LIST] = { on_message },
	[IPC_REVOKE] = { on_message },
	[IPC_SESSION] = { on_message },
	[IPC_USAGE_NEXT] = { on_message },
	[IPC_HEALTH] = { on_message },
	[IPC_USAGE_CELL] = { on_message },
	[IPC_GARDEN] = { on_message },
	[IPC_LEFT] = { on_message },
	[IPC_GARDEN_NAME] = { on_message },
	[IPC_DEVICE_ASK] = { on_message },
	[IPC_DEVICE] = { on_message },
	[IPC_CITY_FEED] = { on_message },
	[IPC_CITY_CLOCK] = { on_message },
	[IPC_CITY_NEXT] = { on_message },
	[IPC_CITY_KEY] = { on_message },
	[IPC_CITY_ASK] = { on_message },
	[IPC_CITY_RECORD] = { on_message },
	[IPC_CITY] = { on_message },
	[IPC_ACCOUNT_ASK] = { on_message },
	[IPC_ACCOUNT_CHANGE] = { on_message },
	[IPC_ACCOUNT] = { on_message },
};

/* The records that the channel must hand over before it closes. */
static int count_good(const struct run *r)
{
	for (int i = 0; i < r->records; i++) {
		struct ipc_header h;

		if (ipc_message_check(r->record[i].bytes, r->record[i].len))
			return i;
		memcpy(&h, r->record[i].bytes, sizeof(h));
		if (!handlers[h.type].handle)
			return i;
	}
	return r->records;
}

static void split(struct run *r, const uint8_t *data, size_t size)
{
	while (size > 2 && r->records < RECORDS) {
		size_t len = data[0] | (size_t)data[1] << 8;

		data += 2;
		size -= 2;
		if (len > size)
			len = size;
		if (len > RECORD_MAX)
			len = RECORD_MAX;
		if (!len)
			continue;
		r->record[r->records++] = (struct record){ data, len };
		data += len;
		size -= len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event_base *base;
	struct run r = { 0 };
	struct ipc_channel *ch;
	int fd[2];

	if (!base)
		base = event_base_new();
	CHECK(base);
	split(&r, data, size);
	CHECK(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fd));
	ch = ipc_channel_new(&(struct ipc_channel_config){
		.base = base,
		.fd = fd[0],
		.handlers = handlers,
		.on_close = on_close,
		.arg = &r,
	});
	CHECK(ch);
	for (int i = 0; i < r.records; i++)
		CHECK(send(fd[1], r.record[i].bytes, r.record[i].len,
			   MSG_NOSIGNAL) == (ssize_t)r.record[i].len);
	event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(r.handled == count_good(&r));
	CHECK(r.closed == (r.handled < r.records));
	close(fd[1]);
	if (!r.closed)
		event_base_loop(base, EVLOOP_NONBLOCK);
	CHECK(r.closed == 1);
	ipc_channel_free(ch);
	return 0;
}
