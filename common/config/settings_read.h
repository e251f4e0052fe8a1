/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The config file: read, checked, and written out. */
#ifndef STADTTOR_COMMON_CONFIG_SETTINGS_READ_H
#define STADTTOR_COMMON_CONFIG_SETTINGS_READ_H

#include <stdio.h>

#include "common/config/settings.h"
#include "common/config/uci.h"
#include "common/daemon.h"
#include "common/log.h"

/*
 * Reads, checks and cross-checks the file. NULL: error says
 * "FILE:LINE: what is wrong, what is allowed". The caller owns the result.
 */
struct settings *settings_read(const char *path,
			       char error[UCI_ERROR_MAX]) MUST_CHECK;
struct settings *settings_parse(const char *path, const char *text, size_t len,
				char error[UCI_ERROR_MAX]) MUST_CHECK;
void settings_free(struct settings *s);

/* Their hardware addresses are for netctl alone. */
void settings_forget_devices(struct settings *s);

/* The effective config, every option written out; it parses to the same. */
void settings_print(const struct settings *s, FILE *out);

/* The option lists of stadttor.conf(5), in mdoc. */
void settings_document(FILE *out);

/*
 * Those of a daemon's config. Exits where they are wrong, and says why; after
 * they are printed, where the daemon was only to check them.
 */
struct settings *settings_for_daemon(const struct daemon *d);

#endif
