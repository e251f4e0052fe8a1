# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices that guests are behind and that no zone has any more.

A port that comes loose, a bridge that is deleted, renamed or misspelt: no rule
knows it by its name, and the kernel forwards what comes by it.
"""
import json
import re
import signal
import socket

import lab
import packets
import pytest
import traffic
from gate import NETCTL
from traffic import FAMILIES

KNOCK, MARKER = 4500, 4501
SAID = "guests may be behind device "


def mac_of(street, device):
    shown = street.gate.run("ip", "-j", "link", "show", "dev", device).stdout
    return json.loads(shown)[0]["address"]


def passes(street, phone, device):
    """What a phone that addresses the box's device gets to the internet, and to
    a service of the box. One of the gate's own follows, and cannot overtake."""
    mac, out, found = mac_of(street, device), [], []
    with packets.Capture(street.internet) as capture:
        for family in FAMILIES:
            own, gate = phone.address(family), lab.UPLINK4 \
                if family == traffic.V4 else lab.UPLINK6
            with packets.Service(street.gate, family) as service:
                for to, port in ((traffic.stranger(family), KNOCK),
                                 (gate, service.PORT)):
                    phone.raw(packets.ether(phone.mac, mac, packets.ip(
                        own, to, packets.UDP, packets.udp(own, to, port))))
                with street.gate.socket(family, socket.SOCK_DGRAM) as s:
                    s.sendto(b"after you", (traffic.web(family), MARKER))
                lab.wait_until(lambda: any(
                    p.port == MARKER and traffic.family_of(p.source) == family
                    for p in capture.packets()))
                found += [family] * bool(service.got())
        out = [traffic.family_of(p.destination) for p in capture.packets()
               if p.port == KNOCK]
    return out, found


OPEN, SHUT = (list(FAMILIES), list(FAMILIES)), ([], [])


@pytest.fixture
def mended(street):
    """The street is as it was, whatever became of its bridge."""
    yield
    street.gate.run("ip", "link", "del", "br-gone", check=False)
    if street.gate.run("ip", "link", "show", "br-guest",
                       check=False).returncode:
        street.build_bridge(street.guest)
    street.rejoin(street.guest)
    street.restore_addresses()


def works_again(stadttor, phone):
    stadttor.wait_log("guests are behind the zones' devices alone again")
    stadttor.wait_ready()
    lab.wait_until(lambda: traffic.ping(phone, phone.network.gate4, 0.2)
                   is True)
    assert traffic.tap(phone).status == 303
    for family in FAMILIES:
        traffic.wait_online(phone, family)


LOOSE = {"port": ["link set guest0 nomaster"], "bridge": ["link del br-guest"]}


@pytest.mark.parametrize("how", LOOSE)
def test_ports_that_come_loose(stadttor, street, phones, mended, how):
    """In the moment itself, and from then on."""
    phone = phones[0]
    street.gate.ip("link set guest0 nomaster")
    assert passes(street, phone, "guest0") == OPEN
    street.gate.ip("link set guest0 master br-guest")
    stadttor.start()
    stadttor.process[NETCTL].send_signal(signal.SIGSTOP)
    street.gate.ip(*LOOSE[how])
    assert passes(street, phone, "guest0") == SHUT
    stadttor.process[NETCTL].send_signal(signal.SIGCONT)
    stadttor.wait_log(SAID + "guest0")
    assert passes(street, phone, "guest0") == SHUT
    stadttor.restart(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10)
    assert passes(street, phone, "guest0") == SHUT
    assert stadttor.log().count(SAID) == 2
    if how == "bridge":
        street.build_bridge(street.guest)
    street.rejoin(street.guest)
    works_again(stadttor, phone)


@pytest.mark.parametrize("runs", [True, False], ids=["runs", "is down"])
def test_bridge_that_is_renamed(stadttor, street, phones, mended, runs):
    phone = phones[0]
    stadttor.start()
    assert traffic.tap(phone).status == 303
    if not runs:
        stadttor.kill(NETCTL)
    street.gate.ip("link set br-guest name br-gone")
    assert passes(street, phones[1], "br-gone") == SHUT
    if not runs:
        stadttor.start_one(NETCTL)
    stadttor.wait_log(SAID + "br-gone")
    for _ in range(2):
        assert passes(street, phones[1], "br-gone") == SHUT
        stadttor.restart(NETCTL)
        lab.wait_until(stadttor.netctl_answers, 10)
    street.gate.ip("link set br-gone name br-guest", "link set br-guest up")
    street.restore_addresses()
    works_again(stadttor, phones[1])


def test_device_that_is_misspelt(stadttor, street, phones):
    """By a reload; said by name, and by a check of the config before."""
    stadttor.start()
    good = open(stadttor.config).read()
    stadttor.write(good.replace("'br-guest'", "'br-gest'"))
    stadttor.reload()
    stadttor.wait_log("config reloaded")
    assert SAID + "br-guest" in stadttor.log()
    assert "zone guest: device br-gest is not there yet" in stadttor.log()
    assert passes(street, phones[0], "br-guest") == SHUT
    checked = stadttor.cli("check")
    assert "zone guest: there is no device br-gest here" in checked.stderr
    stadttor.write(good)
    stadttor.reload()
    works_again(stadttor, phones[0])
    assert stadttor.cli("check").stderr == ""


def byways(street):
    found = re.search(r"elements = \{([^}]*)\}", street.gate.run(
        "nft", "list", "set", "inet", "stadttor", "byways").stdout)
    return set(re.findall(r'[\w-]+', found[1])) if found else set()


def test_ports_of_others(stadttor, street, mended):
    """Who makes a port something else's knows why; an uplink is an uplink."""
    ports = {p.port for p in street.phones} | {"br-guest"}
    stadttor.start()
    assert byways(street) - {"crowd"} == ports
    street.gate.ip("link set guest0 master br-staff")
    lab.wait_until(lambda: byways(street) - {"crowd"} == ports - {"guest0"})
    street.gate.ip("link set guest0 master br-guest",
                   "link set wan0 master br-guest")
    lab.wait_until(lambda: byways(street) - {"crowd"} == ports)
    street.gate.ip("link set wan0 nomaster")
    assert SAID not in stadttor.log()
    street.gate.run("nft", "flush", "set", "inet", "stadttor", "byways")
    lab.wait_until(lambda: byways(street) - {"crowd"} == ports)
