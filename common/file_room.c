/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/file_room.h"

#include <stdint.h>
#include <sys/stat.h>

size_t file_room(int fd, size_t max)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (uint64_t)st.st_size > max)
		return max;
	return (size_t)st.st_size;
}
