/* SPDX-License-Identifier: GPL-3.0-or-later */
/* In the place of what a city's server is set up with: built with CITY=0 or
 * box. */
#include "cli/city/city_codes.h"

static enum cli_exit refuse(const struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED,
			"this program was built without what a city's server "
			"needs");
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

enum cli_exit cli_city_open_data(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_voucher_create(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_voucher_list(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_voucher_revoke(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_voucher_statistics(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit cli_city_voucher_print(const struct cli *cli)
{
	return refuse(cli);
}

enum cli_exit city_codes_open(struct city_codes *c, const struct cli *cli)
{
	(void)c;
	return refuse(cli);
}

void city_codes_close(struct city_codes *c)
{
	(void)c;
}
