# SPDX-License-Identifier: GPL-3.0-or-later
"""The operators' side: who gets in, who does not, and what they get to see."""
import base64
import contextlib
import csv
import gzip
import hashlib
import io
import json
import os
import pty
import re
import select
import shutil
import signal
import socket
import ssl
import subprocess
import termios
import time
import urllib.parse

import pytest

import gate
import lab
from gate import NETCTL, PORTAL

PORT = 2090
USER, PASSWORD = "anna", "correct horse"
COOKIE = re.compile(r"(__Host-)?stadttor=([0-9a-f]{64}); HttpOnly; "
                    r"SameSite=Strict; Path=/; Max-Age=43200(; Secure)?$")
ASSETS = {
    "index.html": b"<!DOCTYPE html><title>Dashboard</title>",
    "report.html": b"<!DOCTYPE html><title>Report</title>",
    "vouchers.html": b"<!DOCTYPE html><title>Codes</title>",
    "login.html": b"<!DOCTYPE html><title>Login</title><form method=post>",
    "app.js": b"'use strict';", "style.css": b"body{}",
    "icon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "uplot.js": b"", "uplot.css": b"",
}
CSP = {"default-src 'none'", "script-src 'self'", "style-src 'self'",
       "img-src 'self' data:", "connect-src 'self'", "form-action 'self'",
       "base-uri 'none'", "frame-ancestors 'none'"}


class Answer:
    """An answer of the listener, checked for what all of them have."""

    def __init__(self, raw, method="GET"):
        head, sep, self.body = raw.partition(b"\r\n\r\n")
        assert sep, raw[:200]
        lines = head.decode("ascii").split("\r\n")
        self.status = int(re.fullmatch(r"HTTP/1\.1 (\d{3}) [\w ]+",
                                       lines[0])[1])
        self.headers = dict(line.split(": ", 1) for line in lines[1:])
        assert len(self.headers) == len(lines) - 1, head
        assert set(self.headers["Content-Security-Policy"].split("; ")) == CSP
        assert self.headers["X-Content-Type-Options"] == "nosniff"
        assert self.headers["Referrer-Policy"] == "same-origin"
        assert self.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert self.headers["Connection"] == "close"
        length = int(self.headers["Content-Length"])
        assert len(self.body) == (0 if method == "HEAD" else length)

    @property
    def text(self):
        body = self.body
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        return body.decode()

    @property
    def json(self):
        assert self.headers["Content-Type"] == "application/json"
        return json.loads(self.body)

    @property
    def place(self):
        return self.headers.get("Location")


class Admin:
    """An operator in front of the listener."""

    def __init__(self, stadttor):
        self.stadttor = stadttor
        self.ns = stadttor.street.gate
        self.address = "127.0.0.1"
        self.tls = None
        self.cookie = None

    # --- accounts ---

    def passwd(self, *args, given=None, check=True):
        done = subprocess.run(
            [os.path.join(gate.BUILD, "stadttor"), "-c", self.stadttor.config,
             "passwd", *args], input=given, text=True, capture_output=True,
            timeout=120, start_new_session=True)
        assert not check or done.returncode == 0, done.stderr
        return done

    def add_user(self, name=USER, password=PASSWORD):
        self.passwd("--stdin", name, given=password + "\n")

    def add_token(self, name="prometheus"):
        return self.passwd("--token", name).stdout.strip()

    # --- connections ---

    @contextlib.contextmanager
    def sysctl(self, key, value):
        with self.ns.entered(), open(f"/proc/sys/{key}") as file:
            before = file.read()
        self.ns.sysctl(key, value)
        try:
            yield
        finally:
            self.ns.sysctl(key, before)

    def connect(self, ns=None, address=None, source=None):
        address = address or self.address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        s = (ns or self.ns).socket(family, socket.SOCK_STREAM)
        s.settimeout(60)
        if source:
            s.bind((source, 0))
        try:
            s.connect((address, PORT))
        except OSError:
            s.close()
            raise
        return self.tls.wrap_socket(s) if self.tls else s

    def is_open(self, **where):
        try:
            self.connect(**where).close()
        except OSError:
            return False
        return True

    def send(self, data, **where):
        with self.connect(**where) as s:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(data)
            raw = b""
            with contextlib.suppress(ConnectionResetError):
                while more := s.recv(1 << 16):
                    raw += more
        return raw

    def host(self, address=None):
        address = address or self.address
        return (f"[{address}]" if ":" in address else address) + f":{PORT}"

    def ask(self, path="/", method="GET", body=None, headers=None, **where):
        fields = {"Host": self.host(where.get("address"))}
        if self.cookie:
            fields["Cookie"] = "a=b; " + self.cookie + "; c=d"
        if body is not None:
            if isinstance(body, dict):
                body = urllib.parse.urlencode(body)
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            fields["Content-Length"] = len(body)
        fields.update(headers or {})
        text = f"{method} {path} HTTP/1.1\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in fields.items() if v is not None)
        return Answer(self.send((text + "\r\n" + (body or "")).encode(),
                                **where), method)

    def post(self, path, body="", **more):
        return self.ask(path, "POST", body, **more)

    def try_login(self, user=USER, password=PASSWORD, **more):
        return self.post("/login", {"user": user, "password": password},
                         **more)

    def attempt(self, **more):
        """The same, when it is its turn."""
        return lab.wait_until(
            lambda: (a := self.try_login(**more)).status != 429 and a, 20,
            every=0.2)

    def login(self, **more):
        answer = self.attempt(**more)
        assert (answer.status, answer.place) == (303, "/"), answer.text
        self.cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer

    def bearer(self, token, path="/metrics", **more):
        more.setdefault("headers", {})["Authorization"] = f"Bearer {token}"
        return self.ask(path, **more)

    def reload(self, pattern=r"stadttor-portal.* reloaded$"):
        since = len(self.stadttor.log(PORTAL))
        self.stadttor.reload(PORTAL)
        return self.stadttor.wait_log(r"(?m)" + pattern, PORTAL, since=since)


def make_pages(folder, assets=None):
    """The guests' pages as they are, and a dashboard of our own."""
    pages = os.path.join(folder, "web")
    for part in ("pages", "lang"):
        shutil.copytree(os.path.join(gate.REPO, "web", part),
                        os.path.join(pages, part), dirs_exist_ok=True)
    os.makedirs(os.path.join(pages, "admin"))
    for name, content in (ASSETS if assets is None else assets).items():
        with open(os.path.join(pages, "admin", name + ".gz"), "wb") as file:
            file.write(gzip.compress(content))
    subprocess.run(["chmod", "-R", "a+rX", pages], check=True)
    return pages


@pytest.fixture
def admin(stadttor):
    return Admin(stadttor)


def start(admin, /, accounts=True, netctl=True, **config):
    stadttor = admin.stadttor
    portal = {"pages": make_pages(stadttor.folder), **config.pop("portal", {})}
    stadttor.configure(portal=portal, **config)
    if accounts:
        admin.add_user()
    admin.address = config.get("admin", {}).get("address", "127.0.0.1")
    if netctl:
        stadttor.start_one(NETCTL)
    stadttor.start_one(PORTAL)
    if netctl:
        stadttor.wait_ready()
    else:  # until it hears a reload
        pid = stadttor.process[PORTAL].pid
        lab.wait_until(lambda: handles(pid, signal.SIGHUP))
    if accounts:
        stadttor.wait_log("admin: listening on", PORTAL)


