# SPDX-License-Identifier: GPL-3.0-or-later
"""What the box's resolver and access points tell: addresses of the walled
garden are open before the answer comes, and devices that have gone are let go.
A program in the place of openwrt/stadttor/files/stadttor.events tells it."""
import contextlib
import errno
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

import gate as programs
import ipc
import lab
import pytest
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4, V6

sys.path.insert(0, os.path.join(os.path.dirname(lab.HERE), "openwrt"))

import dnsplay  # noqa: E402
import ubusplay  # noqa: E402

USER = "news"
GARDEN = {"garden_name": ["garden.test", "Other.Example."]}
SERVICES = """
config tile 'parken'
	list title 'de=Parken'
	option link 'https://user@parken.example:8443/frei?q=1'
	list zone 'staff'
config tile 'address'
	list title 'de=Adresse'
	option link 'http://203.0.113.80/'
"""


@pytest.fixture
def start(stadttor):
    def run(**config):
        more = config.pop("more", "")
        stadttor.configure(gate={"events_user": USER}, **config)
        with open(stadttor.config, "a") as file:
            file.write(more)
        stadttor.start_one(NETCTL)
        lab.wait_until(stadttor.netctl_answers, 10)
        return stadttor
    yield run
    stadttor.check_alive(NETCTL)
    assert stadttor.status()["netlink_errors"] == 0


def events(stadttor):
    return ipc.Peer(stadttor.socket, USER, group="nobody")


def opened(street, zone="guest"):
    """{address: seconds left} of the garden's sets in the kernel."""
    found = {}
    for family in "46":
        text = street.gate.run("nft", "-j", "list", "set", "inet", "stadttor",
                               f"garden{family}_{zone}").stdout
        for e in json.loads(text)["nftables"][-1]["set"].get("elem", []):
            found[e["elem"]["val"]] = e["elem"]["expires"]
    return found


def reaches(phone, family):
    return traffic.tcp_connect(phone, traffic.garden(family), 443) is True


# --- the walled garden by name -----------------------------------------------

@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_open_before_the_answer_comes(start, street, phones, family):
    with events(start(guest=GARDEN, staff={})) as peer:
        assert not reaches(phones[0], family)
        for _ in range(20):
            assert peer.open_name("www.garden.test",
                                  traffic.garden(family)) == (0, 1)
            # no waiting: the first packet passes
            assert reaches(phones[0], family)
            street.gate.run("nft", "delete", "element", "inet", "stadttor",
                            f"garden{'4' if family == V4 else '6'}_guest",
                            "{", traffic.garden(family), "}")
            assert not reaches(phones[0], family)
        assert not reaches(street.staff_phones[0], family)
        assert traffic.is_shut(phones[0], family)


def test_which_names(start, street):
    stadttor = start(guest={**GARDEN, "device": "br-guest"}, staff={},
                     more=SERVICES, portal={"hostname": "gate.example"})
    with events(stadttor) as peer:
        # as the config lists them; an address is no name
        assert sorted(peer.names()) == ["garden.test", "other.example",
                                        "parken.example"]
        for name, zones in (
                ("garden.test", 1), ("GARDEN.test", 1), ("a.b.garden.test", 1),
                ("garden.test.", 1), ("xgarden.test", 0), ("test", 0),
                ("garden.test.example", 0), ("garden.tes", 0), (".", 0),
                ("other.example", 1), ("parken.example", 1),
                ("203.0.113.80", 0), ("gate.example", 0)):
            assert peer.open_name(name, "203.0.113.80") == (0, zones), name
    assert set(opened(street, "staff")) == {"203.0.113.80"}


def test_one_name_in_two_gardens(start, street):
    with events(start(guest=GARDEN, staff=GARDEN)) as peer:
        assert sorted(peer.names()) == 2 * ["garden.test"] + \
            2 * ["other.example"]
        assert peer.open_name("garden.test", lab.GARDEN6) == (0, 2)
    for zone in ("guest", "staff"):
        assert set(opened(street, zone)) == {lab.GARDEN6}


