/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/array.h"
#include "portal/guest/origin.h"
#include "portal/http/respond.h"

static struct origin *origin(const char *hostname, const char *certificate)
{
	static char name[256], file[16];
	static struct origin o;
	struct portal_settings p = { .hostname = name, .certificate = file };

	snprintf(name, sizeof(name), "%s", hostname);
	snprintf(file, sizeof(file), "%s", certificate);
	origin_init(&o, &p);
	return &o;
}

static struct addr address(const char *text)
{
	struct addr a;

	assert_true(addr_parse(&a, text));
	return a;
}

static const struct {
	const char *hostname, *host, *local;
	bool is_ours;
} hosts[] = {
	{ "", "192.0.2.1", "192.0.2.1", true },
	{ "", "192.0.2.1:80", "192.0.2.1", true },
	{ "", "192.0.2.1:2081", "192.0.2.1", true },
	{ "", "192.0.2.1:", "192.0.2.1", true },
	{ "", "192.0.2.1:80x", "192.0.2.1", false },
	{ "", "192.0.2.2", "192.0.2.1", false },
	{ "", "192.0.2.1.nip.io", "192.0.2.1", false },
	{ "", "[2001:db8::1]", "2001:db8::1", true },
	{ "", "[2001:db8::1]:80", "2001:db8::1", true },
	{ "", "[2001:db8:0::1]", "2001:db8::1", true },
	{ "", "[2001:db8::2]", "2001:db8::1", false },
	{ "", "[2001:db8::1", "2001:db8::1", false },
	{ "", "[", "2001:db8::1", false },
	{ "", "[]", "2001:db8::1", false },
	{ "", ":", "192.0.2.1", false },
	{ "", "example.com", "192.0.2.1", false },
	{ "", "", "192.0.2.1", true }, /* HTTP/1.0 */
	{ "Wlan.Example", "wlan.example", "192.0.2.1", true },
	{ "Wlan.Example", "wlan.example.", "192.0.2.1", true },
	{ "Wlan.Example", "wlan.example:443", "192.0.2.1", true },
	{ "Wlan.Example", "192.0.2.1", "192.0.2.1", true },
	{ "Wlan.Example", "xwlan.example", "192.0.2.1", false },
	{ "Wlan.Example", "wlan.example.org", "192.0.2.1", false },
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		struct addr local = address(hosts[i].local);

		if (origin_is_ours(origin(hosts[i].hostname, ""), hosts[i].host,
				   &local) != hosts[i].is_ours)
			fail_msg("%zu: %s", i, hosts[i].host);
	}
}

static const struct {
	const char *hostname, *certificate, *host, *local, *location;
} redirects[] = {
	{ "", "", "a.example", "192.0.2.1", "http://192.0.2.1/?via=a" },
	{ "", "", "a.example", "2001:db8::1", "http://[2001:db8::1]/?via=a" },
	{ "WLAN.example", "", "a.example", "192.0.2.1",
	  "http://wlan.example/?via=a" },
	{ "WLAN.example", "", "", "192.0.2.1", "http://wlan.example/?via=a" },
	{ "wlan.example", "/c.pem", "a.example", "192.0.2.1",
	  "https://wlan.example/?via=a" },
	/* whoever asks for an address may have no names */
	{ "wlan.example", "", "203.0.113.77", "192.0.2.1",
	  "http://192.0.2.1/?via=a" },
	{ "wlan.example", "/c.pem", "203.0.113.77:8080", "192.0.2.1",
	  "http://192.0.2.1/?via=a" },
	{ "wlan.example", "", "[2001:db8::77]:80", "2001:db8::1",
	  "http://[2001:db8::1]/?via=a" },
	{ "wlan.example", "", "203.0.113.77.example", "192.0.2.1",
	  "http://wlan.example/?via=a" },
};

