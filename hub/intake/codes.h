/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The city's codes as the hub's daemon has them: it hands on what root has
 * signed and what boxes say of first uses, and can make none of it. Codes are
 * made on one hub; one without their file leaves them alone.
 */
#ifndef STADTTOR_HUB_INTAKE_CODES_H
#define STADTTOR_HUB_INTAKE_CODES_H

#include "portal/voucher/voucher_publish.h"

struct codes;

/* file: lent; need not be there. NULL: no memory. */
struct codes *codes_new(const char *file);
void codes_free(struct codes *c);

enum codes_verdict {
	CODES_TAKEN, /* or there is no place for it: boxes say it again */
	CODES_MALFORMED,
	CODES_LATER, /* somebody else writes: it is read once more */
};

/* First uses; changed: how many say something new. */
enum codes_verdict codes_take(struct codes *c, const void *bytes, size_t len,
			      const struct voucher_publish_time *time,
			      size_t *changed) MUST_CHECK;

/* --- what boxes are to have ------------------------------------------- */

/* After a connect: what was handed on is not known. What is long over by then
 * goes. */
void codes_forget(struct codes *c, int64_t over_s);

/* The last of all; id 0: there is nothing. */
void codes_last(struct codes *c, struct voucher_published *out);

/* The store has all up to that id. */
void codes_have(struct codes *c, int64_t id);

/* The next; false: that was the last. */
bool codes_next(struct codes *c, struct voucher_published *out) MUST_CHECK;

#endif
