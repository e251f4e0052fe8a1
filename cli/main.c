/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line and the portal in one file, for flash is dear and they
 * share half of their code. The name that it is called by says which one runs.
 * netctl is not in it: what has its rights is linked to no TLS and no HTTP.
 */
#include <string.h>

#include "cli/cli.h"
#include "portal/main.h"

#define PORTAL "stadttor-portal"

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	if (!strcmp(slash ? slash + 1 : argv[0], PORTAL))
		return portal_main(argc, argv);
	return cli_run(argc, argv);
}
