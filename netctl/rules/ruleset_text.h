/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset in nft's own syntax, for people and for golden tests. */
#ifndef STADTTOR_NETCTL_RULES_RULESET_TEXT_H
#define STADTTOR_NETCTL_RULES_RULESET_TEXT_H

#include <stdio.h>

#include "common/config/settings.h"

/*
 * What netctl installs when every device of the config is there, HTB does the
 * shaping and the kernel has flow tables. Needs no privilege and asks the
 * kernel nothing.
 */
void ruleset_print(const struct settings *s, FILE *out);

#endif
