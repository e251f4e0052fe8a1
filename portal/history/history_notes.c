/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/history/history_notes.h"

#include <errno.h>
#include <stdlib.h>

#include "portal/util/strbuf.h"

#define JOINED_MAX (4 * HISTORY_NOTE_MAX)

struct history_notes {
	size_t count;
	struct history_note note[HISTORY_NOTES_MAX];
	char joined[JOINED_MAX]; /* of the day that was asked for last */
};

static void keep_note(const struct history_note *n, void *arg)
{
	struct history_notes *all = arg;

	if (all->count < HISTORY_NOTES_MAX)
		all->note[all->count++] = *n;
}

int history_notes_read(struct history_db *db, uint32_t from, uint32_t to,
		       struct history_notes **out)
{
	int err;

	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	err = history_db_list_notes(db, from, to, keep_note, *out);
	if (err)
		(*out)->count = 0;
	return err;
}

const char *history_notes_of(void *notes, uint32_t day)
{
	struct history_notes *all = notes;
	struct strbuf o;

	if (!all)
		return NULL;
	strbuf_init(&o, all->joined, sizeof(all->joined) - 1);
	for (size_t i = 0; i < all->count; i++) {
		if (all->note[i].day != day)
			continue;
		strbuf_text(&o, o.len ? "; " : "");
		strbuf_text(&o, all->note[i].text);
	}
	all->joined[o.len] = '\0';
	return o.len ? all->joined : NULL;
}

void history_notes_free(struct history_notes *notes)
{
	free(notes);
}
