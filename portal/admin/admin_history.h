/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What was not well and when, and what operators have noted at days: listed for
 * all who may see the dashboard, noted by those who may do all.
 */
#ifndef STADTTOR_PORTAL_ADMIN_ADMIN_HISTORY_H
#define STADTTOR_PORTAL_ADMIN_ADMIN_HISTORY_H

#include "portal/admin/admin_site.h"

/* /api/health, see history_report.h */
void admin_history_answer(struct conn *c);

/* /api/notes: {"notes":[{"id":1,"day":"2026-11-24","text":"..."},...]} */
void admin_history_list_notes(struct conn *c);
void admin_history_add_note(struct conn *c);
void admin_history_remove_note(struct conn *c);

#endif
