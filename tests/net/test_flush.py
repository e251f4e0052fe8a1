# SPDX-License-Identifier: GPL-3.0-or-later
"""A stranger pulls the rules out from under the gate.

netctl's clock goes so slowly that its next look at the counters, and all else
that it would wait a second for, is further away than any patience: what is put
back meanwhile, it has heard of, and has not waited.
"""
import os
import re
import subprocess

import lab
import pytest
import test_guard
import traffic
from gate import NETCTL
from traffic import FAMILIES, V4, V6

DEEDS = {
    "ruleset": ["flush ruleset"],
    "netdev table": ["delete table netdev stadttor"],
    "inet table": ["delete table inet stadttor"],
    "both tables": ["delete table netdev stadttor",
                    "delete table inet stadttor"],
    "forward chain": ["flush chain inet stadttor forward"],
    "networks": ["flush set inet stadttor special6"],
    "one network": ["delete element inet stadttor special4 { 10.0.0.0/8 }"],
    "inet sleeps": ["add table inet stadttor { flags dormant; }"],
    "netdev sleeps": ["add table netdev stadttor { flags dormant; }"],
    "ingress chain": ["flush chain netdev stadttor ingress_guest"],
}


SLOWER = 50
assert SLOWER > 5 * lab.PATIENCE


@pytest.mark.parametrize("deed", DEEDS)
def test_stranger(stadttor, street, phones, deed):
    stadttor.drive_clock(SLOWER)
    stadttor.start(guest={"rate_down": "20mbit", "duration": "1h"})
    inside, outside = phones[:2]
    assert traffic.tap(inside).status == 303
    traffic.wait_online(inside, V6)
    before = stadttor.session_of(inside)
    street.gate.nft("\n".join(DEEDS[deed]) + "\n")
    for family in FAMILIES:
        traffic.wait_shut(outside, family)
        traffic.wait_online(inside, family)
    stadttor.wait_log("put back|reinstall|restor|removed")
    after = stadttor.session_of(inside)
    assert after["left_s"] <= before["left_s"]
    assert after["left_s"] > 3500
    assert after["handle"] == before["handle"]
    assert stadttor.status()["reinstalled"] >= 1


def test_flushed_map(stadttor, street, phones):
    """Elements that vanish are noticed when the counters are next read."""
    stadttor.start(guest={"rate_down": "20mbit"})
    assert traffic.tap(phones[0]).status == 303
    before = stadttor.session_of(phones[0])
    street.gate.nft("flush map netdev stadttor up_guest\n")
    for family in FAMILIES:
        traffic.wait_online(phones[0], family, 10)
        assert traffic.is_shut(phones[1], family)
    assert stadttor.session_of(phones[0])["handle"] == before["handle"]
    assert len(stadttor.warnings("missing|put back")) == 1


def test_hundreds_are_restored_within_a_second(stadttor, street, phones,
                                               crowd):
    """Of netctl's work: how long that takes depends on who else works."""
    stadttor.drive_clock(SLOWER)
    stadttor.start(guest={"rate_down": "20mbit"},
                   portal={"max_connections": 4096})
    for phone in crowd:
        assert traffic.tap(phone).status == 303
    before = stadttor.worked(NETCTL)
    street.gate.nft("flush ruleset\n")
    traffic.wait_shut(phones[0], V4)  # without rules everybody is open
    for family in FAMILIES:
        lab.wait_until(lambda: traffic.open_addresses(crowd, family)
                       == set(crowd), say="not everybody was restored")
    assert stadttor.worked(NETCTL) - before < 1
    assert len(stadttor.sessions()) == len(crowd)


def test_flush_while_netctl_is_dead(stadttor, street, phones):
    """Nothing can close the gate then; the next start does."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    stadttor.kill(NETCTL)
    street.gate.nft("flush ruleset\n")
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    traffic.wait_shut(phones[1])
    assert traffic.is_shut(phones[1], V6)


def test_again_and_again(stadttor, street, phones):
    stadttor.drive_clock(SLOWER)
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    for _ in range(10):
        street.gate.nft("flush ruleset\n")
        traffic.wait_online(phones[0])
        traffic.wait_shut(phones[1])
    assert len(stadttor.sessions()) == 1


def test_other_tables_are_left_alone(stadttor, street, phones):
    """The gate's own work does not touch anybody else's rules."""
    table = "table inet firewall { chain c { counter comment \"mine\"; }\n}\n"
    street.gate.nft(table)
    stadttor.start(gate={"on_stop": "remove"})
    assert traffic.tap(phones[0]).status == 303
    street.gate.nft("delete table inet stadttor\n")
    traffic.wait_online(phones[0])
    stadttor.terminate()
    assert "mine" in street.gate.run("nft", "list", "ruleset").stdout


def test_between_the_rules_and_a_look_at_them(stadttor, street, phones):
    """Flushed while netctl makes sure that they are there: each of its messages
    waits 0.3 s, so that this moment is a long one."""
    stadttor.start()
    strace = subprocess.Popen(
        ["strace", "-qq", "-o", os.devnull, "-e", "trace=sendto", "-e",
         "inject=sendto:delay_enter=300000", "-p",
         str(stadttor.process[NETCTL].pid)])
    try:
        lab.wait_until(lambda: traced(stadttor.process[NETCTL].pid))
        street.gate.nft("flush ruleset\n")
        lab.wait_until(lambda: tables(street))
        street.gate.nft("flush ruleset\n")
        lab.wait_until(lambda: len(tables(street)) == 2)
        lab.wait_until(lambda: traffic.is_shut(phones[0]))
    finally:
        strace.terminate()
        strace.wait()


def traced(pid):
    with open(f"/proc/{pid}/status") as status:
        return "TracerPid:\t0\n" not in status.read()


def tables(street):
    return street.gate.run("nft", "list", "tables").stdout.splitlines()


# What nobody counts: as many rules as before, and networks that are left.
UNSEEN = {
    "one network": lambda gate: "delete element inet stadttor special4"
                                " { 10.0.0.0/8 }",
    "another rule": lambda gate: "replace rule inet stadttor from_guest handle"
                                 f" {handle(gate, 'from_guest')} accept",
}


def handle(gate, chain):
    """Of its last rule."""
    shown = gate.run("nft", "-a", "list", "chain", "inet", "stadttor", chain)
    return re.findall(r"# handle (\d+)", shown.stdout)[-1]


@pytest.mark.parametrize("deed", UNSEEN)
def test_between_the_rules_and_the_look_at_them(stadttor, street, phones,
                                                deed):
    """netctl is stopped there: what it finds then is not its own."""
    def watched():
        return [street.gate.run("nft", "list", *what).stdout for what in (
            ("chain", "inet", "stadttor", "from_guest"),
            ("set", "inet", "stadttor", "special4"))]
    stadttor.configure()
    with test_guard.stopped_at_its_look(stadttor):
        before = watched()
        street.gate.nft(UNSEEN[deed](street.gate) + "\n")
        assert watched() != before
    lab.wait_until(lambda: watched() == before)
    lab.wait_until(stadttor.netctl_answers)
    assert stadttor.status()["reinstalled"] == 0  # by itself, and in one go
