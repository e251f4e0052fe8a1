/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The certificates of the portal and of the dashboard. */
#include "cli/doctor/doctor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/certificate.h"
#include "cli/user_access.h"

#define SOON_S (14 * 86400)

struct pair {
	const char *file, *key;
	const char *hostname; /* NULL: browsers may call it anything */
};

static const char *day_of(time_t t, char text[16])
{
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, 16, "%Y-%m-%d", &tm))
		return "?";
	return text;
}

/* Only the dates; true: there is nothing to say. */
static bool check_dates(struct doctor *d, const struct pair *p,
			const struct certificate *c)
{
	time_t begin = certificate_begin(c), end = certificate_end(c);
	char day[16];

	if (d->now_s < begin) {
		doctor_say(d, DOCTOR_FAIL, "%s is valid only from %s on",
			   p->file, day_of(begin, day));
		doctor_advise(d, "See whether the clock is right.");
	} else if (d->now_s >= end) {
		doctor_say(d, DOCTOR_FAIL, "%s expired on %s", p->file,
			   day_of(end, day));
		doctor_advise(d, "Renew it, then reload the portal.");
	} else if (end - d->now_s < SOON_S) {
		doctor_say(d, DOCTOR_WARN, "%s expires on %s", p->file,
			   day_of(end, day));
		doctor_advise(d, "Renew it, then reload the portal; see why "
				 "that was not done in time.");
	} else {
		return true;
	}
	return false;
}

/* A reload reads them anew, and the portal is not root any more. */
static bool check_reload(struct doctor *d, const struct pair *p)
{
	const char *user = d->settings->portal.user;
	const char *file[] = { p->file, p->key };

	for (size_t i = 0; i < 2; i++) {
		int err = user_access(user, file[i], R_OK);

		if (!err || err == -ENOTSUP)
			continue;
		doctor_say(
			d, DOCTOR_WARN,
			"user %s cannot read %s: %s, so each reload is refused",
			user, file[i], strerror(-err));
		doctor_advise(d, "Let the portal's group read it and enter its "
				 "folders: chgrp, and chmod g+r.");
		return false;
	}
	return true;
}

static bool check_trust(struct doctor *d, const struct pair *p,
			const struct certificate *c)
{
	char why[CERTIFICATE_WHY_MAX];

	if (!p->hostname || !*p->hostname ||
	    certificate_is_trusted(c, p->hostname, why))
		return true;
	doctor_say(d, DOCTOR_WARN, "%s", why);
	doctor_advise(d, "Use one that phones trust, for that name, with its "
			 "whole chain.");
	return false;
}

static void say_unreadable(struct doctor *d, const struct pair *p,
			   const char *why)
{
	if (geteuid() != 0 &&
	    (access(p->file, R_OK) < 0 || access(p->key, R_OK) < 0) &&
	    errno == EACCES) {
		doctor_say(d, DOCTOR_SKIP,
			   "only root sees whether it is right: %s", why);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "%s", why);
	doctor_advise(d, "Put certificate, chain and key there as PEM, and "
			 "reload the portal.");
}

static void check(struct doctor *d, const struct pair *p)
{
	char why[CERTIFICATE_WHY_MAX], day[16];
	struct certificate c;

	if (!certificate_read(&c, p->file, p->key, why))
		say_unreadable(d, p, why);
	else if (check_dates(d, p, &c) && check_reload(d, p) &&
		 check_trust(d, p, &c))
		doctor_say(d, DOCTOR_OK, "%s is valid until %s", p->file,
			   day_of(certificate_end(&c), day));
	certificate_clear(&c);
}

void doctor_check_certificate(struct doctor *d)
{
	const struct portal_settings *s = &d->settings->portal;
	const struct pair p = { s->certificate, s->key, s->hostname };

	if (*p.file)
		check(d, &p);
	else
		doctor_say(
			d, DOCTOR_OK,
			"the portal has no certificate, so pages come without "
			"TLS");
}

void doctor_check_admin_certificate(struct doctor *d)
{
	const struct admin_settings *s = &d->settings->admin;
	const struct pair p = { s->certificate, s->key, NULL };

	if (!s->enabled)
		doctor_say(d, DOCTOR_OK, "the dashboard is off");
	else if (*p.file)
		check(d, &p);
	else
		doctor_say(d, DOCTOR_OK,
			   "the dashboard has no certificate, so it comes "
			   "without TLS");
}
