/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "common/array.h"
#include "common/config/settings_read.h"
#include "common/similar.h"
#include "common/quantity.h"
#include "common/stringify.h"

_Static_assert(CLI_MINUTES_MAX * 60 == SETTINGS_DURATION_MAX_S,
	       "one bound of a session");

#define WORDS_MAX 1000 /* of a line to be completed */

/* Options that only some commands take, as bits. */
enum {
	OPT_SHOW_ADDRESSES = 1 << 0,
	OPT_ZONE = 1 << 1,
	OPT_LIMITS = 1 << 2,
	OPT_ALL = 1 << 3,
	OPT_USAGE = 1 << 4,
	OPT_PASSWD = 1 << 5,
	OPT_MINUTES = 1 << 6,
	OPT_CSV = 1 << 7,
	OPT_LABEL = 1 << 8,
	OPT_CREATE = 1 << 9,
	OPT_PRINT = 1 << 10,
	OPT_DNS = 1 << 11,
	OPT_CHECK = 1 << 12,
	OPT_WATCH = 1 << 13,
	OPT_MONTH = 1 << 14,
	OPT_STATE = 1 << 15,
	OPT_TITLE = 1 << 16,
	OPT_FORCE = 1 << 17,
	OPT_HUB = 1 << 18,
	OPT_CITY_INIT = 1 << 19,
	OPT_CITY_ADD = 1 << 20,
	OPT_LANGUAGE = 1 << 21,
	OPT_PAGE = 1 << 22,
	OPT_ROLE = 1 << 23,
};

struct command {
	const char *name; /* one word, or two */
	const char *usage;
	const char *help; /* NULL: another name of the one before */
	unsigned int options;
	int min_args, max_args;
	enum cli_exit (*run)(const struct cli *cli);
};

static enum cli_exit cli_help(const struct cli *cli);

