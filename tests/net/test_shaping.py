# SPDX-License-Identifier: GPL-3.0-or-later
"""Caps and fair shares of real TCP connections (CUBIC), as shaped.py counts."""
import contextlib
import re
import time

import lab
import pytest
import shaped
import traffic
from traffic import V4, V6

MBIT = 1_000_000
CAP = {"rate_down": "5mbit", "rate_up": "1mbit"}
# Four phones side by side: each has a cap of its own, so they do not meet.
MIX = [(V4, 1), (V4, 8), (V6, 1), (V6, 8)]


def tap_all(phones):
    for phone in phones:
        assert traffic.tap(phone).status == 303


@contextlib.contextmanager
def transfers(phones, down=True, mix=MIX):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(traffic.Transfer(phone, family, down, flows))
               for phone, (family, flows) in zip(phones, mix)]


def measure(phones, down=True, mix=MIX, seconds=10.0, settle=5):
    """The goodput of each phone, all at once."""
    with transfers(phones, down, mix) as found:
        return traffic.goodput(found, seconds, settle)


def shares(rates, full):
    return [round(rate / full, 3) for rate in rates]


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_cap_per_device(stadttor, street, phones, down):
    """Both families, one flow and eight."""
    stadttor.start(guest=CAP)
    tap_all(phones)
    full = 5 * MBIT if down else MBIT
    with transfers(phones, down) as found:
        got = shaped.lanes(street, down, 4, full)
        for transfer in found:
            transfer.wait_moving(50_000, 30)
    assert shaped.is_kept(got), got
    zone = stadttor.status()["zones"][0]
    assert (zone["shaping"], zone["sessions"]) == ("htb", 4)


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_two_devices_share_a_link(stadttor, street, phones, down):
    """45 to 55 % each, though one opens eight connections."""
    link = {"bandwidth": "10mbit"}
    stadttor.start(guest={"rate_down": "9mbit", "rate_up": "9mbit",
                          **(link if down else {})},
                   uplink={} if down else link)
    tap_all(phones[:2])
    with transfers(phones[:2], down, [(V4, 1), (V6, 8)]), shaped.Classes(
            street.gate, "br-guest" if down else "wan0") as classes:
        both = shaped.busy(classes, 2, 10 * MBIT, 4, together=True)
    assert len(both) == 2
    whole = sum(s.bytes for s in both)
    got = [round(s.bytes / whole, 3) for s in both]
    assert all(0.45 <= share <= 0.55 for share in got), got
    assert sum(s.least for s in both) < 1.02 * 10 * MBIT
    assert sum(s.most for s in both) > 0.8 * 10 * MBIT


def test_idle_link_gives_the_cap(stadttor, street, phones):
    """Alone on the link a device gets its cap, not its share."""
    stadttor.start(guest={"rate_down": "8mbit", "bandwidth": "10mbit"})
    tap_all(phones)
    with transfers(phones[:1]):
        got = shaped.lanes(street, True, 1, 8 * MBIT)
    assert shaped.is_kept(got), got


def test_unlimited_is_not_slowed(stadttor, street, phones):
    """Beside a capped device, a device without cap waits in no class: once the
    capped one is silent, none counts what the other moves. How fast that is,
    `make bench` measures against plain forwarding."""
    stadttor.start(guest={"rate_down": "0", "rate_up": "0"})
    traffic.ping(phones[1], phones[1].network.gate4)
    stadttor.grant(phones[1].ip4, "--down", "5mbit", "--up", "1mbit")
    tap_all(phones[:1])
    for down, cap in ((True, 5 * MBIT), (False, MBIT)):
        device = "br-guest" if down else "wan0"
        with traffic.Transfer(phones[0], V4, down) as free, \
                shaped.Classes(street.gate, device) as classes:
            with traffic.Transfer(phones[1], V4, down):
                got = [shaped.lane(s, cap)
                       for s in shaped.busy(classes, 1, cap, 3)]
            shaped.wait_empty(street.gate, device)
            before = classes.read()
            free.wait_moving(10_000_000, 30)
            after = classes.read()
        assert shaped.is_kept(got), (down, got)
        assert before.keys() == after.keys()
        assert sum(s.bytes - before[h].bytes
                   for h, s in after.items()) < 100_000


def test_operators_rates_apply(stadttor, street, phones):
    stadttor.start(guest=CAP)
    traffic.ping(phones[0], phones[0].network.gate4)
    stadttor.grant(phones[0].ip4, "--down", "12mbit", "--up", "3mbit")
    for down, rate in ((True, 12 * MBIT), (False, 3 * MBIT)):
        with transfers(phones[:1], down, [(V6, 1)]):
            got = shaped.lanes(street, down, 1, rate, seconds=3)
        assert shaped.is_kept(got), (down, got)


@pytest.fixture
def foreign_qdiscs(street):
    """Somebody else shapes both devices already."""
    devices = ("br-guest", "wan0")
    for device in devices:
        street.gate.run("tc", "qdisc", "add", "dev", device, "root", "handle",
                        "77:", "tbf", "rate", "500mbit", "burst", "256kb",
                        "latency", "50ms")
    yield devices
    shown = [street.gate.run("tc", "qdisc", "show", "dev", device).stdout
             for device in devices]
    for device in devices:
        street.gate.run("tc", "qdisc", "del", "dev", device, "root",
                        check=False)
    assert all("tbf 77:" in one for one in shown), shown


def policed(transfers, full):
    """The shares of the cap while three seconds' worth of it move, less the
    second that the bucket may hold at first."""
    found = []
    for transfer in transfers:
        transfer.wait_moving(full // 8, 30)
    before = [(time.monotonic(), t.moved()) for t in transfers]
    for transfer, (begin, moved) in zip(transfers, before):
        lab.wait_until(lambda: transfer.moved() > moved + 3 * full / 8, 30)
        more = transfer.moved() - moved - full / 8
        found.append(round(more * 8 / full / (time.monotonic() - begin), 3))
    return found


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_policing_beside_a_foreign_qdisc(stadttor, street, foreign_qdiscs,
                                         phones, down):
    """The cap, less what a bucket of a second adds to it, without touching it,
    and one warning for each device."""
    stadttor.start(guest=CAP)
    tap_all(phones)
    full = 5 * MBIT if down else MBIT
    with transfers(phones, down) as found:
        got = policed(found, full)
    assert all(share <= 1.05 for share in got), got
    listed = street.gate.run("nft", "list", "set", "netdev", "stadttor",
                             f"cap_{'down' if down else 'up'}_guest").stdout
    limits = re.findall(r"limit rate over (\d+) bytes/second", listed)
    assert [round(int(n) * 8 / full, 3) for n in limits] == 4 * [0.94], listed
    assert stadttor.status()["zones"][0]["shaping"] == "policed"
    for device in foreign_qdiscs:
        assert len(stadttor.warnings(f"warning.*{device}")) == 1
