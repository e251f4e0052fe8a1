/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The calls of libmnl that reach the kernel are played here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>

#include "netctl/netlink/conntrack.h"

#define KNOWN_MAX 4096
#define START_MS  50000ULL

struct connection {
	struct addr from;
	uint16_t asked, served; /* ports of the destination */
};

struct mnl_socket {
	bool is_open;
	uint32_t seq;	    /* of the last request */
	bool is_dump;	    /* or an acknowledgement */
	uint8_t family;	    /* dumped */
	struct addr filter; /* AF_UNSPEC: none */
	size_t at;	    /* next to be dumped */
};

static struct {
	struct connection known[KNOWN_MAX];
	size_t size; /* of known, with those deleted */
	size_t n;
	unsigned int dumps4, dumps6;
	uint8_t failing; /* dumps of that family */
	struct mnl_socket socket[8];
} kernel;

static struct conntrack *ct;

/* --- the kernel -------------------------------------------------------- */

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	for (size_t i = 0; i < 8; i++) {
		struct mnl_socket *s = &kernel.socket[i];

		if (s->is_open)
			continue;
		*s = (struct mnl_socket){ .is_open = true };
		return s;
	}
	return NULL;
}

int mnl_socket_bind(struct mnl_socket *s, unsigned int groups, pid_t pid)
{
	(void)groups;
	(void)pid;
	return s->is_open ? 0 : -1;
}

int mnl_socket_close(struct mnl_socket *s)
{
	assert_true(s->is_open);
	s->is_open = false;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *s)
{
	(void)s;
	return -1;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *s)
{
	(void)s;
	return 0;
}

static const struct nlattr *nested(const struct nlattr *in, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, in)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static const struct nlattr *attribute(const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static struct addr source_of(const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *tuple = attribute(nlh, CTA_TUPLE_ORIG);
	struct addr a = { .family = nfg->nfgen_family };
	const struct nlattr *from =
		nested(nested(tuple, CTA_TUPLE_IP),
		       a.family == AF_INET ? CTA_IP_V4_SRC : CTA_IP_V6_SRC);

	memcpy(a.byte, mnl_attr_get_payload(from), addr_len(&a));
	return a;
}

static void begin_dump(struct mnl_socket *s, const struct nlmsghdr *nlh)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);

	s->is_dump = true;
	s->at = 0;
	s->family = nfg->nfgen_family;
	s->filter.family = AF_UNSPEC;
	kernel.dumps4 += s->family == AF_INET;
	kernel.dumps6 += s->family == AF_INET6;
	if (!attribute(nlh, CTA_FILTER))
		return;
	assert_int_equal(s->family, AF_INET); /* IPv6 would be inverted */
	s->filter = source_of(nlh);
}

static void forget_one(const struct nlmsghdr *nlh)
{
	struct addr from = source_of(nlh);

	assert_non_null(attribute(nlh, CTA_ID));
	for (size_t i = 0; i < kernel.size; i++) {
		if (!addr_equal(&kernel.known[i].from, &from))
			continue;
		kernel.known[i].from.family = AF_UNSPEC;
		kernel.n--;
		return;
	}
}

ssize_t mnl_socket_sendto(const struct mnl_socket *cs, const void *data,
			  size_t size)
{
	struct mnl_socket *s = &kernel.socket[cs - kernel.socket];
	const struct nlmsghdr *nlh = data;
	int len = (int)size;

	assert_true(s->is_open);
	for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len)) {
		s->seq = nlh->nlmsg_seq;
		if ((nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP) {
			begin_dump(s, nlh);
			if (kernel.failing != s->family)
				continue;
			errno = ENOMEM;
			return -1;
		}
		s->is_dump = false;
		forget_one(nlh);
	}
	return (ssize_t)size;
}

static void put_tuple(struct nlmsghdr *nlh, const struct connection *c,
		      bool is_reply)
{
	bool is_ipv4 = c->from.family == AF_INET;
	struct nlattr *tuple = mnl_attr_nest_start(
		nlh, is_reply ? CTA_TUPLE_REPLY : CTA_TUPLE_ORIG);
	struct nlattr *nest = mnl_attr_nest_start(nlh, CTA_TUPLE_IP);

	mnl_attr_put(nlh, is_ipv4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC,
		     addr_len(&c->from), c->from.byte);
	mnl_attr_nest_end(nlh, nest);
	nest = mnl_attr_nest_start(nlh, CTA_TUPLE_PROTO);
	mnl_attr_put_u16(nlh,
			 is_reply ? CTA_PROTO_SRC_PORT : CTA_PROTO_DST_PORT,
			 htons(is_reply ? c->served : c->asked));
	mnl_attr_nest_end(nlh, nest);
	mnl_attr_nest_end(nlh, tuple);
}

