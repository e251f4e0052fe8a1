/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the operators' listener answers to whom. */
#include "tests/unit/portaltest.h"

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/config/settings_read.h"
#include "portal/admin/admin_api.h"
#include "portal/admin/admin_routes.h"
#include "portal/admin/admin_site.h"
#include "portal/admin/admin_vouchers.h"
#include "portal/history/history.h"
#include "portal/store/day.h"
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_batch.h"

#define MINUTE_S 60

#define CONFIG                                                                 \
	"config uplink 'wan'\n\toption device 'eth0'\n"                        \
	"config uplink 'lte'\n\toption device 'wwan0'\n"                       \
	"config zone 'square'\n\toption device 'eth1'\n"                       \
	"\toption title 'Market \"square\"'\n"                                 \
	"config zone 'private'\n\toption device 'eth2'\n"                      \
	"\toption counted '0'\n"                                               \
	"\tlist auth 'voucher'\n"                                              \
	"config portal\n\toption network 'Free'\n"                             \
	"\toption hostname 'wlan.example.test'\n"                              \
	"config admin\n\toption hostname 'Box.test'\n\toption title 'Hall'\n"

static struct {
	struct settings *settings;
	struct accounts *accounts;
	struct admin_site site;
	char token[ACCOUNTS_TOKEN_MAX];
	char fields[256]; /* of a request that may ask */

	struct ipc_health says;
	bool leaves; /* instead of an answer */
	bool is_slow;
	unsigned int asked, revoked;
	char folder[64]; /* of codes */
} t;

/* --- the clock ------------------------------------------------------------ */

static time_t skew_s;

int clock_gettime(clockid_t c, struct timespec *at)
{
	int err = (int)syscall(SYS_clock_gettime, c, at);

	at->tv_sec += skew_s;
	return err;
}

/* --- netctl and the listener ---------------------------------------------- */

static const struct ipc_health well = {
	.uptime_s = 99,
	.is_counting = 1,
	.time_is_known = 1,
	.usage_is_kept = 1,
	.zones = 2,
	.uplinks_present = 2,
	.zone = { { .name = "square", .is_present = 1 },
		  { .name = "private", .is_present = 1 } },
};

static void gate_serve(void)
{
	struct ipc_health h = t.says;
	struct ipc_status m;

	if (wire.gate < 0 || t.is_slow ||
	    recv(wire.gate, &m, sizeof(m), MSG_DONTWAIT) != sizeof(m))
		return;
	if (m.header.type == IPC_REVOKE) {
		t.revoked++;
		return;
	}
	assert_int_equal(m.header.type, IPC_HEALTH_ASK);
	t.asked++;
	h.header = (struct ipc_header){ IPC_VERSION, IPC_HEALTH, m.header.id };
	if (t.leaves)
		gate_leave();
	else
		assert_int_equal(send(wire.gate, &h, sizeof(h), 0), sizeof(h));
}

static void exchange(const char *line, const char *fields, const char *body)
{
	char request[2048];
	struct accepted a = { .kind = LISTENER_HTTP };

	snprintf(request, sizeof(request), "%s HTTP/1.1\r\n%s\r\n%s", line,
		 fields, body);
	portaltest_exchange(request, &a, gate_serve);
	portaltest_read_head(line);
}

/* As somebody who may. */
static void ask(const char *line)
{
	exchange(line, t.fields, "");
}

static void assert_has(const char *text)
{
	if (!strstr(wire.answer, text))
		fail_msg("lacks '%s': %s", text, wire.answer);
}

static void assert_lacks(const char *text)
{
	if (strstr(wire.answer, text))
		fail_msg("has '%s': %s", text, wire.answer);
}

static int start(void **state)
{
	char why[UCI_ERROR_MAX], line[ACCOUNTS_LINE_MAX];
	char error[ACCOUNTS_ERROR_MAX], asset_error[ASSET_ERROR_MAX];

	(void)state;
	setenv("TZ", "UTC", 1);
	portaltest_open();
	t.settings = settings_parse("test", CONFIG, strlen(CONFIG), why);
	assert_int_equal(accounts_build_token(line, "test", t.token), 0);
	t.accounts = accounts_parse("test", line, strlen(line), error);
	t.site.settings = t.settings;
	t.site.accounts = t.accounts;
	t.site.assets = asset_set_read("/nonexistent", asset_error);
	t.site.sessions = admin_sessions_new();
	t.site.lockout = lockout_new();
	snprintf(t.fields, sizeof(t.fields),
		 "Host: box.test\r\nAuthorization: Bearer %s\r\n", t.token);
	return t.settings && t.accounts ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	lockout_free(t.site.lockout);
	admin_sessions_free(t.site.sessions);
	asset_set_free((struct asset_set *)(uintptr_t)t.site.assets);
	accounts_free(t.accounts);
	settings_free(t.settings);
	return portaltest_close();
}

static void open_listeners(void)
{
	const struct conns_bounds bounds = {
		.max = 8, .max_per_device = 8, .request_s = 60, .answer_s = 60
	};
	struct conns_config config = {
		.on_request = admin_routes_on_request,
		.on_trouble = admin_routes_on_trouble,
		.on_close = admin_api_on_close,
		.arg = &t.site,
		.user_size = sizeof(struct netctl_request),
		.is_for_operators = true,
	};

	t.site.api = admin_api_routes;
	t.site.api_routes = admin_api_count;
	config.base = wire.base;
	wire.conns = conns_new(&config, &bounds);
	assert_non_null(wire.conns);
	t.site.operators = wire.conns;
}

static void close_listeners(void)
{
	conns_free(wire.conns);
	wire.conns = NULL;
}

