/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets of the questions that the doctor asks, which wait for a while. */
#ifndef STADTTOR_CLI_DOCTOR_DOCTOR_SOCKET_H
#define STADTTOR_CLI_DOCTOR_DOCTOR_SOCKET_H

#include <poll.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"

/*
 * A non-blocking socket to that address, or -errno. type: SOCK_DGRAM, or
 * SOCK_STREAM, which is connected once it is writable without an error.
 */
int doctor_socket_connect(const struct addr *server, uint16_t port,
			  int type) MUST_CHECK;

/* 0: one of the events (poll(2)); -ETIMEDOUT: none until then. */
int doctor_socket_wait(int fd, short events, uint64_t end_ms) MUST_CHECK;

#endif
