# SPDX-License-Identifier: GPL-3.0-or-later
"""fq_codel in the leaves: a device's download does not hold up what else it
does, and caps are kept as with plain queues."""
import json
import statistics
import time

import pytest
import test_shaping
import traffic
from gate import NETCTL
from traffic import V4, V6

CAP_BPS = 5_000_000
# The cap must hold; what the emulated machine gets through varies.
FLOOR = 0.9
CAP = {"rate_down": "5mbit", "rate_up": "1mbit"}
# Five targets of CoDel (5 ms each) and a turn of the machine, which is slow.
CALM_S = 0.040


def leaves(street, device):
    """The queues below HTB's classes there: kind, options, class."""
    shown = street.gate.run("tc", "-json", "qdisc", "show", "dev", device)
    return [q for q in json.loads(shown.stdout) if q.get("parent")]


def round_trip(phone, family, count=30):
    """Median and 90th percentile of echoes beside what else goes on; one that
    is lost took as long as it was waited for."""
    took = []
    for _ in range(count):
        took.append(traffic.timed(traffic.udp_echo, phone,
                                  traffic.web(family))[1])
        time.sleep(0.1)
    return statistics.median(took), statistics.quantiles(took, n=10)[8]


@pytest.mark.parametrize("device", ["br-guest", "wan0"])
def test_leaves_are_as_designed(stadttor, street, phones, device):
    """Also those that a new netctl finds and adds to."""
    stadttor.start(guest=CAP)
    assert traffic.tap(phones[0]).status == 303
    before = len(leaves(street, device))
    stadttor.restart(NETCTL)
    stadttor.wait_ready()
    assert traffic.tap(phones[1]).status == 303
    found = leaves(street, device)
    assert len(found) > before > 0
    for leaf in found:
        assert leaf["kind"] == "fq_codel"
        assert leaf["options"]["limit"] == 300
        assert leaf["options"]["flows"] == 64


def use_plain_queues(street, device):
    """What a kernel without fq_codel would get: 150 ms at the cap."""
    for leaf in leaves(street, device):
        street.gate.run("tc", "qdisc", "replace", "dev", device, "parent",
                        leaf["parent"], "pfifo", "limit",
                        str(CAP_BPS * 150 // 1000 // (1514 * 8)))


@pytest.mark.parametrize("family", [V4, V6], ids=["ipv4", "ipv6"])
def test_download_does_not_hold_up_the_rest(stadttor, street, phones, family,
                                            say):
    stadttor.start(guest=CAP)
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    alone, _ = round_trip(phone, family)
    with traffic.Transfer(phone, family, flows=4):
        time.sleep(3)
        fair, late = round_trip(phone, family)
        use_plain_queues(street, "br-guest")
        time.sleep(3)
        plain, _ = round_trip(phone, family)
    say(f"echo beside four downloads: {alone * 1e3:.1f} ms alone, "
        f"{fair * 1e3:.1f} ms (90 %: {late * 1e3:.1f}) with fq_codel, "
        f"{plain * 1e3:.1f} ms with pfifo")
    assert fair < alone + CALM_S
    assert fair < plain / 2


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_caps(stadttor, phones, down, say):
    """As tests/net/test_shaping.py, both families, one flow and eight."""
    stadttor.start(guest=CAP)
    test_shaping.tap_all(phones)
    full = CAP_BPS if down else 1_000_000

    def is_kept(rates):
        return all(FLOOR <= share <= 1.0
                   for share in test_shaping.shares(rates, full))
    got = test_shaping.measure(phones, down, seconds=30)
    say(f"goodput of the cap {'down' if down else 'up'}: "
        f"{test_shaping.shares(got, full)}")
    assert is_kept(got)