static const struct command commands[] = {
	{ "status", "[--state]",
	  "uptime, counters and the state of each zone; --state: in JSON, "
	  "without numbers of people",
	  OPT_STATE, 0, 0, cli_status },
	{ "sessions", "[--zone ZONE] [--watch | --show-addresses]",
	  "who is online, by handle; --watch: every two seconds",
	  OPT_SHOW_ADDRESSES | OPT_ZONE | OPT_WATCH, 0, 0, cli_sessions },
	{ "grant",
	  "[--minutes N] [--down RATE] [--up RATE] [--quota BYTES] "
	  "[--zone ZONE] ADDRESS",
	  "let a device in, also beyond its zone's limits",
	  OPT_LIMITS | OPT_MINUTES | OPT_ZONE, 1, 1, cli_grant },
	{ "revoke", "HANDLE | ADDRESS | --all", "end sessions", OPT_ALL, 0, 1,
	  cli_revoke },
	{ "usage",
	  "[--from DAY] [--to DAY] [--step hour|day|week|month|year] "
	  "[--zone ZONE] [--csv] [--old] | usage --budget",
	  "how the network was used", OPT_USAGE | OPT_CSV | OPT_ZONE, 0, 0,
	  cli_usage },
	{ "note add", "DAY TEXT",
	  "write a note at a day, which the dashboard's figures show", 0, 2, 2,
	  cli_note_add },
	{ "note list", "", "the notes, by their days", 0, 0, 0, cli_note_list },
	{ "note remove", "NUMBER", "remove one of them", 0, 1, 1,
	  cli_note_remove },
	{ "open-data", "[--month MONTH] FOLDER",
	  "write the figures as files to publish", OPT_MONTH, 1, 1,
	  cli_open_data },
	{ "backup", "FOLDER",
	  "copy config, accounts, codes and figures to a new folder", 0, 1, 1,
	  cli_backup },
	{ "restore", "FOLDER", "put a backup in place", 0, 1, 1, cli_restore },
	{ "check", "[--print] [FILE]",
	  "check the config; --print: print any UCI file as it was read, "
	  "with only its syntax checked",
	  OPT_CHECK, 0, 1, cli_check },
	{ "doctor", "", "something does not work: say what, and what to do", 0,
	  0, 0, cli_doctor },
	{ "ruleset", "", "print the nftables rules that the config makes", 0, 0,
	  0, cli_ruleset },
	{ "passwd",
	  "[--stdin | --token | --delete] [--role ROLE] NAME | passwd --list",
	  "who may see the dashboard", OPT_PASSWD | OPT_ROLE, 0, 1,
	  cli_passwd },
	{ "voucher create",
	  "--count N --minutes N --label TEXT [--devices N] [--valid TIME] "
	  "[--zone ZONE] [--csv]",
	  "make codes and print them; they cannot be shown again",
	  OPT_CREATE | OPT_MINUTES | OPT_LABEL | OPT_ZONE | OPT_CSV, 0, 0,
	  cli_voucher_create },
	{ "voucher list", "[--label TEXT]", "the batches of codes", OPT_LABEL,
	  0, 0, cli_voucher_list },
	{ "voucher revoke", "BATCH | CODE",
	  "take codes back and end their sessions", 0, 1, 1,
	  cli_voucher_revoke },
	{ "voucher statistics", "", "how many codes are used, by label", 0, 0,
	  0, cli_voucher_statistics },
	{ "voucher stats", "", NULL, 0, 0, 0, cli_voucher_statistics },
	{ "voucher print",
	  "[--title TEXT] [--ssid NAME] [--language CODE] "
	  "[--address ADDRESS] [FILE]",
	  "a sheet of cards in HTML for the codes in FILE",
	  OPT_PRINT | OPT_TITLE | OPT_LANGUAGE, 0, 1, cli_voucher_print },
	{ "dns-config",
	  "[--server dnsmasq|odhcpd|radvd] [--zone ZONE] [--force] "
	  "[--full [--range ADDRESS/LEN]]",
	  "print the config that DNS and DHCP servers need for the zones",
	  OPT_DNS | OPT_FORCE | OPT_ZONE, 0, 0, cli_dns_config },
	{ "city init",
	  "[--shift TIME] [--memory BYTES] [--store FOLDER] "
	  "[--ca FILE --certificate FILE --key FILE] [--folder FOLDER] "
	  "[CITY HOST[:PORT] ...]",
	  "on the hub's host: make a city, or its store's files again",
	  OPT_CITY_INIT | OPT_HUB, 0, 1 + CLI_CITY_SERVERS_MAX, cli_city_init },
	{ "city add",
	  "[--district NAME] [--title TEXT] [--at LAT,LON] [--output FILE] "
	  "[--force] [--folder FOLDER] SITE",
	  "take a box in, and write the file that it joins by, once",
	  OPT_CITY_ADD | OPT_TITLE | OPT_FORCE | OPT_HUB, 1, 1, cli_city_add },
	{ "city list", "[--folder FOLDER]", "the boxes of the city", OPT_HUB, 0,
	  0, cli_city_list },
	{ "city show", "[--folder FOLDER] SITE", "one of them", OPT_HUB, 1, 1,
	  cli_city_show },
	{ "city remove", "[--folder FOLDER] SITE",
	  "shut a box out at once, and give the others a new key", OPT_HUB, 1,
	  1, cli_city_remove },
	{ "city sync", "[--force] [--folder FOLDER]",
	  "bring logins and keys to servers that have missed some",
	  OPT_FORCE | OPT_HUB, 0, 0, cli_city_sync },
	{ "city passwd",
	  "[--stdin | --token | --delete] [--folder FOLDER] NAME | city "
	  "passwd --list",
	  "who may see the city's dashboard", OPT_PASSWD | OPT_HUB, 0, 1,
	  cli_city_passwd },
	{ "city open-data", "[--month MONTH] [--folder FOLDER] FOLDER",
	  "on the hub's host: write the city's figures as files to publish",
	  OPT_MONTH | OPT_HUB, 1, 1, cli_city_open_data },
	{ "city voucher create",
	  "--count N --minutes N --label TEXT [--devices N] [--valid TIME] "
	  "[--zone ZONE] [--csv] [--folder FOLDER]",
	  "on the hub's host: make codes that are valid at every box",
	  OPT_CREATE | OPT_MINUTES | OPT_LABEL | OPT_ZONE | OPT_CSV | OPT_HUB,
	  0, 0, cli_city_voucher_create },
	{ "city voucher list", "[--label TEXT] [--folder FOLDER]",
	  "the batches of the city's codes", OPT_LABEL | OPT_HUB, 0, 0,
	  cli_city_voucher_list },
	{ "city voucher revoke", "[--folder FOLDER] BATCH | CODE",
	  "take codes of the city back, and end their sessions at all boxes",
	  OPT_HUB, 1, 1, cli_city_voucher_revoke },
	{ "city voucher statistics", "[--folder FOLDER]",
	  "how many codes of the city are used, by label", OPT_HUB, 0, 0,
	  cli_city_voucher_statistics },
	{ "city voucher print",
	  "[--title TEXT] [--ssid NAME] [--language CODE] "
	  "[--address ADDRESS] [--folder FOLDER] [FILE]",
	  "a sheet of cards for the city's codes in FILE",
	  OPT_PRINT | OPT_TITLE | OPT_LANGUAGE | OPT_HUB, 0, 1,
	  cli_city_voucher_print },
	{ "city join", "[--force] FILE",
	  "on a box: join the city by the file of city add", OPT_FORCE, 1, 1,
	  cli_city_join },
	{ "city leave", "", "on a box: leave it", 0, 0, 0, cli_city_leave },
	{ "portal preview",
	  "FOLDER | portal preview --page NAME [--language CODE] [--zone ZONE]",
	  "write every page in every language to a folder; or print one, with "
	  "its pictures in it",
	  OPT_PAGE | OPT_LANGUAGE | OPT_ZONE, 0, 1, cli_preview },
	{ "help", "[COMMAND]", "this text", 0, 0, 2, cli_help },
	{ "complete", "-- WORD ...", NULL, 0, 0, WORDS_MAX, cli_complete },
};

