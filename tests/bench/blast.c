/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * blast [-w | -t MILLISECONDS] FIRST-SOURCE COUNT DESTINATION PORT
 *
 * Small UDP packets (64-byte frames) as fast as one core sends, the source
 * address going round over COUNT of them, one flow each. Prints the packets
 * sent and the nanoseconds that took. Meanwhile nothing else runs on that core,
 * so that a busy machine does not meet one lane more than the other; it asks
 * for short times. -w instead sends one longer packet from each source, which
 * the other side echoes, so that every connection is known and replied to
 * before anything is measured; prints how many echoes came.
 */
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/tool.h"

#define BATCH	    64
#define SOURCE_PORT 7777
#define BLAST_BYTES 18 /* payload of a 64-byte frame */
#define WARM_BYTES  32
#define WARM_PAUSE  16 /* packets between two looks for echoes */

struct blast {
	int fd;
	struct sockaddr_in first, destination;
	unsigned int count, next;
	struct iovec payload;
	struct mmsghdr message[BATCH];
	char control[BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];
};

static char payload_bytes[WARM_BYTES];

static void open_socket(struct blast *b)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(SOURCE_PORT) };
	int bytes = 8 << 20;

	b->fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(b->fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (b->fd < 0 || bind(b->fd, (struct sockaddr *)&any, sizeof(any)) < 0)
		err(1, "socket");
}

static void prepare(struct blast *b)
{
	b->payload.iov_base = payload_bytes;
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *m = &b->message[i].msg_hdr;
		struct cmsghdr *c;

		m->msg_name = &b->destination;
		m->msg_namelen = sizeof(b->destination);
		m->msg_iov = &b->payload;
		m->msg_iovlen = 1;
		m->msg_control = b->control[i];
		m->msg_controllen = sizeof(b->control[i]);
		c = CMSG_FIRSTHDR(m);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	}
}

/* The i-th message of the batch leaves from the source whose turn it is. */
static void set_source(struct blast *b, int i)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&b->message[i].msg_hdr);
	struct sockaddr_in s = nth_source(&b->first, b->next);
	struct in_pktinfo info = { .ipi_spec_dst = s.sin_addr };

	memcpy(CMSG_DATA(c), &info, sizeof(info));
	if (++b->next == b->count)
		b->next = 0;
}

static unsigned int take_echoes(struct blast *b, int wait_ms)
{
	struct pollfd p = { .fd = b->fd, .events = POLLIN };
	char bytes[WARM_BYTES];
	unsigned int n = 0;

	while (poll(&p, 1, wait_ms) > 0)
		while (recv(b->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
			n++;
	return n;
}

static void warm(struct blast *b)
{
	unsigned int echoes = 0;

	b->payload.iov_len = WARM_BYTES;
	for (unsigned int i = 0; i < b->count; i++) {
		set_source(b, 0);
		sendmsg(b->fd, &b->message[0].msg_hdr, 0);
		if (i % WARM_PAUSE == 0)
			echoes += take_echoes(b, 1);
	}
	echoes += take_echoes(b, 300);
	printf("{\"echoes\": %u}\n", echoes);
}

/* The last core that it may use, ahead of all that is not in real time. */
static void take_core(void)
{
	const struct sched_param first = { .sched_priority = 1 };
	cpu_set_t cores, last;
	int core = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(cores), &cores) < 0)
		err(1, "cores");
	while (core > 0 && !CPU_ISSET(core, &cores))
		core--;
	CPU_ZERO(&last);
	CPU_SET(core, &last);
	if (sched_setaffinity(0, sizeof(last), &last) < 0 ||
	    sched_setscheduler(0, SCHED_FIFO, &first) < 0)
		err(1, "a core for itself");
}

static void blast(struct blast *b, unsigned int ms)
{
	uint64_t start = now_ns(), end = start + ms * 1000000ULL, now = start;
	uint64_t sent = 0;

	b->payload.iov_len = BLAST_BYTES;
	while (now < end) {
		int n;

		for (int i = 0; i < BATCH; i++)
			set_source(b, i);
		n = sendmmsg(b->fd, b->message, BATCH, 0);
		sent += n > 0 ? (uint64_t)n : 0;
		now = now_ns();
	}
	printf("{\"sent\": %llu, \"ns\": %llu}\n", (unsigned long long)sent,
	       (unsigned long long)(now - start));
}

int main(int argc, char **argv)
{
	static struct blast b;
	unsigned int ms = 1000;
	int is_warm = 0, o;

	while ((o = getopt(argc, argv, "wt:")) != -1) {
		if (o == 'w')
			is_warm = 1;
		else if (o == 't')
			ms = number(optarg);
		else
			return 2;
	}
	if (argc - optind != 4)
		errx(2, "usage: blast [-w | -t MS] SOURCE COUNT ADDRESS PORT");
	b.first = endpoint(argv[optind], 0);
	b.count = number(argv[optind + 1]);
	b.destination =
		endpoint(argv[optind + 2], (uint16_t)number(argv[optind + 3]));
	open_socket(&b);
	prepare(&b);
	if (is_warm) {
		warm(&b);
	} else {
		take_core();
		blast(&b, ms);
	}
	return 0;
}
