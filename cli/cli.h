/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's command: options, the table of commands and what they share.
 * It only asks netctl, or reads the portal's figures, and prints the answer; it
 * decides nothing itself.
 */
#ifndef STADTTOR_CLI_CLI_H
#define STADTTOR_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "common/config/settings.h"
#include "common/ipc.h"
#include "common/log.h"

#define CLI_MINUTES_MAX	     525600 /* of a session that is asked for */
#define CLI_CITY_SERVERS_MAX 5	    /* of a city's store */

struct netctl_call;
struct json_object;

enum cli_exit {
	CLI_DONE,
	CLI_FAILED,	 /* refused, or something went wrong */
	CLI_USAGE,	 /* wrong command line or config */
	CLI_UNREACHABLE, /* netctl does not answer */
	CLI_NOT_FOUND,	 /* no such device, session, zone or file */
};

enum cli_passwd {
	CLI_PASSWD_SET,
	CLI_PASSWD_TOKEN,
	CLI_PASSWD_DELETE,
	CLI_PASSWD_LIST,
};

/* As given, NULL: not given. */
struct cli_voucher {
	const char *count, *devices, *valid, *label; /* create; list: label */
	const char *address, *ssid;		     /* print */
};

/* Likewise. */
struct cli_city {
	const char *folder;		    /* of the hub */
	const char *shift, *memory, *store; /* init */
	const char *ca, *certificate, *key; /* init */
	const char *district, *at;	    /* add */
	bool codes; /* voucher: of the city, not of this box */
};

struct cli {
	const char *config; /* file name */
	const char *zone;   /* NULL: all */
	bool json;
	bool show_addresses;
	bool watch;
	bool all;
	bool csv;
	const char *server; /* whose config dns-config prints; NULL: dnsmasq */
	bool force;	    /* although something speaks against it */
	bool full;	    /* dns-config: with addresses for guests */
	const char *range;  /* of these; NULL: of the device */
	bool print;	    /* check prints the file */
	const char *from, *to, *step; /* of figures; NULL: not given */
	const char *month;	      /* of open data; NULL: not given */
	bool state;		      /* status without numbers of people */
	bool old;		      /* figures of versions up to 0.1 */
	bool budget;		      /* what of the budget goes where */
	enum cli_passwd passwd;	      /* what passwd is to do */
	bool from_stdin;	      /* no questions */
	const char *role;	      /* of an account; NULL: not given */
	struct ipc_limits limits;     /* 0: the zone's default */
	const char *title;	      /* of a sheet, of a site */
	const char *language;	      /* of a sheet, of a page */
	const char *page;	      /* to be previewed; NULL: all */
	const char *output;	      /* a file; NULL: standard output */
	struct cli_voucher voucher;
	struct cli_city city;
	char **args; /* behind the command's words */
	int arg_count;
};

/* Runs one command line; the result is what the process exits with. */
int cli_run(int argc, char **argv);

/* Says why on standard error (with --json also on standard output). */
enum cli_exit cli_fail(const struct cli *cli, enum cli_exit code,
		       const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same for an -errno from netctl; subject names what it was about. */
enum cli_exit cli_refused(const struct cli *cli, int err, const char *subject);

/* The config, or NULL after saying what is wrong (then: CLI_USAGE). */
struct settings *cli_settings(const struct cli *cli);

/*
 * Connects to the netctl of the config, after checking that --zone names one
 * of its zones; with a mistake in the system's config, to the one that runs
 * where it does by default, and it is asked for its zones.
 * CLI_DONE: netctl_call_close() is due. Otherwise it has said why.
 */
enum cli_exit cli_open(const struct cli *cli, struct netctl_call *t);

/* Prints and frees the object. */
void cli_print_json(struct json_object *o);

/* A number, or null for IPC_UNLIMITED. */
struct json_object *cli_json_limit(uint64_t value);

/* "192.0.2.7", "2001:db8::7", "fe80::7%br-guest", "02:00:5e:00:53:01". */
bool cli_parse_address(const char *text, struct addr *a);

/* 16 hexadecimal digits. */
bool cli_parse_handle(const char *text, uint64_t *handle);

/* A file of accounts, and who is to read it. */
struct cli_accounts {
	const char *path, *user;
	const char *reader; /* what is to be reloaded, for people */
};

/* What passwd was told to do, to that file; checked before. */
enum cli_exit cli_passwd_check(const struct cli *cli);
enum cli_exit cli_passwd_of(const struct cli *cli,
			    const struct cli_accounts *accounts);

/* --- what there is, for completion -------------------------------------- */

/* One word or two; empty: help does not list it; NULL: there are no more. */
const char *cli_command_name(size_t command);

struct cli_option {
	const char *name; /* without its dashes */
	bool has_value;
	bool is_taken; /* by the command; without one, whatever all take */
};

/* command: SIZE_MAX is none. false: there are no more. */
bool cli_option_at(size_t option, size_t command, struct cli_option *out);

/* --- the commands ------------------------------------------------------ */
enum cli_exit cli_status(const struct cli *cli);
enum cli_exit cli_sessions(const struct cli *cli);
enum cli_exit cli_grant(const struct cli *cli);
enum cli_exit cli_revoke(const struct cli *cli);
enum cli_exit cli_usage(const struct cli *cli);
enum cli_exit cli_note_add(const struct cli *cli);
enum cli_exit cli_note_list(const struct cli *cli);
enum cli_exit cli_note_remove(const struct cli *cli);
enum cli_exit cli_open_data(const struct cli *cli);
enum cli_exit cli_backup(const struct cli *cli);
enum cli_exit cli_restore(const struct cli *cli);
enum cli_exit cli_check(const struct cli *cli);
enum cli_exit cli_doctor(const struct cli *cli);
enum cli_exit cli_ruleset(const struct cli *cli);
enum cli_exit cli_passwd(const struct cli *cli);
enum cli_exit cli_preview(const struct cli *cli);
enum cli_exit cli_dns_config(const struct cli *cli);
enum cli_exit cli_voucher_create(const struct cli *cli);
enum cli_exit cli_voucher_list(const struct cli *cli);
enum cli_exit cli_voucher_revoke(const struct cli *cli);
enum cli_exit cli_voucher_statistics(const struct cli *cli);
enum cli_exit cli_voucher_print(const struct cli *cli);
enum cli_exit cli_city_init(const struct cli *cli);
enum cli_exit cli_city_add(const struct cli *cli);
enum cli_exit cli_city_list(const struct cli *cli);
enum cli_exit cli_city_show(const struct cli *cli);
enum cli_exit cli_city_remove(const struct cli *cli);
enum cli_exit cli_city_sync(const struct cli *cli);
enum cli_exit cli_city_passwd(const struct cli *cli);
enum cli_exit cli_city_voucher_create(const struct cli *cli);
enum cli_exit cli_city_voucher_list(const struct cli *cli);
enum cli_exit cli_city_voucher_revoke(const struct cli *cli);
enum cli_exit cli_city_voucher_statistics(const struct cli *cli);
enum cli_exit cli_city_voucher_print(const struct cli *cli);
enum cli_exit cli_city_open_data(const struct cli *cli);
enum cli_exit cli_city_join(const struct cli *cli);
enum cli_exit cli_city_leave(const struct cli *cli);
enum cli_exit cli_complete(const struct cli *cli);

#endif
