/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints the option lists of stadttor.conf(5), for tests/golden/manpage. */
#include <stdio.h>

#include "common/config/settings.h"
#include "common/config/settings_read.h"

int main(void)
{
	settings_document(stdout);
	return fflush(stdout) || ferror(stdout);
}
