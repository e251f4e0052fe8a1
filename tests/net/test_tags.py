# SPDX-License-Identifier: GPL-3.0-or-later
"""Vouchers as netctl sees them: tags, and sessions that are prolonged.

A liar in the portal's place asks, so that every field can be wrong.
"""
import errno
import re

import ipc
import lab
import pytest
import traffic
from gate import NETCTL

ZONE = {"duration": "1h", "max_duration": "2h"}
TAG, OTHER = 0x0123456789abcdef, 0xfedcba9876543210


@pytest.fixture
def gate(stadttor, street):
    """netctl alone, and phones that it has heard of."""
    stadttor.configure(guest=ZONE, staff=ZONE)
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10)
    for phone in street.phones + street.staff_phones:
        traffic.ping(phone, phone.network.gate4)
    yield stadttor
    stadttor.check_alive(NETCTL)
    assert stadttor.status()["netlink_errors"] == 0


@pytest.fixture
def portal(gate):
    with ipc.Peer(gate.socket) as peer:
        yield peer


@pytest.fixture
def operator(gate):
    with ipc.Peer(gate.socket, "daemon") as peer:
        yield peer


def again(gate):
    """kill -9 of netctl and a new start; a new connection to it."""
    gate.restart(NETCTL)
    lab.wait_until(gate.netctl_answers, 10)
    return ipc.Peer(gate.socket)


def enter(peer, phone, tag=TAG, devices=2, **fields):
    """The phone's owner has typed in a code."""
    return peer.ask(ipc.grant(phone.ip4, tag=tag, devices=devices, **fields))


def move_bytes(phone, amount=200_000):
    with traffic.Transfer(phone) as down:
        down.wait_moving(amount)
        return down.moved()


# --- how many devices at once ------------------------------------------------

def test_devices_at_once(gate, portal, phones):
    for phone in phones[:2]:
        reply = enter(portal, phone)
        assert (reply.error, reply.is_tagged) == (0, 1)
    assert enter(portal, phones[2]).error == -errno.EUSERS
    assert traffic.is_shut(phones[2])
    assert enter(portal, phones[2], tag=OTHER).error == 0
    assert enter(portal, phones[3]).error == -errno.EUSERS
    assert enter(portal, phones[3], devices=3).error == 0
    for phone in phones[:4]:
        assert traffic.is_online(phone)
    assert gate.status()["refused"] == 2


def test_own_device_takes_no_place_twice(gate, portal, phones):
    first = enter(portal, phones[0], devices=1, duration_s=1000)
    for _ in range(3):
        reply = enter(portal, phones[0], devices=1, duration_s=1000)
        assert (reply.error, reply.handle) == (0, first.handle)
    assert len(gate.sessions()) == 1


def test_log_out_frees_the_place(gate, portal, phones):
    assert enter(portal, phones[0], devices=1).error == 0
    assert enter(portal, phones[1], devices=1).error == -errno.EUSERS
    assert portal.ask(ipc.logout(phones[0].ip4)).error == 0
    assert enter(portal, phones[1], devices=1).error == 0
    assert traffic.is_online(phones[1]) and traffic.is_shut(phones[0])


def test_the_end_frees_the_place(gate, portal, phones):
    assert enter(portal, phones[0], devices=1, duration_s=2).error == 0
    assert enter(portal, phones[1], devices=1).error == -errno.EUSERS
    lab.wait_until(lambda: enter(portal, phones[1], devices=1).error == 0, 5)
    assert traffic.is_shut(phones[0])


def test_refused_device_keeps_what_it_has(gate, portal, phones):
    before = portal.ask(ipc.grant(phones[0].ip4, duration_s=900))
    assert enter(portal, phones[1], devices=1).error == 0
    assert enter(portal, phones[0], devices=1, duration_s=5).error == \
        -errno.EUSERS
    after = portal.ask(ipc.lookup(phones[0].ip4))
    assert (after.handle, after.is_tagged) == (before.handle, 0)
    assert after.left_s > 890
    assert traffic.is_online(phones[0])


def test_zones_share_the_tag(gate, portal, street):
    """A phone that walks from zone to zone is one device, others are not."""
    guest, staff = street.phones[0], street.staff_phones[0]
    assert enter(portal, guest, devices=1).error == 0
    assert enter(portal, staff, devices=1).error == -errno.EUSERS
    staff.netns.ip(f"link set eth0 address {guest.mac}")
    try:
        traffic.ping(staff, staff.network.gate4)
        assert enter(portal, staff, devices=1).error == 0
        assert sorted(s["zone"] for s in gate.sessions()) == \
            ["guest", "staff"]
        assert enter(portal, street.phones[1], devices=1).error == \
            -errno.EUSERS
        assert enter(portal, street.phones[1], devices=2).error == 0
    finally:
        staff.netns.ip(f"link set eth0 address {staff.mac}")


