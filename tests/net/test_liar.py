# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal was taken over: a program in its place that lies to netctl."""
import contextlib
import errno
import os
import re
import struct
import threading
import time

import ipc
import lab
import pytest
import traffic
from gate import NETCTL

LIMITS = {"rate_down": "5mbit", "rate_up": "1mbit", "duration": "1h",
          "quota": "100MB"}


@pytest.fixture
def gate(stadttor, phones):
    """netctl alone, and one phone that it has heard of."""
    stadttor.configure(guest=LIMITS, staff={})
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10)
    for family in traffic.FAMILIES:
        traffic.ping(phones[0], phones[0].network.gate(family))
    yield stadttor
    stadttor.check_alive(NETCTL)
    assert stadttor.status()["netlink_errors"] == 0


def breach(stadttor, data):
    """Sends it and sees netctl hang up."""
    with ipc.Peer(stadttor.socket) as peer:
        peer.send(data)
        assert peer.was_closed(), "netctl took it"


BREACHES = {
    "wrong size": lambda n: ipc.lookup("10.20.1.2") + bytes(n % 7 + 1),
    "unknown type": lambda n: ipc.message(ipc.TYPE_MAX + n, bytes(24)),
    "another version": lambda n: ipc.message(ipc.LOOKUP, bytes(24),
                                             version=ipc.VERSION + 1 + n),
    "shorter than its header": lambda n: bytes(1 + n % 7),
    "may not send": lambda n: ipc.message(
        ipc.STATUS if n % 2 else ipc.SESSION, b"" if n % 2 else bytes(120)),
}


@pytest.mark.parametrize("kind", BREACHES)
def test_breach_of_form(gate, kind):
    """The connection ends, and the log has one line, not thirty."""
    for n in range(30):
        breach(gate, BREACHES[kind](n))
    assert len(gate.warnings(kind)) == 1
    assert gate.status()["zones"]


def test_portal_may_not_play_operator(gate, phones):
    for kind, body in (
            (ipc.STATUS, b""), (ipc.LIST, bytes(8))):
        breach(gate, ipc.message(kind, body))
    breach(gate, ipc.grant(phones[0].ip4, kind=ipc.ADMIT))
    assert gate.sessions() == []


def test_other_users_are_sent_away(gate):
    try:
        with ipc.Peer(gate.socket, "games") as peer:
            peer.send(ipc.lookup("10.20.1.2"))
            assert peer.was_closed()
    except PermissionError:
        pass  # the socket's mode has kept it out
    assert gate.sessions() == []


STRANGE = ["203.0.113.10", "10.20.0.1", "10.30.0.1", "198.51.100.1",
           "198.51.100.2", "0.0.0.0", "255.255.255.255", "10.20.255.255",
           "224.0.0.1", "127.0.0.1", "10.20.222.222", "::", "::1", "ff02::1",
           "2001:db8:20::1", "2001:db8:1::2", "2001:db8:2::10", "fe80::1"]


@pytest.mark.parametrize("client", STRANGE)
def test_foreign_address(gate, client):
    """Grants are for devices that netctl sees itself on a guest network."""
    with ipc.Peer(gate.socket) as peer:
        for ifindex in (0, 1, 2, 0xffffffff):
            reply = peer.ask(ipc.grant(client, ifindex=ifindex))
            assert reply.error < 0 and reply.state == 0
            assert peer.ask(ipc.lookup(client, ifindex=ifindex)).handle == 0
    assert gate.sessions() == []


def test_nonsense_in_addresses(gate):
    """Either an error or the end of the connection, never a session."""
    for family in (0, 1, 3, 17, 255):
        for junk in (bytes(16), os.urandom(16), b"\xff" * 16):
            body = ipc.ADDR.pack(family, 0, junk) + ipc.limits() \
                + bytes(ipc.GRANT_REST.size)
            with ipc.Peer(gate.socket) as peer:
                try:
                    reply = peer.ask(ipc.message(ipc.GRANT, body))
                    assert reply.error < 0
                except ConnectionError:
                    pass
    assert gate.sessions() == []


def test_addresses_of_the_box_alone(gate, phones):
    """Nothing of guests, however it asks: not even whether they are there."""
    phone = phones[0]
    for family in traffic.FAMILIES:
        traffic.ping(phone, phone.network.gate(family))
    with ipc.Peer(gate.socket) as peer:
        for own, device, guests in (
                (phone.network.gate4, "br-guest", 1),
                (phone.network.gate6, "br-guest", 1),
                (lab.UPLINK4, "wan0", 0), (lab.UPLINK6, "wan0", 0),
                ("127.0.0.1", "lo", 0), ("::1", "lo", 0)):
            assert peer.ask_device(own) == (0, device, guests)
            assert peer.ask_device(own, ifindex=1)[0] == -errno.EINVAL
        for other in (phone.ip4, phone.ip6, "10.20.222.222", lab.HOST4,
                      lab.WEB4, "0.0.0.0", "::", "10.20.255.255", "fe80::1"):
            assert peer.ask_device(other) == (-errno.ENOENT, "", 0)
        for family in (0, 1, 3, 16, 17, 255):
            for junk in (bytes(16), b"\xff" * 16):
                peer.send(ipc.message(ipc.DEVICE_ASK,
                                      ipc.ADDR.pack(family, 0, junk)))
                answer = peer.answer_of(ipc.DEVICE)[ipc.HEADER.size:]
                assert answer == struct.pack("=i", -errno.EINVAL) + bytes(28)
    breach(gate, ipc.message(ipc.DEVICE, bytes(32)))


