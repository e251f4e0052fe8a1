/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/probe.h"

#include <string.h>

/* path NULL: whatever is asked for there. */
static const struct {
	const char *host;
	const char *path;
	enum usage_platform platform;
} probes[] = {
	{ "captive.apple.com", NULL, USAGE_PLATFORM_APPLE },
	{ "www.apple.com", "/library/test/success.html", USAGE_PLATFORM_APPLE },
	{ "www.appleiphonecell.com", NULL, USAGE_PLATFORM_APPLE },
	{ "www.itools.info", NULL, USAGE_PLATFORM_APPLE },
	{ "www.ibook.info", NULL, USAGE_PLATFORM_APPLE },
	{ "www.airport.us", NULL, USAGE_PLATFORM_APPLE },
	{ "www.thinkdifferent.us", NULL, USAGE_PLATFORM_APPLE },
	{ "connectivitycheck.gstatic.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "connectivitycheck.android.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "clients1.google.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "clients3.google.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "www.gstatic.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "www.google.com", "/gen_204", USAGE_PLATFORM_ANDROID },
	{ "play.googleapis.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "www.msftconnecttest.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "ipv6.msftconnecttest.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "www.msftncsi.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "ipv6.msftncsi.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "detectportal.firefox.com", NULL, USAGE_PLATFORM_FIREFOX },
	{ "nmcheck.gnome.org", NULL, USAGE_PLATFORM_LINUX },
	{ "network-test.debian.org", NULL, USAGE_PLATFORM_LINUX },
	{ "connectivity-check.ubuntu.com", NULL, USAGE_PLATFORM_LINUX },
	{ "fedoraproject.org", "/static/hotspot.txt", USAGE_PLATFORM_LINUX },
	{ "ping.archlinux.org", NULL, USAGE_PLATFORM_LINUX },
	{ "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html",
	  USAGE_PLATFORM_KINDLE },
};

static const char letters[USAGE_PLATFORMS + 1] = "oagwflk";

enum usage_platform probe_platform(const char *host, const char *path)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		if (!strcmp(probes[i].host, host) &&
		    (!probes[i].path || !strcmp(probes[i].path, path)))
			return probes[i].platform;
	return USAGE_PLATFORM_OTHER;
}

char probe_letter(enum usage_platform platform)
{
	return letters[platform];
}

enum usage_platform probe_from_letter(char letter)
{
	const char *found = letter ? strchr(letters, letter) : NULL;

	return found ? (enum usage_platform)(found - letters)
		     : USAGE_PLATFORM_OTHER;
}
