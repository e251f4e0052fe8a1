# SPDX-License-Identifier: GPL-3.0-or-later
"""netctl's counting against the model, on random days with thousands of
devices, while the counting process is killed again and again."""
import collections
import contextlib
import itertools
import os
import random
import signal
import sqlite3
import subprocess
import tempfile
import time

import pytest
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from usagemodel import METRICS, RELEASED, Model

TZ = "Europe/Berlin"
ZONES = ["guest", "staff", "lamp"]
START_S = 1792800000  # 2026-10-24, so that a day of 25 hours is among them
LANGUAGES = ["de"] * 60 + ["en"] * 15 + ["tr"] * 10 + ["ar"] * 6 + ["uk"] * 4
RARE = ["ku", "fa", "el", "pl", "ro", "bg", "it", "fr", "es", "ru"]


class Driver:
    """The counting process; what it was told and has not confirmed is told
    again after a kill. Each line may be told twice without being counted
    twice, as netctl tells it; taps alone may not, so no kill meets them."""

    def __init__(self, build, k, zones=ZONES):
        fd, self.path = tempfile.mkstemp(dir="/dev/shm", prefix="stadttor-")
        os.close(fd)
        os.unlink(self.path)
        self.args = [build / "golden" / "usagedriver", self.path, str(k),
                     *zones]
        self.process = None
        self.clock = None  # the last line of that kind that was confirmed
        self.kills = 0
        self.rows, self.labels, self.last = [], [], 0
        self.store = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=dict(os.environ, TZ=TZ))

    def tell(self, lines, kill_after=None):
        """Tells them; killed so many seconds later, if at all. Returns how
        many were confirmed."""
        text = "".join(f"{line}\n" for line in lines)
        self.process.stdin.write(text)
        self.process.stdin.flush()
        if kill_after is None:
            for line in lines:
                assert self.process.stdout.readline() == "ok\n"
                self.note_clock(line)
            return len(lines)
        time.sleep(kill_after)
        self.process.send_signal(signal.SIGKILL)
        said, _ = self.process.communicate()
        self.kills += 1
        self.start()
        done = said.count("ok\n")
        for line in lines[:done]:
            self.note_clock(line)
        self.tell([self.clock])
        return done

    def note_clock(self, line):
        if line.startswith("clock"):
            self.clock = line

    def tell_all(self, lines, rng, kill=False):
        while kill and lines:
            done = self.tell(lines, rng.uniform(0, 0.004))
            lines = lines[done:]
            kill = rng.random() < 0.5
        for i in range(0, len(lines), 500):
            self.tell(lines[i:i + 500])

    def fetch(self, committed):
        """All batches that wait; forgets those up to committed."""
        while True:
            self.process.stdin.write(f"next {self.last} {committed}\n")
            self.process.stdin.flush()
            said = iter(self.process.stdout.readline, "ok\n")
            lines = list(said)
            if self.store:
                committed = self.store.take(lines)
            parts = [line.split() for line in lines]
            if not parts:
                return
            for kind, seq, _, _, start, *rest in parts:
                self.last = int(seq)
                if kind == "row":
                    step, zone, *values = rest
                    self.rows.append((int(start), step, zone, {
                        m: int(v) for m, v in zip(METRICS, values)
                        if v != "0"}))
                else:
                    self.labels.append((int(start), rest[0], rest[1],
                                        int(rest[2])))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.unlink(self.path)


