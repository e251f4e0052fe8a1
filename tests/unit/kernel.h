/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernel, as the controller meets it: every function of nft.h, rtnl.h and
 * conntrack.h, played on a model of tables, classes and neighbours, and its
 * clock, which stands still unless the test moves it. The messages are real
 * ones; only sockets are missing.
 *
 * A transaction is all or nothing, as in the kernel; a batch of rtnetlink goes
 * on after a message that fails.
 */
#ifndef STADTTOR_TESTS_KERNEL_H
#define STADTTOR_TESTS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netctl/netlink/arrivals.h"
#include "netctl/netlink/conntrack.h"
#include "netctl/netlink/rtnl.h"
#include "netctl/rules/ruleset.h"

#define KERNEL_START_MS 1000000ULL
#define KERNEL_SOURCES	64

enum kernel_call {
	KERNEL_COMMIT, /* of nft, unless it is empty */
	KERNEL_DUMP,   /* of elements */
	KERNEL_GET,    /* of one element */
	KERNEL_RULES,  /* a dump of tables, chains, rules, sets or objects */
	KERNEL_BATCH,  /* of rtnetlink, unless it is empty */
	KERNEL_REQUEST,
	KERNEL_ROOTS, /* a dump of qdiscs */
	KERNEL_LIST_ADDRESSES,
	KERNEL_FIND_NEIGHBOUR,
	KERNEL_LIST_NEIGHBOURS,
	KERNEL_LIST_LINKS,
	KERNEL_LIST_BRIDGE,
	KERNEL_END_FLOWS,
	KERNEL_CALLS
};

struct kernel {
	uint64_t now_ms;
	int64_t wall_s; /* at its 0, of the wall clock */
	unsigned int calls[KERNEL_CALLS];
	/* The next calls fail, those after `spared` that do not. */
	struct {
		int error;
		unsigned int spared, times;
	} failing[KERNEL_CALLS];

	bool has_htb, has_fq_codel;
	bool has_flow_table;	       /* of the box's own firewall */
	uint32_t flow_table_flags;     /* NFT_FLOWTABLE_HW_OFFLOAD */
	const char *flow_table_device; /* NULL: it has none */
	bool root_is_foreign;	       /* on every device */
	size_t garden_size;	/* elements of each of its sets; 0: any */
	unsigned int put_added; /* elements put by the last transaction */
	unsigned int put_deleted;
	const char *takes; /* that set's, behind the next transaction */
	bool takes_one;	   /* of them alone */
	bool is_restless;  /* others change something behind each */

	uint32_t route_oif;		 /* of all routes; 0: there is none */
	struct rtnl_route_ask route_ask; /* the last */

	uint64_t packets[COUNTER_MAX]; /* of the ruleset's counters */

	/* connections */
	struct conntrack_fill fill;
	struct conntrack_source ended[KERNEL_SOURCES];
	size_t ended_count; /* since the test last set it to 0 */
	uint64_t flows_due_ms;
	bool flows_want_all;
	struct mac spared; /* the last device that was let in again */
	uint32_t spared_ifindex;
};

extern struct kernel kernel;

void kernel_boot(void);
void kernel_halt(void);

/* The next `times` calls of that kind fail. */
void kernel_fail(enum kernel_call call, int error, unsigned int times);
void kernel_fail_after(enum kernel_call call, int error, unsigned int spared);

/* --- devices and who is behind them ----------------------------------- */

struct kernel_device {
	struct rtnl_link link;
	char alias[IFNAMSIZ]; /* another name of it */
	bool is_up;	      /* and plugged in */
};

/* Those that are added, and addresses, are told of at once. */
void kernel_add_device(const char *name, uint32_t ifindex);
struct kernel_device *kernel_device(uint32_t ifindex);
void kernel_tell_links(void);
void kernel_add_address(uint32_t ifindex, const char *text, uint32_t prefix);
void kernel_forget_addresses(void);
void kernel_tell_routes(void);

/* Its first frame on a bridge, which the controller is told of, or not. */
void kernel_arrive(uint32_t bridge, const struct mac *mac);
void kernel_arrive_unseen(uint32_t bridge, const struct mac *mac);

void kernel_add_neighbour(uint32_t ifindex, const struct mac *mac,
			  const struct addr *a);

/* --- what is in the tables -------------------------------------------- */

struct kernel_element {
	char set[32];
	uint16_t family;
	uint8_t key[16];
	uint32_t key_len, flags;
	bool has_data, has_counter;
	uint32_t data;
	uint64_t packets, bytes;
	uint64_t ends_ms; /* UINT64_MAX: never */
	uint64_t limit_bytes_per_s;
	uint8_t user[128];
	uint32_t user_len;
	unsigned int born; /* numbers of all elements, as they were put */
};

/* NULL: there is none. set: "up_square". */
struct kernel_element *kernel_find(const char *set, const struct mac *mac);
struct kernel_element *kernel_find_address(const char *set,
					   const struct addr *a);
size_t kernel_count(const char *set);
bool kernel_has_set(const char *set);
bool kernel_has_chain(const char *chain);

/* What others do. The controller is told, as soon as its loop turns. */
void kernel_add_element(const struct kernel_element *e);
void kernel_flush(const char *set);
void kernel_remove(const char *set, const struct mac *mac);
void kernel_delete_tables(void);
void kernel_lose_tables(void); /* the same, but the notice of it is lost */

/* Of others, in tables of theirs. */
struct kernel_chain {
	uint16_t family; /* NFPROTO_* */
	const char *table, *name;
	const char *type; /* "filter" or another at a hook; NULL: at none */
	uint32_t hook;	  /* NF_INET_* */
	bool drops;	  /* its policy */
};
void kernel_add_chain(const struct kernel_chain *c);

/* A rule in it that clears those bits of the packet mark. */
void kernel_add_marking(const struct kernel_chain *c, uint32_t mask);
void kernel_delete_table(uint16_t family, const char *table);

/* --- classes ---------------------------------------------------------- */

struct kernel_class {
	uint32_t ifindex;
	uint32_t minor, parent;
	uint64_t rate_bps, ceil_bps;
	char leaf[16]; /* kind of its qdisc; empty: none */
};

/* NULL: there is none. */
struct kernel_class *kernel_class(uint32_t ifindex, uint32_t minor);
size_t kernel_class_count(uint32_t ifindex);
bool kernel_has_root(uint32_t ifindex);

/* Another program takes the root, with all classes. */
void kernel_remove_root(uint32_t ifindex);

/* --- between its own files ----------------------------------------------- */

void kernel_nft_boot(void);
void kernel_nft_halt(void);
void kernel_rtnl_boot(void);

/* Else the test itself is wrong. */
void kernel_must(bool good, const char *what);

/* 0, or what the test wants this call to fail with. */
int kernel_count_call(enum kernel_call call);

/* What a program watches: its end, by which it is told; *known may be NULL. */
int kernel_watch(int *known);
void kernel_tell(int fd);
bool kernel_drain(int fd);

#endif
