/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the small files that pages are made of. */
#ifndef STADTTOR_PORTAL_UTIL_FILE_H
#define STADTTOR_PORTAL_UTIL_FILE_H

#include <stddef.h>

/* The whole file with a NUL behind it, for free(). NULL: errno says why. */
char *file_read(const char *path, size_t max, size_t *len);

#endif
