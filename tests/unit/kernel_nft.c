/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables, as the kernel has them: the functions of nft.h. */
#include "tests/unit/kernel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/object.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "common/array.h"
#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

#define PORTID	    4711
#define MESSAGE_MAX 16384
#define MESSAGES    8192
#define ELEMENTS    2048
#define OBJECTS	    512

/* A table, chain, rule, set or counter: the message that made it. */
struct object {
	uint16_t type; /* NFT_MSG_NEW* */
	uint16_t family;
	char table[32], name[32];
	const struct nlmsghdr *nlh;
};

struct tables {
	struct object object[OBJECTS];
	size_t objects;
	struct kernel_element element[ELEMENTS];
	size_t elements;
	unsigned int added, deleted;
};

static struct {
	struct tables now, next; /* next: in a transaction */
	struct nlmsghdr *kept[MESSAGES];
	size_t kept_count;
	unsigned int births; /* of elements */
	uint32_t generation;
	int told; /* an eventfd, lent */
} k;

void kernel_nft_halt(void)
{
	for (size_t i = 0; i < k.kept_count; i++)
		free(k.kept[i]);
	k.kept_count = 0;
}

void kernel_nft_boot(void)
{
	kernel_nft_halt();
	memset(&k, 0, sizeof(k));
	k.told = -1;
}

/* --- elements --------------------------------------------------------- */

static void expire(struct tables *t)
{
	for (size_t i = 0; i < t->elements;)
		if (t->element[i].ends_ms <= kernel.now_ms)
			t->element[i] = t->element[--t->elements];
		else
			i++;
}

static struct kernel_element *find(struct tables *t,
				   const struct kernel_element *e)
{
	for (size_t i = 0; i < t->elements; i++) {
		struct kernel_element *other = &t->element[i];

		if (!strcmp(other->set, e->set) && other->flags == e->flags &&
		    other->key_len == e->key_len &&
		    !memcmp(other->key, e->key, e->key_len))
			return other;
	}
	return NULL;
}

static struct kernel_element *find_mac(const char *set, const struct mac *mac)
{
	struct kernel_element e = { .key_len = sizeof(*mac) };

	snprintf(e.set, sizeof(e.set), "%s", set);
	memcpy(e.key, mac, sizeof(*mac));
	return find(&k.now, &e);
}

static void flush(struct tables *t, const char *set)
{
	for (size_t i = 0; i < t->elements;)
		if (!strcmp(t->element[i].set, set))
			t->element[i] = t->element[--t->elements];
		else
			i++;
}

static void flush_first(struct tables *t, const char *set)
{
	for (size_t i = 0; i < t->elements; i++)
		if (!strcmp(t->element[i].set, set)) {
			t->element[i] = t->element[--t->elements];
			return;
		}
}

static void others_changed(void)
{
	k.generation++;
	kernel_tell(k.told);
}

static int on_expression(struct nftnl_expr *e, void *arg)
{
	struct kernel_element *out = arg;
	const char *name = nftnl_expr_get_str(e, NFTNL_EXPR_NAME);

	if (!strcmp(name, "counter")) {
		out->has_counter = true;
		out->packets = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_PACKETS);
		out->bytes = nftnl_expr_get_u64(e, NFTNL_EXPR_CTR_BYTES);
	} else if (!strcmp(name, "limit")) {
		out->limit_bytes_per_s =
			nftnl_expr_get_u64(e, NFTNL_EXPR_LIMIT_RATE);
	}
	return 0;
}

static struct kernel_element element_of(const struct object *set,
					struct nftnl_set_elem *from)
{
	struct kernel_element e = { .family = set->family,
				    .ends_ms = UINT64_MAX };
	const void *key =
		nftnl_set_elem_get(from, NFTNL_SET_ELEM_KEY, &e.key_len);
	uint32_t len;
	const void *bytes;

