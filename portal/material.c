/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/material.h"

#include <stdio.h>
#include <string.h>

#include "common/config/settings_read.h"

void material_clear(struct material *m)
{
	theme_clear(&m->theme);
	settings_free(m->settings);
	tls_context_free(m->tls);
	tls_context_free(m->admin_tls);
	accounts_free(m->accounts);
	asset_set_free(m->assets);
	memset(m, 0, sizeof(*m));
}

/* No certificate is fine, too: *out is NULL then. */
static bool read_tls(struct tls_context **out, const char *certificate,
		     const char *key, char error[MATERIAL_ERROR_MAX])
{
	char why[TLS_ERROR_MAX];

	if (!*certificate)
		return true;
	*out = tls_context_new(certificate, key, why);
	if (!*out)
		snprintf(error, MATERIAL_ERROR_MAX, "%s", why);
	return *out != NULL;
}

static bool read_assets(struct material *m, char error[MATERIAL_ERROR_MAX])
{
	char folder[256];
	char why[ASSET_ERROR_MAX];

	snprintf(folder, sizeof(folder), "%s/admin", m->settings->portal.pages);
	m->assets = asset_set_read(folder, why);
	if (!m->assets)
		snprintf(error, MATERIAL_ERROR_MAX, "%s", why);
	return m->assets != NULL;
}

static bool read_pages(struct material *m, char error[MATERIAL_ERROR_MAX])
{
	char why[PAGE_ERROR_MAX];

	if (theme_read(&m->theme, m->settings, why) &&
	    theme_fit(&m->theme, m->settings, why))
		return true;
	snprintf(error, MATERIAL_ERROR_MAX, "%s", why);
	return false;
}

bool material_read(struct material *m, struct settings *s,
		   char error[MATERIAL_ERROR_MAX])
{
	const struct portal_settings *p = &s->portal;
	const struct admin_settings *a = &s->admin;

	settings_forget_devices(s);
	*m = (struct material){ .settings = s };
	return read_pages(m, error) &&
	       read_tls(&m->tls, p->certificate, p->key, error) &&
	       read_tls(&m->admin_tls, a->certificate, a->key, error) &&
	       read_assets(m, error);
}

bool material_read_accounts(struct material *m, char error[MATERIAL_ERROR_MAX])
{
	char why[ACCOUNTS_ERROR_MAX];

	m->accounts = accounts_read(m->settings->admin.accounts, why);
	if (!m->accounts)
		snprintf(error, MATERIAL_ERROR_MAX, "%s", why);
	return m->accounts != NULL;
}

bool material_read_all(struct material *m, const char *config,
		       char error[MATERIAL_ERROR_MAX])
{
	char why[UCI_ERROR_MAX];
	struct settings *s = settings_read(config, why);

	if (!s) {
		snprintf(error, MATERIAL_ERROR_MAX, "%s", why);
		return false;
	}
	if (material_read(m, s, error) && material_read_accounts(m, error))
		return true;
	material_clear(m);
	return false;
}
