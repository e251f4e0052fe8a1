/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel tells of a network device without netlink. */
#ifndef STADTTOR_CLI_DEVICE_IOCTL_H
#define STADTTOR_CLI_DEVICE_IOCTL_H

#include <net/if.h>
#include <stdbool.h>

#include "common/addr.h"

/* request: SIOCGIFFLAGS and its like (netdevice(7)). */
bool device_ioctl(const char *device, unsigned long request, struct ifreq *r);

/* Its first IPv4 address (SIOCGIFADDR), or the mask of that (SIOCGIFNETMASK).
 */
bool device_ioctl_address(const char *device, unsigned long request,
			  struct addr *out);

#endif
