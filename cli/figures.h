/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The portal's figures, for commands that read them. */
#ifndef STADTTOR_CLI_FIGURES_H
#define STADTTOR_CLI_FIGURES_H

#include "cli/cli.h"
#include "portal/store/store.h"

/*
 * Becomes the portal's user and opens the figures of the config for reading.
 * Otherwise it has said why. The caller frees them by store_free().
 */
enum cli_exit cli_open_store(const struct cli *cli, const struct settings *c,
			     struct store **st);

#endif
