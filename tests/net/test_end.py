# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way a session ends stops what is under way, in both directions."""
import contextlib
import re
import socket
import subprocess
import time

import ipc
import lab
import packets
import pytest
import shaped
import traffic
from gate import NETCTL
from traffic import FAMILIES, V4, V6

families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
CAP = {"rate_down": "20mbit", "rate_up": "20mbit"}
PAUSE_S = 1.5
QUEUED = 400


class Watch:
    """A download and an upload under way, watched on both sides."""

    def __init__(self, street, phone, family):
        self.family = family
        self.inside = packets.Capture(phone.netns)
        self.outside = packets.Capture(street.internet)
        self.down = traffic.Transfer(phone, family)
        self.up = traffic.Transfer(phone, family, down=False)

    def passed(self):
        """The segments that came through so far: down and up."""
        came = [p for p in self.inside.packets() if p.from_port == lab.SOURCE]
        went = [p for p in self.outside.packets()
                if p.port in (lab.SOURCE, lab.SINK)
                and traffic.family_of(p.source) == self.family]
        return came, went

    def counts(self):
        came, went = self.passed()
        return len(came), len(went)

    def wait_moving(self):
        self.down.wait_moving()
        self.up.wait_moving()

    def has_stopped(self):
        """Nothing more passes, though both sides try, but what waited in the
        queues: so many segments each way, however long the kernel takes."""
        before = self.counts()
        wait_stopped([self], 10)
        return all(now - then < QUEUED
                   for now, then in zip(self.counts(), before))


def wait_stopped(watches, seconds):
    """A pause is one only if it is longer than any that the machine makes."""
    seconds += PAUSE_S
    deadline = time.monotonic() + seconds
    last = None
    while (now := [watch.counts() for watch in watches]) != last:
        assert time.monotonic() < deadline, "the transfers go on"
        last = now
        time.sleep(PAUSE_S)


LEFT_S = 4


def let_expire(stadttor, phone):
    """Soon: by then all is under way, however long that took. When that was
    asked for, and when it was done."""
    asked = time.time()
    with ipc.Peer(stadttor.socket, "root") as peer:
        assert not peer.ask(ipc.grant(
            phone.ip4, kind=ipc.ADMIT, duration_s=LEFT_S)).error
    return asked, time.time()


def wait_expired(watches, times):
    """They end then, but for what waited in the queues."""
    wait_stopped(watches, 60)
    for watch, (asked, done) in zip(watches, times):
        for way in watch.passed():
            assert max(p.at for p in way) > asked + LEFT_S - 1
            assert sum(p.at > done + LEFT_S for p in way) < QUEUED


@contextlib.contextmanager
def watching(street, phone, family=V4):
    watch = Watch(street, phone, family)
    with watch.inside, watch.outside, watch.down, watch.up:
        watch.wait_moving()
        yield watch


def tapped(phone):
    assert traffic.tap(phone).status == 303


@families
def test_revoke(stadttor, street, phones, family):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    tapped(phones[1])
    with watching(street, phones[0], family) as watch:
        stadttor.revoke(phones[0].ip4)
        assert watch.has_stopped()
    assert traffic.is_shut(phones[0], family)
    assert traffic.is_online(phones[1], family)
    assert stadttor.status()["ended"]["operator"] == 1


def connections(street, phone, family):
    """Those to the internet that the kernel knows of the phone."""
    listed = street.gate.run(
        "conntrack", "-L", "-f", "ipv4" if family == V4 else "ipv6", "-p",
        "tcp", "--orig-src", phone.address(family), "--dport",
        str(lab.SOURCE)).stdout
    return len(listed.splitlines())


@families
def test_connections_end_with_their_session(stadttor, street, phones, family):
    """A flow table would go on with one that the kernel still knows."""
    stadttor.start()
    for phone in phones[:2]:
        tapped(phone)
    with traffic.Transfer(phones[0], family), \
            traffic.Transfer(phones[1], family):
        lab.wait_until(lambda: all(connections(street, phone, family) == 1
                                   for phone in phones[:2]))
        stadttor.revoke(phones[0].ip4)
        lab.wait_until(lambda: not connections(street, phones[0], family), 2)
        assert connections(street, phones[1], family) == 1