# --- how long ----------------------------------------------------------------

def test_same_code_again_sets_the_end(gate, portal, phones):
    """What is left of the voucher counts, be it more or less."""
    first = enter(portal, phones[0], duration_s=1800)
    moved = move_bytes(phones[0])
    for wish, most in ((600, 600), (3000, 3000), (100_000, 7200)):
        reply = enter(portal, phones[0], duration_s=wish)
        assert (reply.error, reply.handle) == (0, first.handle)
        assert most - 60 < reply.left_s <= most
        assert reply.duration_s == most
        assert reply.down_bytes >= moved
    assert gate.status()["granted"] == 1


def test_shorter_end_is_the_kernels(gate, portal, phones):
    enter(portal, phones[0], duration_s=1800)
    enter(portal, phones[0], duration_s=1)
    traffic.wait_shut(phones[0], seconds=3)
    assert gate.status()["ended"]["expired"] == 1


@pytest.mark.parametrize("tag", [0, OTHER], ids=["untagged", "other code"])
def test_code_takes_a_session_over(gate, portal, phones, tag):
    first = portal.ask(ipc.grant(phones[0].ip4, tag=tag,
                                 devices=1 if tag else 0, down=5_000_000))
    moved = move_bytes(phones[0])
    reply = enter(portal, phones[0], duration_s=600)
    assert (reply.error, reply.handle) == (0, first.handle)
    assert reply.is_tagged == 1 and reply.left_s <= 600
    assert reply.down_bytes >= moved
    assert reply.down_bps == 5_000_000
    assert enter(portal, phones[1], devices=1).error == -errno.EUSERS
    assert enter(portal, phones[2], tag=OTHER, devices=1).error == 0


def test_plain_grant_changes_nothing(gate, portal, phones):
    first = portal.ask(ipc.grant(phones[0].ip4, duration_s=600))
    reply = portal.ask(ipc.grant(phones[0].ip4, duration_s=7200,
                                 down=8_000_000))
    assert reply.handle == first.handle and reply.left_s <= 600
    assert reply.down_bps == first.down_bps


def test_extension(gate, portal, phones):
    """Anew from now, at most what the zone allows, and nothing is forgiven."""
    first = portal.ask(ipc.grant(phones[0].ip4, duration_s=600))
    moved = move_bytes(phones[0])
    lab.wait_until(lambda: portal.ask(ipc.lookup(phones[0].ip4)).age_s >= 1)
    for wish, most in ((0, 3600), (5000, 5000), (10 ** 9, 7200)):
        reply = portal.ask(ipc.grant(phones[0].ip4, extend=1,
                                     duration_s=wish))
        assert (reply.error, reply.handle) == (0, first.handle)
        assert most - 60 <= reply.left_s <= most
        assert reply.duration_s == most
        assert reply.age_s >= 1
        assert reply.down_bytes >= moved
    assert gate.status()["granted"] == 1


def expires(street, phone):
    """In so many seconds, if nobody does anything."""
    listed = street.gate.run("nft", "list", "map", "netdev", "stadttor",
                             "up_guest").stdout
    found = re.search(phone.mac + r"[^,}]* expires (?:(\d+)m)?(?:(\d+)s)?"
                      r"(?:(\d+)ms)?", listed)
    if not found:
        return 0
    minutes, seconds, ms = (int(part or 0) for part in found.groups())
    return 60 * minutes + seconds + ms / 1000


def test_extension_is_the_kernels(gate, portal, street, phones):
    """By whose clock the first end is over then."""
    portal.ask(ipc.grant(phones[0].ip4, duration_s=1))
    portal.ask(ipc.grant(phones[0].ip4, extend=1, duration_s=600))
    gate.kill(NETCTL)
    lab.wait_until(lambda: expires(street, phones[0]) < 598.5)
    assert traffic.is_online(phones[0])
    gate.start_one(NETCTL)
    lab.wait_until(gate.netctl_answers, 10)
    assert 500 < gate.session_of(phones[0])["left_s"] <= 600


