/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The portal as a whole: settings, pages, certificate, listeners, connections,
 * the operators' side, figures and netctl's socket, and how they are replaced
 * while it runs.
 */
#ifndef STADTTOR_PORTAL_PORTAL_H
#define STADTTOR_PORTAL_PORTAL_H

#include <stdbool.h>

#include "common/config/settings.h"
#include "common/daemon.h"

#define PORTAL_ERROR_MAX 1100

struct portal;

/*
 * Reads pages and certificate and opens the listeners, with the rights the
 * process has now. Takes over the settings, also when it fails. NULL: error
 * says what is wrong.
 */
struct portal *portal_new(struct settings *s, const struct daemon *daemon,
			  char error[PORTAL_ERROR_MAX]) MUST_CHECK;

/* Opens the database. Until SIGTERM or SIGINT; SIGHUP reloads. */
void portal_run(struct portal *p);

/* All or nothing: what does not fit leaves the running portal untouched. */
void portal_reload(struct portal *p);
void portal_free(struct portal *p);

#endif
