/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of family netdev: who is who, and in which class. */
#ifndef STADTTOR_NETCTL_RULES_RULESET_NETDEV_H
#define STADTTOR_NETCTL_RULES_RULESET_NETDEV_H

struct walk;

void ruleset_netdev_walk(struct walk *w);

#endif
