/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/auth.h"

#include <string.h>

/* One tap: nobody is asked who they are. */
static const char *click_check(const struct form *f, struct ipc_limits *limits)
{
	const char *terms = form_find(f, "terms");

	memset(limits, 0, sizeof(*limits));
	return terms && !strcmp(terms, "1") ? NULL : "notice_terms";
}

static const struct auth_method methods[] = {
	{ .name = "click", .page = "form_click", .check = click_check },
};

const struct auth_method *auth_method_get(void)
{
	return &methods[0];
}
