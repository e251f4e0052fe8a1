# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGHUP, and devices that come and go, never cost anybody a connection."""
import os
import time

import lab
import pytest
import shaped
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4, V6

CAP = {"rate_down": "20mbit", "rate_up": "20mbit", "duration": "1h"}


def tapped(phone, family=V4):
    assert traffic.tap(phone, family).status == 303
    traffic.wait_online(phone, family, 1)


def reload(stadttor, pattern="reload|config", **config):
    """Writes another config, sends SIGHUP, waits until the log says so."""
    stadttor.configure(**config)
    since = len(stadttor.log())
    stadttor.reload()
    stadttor.wait_log(pattern, since=since)


def zone_names(stadttor):
    return [z["zone"] for z in stadttor.status()["zones"]]


def test_reload_interrupts_nobody(stadttor, phones):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    tapped(phones[1])
    before = stadttor.session_of(phones[0])
    with traffic.NumberedFlow(phones[0], V4) as flow4, \
            traffic.NumberedFlow(phones[0], V6) as flow6, \
            traffic.Transfer(phones[1]) as down:
        for rate in ("10mbit", "0", "30mbit", "20mbit"):
            reload(stadttor, guest={**CAP, "rate_down": rate})
            flow4.progress()
            flow6.progress()
            down.wait_moving()
        assert (flow4.finish(), flow6.finish()) == (0, 0)
    after = stadttor.session_of(phones[0])
    assert after["handle"] == before["handle"]
    assert traffic.is_shut(phones[2])


def test_new_limits_are_for_new_sessions(stadttor, phones):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    reload(stadttor, guest={**CAP, "duration": "2h"})
    tapped(phones[1])
    assert stadttor.session_of(phones[0])["left_s"] <= 3600
    assert 7100 < stadttor.session_of(phones[1])["left_s"] <= 7200


