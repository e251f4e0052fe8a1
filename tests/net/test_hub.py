# SPDX-License-Identifier: GPL-3.0-or-later
"""stadttor-hub and a store as Debian has it; the boxes are played here.

No clock is waited for: a SIGHUP makes the hub read the inboxes at once, and
kills come before a given write (preload/kill.c).
"""
import csv
import ctypes
import datetime
import json
import os
import random
import re
import signal
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse

import authority
import citystore
import gate
import lab
import pytest
from hubcity import (DAY, FIRST_DAY, FIRST_HOUR, HOUR, STREAM, City, cell,
                     figures, record)

NUMBER = int(time.strftime("%Y%m%d", time.gmtime(FIRST_DAY)))

@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A network of our own."""
    libc = ctypes.CDLL(None, use_errno=True)
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    assert libc.unshare(lab.CLONE_NEWNET) == 0
    lab.ip_batch(["link set lo up"])
    yield
    lab.enter(home)
    os.close(home)


@pytest.fixture(scope="module")
def ca():
    folder = tempfile.mkdtemp(prefix="stadttor-ca-")
    os.chmod(folder, 0o755)
    return authority.Authority(folder)


@pytest.fixture(scope="module")
def killer():
    path = os.path.join(tempfile.mkdtemp(prefix="stadttor-kill-"), "kill.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o",
                    path, os.path.join(lab.HERE, "preload", "kill.c")],
                   check=True)
    os.chmod(os.path.dirname(path), 0o755)
    return path


@pytest.fixture
def make_city(world, ca, build):
    made = []

    def make(**options):
        folder = tempfile.mkdtemp(prefix="stadttor-hub-")
        made.append(City(folder, ca, build, **options))
        made[-1].store.start()
        return made[-1]
    yield make
    for one in made:
        one.close()


@pytest.fixture
def city(make_city):
    made = make_city().start()
    made.wait_log("connected")
    return made


# --- records ------------------------------------------------------------------

def test_records_are_mixed_and_reach_all(city):
    today = city.today()
    sent = {s: [record(i << 8 | n, today) for n in range(100)]
            for i, s in enumerate(city.sites)}
    for s, records in sent.items():
        for at in range(0, 100, 32):
            city.send(s, "r", b"".join(records[at:at + 32]))
    city.round()
    found = city.granted(today)
    assert sorted(found) == sorted(sum(sent.values(), []))
    origin = [r[7] for r in found]
    assert any(a != b for a, b in zip(origin, sorted(origin)))
    assert all(city.root("XLEN", f"in:{s}") == 0 for s in city.sites)
    ttl = city.root("TTL", f"g:{today}")
    assert 3 * DAY < ttl <= 4 * DAY


def test_what_is_no_record_of_now_goes_nowhere(city):
    today = city.today()
    stale = [record(1, today - 2), record(2, today + 2),
             record(3, today, generation=7)]
    for r in stale:
        city.send("a", "r", r)
    for r in (b"", b"x" * 15, record(1, today) * 33, bytes(16),
              record(1, today, kind=9)):
        city.send("a", "r", r)
    city.box("a")("XADD", "in:a", "*", "r", record(4, today), "r", b"x")
    city.box("a")("XADD", "in:a", "*", "x", record(5, today))
    fine = [record(9, today - 1), record(9, today), record(9, today + 1)]
    city.send("a", "r", b"".join(fine))
    city.round()
    city.round()
    for day in (today - 1, today, today + 1):
        assert city.granted(day) == [record(9, day)]
    assert city.root("XLEN", "in:a") == 0
    assert [k for k in city.root("KEYS", "g:*")] \
        and len(city.root("KEYS", "g:*")) == 3


def test_a_new_generation_refuses_the_old(city):
    today = city.today()
    city.generation = 1
    city.write_sites()
    city.round()
    city.send("a", "r", record(1, today, generation=0))
    city.send("b", "r", record(2, today, generation=1))
    city.round()
    assert city.granted(today) == [record(2, today, generation=1)]


# --- figures ------------------------------------------------------------------

def test_figures_are_counted_by_site_district_and_city(city):
    for s, value in (("a", 3), ("b", -5), ("c", 7)):
        city.send(s, "f", figures([cell(1, value), cell(2, value)]))
    city.round()
    hour = FIRST_HOUR + HOUR
    rows = city.rows()
    assert rows[2, "a", "online", "guest", hour] == (1, 1, 3)
    assert rows[1, "d0", "online", "", hour] == (2, 2, 10)
    assert rows[1, "d1", "online", "", hour] == (1, 1, -5)
    assert rows[0, "", "online", "", hour] == (3, 3, 5)
    assert city.counted("a") == (STREAM, 2)
    assert city.root("XLEN", "in:a") == 0


@pytest.mark.parametrize("start", [NUMBER, FIRST_DAY, FIRST_DAY - 11 * HOUR,
                                   FIRST_DAY + 11 * HOUR])
def test_days_begin_at_the_boxs_midnight(start, city):
    """As a number of the calendar, or in seconds, in any time zone."""
    city.send("a", "f", figures([cell(1, 5, metric="visitors", start=start)]))
    city.round()
    assert city.rows()[2, "a", "visitors", "guest", NUMBER] == (1, 1, 5)


def test_what_is_sent_twice_is_counted_once(city):
    for cells in ([1, 2], [1, 2], [2, 3]):
        city.send("a", "f", figures([cell(n, 10) for n in cells]))
    city.round()
    assert city.total() == (3, 30)
    city.send("a", "f", figures([cell(n, 10) for n in (1, 2, 3, 4)]))
    city.round()
    assert city.total() == (4, 40)
    assert city.counted("a") == (STREAM, 4)


def test_behind_a_gap_nothing_is_counted(city):
    city.send("a", "f", figures([cell(1)], first=1))
    city.send("a", "f", figures([cell(3)], first=1))
    city.round()
    assert city.counted("a") == (STREAM, 1)
    city.send("a", "f", figures([cell(2)], first=2))
    city.send("a", "f", figures([cell(3)], first=2))
    city.round()
    assert (city.counted("a"), city.total()) == ((STREAM, 3), (3, 3))
    city.send("a", "f", figures([cell(9)], first=9))
    city.round()
    assert "5 figures are lost, from number 4" in city.log
    assert (city.counted("a"), city.total()) == ((STREAM, 9), (4, 4))


BAD = [
    "", "{}", "[]", "null", "x" * 100, "[" * 8000, '{"a":' * 2000,
    json.dumps({"stream": STREAM, "cells": []}),
    figures([cell(1)], stream="0" * 16), figures([cell(1)], stream="x" * 16),
    figures([cell(0)]), figures([cell(2 ** 64 - 1)]), figures([cell(-1)]),
    figures([cell(1), cell(1)]), figures([cell(1), cell(3)]),
    figures([cell(n) for n in range(1, 66)]),
    figures([cell(5)], first=6), figures([cell(1)], first=0),
    figures([cell(1, zone="Guest")]), figures([cell(1, zone="z" * 16)]),
    figures([cell(1, zone="a\0b")]), figures([cell(1, zone=1)]),
    figures([cell(1, metric="mac")]), figures([cell(1, metric=None)]),
    figures([cell(1, value=1.5)]), figures([cell(1, value="1")]),
    figures([cell(1, value=10 ** 7)]), figures([cell(1, value=-10 ** 30)]),
    figures([cell(1, n=0)]), figures([cell(1, d=0)]), figures([cell(1, d=-1)]),
    figures([cell(1, hours=201)]), figures([cell(1, start=0)]),
    figures([cell(1, start=20261124)]),
    figures([cell(1, metric="visitors", start=20261324)]),
    figures([cell(1, metric="visitors", start=10 ** 9)]),
    figures([cell(1, start=FIRST_HOUR + 1)]),
    figures([cell(1, value=10 ** 5 + 1)]), figures([cell(1, n=101)]),
    figures([cell(1, n=10 ** 12, d=10 ** 12)]),
    figures([cell(1)]) + "{}",
]


def test_figures_that_are_not_right(city):
    for text in BAD:
        city.send("a", "f", text)
    for _ in range(len(BAD) // 8 + 1):
        city.round()
    print(city.log)
    assert city.root("XLEN", "in:a") == 0
    assert (city.total(), city.counted("a")) == ((0, 0), None)
    city.send("a", "f", figures([cell(1)]))
    city.round()
    assert city.total() == (1, 1)


UNTIMELY = [900, 365 * DAY, FIRST_HOUR - 400 * DAY, FIRST_HOUR + 60 * DAY,
            4 * 10 ** 9 - 4 * 10 ** 9 % HOUR]


def test_a_box_whose_clock_was_wrong(city):
    """Whatever it counted then is nobody's, and it is rid of it: as much as it
    likes, and it goes on with the right time, not switched off."""
    seq = 0
    for _ in range(20):
        for start in UNTIMELY:
            for name in ("online", "visitors"):
                city.send("a", "f", figures([
                    cell(seq + 1, 9, start=start, metric=name, n=1),
                    cell(seq + 2, 9, start=start, metric=name, n=1,
                         zone=f"z{seq}")]))
                seq += 2
        for _ in range(2):
            city.round()
    assert (city.total(), city.counted("a")) == ((0, 0), (STREAM, seq))
    assert metric_of(city, "figures_untimely") == seq
    assert city.log.count("of a time that cannot be") == 1
    city.send("a", "f", figures([cell(seq + 1, 7, start=FIRST_HOUR),
                                 cell(seq + 2, 5, start=900),
                                 cell(seq + 3, 2, start=FIRST_HOUR + HOUR)]))
    city.round()
    assert city.total() == (2, 9)
    assert metric(city, "stadttor_site_switched_off")[
        'site="a",district="d0"'] == 0
    assert metric_of(city, "malformed") == 0


def metric_of(city, name):
    return metric(city, f"stadttor_hub_{name}_total")[""]


def test_a_store_whose_clock_is_wrong(make_city):
    """Then what seems to be of another time stays the boxes'."""
    city = make_city()
    clock = os.path.join(city.folder, "clock")
    with open(clock, "wb") as f:
        f.write(bytes(4096))
    os.chmod(clock, 0o644)
    city.start(gate.clocked(clock))
    city.wait_log("round 1 is done")
    with open(clock, "r+b") as f:  # of the hub; the store's stays
        f.write(struct.pack("=qqq", 0, 0, 500 * DAY * 10 ** 9))
    city.send("a", "f", figures([cell(1, 9, start=FIRST_HOUR + 500 * DAY)]))
    city.send("b", "f", figures([cell(1, 5)]))
    city.round()
    assert (city.total(), city.counted("a")) == ((1, 5), None)
    assert city.root("XLEN", "in:a") == 0  # it sends that again
    assert "they wait, for clocks are apart" in city.log
    assert metric_of(city, "figures_untimely") == 0


