/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An http or https URL, taken apart into what a request is made of. */
#ifndef STADTTOR_PORTAL_LIVE_LIVE_URL_H
#define STADTTOR_PORTAL_LIVE_LIVE_URL_H

#include <stdbool.h>
#include <stdint.h>

#define LIVE_HOST_MAX	254
#define LIVE_TARGET_MAX 1024
#define LIVE_LOGIN_MAX	192

struct live_url {
	bool is_secure;
	bool is_address;		   /* host is an IPv4 or IPv6 address */
	char host[LIVE_HOST_MAX];	   /* IPv6 without brackets */
	char authority[LIVE_HOST_MAX + 8]; /* for the Host header */
	uint16_t port;
	char target[LIVE_TARGET_MAX];			/* path and query */
	char authorization[8 + LIVE_LOGIN_MAX / 3 * 4]; /* "": none wanted */
};

/* false: no such URL, or parts that are too long. */
bool live_url_parse(struct live_url *u, const char *url);

#endif
