# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts as a way in: Debian's FreeRADIUS, portal, netctl and kernel."""
import hashlib
import hmac
import os
import shutil
import signal
import socket
import ssl
import struct
import threading
import time
import urllib.parse
from http.client import HTTPConnection

import pytest

import canary
import gate
import lab
import packets
import traffic
from gate import NETCTL, PORTAL
from radius import PASSWORD, SECRET, USERS, FreeRadius
from test_canary import PLAIN
from traffic import V4, V6, FAMILIES

NAME = "portal.stadt.test"
families = pytest.mark.parametrize("family", FAMILIES, ids=("ipv4", "ipv6"))


@pytest.fixture
def server(street):
    radius = FreeRadius(street)
    yield radius
    radius.close()


@pytest.fixture(scope="module")
def secured(ca):
    chain, key = ca.issue("portal", NAME)
    return {"hostname": NAME, "certificate": chain, "key": key}


@pytest.fixture
def accounts(stadttor, secured, ca):
    """The programs with a zone of accounts; how phones ask them by TLS."""
    context = ssl.create_default_context(cafile=ca.file)

    def start(guest=None, portal=None, servers=(lab.HOST4,), staff=None,
              **radius):
        if "secret_file" not in radius:
            radius = {"secret": SECRET, **radius}
        stadttor.configure(
            guest={"auth": ["radius"], "radius": "main", **(guest or {})},
            staff=staff, portal={**secured, **(portal or {})})
        with open(stadttor.config, "a") as file:
            file.write(gate.section("radius", "main", {
                "server": list(servers), **radius}))
        for program in (NETCTL, PORTAL):
            stadttor.start_one(program)
        stadttor.wait_ready()
        return stadttor

    def request(phone, path="/", form=None, family=V4, timeout=40):
        s = phone.socket(family, socket.SOCK_STREAM)
        s.settimeout(timeout)
        with s:
            s.connect((phone.network.gate(family), 443))
            with context.wrap_socket(s, server_hostname=NAME) as tls:
                conn = HTTPConnection(NAME)
                conn.sock = tls
                headers = {"Connection": "close", "Accept-Language": "en"}
                if form is not None:
                    headers["Content-Type"] = \
                        "application/x-www-form-urlencoded"
                conn.request("GET" if form is None else "POST", path,
                             urllib.parse.urlencode(form or {}), headers)
                answer = conn.getresponse()
                return traffic.Reply(answer.status, answer.headers,
                                     answer.read().decode())

    def log_in(phone, name, password=PASSWORD, **more):
        return request(phone, "/accept",
                       {"terms": 1, "name": name, "password": password},
                       **more)

    stadttor.start_accounts, stadttor.request = start, request
    stadttor.log_in = log_in
    return stadttor


def is_refused(reply, text="Please check name and password"):
    return reply.status == 200 and text in reply.body


# --- the way in --------------------------------------------------------------

@families
def test_an_account_opens_the_gate(accounts, server, phones, family):
    server.start()
    accounts.start_accounts()
    page = accounts.request(phones[0], family=family)
    assert 'autocomplete="username"' in page.body
    assert 'autocomplete="current-password"' in page.body
    assert traffic.is_shut(phones[0], family)
    reply = accounts.log_in(phones[0], "anna", family=family)
    assert reply.status == 303 and reply.headers["Location"] == "/status"
    traffic.wait_online(phones[0], V4)
    traffic.wait_online(phones[0], V6)


def test_wrong_passwords(accounts, server, phones):
    """Nobody is told which of the two was wrong, or more."""
    server.start()
    accounts.start_accounts()
    told = set()
    for name, password in (("anna", "wrong"), ("nobody", PASSWORD),
                           ("locked", PASSWORD), ("pin", PASSWORD)):
        reply = accounts.log_in(phones[0], name, password)
        assert is_refused(reply), name
        assert 'aria-invalid="true"' in reply.body
        assert 'aria-describedby="error"' in reply.body
        assert f'value="{name}"' in reply.body
        assert "bill" not in reply.body and "PIN" not in reply.body
        told.add(reply.body.replace(f'value="{name}"', ""))
    assert len(told) == 1
    assert traffic.is_shut(phones[0])
    for name, password in (("", "x"), ("anna", ""), ("a" * 300, "x"),
                           ("anna", "x" * 129)):
        assert is_refused(accounts.log_in(phones[0], name, password),
                          "enter your name and your password")


