/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the tests of the controller share: all of it, with its event loop, on
 * the kernel of kernel.h. Time goes on only while a test lets it pass, so
 * timers fire when they are due and never late.
 */
#ifndef STADTTOR_TESTS_CONTROLTEST_H
#define STADTTOR_TESTS_CONTROLTEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "common/array.h"
#include "common/clock.h"
#include "common/config/settings_read.h"
#include "tests/unit/kernel.h"
#include "netctl/control/controller.h"
#include "netctl/control/describe.h"
#include "netctl/control/grant.h"
#include "netctl/session/session.h"
#include "netctl/usage/noise.h"
#include "netctl/usage/usage.h"

enum { SQUARE, LIBRARY };
enum { WAN_INDEX = 2, SQUARE_INDEX, LIBRARY_INDEX };

#define STEP_MS 10
#define TURNS	64
#define MINUTE	60000

/* With further options of the square, and others of the whole. */
#define CONFIG(options)                                                        \
	"config uplink 'wan'\n\toption device 'test-wan'\n"                    \
	"config zone 'square'\n\toption device 'test-square'\n"                \
	"\toption duration '1h'\n" options                                     \
	"config zone 'library'\n\toption device 'test-library'\n"              \
	"config portal\nconfig usage\n\toption pending ''\n"

static struct {
	struct event_base *base;
	struct controller *controller;
	unsigned int pushes, zones; /* what the watcher was told */
	char log[64 * 1024];
} t;

/* --- the log ------------------------------------------------------------ */

static inline void PRINTF_LIKE(2, 0)
	say(const char *level, const char *fmt, va_list ap)
{
	size_t len = strlen(t.log);

	snprintf(t.log + len, sizeof(t.log) - len, "%s: ", level);
	len = strlen(t.log);
	vsnprintf(t.log + len, sizeof(t.log) - len, fmt, ap);
	len = strlen(t.log);
	snprintf(t.log + len, sizeof(t.log) - len, "\n");
}

