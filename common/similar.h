/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What somebody may have meant who wrote a word that there is not: of the words
 * that there are the nearest one, if it is near.
 */
#ifndef STADTTOR_COMMON_SIMILAR_H
#define STADTTOR_COMMON_SIMILAR_H

#include <stddef.h>

#define SIMILAR_WORD_MAX     32 /* longer ones are like nothing */
#define SIMILAR_QUESTION_MAX (SIMILAR_WORD_MAX + 20)

/* Borrows its words. */
struct similar {
	const char *word;
	const char *best; /* NULL: none is near */
	size_t distance;  /* of best */
};

struct similar similar_to(const char *word);
void similar_offer(struct similar *s, const char *word);

/* "; did you mean rate_down?", or nothing. Returns out. */
const char *similar_question(const struct similar *s,
			     char out[SIMILAR_QUESTION_MAX]);

#endif
