/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which names a zone opens before the tap: those of its garden_name, and the
 * hosts of all links that its pages show, since a link that leads nowhere is no
 * service, and of the provider that its accounts are of. A name opens itself
 * and all below it, as dnsmasq's nftset= does.
 */
#ifndef STADTTOR_COMMON_CONFIG_GARDEN_NAMES_H
#define STADTTOR_COMMON_CONFIG_GARDEN_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/config/settings.h"

#define GARDEN_NAME_MAX 256 /* with the closing NUL */

/*
 * Calls on_name for each of the zone's names, len bytes that are lent for the
 * call, without a closing dot, as they are written: the case may be any, and
 * the host of a link may be an address or no name that DNS knows. Some may come
 * twice. The portal's own name is left out, as it is open anyway.
 */
typedef void garden_name_fn(const char *name, size_t len, void *arg);
void garden_names_each(const struct settings *s, size_t zone,
		       garden_name_fn *on_name, void *arg);

/* Such a name in lower case. false: DNS knows none like it. */
bool garden_name_clean(const char *name, size_t len, char out[GARDEN_NAME_MAX]);

/*
 * Whether the zone opens that name: it is one of its names, or lies below one.
 * of gets the name that does, in lower case.
 */
bool garden_names_open(const struct settings *s, size_t zone, const char *name,
		       char of[GARDEN_NAME_MAX]);

#endif
