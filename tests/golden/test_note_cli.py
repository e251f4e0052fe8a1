# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor note` as an operator uses it."""
import csv
import io
import json
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile

import pytest

NOBODY = "nobody"


@pytest.fixture
def folder():
    """One that the portal's user can enter, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="note-"))
    path.chmod(0o755)
    if os.geteuid():
        (path / "lib").mkdir()  # the command makes it for root alone
    yield path
    shutil.rmtree(path)


@pytest.fixture
def note(build, folder):
    def run(*args, file="{}/lib/usage.sqlite"):
        config = folder / "config"
        config.write_text(
            f"config usage\n option file '{file.format(folder)}'\n"
            f"config portal\n option user '{NOBODY}'\n"
            "config uplink 'wan'\n option device 'eth0'\n"
            "config zone 'guest'\n option device 'br0'\n")
        return subprocess.run(
            [build / "stadttor", "-c", config, *args],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=dict(os.environ, TZ="UTC"), timeout=30)
    return run


def listed(note):
    return [(n["day"], n["text"]) for n in
            json.loads(note("note", "list", "--json").stdout)]


def test_added_listed_and_removed(note, folder):
    assert note("note", "list").stdout.split() == ["NUMBER", "DAY", "NOTE"]
    assert note("note", "add", "2026-11-24", "Stadtfest <b>").stdout == \
        "note 1\n"
    added = note("note", "add", "2026-11-20", "Antenne umgesetzt", "--json")
    assert json.loads(added.stdout) == {"id": 2}
    assert listed(note) == [("2026-11-20", "Antenne umgesetzt"),
                            ("2026-11-24", "Stadtfest <b>")]
    assert note("note", "list").stdout.splitlines()[1].split() == \
        ["2", "2026-11-20", "Antenne", "umgesetzt"]
    assert not note("note", "remove", "2").returncode
    assert listed(note) == [("2026-11-24", "Stadtfest <b>")]
    gone = note("note", "remove", "2")
    assert (gone.returncode, gone.stderr) == (4, "there is no note 2\n")


def test_the_file_is_the_portals(note, folder):
    note("note", "add", "today", "x")
    found = (folder / "lib" / "history.sqlite").stat()
    assert found.st_mode & 0o777 == 0o600
    if not os.geteuid():
        assert found.st_uid == pwd.getpwnam(NOBODY).pw_uid


@pytest.mark.parametrize("args, said", [
    (("add", "tomorrow", "x"), "invalid value 'tomorrow' for DAY"),
    (("add", "", "x"), "invalid value '' for DAY"),
    (("add", "today", ""), "invalid value '' for TEXT"),
    (("add", "today", "a\nb"), "for TEXT"),
    (("add", "today", "ä" * 61), "allowed: 1 to 120 bytes"),
    (("remove", "x"), "invalid value 'x' for NUMBER"),
])
def test_wrong_usage(note, args, said):
    wrong = note("note", *args)
    assert wrong.returncode == 2
    assert said in wrong.stderr
    assert listed(note) == []


def test_figures_in_memory_have_no_notes(note):
    wrong = note("note", "list", file="")
    assert wrong.returncode == 1
    assert "keeps figures in memory" in wrong.stderr


def write_figures(build, folder):
    """Of 1 and 2 January 2026, the portal's."""
    file = folder / "lib/usage.sqlite"
    subprocess.run([build / "golden/storedriver", "apply", file, "50"],
                   check=True, env=dict(os.environ, TZ="UTC", ZONES="1"),
                   stdout=subprocess.DEVNULL, timeout=200)
    if not os.geteuid():
        shutil.chown(file, NOBODY)


def figures(note, *args):
    got = note("usage", "--csv", "--from", "2026-01-01", *args)
    assert got.returncode == 0
    return got, list(csv.DictReader(io.StringIO(got.stdout, newline="")))


def test_stand_beside_figures(note, build, folder):
    note("note", "add", "2026-01-02", "Fest")
    (folder / "lib/history.sqlite").unlink()
    write_figures(build, folder)
    got, rows = figures(note)
    assert [r["note"] for r in rows] == ["", ""] and not got.stderr
    assert not (folder / "lib/history.sqlite").exists()
    note("note", "add", "2026-01-02", 'Fest, "laut"')
    note("note", "add", "2026-01-02", "Regen")
    note("note", "add", "2025-12-31", "=1+1")
    got, rows = figures(note)
    assert [(r["time"], r["note"]) for r in rows] == [
        ("2026-01-01", ""), ("2026-01-02", 'Fest, "laut"; Regen')]
    for step in "hour", "week", "month":
        assert "note" not in figures(note, "--step", step)[1][0]
    (folder / "lib/history.sqlite").write_bytes(b"no database" * 100)
    got, rows = figures(note)
    assert len(rows) == 2 and not any(r["note"] for r in rows)
    assert got.stderr.count("\n") == 1
    assert got.stderr.endswith(", so the column note is empty\n")