static int set_up(void **state)
{
	(void)state;
	open_listeners();
	t.says = well;
	t.leaves = t.is_slow = false;
	t.asked = t.revoked = 0;
	t.accounts->account[0].role = ACCOUNT_READ;
	skew_s = 0;
	addr_parse(&t.site.address, "127.0.0.1");
	t.site.is_loopback = true;
	t.site.is_secure = false;
	t.site.netlink_errors = t.site.netlink_grew_ms = 0;
	memset(t.site.certificate_end_s, 0, sizeof(t.site.certificate_end_s));
	t.site.is_reload_refused = false;
	t.site.since_ms = clock_ms();
	t.site.store = store_open("", 86400);
	assert_non_null(t.site.store);
	t.site.netctl = gate_open(true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close_listeners();
	netctl_client_free(t.site.netctl);
	gate_leave();
	store_free(t.site.store);
	t.site.store = NULL;
	return 0;
}

static void reconnect(bool is_there)
{
	netctl_client_free(t.site.netctl);
	gate_leave();
	t.site.netctl = gate_open(is_there);
}

/* --- how it is answered --------------------------------------------------- */

static void test_fields_of_all(void **state)
{
	static const char *const fields[] = {
		"Content-Security-Policy: default-src 'none'; ",
		"frame-ancestors 'none'\r\n",
		"X-Content-Type-Options: nosniff\r\n",
		"Referrer-Policy: same-origin\r\n",
		"Cross-Origin-Resource-Policy: same-origin\r\n",
		"Cache-Control: no-store\r\n",
		"Connection: close\r\n",
	};
	static const char *const lines[] = { "GET /api/now", "GET /nothing",
					     "GET /", "nonsense" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		ask(lines[i]);
		for (size_t k = 0; k < ARRAY_SIZE(fields); k++)
			assert_has(fields[k]);
		assert_int_equal(strtoul(field("Content-Length"), NULL, 10),
				 strlen(wire.body));
	}
}

static void test_head(void **state)
{
	char length[512];

	(void)state;
	ask("GET /api/usage");
	snprintf(length, sizeof(length), "%s", field("Content-Length"));
	ask("HEAD /api/usage");
	assert_int_equal(wire.status, 200);
	assert_string_equal(wire.body, "");
	assert_string_equal(field("Content-Length"), length);
}

/* Of what came from outside nothing ends the string or the line. */
static void test_errors(void **state)
{
	(void)state;
	ask("GET /api/usage?step=%22%5c%c3%a4x");
	assert_int_equal(wire.status, 400);
	assert_string_equal(field("Content-Type"), "application/json");
	assert_string_equal(wire.body, "{\"error\":\"step: '????x' is not "
				       "hour, day, week, month or year\"}\n");
	ask("GET /elsewhere");
	assert_int_equal(wire.status, 404);
	assert_string_equal(field("Content-Type"), "text/plain; charset=utf-8");
	assert_string_equal(wire.body, "there is no such page\n");
}

/* --- who may ask ---------------------------------------------------------- */

static void test_routes(void **state)
{
	static const struct {
		const char *line, *fields, *body;
		unsigned int status;
		const char *has;
	} cases[] = {
		{ "GET /", "", "", 303, "Location: /login\r\n" },
		{ "GET /login", "", "", 404, "The dashboard is not installed" },
		{ "GET /api/now", "", "", 401, "WWW-Authenticate: Bearer\r\n" },
		{ "GET /api/usage", "", "", 401, "log in, or send a token" },

		{ "GET /metrics", "", "", 401, "log in" },
		{ "GET /api/now", "Cookie: stadttor=abc\r\n", "", 401,
		  "log in" },
		{ "POST /api/now", "Content-Length: 0\r\n", "", 405,
		  "Allow: GET, HEAD\r\n" },
		{ "GET /logout", "", "", 405, "Allow: POST\r\n" },
		{ "DELETE /login", "", "", 405, "Allow: GET, HEAD, POST\r\n" },
		{ "POST /login", "Content-Length: 2\r\n", "ab", 400,
		  "this is no login form" },
		{ "POST /logout", "Content-Length: 0\r\n", "", 303,
		  "Set-Cookie: " },
		{ "POST /logout",
		  "Content-Length: 0\r\nOrigin: http://evil.test\r\n", "", 403,
		  "a page that is not ours" },
		{ "POST /logout",
		  "Content-Length: 0\r\nSec-Fetch-Site: cross-site\r\n", "",
		  403, "a page that is not ours" },
		{ "POST /logout",
		  "Content-Length: 0\r\nOrigin: http://localhost:2090\r\n"
		  "Sec-Fetch-Site: same-origin\r\n",
		  "", 303, "Location: /login\r\n" },
		{ "GET /app.js", "", "", 404, "there is no such page" },
		{ "GET /%00", "", "", 400, "this address is not right" },
		{ "GET *", "", "", 400, "this address is not right" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char fields[512];

		snprintf(fields, sizeof(fields), "Host: localhost:2090\r\n%s",
			 cases[i].fields);
		exchange(cases[i].line, fields, cases[i].body);
		if (wire.status != cases[i].status)
			fail_msg("%s: %u", cases[i].line, wire.status);
		assert_has(cases[i].has);
	}
	assert_int_equal(t.asked, 0); /* netctl is not asked for them */
}

/* A stranger's page can make its own name lead here (DNS rebinding). */
static void test_names(void **state)
{
	static const struct {
		const char *host;
		bool is_far, is_ours;
	} cases[] = {
		{ "localhost", false, true },
		{ "localhost:9999", false, true },
		{ "127.0.0.1:2090", false, true },
		{ "127.8.8.8", false, true },
		{ "[::1]:2090", false, true },
		{ "BOX.test", false, true },
		{ "evil.test", false, false },
		{ "localhost.evil.test", false, false },
		{ "192.0.2.1", false, false },
		{ "", false, false },
		{ "192.0.2.7", true, true },
		{ "box.test:2090", true, true },
		{ "localhost", true, false },
		{ "127.0.0.1", true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char fields[256];

		t.site.is_loopback = !cases[i].is_far;
		addr_parse(&t.site.address,
			   cases[i].is_far ? "192.0.2.7" : "127.0.0.1");
		snprintf(fields, sizeof(fields), "Host: %s\r\n", cases[i].host);
		exchange("GET /nothing", fields, "");
		if (wire.status != (cases[i].is_ours ? 404 : 421))
			fail_msg("%s: %u", cases[i].host, wire.status);
	}
}

/* Guesses wait, and a token that is right does not. */
static void test_wrong_tokens(void **state)
{
	static const char wrong[] =
		"Host: localhost\r\nAuthorization: Bearer 0123\r\n";
	const struct addr device = { .family = AF_INET,
				     .byte = { 192, 0, 2, 9 } };
	unsigned int tries = 0;
	uint64_t wait_ms, wait_s;

	(void)state;
	do
		exchange("GET /metrics", wrong, "");
	while (wire.status == 401 && ++tries < 100);
	assert_int_equal(wire.status, 429);
	assert_true(tries >= 3);
	wait_ms = lockout_wait_ms(t.site.lockout, &device, clock_ms());
	wait_s = strtoul(field("Retry-After"), NULL, 10);
	assert_in_range(wait_s, 1, wait_ms / 1000 + 2);
	assert_has("Too many attempts. Try again in ");
	ask("GET /metrics");
	assert_int_equal(wire.status, 200);
	skew_s = 3600;
	exchange("GET /metrics", wrong, "");
	assert_int_equal(wire.status, 401);
}

/* --- /api/now ------------------------------------------------------------- */

static void test_now(void **state)
{
	(void)state;
	t.site.since_ms = clock_ms() - 5000;
	ask("GET /api/now");
	assert_int_equal(wire.status, 200);
	assert_has("\"profile\":\"hours\",\"epsilon\":2,");
	assert_has("\"zones\":[\"square\",\"private\"]");
	assert_has("\"network\":\"Free\",\"provider\":\"\","
		   "\"title\":\"Hall\","
		   "\"titles\":{\"square\":\"Market \\\"square\\\"\"}");
	assert_has("\"live\":null,\"uptime_s\":99,");
	assert_has("\"portal_uptime_s\":5,");
	assert_has("\"version\":\"");
	assert_has(
		"\"health\":[{\"level\":\"ok\",\"code\":\"store_in_memory\"");
	assert_int_equal(t.asked, 1);
}

/* Numbers of people, where netctl says that they are asked for. */
static void test_live(void **state)
{
	(void)state;
	t.says.is_live = 1;
	t.says.zone[0].online = 3;
	t.says.up_bps = 8000;
	ask("GET /api/now");
	assert_has("\"live\":{\"online\":{\"square\":3,\"private\":0},"
		   "\"up_bps\":8000,\"down_bps\":0}");
	ask("GET /metrics");
	assert_lacks("8000");
	assert_lacks(" 3\n");
}

static void check_away(void)
{
	assert_int_equal(wire.status, 200);
	assert_has("\"zones\":[\"square\",\"private\"],");
	assert_has("\"live\":null,\"uptime_s\":null");
	assert_has("{\"level\":\"error\",\"code\":\"netctl_away\"");
}

static void test_without_netctl(void **state)
{
	(void)state;
	reconnect(false);
	ask("GET /api/now");
	check_away();
	assert_int_equal(t.asked, 0);
	reconnect(true);
	t.leaves = true; /* while it is asked */
	ask("GET /api/now");
	check_away();
	assert_int_equal(t.asked, 1);
	ask("GET /metrics");
	assert_has("\nstadttor_up 0\n");
}

/* netctl is believed, but not beyond the message. */
static void test_netctl_that_lies(void **state)
{
	(void)state;
	t.says.zones = 255;
	memset(t.says.zone[0].name, 'x', sizeof(t.says.zone[0].name));
	for (size_t i = 1; i < IPC_ZONES; i++)
		snprintf(t.says.zone[i].name, IPC_ZONE_NAME_MAX, "z%zu", i);
	t.says.is_live = 1;
	ask("GET /api/now");
	assert_int_equal(wire.status, 200);
	assert_has("{\"xxxxxxxxxxxxxxx\":0,\"z1\":0");
	assert_has("\"z15\":0}");
	ask("GET /metrics");
	assert_int_equal(wire.status, 200);
	assert_has("zone=\"xxxxxxxxxxxxxxx\"");
}

/* Who asked has gone before the answer comes. */
static void test_gone(void **state)
{
	struct accepted a = { .kind = LISTENER_HTTP };
	struct sockaddr_in peer = { .sin_family = AF_INET };
	char request[512];
	int pair[2], n;

	(void)state;
	t.is_slow = true;
	n = snprintf(request, sizeof(request),
		     "GET /api/now HTTP/1.1\r\n%s\r\n", t.fields);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(write(pair[1], request, (size_t)n), n);
	a.fd = pair[0];
	a.peer = (struct sockaddr *)&peer;
	conns_accept(wire.conns, &a);
	event_base_loop(wire.base, EVLOOP_NONBLOCK);
	assert_int_equal(conns_count(wire.conns), 1);
	close(pair[1]);
	close_listeners();
	t.is_slow = false;
	gate_serve();
	assert_int_equal(t.asked, 1);
	event_base_loop(wire.base, EVLOOP_NONBLOCK);
}

/* --- health --------------------------------------------------------------- */

static void no_uplink(void)
{
	t.says.uplinks_present = 0;
}

static void one_uplink(void)
{
	t.says.uplinks_present = 1;
}

static void no_device(void)
{
	t.says.zone[1].is_present = 0;
	t.says.zone[1].is_shut = 1; /* the first reason alone */
}

static void shut(void)
{
	t.says.zone[0].is_shut = 1;
	t.says.zone[0].outlet = IPC_OUTLET_DOWN;
}

static void offline(void)
{
	t.says.zone[0].outlet = IPC_OUTLET_NO_ROUTE;
	t.says.zone[0].is_full = 1;
}

static void full(void)
{
	t.says.zone[0].is_full = 1;
}

static void not_counting(void)
{
	t.says.is_counting = 0;
}

static void out_dropped(void)
{
	t.says.troubles = IPC_TROUBLE_OUT_DROPPED;
}

static void portal_dropped(void)
{
	t.says.troubles = IPC_TROUBLE_PORTAL_DROPPED;
}

static void table_full(void)
{
	t.says.troubles = IPC_TROUBLE_TABLE_FULL;
}

static void marks(void)
{
	t.says.troubles = IPC_TROUBLE_MARKS;
}

static void ingress(void)
{
	t.says.troubles = IPC_TROUBLE_INGRESS;
}

static void offload(void)
{
	t.says.troubles = IPC_TROUBLE_OFFLOAD;
}

static void netlink_errors(void)
{
	t.says.netlink_errors[IPC_NETLINK_CONNTRACK] = 1;
}

static void time_unknown(void)
{
	t.says.time_is_known = 0;
}

static void rules(void)
{
	t.says.troubles = IPC_TROUBLE_RULES;
}

static void certificate_ends(void)
{
	t.site.certificate_end_s[METRICS_CERTIFICATE_PORTAL] =
		time(NULL) + 86400 * 3 + 3600;
	t.site.certificate_end_s[METRICS_CERTIFICATE_ADMIN] =
		time(NULL) + 86400 * 15;
}

static void certificate_ended(void)
{
	t.site.certificate_end_s[METRICS_CERTIFICATE_ADMIN] = time(NULL) - 1;
}

/* Then it cannot be said of any. */
static void certificate_of_no_time(void)
{
	t.says.time_is_known = 0;
	certificate_ended();
}

static void reload_refused(void)
{
	t.site.is_reload_refused = true;
}

static void not_kept(void)
{
	t.says.usage_is_kept = 0;
}

static void waits(void)
{
	t.says.usage_lag_s = 7201;
}

static void waits_a_while(void)
{
	t.says.usage_lag_s = 7200;
}

static void no_store(void)
{
	store_free(t.site.store);
	t.site.store = NULL;
}

static void without_tls(void)
{
	t.site.is_loopback = false;
	addr_parse(&t.site.address, "192.0.2.7");
}

static void with_tls(void)
{
	t.site.is_loopback = false;
	t.site.is_secure = true;
}

static void nothing(void)
{
}

#define FOUND(level, code) "\"level\":\"" level "\",\"code\":\"" code "\""
#define OF_ZONE(name)	   ",\"zone\":\"" name "\""

static void test_health(void **state)
{
	static const struct {
		void (*happens)(void);
		const char *finding; /* NULL: none but that of the store */
		const char *text;
	} cases[] = {
		{ nothing, NULL, NULL },
		{ no_uplink, FOUND("error", "uplink_missing"), "nobody" },
		{ one_uplink, FOUND("warn", "uplink_missing"),
		  "1 of 2 uplinks are there" },
		{ no_device, FOUND("error", "zone_missing") OF_ZONE("private"),
		  "The device of zone private is not there" },
		{ shut, FOUND("error", "zone_shut") OF_ZONE("square"),
		  "Zone square is shut" },
		{ offline, FOUND("error", "zone_offline") OF_ZONE("square"),
		  "no way to the internet" },
		{ full, FOUND("warn", "zone_full") OF_ZONE("square"),
		  "Zone square has all of its places taken" },
		{ not_counting, FOUND("warn", "not_counting"), "third time" },
		{ out_dropped, FOUND("error", "out_dropped"),
		  "do not leave the box" },
		{ portal_dropped, FOUND("error", "portal_dropped"),
		  "do not reach it" },
		{ table_full, FOUND("warn", "table_full"), "nearly full" },
		{ ingress, FOUND("error", "ingress"), "filter of tc" },
		{ offload, FOUND("error", "offload"), "caps do not hold" },
		{ marks, FOUND("error", "marks"), "packet marks" },
		{ rules, FOUND("error", "rules"), "cannot be put in place" },
		{ certificate_ends, FOUND("warn", "certificate_ends"),
		  "certificate of the portal ends in 3 days" },
		{ certificate_ended, FOUND("error", "certificate_ended"),
		  "certificate of the dashboard has ended" },
		{ reload_refused, FOUND("warn", "reload_refused"),
		  "cannot take over its config" },
		{ certificate_of_no_time, FOUND("warn", "time_unknown"),
		  "time of day" },
		{ netlink_errors, FOUND("warn", "netlink_errors"), "refused" },
		{ time_unknown, FOUND("warn", "time_unknown"), "time of day" },
		{ not_kept, FOUND("warn", "usage_not_kept"), "outlive" },
		{ waits, FOUND("warn", "usage_waits"), "more than 2 hours" },
		{ waits_a_while, NULL, NULL },
		{ no_store, FOUND("error", "store_cannot_write"), "database" },
		{ without_tls, FOUND("warn", "admin_without_tls"),
		  "comes without TLS" },
		{ with_tls, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned int levels = 0;

		tear_down(NULL);
		set_up(NULL);
		cases[i].happens();
		ask("GET /api/now");
		assert_int_equal(wire.status, 200);
		if (cases[i].finding) {
			assert_has(cases[i].finding);
			assert_has(cases[i].text);
		}
		for (const char *at = wire.body; (at = strstr(at, "\"level\""));
		     at++)
			levels++;
		if (levels != 1U + (cases[i].finding && t.site.store))
			fail_msg("%zu: %s", i, wire.body);
	}
}

/* A database of its own for each test. */
static void use_file(void)
{
	static unsigned int files;
	char path[128];

	store_free(t.site.store);
	snprintf(path, sizeof(path), "%s/%u.sqlite", wire.folder, files++);
	t.site.store = store_open(path, 86400);
}

static void test_all_well(void **state)
{
	(void)state;
	use_file();
	ask("GET /api/now");
	assert_has("\"health\":[{\"level\":\"ok\",\"code\":\"all_well\","
		   "\"text\":\"All parts are working\"}]");
}

/* Errors are news for a quarter of an hour, those of a netctl anew as well. */
static void test_netlink_errors_are_news(void **state)
{
	(void)state;
	t.says.netlink_errors[0] = 5;
	ask("GET /api/now");
	assert_has("netlink_errors");
	skew_s = 14 * MINUTE_S;
	ask("GET /api/now");
	assert_has("netlink_errors");
	skew_s = 16 * MINUTE_S;
	ask("GET /api/now");
	assert_lacks("netlink_errors");
	t.says.netlink_errors[0] = 2; /* it has started anew */
	ask("GET /api/now");
	assert_lacks("netlink_errors");
	t.says.netlink_errors[1] = 1;
	ask("GET /api/now");
	assert_has("netlink_errors");
}

/* --- figures -------------------------------------------------------------- */

#define NOON 1767268800 /* 2026-01-01T12:00Z */

static void add_figures(uint64_t seq, int64_t visitors)
{
	static struct usage_batch batch;

	memset(&batch, 0, sizeof(batch));
	batch.stream = 4711;
	batch.seq = seq;
	batch.cells = 2;
	for (size_t i = 0; i < 2; i++)
		batch.cell[i] = (struct ipc_usage_cell){
			.stream = 4711,
			.seq = seq,
			.start_s = NOON,
			.value = visitors,
			.scale_n = 2,
			.scale_d = 1,
			.metric = i ? USAGE_VISITORS : USAGE_DEVICES_ONLINE,
			.hours = 1,
			.zone = "square",
		};
	assert_int_equal(store_apply(t.site.store, &batch), 0);
}

static void test_reports(void **state)
{
	static const struct {
		const char *line, *type, *body;
	} cases[] = {
		{ "GET /api/usage?metrics=visitors", "application/json",
		  "{\"step\":\"day\",\"from\":null,\"to\":null,\"zone\":null,"
		  "\"start\":[1767225600],\"time\":[\"2026-01-01\"],"
		  "\"hours\":[1],\"values\":{\"visitors\":[9]},"
		  "\"bands\":{\"visitors\":[6.0]}}\n" },
		{ "GET /api/usage?step=hour&zone=square&metrics=online"
		  "&from=2026-01-01&to=2026-01-02&format=csv",
		  "text/csv; charset=utf-8",
		  "time,hours,online,online_band\r\n"
		  "2026-01-01T12:00+00:00,1,9,6.0\r\n" },
		{ "GET /api/usage?zone=nobody&metrics=visitors",
		  "application/json",
		  "{\"step\":\"day\",\"from\":null,\"to\":null,"
		  "\"zone\":\"nobody\",\"start\":[],\"time\":[],\"hours\":[],"
		  "\"values\":{\"visitors\":[]},"
		  "\"bands\":{\"visitors\":[]}}\n" },
		{ "GET /api/usage?to=2025-12-31&step=year&metrics=visitors"
		  "&format=csv",
		  "text/csv; charset=utf-8",
		  "time,hours,visitors,visitors_band\r\n" },
	};

	(void)state;
	add_figures(1, 9);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool is_csv = strstr(cases[i].line, "csv");

		ask(cases[i].line);
		assert_int_equal(wire.status, 200);
		assert_string_equal(field("Content-Type"), cases[i].type);
		assert_string_equal(wire.body, cases[i].body);
		assert_int_equal(field("Content-Disposition") != NULL, is_csv);
	}
	ask("GET /api/usage?format=csv");
	assert_string_equal(field("Content-Disposition"),
			    "attachment; filename=\"stadttor-usage.csv\"");
}

static void test_wrong_wishes(void **state)
{
	static const struct {
		const char *line, *complaint;
	} cases[] = {
		{ "GET /api/usage?step=decade",
		  "step: 'decade' is not hour, day, week, month or year" },
		{ "GET /api/usage?zone=a%2fb",
		  "zone: 'a/b' is no zone's name" },
		{ "GET /api/usage?from=2026-02-30",
		  "from: '2026-02-30' is no day" },
		{ "GET /api/usage?to=tomorrow", "to: 'tomorrow' is no day" },
		{ "GET /api/usage?format=xml",
		  "format: 'xml' is not json or csv" },
		{ "GET /api/usage?metrics=visitors,x",
		  "metrics: 'visitors,x' is no list of metrics' names" },
		{ "GET /api/usage?kind=language",
		  "query: 'kind' is unknown or has a value that cannot be" },
		{ "GET /api/usage?step=%zz", "query: 'step' is unknown" },
		{ "GET /api/usage?step=aaaaaaaaaaaaaaaa",
		  "query: 'step' is unknown" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ask(cases[i].line);
		if (wire.status != 400)
			fail_msg("%s: %s", cases[i].line, wire.answer);
		assert_has(cases[i].complaint);
	}
}

static void test_figures_that_cannot_be_read(void **state)
{
	(void)state;
	no_store();
	ask("GET /api/usage");
	assert_int_equal(wire.status, 503);
	assert_has("the figures cannot be read");
	ask("GET /metrics");
	assert_int_equal(wire.status, 200);
}

/* --- /metrics ------------------------------------------------------------- */

static void test_metrics(void **state)
{
	char fields[512];

	(void)state;
	ask("GET /metrics");
	assert_int_equal(wire.status, 200);
	assert_string_equal(field("Content-Type"), METRICS_TYPE_TEXT);
	assert_has("\nstadttor_up 1\n");
	assert_has("stadttor_zone_full{zone=\"square\"} 0\n");
	assert_lacks("# EOF");
	snprintf(fields, sizeof(fields),
		 "%sAccept: application/openmetrics-text; version=1.0.0\r\n",
		 t.fields);
	exchange("GET /metrics", fields, "");
	assert_string_equal(field("Content-Type"), METRICS_TYPE_OPENMETRICS);
	assert_has("# EOF\n");
}

/* Those that wait for the disk are told as well. */
static void test_figures_that_wait(void **state)
{
	const struct ipc_usage_cell now = { .stream = 4711,
					    .seq = 3,
					    .start_s = (int64_t)time(NULL),
					    .value = 15,
					    .scale_n = 5,
					    .scale_d = 1,
					    .hours = 1,
					    .zone = "square" };
	static struct usage_batch batch;

	(void)state;
	use_file();
	add_figures(1, 9);
	store_set_write_interval(t.site.store, 86400);
	batch = (struct usage_batch){ .stream = 4711, .seq = 3, .cells = 1 };
	batch.cell[0] = now;
	assert_int_equal(store_apply(t.site.store, &batch), 0);
	assert_int_equal(store_position(t.site.store).committed, 1);
	ask("GET /metrics");
	assert_has("stadttor_usage{zone=\"square\",metric=\"online\","
		   "period=\"hour\"} 15\n");
	assert_has("stadttor_usage_band{zone=\"square\",metric=\"online\","
		   "period=\"hour\"} 15\n");
}

/* --- rights ----------------------------------------------------------------
 */

/* What each endpoint asks for: a new one has to be decided on here, too. */
static const struct {
	const char *method, *path;
	enum account_role role;
} rights[] = {
	{ "GET", "/api/usage", ACCOUNT_READ },
	{ "GET", "/api/now", ACCOUNT_READ },
	{ "GET", "/api/health", ACCOUNT_READ },
	{ "GET", "/api/notes", ACCOUNT_READ },
	{ "POST", "/api/notes/add", ACCOUNT_ALL },
	{ "POST", "/api/notes/remove", ACCOUNT_ALL },
	{ "GET", "/api/vouchers", ACCOUNT_VOUCHERS },
	{ "POST", "/api/vouchers/create", ACCOUNT_VOUCHERS },
	{ "POST", "/api/vouchers/revoke", ACCOUNT_VOUCHERS },
	{ "GET", "/metrics", ACCOUNT_READ },
};

/* In memory, and as of a box that knows the time. */
static void open_history(void)
{
	t.site.history = history_new();
	assert_non_null(t.site.history);
	history_open(t.site.history, "", "");
	history_look(t.site.history, true);
}

static void close_history(void)
{
	history_free(t.site.history);
	t.site.history = NULL;
}

/* Of an empty form, where it is one. */
static void ask_for(size_t i, const char *fields)
{
	static const char form[] =
		"Content-Type: application/x-www-form-urlencoded\r\n"
		"Content-Length: 0\r\n";
	char line[64], all[512];

	snprintf(line, sizeof(line), "%s %s", rights[i].method, rights[i].path);
	snprintf(all, sizeof(all), "%s%s", fields,
		 *rights[i].method == 'P' ? form : "");
	exchange(line, all, "");
}

static void test_rights(void **state)
{
	(void)state;
	assert_int_equal(ARRAY_SIZE(rights), admin_api_count);
	for (size_t i = 0; i < admin_api_count; i++) {
		assert_string_equal(rights[i].path, admin_api_routes[i].path);
		ask_for(i, "Host: box.test\r\n");
		assert_int_equal(wire.status, 401);
		for (int r = 0; r < ACCOUNT_ROLES; r++) {
			bool may = r >= (int)rights[i].role;

			t.accounts->account[0].role = (enum account_role)r;
			ask_for(i, t.fields);
			assert_int_not_equal(wire.status, 401);
			if ((wire.status == 403) == may)
				fail_msg("%s as %d: %u", rights[i].path, r,
					 wire.status);
		}
	}
}

static void test_rights_are_told(void **state)
{
	(void)state;
	ask("GET /api/now");
	assert_has("\"role\":\"read\",\"has_codes\":false");
	t.accounts->account[0].role = ACCOUNT_ALL;
	ask("GET /api/now");
	assert_has("\"role\":\"all\"");
}

/* --- codes -----------------------------------------------------------------
 */

static void post(const char *path, const char *more, const char *body)
{
	char line[64], fields[512];

	snprintf(line, sizeof(line), "POST %s", path);
	snprintf(fields, sizeof(fields),
		 "%s%sContent-Type: application/x-www-form-urlencoded\r\n"
		 "Content-Length: %zu\r\n",
		 t.fields, more, strlen(body));
	exchange(line, fields, body);
}

static void test_notes(void **state)
{
	(void)state;
	ask("GET /api/notes");
	assert_int_equal(wire.status, 503);
	open_history();
	post("/api/notes/add", "", "day=2026-11-24&text=x");
	assert_int_equal(wire.status, 403);
	assert_has("stadttor passwd --role all");
	t.accounts->account[0].role = ACCOUNT_ALL;
	post("/api/notes/add", "",
	     "day=2026-11-24&text=%3Db+%22Fest%22+%3Ci%3E");
	assert_string_equal(wire.body, "{\"id\":1}");
	post("/api/notes/add", "", "day=2026-11-24&text=Antenne");
	ask("GET /api/notes?from=2026-11-24&to=2026-11-24");
	assert_string_equal(wire.body,
			    "{\"notes\":[{\"id\":1,\"day\":\"2026-11-24\","
			    "\"text\":\"=b \\\"Fest\\\" <i>\"},{\"id\":2,"
			    "\"day\":\"2026-11-24\",\"text\":\"Antenne\"}]}");
	ask("GET /api/notes?from=2026-11-25");
	assert_string_equal(wire.body, "{\"notes\":[]}");
	post("/api/notes/remove", "", "id=2");
	assert_int_equal(wire.status, 200);
	post("/api/notes/remove", "", "id=2");
	assert_int_equal(wire.status, 404);
	close_history();
}

static void test_wrong_notes(void **state)
{
	static const char *const bodies[] = {
		"",
		"day=2026-11-24",
		"text=x",
		"day=&text=x",
		"day=2026-02-30&text=x",
		"day=tomorrow&text=x",
		"day=today&text=",
		"day=today&text=a%0ab",
		"day=today&text=%E2%80%AEx",
		"day=today&text=%FF",
	};
	char body[300];
	int len;

	(void)state;
	open_history();
	t.accounts->account[0].role = ACCOUNT_ALL;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		post("/api/notes/add", "", bodies[i]);
		if (wire.status != 400)
			fail_msg("%s: %u", bodies[i], wire.status);
	}
	len = snprintf(body, sizeof(body), "day=today&text=");
	memset(body + len, 'x', HISTORY_NOTE_MAX);
	body[len + HISTORY_NOTE_MAX] = '\0';
	post("/api/notes/add", "", body);
	assert_int_equal(wire.status, 400);
	post("/api/notes/add", "Sec-Fetch-Site: cross-site\r\n",
	     "day=today&text=x");
	assert_int_equal(wire.status, 403);
	post("/api/notes/add", "Origin: http://evil.test\r\n",
	     "day=today&text=x");
	assert_int_equal(wire.status, 403);
	post("/api/notes/remove", "", "id=x");
	assert_int_equal(wire.status, 400);
	ask("GET /api/notes");
	assert_string_equal(wire.body, "{\"notes\":[]}");
	close_history();
}

/* A table program takes none of them for a formula. */
static void test_notes_beside_figures(void **state)
{
	(void)state;
	add_figures(1, 9);
	open_history();
	t.accounts->account[0].role = ACCOUNT_ALL;
	post("/api/notes/add", "", "day=2026-01-01&text=%3D1+%22a%22%2C+b");
	post("/api/notes/add", "", "day=2026-01-01&text=zwei");
	ask("GET /api/usage?step=day&format=csv&metrics=visitors");
	assert_has("time,hours,visitors,visitors_band,note\r\n");
	assert_has(",\"'=1 \"\"a\"\", b; zwei\"\r\n");
	ask("GET /api/usage?step=hour&format=csv&metrics=online");
	assert_has("time,hours,online,online_band\r\n");
	close_history();
	ask("GET /api/usage?step=day&format=csv&metrics=visitors");
	assert_has("time,hours,visitors,visitors_band\r\n");
}

static void test_health_history(void **state)
{
	struct history_news news = { .code = "zone_offline",
				     .zone = "square",
				     .is_error = true,
				     .since_ms = clock_ms() };

	(void)state;
	ask("GET /api/health");
	assert_int_equal(wire.status, 503);
	open_history();
	history_tell(t.site.history, &news);
	ask("GET /api/health?from=today&to=today");
	assert_has("\"outages\":");
	assert_has("\"code\":\"zone_offline\",\"zone\":\"square\"");
	ask("GET /api/health?zone=private");
	assert_lacks("zone_offline");
	ask("GET /api/health?format=csv");
	assert_has("Content-Type: text/csv");
	assert_has("filename=\"stadttor-health.csv\"");
	assert_has(",error,zone_offline,square,1,1\r\n");
	ask("GET /api/health?format=pdf");
	assert_int_equal(wire.status, 400);
	ask("GET /api/health?from=never");
	assert_int_equal(wire.status, 400);
	close_history();
}

static void test_opening(void **state)
{
	struct zone_settings *z = &t.settings->zone[0];
	struct conf_list before = z->open;
	char hours[] = "00:00-24:00";
	char *one[] = { hours };

	(void)state;
	ask("GET /api/now");
	assert_has("\"opening\":{}");
	z->open = (struct conf_list){ one, 1 };
	ask("GET /api/now");
	assert_has("\":{\"is_open\":true,\"change\":null}}");
	t.says.time_is_known = 0;
	ask("GET /api/now");
	assert_has("\":{\"is_open\":false,\"change\":null}}");
	t.says.time_is_known = 1;
	z->open = before;
}

static void open_codes(void)
{
	char key_file[80], file[80];
	struct voucher_settings s = { .file = file,
				      .key = key_file,
				      .tries_per_minute = 60 };
	struct voucher_key key;
	struct voucher_db *db;

	snprintf(t.folder, sizeof(t.folder), "/tmp/stadttor-admin-XXXXXX");
	assert_non_null(mkdtemp(t.folder));
	snprintf(key_file, sizeof(key_file), "%s/key", t.folder);
	snprintf(file, sizeof(file), "%s/codes", t.folder);
	assert_int_equal(voucher_key_make(&key, key_file), 0);
	assert_int_equal(voucher_db_open(&db, file, &key, VOUCHER_DB_MAKE), 0);
	voucher_db_close(db);
	t.site.vouchers = vouchers_open(&s);
	assert_non_null(t.site.vouchers);
	t.accounts->account[0].role = ACCOUNT_VOUCHERS;
}

static void close_codes(void)
{
	static const char *const names[] = { "key", "codes", "codes-journal" };
	char path[80];

	vouchers_free(t.site.vouchers);
	t.site.vouchers = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", t.folder, names[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(t.folder), 0);
}

/* Of every slip the same: a camera joins the network by it. */
static void test_a_code_that_joins(void **state)
{
	(void)state;
	open_codes();
	post("/api/vouchers/create", "",
	     "label=Fest&count=1&minutes=60&devices=2&days=30&ssid=Frei");
	assert_int_equal(wire.status, 200);
	assert_has("],\"join\":{\"size\":25,\"bits\":\"");
	post("/api/vouchers/create", "",
	     "label=Fest&count=1&minutes=60"
	     "&devices=2&days=30&ssid=");
	assert_has("],\"join\":null}");
	close_codes();
}

#define GOOD "label=Fest&count=3&minutes=60&devices=2&days=30&zone=private"

/* The first code of the answer, as it is looked up. */
static void first_code(char code[VOUCHER_CODE_MAX])
{
	const char *at = strstr(wire.body, "\"codes\":[\"");
	char text[VOUCHER_CODE_TEXT_MAX];

	assert_non_null(at);
	snprintf(text, sizeof(text), "%s", at + strlen("\"codes\":[\""));
	assert_true(voucher_code_find(text, code));
}

static void test_codes(void **state)
{
	char code[VOUCHER_CODE_MAX];
	struct voucher_pass pass;

	(void)state;
	open_codes();
	post("/api/vouchers/create", "", GOOD);
	assert_int_equal(wire.status, 200);
	assert_has("{\"batch\":1,\"valid_until_s\":");
	assert_has("\"valid_until\":\"2");
	assert_has("\"links\":[{\"size\":29,\"bits\":\"");
	assert_has("],\"join\":null}");
	first_code(code);
	ask("GET /api/vouchers");
	assert_has("{\"batches\":[{\"batch\":1,\"label\":\"Fest\","
		   "\"zone\":\"private\",");
	assert_has("\"duration_s\":3600,\"devices\":2,\"count\":3,"
		   "\"used\":0,\"active\":0,\"expired\":0,\"revoked\":0}");
	assert_int_equal(vouchers_redeem(t.site.vouchers, code, AF_INET,
					 "private", &pass),
			 VOUCHER_FINE);
	post("/api/vouchers/revoke", "", "batch=1");
	assert_int_equal(wire.status, 200);
	ask("GET /api/vouchers");
	assert_has("\"used\":1,\"active\":0,\"expired\":0,\"revoked\":3}");
	assert_int_equal(t.revoked, 1); /* the session of that code */
	assert_int_equal(vouchers_redeem(t.site.vouchers, code, AF_INET,
					 "private", &pass),
			 VOUCHER_REVOKED);
	post("/api/vouchers/revoke", "", "batch=2");
	assert_int_equal(wire.status, 404);
	close_codes();
}

static void test_wrong_codes(void **state)
{
	static const char *const bodies[] = {
		"",
		"label=&count=3&minutes=60&devices=2&days=30",
		"label=a%0ab&count=3&minutes=60&devices=2&days=30",
		"label=a&count=0&minutes=60&devices=2&days=30",
		"label=a&count=501&minutes=60&devices=2&days=30",
		"label=a&count=-1&minutes=60&devices=2&days=30",
		"label=a&count=3&minutes=525601&devices=2&days=30",
		"label=a&count=3&minutes=60&devices=1001&days=30",
		"label=a&count=3&minutes=60&devices=2&days=3661",
		"label=a&count=3&minutes=60&devices=2",
		/* that zone asks for none */
		"label=a&count=3&minutes=60&devices=2&days=30&zone=square",
		"label=a&count=3&minutes=60&devices=2&days=30&zone=x'y",
		"label=a&count=3&minutes=60&devices=2&days=30&ssid=a%0ab",
		("label=a&count=3&minutes=60&devices=2&days=30"
		 "&ssid=123456789012345678901234567890123"),
	};

	(void)state;
	post("/api/vouchers/create", "", GOOD);
	assert_int_equal(wire.status, 403);
	t.accounts->account[0].role = ACCOUNT_VOUCHERS;
	post("/api/vouchers/create", "", GOOD);
	assert_int_equal(wire.status, 409); /* nobody asks for codes */
	open_codes();
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		post("/api/vouchers/create", "", bodies[i]);
		if (wire.status != 400)
			fail_msg("%s: %u", bodies[i], wire.status);
	}
	post("/api/vouchers/create", "Sec-Fetch-Site: cross-site\r\n", GOOD);
	assert_int_equal(wire.status, 403);
	post("/api/vouchers/create", "Origin: http://evil.test\r\n", GOOD);
	assert_int_equal(wire.status, 403);
	post("/api/vouchers/revoke", "", "batch=x");
	assert_int_equal(wire.status, 400);
	ask("GET /api/vouchers");
	assert_string_equal(wire.body, "{\"batches\":[]}");
	close_codes();
}

/* Whoever has the account cannot fill the disk with it. */
static void test_too_many_codes(void **state)
{
	(void)state;
	open_codes();
	for (int i = 0; i < ADMIN_VOUCHERS_IN_ALL / ADMIN_VOUCHERS_AT_ONCE; i++)
		post("/api/vouchers/create", "",
		     "label=a&count=500&minutes=9&devices=1&days=1");
	assert_int_equal(wire.status, 200);
	post("/api/vouchers/create", "",
	     "label=a&count=1&minutes=9&devices=1&days=1");
	assert_int_equal(wire.status, 409);
	close_codes();
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(test_fields_of_all),
		UNIT(test_head),
		UNIT(test_errors),
		UNIT(test_routes),
		UNIT(test_names),
		UNIT(test_wrong_tokens),
		UNIT(test_now),
		UNIT(test_live),
		UNIT(test_without_netctl),
		UNIT(test_netctl_that_lies),
		UNIT(test_health),
		UNIT(test_all_well),
		UNIT(test_netlink_errors_are_news),
		UNIT(test_reports),
		UNIT(test_wrong_wishes),
		UNIT(test_figures_that_cannot_be_read),
		UNIT(test_metrics),
		UNIT(test_figures_that_wait),
		UNIT(test_gone),
		UNIT(test_rights),
		UNIT(test_rights_are_told),
		UNIT(test_notes),
		UNIT(test_wrong_notes),
		UNIT(test_notes_beside_figures),
		UNIT(test_health_history),
		UNIT(test_opening),
		UNIT(test_codes),
		UNIT(test_a_code_that_joins),
		UNIT(test_wrong_codes),
		UNIT(test_too_many_codes),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
