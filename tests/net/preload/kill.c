/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: ends the program as a power cut would, before the write that the
 * number $STADTTOR_KILL_AT says: of those to files, to the store's connection,
 * and of those that wait for the disk, counted from the start.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

static long left = -1;

__attribute__((constructor)) static void start(void)
{
	const char *at = getenv("STADTTOR_KILL_AT");

	left = at ? atol(at) : -1;
}

static void count(void)
{
	if (left > 0 && --left == 0)
		kill(getpid(), SIGKILL);
}

#define COUNTED(type, name, parameters, ...)                                   \
	type name parameters                                                   \
	{                                                                      \
		static type(*real) parameters;                                 \
                                                                               \
		if (!real)                                                     \
			*(void **)&real = dlsym(RTLD_NEXT, #name);             \
		count();                                                       \
		return real(__VA_ARGS__);                                      \
	}

COUNTED(ssize_t, write, (int fd, const void *bytes, size_t len), fd, bytes, len)
COUNTED(ssize_t, pwrite, (int fd, const void *bytes, size_t len, off_t at), fd,
	bytes, len, at)
COUNTED(ssize_t, pwrite64, (int fd, const void *bytes, size_t len, off64_t at),
	fd, bytes, len, at)
COUNTED(ssize_t, writev, (int fd, const struct iovec *v, int n), fd, v, n)
COUNTED(ssize_t, send, (int fd, const void *bytes, size_t len, int flags), fd,
	bytes, len, flags)
COUNTED(int, fsync, (int fd), fd)
COUNTED(int, fdatasync, (int fd), fd)
