# SPDX-License-Identifier: GPL-3.0-or-later
"""What all devices share, and one alone cannot take: the table of connections
and the resolver."""
import contextlib
import itertools
import socket
import struct
import time

import lab
import packets
import pytest
import traffic
from traffic import FAMILIES, V4

families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])


# --- connections ------------------------------------------------------------

@contextlib.contextmanager
def flows(phone, family, count, port=lab.ECHO):
    """Sockets of so many connections of UDP, each from a port of its own."""
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(count):
            s = stack.enter_context(phone.socket(family, socket.SOCK_DGRAM))
            s.connect((traffic.web(family), port))
            s.settimeout(lab.PATIENCE)
            opened.append(s)
        yield opened


def answered(s):
    try:
        s.send(b"?")
        return bool(s.recv(16))
    except OSError:
        return False


def fill(street, family, name, timeout=""):
    """As many made-up devices as the set has places."""
    elements = ", ".join(f"06:00:00:00:{i >> 8:02x}:{i & 255:02x}{timeout}"
                         for i in range(16384))
    street.gate.nft(f"add element {family} stadttor {name} {{ {elements} }}")


@families
def test_connections_of_a_device(stadttor, street, phones, family):
    """It gets so many, and the next one is refused at once."""
    stadttor.start(guest={"max_flows": 30})
    greedy, modest = phones[:2]
    for phone in (greedy, modest):
        assert traffic.tap(phone).status == 303
        traffic.wait_online(phone, family)
    with flows(greedy, family, 40) as opened:
        results = [answered(s) for s in opened]
        passed = sum(results)
        assert 20 < passed <= 30  # it had some already
        assert results == [True] * passed + [False] * (40 - passed)
        assert isinstance(traffic.tcp_connect(
            greedy, traffic.web(family), 443), ConnectionRefusedError)
        assert all(answered(s) for s in opened[:passed])  # those go on
        assert traffic.is_online(modest, family)
        assert traffic.resolve(modest, "net.test")
        other = traffic.OTHER[family]
        assert not traffic.is_online(greedy, other, timeout=1)  # a device is a MAC
        street.gate.run("conntrack", "-F")
        lab.wait_until(lambda: answered(opened[-1]))
    stadttor.configure(guest={"max_flows": 0})
    stadttor.reload()
    lab.wait_until(lambda: "set flows_guest" not in street.gate.run(
        "nft", "list", "table", "inet", "stadttor").stdout)
    with flows(greedy, family, 60) as opened:
        assert all(answered(s) for s in opened)


def connect(phone, to, count, stack):
    """So many connections that stay open until the stack ends: which came."""
    results = []
    for _ in range(count):
        s = stack.enter_context(phone.socket(V4, socket.SOCK_STREAM))
        s.settimeout(lab.PATIENCE)
        results.append(s.connect_ex(to) == 0)
    return results


def test_connections_before_the_tap(stadttor, phones):
    """200 of TCP, wherever they lead; another phone has its own."""
    stadttor.start(guest={"garden_address": [lab.GARDEN4],
                          "garden_port": ["all"]})
    greedy, modest = phones[:2]
    with contextlib.ExitStack() as stack:
        results = connect(greedy, (lab.GARDEN4, lab.SINK), 205, stack)
        assert results == [True] * 200 + [False] * 5
        assert traffic.http(modest, modest.network.gate4).status == 200


def test_connections_to_the_portal(stadttor, phones):
    """As many, beside the portal's own bound."""
    stadttor.start(portal={"max_connections": 2000, "max_per_device": 1000})
    greedy, modest = phones[:2]
    with contextlib.ExitStack() as stack:
        results = connect(greedy, (greedy.network.gate4, 80), 205, stack)
        assert results == [True] * 200 + [False] * 5
        assert traffic.http(modest, modest.network.gate4).status == 200


def test_echoes_before_the_tap(stadttor, street, phones):
    """Each has an entry in the table of connections, which all share. Names are
    not among them."""
    stadttor.start()
    greedy, modest = phones[:2]
    for gate in (greedy.network.gate4, street.staff.gate4):
        for number in range(150):
            greedy.raw(packets.ether(
                greedy.mac, greedy.network.mac,
                packets.ip(greedy.ip4, gate, packets.ICMP,
                           packets.echo_request(greedy.ip4, gate, number))))
    assert traffic.resolve(greedy, "net.test")
    listed = street.gate.run("conntrack", "-L", "-p", "icmp", "-s",
                             greedy.ip4).stdout
    assert len(listed.splitlines()) == 200
    assert traffic.ping(modest, modest.network.gate4) is True


