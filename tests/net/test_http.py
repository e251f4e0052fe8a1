# SPDX-License-Identifier: GPL-3.0-or-later
"""The real portal against hostile and merely odd HTTP.

netctl is played by a thread here, so that it can lie, dawdle and go away.
The portal runs in a network namespace of its own; the phone is another one.
"""
import base64
import contextlib
import ctypes
import hashlib
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import pytest

import gate
import ipc
from ipc import VERSION

ROOT = gate.REPO
PORTAL = os.path.join(gate.BUILD, gate.PORTAL)

GATE4, GATE6 = "192.0.2.1", "2001:db8:77::1"
PHONE4, PHONE6 = "192.0.2.9", "2001:db8:77::9"
HIJACK, HTTP, HTTPS = 2080, 2081, 2443
CLONE_NEWNET = 0x40000000
IPV6_FREEBIND = 78
NAME = "wlan.example"
_libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture(scope="module", autouse=True)
def needs_root():
    assert os.geteuid() == 0, "tests/net needs root"


# --- namespaces --------------------------------------------------------------

class Space:
    """A network namespace that lives as long as a sleeping process."""

    def __init__(self):
        mine = os.readlink("/proc/self/ns/net")
        self.keeper = subprocess.Popen(["unshare", "--net", "sleep", "inf"])
        self.path = f"/proc/{self.keeper.pid}/ns/net"
        wait_for(lambda: os.readlink(self.path) != mine)

    def run(self, *args):
        subprocess.run(self.command(*args), check=True)

    def command(self, *args):
        return ["nsenter", f"--net={self.path}", *args]

    def socket(self, family, kind=socket.SOCK_STREAM):
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(self.path, os.O_RDONLY)
        try:
            assert _libc.setns(there, CLONE_NEWNET) == 0
            return socket.socket(family, kind)
        finally:
            assert _libc.setns(home, CLONE_NEWNET) == 0
            os.close(home)
            os.close(there)

    def close(self):
        self.keeper.kill()
        self.keeper.wait()


def wait_for(what, seconds=60.0):
    end = time.monotonic() + seconds
    while not (value := what()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)
    return value


# --- netctl ------------------------------------------------------------------

LOOKUP, GRANT, LOGOUT, USAGE_NEXT, HEALTH_ASK, SESSION, ZONE = \
    1, 2, 3, 4, 5, 10, 12
UNKNOWN, GRANTED = 0, 1
UNLIMITED = 2 ** 64 - 1


class Netctl:
    """Answers like netctl, or as a test wants it."""

    def __init__(self, path):
        self.path = path
        self.state = {}  # address: session state
        self.asked = []
        self.error = 0
        self.silent = False
        self.reduced = 0
        self.quota = 500_000_000
        self.listener = None
        self.peer = None
        self.thread = None

    def start(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(8)
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        listener = self.listener
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.peer = peer
            with contextlib.suppress(OSError):
                while message := peer.recv(1024):
                    self.answer(peer, message)
            peer.close()
            self.peer = None

    def answer(self, peer, message):
        version, kind, ident = struct.unpack_from("=HHI", message)
        if kind in (USAGE_NEXT, HEALTH_ASK):
            return  # there are no figures here, and it is not told how it is
        family, index, raw = struct.unpack_from("=B3xI16s", message, 8)
        assert version == VERSION and index
        who = socket.inet_ntop(family, raw[:4 if family == socket.AF_INET
                                           else 16])
        self.asked.append((kind, who, message))
        if self.silent:
            return
        if not self.error and kind == GRANT:
            self.state[who] = GRANTED
        if not self.error and kind == LOGOUT:
            self.state.pop(who, None)
        peer.send(struct.pack(
            "=HHIiIQQQQQ5QIIII16sqQIIQ", VERSION, SESSION, ident, self.error,
            self.state.get(who, UNKNOWN), 42, 5400, 10, 1_000_000, 2_000_000,
            28800, 3600, self.quota, 5_000_000, 1_000_000, self.reduced, 0,
            0, 0, b"lan", 0, UNLIMITED, 0, 0, 0))

    def say_zone(self, ifindex, address=None, outlet=0, zone="lan"):
        self.peer.send(struct.pack("=HHIIIII16s", VERSION, ZONE, 0, ifindex,
                                   0, 1000, 0, zone.encode())
                       + ipc.address(address, ifindex)
                       + struct.pack("=IIq", outlet, 0, 0))

    def stop(self):
        listener, self.listener = self.listener, None
        if not listener:
            return
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        if self.peer:
            with contextlib.suppress(OSError):
                self.peer.shutdown(socket.SHUT_RDWR)
        self.thread.join(5)
        os.unlink(self.path)


# --- the portal --------------------------------------------------------------

CONFIG = {
    "user": "nobody", "network": "Testnetz", "provider": "Stadt <Test>",
    "success_url": "https://www.example.org/?a=1&b=2", "max_connections": 64,
    "max_per_device": 12, "debug": 1,
}
SHORT = "2s"  # how long a request may take, where that is what is tested


def certificate(folder, name):
    """A fresh pair; returns the two paths."""
    cert, key = f"{folder}/{name}.pem", f"{folder}/{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-keyout", key, "-out", cert],
        check=True, stderr=subprocess.DEVNULL)
    os.chmod(key, 0o644)
    return cert, key


