# SPDX-License-Identifier: GPL-3.0-or-later
"""The real portal and a zone without a way out: every name leads to it.

netctl is played, and the rules that lead queries to the portal are the test's.
"""
import contextlib
import json
import os
import random
import re
import socket
import subprocess
import time

import pytest

import canary
import traffic
from test_http import (GATE4, GATE6, HIJACK, PHONE4, PHONE6, ROOT, Netctl,
                       Portal, folder, spaces, wait_for)  # noqa: F401, the fixtures

PLAIN = os.path.join(ROOT, os.environ.get("STADTTOR_PLAIN", "build"),
                     "stadttor-portal")
OPEN, DOWN, OUTLETS = 0, 1, range(1, 6)
A, AAAA, HTTPS = 1, 28, 65
NAME = "captive.apple.com"
SECOND = "203.0.113."  # a network of another device
RESOLVERS = ("198.51.100.53", "2001:db8:53::53")
REDIRECT = """table inet lead {
	chain prerouting {
		type nat hook prerouting priority -100
		iifname "lan0" udp dport 53 redirect to :2080
	}
}
"""
WIPED_S = 1  # ten times what common/wipe.c waits


def ifindex_of(space, device):
    shown = subprocess.run(space.command("ip", "-j", "link", "show", device),
                           stdout=subprocess.PIPE, check=True).stdout
    return json.loads(shown)[0]["ifindex"]


class Zone:
    """The portal with one zone, and what netctl says of it."""

    def __init__(self, portal):
        self.portal, self.netctl = portal, portal.netctl
        self.ifindex = ifindex_of(portal.gate, "lan0")

    def say(self, outlet, address=GATE4, **more):
        self.netctl.say_zone(self.ifindex, address, outlet, **more)

    def ask(self, data, server=GATE4, port=HIJACK, space=None, seconds=10):
        """The answer of exactly that server; None: there is no socket."""
        space = space or self.portal.phone
        family = socket.AF_INET6 if ":" in server else socket.AF_INET
        with space.socket(family, socket.SOCK_DGRAM) as s:
            s.settimeout(seconds)
            s.connect((server, port))
            s.send(data)
            try:
                return s.recv(2000)
            except ConnectionRefusedError:
                return None

    def resolve(self, name=NAME, kind=A, server=GATE4, **more):
        message = self.ask(traffic.dns_query(name, kind), server, **more)
        return message and traffic.dns_addresses(message, name)

    def wait(self, expected, **how):
        """What waits in a socket that is closed has neither an answer nor a
        refusal."""
        def is_so():
            with contextlib.suppress(TimeoutError):
                return self.resolve(seconds=0.5, **how) == expected
        wait_for(is_so)


@pytest.fixture
def zone(spaces, folder):  # noqa: F811
    portal = Portal(folder, *spaces)
    for key in ("ipv4.icmp_ratelimit", "ipv6.icmp.ratelimit"):
        portal.gate.run("sysctl", "-qw", f"net.{key}=0")  # so it refuses
    portal.netctl = Netctl(f"{folder}/netctl.sock")
    portal.netctl.start()
    portal.configure()
    portal.start()
    wait_for(lambda: portal.netctl.peer)
    yield Zone(portal)
    code = portal.stop()
    portal.netctl.stop()
    assert code == 0, portal.log()
    assert not re.search("Sanitizer|runtime error", portal.log()), portal.log()


@pytest.fixture
def led(zone):
    """Queries to any resolver come to the portal."""
    gate, phone = zone.portal.gate, zone.portal.phone
    phone.run("ip", "route", "add", "default", "via", GATE4)
    phone.run("ip", "route", "add", "::/0", "via", GATE6, "dev", "phone0")
    subprocess.run(gate.command("nft", "-f", "-"), input=REDIRECT, text=True,
                   check=True)
    yield zone
    gate.run("nft", "delete", "table", "inet", "lead")
    phone.run("ip", "route", "del", "default")
    phone.run("ip", "route", "del", "::/0", "dev", "phone0")


