/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/radius/radius_account.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAS_PORT_WIRELESS 19 /* RFC 2865, 5.41: Wireless - IEEE 802.11 */

struct radius_account *radius_account_new(const struct radius_login *l,
					  const struct radius_reply *r)
{
	const void *name = r->name.len ? (const void *)r->name.byte : l->name;
	size_t name_len = r->name.len ? r->name.len : strlen(l->name);
	struct radius_account *a;

	a = calloc(1, sizeof(*a) + name_len + r->cui.len + r->classes_len);
	if (!a)
		return NULL;
	a->limits = radius_reply_limits(r);
	a->pseudonym = l->pseudonym;
	a->interim_s = r->interim_s;
	snprintf(a->network, sizeof(a->network), "%s", l->network);
	a->name_len = (uint16_t)name_len;
	a->cui_len = r->cui.len;
	a->classes_len = (uint16_t)r->classes_len;
	memcpy(a->bytes, name, name_len);
	memcpy(a->bytes + name_len, r->cui.byte, r->cui.len);
	memcpy(a->bytes + name_len + r->cui.len, r->classes, r->classes_len);
	return a;
}

static size_t bytes_of(const struct radius_account *a)
{
	return (size_t)a->name_len + a->cui_len + a->classes_len;
}

void radius_account_free(struct radius_account *a)
{
	if (a)
		explicit_bzero(a, sizeof(*a) + bytes_of(a));
	free(a);
}

void radius_put_place(struct radius_packet *p, const char *identifier,
		      const char *network, uint64_t pseudonym)
{
	char station[17];

	snprintf(station, sizeof(station), "%016" PRIx64, pseudonym);
	radius_put_text(p, RADIUS_NAS_IDENTIFIER, identifier);
	radius_put_number(p, RADIUS_NAS_PORT_TYPE, NAS_PORT_WIRELESS);
	radius_put_text(p, RADIUS_CALLED_STATION_ID, network);
	if (pseudonym)
		radius_put_text(p, RADIUS_CALLING_STATION_ID, station);
}

void radius_account_put(struct radius_packet *p, const struct radius_account *a)
{
	const uint8_t *at = a->bytes;
	const uint8_t *class = at + a->name_len + a->cui_len;

	radius_put(p, RADIUS_USER_NAME, at, a->name_len);
	radius_put(p, RADIUS_CHARGEABLE_USER_IDENTITY, at + a->name_len,
		   a->cui_len);
	for (size_t i = 0; i < a->classes_len; i += class[i + 1])
		radius_put(p, RADIUS_CLASS, class + i + 2, class[i + 1] - 2U);
}