def test_a_store_that_most_boxes_contradict(city):
    """By its clock nothing is old: what seems so waits until they agree."""
    today = city.today()
    for site, health in (("a", ["city_clock_off"]), ("b", ["city_clock_off"]),
                         ("c", [])):
        beat(city, site, health)
    city.round()  # hears of it behind the time
    city.send("a", "r", record(1, today - 9))
    city.send("b", "r", record(2, today))
    city.send("c", "f", figures([cell(1, 9, start=FIRST_HOUR + 500 * DAY)]))
    for _ in range(2):
        city.round()
    assert (city.root("XLEN", "in:a"), city.granted(today - 9)) == (1, [])
    assert city.granted(today) == [record(2, today)]
    assert city.counted("c") is None
    assert city.log.count("most boxes find the store's clock wrong") == 1
    beat(city, "b")
    city.round()
    city.round()
    assert (city.root("XLEN", "in:a"), city.granted(today - 9)) == (0, [])
    assert city.log.count("most boxes find the store's clock wrong") == 1


def test_a_thousand_sites(make_city):
    sites = [f"s-{i:04d}" for i in range(1000)]
    city = make_city(sites=sites).start()
    city.wait_log("round 1 is done")
    today = city.today()
    city.root.all([("XADD", f"in:{s}", "*", "f", figures(
        [cell(1, i), cell(2, -i)])) for i, s in enumerate(sites)]
        + [("XADD", f"in:{s}", "*", "r", record(i, today))
           for i, s in enumerate(sites)])
    city.round()
    assert city.total() == (2000, 0)
    assert [city.total(2, s)[0] for s in sites[::99]] == [2] * 11
    found = city.granted(today)
    assert sorted(found) == [record(i, today) for i in range(1000)]
    assert found != sorted(found)
    assert len(city.root("XRANGE", f"g:{today}", "-", "+")) == 32
    assert city.root("KEYS", "in:*") == [] or not any(
        city.root.all([("XLEN", f"in:{s}") for s in sites]))
    assert len(json.loads(city.get("/api/sites"))["names"]) == 1000


