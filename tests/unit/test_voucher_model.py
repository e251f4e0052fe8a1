# SPDX-License-Identifier: GPL-3.0-or-later
"""Vouchers against a model, through restarts and kill -9 before any write.

What was said is true ever after; what a kill has cut short happened as a whole
or not at all. Of each code the model keeps every state that it may be in; an
answer leaves those that explain it, and one at least has to be left.
"""
import collections
import contextlib
import random
import sqlite3
import subprocess

import pytest

STEPS = 250
CUTS = 200
ZONES = "market", "station"
MONTH = 30 * 86400

Batch = collections.namedtuple("Batch", "id count length devices until zone")
# ends: None: not begun. gone: deleted, which only those that are over may be
State = collections.namedtuple("State", "ends revoked gone")


class Driver:
    def __init__(self, program, folder):
        self.args = [program, folder / "vouchers.sqlite", folder / "key"]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            self.args, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def send(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()

    def ask(self, *words):
        self.send(*words)
        answer = self.process.stdout.readline()
        assert answer.endswith("\n"), words
        return answer.split()

    def ask_and_kill(self, writes, *words):
        """Killed instead of that change of a file; None: no answer before. If
        it makes fewer, it is killed after its answer."""
        self.ask("die", 0, writes)
        self.send(*words)
        answer = self.process.stdout.readline()
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.start()
        return answer.split() if answer.endswith("\n") else None

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(20) == 0
        self.process.stdout.close()


class Code:
    def __init__(self, batch):
        self.batch = batch
        self.states = {State(None, False, False)}
        self.tag = None
        self.first_fine = None  # since it was last as new

    def answers(self, s, now, zone):
        b = self.batch
        if s.gone:
            return ["unknown"]
        if s.revoked:
            return ["revoked"]
        if now >= b.until:
            return ["expired"] if s.ends is None else ["expired", "used_up"]
        if s.ends is not None and now >= s.ends:
            return ["used_up"]
        return ["fine"] if b.zone in ("-", zone) else ["zone"]

    def begun(self, s, now):
        """The state after a redeem that is fine."""
        if s.ends is not None:
            return s
        full = -(-(now + self.batch.length) // 60) * 60
        return s._replace(ends=min(full, self.batch.until))

    def explain(self, states, what):
        assert states, (what, self.batch, self.states)
        self.states = states


def ask_database(folder, sql):
    with contextlib.closing(sqlite3.connect(folder / "vouchers.sqlite")) as db:
        return db.execute(sql).fetchall()


def halves(folder):
    """Batches that were made by half. Used codes that are gone are counted."""
    return ask_database(
        folder, "SELECT * FROM batches b WHERE count != gone +"
        " (SELECT count(*) FROM codes WHERE batch = b.id)")


class World:
    """One portal, and one command line that works beside it."""

    def __init__(self, driver, folder, seed):
        self.portal = Driver(driver, folder)
        self.operator = Driver(driver, folder)
        self.chance = random.Random(seed)
        self.now = 1_800_000_000
        self.codes = {}
        self.batches = {}
        self.folder = folder
        self.lost = []  # counts of batches whose codes nobody was told
        self.created = 0
        # of the portal's process that runs now; id: code, passes given to
        # others, has the first one failed?
        self.passes = {}
        self.seen = collections.Counter()

    def clock(self):
        self.now += self.chance.choices(
            [0, 1, 5, 59, 60, 61, 600, 3600, 3 * 3600, 86400, 2 * MONTH],
            [40, 20, 20, 10, 10, 10, 20, 10, 4, 3, 1])[0]

    def ask(self, driver, *words):
        """None: killed before it was said."""
        self.was_killed = self.chance.random() < 0.25
        if not self.was_killed:
            return driver.ask(*words)
        if driver is self.portal:
            self.passes = {}
        self.seen["kill"] += 1
        answer = driver.ask_and_kill(self.chance.randrange(1, 12), *words)
        self.seen["unanswered"] += answer is None
        return answer

    # --- what an operator does ---------------------------------------------
    def create(self):
        count = self.chance.randrange(1, 6)
        minutes = self.chance.choice([1, 7, 60, 480])
        valid = self.chance.choice([90, 3600, 86400, 90 * 86400])
        zone = self.chance.choice(["-", "-", *ZONES])
        answer = self.ask(self.operator, "create", self.now, count, minutes,
                          count, valid, zone)
        self.may_forget()
        if answer is None:
            self.lost.append(count)
            return
        assert answer[0] != "error" and len(answer) == count + 1
        batch = Batch(int(answer[0]), count, minutes * 60, count,
                      self.now + valid, zone)
        assert batch.id not in self.batches
        self.batches[batch.id] = batch
        for code in answer[1:]:
            assert code not in self.codes
            self.codes[code] = Code(batch)

    def may_forget(self):
        """Codes that have been over for a month may be deleted."""
        for code in self.codes.values():
            before = self.now - MONTH
            for s in list(code.states):
                if code.batch.until <= before or \
                        (s.ends is not None and s.ends <= before):
                    code.states.add(s._replace(gone=True))

    def revoke(self, whole):
        if not self.codes:
            return
        name = self.chance.choice(list(self.codes))
        batch = self.codes[name].batch
        of = [c for n, c in self.codes.items()
              if (c.batch is batch if whole else n == name)]
        answer = self.ask(self.operator, "revoke", self.now,
                          batch.id if whole else name)
        for c in of:
            after = {s if s.gone else s._replace(revoked=True)
                     for s in c.states}
            c.states = c.states | after if answer is None else after
        if not answer:
            return
        if answer[0] == "error":
            assert answer[1] == "-2"
            assert any(s.gone for c in of for s in c.states)
            for c in of:
                c.states = {s for s in c.states if s.gone}
            return
        running = {c.tag for c in of if all(
            s.ends is not None and s.ends > self.now for s in c.states)}
        # a tag may be unknown where a kill has cut the answer off
        assert running - {None} <= {int(t) for t in answer[1:]}
        for c in of if not whole else []:
            c.explain({s for s in c.states if not s.gone}, answer)

    # --- what people do ------------------------------------------------------
    def redeem(self):
        if not self.codes or self.chance.random() < 0.05:
            answer = self.ask(self.portal, "redeem", self.now, "2222222222",
                              ZONES[0])
            # before any was made there is no file to look into
            assert answer in (None, ["unknown"]) or \
                (not self.codes and answer == ["unavailable"])
            return
        zone = self.chance.choice(ZONES)
        fine = [n for n, c in self.codes.items() if any(
            "fine" in c.answers(s, self.now, zone) for s in c.states)]
        again = [n for n, c in self.codes.items()
                 if c in [p[0] for p in self.passes.values()]]
        if again and self.chance.random() < 0.4:
            name = self.chance.choice(again)
        elif fine and self.chance.random() < 0.6:
            name = self.chance.choice(fine[-6:])
        else:
            name = self.chance.choice(list(self.codes)[-12:])
        c = self.codes[name]
        answer = self.ask(self.portal, "redeem", self.now, name, zone)
        if answer is None:
            c.states |= {c.begun(s, self.now) for s in c.states
                         if "fine" in c.answers(s, self.now, zone)}
            return
        self.seen[answer[0]] += 1
        c.explain({s for s in c.states
                   if answer[0] in c.answers(s, self.now, zone)},
                  (answer, self.now, zone))
        if answer[0] == "fine":
            self.let_in(c, *map(int, answer[1:]))

    def let_in(self, c, left, tag, is_first, number):
        c.explain({c.begun(s, self.now) for s in c.states
                   if (s.ends is None) == is_first and
                   min(c.begun(s, self.now).ends - self.now,
                       c.batch.length) == left},
                  (left, is_first, self.now))
        assert c.tag in (None, tag) and tag != 0
        c.tag = tag
        if is_first:
            c.first_fine = self.now
        if is_first and not self.was_killed:
            self.passes[number] = [c, 0, False]
        elif number in self.passes:
            self.passes[number][1] += 1
        # said once more without the model's help
        assert 0 < left <= c.batch.length and self.now + left <= c.batch.until
        if c.first_fine is not None:
            assert self.now + left < c.first_fine + c.batch.length + 60

    def take_back(self):
        if not self.passes:
            return
        number = self.chance.choice(list(self.passes)[-3:])
        self.take_one_back(number)
        while number in self.passes and self.chance.random() < 0.7:
            self.take_one_back(number)

    def take_one_back(self, number):
        c, others, has_failed = self.passes[number]
        is_first = not has_failed and self.chance.random() < 0.6
        if not is_first and not others:
            return
        answer = self.ask(self.portal, "take_back", self.now, number,
                          int(is_first))
        has_failed |= is_first
        others -= not is_first
        if not self.was_killed:
            self.passes[number] = [c, others, has_failed]
        if not has_failed or others:
            return
        self.passes.pop(number, None)
        self.seen["taken back"] += answer is not None
        # one that is over may have been written down as that
        after = {s._replace(ends=None) for s in c.states if not s.gone}
        if answer is None or any(s.ends is not None and s.ends <= self.now
                                 for s in c.states):
            after |= c.states
        c.states = after
        c.first_fine = c.tag = None

    # --- how it is -------------------------------------------------------------
    def statistics(self):
        if not self.batches:
            return
        answer = list(map(int, self.operator.ask("statistics", self.now)))
        if not answer:
            return
        created, used, active, expired, revoked = answer
        assert max(used, active, expired, revoked) <= created
        told = sum(b.count for b in self.batches.values())
        assert created <= told + sum(self.lost)
        kept = sum(b.count for b in self.batches.values()
                   if b.until > self.now - MONTH)
        assert created >= kept  # none is lost
        sure = sum(all(s.ends is not None and s.ends > self.now and
                       not s.revoked for s in c.states)
                   for c in self.codes.values())
        assert active >= sure
        self.seen["statistics"] += 1
        assert not halves(self.folder)

    def restart(self):
        self.passes = {}
        self.portal.stop()
        self.portal.start()

    def step(self):
        self.clock()
        self.chance.choices(
            [self.create, self.redeem, self.take_back, self.statistics,
             self.restart, lambda: self.revoke(False),
             lambda: self.revoke(True)],
            [8, 65, 18, 4, 2, 4, 1])[0]()


def run(driver, folder, seed):
    world = World(driver, folder, seed)
    try:
        for _ in range(STEPS):
            world.step()
    finally:
        world.portal.process.kill()
        world.operator.process.kill()
    return world.seen


@pytest.mark.parametrize("seeds", [
    range(1, 3), pytest.param(range(3, 9), marks=pytest.mark.full)])
def test_model(build, tmp_path, seeds):
    seen = collections.Counter()
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        seen += run(build / "golden" / "voucherdriver", folder, seed)
    print(dict(seen))
    # it has been everywhere
    for what in "used_up", "expired", "revoked", "zone", "unknown", \
            "taken back", "statistics":
        assert seen[what], seen
    assert seen["fine"] > 40 and seen["kill"] > 75
    assert seen["unanswered"] > 20


def test_kill_while_codes_are_made(build, tmp_path):
    driver = Driver(build / "golden" / "voucherdriver", tmp_path)
    order = "create", 1_800_000_000, 2000, 60, 1, 86400, "-"
    said = driver.ask(*order)[:1]
    writes, kills = 1, 0
    try:
        while len(said) < 4:  # so it has been killed all along the way
            answer = driver.ask_and_kill(writes, *order)
            said += answer[:1] if answer else []
            kills += not answer
            writes += 29
            assert not halves(tmp_path)
    finally:
        driver.process.kill()
    assert kills > 20
    made = {str(n) for n, in ask_database(tmp_path, "SELECT id FROM batches")}
    assert set(said) <= made
    assert ask_database(tmp_path, "PRAGMA integrity_check") == [("ok",)]


def test_power_cut(build, tmp_path):
    """What was acknowledged is there, and of the rest one thing at most."""
    r = subprocess.run([build / "golden" / "vouchercut", tmp_path, str(CUTS),
                        "1"], stdout=subprocess.PIPE, text=True, timeout=120)
    assert r.returncode == 0
    lines = [list(map(int, x.split())) for x in r.stdout.splitlines()]
    assert len(lines) == CUTS and lines[-1][1] > 1000
    late = 0
    for n, said in enumerate(lines):
        folder = tmp_path / str(n)
        if not said[0] and not ask_database(
                folder, "SELECT * FROM sqlite_schema WHERE name = 'codes'"):
            continue  # its first moments
        assert ask_database(folder, "PRAGMA integrity_check") == [("ok",)]
        assert not halves(folder)
        used = [i for i, in ask_database(
            folder, "SELECT id FROM codes WHERE ends_s != 0 ORDER BY id")]
        assert used == list(range(1, len(used) + 1))
        held = [ask_database(folder, "SELECT count(*) FROM batches")[0][0],
                len(used), ask_database(
                    folder, "SELECT count(*) FROM codes WHERE revoked")[0][0]]
        more = [b - a for a, b in zip(said, held)]
        assert sorted(more) in ([0, 0, 0], [0, 0, 1]), (said, held)
        late += sum(more)
    assert late  # else nothing was cut between commit and answer
