# SPDX-License-Identifier: GPL-3.0-or-later
"""One tap opens every address of a device, and nobody else's."""
import lab
import packets
import pytest
import traffic
from traffic import FAMILIES, OTHER, V4, V6

families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])


@families
def test_story_of_a_tap(stadttor, phones, family):
    """Probe, redirect, page, tap, online; the others stay outside."""
    stadttor.start()
    phone = phones[0]
    probe = traffic.http(phone, traffic.web(family))
    assert probe.status == 302
    page = traffic.http(phone, phone.network.gate(family))
    assert page.status == 200 and "/accept" in page.body
    reply = traffic.tap(phone, family)
    assert (reply.status, reply.headers["Location"]) == (303, "/status")
    for other in (family, OTHER[family]):
        assert traffic.is_online(phone, other)
        assert "the internet" in traffic.http(phone,
                                              traffic.web(other)).body
        assert traffic.ping(phone, traffic.web(other)) is True
        assert traffic.tcp_connect(phone, traffic.web(other), 853) is True
        assert traffic.is_shut(phones[1], other)
    status = traffic.http(phone, phone.network.gate(family), "/status")
    assert status.status == 200
    assert len(stadttor.sessions()) == 1


@families
def test_first_packet_after_the_answer_passes(stadttor, phones, family):
    """The 303 is sent when the kernel has opened the gate, not before."""
    stadttor.start(guest={"rate_down": "5mbit", "rate_up": "1mbit"})
    for phone in phones:
        assert traffic.tap(phone, family).status == 303
        assert traffic.is_online(phone, family)


def test_without_terms_nothing_opens(stadttor, phones):
    stadttor.start()
    gate = phones[0].network.gate4
    for form in ("", "terms=0", "other=1"):
        reply = traffic.http(phones[0], gate, "/accept", "POST", form)
        assert reply.status != 303 or "/status" not in \
            reply.headers.get("Location", "")
    assert traffic.http(phones[0], gate, "/accept?terms=1").status != 303
    assert traffic.is_shut(phones[0])
    assert stadttor.sessions() == []


def test_every_address_now_and_later(stadttor, phones):
    """Privacy addresses come and go without anybody being asked."""
    stadttor.start()
    phone, other = phones[:2]
    early = [f"2001:db8:20::a:{i}" for i in range(4)]
    late = [f"2001:db8:20::b:{i}" for i in range(4)]
    for address in early:
        phone.add_address(address)
    assert traffic.tap(phone, V6, source=early[0]).status == 303
    for address in late:
        phone.add_address(address)
    phone.netns.ip("addr add 10.20.77.77/16 dev eth0")
    try:
        for address in early + late:
            assert traffic.is_online(phone, V6, source=address), address
        assert traffic.is_online(phone, V4)
        assert traffic.is_online(phone, V4, source="10.20.77.77")
        assert traffic.is_shut(other, V4) and traffic.is_shut(other, V6)
        assert len(stadttor.sessions()) == 1
    finally:
        phone.netns.ip("addr del 10.20.77.77/16 dev eth0", *(
            f"addr del {a}/64 dev eth0" for a in early + late))


def test_second_tap_is_the_same_session(stadttor, phones):
    stadttor.start()
    for family in (V4, V6, V4):
        assert traffic.tap(phones[0], family).status == 303
    assert len(stadttor.sessions()) == 1


def test_dhcp_and_slaac_phone(stadttor, street):
    """A phone that got everything from the network itself."""
    stadttor.start()
    phone = street.add_phone(street.guest, 90, static=False)
    try:
        script = lab.HERE + "/udhcpc.script"
        phone.netns.run("udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "10",
                        "-T", "1", "-s", script)
        lab.wait_until(
            lambda: "2001:db8:20:" in phone.netns.run(
                "ip", "-6", "addr", "show", "dev", "eth0").stdout, 10,
            say="no address by SLAAC")
        assert traffic.tap(phone).status == 303
        for family in FAMILIES:
            traffic.wait_online(phone, family)
    finally:
        street.remove_phone(phone)


def test_zones_are_apart(stadttor, street):
    """Own policies, own sessions; a grant in one opens nothing in another."""
    stadttor.start(guest={"rate_down": "5mbit", "duration": "1h"},
                   staff={"duration": "2h"})
    guest, staff = street.phones[0], street.staff_phones[0]
    assert traffic.tap(guest).status == 303
    for family in FAMILIES:
        assert traffic.is_online(guest, family)
        assert traffic.is_shut(staff, family)
    assert traffic.tap(staff, V6).status == 303
    assert traffic.is_online(staff, V4)
    found = {s["zone"]: s for s in stadttor.sessions()}
    assert set(found) == {"guest", "staff"}
    assert 3500 < found["guest"]["left_s"] <= 3600
    assert 7100 < found["staff"]["left_s"] <= 7200
    stadttor.revoke(guest.ip4)
    traffic.wait_shut(guest)
    assert traffic.is_online(staff)


def test_same_mac_in_another_zone(stadttor, street):
    """A granted device that walks into another zone must tap there."""
    stadttor.start(staff={})
    guest, staff = street.phones[0], street.staff_phones[0]
    assert traffic.tap(guest).status == 303
    staff.netns.ip(f"link set eth0 address {guest.mac}")
    try:
        with packets.Capture(street.internet) as capture:
            for family in FAMILIES:
                assert traffic.is_shut(staff, family)
            assert [p for p in capture.packets() if p.port == lab.ECHO] == []
        assert traffic.tap(staff).status == 303
        assert sorted(s["zone"] for s in stadttor.sessions()) == \
            ["guest", "staff"]
    finally:
        staff.netns.ip(f"link set eth0 address {staff.mac}")


def test_zones_do_not_route_to_each_other(stadttor, street):
    stadttor.start(staff={})
    guest, staff = street.phones[0], street.staff_phones[0]
    for phone in (guest, staff):
        assert traffic.tap(phone).status == 303
    for family in FAMILIES:
        assert traffic.ping(guest, staff.address(family), 0.3) is not True


def test_max_sessions(stadttor, phones):
    stadttor.start(guest={"max_sessions": 2})
    for phone in phones[:2]:
        assert traffic.tap(phone).status == 303
    assert traffic.tap(phones[2]).status != 303
    assert traffic.is_shut(phones[2])
    stadttor.revoke(phones[0].ip4)
    traffic.wait_shut(phones[0])
    assert traffic.tap(phones[2]).status == 303
    assert traffic.is_online(phones[2])


def test_operator_grants_an_address(stadttor, phones):
    stadttor.start(guest={"rate_down": "5mbit"})
    traffic.ping(phones[0], phones[0].network.gate4)
    stadttor.grant(phones[0].ip4, "--minutes", "5")
    traffic.wait_online(phones[0], V6)
    assert 200 < stadttor.session_of(phones[0])["left_s"] <= 300


def test_counters_count_bytes(stadttor, phones):
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    with traffic.Transfer(phones[0]) as down:
        down.wait_moving(2_000_000)
    lab.wait_until(lambda: stadttor.sessions()[0]["down_bytes"] > 2_000_000,
                   say="the session's counter stands still")
    assert stadttor.sessions()[0]["up_bytes"] > 1000