@pytest.mark.parametrize("wanted", [
    {"down": 10 ** 13, "up": 10 ** 13},
    {"down": ipc.UNLIMITED, "up": ipc.UNLIMITED},
    {"duration_s": 10 ** 12}, {"duration_s": ipc.UNLIMITED},
    {"quota": ipc.UNLIMITED}, {"quota": 10 ** 18},
    {"down": ipc.UNLIMITED - 1, "up": 1 << 63, "quota": 1 << 63,
     "duration_s": 1 << 63, "idle_s": 1 << 63},
], ids=lambda w: ",".join(w))
def test_huge_wishes_are_clamped(gate, phones, wanted):
    with ipc.Peer(gate.socket) as peer:
        reply = peer.ask(ipc.grant(phones[0].ip4, **wanted))
    if reply.error == 0:
        assert reply.down_bps <= 5_000_000
        assert reply.up_bps <= 1_000_000
        assert reply.duration_s <= 3600 and reply.left_s <= 3600
        assert reply.quota <= 100_000_000
        shown = gate.session_of(phones[0])
        assert shown["left_s"] <= 3600
    else:
        assert gate.sessions() == []


def test_tiny_wishes_do_no_harm(gate, phones):
    with ipc.Peer(gate.socket) as peer:
        reply = peer.ask(ipc.grant(phones[0].ip4, down=1, up=1, quota=1,
                                   duration_s=1, idle_s=1))
    assert reply.error <= 0
    assert gate.status()["zones"]


def test_logout_of_others(gate, phones, street):
    """A lie about who logs out costs at most a session, never the gate."""
    assert traffic.ping(phones[0], phones[0].network.gate6) is True
    with ipc.Peer(gate.socket) as peer:
        assert peer.ask(ipc.grant(phones[0].ip4)).error == 0
        for client in STRANGE:
            peer.ask(ipc.logout(client))
        assert len(gate.sessions()) == 1
        reply = peer.ask(ipc.logout(phones[0].ip6))
        assert reply.error == 0
    assert gate.sessions() == []


QUESTIONS = 20  # each a few milliseconds, when idle


def is_served(gate):
    """The operator has an answer each time; one who is kept out would be told
    so by his command line after five seconds."""
    for _ in range(QUESTIONS):
        gate.status()


def flood(peer, data, stop):
    """As many as the socket takes, and no answer is ever read."""
    peer.socket.setblocking(False)
    while not stop.is_set():
        try:
            peer.send(data)
        except BlockingIOError:
            time.sleep(0.0005)
        except OSError:
            return


@pytest.mark.parametrize("what", ["lookup", "grant", "foreign", "garbage"])
def test_flood(gate, phones, what):
    data = {"lookup": ipc.lookup(phones[0].ip4),
            "grant": ipc.grant(phones[0].ip4),
            "foreign": ipc.grant("203.0.113.10"),
            "garbage": os.urandom(200)}[what]
    stop = threading.Event()
    lines = len(gate.warnings("."))
    with ipc.Peer(gate.socket) as peer:
        worker = threading.Thread(target=flood, args=(peer, data, stop))
        worker.start()
        try:
            is_served(gate)
        finally:
            stop.set()
            worker.join()
    assert len(gate.warnings(".")) - lines <= 5
    assert len(gate.sessions()) == (1 if what == "grant" else 0)


def test_many_connections(gate):
    """Refused or held, they do not keep the operator out."""
    with contextlib.ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(ipc.Peer(gate.socket))
        is_served(gate)
    assert gate.status()["zones"]


def test_random_messages(gate):
    """Right sizes with random contents, as a fuzzer would send them."""
    sizes = {ipc.LOOKUP: 32, ipc.GRANT: 104, ipc.LOGOUT: 32}
    for n in range(300):
        kind = list(sizes)[n % 3]
        with ipc.Peer(gate.socket) as peer:
            peer.send(ipc.message(kind, os.urandom(sizes[kind])))
    lab.wait_until(gate.netctl_answers)
    assert gate.sessions() == []
    assert not re.search("Sanitizer", gate.log())


def test_ends_only_what_it_has_begun(gate, phones):
    """By the number that it gave to a grant, not all and not by address."""
    phone = phones[0]
    with ipc.Peer(gate.socket) as peer:
        assert peer.ask(ipc.grant(phone.ip4)).error == 0
        handle = int(gate.session_of(phone)["handle"], 16)
        for target in ({"everybody": 1}, {"client": phone.ip4},
                       {"handle": handle}, {"tag": 7, "everybody": 1},
                       {"tag": 7}):
            assert peer.ask_revoke(**target)[0] != 0, target
            assert gate.session_of(phone)["handle"] == f"{handle:016x}"
        peer.ask(ipc.grant(phone.ip4, tag=7, devices=1))
        assert peer.ask_revoke(tag=7)[0] == 0
    lab.wait_until(lambda: not gate.sessions(), say="it goes on")
