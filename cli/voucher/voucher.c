/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `stadttor voucher create`, `list`, `revoke` and `statistics`. */
#include "cli/voucher/voucher.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "cli/format.h"
#include "cli/netctl_call.h"
#include "common/config/settings_valid.h"
#include "common/quantity.h"
#include "common/stringify.h"
#include "portal/voucher/voucher_city.h"
#include "portal/voucher/voucher_publish.h"

#define DEFAULT_DEVICES "1"
#define DEFAULT_VALID	"30d"
#define AGAIN_MS	300

static void add_number(struct json_object *o, const char *key, int64_t v)
{
	json_object_object_add(o, key, json_object_new_int64(v));
}

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

/* --- create: what is asked for ----------------------------------------- */

static bool refuse(const struct cli *cli, const char *option, const char *text,
		   const char *allowed)
{
	if (text)
		cli_fail(cli, CLI_USAGE,
			 "invalid value '%.40s' for --%s, allowed: %s", text,
			 option, allowed);
	else
		cli_fail(cli, CLI_USAGE, "--%s is missing, allowed: %s", option,
			 allowed);
	return false;
}

static bool take_number(const char *text, uint64_t max, uint32_t *out)
{
	uint64_t v;

	if (!text || !quantity_parse_number(text, &v) || !v || v > max)
		return false;
	*out = (uint32_t)v;
	return true;
}

static bool take_label(const struct cli *cli, char out[VOUCHER_LABEL_MAX])
{
	const char *label = cli->voucher.label;

	if (!label || !voucher_label_is_valid(label))
		return refuse(cli, "label", label,
			      "1 to 64 bytes without control characters");
	snprintf(out, VOUCHER_LABEL_MAX, "%s", label);
	return true;
}

_Static_assert(VOUCHER_VALID_MIN_S == 60 &&
		       VOUCHER_VALID_MAX_S == 3660LL * 86400 &&
		       VOUCHER_LABEL_MAX == 64 + 1,
	       "as the messages say");

static bool take_valid(const struct cli *cli, struct voucher_batch *b)
{
	const char *text =
		cli->voucher.valid ? cli->voucher.valid : DEFAULT_VALID;
	uint64_t valid_s;

	if (!quantity_parse_seconds(text, &valid_s) ||
	    valid_s < VOUCHER_VALID_MIN_S || valid_s > VOUCHER_VALID_MAX_S)
		return refuse(cli, "valid", text,
			      "a time such as 8h or 30d, 1m to 3660d");
	/* people are told the minute */
	b->valid_until_s = (b->created_s + (int64_t)valid_s + 59) / 60 * 60;
	return true;
}

static bool take_batch(const struct cli *cli, struct voucher_batch *b)
{
	const char *devices =
		cli->voucher.devices ? cli->voucher.devices : DEFAULT_DEVICES;

	if (cli->csv && cli->json) {
		cli_fail(cli, CLI_USAGE, "--csv and --json exclude each other");
		return false;
	}
	if (!take_number(cli->voucher.count, VOUCHER_COUNT_MAX, &b->count))
		return refuse(cli, "count", cli->voucher.count,
			      "1 to " STRINGIFY(VOUCHER_COUNT_MAX));
	if (!cli->limits.duration_s)
		return refuse(cli, "minutes", NULL,
			      "1 to " STRINGIFY(CLI_MINUTES_MAX));
	if (!take_number(devices, VOUCHER_DEVICES_MAX, &b->devices))
		return refuse(cli, "devices", devices,
			      "1 to " STRINGIFY(VOUCHER_DEVICES_MAX));
	b->duration_s = (int64_t)cli->limits.duration_s;
	return take_label(cli, b->label) && take_valid(cli, b);
}

/* --- create: what is odd ----------------------------------------------- */

static void warn_about(const struct zone_settings *z,
		       const struct voucher_batch *b)
{
	uint64_t max_s = z->ceiling.duration_s ? z->ceiling.duration_s
					       : z->limits.duration_s;

	if ((uint64_t)b->duration_s > max_s)
		fprintf(stderr,
			"warning: zone '%s' ends a session after %" PRIu64
			" minutes at the latest (option max_duration); people "
			"have to enter their code again\n",
			z->name, max_s / 60);
}