def test_extension_without_a_session_is_a_grant(gate, portal, phones):
    reply = portal.ask(ipc.grant(phones[0].ip4, extend=1, duration_s=600))
    assert (reply.error, reply.is_tagged) == (0, 0)
    assert 540 < reply.left_s <= 600
    assert traffic.is_online(phones[0])


def test_extension_never_shortens(gate, portal, phones):
    gate.grant(phones[0].ip4, "--minutes", "600")
    reply = portal.ask(ipc.grant(phones[0].ip4, extend=1))
    assert (reply.error, reply.duration_s) == (0, 36_000)
    assert reply.left_s > 35_900


def test_code_is_not_extended_by_a_tap(gate, portal, phones):
    enter(portal, phones[0], duration_s=600)
    reply = portal.ask(ipc.grant(phones[0].ip4, extend=1))
    assert (reply.error, reply.is_tagged) == (0, 1)
    assert reply.left_s <= 600 and reply.duration_s == 600


def test_no_byte_is_lost_by_changing(gate, portal, phones):
    """Nobody saves quota by asking for more time again and again."""
    portal.ask(ipc.grant(phones[0].ip4, duration_s=60))
    with traffic.Transfer(phones[0]) as down:
        for n in range(40):
            reply = portal.ask(ipc.grant(phones[0].ip4, extend=1,
                                         duration_s=100 + n))
            assert reply.error == 0
            down.wait_moving(30_000)
        moved = down.moved()
    gate.wait_look()
    assert gate.session_of(phones[0])["down_bytes"] > 0.98 * moved


def test_quota_stays_used_up(stadttor, gate, portal, phones):
    stadttor.configure(guest={**ZONE, "quota": "1MB", "rate_down": "50mbit",
                              "over_quota": "slow"})
    stadttor.reload(NETCTL)
    stadttor.wait_log("config reloaded")
    portal.ask(ipc.grant(phones[0].ip4))
    with traffic.Transfer(phones[0]) as down:
        down.wait_moving(1_100_000)
        lab.wait_until(
            lambda: portal.ask(ipc.lookup(phones[0].ip4)).reduced, 5)
    assert portal.ask(ipc.grant(phones[0].ip4, extend=1)).reduced == 1
    assert enter(portal, phones[0]).reduced == 1


def test_operators_grant_keeps_the_counters(gate, portal, phones):
    first = enter(portal, phones[0], duration_s=600, terms=4)
    moved = move_bytes(phones[0])
    gate.grant(phones[0].ip4, "--minutes", "5", "--down", "20mbit")
    reply = portal.ask(ipc.lookup(phones[0].ip4))
    assert reply.handle == first.handle
    assert 240 < reply.left_s <= 300 and reply.down_bps == 20_000_000
    assert reply.down_bytes >= moved
    assert (reply.terms, reply.is_tagged) == (4, 1)


# --- terms -------------------------------------------------------------------

def test_terms_travel(gate, portal, phones):
    def ask(**fields):
        reply = portal.ask(ipc.grant(phones[0].ip4, **fields))
        assert reply.error == 0
        return reply.terms, portal.ask(ipc.lookup(phones[0].ip4)).terms
    assert portal.ask(ipc.lookup(phones[0].ip4)).terms == 0
    assert ask(terms=3) == (3, 3)
    assert ask() == (3, 3)
    assert ask(terms=65535) == (65535, 65535)
    assert ask(terms=2, extend=1) == (2, 2)
    assert ask(terms=5, tag=TAG, devices=1) == (5, 5)
    assert ask(terms=6, extend=1) == (6, 6)
    assert gate.status()["granted"] == 1


# --- kill -9 -----------------------------------------------------------------

def test_kill_keeps_tags_and_terms(gate, portal, phones):
    """Also those that were given to a session that was running."""
    fresh = enter(portal, phones[0], terms=7, duration_s=600)
    portal.ask(ipc.grant(phones[1].ip4, terms=1))
    enter(portal, phones[1], terms=8)
    portal.ask(ipc.grant(phones[2].ip4, terms=1))
    portal.ask(ipc.grant(phones[2].ip4, terms=9))
    for _ in range(2):
        with again(gate) as peer:
            seen = [peer.ask(ipc.lookup(phone.ip4)) for phone in phones[:3]]
            assert [s.terms for s in seen] == [7, 8, 9]
            assert [s.is_tagged for s in seen] == [1, 1, 0]
            assert seen[0].handle == fresh.handle
            assert enter(peer, phones[3]).error == -errno.EUSERS
            reply = enter(peer, phones[0], duration_s=500)
            assert reply.error == 0 and reply.left_s <= 500
    with ipc.Peer(gate.socket, "daemon") as peer:
        assert peer.ask_revoke(tag=TAG) == (0, 2)
    assert traffic.is_online(phones[2]) and traffic.is_shut(phones[0])


