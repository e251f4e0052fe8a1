/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RADIUS packets as bytes: attributes written and read, passwords hidden,
 * requests signed, answers checked (RFC 2865, 2866, 3579, 5176, 5997). Knows no
 * socket and no person.
 *
 * Access-Request and Status-Server begin with a Message-Authenticator, and an
 * answer to them without one is none: else who is on the way could turn a
 * reject into an accept (CVE-2024-3596, "Blast-RADIUS").
 */
#ifndef STADTTOR_PORTAL_RADIUS_RADIUS_PACKET_H
#define STADTTOR_PORTAL_RADIUS_RADIUS_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/log.h"

#define RADIUS_HEADER	     20
#define RADIUS_PACKET_MAX    4096
#define RADIUS_VALUE_MAX     253
#define RADIUS_PASSWORD_MAX  128 /* RFC 2865, 5.2 */
#define RADIUS_AUTHENTICATOR 16

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCOUNTING_REQUEST = 4,
	RADIUS_ACCOUNTING_RESPONSE = 5,
	RADIUS_ACCESS_CHALLENGE = 11,
	RADIUS_STATUS_SERVER = 12,
	RADIUS_DISCONNECT_REQUEST = 40,
	RADIUS_DISCONNECT_ACK = 41,
	RADIUS_DISCONNECT_NAK = 42,
	RADIUS_COA_REQUEST = 43,
	RADIUS_COA_ACK = 44,
	RADIUS_COA_NAK = 45,
};

enum radius_type { /* of attributes */
		   RADIUS_USER_NAME = 1,
		   RADIUS_USER_PASSWORD = 2,
		   RADIUS_NAS_IP_ADDRESS = 4,
		   RADIUS_SERVICE_TYPE = 6,
		   RADIUS_REPLY_MESSAGE = 18,
		   RADIUS_STATE = 24,
		   RADIUS_CLASS = 25,
		   RADIUS_VENDOR_SPECIFIC = 26,
		   RADIUS_SESSION_TIMEOUT = 27,
		   RADIUS_IDLE_TIMEOUT = 28,
		   RADIUS_CALLED_STATION_ID = 30,
		   RADIUS_CALLING_STATION_ID = 31,
		   RADIUS_NAS_IDENTIFIER = 32,
		   RADIUS_PROXY_STATE = 33,
		   RADIUS_ACCT_STATUS_TYPE = 40,
		   RADIUS_ACCT_DELAY_TIME = 41,
		   RADIUS_ACCT_INPUT_OCTETS = 42,
		   RADIUS_ACCT_OUTPUT_OCTETS = 43,
		   RADIUS_ACCT_SESSION_ID = 44,
		   RADIUS_ACCT_AUTHENTIC = 45,
		   RADIUS_ACCT_SESSION_TIME = 46,
		   RADIUS_ACCT_INPUT_PACKETS = 47,
		   RADIUS_ACCT_OUTPUT_PACKETS = 48,
		   RADIUS_ACCT_TERMINATE_CAUSE = 49,
		   RADIUS_ACCT_INPUT_GIGAWORDS = 52,
		   RADIUS_ACCT_OUTPUT_GIGAWORDS = 53,
		   RADIUS_EVENT_TIMESTAMP = 55,
		   RADIUS_NAS_PORT_TYPE = 61,
		   RADIUS_MESSAGE_AUTHENTICATOR = 80,
		   RADIUS_ACCT_INTERIM_INTERVAL = 85,
		   RADIUS_CHARGEABLE_USER_IDENTITY = 89,
		   RADIUS_ERROR_CAUSE = 101,
};

/* --- writing ----------------------------------------------------------- */

struct radius_packet {
	uint8_t byte[RADIUS_PACKET_MAX];
	size_t len;
	bool is_cut; /* an attribute did not fit, and was left out */
};

/*
 * Begins a packet of that code; one that a Message-Authenticator protects has
 * its place first. false: no randomness for its authenticator.
 */
bool radius_packet_init(struct radius_packet *p,
			enum radius_code code) MUST_CHECK;

/* At most RADIUS_VALUE_MAX bytes; an empty value is left out, as RFC 2865
 * has none. */
void radius_put(struct radius_packet *p, enum radius_type type,
		const void *value, size_t len);
void radius_put_text(struct radius_packet *p, enum radius_type type,
		     const char *text);
void radius_put_number(struct radius_packet *p, enum radius_type type,
		       uint32_t number);

/* Hidden (RFC 2865, 5.2), of an Access-Request. false: too long, no memory. */
bool radius_put_password(struct radius_packet *p, const char *secret,
			 const char *password) MUST_CHECK;

/* Numbers it and signs it, as often as its number changes. false: no memory. */
bool radius_packet_sign(struct radius_packet *p, uint8_t id,
			const char *secret) MUST_CHECK;

/* The same of an answer to a request with that authenticator. */
bool radius_packet_sign_answer(struct radius_packet *p, uint8_t id,
			       const uint8_t request[RADIUS_AUTHENTICATOR],
			       const char *secret) MUST_CHECK;

/* --- reading ----------------------------------------------------------- */

/* A packet whose attributes are all within it; the bytes are borrowed. */
struct radius_view {
	const uint8_t *byte;
	size_t len;
	enum radius_code code;
	uint8_t id;
	size_t message_authenticator; /* where its 16 bytes are; 0: none */
};

/* false: it is none, or has two Message-Authenticators. */
bool radius_view_parse(struct radius_view *v, const void *bytes,
		       size_t len) MUST_CHECK;

/*
 * Whether it was made by somebody who knows the secret, in answer to a request
 * of that authenticator. Answers to Access-Request and Status-Server
 * (needs_message_authenticator) prove it twice.
 */
bool radius_view_answers(const struct radius_view *v,
			 const uint8_t request[RADIUS_AUTHENTICATOR],
			 const char *secret, bool needs_message_authenticator);

/* The same of a request (RFC 5176). */
bool radius_view_is_genuine(const struct radius_view *v, const char *secret);

const uint8_t *radius_view_authenticator(const struct radius_view *v);

struct radius_attribute {
	uint32_t vendor; /* SMI number; 0: none */
	uint8_t type;
	uint8_t len;
	const uint8_t *value;
	size_t next, inner; /* the reader's own */
};

/*
 * The next attribute, beginning with a zeroed one. Those of vendors come one by
 * one; one that is not well-formed is passed over. false: that was the last.
 */
bool radius_view_next(const struct radius_view *v, struct radius_attribute *a);

/* 0: the value is none of four bytes. */
uint32_t radius_attribute_number(const struct radius_attribute *a);

#endif
