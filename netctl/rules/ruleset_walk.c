/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/rules/ruleset_walk.h"

#include "netctl/rules/ruleset_inet.h"
#include "netctl/rules/ruleset_netdev.h"
#include "netctl/rules/walk.h"

void ruleset_walk(const struct ruleset_input *in,
		  const struct ruleset_visitor *visitor)
{
	struct walk w = { .in = in,
			  .visitor = visitor,
			  .mask = ruleset_mark_mask(in->settings) };

	ruleset_netdev_walk(&w);
	ruleset_inet_walk(&w);
}
