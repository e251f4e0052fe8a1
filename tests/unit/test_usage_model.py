# SPDX-License-Identifier: GPL-3.0-or-later
"""Random days of people, told to netctl's counting and to a model of the rules:
without noise both say the same, whichever process is killed whenever. And what
clocks and power cuts do to days.
"""
import collections
import contextlib
import datetime
import os
import random
import signal
import sqlite3
import subprocess
import time

import pytest

from usagemodel import LANGUAGES, PLATFORMS, Model

TZ = "Europe/Berlin"
ZONES = ["guest", "lobby", "pool"]
START_S = int(datetime.datetime(
    2026, 10, 23, 22, 0, tzinfo=datetime.timezone.utc).timestamp())
HOUR_MS = 3_600_000


class Driver:
    """usagedriver, and what it has told."""

    def __init__(self, build, profile="hours", lives="", noise=False):
        self.path = f"/dev/shm/stadttor-model-{os.getpid()}-{id(self)}"
        self.args = [build / "golden" / "usagedriver", self.path, lives,
                     profile, *ZONES]
        self.env = dict(os.environ, TZ=TZ, **({"NOISE": "1"} if noise else {}))
        self.clock, self.sessions = None, {}
        self.last, self.cells = 0, []
        self.kills = 0
        self.store = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env=self.env)

    def tell(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()
        for line in lines:
            assert self.process.stdout.readline() == "ok\n", line
            if line.startswith("clock"):
                self.clock = line

    def tell_and_kill(self, lines, after_s):
        """How many of them it has said ok to."""
        self.process.stdin.write("".join(line + "\n" for line in lines))
        self.process.stdin.flush()
        time.sleep(after_s)
        self.process.send_signal(signal.SIGKILL)
        said, _ = self.process.communicate()
        for line in lines[:said.count("ok\n")]:
            if line.startswith("clock"):
                self.clock = line
        self.kills += 1
        return said.count("ok\n")

    def restart(self, sessions):
        """A start of netctl: it finds the sessions in the kernel."""
        self.start()
        self.tell(*filter(None, [self.clock]))
        for (zone, name), (up, down) in sessions.items():
            self.tell(f"open {zone} {name} {up} {down}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def fetch(self, committed=None):
        """All cells that wait."""
        while True:
            committed = self.last if committed is None else committed
            self.process.stdin.write(f"next {self.last} {committed}\n")
            self.process.stdin.flush()
            lines = list(iter(self.process.stdout.readline, "ok\n"))
            if not lines:
                return self.cells
            for line in lines:
                _, seq, _, start, metric, zone, hours, value, *_ = line.split()
                assert int(seq) == self.last + 1
                self.last = int(seq)
                self.cells.append((int(start), metric, zone, int(hours),
                                   int(value)))
            committed = self.store.take(lines) if self.store else self.last

    def close(self):
        self.kill()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


class Store:
    """The portal's side: the same figures in a database, killed as often."""

    def __init__(self, build, path, rng):
        self.args = [build / "golden" / "intakedriver", path]
        self.path, self.rng = path, rng
        self.kills = self.after = self.committed = 0
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
        """An answer, told until it is committed. What may be forgotten."""
        last = int(lines[-1].split()[1])
        while self.committed < last:
            self.process.stdin.write("".join(lines))
            self.process.stdin.flush()
            if self.rng.random() < 0.3:
                time.sleep(self.rng.uniform(0, 0.003))
                self.close()
                self.kills += 1
                self.start()
            else:
                self.hear()
        return self.committed

    def sums(self):
        self.close()
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return {(name, "-" if zone == "" else zone): value
                    for name, zone, value in db.execute(
                "SELECT metrics.name, zones.name, sum(value) FROM cells"
                " JOIN metrics ON metrics.id = metric"
                " JOIN zones ON zones.id = zone GROUP BY 1, 2")}

    def close(self):
        self.process.kill()
        self.process.wait()


class Town:
    """People who come, use the network and go; tells both sides of it."""

    def __init__(self, seed, devices, build, killed=0.0):
        self.rng = random.Random(seed)
        self.model = Model(ZONES, TZ)
        self.driver = Driver(build)
        self.devices, self.killed = devices, killed
        self.lines, self.sessions = [], {}
        self.boot_ms = 5_000_000
        self.pass_time(0)

    def say(self, *words):
        self.lines.append(" ".join(map(str, words)))

    def flush(self):
        lines, self.lines = self.lines, []
        while lines and self.rng.random() < self.killed:
            done = self.driver.tell_and_kill(lines,
                                             self.rng.uniform(0, 0.004))
            lines = lines[done:]
            self.driver.restart(self.sessions)
        for i in range(0, len(lines), 500):
            self.driver.tell(*lines[i:i + 500])

    def pass_time(self, minutes):
        self.boot_ms += minutes * 60_000
        wall_ms = START_S * 1000 + self.boot_ms - 5_000_000
        self.say("clock", self.boot_ms, wall_ms)
        self.model.clock(wall_ms)
        self.flush()
        if self.rng.random() < 0.05:
            self.driver.fetch()

    def arrive(self, zone, name):
        if (zone, name) in self.sessions:
            return
        platform = self.rng.randrange(len(PLATFORMS))
        if self.rng.random() < 0.95:
            self.say("shown", zone, name, platform)
            self.model.show(zone, name, platform)
        if self.rng.random() < 0.2:
            return
        language = self.rng.choice([*LANGUAGES, "xx", "tlh"])
        self.say("accept", zone, name, language)
        self.model.accept(zone, name, language)
        self.flush()
        self.sessions[zone, name] = (0, 0)
        self.say("begin", zone, name)
        self.model.begin(zone, name)
        self.flush()

    def use(self, zone, name):
        up, down = self.sessions[zone, name]
        heavy = 200 if name % 17 == 0 else 1
        if self.rng.random() < 0.7:
            up += self.rng.randrange(200_000 * heavy)
            down += self.rng.randrange(2_000_000 * heavy)
        self.say("count", zone, name, up, down)
        self.model.count(zone, name, up, down)
        self.sessions[zone, name] = (up, down)

    def leave(self, zone, name):
        up, down = self.sessions[zone, name]
        reason = self.rng.choice([1, 2, 2, 3, 4, 5])
        self.say("end", zone, name, up, down, reason)
        self.model.end(zone, name, up, down, reason)
        self.flush()
        del self.sessions[zone, name]

    def live(self, minutes, busy):
        for _ in range(busy):
            zone = self.rng.choices([0, 1, 2], [70, 27, 3])[0]
            self.arrive(zone, self.rng.randrange(self.devices))
        for zone, name in self.sessions:
            self.use(zone, name)
        self.say("peak")
        self.model.peak(self.sessions)
        self.flush()
        for key in self.rng.sample(list(self.sessions),
                                   len(self.sessions) // 4):
            self.leave(*key)
        self.pass_time(minutes)

    def close_all(self):
        """So long that every cell is told."""
        for _ in range(10 * 24):
            self.pass_time(60)
        return {(start, metric, zone): value
                for start, metric, zone, _, value in self.driver.fetch()
                if value}


def play(town, days, busy):
    for step in range(days * 24 * 2):
        hour = step // 2 % 24
        town.live(30, int(busy * (0.05 if hour < 6 else 1)
                          * town.rng.random()))


@pytest.mark.parametrize("seed,devices,days,busy", [
    (1, 400, 9, 12), pytest.param(2, 5000, 12, 120, marks=pytest.mark.full)])
def test_random_days(plain_build, seed, devices, days, busy):
    """Over the end of summer time and of a month: every cell is right."""
    town = Town(seed, devices, plain_build)
    try:
        play(town, days, busy)
        assert town.close_all() == town.model.told()
        for start, metric, zone, hours, _ in town.driver.cells:
            assert hours <= 25 if metric in ("visitors", "onlookers") else True
    finally:
        town.driver.close()


@pytest.mark.parametrize("seed,days,killed", [
    (3, 9, 0.03), pytest.param(4, 6, 0.1, marks=pytest.mark.full)])
def test_killed_whenever(plain_build, tmp_path, seed, days, killed):
    """Devices are counted once, whatever is killed; bytes never too often."""
    town = Town(seed, 150, plain_build, killed)
    store = town.driver.store = Store(plain_build, tmp_path / "usage.sqlite",
                                      town.rng)
    try:
        play(town, days, 8)
        town.killed = 0
        told, wanted = town.close_all(), town.model.told()
        assert town.driver.kills > 20 and store.kills > 3
        for key in set(told) | set(wanted):
            metric = key[1]
            if metric.startswith(("bytes", "peak")):
                assert told.get(key, 0) <= wanted.get(key, 0), key
            elif not metric.startswith("dwell"):
                assert told.get(key, 0) == wanted.get(key, 0), key
        sums = collections.Counter()
        for (_, metric, zone), value in told.items():
            sums[metric, zone] += value
        assert {k: v for k, v in store.sums().items() if v} == dict(sums)
        dwell = sum(v for (m, _), v in sums.items() if m.startswith("dwell"))
        assert dwell == sum(v for (m, _), v in sums.items()
                            if m == "visitors")
    finally:
        town.driver.close()
        store.close()


# --- which cells there are, and when --------------------------------------

def clock(boot_ms, wall_s):
    return f"clock {boot_ms} {int(wall_s * 1000)}"


def keys(cells):
    return [(start, metric, zone) for start, metric, zone, *_ in cells]


def test_the_same_cells_with_and_without_people(build):
    """Zones, hours and labels are all told, zeros too."""
    quiet, busy = Driver(build), Driver(build)
    try:
        for hour in range(49):
            line = clock(1_000_000 + hour * HOUR_MS, START_S + hour * 3600)
            quiet.tell(line)
            busy.tell(line, *(f"begin 0 {hour * 7 + n}" for n in range(7)),
                      "shown 1 9999 2", "peak")
        assert keys(quiet.fetch()) == keys(busy.fetch())
        hours = [k for k in keys(quiet.cells) if k[1] == "online"]
        assert len(hours) == 48 * len(ZONES)
    finally:
        quiet.close()
        busy.close()


def test_profile_days(build):
    """No hours."""
    driver = Driver(build, "days")
    try:
        for hour in range(49):
            driver.tell(clock(1_000_000 + hour * HOUR_MS,
                              START_S + hour * 3600))
        metrics = {m for _, m, _ in keys(driver.fetch())}
        assert {"visitors", "onlookers"} <= metrics and "online" not in metrics
    finally:
        driver.close()


def days_of(driver):
    return sorted({start for start, metric, _ in keys(driver.fetch())
                   if metric == "visitors"})


def test_a_clock_that_jumps_closes_no_more_days(build):
    """59 minutes a second for an hour closed 147 days."""
    driver = Driver(build)
    try:
        wall_s = START_S
        for second in range(3600):
            driver.tell(clock(1_000_000 + second * 1000, wall_s))
            wall_s += 59 * 60
        assert len(days_of(driver)) == 1  # the first of the boot
        hours = {start for start, metric, _ in keys(driver.cells)
                 if metric == "online"}
        assert len(hours) <= 3
    finally:
        driver.close()


def test_a_day_ends_after_26_hours_at_the_latest(build):
    """Whatever the clock says: it stands still, or nobody was there."""
    driver = Driver(build)
    try:
        driver.tell(clock(1_000_000, START_S + 7200), "begin 0 1")
        for minute in range(25 * 60):
            driver.tell(clock(1_000_000 + minute * 60_000, START_S + 7200))
        assert not days_of(driver)
        driver.kill()
        driver.start()
        # 1970: the boot's own time has to do
        driver.tell(clock(1_000_000 + 27 * HOUR_MS, 27 * 3600))
        assert len(days_of(driver)) == 1
        assert ("visitors", 1) in [(m, v) for _, m, _, _, v in driver.cells]
        image = open(driver.path, "rb").read()
        key = image[24:40]
        assert key == bytes(16)
        driver.tell("begin 0 2")  # nobody knows which day this is
        driver.tell(clock(1_000_000 + 28 * HOUR_MS, START_S + 28 * 3600))
        driver.tell(clock(1_000_000 + 55 * HOUR_MS, START_S + 55 * 3600))
        assert sum(v for _, m, _, _, v in driver.cells if m == "visitors") == 1
    finally:
        driver.close()


def test_boot_in_1970(build):
    """Nothing is counted before the time is known."""
    driver = Driver(build)
    try:
        driver.tell(clock(60_000, 60), "begin 0 1", clock(7_200_000, 7200))
        assert driver.fetch() == []
        driver.tell(clock(7_260_000, START_S), "begin 0 2",
                    clock(7_260_000 + 25 * HOUR_MS, START_S + 25 * 3600))
        assert sum(v for _, m, _, _, v in driver.fetch()
                   if m == "visitors") == 1
    finally:
        driver.close()


@pytest.mark.parametrize("cuts,told", [(0, 1), (1, 1), (2, 0), (3, 0)])
def test_three_lives_of_a_day(build, tmp_path, cuts, told):
    """The third time that a day begins nothing is counted; the next day is
    another."""
    lives = tmp_path / "lives"
    for life in range(cuts + 1):
        driver = Driver(build, lives=str(lives))
        try:
            driver.tell(clock(1_000_000, START_S + life * 3600), "begin 0 1")
            assert lives.read_text() == f"20261024 0{min(life + 1, 2)}\n"
            if life < cuts:
                continue  # the ledger is gone, as after a power cut
            span_s = 86460 - life * 3600
            driver.tell(clock(1_000_000 + span_s * 1000, START_S + 86460))
            assert sum(v for _, m, _, _, v in driver.fetch()
                       if m == "visitors") == told
            assert lives.read_text() == "20261025 01\n"
        finally:
            driver.close()


def test_week_ends_on_sunday_and_with_the_month(build):
    """And says how many of its hours it covers."""
    driver = Driver(build)  # a Saturday
    try:
        for hour in range(24 * 24):
            driver.tell(clock(1_000_000 + hour * HOUR_MS,
                              START_S + hour * 3600))
            driver.fetch()
        weeks = [(datetime.datetime.fromtimestamp(
            start, datetime.timezone.utc).day, hours)
            for start, metric, _, hours, _ in driver.fetch()
            if metric == "dwell_5"]
        # UTC is behind; 25 October has 25 hours; November begins on a Sunday
        assert weeks == [(18, 49), (25, 144), (31, 24), (1, 168), (8, 168)]
    finally:
        driver.close()


def test_noise_is_drawn_once(build):
    """A netctl that is killed and starts anew does not average it away."""
    driver = Driver(build, noise=True)
    try:
        driver.tell(clock(1_000_000, START_S), "begin 0 1")
        before = open(driver.path, "rb").read()
        for _ in range(5):
            driver.kill()
            driver.restart({})
        assert open(driver.path, "rb").read() == before
    finally:
        driver.close()