static void warn_of_end(const struct voucher_batch *b)
{
	if (b->valid_until_s - b->created_s < b->duration_s)
		fputs("warning: these codes are valid for less than their "
		      "minutes, and end with their validity\n",
		      stderr);
}

/* Which zones they have, the hub does not know. */
static enum cli_exit look_at_boxes(const struct voucher_session *d,
				   struct voucher_batch *b)
{
	const char *zone = d->cli->zone;

	if (zone && !valid_zone_name(zone))
		return cli_fail(d->cli, CLI_USAGE,
				"invalid value '%.40s' for --zone, allowed: 1 "
				"to 15 of a-z, 0-9 and '_'",
				zone);
	warn_of_end(b);
	snprintf(b->zone, sizeof(b->zone), "%s", zone ? zone : "");
	return CLI_DONE;
}

static enum cli_exit look_at_zones(const struct voucher_session *d,
				   struct voucher_batch *b)
{
	const struct settings *s = d->settings;
	const char *wanted = d->cli->zone;
	size_t known = 0, asking = 0;

	if (!s)
		return look_at_boxes(d, b);
	for (size_t i = 0; i < s->zones; i++) {
		const struct zone_settings *z = &s->zone[i];

		if (wanted && strcmp(wanted, z->name) != 0)
			continue;
		known++;
		if (!settings_zone_offers(z, ZONE_AUTH_VOUCHER))
			continue;
		asking++;
		warn_about(z, b);
	}
	if (wanted && !known)
		return cli_fail(d->cli, CLI_NOT_FOUND, "zone '%.40s' not found",
				wanted);
	if (wanted && !asking)
		fprintf(stderr,
			"warning: zone '%s' does not ask for codes "
			"(list auth 'voucher')\n",
			wanted);
	else if (!asking)
		fputs("warning: no zone asks for codes (list auth "
		      "'voucher')\n",
		      stderr);
	warn_of_end(b);
	snprintf(b->zone, sizeof(b->zone), "%s", wanted ? wanted : "");
	return CLI_DONE;
}

/* --- create: the codes ------------------------------------------------- */

static struct json_object *batch_to_json(const struct voucher_batch *b)
{
	struct json_object *o = json_object_new_object();

	add_number(o, "batch", b->id);
	add_text(o, "label", b->label);
	json_object_object_add(
		o, "zone", *b->zone ? json_object_new_string(b->zone) : NULL);
	add_number(o, "created_s", b->created_s);
	add_number(o, "valid_until_s", b->valid_until_s);
	add_number(o, "duration_s", b->duration_s);
	add_number(o, "devices", b->devices);
	add_number(o, "count", b->count);
	return o;
}

static void print_codes_json(const struct voucher_batch *b,
			     const char (*codes)[VOUCHER_CODE_MAX])
{
	struct json_object *list = json_object_new_array();
	struct json_object *o = batch_to_json(b);
	char text[VOUCHER_CODE_TEXT_MAX];

	for (uint32_t i = 0; i < b->count; i++)
		json_object_array_add(
			list, json_object_new_string(
				      voucher_code_to_text(codes[i], text)));
	json_object_object_add(o, "codes", list);
	cli_print_json(o);
}

static void print_quoted(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"')
			putchar('"');
		putchar(*text);
	}
	putchar('"');
}

static void print_codes(const struct cli *cli, const struct voucher_batch *b,
			const char (*codes)[VOUCHER_CODE_MAX])
{
	char text[VOUCHER_CODE_TEXT_MAX], until[FORMAT_MAX];

	if (cli->json) {
		print_codes_json(b, codes);
		return;
	}
	format_date(b->valid_until_s, until);
	if (cli->csv)
		puts("code,batch,label,zone,minutes,devices,valid_until");
	for (uint32_t i = 0; i < b->count; i++) {
		fputs(voucher_code_to_text(codes[i], text), stdout);
		if (cli->csv) {
			printf(",%" PRId64 ",", b->id);
			print_quoted(b->label);
			printf(",%s,%" PRId64 ",%" PRIu32 ",%s", b->zone,
			       b->duration_s / 60, b->devices, until);
		}
		putchar('\n');
	}
}