class Portal:
    def __init__(self, folder, gate, phone):
        self.program = PORTAL
        self.folder, self.gate, self.phone = folder, gate, phone
        self.config_path = f"{folder}/stadttor"
        self.log_path = f"{folder}/log"
        self.process = None
        self.request_time = "5m"

    def configure(self, device="lan0", **options):
        lines = ["config gate", f"\toption socket '{self.folder}/netctl.sock'",
                 "config uplink 'wan'", "\toption device 'wan0'",
                 "config zone 'lan'", f"\toption device '{device}'",
                 "\toption rate_down '5mbit'", "\toption rate_up '1mbit'",
                 "\toption quota '500MB'", "config portal",
                 f"\toption pages '{self.folder}/web'"]
        lines += [f"\toption {k} '{v}'"
                  for k, v in {**CONFIG, "request_time": self.request_time,
                               **options}.items()]
        lines += ["config usage", "\toption file ''", "config admin",
                  "\toption enabled '0'"]
        with open(self.config_path, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, wait=True):
        environment = dict(os.environ)
        # a process without rights cannot be looked into by LeakSanitizer
        environment["ASAN_OPTIONS"] = "detect_leaks=0"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                self.gate.command(self.program, "-c", self.config_path),
                stderr=log, stdout=log, env=environment)
        if wait:
            wait_for(lambda: "listening on" in self.log())

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def reload(self, expected):
        seen = self.log().count(expected)
        self.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.log().count(expected) > seen)

    def taken(self):
        """Connections that it has accepted and read all bytes of."""
        shown = subprocess.run(
            self.gate.command("ss", "-Htnp", "state", "established"),
            stdout=subprocess.PIPE, text=True, check=True).stdout
        return sum("users:" in line and line.split()[0] == "0"
                   for line in shown.splitlines()
                   if re.search(rf":({HIJACK}|{HTTP}|{HTTPS}) ", line))

    def holds(self, port):
        """Connections of that port that it has not closed."""
        shown = subprocess.run(
            self.gate.command("ss", "-Htnp", f"sport = :{port}"),
            stdout=subprocess.PIPE, text=True, check=True).stdout
        return shown.count("users:")

    def stop(self):
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.terminate()
        code, self.process = self.process.wait(60), None
        return code

    def connect(self, port=HTTP, host=GATE4):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        s = self.phone.socket(family)
        s.settimeout(60)
        s.connect((host, port))
        return s

    def send(self, data, port=HTTP, host=GATE4):
        """One connection, these bytes; everything that comes back."""
        with self.connect(port, host) as s:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.sendall(data)
            return read_all(s)

    def ask(self, method="GET", path="/", headers=None, body=None, port=HTTP,
            host=GATE4):
        fields = {"Host": f"[{host}]" if ":" in host else host}
        if body is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            fields["Content-Length"] = len(body)
        fields.update(headers or {})
        text = f"{method} {path} HTTP/1.1\r\n"
        text += "".join(f"{k}: {v}\r\n" for k, v in fields.items()
                        if v is not None) + "\r\n" + (body or "")
        return Answer(self.send(text.encode(), port, host))


def read_all(s):
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while more := s.recv(65536):
            data += more
    return data


