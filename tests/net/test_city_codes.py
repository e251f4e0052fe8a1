# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes of a city: made on the hub, typed at real boxes, with a real store."""
import contextlib
import os
import random
import shutil
import sqlite3
import struct
import time

import canary
import citystory
import citytown
import gate
import lab
import pytest
import traffic
from test_voucher import enter, is_refused

TESTER = "user tester on >tester ~* &* +@all\n"


@pytest.fixture
def town(street):
    made = citytown.Town("codes-", boxes=2, portal=citystory.PORTAL,
                         acl=TESTER, guest={"auth": "voucher"})
    made.found()
    for box in made.boxes:
        box.join()
        box.start()
    yield made
    made.close()


def make(town, count=1, minutes=60, *more):
    return town.cli("voucher", "create", "--count", str(count), "--minutes",
                    str(minutes), "--label", "fair", *more).split()


def wait_codes(count, *boxes):
    for box in boxes:
        lab.wait_until(
            lambda: box.select("SELECT count(*) FROM codes") == [(count,)],
            15, every=0.1, say=f"{box.name} does not know the codes")


def test_a_code_of_the_hub_is_good_everywhere(town):
    code, other = make(town, 2)
    first = town.add_phone(town.boxes[0], 1, static=True)
    second = town.add_phone(town.boxes[1], 2, static=True)
    wait_codes(2, *town.boxes)
    assert enter(first, code).status == 303
    assert enter(second, other).status == 303
    for phone in (first, second):
        assert traffic.is_online(phone)


def ends(box):
    """Of the codes that were begun, as this box knows."""
    return box.select("SELECT hash, ends_s FROM codes WHERE ends_s > 0"
                      " ORDER BY hash")


def wait_ends(count, *boxes):
    """The same at all of them."""
    lab.wait_until(
        lambda: len(ends(boxes[0])) == count
        and all(ends(b) == ends(boxes[0]) for b in boxes), 15, every=0.1,
        say="the boxes do not agree on first uses")


def test_minutes_run_from_the_first_use_anywhere(town):
    """Also from one at a box that was cut off then."""
    code, other = make(town, 2)
    phones = [town.add_phone(b, i, static=True)
              for i, b in enumerate(town.boxes, 1)]
    wait_codes(2, *town.boxes)
    town.boxes[0].cut_off()
    assert enter(phones[0], code).status == 303
    assert enter(phones[1], other).status == 303
    (own, first), = town.boxes[0].select("SELECT code, first_s FROM uses")
    # later, and at another box: which has not heard of it
    wait_next_second(first)
    assert enter(phones[1], code).status == 303
    town.boxes[0].connect()
    wait_ends(2, *town.boxes)
    lab.wait_until(lambda: not any(b.select("SELECT * FROM uses")
                                   for b in town.boxes), 15, every=0.1,
                   say="first uses are not confirmed")
    found = {r[0]: r[1] for r in town.codes(
        "SELECT code, first_s FROM records WHERE kind = 3")}
    assert len(found) == 2 and found[own] == first
    listed, = town.listed()
    assert (listed["used"], listed["active"]) == (2, 2)


def wait_next_second(second):
    lab.wait_until(lambda: time.time() >= second + 2, 5, say="no time passes")


def test_revoked_everywhere(town):
    """A code, then the batch; sessions end where nobody has asked again."""
    codes = make(town, 2, 60, "--devices", "2")
    phones = [town.add_phone(b, i, static=True)
              for i, b in enumerate(town.boxes, 1)]
    wait_codes(2, *town.boxes)
    for phone in phones:
        assert enter(phone, codes[0]).status == 303
        assert traffic.is_online(phone)
    town.cli("voucher revoke", codes[0])
    for phone in phones:
        traffic.wait_shut(phone)
        assert is_refused(enter(phone, codes[0]), "zurückgezogen")
        assert enter(phone, codes[1]).status == 303
    town.cli("voucher revoke", str(town.listed()[0]["batch"]))
    for phone in phones:
        traffic.wait_shut(phone)
        assert is_refused(enter(phone, codes[1]), "zurückgezogen")