def test_only_by_tls(accounts, server, phones):
    server.start()
    accounts.start_accounts()
    for path, form in (("/", None), ("/accept", "terms=1&name=anna&password="
                                     + PASSWORD.replace(" ", "+"))):
        reply = traffic.http(phones[0], phones[0].network.gate4, path,
                             "GET" if form is None else "POST", form)
        assert reply.status == 302
        assert reply.headers["Location"].startswith(f"https://{NAME}/")
        assert "password" not in reply.body
    assert traffic.is_shut(phones[0])


def test_what_the_server_says_holds(accounts, server, phones):
    server.start()
    accounts.start_accounts(guest={
        "max_rate_down": "50mbit", "rate_down": "10mbit", "rate_up": "5mbit",
        "duration": "1h", "max_duration": "1d", "quota": "100MB",
        "max_quota": "1GB", "idle": "1h"})
    assert accounts.log_in(phones[0], "berta").status == 303
    session, = accounts.sessions()
    assert session["left_s"] in range(500, 601)
    assert [session[key] for key in ("down_bps", "up_bps", "quota_bytes",
                                     "idle_s")] \
        == [2000000, 1000000, 50000000, 120]
    assert accounts.log_in(phones[1], "greedy").status == 303
    greedy, = (s for s in accounts.sessions() if s["handle"]
               != session["handle"])
    assert greedy["left_s"] in range(86300, 86401)
    assert (greedy["down_bps"], greedy["quota_bytes"]) \
        == (50000000, 1000000000)
    assert accounts.log_in(phones[2], "anna").status == 303
    plain, = (s for s in accounts.sessions() if s["left_s"] < 3601
              and s["left_s"] > 601)
    assert plain["down_bps"] == 10000000


# --- servers that do not answer ----------------------------------------------

def test_wrong_secret(accounts, server, phones):
    server.start()
    accounts.start_accounts(secret="another one")
    reply = accounts.log_in(phones[0], "anna")
    assert is_refused(reply, "cannot be checked")
    assert traffic.is_shut(phones[0])


@pytest.mark.full
def test_server_dies_and_comes_back(accounts, server, phones):
    server.start()
    accounts.start_accounts()
    server.stop()
    assert is_refused(accounts.log_in(phones[0], "anna"), "cannot be checked")
    accounts.wait_log("does not answer", program=PORTAL)
    server.start()
    accounts.wait_log("answers again", program=PORTAL, seconds=20)
    assert accounts.log_in(phones[0], "anna").status == 303


def test_second_server(accounts, server, street, phones):
    """The first one is not there; it is asked no more once that is known, but
    for how it is."""
    server.start()
    accounts.start_accounts(servers=(f"{lab.HOST4}:9", lab.HOST4))
    with packets.Capture(street.internet) as capture:
        def tries():
            sizes = [p.length for p in capture.packets() if p.port == 9]
            return sizes.count(sizes[0])
        assert accounts.log_in(phones[0], "anna").status == 303
        accounts.wait_log("does not answer", program=PORTAL)
        assert tries() == 3
        assert accounts.log_in(phones[1], "anna").status == 303
        assert tries() == 3


# --- accounting ---------------------------------------------------------------

# Both return when nothing more of it is on its way, to be counted later.

def download(phone, count):
    with phone.socket(V4, socket.SOCK_STREAM) as s:
        s.settimeout(20)
        s.connect((lab.WEB4, lab.SOURCE))
        while count > 0:
            got = len(s.recv(65536))
            assert got
            count -= got
    # behind the reset, and back behind what the source sent before it
    lab.wait_until(lambda: traffic.is_online(phone), 20)


def upload(phone, count):
    with phone.socket(V4, socket.SOCK_STREAM) as s:
        s.settimeout(20)
        s.connect((lab.WEB4, lab.SINK))
        s.sendall(bytes(count))
        s.shutdown(socket.SHUT_WR)
        assert s.recv(1) == b""


def is_close(told, counted):
    return abs(told - counted) <= counted / 100 + 1500


