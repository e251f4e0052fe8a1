/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/kernel.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "common/array.h"
#include "netctl/netlink/nft.h"
#include "netctl/rules/ruleset.h"

#define MESSAGE_MAX 16384
#define MESSAGES    8192
#define ELEMENTS    2048
#define OBJECTS	    512
#define CLASSES	    8192
#define DEVICES	    8
#define NEIGHBOURS  128
#define WALL_S	    1700000000

struct kernel kernel;

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
	struct kernel_class class[CLASSES];
	size_t classes;
	uint32_t root[DEVICES]; /* ifindex; 0: none */
	struct {
		char name[IFNAMSIZ];
		uint32_t ifindex;
	} device[DEVICES];
	struct {
		uint32_t ifindex;
		struct mac mac;
		struct addr addr;
	} neighbour[NEIGHBOURS];
	size_t neighbours;
	unsigned int births;	     /* of elements */
	int told_tables, told_roots; /* eventfds, lent */
} k;

/* --- the clock ------------------------------------------------------------ */

int clock_gettime(clockid_t c, struct timespec *t)
{
	t->tv_sec = (time_t)(kernel.now_ms / 1000);
	t->tv_nsec = (long)(kernel.now_ms % 1000 * 1000000);
	if (c == CLOCK_REALTIME || c == CLOCK_REALTIME_COARSE)
		t->tv_sec += WALL_S;
	return 0;
}

/* --- life ----------------------------------------------------------------- */

static void must(bool good, const char *what)
{
	if (good)
		return;
	log_error("the test's kernel: %s", what);
	abort();
}

void kernel_boot(void)
{
	kernel_halt();
	memset(&k, 0, sizeof(k));
	k.told_tables = k.told_roots = -1;
	kernel = (struct kernel){ .now_ms = KERNEL_START_MS,
				  .has_htb = true,
				  .has_fq_codel = true };
}

void kernel_halt(void)
{
	for (size_t i = 0; i < k.kept_count; i++)
		free(k.kept[i]);
	k.kept_count = 0;
}

void kernel_fail(enum kernel_call call, int error, unsigned int times)
{
	kernel.failing[call].error = error;
	kernel.failing[call].times = times;
	kernel.failing[call].spared = 0;
}

void kernel_fail_after(enum kernel_call call, int error, unsigned int spared)
{
	kernel_fail(call, error, 1);
	kernel.failing[call].spared = spared;
}

/* 0, or what the test wants it to fail with. */
static int count_call(enum kernel_call call)
{
	kernel.calls[call]++;
	if (!kernel.failing[call].times)
		return 0;
	if (kernel.failing[call].spared) {
		kernel.failing[call].spared--;
		return 0;
	}
	kernel.failing[call].times--;
	return kernel.failing[call].error;
}

static void tell(int fd)
{
	if (fd >= 0)
		must(eventfd_write(fd, 1) == 0, "eventfd");
}

static bool drain(int fd)
{
	eventfd_t count;

	return eventfd_read(fd, &count) == 0;
}

static int open_watch(int *known)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	must(fd >= 0, "eventfd");
	if (known)
		*known = fd;
	return fd;
}