class Answer:
    """An answer, checked for what all answers have."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("ascii").split("\r\n")
        match = re.fullmatch(r"HTTP/1\.1 (\d{3}) [\w ]+", lines[0])
        assert match, raw[:200]
        self.status = int(match[1])
        self.headers = dict(line.split(": ", 1) for line in lines[1:])
        assert len(self.headers) == len(lines) - 1
        assert self.headers["Connection"] == "close"
        assert "no-store" in self.headers["Cache-Control"]
        self.length = int(self.headers["Content-Length"])
        assert len(self.body) in (0, self.length)
        self.text = self.body.decode("utf-8")


@pytest.fixture(scope="module")
def spaces():
    gate, phone = Space(), Space()
    phone.run("ip", "link", "add", "phone0", "type", "veth", "peer", "name",
              "lan0", "netns", str(gate.keeper.pid))
    for space, device, v4, v6 in ((gate, "lan0", GATE4, GATE6),
                                  (phone, "phone0", PHONE4, PHONE6)):
        space.run("ip", "link", "set", "lo", "up")
        space.run("ip", "addr", "add", v4 + "/24", "dev", device)
        space.run("ip", "addr", "add", v6 + "/64", "dev", device, "nodad")
        space.run("ip", "link", "set", device, "up")
    yield gate, phone
    phone.close()
    gate.close()


@pytest.fixture(scope="module")
def folder():
    path = tempfile.mkdtemp(prefix="stadttor-http-")
    os.chmod(path, 0o755)
    shutil.copytree(os.path.join(ROOT, "web"), f"{path}/web")
    subprocess.run(["chmod", "-R", "a+rX", path], check=True)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def shared(spaces, folder):
    """One portal for all tests that leave it as it is."""
    netctl = Netctl(f"{folder}/netctl.sock")
    netctl.start()
    portal = Portal(folder, *spaces)
    portal.request_time = SHORT
    portal.configure()
    portal.start()
    portal.netctl = netctl
    wait_for(lambda: netctl.peer)
    yield portal
    code = portal.stop()
    netctl.stop()
    assert code == 0, portal.log()
    assert "Sanitizer" not in portal.log() and "runtime error" not in \
        portal.log(), portal.log()


@pytest.fixture
def portal(shared):
    yield shared
    n = shared.netctl
    n.error, n.silent, n.reduced, n.quota = 0, False, 0, 500_000_000
    assert shared.process.poll() is None, shared.log()
    assert shared.ask(path="/terms").status == 200
    n.state.clear()
    n.asked.clear()


@pytest.fixture
def own(spaces, folder, shared):
    """A portal for tests that change it; the shared one rests meanwhile."""
    assert shared.stop() == 0
    portal = Portal(folder, *spaces)
    portal.netctl = shared.netctl
    portal.configure()
    yield portal
    code = portal.stop()
    assert code in (0, None), portal.log()
    assert "Sanitizer" not in portal.log(), portal.log()
    shared.configure()
    shared.start()
    wait_for(lambda: shared.netctl.peer)


# --- bytes that are no request -----------------------------------------------

H = b"Host: 192.0.2.1\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"

BROKEN = {
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (b"GET / HTTP/1.1\r\n" + H + H + b"\r\n", 400),
    "host with space": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "host with markup": (b"GET / HTTP/1.1\r\nHost: <b>\r\n\r\n", 400),
    "host with user": (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "http 0.9": (b"GET / HTTP/0.9\r\n" + H + b"\r\n", 505),
    "http 2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "lower case version": (b"GET / http/1.1\r\n" + H + b"\r\n", 400),
    "long version": (b"GET / HTTP/1.10\r\n" + H + b"\r\n", 400),
    "two spaces": (b"GET  / HTTP/1.1\r\n" + H + b"\r\n", 400),
    "space in path": (b"GET /a b HTTP/1.1\r\n" + H + b"\r\n", 400),
    "tab as space": (b"GET\t/\tHTTP/1.1\r\n" + H + b"\r\n", 400),
    "bare lf": (b"GET / HTTP/1.1\n" + H + b"\n", 400),
    "bare lf in fields": (b"GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    "bare cr": (b"GET / HTTP/1.1\r\nA: b\rC: d\r\n" + H + b"\r\n", 400),
    "nul in path": (b"GET /\0 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "nul in field": (b"GET / HTTP/1.1\r\n" + H + b"A: \0\r\n\r\n", 400),
    "only nul": (b"\0" * 64, 400),
    "folded field": (b"GET / HTTP/1.1\r\n" + H + b" more\r\n\r\n", 400),
    "space before colon": (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
    "field without colon": (b"GET / HTTP/1.1\r\n" + H + b"hello\r\n\r\n", 400),
    "field without name": (b"GET / HTTP/1.1\r\n" + H + b": a\r\n\r\n", 400),
    "method with sign": (b"G(T / HTTP/1.1\r\n" + H + b"\r\n", 400),
    "endless method": (b"A" * 5000, 400),
    "tls hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "binary": (bytes(range(128, 256)), 400),
    "unknown method": (b"BREW / HTTP/1.1\r\n" + H + b"\r\n", 501),
    "lower case method": (b"get / HTTP/1.1\r\n" + H + b"\r\n", 501),
    "connect": (b"CONNECT a:443 HTTP/1.1\r\n" + H + b"\r\n", 501),
    "broken code": (b"GET /%zz HTTP/1.1\r\n" + H + b"\r\n", 400),
    "half a code": (b"GET /%2 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "coded nul": (b"GET /%00 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "coded line end": (b"GET /%0d%0aX:y HTTP/1.1\r\n" + H + b"\r\n", 400),
    "bytes above ascii": (b"GET /\xc3\xa4 HTTP/1.1\r\n" + H + b"\r\n", 400),
    "backslash": (b"GET \\ HTTP/1.1\r\n" + H + b"\r\n", 400),
    "relative path": (b"GET terms HTTP/1.1\r\n" + H + b"\r\n", 400),
    "fragment": (b"GET /terms#a HTTP/1.1\r\n" + H + b"\r\n", 400),
    "uri without host": (b"GET http:// HTTP/1.1\r\n" + H + b"\r\n", 400),
    "uri with user": (b"GET http://a@b/ HTTP/1.1\r\n" + H + b"\r\n", 400),
    "traversal": (b"GET /../../etc/passwd HTTP/1.1\r\n" + H + b"\r\n", 511),
    "coded traversal": (b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + H
                        + b"\r\n", 511),
    "doubled slash": (b"GET //terms HTTP/1.1\r\n" + H + b"\r\n", 511),
    "long path": (b"GET /" + b"a" * 4000 + b" HTTP/1.1\r\n" + H + b"\r\n",
                  511),
    "20 kB header": (b"GET / HTTP/1.1\r\n" + H + b"A: " + b"a" * 20000
                     + b"\r\n\r\n", 431),
    "20 kB path": (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n" + H + b"\r\n",
                   431),
    "1000 fields": (b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n" * 1000 + b"\r\n",
                    431),
    "no length": (b"POST /accept HTTP/1.1\r\n" + H + b"\r\n", 411),
    "two lengths": (b"POST /accept HTTP/1.1\r\n" + H
                    + b"Content-Length: 7\r\nContent-Length: 7\r\n\r\nterms=1",
                    400),
    "list of lengths": (b"POST /accept HTTP/1.1\r\n" + H
                        + b"Content-Length: 7, 7\r\n\r\nterms=1", 400),
    "negative length": (b"POST /accept HTTP/1.1\r\n" + H
                        + b"Content-Length: -1\r\n\r\n", 400),
    "signed length": (b"POST /accept HTTP/1.1\r\n" + H
                      + b"Content-Length: +7\r\n\r\nterms=1", 400),
    "hex length": (b"POST /accept HTTP/1.1\r\n" + H
                   + b"Content-Length: 0x7\r\n\r\nterms=1", 400),
    "huge length": (b"POST /accept HTTP/1.1\r\n" + H
                    + b"Content-Length: 99999999999999999999\r\n\r\n", 400),
    "large body": (b"POST /accept HTTP/1.1\r\n" + H
                   + b"Content-Length: 200000\r\n\r\n" + b"a" * 200000, 413),
    "chunked": (b"POST /accept HTTP/1.1\r\n" + H
                + b"Transfer-Encoding: chunked\r\n\r\n7\r\nterms=1\r\n0\r\n\r\n",
                411),
    "chunked nonsense": (b"POST /accept HTTP/1.1\r\n" + H
                         + b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
                         411),
    "other coding": (b"POST /accept HTTP/1.1\r\n" + H
                     + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    "two codings": (b"POST /accept HTTP/1.1\r\n" + H
                    + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n", 400),
    "length and coding": (b"POST /accept HTTP/1.1\r\n" + H
                          + b"Content-Length: 7\r\nTransfer-Encoding: "
                          b"chunked\r\n\r\nterms=1", 400),
    "coding in 1.0": (b"POST /accept HTTP/1.0\r\n" + H
                      + b"Transfer-Encoding: chunked\r\n\r\n", 400),
    "form with broken code": (b"POST /accept HTTP/1.1\r\n" + H + FORM
                              + b"Content-Length: 8\r\n\r\nterms=%z", 400),
    "form with nul": (b"POST /accept HTTP/1.1\r\n" + H + FORM
                      + b"Content-Length: 9\r\n\r\nterms=%00", 400),
    "form of many fields": (b"POST /accept HTTP/1.1\r\n" + H + FORM
                            + b"Content-Length: 20\r\n\r\n" + b"a&" * 10,
                            400),
    "json form": (b"POST /accept HTTP/1.1\r\n" + H
                  + b"Content-Type: application/json\r\nContent-Length: 2"
                  b"\r\n\r\n{}", 400),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_request(portal, name):
    data, status = BROKEN[name]
    answer = Answer(portal.send(data))
    assert answer.status == status
    if answer.status < 505:
        assert answer.text.count("<h1>") == 1
    assert not portal.netctl.state


@pytest.mark.parametrize("name", [n for n, (data, _) in BROKEN.items()
                                  if len(data) <= 300])
def test_broken_request_byte_by_byte(portal, name):
    data, status = BROKEN[name]
    with portal.connect() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(data)):
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                s.send(data[i:i + 1])
            if i % 8 == 0 and select.select([s], [], [], 0)[0]:
                break
        raw = read_all(s)
    assert not raw or Answer(raw).status == status
    if not raw:  # it was reset by our bytes after its answer
        assert status != 404


def test_head_is_never_followed_by_a_body(portal):
    for path, status in (("/", 200), ("/terms", 200), ("/nothing", 511),
                         ("/accept", 405)):
        answer = portal.ask("HEAD", path)
        assert answer.status == status
        assert not answer.body and answer.length > 1000
    answer = portal.ask("HEAD", "/x", port=HIJACK)
    assert answer.status == 302 and not answer.body and answer.length > 5


def test_methods_of_paths(portal):
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        answer = portal.ask(method, "/terms", body="")
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD"
    for path in ("/accept", "/logout"):
        answer = portal.ask("GET", path)
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"
    assert portal.ask("OPTIONS", "*").status == 511


def test_second_request_in_the_pipe_is_not_answered(portal):
    one = b"GET /terms HTTP/1.1\r\n" + H + b"\r\n"
    raw = portal.send(one * 3)
    assert raw.count(b"HTTP/1.1 ") == 1
    assert Answer(raw).status == 200


def test_body_smuggles_nothing(portal):
    inner = b"GET /terms HTTP/1.1\r\n" + H + b"\r\n"
    raw = portal.send(b"GET / HTTP/1.1\r\n" + H + b"Content-Length: %d\r\n\r\n"
                      % len(inner) + inner)
    assert raw.count(b"HTTP/1.1 ") == 1


def test_http_1_0_without_host(portal):
    assert Answer(portal.send(b"GET / HTTP/1.0\r\n\r\n")).status == 200


def test_half_closed_client_gets_its_answer(portal):
    with portal.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n" + H + b"\r\n")
        s.shutdown(socket.SHUT_WR)
        assert Answer(read_all(s)).status == 200


def test_reset_client_does_no_harm(portal):
    for request in (b"GET / HTTP/1.1\r\n" + H + b"\r\n", b"GET /", b""):
        for _ in range(20):
            with portal.connect() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                             struct.pack("ii", 1, 0))
                s.sendall(request)
    # what was still to be asked for them comes before this
    wait_for(lambda: portal.taken() == 0)
    assert portal.ask().status == 200


# --- the hijack listener -----------------------------------------------------

def test_hijack_redirects_whatever_is_asked(portal):
    requests = [
        b"GET /generate_204 HTTP/1.1\r\nHost: connectivitycheck.gstatic.com"
        b"\r\n\r\n",
        b"GET /hotspot-detect.html HTTP/1.0\r\n\r\n",
        b"GET http://other.example/ HTTP/1.1\r\nHost: other.example\r\n\r\n",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
        + b"a" * 100000,
        b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\n\r\n",
        b"PROPFIND /x HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n",
        b"GET /" + b"a" * 6000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    for data in requests:
        answer = Answer(portal.send(data, HIJACK))
        assert answer.status == 302, data[:60]
        via = "g" if b"generate_204" in data else "o"
        assert answer.headers["Location"] == f"http://{GATE4}/?via={via}"
        assert f'href="http://{GATE4}/?via={via}"' in answer.text
        assert len(answer.body) > 5
    assert not portal.netctl.asked


def test_hijack_over_ipv6(portal):
    answer = portal.ask(port=HIJACK, host=GATE6)
    assert answer.headers["Location"] == f"http://[{GATE6}]/?via=o"


def link_local(space, device):
    """Once both sides are sure that it is theirs alone."""
    shown = subprocess.run(
        space.command("ip", "-6", "addr", "show", "dev", device, "scope",
                      "link", "-tentative"),
        capture_output=True, text=True, check=True).stdout
    match = re.search(r"inet6 (fe80[^/]*)", shown)
    return match and match[1]


def test_hijack_answers_link_local_with_a_usable_address(portal):
    wait_for(lambda: link_local(portal.phone, "phone0"))
    own = wait_for(lambda: link_local(portal.gate, "lan0"))
    shown = subprocess.run(portal.gate.command("ip", "-j", "link", "show",
                                               "lan0"),
                           capture_output=True, check=True).stdout
    ifindex = json.loads(shown)[0]["ifindex"]
    for told, place in ((None, f"[{own}]"), (GATE6, f"[{GATE6}]"),
                        (GATE4, GATE4), (None, f"[{own}]")):
        portal.netctl.say_zone(ifindex, told)
        wait_for(lambda: leads_to(portal, own) == f"http://{place}/?via=o")


def leads_to(portal, address):
    with portal.phone.socket(socket.AF_INET6) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"phone0")
        s.settimeout(60)
        s.connect((address, HIJACK))
        s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return Answer(read_all(s)).headers["Location"]


# What is refused where pages are, or could not be read to its end.
ODD = {
    "cookies of 9 kB": b"GET / HTTP/1.1\r\n" + H + b"Cookie: a="
                       + b"x" * 9000 + b"\r\n\r\n",
    "a path of 9 kB": b"GET /?" + b"x" * 9000 + b" HTTP/1.1\r\n" + H
                      + b"\r\n",
    "a head of 100 kB": b"GET / HTTP/1.1\r\n" + H
                        + (b"A: " + b"x" * 9000 + b"\r\n") * 11 + b"\r\n",
    "120 fields": b"GET / HTTP/1.1\r\n" + H + b"A: b\r\n" * 120 + b"\r\n",
    "http/2 at once": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
                      b"\0\0\0\4\0\0\0\0\0",
    "http/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "http/0.9": b"GET /\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "absolute": b"GET https://shop.example:8443/ HTTP/1.1\r\n\r\n",
    "connect": b"CONNECT shop.example:443 HTTP/1.1\r\n\r\n",
    "options of all": b"OPTIONS * HTTP/1.1\r\n" + H + b"\r\n",
    "unknown method": b"BREW /pot HTTP/1.1\r\n" + H + b"\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\n" + H + b"\r\n",
    "bare lf": b"GET / HTTP/1.1\n" + H.replace(b"\r", b"") + b"\n",
    "nul in a field": b"GET / HTTP/1.1\r\nA: \0\r\n" + H + b"\r\n",
    "tls hello": b"\x16\x03\x01\x02\x00\x01\x00",
    "ssh": b"SSH-2.0-OpenSSH_9.2\r\n",
    "only nul": b"\0" * 50,
    "endless bytes": b"\x80" * 9000,
}


@pytest.mark.parametrize("name", ODD)
def test_hijack_leads_here_whatever_it_is(portal, name):
    answer = Answer(portal.send(ODD[name], HIJACK))
    assert answer.status == 302
    assert answer.headers["Location"] == f"http://{GATE4}/?via=o"
    assert f'href="http://{GATE4}/?via=o"' in answer.text


def test_hijack_leads_here_who_never_ends(portal):
    with portal.connect(HIJACK) as s:
        s.sendall(b"HEAD /generate_204 HTTP/1.1\r\n"
                  b"Host: www.gstatic.com\r\n")
        answer = Answer(read_all(s))
    assert answer.headers["Location"] == f"http://{GATE4}/?via=g"
    assert not answer.body


# --- pages -------------------------------------------------------------------

def test_foreign_host_is_led_here(portal):
    for host in ("other.example", "192.0.2.2", "[2001:db8:77::1]",
                 "192.0.2.1.example", "localhost"):
        answer = portal.ask(headers={"Host": host})
        assert answer.status == 302, host
        assert answer.headers["Location"] == f"http://{GATE4}/?via=o"
    for host in ("192.0.2.1", "192.0.2.1:80", "192.0.2.1:2081"):
        assert portal.ask(headers={"Host": host}).status == 200
    target = portal.ask(path="http://other.example/terms")
    assert target.status == 302
    assert portal.ask(path=f"http://{GATE4}/terms",
                      headers={"Host": "other.example"}).status == 200
    assert portal.ask(host=GATE6).status == 200


def hash_of_style(page):
    style, = re.findall(r"<style>(.*?)</style>", page, re.S)
    return base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def test_portal_page(portal):
    answer = portal.ask()
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "form-action 'self'",
                 "frame-ancestors 'none'", "base-uri 'none'",
                 f"style-src 'sha256-{hash_of_style(answer.text)}'"):
        assert part in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "Set-Cookie" not in answer.headers
    for part in ("Testnetz", "Stadt &lt;Test&gt;", "5\xa0Mbit/s", "500\xa0MB",
                 "8\xa0Stunden", 'action="/accept"', 'name="terms"'):
        assert part in answer.text
    for part in ("<script", "src=", "http://", "PHONE", PHONE4, PHONE6):
        assert part not in answer.text
    assert len(answer.body) < 14 * 1024


def test_languages(portal):
    cases = [({}, "", "de"), ({"Accept-Language": "en"}, "", "en"),
             ({"Accept-Language": "nl, en;q=0.5, de;q=0.4"}, "", "en"),
             ({"Accept-Language": "en"}, "?lang=de", "de"),
             ({"Accept-Language": "de"}, "?x=y&lang=en", "en"),
             ({"Accept-Language": "en"}, "?lang=xx", "en"),
             ({"Accept-Language": "en"}, "?lang=../../x", "en"),
             ({"Accept-Language": "nl-NL, nl;q=0.9"}, "", "en"),
             ({"Accept-Language": "x" * 3000}, "", "en"),
             ({"Accept-Language": ",;q=" * 500}, "", "de")]
    for path in ("/", "/terms", "/nothing", "/goodbye"):
        for headers, query, lang in cases:
            answer = portal.ask(path=path + query, headers=headers)
            assert f'<html lang="{lang}"' in answer.text, (headers, query)
            assert answer.headers["Content-Language"] == lang
    assert 'href="/?lang=en"' in portal.ask().text


def test_story(portal):
    """Look, accept, see the status, log out."""
    netctl = portal.netctl
    assert portal.ask(path="/status").status == 302
    answer = portal.ask("POST", "/accept", body="terms=1")
    assert answer.status == 303 and answer.headers["Location"] == "/status"
    kind, who, message = netctl.asked[-1]
    assert kind == GRANT and who == PHONE4
    assert struct.unpack_from("=5Q", message, 32) == (0,) * 5
    for path in ("/", "/status"):
        answer = portal.ask(path=path)
        assert answer.status == 200
        for part in ("1\xa0Stunde 30\xa0Minuten", "497\xa0MB", "3\xa0MB",
                     "5\xa0Mbit/s", 'action="/logout"',
                     "https://www.example.org/?a=1&amp;b=2"):
            assert part in answer.text
    answer = portal.ask("POST", "/logout", body="")
    assert answer.status == 303 and answer.headers["Location"] == "/goodbye"
    assert "abgemeldet" in portal.ask(path="/goodbye").text
    assert 'action="/accept"' in portal.ask().text
    answer = portal.ask("POST", "/accept", body="terms=1", host=GATE6)
    assert answer.status == 303 and netctl.asked[-1][1] == PHONE6


def test_language_is_carried_along(portal):
    assert 'name="lang" value="en"' in portal.ask(path="/?lang=en").text
    assert 'name="lang"' not in portal.ask().text
    answer = portal.ask("POST", "/accept", body="terms=1&lang=en")
    assert answer.headers["Location"] == "/status?lang=en"
    answer = portal.ask("POST", "/accept", body="lang=en")
    assert answer.status == 200 and "Please accept" in answer.text
    answer = portal.ask("POST", "/accept", body="terms=1&lang=en%0d%0aX:%20y")
    assert answer.status == 303 and answer.headers["Location"] == "/status"
    assert "X" not in answer.headers


def test_terms_must_be_accepted(portal):
    for body in ("", "terms=0", "terms=", "term=1", "terms=11"):
        answer = portal.ask("POST", "/accept", body=body)
        assert answer.status == 200
        assert 'role="alert"' in answer.text
    assert not portal.netctl.asked


def test_cross_site_forms_are_refused(portal):
    for path in ("/accept", "/logout"):
        answer = portal.ask("POST", path, body="terms=1",
                            headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status == 403
        for origin in ("null", "http://evil.example", f"http://{GATE4}.evil",
                       f"http://{GATE4}:8080", "x" * 300):
            answer = portal.ask("POST", path, body="terms=1",
                                headers={"Origin": origin})
            assert answer.status == 403, origin
    for host in (GATE4, f"{GATE4}:80"):
        answer = portal.ask("POST", "/accept", body="terms=1",
                            headers={"Host": host,
                                     "Origin": f"http://{GATE4}"})
        assert answer.status == 303, host
    for site in ("same-origin", "none", "same-site"):
        answer = portal.ask("POST", "/accept", body="terms=1",
                            headers={"Sec-Fetch-Site": site})
        assert answer.status == 303


def test_session_of_other_kinds(portal):
    netctl = portal.netctl
    netctl.state[PHONE4] = GRANTED
    netctl.quota, netctl.reduced = UNLIMITED, 1
    text = portal.ask(path="/status").text
    assert "Noch übrig" not in text and "nur langsamer" in text


def test_what_netctl_refuses(portal):
    for error, words in ((-2, "Wir sehen Ihr Gerät nicht"),
                         (-28, "Gerade ist alles belegt"),
                         (-16, "Einen Moment bitte"),
                         (-9999, "Einen Moment bitte")):
        portal.netctl.error = error
        for method, path, body in (("GET", "/", None),
                                   ("POST", "/accept", "terms=1")):
            answer = portal.ask(method, path, body=body)
            assert answer.status == 503 and words in answer.text
            assert "Retry-After" in answer.headers


def test_silent_netctl(portal):
    portal.netctl.silent = True
    start = time.monotonic()
    answer = portal.ask()
    assert answer.status == 503
    assert time.monotonic() - start > 1.5
    assert "Erneut versuchen" in answer.text


def test_late_answer_of_netctl_reaches_nobody(portal):
    portal.netctl.silent = True
    with portal.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n" + H + b"\r\n")
        wait_for(lambda: portal.netctl.asked)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    portal.netctl.silent = False
    for kind, who, message in list(portal.netctl.asked):
        portal.netctl.answer(portal.netctl.peer, message)
    assert portal.ask().status == 200


def test_absent_netctl(portal):
    portal.netctl.stop()
    wait_for(lambda: "netctl is away" in portal.log())
    answer = portal.ask(headers={"Accept-Language": "en"})
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert "One moment" in answer.text and "Try again" in answer.text
    assert portal.ask("POST", "/accept", body="terms=1").status == 503
    assert portal.ask(path="/terms").status == 200
    assert portal.ask(port=HIJACK).status == 302
    portal.netctl.start()
    wait_for(lambda: portal.ask().status == 200)


def test_netctl_that_talks_nonsense(portal):
    for nonsense in (b"x", b"\0" * 200,
                     struct.pack("=HHI", 3, 8, 0) + b"\0" * 64,
                     struct.pack("=HHIIIII16s", 3, ZONE, 0, 1, 0, 0, 0,
                                 b"x" * 16)):
        wait_for(lambda: portal.netctl.peer)
        portal.netctl.peer.send(nonsense)
        wait_for(lambda: portal.ask().status == 200)


# --- bounds ------------------------------------------------------------------

def test_slow_header_gets_408(portal):
    start = time.monotonic()
    with portal.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n")
        while not select.select([s], [], [], 0.2)[0]:
            s.sendall(b"A: b\r\n")  # bytes do not buy time
            assert time.monotonic() - start < 40  # two seconds, when idle
        raw = read_all(s)
    assert time.monotonic() - start > 1.5
    assert not raw or Answer(raw).status == 408


def test_slow_body_gets_408(portal):
    with portal.connect() as s:
        s.sendall(b"POST /accept HTTP/1.1\r\n" + H + FORM
                  + b"Content-Length: 7\r\n\r\nte")
        assert Answer(read_all(s)).status == 408


@contextlib.contextmanager
def small_buffers(portal):
    """The gate's sockets take less than a page at once."""
    def allow(size):
        portal.gate.run("sysctl", "-qw", f"net.ipv4.tcp_wmem={size}")
    allow("4096 4096 4096")
    try:
        yield
    finally:
        allow("4096 16384 4194304")


