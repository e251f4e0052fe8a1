# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 and restart at any moment: nobody inside notices, nobody gets in."""
import contextlib
import random
import socket
import threading
import time

import ipc
import lab
import packets
import pytest
import shaped
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4, V6

CAP = {"rate_down": "20mbit", "rate_up": "20mbit"}
programs = pytest.mark.parametrize(
    "victims", [(NETCTL,), (PORTAL,), (NETCTL, PORTAL)],
    ids=["netctl", "portal", "both"])


@contextlib.contextmanager
def nobody_gets_in(street, outsider):
    """An outsider knocks all the time; nothing of it reaches the internet."""
    stop = threading.Event()

    def knock():
        while not stop.is_set():
            for family in FAMILIES:
                with outsider.socket(family, socket.SOCK_DGRAM) as s:
                    with contextlib.suppress(OSError):
                        s.sendto(b"let me in", (traffic.web(family), 4500))
            time.sleep(0.003)

    knocker = threading.Thread(target=knock)
    with packets.Capture(street.internet) as capture:
        knocker.start()
        try:
            yield
        finally:
            stop.set()
            knocker.join()
        assert [p for p in capture.packets() if p.port == 4500] == []


def figures(stadttor):
    """What must not jump back: bytes by device, and who is there."""
    return {s["handle"]: s for s in stadttor.sessions()}


@programs
@pytest.mark.parametrize("options", [{}, CAP], ids=["uncapped", "capped"])
def test_restart(stadttor, street, phones, victims, options):
    stadttor.start(guest={**options, "duration": "1h"})
    inside, outside = phones[:2]
    assert traffic.tap(inside).status == 303
    with traffic.Transfer(inside) as down:
        down.wait_moving(1_000_000)
    lab.wait_until(lambda: stadttor.sessions()[0]["down_bytes"] > 1_000_000,
                   say="the counter stands still")
    for device in ("br-guest", "wan0"):
        shaped.wait_empty(street.gate, device)
    before = stadttor.session_of(inside)
    with nobody_gets_in(street, outside), \
            traffic.NumberedFlow(inside, V4) as flow4, \
            traffic.NumberedFlow(inside, V6) as flow6:
        for _ in range(3):
            flow4.progress()
            stadttor.kill(*victims)
            flow4.progress()
            flow6.progress()
            for victim in victims:
                stadttor.start_one(victim)
            stadttor.wait_ready()
            flow6.progress()
        assert (flow4.finish(), flow6.finish()) == (0, 0)
        assert flow4.refused == flow6.refused == 0
    after = stadttor.session_of(inside)
    for key in ("down_bytes", "up_bytes", "age_s"):
        assert after[key] >= before[key], key
    assert after["left_s"] <= before["left_s"]
    assert len(stadttor.sessions()) == 1
    assert traffic.tap(outside).status == 303
    assert traffic.is_online(outside, V6)


def test_killed_while_starting(stadttor, street, phones):
    """The start itself may be cut off anywhere."""
    stadttor.start(guest=CAP)
    inside, outside = phones[:2]
    assert traffic.tap(inside).status == 303
    rng = random.Random(1)
    with nobody_gets_in(street, outside), \
            traffic.NumberedFlow(inside) as flow:
        for _ in range(15):
            stadttor.kill(NETCTL)
            stadttor.start_one(NETCTL)
            time.sleep(rng.uniform(0, 0.06))
        stadttor.restart(NETCTL)
        stadttor.wait_ready()
        flow.progress()
        assert flow.finish() == 0
    assert len(stadttor.sessions()) == 1


def test_shaping_survives(stadttor, street, phones):
    """An adopted session keeps its cap."""
    stadttor.start(guest={"rate_down": "8mbit"})
    assert traffic.tap(phones[0]).status == 303
    with traffic.Transfer(phones[0]) as down:
        stadttor.restart()
        stadttor.wait_ready()
        got = shaped.lanes(street, True, 1, 8e6, seconds=2)
        assert shaped.is_kept(got), got
        stadttor.kill()
        got = shaped.lanes(street, True, 1, 8e6, seconds=2)
        assert shaped.is_kept(got), got
        down.wait_moving()


