/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What servers, and strangers in their place, may send. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/radius/radius_packet.h"
#include "portal/radius/radius_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "secret"

/* Each is within the packet, and they end. */
static void check_attributes(const struct radius_view *v)
{
	struct radius_attribute a = { 0 };
	size_t count = 0;

	while (radius_view_next(v, &a)) {
		if (a.value < v->byte + RADIUS_HEADER + 2 ||
		    a.value + a.len > v->byte + v->len ||
		    ++count > RADIUS_PACKET_MAX / 2)
			abort();
		radius_attribute_number(&a);
	}
}

static void check_reply(const struct radius_view *v)
{
	static struct radius_reply r;
	static struct radius_packet p;

	radius_reply_read(&r, v);
	radius_reply_limits(&r);
	if (r.classes_len > sizeof(r.classes))
		abort();
	for (size_t at = 0; at < r.classes_len; at += r.classes[at + 1])
		if (r.classes[at] != RADIUS_CLASS || r.classes[at + 1] < 2)
			abort();
	if (!radius_packet_init(&p, RADIUS_ACCOUNTING_REQUEST))
		return;
	radius_put(&p, RADIUS_USER_NAME, r.name.byte, r.name.len);
	radius_put(&p, RADIUS_CHARGEABLE_USER_IDENTITY, r.cui.byte, r.cui.len);
	if (p.is_cut)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t request[RADIUS_AUTHENTICATOR];
	struct radius_view v;

	if (!radius_view_parse(&v, data, size))
		return 0;
	check_attributes(&v);
	check_reply(&v);
	radius_view_is_genuine(&v, SECRET);
	radius_view_answers(&v, request, SECRET, true);
	return 0;
}
