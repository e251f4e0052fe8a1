/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/control/path.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "netctl/control/devices.h"
#include "netctl/control/state.h"
#include "netctl/rules/foreign.h"
#include "netctl/rules/foreign_marks.h"
#include "netctl/rules/ruleset_counters.h"

#define LOST_MIN	2 /* first packets in a row */
#define FULL_PERCENT	90
#define ROOM_PERCENT	80
#define GREEDY_AGAIN_MS 3600000

/* --- who drops them ---------------------------------------------------- */

struct suspects {
	struct nft *nft;
	enum ruleset_hook hook;
	char text[256];
	size_t len;
	bool drops; /* the text names chains that drop by their policy */
};

static void on_suspect(const struct foreign_chain *f, void *arg)
{
	struct suspects *s = arg;
	int n;

	if (s->drops && !f->drops)
		return;
	if (f->drops && !s->drops)
		s->len = 0; /* the others are less likely */
	s->drops = f->drops;
	n = snprintf(s->text + s->len, sizeof(s->text) - s->len,
		     "%schain %s of table %s %s%s", s->len ? ", " : "", f->name,
		     f->family, f->table,
		     f->drops ? ", whose policy is drop" : "");
	if (n > 0 && s->len + (size_t)n < sizeof(s->text))
		s->len += (size_t)n;
	s->text[s->len] = '\0';
}

static int list_suspects(void *arg)
{
	struct suspects *s = arg;

	*s = (struct suspects){ .nft = s->nft, .hook = s->hook };
	return foreign_list_chains(s->nft, s->hook, on_suspect, s);
}

static void find_suspects(struct suspects *s)
{
	if (netlink_retry(list_suspects, s) || !s->len)
		snprintf(s->text, sizeof(s->text),
			 "a table that nf_tables does not list");
}

/* --- troubles ---------------------------------------------------------- */

/* true: it is news. */
static bool set_trouble(struct path *p, enum ipc_trouble bit, bool on)
{
	uint32_t next = on ? p->troubles | bit : p->troubles & ~(uint32_t)bit;
	bool changed = next != p->troubles;

	p->troubles = next;
	return changed;
}

static const struct crossing {
	enum ipc_trouble trouble;
	enum ruleset_hook hook;		   /* of those who may drop them */
	enum ruleset_counter let, arrived; /* before them, and behind */
	const char *lost, *from, *good;
} crossings[PATH_CROSSINGS] = {
	[PATH_OUT] = { IPC_TROUBLE_OUT_DROPPED, HOOK_FORWARD, COUNTER_LET_OUT,
		       COUNTER_LEFT,
		       "the last new connections that the gate let pass did "
		       "not leave this box: they were dropped behind it",
		       "the zones' devices", "new connections leave again" },
	[PATH_IN] = { IPC_TROUBLE_PORTAL_DROPPED, HOOK_INPUT, COUNTER_LET_IN,
		      COUNTER_ARRIVED,
		      "the last connections to the portal did not reach it: "
		      "they were dropped behind the gate",
		      "the zones' devices to the portal's ports",
		      "guests reach the portal again" },
};

static void check_crossing(struct controller *c, enum path_crossing which)
{
	const struct crossing *x = &crossings[which];
	struct suspects s = { .nft = c->nft, .hook = x->hook };
	uint64_t lost = c->path.lost[which];

	if (!set_trouble(&c->path, x->trouble, lost >= LOST_MIN))
		return;
	if (!lost) {
		log_info("%s", x->good);
		return;
	}
	find_suspects(&s);
	log_error("%s, it seems by %s; let it accept what comes from %s",
		  x->lost, s.text, x->from);
}

/* No single person is told of: the log names no zone and no address. */
static void check_greedy(struct controller *c, uint64_t refused)
{
	uint64_t now_ms = clock_ms();

	if (!refused ||
	    (c->path.greedy_ms && now_ms - c->path.greedy_ms < GREEDY_AGAIN_MS))
		return;
	c->path.greedy_ms = now_ms;
	log_warn("new connections are refused, as a device has max_flows of "
		 "them: one alone cannot fill the table that all share");
}

static int list_early_nat(void *arg)
{
	struct suspects *s = arg;

	*s = (struct suspects){ .nft = s->nft };
	return foreign_list_early_nat(s->nft, on_suspect, s);
}

/* No trouble by itself: it may mean packets that are not guests'. */
static int check_early_nat(struct controller *c)
{
	struct suspects s = { .nft = c->nft };
	bool was = c->path.has_early_nat;
	int err = netlink_retry(list_early_nat, &s);

	if (err)
		return err;
	c->path.has_early_nat = s.len;
	if (s.len && !was)
		log_warn("%s may lead new connections elsewhere before the "
			 "gate leads them to the portal; let it come behind "
			 "the gate (priority above %d), or leave out what "
			 "comes from the zones' devices",
			 s.text, RULESET_NAT_PRIORITY);
	else if (!s.len && was)
		log_info("nobody leads connections elsewhere before the gate "
			 "any more");
	return 0;
}

