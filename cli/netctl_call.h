/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One conversation with netctl, without an event loop: a question, then its
 * answers one by one. Every wait ends after five seconds.
 */
#ifndef STADTTOR_CLI_NETCTL_CALL_H
#define STADTTOR_CLI_NETCTL_CALL_H

#include <stdint.h>

#include "common/ipc.h"
#include "common/log.h"

struct talk {
	int fd;
	uint32_t id; /* of the last question */
};

union talk_message {
	struct ipc_header header;
	struct ipc_session session;
	struct ipc_address address;
	struct ipc_zone zone;
	struct ipc_totals totals;
	struct ipc_done done;
	unsigned char bytes[IPC_MESSAGE_MAX + 1];
};

/* 0 or -errno; talk_close() is due after success only. */
int talk_open(struct talk *t, const char *path) MUST_CHECK;
void talk_close(struct talk *t);

/* Sends a question under a new id. 0 or -errno. */
int talk_ask(struct talk *t, enum ipc_type type, void *question) MUST_CHECK;

/*
 * The next answer to the last question; others are skipped. 0, -ETIMEDOUT,
 * -ECONNRESET: netctl hung up, -EPROTO: it speaks another version, -errno.
 */
int talk_answer(struct talk *t, union talk_message *m) MUST_CHECK;

/*
 * Asks, and gives each answer to on_answer until IPC_DONE, which done gets.
 * What on_answer returns, if it is not 0, ends that. 0, -errno as above, or
 * netctl's.
 */
typedef int talk_fn(const union talk_message *m, void *arg);
struct talk_handler {
	talk_fn *on_answer;
	void *arg;
};
int talk_all(struct talk *t, enum ipc_type type, void *question,
	     const struct talk_handler *h, struct ipc_done *done) MUST_CHECK;

/* An answer of one type, no other: -EPROTO otherwise. */
int talk_answer_of(struct talk *t, enum ipc_type type,
		   union talk_message *m) MUST_CHECK;

#endif