GARDEN_PORT, OTHER_PORT = 8443, 8444


@contextlib.contextmanager
def connected(street, phone, family, port):
    """Both ends of a connection to the garden's host."""
    with street.internet.entered():
        listener = socket.create_server((traffic.garden(family), port),
                                        family=family)
    with listener, phone.socket(family, socket.SOCK_STREAM) as own:
        own.settimeout(lab.PATIENCE)
        own.connect((traffic.garden(family), port))
        peer = listener.accept()[0]
        peer.settimeout(lab.PATIENCE)
        with peer:
            yield own, peer


def is_known(street, phone, family, port):
    return street.gate.run(
        "conntrack", "-L", "-f", "ipv4" if family == V4 else "ipv6", "-p",
        "tcp", "--orig-src", phone.address(family), "--dport",
        str(port)).stdout != ""


@pytest.mark.parametrize("how", ["network", "name"])
@families
def test_a_connection_to_the_garden_outlives_its_session(
        stadttor, street, phones, family, how):
    """The last page of a provider's log-out comes by it; without the kernel's
    entry the box itself would refuse the answer."""
    phone, address = phones[0], traffic.garden(family)
    stadttor.start(guest={
        "garden_port": [f"{GARDEN_PORT}/tcp"], **({
            "garden_address": [address]} if how == "network" else {
                "garden_name": ["garden.test"]})})
    if how == "name":  # as dnsmasq does
        street.gate.run("nft", "add", "element", "inet", "stadttor",
                        f"garden{4 if family == V4 else 6}_guest",
                        f"{{ {address} timeout 1h }}")
    tapped(phone)
    with connected(street, phone, family, GARDEN_PORT) as (own, peer), \
            connected(street, phone, family, OTHER_PORT):
        traffic.log_out(phone, family)
        lab.wait_until(lambda: not stadttor.sessions())
        lab.wait_until(lambda: not is_known(street, phone, family, OTHER_PORT))
        assert is_known(street, phone, family, GARDEN_PORT)
        peer.send(b"good bye")
        assert own.recv(64) == b"good bye"
        own.send(b"thanks")
        assert peer.recv(64) == b"thanks"
    assert traffic.is_shut(phone, family)


def connection_ids(street, phones):
    """What the kernel calls those over IPv6 that the phones have begun."""
    sources = {phone.ip6 for phone in phones}
    listed = street.gate.run("conntrack", "-L", "-f", "ipv6", "-o", "id")
    found = (re.search(r" src=(\S+) .* id=(\d+)", line)
             for line in listed.stdout.splitlines())
    return {m.group(2) for m in found if m.group(1) in sources}


def connect_all(street, phones):
    for phone in phones:
        tapped(phone)
    assert traffic.open_addresses(phones, V6) == set(phones)
    assert len(connection_ids(street, phones)) >= len(phones)


def test_many_end_one_after_another(stadttor, street, crowd):
    """Whoever is not the first may wait a second, and no longer."""
    leaving, staying = crowd[:50], crowd[50:55]
    stadttor.start()
    connect_all(street, leaving + staying)
    before = connection_ids(street, staying)
    for i, phone in enumerate(leaving):
        stadttor.revoke(phone.ip4)
        if i == 0:
            assert not connection_ids(street, leaving[:1])
    lab.wait_until(lambda: not connection_ids(street, leaving), 2)
    assert connection_ids(street, staying) == before