/* Rules are looked at when some have changed. */
static void check_marks(struct controller *c)
{
	struct foreign_rule rule;
	uint32_t mask = ruleset_mark_mask(c->settings);
	int found;

	if (!c->path.tables_changed || check_early_nat(c) < 0)
		return;
	found = foreign_marks_find(c->nft, mask, &rule);
	if (found < 0)
		return; /* looked at again */
	c->path.tables_changed = false;
	if (!set_trouble(&c->path, IPC_TROUBLE_MARKS, found))
		return;
	if (found)
		log_error("chain %s of table %s %s changes the gate's bits of "
			  "the packet mark, 0x%08x: it may cut off people who "
			  "are in, and let others send; give one of the two "
			  "another mask (option mark_shift)",
			  rule.chain, foreign_family(rule.nfproto), rule.table,
			  mask);
	else
		log_info("nobody changes the gate's bits of the packet mark "
			 "any more");
}

static void check_fill(struct controller *c)
{
	struct conntrack_fill fill;
	bool was = c->path.troubles & IPC_TROUBLE_TABLE_FULL;
	uint64_t bound = was ? ROOM_PERCENT : FULL_PERCENT;
	bool is_full;

	if (conntrack_read_fill(c->conntrack, &fill) < 0 || !fill.max)
		return;
	is_full = fill.entries * 100ULL >= fill.max * bound;
	if (!set_trouble(&c->path, IPC_TROUBLE_TABLE_FULL, is_full))
		return;
	if (is_full)
		log_warn("the table of connections is nearly full: %u of %u; "
			 "raise net.netfilter.nf_conntrack_max",
			 fill.entries, fill.max);
	else
		log_info("the table of connections has room again");
}

/* tc comes before our hook (net/core/dev.c, __netif_receive_skb_core()). */
static void check_ingress(struct controller *c)
{
	const char *device = NULL;
	bool is_found;

	for (size_t i = 0; i < c->settings->zones; i++)
		if (c->zone[i].ifindex &&
		    !rtnl_find_redirect(c->rtnl, c->zone[i].ifindex,
					&is_found) &&
		    is_found)
			device = c->settings->zone[i].device;
	if (!set_trouble(&c->path, IPC_TROUBLE_INGRESS, device))
		return;
	if (device)
		log_error("a filter of tc sends what %s receives to another "
			  "device before the gate sees it, so that taps do "
			  "nothing there; remove it (SQM: no upload limit on "
			  "that device)",
			  device);
	else
		log_info("no filter of tc comes before the gate any more");
}

/* --- flow tables of others ---------------------------------------------- */

struct offload {
	struct controller *controller;
	char text[256]; /* empty: none passes by the gate */
};

static void on_flow_table(const struct foreign_flow_table *f, void *arg)
{
	struct offload *o = arg;
	const char *why = f->is_hardware ? "in hardware" : NULL;

	for (size_t i = 0; !why && f->device && f->device[i]; i++)
		if (devices_is_lower(o->controller, f->device[i]))
			why = f->device[i];
	if (why)
		snprintf(o->text, sizeof(o->text), "%s of table %s (%s)",
			 f->name, f->table, why);
}

static int list_offload(void *arg)
{
	struct offload *o = arg;

	*o->text = '\0';
	return foreign_list_flow_tables(o->controller->nft, on_flow_table, o);
}

/* What the gate's own has taken, no other can take. */
static void check_offload(struct controller *c)
{
	struct offload o = { .controller = c };
	bool is_bad = c->flow_table != IPC_FLOW_TABLE_ON &&
		      !netlink_retry(list_offload, &o) && *o.text;

	if (!set_trouble(&c->path, IPC_TROUBLE_OFFLOAD, is_bad))
		return;
	if (is_bad)
		log_error("flow table %s carries packets of guests past the "
			  "gate: caps and quotas do not hold; let the gate "
			  "have its own (flow_table), or take that away",
			  o.text);
	else
		log_info("no flow table carries packets past the gate any "
			 "more");
}

/* --- the check --------------------------------------------------------- */

/* A counter that fell belongs to a table that was made anew. */
static uint64_t growth(const struct path *p, const uint64_t now[COUNTER_MAX],
		       enum ruleset_counter k)
{
	return now[k] >= p->packets[k] ? now[k] - p->packets[k] : now[k];
}

bool path_check(struct controller *c)
{
	struct path *p = &c->path;
	uint32_t was = p->troubles;
	uint64_t now[COUNTER_MAX];
	uint64_t refused;

	check_fill(c);
	check_marks(c);
	check_ingress(c);
	check_offload(c);
	if (ruleset_counters_read(c->nft, now) < 0)
		return was != p->troubles; /* the rules are being put back */
	for (int i = 0; i < PATH_CROSSINGS; i++) {
		const struct crossing *x = &crossings[i];

		p->lost[i] += growth(p, now, x->let);
		if (growth(p, now, x->arrived))
			p->lost[i] = 0;
	}
	refused = growth(p, now, COUNTER_TOO_MANY);
	memcpy(p->packets, now, sizeof(p->packets));
	for (int i = 0; i < PATH_CROSSINGS; i++)
		check_crossing(c, (enum path_crossing)i);
	check_greedy(c, refused);
	return was != p->troubles;
}
