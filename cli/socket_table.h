/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who listens on this box, as the kernel tells everybody. Sockets that belong
 * to the guests' devices cannot be asked from the box itself.
 */
#ifndef STADTTOR_CLI_SOCKET_TABLE_H
#define STADTTOR_CLI_SOCKET_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum socket_table {
	SOCKET_TABLE_TCP,
	SOCKET_TABLE_UDP,
	SOCKET_TABLE_RAW6, /* a protocol takes the place of the port */
	SOCKET_TABLE_MAX
};

/*
 * Whether some socket waits for anybody on that port, over IPv4 or IPv6, at
 * whichever address. proc: "/proc"; tests have another.
 */
bool socket_table_has(const char *proc, enum socket_table table, uint64_t port);

#endif
