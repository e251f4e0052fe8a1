/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is well and what is not, for people: the list `health` of /api/now. */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_HEALTH_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_HEALTH_H

#include "portal/admin/admin_site.h"

struct json_object;

/*
 * An array of {"level":"ok|warn|error","code":...,"text":...}, never empty.
 * h: NULL where netctl does not answer.
 */
struct json_object *admin_health_list(struct admin_site *s,
				      const struct ipc_health *h);

/* The codes alone of what is not ok: as many members of an array as fit. */
void admin_health_put_codes(struct admin_site *s, const struct ipc_health *h,
			    struct strbuf *out);

#endif
