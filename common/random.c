/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/random.h"

#include <sys/random.h>

bool random_fill(void *bytes, size_t len)
{
	return getrandom(bytes, len, 0) == (ssize_t)len;
}
