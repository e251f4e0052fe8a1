/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * logins [-c CONCURRENT] [-n LOGINS] [-a NAME=PASSWORD] FIRST-SOURCE COUNT
 *	  ADDRESS HOSTNAME
 *
 * Logins by TLS with a new connection each, the source address going round over
 * COUNT of them: an account's, or without -a a tap. Prints logins a second,
 * latencies from connect to the end of the answer, and how often each status
 * came. Nobody's certificate is verified.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "tests/bench/tool.h"

#define CONCURRENT_MAX 256
#define STATUS_MAX     600

struct load {
	struct sockaddr_in first, destination;
	unsigned int sources, concurrent, logins;
	const char *host;
	char request[1024];
	SSL_CTX *tls;
	atomic_uint started, finished, failed, statuses[STATUS_MAX];
	uint64_t *latency;
};

/* The answer's status; 0: there was none. */
static int exchange(const struct load *l, SSL *s)
{
	char bytes[16384];
	int n, status = 0;

	if (SSL_connect(s) != 1 ||
	    SSL_write(s, l->request, (int)strlen(l->request)) <= 0)
		return 0;
	while ((n = SSL_read(s, bytes, sizeof(bytes) - 1)) > 0) {
		bytes[n] = '\0';
		if (!status && n > 12)
			status = atoi(bytes + 9) % STATUS_MAX;
	}
	return status;
}

static int log_in(const struct load *l, unsigned int nth)
{
	static const struct timeval patience = { .tv_sec = 30 };
	struct sockaddr_in source = nth_source(&l->first, nth % l->sources);
	int fd = socket(AF_INET, SOCK_STREAM, 0), status = 0, one = 1;
	SSL *s = SSL_new(l->tls);

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (s && SSL_set_fd(s, fd) == 1 &&
	    SSL_set_tlsext_host_name(s, l->host) == 1 &&
	    !bind(fd, (struct sockaddr *)&source, sizeof(source)) &&
	    !connect(fd, (struct sockaddr *)&l->destination,
		     sizeof(l->destination)))
		status = exchange(l, s);
	SSL_free(s);
	close(fd);
	return status;
}

static void *run(void *arg)
{
	struct load *l = arg;
	unsigned int nth;

	while ((nth = atomic_fetch_add(&l->started, 1)) < l->logins) {
		uint64_t start = now_ns();
		int status = log_in(l, nth);

		if (status <= 0) {
			atomic_fetch_add(&l->failed, 1);
			continue;
		}
		atomic_fetch_add(&l->statuses[status], 1);
		l->latency[atomic_fetch_add(&l->finished, 1)] =
			now_ns() - start;
	}
	return NULL;
}

static void write_request(struct load *l, char *account)
{
	char form[400] = "terms=1";
	char *password = account ? strchr(account, '=') : NULL;

	if (password) {
		*password++ = '\0';
		snprintf(form, sizeof(form),
			 "terms=1&name=%.100s&password=%.100s", account,
			 password);
	}
	snprintf(l->request, sizeof(l->request),
		 "POST /accept HTTP/1.1\r\nHost: %s\r\n"
		 "Content-Type: application/x-www-form-urlencoded\r\n"
		 "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
		 l->host, strlen(form), form);
}

static void report(struct load *l, uint64_t ns)
{
	unsigned int n = l->finished;
	const char *comma = "";

	qsort(l->latency, n, sizeof(*l->latency), compare_u64);
	printf("{\"finished\": %u, \"failed\": %u, \"per_s\": %.1f, "
	       "\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"status\": {",
	       n, l->failed, n * 1e9 / (double)ns,
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

static void run_all(struct load *l)
{
	pthread_t thread[CONCURRENT_MAX];

	for (unsigned int i = 0; i < l->concurrent; i++)
		if (pthread_create(&thread[i], NULL, run, l))
			errx(1, "no thread");
	for (unsigned int i = 0; i < l->concurrent; i++)
		pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
	static struct load l = { .concurrent = 16, .logins = 1 };
	char *account = NULL;
	uint64_t start;
	int o;

	while ((o = getopt(argc, argv, "c:n:a:")) != -1) {
		if (o == 'c')
			l.concurrent = number(optarg);
		else if (o == 'n')
			l.logins = number(optarg);
		else if (o == 'a')
			account = optarg;
		else
			return 2;
	}
	if (argc - optind != 4 || l.concurrent > CONCURRENT_MAX)
		errx(2, "usage: logins [-c N] [-n N] [-a NAME=PASSWORD] "
			"SOURCE COUNT ADDRESS HOSTNAME");
	l.first = endpoint(argv[optind], 0);
	l.sources = number(argv[optind + 1]);
	l.destination = endpoint(argv[optind + 2], 443);
	l.host = argv[optind + 3];
	write_request(&l, account);
	l.tls = SSL_CTX_new(TLS_client_method());
	l.latency = calloc(l.logins, sizeof(*l.latency));
	if (!l.tls || !l.latency)
		errx(1, "no memory");
	start = now_ns();
	run_all(&l);
	report(&l, now_ns() - start);
	return 0;
}
