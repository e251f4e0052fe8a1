/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/plural.h"

#include <string.h>

#include "common/array.h"

struct plural_rule {
	const char *name;
	enum plural_form (*form)(uint64_t n);
	unsigned int forms; /* bit of each that there is */
};

static bool is_within(uint64_t n, uint64_t low, uint64_t high)
{
	return n >= low && n <= high;
}

static enum plural_form one_other(uint64_t n)
{
	return n == 1 ? PLURAL_ONE : PLURAL_OTHER;
}

static enum plural_form zero_one(uint64_t n)
{
	return n <= 1 ? PLURAL_ONE : PLURAL_OTHER;
}

static bool is_slavic_few(uint64_t n)
{
	return is_within(n % 10, 2, 4) && !is_within(n % 100, 12, 14);
}

static enum plural_form polish(uint64_t n)
{
	if (n == 1)
		return PLURAL_ONE;
	return is_slavic_few(n) ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural_form slavic(uint64_t n)
{
	if (n % 10 == 1 && n % 100 != 11)
		return PLURAL_ONE;
	return is_slavic_few(n) ? PLURAL_FEW : PLURAL_MANY;
}

static enum plural_form romanian(uint64_t n)
{
	if (n == 1)
		return PLURAL_ONE;
	return n == 0 || is_within(n % 100, 1, 19) ? PLURAL_FEW : PLURAL_OTHER;
}

static enum plural_form arabic(uint64_t n)
{
	if (n <= 2)
		return n == 0 ? PLURAL_ZERO : n == 1 ? PLURAL_ONE : PLURAL_TWO;
	if (is_within(n % 100, 3, 10))
		return PLURAL_FEW;
	return is_within(n % 100, 11, 99) ? PLURAL_MANY : PLURAL_OTHER;
}

#define BIT(form) (1U << PLURAL_##form)

static const struct plural_rule rules[] = {
	{ "one-other", one_other, BIT(ONE) | BIT(OTHER) },
	{ "zero-one", zero_one, BIT(ONE) | BIT(OTHER) },
	{ "polish", polish, BIT(ONE) | BIT(FEW) | BIT(MANY) },
	{ "slavic", slavic, BIT(ONE) | BIT(FEW) | BIT(MANY) },
	{ "romanian", romanian, BIT(ONE) | BIT(FEW) | BIT(OTHER) },
	{ "arabic", arabic,
	  BIT(ZERO) | BIT(ONE) | BIT(TWO) | BIT(FEW) | BIT(MANY) | BIT(OTHER) },
};

const struct plural_rule *plural_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (!strcmp(rules[i].name, name))
			return &rules[i];
	return NULL;
}

const char *plural_names(void)
{
	return "one-other, zero-one, polish, slavic, romanian, arabic";
}

enum plural_form plural_form(const struct plural_rule *rule, uint64_t n)
{
	return rule->form(n);
}

bool plural_has(const struct plural_rule *rule, enum plural_form form)
{
	return rule->forms & 1U << form;
}

const char *plural_form_to_string(enum plural_form form)
{
	static const char *const name[PLURAL_FORMS] = {
		[PLURAL_ZERO] = "zero", [PLURAL_ONE] = "one",
		[PLURAL_TWO] = "two",	[PLURAL_FEW] = "few",
		[PLURAL_MANY] = "many", [PLURAL_OTHER] = "other",
	};

	return name[form];
}
