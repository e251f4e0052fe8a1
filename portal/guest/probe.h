/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How systems look for a portal: which one asked is told by the address that
 * it asks for, never by what it says about itself. The answer travels to the
 * portal's page as one letter, ?via=X, so that nothing has to be remembered.
 */
#ifndef STADTTOR_PORTAL_GUEST_PROBE_H
#define STADTTOR_PORTAL_GUEST_PROBE_H

#include "common/usage.h"

/* host in lower case, as a request says it, with port or not; path decoded. */
enum usage_platform probe_platform(const char *host, const char *path);

/* A letter, and what it stands for; of any other: USAGE_PLATFORM_OTHER. */
char probe_letter(enum usage_platform platform);
enum usage_platform probe_from_letter(char letter);

#endif
