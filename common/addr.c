/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/addr.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t addr_len(const struct addr *a)
{
	if (a->family == AF_INET)
		return 4;
	return a->family == AF_INET6 ? 16 : 0;
}

size_t addr_site_len(const struct addr *a)
{
	return a->family == AF_INET6 ? 8 : addr_len(a);
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->byte, b->byte, addr_len(a));
}

bool addr_is_link_local(const struct addr *a)
{
	return a->family == AF_INET6 && a->byte[0] == 0xfe &&
	       (a->byte[1] & 0xc0) == 0x80;
}

static void addr_from_in6(struct addr *a, const struct sockaddr_in6 *sin6)
{
	const uint8_t *b = sin6->sin6_addr.s6_addr;

	a->ifindex = sin6->sin6_scope_id;
	if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		a->family = AF_INET;
		memcpy(a->byte, b + 12, 4);
	} else {
		a->family = AF_INET6;
		memcpy(a->byte, b, 16);
	}
}

bool addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	memset(a, 0, sizeof(*a));
	if (sa->sa_family == AF_INET6) {
		memcpy(&sin6, sa, sizeof(sin6));
		addr_from_in6(a, &sin6);
		return true;
	}
	if (sa->sa_family != AF_INET)
		return false;
	memcpy(&sin, sa, sizeof(sin));
	a->family = AF_INET;
	memcpy(a->byte, &sin.sin_addr, 4);
	return true;
}

bool addr_parse(struct addr *a, const char *text)
{
	struct addr v = { .family = AF_INET };

	if (inet_pton(AF_INET, text, v.byte) != 1) {
		v.family = AF_INET6;
		if (inet_pton(AF_INET6, text, v.byte) != 1)
			return false;
	}
	*a = v;
	return true;
}

bool addr_parse_part(struct addr *a, const char *text, size_t len)
{
	char part[ADDR_TEXT_MAX];

	if (len >= sizeof(part))
		return false;
	memcpy(part, text, len);
	part[len] = '\0';
	return addr_parse(a, part);
}

static bool addr_host_bits_are_zero(const struct addr *a, unsigned int prefix)
{
	size_t bits = addr_len(a) * 8;

	for (size_t i = prefix; i < bits; i++)
		if (a->byte[i / 8] & (0x80 >> (i % 8)))
			return false;
	return true;
}

bool addr_parse_prefix(struct addr *a, unsigned int *prefix, const char *text)
{
	struct addr v;
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	unsigned long bits;
	char *end;

	if (!addr_parse_part(&v, text, len))
		return false;
	bits = addr_len(&v) * 8;
	if (slash) {
		if (slash[1] < '0' || slash[1] > '9')
			return false;
		bits = strtoul(slash + 1, &end, 10);
		if (*end || bits > addr_len(&v) * 8)
			return false;
	}
	if (!addr_host_bits_are_zero(&v, (unsigned int)bits))
		return false;
	*a = v;
	*prefix = (unsigned int)bits;
	return true;
}

struct addr addr_network(const struct addr *a, unsigned int prefix)
{
	struct addr net = *a;
	size_t bits = addr_len(a) * 8;

	for (size_t i = prefix; i < bits; i++)
		net.byte[i / 8] &= (uint8_t) ~(0x80 >> (i % 8));
	return net;
}

bool addr_is_within(const struct addr *a, const struct addr *net,
		    unsigned int prefix)
{
	unsigned int bits = prefix % 8;

	return a->family == net->family &&
	       !memcmp(a->byte, net->byte, prefix / 8) &&
	       (!bits ||
		!((a->byte[prefix / 8] ^ net->byte[prefix / 8]) >> (8 - bits)));
}

const char *addr_to_string(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	if (!addr_len(a) || !inet_ntop(a->family, a->byte, buf, ADDR_TEXT_MAX))
		snprintf(buf, ADDR_TEXT_MAX, "none");
	return buf;
}

static unsigned int hex_value(char c)
{
	return c <= '9' ? (unsigned int)(c - '0')
			: (unsigned int)((c | 0x20) - 'a' + 10);
}

/* Digits between two separators, by the length of the text; 0: no MAC. */
static size_t digits_in_group(size_t len)
{
	switch (len) {
	case 12:
		return 12;
	case 14:
		return 4;
	case 17:
		return 2;
	}
	return 0;
}

static bool is_mac_separator(char c, size_t digits, char first)
{
	return digits == 4 ? c == '.' : (c == ':' || c == '-') && c == first;
}

bool mac_parse_part(struct mac *m, const char *text, size_t len)
{
	size_t digits = digits_in_group(len), count = 0;
	struct mac parsed = { 0 };

	if (!digits)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (i % (digits + 1) == digits) {
			if (!is_mac_separator(text[i], digits, text[digits]))
				return false;
			continue;
		}
		if (!isxdigit((unsigned char)text[i]))
			return false;
		parsed.byte[count / 2] = (uint8_t)(parsed.byte[count / 2] << 4 |
						   hex_value(text[i]));
		count++;
	}
	*m = parsed;
	return true;
}

bool mac_is_device(const struct mac *m)
{
	static const struct mac zero;

	return !(m->byte[0] & 1) && memcmp(m, &zero, sizeof(zero));
}

const char *mac_to_string(const struct mac *m, char buf[ADDR_TEXT_MAX])
{
	snprintf(buf, ADDR_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x",
		 m->byte[0], m->byte[1], m->byte[2], m->byte[3], m->byte[4],
		 m->byte[5]);
	return buf;
}
