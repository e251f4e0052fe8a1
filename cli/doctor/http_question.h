/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request to one port of HTTP, and how its answer begins. */
#ifndef STADTTOR_CLI_DOCTOR_HTTP_QUESTION_H
#define STADTTOR_CLI_DOCTOR_HTTP_QUESTION_H

#include <stdint.h>

#include "common/addr.h"
#include "common/log.h"

#define HTTP_QUESTION_WAIT_MS 2000
#define HTTP_ANSWER_MAX	      1024 /* with the closing NUL; the rest is cut */

/*
 * GET / of a host that is not the box, as phones' probes are led here. Waits
 * for HTTP_QUESTION_WAIT_MS at most. 0, -ETIMEDOUT or -errno.
 */
int http_question_ask(const struct addr *server, uint16_t port,
		      char answer[HTTP_ANSWER_MAX]) MUST_CHECK;

#endif