TIMES = {0: 3600, 1: 3600, 3599: 3600, 7200: 7200, 86400: 86400,
         604800: 604800, 604801: 604800, 0xffffffff: 604800}


def test_how_long(start, street):
    """An hour at least, a week at most, a minute more, never earlier."""
    with events(start(guest=GARDEN)) as peer:
        for n, (ttl_s, open_s) in enumerate(TIMES.items()):
            address = f"203.0.113.{n + 1}"
            assert peer.open_name("garden.test", address, ttl_s) == (0, 1)
            assert open_s < opened(street)[address] <= open_s + 60, ttl_s
        for ttl_s in (9000, 60, 100000):
            assert peer.open_name("garden.test", "203.0.113.99",
                                  ttl_s) == (0, 1)
            assert opened(street)["203.0.113.99"] > max(9000, ttl_s) - 60
        assert opened(street)["203.0.113.1"] <= 3660


def wait_below(street, seconds):
    """Until the garden is open for less than that, by the kernel's clock."""
    lab.wait_until(lambda: opened(street)[lab.GARDEN4] < seconds, every=0.1)


def test_what_is_open_long_enough_needs_no_transaction(start, street):
    """Each would give it the whole time anew."""
    with events(start(guest=GARDEN)) as peer:
        def ask(ttl_s):
            assert peer.open_name("garden.test", lab.GARDEN4,
                                  ttl_s) == (0, 1)
            return opened(street)[lab.GARDEN4]

        assert ask(0) > 3650
        wait_below(street, 3659)
        for ttl_s in (0, 1, 300, 3600):
            assert 3600 <= ask(ttl_s) < 3659
        # its time is not covered
        left = ask(3659)
        assert left > 3700
        wait_below(street, left)
        # others may have taken it, so memory is no proof
        street.gate.nft("add table inet another\ndelete table inet another\n")
        before = opened(street)[lab.GARDEN4]
        # told anew, and no earlier end; some seconds may have gone by
        assert before - 30 < ask(0) <= before
        street.gate.nft("flush set inet stadttor garden4_guest\n")
        assert ask(0) > before - 30


STRANGE = ["0.0.0.0", "0.1.2.3", "10.20.1.2", "10.20.0.1", "100.64.0.1",
           "100.127.255.255", "127.0.0.1", "169.254.1.1", "172.16.0.1",
           "172.31.255.255", "192.0.0.1", "192.168.178.1", "198.18.0.1",
           "198.19.255.255", "224.0.0.251", "240.0.0.1", "255.255.255.255",
           "::", "::1", "::ffff:203.0.113.80", "::203.0.113.80", "fe80::1",
           "fd00::1", "fc00::1", "fec0::1", "ff02::1", "2002:a14:102::1",
           "2001::1", "64:ff9b::10.20.1.2", "64:ff9b:1::1", "100::1"]


def test_no_name_leads_into_a_private_network(start, street):
    with events(start(guest=GARDEN)) as peer:
        for address in STRANGE:
            assert peer.open_name("garden.test", address) == (
                -errno.EACCES, 0), address
            # of a name that is none of ours nobody is told anything
            assert peer.open_name("net.test", address) == (0, 0)
        assert opened(street) == {}
        for address in ("100.63.0.1", "100.128.0.1", "172.15.0.1", "9.9.9.9",
                        "172.32.0.1", "192.0.1.1", "198.17.0.1", "223.0.0.1",
                        "64:ff9b::203.0.113.80", "2001:db8:2::80", "3fff::1",
                        "2003:1::1"):
            assert peer.open_name("garden.test", address) == (0, 1), address
        assert len(opened(street)) == 12


def test_an_address_behind_the_gate_stays_shut(start, street, phones):
    """Even were it believed: the garden's rules lead out by an uplink only."""
    other = phones[1]
    with events(start(guest=GARDEN, staff={})) as peer:
        peer.names()
        for address in (street.staff_phones[0].ip6, street.staff.gate6,
                        lab.UPLINK6, lab.UPLINK4, other.ip6):
            assert peer.open_name("garden.test", address) == (0, 1)
    staff = street.staff_phones[0]
    assert traffic.ping(phones[0], staff.ip6, 1) is not True
    for address in (street.staff.gate6, lab.UPLINK6, lab.UPLINK4):
        for port in (22, 443, 2090):
            assert traffic.tcp_connect(phones[0], address, port) is not True


