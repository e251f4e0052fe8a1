/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The strict reader of one HTTP/1.x request: bytes in, values out. It knows
 * nothing of sockets, paths that exist or hosts that are ours. Everything of
 * interest is copied into the struct as its line completes, so nothing points
 * into the bytes and a line is never read twice.
 */
#ifndef STADTTOR_PORTAL_HTTP_REQUEST_H
#define STADTTOR_PORTAL_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_HEAD_MAX 8192
#define REQUEST_BODY_MAX 4096
#define REQUEST_MAX	 9216 /* both: only a short head leaves room for it */

#define REQUEST_QUERY_MAX  512
#define REQUEST_BEARER_MAX 200
#define REQUEST_COOKIE	   "stadttor"
#define REQUEST_COOKIE_LEN 64

enum request_method {
	REQUEST_OTHER, /* a token, but none we know */
	REQUEST_GET,
	REQUEST_HEAD,
	REQUEST_POST,
	REQUEST_PUT,
	REQUEST_DELETE,
	REQUEST_OPTIONS,
	REQUEST_PATCH,
	REQUEST_TRACE,
	REQUEST_METHOD_MAX
};

enum request_result {
	REQUEST_MORE, /* not complete yet */
	REQUEST_DONE,
	REQUEST_BAD, /* status says what to answer */
};

/* What only operators' requests are read for. */
struct request_extra {
	char query[REQUEST_QUERY_MAX];	 /* not decoded */
	char bearer[REQUEST_BEARER_MAX]; /* the token of Authorization */
	char cookie[REQUEST_COOKIE_LEN + 1];
	char secure_cookie[REQUEST_COOKIE_LEN + 1]; /* by its __Host- name */
	char origin[280];			    /* lower case */
	bool query_is_long;
	bool has_authorization; /* of whatever kind */
	bool has_origin;
	bool has_site; /* Sec-Fetch-Site */
	bool is_own_site;
	bool wants_openmetrics;
	bool has_cookie;
};

struct request {
	enum request_method method;
	uint16_t status;    /* HTTP status of REQUEST_BAD */
	bool ignores_body;  /* by request_init(): done after the head */
	bool path_is_bad;   /* the target is no path of a page */
	bool is_form;	    /* application/x-www-form-urlencoded */
	bool is_cross_site; /* a page of somebody else has sent it */
	char path[64];	    /* decoded; empty where longer than any page's */
	char lang[12];	    /* of the query, empty: none */
	char via;	    /* of the query, a letter; NUL: none */
	char code[128];	    /* of the query, decoded; empty where longer */
	char origin[256];   /* whose page sent it, as host; empty: not told */
	char host[256]; /* lower case, with port; of the target or the field */
	char accept_language[160];  /* cut where longer */
	size_t query_at, query_len; /* where the query is, not decoded */
	size_t body_at;		    /* once done: where the body starts */
	size_t body_len;
	struct request_extra *extra; /* NULL: not read */

	/* the reader's own */
	size_t parsed;	/* complete lines end here */
	size_t line_at; /* where the last of them began */
	size_t scanned; /* no line end before */
	unsigned int fields;
	bool has_line, has_head, has_version_1_1;
	bool has_host, has_length, has_coding, is_chunked, has_type;
	bool has_target_host;
};

/* ignores_body: for those who answer without looking at what follows. */
void request_init(struct request *r, bool ignores_body);

/* After request_init(): extra is zeroed and filled; its owner frees it. */
void request_want_extra(struct request *r, struct request_extra *extra);

/*
 * bytes is everything received so far, from its first byte; len only grows.
 * Head and body never take more than REQUEST_MAX bytes together.
 */
enum request_result request_feed(struct request *r, const char *bytes,
				 size_t len);

const char *request_method_to_string(enum request_method method);

enum request_text {
	REQUEST_TEXT_PATH,
	REQUEST_TEXT_QUERY, /* a plus sign is a space */
	/* also tabs, line ends and other control characters, but no NUL */
	REQUEST_TEXT_PASTED,
};

/*
 * Undoes percent codes: -1, or the length in out, which is not terminated.
 * No room, broken codes and control characters are all -1.
 */
int request_decode(enum request_text kind, const char *text, size_t len,
		   char *out, size_t max);

#endif
