/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which process has a file open. */
#ifndef STADTTOR_CLI_BACKUP_OPEN_FILE_H
#define STADTTOR_CLI_BACKUP_OPEN_FILE_H

#include <sys/types.h>

/*
 * One that has it open, from /proc; 0: none, or none that we may look at: root
 * may at all. A file that is not there is open nowhere.
 */
pid_t open_file_holder(const char *path);

#endif
