/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * voucherdriver FILE KEY: vouchers on their own, with a clock that is told.
 * Reads a line, does it, and says how it went, then reads the next:
 *	create NOW COUNT MINUTES DEVICES VALID_S ZONE	BATCH CODE...
 *	redeem NOW CODE ZONE	ANSWER, and with fine: LEFT_S TAG IS_FIRST ID
 *	take_back NOW ID IS_FIRST			ok
 *	revoke NOW BATCH|CODE				ok TAG...
 *	statistics NOW			CREATED USED ACTIVE EXPIRED REVOKED
 *	writes NOW			how many changes of files there were
 *	die NOW N			ok; dies instead of the Nth from now on
 * ZONE of a batch is - for any. Anything that fails is "error -ERRNO".
 */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "portal/voucher/voucher.h"
#include "portal/voucher/voucher_batch.h"

#define LINE_BYTES 256
#define WORDS	   8

static const char *const answers[] = {
	[VOUCHER_FINE] = "fine",
	[VOUCHER_UNKNOWN] = "unknown",
	[VOUCHER_EXPIRED] = "expired",
	[VOUCHER_USED_UP] = "used_up",
	[VOUCHER_REVOKED] = "revoked",
	[VOUCHER_WAIT] = "wait",
	[VOUCHER_UNAVAILABLE] = "unavailable",
	[VOUCHER_WRONG_ZONE] = "zone",
};

static struct voucher_time now;
static struct vouchers *vouchers;
static const char *file, *key_file;

static unsigned long writes, dies_at;

static void count_write(void)
{
	if (++writes == dies_at)
		raise(SIGKILL);
}

/* SQLite's as well, which calls them by these names. */
ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	static __typeof__(&pwrite) next;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "pwrite64");
	count_write();
	return next(fd, data, size, at);
}

int ftruncate(int fd, off_t size)
{
	static __typeof__(&ftruncate) next;

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "ftruncate64");
	count_write();
	return next(fd, size);
}

static struct voucher_time told_time(void *arg)
{
	(void)arg;
	return now;
}

static void say_error(int err)
{
	printf("error %d\n", err);
}

/* As the command line does it: opened, used, closed. */
static struct voucher_db *open_db(struct voucher_key *key,
				  enum voucher_db_mode mode)
{
	struct voucher_db *db = NULL;
	int err = mode == VOUCHER_DB_MAKE ? voucher_key_make(key, key_file)
					  : voucher_key_read(key, key_file);

	if (!err)
		err = voucher_db_open(&db, file, key, mode);
	if (err)
		say_error(err);
	return db;
}

static void create(char **word)
{
	struct voucher_batch b = {
		.label = "batch",
		.created_s = now.wall_s,
		.count = (uint32_t)atoi(word[0]),
		.duration_s = atoll(word[1]) * 60,
		.devices = (uint32_t)atoi(word[2]),
		.valid_until_s = now.wall_s + atoll(word[3]),
	};
	char(*codes)[VOUCHER_CODE_MAX] = calloc(b.count, sizeof(*codes));
	struct voucher_key key;
	struct voucher_db *db = open_db(&key, VOUCHER_DB_MAKE);
	int err;

	if (strcmp(word[4], "-") != 0)
		snprintf(b.zone, sizeof(b.zone), "%s", word[4]);
	err = db && codes ? voucher_batch_create(db, &key, &b, codes) : -EIO;
	voucher_db_close(db);
	if (db && err)
		say_error(err);
	if (!err) {
		printf("%" PRId64, b.id);
		for (uint32_t i = 0; i < b.count; i++)
			printf(" %s", codes[i]);
		puts("");
	}
	free(codes);
}

static void redeem(char **word)
{
	char code[VOUCHER_CODE_MAX];
	struct voucher_pass p;
	enum voucher_answer a;

	if (!voucher_code_find(word[0], code)) {
		puts("typo");
		return;
	}
	a = vouchers_redeem(vouchers, code, AF_INET, word[1], &p);
	fputs(answers[a], stdout);
	if (a == VOUCHER_FINE)
		printf(" %" PRIu64 " %" PRIu64 " %d %" PRId64, p.left_s, p.tag,
		       p.is_first_use, p.id);
	puts("");
}

static void take_back(char **word)
{
	struct voucher_pass p = {
		.id = atoll(word[0]),
		.is_first_use = word[1][0] == '1',
	};

	vouchers_take_back(vouchers, &p);
	puts("ok");
}

static void revoke_codes(char **word)
{
	struct voucher_target t = { 0 };
	struct voucher_key key;
	struct voucher_db *db = open_db(&key, VOUCHER_DB_USE);
	uint64_t *tags = NULL;
	size_t count = 0;
	int err;

	if (!db)
		return;
	if (strlen(word[0]) == VOUCHER_CODE_SYMBOLS)
		err = voucher_key_hash(&key, word[0], &t.code);
	else
		err = (t.batch = atoll(word[0])) ? 0 : -EINVAL;
	if (!err)
		err = voucher_batch_revoke(db, &t, now.wall_s, &tags, &count);
	voucher_db_close(db);
	if (err) {
		say_error(err);
		return;
	}
	fputs("ok", stdout);
	for (size_t i = 0; i < count; i++)
		printf(" %" PRIu64, tags[i]);
	puts("");
	free(tags);
}

static void on_label(const struct voucher_statistics *s, void *arg)
{
	(void)arg;
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
	       s->created, s->used, s->active, s->expired, s->revoked);
}

static void statistics(char **word)
{
	struct voucher_key key;
	struct voucher_db *db = open_db(&key, VOUCHER_DB_USE);
	int err;

	(void)word;
	if (!db)
		return;
	err = voucher_batch_statistics(db, now.wall_s, on_label, NULL);
	if (err)
		say_error(err);
	voucher_db_close(db);
}

static void say_writes(char **word)
{
	(void)word;
	printf("%lu\n", writes);
}

static void die(char **word)
{
	dies_at = writes + strtoul(word[0], NULL, 10);
	puts("ok");
}

static const struct {
	const char *name;
	size_t words; /* behind NOW */
	void (*run)(char **word);
} commands[] = {
	{ "create", 5, create },
	{ "redeem", 2, redeem },
	{ "take_back", 2, take_back },
	{ "revoke", 1, revoke_codes },
	{ "statistics", 0, statistics },
	{ "writes", 0, say_writes },
	{ "die", 1, die },
};

static void do_line(char *line)
{
	char *word[WORDS] = { NULL };
	size_t count = 0;

	for (char *w = strtok(line, " \n"); w && count < WORDS;
	     w = strtok(NULL, " \n"))
		word[count++] = w;
	if (count < 2)
		exit(2);
	now.since_ms += 60000;
	now.wall_s = atoll(word[1]);
	vouchers_use_clock(vouchers, told_time, NULL); /* it is not set */
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word[0], commands[i].name) &&
		    count == commands[i].words + 2) {
			commands[i].run(word + 2);
			return;
		}
	exit(2);
}

int main(int argc, char **argv)
{
	struct voucher_settings s = { .tries_per_minute = 6000 };
	char line[LINE_BYTES];

	if (argc != 3)
		return 2;
	s.file = argv[1];
	s.key = argv[2];
	file = argv[1];
	key_file = argv[2];
	vouchers = vouchers_open(&s);
	if (!vouchers)
		return 1;
	vouchers_use_clock(vouchers, told_time, NULL);
	while (fgets(line, sizeof(line), stdin)) {
		do_line(line);
		fflush(stdout);
	}
	vouchers_free(vouchers);
	return 0;
}
