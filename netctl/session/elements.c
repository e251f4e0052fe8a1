/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "netctl/session/elements.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "netctl/rules/ruleset.h"

#define RECORD_TYPE    200
#define RECORD_VERSION 2

enum { FLAG_REDUCED = 1, FLAG_ACCOUNT = 2 }; /* of a record */

/*
 * The user data of an element in up_ZONE. It is one attribute, as nft has them
 * there (type, length, value), of a type that nft passes over: else `nft list`
 * would print some of it as a comment.
 */
struct record {
	uint8_t type;
	uint8_t len; /* of what follows */
	uint8_t version;
	uint8_t flags;
	uint16_t slot;
	uint16_t terms;
	uint64_t handle;
	uint64_t granted_ms;
	struct ipc_limits limits;
	uint64_t tag;
};

/* What the version before wrote. */
struct record_1 {
	uint8_t version; /* 1 */
	uint8_t reduced;
	uint16_t slot;
	uint8_t zero[4];
	uint64_t handle;
	uint64_t granted_ms;
	struct ipc_limits limits;
};

_Static_assert(sizeof(struct record) <= ELEMENTS_USER_DATA_MAX,
	       "a record fits where it is built");

static struct nftnl_set *set_named(const char *what, const char *zone)
{
	struct nftnl_set *set = nftnl_set_alloc();
	char name[RULESET_NAME_MAX];

	if (!set)
		fatal("nft: no memory for a set");
	ruleset_name(name, what, zone);
	nftnl_set_set_str(set, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(set, NFTNL_SET_NAME, name);
	nftnl_set_set_u32(set, NFTNL_SET_FAMILY, NFPROTO_NETDEV);
	return set;
}

static struct nftnl_set_elem *element_of(const struct mac *mac)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		fatal("nft: no memory for an element");
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, mac, sizeof(*mac));
	return e;
}

/* Sends one element to one set and frees both. */
static void put(struct nft *nft, uint16_t type, struct nftnl_set *set,
		struct nftnl_set_elem *e)
{
	uint16_t flags = type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
	struct nlmsghdr *nlh;

	nftnl_set_elem_add(set, e);
	nlh = nft_put(nft, type, NFPROTO_NETDEV, flags);
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	nft_put_done(nft, nlh);
	nftnl_set_free(set);
}

/* A time-out counts from its start, so a session that goes on says both. */
static void set_timeout(struct nftnl_set_elem *e, const struct session *s,
			uint64_t now_ms)
{
	uint64_t left_ms;

	if (s->ends_ms == UINT64_MAX)
		return;
	left_ms = s->ends_ms > now_ms ? s->ends_ms - now_ms : 1;
	nftnl_set_elem_set_u64(e, NFTNL_SET_ELEM_TIMEOUT, left_ms);
}

static void add_counter(struct nftnl_set_elem *e, uint64_t packets,
			uint64_t bytes)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");

	if (!counter)
		fatal("nft: no memory for a counter");
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_PACKETS, packets);
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_BYTES, bytes);
	nftnl_set_elem_add_expr(e, counter);
}

size_t elements_build(const struct session *s,
		      unsigned char out[ELEMENTS_USER_DATA_MAX])
{
	struct record r;

	memset(&r, 0, sizeof(r));
	r.type = RECORD_TYPE;
	r.len = sizeof(r) - offsetof(struct record, version);
	r.version = RECORD_VERSION;
	r.flags = (uint8_t)((s->reduced ? FLAG_REDUCED : 0) |
			    (s->is_account ? FLAG_ACCOUNT : 0));
	r.slot = s->slot;
	r.terms = (uint16_t)s->terms;
	r.handle = s->handle;
	r.granted_ms = s->granted_ms;
	r.limits = s->limits;
	r.tag = s->tag;
	memcpy(out, &r, sizeof(r));
	return sizeof(r);
}

static void put_mark(struct nft *nft, const struct elements_zone *z,
		     const struct session *s, uint64_t now_ms)
{
	struct nftnl_set_elem *e = element_of(&s->mac);
	uint32_t mark = (uint32_t)s->slot << z->mark_shift;
	unsigned char user_data[ELEMENTS_USER_DATA_MAX];
	size_t len = elements_build(s, user_data);

	nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_DATA, mark);
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_USERDATA, user_data,
			   (uint32_t)len);
	set_timeout(e, s, now_ms);
	add_counter(e, s->up_packets, s->up_bytes);
	put(nft, NFT_MSG_NEWSETELEM, set_named("up", z->name), e);
}

