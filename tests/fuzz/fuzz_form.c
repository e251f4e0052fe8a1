/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "portal/http/form.h"
#include "portal/voucher/voucher_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken for a code is in its canonical form, and stays it. */
static void check_code(const char *typed)
{
	char code[VOUCHER_CODE_MAX], again[VOUCHER_CODE_MAX];

	if (!voucher_code_normalise(typed, code))
		return;
	if (strlen(code) != VOUCHER_CODE_SYMBOLS ||
	    strspn(code, code_alphabet) != VOUCHER_CODE_SYMBOLS ||
	    !voucher_code_normalise(code, again) || strcmp(code, again))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
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
		check_code(f.field[i].value);
	}
	return 0;
}