	snprintf(e.set, sizeof(e.set), "%s", set->name);
	kernel_must(key && e.key_len <= sizeof(e.key), "key");
	memcpy(e.key, key, e.key_len);
	if (nftnl_set_elem_is_set(from, NFTNL_SET_ELEM_FLAGS))
		e.flags = nftnl_set_elem_get_u32(from, NFTNL_SET_ELEM_FLAGS);
	bytes = nftnl_set_elem_get(from, NFTNL_SET_ELEM_DATA, &len);
	e.has_data = bytes != NULL;
	if (bytes)
		memcpy(&e.data, bytes, sizeof(e.data));
	bytes = nftnl_set_elem_get(from, NFTNL_SET_ELEM_USERDATA, &len);
	if (bytes) {
		kernel_must(len <= sizeof(e.user), "user data");
		e.user_len = len;
		memcpy(e.user, bytes, len);
	}
	if (nftnl_set_elem_is_set(from, NFTNL_SET_ELEM_TIMEOUT))
		e.ends_ms =
			kernel.now_ms +
			nftnl_set_elem_get_u64(from, NFTNL_SET_ELEM_TIMEOUT);
	nftnl_set_elem_expr_foreach(from, on_expression, &e);
	return e;
}

static size_t count_in(const struct tables *t, const char *set)
{
	size_t n = 0;

	for (size_t i = 0; i < t->elements; i++)
		n += !strcmp(t->element[i].set, set);
	return n;
}

static int add_element(struct tables *t, const struct kernel_element *e)
{
	const struct kernel_element *old = find(t, e);

	if (old) /* the new time-out is ignored, as Linux 6.1 does */
		return old->data == e->data ? 0 : -EBUSY;
	if (kernel.garden_size && !strncmp(e->set, "garden", 6) &&
	    count_in(t, e->set) >= kernel.garden_size)
		return -ENFILE;
	kernel_must(t->elements < ELEMENTS, "elements");
	t->element[t->elements] = *e;
	t->element[t->elements++].born = ++k.births;
	t->added++;
	return 0;
}

static int delete_element(struct tables *t, const struct kernel_element *e)
{
	struct kernel_element *old = find(t, e);

	if (!old)
		return -ENOENT;
	*old = t->element[--t->elements];
	t->deleted++;
	return 0;
}

/* --- objects ---------------------------------------------------------- */

static void copy_attr(char out[32], const struct nlmsghdr *nlh, uint16_t type)
{
	const struct nlattr *attr;

	*out = '\0';
	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			snprintf(out, 32, "%s", mnl_attr_get_str(attr));
}

static const struct {
	uint16_t made, deleted, asked;
	uint16_t name; /* attribute; its table's is 1, of all */
} kinds[] = {
	{ NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_GETTABLE,
	  NFTA_TABLE_NAME },
	{ NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN, NFT_MSG_GETCHAIN,
	  NFTA_CHAIN_NAME },
	{ NFT_MSG_NEWRULE, NFT_MSG_DELRULE, NFT_MSG_GETRULE, NFTA_RULE_CHAIN },
	{ NFT_MSG_NEWSET, NFT_MSG_DELSET, NFT_MSG_GETSET, NFTA_SET_NAME },
	{ NFT_MSG_NEWOBJ, NFT_MSG_DELOBJ, NFT_MSG_GETOBJ, NFTA_OBJ_NAME },
	{ NFT_MSG_NEWFLOWTABLE, NFT_MSG_DELFLOWTABLE, NFT_MSG_GETFLOWTABLE,
	  NFTA_FLOWTABLE_NAME },
	{ NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, NFT_MSG_GETSETELEM,
	  NFTA_SET_ELEM_LIST_SET },
};

static struct object object_of(const struct nlmsghdr *nlh, bool *is_new)
{
	const struct nfgenmsg *nfg = mnl_nlmsg_get_payload(nlh);
	uint16_t type = NFNL_MSG_TYPE(nlh->nlmsg_type);
	struct object o = { .family = nfg->nfgen_family, .nlh = nlh };
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (type != kinds[i].made && type != kinds[i].deleted &&
		    type != kinds[i].asked)
			continue;
		is_known = true;
		o.type = kinds[i].made;
		*is_new = type == kinds[i].made;
		copy_attr(o.table, nlh, 1);
		copy_attr(o.name, nlh, kinds[i].name);
	}
	kernel_must(is_known, "a message of unknown type");
	return o;
}

