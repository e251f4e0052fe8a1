/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A day whose closing is cut off in the middle counts everybody once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/config/settings_read.h"
#include "netctl/usage/ledger.h"
#include "netctl/usage/usage.h"

#define DEVICES 3000
#define SETTLED 1500 /* about so many, when it is cut off */

static struct settings *settings;
static char path[64];

static int64_t no_noise(struct usage_scale t)
{
	(void)t;
	return 0;
}

static struct usage *opened(void)
{
	struct usage *u = usage_new(settings, geteuid(), getegid(), no_noise);

	assert_non_null(u);
	return u;
}

static void meet(struct usage *u, unsigned int i)
{
	struct session s = { .mac = { { 2, 0, 0, 0, (uint8_t)(i >> 8),
					(uint8_t)i } } };

	usage_begin(u, &s, 1000);
}

/* Some a minute, as there are places. */
static void come(struct usage *u, struct usage_now now)
{
	for (unsigned int i = 0; i < DEVICES; i++) {
		if (i % 500 == 0)
			usage_tick(u, &now);
		if (i % 500 == 0)
			now.boot_ms += 60000;
		meet(u, i);
	}
}

/* Where the ledger is mapped in this process. */
static char *find_mapping(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	void *at = NULL;

	while (f && !at && fgets(line, sizeof(line), f))
		if (strstr(line, path))
			sscanf(line, "%p-", &at);
	if (f)
		fclose(f);
	return at;
}

/* Looking at a record in the middle kills it. */
static void close_and_die(struct usage *u, const struct usage_now *next)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t at = offsetof(struct ledger_image, device) +
		    SETTLED * sizeof(struct ledger_device);

	signal(SIGSEGV, SIG_DFL);
	if (mprotect(find_mapping() + at / page * page, page, PROT_NONE))
		_exit(1);
	usage_tick(u, next);
	_exit(0);
}

static int64_t visitors(struct usage *u)
{
	struct ipc_usage_cell cell[IPC_USAGE_CELLS];
	size_t n = usage_read(u, 0, cell, IPC_USAGE_CELLS);
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		if (cell[i].metric == USAGE_VISITORS)
			sum += cell[i].value;
	return sum;
}

static void test_closing_is_ended_once(void **state)
{
	const struct usage_now first = { 1000, 1796000000000 };
	const struct usage_now next = { 1000 + 90000000, 1796090000000 };
	struct usage *u = opened();
	pid_t child;
	int status;

	(void)state;
	come(u, first);
	usage_free(u);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		close_and_die(opened(), &next);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	u = opened();
	assert_int_equal(visitors(u), 0);
	meet(u, DEVICES); /* who comes meanwhile is of no day */
	usage_tick(u, &next);
	assert_int_equal(visitors(u), DEVICES);
	usage_free(u);
}

static int set_up(void **state)
{
	static char text[300];
	char error[UCI_ERROR_MAX];

	(void)state;
	snprintf(path, sizeof(path), "/dev/shm/stadttor-closing-%d",
		 (int)getpid());
	snprintf(text, sizeof(text),
		 "config uplink 'wan'\n option device 'wan0'\n"
		 "config usage\n option pending '%s'\n option lives ''\n"
		 "config zone 'a'\n option device 'br1'\n",
		 path);
	settings = settings_parse("test", text, strlen(text), error);
	return settings ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	settings_free(settings);
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_closing_is_ended_once,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