def test_accounting(accounts, server, phones):
    """Start, volume and end, with what the kernel counted."""
    server.start()
    accounts.start_accounts(interim="1m")
    server.wait_record("Accounting-On")
    assert accounts.log_in(phones[0], "anna").status == 303
    start = server.wait_record("Start")
    session, = accounts.sessions()
    assert start["User-Name"] == "anna"
    assert start["Acct-Session-Id"] == session["handle"]
    assert start["NAS-Identifier"] == "stadttor"
    assert start["NAS-Port-Type"] == "Wireless-802.11"
    assert start["Called-Station-Id"] == "Stadttor"
    assert start["Chargeable-User-Identity"] == "0x" + b"cui-of-anna".hex()
    assert start["Class"] == "0x" + b"class of anna".hex()
    assert len(start["Calling-Station-Id"]) == 16
    assert phones[0].mac.replace(":", "") not in str(start).lower()
    traffic.wait_online(phones[0])
    download(phones[0], 3_000_000)
    upload(phones[0], 1_000_000)
    counted, = accounts.sessions()
    accounts.request(phones[0], "/logout", {})
    stop = server.wait_record("Stop")
    assert stop["Acct-Session-Id"] == session["handle"]
    assert stop["Acct-Terminate-Cause"] == "User-Request"
    assert stop.octets("Output") > 3_000_000
    assert stop.octets("Input") > 1_000_000
    assert is_close(stop.octets("Output"), counted["down_bytes"])
    assert is_close(stop.octets("Input"), counted["up_bytes"])
    assert {r["Calling-Station-Id"] for r in server.records()
            if "User-Name" in r} == {start["Calling-Station-Id"]}


@pytest.mark.full
def test_many_are_told_at_once(accounts, server, street):
    """More sessions than packets under way: each has its volume told once."""
    server.start()
    accounts.drive_clock()
    accounts.start_accounts(interim="1m", guest={"idle": "0"})
    server.wait_record("Accounting-On")
    for phone in street.crowd()[:130]:
        assert accounts.log_in(phone, "anna").status == 303
    server.wait_record("Start", 130)
    accounts.restart(PORTAL)  # which plans for all of them at once
    accounts.wait_ready()
    accounts.jump(61)
    lab.wait_until(lambda: len({r["Acct-Session-Id"] for r in server.records(
        "Interim-Update")}) == 130, 10, say="not all were told")


@pytest.mark.full
def test_accounting_waits_for_a_server(accounts, server, phones):
    """Nothing of it is lost while the server is away, nor sent twice."""
    server.start()
    accounts.start_accounts()
    server.wait_record("Accounting-On")
    assert accounts.log_in(phones[0], "anna").status == 303
    server.wait_record("Start")
    server.stop()
    traffic.wait_online(phones[0])
    download(phones[0], 500_000)
    counted, = accounts.sessions()
    accounts.request(phones[0], "/logout", {})
    accounts.wait_log("does not answer", program=PORTAL, seconds=10)
    server.start()
    stop = server.wait_record("Stop", seconds=60)
    assert is_close(stop.octets("Output"), counted["down_bytes"])
    assert stop.number("Acct-Delay-Time") >= 5
    assert len(server.records("Stop")) == 1


@pytest.mark.full
def test_what_waits_is_told_at_last(accounts, server, phones):
    """By a portal that ends, which nobody will do for it."""
    server.start()
    accounts.start_accounts()
    server.wait_record("Accounting-On")
    assert accounts.log_in(phones[0], "anna").status == 303
    server.wait_record("Start")
    server.stop()
    accounts.request(phones[0], "/logout", {})
    accounts.wait_log("does not answer", program=PORTAL, seconds=10)
    program = accounts.process[PORTAL]
    program.send_signal(signal.SIGSTOP)  # or it might ask again before
    server.start()
    assert server.records("Stop") == []
    program.send_signal(signal.SIGTERM)
    assert lab.stop(program, signal.SIGCONT) == 0
    stop = server.wait_record("Stop")
    assert stop["User-Name"] == "anna"
    assert stop["Acct-Terminate-Cause"] == "User-Request"


def readable(accounts, secured):
    """The certificate where the portal's user can read it, for a reload."""
    mine = {key: shutil.copy(secured[key], accounts.folder)
            for key in ("certificate", "key")}
    for path in mine.values():
        os.chmod(path, 0o644)
    return mine


