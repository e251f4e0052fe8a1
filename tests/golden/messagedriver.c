/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints what netctl tells the kernel, each datagram as a line of hex, and what
 * it makes of the kernel's answers. The functions that would open, write and
 * read netlink sockets are replaced here by a kernel that agrees to everything
 * and has nothing, so this runs where there is no netlink.
 *
 * messagedriver rules CONFIG [plain|shaped|policed]
 * messagedriver elements|classes
 * messagedriver read-elements|read-neighbours|end-connections ANSWER
 * An answer is a datagram in hex, for the first question that is asked.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "common/config/settings_read.h"
#include "netctl/netlink/conntrack.h"
#include "netctl/netlink/nft.h"
#include "netctl/netlink/rtnl.h"
#include "netctl/rules/ruleset_nft.h"
#include "netctl/rules/special_nets.h"
#include "netctl/session/elements.h"
#include "netctl/session/shaper.h"

#define PORTID	   4711
#define ANSWER_MAX 4096
#define NOW_MS	   1000000

/* --- the kernel -------------------------------------------------------- */

static int near, far; /* netctl's end of the socket, and ours */
static unsigned char answer[ANSWER_MAX];
static size_t answer_len;

static void reply(uint16_t type, uint32_t seq)
{
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr e;
	} r = { .nlh = { .nlmsg_len = sizeof(r),
			 .nlmsg_type = type,
			 .nlmsg_seq = seq,
			 .nlmsg_pid = PORTID } };

	if (write(far, &r, sizeof(r)) != (ssize_t)sizeof(r))
		err(1, "write");
}

