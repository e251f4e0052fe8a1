/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/lives.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/mkdir_for.h"

#define LINE_LEN 12 /* "20261124 01\n" */

int lives_open(const char *path, uid_t uid, gid_t gid)
{
	const struct privs_user user = { .uid = uid, .gid = gid };
	int fd;

	if (!*path)
		return -1;
	if (geteuid() == 0 && mkdir_for(path, &user) < 0)
		log_debug("usage: no folder for %s", path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && geteuid() == 0 && fchown(fd, uid, gid) < 0) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		log_error("usage: %s: %s; nothing is counted", path,
			  strerror(errno));
	return fd;
}

static unsigned int read_lives(int fd, uint32_t day)
{
	char line[LINE_LEN + 1] = "";
	unsigned int of_day, lives;

	if (pread(fd, line, LINE_LEN, 0) == LINE_LEN &&
	    sscanf(line, "%8u %2u", &of_day, &lives) == 2 && of_day == day)
		return lives;
	return 0;
}

unsigned int lives_begin(int fd, uint32_t day)
{
	unsigned int lives = read_lives(fd, day) + 1;
	char line[LINE_LEN + 1];

	if (lives > LIVES_MAX)
		return lives;
	snprintf(line, sizeof(line), "%08u %02u\n", day % 100000000,
		 lives % 100);
	if (pwrite(fd, line, LINE_LEN, 0) == LINE_LEN && !fdatasync(fd))
		return lives;
	log_error("usage: the day's beginning cannot be noted: %s; nothing is "
		  "counted today",
		  strerror(errno));
	return LIVES_MAX + 1;
}