# --- kills --------------------------------------------------------------------

class Box:
    """Keeps what is not counted, and sends it again, as a box does."""

    def __init__(self, city, site, figures_):
        self.city, self.site = city, site
        self.wanted = figures_  # seq -> value
        self.kept = dict(figures_)
        self.sent = 0

    def hear(self):
        told = self.city.counted(self.site)
        if told:
            for seq in [n for n in self.kept if n <= told[1]]:
                del self.kept[seq]

    def send(self, count):
        """The next ones, from the oldest that it has on."""
        cells = [cell(n, v) for n, v in sorted(self.kept.items())[:count]]
        if cells:
            self.city.send(self.site, "f",
                           figures(cells, first=cells[0]["seq"]))


def preloaded(killer, dice, most):
    return {"LD_PRELOAD": killer, "STADTTOR_KILL_AT": str(dice.randint(1, most)),
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
            + ":verify_asan_link_order=0"}


def write_inboxes(city, boxes, records, dice):
    for b in boxes:
        b.hear()
        b.send(dice.randint(1, 5))
        r = record(len(records), city.today())
        city.send(b.site, "r", r)
        records.append(r)


def start_store(city, environment=None):
    """Anew; with a write before which it is killed, and which may come soon."""
    city.forget_clients()
    city.store.close()
    try:
        city.store.start(environment)
    except ConnectionError:
        city.store.close()
        city.store.start()


def play_kills(city, killer, rounds, seed):
    """Kills hub or store before any write of theirs, until all is counted."""
    dice = random.Random(seed)
    boxes = [Box(city, s, {n: dice.randint(-9, 99) for n in range(1, 81)})
             for s in city.sites]
    records, kills = [], 0
    today = city.today()
    for _ in range(rounds):
        is_hub = dice.random() < 0.6
        if not is_hub:
            start_store(city, preloaded(killer, dice, 150))
        try:
            write_inboxes(city, boxes, records, dice)
            city.start(preloaded(killer, dice, 120) if is_hub else None)
            city.wait_log("connected")
            city.round()
            city.round()
        except (AssertionError, OSError, citystore.Refused):
            pass  # one of them is dead
        if city.hub:
            kills += city.end(signal.SIGKILL) == -signal.SIGKILL and is_hub
        if not is_hub:
            kills += city.store.process.poll() == -signal.SIGKILL
            start_store(city)
    while any(b.kept for b in boxes) \
            or any(city.root("XLEN", f"in:{s}") for s in city.sites):
        if any(b.kept for b in boxes):
            write_inboxes(city, boxes, records, dice)
        city.start().wait_log("connected")
        city.round()
        assert city.end() == 0
        for b in boxes:
            b.hear()
    for b in boxes:
        rows = {k[4]: v for k, v in city.rows().items()
                if k[:2] == (2, b.site)}
        assert rows == {FIRST_HOUR + n * HOUR: (1, 1, v)
                        for n, v in b.wanted.items()}
    assert city.total()[1] == sum(sum(b.wanted.values()) for b in boxes)
    assert set(records) <= set(city.granted(today))
    return kills


def test_kills_lose_and_double_nothing(make_city, killer):
    assert play_kills(make_city(), killer, 24, seed=1) >= 15


# --- two hubs -------------------------------------------------------------------

def rounds(*hubs):
    """One after the other; which of them led is not asked."""
    for hub in hubs:
        hub.round()


