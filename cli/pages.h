/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The citizens' pages as the portal will read them: for check and preview. */
#ifndef STADTTOR_CLI_PAGES_H
#define STADTTOR_CLI_PAGES_H

#include "cli/cli.h"
#include "portal/logo.h"
#include "portal/page.h"

struct cli_pages {
	struct page_set *set;
	struct logo logo;
};

/*
 * The settings are borrowed until cli_pages_clear(), which is due in any case.
 * CLI_USAGE: it has said why.
 */
enum cli_exit cli_pages_read(const struct cli *cli, const struct settings *s,
			     struct cli_pages *p);
void cli_pages_clear(struct cli_pages *p);

/* Whether they are small enough for the portal; error says what is not. */
bool cli_pages_fit(const struct cli_pages *p, const struct settings *s,
		   char error[PAGE_ERROR_MAX]);

#endif
