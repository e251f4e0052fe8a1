/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/backup/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int copy_open(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1)
		return fd;
	close(fd);
	return -EINVAL;
}

int copy_bytes(int from, int to)
{
	char bytes[16384];
	ssize_t n;

	while ((n = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)n) != n)
			return errno ? -errno : -ENOSPC;
	explicit_bzero(bytes, sizeof(bytes));
	return n < 0 ? -errno : 0;
}

int copy_create(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

int copy_finish(int fd, const char *path, int err)
{
	if (!err && fsync(fd) < 0)
		err = -errno;
	close(fd);
	if (err)
		unlink(path);
	return err;
}

int copy_swap_in(const char *fresh, const char *path)
{
	char kept[PATH_MAX];

	if (snprintf(kept, sizeof(kept), "%s" COPY_KEPT, path) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (unlink(kept) < 0 && errno != ENOENT)
		return -errno;
	if (link(path, kept) < 0 && errno != ENOENT)
		return -errno;
	return rename(fresh, path) < 0 ? -errno : 0;
}
