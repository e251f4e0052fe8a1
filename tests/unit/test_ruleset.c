/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of the ruleset, whatever the config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/config/settings_read.h"
#include "netctl/rules/ruleset.h"
#include "netctl/rules/ruleset_text.h"
#include "netctl/rules/ruleset_walk.h"

#define NAMES_MAX 512

/* The longest names, every feature, as many zones and uplinks as allowed. */
static char *big_config(void)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	for (int i = 0; i < SETTINGS_UPLINKS; i++)
		fprintf(f,
			"config uplink 'uplink_______%02d'\n"
			"\toption device 'uplink-------%02d'\n"
			"\toption bandwidth '1gbit'\n",
			i, i);
	for (int i = 0; i < SETTINGS_ZONES; i++)
		fprintf(f,
			"config zone 'zone_________%02d'\n"
			"\toption device 'device-------%02d'\n"
			"\toption rate_down '1mbit'\n"
			"\tlist garden_name 'example.org'\n"
			"\tlist garden_address '192.0.2.0/24'\n"
			"\tlist garden_address '2001:db8::/32'\n"
			"\tlist garden_port '8883/tcp'\n"
			"\tlist allow_private '192.168.7.0/24'\n"
			"\tlist allow_private 'fd00:7::/32'\n",
			i, i);
	fclose(f);
	return text;
}

static struct settings *settings_of(const char *text)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_parse("test", text, strlen(text), error);

	if (!s)
		fail_msg("%s", error);
	return s;
}

struct seen {
	char name[NAMES_MAX][RULESET_NAME_MAX + 8];
	int names;
	char chain[RULESET_NAME_MAX];
	int rules;
};

static bool is_known(const struct seen *seen, enum ruleset_family family,
		     const char *name)
{
	char full[RULESET_NAME_MAX + 8];

	snprintf(full, sizeof(full), "%d %s", family, name);
	for (int i = 0; i < seen->names; i++)
		if (!strcmp(seen->name[i], full))
			return true;
	return false;
}

static void learn(struct seen *seen, enum ruleset_family family,
		  const char *name)
{
	assert_false(is_known(seen, family, name));
	assert_true(seen->names < NAMES_MAX);
	snprintf(seen->name[seen->names++], sizeof(seen->name[0]), "%d %s",
		 family, name);
}

static void on_set(void *arg, const struct ruleset_set *set)
{
	learn(arg, set->family, set->name);
}

static void on_flow_table(void *arg, const struct ruleset_flow_table *f)
{
	learn(arg, FAMILY_INET, f->name);
}

static void on_chain(void *arg, const struct ruleset_chain *chain)
{
	struct seen *seen = arg;

	learn(seen, chain->family, chain->name);
	snprintf(seen->chain, sizeof(seen->chain), "%s", chain->name);
}

static bool is_end(const struct ruleset_term *t)
{
	return t->kind >= TERM_REDIRECT || t->kind == TERM_SET_MARK ||
	       t->kind == TERM_MARK_CLASS;
}

/* Names are defined before they are used, and every rule decides something. */
static void on_rule(void *arg, const struct ruleset_rule *rule)
{
	struct seen *seen = arg;

	assert_string_equal(rule->chain, seen->chain);
	assert_in_range(rule->terms, 1, RULESET_TERMS);
	for (int i = 0; i < rule->terms; i++) {
		const struct ruleset_term *t = &rule->term[i];

		if (*t->name && t->kind != TERM_IIFNAME &&
		    t->kind != TERM_OIFNAME && t->kind != TERM_OIF)
			assert_true(is_known(seen, rule->family, t->name));
	}
	assert_true(is_end(&rule->term[rule->terms - 1]));
	seen->rules++;
}

static void walk(struct ruleset_input *in, struct seen *seen)
{
	const struct ruleset_visitor v = { .on_set = on_set,
					   .on_flow_table = on_flow_table,
					   .on_chain = on_chain,
					   .on_rule = on_rule,
					   .arg = seen };

	memset(seen, 0, sizeof(*seen));
	ruleset_walk(in, &v);
}

static void test_names_are_whole_and_known(void **state)
{
	char *text = big_config();
	struct settings *s = settings_of(text);
	struct ruleset_input in = { .settings = s };
	static struct seen seen;
	int closed_rules;

	(void)state;
	walk(&in, &seen);
	closed_rules = seen.rules;
	for (size_t i = 0; i < s->zones; i++)
		in.zone_present[i] = in.zone_policed[i] = true;
	for (size_t i = 0; i < s->uplinks; i++)
		in.uplink_ifindex[i] = in.uplink_shaped[i] = true;
	in.flow_table = in.foreign_flow_table = true;
	walk(&in, &seen);
	/* four at the ingress and eight at the egress of a policed zone; for
	 * each uplink two at both and two in the forward hook, and in each zone
	 * two for new connections and one for answers */
	assert_int_equal(seen.rules - closed_rules,
			 12 * SETTINGS_ZONES + 6 * SETTINGS_UPLINKS +
				 3 * SETTINGS_ZONES * SETTINGS_UPLINKS);
	settings_free(s);
	free(text);
}

static void test_every_term_has_text(void **state)
{
	char *text = big_config();
	struct settings *s = settings_of(text);
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	(void)state;
	ruleset_print(s, f);
	fclose(f);
	assert_null(strstr(out, "(null)"));
	assert_null(strstr(out, "  "));
	assert_non_null(strstr(out, "table inet stadttor {"));
	free(out);
	settings_free(s);
	free(text);
}

static void test_mark_mask(void **state)
{
	struct settings s = { .gate.mark_shift = 16 };

	(void)state;
	assert_int_equal(ruleset_mark_mask(&s), 0xffff0000);
	s.gate.mark_shift = 4;
	assert_int_equal(ruleset_mark_mask(&s), 0x000ffff0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_are_whole_and_known),
		cmocka_unit_test(test_every_term_has_text),
		cmocka_unit_test(test_mark_mask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
