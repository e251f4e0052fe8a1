/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `stadttor city remove SITE`: its login goes, at once and on all servers, and
 * the city gets a new key, for the box has the old one. `stadttor city sync`
 * does what could not be done then, or what a server has forgotten.
 */
#include "cli/city/city_hub.h"

#include <stdio.h>
#include <string.h>

static enum cli_exit not_found(const struct cli *cli)
{
	return cli_fail(cli, CLI_NOT_FOUND, "site '%.40s' not found",
			cli->args[0]);
}

static bool has_unreached(const struct city_hub *h)
{
	for (size_t i = 0; i < h->secret.nodes; i++)
		if (!h->node[i])
			return true;
	return false;
}

static enum cli_exit report(const struct city_hub *h, bool is_good)
{
	const char *name = h->cli->args[0];

	printf("%s: removed; the city's key is of generation %u. For the hub: "
	       "systemctl reload stadttor-hub\n",
	       name, h->secret.generation);
	if (is_good && h->master && !has_unreached(h))
		return CLI_DONE;
	return cli_fail(h->cli, CLI_FAILED,
			"not everywhere yet; once all servers of the store are "
			"well: stadttor city sync");
}

/* What is written first holds, whatever comes between. */
static enum cli_exit remove_site(struct city_hub *h)
{
	struct city_site *site = city_secret_find(&h->secret, h->cli->args[0]);
	enum cli_exit code;
	bool is_good;

	if (!site)
		return not_found(h->cli);
	code = city_hub_connect(h, false);
	if (code)
		return code;
	is_good = city_hub_shut_out(h, site->name);
	city_secret_remove(&h->secret, site);
	if (!city_secret_renew(&h->secret,
			       city_day(h->now_s, h->secret.shift_s)))
		return cli_fail(h->cli, CLI_FAILED, "no randomness");
	code = city_hub_save(h);
	if (code)
		return code;
	is_good = city_hub_forget(h, h->cli->args[0]) && is_good;
	if (h->master)
		is_good = city_hub_send_blobs(h) && is_good;
	return report(h, is_good);
}

enum cli_exit cli_city_remove(const struct cli *cli)
{
	struct city_hub h;
	enum cli_exit code = city_hub_open(&h, cli, CITY_HUB_CHANGE);

	if (!code)
		code = remove_site(&h);
	city_hub_close(&h);
	return code;
}

/* --- sync -------------------------------------------------------------- */

/* Logins that no site has any more. */
struct leftovers {
	struct city_hub *hub;
	unsigned int dropped;
	bool is_good;
};

static bool on_login(const char *name, void *arg)
{
	struct leftovers *l = arg;

	if (!city_secret_find(&l->hub->secret, name)) {
		l->is_good = city_hub_shut_out(l->hub, name) && l->is_good;
		l->dropped++;
	}
	return true;
}

static bool drop_leftovers(struct city_hub *h)
{
	struct leftovers l = { .hub = h, .is_good = true };
	char why[CITY_WHY_MAX];

	for (size_t i = 0; i < h->secret.nodes; i++)
		if (!city_acl_each(h->node[i], on_login, &l, why)) {
			cli_fail(h->cli, CLI_FAILED, "%s", why);
			return false;
		}
	printf("logins without a site: %u taken away\n", l.dropped);
	return l.is_good;
}

struct sync {
	unsigned int right, mended, shut_out;
	bool is_good;
};

/* How many servers have it as it should be; -1: it has said why. */
static int count_right(struct city_hub *h, const struct city_site *site)
{
	char why[CITY_WHY_MAX];
	int right = 0;

	for (size_t i = 0; i < h->secret.nodes; i++) {
		switch (city_acl_look(h->node[i], site, why)) {
		case CITY_ACL_RIGHT:
			right++;
			break;
		case CITY_ACL_WRONG:
		case CITY_ACL_MISSING:
			break;
		case CITY_ACL_UNKNOWN:
			cli_fail(h->cli, CLI_FAILED, "%s", why);
			return -1;
		}
	}
	return right;
}

/* Whom no server lets in the hub has shut out. */
static void sync_site(struct city_hub *h, const struct city_site *site,
		      struct sync *s)
{
	int right = count_right(h, site);

	if (right < 0) {
		s->is_good = false;
	} else if ((size_t)right == h->secret.nodes) {
		s->right++;
	} else if (!right && !h->cli->force) {
		fprintf(stderr,
			"%s: shut out; the log of the hub says why. Remove and "
			"add it, with a reload of the hub between, if it did; "
			"otherwise --force lets it in\n",
			site->name);
		s->shut_out++;
	} else if (city_hub_let_in(h, site)) {
		s->mended++;
	} else {
		s->is_good = false;
	}
}

static enum cli_exit sync_all(struct city_hub *h)
{
	struct sync s = { .is_good = true };

	for (size_t i = 0; i < h->secret.sites; i++)
		sync_site(h, &h->secret.site[i], &s);
	s.is_good = drop_leftovers(h) && s.is_good;
	s.is_good = city_hub_send_blobs(h) && s.is_good;
	printf("logins of sites: %u right, %u mended, %u shut out\n", s.right,
	       s.mended, s.shut_out);
	return s.is_good ? city_hub_save(h) : CLI_FAILED;
}

enum cli_exit cli_city_sync(const struct cli *cli)
{
	struct city_hub h;
	enum cli_exit code = city_hub_open(&h, cli, CITY_HUB_CHANGE);

	if (!code)
		code = city_hub_connect(&h, true);
	if (!code)
		code = sync_all(&h);
	city_hub_close(&h);
	return code;
}
