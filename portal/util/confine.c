/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/util/confine.h"

#include <endian.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "common/array.h"

/* Of linux/audit.h, that of this build; 0: none of those that are built. */
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__) && __BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__mips__) && _MIPS_SIM == _ABIO32 &&                             \
	__BYTE_ORDER == __LITTLE_ENDIAN
#define ARCHITECTURE AUDIT_ARCH_MIPSEL
#elif defined(__mips__) && _MIPS_SIM == _ABIO32
#define ARCHITECTURE AUDIT_ARCH_MIPS
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define ARCHITECTURE AUDIT_ARCH_S390X
#else
#define ARCHITECTURE 0
#endif

/* The lower half of an argument, which all of these fit into. */
#define ARGUMENT(n)                                                            \
	(offsetof(struct seccomp_data, args[n]) +                              \
	 (__BYTE_ORDER == __BIG_ENDIAN ? 4 : 0))

#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define ALLOW	     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define DENY	     BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
/* Skips so many instructions unless the value is k. */
#define UNLESS(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, (n))
#define DENY_IF(k)   UNLESS(k, 1), DENY

/* __X32_SYSCALL_BIT of asm/unistd.h: x86-64 has a second set of numbers. */
#define OTHER_NUMBERS 0x40000000

int confine(void)
{
	struct sock_filter code[] = {
		LOAD(offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
		DENY,
		LOAD(offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_NUMBERS, 0, 1),
		DENY,
		DENY_IF(__NR_ioctl),
		DENY_IF(__NR_bpf),
		DENY_IF(__NR_io_uring_setup),
#ifdef __NR_socketcall
		DENY_IF(__NR_socketcall),
#endif
		UNLESS(__NR_socket, 6),
		LOAD(ARGUMENT(0)),
		DENY_IF(AF_NETLINK),
		DENY_IF(AF_PACKET),
		ALLOW,
		UNLESS(__NR_setsockopt, 14),
		LOAD(ARGUMENT(1)),
		UNLESS(IPPROTO_TCP, 4),
		LOAD(ARGUMENT(2)),
		DENY_IF(TCP_SAVE_SYN),
		ALLOW,
		UNLESS(SOL_SOCKET, 7),
		LOAD(ARGUMENT(2)),
		DENY_IF(SO_ATTACH_FILTER),
		DENY_IF(SO_ATTACH_BPF),
		DENY_IF(SO_ATTACH_REUSEPORT_CBPF),
		ALLOW,
	};
	struct sock_fprog filter = { ARRAY_SIZE(code), code };

	if (!ARCHITECTURE)
		return -EOPNOTSUPP;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0)
		return -errno;
	return 0;
}