class Store:
    """The portal's side: the same figures in a database, killed as often."""

    def __init__(self, build, path, rng):
        self.args = [build / "golden" / "intakedriver", path]
        self.path, self.rng = path, rng
        self.process = None
        self.kills = 0
        self.after = self.committed = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=dict(os.environ, TZ=TZ))
        self.hear()

    def hear(self):
        _, after, committed = self.process.stdout.readline().split()
        self.after, self.committed = int(after), int(committed)

    def take(self, lines):
        """A batch, told until it is committed. Returns what may be forgotten."""
        if not lines:
            return self.committed
        seq = int(lines[0].split()[1])
        assert seq == self.after + 1
        while self.committed < seq:
            self.process.stdin.write("".join(lines))
            self.process.stdin.flush()
            if self.rng.random() < 0.5:
                time.sleep(self.rng.uniform(0, 0.003))
                self.process.kill()
                self.process.wait()
                self.kills += 1
                self.start()
            else:
                self.hear()
        return self.committed

    def totals(self):
        """What the database holds of all zones and days."""
        self.process.kill()
        self.process.wait()
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            sums = db.execute(
                "SELECT " + ", ".join(f"sum({m})" for m in RELEASED)
                + " FROM days WHERE id & 1023 = 0").fetchone()
        return collections.Counter(dict(zip(RELEASED, sums)))

    def close(self):
        self.process.kill()
        self.process.wait()


