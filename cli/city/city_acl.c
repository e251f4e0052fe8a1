/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city/city_acl.h"

#include <string.h>

#include "common/array.h"

#define PREFIX	      "box-"
#define BOX_KEYS      5
#define KEY_MAX	      48
#define BOX_COMMANDS  "+xadd", "+xread", "+role", "+time"
#define RULES_MAX     16
#define HASH_RULE_MAX (CITY_HASH_MAX + 1)

_Static_assert(RULES_MAX + 4 <= CITY_WORDS_MAX, "ACL SETUSER name rules, NULL");

static const struct {
	const char *name;
	const char *rules; /* behind -@all */
} accounts[] = {
	/* root on the hub's host; never +acl|load, which would undo the rest */
	[CITY_ADMIN] = { "admin",
			 "~in:* ~hb:* ~k:* ~c:* +acl|setuser +acl|deluser "
			 "+acl|getuser +acl|users +acl|save +client|kill +xadd "
			 "+xlen +xrevrange +del +role +time" },
	[CITY_HUB] = { "hub",
		       "~in:* ~g:* ~c:* ~v ~hub:* ~hb:* +xread +xadd +xtrim "
		       "+xdel +del +expire +memory|usage +get +set +role "
		       "+time +ping" },
	/* can shut sites out, and give nobody anything: no +acl|setuser */
	[CITY_SWITCH] = { "switch", "+acl|deluser" },
	[CITY_REPLICA] = { "replica", "+psync +replconf +ping" },
	[CITY_SENTINEL] = { "sentinel",
			    "allchannels +multi +slaveof +replicaof +ping "
			    "+exec +subscribe +config|rewrite +role +publish "
			    "+info +client|setname +client|kill +script|kill" },
};

_Static_assert(ARRAY_SIZE(accounts) == CITY_ACCOUNTS, "one each");

const char *city_acl_account(enum city_account account)
{
	return accounts[account].name;
}

const char *city_acl_user(const char *site, char out[CITY_USER_MAX])
{
	snprintf(out, CITY_USER_MAX, PREFIX "%s", site);
	return out;
}

/* What a box's login is made of, with the texts that it needs. */
struct box_rules {
	char hash[HASH_RULE_MAX];
	char key[BOX_KEYS][KEY_MAX];
	const char *rule[RULES_MAX];
	size_t rules;
};

static void add_rule(struct box_rules *r, const char *rule)
{
	r->rule[r->rules++] = rule;
}

static void add_key(struct box_rules *r, size_t i, const char *prefix,
		    const char *site)
{
	snprintf(r->key[i], KEY_MAX, "%s%s", prefix, site);
	add_rule(r, r->key[i]);
}

static void make_rules(struct box_rules *r, const struct city_site *site)
{
	static const char *const commands[] = { BOX_COMMANDS };

	*r = (struct box_rules){ 0 };
	snprintf(r->hash, sizeof(r->hash), "#%s", site->hash);
	add_rule(r, "on");
	add_rule(r, r->hash);
	add_key(r, 0, "%W~in:", site->name);
	add_key(r, 1, "%W~hb:", site->name);
	add_key(r, 2, "%R~k:", site->name);
	add_key(r, 3, "%R~c:", site->name);
	add_rule(r, "%R~g:*");
	add_rule(r, "%R~v");
	add_rule(r, "resetchannels");
	add_rule(r, "-@all");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		add_rule(r, commands[i]);
}

/* --- the list ---------------------------------------------------------- */

static void print_account(const struct city_secret *s, enum city_account a,
			  FILE *out)
{
	char hash[CITY_HASH_MAX];

	city_password_hash(s->password[a], hash);
	fprintf(out, "user %s on #%s resetchannels -@all %s\n",
		accounts[a].name, hash, accounts[a].rules);
}

void city_acl_print(const struct city_secret *s, FILE *out)
{
	struct box_rules r;

	fputs("user default off resetpass resetkeys resetchannels -@all\n",
	      out);
	for (int a = 0; a < CITY_ACCOUNTS; a++)
		print_account(s, (enum city_account)a, out);
	for (size_t i = 0; i < s->sites; i++) {
		make_rules(&r, &s->site[i]);
		fprintf(out, "user " PREFIX "%s", s->site[i].name);
		for (size_t j = 0; j < r.rules; j++)
			fprintf(out, " %s", r.rule[j]);
		putc('\n', out);
	}
}

/* --- on a server ------------------------------------------------------- */

/* OK of the server, or why not. */
static bool is_done(struct city_store *s, redisReply *r, char why[CITY_WHY_MAX])
{
	bool is_error = r && r->type == REDIS_REPLY_ERROR;

	if (is_error)
		snprintf(why, CITY_WHY_MAX, "%.250s: %.100s",
			 city_store_node(s), r->str);
	if (r)
		freeReplyObject(r);
	return r && !is_error;
}