#define LOG_LEVEL(name)                                                        \
	void log_##name(const char *fmt, ...)                                  \
	{                                                                      \
		va_list ap;                                                    \
                                                                               \
		va_start(ap, fmt);                                             \
		say(#name, fmt, ap);                                           \
		va_end(ap);                                                    \
	}
LOG_LEVEL(debug)
LOG_LEVEL(info)
LOG_LEVEL(warn)
LOG_LEVEL(error)

void fatal(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("fatal", fmt, ap);
	va_end(ap);
	fputs(t.log, stderr);
	abort();
}

void log_open(const char *program, bool debug)
{
	(void)program;
	(void)debug;
}

void log_open_syslog(void)
{
}

/* How many lines of the log have it. */
static inline unsigned int said(const char *text)
{
	unsigned int n = 0;

	for (const char *at = t.log; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static inline void assert_said(const char *text)
{
	if (said(text) != 1)
		fail_msg("'%s' %u times in:\n%s", text, said(text), t.log);
}

/* Nothing worse than a note for whoever looks for one. */
static inline void assert_quiet(void)
{
	if (said("warn: ") || said("error: "))
		fail_msg("%s", t.log);
}

static inline void forget_log(void)
{
	*t.log = '\0';
}

/* --- life --------------------------------------------------------------- */

static inline void on_pushed(void *arg)
{
	(void)arg;
	t.pushes++;
}

static inline void on_zones(void *arg)
{
	(void)arg;
	t.zones++;
}

static inline struct settings *settings_of(const char *config)
{
	char why[UCI_ERROR_MAX];
	struct settings *s =
		settings_parse("test", config, strlen(config), why);

	if (!s)
		fail_msg("%s", why);
	return s;
}

static inline int start_controller(const char *config)
{
	static const struct controller_watcher watcher = {
		.on_pushed = on_pushed, .on_zones = on_zones
	};
	struct settings *s = settings_of(config);

	t.base = event_base_new();
	t.controller = controller_new(t.base, s);
	assert_non_null(t.controller);
	controller_set_usage(t.controller,
			     usage_new(s, getuid(), getgid(), noise_draw));
	controller_watch(t.controller, &watcher);
	return controller_start(t.controller);
}

/* Its end leaves the kernel as it is. */
static inline void stop_controller(void)
{
	controller_free(t.controller);
	t.controller = NULL;
	if (t.base)
		event_base_free(t.base);
	t.base = NULL;
}

/* All that is due now. */
static inline void turn(void)
{
	for (int i = 0; i < TURNS; i++)
		event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static inline void pass(uint64_t ms)
{
	for (; ms; ms -= STEP_MS) {
		assert_true(ms >= STEP_MS);
		kernel.now_ms += STEP_MS;
		event_base_loop(t.base, EVLOOP_NONBLOCK);
	}
	turn();
}

static inline void begin(const char *config)
{
	kernel_boot();
	kernel_add_device("test-wan", WAN_INDEX);
	kernel_add_device("test-square", SQUARE_INDEX);
	kernel_add_device("test-library", LIBRARY_INDEX);
	assert_int_equal(start_controller(config), 0);
	turn();
	memset(kernel.calls, 0, sizeof(kernel.calls));
	forget_log();
}

static inline int tear_down(void **state)
{
	(void)state;
	stop_controller();
	kernel_halt();
	forget_log();
	return 0;
}

/* Another process takes over what this one has left in the kernel. */
static inline void restart(const char *config)
{
	stop_controller();
	assert_int_equal(start_controller(config), 0);
	turn();
}

/* --- devices ------------------------------------------------------------ */

static inline struct mac mac_of(unsigned int device)
{
	return (struct mac){ { 2, 0, 0, 0, (uint8_t)(device >> 8),
			       (uint8_t)device } };
}

/* Of the square, unless the network says otherwise. */
static inline struct addr address_of(unsigned int device)
{
	return (struct addr){ .family = AF_INET,
			      .byte = { 10, 0, (uint8_t)(device >> 8),
					(uint8_t)device } };
}

static inline struct addr address6_of(unsigned int device)
{
	return (struct addr){ .family = AF_INET6,
			      .byte = { 0xfd, [14] = (uint8_t)(device >> 8),
					[15] = (uint8_t)device } };
}

static inline void join_zone(unsigned int device, uint32_t ifindex)
{
	struct mac mac = mac_of(device);
	struct addr a = address_of(device);

	kernel_add_neighbour(ifindex, &mac, &a);
}

static inline void join(unsigned int device)
{
	join_zone(device, SQUARE_INDEX);
}

static inline struct session *session_in(uint16_t zone, unsigned int device)
{
	struct mac mac = mac_of(device);

	return session_find(controller_sessions(t.controller), zone, &mac);
}

static inline struct session *session_of(unsigned int device)
{
	return session_in(SQUARE, device);
}

static inline struct kernel_element *element(const char *set,
					     unsigned int device)
{
	struct mac mac = mac_of(device);

	return kernel_find(set, &mac);
}

static inline bool is_in(unsigned int device)
{
	bool up = element("up_square", device) != NULL;

	assert_int_equal(up, element("down_square", device) != NULL);
	return up;
}

/* It sends and gets so many bytes, in one packet each way. */
static inline void move(unsigned int device, uint64_t up, uint64_t down)
{
	struct kernel_element *e = element("up_square", device);

	assert_non_null(e);
	e->packets += up != 0;
	e->bytes += up;
	e = element("down_square", device);
	assert_non_null(e);
	e->packets += down != 0;
	e->bytes += down ? down + 14 : 0; /* at egress with its header */
}

/* --- what is asked ------------------------------------------------------ */

static inline struct ipc_grant grant_of(unsigned int device)
{
	return (struct ipc_grant){ .client = address_of(device) };
}

static inline int try_grant(const struct ipc_grant *m, enum grant_asker asker)
{
	struct session *s = NULL;
	int err = grant_session(t.controller, m, asker, &s);

	assert_int_equal(err == 0, s != NULL);
	return err;
}

static inline void join_many(unsigned int last)
{
	for (unsigned int d = 1; d <= last; d++)
		join(d);
}

/* A tap, and the push that follows. */
static inline void tap(unsigned int device)
{
	struct ipc_grant m = grant_of(device);

	assert_int_equal(try_grant(&m, GRANT_ASKER_PORTAL), 0);
	turn();
}

/* Devices that join and tap in their order. */
static inline void tap_many(unsigned int last)
{
	join_many(last);
	for (unsigned int d = 1; d <= last; d++)
		tap(d);
}

static inline void revoke_one(unsigned int device)
{
	struct ipc_revoke m = { .client = address_of(device) };
	uint32_t count = 0;

	assert_int_equal(grant_revoke(t.controller, &m, &count), 0);
	assert_int_equal(count, 1);
	turn();
}

static inline struct ipc_totals totals(void)
{
	struct ipc_totals m = { .uptime_s = 0 };

	describe_totals(t.controller, &m);
	return m;
}

static inline uint64_t ended(enum session_reason reason)
{
	return totals().ended[reason];
}

static inline uint64_t errors(enum ipc_netlink what)
{
	struct ipc_health m = { .uptime_s = 0 };

	describe_health(t.controller, false, &m);
	return m.netlink_errors[what];
}

#endif
