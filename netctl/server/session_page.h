/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One page of the list of sessions that an operator asks for. */
#ifndef STADTTOR_NETCTL_SERVER_SESSION_PAGE_H
#define STADTTOR_NETCTL_SERVER_SESSION_PAGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/addr.h"
#include "common/ipc.h"

struct controller;
struct session;
struct session_table;

/* The sessions of one page and the addresses of those devices. */
struct session_page {
	struct session_table *sessions;
	struct session *session[IPC_LIST_PAGE]; /* lent by the table */
	uint32_t count;
	uint16_t zone; /* that is being looked at */
	struct {
		const struct session *session;
		struct addr ip;
	} * address;
	size_t addresses, size;
};

/* From that cursor on. The next cursor; 0: that was all. */
uint32_t session_page_fill(struct session_page *page, struct controller *c,
			   uint32_t cursor);

/* One look at each zone's neighbours, however many sessions there are. */
void session_page_find_addresses(struct session_page *page,
				 struct controller *c);

/* Overwrites and frees the addresses. */
void session_page_clear(struct session_page *page);

#endif
