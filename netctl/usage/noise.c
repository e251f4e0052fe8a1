/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/usage/noise.h"

#include <stdbool.h>

#include "common/random.h"

struct tape {
	noise_source *bits;
	void *arg;
};

/* 0 .. n - 1 */
static uint64_t uniform(const struct tape *t, uint64_t n)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % n;
	uint64_t v;

	do
		v = t->bits(t->arg);
	while (v >= limit);
	return v % n;
}

/* true with probability exp(-n / d), n <= d: von Neumann's series */
static bool bernoulli_exp(const struct tape *t, uint64_t n, uint64_t d)
{
	uint64_t k = 1;

	while (uniform(t, d * k) < n)
		k++;
	return k & 1;
}

int64_t noise_draw_from(struct usage_scale t, noise_source *bits, void *arg)
{
	const struct tape tape = { bits, arg };

	for (;;) {
		uint64_t u = uniform(&tape, t.n), v = 0;
		int64_t y;

		if (!bernoulli_exp(&tape, u, t.n))
			continue;
		while (bernoulli_exp(&tape, 1, 1))
			v++;
		y = (int64_t)((u + t.n * v) / t.d);
		if (!(uniform(&tape, 2) & 1))
			return y;
		if (y)
			return -y;
	}
}

/* A draw takes about eight, so as many are fetched at once. */
static uint64_t kernel_bits(void *arg)
{
	static uint64_t word[8];
	static unsigned int left;

	(void)arg;
	if (!left && !random_fill(word, sizeof(word)))
		fatal("usage: the kernel has no random numbers");
	left = (left ? left : 8) - 1;
	return word[left];
}

int64_t noise_draw(struct usage_scale t)
{
	return noise_draw_from(t, kernel_bits, NULL);
}
