/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often a day was begun, in a small file that outlives a power cut. A day
 * that begins anew has fresh noise, and with it a budget of its own: without a
 * bound, whoever cuts the power often enough would average the noise away.
 */
#ifndef STADTTOR_NETCTL_USAGE_LIVES_H
#define STADTTOR_NETCTL_USAGE_LIVES_H

#include <stdint.h>
#include <sys/types.h>

#define LIVES_MAX 2 /* that are counted; the budget is the day's twice then */

/*
 * A descriptor for the file, which is made for that owner, its folder as well;
 * before privileges are dropped. -1: path is empty, or it cannot be, which the
 * log says.
 */
int lives_open(const char *path, uid_t uid, gid_t gid);

/*
 * One more life of that day, such as 20261124: which it is, from 1, once it is
 * on the disk. Where it cannot be written: one that is too many.
 */
unsigned int lives_begin(int fd, uint32_t day);

#endif