static size_t put_connection(const struct mnl_socket *s, void *buf,
			     const struct connection *c)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nfgenmsg *nfg;

	nlh->nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW;
	nlh->nlmsg_flags = NLM_F_MULTI;
	nlh->nlmsg_seq = s->seq;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof(*nfg));
	nfg->nfgen_family = c->from.family;
	put_tuple(nlh, c, false);
	put_tuple(nlh, c, true);
	mnl_attr_put_u32(nlh, CTA_ID, 7);
	return nlh->nlmsg_len;
}

static bool is_asked_for(const struct mnl_socket *s, const struct connection *c)
{
	return s->family == c->from.family &&
	       (!s->filter.family || addr_equal(&s->filter, &c->from));
}

static ssize_t put_last(const struct mnl_socket *s, void *buf, uint16_t type)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlmsgerr *e = mnl_nlmsg_put_extra_header(nlh, sizeof(*e));

	e->error = 0;
	nlh->nlmsg_type = type;
	nlh->nlmsg_seq = s->seq;
	return (ssize_t)nlh->nlmsg_len;
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *cs, void *buf, size_t size)
{
	struct mnl_socket *s = &kernel.socket[cs - kernel.socket];
	size_t used = 0;

	assert_true(s->is_open);
	if (!s->is_dump)
		return put_last(s, buf, NLMSG_ERROR);
	for (; s->at < kernel.size && used + 512 < size; s->at++)
		if (is_asked_for(s, &kernel.known[s->at]))
			used += put_connection(s, (uint8_t *)buf + used,
					       &kernel.known[s->at]);
	return used ? (ssize_t)used : put_last(s, buf, NLMSG_DONE);
}

/* --- devices ----------------------------------------------------------- */

static struct conntrack_source source(uint8_t family, unsigned int n)
{
	struct conntrack_source s = { .addr = { .family = family,
						.ifindex = 3 } };

	s.addr.byte[0] = family == AF_INET ? 10 : 0x20;
	s.addr.byte[addr_len(&s.addr) - 1] = (uint8_t)n;
	s.addr.byte[addr_len(&s.addr) - 2] = (uint8_t)(n >> 8);
	s.mac.byte[4] = (uint8_t)(n >> 8);
	s.mac.byte[5] = (uint8_t)n;
	return s;
}

static void connect_to(const struct conntrack_source *s, uint16_t asked,
		       uint16_t served)
{
	struct connection *c = &kernel.known[kernel.size++];

	kernel.n++;
	*c = (struct connection){ .from = s->addr,
				  .asked = asked,
				  .served = served };
	c->from.ifindex = 0;
}

static void connect_many(uint8_t family, unsigned int first, unsigned int n)
{
	for (unsigned int i = first; i < first + n; i++) {
		struct conntrack_source s = source(family, i);

		connect_to(&s, 443, 443);
	}
}

static bool is_known(uint8_t family, unsigned int n)
{
	struct conntrack_source s = source(family, n);

	for (size_t i = 0; i < kernel.size; i++)
		if (addr_equal(&kernel.known[i].from, &s.addr))
			return true;
	return false;
}

static int end(uint8_t family, unsigned int n, uint64_t now_ms)
{
	struct conntrack_source s = source(family, n);

	return conntrack_end(ct, &s, 1, now_ms);
}

static int set_up(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	ct = conntrack_new();
	return ct ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	conntrack_free(ct);
	for (size_t i = 0; i < 8; i++)
		if (kernel.socket[i].is_open)
			return -1;
	return 0;
}

/* --- tests ------------------------------------------------------------- */

static void test_the_first_ends_at_once(void **state)
{
	(void)state;
	connect_many(AF_INET6, 0, 600);
	connect_many(AF_INET6, 7, 1); /* has two */
	assert_int_equal(end(AF_INET6, 7, START_MS), 0);
	assert_false(is_known(AF_INET6, 7));
	assert_int_equal(kernel.n, 599);
	assert_int_equal(kernel.dumps6, 1);
	assert_int_equal(conntrack_due_ms(ct), 0);
}

static void test_those_that_follow_share_a_dump(void **state)
{
	uint64_t due_ms;

	(void)state;
	connect_many(AF_INET6, 0, 200);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(end(AF_INET6, i, START_MS + i), 0);
	assert_int_equal(kernel.dumps6, 1);
	assert_int_equal(kernel.n, 199);
	due_ms = conntrack_due_ms(ct);
	assert_in_range(due_ms, START_MS + CONNTRACK_PAUSE_MS,
			START_MS + CONNTRACK_PAUSE_MS + 5000);
	assert_int_equal(conntrack_end(ct, NULL, 0, due_ms - 1), 0);
	assert_int_equal(kernel.n, 199);
	assert_int_equal(conntrack_end(ct, NULL, 0, due_ms), 0);
	assert_int_equal(kernel.dumps6, 2);
	assert_int_equal(kernel.n, 100);
	for (unsigned int i = 100; i < 200; i++)
		assert_true(is_known(AF_INET6, i));
	assert_int_equal(conntrack_due_ms(ct), 0);
}

