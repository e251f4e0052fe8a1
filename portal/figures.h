/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Durations, amounts of data and speeds, as people write them. */
#ifndef STADTTOR_PORTAL_FIGURES_H
#define STADTTOR_PORTAL_FIGURES_H

#include <stdint.h>

#include "portal/lang.h"

#define FIGURES_MAX 48

/* "8 h", "1 h 30 min", "3 d 4 h"; below a minute: "1 min". */
const char *figures_duration(char buf[FIGURES_MAX], uint64_t seconds,
			     const struct lang *l);
/* "500 MB", "1.5 GB", decimal units. */
const char *figures_bytes(char buf[FIGURES_MAX], uint64_t bytes,
			  const struct lang *l);
/* "5 Mbit/s" */
const char *figures_rate(char buf[FIGURES_MAX], uint64_t bps,
			 const struct lang *l);

#endif