def test_let_in_again_before_the_connections_end(stadttor, street, phones):
    """It does not wait for the end of what it had, which may be a second away
    (and does not come by itself here), nor does that take what it begins."""
    stadttor.drive_clock(slower=50)
    stadttor.start()
    connect_all(street, phones[:3])
    for phone in phones[:3]:
        stadttor.revoke(phone.ip4)
    tapped(phones[1])
    assert connection_ids(street, phones[2:3])
    with traffic.Transfer(phones[1], V6) as transfer:
        transfer.wait_moving()
        begun = connection_ids(street, phones[1:2])
        stadttor.jump(1.1)
        lab.wait_until(lambda: not connection_ids(street, phones[2:3]))
        assert connection_ids(street, phones[1:2]) >= begun
    assert not connection_ids(street, phones[:1])


@pytest.mark.parametrize("how", ["stop", "reload"])
def test_nothing_waits_for_ever(stadttor, street, phones, how):
    stadttor.start()
    connect_all(street, phones[:3])
    for phone in phones[:3]:
        stadttor.revoke(phone.ip4)
    if how == "stop":
        stadttor.terminate(NETCTL)
        assert not connection_ids(street, phones[:3])
    else:
        stadttor.reload(NETCTL)
        lab.wait_until(lambda: not connection_ids(street, phones[:3]), 2)


def test_revoke_without_caps(stadttor, street, phones):
    stadttor.start()
    tapped(phones[0])
    with watching(street, phones[0]) as watch:
        stadttor.revoke(phones[0].ip4)
        assert watch.has_stopped()


def test_revoke_by_handle_and_all(stadttor, phones):
    stadttor.start()
    for phone in phones[:3]:
        tapped(phone)
    stadttor.revoke(stadttor.session_of(phones[0])["handle"])
    traffic.wait_shut(phones[0])
    assert traffic.is_online(phones[1])
    stadttor.revoke("--all")
    for phone in phones[1:3]:
        traffic.wait_shut(phone)
    assert stadttor.sessions() == []


def test_what_the_kernel_refuses(stadttor, phones):
    """It ends for a reason of its own, and the person may try again."""
    stadttor.start()
    pid = stadttor.process[NETCTL].pid
    # the first question is for the phone's address, then comes the batch
    tracer = subprocess.Popen(
        ["strace", "-qq", "-o", "/dev/null", "-e", "trace=sendto", "-e",
         "inject=sendto:error=ENOBUFS:when=2..3", "-p", str(pid)])
    try:
        lab.wait_until(lambda: "TracerPid:\t0\n" not in
                       open(f"/proc/{pid}/status").read())
        assert traffic.tap(phones[0]).status == 503
        assert not traffic.is_online(phones[0], timeout=1)
    finally:
        tracer.terminate()
        tracer.wait()
    ended = stadttor.status()["ended"]
    assert (ended["kernel"], ended["operator"]) == (1, 0)
    assert stadttor.sessions() == []
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])


def test_tap_right_after_a_log_out(stadttor, phones):
    """The answer to a log-out comes when the session has ended."""
    stadttor.start()
    for _ in range(20):
        assert traffic.tap(phones[0]).status == 303
        assert traffic.log_out(phones[0]).status == 303


@families
def test_log_out(stadttor, street, phones, family):
    stadttor.start(guest=CAP)
    tapped(phones[0])
    with watching(street, phones[0], family) as watch:
        assert traffic.log_out(phones[0], family).status == 303
        assert watch.has_stopped()
    assert traffic.http(phones[0], traffic.web(family)).status == 302
    assert stadttor.status()["ended"]["logout"] == 1


def test_tap_again_after_the_end(stadttor, phones):
    stadttor.start(guest=CAP)
    for _ in range(3):
        tapped(phones[0])
        assert traffic.is_online(phones[0])
        stadttor.revoke(phones[0].ip4)
        assert traffic.is_shut(phones[0])
    assert stadttor.status()["granted"] == 3


@contextlib.contextmanager
def watching_both(street, phones):
    """One phone over IPv4 and one over IPv6."""
    with watching(street, phones[0], V4) as four, \
            watching(street, phones[1], V6) as six:
        yield four, six