static struct object *find_object(struct tables *t, uint16_t type,
				  const char *table, const char *name)
{
	for (size_t i = 0; i < t->objects; i++)
		if (t->object[i].type == type &&
		    !strcmp(t->object[i].table, table) &&
		    !strcmp(t->object[i].name, name))
			return &t->object[i];
	return NULL;
}

static bool is_same(const struct object *a, const struct object *b)
{
	return a->type == b->type && a->family == b->family &&
	       !strcmp(a->table, b->table) && !strcmp(a->name, b->name);
}

static int add_object(struct tables *t, const struct object *o)
{
	for (size_t i = 0; i < t->objects && o->type != NFT_MSG_NEWRULE; i++)
		if (is_same(&t->object[i], o))
			return 0;
	kernel_must(t->objects < OBJECTS, "objects");
	t->object[t->objects++] = *o;
	return 0;
}

static bool goes_with(const struct object *o, const struct object *deleted)
{
	if (o->family != deleted->family || strcmp(o->table, deleted->table))
		return false;
	if (deleted->type == NFT_MSG_NEWTABLE)
		return true;
	return o->type == deleted->type &&
	       (!*deleted->name || !strcmp(o->name, deleted->name));
}

static int delete_objects(struct tables *t, const struct object *deleted)
{
	size_t before = t->objects, kept = 0;

	for (size_t i = 0; i < t->objects; i++) {
		const struct object o = t->object[i];

		if (!goes_with(&o, deleted)) {
			t->object[kept++] = o;
			continue;
		}
		if (o.type == NFT_MSG_NEWSET)
			flush(t, o.name);
	}
	t->objects = kept;
	return kept == before && deleted->type != NFT_MSG_NEWRULE ? -ENOENT : 0;
}

struct change {
	struct tables *tables;
	const struct object *set;
	bool is_new;
	int err;
};

static int on_put_element(struct nftnl_set_elem *from, void *arg)
{
	struct change *c = arg;
	struct kernel_element e = element_of(c->set, from);

	if (!c->err)
		c->err = c->is_new ? add_element(c->tables, &e)
				   : delete_element(c->tables, &e);
	return 0;
}

/*
 * libnftnl numbers the elements of a message, and reads none but those of
 * number 1. false: it names none, for it means all of them.
 */
static bool prepare_elements(const struct nlmsghdr *nlh)
{
	struct nlattr *attr, *element;

	mnl_attr_for_each (attr, nlh, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(attr) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested (element, attr) {
			element->nla_type = NFTA_LIST_ELEM | NLA_F_NESTED;
		}
		return true;
	}
	return false;
}

static int change_elements(struct tables *t, const struct object *o,
			   bool is_new)
{
	struct change c = { .tables = t, .set = o, .is_new = is_new };
	struct nftnl_set *set;

	if (!find_object(t, NFT_MSG_NEWSET, o->table, o->name))
		return -ENOENT;
	if (!prepare_elements(o->nlh)) {
		flush(t, is_new ? "" : o->name);
		return 0;
	}
	set = nftnl_set_alloc();
	kernel_must(set && nftnl_set_elems_nlmsg_parse(o->nlh, set) == 0,
		    "elements");
	nftnl_set_elem_foreach(set, on_put_element, &c);
	nftnl_set_free(set);
	return c.err;
}

static int apply(struct tables *t, const struct nlmsghdr *nlh)
{
	bool is_new = false;
	struct object o = object_of(nlh, &is_new);

	if (o.type == NFT_MSG_NEWSETELEM)
		return change_elements(t, &o, is_new);
	return is_new ? add_object(t, &o) : delete_objects(t, &o);
}

/* --- nft.h ------------------------------------------------------------ */

struct nft {
	_Alignas(struct nlmsghdr) unsigned char message[MESSAGE_MAX];
	bool has_begun;
	int err;
	unsigned int messages;
};

struct nft *nft_new(void)
{
	return calloc(1, sizeof(struct nft));
}

void nft_free(struct nft *nft)
{
	free(nft);
}

