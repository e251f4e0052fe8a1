/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left of a process afterwards; root has more to lose than others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/privs.h"

#define NET_ADMIN (1ULL << 12)

/* A line of /proc/self/status, as a number. */
static uint64_t status_field(const char *name, int base)
{
	char line[256];
	uint64_t value = UINT64_MAX;
	FILE *f = fopen("/proc/self/status", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			value = strtoull(line + strlen(name), NULL, base);
	if (f)
		fclose(f);
	return value;
}

static bool is_reduced_to(uint64_t capabilities)
{
	return status_field("CapPrm:", 16) == capabilities &&
	       status_field("CapEff:", 16) == capabilities &&
	       status_field("CapInh:", 16) == 0 &&
	       status_field("CapAmb:", 16) == 0 &&
	       status_field("NoNewPrivs:", 10) == 1 &&
	       prctl(PR_GET_DUMPABLE) == 0;
}

static bool is_user(const struct privs_user *u)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	return !getresuid(&r, &e, &s) && !getresgid(&rg, &eg, &sg) &&
	       r == u->uid && e == u->uid && s == u->uid && rg == u->gid &&
	       eg == u->gid && sg == u->gid && getgroups(0, NULL) == 0 &&
	       setuid(0) < 0 && setgid(0) < 0;
}

/* The exit status of a child that runs it. */
static int in_child(int (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		_exit(run());
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int root_keeps_net_admin(void)
{
	struct privs_user u;

	if (privs_find_user("nobody", &u) || privs_drop(&u, true))
		return 1;
	return is_user(&u) && is_reduced_to(NET_ADMIN) ? 0 : 2;
}

static int root_keeps_nothing(void)
{
	struct privs_user u;

	if (privs_find_user("nobody", &u) || privs_drop(&u, false))
		return 1;
	return is_user(&u) && is_reduced_to(0) ? 0 : 2;
}

/* Somebody else stays who it is, and cannot get what it never had. */
static int others_lose_the_rest(void)
{
	struct privs_user nobody, self = { getuid(), getgid() };

	if (privs_find_user("nobody", &nobody))
		return 1;
	if (geteuid() == 0) {
		if (setresgid(nobody.gid, nobody.gid, nobody.gid) ||
		    setresuid(nobody.uid, nobody.uid, nobody.uid))
			return 2;
		self = nobody;
	}
	if (privs_drop(&nobody, true) != -EPERM)
		return 3;
	if (privs_drop(&nobody, false))
		return 4;
	return getuid() == self.uid && is_reduced_to(0) ? 0 : 5;
}

static bool may_lock_memory(void)
{
	struct rlimit limit;

	return !getrlimit(RLIMIT_MEMLOCK, &limit) &&
	       (limit.rlim_max == RLIM_INFINITY ||
		status_field("CapEff:", 16) >> CAP_SYS_RESOURCE & 1) &&
	       !dlsym(RTLD_DEFAULT, "__asan_init"); /* which leaves it out */
}

/* All of it, or nothing: under a limit there would be no memory later. */
static int memory_is_locked_if_allowed(void)
{
	struct privs_user u;
	bool may = may_lock_memory();

	privs_lock_memory();
	if (privs_find_user("nobody", &u) || privs_drop(&u, false))
		return 1;
	if ((status_field("VmLck:", 10) != 0) != may)
		return 2;
	return mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED;
}

static void root_drops(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return; /* nothing to drop; the next test is for this case */
	assert_int_equal(in_child(root_keeps_net_admin), 0);
	assert_int_equal(in_child(root_keeps_nothing), 0);
	assert_int_equal(in_child(memory_is_locked_if_allowed), 0);
}

static void others_drop(void **state)
{
	(void)state;
	assert_int_equal(in_child(others_lose_the_rest), 0);
}

static void unknown_user(void **state)
{
	struct privs_user u;

	(void)state;
	assert_int_equal(privs_find_user("no such user", &u), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_drops),
		cmocka_unit_test(others_drop),
		cmocka_unit_test(unknown_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
