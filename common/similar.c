/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/similar.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A mistake in so many letters is allowed. */
#define LETTERS_A_MISTAKE 3

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Case and kind of dash are no mistake at all. */
static int folded(char c)
{
	return c == '-' || c == ' ' ? '_' : tolower((unsigned char)c);
}

/*
 * Letters more, fewer, wrong, or in the place of their neighbour: optimal
 * string alignment, which keeps three rows of the table.
 */
static size_t distance(const char *a, const char *b)
{
	size_t row[3][SIMILAR_WORD_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2];
	size_t len = strlen(b);

	for (size_t j = 0; j <= len; j++)
		last[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t *spare = before;

		now[0] = i;
		for (size_t j = 1; j <= len; j++) {
			bool same = folded(a[i - 1]) == folded(b[j - 1]);

			now[j] = least(last[j - 1] + !same,
				       least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 &&
			    folded(a[i - 1]) == folded(b[j - 2]) &&
			    folded(a[i - 2]) == folded(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = last;
		last = now;
		now = spare;
	}
	return last[len];
}

struct similar similar_to(const char *word)
{
	return (struct similar){ .word = word };
}

void similar_offer(struct similar *s, const char *word)
{
	size_t len = strlen(s->word), found;

	if (len > SIMILAR_WORD_MAX || strlen(word) > SIMILAR_WORD_MAX)
		return;
	found = distance(s->word, word);
	if (found > len / LETTERS_A_MISTAKE ||
	    (s->best && found >= s->distance))
		return;
	s->best = word;
	s->distance = found;
}

const char *similar_question(const struct similar *s,
			     char out[SIMILAR_QUESTION_MAX])
{
	out[0] = '\0';
	if (s->best)
		snprintf(out, SIMILAR_QUESTION_MAX, "; did you mean %s?",
			 s->best);
	return out;
}
