/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tapclock [-i MICROSECONDS] FIRST-SOURCE COUNT PORTAL PORT ECHO ECHO-PORT
 *
 * COUNT phones tap one after the other. From the moment that the POST is sent,
 * each also sends UDP probes to an echo, one every so many microseconds; the
 * first probe that comes back was the first packet let through, and the time
 * at which it left is the figure. Each phone logs out again. Prints
 * percentiles of that time and of the answer's.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "tests/bench/tool.h"

#define GIVE_UP_NS 3000000000ULL
#define FAILED_MAX 3

struct taps {
	struct sockaddr_in first, portal, echo;
	const char *host;
	uint64_t interval_ns;
	uint64_t *opened, *answered; /* after the tap, of those that worked */
	size_t done;
	unsigned int failed, already_open;
};

struct tap {
	int tcp, udp;
	uint64_t start, next_probe;
	uint64_t opened, answered; /* after start; 0: not yet */
};

static int open_from(const struct sockaddr_in *source, int type)
{
	static const struct timeval limit = { .tv_sec = 3 };
	int fd = socket(AF_INET, type, 0), one = 1;

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (fd < 0 ||
	    bind(fd, (const struct sockaddr *)source, sizeof(*source)) < 0)
		err(1, "source address");
	return fd;
}

static bool post(const struct taps *t, int fd, const char *path)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
			 "POST %s HTTP/1.1\r\nHost: %s\r\n"
			 "Content-Type: application/x-www-form-urlencoded\r\n"
			 "Content-Length: 7\r\nConnection: close\r\n\r\n"
			 "terms=1",
			 path, t->host);

	return send(fd, text, (size_t)n, MSG_NOSIGNAL) == n;
}

/* A probe carries the time at which it left. */
static void probe(const struct taps *t, struct tap *p)
{
	uint64_t left = now_ns() - p->start;

	sendto(p->udp, &left, sizeof(left), MSG_DONTWAIT,
	       (const struct sockaddr *)&t->echo, sizeof(t->echo));
	p->next_probe = now_ns() + t->interval_ns;
}

static void take_echoes(struct tap *p)
{
	uint64_t left;

	while (recv(p->udp, &left, sizeof(left), MSG_DONTWAIT) == sizeof(left))
		if (!p->opened || left < p->opened)
			p->opened = left;
}

static void take_answer(struct tap *p)
{
	char bytes[4096];
	ssize_t n = recv(p->tcp, bytes, sizeof(bytes) - 1, MSG_DONTWAIT);

	if (n > 12) {
		bytes[n] = '\0';
		if (atoi(bytes + 9) == 303)
			p->answered = now_ns() - p->start;
	}
}

static void wait_a_little(const struct tap *p)
{
	struct pollfd fds[2] = {
		{ .fd = p->udp, .events = POLLIN },
		{ .fd = p->tcp, .events = p->answered ? 0 : POLLIN },
	};
	uint64_t now = now_ns();
	struct timespec left = { .tv_nsec = 20000000 };

	if (!p->opened)
		left.tv_nsec =
			p->next_probe > now ? (long)(p->next_probe - now) : 0;
	ppoll(fds, 2, &left, NULL);
}

static void follow(const struct taps *t, struct tap *p)
{
	while ((!p->opened || !p->answered) &&
	       now_ns() - p->start < GIVE_UP_NS) {
		if (!p->opened && now_ns() >= p->next_probe)
			probe(t, p);
		wait_a_little(p);
		take_echoes(p);
		if (!p->answered)
			take_answer(p);
	}
}

/* Is this phone shut out, as it should be? */
static bool is_open(const struct taps *t, int udp)
{
	struct pollfd p = { .fd = udp, .events = POLLIN };
	uint64_t nothing = 0;

	sendto(udp, &nothing, sizeof(nothing), 0,
	       (const struct sockaddr *)&t->echo, sizeof(t->echo));
	if (poll(&p, 1, 10) <= 0)
		return false;
	return recv(udp, &nothing, sizeof(nothing), MSG_DONTWAIT) > 0;
}

static int connect_to_portal(const struct taps *t,
			     const struct sockaddr_in *source)
{
	int fd = open_from(source, SOCK_STREAM);

	if (connect(fd, (const struct sockaddr *)&t->portal,
		    sizeof(t->portal)) < 0)
		err(1, "portal");
	return fd;
}

static void log_out(const struct taps *t, const struct sockaddr_in *source)
{
	int fd = connect_to_portal(t, source);
	char bytes[4096];

	if (post(t, fd, "/logout"))
		while (recv(fd, bytes, sizeof(bytes), 0) > 0)
			continue;
	close(fd);
}

static void one_tap(struct taps *t, unsigned int n)
{
	struct sockaddr_in source = nth_source(&t->first, n);
	struct tap p = { .udp = open_from(&source, SOCK_DGRAM) };

	t->already_open += is_open(t, p.udp);
	p.tcp = connect_to_portal(t, &source);
	p.start = now_ns();
	if (post(t, p.tcp, "/accept"))
		follow(t, &p);
	close(p.tcp);
	close(p.udp);
	if (!p.opened || !p.answered) {
		t->failed++;
		return;
	}
	t->opened[t->done] = p.opened;
	t->answered[t->done++] = p.answered;
	log_out(t, &source);
}

static void report(const struct taps *t)
{
	qsort(t->opened, t->done, sizeof(*t->opened), compare_u64);
	qsort(t->answered, t->done, sizeof(*t->answered), compare_u64);
	printf("{\"taps\": %zu, \"failed\": %u, \"already_open\": %u, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"answer_p50_ms\": %.3f, \"answer_p99_ms\": %.3f}\n",
	       t->done, t->failed, t->already_open,
	       percentile(t->opened, t->done, 0.5) / 1e6,
	       percentile(t->opened, t->done, 0.99) / 1e6,
	       percentile(t->answered, t->done, 0.5) / 1e6,
	       percentile(t->answered, t->done, 0.99) / 1e6);
}

int main(int argc, char **argv)
{
	static struct taps t = { .interval_ns = 100000 };
	unsigned int count;
	char **a;
	int o;

	while ((o = getopt(argc, argv, "i:")) != -1) {
		if (o != 'i')
			return 2;
		t.interval_ns = number(optarg) * 1000ULL;
	}
	if (argc - optind != 6)
		errx(2, "usage: tapclock [-i US] SOURCE COUNT PORTAL PORT ECHO "
			"PORT");
	a = argv + optind;
	count = number(a[1]);
	t.first = endpoint(a[0], 0);
	t.host = a[2];
	t.portal = endpoint(a[2], (uint16_t)number(a[3]));
	t.echo = endpoint(a[4], (uint16_t)number(a[5]));
	t.opened = calloc(count, sizeof(*t.opened));
	t.answered = calloc(count, sizeof(*t.answered));
	if (!t.opened || !t.answered)
		err(1, "memory");
	for (unsigned int i = 0; i < count && t.failed < FAILED_MAX; i++)
		one_tap(&t, i);
	report(&t);
	return 0;
}