static void test_a_late_one_takes_the_waiting_along(void **state)
{
	(void)state;
	connect_many(AF_INET6, 1, 3);
	assert_int_equal(end(AF_INET6, 1, START_MS), 0);
	assert_int_equal(end(AF_INET6, 2, START_MS), 0);
	assert_int_equal(end(AF_INET6, 3, conntrack_due_ms(ct)), 0);
	assert_int_equal(kernel.dumps6, 2);
	assert_int_equal(kernel.n, 0);
}

static void test_after_the_pause_at_once_again(void **state)
{
	(void)state;
	connect_many(AF_INET6, 1, 2);
	assert_int_equal(end(AF_INET6, 1, START_MS), 0);
	assert_int_equal(end(AF_INET6, 2, START_MS + 60000), 0);
	assert_int_equal(kernel.dumps6, 2);
	assert_int_equal(kernel.n, 0);
}

static void test_ipv4_never_waits(void **state)
{
	struct conntrack_source s[20];

	(void)state;
	connect_many(AF_INET, 0, 40);
	for (unsigned int i = 0; i < 20; i++)
		assert_int_equal(end(AF_INET, i, START_MS), 0);
	assert_int_equal(kernel.n, 20);
	assert_int_equal(kernel.dumps4, 20); /* each filtered */
	for (unsigned int i = 0; i < 20; i++)
		s[i] = source(AF_INET, 39 - i);
	assert_int_equal(conntrack_end(ct, s, 20, START_MS), 0);
	assert_int_equal(kernel.n, 0);
	assert_int_equal(kernel.dumps4, 21);
	assert_int_equal(kernel.dumps6, 0);
}

static void test_both_families_of_a_device(void **state)
{
	struct conntrack_source s[2];

	(void)state;
	connect_many(AF_INET, 1, 2);
	connect_many(AF_INET6, 1, 2);
	for (unsigned int i = 1; i <= 2; i++) {
		s[0] = source(AF_INET6, i);
		s[1] = source(AF_INET, i);
		assert_int_equal(conntrack_end(ct, s, 2, START_MS), 0);
	}
	assert_int_equal(kernel.n, 1);
	assert_true(is_known(AF_INET6, 2));
}

static void test_more_than_may_wait(void **state)
{
	struct conntrack_source lost;
	uint64_t due_ms;

	(void)state;
	connect_many(AF_INET6, 0, CONNTRACK_WAITING + 3);
	for (unsigned int i = 0; i <= CONNTRACK_WAITING; i++)
		assert_int_equal(end(AF_INET6, i, START_MS), 0);
	assert_false(conntrack_wants_all(ct, conntrack_due_ms(ct)));
	lost = source(AF_INET6, CONNTRACK_WAITING + 1);
	assert_int_equal(conntrack_end(ct, &lost, 1, START_MS), 0);
	assert_int_equal(kernel.dumps6, 1);
	due_ms = conntrack_due_ms(ct);
	assert_false(conntrack_wants_all(ct, due_ms - 1));
	assert_true(conntrack_wants_all(ct, due_ms));
	assert_int_equal(conntrack_end(ct, &lost, 1, due_ms), 0);
	assert_int_equal(kernel.dumps6, 2);
	assert_int_equal(kernel.n, 1);
	assert_int_equal(conntrack_due_ms(ct), 0);
	assert_false(conntrack_wants_all(ct, due_ms));
}

static void test_many_at_once_do_not_have_to_fit(void **state)
{
	static struct conntrack_source s[CONNTRACK_WAITING * 2];

	(void)state;
	connect_many(AF_INET6, 0, CONNTRACK_WAITING * 2);
	for (unsigned int i = 0; i < CONNTRACK_WAITING * 2; i++)
		s[i] = source(AF_INET6, i);
	assert_int_equal(conntrack_end(ct, s, 1, START_MS), 0);
	assert_int_equal(
		conntrack_end(ct, s + 1, CONNTRACK_WAITING * 2 - 1, START_MS),
		0);
	assert_int_equal(kernel.dumps6, 1);
	assert_true(conntrack_wants_all(ct, conntrack_due_ms(ct)));
	assert_int_equal(conntrack_end(ct, s + 1, CONNTRACK_WAITING * 2 - 1,
				       conntrack_due_ms(ct)),
			 0);
	assert_int_equal(kernel.dumps6, 2);
	assert_int_equal(kernel.n, 0);
}

