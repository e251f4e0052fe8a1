# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices by which packets of a zone would pass the gate.

A zone's rules hang on its device. What comes to layer 3 by another one, since
the zone's is a port or something stands on it, is shut out, and said.
"""
import contextlib
import os
import socket

import lab
import packets
import pytest
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES

families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])


def state(stadttor, zone="guest"):
    found = next(z for z in stadttor.status()["zones"] if z["zone"] == zone)
    return "shut" if found["shut"] else "present" if found["present"] else ""


def on_device(stadttor, device):
    """Starts it with the zone on that device; guests see nothing yet."""
    stadttor.configure()
    with open(stadttor.config) as f:
        text = f.read()
    stadttor.write(text.replace("'br-guest'", f"'{device}'"))
    stadttor.start_one(NETCTL)
    stadttor.start_one(PORTAL)
    stadttor.wait_ready()


def test_port_of_a_bridge(stadttor, street, phones):
    """Its packets come by the bridge, which no rule knows."""
    phone = phones[0]
    on_device(stadttor, phone.port)
    assert state(stadttor) == "shut"
    assert (f"zone guest: device {phone.port} is a port of br-guest, by which"
            in stadttor.log(NETCTL))
    checked = street.gate.run(
        "unshare", "-m", "sh", "-c",  # /sys shows where it was mounted
        'mount -t sysfs sysfs /sys && exec "$@"', "sh",
        os.path.join(stadttor.build, "stadttor"), "-c", stadttor.config,
        "check")
    assert f"{phone.port} is a port of br-guest here" in checked.stderr
    for family in FAMILIES:
        assert not traffic.is_online(phone, family, timeout=1)
        assert traffic.ping(phone, phone.network.gate(family)) is not True
    street.gate.ip(f"link set {phone.port} nomaster")
    try:
        lab.wait_until(lambda: state(stadttor) == "present")
        assert "it is open again" in stadttor.log(NETCTL)
    finally:
        street.gate.ip(f"link set {phone.port} master br-guest")
    lab.wait_until(lambda: state(stadttor) == "shut")
    assert not traffic.is_online(phone, timeout=1)


@families
def test_address_on_a_device_that_stands_on_the_zones(stadttor, street,
                                                      phones, family):
    """As VRRP makes it, with a MAC of its own: a way past the gate."""
    phone = phones[0]
    address, mac = phone.network.gate(family), "00:00:5e:00:01:07"
    length = 16 if family == traffic.V4 else 64
    stadttor.start()
    assert traffic.is_shut(phone, family)
    street.gate.ip("link add link br-guest name vrrp address " + mac +
                   " type macvlan mode private", "link set vrrp up",
                   f"addr del {address}/{length} dev br-guest",
                   f"addr add {address}/{length} dev vrrp"
                   + ("" if family == traffic.V4 else " nodad"))
    try:
        lab.wait_until(lambda: state(stadttor) == "shut")
        assert ("zone guest: device vrrp stands on br-guest"
                in stadttor.log(NETCTL))
        phone.netns.ip(f"neigh replace {address} lladdr {mac} dev "
                       f"{phone.device}")
        assert not traffic.is_online(phone, family, timeout=1)
    finally:
        street.gate.ip("link del vrrp",
                       f"addr add {address}/{length} dev br-guest"
                       + ("" if family == traffic.V4 else " nodad"))
        phone.netns.ip(f"neigh del {address} dev {phone.device}")
        street.restore_addresses()
    lab.wait_until(lambda: state(stadttor) == "present")
    assert traffic.tap(phone, family).status == 303
    traffic.wait_online(phone, family)


@families
def test_frames_that_a_bridge_leaves_to_its_port(stadttor, street, phones,
                                                 family):
    """They come by a device that no rule names."""
    assert traffic.slips_in(street, phones[0], family) != []
    stadttor.start()
    assert traffic.slips_in(street, phones[0], family) == []


def routes_by_a_guest(street, phone):
    """Those that an advertisement of the phone gives the box. A ping follows
    it by the same way, and is answered."""
    phone.raw(packets.router_advert(phone.mac, "fe80::bad"))
    assert traffic.ping(phone, phone.network.gate6) is True
    return street.gate.run("ip", "-6", "route", "show", "proto", "ra").stdout


def test_router_of_a_guest(stadttor, street, phones):
    """Where the box listens to advertisements on the guests' device."""
    street.gate.sysctl("net/ipv6/conf/br-guest/accept_ra", 2)
    try:
        assert "default via fe80::bad dev br-guest" in \
            routes_by_a_guest(street, phones[0])
        street.gate.run("ip", "-6", "route", "flush", "proto", "ra")
        stadttor.start()
        assert routes_by_a_guest(street, phones[0]) == ""
        assert traffic.tap(phones[0]).status == 303
        assert routes_by_a_guest(street, phones[0]) == ""
    finally:
        street.gate.sysctl("net/ipv6/conf/br-guest/accept_ra", 1)
        street.gate.run("ip", "-6", "route", "flush", "proto", "ra")


def test_port_of_https_without_a_certificate(stadttor, street, phones):
    """It is nobody's, or another program's."""
    with street.gate.socket(traffic.V6, socket.SOCK_STREAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("::", 2443))
        other.listen()
        gates = [phones[0].network.gate(f) for f in FAMILIES]
        assert [traffic.tcp_connect(phones[0], g, 2443) for g in gates] == \
            [True, True]
        stadttor.start()
        assert True not in [traffic.tcp_connect(phones[0], g, 2443)
                            for g in gates]


