/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One address that news are posted to, as JSON, or mailed to, in their order.
 * What cannot be delivered waits for the next attempt; of more than 16 the
 * oldest goes.
 */
#ifndef STADTTOR_PORTAL_NOTIFY_HOOK_H
#define STADTTOR_PORTAL_NOTIFY_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/config/settings.h"

struct fetcher;
struct hook;
struct mailer;

/* What hooks send by; lent. */
struct hook_ways {
	struct fetcher *fetcher;
	struct mailer *mailer;
	uint64_t mail_ms; /* at most */
};

/* NULL: no such URL, or no memory. */
struct hook *hook_new(const struct hook_ways *ways, const char *url);

const char *hook_address(const struct hook *h);

/* Its number is for the log; relay: of mail, lent until the next call. */
void hook_set(struct hook *h, size_t number,
	      const struct admin_settings *relay);

/* false: out of memory, so that it is not told. */
bool hook_add(struct hook *h, const char *json);

/*
 * Sends the oldest that waits, unless one is under way; then the next. A relay
 * of mail that has failed is asked less and less often, down to each 64th call.
 */
void hook_send(struct hook *h);
void hook_free(struct hook *h);

#endif
