/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The files that the config names, beside those with a place of their own in a
 * backup: pictures, texts, certificates and keys, passwords. In a backup they
 * lie below "files" by their whole names, and "files.list" has the mode, owner
 * and group of each. A link of root's, as ACME clients make them, is copied as
 * what it leads to, and where a box has one it stays as it is.
 */
#ifndef STADTTOR_CLI_BACKUP_NAMED_H
#define STADTTOR_CLI_BACKUP_NAMED_H

#include <stdbool.h>

#include "cli/cli.h"

struct named;
struct settings;

enum cli_exit named_back_up(const struct cli *cli, const char *folder,
			    const struct settings *s);

/*
 * What of them is in the backup, checked, and opened; a backup of before they
 * were in it has none. Changes nothing. settings are lent until named_free().
 */
enum cli_exit named_open(const struct cli *cli, const char *folder,
			 const struct settings *s, struct named **named);

/*
 * Puts them in place, with the owners and modes that they had; is_portals:
 * those whose folder is not ours, else those whose is.
 */
enum cli_exit named_restore(struct named *n, bool is_portals);
void named_free(struct named *n);

#endif
