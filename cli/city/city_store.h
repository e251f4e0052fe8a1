/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A connection to one server of a city's store, Valkey or Redis: RESP2 over
 * TLS, one thing after the other, and nothing waits for ever. The server's
 * certificate must be for its name and of the city's authority.
 */
#ifndef STADTTOR_CLI_CITY_CITY_STORE_H
#define STADTTOR_CLI_CITY_CITY_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#include "common/log.h"

#define CITY_WHY_MAX 400
#define CITY_PIPE_MAX                                                          \
	100		  /* commands that may be sent before a reply is read  \
			   */
#define CITY_WORDS_MAX 24 /* of a command */

struct city_store;

struct city_store_login {
	const char *ca; /* file */
	const char *user, *password;
};

/*
 * Connects and logs in; node is "host:port". Borrows the node's name. NULL: why
 * says what is wrong, and of whom.
 */
struct city_store *city_store_open(const struct city_store_login *l,
				   const char *node, char why[CITY_WHY_MAX]);
void city_store_close(struct city_store *s);
const char *city_store_node(const struct city_store *s);

/* Until its certificate ends. */
int64_t city_store_days_left(const struct city_store *s, int64_t now_s);

/* A command: words, the last of them NULL, and behind them a value of bytes. */
struct city_command {
	const char *const *word;
	const void *value; /* NULL: none */
	size_t len;
};

/* Sends without waiting. false: the connection is broken. */
bool city_store_send(struct city_store *s, const struct city_command *c,
		     char why[CITY_WHY_MAX]) MUST_CHECK;

/*
 * The next reply, for freeReplyObject(); an error of the server is a reply,
 * too. NULL: the connection is broken.
 */
redisReply *city_store_read(struct city_store *s,
			    char why[CITY_WHY_MAX]) MUST_CHECK;

/* Both at once; NULL: broken, or the server has refused. Words end by NULL. */
redisReply *city_store_ask(struct city_store *s, char why[CITY_WHY_MAX],
			   const char *word, ...) MUST_CHECK
	__attribute__((sentinel));

/* The same where the reply says nothing more. */
bool city_store_do(struct city_store *s, char why[CITY_WHY_MAX],
		   const char *word, ...) MUST_CHECK __attribute__((sentinel));

/* Its clock, in seconds since 1970. 0: why says what is wrong. */
int64_t city_store_time(struct city_store *s, char why[CITY_WHY_MAX]);

/* Whether it takes writes, or is another's replica. */
bool city_store_is_master(struct city_store *s, bool *is_master,
			  char why[CITY_WHY_MAX]) MUST_CHECK;

#endif
