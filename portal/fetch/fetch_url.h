/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An http or https URL, taken apart into what a request is made of. */
#ifndef STADTTOR_PORTAL_FETCH_FETCH_URL_H
#define STADTTOR_PORTAL_FETCH_FETCH_URL_H

#include <stdbool.h>
#include <stdint.h>

#define FETCH_HOST_MAX	 254
#define FETCH_TARGET_MAX 1024
#define FETCH_LOGIN_MAX	 192

struct fetch_url {
	bool is_secure;
	bool is_address;	   /* host is an IPv4 or IPv6 address */
	char host[FETCH_HOST_MAX]; /* IPv6 without brackets */
	char authority[FETCH_HOST_MAX + 8]; /* for the Host header */
	uint16_t port;
	char target[FETCH_TARGET_MAX];			 /* path and query */
	char authorization[8 + FETCH_LOGIN_MAX / 3 * 4]; /* "": none wanted */
};

/* false: no such URL, or parts that are too long. */
bool fetch_url_parse(struct fetch_url *u, const char *url);

#endif
