/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/codes.h"

#include <errno.h>
#include <stdlib.h>

struct codes {
	const char *file;
	struct voucher_db *db; /* NULL: not there yet, or not usable */
	int64_t at;	       /* what the store has */
	int said_err;
};

static void say(struct codes *c, int err)
{
	if (err && err != c->said_err)
		log_error("%s: %s; codes of the city stay as the boxes know "
			  "them",
			  c->file, voucher_db_reason(err));
	else if (!err && c->said_err)
		log_info("%s: it is usable again", c->file);
	c->said_err = err;
}

/* Whatever fails begins anew with the next call. */
static int fail(struct codes *c, int err)
{
	say(c, err);
	if (err && err != -EBUSY && c->db) {
		voucher_db_close(c->db);
		c->db = NULL;
	}
	return err;
}

/* false: there are no codes here. */
static bool open_file(struct codes *c)
{
	int err;

	if (c->db)
		return true;
	err = voucher_db_open(&c->db, c->file, NULL, VOUCHER_DB_USE);
	if (err == -ENOENT)
		return false;
	if (!err)
		err = voucher_publish_set_up(c->db);
	return !fail(c, err);
}

struct codes *codes_new(const char *file)
{
	struct codes *c = calloc(1, sizeof(*c));

	if (c)
		c->file = file;
	return c;
}

void codes_free(struct codes *c)
{
	if (!c)
		return;
	voucher_db_close(c->db);
	free(c);
}

enum codes_verdict codes_take(struct codes *c, const void *bytes, size_t len,
			      const struct voucher_publish_time *time,
			      size_t *changed)
{
	int err;

	*changed = 0;
	if (!open_file(c))
		return c->said_err == -EBUSY ? CODES_LATER : CODES_TAKEN;
	err = voucher_publish_uses(c->db, bytes, len, time, changed);
	if (err == -EBADMSG)
		return CODES_MALFORMED;
	return fail(c, err) == -EBUSY ? CODES_LATER : CODES_TAKEN;
}

void codes_forget(struct codes *c, int64_t over_s)
{
	c->at = 0;
	if (open_file(c))
		fail(c, voucher_publish_tidy(c->db, over_s));
}

void codes_last(struct codes *c, struct voucher_published *out)
{
	out->id = 0;
	if (open_file(c) && fail(c, voucher_publish_last(c->db, out)))
		out->id = 0;
}

void codes_have(struct codes *c, int64_t id)
{
	c->at = id;
}

bool codes_next(struct codes *c, struct voucher_published *out)
{
	out->id = 0;
	return open_file(c) &&
	       !fail(c, voucher_publish_next(c->db, c->at, out)) && out->id;
}
