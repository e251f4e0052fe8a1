# SPDX-License-Identifier: GPL-3.0-or-later
"""What would tell of somebody: (name, file, what is there, what is put in its
place, the test that fails then). Some of them earlier tests did not see."""

CANARY = "tests/net/test_canary.py::"
PRIVACY = "tests/net/test_privacy.py::"
BEGIN = "\tif (!s->counted_ms)\n\t\ttake_counters(s, now_ms);\n\tif (slot"

MUTANTS = [
    ("a MAC as decimal in a log line", "netctl/usage/usage.c", BEGIN,
     "\tlog_info(\"session %llu\", (unsigned long long)s->mac.byte[0] << 40 |\n"
     "\t\t(unsigned long long)s->mac.byte[1] << 32 |\n"
     "\t\t(unsigned long long)s->mac.byte[2] << 24 |\n"
     "\t\t(unsigned long long)s->mac.byte[3] << 16 |\n"
     "\t\t(unsigned long long)s->mac.byte[4] << 8 | s->mac.byte[5]);\n" + BEGIN,
     CANARY + "test_nobody_is_in_what_is_written"),
    ("a log line a session", "netctl/usage/usage.c", BEGIN,
     "\tlog_info(\"somebody is let in\");\n" + BEGIN,
     PRIVACY + "test_two_runs_differ_in_cells_alone"),
    ("a MAC in a file elsewhere", "netctl/usage/usage.c", BEGIN,
     "\tint open(const char *, int, ...);\n"
     "\tif (write(open(\"/tmp/elsewhere\", 01101, 0600), &s->mac, 6) < 0)\n"
     "\t\treturn;\n" + BEGIN,
     CANARY + "test_nobody_is_in_what_is_written"),
    ("an address with dashes in the portal", "portal/http/conn.c",
     "\taddr_from_sockaddr(&c->x.client, a->peer);\n",
     "\tstatic char seen[8][16];\n"
     "\taddr_from_sockaddr(&c->x.client, a->peer);\n"
     "\t__builtin_snprintf(seen[c->x.client.byte[3] % 8], 16, \"%u-%u-%u-%u\",\n"
     "\t\tc->x.client.byte[0], c->x.client.byte[1],\n"
     "\t\tc->x.client.byte[2], c->x.client.byte[3]);\n"
     "\t__asm__ volatile(\"\" : : \"r\"(seen) : \"memory\");\n",
     CANARY + "test_nobody_is_found"),
    ("an unkeyed hash of an address in the portal", "portal/http/conn.c",
     "\taddr_from_sockaddr(&c->x.client, a->peer);\n",
     "\tstatic uint64_t seen[64];\n"
     "\tuint64_t hash = 14695981039346656037ULL;\n"
     "\taddr_from_sockaddr(&c->x.client, a->peer);\n"
     "\tfor (int i = 0; i < 16; i++)\n"
     "\t\thash = (hash ^ c->x.client.byte[i]) * 1099511628211ULL;\n"
     "\tseen[hash >> 58] = hash;\n"
     "\t__asm__ volatile(\"\" : : \"r\"(seen) : \"memory\");\n",
     PRIVACY + "test_memory_does_not_depend_on_who_comes"),
    ("an unkeyed hash in shared memory", "netctl/usage/device_index.c",
     "siphash(ledger_image(x->ledger)->key,",
     "siphash((const uint64_t[2]){ 1, x->room == 0 },",
     PRIVACY + "test_memory_does_not_depend_on_who_comes"),
    ("a gauge from one device on", "netctl/control/describe.c",
     "m->is_live ? online : 0", "online",
     PRIVACY + "test_two_runs_differ_in_cells_alone"),
    ("processes that dump", "common/privs.c",
     "PR_SET_DUMPABLE, 0,", "PR_SET_DUMPABLE, 1,",
     CANARY + "test_a_crash_leaves_no_core"),
]