uint32_t nft_portid(const struct nft *nft)
{
	(void)nft;
	return PORTID;
}

void nft_begin(struct nft *nft)
{
	k.next = k.now;
	expire(&k.next);
	k.next.added = k.next.deleted = 0;
	nft->has_begun = true;
	nft->err = 0;
	nft->messages = 0;
}

struct nlmsghdr *nft_put(struct nft *nft, uint16_t type, uint16_t family,
			 uint16_t flags)
{
	kernel_must(nft->has_begun, "a message outside of a transaction");
	memset(nft->message, 0, sizeof(nft->message));
	return nftnl_nlmsg_build_hdr((char *)nft->message, type, family, flags,
				     0);
}

static const struct nlmsghdr *keep(const struct nlmsghdr *nlh)
{
	/* strings that libnftnl leaves open are closed when it is listed */
	struct nlmsghdr **copy = &k.kept[k.kept_count];

	kernel_must(k.kept_count < MESSAGES, "messages");
	*copy = calloc(1, nlh->nlmsg_len + 1);
	kernel_must(*copy != NULL, "memory");
	memcpy(*copy, nlh, nlh->nlmsg_len);
	k.kept_count++;
	return *copy;
}

void nft_put_done(struct nft *nft, struct nlmsghdr *nlh)
{
	const struct nlmsghdr *kept = keep(nlh);

	nft->messages++;
	if (!nft->err)
		nft->err = apply(&k.next, kept);
}

static void others_come_behind(void)
{
	const char *taken = kernel.takes;

	kernel.takes = NULL;
	if (taken && kernel.takes_one)
		flush_first(&k.now, taken);
	else if (taken)
		flush(&k.now, taken);
	if (taken || kernel.is_restless)
		others_changed();
}

int nft_commit(struct nft *nft)
{
	int err = nft->messages ? kernel_count_call(KERNEL_COMMIT) : 0;

	kernel_must(nft->has_begun, "a commit without a transaction");
	nft->has_begun = false;
	if (!err)
		err = nft->err;
	if (err || !nft->messages)
		return err;
	k.now = k.next;
	k.generation++;
	kernel.put_added = k.now.added;
	kernel.put_deleted = k.now.deleted;
	others_come_behind();
	return 0;
}

int nft_generation(struct nft *nft, uint32_t *generation)
{
	(void)nft;
	*generation = k.generation;
	return 0;
}

static void add_counter(struct nftnl_set_elem *to,
			const struct kernel_element *e)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");

	kernel_must(counter, "memory");
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_PACKETS, e->packets);
	nftnl_expr_set_u64(counter, NFTNL_EXPR_CTR_BYTES, e->bytes);
	nftnl_set_elem_add_expr(to, counter);
}

/* As the kernel lists it. */
static int answer_element(const struct nft_dump *d,
			  const struct kernel_element *e)
{
	struct nftnl_set *set = nftnl_set_alloc();
	struct nftnl_set_elem *to = nftnl_set_elem_alloc();
	char buf[2048] = { 0 };
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWSETELEM, e->family, 0, 0);
	int err;

	kernel_must(set && to, "memory");
	nftnl_set_set_str(set, NFTNL_SET_TABLE, RULESET_TABLE);
	nftnl_set_set_str(set, NFTNL_SET_NAME, e->set);
	nftnl_set_elem_set(to, NFTNL_SET_ELEM_KEY, e->key, e->key_len);
	if (e->flags)
		nftnl_set_elem_set_u32(to, NFTNL_SET_ELEM_FLAGS, e->flags);
	if (e->has_data)
		nftnl_set_elem_set_u32(to, NFTNL_SET_ELEM_DATA, e->data);
	if (e->user_len)
		nftnl_set_elem_set(to, NFTNL_SET_ELEM_USERDATA, e->user,
				   e->user_len);
	if (e->ends_ms != UINT64_MAX)
		nftnl_set_elem_set_u64(to, NFTNL_SET_ELEM_EXPIRATION,
				       e->ends_ms - kernel.now_ms);
	if (e->has_counter)
		add_counter(to, e);
	nftnl_set_elem_add(set, to);
	nftnl_set_elems_nlmsg_build_payload(nlh, set);
	err = d->on_message(nlh, d->arg);
	nftnl_set_free(set);
	return err;
}

