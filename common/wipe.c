/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/wipe.h"

#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define STACK_DEPTH 65536

void wipe_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_PERTURB, 0xa5);
#endif
}

__attribute__((noinline)) void wipe_stack(void)
{
	char deep[STACK_DEPTH];

	explicit_bzero(deep, sizeof(deep));
}