/* Each box keeps all of them. */
static enum cli_exit look_at_room(const struct voucher_session *d,
				  const struct voucher_batch *b)
{
	int64_t codes = 0;
	int err = d->settings ? 0
			      : voucher_publish_count(d->db, d->now_s, &codes);

	if (err)
		return voucher_session_fail(d, err);
	if (codes + b->count <= VOUCHER_CITY_SIZE)
		return CLI_DONE;
	return cli_fail(d->cli, CLI_FAILED,
			"a city has room for %d codes, those of the last 30 "
			"days included, and there are %" PRId64,
			VOUCHER_CITY_SIZE, codes);
}

static enum cli_exit create(struct voucher_session *d, struct voucher_batch *b)
{
	char(*codes)[VOUCHER_CODE_MAX] = calloc(b->count, sizeof(*codes));
	enum cli_exit code;
	int err;

	if (!codes)
		return voucher_session_fail(d, -ENOMEM);
	code = voucher_session_open(d, VOUCHER_DB_MAKE);
	if (!code)
		code = look_at_room(d, b);
	if (!code) {
		err = voucher_batch_create(d->db, &d->key, b, codes);
		if (!err)
			err = voucher_session_publish(d);
		if (err)
			code = voucher_session_fail(d, err);
		else
			print_codes(d->cli, b, codes);
		if (!err && (fflush(stdout) || ferror(stdout)))
			code = cli_fail(d->cli, CLI_FAILED,
					"not all codes were written, and they "
					"are not known any more: stadttor "
					"%svoucher revoke %" PRId64,
					d->settings ? "" : "city ", b->id);
	}
	explicit_bzero(codes, b->count * sizeof(*codes));
	free(codes);
	return code;
}

enum cli_exit cli_voucher_create(const struct cli *cli)
{
	struct voucher_batch b = { .created_s = time(NULL) };
	struct voucher_session d;
	enum cli_exit code;

	if (!take_batch(cli, &b))
		return CLI_USAGE;
	code = voucher_session_init(&d, cli);
	if (!code)
		code = look_at_zones(&d, &b);
	if (!code)
		code = create(&d, &b);
	voucher_session_close(&d);
	return code;
}

/* --- what list and statistics share ------------------------------------ */

struct view {
	struct table *table;
	struct json_object *list;
	size_t rows;
	struct voucher_statistics total;
	int err;
};

static void add_row(struct view *v, const char *const *cells)
{
	v->rows++;
	if (!v->err)
		v->err = table_add(v->table, cells);
}

static const char *figure(uint64_t v, char text[FORMAT_MAX])
{
	snprintf(text, FORMAT_MAX, "%" PRIu64, v);
	return text;
}

/* Frees what the view holds. */
static enum cli_exit show(const struct voucher_session *d, struct view *v,
			  const char *key, int err)
{
	struct json_object *o = json_object_new_object();

	if (!err)
		err = v->err;
	json_object_object_add(o, key, v->list);
	if (!err && d->cli->json)
		cli_print_json(json_object_get(o));
	else if (!err && v->rows)
		table_print(v->table, stdout);
	else if (!err)
		puts("There are no such vouchers.");
	json_object_put(o);
	table_free(v->table);
	return err ? voucher_session_fail(d, err) : CLI_DONE;
}

struct listing {
	const char *key;     /* of the list in JSON */
	const char *columns; /* as table_new() has them */
	const char *const *headings;
	int (*fill)(const struct voucher_session *d,
		    struct view *v); /* 0 or -errno */
};

static enum cli_exit show_listing(const struct cli *cli,
				  const struct listing *l)
{
	struct view v = { 0 };
	struct voucher_session d;
	enum cli_exit code = voucher_session_init(&d, cli);
	int err = -ENOMEM;

	if (!code)
		code = voucher_session_open(&d, VOUCHER_DB_USE);
	if (!code) {
		v.table = table_new(l->columns, l->headings);
		v.list = json_object_new_array();
		if (v.table)
			err = l->fill(&d, &v);
		code = show(&d, &v, l->key, err);
	}
	voucher_session_close(&d);
	return code;
}

/* --- list -------------------------------------------------------------- */

