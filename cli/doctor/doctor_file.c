/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the portal keeps on the disk: figures, codes, accounts. */
#include "cli/doctor/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/format.h"
#include "cli/user_access.h"
#include "portal/admin/accounts.h"

#define FOLDER_MAX 512
#define ROOM_BYTES (16ULL << 20) /* a year of figures, and SQLite's journal */
#define FULL_BYTES (1ULL << 20)

/* --- databases --------------------------------------------------------- */

static const char *folder_of(const char *path, char folder[FOLDER_MAX])
{
	const char *slash = strrchr(path, '/');
	int len = slash && slash > path ? (int)(slash - path) : 1;

	snprintf(folder, FOLDER_MAX, "%.*s", len, path);
	return folder;
}

/* false: it has been said that the portal cannot write there. */
static bool check_writable(struct doctor *d, const char *path, int mode)
{
	const char *user = d->settings->portal.user;
	int err = user_access(user, path, mode);

	switch (err) {
	case 0:
		return true;
	case -ENOTSUP:
		doctor_say(d, DOCTOR_SKIP,
			   "whether user %s may write to %s cannot be seen",
			   user, path);
		return false;
	case -ENOENT:
		doctor_say(d, DOCTOR_FAIL, "%s does not exist", path);
		doctor_advise(d,
			      "Start the portal as root, which makes it; or "
			      "make it, and give it to user %s.",
			      user);
		return false;
	}
	doctor_say(d, DOCTOR_FAIL, "user %s cannot write to %s: %s", user, path,
		   strerror(-err));
	doctor_advise(d,
		      "Run: chown %s %s, and see whether the disk is "
		      "mounted to be written to.",
		      user, path);
	return false;
}

static void check_room(struct doctor *d, const char *folder)
{
	char text[FORMAT_MAX];
	struct statvfs s;
	uint64_t bytes;

	if (statvfs(folder, &s) < 0) {
		doctor_say(d, DOCTOR_SKIP, "%s: %s", folder, strerror(errno));
		return;
	}
	bytes = (uint64_t)s.f_bavail * s.f_frsize;
	format_bytes(bytes, text);
	if (bytes >= ROOM_BYTES) {
		doctor_say(d, DOCTOR_OK, "%s has room, %s", folder, text);
		return;
	}
	doctor_say(d, bytes < FULL_BYTES ? DOCTOR_FAIL : DOCTOR_WARN,
		   "%s has only %s left", folder, text);
	doctor_advise(d, "Make room: figures wait in memory while the disk is "
			 "full, and codes cannot be used.");
}

static void check_database(struct doctor *d, const char *path)
{
	char folder[FOLDER_MAX];

	folder_of(path, folder);
	if (!check_writable(d, folder, W_OK | X_OK))
		return;
	if (access(path, F_OK) == 0 && !check_writable(d, path, R_OK | W_OK))
		return;
	check_room(d, folder);
}

void doctor_check_usage_file(struct doctor *d)
{
	const char *path = d->settings->usage.file;

	if (*path)
		check_database(d, path);
	else
		doctor_say(d, DOCTOR_OK, "figures stay in memory");
}

void doctor_check_voucher_file(struct doctor *d)
{
	if (settings_offer(d->settings, ZONE_AUTH_VOUCHER))
		check_database(d, d->settings->voucher.file);
	else
		doctor_say(d, DOCTOR_OK, "no zone asks for codes");
}

/* --- accounts ---------------------------------------------------------- */

static void judge(struct doctor *d, const struct accounts *a, const char *path)
{
	const char *user = d->settings->portal.user;
	int err = a->count ? user_access(user, path, R_OK) : 0;

	if (!a->count) {
		doctor_say(
			d, DOCTOR_WARN,
			"%s has no accounts, so nobody can see the dashboard",
			path);
		doctor_advise(d, "Run: stadttor passwd NAME, then reload the "
				 "portal.");
	} else if (err && err != -ENOTSUP) {
		doctor_say(
			d, DOCTOR_WARN,
			"user %s cannot read %s: %s, so each reload is refused",
			user, path, strerror(-err));
		doctor_advise(d, "Let the portal's group read it and enter its "
				 "folders: chgrp, and chmod g+r.");
	} else {
		doctor_say(d, DOCTOR_OK, "%s has %zu account%s", path, a->count,
			   a->count == 1 ? "" : "s");
	}
}

void doctor_check_accounts(struct doctor *d)
{
	const char *path = d->settings->admin.accounts;
	char error[ACCOUNTS_ERROR_MAX];
	struct accounts *a;

	if (!d->settings->admin.enabled) {
		doctor_say(d, DOCTOR_OK,
			   "the dashboard is off, so it needs no accounts");
		return;
	}
	if (geteuid() != 0 && access(path, R_OK) < 0 && errno == EACCES) {
		doctor_say(d, DOCTOR_SKIP, "only root may read %s", path);
		return;
	}
	a = accounts_read(path, error);
	if (a) {
		judge(d, a, path);
	} else {
		doctor_say(d, DOCTOR_FAIL, "%s", error);
		doctor_advise(d, "Correct that line, or delete it and run "
				 "stadttor passwd; then reload the portal.");
	}
	accounts_free(a);
}
