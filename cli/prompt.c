/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/array.h"

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

/* One line without its end. false: nothing, an error or a signal. */
static bool read_line(int fd, char *out, size_t max)
{
	size_t n = 0;
	char c;
	ssize_t got;

	while ((got = read(fd, &c, 1)) == 1 && c != '\n')
		if (n + 1 < max)
			out[n++] = c;
	out[n] = '\0';
	return got == 1 || (got == 0 && n);
}

static void say(int tty, const char *text)
{
	while (*text) {
		ssize_t n = write(tty, text, strlen(text));

		if (n <= 0)
			return;
		text += n;
	}
}

static bool read_silently(int tty, const char *prompt, char *out, size_t max)
{
	struct termios before, silent;
	bool good;

	if (tcgetattr(tty, &before) < 0)
		return false;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	say(tty, prompt);
	tcsetattr(tty, TCSAFLUSH, &silent);
	good = !caught && read_line(tty, out, max);
	tcsetattr(tty, TCSAFLUSH, &before);
	say(tty, "\n");
	return good;
}

/* The terminal gets its echo back before a signal ends us. */
static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
#define WATCHED (ARRAY_SIZE(watched))

static void catch_signals(struct sigaction old[WATCHED])
{
	struct sigaction act = { .sa_handler = on_signal };

	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &act, &old[i]);
}

static void release_signals(const struct sigaction old[WATCHED])
{
	for (size_t i = 0; i < WATCHED; i++)
		sigaction(watched[i], &old[i], NULL);
	if (caught)
		raise(caught);
}

static enum cli_exit ask_twice(const struct cli *cli, int tty, char *out,
			       size_t max)
{
	struct sigaction old[WATCHED];
	enum cli_exit code = CLI_DONE;
	char again[256] = "";
	bool good;

	catch_signals(old);
	good = read_silently(tty, "New password: ", out, max) &&
	       read_silently(tty, "Once more: ", again,
			     max < sizeof(again) ? max : sizeof(again));
	release_signals(old);
	if (!good)
		code = cli_fail(cli, CLI_FAILED, "no password was given");
	else if (strcmp(out, again))
		code = cli_fail(cli, CLI_FAILED, "the two passwords differ");
	explicit_bzero(again, sizeof(again));
	return code;
}

enum cli_exit prompt_password(const struct cli *cli, char *out, size_t max)
{
	enum cli_exit code;
	int tty;

	if (cli->from_stdin)
		return read_line(STDIN_FILENO, out, max)
			       ? CLI_DONE
			       : cli_fail(cli, CLI_FAILED,
					  "no password was given");
	tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (tty < 0)
		return cli_fail(cli, CLI_FAILED,
				"no terminal to ask for the password (%s); "
				"use --stdin",
				strerror(errno));
	code = ask_twice(cli, tty, out, max);
	close(tty);
	return code;
}
