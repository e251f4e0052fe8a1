/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The box's own addresses on the devices of the zones. */
#ifndef STADTTOR_CLI_DOCTOR_DOCTOR_DEVICE_H
#define STADTTOR_CLI_DOCTOR_DOCTOR_DEVICE_H

#include "cli/doctor/doctor_report.h"
#include "common/addr.h"

/* family: AF_INET, AF_INET6, there without the link-local ones. */
bool doctor_device_find_address(const struct doctor *d,
				const struct zone_settings *z, int family,
				struct addr *out);

/* Whether any zone has an address of that family. */
bool doctor_device_any_has(const struct doctor *d, int family);

#endif
