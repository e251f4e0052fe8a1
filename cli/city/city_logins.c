/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is done to one site on all servers of the store, and read back. */
#include "cli/city/city_hub.h"

#include <string.h>

#include "common/array.h"

static bool complain(struct city_hub *h, const char *why)
{
	cli_fail(h->cli, CLI_FAILED, "%s", why);
	return false;
}

static bool expect(struct city_hub *h, struct city_store *node,
		   const struct city_site *site, enum city_acl_state state)
{
	char why[CITY_WHY_MAX];
	enum city_acl_state found = city_acl_look(node, site, why);

	if (found == state)
		return true;
	if (found != CITY_ACL_UNKNOWN)
		snprintf(why, sizeof(why),
			 "%.262s: it says that it is done, but the login of %s "
			 "is not as it should be",
			 city_store_node(node), site->name);
	return complain(h, why);
}

bool city_hub_let_in(struct city_hub *h, const struct city_site *site)
{
	char user[CITY_USER_MAX], why[CITY_WHY_MAX];

	city_acl_user(site->name, user);
	for (size_t i = 0; i < h->secret.nodes; i++) {
		if (!h->node[i])
			continue;
		/* who has an older login is disconnected */
		if (!city_acl_drop(h->node[i], user, why) ||
		    !city_acl_set(h->node[i], site, why) ||
		    !city_acl_save(h->node[i], why))
			return complain(h, why);
		if (!expect(h, h->node[i], site, CITY_ACL_RIGHT))
			return false;
	}
	return true;
}

bool city_hub_shut_out(struct city_hub *h, const char *name)
{
	char user[CITY_USER_MAX], why[CITY_WHY_MAX];
	struct city_site site = { .hash = "" };
	bool is_good = true;

	snprintf(site.name, sizeof(site.name), "%s", name);
	city_acl_user(name, user);
	for (size_t i = 0; i < h->secret.nodes; i++) {
		if (!h->node[i])
			continue;
		if (!city_acl_drop(h->node[i], user, why) ||
		    !city_acl_save(h->node[i], why))
			is_good = complain(h, why);
		else if (!expect(h, h->node[i], &site, CITY_ACL_MISSING))
			is_good = false;
	}
	return is_good;
}

bool city_hub_forget(struct city_hub *h, const char *site)
{
	static const char *const of_site[] = { "in:", "hb:", "k:", "c:" };
	char key[ARRAY_SIZE(of_site)][CITY_NAME_MAX + 4], why[CITY_WHY_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(of_site); i++)
		snprintf(key[i], sizeof(key[i]), "%s%s", of_site[i], site);
	return !h->master ||
	       city_store_do(h->master, why, "DEL", key[0], key[1], key[2],
			     key[3], (char *)NULL) ||
	       complain(h, why);
}

/* --- blobs ------------------------------------------------------------- */

static bool send_blob(struct city_hub *h, const struct city_site *site,
		      char why[CITY_WHY_MAX])
{
	char key[CITY_NAME_MAX + 4];
	const char *const word[] = {
		"XADD", key, "MAXLEN", "4", "*", "b", NULL
	};
	const struct city_command c = { word, site->blob, CITY_BLOB_BYTES };

	snprintf(key, sizeof(key), "k:%s", site->name);
	return city_store_send(h->master, &c, why);
}

static bool read_replies(struct city_hub *h, size_t count,
			 char why[CITY_WHY_MAX])
{
	bool is_good = true;
	redisReply *r;

	for (size_t i = 0; i < count; i++) {
		r = city_store_read(h->master, why);
		if (!r)
			return false;
		if (r->type == REDIS_REPLY_ERROR) {
			snprintf(why, CITY_WHY_MAX, "%.250s: XADD: %.100s",
				 city_store_node(h->master), r->str);
			is_good = false;
		}
		freeReplyObject(r);
	}
	return is_good;
}

bool city_hub_send_blobs(struct city_hub *h)
{
	char why[CITY_WHY_MAX];
	size_t sent = 0;

	for (size_t i = 0; i < h->secret.sites; i++) {
		const struct city_site *site = &h->secret.site[i];

		if (!site->has_blob)
			continue;
		if (!send_blob(h, site, why))
			return complain(h, why);
		if (++sent < CITY_PIPE_MAX)
			continue;
		if (!read_replies(h, sent, why))
			return complain(h, why);
		sent = 0;
	}
	return read_replies(h, sent, why) || complain(h, why);
}
