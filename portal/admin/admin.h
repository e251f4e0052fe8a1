/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operators' listener as a whole: dashboard, figures, metrics. It is open
 * while it is enabled and there is an account, and never on a guest's side.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_H

#include "portal/admin/admin_site.h"

struct admin;

struct admin_config { /* all lent, as long as the admin lives */
	struct event_base *base;
	struct netctl_client *netctl;
	const struct city *city;
};

/* What a config file amounts to; lent until the next one. */
struct admin_material {
	const struct settings *settings;
	const struct accounts *accounts; /* NULL: unreadable, so none */
	const struct asset_set *assets;
	struct tls_context *tls; /* NULL: without TLS, as the guests' */
	struct tls_context *portal_tls;
};

/* NULL: no memory or no randomness. */
struct admin *admin_new(const struct admin_config *config);

/* Opens, moves or closes the listener. */
void admin_apply(struct admin *a, const struct admin_material *m);

/* Lent; NULL: there is none for the moment. */
void admin_set_store(struct admin *a, struct store *store);

/* Whether what a reload reads could not be used: config, pages, certificates.
 */
void admin_set_reload(struct admin *a, bool is_refused);

/* Lent likewise: what was not well, and notes. */
void admin_set_history(struct admin *a, struct history *history);

/* Lent likewise: the codes, where a zone asks for some. */
void admin_set_vouchers(struct admin *a, struct vouchers *vouchers);

/* Lent likewise: who is told of logouts. */
void admin_set_oidc(struct admin *a, struct oidc *oidc);

/*
 * The codes of what is not well, as members of a JSON array. h: NULL where
 * netctl does not answer.
 */
void admin_put_codes(struct admin *a, const struct ipc_health *h,
		     struct strbuf *out);

/* As of admin_health_list(). */
struct json_object *admin_list_health(struct admin *a,
				      const struct ipc_health *h);

/* Devices have come or gone. */
void admin_check_device(struct admin *a);
void admin_free(struct admin *a);

#endif
