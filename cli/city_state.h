/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What netctl says of the city that the box has joined. */
#ifndef STADTTOR_CLI_CITY_STATE_H
#define STADTTOR_CLI_CITY_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/ipc.h"

struct json_object;

struct city_trouble {
	enum ipc_city_trouble bit;
	const char *key, *text, *remedy;
};

/* The one at that place, for i from 0; NULL: no more. */
const struct city_trouble *city_trouble_at(size_t i);

/* Of a box in a city; people: with numbers of them. */
struct json_object *city_state_to_json(const struct ipc_city *c, bool people);

/* Nothing for a box in none. */
void city_state_print(const struct ipc_city *c);

#endif