/* What comes when there are no more, or none. */
static int answer_end(const struct nft_dump *d, const struct object *o)
{
	char buf[512] = { 0 };
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWSETELEM, o->family, 0, 0);

	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_TABLE, RULESET_TABLE);
	mnl_attr_put_strz(nlh, NFTA_SET_ELEM_LIST_SET, o->name);
	mnl_attr_nest_end(
		nlh, mnl_attr_nest_start(nlh, NFTA_SET_ELEM_LIST_ELEMENTS));
	return d->on_message(nlh, d->arg);
}

/* An interrupted dump has told of some, here of the first half. */
static int dump_elements(const struct nft_dump *d, const struct object *o)
{
	int failure = kernel_count_call(KERNEL_DUMP);
	size_t left = count_in(&k.now, o->name);
	int err = 0;

	if (failure && failure != -EINTR)
		return failure;
	if (!find_object(&k.now, NFT_MSG_NEWSET, o->table, o->name))
		return -ENOENT;
	if (failure)
		left = (left + 1) / 2;
	for (size_t i = 0; i < k.now.elements && left && !err; i++) {
		if (strcmp(k.now.element[i].set, o->name))
			continue;
		left--;
		err = answer_element(d, &k.now.element[i]);
	}
	if (!err)
		err = answer_end(d, o);
	return err ? err : failure;
}

static int answer_counter(const struct nft_dump *d, const struct object *o)
{
	struct nftnl_obj *to = nftnl_obj_alloc();
	char buf[512] = { 0 };
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWOBJ, o->family, 0, 0);
	int err;

	kernel_must(to, "memory");
	nftnl_obj_set_str(to, NFTNL_OBJ_TABLE, o->table);
	nftnl_obj_set_str(to, NFTNL_OBJ_NAME, o->name);
	nftnl_obj_set_u32(to, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	for (int i = 0; i < COUNTER_MAX; i++)
		if (!strcmp(o->name, ruleset_counter_names[i]))
			nftnl_obj_set_u64(to, NFTNL_OBJ_CTR_PKTS,
					  kernel.packets[i]);
	nftnl_obj_set_u64(to, NFTNL_OBJ_CTR_BYTES, 0);
	nftnl_obj_nlmsg_build_payload(nlh, to);
	err = d->on_message(nlh, d->arg);
	nftnl_obj_free(to);
	return err;
}

static bool is_asked(const struct nft_dump *d, const struct object *o,
		     const struct object *at)
{
	return at->type == o->type &&
	       (d->family == NFPROTO_UNSPEC || d->family == at->family) &&
	       (!*o->table || !strcmp(o->table, at->table));
}

/* An interrupted one has told of all, and maybe of some twice. */
static int dump_objects(const struct nft_dump *d, const struct object *o)
{
	int failure = kernel_count_call(KERNEL_RULES);
	int err = failure == -EINTR ? 0 : failure;

	for (size_t i = 0; i < k.now.objects && !err; i++) {
		const struct object *at = &k.now.object[i];

		if (is_asked(d, o, at))
			err = at->type == NFT_MSG_NEWOBJ
				      ? answer_counter(d, at)
				      : d->on_message(at->nlh, d->arg);
	}
	return err ? err : failure;
}

static struct nlmsghdr *question_of(const struct nft_dump *d, char *buf)
{
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, d->type, d->family, 0, 0);

	if (d->fill)
		d->fill(nlh, d->arg);
	return nlh;
}

