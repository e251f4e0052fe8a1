# SPDX-License-Identifier: GPL-3.0-or-later
"""What a city costs a box and its store, and how long a tap takes to be known
elsewhere: real boxes, hub and store, with the polls of a city. Rows of city."""
import contextlib
import os
import random
import statistics
import time

import citystore
import city as keys_of
import citytown
import gate
import ipc
import lab
import traffic

POLL_S = 2
DAY_S, GRANTS_A_DAY = 86400, 1.04e6
WARM = 3200  # of a page of its own, so that buffers have grown before
TESTER = "user tester on >tester ~* &* +@all\n"


@contextlib.contextmanager
def a_town(boxes):
    citytown.POLL = f"{POLL_S}s"
    town = citytown.Town("bench-", boxes=boxes, acl=TESTER,
                         portal={"network": "Stadt"},
                         guest={"idle": "0", "max_sessions": 1000})
    try:
        town.found()
        for box in town.boxes:
            box.join()
            box.start()
        lab.wait_until(lambda: {s["state"] for s in town.sites()} == {"ok"},
                       60, every=0.2, say="not all boxes are well")
        yield town
    finally:
        town.close()


def grants(box):
    with ipc.Peer(box.stadttor.socket, "root") as peer:
        return peer.city()["grants"]


# --- from a tap to the others -----------------------------------------------

def known(quick):
    """Taps at random moments at one box; when the other counts so many."""
    count = 20 if quick else 200
    with a_town(2) as town:
        here, there = town.boxes
        told, heard = [], []
        phones = here.street.crowd(count)
        due = time.monotonic()
        while len(heard) < count:
            now = time.monotonic()
            if len(told) < count and now >= due:
                if traffic.tap(phones[len(told)]).status != 303:
                    raise RuntimeError("a tap is refused")
                told.append(time.monotonic())
                due = now + random.uniform(0, 2 * POLL_S / 10)
            seen = grants(there)
            heard += [time.monotonic()] * (seen - len(heard))
            if now - told[-1] > 60:
                raise RuntimeError(f"of {count} taps {seen} are known")
            time.sleep(0.005)
    took = sorted(b - a for a, b in zip(told, heard))
    what = f"accept at A → known at B, polls of {POLL_S} s, of {count}"
    return [("known", f"{what}, p50", statistics.median(took), "s", None),
            ("known", f"{what}, p99", took[count * 99 // 100], "s", 3)]


# --- what a box has and hears -----------------------------------------------

def anonymous_kb(box):
    """Of both programs; what is mapped of files is there anyway."""
    found = 0
    for process in box.stadttor.process.values():
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            found += sum(int(line.split()[1]) for line in file
                         if line.startswith("RssAnon"))
    return found


def on_the_line(box):
    """Bytes of both directions, with all headers."""
    names = [f"/sys/class/net/store/statistics/{way}_bytes"
             for way in ("rx", "tx")]
    return sum(int(n) for n in box.street.gate.run(
        "unshare", "-m", "sh", "-c", "mount -t sysfs sysfs /sys && cat "
        + " ".join(names)).stdout.split())


def feed(town, box, count, first=0):
    """Records of so many devices, as the hub hands them on."""
    keys = keys_of.Keys.read(os.path.join(box.stadttor.folder, "city"))
    today = keys_of.day_of(time.time(), keys.shift_s)
    keys, client = keys.of(today), town.tester()
    for at in range(first, first + count, 32):
        records = b"".join(
            keys.record("02:00:" + ":".join(
                f"{n >> shift & 255:02x}" for shift in (24, 16, 8, 0)))
            for n in range(at, min(at + 32, first + count)))
        client("XADD", f"g:{today}", "*", "r", records)


def box(quick):
    count, rest_s = (2000, 10) if quick else (20000, 60)
    with a_town(1) as town:
        one = town.boxes[0]
        feed(town, one, WARM)
        lab.wait_until(lambda: grants(one) == WARM, 30, every=0.1)
        before = on_the_line(one)
        time.sleep(rest_s)
        idle = (on_the_line(one) - before) / rest_s
        kb, before, start = anonymous_kb(one), on_the_line(one), \
            time.monotonic()
        feed(town, one, count, WARM)
        lab.wait_until(lambda: grants(one) == WARM + count, 120, every=0.5,
                       say="the box does not take the records")
        heard = on_the_line(one) - before - idle * (time.monotonic() - start)
        kb = anonymous_kb(one) - kb
    return [("box", f"memory for 10,000 grants, of {count}",
             kb / 1000 * 10000 / count, "MB", 0.2),
            ("box", "traffic of a day without a grant, both ways with all "
             "headers", idle * DAY_S / 1e6, "MB", None),
            ("box", "the same with 1.04 million of grants",
             (idle * DAY_S + heard / count * GRANTS_A_DAY) / 1e6, "MB", 50)]


# --- what the store has to do -----------------------------------------------

def store(folder, make_city, quick):
    """Polls as boxes make them; one after the other, which is dearest."""
    boxes, rounds = (50, 20) if quick else (200, 50)
    city = make_city(folder, [f"box-{i:05d}" for i in range(boxes)])
    today = city.today()
    city.root("XADD", f"g:{today}", "*", "r", bytes(512))
    last = city.root("XREVRANGE", f"g:{today}", "+", "-", "COUNT", "1")[0][0]
    clients = [citystore.Client(city.store, f"box-{s}") for s in city.sites]
    polls = [("XREAD", "COUNT", "100", "STREAMS", f"g:{today - 1}",
              f"g:{today}", f"k:{s}", f"c:{s}", "v", "0", last, "0", "0", "0")
             for s in city.sites]
    before = worked(city.store.process.pid)
    for _ in range(rounds):
        for client, words in zip(clients, polls):
            client(*words)
    each = (worked(city.store.process.pid) - before) / rounds / boxes
    for client in clients:
        client.close()
    city.close()
    return [("store", "a poll of a box, time of the processor", each * 1e6,
             "µs", None),
            ("store", f"of a core, with 10,000 boxes and polls of {POLL_S} s",
             each * 10000 / POLL_S * 100, "%", 25)]


def worked(pid):
    """Seconds of the processor, in the kernel as well."""
    with open(f"/proc/{pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[0]) / 1e9
