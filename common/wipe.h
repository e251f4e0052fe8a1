/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Letting go of what libraries and calls leave behind in memory: an address
 * that was handled is not found there any more.
 */
#ifndef STADTTOR_WIPE_H
#define STADTTOR_WIPE_H

/*
 * From now on freed memory is overwritten, whoever frees it. With glibc; musl
 * has no such switch, there only what we free ourselves is wiped.
 */
void wipe_freed_memory(void);

/* Overwrites the part of the stack that earlier calls have used. */
void wipe_stack(void);

#endif