static void on_batch(const struct voucher_batch *b, void *arg)
{
	struct view *v = arg;
	char id[FORMAT_MAX], count[FORMAT_MAX], used[FORMAT_MAX];
	char revoked[FORMAT_MAX], minutes[FORMAT_MAX], devices[FORMAT_MAX];
	char created[FORMAT_MAX], until[FORMAT_MAX];
	struct json_object *o;
	const char *const cells[] = {
		figure((uint64_t)b->id, id),
		format_date(b->created_s, created),
		figure(b->count, count),
		figure(b->used, used),
		figure(b->revoked, revoked),
		figure((uint64_t)b->duration_s / 60, minutes),
		figure(b->devices, devices),
		format_date(b->valid_until_s, until),
		*b->zone ? b->zone : "any",
		b->label,
	};

	add_row(v, cells);
	o = batch_to_json(b);
	add_number(o, "used", (int64_t)b->used);
	add_number(o, "active", (int64_t)b->active);
	add_number(o, "expired", (int64_t)b->expired);
	add_number(o, "revoked", (int64_t)b->revoked);
	json_object_array_add(v->list, o);
}

static int fill_batches(const struct voucher_session *d, struct view *v)
{
	return voucher_batch_list(d->db, d->now_s, d->cli->voucher.label,
				  on_batch, v);
}

enum cli_exit cli_voucher_list(const struct cli *cli)
{
	static const char *const headings[] = {
		"BATCH",   "CREATED", "COUNT",	     "USED", "REVOKED",
		"MINUTES", "DEVICES", "VALID UNTIL", "ZONE", "LABEL",
	};
	static const struct listing batches = { "batches", "rlrrrrrlll",
						headings, fill_batches };

	return show_listing(cli, &batches);
}

/* --- statistics -------------------------------------------------------- */

static void add_line(struct view *v, const char *name,
		     const struct voucher_statistics *s)
{
	char created[FORMAT_MAX], used[FORMAT_MAX], active[FORMAT_MAX];
	char expired[FORMAT_MAX], revoked[FORMAT_MAX];
	const char *const cells[] = {
		figure(s->created, created), figure(s->used, used),
		figure(s->active, active),   figure(s->expired, expired),
		figure(s->revoked, revoked), name,
	};

	add_row(v, cells);
}

static void on_label(const struct voucher_statistics *s, void *arg)
{
	struct view *v = arg;
	struct json_object *o = json_object_new_object();

	add_line(v, s->label, s);
	v->total.created += s->created;
	v->total.used += s->used;
	v->total.active += s->active;
	v->total.expired += s->expired;
	v->total.revoked += s->revoked;
	add_text(o, "label", s->label);
	add_number(o, "created", (int64_t)s->created);
	add_number(o, "used", (int64_t)s->used);
	add_number(o, "active", (int64_t)s->active);
	add_number(o, "expired", (int64_t)s->expired);
	add_number(o, "revoked", (int64_t)s->revoked);
	json_object_array_add(v->list, o);
}

static int fill_labels(const struct voucher_session *d, struct view *v)
{
	int err = voucher_batch_statistics(d->db, d->now_s, on_label, v);

	if (v->rows > 1)
		add_line(v, "(all)", &v->total);
	return err;
}

enum cli_exit cli_voucher_statistics(const struct cli *cli)
{
	static const char *const headings[] = { "CREATED", "USED",    "ACTIVE",
						"EXPIRED", "REVOKED", "LABEL" };
	static const struct listing labels = { "labels", "rrrrrl", headings,
					       fill_labels };

	return show_listing(cli, &labels);
}

/* --- revoke ------------------------------------------------------------ */

struct revocation {
	struct voucher_session session;
	struct netctl_call call;
	int call_error; /* why it is not open */
	uint64_t *tags; /* of codes whose minutes run */
	size_t count;
	uint64_t ended; /* sessions */
};

/* 0 or -errno; that nobody is online by a tag is fine. */
static int end_tag(struct revocation *r, uint64_t tag)
{
	struct ipc_revoke question = { .tag = tag };
	union netctl_call_message m;
	int err = netctl_call_ask(&r->call, IPC_REVOKE, &question);

	if (!err)
		err = netctl_call_answer_of(&r->call, IPC_DONE, &m);
	if (!err)
		err = m.done.error;
	if (!err)
		r->ended += m.done.count;
	return err == -ENOENT ? 0 : err;
}

