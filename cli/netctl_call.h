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

struct netctl_call {
	int fd;
	uint32_t id; /* of the last question */
};

union netctl_call_message {
	struct ipc_header header;
	struct ipc_session session;
	struct ipc_address address;
	struct ipc_zone zone;
	struct ipc_totals totals;
	struct ipc_done done;
	struct ipc_city city;
	unsigned char bytes[IPC_MESSAGE_MAX + 1];
};

/* 0 or -errno; netctl_call_close() is due after success only. */
int netctl_call_open(struct netctl_call *t, const char *path) MUST_CHECK;
void netctl_call_close(struct netctl_call *t);

/* Sends a question under a new id. 0 or -errno. */
int netctl_call_ask(struct netctl_call *t, enum ipc_type type,
		    void *question) MUST_CHECK;

/*
 * The next answer to the last question; others are skipped. 0, -ETIMEDOUT,
 * -ECONNRESET: netctl closed it, -EPROTO: it speaks another version, -errno.
 */
int netctl_call_answer(struct netctl_call *t,
		       union netctl_call_message *m) MUST_CHECK;

/*
 * Asks, and gives each answer to on_answer until IPC_DONE, which done gets.
 * What on_answer returns, if it is not 0, ends that. 0, -errno as above, or
 * netctl's.
 */
typedef int netctl_call_fn(const union netctl_call_message *m, void *arg);
struct netctl_call_handler {
	netctl_call_fn *on_answer;
	void *arg;
};
int netctl_call_all(struct netctl_call *t, enum ipc_type type, void *question,
		    const struct netctl_call_handler *h,
		    struct ipc_done *done) MUST_CHECK;

/* An answer of one type, no other: -EPROTO otherwise. */
int netctl_call_answer_of(struct netctl_call *t, enum ipc_type type,
			  union netctl_call_message *m) MUST_CHECK;

#endif