static void put_class(struct nft *nft, const struct elements_zone *z,
		      const struct session *s, uint64_t now_ms)
{
	struct nftnl_set_elem *e = element_of(&s->mac);
	uint32_t class = 0;

	if (s->slot != SLOT_UNCAPPED)
		class = (uint32_t)SHAPER_MAJOR << 16 | s->slot;
	nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_DATA, class);
	set_timeout(e, s, now_ms);
	add_counter(e, s->down_packets,
		    s->down_bytes + s->down_packets * ETH_HLEN);
	put(nft, NFT_MSG_NEWSETELEM, set_named("down", z->name), e);
}

/*
 * nft's bucket of bytes holds a whole second of the rate, so a device gets
 * that second on top of a measured stretch of time; a little less than the
 * rate makes up for it over the time that people feel.
 */
static uint64_t policed_bytes_per_s(uint64_t bps)
{
	return bps / 8 * 94 / 100 + 1;
}

static void put_limit(struct nft *nft, bool down, const struct elements_zone *z,
		      const struct session *s, uint64_t now_ms)
{
	uint64_t bps = down ? s->down_cap_bps : s->up_cap_bps;

	struct nftnl_set_elem *e = element_of(&s->mac);
	struct nftnl_expr *limit = nftnl_expr_alloc("limit");

	if (!limit)
		fatal("nft: no memory for a limit");
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_RATE,
			   policed_bytes_per_s(bps));
	nftnl_expr_set_u64(limit, NFTNL_EXPR_LIMIT_UNIT, 1);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_BURST, 0);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKT_BYTES);
	nftnl_expr_set_u32(limit, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
	nftnl_set_elem_add_expr(e, limit);
	set_timeout(e, s, now_ms);
	put(nft, NFT_MSG_NEWSETELEM,
	    set_named(down ? "cap_down" : "cap_up", z->name), e);
}

uint8_t elements_caps(const struct session *s)
{
	return (uint8_t)((s->up_cap_bps ? 1 : 0) | (s->down_cap_bps ? 2 : 0));
}

void elements_put_add(struct nft *nft, const struct elements_zone *z,
		      const struct session *s, uint64_t now_ms)
{
	put_mark(nft, z, s, now_ms);
	put_class(nft, z, s, now_ms);
	if (z->policed && s->up_cap_bps)
		put_limit(nft, false, z, s, now_ms);
	if (z->policed && s->down_cap_bps)
		put_limit(nft, true, z, s, now_ms);
}

static const char *const element_sets[ELEMENTS_MAX] = { "up", "down", "cap_up",
							"cap_down" };

void elements_put_delete_mac(struct nft *nft, const struct elements_zone *z,
			     const struct mac *mac, unsigned int which)
{
	put(nft, NFT_MSG_DELSETELEM, set_named(element_sets[which], z->name),
	    element_of(mac));
}

bool elements_has(const struct session *s, unsigned int which)
{
	return which < 2 || s->policed & (1U << (which - 2));
}

void elements_put_delete(struct nft *nft, const struct elements_zone *z,
			 const struct session *s)
{
	for (unsigned int i = 0; i < ELEMENTS_MAX; i++)
		if (elements_has(s, i))
			elements_put_delete_mac(nft, z, &s->mac, i);
}

void elements_put_again(struct nft *nft, const struct elements_zone *z,
			const struct session *s, uint64_t now_ms)
{
	elements_put_delete_mac(nft, z, &s->mac, 0);
	elements_put_delete_mac(nft, z, &s->mac, 1);
	put_mark(nft, z, s, now_ms);
	put_class(nft, z, s, now_ms);
}

/* --- reading ----------------------------------------------------------- */

struct dump {
	struct nftnl_set *set;
	bool down;
	elements_fn *on_element;
	void *arg;
};

static void fill_set_name(struct nlmsghdr *nlh, void *arg)
{
	struct dump *d = arg;

	nftnl_set_elems_nlmsg_build_payload(nlh, d->set);
}

static int on_counter(struct nftnl_expr *e, void *arg)
{
	struct element *out = arg;

	if (strcmp(nftnl_expr_get_str(e, NFTNL_EXPR_NAME), "counter"))
		return 0;
	out->packets = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
	out->bytes = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_BYTES);
	return 0;
}

