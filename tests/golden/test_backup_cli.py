# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor backup` and `restore`: codes and figures of a box, there and back."""
import os
import pwd
import sqlite3
import stat
import subprocess

import pytest

ENV = dict(os.environ, TZ="UTC", ZONES="1")


class Box:
    """A config, accounts, a batch of codes and figures below a folder."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        folder.mkdir()
        self.config = folder / "stadttor"
        self.figures = folder / "usage.db"
        self.codes = folder / "vouchers.db"
        self.key = folder / "vouchers.key"
        self.accounts = folder / "accounts"
        self.config.write_text(
            f"config portal\n option user 'root'\n"
            f"config usage\n option file '{self.figures}'\n"
            f"config voucher\n option file '{self.codes}'\n"
            f" option key '{self.key}'\n"
            f"config admin\n option accounts '{self.accounts}'\n"
            "config uplink 'wan'\n option device 'eth0'\n"
            "config zone 'guest'\n option device 'br0'\n"
            " option auth 'voucher'\n")

    def fill(self):
        subprocess.run([self.build / "golden" / "storedriver", "apply",
                        self.figures, "50"], check=True, env=ENV,
                       stdout=subprocess.DEVNULL, timeout=200)
        self.make_codes("fair")
        self.accounts.write_text("token:grafana:sha256:" + "ab" * 32 + "\n")

    def make_codes(self, label):
        assert not self.run("voucher", "create", "--count", "3", "--minutes",
                            "60", "--label", label).returncode

    def run(self, *args):
        return subprocess.run(
            [self.build / "stadttor", "-c", self.config, *args], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=200)

    def labels(self):
        listed = self.run("voucher", "list").stdout
        return sorted(w for w in ("fair", "later") if w in listed)

    def total(self):
        return self.run("usage", "--from", "2026-01-01", "--to",
                        "2026-01-02").stdout


@pytest.fixture
def box(build, tmp_path):
    b = Box(build, tmp_path / "box")
    b.fill()
    return b


def test_there_and_back(box, tmp_path):
    before = box.total()
    r = box.run("backup", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    assert sorted(os.listdir(tmp_path / "b")) == [
        "accounts", "config", "figures.db", "vouchers.db", "vouchers.key"]
    assert stat.S_IMODE(os.stat(tmp_path / "b").st_mode) == 0o700
    box.make_codes("later")
    box.accounts.unlink()
    box.figures.unlink()
    r = box.run("restore", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    assert box.labels() == ["fair"]
    assert "fair" in box.run("voucher", "list").stdout
    assert box.total() == before and "243" in before
    assert "grafana" in box.run("passwd", "--list").stdout
    # what was there is beside it, with the codes made since
    kept = sqlite3.connect(f"{box.codes}.before-restore")
    assert kept.execute("SELECT count(*) FROM batches").fetchone() == (2,)


def test_of_one_moment_while_the_portal_writes(box, tmp_path):
    """What is committed is in it, in a journal as well, and nothing else."""
    portal = sqlite3.connect(box.figures, isolation_level=None)
    portal.execute("PRAGMA wal_autocheckpoint = 0")
    portal.execute("DELETE FROM cells WHERE value % 2")
    portal.execute("BEGIN IMMEDIATE")
    portal.execute("DELETE FROM cells")
    r = box.run("backup", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    portal.execute("ROLLBACK")
    copy = sqlite3.connect(tmp_path / "b" / "figures.db")
    count = "SELECT count(*) FROM cells"
    assert copy.execute(count).fetchone() == portal.execute(count).fetchone()
    assert copy.execute(count).fetchone() > (0,)


def test_not_while_the_portal_has_it_open(box, tmp_path):
    box.run("backup", tmp_path / "b")
    box.make_codes("later")
    with open(box.codes, "rb"):
        r = box.run("restore", tmp_path / "b")
    assert r.returncode == 1
    assert f"process {os.getpid()} has it open; stop stadttor-portal" in r.stderr
    assert box.labels() == ["fair", "later"]


def break_bytes(path):
    size = path.stat().st_size
    with open(path, "r+b") as f:
        f.seek(512)
        f.write(os.urandom(size - 512))


@pytest.mark.parametrize("name,spoil,says", [
    ("figures.db", break_bytes, "figures.db"),
    ("vouchers.db", break_bytes, "vouchers.db"),
    ("vouchers.key", lambda p: p.unlink(), "its key is not in the backup"),
    ("accounts", lambda p: p.write_text("nonsense\n"), "accounts:1"),
    ("config", lambda p: p.write_text("config zone\n"), "config:1"),
    ("config", lambda p: p.unlink(), "is this a folder of stadttor backup?"),
])
def test_a_broken_backup_changes_nothing(box, tmp_path, name, spoil, says):
    box.run("backup", tmp_path / "b")
    box.make_codes("later")
    spoil(tmp_path / "b" / name)
    files = {p: p.read_bytes() for p in box.folder.iterdir()}
    r = box.run("restore", tmp_path / "b")
    assert r.returncode in (1, 4) and says in r.stderr
    assert {p: p.read_bytes() for p in box.folder.iterdir()} == files


def test_what_a_killed_portal_left_stays_with_the_old(box, tmp_path):
    """A journal of the old database would spoil the new one."""
    box.run("backup", tmp_path / "b")
    portal = sqlite3.connect(box.figures, isolation_level=None)
    portal.execute("DELETE FROM cells")
    left = {end: open(f"{box.figures}{end}", "rb").read()
            for end in ("-wal", "-shm")}
    old = box.figures.read_bytes()
    portal.close()
    box.figures.write_bytes(old)
    for end, content in left.items():
        with open(f"{box.figures}{end}", "wb") as f:
            f.write(content)
    r = box.run("restore", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    assert not os.path.exists(f"{box.figures}-wal")
    assert "243" in box.total()
    kept = sqlite3.connect(f"{box.figures}.before-restore")
    assert kept.execute("SELECT count(*) FROM cells").fetchone() == (0,)


def test_nothing_is_overwritten(box, tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "mine").write_text("x")
    r = box.run("backup", tmp_path / "b")
    assert r.returncode == 1 and "not an empty folder" in r.stderr
    assert os.listdir(tmp_path / "b") == ["mine"]


def test_a_box_without_codes(build, tmp_path):
    b = Box(build, tmp_path / "box")
    r = b.run("backup", tmp_path / "b")
    assert r.returncode == 0 and "codes          none here" in r.stdout
    assert os.listdir(tmp_path / "b") == ["config"]
    assert b.run("restore", tmp_path / "b").returncode == 0


@pytest.mark.parametrize("trap", ["link", "fifo", "second name"])
def test_nobody_is_led_elsewhere(box, tmp_path, trap):
    """The portal's user owns the folder, and root reads there."""
    secret = tmp_path / "secret"
    secret.write_text("of root alone")
    box.key.unlink()
    if trap == "link":
        box.key.symlink_to(secret)
    elif trap == "fifo":
        os.mkfifo(box.key)
    else:
        os.link(secret, box.key)
    r = box.run("backup", tmp_path / "b")
    assert r.returncode == 1 and str(box.key) in r.stderr
    assert not (tmp_path / "b" / "vouchers.key").exists()


