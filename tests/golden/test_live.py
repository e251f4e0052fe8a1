# SPDX-License-Identifier: GPL-3.0-or-later
"""Live values of city tiles, fetched by livedriver from servers of our own."""
import base64
import http.server
import itertools
import os
import re
import socket
import socketserver
import ssl
import subprocess
import threading
import time

import pytest

DOCUMENT = (b'{"parking": [{"free": 17}, {"free": 4}], "air": 21.456,'
            b' "open": "bis 18 Uhr", "is_open": true}')
FIRST_MS, LIMIT_MS = 50, 1000
JSON = {"Content-Type": "application/json"}


def wait_until(what, seconds=60.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.02)
    raise AssertionError("it did not happen")


# --- the city's servers ----------------------------------------------------
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        server.seen.append((self.path, dict(self.headers)))
        answer = server.answers.get(self.path, (404, JSON, b"{}"))
        if callable(answer):
            answer(self)
            self.close_connection = True
            return
        code, headers, body = answer
        self.send_response(code)
        for name, value in {"Content-Length": len(body), **headers}.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if headers.get("Content-Length", "") is None:
            self.close_connection = True

    def finish(self):
        super().finish()
        self.server.closed += 1

    def log_message(self, *args):
        pass


class City(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address="127.0.0.1", port=0, tls=None):
        self.address_family = (socket.AF_INET6 if ":" in address
                               else socket.AF_INET)
        super().__init__((address, port), Handler)
        self.answers = {"/": (200, JSON, DOCUMENT)}
        self.seen, self.names, self.closed = [], [], 0
        self.stopping = threading.Event()
        self.port = self.server_address[1]
        self.tls = tls
        if tls:
            tls.sni_callback = lambda s, name, c: self.names.append(name)
        self.thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.02},
            daemon=True)
        self.thread.start()

    def finish_request(self, request, client_address):
        if self.tls:
            request = self.tls.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        if self.tls:
            request.close()

    def handle_error(self, request, client_address):
        self.closed += 1

    def stop(self):
        self.stopping.set()
        self.shutdown()
        self.server_close()


@pytest.fixture
def city():
    servers = []

    def start(*args, **more):
        servers.append(City(*args, **more))
        return servers[-1]
    yield start
    for s in servers:
        s.stop()


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    """A trusted and another authority, and what they have signed."""
    folder = tmp_path_factory.mktemp("pki")

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, timeout=200,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def make(name, *more):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out",
                f"{name}.pem", *more)

    def sign(name, authority, names):
        make(name, "-CA", f"{authority}.pem", "-CAkey", f"{authority}.key",
             "-addext", f"subjectAltName={names}",
             "-addext", "basicConstraints=critical,CA:FALSE")

    make("trusted")
    make("other")
    good = "DNS:localhost,IP:127.0.0.1,IP:::1"
    sign("good", "trusted", good)
    sign("forged", "other", good)
    sign("elsewhere", "trusted", "DNS:elsewhere.example,IP:192.0.2.1")
    return folder


def tls_of(pki, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pki / f"{name}.pem", pki / f"{name}.key")
    return context