def test_a_box_that_is_cut_off_takes_what_it_knows(town):
    code, = make(town)
    phone = town.add_phone(town.boxes[0], 1, static=True)
    wait_codes(1, town.boxes[0])
    town.boxes[0].cut_off()
    town.boxes[0].stadttor.kill()
    for program in (gate.NETCTL, gate.PORTAL):
        town.boxes[0].stadttor.start_one(program)
    town.boxes[0].stadttor.wait_ready()
    assert enter(phone, code).status == 303
    assert traffic.is_online(phone)


def test_a_clock_that_is_off_begins_no_code(town, tmp_path, monkeypatch):
    """As a router's after a power cut: what was typed would be used up."""
    box = town.boxes[0].stadttor
    yesterday = tmp_path / "clock"
    yesterday.write_bytes(struct.pack("=qqqq", 0, 0, -86400 * 10 ** 9, 0)
                          .ljust(4096, b"\0"))
    with monkeypatch.context() as patch:
        for name, value in gate.clocked(str(yesterday)).items():
            patch.setenv(name, value)
        code, = make(town)
    box.kill()
    box.drive_clock()
    town.boxes[0].start()
    wait_codes(1, *town.boxes)
    phone = town.add_phone(town.boxes[0], 1, static=True)
    for hours in (-6, 6):
        box.step_wall(hours * 3600)
        assert is_refused(enter(phone, code), "gerade nicht")
        box.step_wall(-hours * 3600)
    assert ends(town.boxes[0]) == []
    assert enter(phone, code).status == 303
    wait_ends(1, *town.boxes)


def test_limits_go_with_the_code(town):
    make(town, 1, 90, "--zone", "elsewhere")
    code, = make(town, 1, 90, "--zone", "guest")
    phones = [town.add_phone(town.boxes[0], i, static=True) for i in (1, 2)]
    wait_codes(2, town.boxes[0])
    assert enter(phones[0], code).status == 303
    session, = town.boxes[0].stadttor.sessions()
    assert 5300 < session["left_s"] <= 5400
    assert is_refused(enter(phones[1], code), "so viele Geräte")


@pytest.fixture
def plain(monkeypatch, plain_build):
    """What sanitizers keep beside a program's memory is beyond all reading."""
    monkeypatch.setattr(gate, "BUILD", str(plain_build))


def test_nobody_learns_a_code(plain, town):
    code, = make(town)
    phone = town.add_phone(town.boxes[0], 1, static=True)
    wait_codes(1, *town.boxes)
    assert enter(phone, code).status == 303
    wait_ends(1, *town.boxes)
    assert town.seen_by_hub()
    forms = {code.encode(), code.replace("-", "").encode()} \
        | canary.mac_forms(phone.mac) | canary.ip6_forms(phone.ip6)
    assert canary.search(held_elsewhere(town), forms) == []
    # what is looked for is where it was typed in, and found there
    assert canary.search(canary.memory_of(
        town.boxes[0].stadttor.process[gate.NETCTL].pid), forms)


def held_elsewhere(town):
    """Files, memory and answers of hub and store; memory of the other box's
    portal."""
    other = town.boxes[1].stadttor.process[gate.PORTAL]
    held = {"dump": town.dump(), "log": town.hub_log().encode()}
    for pid in (town.hub.pid, town.server.process.pid, other.pid):
        held |= {f"{pid} {name}": data
                 for name, data in canary.memory_of(pid).items()}
    for folder in (town.folder / "data", town.server.folder):
        held |= canary.files_below(folder)
    for path in ("/api/sites", "/api/now", "/api/usage", "/metrics"):
        held[path] = town.ask_hub(path)
    return held


# --- a hub that has no codes --------------------------------------------------

@pytest.mark.parametrize("file", [None, b"damaged" * 1000],
                         ids=["none", "damaged"])