def garden_message(family=2, ifindex=0, zero=0, name=b"garden.test\0"):
    return ipc.message(ipc.GARDEN, ipc.ADDR.pack(
        family, ifindex, bytes([203, 0, 113, 80]) + bytes(12))
        + struct.pack("=II256s", 60, zero, name.ljust(256, b"x")))


def test_nonsense(start, street):
    with events(start(guest=GARDEN)) as peer:
        for data in (garden_message(family=0), garden_message(family=255),
                     garden_message(family=17), garden_message(ifindex=1),
                     garden_message(zero=1), garden_message(name=b"\0"),
                     garden_message(name=b"garden.test")):
            peer.send(data)
            done = peer.answer_of(ipc.DONE)[ipc.HEADER.size:]
            assert ipc.DONE_BODY.unpack(done)[:2] == (-errno.EINVAL, 0)
        for name in (b"garden.test\0", b"\xff\xfe.garden.test\0",
                     b"%n%s\n.garden.test\0"):
            peer.send(garden_message(name=name))
            done = peer.answer_of(ipc.DONE)[ipc.HEADER.size:]
            assert ipc.DONE_BODY.unpack(done)[:2] == (0, 1)
    assert set(opened(street)) == {lab.GARDEN4}


def test_it_is_bounded(start, street):
    """A resolver gone mad fills one zone's share and no other's."""
    stadttor = start(guest={"garden_name": ["a.example"]},
                     staff={"garden_name": ["b.example"]})
    refused = stadttor.status()["refused"]
    told = 1100
    with events(stadttor) as peer:
        peer.names()
        answers = [peer.open_name(
            "x.a.example", f"203.0.{n // 250}.{n % 250 + 1}")
            for n in range(told)]
        assert answers == [(0, 1)] * 1024 + [(-errno.ENOSPC, 0)] * (
            told - 1024)
        assert peer.open_name("a.example", "203.0.0.1") == (0, 1)
        assert peer.open_name("b.example", "203.0.200.1") == (0, 1)
    assert len(opened(street)) == 1024
    assert stadttor.status()["refused"] - refused == told - 1024
    assert len(stadttor.warnings("garden")) == 1
    assert "203.0" not in stadttor.log()


SET_SIZE = 4096


def fill(street, zone="guest", count=SET_SIZE, before=""):
    """As dnsmasq does it by itself, in one transaction with that."""
    there = ", ".join(f"100.{n >> 8}.{n & 255}.1 timeout 1h"
                      for n in range(count))
    street.gate.nft(f"{before}\nadd element inet stadttor garden4_{zone} "
                    f"{{ {there} }}\n")


def test_others_fill_the_set(start, street):
    """It is said once, is no error of netlink, and is not remembered."""
    stadttor = start(guest=GARDEN, staff=GARDEN)
    with events(stadttor) as peer:
        peer.names()
        assert peer.open_name("garden.test", "203.0.113.1", 7200) == (0, 2)
        fill(street, count=SET_SIZE - 1)
        for n in range(2, 20):
            assert peer.open_name("garden.test", f"203.0.113.{n}") == (
                -errno.ENOSPC, 1)
        assert peer.open_name("garden.test", lab.GARDEN6) == (0, 2)
        assert stadttor.warnings("nft") == []
        assert len(stadttor.warnings("garden")) == 1
        street.gate.nft("flush ruleset\n")
        stadttor.wait_log("put back")
        assert set(opened(street)) == {"203.0.113.1", lab.GARDEN6}
        assert len(opened(street, "staff")) == 20
        assert peer.open_name("garden.test", "203.0.113.9") == (0, 2)
        assert "203.0.113.9" in opened(street)


