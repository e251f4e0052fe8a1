/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "portal/city/city_link.h"

#include <stdio.h>
#include <string.h>

bool city_link_is_up(const struct city_link *l)
{
	return l->connection &&
	       connection_state(l->connection) == CONNECTION_UP;
}

int city_link_add(struct city_link *l, const struct city_entry *e,
		  connection_reply_fn *on_reply, void *arg)
{
	char key[CITY_KEY_MAX];
	const char *word[8] = { "XADD", key };
	size_t len[8];
	int words = 2;

	snprintf(key, sizeof(key), "%s:%s", e->stream, l->site);
	if (e->is_alone) {
		word[words++] = "MAXLEN";
		word[words++] = "1";
	}
	word[words++] = "*";
	word[words++] = e->field;
	for (int i = 0; i < words; i++)
		len[i] = strlen(word[i]);
	word[words] = e->bytes;
	len[words++] = e->len;
	return connection_send(l->connection,
			       &(struct connection_command){ words, word, len },
			       on_reply, arg);
}

bool city_link_has_taken(struct city_link *l, const struct redisReply *reply)
{
	char code[RESP_CODE_MAX];
	size_t len;

	if (resp_error(reply, code))
		l->on_refused(code, l->arg);
	else if (resp_bytes(reply, &len)) {
		l->on_taken(l->arg);
		return true;
	} else if (reply)
		connection_refuse(l->connection,
				  "a reply that was not asked for");
	return false;
}
