/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/history/pulse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "portal/util/file.h"

#define RECORD_BYTES 24 /* the same each time, so that no rest is left */
#define FORMAT	     "%-14" PRId64 "%-9s\n"
#define TIME_MAX_S   253370764800 /* of the year 9999 */

struct pulse pulse_read(const char *path)
{
	struct pulse p = { .time_s = 0 };
	size_t len = 0;
	char *text = file_read(path, RECORD_BYTES + 1, &len);
	char *end;

	if (text && len == RECORD_BYTES) {
		p.time_s = strtoll(text, &end, 10);
		p.is_stopped = strstr(end, "stopped") != NULL;
		if (p.time_s < 0 || p.time_s >= TIME_MAX_S)
			p.time_s = 0;
	}
	free(text);
	return p;
}

int pulse_write(const char *path, const struct pulse *p)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char record[RECORD_BYTES + 8];
	int len, err = 0;

	if (fd < 0)
		return -errno;
	len = snprintf(record, sizeof(record), FORMAT, p->time_s,
		       p->is_stopped ? "stopped" : "running");
	errno = ENOSPC;
	if (write(fd, record, (size_t)len) != len || fdatasync(fd) < 0)
		err = -errno;
	close(fd);
	return err;
}
