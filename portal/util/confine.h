/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Takes from a process the system calls that tell who else is on a network, so
 * that a portal that was taken over cannot look hardware addresses up, whatever
 * supervises it (seccomp(2), SECCOMP_SET_MODE_FILTER). What it may not do fails
 * with EPERM. Files are not its business: /proc and /sys are the unit's.
 */
#ifndef STADTTOR_PORTAL_UTIL_CONFINE_H
#define STADTTOR_PORTAL_UTIL_CONFINE_H

#include "common/log.h"

/*
 * For good, for the process and its children, of which there are none. Refused
 * are sockets of the families netlink and packet, ioctl(2), filters of sockets,
 * which read the link layer, TCP_SAVE_SYN, and the ways around: io_uring,
 * bpf(2), socketcall(2), another architecture's calls. no_new_privs has to be
 * set. 0 or -errno: -EINVAL where the kernel has no filters, -EOPNOTSUPP on an
 * architecture that is not known here.
 */
int confine(void) MUST_CHECK;

#endif
