/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of all other files of this folder: built with CITY=0. */
#include "cli/cli.h"

static enum cli_exit refuse(const struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED,
			"this program was built without cities");
}

enum cli_exit cli_city_init(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_add(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_list(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_show(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_remove(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_sync(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_passwd(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_join(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_leave(const struct cli *cli)
{
	return refuse(cli);
}
