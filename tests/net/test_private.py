# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies behind the uplink and is no host of the internet.

The router's own page, the operator's other networks: guests reach them only
where the config says so. And what the uplink carries: packets of its MTU.
"""
import contextlib
import socket
import struct

import lab
import packets
import pytest
import traffic
from gate import NETCTL
from traffic import FAMILIES, V4, V6

families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
# Of each family a network that some place really uses.
INSIDE = {V4: "192.168.178.1", V6: "fd00:178::1"}
NETS = {V4: "192.168.178.0/24", V6: "fd00:178::/64"}
# One address of each kind that no host of the internet has.
SPECIAL = {
    V4: ["10.1.2.3", "100.64.0.1", "169.254.169.254", "172.31.0.1",
         "192.0.0.9", "192.168.1.1", "198.18.0.1", "240.0.0.1"],
    V6: ["64:ff9b::a01:203", "64:ff9b::c0a8:1", "64:ff9b::a9fe:a9fe",
         "64:ff9b:1::1", "100::1", "2001::1", "2002:c0a8:1::1", "fd00::1",
         "fec0::1"]}


@contextlib.contextmanager
def listening(street, address, port):
    """A server of the uplink's own network, that says hello."""
    family = traffic.family_of(address)
    street.internet.ip(f"addr add {address} dev lo"
                       + (" nodad" if family == V6 else ""))
    try:
        with street.internet.socket(family, socket.SOCK_STREAM) as server:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind((address, port))
            server.listen(64)
            yield server
    finally:
        street.internet.ip(f"addr del {address} dev lo")


@contextlib.contextmanager
def listening_beside(street, address, port):
    with street.internet.socket(traffic.family_of(address),
                                socket.SOCK_STREAM) as server:
        server.bind((address, port))
        server.listen(8)
        yield server


def reaches(phone, address, port=80):
    return traffic.tcp_connect(phone, address, port) is True


def is_refused(phone, address, port=80):
    return isinstance(traffic.tcp_connect(phone, address, port), OSError)


@families
def test_the_network_of_the_uplink(stadttor, street, phones, family):
    """Refused at once, as a phone waits for a silent one."""
    inside = INSIDE[family]
    with listening(street, inside, 8080):
        stadttor.start()
        assert is_refused(phones[0], inside, 8080)
        assert traffic.tap(phones[0]).status == 303
        traffic.wait_online(phones[0], family)
        assert isinstance(traffic.tcp_connect(phones[0], inside, 8080),
                          ConnectionRefusedError)
        stadttor.configure(guest={"allow_private": [NETS[family]]})
        stadttor.reload()
        lab.wait_until(lambda: reaches(phones[0], inside, 8080))
        assert is_refused(phones[1], inside, 8080)