def test_made_up_devices_shut_nobody_out(stadttor, street, phones):
    """Who finds no place among the counted reaches the portal, which has bounds
    of its own, and once in has a place; of the garden it gets nothing."""
    stadttor.start(guest={"garden_address": [lab.GARDEN4]})
    for name in ("flows_portal_guest", "flows_before_guest"):
        fill(street, "inet", name)
    phone = phones[0]
    assert traffic.tcp_connect(phone, lab.GARDEN4, 443) is not True
    assert traffic.tap(phone).status == 303
    traffic.wait_online(phone)


# --- the resolver -----------------------------------------------------------

def test_connections_to_the_resolver(stadttor, phones):
    """It has a child for each, and twenty: nobody keeps more than three."""
    stadttor.start()
    greedy, modest = phones[:2]
    assert traffic.tap(greedy).status == 303
    server = greedy.network.gate4
    with contextlib.ExitStack() as stack:
        results = []
        for _ in range(6):
            s = stack.enter_context(greedy.socket(V4, socket.SOCK_STREAM))
            s.settimeout(lab.PATIENCE)
            results.append(s.connect_ex((server, 53)) == 0)
        assert results == [True] * 3 + [False] * 3
        assert traffic.resolve_tcp(modest, "net.test", server)


def test_who_is_in_asks_no_faster(stadttor, phones):
    """The resolver's list of questions is everybody's."""
    stadttor.start(guest={"dns_rate": 1})
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    with phone.socket(V4, socket.SOCK_DGRAM) as s:
        s.connect((phone.network.gate4, 53))
        s.settimeout(0.5)
        begin, answers = time.monotonic(), 0
        for ident in range(1, 200):
            s.send(traffic.dns_query("net.test", ident=ident))
        with contextlib.suppress(TimeoutError):
            while s.recv(512):
                answers += 1
        assert 1 <= answers <= 11 + time.monotonic() - begin


def test_a_phone_that_joins(stadttor, phones):
    """Its programs ask for dozens of names at once, of three types each."""
    stadttor.start()
    phone, asked = phones[0], 240
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(phone.socket(V4, socket.SOCK_DGRAM))
                   for _ in range(asked)]
        for i, s in enumerate(sockets):
            s.connect((phone.network.gate4, 53))
            s.settimeout(lab.PATIENCE)
            s.send(traffic.dns_query("net.test", (1, 28, 65)[i % 3], i + 1))
        assert [len(s.recv(512)) > 12 for s in sockets] == [True] * asked


def queries():
    ident = 0
    while True:
        ident = ident % 65535 + 1
        yield traffic.dns_query("net.test", ident=ident)


def by_udp(phone, query):
    size = 0
    with phone.socket(V4, socket.SOCK_DGRAM) as s:
        s.connect((phone.network.gate4, 53))
        s.settimeout(0.05)
        for _ in range(64):
            s.send(next(query))
        with contextlib.suppress(TimeoutError):
            for _ in range(64):
                size += len(s.recv(2048)) + 28
    return size


def by_tcp(phone, query):
    """dnsmasq closes after a hundred questions."""
    block = b"".join(struct.pack("!H", len(q)) + q
                     for q in itertools.islice(query, 90))
    size = 0
    with phone.socket(V4, socket.SOCK_STREAM) as s, \
            contextlib.suppress(OSError):
        s.settimeout(0.2)
        s.connect((phone.network.gate4, 53))
        s.sendall(block)
        s.shutdown(socket.SHUT_WR)
        while more := len(s.recv(65536)):
            size += more
    return size


@pytest.mark.parametrize("ask", [by_udp, by_tcp])
def test_a_tunnel_starves(stadttor, phones, ask):
    """Whatever it asks: 64 kbit/s once it has had 256 kB."""
    stadttor.start(guest={"dns_rate": 10000})
    phone, query = phones[0], queries()
    begin, size = time.monotonic(), 0
    for _ in range(100):  # of them, half a megabyte would be answered
        size += ask(phone, query)
    seconds = time.monotonic() - begin
    assert 32768 < size < 262144 + 8192 * seconds + 2048
    assert traffic.resolve(phones[1], "net.test")
    assert traffic.tap(phone).status == 303
    begin, size = time.monotonic(), 0  # who is in is not bounded so

    def is_beyond():
        nonlocal size
        size += ask(phone, query)
        return size > 262144 + 8192 * (time.monotonic() - begin) + 2048
    lab.wait_until(is_beyond, 15, every=0)


def test_more_devices_than_places(stadttor, street, phones):
    """Who has no bucket has no answers: none is shared, and none is free."""
    stadttor.start()
    fill(street, "netdev", "answers_guest", " timeout 60s")
    assert not traffic.resolve(phones[0], "net.test", timeout=1)
    assert traffic.tap(phones[0]).status == 303
    lab.wait_until(lambda: traffic.resolve(phones[0], "net.test"))

