/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/guest/probe.h"

#include <stddef.h>
#include <string.h>

#include "common/array.h"

/*
 * path NULL: whatever is asked for there. Hosts that serve people as well are
 * told by the path. Consoles, Brave, ConnMan and Steam say no system that is
 * counted, and are not here.
 */
static const struct {
	const char *host;
	const char *path;
	enum usage_platform platform;
} probes[] = {
	{ "captive.apple.com", NULL, USAGE_PLATFORM_APPLE },
	{ "netcts.cdn-apple.com", NULL, USAGE_PLATFORM_APPLE },
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
	{ "www.google.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "www.google.cn", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "developers.google.cn", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "play.googleapis.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "connectivity.samsung.com.cn", "/generate_204",
	  USAGE_PLATFORM_ANDROID },
	{ "connectivitycheck.platform.hicloud.com", NULL,
	  USAGE_PLATFORM_ANDROID },
	{ "connect.rom.miui.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "conn1.oppomobile.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "conn2.oppomobile.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "conn1.coloros.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "conn2.coloros.com", NULL, USAGE_PLATFORM_ANDROID },
	{ "wifi.vivo.com.cn", NULL, USAGE_PLATFORM_ANDROID },
	{ "www.qualcomm.cn", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "connectivitycheck.grapheneos.network", NULL,
	  USAGE_PLATFORM_ANDROID },
	{ "www.msftconnecttest.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "ipv6.msftconnecttest.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "www.msftncsi.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "ipv6.msftncsi.com", NULL, USAGE_PLATFORM_WINDOWS },
	{ "edge-http.microsoft.com", "/captiveportal/generate_204",
	  USAGE_PLATFORM_WINDOWS },
	{ "detectportal.firefox.com", NULL, USAGE_PLATFORM_FIREFOX },
	{ "nmcheck.gnome.org", NULL, USAGE_PLATFORM_LINUX },
	{ "networkcheck.kde.org", NULL, USAGE_PLATFORM_LINUX },
	{ "network-test.debian.org", NULL, USAGE_PLATFORM_LINUX },
	{ "connectivity-check.ubuntu.com", NULL, USAGE_PLATFORM_LINUX },
	{ "fedoraproject.org", "/static/hotspot.txt", USAGE_PLATFORM_LINUX },
	{ "ping.archlinux.org", NULL, USAGE_PLATFORM_LINUX },
	{ "www.archlinux.org", "/check_network_status.txt",
	  USAGE_PLATFORM_LINUX },
	{ "conncheck.opensuse.org", NULL, USAGE_PLATFORM_LINUX },
	{ "capnet.elementary.io", NULL, USAGE_PLATFORM_LINUX },
	{ "204.pop-os.org", NULL, USAGE_PLATFORM_LINUX },
	{ "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html",
	  USAGE_PLATFORM_KINDLE },
	{ "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub-eink.html",
	  USAGE_PLATFORM_KINDLE },
	{ "fireoscaptiveportal.com", NULL, USAGE_PLATFORM_KINDLE },
	{ "firetvcaptiveportal.com", NULL, USAGE_PLATFORM_KINDLE },
	{ "tabletcaptiveportal.com", NULL, USAGE_PLATFORM_KINDLE },
};

static const char letters[USAGE_PLATFORMS + 1] = "oagwflk";

/* Some ask with a port, and Ubuntu with a dot at the end of the name. */
static size_t name_length(const char *host)
{
	size_t len = strcspn(host, ":");

	return len && host[len - 1] == '.' ? len - 1 : len;
}

enum usage_platform probe_platform(const char *host, const char *path)
{
	size_t len = name_length(host);

	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		if (!strncmp(probes[i].host, host, len) &&
		    !probes[i].host[len] &&
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