def test_as_much_is_restored_as_there_is_room_for(start, street):
    """The set of one family in one zone is nearly full of others'."""
    stadttor = start(guest=GARDEN, staff=GARDEN)
    ours = [f"203.0.113.{n}" for n in range(1, 31)]
    with events(stadttor) as peer:
        peer.names()
        for n, address in enumerate(ours):
            assert peer.open_name("garden.test", address) == (0, 2)
            assert peer.open_name("garden.test", f"3fff::{n + 1}") == (0, 2)
        fill(street, count=SET_SIZE - 11, before="""
            flush set inet stadttor garden4_guest
            flush set inet stadttor garden6_guest
            flush set inet stadttor garden4_staff
            flush chain inet stadttor forward""")
        stadttor.wait_log("put back")
        found = opened(street)
        assert len(set(ours) & set(found)) == 11
        assert len(found) == SET_SIZE + 30
        assert set(ours) < set(opened(street, "staff"))
        # the others are tried again with their next answer
        street.gate.nft("flush set inet stadttor garden4_guest\n")
        for address in ours:
            assert peer.open_name("garden.test", address) == (0, 2)
        assert set(ours) < set(opened(street))


def test_a_name_closes_though_the_set_is_full(start, street):
    """And though one of its addresses is there no more."""
    stadttor = start(guest={"garden_name": ["garden.test", "b.example"]})
    with events(stadttor) as peer:
        for name, n in (("garden.test", 1), ("garden.test", 2),
                        ("b.example", 3)):
            assert peer.open_name(name, f"203.0.113.{n}") == (0, 1)
        fill(street, count=SET_SIZE - 2, before="delete element inet stadttor "
             "garden4_guest { 203.0.113.1 }")
        stadttor.configure(gate={"events_user": USER},
                           guest={"garden_name": ["b.example"]})
        stadttor.reload(NETCTL)
        stadttor.wait_log("config reloaded")
        assert {a for a in opened(street) if a.startswith("203")} == {
            "203.0.113.3"}


@pytest.mark.parametrize("family", FAMILIES)
def test_what_dnsmasq_opened_closes_with_its_name(start, street, phones,
                                                  family):
    """It says of no address whose it is; what is known to be of a name that is
    left stays."""
    stadttor = start(guest={"garden_name": ["garden.test", "b.example"]})
    known = {V4: "203.0.113.7", V6: "3fff::7"}[family]
    with events(stadttor) as peer:
        assert peer.open_name("b.example", known) == (0, 1)
        street.gate.run("nft", "add", "element", "inet", "stadttor",
                        f"garden{'4' if family == V4 else '6'}_guest",
                        "{", traffic.garden(family), "}")
        assert reaches(phones[0], family)
        for names in (["b.example", "garden.test", "c.example"],
                      ["b.example", "c.example"]):
            assert traffic.garden(family) in opened(street)
            stadttor.configure(gate={"events_user": USER},
                               guest={"garden_name": names})
            since = len(stadttor.log())
            stadttor.reload(NETCTL)
            stadttor.wait_log("config reloaded", since=since)
        assert set(opened(street)) == {known}
        assert not reaches(phones[0], family)


def test_flood(start, phones):
    """As fast as it can, without reading an answer: others are served."""
    stadttor = start(guest=GARDEN)
    stop = threading.Event()

    def flood(peer):
        peer.socket.setblocking(False)
        while not stop.is_set():
            try:
                peer.send(ipc.garden("garden.test", lab.GARDEN4))
            except BlockingIOError:
                time.sleep(0.0005)
            except OSError:
                return

    with events(stadttor) as peer:
        worker = threading.Thread(target=flood, args=(peer,))
        worker.start()
        try:
            for _ in range(20):
                stadttor.status()  # who is kept out is told so in the end
            assert worker.is_alive()
        finally:
            stop.set()
            worker.join()
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(events(stadttor))
        assert stadttor.status()["zones"]
    assert len(stadttor.warnings("too many connections")) == 1


@pytest.mark.parametrize("deed", [
    "flush ruleset", "delete table inet stadttor",
    "flush set inet stadttor garden4_guest\n"
    "flush chain inet stadttor forward"])
