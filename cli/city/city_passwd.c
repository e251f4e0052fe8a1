/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor city passwd`: who may see the dashboard of the hub. */
#include "cli/city/city_hub.h"

enum cli_exit cli_city_passwd(const struct cli *cli)
{
	struct cli_accounts accounts = { .user = CITY_HUB_USER,
					 .reader = "hub" };
	enum cli_exit code = cli_passwd_check(cli);
	char path[CITY_FILE_MAX];
	struct city_hub h;

	if (code)
		return code;
	code = city_hub_open(&h, cli, CITY_HUB_READ);
	accounts.path = city_hub_path(&h, "accounts", path);
	city_hub_close(&h); /* whose lock passwd takes by itself */
	return code ? code : cli_passwd_of(cli, &accounts);
}