def test_uplink_in_the_bridge_of_a_zone(stadttor, street, phones):
    """Guests reach it below the gate, which says so and opens nothing."""
    stadttor.start()
    street.gate.ip("link set wan0 master br-guest")
    try:
        lab.wait_until(lambda: state(stadttor) == "shut")
        assert ("zone guest: uplink wan0 is a port of br-guest, so guests "
                "reach it below the gate" in stadttor.log(NETCTL))
        assert traffic.ping(phones[0], phones[0].network.gate4) is not True
    finally:
        street.gate.ip("link set wan0 nomaster")
        street.restore_addresses()
    lab.wait_until(lambda: state(stadttor) == "present")
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])


def test_device_that_is_renamed(stadttor, street, phones):
    """No rule knows its new name, and guests are still behind it."""
    phone = phones[0]
    stadttor.start()
    assert traffic.is_shut(phone)
    street.gate.ip("link set br-guest name br-gone")
    try:
        lab.wait_until(lambda: not state(stadttor))
        assert "guests may be behind device br-gone" in stadttor.log(NETCTL)
        for family in FAMILIES:
            assert not traffic.is_online(phone, family, timeout=1)
        assert traffic.ping(phone, phone.network.gate4) is not True
    finally:
        street.gate.ip("link set br-gone name br-guest",
                       "link set br-guest up")
        street.restore_addresses()
    lab.wait_until(lambda: state(stadttor) == "present")
    assert traffic.tap(phone).status == 303
    traffic.wait_online(phone)


def test_other_zones_are_open(stadttor, street, phones):
    """One zone is shut, the rest of the box goes on."""
    staff = street.staff_phones[0]
    stadttor.start(staff={})
    street.gate.ip("link add link br-guest name vrrp type macvlan mode "
                   "private")
    try:
        lab.wait_until(lambda: state(stadttor) == "shut")
        assert state(stadttor, "staff") == "present"
        assert traffic.tap(staff).status == 303
        traffic.wait_online(staff)
        assert traffic.tcp_connect(phones[0], phones[0].network.gate4,
                                   80) is not True
    finally:
        street.gate.ip("link del vrrp")
    lab.wait_until(lambda: state(stadttor) == "present")


# --- an established connection whose route leaves by another device -----------

@contextlib.contextmanager
def private_network(street):
    """On a device of the box that the config does not know: it, whose end of
    the cable shows what it carries, and a MAC at that end."""
    mac = "02:00:5e:00:53:99"
    street.gate.ip("link add lan7 type veth peer name far7 address " + mac,
                   "link set lan7 up", "link set far7 up")
    try:
        with packets.Capture(street.gate, "far7") as capture:
            yield "lan7", mac, capture
    finally:
        street.gate.ip("link del lan7")


@contextlib.contextmanager
def other_zone(street):
    staff = street.staff_phones[0]
    with packets.Capture(staff.netns, staff.device) as capture:
        yield "br-staff", staff.mac, capture


def asks(s):
    """What came back for one more packet of a flow."""
    try:
        s.send(b"probe")
        return s.recv(64)
    except OSError as error:
        return type(error)


def move_route(street, address, device, mac):
    """As a tunnel or another program may. What undoes it."""
    length = 32 if traffic.family_of(address) == traffic.V4 else 128
    street.gate.ip(f"neigh replace {address} lladdr {mac} dev {device}"
                   " nud permanent",
                   f"route add {address}/{length} dev {device}")
    return [f"route del {address}/{length} dev {device}",
            f"neigh del {address} dev {device}"]


@families
@pytest.mark.parametrize("cap", [{}, {"rate_down": "20mbit",
                                      "rate_up": "20mbit"}],
                         ids=["uncapped", "capped"])
@pytest.mark.parametrize("elsewhere", [private_network, other_zone])
def test_a_flow_whose_route_moves(stadttor, street, phones, family, cap,
                                  elsewhere):
    """It was let out by the uplink, and by nothing else: without NAT, which has
    the kernel itself end flows whose device is another one."""
    address = traffic.web(family)
    stadttor.start(guest=cap, staff={}, uplink={"masquerade": "off"})
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0], family)
    with elsewhere(street) as (device, mac, capture), \
            phones[0].socket(family, socket.SOCK_DGRAM) as s:
        s.settimeout(traffic.ANSWER_S)
        s.connect((address, lab.ECHO))
        assert [asks(s) for _ in range(3)] == [b"probe"] * 3
        back = move_route(street, address, device, mac)
        try:
            # the box itself gets there, so the way is open
            with street.gate.socket(family, socket.SOCK_DGRAM) as own:
                own.sendto(b"mine", (address, 4501))
            refused = asks(s)
            lab.wait_until(lambda: any(p.port == 4501
                                       for p in capture.packets()))
            with street.gate.socket(family, socket.SOCK_DGRAM) as own:
                own.sendto(b"after you", (address, 4502))
            lab.wait_until(lambda: any(p.port == 4502
                                       for p in capture.packets()))
            assert lab.ECHO not in [p.port for p in capture.packets()]
            assert issubclass(refused, OSError)
            assert refused is not TimeoutError
        finally:
            street.gate.ip(*back)
        assert asks(s) == b"probe"
