/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One mail through a relay (RFC 5321), over TLS and nothing else: STARTTLS, or
 * TLS from the start at port 465, with a certificate that names the relay. What
 * a relay answers is bounded in lines, bytes and time.
 *
 * A client of our own, because it takes less code than to bind a library that
 * does mail among two dozen protocols, and no child is started for sendmail.
 */
#ifndef STADTTOR_PORTAL_NOTIFY_MAIL_H
#define STADTTOR_PORTAL_NOTIFY_MAIL_H

#include <stddef.h>
#include <stdint.h>

#include "common/config/settings.h"

struct event_base;
struct mail;
struct mailer;

/* NULL: no memory. */
struct mailer *mailer_new(struct event_base *base);

/* After the loop has ended and mails were cancelled. */
void mailer_free(struct mailer *m);

/* Lent to mail_start(). */
struct mail_order {
	const struct admin_settings *relay; /* and who sends */
	const char *to;
	const char *json; /* what is told */
	size_t turn;	  /* see resolver_find() */
	uint64_t limit_ms;
	/* why: NULL: the relay has taken it. Good for the call. */
	void (*done)(const char *why, void *arg);
	void *arg;
};

/* done is called from the loop, never from here. NULL: no memory. */
struct mail *mail_start(struct mailer *m, const struct mail_order *order);
void mail_cancel(struct mail *m); /* done is not called any more */

#endif
