# SPDX-License-Identifier: GPL-3.0-or-later
"""Caps and fair shares, as goodput of real TCP connections (CUBIC)."""
import contextlib

import pytest
import traffic
from traffic import V4, V6

MBIT = 1_000_000
CAP = {"rate_down": "5mbit", "rate_up": "1mbit"}
# Four phones side by side: each has a cap of its own, so they do not meet.
MIX = [(V4, 1), (V4, 8), (V6, 1), (V6, 8)]


def tap_all(phones):
    for phone in phones:
        assert traffic.tap(phone).status == 303


WINDOWS = 3


def measure(phones, down=True, mix=MIX, seconds=10.0, settle=5,
            is_enough=None):
    """The goodput of each phone, all at once, over one window or more.

    A loss holds back what follows it until it is mended, so up to a queue's
    worth of bytes is counted in the window after the one it crossed the cap
    in. Where one window is not enough, it is the mean of three in a row.
    """
    with contextlib.ExitStack() as stack:
        transfers = [stack.enter_context(
            traffic.Transfer(phone, family, down, flows))
            for phone, (family, flows) in zip(phones, mix)]
        windows = [traffic.goodput(transfers, seconds, settle)]
        while is_enough and not is_enough(mean(windows)) \
                and len(windows) < WINDOWS:
            windows.append(traffic.goodput(transfers, seconds, settle=0))
        return mean(windows)


def mean(windows):
    return [sum(rates) / len(rates) for rates in zip(*windows)]


def shares(rates, full):
    return [round(rate / full, 3) for rate in rates]


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_cap_per_device(stadttor, phones, down):
    """93 to 100 % as goodput over 10 s, both families, one flow and eight."""
    stadttor.start(guest=CAP)
    tap_all(phones)
    full = 5 * MBIT if down else MBIT

    def is_kept(rates):
        return all(0.93 <= share <= 1.0 for share in shares(rates, full))
    got = measure(phones, down, is_enough=is_kept)
    assert is_kept(got), shares(got, full)
    zone = stadttor.status()["zones"][0]
    assert (zone["shaping"], zone["sessions"]) == ("htb", 4)


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_two_devices_share_a_link(stadttor, phones, down):
    """45 to 55 % each, though one opens eight connections."""
    link = {"bandwidth": "10mbit"}
    stadttor.start(guest={"rate_down": "9mbit", "rate_up": "9mbit",
                          **(link if down else {})},
                   uplink={} if down else link)
    tap_all(phones[:2])
    rates = measure(phones[:2], down, [(V4, 1), (V6, 8)], 7, settle=2)
    assert 0.90 * 10 * MBIT <= sum(rates) <= 10 * MBIT
    got = shares(rates, sum(rates))
    assert all(0.45 <= share <= 0.55 for share in got), got


def test_idle_link_gives_the_cap(stadttor, phones):
    """Alone on the link a device gets its cap, not its share."""
    stadttor.start(guest={"rate_down": "8mbit", "bandwidth": "10mbit"})
    tap_all(phones)
    got = shares(measure(phones[:1], mix=[(V4, 1)], seconds=4), 8 * MBIT)
    assert 0.93 <= got[0] <= 1.0, got


def baseline(street, phone):
    """What plain masquerading gives, in both directions."""
    street.gate.nft("table inet plain { chain p { type nat hook postrouting "
                    "priority 100; oifname wan0 masquerade; }\n}\n")
    rates = [max(measure([phone], down, [(V4, 1)], 0.7, 0.3))
             for down in (True, False)]
    street.gate.nft("delete table inet plain\n")
    return rates


def test_unlimited_is_not_slowed(stadttor, street, phones):
    """Beside a capped device, a device without cap is as fast as plain NAT."""
    plain = baseline(street, phones[0])
    stadttor.start(guest={"rate_down": "0", "rate_up": "0"})
    traffic.ping(phones[1], phones[1].network.gate4)
    stadttor.grant(phones[1].ip4, "--down", "5mbit", "--up", "1mbit")
    tap_all(phones[:1])
    with traffic.Transfer(phones[1]) as capped:
        capped.wait_moving()
        for down, before in zip((True, False), plain):
            # a second of a shared machine may be a bad one
            rates = [measure(phones[:1], down, [(V4, 1)], 1.0, 0.3)[0]
                     for _ in range(3)]
            assert max(rates) > 0.6 * before, (down, rates, before)
        share, = shares(traffic.goodput([capped], 3), 5 * MBIT)
    assert 0.9 <= share <= 1.01


def test_operators_rates_apply(stadttor, phones):
    stadttor.start(guest=CAP)
    traffic.ping(phones[0], phones[0].network.gate4)
    stadttor.grant(phones[0].ip4, "--down", "12mbit", "--up", "3mbit")
    down = shares(measure(phones[:1], True, [(V6, 1)], 3), 12 * MBIT)
    up = shares(measure(phones[:1], False, [(V6, 1)], 3), 3 * MBIT)
    # Three seconds: one full queue more or less is seen in the figure.
    assert 0.9 <= down[0] <= 1.03 and 0.9 <= up[0] <= 1.03, (down, up)


@pytest.fixture
def foreign_qdiscs(street):
    """Somebody else shapes both devices already."""
    devices = ("br-guest", "wan0")
    for device in devices:
        street.gate.run("tc", "qdisc", "add", "dev", device, "root", "handle",
                        "77:", "tbf", "rate", "500mbit", "burst", "256kb",
                        "latency", "50ms")
    yield devices
    for device in devices:
        shown = street.gate.run("tc", "qdisc", "show", "dev", device).stdout
        street.gate.run("tc", "qdisc", "del", "dev", device, "root",
                        check=False)
        assert "tbf 77:" in shown, shown


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_policing_beside_a_foreign_qdisc(stadttor, foreign_qdiscs, phones,
                                         down):
    """85 to 105 % without touching it, and one warning for each device."""
    stadttor.start(guest=CAP)
    tap_all(phones)
    full = 5 * MBIT if down else MBIT
    got = shares(measure(phones, down, seconds=7, settle=3), full)
    assert all(0.85 <= share <= 1.05 for share in got), got
    assert stadttor.status()["zones"][0]["shaping"] == "policed"
    for device in foreign_qdiscs:
        assert len(stadttor.warnings(f"warning.*{device}")) == 1
