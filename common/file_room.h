/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef STADTTOR_COMMON_FILE_ROOM_H
#define STADTTOR_COMMON_FILE_ROOM_H

#include <stddef.h>

/*
 * How many bytes to make room for, to read an open file of at most max: as many
 * as it has, or max where that is more or not known (pipes, /proc). The portal
 * wipes all that it frees, which would make memory of what was only reserved.
 */
size_t file_room(int fd, size_t max);

#endif