static void on_message(const struct nlmsghdr *nlh)
{
	if (nlh->nlmsg_flags & NLM_F_ACK && nlh->nlmsg_type != NLMSG_DONE)
		reply(NLMSG_ERROR, nlh->nlmsg_seq);
	if (!(nlh->nlmsg_flags & NLM_F_ROOT) ||
	    (nlh->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		return;
	if (answer_len && write(far, answer, answer_len) < 0)
		err(1, "write");
	answer_len = 0;
	reply(NLMSG_DONE, nlh->nlmsg_seq);
}

static ssize_t on_sent(const void *buf, size_t len)
{
	const unsigned char *byte = buf;

	for (size_t i = 0; i < len; i++)
		printf("%02x", byte[i]);
	printf("\n");
	for (size_t at = 0; at < len;) {
		const struct nlmsghdr *nlh =
			(const struct nlmsghdr *)(byte + at);

		on_message(nlh);
		at += NLMSG_ALIGN(nlh->nlmsg_len);
	}
	return (ssize_t)len;
}

struct mnl_socket *mnl_socket_open2(int bus, int flags)
{
	(void)bus;
	(void)flags;
	return (struct mnl_socket *)&near;
}

int mnl_socket_bind(struct mnl_socket *s, unsigned int groups, pid_t pid)
{
	(void)s;
	(void)groups;
	(void)pid;
	return 0;
}

int mnl_socket_close(struct mnl_socket *s)
{
	(void)s;
	return 0;
}

int mnl_socket_get_fd(const struct mnl_socket *s)
{
	(void)s;
	return near;
}

unsigned int mnl_socket_get_portid(const struct mnl_socket *s)
{
	(void)s;
	return PORTID;
}

ssize_t mnl_socket_sendto(const struct mnl_socket *s, const void *buf,
			  size_t len)
{
	(void)s;
	return on_sent(buf, len);
}

ssize_t mnl_socket_recvfrom(const struct mnl_socket *s, void *buf, size_t size)
{
	(void)s;
	return recv(near, buf, size, 0);
}

/* --- what is told ------------------------------------------------------ */

static void must(int error, const char *what)
{
	if (error)
		errx(1, "%s: %s", what, strerror(-error));
}

static void print_rules(struct nft *nft, const char *path, const char *how)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(path, error);
	struct ruleset_input in = { .settings = s,
				    .special = { special_nets, SPECIAL_NETS } };

	if (!s)
		errx(1, "%s", error);
	in.flow_table = s->gate.flow_table;
	for (size_t i = 0; i < s->zones; i++) {
		in.zone_present[i] = true;
		in.zone_policed[i] = !strcmp(how, "policed");
	}
	for (size_t i = 0; i < s->uplinks; i++) {
		in.uplink_ifindex[i] = (uint32_t)i + 0x0a0b0c01;
		in.uplink_shaped[i] = strcmp(how, "plain") != 0;
	}

	nft_begin(nft);
	must(ruleset_put(nft, &in, false), "ruleset_put");
	must(nft_commit(nft), "nft_commit");
	settings_free(s);
}

static void print_elements(struct nft *nft)
{
	const struct elements_zone z = { "guest", 16, true };
	struct session s = {
		.mac = { { 2, 0, 0, 0x5e, 0x10, 0xff } },
		.slot = 0x1234,
		.reduced = true,
		.policed = 3,
		.terms = 0x0506,
		.handle = 0x0123456789abcdef,
		.tag = 0xfedcba9876543210,
		.granted_ms = NOW_MS - 60000,
		.ends_ms = NOW_MS + 0x01020304,
		.limits = { 28800, 3600, IPC_UNLIMITED, 5000000, 1000000 },
		.down_cap_bps = 5000000,
		.up_cap_bps = 1000000,
		.up_packets = 0x1122334455,
		.up_bytes = 0x66778899aabb,
		.down_packets = 2,
		.down_bytes = 3000,
	};

	nft_begin(nft);
	elements_put_add(nft, &z, &s, NOW_MS);
	elements_put_delete(nft, &z, &s);
	s.ends_ms = UINT64_MAX;
	s.slot = SLOT_UNCAPPED;
	s.up_cap_bps = s.down_cap_bps = 0;
	elements_put_add(nft, &z, &s, NOW_MS);
	must(nft_commit(nft), "nft_commit");
}

static void print_classes(struct rtnl *r)
{
	const struct shaper_link zone = { "br0", 0x01020304, 0 };
	const struct shaper_link uplink = { "eth0", 5, 40000000000 };
	const struct shaper_rates rates = { 5000000, 1000000 };
	struct shaper *sh = shaper_new(r);
	uint16_t slot;

	shaper_configure(sh, &zone, 1, &uplink, 1);
	if (!shaper_prepare(sh, 0))
		errx(1, "shaper_prepare");
	slot = shaper_take(sh, 0);
	must(rtnl_commit(r), "rtnl_commit");
	shaper_put_rates(sh, 0, slot, &rates, false);
	must(rtnl_commit(r), "rtnl_commit");
	shaper_free(sh);
}

/* --- what is heard ----------------------------------------------------- */

static void take_answer(const char *hex)
{
	for (; answer_len < sizeof(answer) && hex[0] && hex[1]; hex += 2) {
		const char digits[3] = { hex[0], hex[1] };

		answer[answer_len++] = (uint8_t)strtoul(digits, NULL, 16);
	}
	if (*hex)
		errx(2, "the answer is too long");
}

static void on_element(const struct element *e, void *arg)
{
	struct session s = { 0 };

	(void)arg;
	if (!elements_parse(e, NOW_MS, &s))
		errx(1, "elements_parse");
	printf("%u %llu %llu %llu %u %d %u %llx %llu %llu %llu %llu %llx\n",
	       e->data, (unsigned long long)s.up_packets,
	       (unsigned long long)s.up_bytes,
	       (unsigned long long)(s.ends_ms - NOW_MS), s.slot, s.reduced,
	       s.terms, (unsigned long long)s.handle,
	       (unsigned long long)s.granted_ms,
	       (unsigned long long)s.limits.duration_s,
	       (unsigned long long)s.limits.quota_bytes,
	       (unsigned long long)s.limits.up_bps, (unsigned long long)s.tag);
}

static void on_neighbour(const struct mac *mac, const struct addr *a, void *arg)
{
	char m[ADDR_TEXT_MAX], t[ADDR_TEXT_MAX];

	(void)arg;
	mac_to_string(mac, m);
	addr_to_string(a, t);
	printf("%s %s\n", m, t);
}

static void end_connections(void)
{
	struct conntrack *ct = conntrack_new();
	struct conntrack_source s = { 0 };

	if (!ct || !addr_parse(&s.addr, "192.0.2.7"))
		errx(1, "conntrack_new");
	must(conntrack_end(ct, &s, 1, NOW_MS), "conntrack_end");
	conntrack_free(ct);
}

static void run(int argc, char **argv)
{
	const struct elements_place from = { .zone = "guest" };
	struct nft *nft = nft_new();
	struct rtnl *r = rtnl_new();

	if (!nft || !r)
		errx(1, "no memory");
	if (!strcmp(argv[1], "rules") && argc > 2)
		print_rules(nft, argv[2], argc > 3 ? argv[3] : "shaped");
	else if (!strcmp(argv[1], "elements"))
		print_elements(nft);
	else if (!strcmp(argv[1], "classes"))
		print_classes(r);
	else if (!strcmp(argv[1], "read-elements"))
		must(elements_dump(nft, &from, on_element, NULL), "dump");
	else if (!strcmp(argv[1], "read-neighbours"))
		must(rtnl_list_neighbours(r, 5, on_neighbour, NULL), "dump");
	else if (!strcmp(argv[1], "end-connections"))
		end_connections();
	nft_free(nft);
	rtnl_free(r);
}

int main(int argc, char **argv)
{
	int pair[2];

	if (argc < 2)
		errx(2, "usage: messagedriver WHAT [...]");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) < 0)
		err(1, "socketpair");
	near = pair[0];
	far = pair[1];
	if (argc > 2 && strcmp(argv[1], "rules"))
		take_answer(argv[2]);
	run(argc, argv);
	return 0;
}
