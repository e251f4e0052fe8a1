/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/offline_answer.h"

#include <stdbool.h>
#include <string.h>

#define HEADER_LEN     12
#define QUESTION_FIXED 4 /* type and class, behind the name */
#define DNS_NAME_MAX   255
#define DNS_LABEL_MAX  63
#define CLASS_IN       1
#define TTL_S	       1

/* Of the header: flags in its third and fourth byte, then four counts. */
#define FLAG_QR	     0x80
#define OPCODE	     0x78
#define FLAG_RD	     0x01
#define FLAG_RA	     0x80 /* of the fourth byte, as the error code */
#define QUESTIONS_AT 4
#define ANSWERS_AT   6
#define BEHIND_IT    6 /* bytes: the number of answers and two more */

#define NAME_OF_QUESTION (0xc000 | HEADER_LEN) /* RFC 1035, 4.1.4 */

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_AAAA = 28,
};

static unsigned int get16(const uint8_t *p)
{
	return (unsigned int)p[0] << 8 | p[1];
}

/* Returns where the next one goes. */
static uint8_t *put16(uint8_t *p, unsigned int value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
	return p + 2;
}

/* --- the query --------------------------------------------------------- */

/* What a name takes up with its root label; 0: it is none. */
static size_t name_len(const uint8_t *name, size_t len)
{
	size_t at = 0;

	while (at < len && name[at]) {
		if (name[at] > DNS_LABEL_MAX) /* a pointer, or undefined */
			return 0;
		at += 1 + (size_t)name[at];
	}
	return at < len && at < DNS_NAME_MAX ? at + 1 : 0;
}

/* Where the question ends; 0: it is no query that is answered. */
static size_t question_end(const uint8_t *query, size_t len)
{
	size_t name;

	if (len < HEADER_LEN || query[2] & (FLAG_QR | OPCODE) ||
	    get16(query + QUESTIONS_AT) != 1)
		return 0;
	name = name_len(query + HEADER_LEN, len - HEADER_LEN);
	if (!name || len - HEADER_LEN - name < QUESTION_FIXED ||
	    get16(query + HEADER_LEN + name + 2) != CLASS_IN)
		return 0;
	return HEADER_LEN + name + QUESTION_FIXED;
}

/* --- the answer -------------------------------------------------------- */

static bool has_record(unsigned int type, const struct addr *address)
{
	return (type == DNS_TYPE_A && address->family == AF_INET) ||
	       (type == DNS_TYPE_AAAA && address->family == AF_INET6);
}

/* Returns where it ends. */
static uint8_t *put_record(uint8_t *out, unsigned int type,
			   const struct addr *address)
{
	size_t len = addr_len(address);

	out = put16(out, NAME_OF_QUESTION);
	out = put16(out, type);
	out = put16(out, CLASS_IN);
	out = put16(out, 0); /* the time to live has 32 bits */
	out = put16(out, TTL_S);
	out = put16(out, (unsigned int)len);
	memcpy(out, address->byte, len);
	return out + len;
}

size_t offline_answer_build(uint8_t out[OFFLINE_ANSWER_MAX],
			    const uint8_t *query, size_t len,
			    const struct addr *address)
{
	size_t end = question_end(query, len);
	unsigned int type;

	if (!end)
		return 0;
	memcpy(out, query, end);
	out[2] = FLAG_QR | (query[2] & FLAG_RD);
	out[3] = FLAG_RA;
	memset(out + ANSWERS_AT, 0, BEHIND_IT);
	type = get16(query + end - QUESTION_FIXED);
	if (!has_record(type, address))
		return end;
	put16(out + ANSWERS_AT, 1);
	return (size_t)(put_record(out + end, type, address) - out);
}
