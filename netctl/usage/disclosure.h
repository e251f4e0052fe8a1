/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which figures may leave: those that at least k devices share, and of which
 * neither the figures nor the remainders they leave show fewer. Pure
 * judgement: who contributed to what is counted by others.
 */
#ifndef STADTTOR_NETCTL_USAGE_DISCLOSURE_H
#define STADTTOR_NETCTL_USAGE_DISCLOSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/usage.h"

/* Sets of metrics below USAGE_RELEASED. */
#define DISCLOSURE_BIT(metric) (1ULL << (metric))
#define DISCLOSURE_BYTES                                                       \
	(DISCLOSURE_BIT(USAGE_BYTES_UP) | DISCLOSURE_BIT(USAGE_BYTES_DOWN))

struct disclosure_bytes {
	uint64_t up, down;
};

/* Raises each direction to at least that much. */
void disclosure_raise(struct disclosure_bytes *most, uint64_t up,
		      uint64_t down);

/* No device makes up more than half of the sum, in either direction. */
bool disclosure_is_mixed(const struct disclosure_bytes *most,
			 const struct disclosure_bytes *sum);

/* The steps of five in which a number of people is told; below k: 0. */
uint64_t disclosure_people(uint64_t online, unsigned int k);

/* What waits, and who is known to have contributed to it. */
struct disclosure_batch {
	const uint64_t *value;	      /* USAGE_RELEASED of them */
	const uint64_t *contributors; /* devices, for each */
	struct disclosure_bytes most; /* of one device, at most */
	/* how many devices share at least one metric of the set */
	size_t (*count)(const void *arg, uint64_t metrics);
	const void *arg;
};

/* The set that may go. */
uint64_t disclosure_metrics(const struct disclosure_batch *b, unsigned int k);

/* A remainder of no device, or of at least k. */
bool disclosure_is_none_or_many(uint64_t devices, unsigned int k);

#endif