/* --- elements ---------------------------------------------------------------
 */

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
	must(key && e.key_len <= sizeof(e.key), "key");
	memcpy(e.key, key, e.key_len);
	if (nftnl_set_elem_is_set(from, NFTNL_SET_ELEM_FLAGS))
		e.flags = nftnl_set_elem_get_u32(from, NFTNL_SET_ELEM_FLAGS);
	bytes = nftnl_set_elem_get(from, NFTNL_SET_ELEM_DATA, &len);
	e.has_data = bytes != NULL;
	if (bytes)
		memcpy(&e.data, bytes, sizeof(e.data));
	bytes = nftnl_set_elem_get(from, NFTNL_SET_ELEM_USERDATA, &len);
	if (bytes) {
		must(len <= sizeof(e.user), "user data");
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

static int add_element(struct tables *t, const struct kernel_element *e)
{
	const struct kernel_element *old = find(t, e);

	if (old) /* the new time-out is ignored, as Linux 6.1 does */
		return old->data == e->data ? 0 : -EBUSY;
	must(t->elements < ELEMENTS, "elements");
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

/* --- objects ----------------------------------------------------------------
 */

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
	must(is_known, "a message of unknown type");
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
	must(t->objects < OBJECTS, "objects");
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
	must(set && nftnl_set_elems_nlmsg_parse(o->nlh, set) == 0, "elements");
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

/* --- nft.h ------------------------------------------------------------------
 */

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
	return 4711;
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
	must(nft->has_begun, "a message outside of a transaction");
	memset(nft->message, 0, sizeof(nft->message));
	return nftnl_nlmsg_build_hdr((char *)nft->message, type, family, flags,
				     0);
}

void nft_put_done(struct nft *nft, struct nlmsghdr *nlh)
{
	/* strings that libnftnl leaves open are closed when it is listed */
	struct nlmsghdr *copy = calloc(1, nlh->nlmsg_len + 1);

	must(copy && k.kept_count < MESSAGES, "messages");
	memcpy(copy, nlh, nlh->nlmsg_len);
	k.kept[k.kept_count++] = copy;
	nft->messages++;
	if (!nft->err)
		nft->err = apply(&k.next, copy);
}

int nft_commit(struct nft *nft)
{
	int err = nft->messages ? count_call(KERNEL_COMMIT) : 0;

	must(nft->has_begun, "a commit without a transaction");
	nft->has_begun = false;
	if (!err)
		err = nft->err;
	if (err || !nft->messages)
		return err;
	k.now = k.next;
	kernel.put_added = k.now.added;
	kernel.put_deleted = k.now.deleted;
	return 0;
}

static void add_counter(struct nftnl_set_elem *to,
			const struct kernel_element *e)
{
	struct nftnl_expr *counter = nftnl_expr_alloc("counter");

	must(counter, "memory");
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

	must(set && to, "memory");
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

static size_t count_elements(const char *set)
{
	size_t n = 0;

	for (size_t i = 0; i < k.now.elements; i++)
		n += !strcmp(k.now.element[i].set, set);
	return n;
}

/* An interrupted dump has told of some, here of the first half. */
static int dump_elements(const struct nft_dump *d, const struct object *o)
{
	int failure = count_call(KERNEL_DUMP);
	size_t left = count_elements(o->name);
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
	return err ? err : failure;
}

static int dump_objects(const struct nft_dump *d, const struct object *o)
{
	int err = count_call(KERNEL_RULES);

	for (size_t i = 0; i < k.now.objects && !err; i++) {
		const struct object *at = &k.now.object[i];

		if (at->type == o->type &&
		    (d->family == NFPROTO_UNSPEC || d->family == at->family) &&
		    (!*o->table || !strcmp(o->table, at->table)))
			err = d->on_message(at->nlh, d->arg);
	}
	return err;
}

static struct nlmsghdr *question_of(const struct nft_dump *d, char *buf)
{
	struct nlmsghdr *nlh =
		nftnl_nlmsg_build_hdr(buf, d->type, d->family, 0, 0);

	if (d->fill)
		d->fill(nlh, d->arg);
	return nlh;
}

int nft_dump(struct nft *nft, const struct nft_dump *d)
{
	char buf[MESSAGE_MAX] = { 0 };
	bool is_new;
	struct object o;

	(void)nft;
	expire(&k.now);
	if (d->type == NFT_MSG_GETFLOWTABLE)
		return kernel.has_flow_table ? d->on_message(NULL, d->arg) : 0;
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

int nft_get(struct nft *nft, const struct nft_dump *d)
{
	char buf[MESSAGE_MAX] = { 0 };
	struct nlmsghdr *nlh = question_of(d, buf);
	struct nftnl_set *set;
	struct kernel_element wanted = { .family = d->family }, *found;
	bool is_new;
	struct object o = object_of(nlh, &is_new);
	int err = count_call(KERNEL_GET);

	(void)nft;
	expire(&k.now);
	if (err)
		return err;
	must(o.type == NFT_MSG_NEWSETELEM, "nft_get");
	set = nftnl_set_alloc();
	must(set && nftnl_set_elems_nlmsg_parse(nlh, set) == 0, "question");
	memcpy(wanted.set, o.name, sizeof(wanted.set));
	nftnl_set_elem_foreach(set, on_asked_element, &wanted);
	nftnl_set_free(set);
	found = find(&k.now, &wanted);
	return found ? answer_element(d, found) : -ENOENT;
}

int nft_watch_open(uint32_t ignore_portid)
{
	must(ignore_portid == 4711, "portid");
	return open_watch(&k.told_tables);
}

bool nft_watch_drain(int fd)
{
	return drain(fd);
}

/* --- what others do to tables -----------------------------------------------
 */

struct kernel_element *kernel_find(const char *set, const struct mac *mac)
{
	expire(&k.now);
	return find_mac(set, mac);
}

size_t kernel_count(const char *set)
{
	expire(&k.now);
	return count_elements(set);
}

bool kernel_has_set(const char *set)
{
	return find_object(&k.now, NFT_MSG_NEWSET, RULESET_TABLE, set);
}

void kernel_add_element(const struct kernel_element *e)
{
	must(add_element(&k.now, e) == 0, "an element that is there");
	tell(k.told_tables);
}

void kernel_flush(const char *set)
{
	flush(&k.now, set);
	tell(k.told_tables);
}

void kernel_remove(const char *set, const struct mac *mac)
{
	struct kernel_element *e = find_mac(set, mac);

	must(e, "no such element");
	*e = k.now.element[--k.now.elements];
	tell(k.told_tables);
}

void kernel_lose_tables(void)
{
	k.now.objects = k.now.elements = 0;
}

void kernel_delete_tables(void)
{
	kernel_lose_tables();
	tell(k.told_tables);
}

/* --- classes ----------------------------------------------------------------
 */

static uint32_t *root_of(uint32_t ifindex)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (k.root[i] == ifindex)
			return &k.root[i];
	return NULL;
}

bool kernel_has_root(uint32_t ifindex)
{
	return root_of(ifindex);
}

void kernel_remove_root(uint32_t ifindex)
{
	uint32_t *root = root_of(ifindex);

	must(root, "no such root");
	*root = 0;
	for (size_t i = 0; i < k.classes;)
		if (k.class[i].ifindex == ifindex)
			k.class[i] = k.class[--k.classes];
		else
			i++;
	tell(k.told_roots);
}

struct kernel_class *kernel_class(uint32_t ifindex, uint32_t minor)
{
	for (size_t i = 0; i < k.classes; i++)
		if (k.class[i].ifindex == ifindex && k.class[i].minor == minor)
			return &k.class[i];
	return NULL;
}

size_t kernel_class_count(uint32_t ifindex)
{
	size_t n = 0;

	for (size_t i = 0; i < k.classes; i++)
		n += k.class[i].ifindex == ifindex;
	return n;
}

static uint64_t rate_of(struct nlattr *rate64, const struct tc_ratespec *spec)
{
	return (rate64 ? nla_get_u64(rate64) : spec->rate) * 8;
}

static int new_class(const struct tcmsg *tcm, struct nlattr *options)
{
	uint32_t ifindex = (uint32_t)tcm->tcm_ifindex;
	uint32_t minor = TC_H_MIN(tcm->tcm_handle);
	struct kernel_class *c = kernel_class(ifindex, minor);
	struct nlattr *tb[TCA_HTB_MAX + 1];
	struct tc_htb_opt opt;

	if (!root_of(ifindex))
		return -ENOENT;
	must(nla_parse_nested(tb, TCA_HTB_MAX, options, NULL) == 0 &&
		     tb[TCA_HTB_PARMS],
	     "a class without rates");
	memcpy(&opt, nla_data(tb[TCA_HTB_PARMS]), sizeof(opt));
	if (!c) {
		must(k.classes < CLASSES, "classes");
		c = &k.class[k.classes++];
		*c = (struct kernel_class){ .ifindex = ifindex,
					    .minor = minor };
	}
	c->parent = TC_H_MIN(tcm->tcm_parent);
	c->rate_bps = rate_of(tb[TCA_HTB_RATE64], &opt.rate);
	c->ceil_bps = rate_of(tb[TCA_HTB_CEIL64], &opt.ceil);
	return 0;
}

static int new_root(uint32_t ifindex)
{
	uint32_t *free_root = root_of(0);

	if (!kernel.has_htb)
		return -ENOENT;
	must(!root_of(ifindex) && free_root, "roots");
	*free_root = ifindex;
	return 0;
}

static int new_leaf(const struct tcmsg *tcm, const char *kind)
{
	struct kernel_class *c = kernel_class((uint32_t)tcm->tcm_ifindex,
					      TC_H_MIN(tcm->tcm_parent));

	if (!strcmp(kind, "fq_codel") && !kernel.has_fq_codel)
		return -ENOENT;
	if (!c)
		return -ENOENT;
	snprintf(c->leaf, sizeof(c->leaf), "%s", kind);
	return 0;
}

static int apply_tc(struct nlmsghdr *nlh)
{
	const struct tcmsg *tcm = nlmsg_data(nlh);
	struct nlattr *tb[TCA_MAX + 1];

	must(nlmsg_parse(nlh, sizeof(*tcm), tb, TCA_MAX, NULL) == 0, "tc");
	if (nlh->nlmsg_type == RTM_NEWTCLASS)
		return new_class(tcm, tb[TCA_OPTIONS]);
	if (nlh->nlmsg_type == RTM_DELQDISC) {
		kernel_remove_root((uint32_t)tcm->tcm_ifindex);
		return 0;
	}
	must(nlh->nlmsg_type == RTM_NEWQDISC, "rtnetlink");
	return tcm->tcm_parent == TC_H_ROOT
		       ? new_root((uint32_t)tcm->tcm_ifindex)
		       : new_leaf(tcm, nla_get_string(tb[TCA_KIND]));
}

/* --- rtnl.h -----------------------------------------------------------------
 */

struct rtnl {
	unsigned int put; /* in the open batch */
	int err;	  /* the first */
};

struct rtnl *rtnl_new(void)
{
	return calloc(1, sizeof(struct rtnl));
}

void rtnl_free(struct rtnl *r)
{
	free(r);
}

struct nl_msg *rtnl_message(int type, int flags, const void *body, size_t len)
{
	struct nl_msg *msg = nlmsg_alloc_simple(type, NLM_F_REQUEST | flags);

	must(msg && nlmsg_append(msg, (void *)(uintptr_t)body, len,
				 NLMSG_ALIGNTO) == 0,
	     "memory");
	return msg;
}

int rtnl_request(struct rtnl *r, struct nl_msg *msg)
{
	int err = count_call(KERNEL_REQUEST);

	(void)r;
	if (!err)
		err = apply_tc(nlmsg_hdr(msg));
	nlmsg_free(msg);
	return err;
}

void rtnl_put(struct rtnl *r, struct nl_msg *msg)
{
	int err = apply_tc(nlmsg_hdr(msg));

	r->put++;
	if (!r->err)
		r->err = err;
	nlmsg_free(msg);
}

int rtnl_commit(struct rtnl *r)
{
	int err = r->put ? count_call(KERNEL_BATCH) : 0;

	if (!err)
		err = r->err;
	*r = (struct rtnl){ 0 };
	return err;
}

static int answer_root(uint32_t ifindex, netlink_fn *fn, void *arg)
{
	struct tcmsg tcm = { .tcm_ifindex = (int)ifindex,
			     .tcm_parent = TC_H_ROOT,
			     .tcm_handle = kernel.root_is_foreign
						   ? 0x10000
						   : SHAPER_MAJOR << 16 };
	struct nl_msg *msg = rtnl_message(RTM_NEWQDISC, 0, &tcm, sizeof(tcm));
	int err;

	nla_put_string(msg, TCA_KIND,
		       kernel.root_is_foreign ? "fq_codel" : "htb");
	err = fn(nlmsg_hdr(msg), arg);
	nlmsg_free(msg);
	return err;
}

int rtnl_dump(struct rtnl *r, struct nl_msg *msg, netlink_fn *on_message,
	      void *arg)
{
	int err = count_call(KERNEL_ROOTS);

	(void)r;
	must(nlmsg_hdr(msg)->nlmsg_type == RTM_GETQDISC, "dump");
	nlmsg_free(msg);
	for (size_t i = 0; i < DEVICES && !err; i++)
		if (kernel.root_is_foreign ? k.device[i].ifindex : k.root[i])
			err = answer_root(kernel.root_is_foreign
						  ? k.device[i].ifindex
						  : k.root[i],
					  on_message, arg);
	return err;
}

int rtnl_find_neighbour(struct rtnl *r, uint32_t ifindex, const struct addr *a,
			struct mac *mac)
{
	int err = count_call(KERNEL_FIND_NEIGHBOUR);

	(void)r;
	if (err)
		return err;
	for (size_t i = 0; i < k.neighbours; i++)
		if (k.neighbour[i].ifindex == ifindex &&
		    addr_equal(&k.neighbour[i].addr, a)) {
			*mac = k.neighbour[i].mac;
			return 0;
		}
	return -ENOENT;
}

int rtnl_list_neighbours(struct rtnl *r, uint32_t ifindex,
			 rtnl_neighbour_fn *on_neighbour, void *arg)
{
	int err = count_call(KERNEL_LIST_NEIGHBOURS);

	(void)r;
	for (size_t i = 0; i < k.neighbours && !err; i++)
		if (k.neighbour[i].ifindex == ifindex)
			on_neighbour(&k.neighbour[i].mac, &k.neighbour[i].addr,
				     arg);
	return err;
}

int rtnl_list_links(struct rtnl *r, rtnl_link_fn *on_link, void *arg)
{
	(void)r;
	for (size_t i = 0; i < DEVICES && k.device[i].ifindex; i++) {
		struct rtnl_link l = { .ifindex = k.device[i].ifindex };

		memcpy(l.name, k.device[i].name, sizeof(l.name));
		on_link(&l, arg);
	}
	return 0;
}

int rtnl_list_addresses(struct rtnl *r, rtnl_address_fn *on_address, void *arg)
{
	(void)r;
	(void)on_address;
	(void)arg;
	return 0;
}

int rtnl_find_route(struct rtnl *r, const struct rtnl_route_ask *ask,
		    uint32_t *oif)
{
	(void)r;
	(void)ask;
	(void)oif;
	return -ENETUNREACH;
}

int rtnl_watch_links(void)
{
	return open_watch(NULL);
}

int rtnl_watch_routes(void)
{
	return open_watch(NULL);
}

int rtnl_watch_roots(void)
{
	return open_watch(&k.told_roots);
}

void rtnl_watch_drain(int fd)
{
	drain(fd);
}

/* --- devices ----------------------------------------------------------------
 */

void kernel_add_device(const char *name, uint32_t ifindex)
{
	for (size_t i = 0; i < DEVICES; i++) {
		if (k.device[i].ifindex)
			continue;
		snprintf(k.device[i].name, sizeof(k.device[i].name), "%s",
			 name);
		k.device[i].ifindex = ifindex;
		return;
	}
	must(false, "devices");
}

void kernel_add_neighbour(uint32_t ifindex, const struct mac *mac,
			  const struct addr *a)
{
	must(k.neighbours < NEIGHBOURS, "neighbours");
	k.neighbour[k.neighbours].ifindex = ifindex;
	k.neighbour[k.neighbours].mac = *mac;
	k.neighbour[k.neighbours++].addr = *a;
}

unsigned int if_nametoindex(const char *name)
{
	for (size_t i = 0; i < DEVICES; i++)
		if (!strcmp(k.device[i].name, name))
			return k.device[i].ifindex;
	return 0;
}

char *if_indextoname(unsigned int ifindex, char name[IFNAMSIZ])
{
	for (size_t i = 0; i < DEVICES; i++)
		if (ifindex && k.device[i].ifindex == ifindex)
			return memcpy(name, k.device[i].name, IFNAMSIZ);
	return NULL;
}

/* --- conntrack.h ------------------------------------------------------------
 */

struct conntrack {
	char none;
};

struct conntrack *conntrack_new(void)
{
	return calloc(1, sizeof(struct conntrack));
}

void conntrack_free(struct conntrack *ct)
{
	free(ct);
}

int conntrack_end(struct conntrack *ct, struct conntrack_source *sources,
		  size_t n, uint64_t now_ms)
{
	(void)ct;
	must(now_ms == kernel.now_ms, "time of connections");
	for (size_t i = 0; i < n; i++) {
		must(kernel.ended_count < KERNEL_SOURCES, "sources");
		kernel.ended[kernel.ended_count++] = sources[i];
	}
	if (kernel.flows_due_ms && kernel.flows_due_ms <= now_ms)
		kernel.flows_due_ms = 0;
	return count_call(KERNEL_END_FLOWS);
}

uint64_t conntrack_due_ms(const struct conntrack *ct)
{
	(void)ct;
	return kernel.flows_due_ms;
}

bool conntrack_wants_all(const struct conntrack *ct, uint64_t now_ms)
{
	(void)ct;
	(void)now_ms;
	return kernel.flows_want_all;
}

void conntrack_spare(struct conntrack *ct, uint32_t ifindex,
		     const struct mac *mac)
{
	(void)ct;
	kernel.spared_ifindex = ifindex;
	kernel.spared = *mac;
}

int conntrack_read_fill(struct conntrack *ct, struct conntrack_fill *fill)
{
	(void)ct;
	*fill = (struct conntrack_fill){ .entries = 1, .max = 1000 };
	return 0;
}