static int end_sessions(struct revocation *r)
{
	int err = 0;

	for (size_t i = 0; i < r->count && !err; i++)
		err = end_tag(r, r->tags[i]);
	return err;
}

/*
 * Twice: the portal may have read a code just before it was revoked, and be
 * asking for its grant now.
 */
static enum cli_exit end_all(struct revocation *r)
{
	static const struct timespec while_asking = { .tv_nsec = AGAIN_MS *
								 1000000L };
	const struct voucher_session *d = &r->session;
	int err;

	if (!r->count || !d->settings)
		return CLI_DONE;
	if (r->call_error)
		return cli_fail(d->cli, CLI_UNREACHABLE,
				"revoked, but netctl is not reachable at %s: "
				"%s; sessions that run go on, so try again",
				d->settings->gate.socket,
				strerror(-r->call_error));
	err = end_sessions(r);
	if (!err) {
		nanosleep(&while_asking, NULL);
		err = end_sessions(r);
	}
	return err ? cli_refused(d->cli, err,
				 "revoked, but sessions that run may go on")
		   : CLI_DONE;
}

static enum cli_exit take_target(const struct voucher_session *d,
				 struct voucher_target *t)
{
	const char *text = d->cli->args[0];
	char code[VOUCHER_CODE_MAX];
	uint64_t batch;
	int err;

	*t = (struct voucher_target){ 0 };
	if (quantity_parse_number(text, &batch) && batch &&
	    batch <= INT32_MAX) {
		t->batch = (int64_t)batch;
		return CLI_DONE;
	}
	if (!voucher_code_find(text, code))
		return cli_fail(d->cli, CLI_USAGE,
				"'%.40s' is neither the number of a batch nor "
				"a code; is there a typing mistake?",
				text);
	err = voucher_key_hash(&d->key, code, &t->code);
	return err ? voucher_session_fail(d, err) : CLI_DONE;
}

static enum cli_exit report_revoked(const struct revocation *r,
				    const struct voucher_target *t)
{
	struct json_object *o;

	if (!r->session.settings && !r->session.cli->json) {
		printf("%s revoked; its sessions end at each box that reaches "
		       "the store\n",
		       t->batch ? "batch" : "code");
		return CLI_DONE;
	}
	if (!r->session.cli->json) {
		printf("%s revoked, %" PRIu64 " session%s ended\n",
		       t->batch ? "batch" : "code", r->ended,
		       r->ended == 1 ? "" : "s");
		return CLI_DONE;
	}
	o = json_object_new_object();
	json_object_object_add(
		o, "batch", t->batch ? json_object_new_int64(t->batch) : NULL);
	add_number(o, "ended", (int64_t)r->ended);
	cli_print_json(o);
	return CLI_DONE;
}

static enum cli_exit revoke(struct revocation *r)
{
	struct voucher_session *d = &r->session;
	struct voucher_target target;
	enum cli_exit code = voucher_session_open(d, VOUCHER_DB_USE);
	int err;

	if (!code)
		code = take_target(d, &target);
	if (code)
		return code;
	err = voucher_batch_revoke(d->db, &target, d->now_s, &r->tags,
				   &r->count);
	if (err == -ENOENT)
		return cli_fail(d->cli, CLI_NOT_FOUND, "%s '%.40s' not found",
				target.batch ? "batch" : "code",
				d->cli->args[0]);
	if (err)
		return voucher_session_fail(d, err);
	err = voucher_session_publish(d);
	if (err)
		return voucher_session_fail(d, err);
	code = end_all(r);
	return code ? code : report_revoked(r, &target);
}

enum cli_exit cli_voucher_revoke(const struct cli *cli)
{
	struct revocation r = { 0 };
	enum cli_exit code = voucher_session_init(&r.session, cli);

	if (!code) {
		/* as root, who alone may end sessions */
		r.call_error =
			cli->city.codes
				? -ENOTCONN
				: netctl_call_open(
					  &r.call,
					  r.session.settings->gate.socket);
		code = revoke(&r);
		if (!r.call_error)
			netctl_call_close(&r.call);
	}
	free(r.tags);
	voucher_session_close(&r.session);
	return code;
}