def test_a_key_that_is_none(box, tmp_path):
    box.run("backup", tmp_path / "b")
    (tmp_path / "b" / "vouchers.db").unlink()
    (tmp_path / "b" / "vouchers.key").write_text("hunter2")
    r = box.run("restore", tmp_path / "b")
    assert r.returncode == 1 and "vouchers.key" in r.stderr


def test_what_is_whose(box, tmp_path):
    """Rights of the config stay; the portal's files are made by its user."""
    os.chmod(box.config, 0o600)
    box.run("backup", tmp_path / "b")
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        lib = tmp_path / "lib"
        lib.mkdir()
        os.chown(lib, nobody.pw_uid, nobody.pw_gid)
        for folder in (tmp_path, *tmp_path.parents):
            if os.stat(folder).st_uid == 0 and folder != folder.parent:
                os.chmod(folder, os.stat(folder).st_mode | 0o011)
        for copy in (box.config, tmp_path / "b" / "config"):
            copy.write_text(copy.read_text().replace(
                "user 'root'", "user 'nobody'").replace(
                    f"file '{box.folder}", f"file '{lib}").replace(
                        f"key '{box.folder}", f"key '{lib}"))
    r = box.run("restore", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    assert stat.S_IMODE(os.stat(box.config).st_mode) == 0o600
    if os.geteuid() == 0:
        for name in ("vouchers.key", "vouchers.db", "usage.db"):
            st = os.stat(lib / name)
            assert (st.st_uid, stat.S_IMODE(st.st_mode)) == (
                nobody.pw_uid, 0o600)
