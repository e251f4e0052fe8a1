/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/city_state.h"

#include <inttypes.h>
#include <stdio.h>

#include <json-c/json.h>

#include "cli/format.h"
#include "common/array.h"

static const struct city_trouble troubles[] = {
	{ IPC_CITY_NO_CLOCK, "no_clock", "this box's clock is not set",
	  "Guests of the city have to tap until it is: see NTP." },
	{ IPC_CITY_CLOCK_OFF, "clock_off",
	  "this box's clock and that of the city's store differ",
	  "Guests of the city have to tap until they agree: see NTP." },
	{ IPC_CITY_KEYS_BROKEN, "keys_broken",
	  "the keys of the city cannot be read, or are of a later day",
	  "Join again with the file of stadttor city add; or see NTP." },
	{ IPC_CITY_KEYS_STALE, "keys_stale",
	  "the keys of the city cannot be written",
	  "The folder netctl in that of the city has to be netctl's own, and "
	  "writable for it." },
	{ IPC_CITY_FULL, "full",
	  "more devices of the city than memory for them",
	  "The rest have to tap; see the sizes in docs/limits.md." },
};

const struct city_trouble *city_trouble_at(size_t i)
{
	return i < ARRAY_SIZE(troubles) ? &troubles[i] : NULL;
}

struct json_object *city_state_to_json(const struct ipc_city *c, bool people)
{
	struct json_object *o = json_object_new_object();
	struct json_object *list = json_object_new_array();

	json_object_object_add(o, "generation",
			       json_object_new_int(c->generation));
	json_object_object_add(o, "forged", json_object_new_uint64(c->refused));
	if (people)
		json_object_object_add(o, "devices",
				       json_object_new_int64(c->grants));
	if (people)
		json_object_object_add(o, "unsent",
				       json_object_new_int64(c->unsent));
	if (people)
		json_object_object_add(o, "let_in",
				       json_object_new_uint64(c->granted));
	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
		if (c->troubles & troubles[i].bit)
			json_object_array_add(
				list, json_object_new_string(troubles[i].key));
	json_object_object_add(o, "troubles", list);
	return o;
}

void city_state_print(const struct ipc_city *c)
{
	if (!c->is_joined)
		return;
	printf("city          %" PRIu32 " devices known, %" PRIu64
	       " let in here without a tap, %" PRIu32 " records to be sent\n",
	       c->grants, c->granted, c->unsent);
	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++)
		if (c->troubles & troubles[i].bit)
			printf("%strouble%s       %s\n",
			       format_mood(FORMAT_BAD),
			       format_mood(FORMAT_GOOD), troubles[i].text);
}
