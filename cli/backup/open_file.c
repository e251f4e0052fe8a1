/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/backup/open_file.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool holds(const char *pid, const struct stat *file)
{
	char folder[NAME_MAX + 16];
	const struct dirent *e;
	struct stat st;
	bool found = false;
	DIR *d;

	snprintf(folder, sizeof(folder), "/proc/%s/fd", pid);
	d = opendir(folder);
	if (!d)
		return false;
	while (!found && (e = readdir(d)))
		found = *e->d_name != '.' &&
			fstatat(dirfd(d), e->d_name, &st, 0) == 0 &&
			st.st_ino == file->st_ino && st.st_dev == file->st_dev;
	closedir(d);
	return found;
}

pid_t open_file_holder(const char *path)
{
	const struct dirent *e;
	struct stat file;
	pid_t pid = 0;
	DIR *d;

	if (stat(path, &file) < 0)
		return 0;
	d = opendir("/proc");
	if (!d)
		return 0;
	while (!pid && (e = readdir(d)))
		if (atol(e->d_name) > 0 && holds(e->d_name, &file))
			pid = (pid_t)atol(e->d_name);
	closedir(d);
	return pid;
}