class Town:
    """People who come, use the network and go; tells both sides of it."""

    def __init__(self, seed, devices, k, build, killed=0.3):
        """killed: that share of the parts that may be, at first."""
        self.killed = killed
        self.rng = random.Random(seed)
        self.model = Model(ZONES, k, TZ)
        self.driver = Driver(build, k)
        self.devices = devices
        self.lines = []
        self.sessions = {}  # handle -> [zone, device, up, down]
        self.inside = set()  # (zone, device)
        self.handle = 0
        self.boot_ms = 5_000_000

    def say(self, *words):
        self.lines.append(" ".join(map(str, words)))

    def flush(self, kill=False):
        """Taps go by themselves: they alone cannot be told twice."""
        part = []
        for line in [*self.lines, None]:
            if line and not (kill and line.startswith("accept")):
                part.append(line)
                continue
            self.driver.tell_all(part, self.rng,
                                 kill and self.rng.random() < self.killed)
            part = []
            if line:
                self.driver.tell([line])
        self.lines = []

    def pass_time(self, ms):
        self.boot_ms += ms
        wall_ms = START_S * 1000 + self.boot_ms - 5_000_000
        self.say("clock", self.boot_ms, wall_ms)
        self.model.clock(self.boot_ms, wall_ms)

    def arrive(self, device, zone):
        if (zone, device) in self.inside:
            return
        platform = self.rng.choice([0, 1, 1, 2, 2, 2, 3, 4, 5, 6])
        language = self.rng.choice(LANGUAGES if self.rng.random() < 0.98
                                   else RARE)
        if self.rng.random() < 0.95:
            self.say("shown", zone, device, platform)
            self.model.show(zone, device, platform)
        if self.rng.random() < 0.2:
            return
        self.handle += 1
        self.say("accept", zone, device, language)
        self.model.accept(zone, device, language)
        self.say("begin", zone, device, self.handle, self.boot_ms,
                 self.boot_ms + 8 * 3600_000)
        self.model.begin(zone, device, self.handle, self.boot_ms)
        self.sessions[self.handle] = [zone, device, 0, 0]
        self.inside.add((zone, device))

    def use(self, handle):
        s = self.sessions[handle]
        heavy = s[1] % 97 == 0 or s[0] == 2 and s[1] % 3 == 0
        s[2] += self.rng.randrange(200_000 * (50 if heavy else 1))
        s[3] += self.rng.randrange(2_000_000 * (200 if heavy else 1))
        self.say("count", *s[:2], handle, *s[2:])
        self.model.count(handle, *s[2:])

    def leave(self, handle, reason=None):
        zone, device, up, down = self.sessions.pop(handle)
        self.inside.discard((zone, device))
        reason = reason or self.rng.choice([1, 1, 2, 2, 2, 3, 4, 5])
        up += self.rng.randrange(1000)
        self.say("end", zone, device, handle, up, down, reason)
        self.model.end(handle, up, down, reason)

    def live(self, minutes, busy):
        """A stretch of time in which some come, some use it, some go."""
        for _ in range(int(busy)):
            zone = self.rng.choices([0, 1, 2], [70, 27, 3])[0]
            self.arrive(self.rng.randrange(self.devices), zone)
        for handle in self.rng.sample(list(self.sessions),
                                      len(self.sessions) // 3):
            self.use(handle)
        for handle in self.rng.sample(list(self.sessions),
                                      len(self.sessions) // 4):
            self.leave(handle)
        for zone in range(3):
            online = sum(z == zone for z, _ in self.inside)
            self.say("peak", zone, online)
            self.model.peak(zone, online)
        self.pass_time(minutes * 60_000)

    def reopen(self):
        """A start of netctl: it says which sessions the kernel has."""
        self.driver.tell(["open " + " ".join(map(str, self.sessions))])


    def whole_stay(self, zone, device, minutes, reason):
        """Somebody who came so long ago, and goes now."""
        self.handle += 1
        granted_ms = self.boot_ms - minutes * 60_000
        self.say("shown", zone, device, 1)
        self.model.show(zone, device, 1)
        self.say("accept", zone, device, "ku")
        self.model.accept(zone, device, "ku")
        self.say("begin", zone, device, self.handle, granted_ms,
                 self.boot_ms + 3600_000)
        self.model.begin(zone, device, self.handle, granted_ms)
        self.sessions[self.handle] = [zone, device, 10 ** 10, 10 ** 11]
        self.leave(self.handle, reason)


def last_days(town):
    """Two days on which twenty a zone do everything: nothing is left."""
    for handle in list(town.sessions):
        town.leave(handle)
    for _ in range(2):
        for minutes in (1, 6, 20, 40, 90, 150, 300):
            for zone, device, reason in itertools.product(
                    range(3), range(200_000, 200_020), range(1, 6)):
                town.whole_stay(zone, device, minutes, reason)
        town.pass_time(3600_000)
        while town.model.hour != town.model.day:
            town.pass_time(1800_000)
        town.pass_time(3600_000)


def pending(model):
    """What is counted and not released yet."""
    left = collections.Counter()
    for zone in model.zones:
        left.update(zone.value)
    return left


def released(rows):
    total = collections.Counter()
    for _, _, _, values in rows:
        total.update({m: v for m, v in values.items() if m in RELEASED})
    return total


def without_zeros(rows):
    return [(start, step, zone, {m: v for m, v in values.items() if v})
            for start, step, zone, values, _ in rows]


# Sanitizers make a start, of which there are hundreds, cost what a day costs.
@pytest.mark.parametrize("seed,k,devices,days,killed,with_sanitizers", [
    pytest.param(1, 5, 10_000, 4, 0.3, False, marks=pytest.mark.full),
    pytest.param(2, 3, 600, 2, 0.3, True, marks=pytest.mark.full),
    pytest.param(3, 20, 10_000, 3, 0.3, False, marks=pytest.mark.full),
    (4, 5, 300, 1, 0.05, False)])
def test_random_days(build, plain_build, tmp_path, seed, k, devices, days,
                     killed, with_sanitizers):
    build = build if with_sanitizers else plain_build
    town = Town(seed, devices, k, build, killed)
    driver, model, rng = town.driver, town.model, town.rng
    store = driver.store = Store(build, tmp_path / "usage.sqlite", rng)
    try:
        town.pass_time(0)
        for step in range(days * 24 * 3):
            hour = (step // 3 + 2) % 24
            busy = devices / 40 * (0.02 if hour < 6 else 1) * rng.random()
            town.live(20, busy)
            town.flush(kill=rng.random() < 0.4)
            if rng.random() < 0.1:
                town.reopen()
            if rng.random() < 0.1:
                driver.fetch(store.committed)
        last_days(town)
        town.flush(kill=True)
        driver.fetch(store.committed)
        print(driver.kills, store.kills, "kills")
        assert driver.kills > 100 and store.kills > 3
        assert driver.rows == without_zeros(model.rows)
        assert sorted(driver.labels) == sorted(model.labels)
        for start, _, zone, values, by in model.rows:
            for metric, devices_of in by.items():
                assert len(devices_of) >= k, (start, zone, metric)
        assert +pending(model) == collections.Counter()
        assert released(driver.rows) == model.truth
        assert +store.totals() == model.truth
        assert len({start for start, step, *_ in driver.rows
                    if step == "day"}) >= days
    finally:
        driver.close()
        store.close()


def crowd_of_five(driver, boot_ms, first_handle):
    """Five devices begin sessions at that moment."""
    driver.tell([f"begin 0 {n} {first_handle + n} {boot_ms} {boot_ms + 10**9}"
                 for n in range(5)])


def starts(driver):
    driver.fetch(0)
    return [(start, step, values.get("sessions", 0))
            for start, step, _, values in driver.rows]


def test_boot_in_1970(build):
    """Hours before the time is known are placed once it is."""
    driver = Driver(build, 5)
    minute = 60_000
    try:
        driver.tell(["clock 60000 60000"])
        crowd_of_five(driver, minute, 100)
        driver.tell([f"clock {61 * minute} {61 * minute}"])
        crowd_of_five(driver, 61 * minute, 200)
        driver.tell([f"clock {121 * minute} {121 * minute}"])
        assert starts(driver) == []  # they wait for the time
        driver.process.kill()
        driver.process.wait()
        driver.start()
        boot_s = START_S + 12 * 3600  # a round local hour
        driver.tell([f"clock {125 * minute} {boot_s * 1000 + 125 * minute}"])
        crowd_of_five(driver, 125 * minute, 300)
        driver.tell([f"clock {181 * minute} {boot_s * 1000 + 181 * minute}"])
        assert starts(driver) == [(boot_s, "hour", 5),
                                  (boot_s + 3600, "hour", 5),
                                  (boot_s + 7200, "hour", 5)]
    finally:
        driver.close()


def test_time_stays_unknown(build):
    """After two days figures go out without a time."""
    driver = Driver(build, 5)
    hour = 3_600_000
    try:
        driver.tell(["clock 60000 60000"])
        crowd_of_five(driver, 60_000, 100)
        for n in range(1, 49):
            driver.tell([f"clock {n * hour} {n * hour}"])
        assert starts(driver) == []
        driver.tell([f"clock {49 * hour} {49 * hour}"])
        driver.fetch(0)
        assert driver.rows[0][0] == 0 and driver.rows[0][3]["sessions"] == 5
    finally:
        driver.close()


def test_clock_goes_back_and_forth(build):
    """Nothing is counted twice and nothing is lost, whatever it shows."""
    driver = Driver(build, 5)
    steps = [0, 1, 2, 2.5, 2.4, 1.9, 2.9, 3, 3.5, 30, 3.6, 3.7, 5, 4.9, 6, 7]
    try:
        for i, hours in enumerate(steps):
            boot_ms = 1_000_000 + i * 30_000
            driver.tell([f"clock {boot_ms} "
                         f"{START_S * 1000 + int(hours * 3_600_000)}"])
            crowd_of_five(driver, boot_ms, 1000 * i + 1)
            driver.tell([f"end 0 {n} {1000 * i + 1 + n} 0 0 4"
                         for n in range(5)])
        driver.tell([f"clock 9000000 {START_S * 1000 + 30_000_000}"])
        driver.tell([f"clock 9900000 {START_S * 1000 + 36_000_000}"])
        assert sum(n for _, step, n in starts(driver)) == 5 * len(steps)
    finally:
        driver.close()


def test_the_model_itself_can_fail(build):
    """A driver that counts one person twice is found out."""
    town = Town(9, 50, 3, build)
    try:
        town.pass_time(0)
        for _ in range(6):
            town.live(20, 30)
        town.flush()
        town.driver.tell(["accept 0 7 de"])  # which the model did not see
        last_days(town)
        town.flush()
        town.driver.fetch(0)
        assert town.driver.rows != without_zeros(town.model.rows)
        assert released(town.driver.rows)["accepted"] == \
            town.model.truth["accepted"] + 1
    finally:
        town.driver.close()
