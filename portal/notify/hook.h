/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One address that news are posted to, as JSON, in their order. What cannot be
 * delivered waits for the next attempt; of more than 16 the oldest goes.
 */
#ifndef STADTTOR_PORTAL_NOTIFY_HOOK_H
#define STADTTOR_PORTAL_NOTIFY_HOOK_H

#include <stdbool.h>
#include <stddef.h>

struct fetcher;
struct hook;

/* NULL: no such URL, or no memory. */
struct hook *hook_new(struct fetcher *f, const char *url);

const char *hook_address(const struct hook *h);
void hook_set_number(struct hook *h, size_t number); /* for the log */

/* false: out of memory, so that it is not told. */
bool hook_add(struct hook *h, const char *json);

/* Sends the oldest that waits, unless one is under way; then the next. */
void hook_send(struct hook *h);
void hook_free(struct hook *h);

#endif