def test_a_hub_without_codes_loses_no_first_use(town, file):
    """As a second one that leads while the first is away, or one whose disk is
    new: boxes say again what it has no place for."""
    code, = make(town)
    phone = town.add_phone(town.boxes[0], 1, static=True)
    wait_codes(1, *town.boxes)
    town.kill_hub()
    away, data = town.folder / "away", town.folder / "data"
    away.mkdir()
    for path in data.glob("codes.sqlite*"):
        path.rename(away / path.name)
    if file:
        (data / "codes.sqlite").write_bytes(file)
    town.start_hub()
    assert enter(phone, code).status == 303
    lab.wait_until(lambda: town.boxes[0].select("SELECT sent FROM uses")
                   == [(1,)] and town.tester()("XLEN", "in:box-1") == 0, 15,
                   every=0.1, say="the hub does not read the inbox")
    town.kill_hub()
    for path in away.iterdir():
        path.rename(data / path.name)
    town.start_hub()
    town.boxes[0].stadttor.restart(gate.PORTAL)  # or ten minutes later
    town.boxes[0].stadttor.wait_ready()
    wait_ends(1, *town.boxes)
    town.cli("voucher revoke", code)
    traffic.wait_shut(phone)


def test_a_back_up_of_the_hub_on_another_host(town):
    """As docs/city.md says: a copy of one moment, while the hub runs, with all
    that the first hub had; what came after it the boxes and the store know."""
    before, after = make(town, 2)
    phones = [town.add_phone(b, i, static=True)
              for i, b in enumerate(town.boxes, 1)]
    wait_codes(2, *town.boxes)
    assert enter(phones[0], before).status == 303
    wait_ends(1, *town.boxes)
    data, copy = town.folder / "data", town.folder / "copy"
    copy.mkdir()
    for name in ("city", "codes"):
        with contextlib.closing(sqlite3.connect(
                data / f"{name}.sqlite")) as a, contextlib.closing(
                    sqlite3.connect(copy / f"{name}.sqlite")) as b:
            a.backup(b)  # as sqlite3's .backup
    late, = make(town)
    wait_codes(3, *town.boxes)
    town.kill_hub()
    shutil.rmtree(data)
    copy.rename(data)
    for path in (data, *data.iterdir()):
        shutil.chown(path, citytown.HUB_USER)
    town.start_hub()
    assert enter(phones[1], after).status == 303
    wait_ends(2, *town.boxes)
    assert enter(phones[1], before).status == 303
    assert enter(phones[0], late).status == 303
    town.cli("voucher revoke", after)
    lab.wait_until(lambda: all(b.select("SELECT count(*) FROM codes WHERE"
                                        " revoked") == [(1,)]
                               for b in town.boxes), 15, every=0.1,
                   say="what was taken back is not told")
    again, = make(town)
    wait_codes(4, *town.boxes)
    assert again not in (before, after, late)


# --- who lies -----------------------------------------------------------------

def test_a_store_that_lies_invents_nothing(town):
    """Nor does it stop what is true; and one line says so."""
    code, = make(town)
    phone = town.add_phone(town.boxes[0], 1, static=True)
    wait_codes(1, *town.boxes)
    before = town.boxes[0].select("SELECT * FROM codes, batches")
    true = [e[1][1] for e in town.tester()("XRANGE", "v", "-", "+")]
    for text in (b"", b"\x11", b"x" * 700, bytes(90), true[0][:-1],
                 true[0] + b"x", true[0][:-64] + bytes(64),
                 true[0][:40] + bytes(16) + true[0][56:],
                 b"\x12\x00" + true[0][2:11] + bytes(64),
                 b"\x12\x01" + true[0][2:11] + bytes(16 + 64),
                 b"\x13" + b"\xff" * 37, b"\x13" + bytes(37),
                 b"\x11\xff" + b"\xff" * 660):
        town.tester()("XADD", "v", "*", "v", text)
    town.tester()("XADD", "v", "*", "v", os.urandom(200_000))
    town.tester()("XADD", "v", "*", "x", "y", "z", "z")
    town.boxes[0].stadttor.wait_log("codes is not the city's",
                                    gate.PORTAL)
    assert town.boxes[0].select("SELECT * FROM codes, batches") == before
    assert enter(phone, code).status == 303
    town.cli("voucher revoke", code)
    traffic.wait_shut(phone)
    log = town.boxes[0].stadttor.log(gate.PORTAL)
    assert log.count("codes is not the city's") <= 3