def test_servers_that_leave_the_config(accounts, secured, server, phones):
    """They are told the end of what goes on without them; others nothing."""
    server.start()
    accounts.start_accounts(portal=readable(accounts, secured))
    server.wait_record("Accounting-On")
    assert accounts.log_in(phones[0], "anna").status == 303
    handle = server.wait_record("Start")["Acct-Session-Id"]
    with open(accounts.config) as file:
        config = file.read()
    accounts.write(config.replace("list server", "option interim '5m'\n"
                                  "\tlist server"))
    accounts.reload(PORTAL)
    accounts.wait_log("reloaded", program=PORTAL)
    assert server.records("Stop") == []
    accounts.write(config.replace(f"server '{lab.HOST4}'",
                                  f"server '{lab.HOST4}:1812'"))
    accounts.reload(PORTAL)
    stop = server.wait_record("Stop")
    assert stop["Acct-Session-Id"] == handle
    assert stop["Acct-Terminate-Cause"] == "Lost-Service"
    accounts.request(phones[0], "/logout", {})
    stop = server.wait_record("Stop", 2)  # the new one's, without a name
    assert "User-Name" not in stop and stop["Acct-Session-Id"] == handle
    assert len(server.records("Stop")) == 2


def test_restarts_keep_the_accounts(accounts, server, phones):
    """netctl finds the mark in the kernel; a new portal knows no names."""
    server.start()
    accounts.start_accounts()
    server.wait_record("Accounting-On")
    assert accounts.log_in(phones[0], "anna").status == 303
    handle = server.wait_record("Start")["Acct-Session-Id"]
    accounts.restart(NETCTL)
    accounts.wait_ready()
    assert accounts.log_in(phones[1], "berta").status == 303
    server.wait_record("Start", 2)
    accounts.restart(PORTAL)
    accounts.wait_ready()
    accounts.request(phones[0], "/logout", {})
    stop = server.wait_record("Stop")
    assert stop["Acct-Session-Id"] == handle
    assert "User-Name" not in stop
    assert len(server.records("Accounting-On")) == 1


def test_zones_without_accounts_are_nobodys(accounts, server, phones, street):
    server.start()
    accounts.start_accounts(staff={})
    server.wait_record("Accounting-On")
    traffic_reply = accounts.request(street.staff_phones[0], "/accept",
                                     {"terms": 1})
    assert traffic_reply.status == 303
    assert accounts.log_in(phones[0], "anna").status == 303
    server.wait_record("Start")
    accounts.cli("revoke", "--all")
    assert server.wait_record("Stop")["Acct-Terminate-Cause"] == "Admin-Reset"
    assert len(server.records("Start")) == len(server.records("Stop")) == 1


# --- changes by servers -------------------------------------------------------

@pytest.fixture
def changed(accounts, server, phones):
    """An account online on a box that servers may change; its handle."""
    server.start()
    accounts.start_accounts(
        guest={"max_rate_down": "50mbit", "rate_down": "50mbit",
               "rate_up": "5mbit", "duration": "8h"}, coa_port="3799")
    assert accounts.log_in(phones[0], "anna").status == 303
    traffic.wait_online(phones[0])
    wait_for_changes(server)
    return server.wait_record("Start")["Acct-Session-Id"]


def wait_for_changes(server):
    """In the first seconds nothing can be told from what was sent before; by
    how many, two clocks do not agree on within a second."""
    lab.wait_until(lambda: "Session-Context-Not-Found" in change(
        server, "coa", "f" * 16, when=time.time() - 2), 20,
        say="no change is taken")


def change(server, what, handle, when=None, **more):
    attributes = {"Acct-Session-Id": f'"{handle}"',
                  "Event-Timestamp": int(when or time.time()),
                  **{k.replace("_", "-"): v for k, v in more.items()}}
    return server.client(what, attributes)


def test_coa(changed, accounts, server, phones):
    """Rates and time of a session that is in use, clamped as ever."""
    said = change(server, "coa", changed, Session_Timeout=300,
                  WISPr_Bandwidth_Max_Down=1000000)
    assert "Received CoA-ACK" in said
    session, = accounts.sessions()
    assert session["handle"] == changed
    assert session["left_s"] in range(200, 301)
    assert (session["down_bps"], session["up_bps"]) == (1000000, 5000000)
    assert traffic.is_online(phones[0])
    download(phones[0], 100_000)
    said = change(server, "coa", changed, Session_Timeout=10 ** 6,
                  WISPr_Bandwidth_Max_Down=10 ** 9)
    assert "Received CoA-ACK" in said
    session, = accounts.sessions()
    assert session["left_s"] in range(8 * 3600 - 100, 8 * 3600 + 1)
    assert session["down_bps"] == 50000000


