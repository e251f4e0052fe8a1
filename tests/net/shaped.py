# SPDX-License-Identifier: GPL-3.0-or-later
"""What the classes of HTB give while something waits in them.

A busy machine lets a sender starve, a reader come late, and the kernel's own
timer, too; none may be taken for the shaper's doing. So bytes are the qdisc's
own, they count only while the class cannot have run empty, and a rate is told as
the least and the most that it can have been, as the clock is read before and
after the counters. What a class saves up while the kernel is late is bounded by
its burst, which it may send on top; the rest of it is lost, so that "all of the
cap" is read from the class and only "nothing beyond it" is measured sharply.
"""
import socket
import struct
import time
from typing import NamedTuple

import lab

NLMSG_DONE, RTM_NEWTCLASS, RTM_GETTCLASS = 3, 40, 42
NLM_F_REQUEST_DUMP = 0x301
TCA_OPTIONS, TCA_STATS2, TCA_STATS_BASIC, TCA_STATS_QUEUE = 2, 7, 1, 3
TCA_HTB_PARMS, CEIL_AT = 1, 20  # in struct tc_htb_opt
FRAME = 1514
PATIENCE_S = 150


def _attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        yield kind & 0x3fff, data[4:length]
        data = data[(length + 3) & ~3:]


class Sample(NamedTuple):
    before: float
    after: float
    bytes: int
    backlog: int
    ceil: int  # bits per second that the class is allowed


class Classes:
    """Of one device: reads the counters of all that have a queue."""

    def __init__(self, netns, device):
        self.socket = netns.socket(socket.AF_NETLINK, socket.SOCK_RAW)
        self.socket.bind((0, 0))
        with netns.entered():
            self.index = socket.if_nametoindex(device)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def read(self):
        """{handle: Sample} of this moment."""
        before = time.monotonic()
        self.socket.send(struct.pack("=IHHIIBxxxiIII", 36, RTM_GETTCLASS,
                                     NLM_F_REQUEST_DUMP, 1, 0, 0, self.index,
                                     0, 0, 0))
        found, is_done = {}, False
        while not is_done:
            data = self.socket.recv(1 << 17)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                is_done = is_done or kind == NLMSG_DONE
                if kind == RTM_NEWTCLASS:
                    self._add(found, data[16:length])
                data = data[(length + 3) & ~3:]
        after = time.monotonic()
        return {handle: Sample(before, after, *figures)
                for handle, figures in found.items()}

    @staticmethod
    def _add(found, data):
        handle, _, leaf = struct.unpack_from("=III", data, 8)
        told = dict(_attributes(data[20:]))
        stats = dict(_attributes(told.get(TCA_STATS2, b"")))
        if leaf and TCA_STATS_BASIC in stats:
            htb = dict(_attributes(told[TCA_OPTIONS]))[TCA_HTB_PARMS]
            found[handle] = (struct.unpack_from("=Q", stats[TCA_STATS_BASIC])[0],
                             struct.unpack_from("=II", stats[TCA_STATS_QUEUE])[1],
                             struct.unpack_from("=I", htb, CEIL_AT)[0] * 8)


class Stretch(NamedTuple):
    """From one reading to another, between which the class never ran empty."""
    first: Sample
    last: Sample

    @property
    def seconds(self):
        return self.last.before - self.first.after

    @property
    def bytes(self):
        return self.last.bytes - self.first.bytes

    @property
    def least(self):
        return self.bytes * 8 / (self.last.after - self.first.before)

    @property
    def most(self):
        return self.bytes * 8 / self.seconds


def busy(classes, count, fastest, seconds, together=False):
    """Stretches of so many seconds of so many classes.

    fastest: bits per second at which a class can be emptied at most; together:
    one stretch for all of them.
    """
    readings, since, done = [], {}, {}
    deadline = time.monotonic() + PATIENCE_S
    while len(done) < count:
        assert time.monotonic() < deadline, \
            f"{len(done)} of {count} classes were busy for {seconds} s"
        now = classes.read()
        last = readings[-1] if readings else {}
        readings.append(now)
        for handle, sample in now.items():
            before = last.get(handle)
            if before is None or before.backlog * 8 / fastest < \
                    sample.after - before.before:
                since[handle] = len(readings) - 1  # it may have run empty
        begin = max((since[h] for h, s in now.items() if s.backlog), default=0)
        found = {h: Stretch(readings[begin if together else since[h]].get(h, s),
                            s) for h, s in now.items() if s.backlog}
        long = {h: s for h, s in found.items() if s.seconds >= seconds}
        done = long if together else {**long, **done}
        time.sleep(0.01)
    return list(done.values())


class Lane(NamedTuple):
    """Shares of a cap."""
    allowed: float  # by the class
    least: float    # that passed, without what it may send on top
    most: float


def lane(stretch, cap):
    burst = max(3200, cap / 8 / 1000) + FRAME
    return Lane(round(stretch.last.ceil / cap, 3),
                round(stretch.least / cap - burst * 8 / cap / stretch.seconds, 3),
                round(stretch.most / cap, 3))


def wait_empty(netns, device):
    """Nothing waits in any of its classes."""
    with Classes(netns, device) as classes:
        lab.wait_until(lambda: not any(s.backlog for s in
                                       classes.read().values()), 10,
                       say=f"the queues of {device} do not run empty")


def lanes(street, down, count, cap, seconds=4):
    """The Lane of each of so many classes."""
    with Classes(street.gate, "br-guest" if down else "wan0") as classes:
        return [lane(s, cap) for s in busy(classes, count, cap, seconds)]


def is_kept(found):
    """All of the cap, which is 1 % more with Ethernet headers, and nothing
    beyond it."""
    return bool(found) and all(
        1 <= lane.allowed < 1.02 and lane.least < 1.02 and lane.most > 0.8
        for lane in found)