def test_a_second_hub_follows_and_takes_over(make_city):
    city = make_city()
    other = city.second()
    try:
        city.start().wait_log("this hub leads")
        other.start().wait_log("another hub leads")
        city.send("a", "f", figures([cell(n) for n in (1, 2)]))
        city.send("a", "r", record(1, city.today()))
        other.round()
        assert other.total() == (0, 0) and city.root("XLEN", "in:a") == 2
        rounds(city, other)
        assert city.rows() == other.rows() and city.total() == (2, 2)
        assert city.end(signal.SIGKILL) == -signal.SIGKILL
        city.send("a", "f", figures([cell(n) for n in (2, 3)]))
        other.round()
        assert other.total() == (2, 2)  # the lease has not ended
        city.root("DEL", "hub:lease")  # now it has
        other.round()
        assert "this hub leads" in other.log
        assert other.total() == (3, 3) and city.counted("a") == (STREAM, 3)
        city.start().wait_log("another hub leads")
        city.round()
        assert city.rows() == other.rows()
    finally:
        if other.hub:
            other.end(signal.SIGKILL)


def play_two(city, killer, count, seed):
    """Kills one of two hubs before any write of it."""
    dice = random.Random(seed)
    other = city.second()
    boxes = [Box(city, s, {n: dice.randint(-9, 99)
                           for n in range(1, 3 * count)})
             for s in city.sites]
    records, kills = [], 0
    try:
        while count or any(b.kept for b in boxes):
            write_inboxes(city, boxes, records, dice)
            victim = dice.choice([city, other])
            for hub in (city, other):
                if hub.hub and hub is victim:
                    hub.end(signal.SIGKILL)
                if not hub.hub:
                    hub.start(preloaded(killer, dice, 120)
                              if count and hub is victim else None)
                    hub.is_new = True
            if dice.random() < 0.5:
                city.root("DEL", "hub:lease")
            for hub in (city, other):
                try:
                    if hub.is_new:
                        hub.wait_log("store: connected")
                    hub.is_new = False
                    hub.round()
                except (AssertionError, OSError):
                    kills += hub.end(signal.SIGKILL) == -signal.SIGKILL
            if not count:
                city.root("DEL", "hub:lease")
            count = max(count - 1, 0)
            for b in boxes:
                b.hear()
        for _ in range(3):
            rounds(city, other)
        rows = {k[4]: v for k, v in city.rows().items() if k[:2] == (2, "a")}
        assert rows == {FIRST_HOUR + n * HOUR: (1, 1, v)
                        for n, v in boxes[0].wanted.items()}
        assert city.rows() == other.rows()
        assert city.total()[1] == sum(sum(b.wanted.values()) for b in boxes)
    finally:
        if other.hub:
            other.end(signal.SIGKILL)
    return kills


def test_kills_of_two_hubs(make_city, killer):
    assert play_two(make_city(), killer, 20, seed=3) >= 8


@pytest.mark.full
def test_many_kills_of_two_hubs(make_city, killer):
    assert play_two(make_city(), killer, 200, seed=4) >= 100


# --- whoever lies ---------------------------------------------------------------

