# SPDX-License-Identifier: GPL-3.0-or-later
"""No address of a phone reaches a log, however talkative the programs are; and
what is told at any time is the same with and without what one phone does."""
import contextlib
import ipaddress
import os
import re
import sqlite3

import canary
import gate
import ipc
import lab
import pytest
import test_usage
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4, V6


def spellings(phone, extra):
    """The ways in which a log might write who somebody is."""
    mac = phone.mac
    found = {mac, mac.replace(":", "-"), mac.replace(":", ""),
             mac.replace(":", "."), phone.ip4}
    packed4 = ipaddress.ip_address(phone.ip4).packed
    found |= {packed4.hex(), "".join(f"{b:02x}" for b in packed4[::-1])}
    for text in (phone.ip6, *extra):
        address = ipaddress.ip_address(text)
        found |= {str(address), address.exploded, address.packed.hex()}
    return found


def canaries(stadttor):
    return {name: open(os.path.join(stadttor.folder, name),
                       errors="replace").read().lower()
            for name in os.listdir(stadttor.folder)
            if name.endswith(".log")}


def test_logs_name_nobody(stadttor, street):
    """Everything that may happen to people, in the two most verbose logs."""
    stadttor.start(guest={"rate_down": "5mbit", "max_sessions": 3,
                          "duration": "1h"})
    phones = street.phones
    extra = "2001:db8:20::c0ff:ee"
    phones[0].add_address(extra)
    try:
        for phone in phones[:3]:
            traffic.http(phone, traffic.web(V6))
            assert traffic.tap(phone).status == 303
        traffic.tap(phones[3])
        traffic.tap(phones[0], V6, source=extra)
        for family in FAMILIES:
            traffic.http(phones[0], phones[0].network.gate(family), "/status")
            traffic.http(phones[0], phones[0].network.gate(family),
                         "/no/such/page", "PUT", "x" * 100)
        stadttor.sessions(True)
        stadttor.restart()
        stadttor.wait_ready()
        street.gate.nft("flush ruleset\n")
        stadttor.wait_log("put back")
        traffic.wait_online(phones[0])
        stadttor.reload()
        stadttor.revoke(phones[0].ip4)
        traffic.log_out(phones[1])
        stadttor.cli("revoke", "10.20.99.99", check=False)
        stadttor.terminate()
    finally:
        phones[0].netns.ip(f"addr del {extra}/64 dev eth0")
    logs = canaries(stadttor)
    assert all(logs[f"{program}.log"] for program in (NETCTL, PORTAL))
    for name, text in logs.items():
        for phone in phones:
            said = [s for s in spellings(phone, [extra]) if s in text]
            assert said == [], f"{name} names a phone: {said}"


def test_sessions_hide_addresses(stadttor, phones):
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    for args in (("sessions",), ("sessions", "--json"), ("status",),
                 ("status", "--json")):
        said = stadttor.cli(*args).stdout.lower()
        assert [s for s in spellings(phones[0], []) if s in said] == []
    shown = stadttor.cli("sessions", "--show-addresses").stdout
    assert phones[0].mac in shown and phones[0].ip4 in shown
    assert lab.WEB4 not in shown


# --- two runs that differ in what one phone does ------------------------------

BEGIN = 1_796_081_400  # 2026-11-30T23:30Z
BOOT_S = 1000
VISITS_MAX = 6
DEVICES = 65536  # LEDGER_DEVICES, whose records are the ledger's end
SMALL = (BOOT_S + 60) * 1000  # milliseconds since the boot are
SECONDS = 30
# of a device's day, by what a metric's name begins with
BOUNDS = {"online": 4, "visitors": 1, "onlookers": 1, "dwell": 1, "ended": 1,
          "language": 1, "platform": 1, "bytes": 10 ** 9, "peak": 1}