def test_disconnect(changed, accounts, server, phones):
    with phones[0].socket(V4, socket.SOCK_STREAM) as s:
        s.connect((lab.WEB4, lab.SOURCE))
        assert s.recv(1000)
        said = change(server, "disconnect", changed)
        assert "Received Disconnect-ACK" in said
    assert traffic.is_shut(phones[0])
    stop = server.wait_record("Stop")
    assert stop["Acct-Terminate-Cause"] == "Admin-Reset"
    assert "Session-Context-Not-Found" in change(server, "disconnect", changed)


def test_changes_that_are_refused(changed, accounts, server, phones):
    """Other secrets, places, times and sessions."""
    before = accounts.sessions()[0]["down_bps"]
    attributes = {"Acct-Session-Id": f'"{changed}"',
                  "Event-Timestamp": int(time.time())}
    assert "Received" not in server.client("disconnect", attributes,
                                           secret="another one")
    assert "Received" not in server.client("disconnect", {
        **attributes, "Packet-Src-IP-Address": lab.STRANGER4})
    assert "Received" not in change(server, "disconnect", changed,
                                    when=time.time() - 400)
    assert "Missing-Attribute" in server.client(
        "disconnect", {"Acct-Session-Id": f'"{changed}"'})
    assert "Session-Context-Not-Found" in change(server, "coa", "f" * 16)
    assert accounts.sessions()[0]["down_bps"] == before
    assert traffic.is_online(phones[0])
    assert "Received Disconnect-ACK" in server.client("disconnect",
                                                      attributes)


def request_of(handle, secret=SECRET):
    """A Disconnect-Request of now, as who listens on the way has it."""
    attributes = b"\x2c\x12" + handle.encode() \
        + struct.pack(">BBI", 55, 6, int(time.time()))
    head = struct.pack(">BBH", 40, 7, 20 + len(attributes))
    return head + hashlib.md5(head + bytes(16) + attributes
                              + secret.encode()).digest() + attributes


def test_replays(changed, accounts, server, phones, street):
    """What was heard on the way does nothing again: neither while it is
    remembered nor after a restart."""
    with street.internet.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((lab.HOST4, 0))
        s.connect((lab.UPLINK4, 3799))
        s.settimeout(60)
        heard = request_of("e" * 16)
        for _ in range(2):
            s.send(heard)
            assert s.recv(4096)[0] == 42
        last = request_of(changed)
        accounts.restart(PORTAL)  # before it has got through
        accounts.wait_ready()
        wait_for_changes(server)
        for packet in (heard, last):
            s.send(packet)
        wait_for_changes(server)  # so these have been read
        s.setblocking(False)
        with pytest.raises(BlockingIOError):
            s.recv(4096)
    assert accounts.sessions()[0]["handle"] == changed
    assert traffic.is_online(phones[0])


# --- RadSec --------------------------------------------------------------------

@pytest.fixture
def radsec(accounts, ca, street):
    """Options of config radius, and servers that speak TLS."""
    files = {}
    for name, host in (("radius", "radius.test"), ("box", "box.test"),
                       ("other", "other.test")):
        files[name] = ca.issue(name, host)
    files["ca"] = (ca.file,)
    mine = {}
    for name, paths in files.items():  # where the portal's user can read
        mine[name] = [shutil.copy(p, accounts.folder) for p in paths]
        for path in mine[name]:
            os.chmod(path, 0o644)
    servers = []

    def start(who="radius", version="1.3"):
        chain, key = mine[who]
        servers.append(FreeRadius(street, chain=chain, key=key,
                                  ca=mine["ca"][0], version=version).start())
        return servers[-1]

    yield start, {"transport": "tls", "ca": mine["ca"][0],
                  "certificate": mine["box"][0], "key": mine["box"][1],
                  "server_name": "radius.test", "secret": ""}
    for server in servers:
        server.close()


