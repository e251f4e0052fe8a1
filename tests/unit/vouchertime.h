/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The time that vouchers are told, which passes when a test lets it. */
#ifndef STADTTOR_TESTS_VOUCHERTIME_H
#define STADTTOR_TESTS_VOUCHERTIME_H

#include "portal/voucher/voucher.h"

static struct voucher_time now;

static inline struct voucher_time told_time(void *arg)
{
	(void)arg;
	return now;
}

/* A second passes for limits as well. */
static inline void pass(int64_t seconds)
{
	now.wall_s += seconds;
	now.since_ms += (uint64_t)seconds * 1000;
}

#endif
