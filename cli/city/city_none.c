/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of what a box needs of this folder: built with CITY=0. */
#include "cli/cli.h"

static enum cli_exit refuse(const struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED,
			"this program was built without cities");
}

enum cli_exit cli_city_join(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_leave(const struct cli *cli)
{
	return refuse(cli);
}