@families
def test_neighbours_of_the_uplink(stadttor, street, phones, family):
    """Whoever is on the uplink's own link, be its addresses public; it follows
    the uplink's addresses."""
    nearby = lab.HOST4 if family == V4 else lab.HOST6
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0], family)
    with street.internet.socket(family, socket.SOCK_STREAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((nearby, 8080))
        server.listen(8)
        assert is_refused(phones[0], nearby, 8080)
        assert is_refused(phones[0], traffic.web(family), 40000)
        moved = {V4: "203.0.113.9/24", V6: "2001:db8:2::9/64"}[family]
        street.gate.ip(f"addr add {moved} dev wan0 noprefixroute")
        try:  # now the internet's host is a neighbour
            lab.wait_until(lambda: not traffic.is_online(phones[0], family,
                                                        timeout=1))
        finally:
            street.gate.ip(f"addr del {moved} dev wan0")
        traffic.wait_online(phones[0], family)
        stadttor.configure(guest={"allow_private": [nearby]})
        stadttor.reload()
        lab.wait_until(lambda: reaches(phones[0], nearby, 8080))


def test_neighbours_by_a_route(stadttor, street, phones):
    """As with DHCPv6 and PPPoE: the address has no network of its own. And by
    a NAT64, whoever has one upstream."""
    routed = {V4: "192.0.2.0/24", V6: "2001:db8:77::/64"}
    there = {V4: "192.0.2.9", V6: "2001:db8:77::9"}
    stadttor.start()
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    for family in FAMILIES:
        traffic.wait_online(phone, family)
        with listening(street, there[family], 8080):
            street.gate.ip(f"route add {there[family]} via "
                           + (lab.HOST4 if family == V4 else lab.HOST6))
            assert reaches(phone, there[family], 8080)
            street.gate.ip(f"route add {routed[family]} dev wan0")
            try:
                lab.wait_until(lambda f=family: is_refused(phone, there[f],
                                                           8080))
                traffic.wait_online(phone, family)
            finally:
                street.gate.ip(f"route del {routed[family]} dev wan0")
            lab.wait_until(lambda f=family: reaches(phone, there[f], 8080))
            street.gate.ip(f"route del {there[family]}")
    assert is_refused(phone, "64:ff9b::c633:6402")  # lab.HOST4


def special(street):
    return street.gate.run("nft", "list", "set", "inet", "stadttor",
                           "special4").stdout


def test_routes_by_a_tunnel(stadttor, street):
    """Halves of the internet, as WireGuard has them: it is no network of the
    uplink's own. Its address has one."""
    street.gate.run("ip", "tuntap", "add", "tun9", "mode", "tun")
    try:
        street.gate.ip("link set tun9 up")
        stadttor.configure(uplink={"device": "tun9"})
        stadttor.start_one(NETCTL)
        lab.wait_until(stadttor.netctl_answers)
        street.gate.ip("route add 128.0.0.0/1 dev tun9",
                       "addr add 192.0.2.77/24 dev tun9")
        lab.wait_until(lambda: "192.0.2.0/24" in special(street))
        assert "128.0.0.0" not in special(street)
    finally:
        street.gate.run("ip", "link", "del", "tun9")


@families
def test_each_kind(stadttor, street, phones, family):
    """None of them leaves by the uplink, not even what nobody answers."""
    stadttor.start()
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    traffic.wait_online(phone, family)
    tapped = phones[0].address(family)
    with packets.Capture(street.internet) as capture:
        for address in SPECIAL[family]:
            phone.raw(packets.ether(
                phone.mac, phone.network.mac, packets.ip(
                    tapped, address, packets.UDP,
                    packets.udp(tapped, address, lab.ECHO))))
        assert traffic.is_online(phone, family)  # all are handled by now
        seen = {p.destination for p in capture.packets()}
    assert seen.isdisjoint(SPECIAL[family])
    assert traffic.web(family) in seen


@families
def test_a_name_that_leads_inside(stadttor, street, phones, family):
    """dnsmasq fills the garden's sets with what the name's owner answers."""
    inside = INSIDE[family]
    garden = f"garden{4 if family == V4 else 6}_guest"
    with listening(street, inside, 80):
        stadttor.start(guest={"garden_name": ["garden.test"]})
        street.gate.run("nft", "add", "element", "inet", "stadttor", garden,
                        f"{{ {inside}, {traffic.garden(family)} }}")
        assert reaches(phones[0], traffic.garden(family))
        assert is_refused(phones[0], inside)
        stadttor.configure(guest={"garden_address": [inside]})
        stadttor.reload()
        lab.wait_until(lambda: reaches(phones[0], inside))


@families
def test_a_private_place_in_the_garden(stadttor, street, phones, family):
    """It has the same ports after the tap: nobody wrote allow_private."""
    inside = INSIDE[family]
    with listening(street, inside, 22), listening_beside(street, inside, 443):
        stadttor.start(guest={"garden_address": [inside]})
        assert reaches(phones[0], inside, 443)
        assert is_refused(phones[0], inside, 22)
        assert traffic.tap(phones[0]).status == 303
        traffic.wait_online(phones[0], family)
        assert reaches(phones[0], inside, 443)
        assert is_refused(phones[0], inside, 22)


@families
def test_ports_of_the_garden(stadttor, phones, family):
    """Those of the web, and what the config adds."""
    phone, place = phones[0], traffic.garden(family)
    stadttor.start(guest={"garden_address": [place]})
    assert reaches(phone, place, 80) and reaches(phone, place, 443)
    assert traffic.udp_echo(phone, place, 443) is True
    assert is_refused(phone, place, lab.SOURCE)
    assert traffic.udp_echo(phone, place, 4500) is not True
    stadttor.configure(guest={"garden_address": [place],
                              "garden_port": [f"{lab.SOURCE}/tcp"]})
    stadttor.reload()
    lab.wait_until(lambda: reaches(phone, place, lab.SOURCE))
    assert traffic.udp_echo(phone, place, 4500) is not True
    stadttor.configure(guest={"garden_address": [place],
                              "garden_port": ["all"]})
    stadttor.reload()
    lab.wait_until(lambda: traffic.udp_echo(phone, place, 4500) is True)


# --- the uplink's MTU -------------------------------------------------------

MTU = 1400
HEADERS = {V4: 40, V6: 60}


def announced(server, phone, address, port):
    """(by the phone, by the server) as the other side heard it."""
    with phone.socket(traffic.family_of(address), socket.SOCK_STREAM) as s:
        s.settimeout(60)
        s.connect((address, port))
        server.settimeout(60)
        with server.accept()[0] as conn:
            # what TCP may send: the other's, less the option for timestamps
            return tuple(
                struct.unpack("B7xI4xII", one.getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_INFO, 24))[2]
                for one in (conn, s))


@families
def test_mtu_of_the_uplink(stadttor, street, phones, family):
    """What is longer than the uplink carries is not sent in the first place,
    whoever forgets to tell that it was dropped."""
    address = traffic.web(family)
    with street.internet.socket(family, socket.SOCK_STREAM) as server:
        server.bind((address, 9000))
        server.listen(8)
        stadttor.start()
        assert traffic.tap(phones[0]).status == 303
        traffic.wait_online(phones[0], family)
        plain = 1500 - HEADERS[family]
        assert all(plain - 12 <= mss <= plain for mss in
                   announced(server, phones[0], address, 9000))
        street.gate.ip(f"link set wan0 mtu {MTU}")
        try:
            clamped = MTU - HEADERS[family]
            assert all(clamped - 12 <= mss <= clamped for mss in
                       announced(server, phones[0], address, 9000))
        finally:
            street.gate.ip("link set wan0 mtu 1500")
