# SPDX-License-Identifier: GPL-3.0-or-later
"""News to operators by mail: maildriver, and relays of our own.

Those that do as they should are aiosmtpd's; the others are written down here,
line by line.
"""
import asyncio
import email
import email.policy
import itertools
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from authority import Authority

GONE = {"level": "error", "code": "uplink_missing", "text": "Kein Weg ins Netz"}
FROM, TO = "stadttor@city.test", "ops@city.test"


def wait_until(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """Who issues certificates, of a relay called localhost and of another."""
    authority = Authority(tmp_path_factory.mktemp("authority"))
    context = {}
    for name, host, days in (("right", "localhost", 1), ("other", "x.test", 1),
                             ("over", "localhost", -1)):
        context[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context[name].load_cert_chain(*authority.issue(name, host, days))
    context["authority"] = authority.file
    return context


class Relay:
    """Takes mail, as it was told to."""

    def __init__(self):
        self.mails, self.refuses = [], None

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 fine"

    async def handle_DATA(self, _server, session, envelope):
        self.mails.append((envelope, session.ssl is not None,
                           session.authenticated))
        return "250 taken"

    def read(self, i):
        return email.message_from_bytes(self.mails[i][0].content,
                                        policy=email.policy.default)


class Served:
    """A relay on any port, in a loop of its own."""

    def __init__(self, relay, port=0, implicit=None, **how):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server = self.run(self.loop.create_server(
            lambda: SMTP(relay, hostname="localhost", loop=self.loop, **how),
            "127.0.0.1", port, ssl=implicit))
        self.port = self.server.sockets[0].getsockname()[1]

    def run(self, what):
        return asyncio.run_coroutine_threadsafe(self.quick(what),
                                                self.loop).result()

    @staticmethod
    async def quick(what):
        return await what

    def stop(self):
        self.loop.call_soon_threadsafe(self.server.close)
        self.loop.call_soon_threadsafe(self.loop.stop)


@pytest.fixture
def serve():
    running = []

    def start(relay, **how):
        running.append(Served(relay, **how))
        return running[-1].port
    yield start
    for s in running:
        s.stop()


class Driver:
    def __init__(self, build, folder, authority, port, user="", limit_ms=600000):
        self.list = folder / "list"
        self.password = folder / "password"
        self.password.write_text("geheim wie nie\n")
        self.tell([])
        self.log_file = (folder / "log").open("w+")
        self.process = subprocess.Popen(
            [build / "golden" / "maildriver", self.list, str(limit_ms),
             f"localhost:{port}",
             FROM, user, self.password if user else "",
             f"mailto:{TO}"],
            stdout=subprocess.PIPE, stderr=self.log_file, text=True,
            env=dict(os.environ, SSL_CERT_FILE=str(authority),
                     SSL_CERT_DIR="/nonexistent"))

    def tell(self, findings):
        new = self.list.with_suffix(".new")
        new.write_text(json.dumps(findings))
        new.rename(self.list)

    def look(self, times=1):
        for _ in range(times):
            assert self.process.stdout.readline() == "look\n"

    def log(self):
        return pathlib.Path(self.log_file.name).read_text()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.log_file.close()
        assert "Sanitizer" not in self.log()


@pytest.fixture
def driver(build, tmp_path, city):
    drivers = []

    def start(port, **how):
        drivers.append(Driver(build, tmp_path, city["authority"], port, **how))
        return drivers[-1]
    yield start
    for d in drivers:
        d.stop()


def drain(d, until):
    """Its looks go on; their lines must not fill the pipe."""
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline, d.log()
        d.look()


def warnings(d):
    return re.findall(r"warning: (notify .*)", d.log())


# --- relays that do as they should -----------------------------------------
def test_a_problem_and_its_end(serve, driver, city, caplog):
    relay = Relay()
    begin = int(time.time())
    d = driver(serve(relay, tls_context=city["right"], require_starttls=True))
    d.tell([GONE, {"level": "warn", "code": "zone_full", "zone": "guest",
                   "text": ".\r\nRCPT TO:<x@y.test>\r\n."}])
    drain(d, lambda: len(relay.mails) == 2)
    d.tell([])
    drain(d, lambda: len(relay.mails) == 4)
    envelope, is_secure, _ = relay.mails[0]
    assert is_secure
    assert (envelope.mail_from, envelope.rcpt_tos) == (FROM, [TO])
    mail = relay.read(0)
    assert mail["Subject"] \
        == f"Stadttor {socket.gethostname()}: problem uplink_missing"
    assert (mail["From"], mail["To"]) == (f"Stadttor <{FROM}>", TO)
    assert mail["Auto-Submitted"] == "auto-generated" and mail["Message-ID"]
    assert begin <= mail["Date"].datetime.timestamp() <= time.time()
    text = mail.get_content()
    assert text.startswith(GONE["text"]) and "network: Bochum frei" in text
    assert relay.read(1)["Subject"].endswith("problem zone_full guest")
    assert "RCPT TO:<x@y.test>" in relay.read(1).get_content()
    assert {relay.read(i)["Subject"].split(": ")[1] for i in (2, 3)} \
        == {"recovered uplink_missing", "recovered zone_full guest"}
    assert not warnings(d)
    assert not [r for r in caplog.records if "unrecognised" in r.message]


@pytest.mark.root  # for its port
def test_tls_from_the_start(driver, city):
    relay = Relay()
    served = Served(relay, 465, implicit=city["right"])
    d = driver(465)
    d.tell([GONE])
    drain(d, lambda: relay.mails)
    served.stop()
    assert not warnings(d)


def test_login(serve, driver, city):
    relay, tried = Relay(), []

    def check(_server, _session, _envelope, _mechanism, data):
        tried.append(data)
        return AuthResult(success=data.password == b"geheim wie nie",
                          handled=False)

    d = driver(serve(relay, tls_context=city["right"], auth_required=True,
                     authenticator=check), user="ops")
    d.tell([GONE])
    drain(d, lambda: relay.mails)
    assert (tried[0].login, tried[0].password) == (b"ops", b"geheim wie nie")
    d.password.write_text("falsch")
    d.tell([])
    drain(d, lambda: warnings(d))
    assert "the relay refuses the login: 535" in warnings(d)[0]
    assert "falsch" not in d.log()
    d.password.write_text("geheim wie nie")  # no reload is needed
    drain(d, lambda: len(relay.mails) == 2)
    drain(d, lambda: "notify 1 (city.test): works again" in d.log())


def test_refused_recipient_is_said_once(serve, driver, city):
    relay = Relay()
    relay.refuses = "550 5.1.1 nobody\x07 of that name"
    d = driver(serve(relay, tls_context=city["right"]))
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    d.look(20)
    assert len(warnings(d)) == 1
    assert "notify 1 (city.test): the relay refuses the recipient: 550 5.1.1 " \
        "nobody? of that name; trying again" in warnings(d)[0]
    relay.refuses = None
    drain(d, lambda: relay.mails)


# --- certificates ------------------------------------------------------------
@pytest.mark.parametrize("which, why", [
    ("other", "certificate refused: hostname mismatch"),
    ("over", "certificate refused: certificate has expired")])
def test_wrong_certificate(serve, driver, city, which, why):
    relay = Relay()
    d = driver(serve(relay, tls_context=city[which]))
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    assert why in warnings(d)[0]
    assert not relay.mails


def test_unknown_authority(serve, build, tmp_path, city):
    relay = Relay()
    d = Driver(build, tmp_path, "/etc/hostname",
               serve(relay, tls_context=city["right"]))
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    d.stop()
    assert "certificate refused" in warnings(d)[0] and not relay.mails


# --- no TLS ----------------------------------------------------------------
def test_no_starttls(serve, driver):
    relay = Relay()
    d = driver(serve(relay))
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    assert "does not offer STARTTLS, so it gets nothing" in warnings(d)[0]
    assert not relay.mails


class Script:
    """A relay that says these bytes, one part for each line that it hears."""

    def __init__(self, *parts, rest=b""):
        self.parts, self.rest, self.heard = parts, rest, []
        self.visits = itertools.count()
        self.socket = socket.create_server(("localhost", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            next(self.visits)
            threading.Thread(target=self.speak, args=[c], daemon=True).start()

    def speak(self, c):
        try:
            with c, c.makefile("rb") as lines:
                for part in self.parts:
                    c.sendall(part)
                    line = lines.readline()
                    self.heard.append(line)
                    if not line:
                        return
                while self.rest:
                    c.sendall(self.rest)
                lines.read()
        except OSError:
            pass

    def close(self):
        self.socket.close()


@pytest.mark.parametrize("parts, rest, why", [
    ([b"554 go away\r\n"], b"", "refuses the greeting: 554 go away"),
    ([b"HTTP/1.1 200 OK\r\n"], b"", "the relay's answer cannot be used"),
    ([b"220 hello\r\n", b"250-a\r\n250 STARTTLS\r\n", b"454 not now\r\n"], b"",
     "refuses STARTTLS: 454 not now"),
    ([b"220 hello\r\n", b"250 STARTTLS\r\n",
      b"220 go\r\n250 injected\r\n"], b"",
     "says more before TLS than it should"),
    ([b"220 hello\r\n", b"250 STARTTLS\r\n", b"220 go\r\n",
      b"this is no TLS at all, is it?"], b"", "TLS: wrong version number"),
    ([b"220 hello\r\n"], b"250-more\r\n", "the relay's answer cannot be used"),
    ([b"220 hello\r\n"], b"2" * 4096, "the relay's answer cannot be used"),
    ([b"220 hello\r\n"], b"\0" * 4096, "the relay's answer cannot be used"),
    ([], b"", "no answer in time"),
    ([b"220 hello\r\n", b"250-STARTTLS\r\n", b""], b"", "no answer in time"),
], ids=["refuses", "http", "refuses-tls", "injects", "no-tls", "endless",
        "long-line", "zeros", "mute", "stops"])
def test_hostile(driver, parts, rest, why):
    script = Script(*parts, rest=rest)
    d = driver(script.port, user="ops", limit_ms=300 if "in time" in why
               else 600000)
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    assert why in warnings(d)[0], d.log()
    clear = b"".join(script.heard).split(b"\x16\x03")[0]
    assert re.fullmatch(rb"(EHLO \S+\r\n(STARTTLS\r\n)?)*", clear), clear
    script.close()


def test_down_and_up_again(driver, serve, city):
    with socket.create_server(("localhost", 0)) as s:
        port = s.getsockname()[1]
    d = driver(port)
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    assert "the connection failed; trying again" in warnings(d)[0]
    relay = Relay()
    serve(relay, port=port, tls_context=city["right"])
    drain(d, lambda: relay.mails)
    assert len(relay.mails) == 1


def test_it_asks_less_and_less_often(driver):
    """Of a relay that refuses: after 1, 2, 4, 8 ... looks."""
    script = Script(b"554 go away\r\n")
    d = driver(script.port)
    d.tell([GONE])
    drain(d, lambda: warnings(d))
    d.look(100)
    assert next(script.visits) <= 8
    script.close()
