# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folder may include which: the floors of docs/architecture.md.

A room is a folder, or a file beside the folders of its program. Each includes
of what stands below it, and of common/, which includes nothing of the others.
"""
import re

import pytest

# From the top floor down; a room's own files are not named.
ROOMS = {
    "cli/main": ["cli", "portal/main"],
    "cli/backup": ["cli", "portal/admin", "portal/history", "portal/store", "portal/util",
                   "portal/voucher"],
    "cli/city": ["cli", "hub/db", "hub/config", "portal/util"],
    "cli/dns": ["cli", "netctl/rules", "portal/guest"],
    "cli/doctor": ["cli", "netctl/usage", "portal/admin", "portal/pages"],
    "cli/voucher": ["cli", "cli/city", "portal/pages", "portal/voucher", "portal/util"],
    "cli": ["netctl/rules", "portal/admin", "portal/history", "portal/pages", "portal/store",
            "portal/util"],
    "hub/main": ["hub/hub", "hub/config"],
    "hub/hub": ["hub/web", "hub/intake", "hub/db", "hub/config",
                "portal/util"],
    "hub/web": ["hub/intake", "hub/db", "portal/admin", "portal/store",
                "portal/http"],
    "hub/intake": ["hub/db", "hub/config", "portal/city", "portal/store",
                   "portal/voucher"],
    "hub/db": ["portal/store", "portal/util"],
    "hub/config": [],
    "netctl/main": ["netctl/server", "netctl/control", "netctl/usage"],
    "netctl/server": ["netctl/control", "netctl/usage", "netctl/session"],
    "netctl/control": ["netctl/usage", "netctl/roam", "netctl/session",
                       "netctl/rules", "netctl/netlink"],
    "netctl/usage": ["netctl/session"],
    "netctl/roam": [],
    "netctl/session": ["netctl/rules", "netctl/netlink"],
    "netctl/rules": ["netctl/netlink"],
    "netctl/netlink": [],
    "portal/main": ["portal/portal", "portal/store", "portal/util"],
    "portal/portal": ["portal/material", "portal/admin", "portal/guest", "portal/netctl_client",
                      "portal/pages", "portal/store", "portal/http",
                      "portal/live", "portal/city", "portal/notify",
                      "portal/history", "portal/oidc"],
    "portal/material": ["portal/admin", "portal/pages", "portal/http"],
    "portal/admin": ["portal/netctl_client", "portal/store", "portal/http",
                     "portal/city", "portal/oidc", "portal/history",
                     "portal/util", "portal/voucher"],
    "portal/guest": ["portal/netctl_client", "portal/pages", "portal/http",
                     "portal/voucher", "portal/radius", "portal/oidc",
                     "portal/util"],
    "portal/notify": ["portal/netctl_client", "portal/fetch", "portal/util"],
    "portal/history": ["portal/store", "portal/util"],
    "portal/netctl_client": ["portal/util"],
    "portal/pages": ["portal/live", "portal/util"],
    "portal/store": ["portal/util"],
    "portal/http": ["portal/util"],
    "portal/voucher": ["portal/util"],
    "portal/city": ["portal/netctl_client", "portal/store",
                    "portal/voucher", "portal/util"],
    "portal/radius": ["portal/util"],
    "portal/live": ["portal/fetch", "portal/util"],
    "portal/oidc": ["portal/fetch", "portal/util"],
    "portal/fetch": ["portal/util"],
    "portal/util": [],
    "common/city": [],
    "common/config": [],
    "common": [],
}
INCLUDE = re.compile(r'^#include "((?:common|netctl|portal|cli|hub)/[^"]+)"', re.M)


def room(path):
    """Of "portal/http/conn.c" portal/http, of "portal/main.c" portal/main."""
    folder, _, name = path.rpartition("/")
    alone = f"{folder}/{name.rpartition('.')[0]}"
    return alone if alone in ROOMS else folder


@pytest.fixture(scope="module")
def includes(root):
    """Path -> paths that it includes."""
    return {str(f.relative_to(root)): INCLUDE.findall(f.read_text())
            for top in ("common", "netctl", "portal", "cli", "hub")
            for f in sorted((root / top).rglob("*.[ch]"))}


def circle(graph):
    """One that the graph has, or None."""
    done, way = set(), []

    def visit(node):
        if node in way:
            return way[way.index(node):] + [node]
        if node in done:
            return None
        way.append(node)
        found = next(filter(None, map(visit, graph.get(node, []))), None)
        way.pop()
        done.add(node)
        return found
    return next(filter(None, map(visit, sorted(graph))), None)


def test_every_file_has_a_room(includes):
    assert len(includes) > 200
    assert {p for p in includes if room(p) not in ROOMS} == set()


def test_rooms_include_what_stands_below_them(includes):
    wrong = [f"{path} includes {other}"
             for path, others in includes.items() for other in others
             if room(other) != room(path)
             and not room(other).startswith("common")
             and room(other) not in ROOMS[room(path)]]
    assert wrong == []


def test_common_is_the_ground_floor(includes):
    """And its config/ the floor above that, and city/ the next."""
    allowed = {"common": {"common"},
               "common/config": {"common", "common/config"},
               "common/city": {"common", "common/config", "common/city"}}
    wrong = [f"{path} includes {other}" for path, others in includes.items()
             for other in others
             if room(other) not in allowed.get(room(path), {room(other)})]
    assert wrong == []


def test_nothing_is_allowed_that_nobody_needs(includes):
    used = {(room(path), room(other)) for path, others in includes.items()
            for other in others}
    assert [(a, b) for a, below in ROOMS.items() for b in below
            if (a, b) not in used] == []


def test_there_is_no_circle(includes):
    assert circle(ROOMS) is None
    modules = {}  # a .c file and its header are one
    for path, others in includes.items():
        own = path.rpartition(".")[0]
        modules.setdefault(own, set()).update(
            o.rpartition(".")[0] for o in others
            if o.rpartition(".")[0] != own)
    assert circle({m: sorted(o) for m, o in modules.items()}) is None


def test_one_function_enters_a_sessions_state(root):
    writes = re.compile(r"->(state|reason) = [^=]*SESSION_|->state = next")
    assert [f.name for f in sorted((root / "netctl").rglob("*.c"))
            if writes.search(f.read_text())] == ["session.c"]


def test_the_controllers_state_is_its_own(includes):
    assert {room(path) for path, others in includes.items()
            if "netctl/control/state.h" in others} == {"netctl/control"}


def test_the_architecture_tells_of_every_room(root):
    text = (root / "docs" / "architecture.md").read_text()
    rows = re.findall(r"^\| `([a-z_/]+?)(?:\.c|/)?` \|", text, re.M)
    assert set(rows) >= set(ROOMS)