# --- revoking ----------------------------------------------------------------

def test_revoke_by_tag(gate, portal, operator, phones, street):
    enter(portal, phones[0])
    enter(portal, street.staff_phones[0])
    enter(portal, phones[1], tag=OTHER)
    portal.ask(ipc.grant(phones[2].ip4))
    assert operator.ask_revoke(tag=TAG ^ 1) == (-errno.ENOENT, 0)
    assert operator.ask_revoke(tag=TAG) == (0, 2)
    for phone in (phones[0], street.staff_phones[0]):
        assert traffic.is_shut(phone)
    for phone in phones[1:3]:
        assert traffic.is_online(phone)
    assert operator.ask_revoke(tag=TAG) == (-errno.ENOENT, 0)
    assert gate.status()["ended"]["operator"] == 2
    assert enter(portal, phones[3], devices=1).error == 0


@pytest.mark.parametrize("target", [
    {}, {"everybody": 2}, {"everybody": 1, "tag": TAG},
    {"tag": TAG, "handle": 1}, {"client": "10.20.1.2", "tag": TAG},
    {"everybody": 1, "handle": 1}, {"client": "10.20.1.2", "everybody": 1},
], ids=lambda t: ",".join(t) or "none")
def test_revoke_takes_one_way(gate, portal, operator, phones, target):
    enter(portal, phones[0])
    assert operator.ask_revoke(**target) == (-errno.EINVAL, 0)
    assert traffic.is_online(phones[0])


# --- a hostile portal --------------------------------------------------------

@pytest.mark.parametrize("fields", [
    {"extend": 2}, {"extend": 0xffffffff}, {"terms": 65536},
    {"terms": 0xffffffff}, {"devices": 1}, {"tag": TAG},
    {"tag": TAG, "devices": 1001}, {"tag": TAG, "devices": 0xffffffff},
    {"tag": TAG, "devices": 1, "extend": 2},
    {"tag": (1 << 64) - 1, "devices": 1},  # of residents
], ids=lambda f: ",".join(f"{k}={v:x}" for k, v in f.items()))
@pytest.mark.parametrize("inside", [False, True], ids=["outside", "inside"])
def test_malformed_fields(gate, portal, operator, phones, fields, inside):
    if inside:
        portal.ask(ipc.grant(phones[0].ip4, duration_s=600, terms=1))
    for peer, kind in ((portal, ipc.GRANT), (operator, ipc.ADMIT)):
        reply = peer.ask(ipc.grant(phones[0].ip4, kind=kind, **fields))
        assert (reply.error, reply.handle) == (-errno.EINVAL, 0)
    after = portal.ask(ipc.lookup(phones[0].ip4))
    assert (after.state, after.terms, after.is_tagged) == \
        ((1, 1, 0) if inside else (0, 0, 0))
    assert after.left_s <= 600
    assert gate.status()["refused"] == 2


@pytest.mark.parametrize("fields", [
    {"tag": 1, "devices": 1}, {"tag": (1 << 64) - 2, "devices": 1000},
    {"terms": 65535}, {"tag": TAG, "devices": 1, "extend": 1},
], ids=lambda f: ",".join(f))
def test_bounds_are_inside(gate, portal, phones, fields):
    reply = portal.ask(ipc.grant(phones[0].ip4, **fields))
    assert (reply.error, reply.is_tagged) == (0, int("tag" in fields))


def test_tag_is_told_to_nobody(gate, portal, operator, street, phones):
    """Not to the operator's list, not to the log, not by nft's list."""
    enter(portal, phones[0], terms=1)
    needle = TAG.to_bytes(8, "little")
    for peer, ask in ((portal, ipc.lookup(phones[0].ip4)),
                      (portal, ipc.grant(phones[0].ip4)),
                      (operator, ipc.message(ipc.LIST, bytes(8)))):
        peer.send(ask)
        data = peer.answer_of(ipc.SESSION)
        assert needle not in data and needle[::-1] not in data
    assert f"{TAG:016x}" not in gate.log().lower()
    listed = street.gate.run("nft", "list", "ruleset").stdout
    assert phones[0].mac in listed and "comment" not in listed
    assert str(TAG) not in gate.log()
