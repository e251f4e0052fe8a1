/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ways in, as a table. Each has a form on the portal page and judges what
 * comes back; netctl has the last word on every limit.
 */
#ifndef STADTTOR_PORTAL_AUTH_H
#define STADTTOR_PORTAL_AUTH_H

#include "common/ipc.h"
#include "portal/form.h"

struct auth_method {
	const char *name;
	const char *page; /* the form: pages/PAGE.html */
	/*
	 * NULL: fine, limits say what to ask for (0: the zone's default).
	 * Else the key of the text that tells the person what is missing.
	 */
	const char *(*check)(const struct form *f, struct ipc_limits *limits);
};

/* The method that is in use. */
const struct auth_method *auth_method_get(void);

#endif
