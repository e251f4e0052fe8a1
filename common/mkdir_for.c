/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/mkdir_for.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 256

static int make_folder(const char *path, mode_t mode)
{
	const char *slash = strrchr(path, '/');
	char parent[PATH_BYTES];

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != ENOENT || !slash || slash == path)
		return -errno;
	snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
	make_folder(parent, 0755);
	return mkdir(path, mode) < 0 ? -errno : 0;
}

int mkdir_for(const char *file, const struct privs_user *user)
{
	const char *slash = strrchr(file, '/');
	char folder[PATH_BYTES];
	mode_t before;
	int err;

	if (!slash || slash == file || geteuid() != 0)
		return 0;
	if ((size_t)(slash - file) >= sizeof(folder))
		return -ENAMETOOLONG;
	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - file), file);
	/* no chmod afterwards: the name could be another folder's by then */
	before = umask(0022);
	err = make_folder(folder, 0750);
	umask(before);
	if (!err && lchown(folder, user->uid, user->gid) < 0)
		err = -errno;
	return err == -EEXIST ? 0 : err;
}
