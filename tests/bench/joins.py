# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones of a city that come to a box: from the first frame to the grant, and
whether their first connection meets the portal. A row of run.

Each asks for the gateway's MAC, and connects two milliseconds after that: less
than DHCP, with which a phone begins, takes over any radio.
"""
import os
import select
import socket
import statistics
import time

import lane as lanes

import city
import gate
import ipc
import lab

COUNT = 1000
NFTABLES = 1 << 6  # NFNLGRP_NFTABLES
P50_S, P99_S, MET = 0.001, 0.005, 0.01
GAP_S = 0.002


def start(bench):
    """netctl alone, which knows them all; the portal's place is taken."""
    bench.stop()
    bench.stadttor = s = gate.Stadttor(bench.ours)
    folder = os.path.join(s.folder, "city")
    keys = city.Keys(city.day_of(time.time()) - 1)
    keys.write(folder, gate.USER[gate.NETCTL])
    s.configure(guest={"idle": "0", "max_sessions": 2 * COUNT},
                gate={"on_stop": "remove"}, portal={"network": "Stadt"})
    with open(s.config, "a") as file:
        file.write(gate.section("city", None, {"folder": folder}))
    s.options = []
    s.start_one(gate.NETCTL)
    lab.wait_until(s.netctl_answers, 10)
    return keys.of(keys.day + 1)


def feed(bench, keys, first):
    with ipc.Peer(bench.stadttor.socket) as peer:
        for at in range(first, first + COUNT, 32):
            records = [keys.record(lanes.mac(n))
                       for n in range(at, min(at + 32, first + COUNT))]
            if peer.feed(*records) != (0, len(records)):
                raise RuntimeError("netctl does not believe the records")


def watch(bench):
    """Told of each transaction of nftables, when the kernel has taken it."""
    s = bench.ours.gate.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
    s.bind((0, NFTABLES))
    s.setblocking(False)
    return s


def drain(told):
    try:
        while told.recv(65536):
            pass
    except BlockingIOError:
        pass


def first_frame(bench, number):
    """A datagram that the gate takes no notice of, and ARP before it."""
    with bench.ours.town.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((lanes.address(number), 0))
        s.sendto(b"", (bench.ours.guest.gate4, 9))


def connect(bench, number):
    """Asks for a connection to the internet; the portal's port is shut."""
    s = bench.ours.town.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.bind((lanes.address(number), 0))
    s.setblocking(False)
    s.connect_ex((lab.WEB4, 80))
    return s


def is_through(s):
    with s:
        if not select.select([], [s], [], 10)[1]:
            raise RuntimeError("a connection has no answer")
        return not s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def join(bench, told, number):
    """Seconds until the grant, and whether the first SYN was through."""
    bench.ours.town.ip("neigh flush dev eth0")
    drain(told)
    start_s, took_s, asked = time.monotonic(), None, None
    first_frame(bench, number)
    while not (took_s and asked):
        past_s = time.monotonic() - start_s
        if not took_s and select.select([told], [], [], 0)[0]:
            took_s = past_s
        if not asked and past_s >= GAP_S:
            asked = connect(bench, number)
        if past_s > 10:
            raise RuntimeError(f"phone {number} was not let in")
    through = is_through(asked)
    if not is_through(connect(bench, number)):
        raise RuntimeError(f"phone {number} is not in")
    return took_s, through


def joins(bench):
    keys = start(bench)
    feed(bench, keys, 0)
    lab.wait_until(bench.is_calm, 30, 0.1, "netctl does not come to rest")
    with watch(bench) as told:
        seen = [join(bench, told, n) for n in range(COUNT)]
    took = sorted(seconds for seconds, _ in seen)
    p50, p99 = statistics.median(took), took[COUNT * 99 // 100]
    met = sum(not through for _, through in seen) / COUNT
    bench.add("first frame at a box of a city → granted by record, p50 / p99",
              f"≤ {P50_S * 1000:g} / {P99_S * 1000:g} ms",
              f"{p50 * 1000:.2f} / {p99 * 1000:.2f} ms",
              p50 <= P50_S and p99 <= P99_S)
    bench.add(f"phones whose first SYN, {GAP_S * 1000:g} ms after the first "
              f"frame, met the portal, of {COUNT}", f"≤ {MET:.0%}",
              f"{met:.1%}", met <= MET)


ROWS = {"joins": joins}
