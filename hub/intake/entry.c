/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hub/intake/entry.h"

struct intake_entry entry_of(const struct redisReply *r)
{
	const struct redisReply *fields = resp_at(r, 1);
	struct intake_entry e = { 0 };

	e.id = resp_bytes(resp_at(r, 0), &e.id_len);
	if (resp_count(fields) != 2)
		return e;
	e.name = resp_bytes(resp_at(fields, 0), &e.name_len);
	e.value = resp_bytes(resp_at(fields, 1), &e.value_len);
	return e;
}
