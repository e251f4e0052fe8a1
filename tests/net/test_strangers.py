# SPDX-License-Identifier: GPL-3.0-or-later
"""Others with root change what is ours while netctl runs, or looks away."""
import signal

import lab
import shaped
import traffic
from gate import NETCTL

CAP = {"rate_down": "5mbit", "rate_up": "5mbit"}
V4, V6 = traffic.V4, traffic.V6


def tap_all(phones):
    for phone in phones:
        assert traffic.tap(phone).status == 303


def elements(street, name):
    """MAC to its line of a map of the guests."""
    shown = street.gate.run("nft", "list", "map", "netdev", "stadttor",
                            f"{name}_guest").stdout
    return {p.mac: line for line in shown.replace(", ", "\n").splitlines()
            for p in street.phones if p.mac in line}


def classes(street, device):
    return street.gate.run("tc", "class", "show", "dev",
                           device).stdout.count("class htb")


def still_three(stadttor, phones):
    """Closed for the fourth again, and open for those who are in."""
    traffic.wait_shut(phones[3], V4, 2)
    for phone in phones[:3]:
        traffic.wait_online(phone, V4, 2)
    assert len(stadttor.sessions()) == 3


def test_flush_while_netctl_sleeps(stadttor, street, phones):
    """A poll finds the maps gone before the news of it is read."""
    stadttor.drive_clock()
    stadttor.start(guest={**CAP, "quota": "1GB"})
    tap_all(phones[:3])
    netctl = stadttor.process[NETCTL]
    netctl.send_signal(signal.SIGSTOP)
    street.gate.nft("flush ruleset\n")
    stadttor.advance(2)
    netctl.send_signal(signal.SIGCONT)
    still_three(stadttor, phones)


def test_flushes_at_any_moment(stadttor, street, phones):
    """Of the second from one look at the counters to the next."""
    stadttor.drive_clock()
    stadttor.start(guest={**CAP, "quota": "1GB"})
    tap_all(phones[:3])
    for number in range(12):
        stadttor.advance(0.083 * number)
        street.gate.nft("flush ruleset\n")
        still_three(stadttor, phones)


def test_half_of_a_session_is_missing(stadttor, street, phones):
    stadttor.start(guest=CAP)
    tap_all(phones[:2])
    street.gate.nft("flush map netdev stadttor down_guest\n")
    lab.wait_until(lambda: len(elements(street, "down")) == 2, 8,
                   say="the elements were not put back")
    street.gate.nft("flush map netdev stadttor down_guest\n")
    stadttor.revoke(phones[0].ip4)
    assert phones[0].mac not in elements(street, "up")
    assert traffic.is_shut(phones[0])


def test_root_qdisc_is_taken_away(stadttor, street, phones):
    stadttor.start(guest=CAP)
    tap_all(phones[:1])
    street.gate.run("tc", "qdisc", "del", "dev", "br-guest", "root")
    lab.wait_until(lambda: classes(street, "br-guest") > 0, 3,
                   say="the root did not come back")
    with traffic.Transfer(phones[0]):
        got = shaped.lanes(street, True, 1, 5e6, seconds=2)
    assert shaped.is_kept(got), got
    assert len(stadttor.warnings("root qdisc")) == 1


def test_mark_moves_between_two_starts(stadttor, street, phones):
    """Nobody shares a class with somebody else afterwards."""
    stadttor.start(guest=CAP)
    tap_all(phones[:1])
    stadttor.kill(NETCTL)
    stadttor.configure(guest=CAP, gate={"mark_shift": 8})
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers, 10, say="netctl is not ready")
    lab.wait_until(lambda: traffic.tap(phones[1]).status == 303, 5,
                   say="the portal did not find netctl")
    down = elements(street, "down")
    found = {line.split(" : ")[1] for line in down.values()}
    assert len(down) == len(found) == 2, down
    for phone in phones[:2]:
        traffic.wait_online(phone, V4, 2)


def test_a_zone_before_ours_goes(stadttor, street, phones):
    """Classes stay with their zone, and no more are made than needed."""
    stadttor.drive_clock()
    stadttor.start(guest=CAP, staff=CAP)
    tap_all(phones[:2])
    config = open(stadttor.config).read()
    guest, staff = config.index("config zone 'guest'"), config.index(
        "config zone 'staff'")
    portal = config.index("config portal")
    head, tail = config[:min(guest, staff)], config[portal:]
    ours, theirs = config[guest:staff], config[staff:portal]
    for zones in (theirs + ours, ours):
        stadttor.write(head + zones + tail)
        since = len(stadttor.log())
        stadttor.reload()
        stadttor.wait_log("config reloaded", since=since)
    stadttor.revoke("--all")
    tap_all(phones[:3])
    for _ in range(10):  # they are made ahead, some at a time
        stadttor.jump(1)
    assert classes(street, "br-guest") < 200
    for phone in phones[:3]:
        assert traffic.is_online(phone)