def test_a_box_that_lies_ends_no_code(town):
    """It knows the hash of each, and not what it is made of."""
    code, = make(town)
    wait_codes(1, *town.boxes)
    (hashed,), = town.boxes[0].select("SELECT hash FROM codes")
    now = int(time.time()).to_bytes(5, "big")
    for key in (hashed * 2, bytes(32), os.urandom(32)):
        town.tester()("XADD", "in:box-1", "*", "u",
                      b"\x13" + now + key + bytes(64))
    town.tester()("XADD", "in:box-1", "*", "u", b"\x13" * 103)
    lab.wait_until(lambda: town.tester()("XLEN", "in:box-1") == 0, 15,
                   every=0.1, say="the hub does not read the inbox")
    assert town.codes("SELECT count(*) FROM records") == [(1,)]
    phone = town.add_phone(town.boxes[1], 1, static=True)
    assert enter(phone, code).status == 303


def test_a_box_that_lies_moves_no_end(town):
    """Every box hears of a first use; none but that of the code can say when
    it was, to end those who are in by it or to make it new for others."""
    code, = make(town)
    phone = town.add_phone(town.boxes[0], 1, static=True)
    wait_codes(1, *town.boxes)
    assert enter(phone, code).status == 303
    wait_ends(1, *town.boxes)
    before = ends(town.boxes[0])
    use, = town.codes("SELECT bytes FROM records WHERE kind = 3")
    earlier = int.from_bytes(use[0][1:6], "big") - 200
    town.tester()("XADD", "in:box-2", "*", "u", use[0][:1]
                  + earlier.to_bytes(5, "big") + use[0][6:])
    lab.wait_until(lambda: town.tester()("XLEN", "in:box-2") == 0, 15,
                   every=0.1, say="the hub does not read the inbox")
    assert town.codes("SELECT bytes FROM records WHERE kind = 3") == [use]
    make(town)  # what is published later is known, so what was before it is
    wait_codes(2, *town.boxes)
    assert ends(town.boxes[0]) == ends(town.boxes[1]) == before


def test_an_emptied_store_gets_all_again(town):
    make(town)
    wait_codes(1, *town.boxes)
    for box in town.boxes:
        box.cut_off()
    code, = make(town)
    town.tester()("FLUSHALL")
    town.kill_hub()
    town.start_hub()
    for box in town.boxes:
        box.connect()
    wait_codes(2, *town.boxes)
    phone = town.add_phone(town.boxes[1], 1, static=True)
    assert enter(phone, code).status == 303


def test_kills_lose_and_invent_nothing(town):
    """Of the hub and of a box's portal, while codes are made and used."""
    chance = random.Random(15)
    phones = [town.add_phone(b, i, static=True)
              for i, b in enumerate(town.boxes, 1)]
    used = []
    for turn in range(4):
        code, = make(town)
        time.sleep(chance.random())
        town.kill_hub()
        town.start_hub()
        wait_codes(turn + 1, *town.boxes)
        assert enter(phones[turn % 2], code).status == 303
        used.append(code)
        box = town.boxes[turn % 2]
        time.sleep(chance.random())
        box.stadttor.restart(gate.PORTAL)
        box.stadttor.wait_ready()
    wait_ends(4, *town.boxes)
    assert len(town.codes("SELECT id FROM records WHERE kind = 3")) == 4
    assert town.codes("SELECT count(*) FROM codes WHERE ends_s != 0") == [(4,)]