#define COMMANDS (ARRAY_SIZE(commands))

static enum cli_exit no_command(const struct cli *cli, const char *word);

/* Of the commands that begin with these words; false: there is none. */
static bool list_commands(char **words, int count)
{
	bool is_found = false;
	char begin[64] = "";
	size_t len;

	for (int i = 0; i < count && strlen(begin) < sizeof(begin) - 1; i++)
		snprintf(begin + strlen(begin), sizeof(begin) - strlen(begin),
			 "%s%s", i ? " " : "", words[i]);
	len = strlen(begin);
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct command *c = &commands[i];

		if (!c->help || strncmp(c->name, begin, len) != 0 ||
		    (len && c->name[len] && c->name[len] != ' '))
			continue;
		printf("  %s%s%s\n\t%s\n", c->name, *c->usage ? " " : "",
		       c->usage, c->help);
		is_found = true;
	}
	return is_found;
}

static enum cli_exit cli_help(const struct cli *cli)
{
	if (cli->arg_count)
		return list_commands(cli->args, cli->arg_count) ||
				       list_commands(cli->args, 1)
			       ? CLI_DONE
			       : no_command(cli, cli->args[0]);
	puts("usage: stadttor [-c FILE] [--json] COMMAND ...\n");
	list_commands(NULL, 0);
	puts("\n  -c, --config FILE  read this config instead of " SETTINGS_PATH
	     "\n      --json         answer in JSON"
	     "\n  -h, --help         this text; of a command, that command's"
	     "\n  -V, --version      the program's version"
	     "\n\nExit status: 0 done, 1 refused or failed, 2 wrong usage or"
	     "\nconfig, 3 netctl not reachable, 4 not found.");
	return CLI_DONE;
}

/* --- what the commands share ------------------------------------------- */

