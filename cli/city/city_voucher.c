/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city voucher`: the commands of a box's codes (cli/voucher/) for
 * those of the city.
 */
#include "cli/cli.h"

static struct cli of_city(const struct cli *cli)
{
	struct cli own = *cli;

	own.city.codes = true;
	return own;
}

enum cli_exit cli_city_voucher_create(const struct cli *cli)
{
	const struct cli own = of_city(cli);

	return cli_voucher_create(&own);
}

enum cli_exit cli_city_voucher_list(const struct cli *cli)
{
	const struct cli own = of_city(cli);

	return cli_voucher_list(&own);
}

enum cli_exit cli_city_voucher_revoke(const struct cli *cli)
{
	const struct cli own = of_city(cli);

	return cli_voucher_revoke(&own);
}

enum cli_exit cli_city_voucher_statistics(const struct cli *cli)
{
	const struct cli own = of_city(cli);

	return cli_voucher_statistics(&own);
}

enum cli_exit cli_city_voucher_print(const struct cli *cli)
{
	const struct cli own = of_city(cli);

	return cli_voucher_print(&own);
}
