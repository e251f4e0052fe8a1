/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of files, whole or not at all. Each answers 0 or -errno. */
#ifndef STADTTOR_CLI_BACKUP_COPY_H
#define STADTTOR_CLI_BACKUP_COPY_H

#include "common/log.h"

#define COPY_KEPT ".before-restore"

/*
 * A file of one name, to read; its fd. Some places are folders of the portal's
 * user, whom root does not believe: no link is followed there, and what is no
 * file is not waited for.
 */
int copy_open(const char *path) MUST_CHECK;

int copy_bytes(int from, int to) MUST_CHECK;

/* A new file, 0600, which is on the disk when copy_finish() returns 0; its fd.
 * With an error, which may be handed in, there is none. */
int copy_create(const char *path) MUST_CHECK;
int copy_finish(int fd, const char *path, int err) MUST_CHECK;

/*
 * path is the old one or the new one, whenever the power goes; the old one
 * stays beside it, with COPY_KEPT behind its name.
 */
int copy_swap_in(const char *fresh, const char *path) MUST_CHECK;

#endif