LIES = {
    "an entry that is too large": lambda c, s: c.send(s, "f", "x" * 20000),
    "an inbox that is too large": lambda c, s: c.box(s).all(
        [("XADD", f"in:{s}", "*", "f", figures([cell(1, 4)]).replace(
            "{", "{" + " " * 14000, 1))] * 200),
    "many entries": lambda c, s: c.box(s).all(
        [("XADD", f"in:{s}", "*", "r", bytes(16))] * 20000),
    "many fields": lambda c, s: c.box(s)(
        "XADD", f"in:{s}", "*", *["r", b"x"] * 1000),
    "the last id there is": lambda c, s: c.box(s)(
        "XADD", f"in:{s}", f"{2 ** 64 - 1}-{2 ** 64 - 1}", "f", "x"),
    "JSON that nests": lambda c, s: c.send(s, "f", "[" * 16000),
    "heartbeats that are none": lambda c, s: c.box(s).all(
        [("XADD", f"hb:{s}", "*", "h", "x" * 9000)] * 9),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_box_that_lies_costs_the_others_nothing(lie, city):
    LIES[lie](city, "b")
    today = city.today()
    for s in "ac":
        city.send(s, "f", figures([cell(1, 4)]))
        city.send(s, "r", record(ord(s), today))
    city.round()
    city.round()
    assert city.total(2, "a") == city.total(2, "c") == (1, 4)
    assert sorted(city.granted(today)) == [record(ord(s), today) for s in "ac"]
    assert city.hub.poll() is None


def is_known(city, site):
    return city.root("ACL", "GETUSER", f"box-{site}") is not None


@pytest.mark.parametrize("lie", ["an entry that is too large",
                                 "an inbox that is too large",
                                 "many entries"])
def test_a_site_that_outgrows_its_bounds_is_switched_off(lie, city):
    LIES[lie](city, "b")
    for _ in range(12):
        city.round()
        if "site b is switched off: " in city.log:
            break
    if lie == "an inbox that is too large":
        assert "switched off: its inbox or heartbeats hold " in city.log
    city.round()
    assert not is_known(city, "b") and is_known(city, "a")
    assert city.root("EXISTS", "in:b") == 0
    with pytest.raises((citystore.Refused, ConnectionError, OSError)):
        city.send("b", "r", record(1, city.today()))
    # the store has read its logins anew, and the hub has started anew
    assert city.end() == 0
    city.root("ACL", "LOAD")
    city.forget_clients()
    assert is_known(city, "b")
    city.start().wait_log("connected")
    city.round()
    city.round()
    assert not is_known(city, "b")
    # taken in again by whoever may
    city.sites.remove("b")
    city.write_sites()
    city.round()
    city.sites.insert(1, "b")
    city.write_sites()
    city.root("ACL", "SETUSER", "box-b", "on", f">{citystore.PASSWORD}",
              "resetchannels", *citystore.BOX_RIGHTS.format("b").split())
    city.round()
    before = city.total(2, "b")[0]
    city.send("b", "f", figures([cell(1)], stream="b" * 16))
    city.round()
    assert city.total(2, "b")[0] == before + 1


WEIGHED = {
    "large entries behind good ones": lambda c, s: c.box(s).all(
        [("XADD", f"in:{s}", "*", "r", record(n, c.today()))
         for n in range(600)]
        + [("XADD", f"in:{s}", "*", "r", "x" * 900000)] * 20),
    "large heartbeats": lambda c, s: c.box(s).all(
        [("XADD", f"hb:{s}", "*", "h", "x" * 900000)] * 20),
}


@pytest.mark.parametrize("lie", WEIGHED)
def test_all_that_a_site_wrote_is_weighed(lie, city):
    WEIGHED[lie](city, "b")
    city.round()
    assert "site b is switched off: its inbox or heartbeats hold " in city.log
    city.round()
    assert city.root("EXISTS", "in:b", "hb:b") == 0
    assert not is_known(city, "b") and city.log.count("switched off") == 1


def test_old_heartbeats_go(city):
    for n in range(100):
        city.box("b")("XADD", "hb:b", "*", "h", json.dumps(
            {"version": f"0.{n}", "health": []}))
    beat(city, "a")
    city.round()
    city.round()
    assert [city.root("XLEN", f"hb:{s}") for s in "ab"] == [1, 1]
    city.round()
    assert 'site="b",district="d1",version="0.99"' in metric(
        city, "stadttor_site_version")
    assert "switched off" not in city.log


BEYOND = {
    "fields of a heartbeat": lambda c, s: c.box(s)(
        "XADD", f"hb:{s}", "*", *["a", "b"] * 40000),
    "fields of entries": lambda c, s: c.box(s).all(
        [("XADD", f"in:{s}", "*", *["a", "b"] * 5000)] * 8),
}


@pytest.mark.parametrize("lie", BEYOND)
def test_a_reply_beyond_bounds_is_the_fault_of_one_site(lie, make_city):
    """The hub loses its connection by it, and reads fewer sites at once."""
    city = make_city(sites="abcdefgh")
    today = city.today()
    BEYOND[lie](city, "f")
    for s in "ah":
        city.send(s, "f", figures([cell(1, 4)]))
        city.send(s, "r", record(ord(s), today))
        beat(city, s)
    city.start()
    for line in city.hub.stderr:
        city.log += line
        if "site f is switched off: what it sends is too large" in line:
            break
    city.wait_log("is done")
    city.round()
    assert city.total(2, "a") == city.total(2, "h") == (1, 4)
    assert sorted(city.granted(today)) == [record(ord(s), today) for s in "ah"]
    up = metric(city, "stadttor_site_up")
    assert sum(up.values()) == 2 and city.log.count("switched off") == 1
    assert city.root("EXISTS", "in:f", "hb:f") == 0
    assert not is_known(city, "f") and is_known(city, "e")


def test_what_waits_is_not_charged_twice(make_city):
    """The store takes nothing for a while: who sent honestly stays on."""
    city = make_city().start()
    city.wait_log("connected")
    today = city.today()
    for n in range(40):
        city.send("a", "r", b"".join(record(n * 32 + i, today)
                                     for i in range(32)))
    city.root("CONFIG", "SET", "maxmemory", "1")
    for _ in range(100):
        city.round()
    assert "the store takes no records (OOM)" in city.log
    city.root("CONFIG", "SET", "maxmemory", "0")
    for _ in range(6):
        city.round()
    assert "switched off" not in city.log
    assert "takes records again" in city.log
    assert len(set(city.granted(today))) == 40 * 32


# --- what came before ------------------------------------------------------------

def test_an_old_copy_of_the_database_is_said_and_doubles_nothing(city):
    city.send("a", "f", figures([cell(n) for n in (1, 2)]))
    city.round()
    assert city.end() == 0
    with open(city.database, "rb") as f:
        copy = f.read()
    city.start().wait_log("connected")
    city.send("a", "f", figures([cell(n) for n in (3, 4)]))
    city.send("b", "f", figures([cell(1)]))
    city.round()
    assert city.end() == 0
    with open(city.database, "wb") as f:
        f.write(copy)
    city.start()
    city.wait_log("the database is older than what 2 boxes were told")
    city.round()
    assert (city.counted("a"), city.total()) == ((STREAM, 2), (2, 2))
    # one has kept what the other has not
    city.send("a", "f", figures([cell(n) for n in (3, 4, 5)]))
    city.send("b", "f", figures([cell(2)]))
    city.round()
    assert city.total(2, "a") == (5, 5) and city.total(2, "b") == (1, 1)
    assert city.counted("a") == (STREAM, 5)


def test_an_emptied_store_hears_again_what_is_counted(city):
    city.send("a", "f", figures([cell(1)]))
    city.round()
    city.root("FLUSHALL")
    assert city.end() == 0
    city.start().wait_log("connected")
    city.round()
    assert city.counted("a") == (STREAM, 1)
    city.send("a", "f", figures([cell(1), cell(2)]))
    city.round()
    assert city.total() == (2, 2)


@pytest.mark.full
def test_many_kills(make_city, killer):
    assert play_kills(make_city(), killer, 150, seed=2) >= 100


# --- heartbeats and metrics -------------------------------------------------------

def beat(city, site, health=(), version="0.2.0", how="*"):
    city.box(site)("XADD", f"hb:{site}", "MAXLEN", 1, how, "h", json.dumps(
        {"version": version, "uptime_s": 5, "health": list(health)}))


def metric(city, name):
    """Labels -> value."""
    text = city.get("/metrics")
    return {labels: float(value) for labels, value in re.findall(
        rf"^{name}(?:\{{(.*)\}})? (\S+)$", text, re.M)}


def test_metrics_by_site(city):
    beat(city, "a")
    beat(city, "b", ["uplink_missing", "zone_full"])
    city.round()
    assert metric(city, "stadttor_site_up") == {
        'site="a",district="d0"': 1, 'site="b",district="d1"': 1,
        'site="c",district="d0"': 0}
    assert metric(city, "stadttor_site_ill") == {
        'site="b",district="d1",code="uplink_missing"': 1,
        'site="b",district="d1",code="zone_full"': 1}
    assert metric(city, "stadttor_site_version") == {
        f'site="{s}",district="{d}",version="0.2.0"': 1
        for s, d in (("a", "d0"), ("b", "d1"))}
    assert metric(city, "stadttor_hub_store_connected") == {"": 1}
    with pytest.raises(urllib.error.HTTPError, match="401"):
        city.get("/metrics", token="0" * 64)


RULES = "docs/prometheus/hub.yml"
ALERTS = {"silent": "SiteSilent", "uplink down": "SiteUplinkDown",
          "certificate near its end": "SiteCertificate",
          "store full": "CityStoreFull", "clock wrong": "SiteClock",
          "zone full": "SiteZoneFull"}
AILMENTS = ["uplink_missing", "certificate_ends", "city_clock_off",
            "zone_full"]


def make_ill(city):
    """What wakes somebody, all at once; as the hub says it."""
    beat(city, "a", AILMENTS)
    now = int(city.root("TIME")[0])
    beat(city, "b", how=f"{(now - 3600) * 1000}-0")
    beat(city, "c")
    city.send("c", "r", record(1, city.today()))
    city.root("CONFIG", "SET", "maxmemory", "1")
    city.hub.send_signal(signal.SIGHUP)
    city.wait_log("takes no records")
    city.root("CONFIG", "SET", "maxmemory", "0")
    return city.get("/metrics")


def test_it_confines_itself(city):
    """Whatever starts it: nobody does it here but the test."""
    city.round()
    with open(f"/proc/{city.hub.pid}/status", encoding="ascii") as status:
        rights = dict(line.split(":\t", 1) for line in status)
    assert rights["Seccomp"].strip() == "2"
    assert rights["NoNewPrivs"].strip() == "1"
    assert int(rights["CapPrm"], 16) == 0
    if "asan" not in str(city.build):  # which leaves locking out
        may_lock = "memory is not locked" not in city.log
        assert (int(rights["VmLck"].split()[0]) > 0) == may_lock


def test_alert_rules_ask_for_what_the_hub_exports(city, root):
    text = make_ill(city)
    told = set(re.findall(r"^(stadttor_\w+)", text, re.M))
    with open(root / RULES, encoding="utf-8") as f:
        rules = f.read()
    asked = {line for line in rules.splitlines() if "expr:" in line}
    for line in asked:
        assert set(re.findall(r"stadttor_\w+", line)) <= told, line
    for what, name in ALERTS.items():
        assert f"alert: Stadttor{name}\n" in rules, what
    # and codes that a box has
    with open(root / "portal/admin/admin_health.c", encoding="utf-8") as f:
        known = set(re.findall(r'"([a-z]+_[a-z_]+)"', f.read()))
    codes = re.findall(r'code=~?"([a-z_|]+)"', rules)
    assert set("|".join(codes).split("|")) <= known and len(codes) >= 4
    assert metric(city, "stadttor_hub_store_full") == {"": 1}


@pytest.mark.full
def test_alerts_fire_by_what_the_hub_exports(city, root, tmp_path):
    """promtool is given this hub's own samples, for two hours."""
    samples = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", make_ill(city), re.M)
    expected = [{"alertname": "Stadttor" + name, "severity": severity,
                 **labels} for name, severity, labels in (
        ("SiteSilent", "warning", {"site": "b", "district": "d1"}),
        ("DistrictSilent", "critical", {"district": "d1"}),
        ("CityStoreFull", "critical", {}),
        ("SiteUplinkDown", "critical", {"code": "uplink_missing"}),
        ("SiteCertificate", "warning", {"code": "certificate_ends"}),
        ("SiteClock", "warning", {"code": "city_clock_off"}),
        ("SiteZoneFull", "warning", {"code": "zone_full"}))]
    for e in expected:
        if "code" in e:
            e.update(site="a", district="d0")
        if e["alertname"] != "StadttorDistrictSilent":
            e["job"] = "stadttor-hub"
    series = [{"series": f'{name}{{job="stadttor-hub"'
               + (f",{labels}" if labels else "") + "}",
               "values": f"{value}x120"} for name, labels, value in samples]
    series.append({"series": 'up{job="stadttor-hub"}', "values": "1x120"})
    story = tmp_path / "story.yml"
    story.write_text(json.dumps({  # which is YAML as well
        "rule_files": [str(root / RULES)], "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series,
                   "promql_expr_test": [{
                       "expr": 'ALERTS{alertstate="firing"}',
                       "eval_time": "2h", "exp_samples": [
                           {"labels": "ALERTS" + "{" + ",".join(
                               f'{k}="{v}"' for k, v in
                               {**e, "alertstate": "firing"}.items()) + "}",
                            "value": 1} for e in expected]}]}]}))
    done = subprocess.run(["promtool", "test", "rules", story], text=True,
                          capture_output=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr


BAD_BEATS = ["", "{}", "x" * 3000, '{"version":"0.2.0"}',
             '{"version":"a b","health":[]}',
             '{"version":"1","health":["Bad"]}',
             '{"version":"1","health":["a\\"}"]}',
             '{"version":"1","health":' + json.dumps(["a"] * 17) + "}",
             '{"version":"1","health":[],"uptime_s":-1}']


def test_heartbeats_that_are_none(city):
    for text in BAD_BEATS:
        city.box("a")("XADD", "hb:a", "MAXLEN", 1, "*", "h", text)
        city.round()
    for _ in range(5):
        city.round()  # the last one is still there
    assert metric(city, "stadttor_hub_malformed_total") == {"": len(BAD_BEATS)}
    assert metric(city, "stadttor_site_version") == {}
    assert metric(city, "stadttor_site_up")['site="a",district="d0"'] == 0


def test_a_box_that_was_heard_long_ago_is_silent(city):
    """Also of a hub that has just started; an id ahead is no time."""
    now = int(city.root("TIME")[0])
    beat(city, "a", how=f"{(now - 3600) * 1000}-0")
    beat(city, "b", how=f"{(now + 3600) * 1000}-0")
    city.round()
    up = metric(city, "stadttor_site_up")
    assert (up['site="a",district="d0"'], up['site="b",district="d1"']) \
        == (0, 1)
    heard = metric(city, "stadttor_site_heard_timestamp_seconds")
    assert heard['site="b",district="d1"'] <= now + 60
    beat(city, "a")
    city.round()
    assert metric(city, "stadttor_site_up")['site="a",district="d0"'] == 1


# --- what operators ask for ---------------------------------------------------------

def usage(city, **query):
    return json.loads(city.get("/api/usage?" + urllib.parse.urlencode(query)))


def test_usage_by_place(city):
    for s, value in (("a", 3), ("b", -5), ("c", 7)):
        city.send(s, "f", figures([
            cell(1, value), cell(2, value, zone="other"),
            cell(3, value, metric="visitors", start=NUMBER, n=2)]))
    city.round()
    hours = usage(city, step="hour")
    assert hours["values"]["online"] == [5, 5]
    # a sum of three cells, 2 t sqrt(2 n)
    assert hours["bands"]["online"] == [pytest.approx(2 * 5 * 6 ** .5, .01)] * 2
    assert usage(city, step="hour", district="d0")["values"]["online"] \
        == [10, 10]
    assert usage(city, step="hour", site="a", zone="other")["values"]["online"] \
        == [3]
    assert usage(city, site="c")["values"]["visitors"] == [7]
    assert usage(city, site="c")["bands"]["visitors"] == [6.0]
    assert usage(city, step="year")["values"]["visitors"] == [5]
    assert usage(city, site="none-such")["values"]["visitors"] == []
    csv = city.get("/api/usage?step=hour&format=csv&metrics=online")
    assert csv.splitlines()[0] == "time,hours,online,online_band"
    assert len(csv.splitlines()) == 3


@pytest.mark.parametrize("query", ["step=minute", "zone=guest", "from=x",
                                   "site=a&district=d0", "metrics=mac",
                                   "site=" + "a" * 40, "nonsense=1"])
def test_usage_that_cannot_be(query, city):
    with pytest.raises(urllib.error.HTTPError, match="400"):
        city.get("/api/usage?" + query)


def test_list_of_sites(city):
    day = datetime.datetime.now(datetime.timezone.utc).date()
    for s, ago, value in (("a", 0, 30), ("a", 8, 10), ("b", 1, 5)):
        start = int((day - datetime.timedelta(ago)).strftime("%Y%m%d"))
        city.send(s, "f", figures([cell(1, value, metric="visitors",
                                        start=start, n=2)],
                                  stream=f"{start:016x}"))
    beat(city, "a")
    beat(city, "b", ["zone_full"])
    city.round()
    sites = json.loads(city.get("/api/sites?from=-6d&to=today"))
    assert sites["names"] == ["a", "b", "c"]
    assert sites["states"] == ["well", "ill", "unheard"]
    assert sites["codes"] == [[], ["zone_full"], []]
    assert (sites["values"], sites["before"]) == ([30, 5, None],
                                                  [10, None, None])
    assert sites["bands"][0] == 6.0
    now = json.loads(city.get("/api/now"))
    assert {k: now["city"][k] for k in ("sites", "well", "ill", "unheard")} \
        == {"sites": 3, "well": 1, "ill": 1, "unheard": 1}
    assert [h["code"] for h in now["health"]] == ["all_well"]
    of_b = json.loads(city.get("/api/now?site=b"))
    assert [h["code"] for h in of_b["health"]] == ["zone_full"]
    assert of_b["zones"] == ["guest"]


def test_spans_are_compared_if_as_much_was_counted(city):
    days = [int(time.strftime("%Y%m%d", time.gmtime(FIRST_DAY - n * DAY)))
            for n in range(4)]
    asked = "/api/sites?" + urllib.parse.urlencode({
        name: time.strftime("%Y-%m-%d", time.gmtime(FIRST_DAY - n * DAY))
        for name, n in (("from", 1), ("to", 0))})
    for s, counted in (("a", days), ("b", days[:3])):
        city.send(s, "f", figures([cell(i + 1, 5, metric="visitors", n=2,
                                        start=day)
                                   for i, day in enumerate(counted)]))
    city.round()
    told = json.loads(city.get(asked))
    assert (told["values"], told["before"]) == ([10, 10, None],
                                                [10, None, None])
    assert told["before_bands"][0] == 8.0 and not any(told["year_before"])


# --- open data ----------------------------------------------------------------------

NAMED = 'Süd, "oben"'


def publish(city, build, *options, folder="out"):
    out = os.path.join(city.folder, folder)
    done = subprocess.run(
        [build / "stadttor", "city", "open-data", "--folder", city.folder,
         *options, out], text=True, capture_output=True,
        env={**os.environ, "TZ": "UTC0"})
    return done, out


def describe(city):
    with open(f"{city.folder}/sites.conf", "w", encoding="utf-8") as f:
        f.write("config city\n option name 'Musterstadt'\n"
                "config site\n option site 'a'\n option title 'Town hall'\n"
                " option district 'Nord'\n option lat '52.5'\n"
                " option lon '13.4'\nconfig site\n option site 'b'\n"
                f" option district '{NAMED}'\nconfig site\n option site 'c'\n"
                " option district 'Nord'\n")
    with open(city.config, encoding="utf-8") as f:
        text = f.read()
    with open(city.config, "w", encoding="utf-8") as f:
        f.write(text.replace("config hub\n", "config hub\n option contact "
                             "'wlan@muster.example'\n"))


def test_open_data_of_a_city(make_city, build):
    """By the rights of files alone, while the hub runs; each file again at the
    same name, CSV and JSON saying the same."""
    city = make_city()
    describe(city)
    month = f"{NUMBER // 10000}-{NUMBER // 100 % 100:02d}"
    done, _ = publish(city, build)
    assert done.returncode == 4 and "no figures yet" in done.stderr
    city.start().wait_log("connected")
    for s, value in (("a", 3), ("b", -5), ("c", 7)):
        city.send(s, "f", figures([
            cell(1, value, metric="visitors", start=NUMBER, n=2),
            cell(2, value, metric="bytes_up", start=NUMBER),
            cell(3, 2 * value, metric="dwell_5", start=NUMBER, zone="")]))
    city.round()
    for _ in range(2):
        done, out = publish(city, build, "--month", month)
        assert (done.returncode, done.stderr) == (0, "")
    assert sorted(os.listdir(out)) == sorted([
        "LICENCE.txt", "dataset.ttl", "provenance.csv", "sites.csv",
        *(f"{name}.{kind}" for kind in ("csv", "json") for name in (
            f"usage-{month}", f"usage-{month[:4]}", f"sites-{month}"))])
    told = {}
    for name in (f"usage-{month}", f"usage-{month[:4]}", f"sites-{month}"):
        with open(f"{out}/{name}.csv", newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        with open(f"{out}/{name}.json", encoding="utf-8") as f:
            assert [{k: str(v) for k, v in r.items()} for r in json.load(f)] \
                == [{**r, "band": str(float(r["band"]))} for r in rows]
        told[name] = {(r["period"], r.get("district", r.get("site")),
                       r["metric"]): (int(r["value"]), float(r["band"]))
                      for r in rows}
    days = told[f"usage-{month}"]
    assert {k: v[0] for k, v in days.items() if k[2] == "visitors"} == {
        ("day", "", "visitors"): 5, ("day", "Nord", "visitors"): 10,
        ("day", NAMED, "visitors"): -5}
    assert days["week", "", "dwell_5"][0] == 10
    assert days["day", NAMED, "visitors"][1] == 6  # 3 t of one cell
    assert told[f"usage-{month[:4]}"]["month", "", "visitors"][0] == 5
    assert {k: v[0] for k, v in told[f"sites-{month}"].items()} == {
        ("month", s, m): v for s, v in (("a", 3), ("b", -5), ("c", 7))
        for m in ("visitors", "bytes_up")}
    with open(f"{out}/sites.csv", newline="", encoding="utf-8") as f:
        assert list(csv.reader(f)) == [
            ["site", "title", "district", "latitude", "longitude"],
            ["a", "Town hall", "Nord", "52.5", "13.4"],
            ["b", "", NAMED, "", ""], ["c", "", "Nord", "", ""]]
    with open(f"{out}/dataset.ttl", encoding="utf-8") as f:
        catalogue = f.read()
    for name in os.listdir(out):
        assert (f"dcat:downloadURL <{name}>" in catalogue) == name.startswith(
            ("usage", "sites"))
    assert '"Öffentliches WLAN: Musterstadt"' in catalogue
    assert 'vcard:note "wlan@muster.example"' in catalogue
    assert publish(city, build, "--month", "2026-13")[0].returncode == 2
    assert publish(city, build, folder="no/where")[0].returncode == 1


def test_open_data_needs_the_rights_of_files(city, build):
    os.chmod(city.database, 0o600)  # the hub's
    city.send("a", "f", figures([cell(1)]))
    city.round()
    out = os.path.join(city.folder, "stranger")
    done = subprocess.run(
        ["setpriv", "--reuid=daemon", "--clear-groups", build / "stadttor",
         "city", "open-data", "--folder", city.folder, out], text=True,
        capture_output=True)
    assert done.returncode == 1 and "Permission denied" in done.stderr