def visit(phone, second):
    """What the one does, beside the others."""
    if second == 4:
        test_usage.probe_and_tap(phone, "de")
    elif second in (7, 8, 14):
        assert traffic.is_online(phone)
        traffic.http(phone, phone.network.gate4, "/status")
    elif second == 17:
        traffic.log_out(phone)
    elif second == 21:
        assert traffic.tap(phone, V6).status == 303
    elif second == 24:
        traffic.http(phone, phone.network.gate4, "/no/such", "PUT", "x" * 99)


def others(phones, second):
    if second == 2:
        test_usage.probe_and_tap(phones[0], "en")
    elif second == 3:
        traffic.http(phones[1], phones[1].network.gate4, "/?lang=tr")
    elif second in (9, 15):
        assert traffic.is_online(phones[0])
    elif second == 19:
        traffic.log_out(phones[0])


def scrape(stadttor, token):
    """Byte by byte, headers included; and what netctl tells the portal."""
    with ipc.Peer(stadttor.socket, "nobody") as portal:
        portal.send(ipc.message(ipc.HEALTH_ASK))
        health = portal.answer_of(ipc.HEALTH).hex()
    return [health] + [stadttor.street.gate.ask(
        "127.0.0.1", 2090, f"/{path}", f"Authorization: Bearer {token}")
        for path in ("metrics", "api/now", "api/usage?step=hour&from=-1d",
                     "api/usage?step=day&format=csv")]


def let_second_pass(stadttor):
    """Both have looked at their clocks, and at all that was due by them."""
    for _ in range(2):
        stadttor.wake()
    stadttor.jump(1)


def what_is_kept(stadttor):
    """Of all files: the text, or the rows of a database; and the cells."""
    kept, cells = {}, {}
    for path, data in canary.files_below(stadttor.folder).items():
        name = os.path.relpath(path, stadttor.folder)
        if data.startswith(b"SQLite format 3"):
            with contextlib.closing(sqlite3.connect(path)) as db:
                if db.execute("SELECT 1 FROM sqlite_schema"
                              " WHERE name = 'cells'").fetchone():
                    cells |= {row[:-1]: row[-1] for row in db.execute(
                        "SELECT m.name, c.* FROM cells c"
                        " JOIN metrics m ON m.id = c.metric")}
                kept[name] = "\n".join(
                    re.sub(r'("meta" VALUES\(1),-?\d+', r"\1,STREAM", line)
                    for line in db.iterdump() if 'INTO "cells"' not in line)
        elif name not in ("clock", "accounts") and "sqlite-" not in name:
            kept[name] = data
    return kept, cells


@contextlib.contextmanager
def same_start(street):
    """Programs whose clocks begin at the same moment and go as the test says,
    whose noise is from the same tape, and whose memory lies at the same place;
    without sanitizers, which keep what is freed."""
    stadttor = gate.Stadttor(street)
    stadttor.build = test_usage.PLAIN
    stadttor.prefix = ["setarch", "-R"]
    stadttor.environment |= {"TZ": "UTC", "STADTTOR_TAPE": "1"}
    stadttor.options = []
    stadttor.drive_clock(slower=10 ** 9, begin_s=BOOT_S)
    stadttor.step_wall(BEGIN - BOOT_S)
    try:
        yield stadttor
    finally:
        stadttor.close()


def without_folder(stadttor, data):
    name = os.path.basename(stadttor.folder)
    return data.replace(name.encode(), b"FOLDER") \
        if isinstance(data, bytes) else data.replace(name, "FOLDER")


def one_run(street, phones, comes):
    with same_start(street) as stadttor:
        token = test_usage.make_token(
            stadttor, guest={"max_sessions": 9}, gate={"debug": 1},
            portal={"debug": 1})
        told = []
        for second in range(SECONDS):
            others(phones[1:], second)
            if comes:
                visit(phones[0], second)
            let_second_pass(stadttor)
            told.append([without_folder(stadttor, text)
                         for text in scrape(stadttor, token)])
        stadttor.jump(1800)
        lab.wait_until(lambda: "peak" in [cell[0] for cell in what_is_kept(
            stadttor)[1]], 10, say="the week's last cell has not come")
        stadttor.terminate()
        kept, cells = what_is_kept(stadttor)
        return told, {name: without_folder(stadttor, data)
                      for name, data in kept.items()}, cells


