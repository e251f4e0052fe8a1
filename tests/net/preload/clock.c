/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded: clocks that the test drives. The file $STADTTOR_CLOCK has
 * four numbers of 8 bytes: how many nanoseconds all clocks are ahead, how many
 * times slower than real ones they have gone since the program was started
 * (0: not at all slower), how many more the wall clock is ahead, and what all
 * of them show when a program starts (0: what the real ones do). A program that
 * waits looks at its clock again when something wakes it.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS 1000000000LL
#define CLOCKS	  8 /* the first of them, up to CLOCK_BOOTTIME */

static const volatile int64_t *driven;
static int64_t started_ns[CLOCKS];
static int (*real)(clockid_t, struct timespec *);

static int64_t in_ns(const struct timespec *t)
{
	return t->tv_sec * SECOND_NS + t->tv_nsec;
}

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("STADTTOR_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	struct timespec now;

	*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	for (clockid_t c = 0; c < CLOCKS; c++)
		if (!real(c, &now))
			started_ns[c] = in_ns(&now);
	if (fd >= 0)
		driven = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	if (!driven || driven == MAP_FAILED)
		abort();
	close(fd);
}

static int is_driven(clockid_t c)
{
	return driven && (c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE ||
			  c == CLOCK_MONOTONIC || c == CLOCK_BOOTTIME ||
			  c == CLOCK_MONOTONIC_COARSE);
}

int clock_gettime(clockid_t c, struct timespec *t)
{
	int64_t ns;

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "clock_gettime");
	if (real(c, t))
		return -1;
	if (!is_driven(c))
		return 0;
	ns = in_ns(t) - started_ns[c];
	if (driven[1])
		ns /= driven[1];
	ns += driven[3] ? driven[3] : started_ns[c];
	ns += driven[0];
	if (c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE)
		ns += driven[2];
	t->tv_sec = ns / SECOND_NS;
	t->tv_nsec = ns % SECOND_NS;
	return 0;
}

/* Vigna's splitmix64. */
static uint64_t next_of_tape(void)
{
	static uint64_t at;
	uint64_t z = at += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/*
 * Netctl draws noise from 64 bytes at a time, last word first. Where the test
 * wants none, five such words give a draw of 0; where it wants the same in two
 * runs, they come from a tape.
 */
ssize_t getrandom(void *bytes, size_t len, unsigned int flags)
{
	static const uint64_t quiet[5] = { 0, 0, 0, 1, 0 };
	static ssize_t (*next)(void *, size_t, unsigned int);
	static unsigned int at;
	uint64_t *word = bytes;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "getrandom");
	if (len != 64 ||
	    (!getenv("STADTTOR_QUIET") && !getenv("STADTTOR_TAPE")))
		return next(bytes, len, flags);
	for (int i = 7; i >= 0; i--)
		word[i] = getenv("STADTTOR_TAPE") ? next_of_tape()
						  : quiet[at++ % 5];
	return (ssize_t)len;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	t->tv_sec = now.tv_sec;
	t->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t time(time_t *t)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (t)
		*t = now.tv_sec;
	return now.tv_sec;
}
