/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/admin/admin_vouchers.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>

#include "common/quantity.h"
#include "portal/admin/admin_answer.h"
#include "portal/admin/admin_login.h"
#include "portal/admin/admin_query.h"
#include "portal/admin/admin_site.h"
#include "portal/store/day.h"
#include "portal/util/base64url.h"
#include "portal/util/strbuf.h"
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_batch.h"
#include "portal/voucher/voucher_qr.h"

#define DAY_S	     86400
#define MINUTES_MAX  (SETTINGS_DURATION_MAX_S / 60)
#define DAYS_MAX     (VOUCHER_VALID_MAX_S / DAY_S)
#define HEAD_MAX     320 /* of the answer, before its codes */
#define QR_BYTES_MAX 640 /* of one of 71 x 71 modules */
#define QR_TEXT_MAX  (BASE64URL(QR_BYTES_MAX) + 32)

/* NULL: it has been answered. */
static struct voucher_db *borrow(struct conn *c)
{
	const struct admin_site *s = conn_arg(c);
	struct voucher_db *db;

	if (!s->vouchers) {
		admin_answer_error(c, 409, NULL, "no zone asks for codes");
		return NULL;
	}
	db = vouchers_borrow(s->vouchers);
	if (!db)
		admin_answer_error(c, 503, NULL,
				   "the codes cannot be used; if there are "
				   "none yet, stadttor voucher create makes "
				   "the first");
	return db;
}

static void answer_failed(struct conn *c, int err)
{
	if (err == -ENOENT)
		admin_answer_error(c, 404, NULL, "there is no such batch");
	else
		admin_answer_error(c, 503, NULL, "%s", voucher_db_reason(err));
}

static const char *name_of(struct conn *c)
{
	const struct account *who = admin_login_account(c);

	return who ? who->name : "somebody";
}

/* --- the list ---------------------------------------------------------- */

static void add_number(struct json_object *o, const char *name, int64_t v)
{
	json_object_object_add(o, name, json_object_new_int64(v));
}

/* As a number, and as the box's clock shows it. */
static void add_time(struct json_object *o, const char *name, int64_t time_s)
{
	char text[DAY_TIME_TEXT], seconds[32];

	snprintf(seconds, sizeof(seconds), "%s_s", name);
	add_number(o, seconds, time_s);
	json_object_object_add(
		o, name,
		json_object_new_string(day_time_to_string(text, time_s)));
}

static void add_batch(const struct voucher_batch *b, void *arg)
{
	struct json_object *list = arg;
	struct json_object *o = json_object_new_object();

	add_number(o, "batch", b->id);
	json_object_object_add(o, "label", json_object_new_string(b->label));
	json_object_object_add(o, "zone", json_object_new_string(b->zone));
	add_time(o, "created", b->created_s);
	add_time(o, "valid_until", b->valid_until_s);
	add_number(o, "duration_s", b->duration_s);
	add_number(o, "devices", b->devices);
	add_number(o, "count", b->count);
	add_number(o, "used", (int64_t)b->used);
	add_number(o, "active", (int64_t)b->active);
	add_number(o, "expired", (int64_t)b->expired);
	add_number(o, "revoked", (int64_t)b->revoked);
	json_object_array_add(list, o);
}

void admin_vouchers_list(struct conn *c)
{
	struct admin_site *s = conn_arg(c);
	struct voucher_db *db = borrow(c);
	struct json_object *o, *list;
	struct admin_answer a = { .status = 200, .type = ADMIN_TYPE_JSON };
	int err;

	if (!db)
		return;
	o = json_object_new_object();
	list = json_object_new_array();
	err = voucher_batch_list(db, time(NULL), NULL, add_batch, list);
	vouchers_return(s->vouchers, err);
	json_object_object_add(o, "batches", list);
	a.body = json_object_to_json_string_length(
		o, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE,
		&a.body_len);
	if (err)
		answer_failed(c, err);
	else
		admin_answer(c, &a);
	json_object_put(o);
}

/* --- making ------------------------------------------------------------ */

static bool take_number(struct conn *c, const struct form *f, const char *name,
			uint64_t max, uint64_t *out)
{
	const char *text = form_find(f, name);

	if (text && quantity_parse_number(text, out) && *out && *out <= max)
		return true;
	admin_answer_error(c, 400, NULL, "%s: not 1 to %" PRIu64, name, max);
	return false;
}

static bool take_label(struct conn *c, const struct form *f,
		       struct voucher_batch *b)
{
	const char *label = form_find(f, "label");

	if (!label || !voucher_label_is_valid(label)) {
		admin_answer_error(c, 400, NULL,
				   "label: not 1 to 64 bytes without control "
				   "characters");
		return false;
	}
	snprintf(b->label, sizeof(b->label), "%s", label);
	return true;
}