def handles(pid, number):
    """Has that process a handler for the signal?"""
    with open(f"/proc/{pid}/status") as file:
        mask, = re.findall(r"^SigCgt:\s*(\w+)", file.read(), re.M)
    return int(mask, 16) >> (number - 1) & 1


# --- accounts ----------------------------------------------------------------

def accounts_of(admin):
    with open(os.path.join(admin.stadttor.folder, "accounts")) as file:
        return file.read()


def test_passwd(admin):
    stadttor = admin.stadttor
    path = os.path.join(stadttor.folder, "new", "accounts")
    stadttor.configure(admin={"accounts": path})
    assert "reload the portal" in admin.passwd(
        "--stdin", "anna", given="correct horse\n").stdout
    mode = os.stat(path)
    assert mode.st_mode & 0o7777 == 0o640
    assert mode.st_gid == os.stat("/dev/null").st_gid or mode.st_gid == 65534
    assert os.stat(os.path.dirname(path)).st_mode & 0o7777 == 0o755
    with open(path, "a") as file:
        file.write("# a comment that stays\n")
    token = admin.passwd("--token", "prometheus").stdout.strip()
    assert re.fullmatch("[0-9a-f]{64}", token)
    with open(path) as file:
        before = file.read()
    assert "# a comment that stays\n" in before
    digest = hashlib.sha256(token.encode()).hexdigest()
    assert f"token:prometheus:sha256:{digest}\n" in before
    assert token not in before and "horse" not in before
    admin.add_user("anna", "another horse")
    with open(path) as file:
        after = file.read()
    assert after.count("user:anna:") == 1 and after != before
    assert admin.passwd("--list").stdout == (
        "token read     prometheus\nuser  read     anna\n")
    assert json.loads(admin.passwd("--list", "--json").stdout) == {
        "accounts": [
            {"kind": "token", "name": "prometheus", "role": "read"},
            {"kind": "user", "name": "anna", "role": "read"}]}
    made = json.loads(admin.passwd("--json", "--token", "x").stdout)
    assert made["kind"] == "token" and len(made["token"]) == 64
    assert made["file"] == path
    admin.passwd("--delete", "anna")
    assert "anna" not in admin.passwd("--list").stdout
    assert admin.passwd("--delete", "anna", check=False).returncode == 4
    assert os.listdir(os.path.dirname(path)) == ["accounts"]


def test_roles(admin):
    """Kept by a new password, changed by another word."""
    def roles():
        return {a["name"]: a["role"] for a in json.loads(admin.passwd(
            "--json", "--list").stdout)["accounts"]}

    admin.stadttor.configure()
    for args, role in (((), "read"), (("--role", "vouchers"), "vouchers"),
                       ((), "vouchers"), (("--role", "all"), "all"),
                       (("--role", "read"), "read")):
        admin.passwd(*args, "--stdin", USER, given=PASSWORD + "\n")
        assert roles() == {USER: role}
    admin.passwd("--token", "--role", "vouchers", "till")
    assert roles() == {USER: "read", "till": "vouchers"}
    done = admin.passwd("--role", "root", "--token", "x", check=False)
    assert done.returncode == 2 and "read, vouchers or all" in done.stderr


