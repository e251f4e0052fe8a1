/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A session as elements of the kernel's maps: the device's mark in up_ZONE,
 * its class in down_ZONE, both with the time-out that ends the session and
 * the only counters there are. What netctl needs to know again after a
 * restart travels in the element's user data.
 */
#ifndef STADTTOR_NETCTL_SESSION_ELEMENTS_H
#define STADTTOR_NETCTL_SESSION_ELEMENTS_H

#include "common/config/settings.h"
#include "netctl/netlink/nft.h"
#include "netctl/session/session.h"

struct elements_zone {
	const char *name;
	unsigned int mark_shift;
	bool policed; /* caps are limits of elements in cap_* */
};

/*
 * All put messages into the open transaction. A session must be installed to
 * be deleted; one that changes is deleted and added, since old kernels ignore
 * a re-added element's new time-out. elements_put_again() does so and leaves
 * its limits alone.
 */
void elements_put_add(struct nft *nft, const struct elements_zone *z,
		      const struct session *s, uint64_t now_ms);
void elements_put_delete(struct nft *nft, const struct elements_zone *z,
			 const struct session *s);
void elements_put_again(struct nft *nft, const struct elements_zone *z,
			const struct session *s, uint64_t now_ms);

/*
 * The user data of a session's element in up_ZONE. Returns how many of the
 * bytes are used.
 */
#define ELEMENTS_USER_DATA_MAX 96
size_t elements_build(const struct session *s,
		      unsigned char out[ELEMENTS_USER_DATA_MAX]);

/* The caps that a policed zone puts into elements: bit 0 up, bit 1 down. */
uint8_t elements_caps(const struct session *s);

/* The sets that hold a session: 0 up, 1 down, 2 cap_up, 3 cap_down. */
#define ELEMENTS_MAX 4

/* true: the installed session has an element in that set. */
bool elements_has(const struct session *s, unsigned int which);

/* Deletes a device's element from one set, be it a session's or not. */
void elements_put_delete_mac(struct nft *nft, const struct elements_zone *z,
			     const struct mac *mac, unsigned int which);

/* One element as it was found. */
struct element {
	struct mac mac;
	uint32_t data;		 /* mark or class */
	uint64_t packets, bytes; /* layer 3, in both directions */
	uint64_t left_ms;	 /* UINT64_MAX: no time-out */
	const void *user_data;
	size_t user_data_len;
};

/* Where elements are read from. */
struct elements_place {
	const char *zone;
	bool down; /* down_ZONE, else up_ZONE */
};

/*
 * Reads the element of one device, or all. 0 or -errno; -ENOENT: no such map,
 * or no such element.
 */
typedef void elements_fn(const struct element *e, void *arg);
int elements_get(struct nft *nft, const struct elements_place *from,
		 const struct mac *mac, elements_fn *on_element,
		 void *arg) MUST_CHECK;
int elements_dump(struct nft *nft, const struct elements_place *from,
		  elements_fn *on_element, void *arg) MUST_CHECK;

/*
 * Fills in a session from the user data of its element in up_ZONE: handle,
 * slot, limits, times, tag and terms; the version before had neither of the
 * last two. false: written by none of the two.
 */
bool elements_parse(const struct element *e, uint64_t now_ms,
		    struct session *s);

#endif