static void test_who_is_let_in_again_is_spared(void **state)
{
	struct conntrack_source again = source(AF_INET6, 2);

	(void)state;
	connect_many(AF_INET6, 1, 3);
	for (unsigned int i = 1; i <= 3; i++)
		assert_int_equal(end(AF_INET6, i, START_MS), 0);
	conntrack_spare(ct, 3, &again.mac);
	assert_int_equal(conntrack_end(ct, NULL, 0, conntrack_due_ms(ct)), 0);
	assert_int_equal(kernel.n, 1);
	assert_true(is_known(AF_INET6, 2));
}

static void test_let_in_elsewhere_is_not_spared(void **state)
{
	struct conntrack_source away = source(AF_INET6, 2);

	(void)state;
	connect_many(AF_INET6, 1, 2);
	for (unsigned int i = 1; i <= 2; i++)
		assert_int_equal(end(AF_INET6, i, START_MS), 0);
	conntrack_spare(ct, 4, &away.mac);
	assert_int_equal(conntrack_end(ct, NULL, 0, conntrack_due_ms(ct)), 0);
	assert_int_equal(kernel.n, 0);
}

static void test_nobody_waits_for_ever(void **state)
{
	(void)state;
	connect_many(AF_INET6, 1, 3);
	for (unsigned int i = 1; i <= 2; i++)
		assert_int_equal(end(AF_INET6, i, START_MS), 0);
	conntrack_free(ct);
	assert_int_equal(kernel.n, 1);
	ct = conntrack_new();
	assert_non_null(ct);
}

static void test_link_local_needs_no_dump(void **state)
{
	struct conntrack_source s = source(AF_INET6, 1);

	(void)state;
	s.addr.byte[0] = 0xfe;
	s.addr.byte[1] = 0xbf;
	assert_int_equal(conntrack_end(ct, &s, 1, START_MS), 0);
	assert_int_equal(kernel.dumps6, 0);
	s.addr.byte[1] = 0xc0; /* was site-local: may be forwarded */
	assert_int_equal(conntrack_end(ct, &s, 1, START_MS), 0);
	assert_int_equal(kernel.dumps6, 1);
}

static void test_what_leads_to_the_portal_stays(void **state)
{
	struct conntrack_source s = source(AF_INET6, 1);

	(void)state;
	connect_to(&s, 80, 2080);
	assert_int_equal(end(AF_INET6, 1, START_MS), 0);
	assert_int_equal(kernel.dumps6, 1);
	assert_int_equal(kernel.n, 1);
}

static void test_a_failure_is_told_and_passes(void **state)
{
	(void)state;
	connect_many(AF_INET6, 1, 2);
	kernel.failing = AF_INET6;
	assert_int_equal(end(AF_INET6, 1, START_MS), -ENOMEM);
	kernel.failing = AF_UNSPEC;
	assert_int_equal(end(AF_INET6, 2, START_MS), 0);
	assert_int_equal(conntrack_end(ct, NULL, 0, conntrack_due_ms(ct)), 0);
	assert_int_equal(kernel.n, 1);
	assert_true(is_known(AF_INET6, 1));
}

static void test_a_failure_of_ipv4_leaves_ipv6(void **state)
{
	struct conntrack_source s[2] = { source(AF_INET, 1),
					 source(AF_INET6, 1) };

	(void)state;
	connect_many(AF_INET, 1, 1);
	connect_many(AF_INET6, 1, 1);
	kernel.failing = AF_INET;
	assert_int_equal(conntrack_end(ct, s, 2, START_MS), -ENOMEM);
	assert_int_equal(kernel.n, 1);
	assert_true(is_known(AF_INET, 1));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_ends_at_once),
		TEST(test_those_that_follow_share_a_dump),
		TEST(test_a_late_one_takes_the_waiting_along),
		TEST(test_after_the_pause_at_once_again),
		TEST(test_ipv4_never_waits),
		TEST(test_both_families_of_a_device),
		TEST(test_more_than_may_wait),
		TEST(test_many_at_once_do_not_have_to_fit),
		TEST(test_who_is_let_in_again_is_spared),
		TEST(test_let_in_elsewhere_is_not_spared),
		TEST(test_nobody_waits_for_ever),
		TEST(test_link_local_needs_no_dump),
		TEST(test_what_leads_to_the_portal_stays),
		TEST(test_a_failure_is_told_and_passes),
		TEST(test_a_failure_of_ipv4_leaves_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