# --- the driver ------------------------------------------------------------
class Driver:
    def __init__(self, command, log, env):
        self.log_file = log
        with open(log, "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=err, text=True, bufsize=1, env=env)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def watch(self, *sources):
        for url, pointer, *more in sources:
            interval, decimals = more or (1, "-")
            assert self.say(
                f"source {url} {pointer} {interval} {decimals}") == "ok"
        return self.say("apply")

    def get(self, index=0):
        answer = self.say(f"get {index}")
        return None if answer == "none" else answer.rsplit(" ", 2)[0]

    def age(self, index=0):
        text, age, state = self.say(f"get {index}").rsplit(" ", 2)
        return int(age), state

    def log(self):
        return self.log_file.read_text()

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code


@pytest.fixture
def driver(build, pki, tmp_path):
    drivers = []

    def start(limit_ms=LIMIT_MS, before=()):
        env = dict(os.environ, SSL_CERT_FILE=str(pki / "trusted.pem"),
                   SSL_CERT_DIR="/nonexistent")
        drivers.append(Driver(
            [*before, build / "golden" / "livedriver", str(FIRST_MS),
             str(limit_ms)], tmp_path / f"log{len(drivers)}", env))
        return drivers[-1]
    yield start
    for d in drivers:
        assert d.stop() == 0, d.log()
        assert "Sanitizer" not in d.log()


def refusal(d):
    """What the log says of the only source, once it does."""
    wait_until(lambda: "live value" in d.log())
    return re.search(r"live value 1 \([^)]*\): (.*)", d.log())[1]


# --- values ----------------------------------------------------------------
def test_values_arrive(city, driver):
    c, d = city(), driver()
    url = f"http://localhost:{c.port}/"
    assert d.get() is None
    assert d.watch((url, "/parking/1/free", 60, "-"), (url, "/air", 60, 1),
                   (url, "/open", 60, 0), (url, "/air", 60, "-")) == "ok"
    wait_until(lambda: all(d.get(i) for i in range(4)))
    assert [d.get(i) for i in range(5)] == \
        ["4", "21.5", "bis 18 Uhr", "21.456", None]
    assert d.age() == (0, "fresh")
    assert d.log().count("works") == 4
    # One connection each, closed by us though the server would go on.
    wait_until(lambda: c.closed == 4)
    assert len(c.seen) == 4


def test_what_is_sent(city, driver):
    c, d = city(), driver()
    c.answers["/a?b=c%20d"] = (200, JSON, DOCUMENT)
    d.watch((f"http://anna:ge%3Aheim@127.0.0.1:{c.port}/a?b=c%20d#air",
             "/air", 60, 0))
    wait_until(lambda: d.get() == "21")
    path, headers = c.seen[0]
    assert path == "/a?b=c%20d"
    assert headers == {
        "Host": f"127.0.0.1:{c.port}", "Accept": "application/json",
        "User-Agent": headers["User-Agent"], "Connection": "close",
        "Authorization":
        "Basic " + base64.b64encode(b"anna:ge:heim").decode()}
    assert re.fullmatch(r"Stadttor/[0-9.]+", headers["User-Agent"])
    assert "127.0.0.1" in d.log() and "works" in d.log()
    assert not re.search("anna|heim|/a", d.log())


def test_it_is_asked_every_interval(city, driver):
    c, d = city(), driver()
    d.watch((f"http://127.0.0.1:{c.port}/", "/air"))
    wait_until(lambda: len(c.seen) == 3)
    c.answers["/"] = (200, JSON, b'{"air": -3}')
    wait_until(lambda: d.get() == "-3")
    assert d.log().count("live value") == 1


@pytest.mark.parametrize("headers,body", [
    (JSON, b'"' + b"x" * 31 + b'"'),
    (JSON, b"\xef\xbb\xbf" + b'"' + b"x" * 31 + b'"\r\n'),
    ({"Content-Length": None}, b'"' + b"x" * 31 + b'"'),
    ({"Transfer-Encoding": "chunked", "Content-Length": None},
     b'10\r\n"xxxxxxxxxxxxxxx\r\n11\r\nxxxxxxxxxxxxxxxx"\r\n0\r\n\r\n'),
    ({"X-Long": "y" * 15000}, b'"' + b"x" * 31 + b'"'),
    (JSON, b" " * (65536 - 33) + b'"' + b"x" * 31 + b'"'),
])
def test_answers_that_are_taken(headers, body, city, driver):
    c, d = city(), driver()
    c.answers["/"] = (200, headers, body)
    d.watch((f"http://127.0.0.1:{c.port}/", "-"))
    wait_until(lambda: d.get() == "x" * 31)


# --- refusals --------------------------------------------------------------
def hang(handler):
    handler.server.stopping.wait(60)


def drip(handler):
    """Never silent for long, so only a limit of the whole ends it."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
    while not handler.server.stopping.wait(0.1):
        handler.wfile.write(b" ")


def flood(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not handler.server.stopping.is_set():
        handler.wfile.write(b"[" * 16384)


def raw(data):
    return lambda handler: handler.wfile.write(data)


@pytest.mark.parametrize("answer,why", [
    ((302, {"Location": "/"}, DOCUMENT), "the server answers 302"),
    ((204, {}, b""), "the server answers 204"),
    ((206, JSON, DOCUMENT), "the server answers 206"),
    ((500, JSON, DOCUMENT), "the server answers 500"),
    ((200, JSON, DOCUMENT[:-1]), "the answer is no JSON"),
    ((200, JSON, DOCUMENT + b"]"), "the answer is no JSON"),
    ((200, JSON, DOCUMENT + b"\0"), "the answer is no JSON"),
    ((200, JSON, b"<html>"), "the answer is no JSON"),
    ((200, JSON, b""), "the answer is no JSON"),
    ((200, JSON, b'{"air":' * 40 + b"1" + b"}" * 40), "the answer is no JSON"),
    ((200, JSON, b'{"water": 1}'), "the answer has no value there"),
    ((200, JSON, b'{"air": false}'), "the value is neither text nor a number"),
    ((200, JSON, DOCUMENT + b" " * 65536), "the answer is too long"),
    ((200, {"Content-Length": "99999999999999999999"}, DOCUMENT),
     "the answer is too long"),
    ((200, {"Content-Length": "-1"}, DOCUMENT),
     "the answer's header cannot be used"),
    (flood, "the answer is too long"),
    ((200, {"X-Long": "y" * 17000}, DOCUMENT),
     "the answer's header cannot be used"),
    (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + DOCUMENT),
     "the connection failed"),
    (raw(b""), "the connection failed"),
    (raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "the answer's header cannot be used"),
    (hang, "no answer in time"),
    (drip, "no answer in time"),
])
def test_answers_that_are_refused(answer, why, city, driver):
    c, d = city(), driver()
    c.answers["/x"] = answer
    d.watch((f"http://127.0.0.1:{c.port}/x", "/air", 60, "-"))
    assert refusal(d) == why
    assert d.get() is None
    assert [path for path, _ in c.seen] == ["/x"]


def test_nobody_listens(driver):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        d = driver()
        d.watch((f"http://127.0.0.1:{s.getsockname()[1]}/", "-"))
        assert refusal(d) == "the connection failed"


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "https://[2001:db8::1]/"])
def test_without_a_network_it_tells_once(url, driver):
    d = driver(before=["unshare", "--net",
                       *([] if os.geteuid() == 0 else ["-r"])])
    d.watch((url, "-"))
    assert refusal(d) == "the connection failed"
    time.sleep(2)
    assert len(d.log().splitlines()) == 1


@pytest.mark.parametrize("url,pointer", [
    ("ftp://localhost/", "/air"), ("localhost/", "/air"),
    ("http:///", "/air"), ("http://localhost:0/", "/air"),
    ("http://localhost:65536/", "/air"), ("http://[::1/", "/air"),
    ("http://local\rhost/", "/air"), ("http://localhost/", "air"),
    ("http://localhost/", "/~2"), ("http://localhost/", "/" + "x" * 255),
    ("http://" + "x" * 254 + "/", "/air"),
    ("http://localhost/" + "x" * 1000 + "?" + "y" * 22, "/air"),
    ("http://" + "x" * 193 + "@localhost/", "/air")], ids=itertools.count())
def test_sources_that_cannot_be(url, pointer, driver):
    d = driver()
    assert d.watch((url, pointer)) == "ok"
    assert "live value 1: invalid live_url or live_pointer" in d.log()


def test_too_many_sources_change_nothing(city, driver):
    c, d = city(), driver()
    url = f"http://127.0.0.1:{c.port}/"
    d.watch((url, "/air"))
    wait_until(d.get)
    assert d.watch(*[(url, "/open")] * 9) != "ok"
    assert d.get() == "21.456"
    assert d.watch(*[(url, "/open")] * 8) == "ok"
    wait_until(lambda: d.get(7) == "bis 18 Uhr")


# --- TLS -------------------------------------------------------------------
@pytest.mark.parametrize("host,address,name", [
    ("localhost", "127.0.0.1", "localhost"),
    ("127.0.0.1", "127.0.0.1", None), ("[::1]", "::1", None)])
def test_tls(host, address, name, city, driver, pki):
    c, d = city(address, tls=tls_of(pki, "good")), driver()
    d.watch((f"https://{host}:{c.port}/", "/parking/0/free"))
    wait_until(lambda: d.get() == "17")
    assert c.names[0] == name


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("certificate,why", [
    ("forged", r"certificate refused: .*issuer certificate"),
    ("other", r"certificate refused: self.signed certificate"),
    ("elsewhere", r"certificate refused: (hostname|IP address) mismatch")])
def test_certificates_that_are_refused(host, certificate, why, city, driver,
                                       pki):
    c, d = city(tls=tls_of(pki, certificate)), driver()
    d.watch((f"https://anna:geheim@{host}:{c.port}/", "/air"))
    assert re.match(why, refusal(d))
    assert d.get() is None and c.seen == []


@pytest.mark.filterwarnings("ignore:.*TLSv1_1 is deprecated")
def test_old_tls_is_refused(city, driver, pki):
    context = tls_of(pki, "good")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    c, d = city(tls=context), driver()
    d.watch((f"https://localhost:{c.port}/", "/air"))
    assert refusal(d).startswith("TLS: ")
    assert c.seen == []


def test_tls_with_a_server_that_has_none(city, driver):
    c, d = city(), driver()
    d.watch((f"https://localhost:{c.port}/", "/air"))
    assert refusal(d).startswith("TLS: ")


# --- time ------------------------------------------------------------------
def test_gone_and_back(city, driver):
    c, d = city(), driver()
    port = c.port
    d.watch((f"http://127.0.0.1:{port}/", "/air"))
    wait_until(lambda: d.get() == "21.456")
    c.stop()
    wait_until(lambda: d.age()[1] == "stale")
    assert d.get() == "21.456" and d.age()[0] >= 2
    c = city(port=port)
    wait_until(lambda: d.age()[1] == "fresh")
    said = re.findall(r"live value 1 .*: (.*)", d.log())
    assert said == ["works", "the connection failed", "works"]


def test_changed_sources(city, driver):
    c, d = city(), driver()
    url = f"http://127.0.0.1:{c.port}/"
    d.watch((url, "/air", 60, 0), (url, "/open", 60, 0))
    wait_until(lambda: d.get(0) and d.get(1))
    c.answers["/"] = hang
    assert d.watch((url, "/parking/0/free", 60, 0), (url, "/open", 90, 0),
                   (url, "/air", 60, 1), (url, "/air", 60, 0)) == "ok"
    assert [d.get(i) for i in range(4)] == [None, "bis 18 Uhr", None, "21"]
    # While they are being asked: what is under way is given up.
    wait_until(lambda: len(c.seen) == 6)
    assert d.watch() == "ok"
    assert d.get() is None and d.get(3) is None
    c.answers["/"] = (200, JSON, DOCUMENT)
    d.watch((url, "/air", 60, 0))
    wait_until(lambda: d.get() == "21")


def test_end_while_it_is_asked(city, driver):
    c, d = city(), driver(limit_ms=9000)
    c.answers["/"] = hang
    d.watch((f"http://127.0.0.1:{c.port}/", "/air"))
    wait_until(lambda: c.seen)


# --- names -----------------------------------------------------------------
class Resolver(threading.Thread):
    """Knows one name and its IPv4 addresses."""

    def __init__(self, name, *addresses):
        super().__init__(daemon=True)
        self.known = b"".join(
            bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0"
        self.addresses = addresses
        self.asked = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.start()

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(512)
            self.asked += 1
            question = query[12:]
            is_known = question[:-4].lower() == self.known
            is_a = question[-4:-2] == b"\0\1"
            answers = [b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" +
                       socket.inet_aton(a) for a in self.addresses
                       if is_known and is_a]
            self.socket.sendto(
                query[:2] + (b"\x81\x80" if is_known else b"\x81\x83") +
                b"\0\1\0" + bytes([len(answers)]) + b"\0\0\0\0" +
                question + b"".join(answers), peer)


@pytest.fixture
def names(tmp_path):
    """What comes before a program to give it its own /etc/resolv.conf."""
    conf = tmp_path / "resolv.conf"
    conf.touch()
    before = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["-r"]),
              "sh", "-c", f'mount --bind {conf} /etc/resolv.conf && exec "$@"',
              "sh"]

    def use(port, more=""):
        conf.write_text(f"nameserver 127.0.0.1:{port}\n{more}")
        return before
    return use


def test_resolv_conf_is_followed(city, driver, names):
    c = city()
    first = Resolver("city.example", "127.0.0.1")
    second = Resolver("sensor.example", "127.0.0.1")
    d = driver(before=names(first.port))
    d.watch((f"http://city.example:{c.port}/", "/air", 60, 0),
            (f"http://sensor.example:{c.port}/", "/air"))
    wait_until(lambda: d.get(0) == "21")
    wait_until(lambda: "(sensor.example): the host has no address" in d.log())
    assert c.seen[0][1]["Host"] == f"city.example:{c.port}"
    assert second.asked == 0
    names(second.port, "# changed")
    wait_until(lambda: d.get(1) == "21.456")


def test_the_next_address_is_tried(city, driver, names):
    c = city()
    r = Resolver("city.example", "127.0.0.2", "127.0.0.1")
    d = driver(before=names(r.port))
    d.watch((f"http://city.example:{c.port}/", "/air"))
    assert refusal(d) == "the connection failed"
    wait_until(lambda: d.get() == "21.456")


def test_end_while_a_name_is_looked_up(driver, names):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(10)
        d = driver(before=names(silent.getsockname()[1]))
        d.watch(("http://city.example/", "/air"))
        assert silent.recv(512)
        assert refusal(d) == "no answer in time"
        d.watch(("http://town.example/", "/air"))
        assert silent.recv(512)
