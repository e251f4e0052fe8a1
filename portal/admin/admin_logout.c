/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_logout.h"

#include "portal/admin/admin_answer.h"
#include "portal/admin/admin_site.h"
#include "portal/http/form.h"
#include "portal/oidc/oidc.h"

static bool read_token(const struct exchange *x, struct form *f,
		       const char **token)
{
	if (!x->request.is_form || !form_parse(f, x->body, x->request.body_len))
		return false;
	*token = form_find(f, "logout_token");
	return *token != NULL;
}

/* The token is all that it is believed by: anybody may send one. */
void admin_logout_take(struct conn *c)
{
	static const struct admin_answer done = {
		.status = 200, .type = "text/plain", .body = "", .body_len = 0
	};
	const struct admin_site *site = conn_arg(c);
	const char *token;
	struct form f;
	uint64_t tag;

	if (!site->oidc || !read_token(conn_exchange(c), &f, &token) ||
	    !oidc_take_logout(site->oidc, token, &tag))
		admin_answer_error(c, 400, NULL, "this is no logout token");
	else if (netctl_client_end_tag(site->netctl, tag) < 0)
		admin_answer_error(c, 503, NULL, "not now");
	else
		admin_answer(c, &done);
}
