# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor usage` against the database of two days of one zone."""
import contextlib
import csv
import io
import json
import os
import sqlite3
import subprocess

import pytest

ENV = dict(os.environ, TZ="UTC", ZONES="1")
NOTE = """
Every figure has noise, so that it tells of nobody: what was counted lies
within the ± in 95 of 100 cases. Those of a week come after its end.
"""
TWICE = "A device that comes on two days is two visitors.\n"
DAYS = """\
TIME        VISITORS  ONLOOKERS
2026-01-01  204 ± 15   under 15
2026-01-02   39 ± 15   155 ± 15
total       243 ± 20   123 ± 20
""" + NOTE + TWICE
MONTH = """\
TIME     VISITORS  ONLOOKERS          DOWN            UP
2026-01  243 ± 20   123 ± 20  328 B ± 20 B  224 B ± 20 B
""" + NOTE + TWICE
SPAN = ["--from", "2026-01-01", "--to", "2026-01-02"]


@pytest.fixture(scope="module")
def database(build, tmp_path_factory):
    path = tmp_path_factory.mktemp("usage") / "usage.sqlite"
    subprocess.run([build / "golden" / "storedriver", "apply", path, "50"],
                   check=True, env=ENV, stdout=subprocess.DEVNULL, timeout=200)
    return path


@pytest.fixture
def cli(build, database, tmp_path):
    def run(*args, file=database, env=ENV):
        config = tmp_path / "stadttor"
        config.write_text(
            f"config gate\n option socket '{tmp_path}/netctl.sock'\n"
            f"config usage\n option file '{file}'\n"
            "config uplink 'wan'\n option device 'eth0'\n"
            "config zone 'guest'\n option device 'br0'\n"
            " option at '48.1374,11.5755'\n")
        return subprocess.run([build / "stadttor", "-c", config, *args],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=120, env=env)
    return run


@pytest.mark.parametrize("args,text", [
    (SPAN, DAYS),
    (["--to", "2026-01-31"], DAYS),
    (["--from", "2026-01-01", "--step", "month", "--zone", "zone_0"], MONTH),
    ([], "There are no figures of that time.\n" + NOTE + TWICE),
    (["--zone", "guest"], "There are no figures of that time.\n" + NOTE +
     TWICE),
])
def test_table(cli, args, text):
    r = cli("usage", *args)
    assert (r.returncode, r.stderr, r.stdout) == (0, "", text)


def test_hours_of_a_long_day(cli, build, tmp_path):
    """Batch 7427 is of 2026-10-25T01:00Z, when clocks are put back."""
    path = tmp_path / "long.sqlite"
    subprocess.run([build / "golden" / "storedriver", "apply", path, "5"],
                   check=True, env=dict(ENV, FIRST="7423"), stdout=subprocess.DEVNULL, timeout=120)
    r = cli("usage", "--step", "hour", "--from", "2026-10-25", file=path,
            env=dict(ENV, TZ="Europe/Berlin"))
    assert r.returncode == 0
    lines = r.stdout.splitlines()
    assert [x[:21].rstrip() for x in lines[1:6]] == [
        "2026-10-25 00:00 CEST", "2026-10-25 01:00 CEST",
        "2026-10-25 02:00 CEST", "2026-10-25 02:00 CET", ""]
    assert r.stdout.endswith(NOTE)


def test_csv_is_what_json_is(cli):
    table = cli("usage", "--csv", "--step", "hour", *SPAN).stdout
    answer = json.loads(cli("usage", "--json", "--step", "hour", *SPAN).stdout)
    assert (answer["step"], answer["zone"]) == ("hour", None)
    assert (answer["from"], answer["to"]) == ("2026-01-01", "2026-01-02")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == 48 and len(rows[0]) == 4
    assert [r["time"] for r in rows] == answer["time"]
    assert answer["time"][0] == "2026-01-01T00:00+00:00"
    assert answer["start"][0] == 1767225600
    for name, values in answer["values"].items():
        assert [int(r[name]) for r in rows] == values
        assert [float(r[name + "_band"]) for r in rows] == \
            answer["bands"][name]
    assert min(answer["values"]["online"]) < 0


def test_while_the_portal_writes(cli, build, tmp_path):
    path = tmp_path / "busy.sqlite"
    with subprocess.Popen([build / "golden" / "storedriver", "apply", path,
                           "0"], env=ENV, stdout=subprocess.PIPE) as writer:
        try:
            for _ in range(30):
                writer.stdout.readline()
            for _ in range(5):
                r = cli("usage", *SPAN, file=path)
                assert r.returncode == 0 and "2026-01-01" in r.stdout
        finally:
            writer.kill()