class Tapping:
    """All phones of a crowd tap, a few at a time, each until it is in."""

    def __init__(self, crowd, tap, workers=4):
        self.waiting = list(crowd)
        self.granted = []
        self.deadline = time.monotonic() + 240
        self.tap = tap
        self.threads = [threading.Thread(target=self._run)
                        for _ in range(workers)]

    def _run(self):
        while time.monotonic() < self.deadline:
            try:
                phone = self.waiting.pop()
            except IndexError:
                return
            try:
                ok = self.tap(phone)
            except (OSError, ValueError, EOFError):
                ok = False
            if ok:
                self.granted.append(phone)
            else:
                self.waiting.insert(0, phone)
            time.sleep(0.01)  # leaves time for several kills

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        for thread in self.threads:
            thread.join()


def by_http(phone):
    return traffic.tap(phone).status == 303


def by_ipc(stadttor):
    def grant(phone):
        traffic.ping(phone, phone.network.gate4, 0.5)
        with ipc.Peer(stadttor.socket) as peer:
            return peer.ask(ipc.grant(phone.ip4)).error == 0
    return grant


@pytest.mark.parametrize("how", ["http", "ipc"])
def test_in_the_middle_of_200_grants(stadttor, street, phones, crowd, how):
    stadttor.start(guest=CAP, portal={"max_connections": 4096})
    veteran, outside = phones[:2]
    assert traffic.tap(veteran).status == 303
    rng = random.Random(7)
    tap = by_http if how == "http" else by_ipc(stadttor)
    kills = 0
    with nobody_gets_in(street, outside), \
            traffic.NumberedFlow(veteran) as flow:
        with Tapping(crowd, tap) as tapping:
            while len(tapping.granted) < len(crowd) and \
                    time.monotonic() < tapping.deadline:
                time.sleep(rng.uniform(0.01, 0.1))
                if kills < 8:
                    stadttor.restart(rng.choice([NETCTL, PORTAL])
                                     if how == "http" else NETCTL)
                    kills += 1
        assert len(tapping.granted) == len(crowd)
        stadttor.wait_ready()
        assert flow.finish() == 0
    assert kills >= 2
    for family in FAMILIES:
        assert traffic.open_addresses(crowd, family) == set(crowd)
    assert len(stadttor.sessions()) == len(crowd) + 1
    assert len(figures(stadttor)) == len(crowd) + 1
    text = str(stadttor.sessions(True)).lower()
    assert [p.mac for p in crowd if text.count(p.mac) == 0] == []
    stadttor.revoke("--all")
    assert traffic.open_addresses(crowd, wait=0.5) == set()


def test_portal_tells_kindly_while_netctl_is_away(stadttor, phones):
    """No false promise; and the next tap works without a restart."""
    stadttor.start()
    stadttor.kill(NETCTL)
    reply = lab.wait_until(lambda: traffic.tap(phones[0]))
    assert reply.status == 503
    stadttor.start_one(NETCTL)
    lab.wait_until(lambda: traffic.tap(phones[0]).status == 303, 10,
                   say="the portal did not find netctl again")
    assert traffic.is_online(phones[0])


def test_sigterm_keeps_the_gate(stadttor, street, phones):
    """on_stop keep: who is in stays, who is out stays out."""
    stadttor.start(guest=CAP)
    inside, outside = phones[:2]
    assert traffic.tap(inside).status == 303
    with nobody_gets_in(street, outside), \
            traffic.NumberedFlow(inside) as flow:
        stadttor.terminate()
        flow.progress(50)
        stadttor.start_one(NETCTL)
        stadttor.start_one(PORTAL)
        stadttor.wait_ready()
        assert flow.finish() == 0
    assert len(stadttor.sessions()) == 1


def test_sigterm_removes_the_gate(stadttor, street, phones):
    stadttor.start(guest=CAP, gate={"on_stop": "remove"})
    assert traffic.tap(phones[0]).status == 303
    stadttor.terminate()
    assert "stadttor" not in street.gate.run("nft", "list", "tables").stdout
    for device in ("br-guest", "wan0"):
        assert "htb" not in street.gate.run("tc", "qdisc", "show", "dev",
                                            device).stdout
