# SPDX-License-Identifier: GPL-3.0-or-later
"""Software flow tables: the gate's own, somebody else's on the uplink and the
guests' device, as OpenWrt's firewall makes one, and both. Flows that they carry
are shaped, counted and ended like all others."""

import time

import lab
import pytest
import test_shaping
import traffic
from traffic import FAMILIES, V4, V6

# The cap must hold; what the emulated machine gets through varies.
FLOOR = 0.9
CAP = {"rate_down": "5mbit", "rate_up": "1mbit"}
LEAF_BYTES = 300 * 1514  # fq_codel's limit
FULL = {True: 5_000_000, False: 1_000_000}
FW4 = """
table inet fw4 {
	flowtable ft {
		hook ingress priority 0
		devices = { "br-guest", "wan0" }
		counter
	}
	chain forward {
		type filter hook forward priority filter
		meta l4proto { tcp, udp } flow add @ft
	}
}
"""
directions = pytest.mark.parametrize("down", [True, False],
                                     ids=["down", "up"])


WHOSE = {"own": (1, ""), "theirs": (0, FW4), "both": (1, FW4)}


@pytest.fixture(params=["own", "theirs"])
def flow_table(street, request):
    """Puts it there, and removes it again unless the test has done so. What
    the config says of the gate's own."""
    own, theirs = WHOSE[request.param]
    street.gate.nft(theirs)
    yield {"flow_table": own}
    if theirs:
        street.gate.run("nft", "delete", "table", "inet", "fw4", check=False)


all_tables = pytest.mark.parametrize("flow_table", WHOSE, indirect=True)


def offloaded(street, family):
    """Connections that the flow table carries right now."""
    shown = street.gate.run("conntrack", "-L", "-f",
                            "ipv4" if family == V4 else "ipv6").stdout
    return [line for line in shown.splitlines()
            if "[OFFLOAD]" in line]


def wait_offloaded(street, family):
    return lab.wait_until(lambda: offloaded(street, family), 10, 0.1,
                          "no connection went into the flow table")


@directions
def test_caps(stadttor, street, phones, flow_table, down, say):
    stadttor.start(guest=CAP, gate=flow_table)
    test_shaping.tap_all(phones)

    def is_kept(rates):
        return all(FLOOR <= share <= 1.0
                   for share in test_shaping.shares(rates, FULL[down]))
    with traffic.Transfer(phones[0], V4, down), \
            traffic.Transfer(phones[2], V6, down):
        for family in FAMILIES:
            wait_offloaded(street, family)
    got = test_shaping.measure(phones, down, seconds=30)
    say(f"offloaded, goodput of the cap {'down' if down else 'up'}: "
        f"{test_shaping.shares(got, FULL[down])}")
    assert is_kept(got)


def counted(stadttor, phone, key):
    return stadttor.session_of(phone)[key]


@directions
@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
def test_counters(stadttor, street, phones, flow_table, family, down, say):
    """What the session says is what came through: payload, headers, what was
    sent twice, and what still waits in the leaf."""
    stadttor.start(guest=CAP, gate=flow_table)
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    key = "down_bytes" if down else "up_bytes"
    before = counted(stadttor, phone, key)
    with traffic.Transfer(phone, family, down) as transfer:
        wait_offloaded(street, family)
        transfer.wait_moving(6_000_000 if down else 2_000_000, 40)
        moved = transfer.moved()
        # netctl reads the kernel's counters when it is asked
        said = counted(stadttor, phone, key) - before
    say(f"offloaded {'down' if down else 'up'}, IPv"
        f"{4 if family == V4 else 6}: counted {said / moved:.3f} of the "
        "payload")
    assert moved < said < 1.10 * moved + LEAF_BYTES