static int on_set_elem(struct nftnl_set_elem *e, void *arg)
{
	struct dump *d = arg;
	struct element out = { .left_ms = UINT64_MAX };
	const void *key, *data;
	uint32_t len = 0, data_len = 0, user_len = 0;

	key = nftnl_set_elem_get(e, NFTNL_SET_ELEM_KEY, &len);
	data = nftnl_set_elem_get(e, NFTNL_SET_ELEM_DATA, &data_len);
	if (!key || len != sizeof(out.mac) || !data ||
	    data_len != sizeof(out.data))
		return 0;
	memcpy(&out.mac, key, len);
	memcpy(&out.data, data, data_len);
	out.user_data =
		nftnl_set_elem_get(e, NFTNL_SET_ELEM_USERDATA, &user_len);
	out.user_data_len = user_len;
	if (nftnl_set_elem_is_set(e, NFTNL_SET_ELEM_EXPIRATION))
		out.left_ms =
			nftnl_set_elem_get_u64(e, NFTNL_SET_ELEM_EXPIRATION);
	nftnl_set_elem_expr_foreach(e, on_counter, &out);
	/* the egress hook counts the link's header, the ingress hook not */
	if (d->down)
		out.bytes -= out.packets * ETH_HLEN;
	d->on_element(&out, d->arg);
	return 0;
}

static int on_elements_message(const struct nlmsghdr *nlh, void *arg)
{
	struct nftnl_set *set = nftnl_set_alloc();

	if (!set)
		return -ENOMEM;
	if (nftnl_set_elems_nlmsg_parse(nlh, set) == 0)
		nftnl_set_elem_foreach(set, on_set_elem, arg);
	nftnl_set_free(set);
	return 0;
}

static int ask(struct nft *nft, struct dump *d, bool is_single)
{
	const struct nft_dump question = { .type = NFT_MSG_GETSETELEM,
					   .family = NFPROTO_NETDEV,
					   .fill = fill_set_name,
					   .on_message = on_elements_message,
					   .arg = d };
	int err =
		is_single ? nft_get(nft, &question) : nft_dump(nft, &question);

	nftnl_set_free(d->set);
	return err;
}

static struct dump dump_of(const struct elements_place *from,
			   elements_fn *on_element, void *arg)
{
	return (struct dump){
		.set = set_named(from->down ? "down" : "up", from->zone),
		.down = from->down,
		.on_element = on_element,
		.arg = arg,
	};
}

int elements_get(struct nft *nft, const struct elements_place *from,
		 const struct mac *mac, elements_fn *on_element, void *arg)
{
	struct dump d = dump_of(from, on_element, arg);

	nftnl_set_elem_add(d.set, element_of(mac));
	return ask(nft, &d, true);
}

int elements_dump(struct nft *nft, const struct elements_place *from,
		  elements_fn *on_element, void *arg)
{
	struct dump d = dump_of(from, on_element, arg);

	return ask(nft, &d, false);
}

static bool record_parse_1(const struct element *e, struct record *r)
{
	struct record_1 old;

	if (e->user_data_len != sizeof(old))
		return false;
	memcpy(&old, e->user_data, sizeof(old));
	*r = (struct record){
		.flags = old.reduced ? FLAG_REDUCED : 0,
		.slot = old.slot,
		.handle = old.handle,
		.granted_ms = old.granted_ms,
		.limits = old.limits,
	};
	return old.version == 1;
}

static bool record_parse(const struct element *e, struct record *r)
{
	if (!e->user_data)
		return false;
	if (e->user_data_len != sizeof(*r))
		return record_parse_1(e, r);
	memcpy(r, e->user_data, sizeof(*r));
	return r->type == RECORD_TYPE && r->version == RECORD_VERSION;
}

bool elements_parse(const struct element *e, uint64_t now_ms, struct session *s)
{
	struct record r;

	if (!record_parse(e, &r) || !r.handle)
		return false;
	s->mac = e->mac;
	s->handle = r.handle;
	s->reduced = r.flags & FLAG_REDUCED;
	s->is_account = r.flags & FLAG_ACCOUNT;
	s->tag = r.tag;
	s->terms = r.terms;
	s->granted_ms = r.granted_ms;
	s->limits = r.limits;
	s->slot = r.slot;
	s->ends_ms =
		e->left_ms == UINT64_MAX ? UINT64_MAX : now_ms + e->left_ms;
	s->active_ms = now_ms;
	s->up_packets = e->packets;
	s->up_bytes = e->bytes;
	return true;
}
