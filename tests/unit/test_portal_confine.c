/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a portal cannot do any more, tried in a child. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/filter.h>

#include "common/array.h"
#include "portal/util/confine.h"

static int result(int value)
{
	return value < 0 ? errno : 0;
}

static int try_socket(int family)
{
	return result(socket(family, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int try_option(int level, int option)
{
	struct sock_filter code = BPF_STMT(BPF_RET | BPF_K, 0xffff);
	struct sock_fprog filter = { 1, &code };
	int on = 1;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	const void *value = level == SOL_SOCKET && option != SO_REUSEADDR
				    ? (const void *)&filter
				    : &on;

	return result(setsockopt(fd, level, option, value,
				 value == &on ? sizeof(on) : sizeof(filter)));
}

static int try_netlink(void)
{
	return try_socket(AF_NETLINK);
}

static int try_packet(void)
{
	return try_socket(AF_PACKET);
}

static int try_ioctl(void)
{
	int waiting;

	return result(
		ioctl(socket(AF_INET, SOCK_STREAM, 0), FIONREAD, &waiting));
}

static int try_save_syn(void)
{
	return try_option(IPPROTO_TCP, TCP_SAVE_SYN);
}

static int try_filter(void)
{
	return try_option(SOL_SOCKET, SO_ATTACH_FILTER);
}

static int try_bpf_filter(void)
{
	return try_option(SOL_SOCKET, SO_ATTACH_BPF);
}

static int try_reuseport_filter(void)
{
	return try_option(SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF);
}

static int try_io_uring(void)
{
	char params[256] = "";

	return result((int)syscall(__NR_io_uring_setup, 1, params));
}

static int try_bpf(void)
{
	return result((int)syscall(__NR_bpf, -1, NULL, 0));
}

#ifdef __x86_64__
static int try_x32(void)
{
	return result((int)syscall(0x40000000 | __NR_socket, AF_NETLINK,
				   SOCK_RAW, 0));
}
#endif

static int try_inet(void)
{
	return result(socket(AF_INET6, SOCK_DGRAM, 0));
}

static int try_unix(void)
{
	return result(socket(AF_UNIX, SOCK_SEQPACKET, 0));
}

static int try_reuse(void)
{
	return try_option(SOL_SOCKET, SO_REUSEADDR);
}

static int try_nodelay(void)
{
	return try_option(IPPROTO_TCP, TCP_NODELAY);
}

static int try_ip_option(void)
{
	int on = 1;

	/* the number is that of SO_ATTACH_FILTER */
	return result(setsockopt(socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6,
				 IPV6_V6ONLY, &on, sizeof(on)));
}

_Static_assert(IPV6_V6ONLY == SO_ATTACH_FILTER, "of another level");

static const struct {
	const char *what;
	int (*try)(void);
	bool is_allowed;
} deeds[] = {
	{ "netlink", try_netlink, false },
	{ "packet", try_packet, false },
	{ "ioctl", try_ioctl, false },
	{ "TCP_SAVE_SYN", try_save_syn, false },
	{ "filter", try_filter, false },
	{ "eBPF filter", try_bpf_filter, false },
	{ "reuseport filter", try_reuseport_filter, false },
	{ "io_uring", try_io_uring, false },
	{ "bpf", try_bpf, false },
#ifdef __x86_64__
	{ "x32", try_x32, false },
#endif
	{ "inet", try_inet, true },
	{ "unix", try_unix, true },
	{ "SO_REUSEADDR", try_reuse, true },
	{ "TCP_NODELAY", try_nodelay, true },
	{ "IPV6_V6ONLY", try_ip_option, true },
};

/* The errno of the deed in a child that is confined. */
static int in_confinement(int (*try)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(confine() ? 255 : try());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void what_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
		int error = in_confinement(deeds[i].try);

		if (error != (deeds[i].is_allowed ? 0 : EPERM))
			fail_msg("%s: %s", deeds[i].what, strerror(error));
	}
}

/* EPERM could come from elsewhere: most of them are allowed before. */
static void what_there_was(void **state)
{
	(void)state;
	assert_int_equal(try_netlink(), 0);
	assert_int_equal(try_ioctl(), 0);
	assert_int_equal(try_save_syn(), 0);
	if (geteuid() == 0) /* hardened kernels ask for a privilege */
		assert_int_equal(try_filter(), 0);
}

static int confine_once(void)
{
	return -confine();
}

static void without_no_new_privs(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (!pid) {
		if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
			_exit(255);
		_exit(confine_once());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(what_there_was),
		cmocka_unit_test(without_no_new_privs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