@pytest.mark.parametrize("version", ("1.2", "1.3"))
def test_radsec(radsec, accounts, phones, version):
    """Login and accounting on one stream, also after the server's restart."""
    start, options = radsec
    server = start(version=version)
    accounts.start_accounts(**options)
    server.wait_record("Accounting-On")
    assert is_refused(accounts.log_in(phones[0], "anna", "wrong"))
    assert accounts.log_in(phones[0], "anna").status == 303
    server.wait_record("Start")
    server.stop()
    server.start()
    assert accounts.log_in(phones[1], "berta").status == 303
    accounts.request(phones[0], "/logout", {})
    assert server.wait_record("Stop")["Acct-Terminate-Cause"] \
        == "User-Request"


def test_radsec_verifies_the_server(radsec, accounts, phones):
    """Another name of the same authority is told no password."""
    start, options = radsec
    server = start("other")
    accounts.start_accounts(**options)
    assert is_refused(accounts.log_in(phones[0], "anna"), "cannot be checked")
    accounts.wait_log("certificate refused", program=PORTAL)
    assert server.records() == []


class StreamServer:
    """Answers by TLS, lets everybody in, and asks for changes on the stream
    that the box has opened."""

    def __init__(self, street, chain, key, ca):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.context.load_verify_locations(ca)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.asked = []  # names that clients want to meet
        self.context.sni_callback = lambda _, name, __: self.asked.append(name)
        self.listener = street.internet.socket(socket.AF_INET,
                                               socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((lab.HOST4, 2083))
        self.listener.listen()
        self.listener.settimeout(60)
        self.stream, self.come = None, b""

    def accept(self):
        self.stream = self.context.wrap_socket(self.listener.accept()[0],
                                               server_side=True)

    def send(self, code, number, attributes=b"", request=bytes(16)):
        head = struct.pack(">BBH", code, number, 20 + len(attributes))
        self.stream.sendall(head + hashlib.md5(
            head + request + attributes + b"radsec").digest() + attributes)

    def receive(self):
        """The next packet; a stream may bring several at once."""
        while len(self.come) < 20 or \
                len(self.come) < int.from_bytes(self.come[2:4], "big"):
            more = self.stream.recv(4096)
            assert more, "the box has closed the stream"
            self.come += more
        length = int.from_bytes(self.come[2:4], "big")
        packet, self.come = self.come[:length], self.come[length:]
        return packet

    def serve(self, is_done):
        """Answers what comes, until one is; None: until it is done, and
        nothing has come for a while."""
        self.stream.settimeout(0.5)
        while True:
            try:
                packet = self.receive()
            except TimeoutError:
                if is_done(None):
                    return None
                continue
            if is_done(packet):
                return packet
            self.send({1: 2, 4: 5, 12: 2}[packet[0]], packet[1],
                      request=packet[4:20])

    def change(self, code, attributes):
        """The code of the answer."""
        self.send(code, 7, attributes)
        return self.serve(lambda packet: packet and packet[0] in (
            code + 1, code + 2))[0]

    def close(self):
        if self.stream:
            self.stream.close()
        self.listener.close()


def attribute(kind, value):
    return struct.pack(">BB", kind, 2 + len(value)) + value


def test_changes_by_radsec(radsec, accounts, phones, street):
    """On the stream to the server that let it in, as often as it likes: no
    port, and no time."""
    _, options = radsec
    folder = accounts.folder
    server = StreamServer(street, f"{folder}/radius.pem",
                          f"{folder}/radius.key", options["ca"])
    replies = []
    login = threading.Thread(target=lambda: replies.append(
        accounts.log_in(phones[0], "anna")))
    try:
        accounts.start_accounts(guest={"max_rate_down": "50mbit",
                                       "rate_down": "10mbit"}, **options)
        server.accept()
        login.start()
        server.serve(lambda packet: not packet and not login.is_alive())
        assert replies[0].status == 303 and server.asked == ["radius.test"]
        session, = accounts.sessions()
        name = attribute(44, session["handle"].encode())
        for bps in (2_000_000, 3_000_000, 2_000_000):
            rate = attribute(26, struct.pack(">IBBI", 14122, 8, 6, bps))
            assert server.change(43, name + rate) == 44
            assert accounts.sessions()[0]["down_bps"] == bps
        assert server.change(40, attribute(44, b"f" * 16)) == 42
        assert server.change(40, name) == 41
    finally:
        server.close()
    assert accounts.sessions() == [] and traffic.is_shut(phones[0])


# --- servers that lie, and what is left behind -----------------------------------

def forge(request, secret, forgery):
    """An Access-Accept (RFC 2865, 3 and RFC 3579, 3.2) with one fault."""
    def proof(head, attributes):
        return hashlib.md5(head + request[4:20] + attributes
                           + secret.encode()).digest()
    mark = b"" if forgery == "unmarked" else b"\x50\x12"
    length = struct.pack(">H", 20 + (18 if mark else 0))
    head = b"\x02" + request[1:2] + length
    if not mark:
        return head + proof(head, b"")
    key = "another" if forgery == "wrong mark" else secret
    attributes = mark + hmac.digest(
        key.encode(), head + request[4:20] + mark + bytes(16), "md5")
    if forgery == "wrong proof":
        return head + bytes(16) + attributes
    return head + proof(head, attributes) + attributes


@pytest.mark.parametrize("forgery", ("unmarked", "wrong mark", "wrong proof",
                                     None))
def test_forged_answers(accounts, phones, street, forgery):
    """Who is on the way lets nobody in; only the last one knows it all."""
    accounts.start_accounts(accounting_port="0")
    with street.internet.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((lab.HOST4, 1812))
        s.settimeout(60)

        def serve():
            request, client = s.recvfrom(4096)
            s.sendto(forge(request, SECRET, forgery), client)
        thread = threading.Thread(target=serve)
        thread.start()
        reply = accounts.log_in(phones[0], "anna")
        thread.join()
    if forgery:
        assert is_refused(reply, "cannot be checked")
        accounts.wait_log("not genuine", program=PORTAL)
        assert traffic.is_shut(phones[0])
    else:
        assert reply.status == 303


def test_nothing_is_left_behind(accounts, server, phones):
    """Neither name nor password nor pseudonym, in logs and files."""
    server.start()
    accounts.start_accounts()
    accounts.log_in(phones[0], "anna", "a wrong password")
    assert accounts.log_in(phones[0], "anna").status == 303
    station = server.wait_record("Start")["Calling-Station-Id"]
    accounts.request(phones[0], "/logout", {})
    server.wait_record("Stop")
    accounts.terminate()
    found = [accounts.log(PORTAL), accounts.log(NETCTL)]
    for folder, _, names in os.walk(accounts.folder):
        for path in (os.path.join(folder, name) for name in names):
            if os.path.isfile(path):
                with open(path, errors="replace") as file:
                    found.append(file.read())
    for word in ("anna", PASSWORD, PASSWORD.replace(" ", "+"),
                 "a wrong password", station):
        assert not any(word in text for text in found), word


def test_nothing_stays_in_memory(accounts, server, phones):
    """Of who was refused, and of who was in and has left: with the programs as
    they are shipped, since sanitizers keep what is freed."""
    words = {word: word.encode() for word in (
        "fernsprecher-name", "fernsprecher-kennwort", "fernsprecher-klasse",
        "fernsprecher-geaendert")}
    server.write("users", USERS + """
fernsprecher-name  Cleartext-Password := "fernsprecher-kennwort"
        Class = "fernsprecher-klasse", User-Name = "fernsprecher-geaendert"
""")
    server.start()
    accounts.build = PLAIN
    accounts.start_accounts()

    def found():
        memory = canary.memory_of(accounts.process[PORTAL].pid)
        return {word for word, form in words.items()
                if any(form in part for part in memory.values())}
    assert is_refused(accounts.log_in(phones[0], "fernsprecher-name", "no"))
    lab.wait_until(lambda: not found(), 5, 0.2, "it stays after a refusal")
    assert accounts.log_in(phones[0], "fernsprecher-name",
                           "fernsprecher-kennwort").status == 303
    lab.wait_until(lambda: found() == {"fernsprecher-klasse",
                                       "fernsprecher-geaendert"}, 5, 0.2,
                   "more is kept than accounting needs, or less")
    accounts.request(phones[0], "/logout", {})
    server.wait_record("Stop")
    lab.wait_until(lambda: not found(), 5, 0.2, "it stays after the end")
