/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#define WALL_S 1700000000

struct kernel kernel;

/* --- the clock -------------------------------------------------------- */

int clock_gettime(clockid_t c, struct timespec *t)
{
	t->tv_sec = (time_t)(kernel.now_ms / 1000);
	t->tv_nsec = (long)(kernel.now_ms % 1000 * 1000000);
	if (c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE)
		t->tv_sec += (time_t)kernel.wall_s;
	return 0;
}

/* --- life ------------------------------------------------------------- */

void kernel_must(bool good, const char *what)
{
	if (good)
		return;
	log_error("the test's kernel: %s", what);
	abort();
}

void kernel_boot(void)
{
	kernel_nft_boot();
	kernel_rtnl_boot();
	kernel = (struct kernel){ .now_ms = KERNEL_START_MS,
				  .wall_s = WALL_S,
				  .fill = { 1, 1000 },
				  .has_htb = true,
				  .has_fq_codel = true };
}

void kernel_halt(void)
{
	kernel_nft_halt();
}

void kernel_fail(enum kernel_call call, int error, unsigned int times)
{
	kernel.failing[call].error = error;
	kernel.failing[call].times = times;
	kernel.failing[call].spared = 0;
}

void kernel_fail_after(enum kernel_call call, int error, unsigned int spared)
{
	kernel_fail(call, error, 1);
	kernel.failing[call].spared = spared;
}

/* 0, or what the test wants it to fail with. */
int kernel_count_call(enum kernel_call call)
{
	kernel.calls[call]++;
	if (!kernel.failing[call].times)
		return 0;
	if (kernel.failing[call].spared) {
		kernel.failing[call].spared--;
		return 0;
	}
	kernel.failing[call].times--;
	return kernel.failing[call].error;
}

/* Unless nobody is there any more. */
void kernel_tell(int fd)
{
	if (fd >= 0)
		kernel_must(eventfd_write(fd, 1) == 0 || errno == EBADF,
			    "eventfd");
}

bool kernel_drain(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0;
}

int kernel_watch(int *known)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	kernel_must(fd >= 0, "eventfd");
	if (known)
		*known = fd;
	return fd;
}
