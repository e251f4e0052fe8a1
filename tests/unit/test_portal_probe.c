/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/array.h"
#include "portal/guest/probe.h"

static const struct {
	const char *host, *path;
	enum usage_platform platform;
} cases[] = {
	{ "captive.apple.com", "/hotspot-detect.html", USAGE_PLATFORM_APPLE },
	{ "captive.apple.com", "/", USAGE_PLATFORM_APPLE },
	{ "www.apple.com", "/library/test/success.html", USAGE_PLATFORM_APPLE },
	{ "www.apple.com", "/de/", USAGE_PLATFORM_OTHER },
	{ "connectivitycheck.gstatic.com", "/generate_204",
	  USAGE_PLATFORM_ANDROID },
	{ "clients3.google.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "www.google.com", "/", USAGE_PLATFORM_OTHER },
	{ "www.msftconnecttest.com", "/connecttest.txt",
	  USAGE_PLATFORM_WINDOWS },
	{ "ipv6.msftconnecttest.com", "/redirect", USAGE_PLATFORM_WINDOWS },
	{ "detectportal.firefox.com", "/canonical.html",
	  USAGE_PLATFORM_FIREFOX },
	{ "nmcheck.gnome.org", "/check_network_status.txt",
	  USAGE_PLATFORM_LINUX },
	{ "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub.html",
	  USAGE_PLATFORM_KINDLE },
	{ "connect.rom.miui.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "connectivity.samsung.com.cn", "/generate_204",
	  USAGE_PLATFORM_ANDROID },
	{ "www.google.com", "/generate_204", USAGE_PLATFORM_ANDROID },
	{ "edge-http.microsoft.com", "/captiveportal/generate_204",
	  USAGE_PLATFORM_WINDOWS },
	{ "edge-http.microsoft.com", "/", USAGE_PLATFORM_OTHER },
	{ "fireoscaptiveportal.com", "/generate_204", USAGE_PLATFORM_KINDLE },
	{ "spectrum.s3.amazonaws.com", "/kindle-wifi/wifistub-eink.html",
	  USAGE_PLATFORM_KINDLE },
	{ "spectrum.s3.amazonaws.com", "/a.jpg", USAGE_PLATFORM_OTHER },
	{ "fedoraproject.org", "/static/hotspot.txt", USAGE_PLATFORM_LINUX },
	{ "fedoraproject.org", "/wiki/", USAGE_PLATFORM_OTHER },
	{ "connectivity-check.ubuntu.com.", "/", USAGE_PLATFORM_LINUX },
	{ "captive.apple.com:80", "/", USAGE_PLATFORM_APPLE },
	{ "captive.apple.com.:80", "/", USAGE_PLATFORM_APPLE },
	{ "captive.apple.com..", "/", USAGE_PLATFORM_OTHER },
	{ "conntest.nintendowifi.net", "/", USAGE_PLATFORM_OTHER },
	{ "", "", USAGE_PLATFORM_OTHER },
	{ ".", "", USAGE_PLATFORM_OTHER },
	{ ":80", "", USAGE_PLATFORM_OTHER },
	{ "aptive.apple.com", "/", USAGE_PLATFORM_OTHER },
	{ "captive.apple.co", "/", USAGE_PLATFORM_OTHER },
	{ "captive.apple.com.example", "/", USAGE_PLATFORM_OTHER },
};

static void test_platforms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(probe_platform(cases[i].host, cases[i].path),
				 cases[i].platform);
}

/* What goes out as a letter comes back as the same platform. */
static void test_letters(void **state)
{
	(void)state;
	for (int p = 0; p < USAGE_PLATFORMS; p++) {
		char letter = probe_letter((enum usage_platform)p);

		assert_true(letter >= 'a' && letter <= 'z');
		assert_int_equal(probe_from_letter(letter), p);
	}
	for (int c = 0; c < 256; c++)
		assert_true(probe_from_letter((char)c) < USAGE_PLATFORMS);
	assert_int_equal(probe_from_letter('\0'), USAGE_PLATFORM_OTHER);
	assert_int_equal(probe_from_letter('x'), USAGE_PLATFORM_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_platforms),
		cmocka_unit_test(test_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