def test_a_strangers_flush(start, street, phones, deed):
    """DNS tells once, so netctl has to know it still."""
    stadttor = start(guest=GARDEN)
    with events(stadttor) as peer:
        for family in FAMILIES:
            assert peer.open_name("garden.test", traffic.garden(family),
                                  5000) == (0, 1)
        street.gate.nft(deed + "\n")
        stadttor.wait_log("put back")
        for family in FAMILIES:
            assert reaches(phones[0], family)
        assert traffic.is_shut(phones[0])
        left = opened(street)
        assert all(4960 < s <= 5060 for s in left.values()) and len(left) == 2


def test_a_change_of_devices_and_a_restart(start, street, phones):
    stadttor = start(guest=GARDEN)
    with events(stadttor) as peer:
        assert peer.open_name("garden.test", lab.GARDEN4) == (0, 1)
        since = len(stadttor.log())
        street.rebuild_uplink()
        stadttor.wait_log("device wan0 is there", since=since)
        lab.wait_until(lambda: reaches(phones[0], V4))
    stadttor.restart(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    assert reaches(phones[0], V4)
    with events(stadttor) as peer:  # and what the kernel has does no harm
        assert peer.open_name("garden.test", lab.GARDEN4, 9000) == (0, 1)
    assert opened(street)[lab.GARDEN4] > 8900


def test_reload(start, street, phones):
    """A name that leaves the config closes, others stay open."""
    stadttor = start(guest={"garden_name": ["garden.test", "b.example"]},
                     staff={"garden_name": ["b.example"]})
    with events(stadttor) as peer:
        assert len(peer.names()) == 3
        assert peer.open_name("garden.test", lab.GARDEN4) == (0, 1)
        assert peer.open_name("b.example", "203.0.113.2") == (0, 2)
        stadttor.configure(gate={"events_user": USER},
                           guest={"garden_name": ["b.example"]})
        stadttor.reload(NETCTL)
        stadttor.wait_log("config reloaded")
        assert peer.names() == ["b.example"]
        assert set(opened(street)) == {"203.0.113.2"}
        assert not reaches(phones[0], V4)
        assert peer.open_name("garden.test", lab.GARDEN4) == (0, 0)
        # without any name there are no sets
        before = len(stadttor.log())
        stadttor.configure(gate={"events_user": USER})
        stadttor.reload(NETCTL)
        stadttor.wait_log("config reloaded", since=before)
        assert peer.names() == []
        assert peer.open_name("b.example", "203.0.113.2") == (0, 0)
        assert stadttor.warnings("garden|nft") == []


def test_a_reload_that_fails(stadttor, street):
    """Its names are closed when the rules can be put in place again."""
    stadttor.configure(gate={"events_user": USER}, guest={
        "garden_name": ["garden.test", "b.example"]})
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10)
    with events(stadttor) as peer:
        assert peer.open_name("garden.test", lab.GARDEN4) == (0, 1)
        assert peer.open_name("b.example", "203.0.113.2") == (0, 1)
        # a table that belongs to a process is nobody else's to change
        owner = street.gate.popen(["nft", "-i"], text=True,
                                  stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL)
        try:
            owner.stdin.write("delete table inet stadttor; add table inet "
                              "stadttor { flags owner; }\n")
            owner.stdin.flush()
            stadttor.wait_log("installing the rules")
            stadttor.configure(gate={"events_user": USER},
                               guest={"garden_name": ["b.example"]})
            stadttor.reload(NETCTL)
            stadttor.wait_log("not in force in the kernel")
            since = len(stadttor.log())
        finally:
            lab.stop(owner)
        stadttor.wait_log("put back", since=since)
        assert set(opened(street)) == {"203.0.113.2"}