/* Of the network that the slips join phones to; empty: of none. */
static bool take_ssid(struct conn *c, const struct form *f)
{
	const char *ssid = form_find(f, "ssid");

	if (!ssid || !*ssid || voucher_ssid_is_valid(ssid))
		return true;
	admin_answer_error(c, 400, NULL,
			   "ssid: not 1 to %d bytes without control characters",
			   VOUCHER_SSID_MAX);
	return false;
}

/* Empty: any. */
static bool take_zone(struct conn *c, const struct form *f,
		      struct voucher_batch *b)
{
	const struct admin_site *s = conn_arg(c);
	const char *zone = form_find(f, "zone");

	if (!zone || !*zone)
		return true;
	for (size_t i = 0; i < s->settings->zones; i++) {
		const struct zone_settings *z = &s->settings->zone[i];

		if (!strcmp(z->name, zone) &&
		    settings_zone_offers(z, ZONE_AUTH_VOUCHER)) {
			snprintf(b->zone, sizeof(b->zone), "%s", zone);
			return true;
		}
	}
	admin_answer_error(c, 400, NULL, "zone: none that asks for codes");
	return false;
}

static bool take_batch(struct conn *c, const struct form *f,
		       struct voucher_batch *b)
{
	uint64_t count, minutes, devices, days;

	if (!take_label(c, f, b) || !take_ssid(c, f) || !take_zone(c, f, b) ||
	    !take_number(c, f, "count", ADMIN_VOUCHERS_AT_ONCE, &count) ||
	    !take_number(c, f, "minutes", MINUTES_MAX, &minutes) ||
	    !take_number(c, f, "devices", VOUCHER_DEVICES_MAX, &devices) ||
	    !take_number(c, f, "days", DAYS_MAX, &days))
		return false;
	b->created_s = time(NULL);
	b->count = (uint32_t)count;
	b->devices = (uint32_t)devices;
	b->duration_s = (int64_t)minutes * 60;
	/* people are told the minute */
	b->valid_until_s =
		(b->created_s + (int64_t)days * DAY_S + 59) / 60 * 60;
	return true;
}

static void add_count(const struct voucher_batch *b, void *arg)
{
	uint64_t *sum = arg;

	*sum += b->count;
}

/* Whoever stole an account must not fill the disk with it. */
static int make(struct admin_site *s, struct voucher_db *db,
		struct voucher_batch *b, char (*codes)[VOUCHER_CODE_MAX])
{
	uint64_t sum = 0;
	int err = voucher_batch_list(db, b->created_s, NULL, add_count, &sum);

	if (!err && sum + b->count > ADMIN_VOUCHERS_IN_ALL)
		return -ENOSPC;
	if (!err)
		err = voucher_batch_create(db, vouchers_key(s->vouchers), b,
					   codes);
	vouchers_return(s->vouchers, err);
	return err;
}

/* {"size":33,"bits":"..."}: rows of modules in base64url, 1 is dark. */
static bool put_qr(struct strbuf *o, const char *content)
{
	unsigned char packed[QR_BYTES_MAX] = { 0 };
	char base64[BASE64URL(QR_BYTES_MAX)];
	int size = 0;
	unsigned char *modules = voucher_qr_build(content, &size);
	bool fits = modules && size * size <= QR_BYTES_MAX * 8;

	for (int i = 0; fits && i < size * size; i++)
		packed[i / 8] |= (unsigned char)(modules[i] << (7 - i % 8));
	if (fits) {
		base64url_build(base64, packed, (size_t)(size * size + 7) / 8);
		strbuf_format(o, "{\"size\":%d,\"bits\":\"%s\"}", size, base64);
	}
	explicit_bzero(packed, sizeof(packed));
	explicit_bzero(base64, sizeof(base64));
	free(modules);
	return fits;
}

/* What a camera reads, where the portal has a name that it can carry. */
static void put_links(struct strbuf *o, const struct admin_site *s,
		      char (*codes)[VOUCHER_CODE_MAX], uint32_t count)
{
	char link[VOUCHER_LINK_MAX], whole[VOUCHER_LINK_MAX + 32];
	char text[VOUCHER_CODE_TEXT_MAX];
	bool is_good = voucher_link_build(link, &s->settings->portal, NULL);

	strbuf_text(o, "],\"links\":[");
	for (uint32_t i = 0; is_good && i < count; i++) {
		snprintf(whole, sizeof(whole), "%s%s", link,
			 voucher_code_to_text(codes[i], text));
		strbuf_text(o, i ? "," : "");
		is_good = put_qr(o, whole);
		o->is_cut |= !is_good;
	}
	explicit_bzero(whole, sizeof(whole));
	explicit_bzero(text, sizeof(text));
}

