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

	if (!voucher_code_find(typed, code))
		return;
	if (strlen(code) != VOUCHER_CODE_SYMBOLS ||
	    strspn(code, code_alphabet) != VOUCHER_CODE_SYMBOLS ||
	    !voucher_code_find(code, again) || strcmp(code, again))
		abort();
}

/* It ends in the form's own text. */
static void check_text(const struct form *f, const char *text)
{
	size_t at = (size_t)(text - f->text);

	if (at >= f->used || !memchr(text, '\0', f->used - at))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct form f;

	if (!form_parse(&f, (const char *)data, size))
		return 0;
	if (f.count > FORM_FIELDS)
		abort();
	for (size_t i = 0; i < f.count; i++) {
		check_text(&f, f.field[i].name);
		check_text(&f, f.field[i].value);
		if (!form_find(&f, f.field[i].name))
			abort();
		check_code(f.field[i].value);
	}
	return 0;
}