def test_a_restart_closes_nothing(start, street):
    """No element says of which name it is, not even of one that is gone."""
    stadttor = start(guest={"garden_name": ["garden.test", "b.example"]})
    with events(stadttor) as peer:
        assert peer.open_name("garden.test", lab.GARDEN4) == (0, 1)
        assert peer.open_name("b.example", "203.0.113.2") == (0, 1)
    stadttor.configure(gate={"events_user": USER},
                       guest={"garden_name": ["b.example"]})
    stadttor.restart(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    assert set(opened(street)) == {lab.GARDEN4, "203.0.113.2"}
    # without any name there are no sets
    stadttor.configure(gate={"events_user": USER})
    stadttor.restart(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    assert "garden4_guest" not in street.gate.run("nft", "list", "sets").stdout


def test_beside_dnsmasqs_own_way(start, street, phones):
    """nftset= and events fill the same sets: no harm in any order."""
    with events(start(guest=GARDEN)) as peer:
        kind = {V4: 1, V6: 28}
        for first in ("dnsmasq", "events"):
            street.gate.nft("flush set inet stadttor garden4_guest\n"
                            "flush set inet stadttor garden6_guest\n")
            for family in FAMILIES:
                for who in (first, "events", "dnsmasq", "events"):
                    if who == "dnsmasq":
                        assert traffic.resolve(phones[0], "garden.test",
                                               kind[family])
                    else:
                        assert peer.open_name(
                            "garden.test", traffic.garden(family)) == (0, 1)
                assert reaches(phones[0], family)
                assert opened(street)[traffic.garden(family)] > 3000


# --- who may tell it ---------------------------------------------------------

def hangs_up(stadttor, data, user=USER):
    with ipc.Peer(stadttor.socket, user, group="nobody") as peer:
        peer.send(data)
        return peer.was_closed()


def test_each_role_has_its_own_messages(start, phones):
    stadttor = start(guest={**GARDEN, "leave": "1m"})
    told = {"garden": ipc.garden("garden.test", lab.GARDEN4),
            "left": ipc.left(phones[0].mac)}
    for data in told.values():
        assert hangs_up(stadttor, data, "nobody")
    for data in told.values():
        assert not hangs_up(stadttor, data)
    for data in (ipc.lookup(phones[0].ip4), ipc.grant(phones[0].ip4),
                 ipc.logout(phones[0].ip4), ipc.revoke(everybody=1),
                 ipc.grant(phones[0].ip4, kind=ipc.ADMIT),
                 ipc.message(ipc.STATUS), ipc.message(ipc.LIST, bytes(8)),
                 ipc.message(ipc.HEALTH_ASK),
                 ipc.message(ipc.USAGE_NEXT, bytes(24)),
                 ipc.message(ipc.GARDEN_NAME, bytes(256)),
                 told["garden"] + b"x", told["left"][:-1]):
        assert hangs_up(stadttor, data)
    assert stadttor.sessions() == []


def test_the_operator_may_not_tell_it(start):
    with ipc.Peer(start(guest=GARDEN).socket, "root") as peer:
        peer.send(ipc.garden("garden.test", lab.GARDEN4))
        assert peer.was_closed()


@pytest.mark.parametrize("user", ["games", "news"])
def test_strangers(stadttor, user):
    """games is nobody's user; news is not while the config does not say so."""
    stadttor.configure(guest=GARDEN, gate={
        "events_user": "" if user == "news" else USER})
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10)
    with ipc.Peer(stadttor.socket, user, group="nobody") as peer:
        assert peer.was_closed()


def test_no_such_user(stadttor):
    stadttor.configure(guest=GARDEN, gate={"events_user": "nobody-such"})
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10)
    assert stadttor.status()["zones"]


@pytest.mark.parametrize("user", programs.USER.values())
def test_a_user_of_its_own(stadttor, user):
    stadttor.configure(guest=GARDEN, gate={"events_user": user})
    done = stadttor.cli("check", check=False)
    assert done.returncode and "a user of its own" in done.stderr


# --- devices that have gone --------------------------------------------------

@pytest.fixture
def online(stadttor, phones):
    """Two phones that are in, as the portal lets them."""
    def run(leave):
        stadttor.drive_clock()
        stadttor.start(gate={"events_user": USER},
                       guest={"leave": leave, "rate_down": "20mbit"},
                       staff={})
        for phone in phones[:2]:
            assert traffic.tap(phone).status == 303
            traffic.wait_online(phone)
        return stadttor
    yield run
    stadttor.check_alive(PORTAL)


def handles(stadttor):
    return {s["handle"] for s in stadttor.sessions()}


