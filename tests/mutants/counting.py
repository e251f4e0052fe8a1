# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that must not go unseen: (name, file, what is there, what is put in
its place, the test that fails then)."""

SENSITIVITY = "tests/unit/test_units.py::test_unit[test_usage_sensitivity]"
MODEL = "tests/unit/test_usage_model.py::"
NOISE = "tests/unit/test_noise.py::"
USAGE = "netctl/usage/usage.c"

MUTANTS = [
    ("a device in a fifth hour", USAGE,
     "now->hours == USAGE_HOURS_MAX", "now->hours == 7", SENSITIVITY),
    ("bytes beyond the bound", USAGE,
     "USAGE_BYTES_DEVICE - d->bytes", "USAGE_BYTES_DEVICE", SENSITIVITY),
    ("counted twice at the end of the day", USAGE,
     "now.is_settled = 1;", "now.is_settled = 0;",
     "tests/unit/test_units.py::test_unit[test_usage_closing]"),
    ("most at once in every zone", USAGE,
     "doings_of(u, d).zone == (unsigned int)slot)", "slot >= 0)",
     SENSITIVITY),
    ("a full table that depends on who comes", USAGE,
     "(uint64_t)(PLACES + noise)",
     "(uint64_t)(noise < -100 ? 4 : PLACES)", SENSITIVITY),
    ("a device in the zone of its last session", USAGE,
     "if (!now.is_visitor)\n\t\tnow.zone", "now.zone", MODEL +
     "test_random_days"),
    ("epsilon doubled", "common/usage.c",
     "i->bound * 200", "i->bound * 100", NOISE + "test_epsilon_of_a_whole_day"),
    ("a place taken by who is refused", "netctl/usage/places.c",
     "\tif (!has_place(minute)", "\tledger_add(l, &minute->taken, 1);\n"
     "\tif (!has_place(minute)", SENSITIVITY),
    ("places of a minute without noise", "netctl/usage/places.c",
     "\tplaces += plan->draw(", "\tif (places != A_MINUTE)\n"
     "\t\tplaces += plan->draw(", SENSITIVITY),
    ("one zone's flood for all", "netctl/usage/places.c",
     "has_place(&p->own[zone]) ? &p->own[zone] : &p->shared", "&p->shared",
     "tests/unit/test_units.py::test_unit[test_ledger]"),
    ("noise that is cut at nothing", "netctl/usage/noise.c",
     "return -y;", "return 0;", NOISE + "test_same_tape_same_draws"),
    ("noise drawn anew by each start", "netctl/usage/cells.c",
     "if (!c->is_open && is_counted", "if (is_counted", MODEL +
     "test_noise_is_drawn_once"),
    ("yesterday's key goes on", "netctl/usage/ledger.c",
     "explicit_bzero(image->key, sizeof(image->key));", "", MODEL +
     "test_a_day_ends_after_26_hours_at_the_latest"),
    ("days that only the clock ends", "netctl/usage/period.c",
     "26 * HOUR_MS", "99 * HOUR_MS", MODEL +
     "test_a_day_ends_after_26_hours_at_the_latest"),
    ("days that a clock ends as often as it likes", "netctl/usage/period.c",
     "20 * HOUR_MS", "0 * HOUR_MS", MODEL +
     "test_a_clock_that_jumps_closes_no_more_days"),
    ("lives without end", "netctl/usage/lives.h",
     "#define LIVES_MAX 2", "#define LIVES_MAX 9", MODEL +
     "test_three_lives_of_a_day"),
    ("cells of a zone only when somebody comes", "netctl/usage/cells.c",
     "\toutbox_put(l, &f);", "\tif (f.value)\n\t\toutbox_put(l, &f);", MODEL +
     "test_the_same_cells_with_and_without_people"),
]
