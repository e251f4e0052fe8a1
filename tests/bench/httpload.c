/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * httpload [-c CONCURRENT] [-n REQUESTS | -t MILLISECONDS] [-p | -g PATH]
 *	    FIRST-SOURCE COUNT ADDRESS PORT
 *
 * HTTP requests with a new connection each, the source address going round
 * over COUNT of them. GET / for a foreign host, as a phone's probe; with -p the
 * tap of a citizen, POST /accept; with -g a page of the portal. Prints
 * requests a second, latencies from connect to the end of the answer, and how
 * often each status came.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include "tests/bench/tool.h"

#define TIMEOUT_NS    5000000000ULL
#define EVENTS	      256
#define LATENCIES_MAX (1 << 22)
#define STATUS_MAX    600

struct connection {
	int fd; /* -1: free */
	uint64_t start;
	bool sent;
	int status;
};

struct load {
	struct sockaddr_in first, destination;
	unsigned int sources, concurrent, requests;
	uint64_t deadline; /* no new connections after it; 0: by requests */
	char request[512];
	size_t request_len;

	int epoll;
	struct connection *connection;
	unsigned int started, active, failed;
	uint64_t *latency;
	size_t finished;
	unsigned int statuses[STATUS_MAX];
};

static void connection_close(struct load *l, struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	l->active--;
}

static void connection_fail(struct load *l, struct connection *c)
{
	l->failed++;
	connection_close(l, c);
}

static void connection_finish(struct load *l, struct connection *c)
{
	if (l->finished < LATENCIES_MAX)
		l->latency[l->finished] = now_ns() - c->start;
	l->finished++;
	l->statuses[c->status]++;
	connection_close(l, c);
}

static void connection_start(struct load *l, struct connection *c)
{
	struct sockaddr_in s = nth_source(&l->first, l->started % l->sources);
	struct epoll_event e = { .events = EPOLLOUT, .data.ptr = c };
	int one = 1;

	l->started++;
	l->active++;
	*c = (struct connection){ .start = now_ns() };
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
		   sizeof(one));
	if (c->fd < 0 || bind(c->fd, (struct sockaddr *)&s, sizeof(s)) < 0 ||
	    (connect(c->fd, (struct sockaddr *)&l->destination,
		     sizeof(l->destination)) < 0 &&
	     errno != EINPROGRESS)) {
		connection_fail(l, c);
		return;
	}
	epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &e);
}

