/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/pages.h"

#include "portal/sample.h"

enum cli_exit cli_pages_read(const struct cli *cli, const struct settings *s,
			     struct cli_pages *p)
{
	char logo_error[LOGO_ERROR_MAX];
	char error[PAGE_ERROR_MAX];

	p->set = NULL;
	if (!logo_read(&p->logo, s->portal.logo, logo_error))
		return cli_fail(cli, CLI_USAGE, "%s", logo_error);
	p->set = page_set_read(s, error);
	return p->set ? CLI_DONE : cli_fail(cli, CLI_USAGE, "%s", error);
}

void cli_pages_clear(struct cli_pages *p)
{
	page_set_free(p->set);
	logo_clear(&p->logo);
}

bool cli_pages_fit(const struct cli_pages *p, const struct settings *s,
		   char error[PAGE_ERROR_MAX])
{
	const struct scene_source source = {
		.settings = s,
		.pages = p->set,
		.logo = p->logo.bytes ? "/logo" : NULL,
	};

	return sample_check(&source, p->logo.len, error);
}
