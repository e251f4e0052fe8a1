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

#include "cli/gate.h"

#define MINUTES_MAX (365 * 24 * 60)

/* Options that only some commands take, as bits. */
enum {
	OPT_SHOW_ADDRESSES = 1 << 0,
	OPT_ZONE = 1 << 1,
	OPT_LIMITS = 1 << 2,
	OPT_ALL = 1 << 3,
	OPT_USAGE = 1 << 4,
	OPT_PASSWD = 1 << 5,
};

struct command {
	const char *name;
	const char *usage;
	const char *help;
	unsigned int options;
	int min_args, max_args;
	enum cli_exit (*run)(const struct cli *cli);
};

static enum cli_exit cli_help(const struct cli *cli);

static const struct command commands[] = {
	{ "status", "", "what the gate does at the moment", 0, 0, 0,
	  cli_status },
	{ "sessions", "[--zone ZONE] [--show-addresses]",
	  "who is online, by handle", OPT_SHOW_ADDRESSES | OPT_ZONE, 0, 0,
	  cli_sessions },
	{ "grant",
	  "[--minutes N] [--down RATE] [--up RATE] [--quota BYTES] ADDRESS",
	  "let a device in, also beyond its zone's limits", OPT_LIMITS, 1, 1,
	  cli_grant },
	{ "revoke", "HANDLE | ADDRESS | --all", "end sessions", OPT_ALL, 0, 1,
	  cli_revoke },
	{ "usage",
	  "[--from DAY] [--to DAY] [--step hour|day|month] [--zone ZONE] "
	  "[--csv]",
	  "how the network was used", OPT_USAGE | OPT_ZONE, 0, 0, cli_usage },
	{ "check", "[FILE]", "is the config right?", 0, 0, 1, cli_check },
	{ "ruleset", "", "print the nftables rules that the config makes", 0, 0,
	  0, cli_ruleset },
	{ "passwd", "[--stdin | --token | --delete] NAME | passwd --list",
	  "who may see the dashboard", OPT_PASSWD, 0, 1, cli_passwd },
	{ "help", "", "this text", 0, 0, 1, cli_help },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static enum cli_exit cli_help(const struct cli *cli)
{
	(void)cli;
	puts("usage: stadttor [-c FILE] [--json] COMMAND ...\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %s%s%s\n\t%s\n", commands[i].name,
		       *commands[i].usage ? " " : "", commands[i].usage,
		       commands[i].help);
	puts("\n  -c, --config FILE  read this config instead of " SETTINGS_PATH
	     "\n      --json         answer in JSON"
	     "\n  -h, --help         this text"
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
		{ -EINVAL, CLI_FAILED, "netctl does not take these values" },
		{ -EACCES, CLI_FAILED, "netctl does not allow it" },
		{ -EPERM, CLI_FAILED, "netctl does not allow it" },
		{ -EBUSY, CLI_FAILED, "netctl is busy; try again" },
		{ -EPROTO, CLI_FAILED,
		  "netctl speaks another version; restart it" },
		{ -ETIMEDOUT, CLI_UNREACHABLE, "netctl does not answer" },
		{ -ECONNRESET, CLI_UNREACHABLE,
		  "netctl hung up; may this user talk to it?" },
		{ -EPIPE, CLI_UNREACHABLE,
		  "netctl hung up; may this user talk to it?" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
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

static bool has_zone(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->zones; i++)
		if (!strcmp(s->zone[i].name, name))
			return true;
	return false;
}

enum cli_exit cli_open(const struct cli *cli, struct gate *g)
{
	struct settings *s = cli_settings(cli);
	enum cli_exit code = CLI_DONE;
	int err;

	if (!s)
		return CLI_USAGE;
	if (cli->zone && !has_zone(s, cli->zone)) {
		code = cli_fail(cli, CLI_NOT_FOUND, "there is no zone '%.40s'",
				cli->zone);
		goto out;
	}
	err = gate_open(g, s->gate.socket);
	if (err)
		code = cli_fail(cli, CLI_UNREACHABLE,
				"netctl is not reachable at %s: %s",
				s->gate.socket, strerror(-err));
out:
	settings_free(s);
	return code;
}

bool cli_parse_address(const char *text, struct addr *a)
{
	char host[ADDR_TEXT_MAX];
	size_t len = strcspn(text, "%");
	struct addr v;

	if (len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!addr_parse(&v, host))
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
	if (!conf_parse_number(text, out) || !*out || *out > MINUTES_MAX)
		return false;
	*out *= 60;
	return true;
}

/* As in the config 0 is no limit, which a message calls IPC_UNLIMITED. */
static bool take_rate(const char *text, uint64_t *out)
{
	if (!conf_parse_rate(text, out) || (*out && *out < 8000))
		return false;
	if (!*out)
		*out = IPC_UNLIMITED;
	return true;
}

static bool take_bytes(const char *text, uint64_t *out)
{
	if (!conf_parse_bytes(text, out))
		return false;
	if (!*out)
		*out = IPC_UNLIMITED;
	return true;
}

static const struct limit_option {
	const char *name;
	bool (*take)(const char *text, uint64_t *out);
	size_t offset; /* in struct ipc_limits */
	const char *allowed;
} limit_options[] = {
	{ "minutes", take_minutes, offsetof(struct ipc_limits, duration_s),
	  "1 to 525600" },
	{ "down", take_rate, offsetof(struct ipc_limits, down_bps),
	  "a rate such as 5mbit, at least 8kbit; 0: none" },
	{ "up", take_rate, offsetof(struct ipc_limits, up_bps),
	  "a rate such as 5mbit, at least 8kbit; 0: none" },
	{ "quota", take_bytes, offsetof(struct ipc_limits, quota_bytes),
	  "a size such as 500MB; 0: none" },
};

enum {
	VALUE_JSON = 256,
	VALUE_ZONE,
	VALUE_ADDRESSES,
	VALUE_ALL,
	VALUE_STDIN,
	VALUE_TOKEN,
	VALUE_DELETE,
	VALUE_LIST,
	VALUE_FROM,
	VALUE_TO,
	VALUE_STEP,
	VALUE_CSV,
	VALUE_LIMIT,
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, VALUE_JSON },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ "zone", required_argument, NULL, VALUE_ZONE },
	{ "show-addresses", no_argument, NULL, VALUE_ADDRESSES },
	{ "all", no_argument, NULL, VALUE_ALL },
	{ "stdin", no_argument, NULL, VALUE_STDIN },
	{ "token", no_argument, NULL, VALUE_TOKEN },
	{ "delete", no_argument, NULL, VALUE_DELETE },
	{ "list", no_argument, NULL, VALUE_LIST },
	{ "from", required_argument, NULL, VALUE_FROM },
	{ "to", required_argument, NULL, VALUE_TO },
	{ "step", required_argument, NULL, VALUE_STEP },
	{ "csv", no_argument, NULL, VALUE_CSV },
	{ "minutes", required_argument, NULL, VALUE_LIMIT },
	{ "down", required_argument, NULL, VALUE_LIMIT + 1 },
	{ "up", required_argument, NULL, VALUE_LIMIT + 2 },
	{ "quota", required_argument, NULL, VALUE_LIMIT + 3 },
	{ NULL, 0, NULL, 0 },
};

static bool take_limit(struct cli *cli, const struct limit_option *o)
{
	uint64_t *field = (uint64_t *)((char *)&cli->limits + o->offset);

	if (o->take(optarg, field))
		return true;
	cli_fail(cli, CLI_USAGE, "--%s '%.40s' is not allowed: %s", o->name,
		 optarg, o->allowed);
	return false;
}

struct command_line {
	struct cli cli;
	unsigned int used; /* OPT_ bits */
	bool help;
	bool version;
};

static bool take_passwd(struct command_line *l, enum cli_passwd what)
{
	l->used |= OPT_PASSWD;
	if (l->cli.passwd == CLI_PASSWD_SET && !l->cli.from_stdin) {
		l->cli.passwd = what;
		l->cli.from_stdin = what == CLI_PASSWD_SET;
		return true;
	}
	cli_fail(&l->cli, CLI_USAGE,
		 "--stdin, --token, --delete and --list exclude each other");
	return false;
}

static void take_usage(struct command_line *l, int value)
{
	l->used |= OPT_USAGE;
	if (value == VALUE_FROM)
		l->cli.from = optarg;
	else if (value == VALUE_TO)
		l->cli.to = optarg;
	else if (value == VALUE_STEP)
		l->cli.step = optarg;
	else
		l->cli.csv = true;
}

static bool take_option(struct command_line *l, int value)
{
	switch (value) {
	case 'c':
		l->cli.config = optarg;
		return true;
	case 'h':
		l->help = true;
		return true;
	case 'V':
		l->version = true;
		return true;
	case VALUE_JSON:
		l->cli.json = true;
		return true;
	case VALUE_ZONE:
		l->cli.zone = optarg;
		l->used |= OPT_ZONE;
		return true;
	case VALUE_ADDRESSES:
		l->cli.show_addresses = true;
		l->used |= OPT_SHOW_ADDRESSES;
		return true;
	case VALUE_ALL:
		l->cli.all = true;
		l->used |= OPT_ALL;
		return true;
	case VALUE_STDIN:
		return take_passwd(l, CLI_PASSWD_SET);
	case VALUE_TOKEN:
		return take_passwd(l, CLI_PASSWD_TOKEN);
	case VALUE_DELETE:
		return take_passwd(l, CLI_PASSWD_DELETE);
	case VALUE_LIST:
		return take_passwd(l, CLI_PASSWD_LIST);
	case VALUE_FROM:
	case VALUE_TO:
	case VALUE_STEP:
	case VALUE_CSV:
		take_usage(l, value);
		return true;
	case '?':
		return false; /* getopt has said it */
	}
	l->used |= OPT_LIMITS;
	return take_limit(&l->cli, &limit_options[value - VALUE_LIMIT]);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static enum cli_exit run_command(struct command_line *l, int argc, char **argv)
{
	const struct command *c;

	if (!argc)
		return cli_fail(&l->cli, CLI_USAGE,
				"a command is missing; try: stadttor help");
	c = find_command(argv[0]);
	if (!c)
		return cli_fail(&l->cli, CLI_USAGE,
				"there is no command '%.40s'; try: stadttor "
				"help",
				argv[0]);
	l->cli.args = argv + 1;
	l->cli.arg_count = argc - 1;
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
	int value;

	while ((value = getopt_long(argc, argv, "c:hV", long_options, NULL)) !=
	       -1)
		if (!take_option(&l, value))
			return CLI_USAGE;
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