static void on_connected(struct load *l, struct connection *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	if (send(c->fd, l->request, l->request_len, MSG_NOSIGNAL) !=
	    (ssize_t)l->request_len) {
		connection_fail(l, c);
		return;
	}
	c->sent = true;
	epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

/* The server closes after its answer; what came first holds the status. */
static void on_answer(struct load *l, struct connection *c)
{
	char bytes[16384];
	ssize_t n;

	while ((n = recv(c->fd, bytes, sizeof(bytes) - 1, 0)) > 0) {
		bytes[n] = '\0';
		if (!c->status && n > 12)
			c->status = atoi(bytes + 9) % STATUS_MAX;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	if (c->status > 0)
		connection_finish(l, c);
	else
		connection_fail(l, c);
}

static bool may_start(const struct load *l)
{
	if (l->deadline)
		return now_ns() < l->deadline;
	return l->started < l->requests;
}

static void start_some(struct load *l)
{
	for (unsigned int i = 0; i < l->concurrent && may_start(l); i++)
		if (l->connection[i].fd < 0)
			connection_start(l, &l->connection[i]);
}

static void drop_late_ones(struct load *l)
{
	uint64_t now = now_ns();

	for (unsigned int i = 0; i < l->concurrent; i++)
		if (l->connection[i].fd >= 0 &&
		    now - l->connection[i].start > TIMEOUT_NS)
			connection_fail(l, &l->connection[i]);
}

static void run(struct load *l)
{
	struct epoll_event event[EVENTS];

	start_some(l);
	while (l->active) {
		int n = epoll_wait(l->epoll, event, EVENTS, 100);

		for (int i = 0; i < n; i++) {
			struct connection *c = event[i].data.ptr;

			if (c->sent)
				on_answer(l, c);
			else
				on_connected(l, c);
			if (c->fd < 0 && may_start(l))
				connection_start(l, c);
		}
		if (!n)
			drop_late_ones(l);
		if (l->active < l->concurrent)
			start_some(l);
	}
}

static void report(struct load *l, uint64_t ns)
{
	size_t n = l->finished < LATENCIES_MAX ? l->finished : LATENCIES_MAX;
	const char *comma = "";

	qsort(l->latency, n, sizeof(*l->latency), compare_u64);
	printf("{\"finished\": %zu, \"failed\": %u, \"ns\": %llu, "
	       "\"per_s\": %.1f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, "
	       "\"status\": {",
	       l->finished, l->failed, (unsigned long long)ns,
	       (double)l->finished * 1e9 / (double)ns,
	       percentile(l->latency, n, 0.5) / 1e6,
	       percentile(l->latency, n, 0.99) / 1e6);
	for (int i = 0; i < STATUS_MAX; i++) {
		if (!l->statuses[i])
			continue;
		printf("%s\"%d\": %u", comma, i, l->statuses[i]);
		comma = ", ";
	}
	puts("}}");
}

static void write_request(struct load *l, bool tap, const char *page,
			  const char *host)
{
	static const char probe[] =
		"GET /generate_204 HTTP/1.1\r\nHost: probe.example\r\n"
		"User-Agent: bench\r\nConnection: close\r\n\r\n";
	static const char form[] = "terms=1";

	if (tap)
		snprintf(l->request, sizeof(l->request),
			 "POST /accept HTTP/1.1\r\nHost: %s\r\n"
			 "Content-Type: application/x-www-form-urlencoded\r\n"
			 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			 host, sizeof(form) - 1, form);
	else if (page)
		snprintf(l->request, sizeof(l->request),
			 "GET %.200s HTTP/1.1\r\nHost: %s\r\n"
			 "Connection: close\r\n\r\n",
			 page, host);
	else
		snprintf(l->request, sizeof(l->request), "%s", probe);
	l->request_len = strlen(l->request);
}

static void prepare(struct load *l)
{
	struct rlimit files = { 20000, 20000 };

	setrlimit(RLIMIT_NOFILE, &files);
	l->epoll = epoll_create1(0);
	l->connection = calloc(l->concurrent, sizeof(*l->connection));
	l->latency = calloc(LATENCIES_MAX, sizeof(*l->latency));
	if (l->epoll < 0 || !l->connection || !l->latency)
		err(1, "memory");
	for (unsigned int i = 0; i < l->concurrent; i++)
		l->connection[i].fd = -1;
}

int main(int argc, char **argv)
{
	static struct load l = { .concurrent = 1, .requests = 1 };
	const char *page = NULL;
	unsigned int ms = 0;
	bool tap = false;
	uint64_t start;
	int o;

	while ((o = getopt(argc, argv, "c:n:t:pg:")) != -1) {
		if (o == 'c')
			l.concurrent = number(optarg);
		else if (o == 'n')
			l.requests = number(optarg);
		else if (o == 't')
			ms = number(optarg);
		else if (o == 'p')
			tap = true;
		else if (o == 'g')
			page = optarg;
		else
			return 2;
	}
	if (argc - optind != 4)
		errx(2, "usage: httpload [-c N] [-n N | -t MS] [-p | -g PATH] "
			"SOURCE COUNT ADDRESS PORT");
	l.first = endpoint(argv[optind], 0);
	l.sources = number(argv[optind + 1]);
	l.destination =
		endpoint(argv[optind + 2], (uint16_t)number(argv[optind + 3]));
	write_request(&l, tap, page, argv[optind + 2]);
	prepare(&l);
	start = now_ns();
	l.deadline = ms ? start + ms * 1000000ULL : 0;
	run(&l);
	report(&l, now_ns() - start);
	return 0;
}
