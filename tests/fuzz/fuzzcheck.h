/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the fuzzers check alike: what must hold, texts that are printed and read
 * again, and errors of config files.
 */
#ifndef STADTTOR_TESTS_FUZZCHECK_H
#define STADTTOR_TESTS_FUZZCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* A trap is what libFuzzer keeps the input of. */
#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what))                                                   \
			__builtin_trap();                                      \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text in the making; the caller frees it after printed_end(). */
struct printed {
	char *text;
	size_t len;
	FILE *out;
};

static inline void printed_start(struct printed *p)
{
	*p = (struct printed){ 0 };
	p->out = open_memstream(&p->text, &p->len);
	CHECK(p->out);
}

static inline void printed_end(struct printed *p)
{
	CHECK(!fclose(p->out));
}

static inline bool printed_is(const struct printed *p, const void *bytes,
			      size_t len)
{
	return p->len == len && !memcmp(p->text, bytes, len);
}

/* "PREFIX7: why", one printable line of less than max bytes: gives the 7. */
static inline unsigned int check_error(const char *error, const char *prefix,
				       size_t max)
{
	size_t len = strlen(error), skipped = strlen(prefix);
	unsigned int line;

	CHECK(len < max && !strncmp(error, prefix, skipped));
	CHECK(sscanf(error + skipped, "%u: ", &line) == 1);
	for (size_t i = 0; i < len; i++)
		CHECK((unsigned char)error[i] >= 0x20 && error[i] != 0x7f);
	return line;
}

#endif