static void test_redirects(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(redirects); i++) {
		struct addr local = address(redirects[i].local);
		struct origin *o =
			origin(redirects[i].hostname, redirects[i].certificate);
		const struct addr *to =
			origin_leads_to_address(o, redirects[i].host) ? &local
								      : NULL;
		const struct origin_redirect *r = origin_redirect(o, to, 'a');
		char text[ORIGIN_BYTES_MAX + 1];
		char line[256];
		size_t length;

		memcpy(text, r->bytes, r->len);
		text[r->len] = '\0';
		assert_memory_equal(text, "HTTP/1.1 302 Found\r\n", 20);
		snprintf(line, sizeof(line), "\r\nLocation: %s\r\n",
			 redirects[i].location);
		assert_non_null(strstr(text, line));
		snprintf(line, sizeof(line), "<a href=\"%s\">",
			 redirects[i].location);
		assert_non_null(strstr(text + r->head_len, line));
		assert_memory_equal(text + r->head_len - 4, "\r\n\r\n", 4);
		length = strtoul(strstr(text, "Length: ") + 8, NULL, 10);
		assert_int_equal(length, r->len - r->head_len);
		assert_true(length > 5);
		assert_ptr_equal(r, origin_redirect(o, to, 'a'));
	}
}

static void test_longest_name(void **state)
{
	char name[254];
	const struct origin_redirect *r;

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	r = origin_redirect(origin(name, "/c.pem"), NULL, 'a');
	assert_memory_equal(r->bytes + r->len - 5, "</p>\n", 5);
	assert_memory_equal(r->bytes + r->head_len - 4, "\r\n\r\n", 4);
}

/* More addresses than are kept, over and over. */
static void test_kept(void **state)
{
	struct origin *o = origin("", "");

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct addr local = address("192.0.2.0");
		char url[64];

		local.byte[3] = (uint8_t)(i % 20);
		local.ifindex = 1 + (uint32_t)i % 3;
		snprintf(url, sizeof(url),
			 "Location: http://192.0.2.%d/?via=%c\r\n", i % 20,
			 'a' + i % 3);
		assert_non_null(strstr(
			origin_redirect(o, &local, (char)('a' + i % 3))->bytes,
			url));
	}
}

static void assert_leads_to(struct origin *o, const struct addr *local,
			    const char *host)
{
	char line[128];

	snprintf(line, sizeof(line), "\r\nLocation: http://%s/?via=a\r\n",
		 host);
	assert_non_null(strstr(origin_redirect(o, local, 'a')->bytes, line));
}

/* As netctl tells it, and as soon as it does. */
static void test_link_local(void **state)
{
	struct origin *o = origin("", "");
	struct addr local = address("fe80::1"), none = { .family = AF_UNSPEC };
	struct addr ip4 = address("192.0.2.1"), ip6 = address("2001:db8::1");

	(void)state;
	local.ifindex = 3;
	assert_leads_to(o, &local, "[fe80::1]");
	origin_tell(o, 3, &ip6);
	origin_tell(o, 4, &none);
	assert_leads_to(o, &local, "[2001:db8::1]");
	origin_tell(o, 3, &ip4);
	assert_leads_to(o, &local, "192.0.2.1");
	origin(o->hostname, ""); /* a reload */
	assert_leads_to(o, &local, "192.0.2.1");
	assert_leads_to(o, &ip6, "[2001:db8::1]"); /* and nobody else */
	for (uint32_t i = 4; i < 3 + ORIGIN_TOLD; i++)
		origin_tell(o, i, &ip6);
	assert_leads_to(o, &local, "192.0.2.1");
	origin_tell(o, 3, &none);
	assert_leads_to(o, &local, "[fe80::1]");
}

static void test_answers(void **state)
{
	char text[2048];
	struct answer a = {
		.status = 404,
		.fields = "X: y\r\n",
		.language = "de",
		.style_source = "'sha256-x'",
		.body = "hello",
		.body_len = 5,
	};
	size_t len = respond_build(text, sizeof(text) - 1, &a);

	(void)state;
	assert_true(len > 5);
	text[len] = '\0';
	assert_memory_equal(text, "HTTP/1.1 404 Not Found\r\nX: y\r\n", 30);
	assert_string_equal(text + len - 9, "\r\n\r\nhello");
	assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
	assert_non_null(strstr(text, "; style-src 'sha256-x'\r\n"));
	assert_non_null(strstr(text, "\r\nCache-Control: no-store\r\n"));
	a.omits_body = true;
	assert_int_equal(respond_build(text, sizeof(text), &a), len - 5);
	assert_non_null(strstr(text, "\r\nContent-Length: 5\r\n"));
	assert_int_equal(respond_build(text, len - 6, &a), 0);
	assert_string_equal(respond_reason(299), "Error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_redirects),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_link_local),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
