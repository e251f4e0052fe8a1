/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the load tools share: a clock, addresses in a row, sockets from them. */
#ifndef STADTTOR_BENCH_TOOL_H
#define STADTTOR_BENCH_TOOL_H

#include <arpa/inet.h>
#include <err.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline struct sockaddr_in endpoint(const char *address, uint16_t port)
{
	struct sockaddr_in e = { .sin_family = AF_INET,
				 .sin_port = htons(port) };

	if (inet_pton(AF_INET, address, &e.sin_addr) != 1)
		errx(2, "'%s' is no IPv4 address", address);
	return e;
}

/* The nth address behind first, any port. */
static inline struct sockaddr_in nth_source(const struct sockaddr_in *first,
					    unsigned int n)
{
	struct sockaddr_in s = *first;

	s.sin_addr.s_addr = htonl(ntohl(first->sin_addr.s_addr) + n);
	s.sin_port = 0;
	return s;
}

static inline unsigned int number(const char *text)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*end || !*text || v > UINT32_MAX)
		errx(2, "'%s' is no number", text);
	return (unsigned int)v;
}

static inline int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of sorted values; share 0.5 is the median. */
static inline double percentile(const uint64_t *sorted, size_t n, double share)
{
	return n ? (double)sorted[(size_t)((double)(n - 1) * share)] : -1;
}

#endif