def test_names_lead_to_the_portal_while_the_zone_is_offline(zone):
    assert zone.resolve() is None
    for outlet in OUTLETS:
        zone.say(outlet)
        zone.wait([GATE4])
        for server in (GATE4, GATE6):
            assert zone.resolve(server=server) == [GATE4]
            assert zone.resolve("a.b.example", A, server) == [GATE4]
            assert zone.resolve(NAME, AAAA, server) == []
            assert zone.resolve(NAME, HTTPS, server) == []
        zone.say(OPEN)
        zone.wait(None)
        assert zone.resolve(server=GATE6) is None


def test_an_address_of_ipv6(zone):
    zone.say(DOWN, GATE6)
    zone.wait([GATE6], kind=AAAA)
    assert zone.resolve(kind=A) == []
    zone.say(DOWN, None)
    zone.wait(None)


def test_the_resolver_that_was_asked_answers(led):
    """So it seems: an answer of another address would not be heard."""
    led.say(DOWN)
    for server in RESOLVERS:
        led.wait([GATE4], server=server, port=53)
        assert led.resolve(NAME, AAAA, server, port=53) == []
    led.say(OPEN)
    led.wait(None, server=RESOLVERS[0], port=53)


def test_only_the_zones_device_is_heard(zone):
    zone.say(DOWN)
    zone.wait([GATE4])
    for own in ("127.0.0.1", "::1"):
        assert zone.resolve(server=own, space=zone.portal.gate) is None


def test_what_is_no_query_has_no_answer(zone):
    """The good one behind it has: each was read by then."""
    chance = random.Random(8)
    query = traffic.dns_query(NAME)
    zone.say(DOWN)
    zone.wait([GATE4])
    with zone.portal.phone.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(60)
        s.connect((GATE4, HIJACK))
        for n in range(2000):
            bad = [chance.randbytes(chance.randrange(700)), b"",
                   query[:chance.randrange(len(query))],
                   query[:2] + b"\x81" + query[3:]][n % 4]
            if bad[2:3] and not bad[2] & 0xf8:
                bad = bad[:2] + b"\xff" + bad[3:]  # by chance it was one
            good = traffic.dns_query(NAME, ident=n)
            s.send(bad)
            s.send(good)
            assert s.recv(2000)[:2] == good[:2]
    log = zone.portal.log()
    assert len(log.splitlines()) < 30, log
    assert [word for word in (GATE4, GATE6, PHONE4, PHONE6, NAME)
            if word in log] == []


def test_state_outlives_netctl(zone):
    zone.say(DOWN)
    zone.wait([GATE4])
    zone.netctl.stop()
    wait_for(lambda: "netctl is away" in zone.portal.log())
    assert zone.resolve() == [GATE4]
    zone.netctl.start()
    wait_for(lambda: zone.netctl.peer)
    assert zone.resolve() == [GATE4]
    zone.say(OPEN)
    zone.wait(None)


def test_reload(zone):
    portal = zone.portal
    zone.say(DOWN)
    zone.wait([GATE4])
    portal.configure(hijack_port=2092)
    portal.reload("reloaded")
    zone.wait([GATE4], port=2092)
    assert zone.resolve() is None
    with open(portal.config_path, encoding="utf-8") as file:
        text = file.read()
    with open(portal.config_path, "w", encoding="utf-8") as file:
        file.write(text.replace("zone 'lan'", "zone 'park'"))
    portal.reload("reloaded")
    assert zone.resolve(port=2092) is None
    zone.say(DOWN, zone="park")
    zone.wait([GATE4], port=2092)
    portal.configure()
    portal.reload("reloaded")
    assert zone.resolve(port=2092) is None
    assert zone.resolve() == [GATE4]


@pytest.fixture
def second(zone):
    """Another device of the box, which makes it anew when it is called."""
    gate, phone = zone.portal.gate, zone.portal.phone

    def make():
        phone.run("ip", "link", "add", "phone9", "type", "veth", "peer",
                  "name", "lan9", "netns", str(gate.keeper.pid))
        gate.run("ip", "addr", "add", SECOND + "1/24", "dev", "lan9")
        gate.run("ip", "link", "set", "lan9", "up")
        phone.run("ip", "addr", "add", SECOND + "9/24", "dev", "phone9")
        phone.run("ip", "link", "set", "phone9", "up")
        return ifindex_of(gate, "lan9")
    yield make
    phone.run("ip", "link", "del", "phone9")


