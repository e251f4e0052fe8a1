/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/pages/own_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "portal/util/file.h"

#define BOM "\xef\xbb\xbf"

enum block { BLOCK_NONE, BLOCK_PARAGRAPH, BLOCK_LIST };

static const char *const block_end[] = { "", "</p>\n", "</ul>\n" };

/* Ends the one that is open, unless the next line goes on with it. */
static bool enter(struct strbuf *out, enum block *block, enum block next)
{
	if (*block == next)
		return false;
	strbuf_text(out, block_end[*block]);
	*block = next;
	return true;
}

static void put_line(struct strbuf *out, enum block *block, const char *line)
{
	if (!line[strspn(line, " ")]) {
		enter(out, block, BLOCK_NONE);
	} else if (!strncmp(line, "# ", 2)) {
		enter(out, block, BLOCK_NONE);
		strbuf_text(out, "<h2>");
		strbuf_escaped(out, line + 2);
		strbuf_text(out, "</h2>\n");
	} else if (!strncmp(line, "- ", 2)) {
		if (enter(out, block, BLOCK_LIST))
			strbuf_text(out, "<ul>\n");
		strbuf_text(out, "<li>");
		strbuf_escaped(out, line + 2);
		strbuf_text(out, "</li>\n");
	} else {
		strbuf_text(out,
			    enter(out, block, BLOCK_PARAGRAPH) ? "<p>" : " ");
		strbuf_escaped(out, line);
	}
}

/* The number of the first line that is not plain; 0: all are. */
static unsigned int put_lines(struct strbuf *out, char *text)
{
	enum block block = BLOCK_NONE;
	unsigned int number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		size_t len = strlen(line);

		number++;
		if (len && line[len - 1] == '\r')
			line[len - 1] = '\0';
		if (!text_is_plain(line))
			return number;
		put_line(out, &block, line);
	}
	enter(out, &block, BLOCK_NONE);
	return 0;
}

static const char *reason(int err)
{
	if (err == EFBIG)
		return "longer than 24 kB";
	return err == EPERM ? "guests are to read it, but not all users of "
			      "this machine may (chmod o+r)"
			    : strerror(err);
}

bool own_text_read(const char *path, struct strbuf *out,
		   char error[OWN_TEXT_ERROR_MAX])
{
	size_t len;
	char *text = file_read_public(path, OWN_TEXT_BYTES_MAX, &len);
	unsigned int line;

	if (!text) {
		snprintf(error, OWN_TEXT_ERROR_MAX, "%.200s: %s", path,
			 reason(errno));
		return false;
	}
	line = strlen(text) != len /* a NUL */
		       ? 1
		       : put_lines(out, text + (strncmp(text, BOM, 3) ? 0 : 3));
	free(text);
	if (line)
		snprintf(error, OWN_TEXT_ERROR_MAX,
			 "%.200s: line %u: no UTF-8, or characters that "
			 "control or turn the text",
			 path, line);
	return !line;
}
