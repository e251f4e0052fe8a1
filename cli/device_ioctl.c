/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/device_ioctl.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

bool device_ioctl(const char *device, unsigned long request, struct ifreq *r)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool good;

	*r = (struct ifreq){ .ifr_ifindex = 0 };
	if (fd < 0)
		return false;
	snprintf(r->ifr_name, sizeof(r->ifr_name), "%s", device);
	good = ioctl(fd, request, r) == 0;
	close(fd);
	return good;
}

bool device_ioctl_address(const char *device, unsigned long request,
			  struct addr *out)
{
	struct ifreq r;

	return device_ioctl(device, request, &r) &&
	       addr_from_sockaddr(out, &r.ifr_addr);
}
