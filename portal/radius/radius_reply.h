/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What servers say of a session, as numbers: the attributes that we understand,
 * of RFC 2865, 2866, 2869, 4372 and of the vendors WISPr and ChilliSpot. All
 * else is passed over. netctl clamps every limit, as ever.
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_REPLY_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_REPLY_H

#include "common/ipc.h"
#include "portal/radius/radius_packet.h"

/* All of Class together, as they are given back; a server that has more loses
 * what is beyond. */
#define RADIUS_CLASS_MAX 512

struct radius_bytes {
	uint8_t byte[RADIUS_VALUE_MAX];
	uint8_t len; /* 0: it was not there */
};

struct radius_reply { /* 0: not said */
	uint64_t session_s;
	uint64_t idle_s;
	uint64_t interim_s;
	uint64_t down_bps, up_bps;
	uint64_t input, input_high, output, output_high, total, total_high;
	uint64_t timestamp_s;	     /* of the event, since 1970 */
	struct radius_bytes name;    /* to be used from now on */
	struct radius_bytes cui;     /* Chargeable-User-Identity */
	struct radius_bytes handle;  /* Acct-Session-Id */
	struct radius_bytes station; /* Calling-Station-Id */
	/* attributes as they stood in the packet, type and length before each
	 */
	uint8_t classes[RADIUS_CLASS_MAX];
	size_t classes_len;
};

void radius_reply_read(struct radius_reply *r, const struct radius_view *v);

/*
 * What to ask netctl for; 0: the zone's own. A quota of one direction bounds
 * both together, which is stricter, since sessions have only that one.
 */
struct ipc_limits radius_reply_limits(const struct radius_reply *r);

#endif