BAD = {
    "unknown option": "config gate\n\toption colour 'red'\n",
    "no zone": "config uplink 'wan'\n\toption device 'wan0'\n",
    "broken quotes": "config zone 'guest\n",
    "empty": "",
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_file_changes_nothing(stadttor, phones, kind):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    good = open(stadttor.config).read()
    with traffic.NumberedFlow(phones[0]) as flow:
        stadttor.write(BAD[kind])
        stadttor.reload()
        for program in (NETCTL, PORTAL):
            stadttor.wait_log(r"stadttor:\d+: ", program)
        flow.progress()
        stadttor.write(good)
        assert zone_names(stadttor) == ["guest"]
        tapped(phones[1])
        assert flow.finish() == 0


def test_flow_table_is_told_of_once(stadttor, phones):
    """Whether the kernel has one or not; the gate works in both cases."""
    stadttor.start()
    has = stadttor.flow_table()
    assert has in ("on", "refused")
    for wanted, state, lines in ((1, has, 1), (0, "off", 1), (1, has, 2)):
        reload(stadttor, gate={"flow_table": wanted})
        assert stadttor.flow_table() == state
        assert stadttor.log().count(" flow table: ") == lines
    assert traffic.tap(phones[0]).status == 303
    assert traffic.is_online(phones[0]) and traffic.is_shut(phones[1])


def test_zone_comes_and_goes(stadttor, street, phones):
    stadttor.start(guest=CAP)
    staff = street.staff_phones[0]
    tapped(phones[0])
    with traffic.NumberedFlow(phones[0]) as flow:
        reload(stadttor, guest=CAP, staff=CAP)
        lab.wait_until(lambda: zone_names(stadttor) == ["guest", "staff"])
        stadttor.wait_log("zone staff: listening", PORTAL)
        assert traffic.http(staff, traffic.web(V4)).status == 302
        tapped(staff)
        reload(stadttor, guest=CAP)
        lab.wait_until(lambda: zone_names(stadttor) == ["guest"])
        assert [s["zone"] for s in stadttor.sessions()] == ["guest"]
        rules = street.gate.run("nft", "list", "ruleset").stdout
        assert "_staff" not in rules
        assert traffic.is_shut(staff)  # nobody has said that it is open
        flow.progress()
        assert flow.finish() == 0


def test_garden_changes(stadttor, phones):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    with traffic.NumberedFlow(phones[0]) as flow:
        for garden, reached in (([traffic.garden(V4)], True), ([], False)):
            reload(stadttor, guest={**CAP, **(
                {"garden_address": garden} if garden else {})})
            lab.wait_until(lambda: (traffic.tcp_connect(
                phones[1], traffic.garden(V4), 443) is True) == reached)
        assert flow.finish() == 0


def test_guest_device_is_made_anew(stadttor, street, phones):
    """The bridge is deleted and comes back: closed, and then as before."""
    stadttor.start(guest=CAP)
    tapped(phones[0])
    street.gate.ip("link del br-guest")
    stadttor.wait_log("br-guest")
    lab.wait_until(lambda: not stadttor.status()["zones"][0]["present"],
                   say="netctl did not see the device go")
    street.build_bridge(street.guest)
    street.rejoin(street.guest)
    lab.wait_until(lambda: stadttor.status()["zones"][0]["present"],
                   say="netctl did not see the device come")
    for family in FAMILIES:
        traffic.wait_shut(phones[1], family, 1)
        traffic.wait_online(phones[0], family, 3)
    assert len(stadttor.sessions()) == 1
    with traffic.Transfer(phones[0]):
        got = shaped.lanes(street, True, 1, 20e6, seconds=2)
    assert shaped.is_kept(got), got


def is_redirected(phone):
    try:
        return traffic.http(phone, traffic.web(V4), timeout=1).status == 302
    except OSError:
        return False


def test_device_that_is_not_there_yet(stadttor, street, phones):
    """A start before the network is no reason to give up."""
    street.gate.ip("link del br-staff")
    try:
        stadttor.start(guest=CAP, staff=CAP)
        tapped(phones[0])
    finally:
        street.build_bridge(street.staff)
        street.rejoin(street.staff)
    staff = street.staff_phones[0]
    lab.wait_until(lambda: is_redirected(staff),
                   say="the portal did not come to the new device")
    assert traffic.is_shut(staff)
    tapped(staff)


def test_cable_is_pulled(stadttor, street, phones):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    for device in ("br-guest", "wan0"):
        street.gate.ip(f"link set {device} down")
        time.sleep(0.3)
        street.gate.ip(f"link set {device} up")
        street.restore_addresses()
        for family in FAMILIES:
            traffic.wait_online(phones[0], family, 5)
            assert traffic.is_shut(phones[1], family)
    assert len(stadttor.sessions()) == 1


def test_uplink_is_made_anew(stadttor, street, phones):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    street.rebuild_uplink()
    for family in FAMILIES:
        traffic.wait_online(phones[0], family, 5)
        traffic.wait_shut(phones[1], family, 1)
    with traffic.Transfer(phones[0], down=False):
        got = shaped.lanes(street, False, 1, 20e6, seconds=2)
    assert shaped.is_kept(got), got
    lab.wait_until(lambda: stadttor.status()["uplinks_present"] == 1)


def test_restart_with_another_config(stadttor, phones):
    """What the kernel holds and the new file says are brought together."""
    stadttor.start(guest=CAP, staff={})
    tapped(phones[0])
    stadttor.kill()
    stadttor.configure(guest={**CAP, "bandwidth": "50mbit"})
    stadttor.start_one(NETCTL)
    stadttor.start_one(PORTAL)
    stadttor.wait_ready()
    assert traffic.is_online(phones[0])
    assert len(stadttor.sessions()) == 1
    assert zone_names(stadttor) == ["guest"]


def test_bridge_that_asks_iptables_is_warned_of(stadttor, street):
    """People who are in would stay captive; nothing else would say so."""
    key = "net/bridge/bridge-nf-call-iptables"
    with street.gate.entered():
        there = os.path.exists(f"/proc/sys/{key}")
    assert there, "this kernel has no br_netfilter"
    stadttor.start()
    assert not stadttor.warnings("bridge-nf-call")
    street.gate.sysctl(key, 1)
    try:
        stadttor.reload(NETCTL)
        stadttor.wait_log("warning: .*bridge-nf-call-iptables is 1")
    finally:
        street.gate.sysctl(key, 0)


def test_zone_with_another_name_is_another_zone(stadttor, phones):
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    with open(stadttor.config) as file:
        text = file.read()
    stadttor.write(text.replace("zone 'guest'", "zone 'square'"))
    stadttor.reload(NETCTL)
    stadttor.wait_log("zone guest is no longer in the config: its 1 sess")


def test_unplugged_uplink_is_said(stadttor, street):
    stadttor.start()
    assert stadttor.status()["uplinks_present"] == 1
    street.internet.ip("link set eth0 down")
    try:
        stadttor.wait_log("uplink wan0 is down or unplugged")
        assert stadttor.status()["uplinks_present"] == 0
        said = len(stadttor.log())
    finally:
        street.internet.ip("link set eth0 up",
                           f"addr replace {lab.HOST6}/64 dev eth0 nodad",
                           *(f"route replace {n.prefix4}.0.0/16 via"
                             f" {lab.UPLINK4}"
                             for n in (street.guest, street.staff)),
                           *(f"route replace {n.prefix6}:/64 via"
                             f" {lab.UPLINK6}"
                             for n in (street.guest, street.staff)))
    stadttor.wait_log(r"uplink wan0 is up\n", since=said)
    street.restore_addresses()