def test_a_device_that_is_made_anew(zone, second):
    """netctl may tell of the new one alone."""
    index = second()
    zone.portal.configure(device="lan9")
    zone.portal.reload("reloaded")
    zone.netctl.say_zone(index, GATE4, DOWN)
    zone.wait([GATE4], server=SECOND + "1")
    zone.portal.phone.run("ip", "link", "del", "phone9")
    zone.netctl.say_zone(second(), GATE4, DOWN)
    zone.wait([GATE4], server=SECOND + "1")


def test_two_zones_change_places(zone, second):
    """At once, and neither is in the other's way."""
    portal, index = zone.portal, second()

    def place(lan, park):
        portal.configure(device=lan)
        with open(portal.config_path, "a", encoding="utf-8") as file:
            file.write(f"config zone park\n\toption device '{park}'\n")
        portal.reload("reloaded")
    place("lan0", "lan9")
    zone.say(DOWN, GATE4)
    zone.netctl.say_zone(index, SECOND + "1", DOWN, "park")
    zone.wait([GATE4])
    zone.wait([SECOND + "1"], server=SECOND + "1")
    place("lan9", "lan0")
    zone.wait([SECOND + "1"])
    zone.wait([GATE4], server=SECOND + "1")
    assert "names cannot be answered" not in portal.log()


def test_a_port_that_is_taken(zone):
    """One line each time, and another try when netctl says more."""
    def said():
        return [line for line in zone.portal.log().splitlines()
                if "names cannot be answered" in line]
    with zone.portal.gate.socket(socket.AF_INET6, socket.SOCK_DGRAM) as other:
        other.bind(("::", HIJACK))
        for _ in range(3):
            zone.say(DOWN)
        wait_for(said)
        assert "zone lan" in said()[0] and "2080 on lan0" in said()[0]
        zone.say(OPEN)
        for _ in range(3):
            zone.say(DOWN)
        wait_for(lambda: len(said()) > 1)
    zone.say(DOWN)
    zone.wait([GATE4])
    assert len(said()) == 2


def test_a_flood_does_not_keep_the_pages_out(zone):
    query = traffic.dns_query(NAME)
    zone.say(DOWN)
    zone.wait([GATE4])
    with zone.portal.phone.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect((GATE4, HIJACK))
        s.setblocking(False)
        for _ in range(20):
            for _ in range(500):
                try:
                    s.send(query)
                except BlockingIOError:
                    break
            assert zone.portal.ask(path="/terms").status == 200
    zone.wait([GATE4])


def test_who_asked_is_forgotten(zone):
    """Nothing of it is in the portal's memory any more. That of a sanitizer
    is larger than any machine's."""
    portal = zone.portal
    portal.stop()
    wait_for(lambda: not zone.netctl.peer)
    portal.program = PLAIN
    portal.start()
    wait_for(lambda: zone.netctl.peer)
    own, name = "2001:db8:77:0:c0ff:ee15:600d:f00d", "xq7canaryw9.example"
    portal.phone.run("ip", "addr", "add", own + "/64", "dev", "phone0",
                     "nodad")
    zone.say(DOWN)
    zone.wait([GATE4])
    time.sleep(WIPED_S)  # what netctl said is forgotten
    with portal.phone.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.settimeout(60)
        s.bind((own, 0))
        s.sendto(traffic.dns_query(name), (GATE6, HIJACK))
        assert traffic.dns_addresses(s.recv(2000), name) == [GATE4]
    portal.phone.run("ip", "addr", "del", own + "/64", "dev", "phone0")
    pid = portal.process.pid
    assert os.readlink(f"/proc/{pid}/exe").endswith("/stadttor")
    forms = canary.ip6_forms(own) | {b"xq7canaryw9"}
    wait_for(lambda: canary.search(canary.memory_of(pid), forms) == [])