def write_copy(build, path, begun, stream, seq):
    """Two batches that wait for a database that is so far."""
    path.parent.mkdir()
    subprocess.run([build / "golden" / "storedriver", "apply", path, "2"],
                   check=True, env=dict(ENV, FIRST=begun),
                   stdout=subprocess.DEVNULL, timeout=200)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("UPDATE meta SET stream = ?, seq = ?", (stream, seq))
        db.commit()


def mark_of(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT stream, seq FROM meta").fetchone()


def test_what_waits_is_added(cli, build, database, tmp_path):
    whole = tmp_path / "whole.sqlite"
    subprocess.run([build / "golden" / "storedriver", "apply", whole, "52"],
                   check=True, env=ENV, stdout=subprocess.DEVNULL, timeout=200)
    asked = [["usage", *SPAN], ["usage", *SPAN, "--zone", "zone_0"],
             ["usage", "--csv", "--step", "hour", "--to", "2026-12-31"],
             ["usage", "--json", "--step", "hour", "--zone", "zone_0",
              "--to", "2026-12-31"]]
    saved = [cli(*a).stdout for a in asked]
    wanted = [cli(*a, file=whole).stdout for a in asked]
    assert all(a != b for a, b in zip(saved[2:], wanted[2:]))
    stream, seq = mark_of(database)
    copy = tmp_path / "portal" / "waiting.sqlite"
    write_copy(build, copy, "51", stream, seq)
    assert [cli(*a).stdout for a in asked] == wanted
    assert [cli(*a, file=whole).stdout for a in asked] == wanted
    good = copy.read_bytes()
    copy.write_bytes(good[:-700])
    assert [cli(*a).stdout for a in asked] == saved
    copy.write_bytes(good)
    with contextlib.closing(sqlite3.connect(copy)) as db:
        db.execute("UPDATE meta SET stream = stream + 1")
        db.commit()
    assert [cli(*a).stdout for a in asked] == saved


def test_what_waits_for_the_first_time(cli, build, tmp_path):
    write_copy(build, tmp_path / "portal" / "waiting.sqlite", "1", 0, 0)
    r = cli("usage", "--csv", "--step", "hour", *SPAN,
            file=tmp_path / "none")
    assert r.returncode == 0 and len(r.stdout.splitlines()) == 3
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("args,word", [
    (["--from", "2026-02-30"], "invalid value '2026-02-30' for --from"),
    (["--to", "soon"], "invalid value 'soon' for --to"),
    (["--step", "decade"], "invalid value 'decade' for --step"),
    (["--from", "today", "--to", "-1d"], "--from is later than --to"),
    (["today"], "usage: stadttor usage"),
    (["--minutes", "5"], "usage: stadttor usage"),
    (["--csv", "--json"], "--csv and --json exclude each other"),
])
def test_wrong_words(cli, args, word):
    r = cli("usage", *args)
    assert r.returncode == 2 and word in r.stderr
    assert r.stderr.count("\n") == 1


def test_no_such_zone(cli):
    r = cli("usage", "--zone", "nix")
    assert (r.returncode, r.stdout) == (4, "")
    assert r.stderr == \
        "zone 'nix' not found, neither in the config nor in the figures\n"
    r = cli("--json", "usage", "--zone", "")
    assert r.returncode == 4 and json.loads(r.stdout)["code"] == 4


def test_no_database(cli, tmp_path):
    r = cli("usage", file=tmp_path / "none")
    assert (r.returncode, r.stdout) == (4, "")
    assert r.stderr.startswith("there are no figures yet: ")
    assert not (tmp_path / "none").exists()
    r = cli("usage", file="")
    assert r.returncode == 4 and "in the portal's memory" in r.stderr


def test_not_ours(cli, tmp_path):
    path = tmp_path / "damaged"
    path.write_bytes(b"no database" * 1000)
    r = cli("usage", file=path)
    assert (r.returncode, r.stdout) == (1, "")
    assert r.stderr == f"{path}: the file is damaged\n"
    assert path.read_bytes() == b"no database" * 1000
    path = tmp_path / "later"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    r = cli("usage", file=path)
    assert r.returncode == 1 and "a later version" in r.stderr
    path = tmp_path / "empty"
    path.touch()
    r = cli("usage", file=path)
    assert r.returncode == 1 and "holds no figures yet" in r.stderr


def test_full_disk(cli, build, tmp_path):
    cli("help")
    with open("/dev/full", "w") as full:
        r = subprocess.run([build / "stadttor", "-c", tmp_path / "stadttor",
                            "usage", "--json"], stdout=full, env=ENV,
                           stderr=subprocess.PIPE, text=True, timeout=120)
    assert r.returncode == 1 and "No space left" in r.stderr


def test_budget(cli):
    """The table of docs/privacy.md, and that no more than epsilon is spent."""
    lines = [line.split() for line in
             cli("usage", "--budget").stdout.splitlines()[1:10]]
    assert [(x[0], x[1], x[2], float(x[-2])) for x in lines] == [
        ("online", "hour", "zone", 0.8), ("devices", "day", "zone", 0.5),
        ("dwell", "week", "box", 0.1), ("ended", "week", "box", 0.05),
        ("language", "week", "box", 0.1), ("platform", "week", "box", 0.05),
        ("bytes", "week", "zone", 0.2), ("peak", "week", "zone", 0.1),
        ("places", "day", "zone", 0.1)]
    assert sum(float(x[-2]) for x in lines) == pytest.approx(2)
    assert "epsilon 2.000 of 2" in cli("usage", "--budget").stdout


def test_old_figures(cli, build, tmp_path):
    """Those that k devices shared stay what they were, apart."""
    path = tmp_path / "old.sqlite"
    subprocess.run([build / "golden" / "storedriver", "apply", path, "1"],
                   check=True, env=ENV, stdout=subprocess.DEVNULL, timeout=200)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO k_days (id, visitors_day, sessions, peak)"
                   " VALUES (20251224 << 10, 31, 40, 15)")
        db.commit()
    rows = list(csv.DictReader(io.StringIO(cli(
        "usage", "--old", "--from", "2025-12-01", "--to", "2025-12-31",
        file=path).stdout)))
    assert len(rows) == 1 and len(rows[0]) == 21
    assert (rows[0]["time"], rows[0]["visitors_day"], rows[0]["sessions"],
            rows[0]["peak"]) == ("2025-12-24", "31", "40", "15")


