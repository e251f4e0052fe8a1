# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor voucher` as an operator uses it, and the sheet of cards as a
phone's camera reads it."""
import csv
import html.parser
import io
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

import pytest

ENV = dict(os.environ, TZ="UTC")
CODE = re.compile(r"[23456789CDFGHJKMNPQRTVWXY]{5}-[23456789CDFGHJKMNPQRTVWXY]{5}")
NOBODY = "nobody"
AS_ROOT = os.geteuid() == 0
CREATE = ["voucher", "create", "--count", "3", "--minutes", "90", "--label",
          "Stadtfest"]


@pytest.fixture
def folder():
    """One that the portal's user can enter, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="voucher-"))
    path.chmod(0o755)
    if not AS_ROOT:
        (path / "lib").mkdir()  # the command makes it for root alone
    yield path
    shutil.rmtree(path)


@pytest.fixture
def cli(build, folder, root):
    def run(*args, stdin="", portal="", zone="option auth 'voucher'",
            user=NOBODY):
        config = folder / "config"
        config.write_text(
            f"config voucher\n option file '{folder}/lib/vouchers.sqlite'\n"
            f" option key '{folder}/lib/vouchers.key'\n"
            f"config gate\n option socket '{folder}/netctl.sock'\n"
            f"config portal\n option user '{user}'\n"
            f" option pages '{root}/web'\n"
            f" option network 'Bochum <b>\"frei\"</b> & offen'\n{portal}\n"
            "config uplink 'wan'\n option device 'eth0'\n"
            "config zone 'market'\n option device 'br0'\n"
            f" option duration '2h'\n {zone}\n")
        return subprocess.run(
            [build / "stadttor", "-c", config, *args], input=stdin,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=200, env=ENV)
    return run


def made(cli, *more):
    r = cli(*CREATE, *more)
    assert r.returncode == 0, r.stderr
    return r.stdout.split()


def database(folder):
    return sqlite3.connect(folder / "lib" / "vouchers.sqlite")


# --- create -------------------------------------------------------------------
def test_codes_are_printed_one_a_line(cli):
    codes = made(cli)
    assert len(set(codes)) == 3
    assert all(CODE.fullmatch(c) for c in codes)


def test_json_and_csv(cli):
    r = cli("--json", *CREATE, "--devices", "2", "--valid", "1d", "--zone",
            "market")
    o = json.loads(r.stdout)
    assert (o["batch"], o["label"], o["zone"]) == (1, "Stadtfest", "market")
    assert (o["duration_s"], o["devices"], o["count"]) == (5400, 2, 3)
    assert abs(o["created_s"] - time.time()) < 60
    assert 86400 <= o["valid_until_s"] - o["created_s"] < 86460
    assert o["valid_until_s"] % 60 == 0
    assert len(o["codes"]) == 3 and CODE.fullmatch(o["codes"][0])
    r = cli("voucher", "create", "--csv", "--count", "2", "--minutes", "90",
            "--label", 'Fest "2026", Mitte')
    rows = list(csv.DictReader(io.StringIO(r.stdout)))
    assert len(rows) == 2 and CODE.fullmatch(rows[0]["code"])
    assert rows[0]["label"] == 'Fest "2026", Mitte'
    assert (rows[1]["batch"], rows[1]["minutes"], rows[1]["devices"],
            rows[1]["zone"]) == ("2", "90", "1", "")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", rows[0]["valid_until"])


def test_the_files_are_the_portals_alone(cli, folder):
    codes = made(cli)
    owner = pwd.getpwnam(NOBODY).pw_uid if AS_ROOT else os.geteuid()
    files = sorted(folder.glob("lib/*"))
    assert {f.name for f in files} >= {"vouchers.key", "vouchers.sqlite"}
    for f in files:
        assert f.stat().st_uid == owner and f.stat().st_mode & 0o77 == 0
        for code in codes:
            for written in code, code.replace("-", ""):
                assert written.encode() not in f.read_bytes()
    if AS_ROOT:
        assert (folder / "lib").stat().st_uid == owner
        assert (folder / "lib").stat().st_mode & 0o777 == 0o750


def test_ten_thousand(cli):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    r = cli("voucher", "create", "--count", "10000", "--minutes", "1",
            "--label", "x")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    codes = r.stdout.split()
    print("seconds of CPU:", took)
    assert len(codes) == len(set(codes)) == 10000
    assert took < 2


@pytest.mark.parametrize("args,word", [
    (["--count", "0"], "invalid value '0' for --count, allowed: 1 to 10000"),
    (["--count", "10001"], "invalid value '10001' for --count, allowed: 1 to 10000"),
    (["--count", "many"], "invalid value 'many' for --count"),
    (["--minutes", "0"], "invalid value '0' for --minutes, allowed: 1 to 525600"),
    (["--minutes", "525601"], "invalid value '525601' for --minutes"),
    (["--devices", "0"], "invalid value '0' for --devices, allowed: 1 to 1000"),
    (["--devices", "1001"], "invalid value '1001' for --devices, allowed: 1 to 1000"),
    (["--valid", "59"], "invalid value '59' for --valid, allowed: a time such as 8h"),
    (["--valid", "3661d"], "invalid value '3661d' for --valid"),
    (["--valid", "soon"], "invalid value 'soon' for --valid"),
    (["--label", ""], "invalid value '' for --label, allowed: 1 to 64 bytes"),
    (["--label", "x" * 65], "for --label, allowed: 1 to 64 bytes"),
    (["--label", "a\nb"], "for --label, allowed: 1 to 64 bytes"),
    (["--json", "--csv"], "--csv and --json exclude each other"),
    (["--down", "5mbit"], "usage: stadttor voucher create --count N"),
    (["--title", "x"], "usage: stadttor voucher create --count N"),
    (["more"], "usage: stadttor voucher create --count N"),
])
def test_wrong_words(cli, folder, args, word):
    r = cli(*CREATE, *args)
    assert r.returncode == 2 and word in r.stderr
    assert not [*(folder / "lib").glob("*")]


@pytest.mark.parametrize("args,word", [
    (["voucher"], "command 'voucher' needs one of create, list, revoke, statistics, print"),
    (["voucher", "make"], "command 'voucher' needs one of create"),
    (["vouchers"], "unknown command 'vouchers'"),
    (["setup"], "unknown command 'setup'; on OpenWrt: stadttor-setup"),
    (["voucher", "create"], "--count is missing, allowed: 1 to 10000"),
    (["voucher", "create", "--count", "1"], "--minutes is missing"),
    (["voucher", "create", "--count", "1", "--minutes", "1"],
     "--label is missing"),
    (["voucher", "revoke"], "usage: stadttor voucher revoke BATCH | CODE"),
    (["voucher", "list", "--zone", "x"], "usage: stadttor voucher list"),
    (["grant", "--count", "1", "10.0.0.1"], "usage: stadttor grant"),
])
def test_wrong_commands(cli, args, word):
    r = cli(*args)
    assert r.returncode == 2 and word in r.stderr


def test_bounds_are_allowed(cli):
    for args in [["--minutes", "525600", "--devices", "1000", "--valid",
                  "3660d"], ["--minutes", "1", "--valid", "1m"]]:
        assert cli(*CREATE, *args).returncode == 0


@pytest.mark.parametrize("zone,args,word", [
    ("", [], "warning: no zone asks for codes"),
    ("", ["--zone", "market"], "warning: zone 'market' does not ask"),
    ("option auth 'voucher'", ["--minutes", "121"],
     "warning: zone 'market' ends a session after 120 minutes"),
    ("option auth 'voucher'\n option max_duration '3h'", ["--minutes", "181"],
     "ends a session after 180 minutes"),
    ("option auth 'voucher'\n option max_duration '3h'", ["--minutes", "180"],
     None),
    ("option auth 'voucher'", ["--minutes", "120", "--valid", "1h"],
     "warning: these codes are valid for less than their minutes"),
])
def test_warnings(cli, zone, args, word):
    r = cli(*CREATE, *args, zone=zone)
    assert r.returncode == 0 and len(r.stdout.split()) == 3
    assert (word in r.stderr and r.stderr.count("\n") == 1) if word \
        else r.stderr == ""


def test_no_such_zone_and_no_such_user(cli, folder):
    r = cli(*CREATE, "--zone", "nix")
    assert (r.returncode, r.stderr) == (4, "zone 'nix' not found\n")
    assert not [*(folder / "lib").glob("*")]
    if AS_ROOT:
        r = cli(*CREATE, user="nix")
        assert r.returncode == 1 and "user 'nix' not found" in r.stderr


# --- list, statistics ---------------------------------------------------------
def test_list(cli):
    made(cli)
    made(cli, "--zone", "market", "--devices", "2")
    cli("voucher", "create", "--count", "1", "--minutes", "5", "--label", "b")
    r = cli("voucher", "list")
    lines = [re.split(r"\s{2,}", x.strip()) for x in r.stdout.splitlines()]
    assert lines[0] == ["BATCH", "CREATED", "COUNT", "USED", "REVOKED",
                        "MINUTES", "DEVICES", "VALID UNTIL", "ZONE", "LABEL"]
    assert [x[0] for x in lines[1:]] == ["1", "2", "3"]
    assert lines[2][2:7] == ["3", "0", "0", "90", "2"]
    assert lines[2][8:] == ["market", "Stadtfest"]
    assert lines[3][8:] == ["any", "b"]
    o = json.loads(cli("voucher", "list", "--label", "b", "--json").stdout)
    assert [b["batch"] for b in o["batches"]] == [3]
    assert o["batches"][0]["zone"] is None
    r = cli("voucher", "list", "--label", "nix")
    assert (r.returncode, r.stdout) == (0, "There are no such vouchers.\n")


def test_statistics(cli, folder):
    made(cli)
    cli("voucher", "create", "--count", "4", "--minutes", "5", "--label", "a")
    with database(folder) as db:
        db.execute("UPDATE codes SET ends_s = ? WHERE id = 1",
                   (int(time.time()) + 300,))
        db.execute("UPDATE codes SET ends_s = -20000 WHERE id = 2")
    cli("voucher", "revoke", "2")
    for name in "statistics", "stats":
        r = cli("voucher", name)
        assert [x.split() for x in r.stdout.splitlines()] == [
            ["CREATED", "USED", "ACTIVE", "EXPIRED", "REVOKED", "LABEL"],
            ["3", "2", "1", "0", "0", "Stadtfest"],
            ["4", "0", "0", "0", "4", "a"],
            ["7", "2", "1", "0", "4", "(all)"]]
    o = json.loads(cli("--json", "voucher", "stats").stdout)
    assert o["labels"][1] == {"label": "a", "created": 4, "used": 0,
                              "active": 0, "expired": 0, "revoked": 4}


@pytest.mark.parametrize("args", [["list"], ["statistics"], ["revoke", "1"],
                                  ["print", "--address", "10.0.0.1"]])
def test_nothing_there(cli, folder, args):
    r = cli("voucher", *args)
    assert r.returncode == 4 and "there are no vouchers yet" in r.stderr
    assert not [*(folder / "lib").glob("*")]


def test_damage(cli, folder):
    made(cli)
    (folder / "lib" / "vouchers.key").write_bytes(b"short")
    r = cli("voucher", "list")
    assert r.returncode == 1 and "not a key" in r.stderr
    (folder / "lib" / "vouchers.key").write_bytes(b"k" * 32)
    r = cli(*CREATE)
    assert r.returncode == 1 and "made under another key" in r.stderr
    (folder / "lib" / "vouchers.key").unlink()
    r = cli(*CREATE)
    assert r.returncode == 1 and "vouchers.key: No such file" in r.stderr
    assert not (folder / "lib" / "vouchers.key").exists()


# --- revoke -------------------------------------------------------------------
def test_revoke(cli):
    codes = made(cli)
    r = cli("voucher", "revoke", codes[0].lower().replace("-", " "))
    assert (r.returncode, r.stdout) == (0, "code revoked, 0 sessions ended\n")
    r = cli("--json", "voucher", "revoke", "1")
    assert json.loads(r.stdout) == {"batch": 1, "ended": 0}
    o = json.loads(cli("--json", "voucher", "list").stdout)
    assert o["batches"][0]["revoked"] == 3
    r = cli("voucher", "revoke", "2")
    assert (r.returncode, r.stderr) == (4, "batch '2' not found\n")
    typo = codes[0][:-1] + ("2" if codes[0][-1] != "2" else "3")
    r = cli("voucher", "revoke", typo)
    assert r.returncode == 2 and "is there a typing mistake?" in r.stderr


def in_use(folder, tags):
    with database(folder) as db:
        for number, tag in enumerate(tags, 1):
            db.execute("UPDATE codes SET tag = ?, ends_s = ? WHERE id = ?",
                       (tag, int(time.time()) + 600, number))


def test_netctl_is_not_there(cli, folder):
    made(cli)
    in_use(folder, [5])
    r = cli("voucher", "revoke", "1")
    assert r.returncode == 3
    assert r.stderr.startswith("revoked, but netctl is not reachable")
    o = json.loads(cli("--json", "voucher", "list").stdout)
    assert o["batches"][0]["revoked"] == 3


class Netctl(threading.Thread):
    """Takes IPC_REVOKE and says that two devices were online by each tag."""

    def __init__(self, path, revoke, done):
        super().__init__()
        self.types = revoke, done
        self.tags, self.peers = [], []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.bind(str(path))
        os.chmod(path, 0o600)  # root's alone, as it takes the command
        self.socket.listen()

    def run(self):
        peer, _ = self.socket.accept()
        self.peers.append(struct.unpack("3i", peer.getsockopt(
            socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
        while True:
            m = peer.recv(1024)
            if not m:
                return
            version, kind, number = struct.unpack_from("HHI", m)
            assert kind == self.types[0]
            client, handle, tag, everybody = struct.unpack_from(
                "24sQQI", m, 8)
            assert client == bytes(24) and not handle and not everybody
            found = 2 if tag not in self.tags else 0
            self.tags.append(tag)
            peer.send(struct.pack("HHIiIII", version, self.types[1], number,
                                  0 if found else -2, found, 0, 0))


def test_sessions_are_ended(cli, folder, root):
    header = (root / "common" / "ipc.h").read_text()
    names = re.findall(r"^\t(IPC_[A-Z_]+),", header.split("enum ipc_type {")
                       [1].split("}")[0], re.M)
    made(cli)
    in_use(folder, [5, 77])
    netctl = Netctl(folder / "netctl.sock", names.index("IPC_REVOKE"),
                    names.index("IPC_DONE"))
    netctl.start()
    r = cli("voucher", "revoke", "1")
    netctl.join(20)
    assert (r.returncode, r.stdout, r.stderr) == (
        0, "batch revoked, 4 sessions ended\n", "")
    # again, for those whose grant was under way
    assert netctl.tags == [5, 77, 5, 77]
    assert netctl.peers == [os.geteuid()]


# --- print --------------------------------------------------------------------
class Sheet(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.labels = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        assert not {"href", "onload", "style"} & set(attrs)
        assert attrs.get("src", "data:").startswith("data:")
        if tag == "svg":
            self.labels.append(attrs["aria-label"])

    def handle_data(self, data):
        self.words.append(data)


HOST = " option hostname 'wlan.example.org'"


def printed(cli, *args, **more):
    r = cli("voucher", "print", *args, **more)
    assert (r.returncode, r.stderr) == (0, "")
    return r.stdout


def test_sheet(cli, folder):
    codes = made(cli, "--devices", "2")
    file = folder / "codes"
    file.write_text("\n".join(codes))
    file.chmod(0o600)  # of whoever calls, not of the portal
    text = printed(cli, str(file), "--title", "Fest <1>", portal=HOST)
    sheet = Sheet(text)
    assert text.startswith('<!DOCTYPE html>\n<html lang="de" dir="ltr">')
    assert not {"script", "link", "img", "iframe"} & set(sheet.tags)
    assert "url(" not in text and "@import" not in text
    assert sheet.words.count("Bochum <b>\"frei\"</b> & offen") == 3
    assert sheet.words.count("Fest <1>") == 3
    assert [w for w in sheet.words if CODE.fullmatch(w)] == codes
    assert sheet.words.count(
        "1\xa0Stunde 30\xa0Minuten ab der ersten Anmeldung") == 3
    assert sheet.words.count("für bis zu 2 Geräte gleichzeitig") == 3
    assert any(re.fullmatch(
        r"Gültig bis [A-Z][a-z]+, \d\d\.\d\d\.\d{4}, \d\d:\d\d Uhr", w)
               for w in sheet.words)
    assert sheet.labels == ["Online gehen: http://wlan.example.org/?code=" + c
                            for c in codes]


@pytest.mark.parametrize("minutes,devices,words", [
    ("60", "1", ["1\xa0hour from the first login", "for one device"]),
    ("480", "3", ["8\xa0hours from the first login",
                  "for up to 3 devices at once"]),
    ("1440", "1", ["24\xa0hours from the first login"]),
    ("2880", "1", ["2\xa0days from the first login"]),
    ("1", "1", ["1\xa0minute from the first login"]),
])
def test_english(cli, minutes, devices, words):
    codes = made(cli, "--minutes", minutes, "--devices", devices)
    sheet = Sheet(printed(cli, "--language", "en", portal=HOST,
                          stdin="\n".join(codes)))
    for w in words:
        assert sheet.words.count(w) == 3, sheet.words
    assert any(re.fullmatch(
        r"Valid until [A-Z][a-z]+ \d\d/\d\d/\d{4}, \d\d:\d\d", w)
        for w in sheet.words)


def test_every_language(cli, root):
    codes = made(cli, "--devices", "3")
    for file in sorted((root / "web" / "lang").glob("*.json")):
        texts = json.loads(file.read_text())
        text = printed(cli, "--language", file.stem, portal=HOST,
                       stdin="\n".join(codes))
        assert f'lang="{file.stem}" dir="{texts["direction"]}"' in text
        assert texts["card_steps"].replace(". ", ".\n") in text or \
            texts["card_steps"] in text, file.stem
        assert "{{" not in text and "()" not in text
        assert [w for w in Sheet(text).words if CODE.fullmatch(w)] == codes


def test_joining_and_logo(cli, folder):
    codes = made(cli)
    logo = folder / "logo.svg"
    logo.write_text("<svg viewBox='0 0 9 9'/>")
    portal = f"{HOST}\n option logo '{logo}'\n option theme 'river'"
    text = printed(cli, "--ssid", 'Stadt; "frei"', portal=portal,
                   stdin="\n".join(codes))
    sheet = Sheet(text)
    assert sheet.labels[::2] == ['WLAN verbinden: Stadt; "frei"'] * 3
    assert sheet.labels[1].startswith("Online gehen: http")
    assert text.count('src="data:image/svg+xml;base64,') == 3
    assert ".head img{background:#0d3d6e}" in text
    assert sheet.tags.count("svg") == 6
    logo.write_text("<svg onload='x'/>")
    r = cli("voucher", "print", portal=portal, stdin=codes[0])
    assert r.returncode == 1 and "not shown to guests" in r.stderr


def test_every_output_of_create_is_read(cli):
    for args in [], ["--csv"], ["--json"]:
        out = cli(*CREATE, *args).stdout
        sheet = Sheet(printed(cli, "-", portal=HOST, stdin=out))
        assert [w for w in sheet.words if CODE.fullmatch(w)] == \
            CODE.findall(out)


@pytest.mark.parametrize("portal,args,url", [
    (HOST, [], "http://wlan.example.org/?code="),
    (HOST + "\n option certificate '/c'\n option key '/k'", [],
     "https://wlan.example.org/?code="),
    (HOST, ["--address", "10.20.0.1"], "http://10.20.0.1/?code="),
    ("", ["--address", "fd00::1"], "http://[fd00::1]/?code="),
    ("", ["--address", "wlan.example"], "http://wlan.example/?code="),
])
def test_address(cli, portal, args, url):
    codes = made(cli)
    sheet = Sheet(printed(cli, *args, portal=portal, stdin=codes[0]))
    assert sheet.labels == [f"Online gehen: {url}{codes[0]}"]


def test_wrong_prints(cli, folder):
    codes = made(cli)
    cases = [
        (["print"], codes[0], 2, "give --address"),
        (["print", "--address", "a/b"], codes[0], 2, "invalid value 'a/b' for --address"),
        (["print", "--language", "xx"], codes[0], 2,
         "invalid value 'xx' for --language"),
        (["print", "--ssid", ""], codes[0], 2, "invalid value '' for --ssid"),
        (["print", "--ssid", "x" * 33], codes[0], 2, "1 to 32 bytes"),
        (["print", "--title", ""], codes[0], 2, "invalid value '' for --title"),
        (["print", "--json"], codes[0], 2, "--json is not possible"),
        (["print", "--address", "a", str(folder / "no")], "", 4, "No such"),
        (["print", "--address", "a"], "", 1, "no codes to print"),
        (["print", "--address", "a"], f"{codes[0]}\nABC\n", 1,
         "line 2: 'ABC' is no code"),
        (["print", "--address", "a"], '{"codes": 5}', 1, "no list 'codes'"),
        (["print", "--address", "a"], "2222222222", 4, "was not made here"),
    ]
    for args, stdin, code, word in cases:
        r = cli("voucher", *args, stdin=stdin)
        assert r.returncode == code and word in r.stderr, (args, r.stderr)
        assert CODE.search(r.stdout) is None


def test_what_is_over_is_left_out(cli, folder):
    codes = made(cli)
    cli("voucher", "revoke", codes[0])
    with database(folder) as db:
        db.execute("UPDATE codes SET ends_s = -20000 WHERE id ="
                   " (SELECT min(id) FROM codes WHERE NOT revoked)")
    r = cli("voucher", "print", portal=HOST, stdin="\n".join(codes))
    assert r.returncode == 0
    left = [w for w in Sheet(r.stdout).words if CODE.fullmatch(w)]
    over = [code for code in codes if code not in left]
    assert len(over) == 2 and over[0] == codes[0]
    assert "is revoked and is left out" in r.stderr
    assert "has been used and is left out" in r.stderr
    r = cli("voucher", "print", portal=HOST, stdin="\n".join(over))
    assert r.returncode == 1 and "no code is left" in r.stderr


def chromium(folder, *args):
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={folder}/chromium", *args,
         f"file://{folder}/sheet.html"],
        check=True, timeout=150, stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL)


def test_a_camera_reads_it(cli, folder):
    """Twelve cards: two pages of A4, and every QR code of the first one."""
    codes = made(cli, "--count", "12")
    (folder / "sheet.html").write_text(
        printed(cli, "--title", "Wochenmarkt " * 5, "--language", "ru",
                "--ssid", "Stadt;frei", stdin="\n".join(codes),
                portal=HOST))
    chromium(folder, "--no-pdf-header-footer",
             f"--print-to-pdf={folder}/sheet.pdf")
    pdf = (folder / "sheet.pdf").read_bytes()
    assert re.findall(rb"/Type /Pages[^>]*?/Count (\d+)|/Count (\d+)", pdf)
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == 2
    assert re.search(rb"/MediaBox \[0 0 594\.\d+ 841\.\d+\]", pdf)
    chromium(folder, "--force-device-scale-factor=2",
             "--run-all-compositor-stages-before-draw",  # or rows are missing
             "--window-size=800,1130", f"--screenshot={folder}/sheet.png")
    r = subprocess.run(["zbarimg", "-q", "--raw", folder / "sheet.png"],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                       text=True, timeout=200)
    seen = r.stdout.split()
    assert sorted(s for s in seen if s.startswith("http")) == sorted(
        f"http://wlan.example.org/?code={c}" for c in codes[:10])
    assert seen.count(r"WIFI:T:nopass;S:Stadt\;frei;;") == 10
