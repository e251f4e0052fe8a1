/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/socket_table.h"

#include <stddef.h>
#include <stdio.h>

/* The kernel's numbers: TCP_LISTEN, and of others TCP_CLOSE: no peer. */
static const struct {
	const char *file[2];
	unsigned int state;
} tables[SOCKET_TABLE_MAX] = {
	[SOCKET_TABLE_TCP] = { { "tcp6", "tcp" }, 0x0a },
	[SOCKET_TABLE_UDP] = { { "udp6", "udp" }, 0x07 },
	[SOCKET_TABLE_RAW6] = { { "raw6", NULL }, 0x07 },
};

static bool file_has(const char *path, uint64_t port, unsigned int state)
{
	FILE *f = fopen(path, "re");
	unsigned int local, found_state;
	bool found = false;
	char line[256];

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, " %*d: %*[^:]:%x %*[^:]:%*x %x", &local,
			       &found_state) == 2 &&
			local == port && found_state == state;
	fclose(f);
	return found;
}

bool socket_table_has(const char *proc, enum socket_table table, uint64_t port)
{
	for (size_t i = 0; i < 2 && tables[table].file[i]; i++) {
		char path[256];

		snprintf(path, sizeof(path), "%s/net/%s", proc,
			 tables[table].file[i]);
		if (file_has(path, port, tables[table].state))
			return true;
	}
	return false;
}
