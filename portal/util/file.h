/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the small files that pages are made of. */
#ifndef STADTTOR_PORTAL_UTIL_FILE_H
#define STADTTOR_PORTAL_UTIL_FILE_H

#include <stddef.h>

/*
 * The whole file with a NUL behind it, for free(). NULL: errno says why, EFBIG:
 * more than max bytes, EBUSY: it grew meanwhile.
 */
char *file_read(const char *path, size_t max, size_t *len);

/*
 * The same of a text that guests are shown. Whoever changes the config may not
 * be allowed to read all that root or the portal may, so that a file counts as
 * secret unless others on this machine may read it: EPERM.
 */
char *file_read_public(const char *path, size_t max, size_t *len);

#endif
