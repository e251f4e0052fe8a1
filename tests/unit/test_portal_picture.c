/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files become pictures on a page, and which drawings do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/array.h"
#include "portal/pages/picture.h"
#include "portal/pages/svg.h"

#define SVG(inner) "<svg viewBox=\"0 0 9 9\">" inner "</svg>"

static const char *const fine[] = {
	SVG("<path d=\"M0 0h9\"/>"),
	SVG("<defs><path id=\"a\" d=\"M0 0\"/></defs><use href=\"#a\"/>"),
	SVG("<use xlink:href = '#a'/><g fill=\"url(#b)\"/>"),
	SVG("<g style=\"fill:url( '#b')\"/>"),
	SVG("<style>@media (prefers-color-scheme:dark){path{fill:#fff}}"
	    "</style>"),
	"<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\" "
	"xmlns:xlink=\"http://www.w3.org/1999/xlink\"/>",
	SVG("<title>Bahnhof on = tour</title>"),
	SVG("<g id=\"icon\" font-size=\"3\"/>"),
};

static const struct {
	const char *text, *fault;
} faulty[] = {
	{ "<html>", "no drawing" },
	{ SVG("<script>alert(1)</script>"), "a script" },
	{ SVG("<SCRIPT/>"), "a script" },
	{ SVG("<g onload=\"x()\"/>"), "onload" },
	{ SVG("<g id='a'onclick = 'x()'/>"), "onload" },
	{ SVG("<g/\nONMOUSEOVER=x>"), "onload" },
	{ SVG("<a href=\"javascript:x\"/>"), "a script" },
	{ SVG("<a href=\"http://x.test\"/>"), "a reference" },
	{ SVG("<use xlink:href=\"//x.test/a.svg#b\"/>"), "a reference" },
	{ SVG("<use href=b.svg#b/>"), "a reference" },
	{ SVG("<g fill=\"url(https://x.test/#b)\"/>"), "a reference" },
	{ SVG("<style>g{fill:URL(\"x.svg#b\")}</style>"), "a reference" },
	{ SVG("<style>@import 'x.css'</style>"), "a style" },
	{ SVG("<style>g{fill:u\\72l(x)}</style>"), "a backslash" },
	{ SVG("<a href=\"&#106;avascript:x\"/>"), "a character" },
	{ SVG("<image href=\"#a\"/>"), "a picture" },
	{ SVG("<foreignObject/>"), "another document" },
	{ SVG("<animate attributeName=\"x\"/>"), "moves" },
	{ SVG("<set attributeName=\"href\" to=\"x\"/>"), "moves" },
	{ "<!DOCTYPE svg [<!ENTITY a 'x'>]>" SVG("&a;"), "a DOCTYPE" },
	{ "<?xml-stylesheet href=\"#a\"?>" SVG(""), "a style" },
};

static void test_drawings(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
		if (svg_find_fault(fine[i]))
			fail_msg("%s: %s", fine[i], svg_find_fault(fine[i]));
	for (size_t i = 0; i < ARRAY_SIZE(faulty); i++) {
		const char *fault = svg_find_fault(faulty[i].text);

		if (!fault || !strstr(fault, faulty[i].fault))
			fail_msg("%s: %s", faulty[i].text,
				 fault ? fault : "fine");
	}
}

/* --- files -------------------------------------------------------------- */

static char folder[] = "/tmp/stadttor-picture-XXXXXX";

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

/* Bytes, and blanks behind them up to len. */
static bool read_file(enum picture_kind kind, const char *name,
		      const char *bytes, size_t bytes_len, size_t len,
		      struct picture *p, char error[PICTURE_ERROR_MAX])
{
	char path[64];
	FILE *f;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, bytes_len, f), bytes_len);
	for (size_t i = bytes_len; i < len; i++)
		assert_int_equal(fputc(' ', f), ' ');
	assert_int_equal(fclose(f), 0);
	ok = picture_read(p, kind, path, error);
	assert_int_equal(unlink(path), 0);
	return ok;
}

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
	enum picture_kind kind;
	const char *name, *bytes;
	size_t bytes_len, len;
	const char *type;  /* NULL: refused */
	const char *error; /* part of it */
} files[] = {
	{ PICTURE_LOGO, "a.svg", BYTES(SVG("")), 4096, "image/svg+xml", "" },
	{ PICTURE_LOGO, "a.svg", BYTES(SVG("")), 4097, NULL, "most 4 kB" },
	{ PICTURE_HERO, "a.svg", BYTES(SVG("")), 6144, "image/svg+xml", "" },
	{ PICTURE_HERO, "a.svg", BYTES(SVG("")), 6145, NULL, "most 6 kB" },
	{ PICTURE_HERO, "a.svg", BYTES(SVG("<script/>")), 0, NULL, "a script" },
	{ PICTURE_HERO, "a.svg", BYTES(SVG("") "\0<script/>"), 0, NULL,
	  "a zero byte" },
	{ PICTURE_LOGO, "a.png", BYTES("\x89PNG\r\n\x1a\n"), 99, "image/png",
	  "" },
	{ PICTURE_LOGO, "a.png", BYTES(SVG("")), 0, NULL, "than its name" },
	{ PICTURE_LOGO, "a.png", BYTES("\x89PN"), 0, NULL, "than its name" },
	{ PICTURE_LOGO, "a.webp", BYTES("RIFF....WEBP"), 99, "image/webp", "" },
	{ PICTURE_LOGO, "a.webp", BYTES("RIFF....WAVE"), 99, NULL,
	  "than its name" },
	{ PICTURE_LOGO, "a.jpg", BYTES("\xff\xd8\xff"), 99, NULL,
	  "a logo is an .svg, .png or .webp file" },
	{ PICTURE_HERO, "a.jpg", BYTES("\xff\xd8\xff"), 99, "image/jpeg", "" },
	{ PICTURE_HERO, "a.avif", BYTES("....ftypavif"), 99, "image/avif", "" },
	{ PICTURE_HERO, "a.gif", BYTES("GIF89a"), 99, NULL, "a hero is an" },
	{ PICTURE_HERO, "svg", BYTES(SVG("")), 99, NULL, "a hero is an" },
};

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char error[PICTURE_ERROR_MAX] = "";
		struct picture p;
		bool ok =
			read_file(files[i].kind, files[i].name, files[i].bytes,
				  files[i].bytes_len, files[i].len, &p, error);

		if (ok != (files[i].type != NULL) ||
		    !strstr(error, files[i].error))
			fail_msg("file %zu: %s", i, error);
		if (ok)
			assert_string_equal(p.type, files[i].type);
		else
			assert_null(p.bytes);
		picture_clear(&p);
	}
}

static void test_no_file(void **state)
{
	char error[PICTURE_ERROR_MAX];
	struct picture p;

	(void)state;
	assert_true(picture_read(&p, PICTURE_HERO, "", error));
	assert_null(p.bytes);
	assert_false(picture_read(&p, PICTURE_HERO, "/nonsense.svg", error));
	assert_string_equal(error, "/nonsense.svg: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawings),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
