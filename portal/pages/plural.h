/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which form of a noun follows a whole number: the rules of Unicode's CLDR
 * that our languages need. A language file names its rule.
 */
#ifndef STADTTOR_PORTAL_PAGES_PLURAL_H
#define STADTTOR_PORTAL_PAGES_PLURAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plural_form {
	PLURAL_ZERO,
	PLURAL_ONE,
	PLURAL_TWO,
	PLURAL_FEW,
	PLURAL_MANY,
	PLURAL_OTHER,
	PLURAL_FORMS
};

struct plural_rule;

/* "one-other", "zero-one", "polish", ...; NULL: there is no such rule. */
const struct plural_rule *plural_find(const char *name);

/* The names of all rules with commas, for messages. */
const char *plural_names(void);

enum plural_form plural_form(const struct plural_rule *rule, uint64_t n);

/* Whether a language of that rule has this form. */
bool plural_has(const struct plural_rule *rule, enum plural_form form);

/* "one", as the keys of texts end. */
const char *plural_form_to_string(enum plural_form form);

#endif