def test_codes_in_the_dashboard(admin):
    """As a till's token may, and one that reads may not; the command line and
    the portal share them."""
    stadttor = admin.stadttor
    folder = os.path.join(stadttor.folder, "codes")
    stadttor.configure(guest={"auth": "voucher"})
    with open(stadttor.config, "a") as file:
        file.write(gate.section("voucher", None, {
            "file": f"{folder}/vouchers.sqlite", "key": f"{folder}/key"}))
    reads, till = admin.add_token("reads"), admin.passwd(
        "--role", "vouchers", "--token", "till").stdout.strip()
    stadttor.cli("voucher", "create", "--count", "1", "--minutes", "5",
                 "--label", "first")
    for program in (NETCTL, PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    stadttor.wait_log("admin: listening on", PORTAL)
    wish = {"label": "Fest", "count": 2, "minutes": 60, "devices": 1,
            "days": 30, "zone": "guest"}
    for path, body in (("", None), ("/create", wish), ("/revoke",
                                                       {"batch": 1})):
        assert admin.bearer(reads, "/api/vouchers" + path, body=body, method=
                            "POST" if body else "GET").status == 403
    made = admin.bearer(till, "/api/vouchers/create", method="POST", body=wish)
    assert len(made.json.get("codes", ())) == 2, made.text
    listed = json.loads(stadttor.cli("--json", "voucher", "list").stdout)
    assert [b["label"] for b in listed["batches"]] == ["first", "Fest"]
    assert admin.bearer(till, "/api/vouchers/revoke", method="POST",
                        body={"batch": 2}).status == 200
    batches = admin.bearer(till, "/api/vouchers").json["batches"]
    assert [b["revoked"] for b in batches] == [0, 2]
    assert "till has made 2 codes" in stadttor.log(PORTAL)
    assert not [c for c in made.json["codes"] if c in stadttor.log(PORTAL)]


def test_notes(admin):
    """Of an account that may do all; the command line and the portal share
    them, and the file is the portal's."""
    stadttor = admin.stadttor
    stadttor.configure()
    till = admin.passwd("--role", "vouchers", "--token", "till").stdout.strip()
    boss = admin.passwd("--role", "all", "--token", "boss").stdout.strip()
    stadttor.cli("note", "add", "2026-11-20", "Antenne")
    for program in (NETCTL, PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    stadttor.wait_log("admin: listening on", PORTAL)
    wish = {"day": "2026-11-24", "text": "Stadtfest <b>&</b>"}
    assert admin.bearer(till, "/api/notes/add", method="POST",
                        body=wish).status == 403
    made = admin.bearer(boss, "/api/notes/add", method="POST", body=wish)
    assert made.json == {"id": 2}, made.text
    notes = [{"id": 1, "day": "2026-11-20", "text": "Antenne"},
             {"id": 2, **wish}]
    assert admin.bearer(till, "/api/notes").json["notes"] == notes
    assert json.loads(stadttor.cli("--json", "note", "list").stdout) == notes
    assert admin.bearer(boss, "/api/notes/remove", method="POST",
                        body={"id": 1}).status == 200
    assert json.loads(stadttor.cli("--json", "note", "list").stdout) == \
        notes[1:]
    assert "boss has written note 2" in stadttor.log(PORTAL)
    assert "Stadtfest" not in stadttor.log(PORTAL)


def health_of(admin, token):
    return admin.bearer(token, "/api/health").json


def test_the_history_of_health(admin):
    """A power cut of two hours, told after the next start; then a stop that
    was asked for is none while it is short."""
    stadttor = admin.stadttor
    folder = os.path.join(stadttor.folder, "usage")
    stadttor.configure()
    token = admin.add_token("reads")
    stadttor.cli("note", "list")  # makes the folder
    alive = os.path.join(folder, "history.sqlite.alive")
    with open(alive, "w") as file:
        lost = int(time.time()) - 7200
        file.write(f"{lost:<14}running  \n")
    os.chown(alive, os.stat(folder).st_uid, os.stat(folder).st_gid)
    for program in (NETCTL, PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    stadttor.wait_log("admin: listening on", PORTAL)
    lab.wait_until(lambda: health_of(admin, token)["events"], 60,
                   say="the power cut is not told")
    told = health_of(admin, token)
    assert [e["code"] for e in told["events"]] == ["portal_lost"]
    assert told["at_most"]
    assert 7190 < told["events"][0]["seconds"] <= time.time() - lost + 1
    with open(alive) as file:
        first = file.read()
    assert first.endswith("running  \n") and len(first) == 24
    before = stadttor.log(PORTAL)
    lab.stop(stadttor.process[PORTAL], signal.SIGTERM)
    with open(alive) as file:
        assert file.read().endswith("stopped  \n")
    stadttor.start_one(PORTAL)
    stadttor.wait_log("admin: listening on", PORTAL, since=len(before))
    csv = admin.bearer(token, "/api/health?format=csv").text
    assert csv.splitlines()[0] == \
        "began,ended,seconds,level,code,zone,times,outage"


@pytest.mark.full
def test_an_uplink_that_goes_is_history(admin):
    """Two looks in a row, a minute apart; and it is over likewise."""
    stadttor = admin.stadttor
    stadttor.configure()
    token = admin.add_token("reads")
    for program in (NETCTL, PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    stadttor.wait_log("admin: listening on", PORTAL)
    street = stadttor.street
    began = time.time()
    street.gate.ip("link set wan0 down")
    try:
        lab.wait_until(lambda: [e for e in health_of(admin, token)["events"]
                                if e["outage"]], 200, say="it is not told")
        told = time.time()
        found = [e for e in health_of(admin, token)["events"] if e["outage"]]
    finally:
        street.gate.ip("link set wan0 up")
        street.restore_addresses()
    assert found[0]["ended"] is None
    # the first of the two looks, a minute before it is told
    assert began - 1 < time.mktime(time.strptime(
        found[0]["began"][:19], "%Y-%m-%dT%H:%M:%S")) < told - 50
    lab.wait_until(lambda: all(e["ended"] for e in health_of(
        admin, token)["events"] if e["outage"]), 200, say="it is not over")


def test_passwd_matches_scrypt(admin):
    """Other programs can make the lines, too."""
    admin.stadttor.configure()
    admin.add_user()
    kind, name, how, n, r, p, salt, digest = accounts_of(admin).strip().split(
        ":")
    assert (kind, name, how) == ("user", USER, "scrypt")
    assert hashlib.scrypt(PASSWORD.encode(), salt=bytes.fromhex(salt),
                          n=2 ** int(n), r=int(r), p=int(p),
                          maxmem=1 << 26, dklen=32).hex() == digest


@pytest.mark.parametrize("args, given, code, word", [
    (["--stdin", "anna"], "short\n", 1, "at least 10"),
    (["--stdin", "anna"], "a" * 128 + "\n", 1, "at most 127"),
    (["--stdin", "anna"], "tab\tin the middle\n", 1, "control"),
    (["--stdin", "anna"], "", 1, "no password"),
    (["--stdin", "an na"], "correct horse\n", 2, "invalid name"),
    (["--stdin", "an:na"], "correct horse\n", 2, "invalid name"),
    (["--stdin", "a" * 33], "correct horse\n", 2, "invalid name"),
    (["--stdin"], "correct horse\n", 2, "name of the account"),
    (["anna"], "correct horse\n", 1, "--stdin"),
    (["--list", "anna"], "", 2, "takes no name"),
    (["--stdin", "--token", "anna"], "", 2, "exclude each other"),
    (["--token", "--delete", "anna"], "", 2, "exclude each other"),
])
def test_passwd_refuses(admin, args, given, code, word):
    admin.stadttor.configure()
    done = admin.passwd(*args, given=given, check=False)
    assert done.returncode == code and word in done.stderr, done.stderr
    assert not os.path.exists(os.path.join(admin.stadttor.folder, "accounts"))


def test_passwd_leaves_a_broken_file_alone(admin):
    admin.stadttor.configure()
    path = os.path.join(admin.stadttor.folder, "accounts")
    with open(path, "w") as file:
        file.write("# mine\nuser:anna\n")
    done = admin.passwd("--token", "x", check=False)
    assert done.returncode == 1 and f"{path}:2: " in done.stderr
    assert accounts_of(admin) == "# mine\nuser:anna\n"


def at_terminal(admin, answers):
    """Runs passwd at a terminal; its exit code and all that was shown."""
    pid, fd = pty.fork()
    if not pid:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # not so below nohup
        os.execv(os.path.join(gate.BUILD, "stadttor"),
                 ["stadttor", "-c", admin.stadttor.config, "passwd", "anna"])
    shown = b""
    with contextlib.suppress(OSError):
        while more := os.read(fd, 1024):
            shown += more
            if more.endswith(b": ") and answers:
                lab.wait_until(lambda: not termios.tcgetattr(fd)[3] &
                               termios.ECHO, say="the echo is not off")
                os.write(fd, answers.pop(0))
    os.close(fd)
    return os.waitpid(pid, 0)[1], shown


def test_passwd_at_a_terminal(admin):
    admin.stadttor.configure()
    status, shown = at_terminal(admin, [b"correct horse\n"] * 2)
    assert status == 0 and b"horse" not in shown, shown
    assert "user:anna:" in accounts_of(admin)
    status, shown = at_terminal(admin, [b"correct horse\n", b"other horse\n"])
    assert os.waitstatus_to_exitcode(status) == 1 and b"passwords differ" in shown
    status, shown = at_terminal(admin, [b"correct\x03"])
    assert os.waitstatus_to_exitcode(status) == -2, shown


# --- open and closed ---------------------------------------------------------

def test_opens_with_the_first_account(admin):
    start(admin, accounts=False)
    admin.stadttor.wait_log("admin: no account yet", PORTAL)
    assert not admin.is_open()
    admin.add_user()
    admin.reload("admin: listening on lo, port 2090$")
    admin.login()
    assert admin.ask("/").status == 200
    admin.passwd("--delete", USER)
    admin.reload()
    assert not admin.is_open()


def test_disabled(admin):
    start(admin, accounts=False, netctl=False, admin={"enabled": 0})
    admin.add_user()
    admin.reload()
    assert not admin.is_open()


def test_broken_accounts(admin):
    """The guests' side works whatever became of that file."""
    path = os.path.join(admin.stadttor.folder, "accounts")
    admin.stadttor.configure()
    with open(path, "w") as file:
        file.write("user:anna:md5:x\n")
    start(admin, accounts=False)
    assert admin.stadttor.warnings(re.escape(path) + ":1: a user is", PORTAL)
    assert not admin.is_open()
    os.unlink(path)
    admin.add_user()
    admin.reload("admin: listening on")
    with open(path, "a") as file:
        file.write("nonsense\n")
    admin.reload(re.escape(path) + r":2: .*everything stays as it was")
    admin.login()


def test_another_password_ends_sessions(admin):
    start(admin, netctl=False)
    admin.add_user("ben")
    admin.reload()
    admin.login()
    anna, admin.cookie = admin.cookie, None
    admin.login(user="ben")
    admin.add_user(USER, "a new password")
    admin.reload()
    assert admin.ask("/").status == 200
    admin.cookie = anna
    assert admin.ask("/").place == "/login"


def test_refuses_a_guests_address(admin):
    street = admin.stadttor.street
    admin.stadttor.drive_clock()
    for address in (street.guest.gate4, street.guest.gate6):
        admin.stadttor.configure(admin={"address": address})
        admin.add_user()
        since = len(admin.stadttor.log(PORTAL))
        admin.stadttor.start_one(NETCTL)
        admin.stadttor.start_one(PORTAL)
        admin.stadttor.wait_log("admin: the address of the config is on "
                                "br-guest, a guest zone's device; not "
                                "listening there", PORTAL, since=since)
        for _ in range(3):  # it looks again each time
            admin.stadttor.jump(2.5)
        assert admin.stadttor.log(PORTAL)[since:].count("guest zone's") == 1
        assert not admin.is_open(address=address)
        admin.stadttor.terminate()


def test_waits_for_its_address(admin):
    ns = admin.ns
    start(admin, accounts=False, admin={"address": "10.99.0.1"})
    admin.add_user()
    admin.reload("admin: no device has the address")
    ns.ip("link add mgmt0 type bridge", "link set mgmt0 up",
          "addr add 10.99.0.1/24 dev mgmt0")
    try:
        admin.stadttor.wait_log("admin: listening on mgmt0", PORTAL)
    finally:
        ns.ip("link del mgmt0")


def test_device_made_anew(admin):
    """As a bridge is when the network is restarted."""
    ns = admin.ns
    make = ["link add mgmt0 type bridge", "link set mgmt0 up",
            "addr add 10.99.0.1/24 dev mgmt0"]
    ns.ip(*make)
    try:
        start(admin, admin={"address": "10.99.0.1"})
        since = len(admin.stadttor.log(PORTAL))
        ns.ip("link del mgmt0")
        ns.ip(*make)
        street = admin.stadttor.street
        ns.ip("link del br-guest")
        street.build_bridge(street.guest)
        street.rejoin(street.guest)
        admin.stadttor.wait_log("admin: mgmt0 is gone", PORTAL, since=since)
        admin.stadttor.wait_log("admin: listening on mgmt0", PORTAL,
                                since=since)
    finally:
        ns.ip("link del mgmt0")


def listens_on(admin):
    """Address and device, as ss(8) writes them."""
    return re.findall(rf"(\S+):{PORT} ", admin.ns.run("ss", "-Htln").stdout)


def test_follows_its_address(admin):
    """To another device, and not to one of guests."""
    ns, stadttor = admin.ns, admin.stadttor

    def moved(text, *lines):
        since = len(stadttor.log(PORTAL))
        ns.ip(*lines)
        stadttor.wait_log(text, PORTAL, since=since)

    ns.ip("link add mgmt0 type bridge", "link set mgmt0 up",
          "link add mgmt1 type bridge", "link set mgmt1 up",
          "addr add 10.99.0.1/24 dev mgmt0")
    try:
        start(admin, admin={"address": "10.99.0.1"})
        moved("admin: no device has the address",
              "addr del 10.99.0.1/24 dev mgmt0")
        moved("admin: listening on mgmt1", "addr add 10.99.0.1/24 dev mgmt1")
        moved("is on br-guest, a guest zone's device; not listening",
              "addr del 10.99.0.1/24 dev mgmt1",
              "addr add 10.99.0.1/24 dev br-guest")
        assert listens_on(admin) == []
        moved("admin: listening on mgmt0",
              "addr del 10.99.0.1/24 dev br-guest",
              "addr add 10.99.0.1/24 dev mgmt0")
        assert listens_on(admin) == ["10.99.0.1%mgmt0"]
    finally:
        ns.ip("link del mgmt0", "link del mgmt1")
        ns.run("ip", "addr", "del", "10.99.0.1/24", "dev", "br-guest",
               check=False)


def test_without_netctl_it_is_open_on_loopback_alone(admin):
    """Nobody else can tell on which side an address is."""
    stadttor = admin.stadttor
    said = "not listening: only netctl can tell"
    stadttor.drive_clock()
    start(admin, accounts=False, netctl=False,
          admin={"address": lab.UPLINK4})
    admin.add_user()
    admin.reload()
    stadttor.wait_log("admin: " + said, PORTAL)
    for _ in range(3):  # it looks again each time
        stadttor.jump(2.5)
    assert stadttor.log(PORTAL).count(said) == 1
    assert listens_on(admin) == []
    stadttor.start_one(NETCTL)
    stadttor.wait_log("admin: listening on wan0", PORTAL)
    stadttor.kill(NETCTL)
    stadttor.wait_log("netctl is away", PORTAL)
    admin.reload()  # what it was told is true until it hears more
    assert listens_on(admin) == [f"{lab.UPLINK4}%wan0"]
    stadttor.configure(portal={"pages": os.path.join(stadttor.folder, "web")},
                       admin={"address": "127.0.0.1"})
    admin.reload("admin: listening on lo")
    assert listens_on(admin) == ["127.0.0.1%lo"]


def test_with_a_netctl_that_hangs(admin):
    """As without: nothing opens, and what is open stays so."""
    stadttor = admin.stadttor
    start(admin, admin={"address": lab.UPLINK4})
    stadttor.process[NETCTL].send_signal(signal.SIGSTOP)
    since = len(stadttor.log(PORTAL))
    admin.reload()
    stadttor.wait_log("netctl does not answer in time", PORTAL, since=since)
    assert listens_on(admin) == [f"{lab.UPLINK4}%wan0"]
    stadttor.restart(PORTAL)
    stadttor.wait_log("admin: not listening: only netctl", PORTAL)
    assert listens_on(admin) == []
    stadttor.process[NETCTL].send_signal(signal.SIGCONT)
    stadttor.wait_log("only netctl(.|\n)*admin: listening on wan0", PORTAL)


def test_guests_cannot_reach_it(admin, phones):
    """Not even with no rule in their way, at no address of the gate."""
    street = admin.stadttor.street
    start(admin, admin={"address": lab.UPLINK4})
    admin.stadttor.kill(NETCTL)
    street.gate.run("nft", "flush", "ruleset")
    assert admin.is_open(ns=street.internet)
    answer = admin.ask("/login", ns=street.internet)
    assert answer.status == 200
    for address in (lab.UPLINK4, street.guest.gate4, "127.0.0.1",
                    street.guest.gate6):
        assert not admin.is_open(ns=phones[0].netns, address=address)
    admin.stadttor.terminate(PORTAL)
    admin.stadttor.configure(admin={"address": lab.UPLINK6})
    admin.stadttor.start_one(NETCTL)
    admin.stadttor.start_one(PORTAL)
    lab.wait_until(lambda: admin.is_open(ns=street.internet,
                                         address=lab.UPLINK6), 5)
    admin.stadttor.kill(NETCTL)
    street.gate.run("nft", "flush", "ruleset")
    for address in (lab.UPLINK6, street.guest.gate6):
        assert not admin.is_open(ns=phones[0].netns, address=address)


def test_ipv6(admin):
    start(admin, netctl=False, admin={"address": "::1"})
    admin.login()
    assert admin.ask("/").status == 200
    assert admin.ask("/", headers={"Host": "localhost:8080"}).status == 200
    assert admin.ask("/", headers={"Host": "127.0.0.1:8080"}).status == 200


# --- logging in --------------------------------------------------------------

def test_login(admin):
    start(admin)
    assert admin.ask("/").place == "/login"
    page = admin.ask("/login")
    assert page.status == 200 and page.headers["Cache-Control"] == "no-store"
    assert "Login" in page.text
    answer = admin.login()
    assert COOKIE.match(answer.headers["Set-Cookie"])
    assert "Secure" not in answer.headers["Set-Cookie"]
    page = admin.ask("/")
    assert page.status == 200 and "Dashboard" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    first = admin.cookie
    admin.login()
    assert admin.cookie != first
    answer = admin.post("/logout")
    assert (answer.status, answer.place) == (303, "/login")
    assert "Max-Age=0" in answer.headers["Set-Cookie"]
    assert admin.ask("/").place == "/login"
    admin.cookie = first
    assert admin.ask("/").status == 200
    log = admin.stadttor.log(PORTAL)
    assert "anna has logged in" in log
    assert PASSWORD not in log and first.split("=")[1] not in log


@pytest.mark.parametrize("cookie", [
    "", "stadttor=", "stadttor=" + "0" * 64, "stadttor=" + "0" * 63,
    "stadttor=" + "x" * 65, "__Host-stadttor=" + "0" * 64, "stadttor",
    "=" * 64, "stadttor=" + "%00" * 22, ";" * 1000])
def test_wrong_cookies(admin, cookie):
    if not admin.stadttor.process:
        start(admin, netctl=False)
    assert admin.ask("/", headers={"Cookie": cookie}).place == "/login"
    assert admin.ask("/api/now", headers={"Cookie": cookie}).status == 401


def test_no_login_form(admin):
    start(admin, netctl=False)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for headers, body in (
            ({"Content-Type": "application/json"}, '{"user":"anna"}'),
            ({"Content-Type": "text/plain"}, "user=anna&password=x"),
            (form, "user=%zz"), (form, "user=%00"), (form, "a&" * 20)):
        assert admin.post("/login", body, headers=headers).status == 400
    assert admin.ask("/login", "PUT", "").status == 405
    assert admin.post("/login", "a" * 4097).status == 413
    assert admin.post("/api/now").status == 405
    assert admin.ask("/logout").headers["Allow"] == "POST"


def test_lock_out(admin):
    admin.stadttor.drive_clock(slower=10 ** 6)
    start(admin, netctl=False)
    token = admin.add_token()
    admin.reload()
    for name in ("anna", "nobody", "anna", "nobody", "anna", "nobody"):
        admin.stadttor.advance(4)
        answer = admin.try_login(user=name, password="wrong")
        assert (answer.status, answer.place) == (
            303, "/login?failed=1#failed")
        assert "Set-Cookie" not in answer.headers
    # the right one does not help now
    for seconds in "4", "3":
        answer = admin.try_login()
        assert answer.status == 429
        assert answer.headers["Retry-After"] == seconds
        admin.stadttor.advance(1)
    # but who has a token is let in, and who comes from elsewhere, too
    assert admin.bearer(token).status == 200
    assert admin.try_login(source="127.0.0.2").place == "/"
    admin.stadttor.advance(2)
    assert admin.try_login().place == "/"
    for _ in range(4):  # all is forgiven
        assert admin.bearer("0" * 64).status == 401
    log = admin.stadttor.log(PORTAL)
    assert "wrong" not in log and "nobody" not in log.replace("user nobody", "")


def test_lock_out_by_token(admin):
    start(admin, netctl=False)
    for _ in range(5):
        answer = admin.bearer("0" * 64)
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert admin.bearer("0" * 64).status == 429
    assert admin.try_login().status == 429


def test_passwords_take_turns(admin):
    """One a second of those who have not failed, and less of those who have."""
    admin.stadttor.drive_clock(slower=10 ** 6)
    start(admin, netctl=False)
    sources = [f"127.0.1.{n}" for n in range(1, 21)]
    for checked in (1, 2, 2):  # the second time also one that has failed once
        answers = [admin.try_login(password="wrong", source=source).status
                   for source in sources]
        assert sorted(answers) == checked * [303] + (20 - checked) * [429]
        admin.stadttor.advance(1.1)


def test_names_cannot_be_timed(admin):
    """A name that is not there costs as much as one that is."""
    start(admin, netctl=False)
    took = {}
    for name in (USER, "nobody-here"):
        def is_answered():
            begin = admin.stadttor.worked(PORTAL)
            answer = admin.try_login(user=name, password="wrong")
            took[name] = admin.stadttor.worked(PORTAL) - begin
            return answer.status == 303  # and not: too many a second
        lab.wait_until(is_answered, 10, every=0.25)
    assert max(took.values()) < 3 * min(took.values()), took


# --- forged requests ---------------------------------------------------------

def test_csrf(admin):
    start(admin, netctl=False)
    admin.login()
    own = f"http://127.0.0.1:{PORT}"
    for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                    {"Origin": own + "0"}, {"Origin": own.upper() + ".x"},
                    {"Origin": f"https://127.0.0.1:{PORT}"},
                    {"Sec-Fetch-Site": "cross-site"},
                    {"Sec-Fetch-Site": "same-site"},
                    {"Sec-Fetch-Site": "same-origin, cross-site"},
                    {"Origin": own, "Sec-Fetch-Site": "cross-site"},
                    {"Origin": "http://evil.example",
                     "Sec-Fetch-Site": "same-origin"}):
        assert admin.post("/logout", headers=headers).status == 403, headers
        assert admin.try_login(headers=headers).status == 403, headers
    assert admin.ask("/").status == 200  # still logged in
    for headers in ({"Origin": own}, {"Sec-Fetch-Site": "none"},
                    {"Origin": own, "Sec-Fetch-Site": "same-origin"}):
        assert admin.attempt(headers=headers).status == 303, headers
    assert admin.ask("/", headers={"Origin": "http://evil.example"}
                     ).headers.get("Access-Control-Allow-Origin") is None


def test_rebinding(admin):
    start(admin, netctl=False, admin={"hostname": "gate.example"})
    for host, status in (
            ("127.0.0.1", 200), ("127.0.0.1:2090", 200),
            ("127.0.0.1:8080", 200), ("localhost", 200),
            ("LocalHost:2090", 200), ("[::1]:2090", 200),
            ("gate.example", 200), ("GATE.example:443", 200),
            ("evil.example", 421), ("evil.example:2090", 421),
            ("gate.example.evil.example", 421), ("10.20.0.1", 421),
            ("127.0.0.1.evil.example", 421), ("localhost.evil.example", 421),
            ("[::2]", 421), ("", 421), ("[", 421), (":2090", 421),
            ("a" * 250, 421)):
        assert admin.ask("/login", headers={"Host": host}).status == status, \
            host
    assert admin.send(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 421 ")


def test_names_of_an_address(admin):
    start(admin, admin={"address": lab.UPLINK4})
    ns = admin.stadttor.street.internet
    for host, status in ((lab.UPLINK4, 200), ("localhost", 421),
                         ("127.0.0.1", 421), (lab.UPLINK6, 421)):
        assert admin.ask("/login", headers={"Host": host},
                         ns=ns).status == status, host


def test_header_injection(admin):
    start(admin, netctl=False)
    admin.login()
    for text in ("%0d%0aSet-Cookie:%20a=b", "%22%7d", "%ff%fe", "'", "%00",
                 "<script>", "\\", "a" * 100):
        for name in ("from", "step", "zone", "metrics", "format", "x"):
            answer = admin.ask(f"/api/usage?{name}={text}")
            assert "Set-Cookie" not in answer.headers
            assert answer.status == 400 or name == "zone", (name, text)
            if answer.status == 400 and "json" in \
                    answer.headers["Content-Type"]:
                assert set(answer.json) == {"error"}


# --- pages -------------------------------------------------------------------

def test_assets(admin):
    start(admin, netctl=False)
    kinds = {"app.js": "text/javascript; charset=utf-8",
             "style.css": "text/css; charset=utf-8",
             "icon.svg": "image/svg+xml"}
    for name, kind in kinds.items():
        answer = admin.ask("/" + name)
        assert answer.status == 200
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Cache-Control"] == "private, max-age=300"
        assert answer.text == ASSETS[name].decode()
        assert admin.ask("/" + name, "HEAD").status == 200
        assert admin.post("/" + name).status == 404
    for path in ("/index.html", "/login.html", "/report.html", "/vouchers.html", "/app.js.gz", "/../app.js",
                 "/admin/app.js", "//app.js", "/app.js/", "/.", "/..",
                 "/../../../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
                 "/..%2faccounts", "/favicon.ico", "/" + "a" * 300):
        assert admin.ask(path).status == 404, path
    for path in ("/%00app.js", "app.js", "/app.js\\", "/%zz"):
        assert admin.ask(path).status == 400, path


def test_pages_are_for_operators(admin):
    start(admin, netctl=False)
    pages = {"/": "Dashboard", "/report": "Report", "/vouchers": "Codes"}
    for path in pages:
        answer = admin.ask(path)
        assert (answer.status, answer.place) == (303, "/login")
        assert answer.body == b"/login"
    admin.login()
    for path, title in pages.items():
        assert title in admin.ask(path).text
        assert admin.post(path).status == 405
    assert admin.ask("/api/vouchers").status == 403


def test_without_a_dashboard(admin):
    start(admin, portal={"pages": make_bare(admin)})
    admin.login()
    answer = admin.ask("/")
    assert answer.status == 404 and "not installed" in answer.text
    assert "not installed" in admin.ask("/login").text
    assert admin.ask("/api/now").status == 200


def make_bare(admin):
    bare = os.path.join(admin.stadttor.folder, "bare")
    for part in ("pages", "lang"):
        shutil.copytree(os.path.join(gate.REPO, "web", part),
                        os.path.join(bare, part))
    subprocess.run(["chmod", "-R", "a+rX", bare], check=True)
    return bare


@pytest.mark.parametrize("name, content, word", [
    ("big.js.gz", gzip.compress(b"") + bytes(600_000), "more than 512 kB"),
    ("app.js.gz", b"not compressed at all", "not compressed by gzip"),
], ids=["big", "plain"])
def test_assets_that_cannot_be(admin, name, content, word):
    start(admin, netctl=False)
    path = os.path.join(admin.stadttor.folder, "web", "admin", name)
    with open(path, "wb") as file:
        file.write(content)
    admin.reload(f"{re.escape(name)}: {word}.*everything stays as it was")
    assert admin.ask("/app.js").status == 200


# --- tokens ------------------------------------------------------------------

def test_bearer(admin):
    start(admin)
    token = admin.add_token()
    admin.reload()
    for path in ("/metrics", "/api/now", "/api/usage",
                 "/api/usage?step=week"):
        assert admin.bearer(token, path).status == 200
        assert admin.bearer(token, path, method="HEAD").status == 200
        answer = admin.ask(path)
        assert answer.status == 401
        if path.startswith("/api"):
            assert set(answer.json) == {"error"}
    # it opens nothing else, and is no session
    assert admin.bearer(token, "/").place == "/login"
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    for value in (f"Basic {basic}", "Bearer", "Bearer ", token,
                  "Bearer " + token[:-1], "Bearer " + "a" * 300):
        assert admin.ask("/metrics", headers={"Authorization": value}
                         ).status in (401, 429)
    assert admin.ask("/metrics", headers={"Authorization": "bearer " + token}
                     ).status == 200


# --- TLS ---------------------------------------------------------------------

def test_tls(admin):
    cert, key = certificate(admin.stadttor.folder)
    start(admin, netctl=False, admin={"certificate": cert, "key": key})
    assert admin.send(b"GET / HTTP/1.1\r\n\r\n") == b""
    admin.tls = ssl.create_default_context(cafile=cert)
    admin.tls.check_hostname = False
    answer = admin.login(headers={"Origin": f"https://127.0.0.1:{PORT}"})
    match = COOKIE.match(answer.headers["Set-Cookie"])
    assert match[1] == "__Host-" and match[3] == "; Secure"
    assert admin.ask("/").status == 200
    admin.cookie = admin.cookie.removeprefix("__Host-")
    assert admin.ask("/").place == "/login"
    assert admin.post("/logout", headers={"Origin": "http://127.0.0.1:2090"}
                      ).status == 403


def certificate(folder):
    cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         "/CN=gate.example", "-keyout", key, "-out", cert],
        check=True, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o644)
    return cert, key


# --- figures -----------------------------------------------------------------

@pytest.mark.parametrize("query, word", [
    ("/api/usage?step=dec", "step: 'dec' is not hour, day, week, month"),
    ("/api/usage?from=x", "from: 'x' is no day"),
    ("/api/usage?to=2026-02-30", "to: '2026-02-30' is no day"),
    ("/api/usage?metrics=visitors,beds", "metrics: "),
    ("/api/usage?format=xml", "format: 'xml' is not json or csv"),
    ("/api/usage?form=csv", "query: 'form' is unknown"),
    ("/api/usage?kind=language", "query: 'kind' is unknown"),
    ("/api/usage?from=" + "1" * 300, "query: 'from'"),
])
def test_bad_parameters(admin, query, word):
    start(admin, netctl=False)
    token = admin.add_token()
    admin.reload()
    answer = admin.bearer(token, query)
    assert answer.status == 400 and answer.json["error"].startswith(word)


def fill_store(admin, days):
    """Figures of so many days, put there as the portal's user."""
    path = os.path.join(admin.stadttor.folder, "usage", "usage.sqlite")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run([os.path.join(gate.BUILD, "golden", "storedriver"),
                    "apply", path, str(days * 25)], check=True,
                   stdout=subprocess.DEVNULL,
                   env=dict(os.environ, BASE=str(
                       int(time.time()) // 86400 * 86400 - days * 86400)))
    subprocess.run(["chown", "-R", "nobody", os.path.dirname(path)],
                   check=True)


def test_usage(admin):
    fill_store(admin, 30)
    start(admin)
    admin.login()
    usage = admin.ask("/api/usage?step=day&metrics=visitors,bytes_up").json
    assert usage["step"] == "day" and usage["zone"] is None
    assert set(usage["values"]) == {"visitors"}  # bytes are of weeks
    assert len(usage["start"]) == len(usage["values"]["visitors"]) >= 30
    assert len(usage["bands"]["visitors"]) == len(usage["start"])
    answer = admin.ask("/api/usage?step=hour&format=csv&zone=zone_0")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == \
        'attachment; filename="stadttor-usage.csv"'
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["time", "hours", "online", "online_band"]
    assert len(rows) > 700
    answer = admin.ask("/api/usage?step=week&metrics=language_de")
    assert answer.json["values"]["language_de"]
    assert admin.ask("/api/labels").status == 404
    assert admin.ask("/api/usage", "HEAD").body == b""


def test_a_large_answer(admin):
    """A year of hours, also for somebody who reads slowly: the kernel takes a
    part of it at once, and no more."""
    wmem = "net/ipv4/tcp_wmem", "4096 16384 65536"
    fill_store(admin, 400)
    start(admin)
    admin.login()
    whole = admin.ask("/api/usage?step=hour")
    assert len(whole.body) > 1 << 18
    assert len(whole.json["start"]) > 9000
    with admin.sysctl(*wmem), admin.connect() as s:
        # 2 kB at a time would take half a minute
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 15)
        s.sendall(f"GET /api/usage?step=hour HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                  f"Cookie: {admin.cookie}\r\n\r\n".encode())
        assert select.select([s], [], [], 60)[0]
        assert admin.ask("/api/now").status == 200  # nobody waits for it
        port = s.getsockname()[1]
        assert "ESTAB" in admin.ns.run("ss", "-Htan", "dport", "=",
                                       f":{port}").stdout
        raw = b""
        while len(raw) < 1 << 17:
            raw += s.recv(1 << 10)
        assert admin.ask("/api/now").status == 200
        while more := s.recv(1 << 14):
            raw += more
    assert Answer(raw).body == whole.body


def test_now(admin):
    start_s = time.monotonic()
    start(admin, staff={})
    admin.login()
    begin = int(time.time())
    now = admin.ask("/api/now").json
    assert begin <= now["time"] <= time.time()
    assert now["zones"] == ["guest", "staff"]
    assert (now["profile"], now["epsilon"]) == ("hours", 2)
    assert now["live"] is None
    assert now["uptime_s"] <= time.monotonic() - start_s + 1
    assert all(set(e) - {"zone"} == {"level", "code", "text"}
               for e in now["health"])
    assert all(("zone" in e) == e["code"].startswith("zone_")
               for e in now["health"])
    assert not [e for e in now["health"] if e["level"] == "error"], now


def codes(admin):
    return {e["code"]: e["level"] for e in admin.ask("/api/now").json["health"]}


def test_health(admin):
    ns = admin.ns
    start(admin, staff={})
    admin.login()
    ns.ip("link set br-staff name br-gone")
    try:
        lab.wait_until(lambda: codes(admin).get("zone_missing") == "error")
    finally:
        ns.ip("link set br-gone name br-staff", "link set br-staff up")
    lab.wait_until(lambda: "zone_missing" not in codes(admin))
    ns.ip("link set wan0 name wan9")
    try:
        lab.wait_until(lambda: codes(admin).get("uplink_missing") == "error")
    finally:
        ns.ip("link set wan9 name wan0", "link set wan0 up")
        admin.stadttor.street.restore_addresses()
    admin.stadttor.kill(NETCTL)
    lab.wait_until(lambda: codes(admin).get("netctl_away") == "error")
    now = admin.ask("/api/now").json
    assert now["live"] is None and now["zones"] == ["guest", "staff"]
    assert "stadttor_up 0" in admin.ask("/metrics").text


def test_store_troubles(admin):
    start(admin, usage={"file": ""})
    admin.login()
    assert codes(admin)["store_in_memory"] == "ok"
    admin.stadttor.terminate(PORTAL)
    path = os.path.join(admin.stadttor.folder, "file")
    with open(path, "w"):
        pass
    start_again(admin, usage={"file": path + "/usage.sqlite"})
    assert codes(admin)["store_cannot_write"] == "error"
    assert 'stadttor_store_state{state="cannot_write"} 1' in \
        admin.ask("/metrics").text


def test_a_refused_reload_is_told(admin):
    """What root has read and the portal's user cannot, and a mistake."""
    logo = os.path.join(admin.stadttor.folder, "logo.svg")
    with open(logo, "w", encoding="ascii") as file:
        file.write('<svg xmlns="http://www.w3.org/2000/svg" '
                   'viewBox="0 0 9 9"><path d="M0 0h9v9z"/></svg>')
    os.chmod(logo, 0o600)
    start(admin, portal={"logo": logo})
    admin.login()
    assert codes(admin)["reload_refused"] == "warn"
    assert "stadttor_reload_refused 1" in admin.ask("/metrics").text
    os.chmod(logo, 0o644)
    admin.stadttor.reload(PORTAL)
    lab.wait_until(lambda: "reload_refused" not in codes(admin))
    assert "stadttor_reload_refused 0" in admin.ask("/metrics").text
    with open(admin.stadttor.config, "a", encoding="ascii") as file:
        file.write("nonsense\n")
    admin.stadttor.reload(PORTAL)
    lab.wait_until(lambda: codes(admin).get("reload_refused") == "warn")


def start_again(admin, /, **config):
    stadttor = admin.stadttor
    stadttor.configure(portal={"pages": os.path.join(stadttor.folder, "web")},
                       **config)
    stadttor.start_one(PORTAL)
    lab.wait_until(stadttor.portal_is_ready)
    lab.wait_until(admin.is_open)
    admin.cookie = None
    admin.login()


def test_usage_folder(admin):
    """Made for the portal's user at the start, and the database is its own."""
    folder = os.path.join(admin.stadttor.folder, "var", "lib", "usage")
    start(admin, usage={"file": folder + "/usage.sqlite"})
    made = os.stat(folder)
    assert made.st_mode & 0o7777 == 0o750
    uid = os.stat(f"/proc/{admin.stadttor.process[PORTAL].pid}").st_uid
    lab.wait_until(lambda: os.path.exists(folder + "/usage.sqlite"))
    assert os.stat(folder + "/usage.sqlite").st_uid == made.st_uid != 0
    assert uid in (0, made.st_uid)
    assert os.stat(os.path.dirname(folder)).st_uid == 0


def test_without_tls_on_the_network(admin):
    ns = admin.stadttor.street.internet
    start(admin, admin={"address": lab.UPLINK4})
    admin.login(ns=ns)
    health = admin.ask("/api/now", ns=ns).json["health"]
    assert "admin_without_tls" in {e["code"] for e in health}


# --- metrics -----------------------------------------------------------------

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain"


@pytest.mark.full
def test_metrics(admin):
    fill_store(admin, 3)
    start(admin)
    admin.login()
    answer = admin.ask("/metrics")
    assert answer.headers["Content-Type"] == \
        "text/plain; version=0.0.4; charset=utf-8"
    check = subprocess.run(["promtool", "check", "metrics"],
                           input=answer.text, text=True, capture_output=True)
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")
    assert "stadttor_up 1\n" in answer.text
    assert 'stadttor_zone_full{zone="guest"} 0\n' in answer.text
    assert re.search(r'stadttor_usage\{zone="zone_0",metric="visitors",'
                     r'period="day"\} -?[0-9]+\n', answer.text)
    assert 'stadttor_usage_band{zone="zone_0",metric="online",' \
        'period="hour"} 15\n' in answer.text
    assert admin.ask("/metrics", "HEAD").status == 200


def test_openmetrics(admin):
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")
    fill_store(admin, 3)
    start(admin)
    admin.login()
    answer = admin.ask("/metrics", headers={"Accept": OPENMETRICS})
    assert answer.headers["Content-Type"] == \
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert answer.text.endswith("\n# EOF\n")
    families = {f.name: f for f in
                parser.text_string_to_metric_families(answer.text)}
    assert families["stadttor_build"].type == "info"
    for name, family in families.items():
        assert family.documentation.endswith("."), name
        assert not family.unit or name.endswith("_" + family.unit), name
    kinds = {f.type for f in families.values()}
    assert kinds == {"info", "gauge", "counter"}
    for name in ("seconds", "bytes", "ratio"):
        assert all(f.unit for n, f in families.items()
                   if n.endswith("_" + name)), name
    told = families["stadttor_usage"].samples
    assert {x.labels["period"] for x in told} == {"hour", "day", "week"}


def test_live_numbers_are_asked_for(admin):
    """Of operators alone, and not in the metrics."""
    start(admin, admin={"live": "1"})
    admin.login()
    live = admin.ask("/api/now").json["live"]
    assert live == {"online": {"guest": 0}, "up_bps": 0, "down_bps": 0}
    text = admin.ask("/metrics").text
    assert "online" not in re.sub(r'metric="online"', "", text)
    assert "bytes_per_second" not in text


def test_answers_are_counted(admin):
    start(admin)
    admin.login()
    for _ in range(3):
        admin.ask("/nothing")
    text = admin.ask("/metrics").text
    assert 'stadttor_http_answers_total{listener="admin",class="4xx"} 3\n' \
        in text


# --- a real Prometheus -------------------------------------------------------

def query(ns, expression):
    with ns.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.settimeout(60)
        s.connect(("127.0.0.1", 9090))
        s.sendall(f"GET /api/v1/query?query="
                  f"{urllib.parse.quote(expression)} HTTP/1.0\r\n\r\n"
                  .encode())
        raw = b""
        while more := s.recv(1 << 16):
            raw += more
    body = json.loads(raw.partition(b"\r\n\r\n")[2])
    assert body["status"] == "success", (expression, body)
    return body["data"]["result"]


@contextlib.contextmanager
def prometheus(admin, token):
    folder = os.path.join(admin.stadttor.folder, "prometheus")
    os.mkdir(folder)
    with open(f"{folder}/config.yml", "w") as file:
        file.write("global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n"
                   "scrape_configs:\n  - job_name: stadttor\n"
                   "    authorization:\n"
                   f"      credentials: {token}\n"
                   "    static_configs:\n"
                   f"      - targets: ['127.0.0.1:{PORT}']\n")
    with open(f"{folder}/log", "w") as log:
        process = admin.ns.popen(
            ["prometheus", f"--config.file={folder}/config.yml",
             f"--storage.tsdb.path={folder}/data",
             "--web.listen-address=127.0.0.1:9090"], stdout=log, stderr=log)
    try:
        yield
    finally:
        lab.stop(process)


def expressions():
    """What the dashboard for Grafana asks, by the title of its panel."""
    path = os.path.join(gate.REPO, "docs", "grafana", "stadttor.json")
    with open(path) as file:
        board = json.load(file)
    assert board["schemaVersion"] == 39
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]


def is_scraped(ns):
    try:
        found = query(ns, "count_over_time(stadttor_up[1m])")
    except (OSError, ValueError):
        return False
    return found and int(found[0]["value"][1]) >= 3


@pytest.mark.full
def test_prometheus_and_grafana(admin):
    if not shutil.which("prometheus"):
        pytest.fail("prometheus is missing: make deps")
    fill_store(admin, 3)
    start(admin)
    token = admin.add_token()
    admin.reload()
    with prometheus(admin, token):
        lab.wait_until(lambda: is_scraped(admin.ns), 30, every=0.5,
                       say="Prometheus has no samples")
        # A busy machine may be late for one of its scrapes, but not for all.
        lab.wait_until(lambda: query(admin.ns, "up")[0]["value"][1] == "1", 30)
        assert query(admin.ns, "stadttor_build_info")
        asked = list(expressions())
        assert len(asked) > 8
        for title, expression in asked:
            for name, value in (("$__rate_interval", "1m"), ("$zone", ".*"),
                                ("$instance", ".*"), ("$__range", "1h")):
                expression = expression.replace(name, value)
            lab.wait_until(lambda: query(admin.ns, expression), 5, 0.5,
                           (title, expression))


# --- those who dawdle --------------------------------------------------------

def test_slow_ones_shut_nobody_out(admin):
    admin.stadttor.drive_clock()
    start(admin)
    admin.login()
    slow = []
    for _ in range(80):
        s = admin.connect()
        s.send(b"GET / HTTP/1.1\r\nHost: ")
        slow.append(s)
    try:
        assert admin.ask("/login").status == 200
        for s in slow[20:]:  # beyond its share a source is sent away
            assert s.recv(100).startswith(b"HTTP/1.1 503 ")
        for _ in range(12):  # bytes do not buy time
            for s in slow[:16]:
                with contextlib.suppress(OSError):
                    s.send(b"a")
            admin.stadttor.jump(1)
        # it has been there for two of these seconds, and not for ten of ours
        assert select.select(slow[:1], [], [], 4)[0]
        assert slow[0].recv(100).startswith(b"HTTP/1.1 408 ")
    finally:
        for s in slow:
            s.close()


PUSHED_OUT = "another one needs its place"
CROWD = [f"127.0.1.{n}" for n in range(1, 101)]


def leave(admin, stack, data, sources=34, each=24):
    """Connections from so many addresses that never send more than this."""
    tls, admin.tls = admin.tls, None
    for source in CROWD[:sources] * each:
        s = stack.enter_context(admin.connect(source=source))
        with contextlib.suppress(ConnectionError):  # beyond its share
            s.sendall(data)
    admin.tls = tls
    admin.stadttor.wait_log(PUSHED_OUT, PORTAL)


def test_half_requests_shut_nobody_out(admin):
    start(admin)
    with contextlib.ExitStack() as stack:
        leave(admin, stack, b"GET / HTTP/1.1\r\nHost: ")
        assert admin.ask("/login").status == 200
        admin.login()
        assert admin.ask("/api/now").status == 200


def test_half_hellos_shut_nobody_out(admin):
    cert, key = certificate(admin.stadttor.folder)
    start(admin, netctl=False, admin={"certificate": cert, "key": key})
    admin.tls = ssl.create_default_context(cafile=cert)
    admin.tls.check_hostname = False
    sent = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        admin.tls.wrap_bio(ssl.MemoryBIO(), sent).do_handshake()
    with contextlib.ExitStack() as stack:
        leave(admin, stack, sent.read(100))
        assert admin.ask("/login").status == 200
        admin.login()
        assert admin.ask("/").status == 200


def test_guessers_shut_nobody_else_out(admin):
    """Each of a hundred has guessed once, and goes on as fast as it can."""
    admin.stadttor.drive_clock(slower=10 ** 6)
    start(admin, netctl=False)
    for source in CROWD:
        answer = admin.try_login(password="wrong guess", source=source)
        assert answer.place == "/login?failed=1#failed"
        admin.stadttor.advance(1.1)
    answers = [admin.try_login(password="wrong guess", source=source).status
               for source in CROWD]
    assert sorted(answers) == [303] + 99 * [429]
    answer = admin.try_login()  # from elsewhere, at once
    assert (answer.status, answer.place) == (303, "/"), answer.text


def test_huge_requests(admin):
    start(admin, netctl=False)
    host = b"Host: 127.0.0.1\r\n"
    for data, status in (
            (b"GET / HTTP/1.1\r\n" + host + b"A: " + b"a" * 20000, 431),
            (b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n" * 200 + b"\r\n", 431),
            (b"GET /?" + b"a" * 1000 + b" HTTP/1.1\r\n" + host + b"\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + host + b"Cookie: a\r\n" * 2 + b"\r\n",
             400),
            (b"GET / HTTP/1.1\r\n" + host + b"Authorization: a\r\n" * 2
             + b"\r\n", 400),
            (b"GET / HTTP/1.1\r\n" + host + b"Origin: a\r\n" * 2 + b"\r\n",
             400),
            (b"GET / HTTP/1.1\r\n" + host + b"Origin: " + b"a" * 400
             + b"\r\n\r\n", 400),
            (b"POST /login HTTP/1.1\r\n" + host + b"\r\n", 411),
            (b"BREW / HTTP/1.1\r\n" + host + b"\r\n", 501),
            (b"\x16\x03\x01", 400)):
        assert Answer(admin.send(data)).status == status, data[:60]


def test_no_address_in_the_log(admin):
    start(admin, admin={"address": lab.UPLINK4})
    ns = admin.stadttor.street.internet
    admin.login(ns=ns)
    admin.try_login(password="wrong", ns=ns)
    admin.bearer("0" * 64, ns=ns)
    log = "".join(line for line in admin.stadttor.log(PORTAL))
    assert lab.HOST4 not in log and lab.UPLINK4 not in log
