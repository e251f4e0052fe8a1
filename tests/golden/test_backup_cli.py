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


# --- files that the config names ---------------------------------------------

SVG = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>"


@pytest.fixture
def whole(box):
    """Pictures, texts, keys and passwords as well, in folders of their own."""
    b = box
    b.etc = b.folder / "etc"
    b.files = {
        "pictures/logo.svg": (0o644, "root", SVG),
        "terms.de.txt": (0o640, "root", "Seid nett.\n"),
        "secrets/oidc": (0o600, "nobody", "hunter2\n"),
        "mail/password": (0o600, "nobody", "geheim\n"),
        "radius secret": (0o400, "root", "testing123\n")}
    for name, (mode, owner, text) in b.files.items():
        path = b.etc / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
        path.chmod(mode)
        if os.geteuid() == 0:
            os.chown(path, pwd.getpwnam(owner).pw_uid, 0)
    b.config.write_text(
        b.config.read_text().replace(
            "option user 'root'\n", "option user 'root'\n"
            f" option logo '{b.etc}/pictures/logo.svg'\n").replace(
                "config admin\n", "config admin\n"
                f" option mail_password '{b.etc}/mail/password'\n"
                " option mail_user 'x'\n")
        + f"config legal\n list terms_file 'de={b.etc}/terms.de.txt'\n"
        f" list terms_file 'en={b.etc}/terms.de.txt'\n"
        "config oidc\n option issuer 'https://id.example'\n"
        f" option client_id 'wifi'\n option secret '{b.etc}/secrets/oidc'\n"
        "config radius 'main'\n list server '192.0.2.5'\n"
        f" option secret_file '{b.etc}/radius secret'\n")
    return b


def tree(folder):
    """{name: (mode, owner, text)} of all files below it."""
    return {str(p.relative_to(folder)): (
        stat.S_IMODE(p.stat().st_mode), p.owner(), p.read_text())
        for p in folder.rglob("*") if p.is_file()}


def expected(whole):
    if os.geteuid() == 0:
        return whole.files
    own = pwd.getpwuid(os.geteuid()).pw_name
    return {n: (mode, own, text) for n, (mode, _, text) in whole.files.items()}


def test_a_new_box_gets_all_files_that_the_config_names(whole, tmp_path):
    """With owners and modes, by name: numbers are another box's."""
    r = whole.run("backup", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    for name in whole.files:
        assert f"{whole.etc}/{name}\n" in r.stdout
    assert r.stdout.count("terms.de.txt") == 1
    assert not any(stat.S_IMODE(p.stat().st_mode) & 0o077
                   for p in (tmp_path / "b").rglob("*"))
    whole.folder.rename(tmp_path / "old")
    whole.folder.mkdir()
    r = whole.run("restore", tmp_path / "b")
    assert r.returncode == 0, r.stderr
    assert tree(whole.etc) == expected(whole)
    for name in whole.files:
        assert f"{whole.etc}/{name}\n" in r.stdout
    assert stat.S_IMODE((whole.etc / "secrets").stat().st_mode) == 0o755
    assert whole.labels() == ["fair"]


def test_what_was_there_stays_beside_it(whole, tmp_path):
    whole.run("backup", tmp_path / "b")
    secret = whole.etc / "secrets/oidc"
    secret.write_text("newer")
    secret.chmod(0o666)
    (whole.etc / "terms.de.txt").unlink()
    assert whole.run("restore", tmp_path / "b").returncode == 0
    got = tree(whole.etc)
    assert got["secrets/oidc.before-restore"][2] == "newer"
    assert {n: got[n] for n in whole.files} == expected(whole)


def test_a_file_that_is_not_there(whole, tmp_path):
    (whole.etc / "terms.de.txt").unlink()
    said = whole.run("backup", tmp_path / "b").stdout
    assert f"{whole.etc}/terms.de.txt: none here" in said
    assert whole.run("restore", tmp_path / "b").returncode == 0
    assert not (whole.etc / "terms.de.txt").exists()


def test_links_of_an_acme_client_stay_links(whole, tmp_path):
    logo = whole.etc / "pictures/logo.svg"
    logo.rename(whole.etc / "pictures/logo-1.svg")
    logo.symlink_to("logo-1.svg")
    assert whole.run("backup", tmp_path / "b").returncode == 0
    said = whole.run("restore", tmp_path / "b").stdout
    assert f"{logo}: a link here, which stays" in said and logo.is_symlink()
    logo.unlink()
    assert whole.run("restore", tmp_path / "b").returncode == 0
    assert logo.read_text() == SVG and not logo.is_symlink()


@pytest.mark.root
def test_links_of_others_are_not_followed(whole, tmp_path):
    secret = whole.etc / "secrets/oidc"
    secret.unlink()
    secret.symlink_to("/etc/shadow")
    os.chown(secret, pwd.getpwnam("nobody").pw_uid, -1, follow_symlinks=False)
    r = whole.run("backup", tmp_path / "b")
    assert r.returncode == 1 and f"{secret}: " in r.stderr
    assert not list((tmp_path / "b").rglob("oidc"))


def edit(old, new):
    def spoil(backup):
        path = backup / "files.list"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    return spoil


@pytest.mark.parametrize("spoil,says", [
    (lambda b: next((b / "files").rglob("oidc")).unlink(),
     "its copy is not in the backup"),
    (edit("0640 root", "0640 wanderer"), "no such user or group here"),
    (edit("0640", "4755"), "not a line of mode"),
    (edit("0640", "06x0"), "not a line of mode"),
    (edit(" /", "\n /"), "not a line of mode"),
], ids=["a copy is missing", "owner", "setuid", "mode", "cut"])
def test_a_broken_list_changes_nothing(whole, tmp_path, spoil, says):
    whole.run("backup", tmp_path / "b")
    spoil(tmp_path / "b")
    for path in whole.etc.rglob("*"):
        if path.is_file():
            path.write_text("newer")
    files = {p: p.read_bytes() for p in whole.folder.rglob("*") if p.is_file()}
    r = whole.run("restore", tmp_path / "b")
    assert r.returncode == 1 and says in r.stderr
    assert {p: p.read_bytes() for p in whole.folder.rglob("*")
            if p.is_file()} == files


def test_a_list_names_no_file_that_the_config_does_not(whole, tmp_path):
    whole.run("backup", tmp_path / "b")
    target = tmp_path / "elsewhere"
    with open(tmp_path / "b/files.list", "a") as file:
        file.write(f"0644 root root {target}\n")
    copy = tmp_path / f"b/files{target}"
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text("x")
    assert whole.run("restore", tmp_path / "b").returncode == 0
    assert not target.exists()
