/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/server/server_socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/ipc.h"

#define BACKLOG 16

static int make_folder(const char *socket_path)
{
	char folder[108];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", socket_path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	return mkdir(folder, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* A socket that nobody serves is left over; one that somebody does is not. */
static int clear_path(const char *path)
{
	int fd = ipc_connect(path);

	if (fd >= 0) {
		close(fd);
		return -EADDRINUSE;
	}
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

int server_socket_open(const char *path, const struct privs_user *owner,
		       const struct privs_user *portal)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	mode_t mask;
	int fd, err;

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	err = make_folder(path);
	if (!err)
		err = clear_path(path);
	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mask = umask(0117);
	err = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 ? -errno : 0;
	umask(mask);
	if (!err && (chown(path, owner->uid, portal->gid) < 0 ||
		     listen(fd, BACKLOG) < 0))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}