@contextlib.contextmanager
def away(street, *phones):
    """Off the bridge. One that is there says in the first seconds which groups
    it is in, and answers the box's questions for its neighbours; all that counts
    as what it sends."""
    street.gate.ip(*(f"link set {p.port} nomaster" for p in phones))
    try:
        yield
    finally:
        street.gate.ip(*(f"link set {p.port} master {p.network.bridge}"
                         for p in phones))


def tell_left(peer, *macs):
    """netctl has heard it: it answers what comes after."""
    for mac in macs:
        peer.send(ipc.left(mac))
    assert peer.open_name("nobodys.test", lab.WEB4) == (0, 0)


def wait_handles(stadttor, wanted):
    lab.wait_until(lambda: handles(stadttor) == wanted)


def test_a_device_that_has_left_is_let_go(online, street, phones):
    stadttor = online("1m")
    ended = stadttor.status()["ended"]["idle"]
    both = handles(stadttor)
    stays = stadttor.session_of(phones[1])["handle"]
    with events(stadttor) as peer, away(street, phones[0]):
        tell_left(peer, phones[0].mac)
        stadttor.jump(30)
        assert handles(stadttor) == both
        stadttor.jump(31)
        wait_handles(stadttor, {stays})
    assert stadttor.status()["ended"]["idle"] == ended + 1
    assert traffic.is_shut(phones[0])
    assert traffic.is_online(phones[1])
    log = stadttor.log().lower()
    assert phones[0].mac.lower() not in log and phones[0].ip4 not in log


def test_nobody_asks_meanwhile(online, street, phones):
    """netctl looks by itself when the time has come."""
    stadttor = online("1s")
    with events(stadttor) as peer, away(street, phones[0]):
        tell_left(peer, phones[0].mac)
        lab.wait_until(lambda: stadttor.status()["ended"]["idle"] == 1)


def test_one_that_goes_on_stays(online, street, phones):
    """At another access point, say: what it sends later counts."""
    stadttor = online("1m")
    stays = {stadttor.session_of(phones[0])["handle"]}
    with events(stadttor) as peer, away(street, phones[1]):
        tell_left(peer, *(phone.mac for phone in phones[:2]))
        assert traffic.is_online(phones[0])
        stadttor.jump(61)
        wait_handles(stadttor, stays)
        stadttor.jump(61)  # silent again, but it has come back
        assert handles(stadttor) == stays
        assert traffic.is_online(phones[0])
        # and when it leaves again, that counts
        with away(street, phones[0]):
            tell_left(peer, phones[0].mac)
            stadttor.jump(61)
            wait_handles(stadttor, set())


def test_what_it_has_sent_before_is_no_return(online, street, phones):
    """Between two looks at the counters: it sends, then it leaves."""
    stadttor = online("1m")
    stays = {stadttor.session_of(phones[1])["handle"]}
    assert traffic.is_online(phones[0])
    with events(stadttor) as peer, away(street, phones[0]):
        tell_left(peer, phones[0].mac)
        stadttor.jump(61)
        wait_handles(stadttor, stays)


def test_downloads_do_not_hold_it(online, phones, street):
    """They go on for a while to one who has gone."""
    stadttor = online("1m")
    gone = stadttor.session_of(phones[0])["handle"]
    neighbour = f"{phones[0].ip4} lladdr {phones[0].mac} dev br-guest"

    def got():
        return sum(s["down_bytes"] for s in stadttor.sessions()
                   if s["handle"] == gone)
    # whom the box does not ask whether it is there
    street.gate.ip(f"neigh replace {neighbour} nud permanent")
    with phones[0].socket(V4, socket.SOCK_DGRAM) as s, \
            street.internet.socket(V4, socket.SOCK_DGRAM) as server:
        server.bind((lab.WEB4, 0))
        s.connect(server.getsockname())
        s.send(b"more of it")
        _, client = server.recvfrom(64)
        with events(stadttor) as peer, away(street, phones[0]):
            tell_left(peer, phones[0].mac)
            before = got()
            server.sendto(bytes(100), client)
            lab.wait_until(lambda: got() > before)
            stadttor.jump(61)
            lab.wait_until(lambda: gone not in handles(stadttor))
            assert len(handles(stadttor)) == 1
    street.gate.ip(f"neigh del {neighbour}")


