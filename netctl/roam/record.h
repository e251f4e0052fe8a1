/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the boxes of a city tell each other of a device on a day, 16 bytes:
 *
 *	0	version (high half), kind
 *	1	generation of the city's key
 *	2	day, as city_day(), modulo 65536, big endian
 *	4	id: the first bytes of HMAC(K, "grant\0" | network name | MAC)
 *	9	renewed: days since the accept; else the turn
 *	10	version of the terms, modulo 256
 *	11	tag: the first bytes of HMAC(K, "auth\0" | all before)
 *
 * K is the day's key. The turn of a device that was let in is even, that of one
 * that was shut out odd; of two records of a day the higher turn holds, so that
 * neither order nor repetition matters. A device is renewed in turn 0.
 */
#ifndef STADTTOR_NETCTL_ROAM_RECORD_H
#define STADTTOR_NETCTL_ROAM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"
#include "common/sha256.h"

#define RECORD_SIZE    IPC_CITY_RECORD_SIZE
#define RECORD_ID_SIZE 5
#define RECORD_AGE_MAX 127

enum record_kind { RECORD_ACCEPT = 1, RECORD_RENEW, RECORD_REVOKE };

struct record {
	enum record_kind kind;
	uint8_t generation;
	uint16_t day;
	uint8_t id[RECORD_ID_SIZE];
	uint8_t age; /* days since the accept */
	uint8_t turn;
	uint8_t terms;
};

/* The id of a device under the day's key. */
void record_id(const struct hmac_key *k, const char *network,
	       const struct mac *mac, uint8_t id[RECORD_ID_SIZE]);

void record_build(const struct record *r, const struct hmac_key *k,
		  uint8_t out[RECORD_SIZE]);

/* false: of another version or kind, or its turn is not that of its kind. */
bool record_parse(const uint8_t bytes[RECORD_SIZE], struct record *r);

/* true: made by somebody who has the day's key. */
bool record_is_genuine(const uint8_t bytes[RECORD_SIZE],
		       const struct hmac_key *k);

#endif