def narrow_socket(portal, port=HTTP):
    s = portal.phone.socket(socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    s.settimeout(60)
    s.connect((GATE4, port))
    return s


def test_slow_reader_gets_all(portal):
    with small_buffers(portal), narrow_socket(portal) as s:
        s.sendall(b"GET /terms HTTP/1.1\r\n" + H + b"\r\n")
        raw = b""
        while more := s.recv(200):
            raw += more
            time.sleep(0.01)
        answer = Answer(raw)
        assert answer.status == 200 and len(answer.body) == answer.length


def test_reader_that_does_not_read_is_given_up(portal):
    with small_buffers(portal), narrow_socket(portal) as s:
        s.sendall(b"GET /terms HTTP/1.1\r\n" + H + b"\r\n")
        wait_for(lambda: portal.holds(HTTP) == 1)
        wait_for(lambda: portal.holds(HTTP) == 0)


def test_device_has_a_share_of_connections(own):
    own.start()
    wait_for(lambda: own.netctl.peer)
    portal, idle = own, []
    try:
        for _ in range(12):
            s = portal.connect()
            s.sendall(b"GET / HTT")
            idle.append(s)
        wait_for(lambda: portal.taken() == 12)
        with portal.connect() as s:
            s.sendall(b"GET / HTT")
            assert Answer(read_all(s)).status == 503
        # what needs no waiting is still served
        assert portal.ask(path="/terms").status == 200
        assert portal.ask(port=HIJACK).status == 302
        assert portal.ask().status == 503
        # and another device does not notice
        assert portal.ask(host=GATE6).status == 200
    finally:
        for s in idle:
            s.close()
    wait_for(lambda: portal.ask().status == 200)


# Networks that the phone answers for beside its own addresses.
CROWD4, CROWD6 = "10.77.0.0/16", "2001:db8:78::/64"


def crowd4(count):
    return [f"10.77.{n >> 8}.{n & 255}" for n in range(1, count + 1)]


def crowd6(count):
    return [f"2001:db8:78::{n:x}" for n in range(1, count + 1)]


@pytest.fixture
def crowded(own):
    """Its phone can be any number of devices, which may leave half done."""
    for family, net, via in (("-4", CROWD4, PHONE4), ("-6", CROWD6, PHONE6)):
        own.phone.run("ip", family, "route", "add", "local", net, "dev", "lo")
        own.gate.run("ip", family, "route", "add", net, "via", via)
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    own.left = []
    yield own
    for s in own.left:
        s.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    for family, net in (("-4", CROWD4), ("-6", CROWD6)):
        own.phone.run("ip", family, "route", "del", "local", net, "dev", "lo")
        own.gate.run("ip", family, "route", "del", net)


def leave(portal, sources, each, data, port=HTTP):
    """Connections that send this and then nothing more, each in its turn."""
    made = []
    for source in sources * each:
        family = socket.AF_INET6 if ":" in source else socket.AF_INET
        s = portal.phone.socket(family)
        s.settimeout(60)
        if family == socket.AF_INET6:
            s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
        s.bind((source, 0))
        s.connect((GATE6 if family == socket.AF_INET6 else GATE4, port))
        s.sendall(data)
        made.append(s)
    portal.left += made
    return made


def is_open(s):
    poll = select.poll()
    poll.register(s, select.POLLIN)
    return not poll.poll(0)


def wait_until_gone(portal, count):
    """So many of those that it was left, and no more."""
    poll = select.poll()
    for s in portal.left:
        poll.register(s, select.POLLRDHUP)
    wait_for(lambda: len(poll.poll(0)) >= count)
    assert len(poll.poll(0)) == count


def wait_until_full(portal, places, pushed_out):
    wait_until_gone(portal, pushed_out)
    wait_for(lambda: portal.taken() == places)


def test_oldest_dawdler_makes_room(crowded):
    """Those of many addresses have 64 places, whoever comes last."""
    portal = crowded
    portal.start()
    wait_for(lambda: portal.netctl.peer)
    idle = leave(portal, crowd4(8), 9, b"GET / HTT")
    wait_until_full(portal, 64, 8)
    assert not any(read_all(s) for s in idle[:8])
    assert all(is_open(s) for s in idle[8:])
    # the next ones, whole or in pieces
    assert portal.ask(port=HIJACK).status == 302
    assert portal.ask().status == 200
    assert portal.ask("POST", "/accept", body="terms=1").status == 303
    request = b"GET / HTTP/1.1\r\n" + H + b"\r\n"
    with portal.connect() as s:
        for i in range(len(request)):
            s.send(request[i:i + 1])
        assert Answer(read_all(s)).status == 200
    # which need one place at a time
    assert not is_open(idle[8]) and all(is_open(s) for s in idle[9:])


def test_half_open_connections_close_no_page(crowded):
    """A thousand in 768 places."""
    portal = crowded
    portal.configure(max_connections=768, max_per_device=24)
    portal.start()
    wait_for(lambda: portal.netctl.peer)
    idle = leave(portal, crowd4(42), 24, b"GET / HTTP/1.1\r\nHost: ")
    wait_until_full(portal, 768, len(idle) - 768)
    for host in (GATE4, GATE6):
        assert portal.ask(host=host).status == 200
        assert portal.ask("POST", "/accept", body="terms=1",
                          host=host).status == 303
    assert portal.ask(port=HIJACK).status == 302
    assert is_open(idle[-1])


def test_addresses_of_ipv6_close_nothing_over_ipv4(crowded):
    """A device has any number of them, each with a share of its own."""
    portal = crowded
    portal.start()
    wait_for(lambda: portal.netctl.peer)
    with portal.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n")
        wait_for(lambda: portal.taken() == 1)
        idle = leave(portal, crowd6(500), 1, b"GET / HTT")
        wait_until_full(portal, 64, len(idle) + 1 - 64)
        assert portal.ask(host=GATE6).status == 200
        s.sendall(H + b"\r\n")
        assert Answer(read_all(s)).status == 200


def test_flood_of_whole_requests(portal):
    for _ in range(300):
        assert portal.ask(port=HIJACK).status == 302


def test_log_names_no_address(portal):
    portal.ask()
    portal.ask(path="/secret-path", headers={"User-Agent": "canary"})
    portal.ask(host=GATE6)
    log = portal.log()
    for word in (PHONE4, PHONE6, "secret-path", "canary"):
        assert word not in log


def test_portal_has_given_up_its_rights(portal):
    with open(f"/proc/{portal.process.pid}/status", encoding="ascii") as f:
        status = dict(line.split(":", 1) for line in f)
    assert set(status["Uid"].split()) == {"65534"}
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert status["NoNewPrivs"].strip() == "1"
    assert not status["Groups"].strip()


# --- TLS ---------------------------------------------------------------------

def tls_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def tls_ask(portal, data, context=None, host=GATE4):
    """The raw answer and the certificate it came under."""
    context = context or tls_context()
    with portal.connect(HTTPS, host) as plain:
        with context.wrap_socket(plain, server_hostname=NAME) as s:
            s.sendall(data)
            return read_all(s), s.getpeercert(binary_form=True)


def test_tls(own):
    cert, key = certificate(own.folder, "one")
    own.configure(request_time="5s", certificate=cert, key=key, hostname=NAME)
    own.start()
    wait_for(lambda: own.netctl.peer)
    home = f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
    raw, shown = tls_ask(own, home)
    assert Answer(raw).status == 200 and "Testnetz" in Answer(raw).text
    # names are led to the secure page, and addresses to its copy by address
    for port, host, where in (
            (HIJACK, "other.example", f"https://{NAME}/?via=o"),
            (HTTP, NAME, f"https://{NAME}/?via=o"),
            (HIJACK, "203.0.113.7", f"http://{GATE4}/?via=o"),
            (HIJACK, "[2001:db8::7]:80", f"http://{GATE4}/?via=o")):
        answer = own.ask(port=port, headers={"Host": host})
        assert answer.headers["Location"] == where, host
    assert own.ask().status == 200
    # garbage, a plain request, and silence
    for data in (b"\0" * 100, os.urandom(600), b"GET / HTTP/1.1\r\n\r\n",
                 b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03"):
        assert b"HTTP/1.1" not in own.send(data, HTTPS)
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        context = tls_context()
        context.minimum_version = context.maximum_version = version
        assert Answer(tls_ask(own, home, context)[0]).status == 200
    # one byte at a time
    with own.connect(HTTPS) as plain:
        with tls_context().wrap_socket(plain, server_hostname=NAME) as s:
            for i in range(len(home)):
                s.send(home[i:i + 1])
            assert Answer(read_all(s)).status == 200
    # a request that is never finished
    with own.connect(HTTPS) as plain:
        with tls_context().wrap_socket(plain, server_hostname=NAME) as s:
            s.sendall(b"GET / ")
            assert Answer(read_all(s)).status == 408
    # another pair takes over at SIGHUP, a bad one does not
    certificate(own.folder, "two")
    os.replace(f"{own.folder}/two.key", key)
    own.reload("everything stays as it was")
    assert tls_ask(own, home)[1] == shown
    os.replace(f"{own.folder}/two.pem", cert)
    own.reload("reloaded")
    assert tls_ask(own, home)[1] != shown
    with open(cert, "w", encoding="ascii") as f:
        f.write("no certificate")
    other = tls_ask(own, home)[1]
    own.reload("everything stays as it was")
    assert tls_ask(own, home)[1] == other


def client_hello():
    """What a phone would send first."""
    sent = ssl.MemoryBIO()
    client = tls_context().wrap_bio(ssl.MemoryBIO(), sent,
                                    server_hostname=NAME)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def assert_secure_page(portal):
    home = f"GET / HTTP/1.1\r\nHost: {NAME}\r\n\r\n".encode()
    for host in (GATE4, GATE6):
        assert Answer(tls_ask(portal, home, host=host)[0]).status == 200


def test_half_hellos_close_no_page(crowded):
    """Of 34 addresses with a full share each, 816 in 768 places."""
    portal = crowded
    cert, key = certificate(portal.folder, "half")
    portal.configure(max_connections=768, max_per_device=24, certificate=cert,
                     key=key, hostname=NAME)
    portal.start()
    wait_for(lambda: portal.netctl.peer)
    hello = client_hello()
    # half of them, and those that leave after the portal's answer
    idle = leave(portal, crowd4(17), 24, hello[:len(hello) // 2], HTTPS)
    idle += leave(portal, crowd4(34)[17:], 24, hello, HTTPS)
    wait_until_gone(portal, len(idle) - 768)
    assert_secure_page(portal)
    assert portal.ask().status == 200
    assert portal.ask(port=HIJACK).status == 302
    # and they have not gone meanwhile
    wait_for(lambda: portal.taken() >= 768 - 3)


def test_thousands_close_no_page(crowded):
    """With the bounds of a config that says nothing of them."""
    portal = crowded
    cert, key = certificate(portal.folder, "thousands")
    portal.configure(max_connections=1024, max_per_device=24,
                     certificate=cert, key=key, hostname=NAME)
    portal.start()
    wait_for(lambda: portal.netctl.peer)
    sources = crowd4(460)
    idle = leave(portal, sources[:418], 24, b"GET / HTT")
    idle += leave(portal, sources[418:], 24, client_hello(), HTTPS)
    wait_until_gone(portal, len(idle) - 1024)
    assert_secure_page(portal)
    assert portal.ask().status == 200
    assert portal.ask("POST", "/accept", body="terms=1").status == 303
    wait_for(lambda: portal.taken() >= 1024 - 3)


def test_slow_reader_over_tls(own):
    cert, key = certificate(own.folder, "slow")
    own.configure(certificate=cert, key=key, hostname=NAME)
    own.start()
    with small_buffers(own), narrow_socket(own, HTTPS) as plain:
        with tls_context().wrap_socket(plain, server_hostname=NAME) as s:
            s.sendall(b"GET /terms HTTP/1.1\r\n" + H + b"\r\n")
            time.sleep(0.5)
            answer = Answer(read_all(s))
            assert answer.status == 200
            assert len(answer.body) == answer.length


def test_old_tls_is_refused(own):
    cert, key = certificate(own.folder, "old")
    own.configure(certificate=cert, key=key, hostname=NAME)
    own.start()
    hello = bytes.fromhex(  # TLS 1.1, one old cipher suite
        "160301002d010000290302" + "00" * 32 + "00" + "0002002f" + "0100")
    raw = own.send(hello, HTTPS)
    assert raw[:1] in (b"\x15", b"") and b"HTTP" not in raw


# --- config ------------------------------------------------------------------

def run_portal(*args):
    return subprocess.run(
        [PORTAL, *args], capture_output=True, text=True, timeout=120,
        check=False,
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})


def test_command_line(own):
    done = run_portal("--version")
    assert done.returncode == 0
    assert re.fullmatch(r"stadttor-portal \d+\.\d+\.\d+\n", done.stdout)
    for option in ("-h", "--help"):
        done = run_portal(option)
        assert done.returncode == 0 and done.stdout.startswith("usage:")
    for args in (["-x"], ["--nothing"], ["word"], ["-c"]):
        done = run_portal(*args)
        assert done.returncode == 2 and done.stderr
    done = run_portal("-T", "-c", own.config_path)
    assert done.returncode == 0 and "option network 'Testnetz'" in done.stdout
    again = f"{own.folder}/again"
    with open(again, "w", encoding="utf-8") as f:
        f.write(done.stdout)
    assert run_portal("-T", "-c", again).stdout == done.stdout


def test_bad_config(own):
    bad = f"{own.folder}/bad"
    for options in ({"http_port": 0}, {"http_port": "x"}, {"nothing": 1},
                    {"request_time": "0"}, {"certificate": "/x"},
                    {"success_url": "javascript:x"}, {"http_port": HIJACK}):
        own.configure(**options)
        os.replace(own.config_path, bad)
        for args in (["-T"], []):
            done = run_portal(*args, "-c", bad)
            assert done.returncode == 2, options
            assert re.fullmatch(re.escape(bad) + r":\d+: [^\n]+\n",
                                done.stderr)
    done = run_portal("-c", own.folder + "/nowhere")
    assert done.returncode == 2 and done.stderr.count("\n") == 1


def test_bad_pages_and_certificate(own):
    cert, key = certificate(own.folder, "three")
    os.makedirs(own.folder + "/empty", exist_ok=True)
    for options in ({"pages": "/nowhere"}, {"pages": own.folder + "/empty"},
                    {"certificate": "/nowhere", "key": key, "hostname": NAME},
                    {"certificate": cert, "key": cert, "hostname": NAME}):
        own.configure(**options)
        done = run_portal("-c", own.config_path)
        assert done.returncode == 2 and done.stderr.count("\n") == 1, options


def test_reload(own):
    own.start()
    wait_for(lambda: own.netctl.peer)
    own.configure(network="Anders", hijack_port=2092)
    own.reload("reloaded")
    assert "Anders" in own.ask().text
    assert own.ask(port=2092).status == 302
    with pytest.raises(ConnectionRefusedError):
        own.ask(port=HIJACK)
    own.configure(network="Nie", http_port="x")
    own.reload("everything stays as it was")
    assert "Anders" in own.ask().text
    own.configure(network="Nie", pages="/nowhere")
    own.reload("everything stays as it was")
    assert "Anders" in own.ask().text
    # a request under way survives
    own.configure(network="Wieder")
    with own.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n")
        wait_for(lambda: own.taken() == 1)
        own.reload("reloaded")
        s.sendall(H + b"\r\n")
        assert "Wieder" in Answer(read_all(s)).text
    assert own.ask(port=HIJACK).status == 302


def test_reload_under_load(own):
    own.start()
    wait_for(lambda: own.netctl.peer)
    for i in range(20):
        own.configure(network=f"Netz {i}")
        own.process.send_signal(signal.SIGHUP)
        for _ in range(10):
            assert own.ask(port=HIJACK).status == 302
            assert own.ask().status == 200


def test_zone_that_goes_away_in_a_reload(own):
    own.start()
    with own.connect() as s:
        s.sendall(b"GET / HTTP/1.1\r\n")
        wait_for(lambda: own.taken() == 1)
        own.configure(device="lan7")
        own.reload("reloaded")
        with pytest.raises(ConnectionRefusedError):
            own.ask()
        own.configure()
        own.reload("reloaded")
        s.sendall(H + b"\r\n")
        assert Answer(read_all(s)).status in (200, 503)


def test_device_that_comes_and_goes(own):
    own.configure(device="lan9")
    own.start(wait=False)
    wait_for(lambda: "waiting for lan9" in own.log())
    wait_for(lambda: own.netctl.peer)
    own.phone.run("ip", "link", "add", "phone9", "type", "veth", "peer",
                  "name", "lan9", "netns", str(own.gate.keeper.pid))
    try:
        own.gate.run("ip", "addr", "add", "198.51.100.1/24", "dev", "lan9")
        own.gate.run("ip", "link", "set", "lan9", "up")
        own.phone.run("ip", "addr", "add", "198.51.100.9/24", "dev", "phone9")
        own.phone.run("ip", "link", "set", "phone9", "up")
        wait_for(lambda: "listening on lan9" in own.log())
        assert own.ask(port=HIJACK, host="198.51.100.1").status == 302
        # the zone's ports are not reached through another device
        with pytest.raises(ConnectionRefusedError):
            own.ask(port=HIJACK)
        # netctl knows best
        own.netctl.say_zone(0)
        wait_for(lambda: "lan9 is not there" in own.log())
    finally:
        own.phone.run("ip", "link", "del", "phone9")


def test_sigint_and_sigterm(own):
    for sig in (signal.SIGINT, signal.SIGTERM):
        own.start()
        with own.connect() as s:
            s.sendall(b"GET /")
            wait_for(lambda: own.taken() == 1)
            own.process.send_signal(sig)
            assert own.process.wait(60) == 0, own.log()
            read_all(s)
    own.process = None