@all_tables
@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
def test_revoked_at_once(stadttor, street, phones, flow_table, family, say):
    stadttor.start(guest=CAP, gate=flow_table)
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    with traffic.Transfer(phone, family) as transfer:
        wait_offloaded(street, family)
        transfer.wait_moving()
        stadttor.revoke(phone.ip4)
        at_once = transfer.moved()
        time.sleep(0.5)  # what the queues held may still come
        drained = transfer.moved()
        time.sleep(3)
        late = transfer.moved() - drained
        say(f"bytes after revoking, IPv{4 if family == V4 else 6}: "
            f"{drained - at_once} within 0.5 s, {late} later")
        assert late == 0
        assert offloaded(street, family) == []
    assert traffic.is_shut(phone, V4) and traffic.is_shut(phone, V6)


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_nothing_after_the_end(stadttor, street, phones, flow_table, down):
    """The kernel shuts an offloaded flow at the session's end."""
    stadttor.start(guest={**CAP, "duration": "20s"}, gate=flow_table)
    phone = phones[0]
    assert traffic.tap(phone).status == 303
    with traffic.Transfer(phone, V4, down) as transfer:
        wait_offloaded(street, V4)
        transfer.wait_moving()
        lab.wait_until(lambda: not stadttor.sessions(), 90)
        time.sleep(1)
        before = transfer.moved()
        time.sleep(3)
        assert transfer.moved() == before
        assert offloaded(street, V4) == []
    assert stadttor.sessions() == []


@pytest.mark.parametrize("flow_table", ["theirs"], indirect=True)
@directions
@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
def test_ended_while_nobody_ran(stadttor, street, phones, flow_table, family,
                                down):
    """What somebody else's table still carries then ends when netctl is back;
    who is in goes on. Of the gate's own: test_offload.py."""
    stadttor.start(guest={**CAP, "duration": "40s"}, gate=flow_table)
    goes, stays = phones[0], phones[2]
    assert traffic.tap(goes).status == 303
    with traffic.Transfer(goes, family, down) as going:
        wait_offloaded(street, family)
        going.wait_moving()
        time.sleep(15)
        assert traffic.tap(stays).status == 303
        with traffic.Transfer(stays, family, down) as staying:
            lab.wait_until(lambda: len(offloaded(street, family)) == 2, 10)
            stadttor.kill()
            time.sleep(30)
            stadttor.start_one("stadttor-netctl")
            lab.wait_until(stadttor.netctl_answers)
            time.sleep(1)
            before = going.moved()
            staying.wait_moving()
            time.sleep(3)
            assert going.moved() == before
            assert len(offloaded(street, family)) == 1


@pytest.mark.parametrize("flow_table", ["theirs", "both"], indirect=True)
def test_comes_and_goes(stadttor, street, phones, flow_table):
    """A flow goes on, capped and counted, when the table is taken away from
    under it, and when it comes back."""
    stadttor.start(guest=CAP, gate=flow_table)
    phone = phones[0]
    assert traffic.tap(phone).status == 303

    def is_right(transfer, down):
        key = "down_bytes" if down else "up_bytes"
        start = counted(stadttor, phone, key), transfer.moved()
        share = test_shaping.shares(
            traffic.goodput([transfer], 5, settle=0), FULL[down])[0]
        end = counted(stadttor, phone, key), transfer.moved()
        ratio = (end[0] - start[0]) / (end[1] - start[1])
        return share, ratio

    with traffic.Transfer(phone, V4, down=False) as up:
        wait_offloaded(street, V4)
        seen = [is_right(up, False)]
        street.gate.nft("delete table inet fw4\n")
        stadttor.wait_log("flow tables disappeared", seconds=10)
        time.sleep(2)
        assert bool(offloaded(street, V4)) == flow_table["flow_table"]
        seen.append(is_right(up, False))
        street.gate.nft(FW4)
        stadttor.wait_log("flow tables appeared", seconds=10)
        wait_offloaded(street, V4)
        seen.append(is_right(up, False))
    assert all(0.9 <= share <= 1.05 and 0.95 < ratio < 1.12
               for share, ratio in seen), seen
    assert "stays closed until" not in stadttor.log()
