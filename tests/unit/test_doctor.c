/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checks of `stadttor doctor` that ask the kernel and the resolver, with a
 * made-up /proc and a resolver that says what the test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "cli/doctor/dns_question.h"
#include "cli/doctor/doctor.h"
#include "common/array.h"
#include "common/clock.h"

/* Files of /proc, each with its text. */
struct file {
	const char *name, *text;
};

struct box {
	char proc[32];
	struct settings settings;
	struct doctor doctor;
};

static struct box box;

/* --- the box ----------------------------------------------------------- */

static void put(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", box.proc, name);
	for (char *p = path + strlen(box.proc) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int start(void **state)
{
	(void)state;
	box = (struct box){ .proc = "/tmp/doctor-XXXXXX" };
	if (!mkdtemp(box.proc))
		return -1;
	box.settings.zones = 1;
	strcpy(box.settings.zone[0].name, "guest");
	strcpy(box.settings.zone[0].device, "lo");
	box.settings.zone[0].max_sessions = 1000;
	box.settings.zone[0].max_flows = 2000;
	box.settings.portal.hostname = "";
	box.doctor = (struct doctor){
		.proc = box.proc,
		.settings = &box.settings,
		.code = "code",
		.list = json_object_new_array(),
	};
	return 0;
}

static int remove_one(const char *path, const struct stat *s, int type,
		      struct FTW *ftw)
{
	(void)s;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int stop(void **state)
{
	(void)state;
	json_object_put(box.doctor.list);
	return nftw(box.proc, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the n-th line says under that key; "": nothing. */
static const char *line(size_t n, const char *key)
{
	struct json_object *o = json_object_array_get_idx(box.doctor.list, n);
	const char *text =
		o ? json_object_get_string(json_object_object_get(o, key))
		  : NULL;

	return text ? text : "";
}

static void expect(size_t n, const char *level, const char *text,
		   const char *remedy)
{
	assert_string_equal(line(n, "level"), level);
	if (!strstr(line(n, "text"), text))
		fail_msg("'%s' is not in '%s'", text, line(n, "text"));
	if (!strstr(line(n, "remedy"), remedy))
		fail_msg("'%s' is not in '%s'", remedy, line(n, "remedy"));
	assert_int_equal(*remedy != '\0', *line(n, "remedy") != '\0');
}

static void expect_end(size_t n)
{
	assert_int_equal(json_object_array_length(box.doctor.list), n);
}

/* --- /proc: what is in it, and what is said ---------------------------- */

#define WORLD "20010db8000000000000000000000001 03 40 00 80       lo\n"
#define LINK  "fe800000000000000000000000000001 03 40 20 80       lo\n"
#define OTHER "20010db8000000000000000000000001 04 40 00 80       lo1\n"
#define TABLE "  sl  local_address rem_address   st tx_queue rx_queue\n"
#define ROW(local, state)                                                      \
	"   3: " local " 00000000:0000 " state " 00000000:00000000 0\n"
#define ROW6(local, state)                                                     \
	"  58: 00000000000000000000000000000000:" local                        \
	" 00000000000000000000000000000000:0000 " state " 00000000:00000000\n"

#define FORWARD4 "sys/net/ipv4/ip_forward"
#define BRIDGES	 "sys/net/bridge/bridge-nf-call-"
#define FORWARD6 "sys/net/ipv6/conf/all/forwarding"
#define THRESH4	 "sys/net/ipv4/neigh/default/gc_thresh3"
#define THRESH6	 "sys/net/ipv6/neigh/default/gc_thresh3"
#define FLOWS	 "sys/net/netfilter/nf_conntrack_max"
#define INET6	 "net/if_inet6"

struct said {
	const char *level, *text, *remedy;
};

static void advertisements(struct doctor *d)
{
	doctor_check_advertisements(d, d->zone);
}

static void address(struct doctor *d)
{
	doctor_check_address(d, d->zone);
}

static const struct {
	void (*check)(struct doctor *d);
	struct file file[4];
	struct said said[2];
} kernels[] = {
	{ doctor_check_forwarding,
	  { { FORWARD4, "1\n" } },
	  { { "ok", "forwards IPv4", "" } } },
	{ doctor_check_forwarding,
	  { { FORWARD4, "0\n" }, { FORWARD6, "0\n" } },
	  { { "fail", "does not forward IPv4", "net.ipv4.ip_forward=1" } } },
	{ doctor_check_forwarding,
	  { { FORWARD4, "1\n" }, { FORWARD6, "0\n" }, { INET6, LINK OTHER } },
	  { { "ok", "forwards IPv4", "" } } },
	{ doctor_check_forwarding,
	  { { FORWARD4, "1\n" }, { FORWARD6, "0\n" }, { INET6, LINK WORLD } },
	  { { "ok", "forwards IPv4", "" },
	    { "fail", "does not forward IPv6",
	      "net.ipv6.conf.all.forwarding=1" } } },
	{ doctor_check_forwarding,
	  { { FORWARD4, "1\n" }, { FORWARD6, "1\n" }, { INET6, WORLD } },
	  { { "ok", "IPv4", "" }, { "ok", "forwards IPv6", "" } } },
	{ doctor_check_forwarding,
	  { { FORWARD4, "" } },
	  { { "skip", FORWARD4 " cannot be read", "" } } },

	{ doctor_check_bridges,
	  { { FORWARD4, "1\n" } },
	  { { "ok", "bridges leave packets to the gate", "" } } },
	{ doctor_check_bridges,
	  { { BRIDGES "iptables", "0\n" }, { BRIDGES "ip6tables", "0\n" } },
	  { { "ok", "bridges leave packets to the gate", "" } } },
	{ doctor_check_bridges,
	  { { BRIDGES "iptables", "1\n" }, { BRIDGES "ip6tables", "1\n" } },
	  { { "fail", "bridge-nf-call-iptables is on",
	      "net.bridge.bridge-nf-call-iptables=0" },
	    { "fail", "bridge-nf-call-ip6tables is on", "ip6tables=0" } } },

	{ doctor_check_neighbours,
	  { { THRESH4, "1000\n" } },
	  { { "ok", "IPv4 neighbours takes 1000", "" } } },
	{ doctor_check_neighbours,
	  { { THRESH4, "999\n" }, { THRESH6, "2999\n" }, { INET6, WORLD } },
	  { { "warn", "takes 999; max_sessions of 1000 needs 1000",
	      "net.ipv4.neigh.default.gc_thresh3=1000" },
	    { "warn", "takes 2999; max_sessions of 1000 needs 3000",
	      "net.ipv6.neigh.default.gc_thresh3=3000" } } },
	{ doctor_check_neighbours,
	  { { THRESH4, "1000\n" }, { THRESH6, "3000\n" }, { INET6, WORLD } },
	  { { "ok", "IPv4", "" }, { "ok", "IPv6", "" } } },
	/* as in a network namespace */
	{ doctor_check_neighbours,
	  { { INET6, "" } },
	  { { "skip", THRESH4 " cannot be read", "" } } },

	{ doctor_check_conntrack,
	  { { FLOWS, "100000\n" } },
	  { { "ok", "takes 100000", "" } } },
	{ doctor_check_conntrack,
	  { { FLOWS, "99999\n" } },
	  { { "warn", "devices need about 100000",
	      "nf_conntrack_max=100000" } } },
	{ doctor_check_conntrack,
	  { { FLOWS, "19999\n" } },
	  { { "warn", "fewer than 10 devices of zone guest",
	      "1999 at most" } } },
	{ doctor_check_conntrack,
	  { { INET6, "" } },
	  { { "skip", FLOWS, "" } } },

	{ doctor_check_dhcp,
	  { { "net/udp", TABLE ROW("00000000:0043", "07") } },
	  { { "ok", "a DHCP server listens", "" } } },
	{ doctor_check_dhcp,
	  { { "net/udp", TABLE ROW("00000000:0044", "07") } },
	  { { "warn", "no DHCP server listens", "Start it" } } },
	/* a client of DHCP that is connected to a server */
	{ doctor_check_dhcp,
	  { { "net/udp", TABLE ROW("0100000A:0043", "01") } },
	  { { "warn", "no DHCP server listens", "Start it" } } },

	{ advertisements,
	  { { INET6, LINK OTHER } },
	  { { "ok", "no IPv6", "" } } },
	{ advertisements,
	  { { INET6, WORLD }, { "net/raw6", TABLE ROW6("003A", "07") } },
	  { { "ok", "router advertisements runs", "" } } },
	{ advertisements,
	  { { INET6, WORLD }, { "net/raw6", TABLE ROW6("0059", "07") } },
	  { { "warn", "nobody sends router advertisements", "enable-ra" } } },

	{ address,
	  { { INET6, LINK WORLD } },
	  { { "ok", "the box is 127.0.0.1 and 2001:db8::1 on lo", "" } } },
	{ address,
	  { { INET6, LINK } },
	  { { "ok", "the box is 127.0.0.1 on lo", "" } } },
};

static void test_kernel(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		const struct said *s = kernels[i].said;
		size_t lines = s[1].level ? 2 : 1;

		if (i)
			assert_int_equal(start(state), 0);
		for (size_t k = 0; k < 4 && kernels[i].file[k].name; k++)
			put(kernels[i].file[k].name, kernels[i].file[k].text);
		box.doctor.zone = &box.settings.zone[0];
		kernels[i].check(&box.doctor);
		for (size_t k = 0; k < lines; k++)
			expect(k, s[k].level, s[k].text, s[k].remedy);
		expect_end(lines);
		if (i < ARRAY_SIZE(kernels) - 1)
			assert_int_equal(stop(state), 0);
	}
}

static void test_flows_of_all_zones(void **state)
{
	(void)state;
	put(FLOWS, "150000\n");
	box.settings.zones = 2;
	strcpy(box.settings.zone[1].name, "staff");
	box.settings.zone[1].max_sessions = 1000;
	box.settings.zone[1].max_flows = 50;
	doctor_check_conntrack(&box.doctor);
	expect(0, "ok", "takes 150000", "");
	box.settings.zone[1].max_flows = 51;
	doctor_check_conntrack(&box.doctor);
	expect(1, "warn", "of 2000 devices need about 151000", "=151000");
	box.settings.zone[1].max_flows = 0;
	doctor_check_conntrack(&box.doctor);
	expect(2, "warn", "one device of zone staff may fill", "15000 at most");
}

static void test_ipv6_alone_needs_no_dhcp(void **state)
{
	(void)state;
	strcpy(box.settings.zone[0].device, "nowhere0");
	doctor_check_dhcp(&box.doctor);
	expect(0, "ok", "no zone has IPv4", "");
}

static void test_what_is_counted(void **state)
{
	(void)state;
	put(FORWARD4, "0\n");
	doctor_check_forwarding(&box.doctor);
	doctor_check_dhcp(&box.doctor);
	doctor_check_neighbours(&box.doctor);
	assert_int_equal(box.doctor.lines[DOCTOR_FAIL], 1);
	assert_int_equal(box.doctor.lines[DOCTOR_WARN], 1);
	assert_int_equal(box.doctor.lines[DOCTOR_SKIP], 1);
	assert_int_equal(box.doctor.lines[DOCTOR_OK], 0);
}

/* --- the resolver ------------------------------------------------------ */

static const struct addr here = { .family = AF_INET, .byte = { 127, 0, 0, 1 } };

static int open_resolver(uint16_t *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

/* The question as it has to be, but for its first two bytes. */
static const char wanted[] = "\1\0\0\1\0\0\0\0\0\0\1a\14root-servers\3net"
			     "\0\0\1\0\1";

/* Answers one question, after two that answer others; 1: it was a wrong one. */
static int serve(int fd, unsigned int rcode, unsigned int answers)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t q[512];
	ssize_t n =
		recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from, &len);

	if (n < 12)
		return 1;
	q[0] ^= 1;
	q[2] |= 0x80;
	sendto(fd, q, (size_t)n, 0, (struct sockaddr *)&from, len);
	q[0] ^= 1;
	q[2] &= 0x7f;
	sendto(fd, q, (size_t)n, 0, (struct sockaddr *)&from, len);
	sendto(fd, q, 5, 0, (struct sockaddr *)&from, len);
	q[2] |= 0x80;
	q[3] = (uint8_t)(0x80 | rcode);
	q[7] = (uint8_t)answers;
	sendto(fd, q, (size_t)n, 0, (struct sockaddr *)&from, len);
	q[2] = 1;
	q[3] = q[7] = 0;
	return n != sizeof(wanted) - 1 + 2 ||
	       memcmp(q + 2, wanted, sizeof(wanted) - 1) != 0;
}

static const struct {
	const char *hostname;
	unsigned int rcode, answers;
	struct said said;
} resolvers[] = {
	{ "", 0, 1, { "ok", "127.0.0.1 knows a.root-servers.net", "" } },
	{ "",
	  5,
	  0,
	  { "warn", "does not find a.root-servers.net: refused", "whom" } },
	{ "", 2, 0, { "warn", "server failure", "whom it asks" } },
	{ "", 0, 0, { "warn", "does not find a.root-servers.net", "whom" } },
	{ "a.root-servers.net",
	  3,
	  0,
	  { "fail", "does not find a.root-servers.net", "dns-config" } },
};

static void test_resolver(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(resolvers); i++) {
		const struct said *s = &resolvers[i].said;
		char hostname[64];
		int fd = open_resolver(&box.doctor.dns_port);
		int status;
		pid_t child = fork();

		if (!child)
			_exit(serve(fd, resolvers[i].rcode,
				    resolvers[i].answers));
		snprintf(hostname, sizeof(hostname), "%s",
			 resolvers[i].hostname);
		box.settings.portal.hostname = hostname;
		doctor_check_dns(&box.doctor, &box.settings.zone[0]);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		close(fd);
		expect(i, s->level, s->text, s->remedy);
	}
}

static void test_resolver_is_away(void **state)
{
	(void)state;
	close(open_resolver(&box.doctor.dns_port));
	doctor_check_dns(&box.doctor, &box.settings.zone[0]);
	expect(0, "fail", "does not answer on 127.0.0.1: Connection refused",
	       "stadttor dns-config");
}

static void test_resolver_is_silent(void **state)
{
	int fd = open_resolver(&box.doctor.dns_port);
	uint64_t start_ms = clock_ms();

	(void)state;
	doctor_check_dns(&box.doctor, &box.settings.zone[0]);
	close(fd);
	expect(0, "fail", "Connection timed out", "Start it");
	assert_true(clock_ms() - start_ms >= DNS_QUESTION_WAIT_MS);
}

static void test_names(void **state)
{
	static const char *const wrong[] = {
		".",
		"a..b",
		".a",
		"x2345678901234567890123456789012345678901234567890123456789012"
		"3"
		"4.example",
	};
	uint16_t port;
	int fd = open_resolver(&port);
	struct dns_reply reply;
	char longest[300] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(
			dns_question_ask(&here, port, wrong[i], &reply),
			-EINVAL);
	memset(longest, 'a', 255);
	for (size_t i = 1; i < 254; i += 2)
		longest[i] = '.';
	assert_int_equal(dns_question_ask(&here, port, longest, &reply),
			 -EINVAL); /* 255 letters are 257 bytes */
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_kernel, start, stop),
		cmocka_unit_test_setup_teardown(test_flows_of_all_zones, start,
						stop),
		cmocka_unit_test_setup_teardown(test_ipv6_alone_needs_no_dhcp,
						start, stop),
		cmocka_unit_test_setup_teardown(test_what_is_counted, start,
						stop),
		cmocka_unit_test_setup_teardown(test_resolver, start, stop),
		cmocka_unit_test_setup_teardown(test_resolver_is_away, start,
						stop),
		cmocka_unit_test_setup_teardown(test_resolver_is_silent, start,
						stop),
		cmocka_unit_test_setup_teardown(test_names, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
