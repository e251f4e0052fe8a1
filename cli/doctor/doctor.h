/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The checks of `stadttor doctor`, one file a theme. They only look: nothing
 * is changed, no program is started, and nothing is sent but in each zone one
 * request to the portal and two questions to the resolver. Each says at least
 * one line.
 */
#ifndef STADTTOR_CLI_DOCTOR_DOCTOR_H
#define STADTTOR_CLI_DOCTOR_DOCTOR_H

#include "cli/doctor/doctor_report.h"

/* --- doctor_config.c --------------------------------------------------- */

/* Reads the config; d->settings is the caller's to free. */
void doctor_check_config(struct doctor *d);
void doctor_check_pages(struct doctor *d);
void doctor_check_clock(struct doctor *d);

/* --- doctor_netctl.c: what runs, and what netctl says ------------------ */

/* Fills in d->status. */
void doctor_check_netctl(struct doctor *d);
void doctor_check_portal(struct doctor *d);
void doctor_check_packets(struct doctor *d);
void doctor_check_connections(struct doctor *d);
void doctor_check_flow_table(struct doctor *d);
void doctor_check_city(struct doctor *d);
void doctor_check_outlet(struct doctor *d, const struct zone_settings *z);

/* --- doctor_device.c --------------------------------------------------- */

void doctor_check_uplinks(struct doctor *d);
void doctor_check_device(struct doctor *d, const struct zone_settings *z);
void doctor_check_address(struct doctor *d, const struct zone_settings *z);

/* --- doctor_kernel.c: settings of the kernel --------------------------- */

void doctor_check_forwarding(struct doctor *d);
void doctor_check_bridges(struct doctor *d);
void doctor_check_neighbours(struct doctor *d);
void doctor_check_conntrack(struct doctor *d);

/* --- doctor_service.c: what phones need beside the gate ---------------- */

void doctor_check_page(struct doctor *d, const struct zone_settings *z);
void doctor_check_dns(struct doctor *d, const struct zone_settings *z);
void doctor_check_dhcp(struct doctor *d);
void doctor_check_advertisements(struct doctor *d,
				 const struct zone_settings *z);

/* --- doctor_user.c: the users that the programs become ------------------ */

void doctor_check_users(struct doctor *d);

/* --- doctor_tls.c ------------------------------------------------------ */

void doctor_check_certificate(struct doctor *d);
void doctor_check_admin_certificate(struct doctor *d);

/* --- doctor_file.c: what the portal keeps on the disk ------------------ */

void doctor_check_usage_file(struct doctor *d);
void doctor_check_voucher_file(struct doctor *d);
void doctor_check_accounts(struct doctor *d);

#endif
