# SPDX-License-Identifier: GPL-3.0-or-later
"""The usage database through kill -9 and power cuts, and what it costs.

Whatever was acknowledged is there, once, and nothing is there by half.
"""
import os
import random
import shutil
import subprocess

import pytest

CUTS = 100
ENV = dict(os.environ, TZ="UTC", KEEP_DAYS="2")


def run(*args, env=None):
    r = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=300, env=env or ENV)
    assert r.returncode == 0, r.stdout + r.stderr[-4000:]
    return [int(x) for x in r.stdout.split()]


@pytest.fixture
def driver(build):
    return build / "golden" / "storedriver"


@pytest.fixture
def checker(plain_build):
    """Of a hundred files, each against all reports: what wrote them has
    sanitizers, and what compares needs none."""
    return plain_build / "golden" / "storedriver"


@pytest.mark.parametrize("seed", [1, 2])
def test_power_cut(build, checker, tmp_path, seed):
    acknowledged = run(build / "golden" / "powercut", tmp_path, str(CUTS),
                       str(seed))
    assert len(acknowledged) == CUTS and acknowledged[-1] > 100
    held = run(checker, "check", *(tmp_path / str(n) / "usage.sqlite"
                                   for n in range(CUTS)))
    late = 0
    for said, is_there in zip(acknowledged, held):
        assert said <= is_there <= said + 1
        late += is_there > said
    assert late  # else nothing was cut between commit and answer


def test_kill(driver, checker, tmp_path):
    """Each life goes on where the one before was killed."""
    chance = random.Random(1)
    db = tmp_path / "usage.sqlite"
    said = []
    for n in range(CUTS):
        with subprocess.Popen([driver, "apply", db, "0"], env=ENV,
                              stdout=subprocess.PIPE, text=True) as p:
            for _ in range(chance.randrange(1, 20)):
                last = p.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                p.wait(chance.uniform(0, 0.01))
            p.kill()
            said.append(int(([last] + p.stdout.read().splitlines())[-1]))
        (tmp_path / str(n)).mkdir()
        for f in tmp_path.glob("usage.sqlite*"):
            if not f.name.endswith("-shm"):
                shutil.copy(f, tmp_path / str(n))
    held = run(checker, "check", *(tmp_path / str(n) / "usage.sqlite"
                                   for n in range(CUTS)))
    for acknowledged, is_there in zip(said, held):
        assert acknowledged <= is_there <= acknowledged + 1
    assert held == sorted(held)


def test_bytes_written_a_day(driver, tmp_path):
    """Flash wears out. 8 zones: 24 batches of hours and one of the day."""
    db = tmp_path / "usage.sqlite"
    young, _ = run(driver, "wear", db, "20", env=dict(ENV, KEEP_DAYS="400"))
    full, _ = run(driver, "wear", db, "20")  # old hours go
    print("bytes a day:", young, full)
    assert 0 < young <= 256_000 and 0 < full <= 256_000


def test_size_of_three_years(driver, tmp_path):
    """8 zones; hours of 400 days, days of all three years."""
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else tmp_path
    db = tmp_path / "usage.sqlite"
    env = dict(ENV, KEEP_DAYS="400", BASE="1672531200")  # 2023
    temporary = f"{folder}/stadttor-{os.getpid()}.sqlite"
    try:
        run(driver, "fill", temporary, "3", env=env)
        shutil.copy(temporary, db)
    finally:
        for suffix in "", "-wal", "-shm":
            if os.path.exists(temporary + suffix):
                os.unlink(temporary + suffix)
    print("bytes:", db.stat().st_size)
    assert db.stat().st_size < 12_000_000
