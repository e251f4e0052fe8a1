/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/auth.h"
#include "portal/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipc_limits limits;
	struct form f;

	if (!form_parse(&f, (const char *)data, size))
		return 0;
	if (f.count > FORM_FIELDS)
		abort();
	for (size_t i = 0; i < f.count; i++) {
		if (!memchr(f.field[i].name, '\0', FORM_NAME) ||
		    !memchr(f.field[i].value, '\0', FORM_VALUE))
			abort();
		if (!form_find(&f, f.field[i].name))
			abort();
	}
	auth_method_get()->check(&f, &limits);
	return 0;
}
