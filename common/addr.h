/* SPDX-License-Identifier: GPL-3.0-or-later */
/* MAC and IP addresses as values, and their text forms. */
#ifndef STADTTOR_COMMON_ADDR_H
#define STADTTOR_COMMON_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct mac {
	uint8_t byte[6];
};

/*
 * An IPv4 or IPv6 address. ifindex scopes it to one network, 0: to none.
 * Operators may also name a device by its hardware address, AF_PACKET, in the
 * first six bytes; only where that is said.
 */
struct addr {
	uint8_t family; /* AF_INET, AF_INET6, AF_PACKET or AF_UNSPEC */
	uint8_t zero[3];
	uint32_t ifindex;
	uint8_t byte[16]; /* network order; IPv4 in the first four */
};

#define ADDR_TEXT_MAX 64

/* Length of the address in bytes: 4, 16, or 0 for any other family. */
size_t addr_len(const struct addr *a);

/*
 * How many of them tell whose address it is where it comes from afar: 4, 8 or
 * 0. Whoever has an IPv6 address has at least its /64 (RFC 6177, RFC 7421).
 */
size_t addr_site_len(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);

/* An IPv6 address that is of its link alone (RFC 4291, 2.5.6). */
bool addr_is_link_local(const struct addr *a);

/* IPv4-mapped IPv6 addresses become IPv4. false: neither IPv4 nor IPv6. */
bool addr_from_sockaddr(struct addr *a, const struct sockaddr *sa);

/* "192.0.2.1", "2001:db8::1"; false: not an address, *a is untouched. */
bool addr_parse(struct addr *a, const char *text);

/* The same of the first len bytes. */
bool addr_parse_part(struct addr *a, const char *text, size_t len);

/* The same with an optional "/LEN"; *prefix is in bits, host bits must be 0. */
bool addr_parse_prefix(struct addr *a, unsigned int *prefix, const char *text);

/* The network of that many bits that has it: the others are zero. */
struct addr addr_network(const struct addr *a, unsigned int prefix);

/* Whether the first bits of the address are the network's. */
bool addr_is_within(const struct addr *a, const struct addr *net,
		    unsigned int prefix);

/*
 * "02:00:5e:00:53:01", with dashes, as 0200.5e00.5301, or 12 digits alone, in
 * either case. false: none of that, *m is untouched.
 */
bool mac_parse_part(struct mac *m, const char *text, size_t len);

/* No device has the broadcast, a multicast or the zero address. */
bool mac_is_device(const struct mac *m);

/* Both write to buf and return it. */
const char *addr_to_string(const struct addr *a, char buf[ADDR_TEXT_MAX]);
const char *mac_to_string(const struct mac *m, char buf[ADDR_TEXT_MAX]);

#endif
