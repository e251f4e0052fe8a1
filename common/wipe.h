/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Letting go of what libraries and calls leave behind in memory: an address
 * that was handled is not found there any more.
 */
#ifndef STADTTOR_WIPE_H
#define STADTTOR_WIPE_H

/*
 * From now on memory is overwritten before it is freed, whoever frees it: a
 * program that calls this takes the place of free(3) and realloc(3). Not under
 * the address sanitizer, which keeps what is freed to find mistakes.
 */
void wipe_freed_memory(void);

/* Overwrites the part of the stack that earlier calls have used. */
void wipe_stack(void);

#endif
