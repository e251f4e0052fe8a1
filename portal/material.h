/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one config file amounts to, with the files that it names: read as a
 * whole, and replaced as a whole at a reload.
 */
#ifndef STADTTOR_PORTAL_MATERIAL_H
#define STADTTOR_PORTAL_MATERIAL_H

#include "common/config/settings.h"
#include "portal/admin/accounts.h"
#include "portal/admin/asset.h"
#include "portal/http/tls.h"
#include "portal/pages/theme.h"

#define MATERIAL_ERROR_MAX 1100

struct material {
	struct settings *settings;
	struct theme theme;
	struct tls_context *tls; /* NULL: none is configured */
	struct tls_context *admin_tls;
	struct accounts *accounts; /* NULL: the file is not right */
	struct asset_set *assets;
};

/* Takes over the settings. false: error says what is wrong; what was read is
 * to be cleared in any case. */
bool material_read(struct material *m, struct settings *s,
		   char error[MATERIAL_ERROR_MAX]) MUST_CHECK;

/* Apart from the rest: guests are served whatever became of this file. */
bool material_read_accounts(struct material *m,
			    char error[MATERIAL_ERROR_MAX]) MUST_CHECK;

/* All of it, as a reload takes it. false: nothing is left to be cleared. */
bool material_read_all(struct material *m, const char *config,
		       char error[MATERIAL_ERROR_MAX]) MUST_CHECK;

void material_clear(struct material *m);

#endif
