/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Discrete Laplace noise, P(x) ~ exp(-|x| / t), drawn exactly: integers alone,
 * as Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential
 * Privacy" (2020), algorithms 1 and 2. Floating point would leave gaps that
 * tell of the value below the noise (Mironov 2012).
 */
#ifndef STADTTOR_NETCTL_USAGE_NOISE_H
#define STADTTOR_NETCTL_USAGE_NOISE_H

#include <stdint.h>

#include "common/usage.h"

/* Below that: draws neither overflow nor take long. */
#define NOISE_N_MAX (1ULL << 48)

/* 64 uniform bits. */
typedef uint64_t noise_source(void *arg);

/* t.n and t.d at least 1, t.n at most NOISE_N_MAX. */
int64_t noise_draw_from(struct usage_scale t, noise_source *bits, void *arg);

/* From the kernel; without random numbers the program ends. */
int64_t noise_draw(struct usage_scale t);

#endif