void cli_print_json(struct json_object *o)
{
	puts(json_object_to_json_string_ext(
		o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
			   JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

struct json_object *cli_json_limit(uint64_t value)
{
	return value == IPC_UNLIMITED ? NULL : json_object_new_uint64(value);
}

enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code,
		       const char *fmt, ...)
{
	char text[UCI_ERROR_MAX + 128];
	struct json_object *o;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", text);
	if (cli->json) {
		o = json_object_new_object();
		json_object_object_add(o, "error",
				       json_object_new_string(text));
		json_object_object_add(o, "code",
				       json_object_new_int((int)code));
		cli_print_json(o);
	}
	return code;
}

enum cli_exit cli_refused(const struct cli *cli, int err, const char *subject)
{
	static const struct {
		int err;
		enum cli_exit code;
		const char *text;
	} known[] = {
		{ -ENOENT, CLI_NOT_FOUND, "no such device or session" },
		{ -ENOSPC, CLI_FAILED, "the zone is full" },
		{ -ESHUTDOWN, CLI_FAILED, "the zone is closed at this hour" },
		{ -EEXIST, CLI_FAILED,
		  "it is let in by the config, in a section device" },
		{ -EXDEV, CLI_USAGE,
		  "there are several zones; say which, by --zone" },
		{ -EINVAL, CLI_FAILED, "netctl refused these values" },
		{ -EACCES, CLI_FAILED, "netctl did not permit it" },
		{ -EPERM, CLI_FAILED, "netctl did not permit it" },
		{ -EBUSY, CLI_FAILED, "netctl is busy; try again" },
		{ -EPROTO, CLI_FAILED,
		  "netctl speaks another version; restart it" },
		{ -ETIMEDOUT, CLI_UNREACHABLE, "netctl does not answer" },
		{ -ECONNRESET, CLI_UNREACHABLE,
		  "netctl closed the connection; it answers only root" },
		{ -EPIPE, CLI_UNREACHABLE,
		  "netctl closed the connection; it answers only root" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].err == err)
			return cli_fail(cli, known[i].code, "%s: %s", subject,
					known[i].text);
	return cli_fail(cli, CLI_FAILED, "%s: %s", subject, strerror(-err));
}

struct settings *cli_settings(const struct cli *cli)
{
	char error[UCI_ERROR_MAX];
	struct settings *s = settings_read(cli->config, error);

	if (!s)
		cli_fail(cli, CLI_USAGE, "%s", error);
	return s;
}

static bool parse_mac(struct addr *a, const char *text, size_t len)
{
	struct mac mac;

	if (!mac_parse_part(&mac, text, len) || !mac_is_device(&mac))
		return false;
	*a = (struct addr){ .family = AF_PACKET };
	memcpy(a->byte, &mac, sizeof(mac));
	return true;
}

bool cli_parse_address(const char *text, struct addr *a)
{
	size_t len = strcspn(text, "%");
	struct addr v;

	if (!addr_parse_part(&v, text, len) && !parse_mac(&v, text, len))
		return false;
	if (text[len]) {
		v.ifindex = if_nametoindex(text + len + 1);
		if (!v.ifindex)
			return false;
	}
	*a = v;
	return true;
}

bool cli_parse_handle(const char *text, uint64_t *handle)
{
	if (strlen(text) != 16 || strspn(text, "0123456789abcdefABCDEF") != 16)
		return false;
	*handle = strtoull(text, NULL, 16);
	return true;
}

/* --- the command line -------------------------------------------------- */

static bool take_minutes(const char *text, uint64_t *out)
{
	if (!quantity_parse_number(text, out) || !*out ||
	    *out > CLI_MINUTES_MAX)
		return false;
	*out *= 60;
	return true;
}

/* As in the config 0 is no limit, which a message calls IPC_UNLIMITED. */
static bool take_rate(const char *text, uint64_t *out)
{
	if (!quantity_parse_rate(text, out) ||
	    (*out && *out < SETTINGS_RATE_MIN_BPS))
		return false;
	if (!*out)
		*out = IPC_UNLIMITED;
	return true;
}

static bool take_bytes(const char *text, uint64_t *out)
{
	if (!quantity_parse_bytes(text, out))
		return false;
	if (!*out)
		*out = IPC_UNLIMITED;
	return true;
}

struct command_line {
	struct cli cli;
	unsigned int used; /* OPT_ bits */
	bool help;
	bool version;
};

/* What an option sets: a field of struct command_line. */
struct option_rule {
	const char *name;
	char letter;	   /* 0: none */
	unsigned int used; /* OPT_ bit; 0: of all commands */
	size_t offset;
	enum { RULE_FLAG, RULE_TEXT, RULE_NUMBER, RULE_PASSWD } kind;
	bool (*take)(const char *text, uint64_t *out); /* RULE_NUMBER */
	const char *allowed;
	enum cli_passwd passwd;
};

#define FIELD(name)   .offset = offsetof(struct command_line, name)
#define TEXT(name)    FIELD(name), .kind = RULE_TEXT
#define PASSWD(value) .used = OPT_PASSWD, .kind = RULE_PASSWD, .passwd = value

#define RATES "a rate such as 5mbit, at least " SETTINGS_RATE_MIN "; 0: none"

static const struct option_rule rules[] = {
	{ "config", 'c', TEXT(cli.config) },
	{ "json", FIELD(cli.json) },
	{ "help", 'h', FIELD(help) },
	{ "version", 'V', FIELD(version) },
	{ "zone", .used = OPT_ZONE, TEXT(cli.zone) },
	{ "show-addresses", .used = OPT_SHOW_ADDRESSES,
	  FIELD(cli.show_addresses) },
	{ "watch", .used = OPT_WATCH, FIELD(cli.watch) },
	{ "all", .used = OPT_ALL, FIELD(cli.all) },
	{ "stdin", PASSWD(CLI_PASSWD_SET) },
	{ "token", PASSWD(CLI_PASSWD_TOKEN) },
	{ "delete", PASSWD(CLI_PASSWD_DELETE) },
	{ "list", PASSWD(CLI_PASSWD_LIST) },
	{ "role", .used = OPT_ROLE, TEXT(cli.role) },
	{ "server", .used = OPT_DNS, TEXT(cli.server) },
	{ "force", .used = OPT_FORCE, FIELD(cli.force) },
	{ "full", .used = OPT_DNS, FIELD(cli.full) },
	{ "range", .used = OPT_DNS, TEXT(cli.range) },
	{ "print", .used = OPT_CHECK, FIELD(cli.print) },
	{ "from", .used = OPT_USAGE, TEXT(cli.from) },
	{ "to", .used = OPT_USAGE, TEXT(cli.to) },
	{ "step", .used = OPT_USAGE, TEXT(cli.step) },
	{ "csv", .used = OPT_CSV, FIELD(cli.csv) },
	{ "state", .used = OPT_STATE, FIELD(cli.state) },
	{ "old", .used = OPT_USAGE, FIELD(cli.old) },
	{ "budget", .used = OPT_USAGE, FIELD(cli.budget) },
	{ "month", .used = OPT_MONTH, TEXT(cli.month) },
	{ "minutes", .used = OPT_MINUTES, FIELD(cli.limits.duration_s),
	  .kind = RULE_NUMBER, .take = take_minutes,
	  .allowed = "1 to " STRINGIFY(CLI_MINUTES_MAX) },
	{ "down", .used = OPT_LIMITS, FIELD(cli.limits.down_bps),
	  .kind = RULE_NUMBER, .take = take_rate, .allowed = RATES },
	{ "up", .used = OPT_LIMITS, FIELD(cli.limits.up_bps),
	  .kind = RULE_NUMBER, .take = take_rate, .allowed = RATES },
	{ "quota", .used = OPT_LIMITS, FIELD(cli.limits.quota_bytes),
	  .kind = RULE_NUMBER, .take = take_bytes,
	  .allowed = "a size such as 500MB; 0: none" },
	{ "count", .used = OPT_CREATE, TEXT(cli.voucher.count) },
	{ "devices", .used = OPT_CREATE, TEXT(cli.voucher.devices) },
	{ "valid", .used = OPT_CREATE, TEXT(cli.voucher.valid) },
	{ "label", .used = OPT_LABEL, TEXT(cli.voucher.label) },
	{ "title", .used = OPT_TITLE, TEXT(cli.title) },
	{ "language", .used = OPT_LANGUAGE, TEXT(cli.language) },
	{ "page", .used = OPT_PAGE, TEXT(cli.page) },
	{ "address", .used = OPT_PRINT, TEXT(cli.voucher.address) },
	{ "ssid", .used = OPT_PRINT, TEXT(cli.voucher.ssid) },
	{ "folder", .used = OPT_HUB, TEXT(cli.city.folder) },
	{ "shift", .used = OPT_CITY_INIT, TEXT(cli.city.shift) },
	{ "memory", .used = OPT_CITY_INIT, TEXT(cli.city.memory) },
	{ "store", .used = OPT_CITY_INIT, TEXT(cli.city.store) },
	{ "ca", .used = OPT_CITY_INIT, TEXT(cli.city.ca) },
	{ "certificate", .used = OPT_CITY_INIT, TEXT(cli.city.certificate) },
	{ "key", .used = OPT_CITY_INIT, TEXT(cli.city.key) },
	{ "district", .used = OPT_CITY_ADD, TEXT(cli.city.district) },
	{ "at", .used = OPT_CITY_ADD, TEXT(cli.city.at) },
	{ "output", 'o', .used = OPT_CITY_ADD, TEXT(cli.output) },
};

#define RULES	   (ARRAY_SIZE(rules))
#define RULE_VALUE 256 /* of getopt_long(), for the first one */

const char *cli_command_name(size_t command)
{
	if (command >= COMMANDS)
		return NULL;
	return commands[command].help ? commands[command].name : "";
}

bool cli_option_at(size_t option, size_t command, struct cli_option *out)
{
	unsigned int taken = command < COMMANDS ? commands[command].options : 0;
	const struct option_rule *r = &rules[option];

	if (option >= RULES)
		return false;
	*out = (struct cli_option){
		.name = r->name,
		.has_value = r->kind == RULE_TEXT || r->kind == RULE_NUMBER,
		.is_taken = !r->used || r->used & taken,
	};
	return true;
}

static bool take_passwd(struct command_line *l, enum cli_passwd what)
{
	if (l->cli.passwd == CLI_PASSWD_SET && !l->cli.from_stdin) {
		l->cli.passwd = what;
		l->cli.from_stdin = what == CLI_PASSWD_SET;
		return true;
	}
	cli_fail(&l->cli, CLI_USAGE,
		 "--stdin, --token, --delete and --list exclude each other");
	return false;
}

static bool take_number(struct command_line *l, const struct option_rule *r,
			uint64_t *out)
{
	if (r->take(optarg, out))
		return true;
	cli_fail(&l->cli, CLI_USAGE,
		 "invalid value '%.40s' for --%s, allowed: %s", optarg, r->name,
		 r->allowed);
	return false;
}

static bool take_option(struct command_line *l, const struct option_rule *r)
{
	void *field = (char *)l + r->offset;

	l->used |= r->used;
	switch (r->kind) {
	case RULE_FLAG:
		*(bool *)field = true;
		break;
	case RULE_TEXT:
		*(const char **)field = optarg;
		break;
	case RULE_NUMBER:
		return take_number(l, r, field);
	case RULE_PASSWD:
		return take_passwd(l, r->passwd);
	}
	return true;
}

static const struct option_rule *find_rule(int value)
{
	for (size_t i = 0; i < RULES; i++)
		if (value == RULE_VALUE + (int)i || value == rules[i].letter)
			return &rules[i];
	return NULL;
}

/* false: it has been said what is wrong. */
static bool take_options(struct command_line *l, int argc, char **argv)
{
	struct option known[RULES + 1] = { 0 };
	struct cli_option o;
	int value;

	for (size_t i = 0; cli_option_at(i, 0, &o); i++)
		known[i] = (struct option){ .name = o.name,
					    .has_arg = o.has_value,
					    .val = RULE_VALUE + (int)i };
	while ((value = getopt_long(argc, argv, "c:hVo:", known, NULL)) != -1) {
		const struct option_rule *r = find_rule(value);

		if (!r || !take_option(l, r))
			return false;
	}
	return true;
}

/* --- the command ------------------------------------------------------- */

/* How many words of the command line the name is; 0: another one. */
static int count_words(const char *name, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		size_t len = strcspn(name, " ");

		if (strncmp(argv[i], name, len) != 0 || argv[i][len])
			return 0;
		if (!name[len])
			return i + 1;
		name += len + 1;
	}
	return 0;
}

static enum cli_exit no_command(const struct cli *cli, const char *word)
{
	size_t len = strlen(word);
	char words[128] = "", question[SIMILAR_QUESTION_MAX];
	char first[COMMANDS][SIMILAR_WORD_MAX]; /* of two */
	struct similar meant = similar_to(word);
	size_t used = 0;

	for (size_t i = 0; i < COMMANDS; i++) {
		const char *name = commands[i].name;

		if (commands[i].help && !strncmp(name, word, len) &&
		    name[len] == ' ' && used < sizeof(words))
			used += (size_t)snprintf(
				words + used, sizeof(words) - used, "%s%s",
				used ? ", " : "", name + len + 1);
	}
	if (used)
		return cli_fail(
			cli, CLI_USAGE,
			"command '%.40s' needs one of %s; try: stadttor help",
			word, words);
	/* The wizard that OpenWrt's package brings. */
	if (!strcmp(word, "setup"))
		return cli_fail(cli, CLI_USAGE,
				"unknown command 'setup'; on OpenWrt: "
				"stadttor-setup");
	for (size_t i = 0; i < COMMANDS; i++) {
		const char *name = cli_command_name(i);

		snprintf(first[i], sizeof(first[i]), "%.*s",
			 (int)strcspn(name, " "), name);
		similar_offer(&meant, first[i]);
	}
	return cli_fail(cli, CLI_USAGE, "unknown command '%.40s'%s", word,
			meant.best ? similar_question(&meant, question)
				   : "; try: stadttor help");
}

static enum cli_exit run_command(struct command_line *l, int argc, char **argv)
{
	const struct command *c = commands;
	int words = 0;

	if (!argc)
		return cli_fail(&l->cli, CLI_USAGE,
				"a command is missing; try: stadttor help");
	for (; c < commands + COMMANDS; c++) {
		words = count_words(c->name, argc, argv);
		if (words)
			break;
	}
	if (!words)
		return no_command(&l->cli, argv[0]);
	l->cli.args = argv + words;
	l->cli.arg_count = argc - words;
	if (l->used & ~c->options || l->cli.arg_count < c->min_args ||
	    l->cli.arg_count > c->max_args)
		return cli_fail(&l->cli, CLI_USAGE, "usage: stadttor %s%s%s",
				c->name, *c->usage ? " " : "", c->usage);
	return c->run(&l->cli);
}

int cli_run(int argc, char **argv)
{
	struct command_line l = { .cli.config = SETTINGS_PATH };
	enum cli_exit code;

	if (!take_options(&l, argc, argv))
		return CLI_USAGE;
	l.cli.args = argv + optind;
	l.cli.arg_count = argc - optind;
	if (l.help)
		code = cli_help(&l.cli);
	else if (l.version)
		code = puts("stadttor " VERSION) < 0 ? CLI_FAILED : CLI_DONE;
	else
		code = run_command(&l, argc - optind, argv + optind);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "standard output: %s\n", strerror(errno));
		return code ? (int)code : CLI_FAILED;
	}
	return code;
}
