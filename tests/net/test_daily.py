# SPDX-License-Identifier: GPL-3.0-or-later
"""So much a day: what a device has of a zone, however often it taps.

The wall clock of the box stands on a Monday, 2026-11-30, at noon, and jumps when
it is told; sessions end by the kernel's own.
"""
import calendar
import errno

import ipc
import lab
import pytest
import traffic
from gate import NETCTL

NOON = calendar.timegm((2026, 11, 30, 12, 0, 0))
HOUR = 3600


@pytest.fixture
def gate(stadttor):
    stadttor.drive_clock()
    stadttor.environment["TZ"] = "UTC0"
    stadttor.set_wall(NOON)
    return stadttor


def begin(gate, street, **guest):
    gate.start(guest={"idle": "0", "duration": "1h", **guest})
    for phone in street.phones:
        traffic.ping(phone, phone.network.gate4)


def page(phone, path="/"):
    return traffic.http(phone, phone.network.gate4, path + "?lang=en").body


def test_time(gate, street, phones):
    begin(gate, street, daily_duration="1h")
    assert "Per device and day: 1\u00a0hour" in page(phones[0])
    traffic.tap(phones[0])
    assert "Per device and day: 1\u00a0hour" in page(phones[0], "/status")
    assert gate.session_of(phones[0])["left_s"] in range(HOUR - 60, HOUR + 1)
    gate.jump(HOUR - 120)
    traffic.log_out(phones[0])
    lab.wait_until(lambda: not gate.sessions())
    traffic.tap(phones[0])
    assert traffic.is_online(phones[0])
    assert gate.session_of(phones[0])["left_s"] <= 120
    assert 'action="/extend"' not in page(phones[0], "/status")
    gate.jump(121)
    lab.wait_until(lambda: not gate.sessions())
    reply = traffic.tap(phones[0])
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    shown = page(phones[0])
    assert "time or data here. See you tomorrow!" in shown
    assert "Accept and go online" not in shown
    assert traffic.is_shut(phones[0])
    traffic.tap(phones[1])
    assert traffic.is_online(phones[1])


def test_data(gate, street, phones):
    """Of both directions, and over sessions."""
    begin(gate, street, daily_quota="3MB", over_quota="slow",
          rate_down="8mbit", rate_up="8mbit")
    traffic.tap(phones[0])
    with traffic.Transfer(phones[0]):
        lab.wait_until(
            lambda: gate.session_of(phones[0])["down_bytes"] > 500_000, 20)
    traffic.log_out(phones[0])
    lab.wait_until(lambda: not gate.sessions())
    traffic.tap(phones[0])
    left = gate.session_of(phones[0])["quota_bytes"]
    assert left < 2_500_000
    with traffic.Transfer(phones[0], down=False):
        lab.wait_until(lambda: not gate.sessions(), 30)
    assert gate.status()["ended"]["quota"] == 1
    assert traffic.tap(phones[0]).headers["Location"] == "/"
    assert "See you tomorrow!" in page(phones[0])
    assert traffic.is_shut(phones[0])


def test_a_portal_cannot_grant_it(gate, street, phones):
    begin(gate, street, daily_duration="1h", max_duration="30d")
    with ipc.Peer(gate.socket) as peer:
        got = peer.ask(ipc.grant(phones[0].ip4, terms=1, duration_s=9 * HOUR))
        assert got.error == 0 and got.left_s <= HOUR
        gate.jump(HOUR + 1)
        lab.wait_until(lambda: not gate.sessions())
        for wish in ({}, {"extend": 1}, {"duration_s": 60}):
            assert peer.ask(ipc.grant(phones[0].ip4, terms=1, **wish)).error \
                == -errno.EDQUOT
        code = ipc.grant(phones[0].ip4, tag=7, devices=1)
        assert peer.ask(code).error == 0
    gate.revoke("--all")
    gate.grant(phones[0].ip4)  # the operator's word
    assert traffic.is_online(phones[0])


def test_crash(gate, street, phones):
    begin(gate, street, daily_duration="1h")
    traffic.tap(phones[0])
    gate.jump(HOUR - 300)
    traffic.log_out(phones[0])
    lab.wait_until(lambda: not gate.sessions())
    gate.kill(NETCTL)
    gate.start_one(NETCTL)
    lab.wait_until(gate.netctl_answers, 10)
    with ipc.Peer(gate.socket) as peer:
        got = peer.ask(ipc.grant(phones[0].ip4, terms=1))
        assert got.error == 0 and got.left_s <= 300


def test_check_tells(gate):
    gate.configure(guest={"daily_duration": "2h", "daily_quota": "500MB"})
    assert "zone guest: a device that taps has 2h 0m and 500 MB a day\n" \
        in gate.cli("check").stdout
    gate.configure(guest={"daily_quota": "1GB", "auth": "voucher"})
    assert "daily_quota are of those who tap" in gate.cli("check").stderr