static void put_join(struct strbuf *o, const char *ssid)
{
	char content[VOUCHER_JOIN_MAX];

	strbuf_text(o, "],\"join\":");
	if (!*ssid) {
		strbuf_text(o, "null");
		return;
	}
	voucher_join_build(content, ssid);
	o->is_cut |= !put_qr(o, content);
}

/* Wiped, as it can be had only once. */
static void answer_codes(struct conn *c, const struct voucher_batch *b,
			 const char *ssid, char (*codes)[VOUCHER_CODE_MAX])
{
	size_t max = HEAD_MAX + QR_TEXT_MAX +
		     b->count * (VOUCHER_CODE_TEXT_MAX + 3 + QR_TEXT_MAX);
	char *bytes = calloc(1, max);
	char text[VOUCHER_CODE_TEXT_MAX], until[DAY_TIME_TEXT];
	struct admin_answer a = { .status = 200, .type = ADMIN_TYPE_JSON };
	struct strbuf o;

	strbuf_init(&o, bytes, bytes ? max : 0);
	strbuf_format(&o,
		      "{\"batch\":%" PRId64 ",\"valid_until_s\":%" PRId64
		      ",\"valid_until\":\"%s\"",
		      b->id, b->valid_until_s,
		      day_time_to_string(until, b->valid_until_s));
	for (uint32_t i = 0; i < b->count; i++)
		strbuf_format(&o, "%s\"%s\"", i ? "," : ",\"codes\":[",
			      voucher_code_to_text(codes[i], text));
	put_links(&o, conn_arg(c), codes, b->count);
	put_join(&o, ssid);
	strbuf_text(&o, "}");
	a.body = bytes;
	a.body_len = o.len;
	if (o.is_cut)
		admin_answer_error(c, 503, NULL,
				   "out of memory; take back "
				   "the newest batch");
	else
		admin_answer(c, &a);
	if (bytes)
		explicit_bzero(bytes, max);
	free(bytes);
	explicit_bzero(text, sizeof(text));
}

static void create(struct conn *c, const struct form *f)
{
	struct voucher_batch b = { .id = 0 };
	const char *ssid = form_find(f, "ssid");
	struct voucher_db *db = take_batch(c, f, &b) ? borrow(c) : NULL;
	char(*codes)[VOUCHER_CODE_MAX];
	int err;

	if (!db)
		return;
	ssid = ssid ? ssid : "";
	codes = calloc(b.count, sizeof(*codes));
	err = codes ? make(conn_arg(c), db, &b, codes) : -ENOMEM;
	if (err == -ENOSPC) {
		admin_answer_error(c, 409, NULL,
				   "there are %d codes, which is the most",
				   ADMIN_VOUCHERS_IN_ALL);
	} else if (err) {
		answer_failed(c, err);
	} else {
		log_info("admin: %s has made %u codes, batch %" PRId64,
			 name_of(c), b.count, b.id);
		answer_codes(c, &b, ssid, codes);
	}
	if (codes)
		explicit_bzero(codes, b.count * sizeof(*codes));
	free(codes);
}

/* --- taking back ------------------------------------------------------- */

static void revoke(struct conn *c, const struct form *f)
{
	struct admin_site *s = conn_arg(c);
	struct voucher_target target = { .batch = 0 };
	struct admin_answer a = { .status = 200,
				  .type = ADMIN_TYPE_JSON,
				  .body = "{}",
				  .body_len = 2 };
	struct voucher_db *db;
	uint64_t batch, *tags = NULL;
	size_t count = 0;
	int err;

	if (!take_number(c, f, "batch", INT64_MAX, &batch) || !(db = borrow(c)))
		return;
	target.batch = (int64_t)batch;
	err = voucher_batch_revoke(db, &target, time(NULL), &tags, &count);
	vouchers_return(s->vouchers, err == -ENOENT ? 0 : err);
	for (size_t i = 0; !err && i < count; i++)
		err = netctl_client_end_tag(s->netctl, tags[i]);
	free(tags);
	if (err == -ENOTCONN) {
		admin_answer_error(c, 503, NULL,
				   "taken back, but the controller is away: "
				   "who is online by it stays so; try again");
	} else if (err) {
		answer_failed(c, err);
	} else {
		log_info("admin: %s has taken back batch %" PRIu64, name_of(c),
			 batch);
		admin_answer(c, &a);
	}
}

/* --- forms ------------------------------------------------------------- */

void admin_vouchers_create(struct conn *c)
{
	struct form f;

	if (admin_query_take_form(c, &f))
		create(c, &f);
}

void admin_vouchers_revoke(struct conn *c)
{
	struct form f;

	if (admin_query_take_form(c, &f))
		revoke(c, &f);
}