def test_open_data(cli, tmp_path):
    """Files that a city may publish as they are, under constant names."""
    folder = tmp_path / "out"
    r = cli("open-data", "--month", "2026-01", folder)
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")
    assert sorted(os.listdir(folder)) == [
        "LICENCE.txt", "dataset.ttl", "provenance.csv",
        "usage-2026-01.csv", "usage-2026-01.json", "usage-2026.csv",
        "usage-2026.json", "zones.csv"]
    for name in ("usage-2026-01", "usage-2026"):
        rows = list(csv.DictReader(open(folder / f"{name}.csv", newline="")))
        told = json.loads((folder / f"{name}.json").read_text())
        assert [(r["time"], r["zone"], r["metric"], float(r["value"]))
                for r in rows] == [(t["time"], t["zone"], t["metric"],
                                    t["value"]) for t in told] and told
    assert {r["period"] for r in rows} == {"month"}
    catalogue = (folder / "dataset.ttl").read_text()
    for name in os.listdir(folder):
        if name.startswith("usage"):
            assert f"dcat:downloadURL <{name}>" in catalogue
    assert "licenses/dl-zero-de/2.0" in catalogue
    with open(folder / "zones.csv", newline="") as file:
        assert list(csv.reader(file)) == [
            ["zone", "latitude", "longitude"], ["guest", "48.1374", "11.5755"]]
    assert 'dcat:centroid "POINT(11.5755 48.1374)"^^geo:wkt' in catalogue
    assert cli("open-data", "--month", "2026-13", folder).returncode == 2
    assert cli("open-data", "/proc/none").returncode == 1


@pytest.mark.parametrize("live", [0, 1])
def test_guests_read_whether_numbers_are_live(build, root, tmp_path, live):
    config = tmp_path / "stadttor"
    config.write_text(
        f"config admin\n option live '{live}'\n"
        f"config portal\n option pages '{root}/web'\n"
        "config uplink 'wan'\n option device 'eth0'\n"
        "config zone 'guest'\n option device 'br0'\n")
    subprocess.run([build / "stadttor", "-c", config, "portal", "preview",
                    tmp_path / "out"], check=True,
                   stdout=subprocess.DEVNULL)
    for language in (root / "web" / "lang").glob("*.json"):
        text = json.loads(language.read_text())["terms_live"]
        pages = [" ".join(p.read_text().split())
                 for p in (tmp_path / "out").rglob("*.html")
                 if f'lang="{language.stem.split("-")[0]}' in p.read_text()]
        assert any(text in p for p in pages) == bool(live), language
