/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of family inet: who may go where. */
#ifndef STADTTOR_NETCTL_RULES_RULESET_INET_H
#define STADTTOR_NETCTL_RULES_RULESET_INET_H

struct walk;

void ruleset_inet_walk(struct walk *w);

#endif