@pytest.mark.timeout(1200)
def test_two_runs_differ_in_cells_alone(street, phones):
    """One phone comes, surfs, leaves and comes again, or never does: what is
    scraped each second, logs and files are the same byte by byte, however much
    the config wants to be logged; so are the cells but for what it may add, for
    their noise is from the same tape."""
    told, kept, cells = one_run(street, phones, True)
    told_without, kept_without, cells_without = one_run(street, phones, False)
    for second, (a, b) in enumerate(zip(told, told_without)):
        assert a == b, second
    for name in kept.keys() | kept_without.keys():
        assert kept[name] == kept_without[name], name
    assert cells.keys() == cells_without.keys() and len(cells) > 3
    changed = {}
    for key, value in cells.items():
        more = abs(value - cells_without[key])
        series = key[0].split("_")[0]
        changed[series] = changed.get(series, 0) + more
    assert {s: n for s, n in changed.items() if n > BOUNDS[s]} == {}
    assert changed["visitors"] == 1  # it came


def has_no_connection(stadttor):
    let_second_pass(stadttor)
    return not stadttor.street.gate.run(
        "ss", "-Htn", "state", "connected", "exclude",
        "time-wait").stdout.strip()


def says_little(word, spans):
    """A place in this memory, or two small numbers: counters, times, -1."""
    return any(start <= word < end for start, end in spans) or \
        all(half < SMALL or half == 0xffffffff
            for half in (word & 0xffffffff, word >> 32))


def memory_after_a_visit(street, phone):
    """Words of the portal's memory that say something, when the phone has gone;
    and by what netctl's ledger finds the phone again today."""
    with same_start(street) as stadttor:
        stadttor.configure()
        for program in (NETCTL, PORTAL):
            stadttor.start_one(program)
        stadttor.wait_ready()
        for second in range(SECONDS):
            visit(phone, second)
            let_second_pass(stadttor)
        traffic.log_out(phone)
        lab.wait_until(lambda: has_no_connection(stadttor), 20)
        memory = canary.memory_of(stadttor.process[PORTAL].pid)
        with open(stadttor.pending, "rb") as file:
            records = memoryview(file.read()).cast("Q")[-DEVICES * 4:]
    spans = [[int(x, 16) for x in where.split()[1].split("-")]
             for where in memory]
    words = set().union(*(memoryview(data).cast("Q")
                          for data in memory.values()))
    return {word for word in words if not says_little(word, spans)}, {
        *records[::4]} - {0}


@pytest.mark.timeout(1800)
def test_memory_does_not_depend_on_who_comes(street, phones):
    """The same visit by one phone and by another, in turns: no word is in the
    portal's memory whenever the one came and never when the other did. So no
    address is in it, and nothing that could be made of one; what else is left
    somewhere by chance, such as half a line of HTTP, is told by more visits. In
    the ledger is what the day's key has made of it, another each time."""
    always, ever, ledgers = [None, None], [set(), set()], []
    for visits in range(VISITS_MAX):
        for i, phone in enumerate(phones[:2]):
            words, ledger = memory_after_a_visit(street, phone)
            always[i] = always[i] & words if always[i] else words
            ever[i] |= words
            ledgers.append(ledger)
        told = (always[0] - ever[1]) | (always[1] - ever[0])
        if visits and not told:
            break
    assert told == set()
    assert len(always[0] & always[1]) > 10000
    assert [len(ledger) for ledger in ledgers] == [1] * len(ledgers)
    assert len(set().union(*ledgers)) == len(ledgers)
