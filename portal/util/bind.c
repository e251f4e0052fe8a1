/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/bind.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

int bind_to_device(int fd, const char *device)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
			  (socklen_t)strlen(device) + 1) < 0
		       ? -errno
		       : 0;
}

static int bind_ipv6(int fd, const struct addr *a, uint16_t port)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	int is_only;

	memcpy(&sin6.sin6_addr, a->byte, sizeof(sin6.sin6_addr));
	if (IN6_IS_ADDR_LINKLOCAL(&sin6.sin6_addr))
		sin6.sin6_scope_id = a->ifindex;
	is_only = !IN6_IS_ADDR_UNSPECIFIED(&sin6.sin6_addr);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_only,
		       sizeof(is_only)) < 0)
		return -1;
	return bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));
}

static int bind_ipv4(int fd, const struct addr *a, uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	memcpy(&sin.sin_addr, a->byte, sizeof(sin.sin_addr));
	return bind(fd, (struct sockaddr *)&sin, sizeof(sin));
}

int bind_to_address(int fd, const struct addr *a, uint16_t port)
{
	int err = a->family == AF_INET ? bind_ipv4(fd, a, port)
				       : bind_ipv6(fd, a, port);

	return err < 0 ? -errno : 0;
}