@pytest.mark.parametrize("mac", ["", "02:00:00:00:00:77",
                                 "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00"])
def test_nothing_follows(online, street, phones, mac):
    """For a zone without leave, and for devices that nobody knows."""
    stadttor = online("0" if not mac else "1s")
    with events(stadttor) as peer, away(street, *phones[:2]):
        tell_left(peer, mac or phones[0].mac)
        stadttor.jump(61)
        assert len(handles(stadttor)) == 2
        if mac:
            tell_left(peer, *(phone.mac for phone in phones[:2]))
            stadttor.jump(2)
            wait_handles(stadttor, set())


# --- the program itself ------------------------------------------------------

def test_from_ubus_to_the_kernel(online, street, phones, tmp_path):
    """stadttor.events between what dnsmasq and hostapd say and netctl."""
    stadttor = online("3s")
    stadttor.configure(gate={"events_user": USER},
                       guest={"leave": "3s", "rate_down": "20mbit", **GARDEN})
    stadttor.reload(NETCTL)
    stadttor.wait_log("config reloaded")
    stranger = phones[2]
    link = ipc.connect_as(USER, stadttor.socket, "nobody")
    with link, ubusplay.Events(tmp_path, [link], "names",
                               "leave") as program:
        assert len(program.subscribed()) == 4
        for family in FAMILIES:
            assert not reaches(stranger, family)
            program.dns("net.test", traffic.garden(family))
            assert program.answers() == [{"status": 0}]
            assert not reaches(stranger, family)
            program.dns("WWW.garden.test", traffic.garden(family), 7200)
            assert program.answers() == [{"status": 0}]
            assert reaches(stranger, family)
            assert 7250 < opened(street)[traffic.garden(family)] <= 7260
        program.dns("garden.test", "10.20.0.1")
        assert program.answers() == [{"status": 0}]
        assert len(opened(street)) == 2
        with away(street, *phones[:2]):
            for source, kind, phone in (
                    ("dnsmasq", "dhcp.release", phones[0]),
                    ("hostapd.wlan0", "disassoc", phones[1])):
                key = "mac" if source == "dnsmasq" else "address"
                program.notify(source, kind, {key: phone.mac})
                assert program.answers() == [{"status": 0}]
            wait_handles(stadttor, set())
        assert program.end()[2] == ""


def test_from_an_alias_to_the_kernel(online, street, phones, tmp_path):
    """What the box's resolver is asked for, and what it then tells on ubus
    under a name that the config does not have."""
    stadttor = online("0")
    stadttor.configure(gate={"events_user": USER}, guest=GARDEN)
    stadttor.reload(NETCTL)
    stadttor.wait_log("config reloaded")
    link = ipc.connect_as(USER, stadttor.socket, "nobody")
    resolver = dnsplay.Resolver()
    with link, ubusplay.Events(tmp_path, [link], "names",
                               resolvers=[resolver.theirs]) as program:
        lab.wait_until(lambda: program.passes(1) and resolver.is_asked(), 10)
        kinds = dict(zip((dnsplay.A, dnsplay.AAAA), FAMILIES))
        for q in resolver.questions():
            if q.name == "garden.test":
                resolver.own.send(q.answer(dnsplay.chain(
                    [q.name, "cdn.test"], [traffic.garden(kinds[q.kind])])))
        program.does(ready=True)
        lab.wait_until(lambda: len(opened(street)) == 2, 10)
        assert all(reaches(phones[2], family) for family in FAMILIES)
        for name, where in (("x.cdn.test", "198.51.100.1"),
                            ("cdn.test", "198.51.100.2")):
            program.dns(name, where)
            assert program.answers() == [{"status": 0}]
            assert (where in opened(street)) == (name == "cdn.test")
        stadttor.configure(gate={"events_user": USER}, guest={
            "garden_name": ["other.example"]})
        stadttor.reload(NETCTL)
        lab.wait_until(lambda: opened(street) == {}, 10)