/* Of the box's own firewall. */
static int answer_foreign_flow_table(const struct nft_dump *d)
{
	char buf[MESSAGE_MAX] = { 0 };
	struct nlmsghdr *nlh = nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWFLOWTABLE,
						     NFPROTO_INET, 0, 0);

	mnl_attr_put_strz(nlh, NFTA_FLOWTABLE_TABLE, "fw4");
	mnl_attr_put_strz(nlh, NFTA_FLOWTABLE_NAME, "ft");
	mnl_attr_put_u32(nlh, NFTA_FLOWTABLE_FLAGS,
			 htonl(kernel.flow_table_flags));
	if (kernel.flow_table_device) {
		struct nlattr *hook =
			mnl_attr_nest_start(nlh, NFTA_FLOWTABLE_HOOK);
		struct nlattr *devs =
			mnl_attr_nest_start(nlh, NFTA_FLOWTABLE_HOOK_DEVS);

		mnl_attr_put_strz(nlh, NFTA_DEVICE_NAME,
				  kernel.flow_table_device);
		mnl_attr_nest_end(nlh, devs);
		mnl_attr_nest_end(nlh, hook);
	}
	return d->on_message(nlh, d->arg);
}

int nft_dump(struct nft *nft, const struct nft_dump *d)
{
	char buf[MESSAGE_MAX] = { 0 };
	bool is_new;
	struct object o;
	int err = 0;

	(void)nft;
	expire(&k.now);
	if (d->type == NFT_MSG_GETFLOWTABLE && !d->fill &&
	    kernel.has_flow_table)
		err = answer_foreign_flow_table(d);
	if (err)
		return err;
	o = object_of(question_of(d, buf), &is_new);
	return o.type == NFT_MSG_NEWSETELEM ? dump_elements(d, &o)
					    : dump_objects(d, &o);
}

static int on_asked_element(struct nftnl_set_elem *from, void *arg)
{
	struct kernel_element *e = arg;
	const struct object set = { .family = e->family };
	char name[32];

	memcpy(name, e->set, sizeof(name));
	*e = element_of(&set, from);
	memcpy(e->set, name, sizeof(name));
	return 0;
}

static int get_element(const struct nft_dump *d, const struct object *o)
{
	struct kernel_element wanted = { .family = d->family }, *found;
	struct nftnl_set *set = nftnl_set_alloc();

	kernel_must(set && nftnl_set_elems_nlmsg_parse(o->nlh, set) == 0,
		    "question");
	memcpy(wanted.set, o->name, sizeof(wanted.set));
	nftnl_set_elem_foreach(set, on_asked_element, &wanted);
	nftnl_set_free(set);
	found = find(&k.now, &wanted);
	return found ? answer_element(d, found) : -ENOENT;
}

static int get_object(const struct nft_dump *d, const struct object *o)
{
	for (size_t i = 0; i < k.now.objects; i++)
		if (is_same(&k.now.object[i], o))
			return d->on_message(k.now.object[i].nlh, d->arg);
	return -ENOENT;
}

int nft_get(struct nft *nft, const struct nft_dump *d)
{
	char buf[MESSAGE_MAX] = { 0 };
	bool is_new;
	struct object o = object_of(question_of(d, buf), &is_new);
	int err = kernel_count_call(KERNEL_GET);

	(void)nft;
	expire(&k.now);
	if (err)
		return err;
	return o.type == NFT_MSG_NEWSETELEM ? get_element(d, &o)
					    : get_object(d, &o);
}

int nft_watch_open(uint32_t ignore_portid)
{
	kernel_must(ignore_portid == PORTID, "portid");
	return kernel_watch(&k.told);
}

bool nft_watch_drain(int fd)
{
	return kernel_drain(fd);
}

/* --- what others do to tables ----------------------------------------- */

struct kernel_element *kernel_find(const char *set, const struct mac *mac)
{
	expire(&k.now);
	return find_mac(set, mac);
}

struct kernel_element *kernel_find_address(const char *set,
					   const struct addr *a)
{
	struct kernel_element e = { .key_len = (uint32_t)addr_len(a) };

	expire(&k.now);
	snprintf(e.set, sizeof(e.set), "%s", set);
	memcpy(e.key, a->byte, addr_len(a));
	return find(&k.now, &e);
}

size_t kernel_count(const char *set)
{
	expire(&k.now);
	return count_in(&k.now, set);
}

bool kernel_has_set(const char *set)
{
	return find_object(&k.now, NFT_MSG_NEWSET, RULESET_TABLE, set);
}

