/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/doctor/doctor.h"
#include "common/array.h"
#include "common/privs.h"

void doctor_check_users(struct doctor *d)
{
	const char *name[] = { d->settings->gate.user,
			       d->settings->portal.user };
	struct privs_user who;
	bool all = true;

	for (size_t i = 0; i < ARRAY_SIZE(name); i++) {
		if (privs_find_user(name[i], &who) < 0) {
			doctor_say(d, DOCTOR_FAIL, "user %s does not exist",
				   name[i]);
			doctor_advise(d, "Run: systemd-sysusers, or make it, "
					 "or correct option user; it needs no "
					 "login.");
		} else if (!who.uid) {
			doctor_say(d, DOCTOR_FAIL,
				   "user %s is root, and as root the programs "
				   "do not run",
				   name[i]);
			doctor_advise(d, "Correct option user.");
		} else {
			continue;
		}
		all = false;
	}
	if (all)
		doctor_say(d, DOCTOR_OK, "users %s and %s exist", name[0],
			   name[1]);
}
