# SPDX-License-Identifier: GPL-3.0-or-later
"""Who makes room where all places are taken: the silent.

A phone joins with another address each time, and the old one goes on holding
its place. netctl's clock stands still but for what the test lets pass, so
nobody is silent by accident.
"""
import errno

import ipc
import lab
import pytest
import traffic
from gate import NETCTL

TAG = 0x0123456789abcdef
SILENT_S, PROVEN_S, POCKET_S = 10, 60, 300


@pytest.fixture
def gate(stadttor, street):
    """Nor does a kernel ask, some seconds after a packet, whether the other is
    still there: its question, or the answer, is a sign of life."""
    ends = [(phone.netns, phone.device)
            for phone in street.phones + street.staff_phones]
    ends += [(street.gate, n.bridge) for n in (street.guest, street.staff)]
    for seconds in (3600, 5):
        for netns, device in ends:
            netns.sysctl(f"net/ipv4/neigh/{device}/delay_first_probe_time",
                         seconds)
        if seconds == 3600:
            stadttor.drive_clock(1000)
            yield stadttor


def start(gate, street, **guest):
    """netctl alone, and phones that it has heard of: of which nothing is on its
    way any more that could be taken for a sign of life."""
    gate.configure(guest=guest, staff=guest)
    gate.start_one(NETCTL)
    lab.wait_until(gate.netctl_answers, 10)
    for phone in street.phones + street.staff_phones:
        assert traffic.ping(phone, phone.network.gate4) is True
    return ipc.Peer(gate.socket)


def enter(peer, phone, **fields):
    return peer.ask(ipc.grant(phone.ip4, **fields)).error


def is_seen(gate, phone):
    """By a poll, which is due after a leap of the clock."""
    lab.wait_until(lambda: gate.session_of(phone)["up_bytes"])


def test_a_silent_one_leaves_the_code_to_another(gate, street, phones):
    with start(gate, street) as peer:
        assert enter(peer, phones[0], tag=TAG, devices=1) == 0
        gate.advance(SILENT_S - 1)
        assert enter(peer, phones[1], tag=TAG, devices=1) == -errno.EUSERS
        gate.advance(1)
        assert enter(peer, phones[1], tag=TAG, devices=1) == 0
        traffic.wait_online(phones[1])
        assert traffic.is_shut(phones[0])
        assert len(gate.sessions()) == 1


def test_one_that_is_there_stays(gate, street, phones):
    """What it sent a moment ago counts, though no poll has seen it."""
    with start(gate, street) as peer:
        assert enter(peer, phones[0], tag=TAG, devices=1) == 0
        for _ in range(3):
            gate.advance(SILENT_S)
            assert traffic.is_online(phones[0])
            assert enter(peer, phones[1], tag=TAG, devices=1) \
                == -errno.EUSERS
        gate.advance(SILENT_S)
        assert enter(peer, phones[1], tag=TAG, devices=1) == 0


def test_the_one_that_is_silent_longest(gate, street, phones):
    with start(gate, street) as peer:
        for phone in phones[:2]:
            assert enter(peer, phone, tag=TAG, devices=2) == 0
        gate.advance(SILENT_S)
        assert traffic.is_online(phones[0])
        is_seen(gate, phones[0])
        assert enter(peer, phones[2], tag=TAG, devices=2) == 0
        assert traffic.is_online(phones[0]) and traffic.is_shut(phones[1])


def test_a_device_in_two_zones_is_one(gate, street, phones):
    """Silent in one of them only, it keeps both sessions."""
    with start(gate, street) as peer:
        staff = street.staff_phones[0]
        for phone in (phones[0], staff):
            assert enter(peer, phone, tag=TAG, devices=2) == 0
        gate.advance(SILENT_S)
        assert traffic.is_online(staff)
        assert enter(peer, phones[1], tag=TAG, devices=2) == 0
        assert traffic.is_online(staff) and traffic.is_shut(phones[0])


def test_the_page_may_end_another(gate, street, phones):
    with start(gate, street) as peer:
        assert enter(peer, phones[0], tag=TAG, devices=1) == 0
        assert traffic.is_online(phones[0])
        assert enter(peer, phones[1], tag=TAG, devices=1, replace=1) == 0
        assert traffic.is_online(phones[1]) and traffic.is_shut(phones[0])
        assert enter(peer, phones[2], replace=1) == -errno.EINVAL
        assert enter(peer, phones[2], tag=TAG, devices=1, replace=2) \
            == -errno.EINVAL
        assert traffic.is_online(phones[1])


def test_one_that_stays_yields_after_minutes(gate, street, phones):
    """Addresses made up and kept alive for a minute hold no place for hours; a
    phone in a pocket is silent for less."""
    with start(gate, street, max_sessions=2, idle="1h") as peer:
        for phone in phones[:2]:
            assert enter(peer, phone) == 0
        gate.advance(PROVEN_S)
        for phone in phones[:2]:
            assert traffic.is_online(phone)
            is_seen(gate, phone)
        gate.advance(POCKET_S - 1)
        assert enter(peer, phones[2]) == -errno.ENOSPC
        gate.advance(1)
        assert traffic.is_online(phones[1])
        is_seen(gate, phones[0])
        assert enter(peer, phones[2]) == 0
        assert traffic.is_shut(phones[0]) and traffic.is_online(phones[1])


def test_a_full_zone(gate, street, phones):
    """Who tapped and was not heard of again makes room; who stays, stays."""
    with start(gate, street, max_sessions=2) as peer:
        for phone in phones[:2]:
            assert enter(peer, phone) == 0
        gate.advance(PROVEN_S)
        assert traffic.is_online(phones[0])  # it is there to stay
        is_seen(gate, phones[0])
        assert enter(peer, phones[2]) == 0
        assert traffic.is_shut(phones[1])
        assert enter(peer, phones[1]) == -errno.ENOSPC
        gate.advance(SILENT_S - 1)
        assert traffic.is_online(phones[2])
        gate.advance(1)
        assert enter(peer, phones[1]) == -errno.ENOSPC
        gate.advance(SILENT_S)
        assert enter(peer, phones[1]) == 0
        assert traffic.is_online(phones[0]) and traffic.is_shut(phones[2])