bool kernel_has_chain(const char *chain)
{
	return find_object(&k.now, NFT_MSG_NEWCHAIN, RULESET_TABLE, chain);
}

void kernel_add_element(const struct kernel_element *e)
{
	kernel_must(add_element(&k.now, e) == 0, "an element that is there");
	others_changed();
}

void kernel_flush(const char *set)
{
	flush(&k.now, set);
	others_changed();
}

void kernel_remove(const char *set, const struct mac *mac)
{
	struct kernel_element *e = find_mac(set, mac);

	kernel_must(e, "no such element");
	*e = k.now.element[--k.now.elements];
	others_changed();
}

void kernel_lose_tables(void)
{
	k.generation++;
	k.now.objects = k.now.elements = 0;
}

void kernel_delete_tables(void)
{
	kernel_lose_tables();
	others_changed();
}

static void add_foreign(const struct nlmsghdr *nlh)
{
	kernel_must(apply(&k.now, keep(nlh)) == 0, "an object of others");
	others_changed();
}

void kernel_add_chain(const struct kernel_chain *c)
{
	struct nftnl_chain *to = nftnl_chain_alloc();
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWCHAIN, c->family, 0, 0);

	kernel_must(to, "memory");
	nftnl_chain_set_str(to, NFTNL_CHAIN_TABLE, c->table);
	nftnl_chain_set_str(to, NFTNL_CHAIN_NAME, c->name);
	if (c->type) {
		nftnl_chain_set_str(to, NFTNL_CHAIN_TYPE, c->type);
		nftnl_chain_set_u32(to, NFTNL_CHAIN_HOOKNUM, c->hook);
		nftnl_chain_set_s32(to, NFTNL_CHAIN_PRIO, 0);
		nftnl_chain_set_u32(to, NFTNL_CHAIN_POLICY,
				    c->drops ? NF_DROP : NF_ACCEPT);
	}
	nftnl_chain_nlmsg_build_payload(nlh, to);
	nftnl_chain_free(to);
	add_foreign(nlh);
}

/* meta mark set 0, or another value of those bits. */
void kernel_add_marking(const struct kernel_chain *c, uint32_t mask)
{
	struct nftnl_rule *to = nftnl_rule_alloc();
	struct nftnl_expr *load = nftnl_expr_alloc("meta");
	struct nftnl_expr *change = nftnl_expr_alloc("bitwise");
	struct nftnl_expr *set = nftnl_expr_alloc("meta");
	uint32_t kept = ~mask, flip = 0;
	char buf[1024] = { 0 };
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, NFT_MSG_NEWRULE, c->family, 0, 0);

	kernel_must(to && load && change && set, "memory");
	nftnl_expr_set_u32(load, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(load, NFTNL_EXPR_META_DREG, NFT_REG_1);
	nftnl_expr_set_u32(change, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(change, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(change, NFTNL_EXPR_BITWISE_LEN, sizeof(kept));
	nftnl_expr_set(change, NFTNL_EXPR_BITWISE_MASK, &kept, sizeof(kept));
	nftnl_expr_set(change, NFTNL_EXPR_BITWISE_XOR, &flip, sizeof(flip));
	nftnl_expr_set_u32(set, NFTNL_EXPR_META_KEY, NFT_META_MARK);
	nftnl_expr_set_u32(set, NFTNL_EXPR_META_SREG, NFT_REG_1);
	nftnl_rule_add_expr(to, load);
	nftnl_rule_add_expr(to, change);
	nftnl_rule_add_expr(to, set);
	nftnl_rule_set_str(to, NFTNL_RULE_TABLE, c->table);
	nftnl_rule_set_str(to, NFTNL_RULE_CHAIN, c->name);
	nftnl_rule_nlmsg_build_payload(nlh, to);
	nftnl_rule_free(to);
	add_foreign(nlh);
}

void kernel_delete_table(uint16_t family, const char *table)
{
	struct object all = { .type = NFT_MSG_NEWTABLE, .family = family };

	snprintf(all.table, sizeof(all.table), "%s", table);
	kernel_must(delete_objects(&k.now, &all) == 0, "no such table");
	others_changed();
}