bool city_acl_set(struct city_store *s, const struct city_site *site,
		  char why[CITY_WHY_MAX])
{
	const char *word[CITY_WORDS_MAX + 1] = { "ACL", "SETUSER" };
	const struct city_command c = { .word = word };
	char user[CITY_USER_MAX];
	struct box_rules r;

	make_rules(&r, site);
	word[2] = city_acl_user(site->name, user);
	word[3] = "reset";
	memcpy(word + 4, r.rule, r.rules * sizeof(*r.rule));
	return city_store_send(s, &c, why) &&
	       is_done(s, city_store_read(s, why), why);
}

bool city_acl_drop(struct city_store *s, const char *user,
		   char why[CITY_WHY_MAX])
{
	return city_store_do(s, why, "ACL", "DELUSER", user, (char *)NULL);
}

bool city_acl_save(struct city_store *s, char why[CITY_WHY_MAX])
{
	return city_store_do(s, why, "ACL", "SAVE", (char *)NULL);
}

/* The value that follows the name in an answer of pairs. */
static const redisReply *field_of(const redisReply *r, const char *name)
{
	for (size_t i = 0; i + 1 < r->elements; i += 2)
		if (r->element[i]->type == REDIS_REPLY_STRING &&
		    !strcmp(r->element[i]->str, name))
			return r->element[i + 1];
	return NULL;
}

/* As many words as there are rules from the first on, and each of them. */
static bool is_made_of(const redisReply *r, const char *const *rule,
		       size_t rules)
{
	char text[512], *at = text, *word;
	size_t words = 0, found = 0;

	if (!r || r->type != REDIS_REPLY_STRING ||
	    (size_t)r->len >= sizeof(text))
		return false;
	memcpy(text, r->str, (size_t)r->len + 1);
	while ((word = strsep(&at, " "))) {
		words += *word != '\0';
		for (size_t i = 0; i < rules; i++)
			found += !strcmp(word, rule[i]);
	}
	return words == rules && found == rules;
}

static bool has_word(const redisReply *r, const char *word)
{
	for (size_t i = 0; r && i < r->elements; i++)
		if (r->element[i]->type == REDIS_REPLY_STRING &&
		    !strcmp(r->element[i]->str, word))
			return true;
	return false;
}

static bool is_empty(const redisReply *r)
{
	return r && !r->len && !r->elements;
}

static bool is_right(const redisReply *user, const struct box_rules *want)
{
	const redisReply *passwords = field_of(user, "passwords");
	const size_t keys = 2, other = keys + 6; /* on, #hash; resetchannels */

	return has_word(field_of(user, "flags"), "on") &&
	       !has_word(field_of(user, "flags"), "nopass") && passwords &&
	       passwords->elements == 1 &&
	       has_word(passwords, want->hash + 1) &&
	       is_made_of(field_of(user, "keys"), want->rule + keys, 6) &&
	       is_empty(field_of(user, "channels")) &&
	       is_empty(field_of(user, "selectors")) &&
	       is_made_of(field_of(user, "commands"), want->rule + other + 1,
			  want->rules - other - 1);
}

enum city_acl_state city_acl_look(struct city_store *s,
				  const struct city_site *site,
				  char why[CITY_WHY_MAX])
{
	enum city_acl_state state = CITY_ACL_WRONG;
	char user[CITY_USER_MAX];
	struct box_rules want;
	redisReply *r;

	r = city_store_ask(s, why, "ACL", "GETUSER",
			   city_acl_user(site->name, user), (char *)NULL);
	if (!r)
		return CITY_ACL_UNKNOWN;
	make_rules(&want, site);
	if (r->type == REDIS_REPLY_NIL)
		state = CITY_ACL_MISSING;
	else if (r->type == REDIS_REPLY_ARRAY && is_right(r, &want))
		state = CITY_ACL_RIGHT;
	freeReplyObject(r);
	return state;
}

bool city_acl_each(struct city_store *s,
		   bool (*on_site)(const char *site, void *arg), void *arg,
		   char why[CITY_WHY_MAX])
{
	redisReply *r = city_store_ask(s, why, "ACL", "USERS", (char *)NULL);
	const size_t len = strlen(PREFIX);
	bool is_good = r != NULL;

	for (size_t i = 0; is_good && i < r->elements; i++)
		if (r->element[i]->type == REDIS_REPLY_STRING &&
		    !strncmp(r->element[i]->str, PREFIX, len))
			is_good = on_site(r->element[i]->str + len, arg);
	if (r)
		freeReplyObject(r);
	return is_good;
}