def test_expiry(stadttor, street, phones):
    stadttor.start(guest=CAP)
    for phone in phones[:2]:
        tapped(phone)
    with watching_both(street, phones) as watches:
        wait_expired(watches, [let_expire(stadttor, phone)
                               for phone in phones[:2]])
    lab.wait_until(lambda: stadttor.sessions() == [],
                   say="the sessions did not expire")
    assert stadttor.status()["ended"]["expired"] == 2


def test_expiry_with_nobody_alive(stadttor, street, phones):
    """The kernel closes the gate on time though both were killed."""
    stadttor.start(guest=CAP)
    for phone in phones[:2]:
        tapped(phone)
    with watching_both(street, phones) as watches:
        times = [let_expire(stadttor, phone) for phone in phones[:2]]
        stadttor.kill()
        wait_expired(watches, times)
    for phone in phones[:2]:
        for family in FAMILIES:
            assert traffic.is_shut(phone, family)


def test_expired_while_away_is_not_adopted(stadttor, street, phones):
    stadttor.start(guest={"duration": "2s"})
    tapped(phones[0])
    stadttor.kill()
    lab.wait_until(lambda: phones[0].mac not in street.gate.run(
        "nft", "list", "map", "netdev", "stadttor", "up_guest").stdout,
        every=0.1, say="the kernel does not let it expire")
    stadttor.start_one("stadttor-netctl")
    lab.wait_until(stadttor.netctl_answers)
    assert stadttor.sessions() == []
    assert traffic.is_shut(phones[0])


def test_idle(stadttor, street, phones):
    """Who sends nothing is let go; who does in each second stays. It is one of
    netctl's, which end when the test wants it."""
    stadttor.drive_clock(slower=50)
    stadttor.start(guest={"idle": "3s", **CAP})
    quiet, busy = phones[:2]
    tapped(quiet)
    tapped(busy)
    quiet.netns.ip("link set eth0 down")
    try:
        with traffic.NumberedFlow(busy, every=0.1) as flow:
            online = []
            for _ in range(8):
                flow.progress(2, 10)
                stadttor.jump(1)
                online.append(len(stadttor.sessions()))
            # a look or two see what it sent last
            assert online[:2] == [2, 2] and online[-3:] == [1, 1, 1], online
            assert stadttor.status()["ended"]["idle"] == 1, stadttor.log()
            assert flow.finish() == 0
    finally:
        quiet.netns.ip(
            "link set eth0 up",
            f"addr replace {quiet.ip6}/64 dev eth0 nodad",
            f"route replace default via {quiet.network.gate4}",
            f"route replace ::/0 via {quiet.network.gate6} dev eth0")
    assert traffic.is_shut(quiet)


@families
def test_quota_ends(stadttor, street, phones, family):
    stadttor.start(guest={"rate_down": "2mbit", "rate_up": "2mbit",
                          "quota": "1MB"})
    tapped(phones[0])
    with watching(street, phones[0], family) as watch:
        wait_stopped([watch], 60)
        used = watch.down.moved() + watch.up.moved()
    # The counter is read each second, in which half of it passes at most; a
    # machine may be late by four. Queues drop some of what it saw.
    assert 500_000 < used < 3_500_000
    assert stadttor.sessions() == []
    assert stadttor.status()["ended"]["quota"] == 1
    assert traffic.is_shut(phones[0])


def test_quota_slows(stadttor, street, phones):
    stadttor.start(guest={"rate_down": "20mbit", "quota": "2MB",
                          "over_quota": "slow", "slow_rate": "512kbit"})
    for phone in phones[:2]:
        tapped(phone)
    with traffic.Transfer(phones[0], V4), traffic.Transfer(phones[1], V6):
        lab.wait_until(lambda: all(s["reduced"] for s in stadttor.sessions()),
                       10, say="the sessions were not slowed")
        got = shaped.lanes(street, True, 2, 512e3, seconds=3)
    assert shaped.is_kept(got), got
    assert len(stadttor.sessions()) == 2
