/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Linked into test programs: a disk that says at once that it has everything.
 * What a power cut leaves is tested by golden/cutvfs.h, which knows better than
 * any disk what was to be safe; all others would only wait. The programs
 * themselves and their libraries are as they are, and call this by its name.
 */
#include <unistd.h>

int fsync(int fd)
{
	(void)fd;
	return 0;
}

int fdatasync(int fd)
{
	(void)fd;
	return 0;
}
