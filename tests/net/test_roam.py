# SPDX-License-Identifier: GPL-3.0-or-later
"""A box of a city: real devices, and a portal that the test plays."""
import contextlib
import errno
import os
import random
import shutil
import signal
import socket
import threading
import time

import city
import gate
import ipc
import lab
import pytest
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4


class Box:
    """netctl in a city, and the portal's place, which the test has."""

    def __init__(self, stadttor):
        self.stadttor = stadttor
        self.folder = os.path.join(stadttor.folder, "city")
        self.today = city.day_of(time.time())
        self.keys = city.Keys(self.today - 1)
        self.peer = None

    def start(self, join=True, portal=None, **config):
        if join:
            self.keys.write(self.folder, gate.USER[NETCTL])
        config.setdefault("portal", {"network": "Stadt"})
        if portal:
            config["portal"] |= portal
        self.stadttor.configure(**config)
        with open(self.stadttor.config, "a") as file:
            file.write(gate.section("city", None, {"folder": self.folder}))
        self.restart()

    def restart(self):
        if NETCTL in self.stadttor.process:
            self.stadttor.kill(NETCTL)
        self.stadttor.start_one(NETCTL)
        lab.wait_until(self.stadttor.netctl_answers, 10)
        if self.peer:
            self.peer.socket.close()
        self.peer = ipc.Peer(self.stadttor.socket)

    def of_today(self):
        return self.keys.of(self.today)

    def tap_elsewhere(self, *phones, **options):
        assert self.peer.feed(*(self.of_today().record(p.mac, **options)
                                for p in phones)) == (0, len(phones))

    def tap(self, phone, terms=1):
        """Here; it has to be known to the box by then."""
        traffic.ping(phone, phone.network.gate(V4))
        assert not self.peer.ask(ipc.grant(phone.ip4, terms=terms)).error

    def complete(self):
        self.peer.send(ipc.city_clock(int(time.time())))

    def sent(self):
        """The only record that waits, opened, and taken away."""
        (seq, record), = self.peer.records()
        self.peer.send(ipc.city_next(seq, seq))
        opened = self.of_today().open(record)
        assert opened, record
        return opened

    def unsent(self):
        # an answer to another question comes after what netctl did before
        return self.peer.city() and self.operator()["unsent"]

    def operator(self):
        with ipc.Peer(self.stadttor.socket, "root") as peer:
            return peer.city()

    def online(self):
        return len(self.stadttor.sessions())

    def wait_online(self, count):
        try:
            lab.wait_until(lambda: self.online() == count)
        except AssertionError as error:
            raise AssertionError(
                f"{error}: {self.online()} online of {count}; "
                f"{self.operator()}\n"
                + self.stadttor.street.gate.run("bridge", "fdb").stdout
                + self.stadttor.log(NETCTL)[-3000:]) from error


@pytest.fixture
def box(stadttor, street):
    """Its bridges know nobody, whoever was there in another test."""
    for network in (street.guest, street.staff):
        street.gate.ip(f"link set {network.bridge} type bridge fdb_flush")
    made = Box(stadttor)
    yield made
    if made.peer:
        made.peer.socket.close()
    stadttor.check_alive(NETCTL)


def unplug(street, phone):
    """Off the bridge, which forgets it."""
    street.gate.ip(f"link set {phone.port} nomaster")


def plug(street, phone):
    street.gate.ip(f"link set {phone.port} master {phone.network.bridge} up")


def come(box, street, phone, family):
    """Its first frame here is that of a request to the internet."""
    plug(street, phone)
    traffic.ping(phone, traffic.web(family), 1)


@pytest.fixture
def away(street, phones):
    """Two phones that are somewhere else."""
    for phone in phones[:2]:
        unplug(street, phone)
    yield phones[:2]
    for phone in phones[:2]:
        plug(street, phone)


# --- let in ------------------------------------------------------------------

@pytest.mark.parametrize("family", FAMILIES)
def test_first_frame(box, street, away, family):
    """Online by both families, by the first frame of either; no portal runs."""
    box.start()
    known, unknown = away
    box.tap_elsewhere(known)
    come(box, street, unknown, family)
    come(box, street, known, family)
    lab.wait_until(lambda: box.online() == 1, say="it was not let in")
    for either in FAMILIES:
        assert traffic.is_online(known, either)
        assert traffic.is_shut(unknown, either)
    assert box.unsent() == 0
    assert box.operator()["granted"] == 1
    assert box.peer.city()["granted"] == 0, "told to the portal"


def test_record_comes_later(box, street, phones):
    """It is here already, and has seen the portal."""
    box.start()
    traffic.ping(phones[0], phones[0].network.gate(V4))
    assert traffic.is_shut(phones[0])
    box.tap_elsewhere(phones[0])
    lab.wait_until(lambda: box.online() == 1)
    assert traffic.is_online(phones[0])


def test_is_there_when_netctl_starts(box, phones):
    """Whom the bridge knows already is looked at, too."""
    traffic.ping(phones[0], phones[0].network.gate(V4))
    box.start()
    box.tap_elsewhere(phones[0])
    lab.wait_until(lambda: box.online() == 1)


def test_asked_by_the_portal(box, phones):
    """A request that reaches the portal before: the answer says that it is in."""
    box.start()
    traffic.ping(phones[0], phones[0].network.gate(V4))
    box.tap_elsewhere(phones[0], phones[1])
    answer = box.peer.ask(ipc.lookup(phones[0].ip4, shown=1))
    assert (answer.error, answer.state) == (0, 1)
    assert traffic.is_online(phones[0])


@pytest.fixture
def portal(box, ca):
    """The real one, which is in the city too; its store cannot be reached."""
    stadttor = box.stadttor
    box.start()
    with open(os.path.join(box.folder, "login"), "w") as file:
        file.write(gate.section("city", None, {
            "city": "Musterstadt", "site": "rathaus", "user": "box-rathaus",
            "password": "x", "server": ["127.0.0.1:1"]}))
    shutil.copy(ca.file, os.path.join(box.folder, "ca.pem"))
    stadttor.start_one(PORTAL)
    stadttor.wait_ready()


def test_probe_before_its_grant(box, portal, phones):
    """The first request met the portal: it is told to ask again, and is
    through. Somebody whom the city does not know is led to the portal."""
    for phone in phones[:2]:
        traffic.ping(phone, phone.network.gate(V4))
    ask = {"host": "captive.apple.com", "path": "/hotspot-detect.html"}
    assert "via=a" in traffic.http(phones[0], lab.WEB4,
                                   **ask).headers["Location"]
    program = box.stadttor.process[PORTAL]
    with phones[1].socket(V4, socket.SOCK_STREAM) as early:
        # at the portal before the record is, which then is the first to be seen
        program.send_signal(signal.SIGSTOP)
        early.connect((lab.WEB4, 80))
        early.send(b"GET /hotspot-detect.html HTTP/1.1\r\n"
                   b"Host: captive.apple.com\r\n\r\n")
        assert traffic.ping(phones[1], phones[1].network.gate(V4)) is True
        box.tap_elsewhere(phones[1])
        program.send_signal(signal.SIGCONT)
        assert (b"\r\nLocation: http://captive.apple.com"
                b"/hotspot-detect.html\r\n" in early.recv(4096))
    assert traffic.is_online(phones[1])
    assert traffic.is_shut(phones[0])


@pytest.fixture
def direct(street):
    """A phone on a zone's device that is no bridge."""
    network = lab.Network("direct", 40)
    ns = street._namespace("direct0")
    ns.ip(f"link add eth0 type veth peer name {network.bridge}"
          f" netns {street.gate.name}")
    street.gate.ip(f"link set {network.bridge} address {network.mac} up",
                   f"addr add {network.gate4}/16 dev {network.bridge}",
                   f"addr add {network.gate6}/64 dev {network.bridge} nodad")
    street.internet.ip(
        f"route replace {network.prefix6}:/64 via {lab.UPLINK6}")
    phone = lab.Phone(ns, "eth0", network, 0)
    lab._setup_phone(phone, True)
    yield phone
    # a namespace takes its devices along some time later
    street.gate.ip(f"link del {network.bridge}")
    street.remove_phone(phone)


@pytest.mark.parametrize("family", FAMILIES)
def test_no_bridge(box, street, direct, family):
    """Neighbours tell of it; the gateway's answer asks for it."""
    box.stadttor.configure(portal={"network": "Stadt"})
    box.keys.write(box.folder, gate.USER[NETCTL])
    with open(box.stadttor.config, "a") as file:
        file.write(gate.section("zone", "direct", {"device": "br-direct"})
                   + gate.section("city", None, {"folder": box.folder}))
    box.restart()
    box.tap_elsewhere(direct)
    traffic.ping(direct, direct.network.gate(family))
    lab.wait_until(lambda: box.online() == 1)
    for either in FAMILIES:
        assert traffic.is_online(direct, either)


def test_stays_home(box, street, phones):
    """roam 0: nobody is let in, and nobody is told of."""
    box.start(guest={"roam": "0"}, staff={})
    guest, staff = phones[0], street.staff_phones[0]
    box.tap_elsewhere(guest, staff)
    for phone in (guest, staff):
        traffic.ping(phone, phone.network.gate(V4))
    box.wait_online(1)
    assert [s["zone"] for s in box.stadttor.sessions()] == ["staff"]
    box.tap(phones[1])
    assert box.online() == 2 and box.unsent() == 0


def test_other_network(box, phones):
    box.start()
    assert box.peer.feed(box.of_today().record(
        phones[0].mac, network="Dorf"), box.of_today().record(
        phones[1].mac)) == (0, 2)
    for phone in phones[:2]:
        traffic.ping(phone, phone.network.gate(V4))
    lab.wait_until(lambda: box.online() == 1)
    assert traffic.is_shut(phones[0])


def test_other_terms(box, phones):
    box.start(portal={"terms_version": 7})
    box.tap_elsewhere(phones[0], terms=6)
    box.tap_elsewhere(phones[1], terms=7)
    for phone in phones[:2]:
        traffic.ping(phone, phone.network.gate(V4))
    lab.wait_until(lambda: box.online() == 1)
    assert traffic.is_shut(phones[0])


def test_limits_are_the_zones(box, phones):
    box.start(guest={"duration": "2h", "quota": "5MB", "rate_down": "2mbit"})
    traffic.ping(phones[0], phones[0].network.gate(V4))
    box.tap_elsewhere(phones[0])
    lab.wait_until(lambda: box.online() == 1)
    session = box.stadttor.session_of(phones[0])
    assert 7100 <= session["left_s"] <= 7200
    assert session["quota_bytes"] == 5_000_000
    assert session["down_bps"] == 2_000_000


def memory_kb(box):
    with open(f"/proc/{box.stadttor.process[NETCTL].pid}/status") as file:
        return next(int(line.split()[1]) for line in file
                    if line.startswith("VmRSS"))


def test_flood_of_devices(box, street, phones, away):
    """Five thousand made-up addresses, and then a phone of the city."""
    box.start()
    box.tap_elsewhere(away[0])
    before = memory_kb(box)
    frame = bytes(2) + b"made up".ljust(50, b"\0")
    try:
        with phones[3].netns.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind((phones[3].device, 0))
            for n in range(5000):
                s.send(b"\x02\x57\0\0\0\x14\x02\x66\0"
                       + n.to_bytes(3, "big") + frame)
        come(box, street, away[0], V4)
        lab.wait_until(lambda: box.online() == 1, 30)
        assert memory_kb(box) - before < 4096
    finally:
        street.gate.ip(f"link set {phones[0].network.bridge} type bridge"
                       " fdb_flush")


# --- told --------------------------------------------------------------------

def test_tap_and_log_out_are_told(box, phones):
    box.start()
    box.tap(phones[0])
    told = box.sent()
    assert told == (city.ACCEPT, 1, box.today & 0xffff,
                    box.of_today().id_of(phones[0].mac), 0, 1)
    box.peer.ask(ipc.logout(phones[0].ip4))
    assert (told := box.sent()).kind == city.REVOKE and told.count == 1
    assert traffic.is_shut(phones[0])
    box.tap(phones[0])
    assert (told := box.sent()).kind == city.ACCEPT and told.count == 2
    assert traffic.is_online(phones[0])


def test_log_out_elsewhere(box, phones):
    box.start()
    for phone in phones[:2]:
        traffic.ping(phone, phone.network.gate(V4))
    box.tap_elsewhere(*phones[:2])
    lab.wait_until(lambda: box.online() == 2)
    assert box.peer.feed(box.of_today().record(
        phones[0].mac, city.REVOKE)) == (0, 1)
    lab.wait_until(lambda: box.online() == 1)
    assert traffic.is_shut(phones[0]) and traffic.is_online(phones[1])


def test_first_of_the_day_renews(box, phones):
    """Known of yesterday."""
    box.start()
    traffic.ping(phones[0], phones[0].network.gate(V4))
    assert box.peer.feed(box.keys.record(phones[0].mac, city.RENEW, 4)) \
        == (0, 1)
    assert box.peer.ask(ipc.lookup(phones[0].ip4)).state == 1
    told = box.sent()
    assert (told.kind, told.count) == (city.RENEW, 5)
    assert told.id == box.of_today().id_of(phones[0].mac)


def test_restart_doubles_nothing(box, phones):
    """One record came to the store, the other died with netctl."""
    box.start()
    for phone in phones[:2]:
        box.tap(phone)
    (_, first), (_, lost) = box.peer.records()
    box.restart()
    assert box.online() == 2
    assert box.peer.feed(first) == (0, 1)
    assert box.unsent() == 0
    box.complete()
    assert [r for _, r in box.peer.records()] == [lost]
    for phone in phones[:2]:
        assert traffic.is_online(phone)


def test_records_wait_for_the_portal(box, phones):
    """Asked anew, sent anew; what is committed is forgotten."""
    box.start()
    box.tap(phones[0])
    (one, first), = box.peer.records()
    assert box.peer.records() == [(one, first)]
    box.tap(phones[1])
    (two, _), = box.peer.records(after=one)
    assert (one, two) == (1, 2)
    box.peer.socket.close()
    box.peer = ipc.Peer(box.stadttor.socket)
    assert [seq for seq, _ in box.peer.records()] == [1, 2]
    assert [seq for seq, _ in box.peer.records(committed=1)] == [2]


# --- clock and keys ----------------------------------------------------------

def test_clock_unknown(box, phones):
    """In 1970: nothing is believed or told, and guests tap as ever."""
    box.stadttor.drive_clock()
    box.stadttor.set_wall(100)
    box.start()
    assert box.operator()["troubles"] == ["clock not set"]
    assert box.peer.feed(box.of_today().record(phones[1].mac)) \
        == (-errno.EAGAIN, 0)
    box.tap(phones[0])
    assert traffic.is_online(phones[0])
    assert box.unsent() == 0
    box.stadttor.set_wall(time.time())
    box.stadttor.reload(NETCTL)
    told = box.sent()
    assert told.kind == city.ACCEPT
    assert box.operator()["troubles"] == []


def test_weeks_asleep(box, phones):
    """The file goes on once the store says the same time as the box."""
    box.keys = city.Keys(box.today - 21)
    box.start()
    box.tap_elsewhere(phones[0])
    box.peer.send(ipc.city_clock(int(time.time()) + 400))
    assert box.operator()["troubles"] == ["clock off"]
    box.complete()
    lab.wait_until(lambda: city.Keys.read(box.folder).day == box.today - 1,
                   say="the keys were not written")
    assert city.Keys.read(box.folder).key == box.keys.of(box.today - 1).key
    assert box.operator()["troubles"] == []


def test_new_generation(box, phones):
    """Whoever was stolen is not believed from then on."""
    box.start()
    stolen, key = box.of_today(), bytes(range(64, 96))
    sealed = box.keys.sealed(key, box.today)
    traffic.ping(phones[1], phones[1].network.gate(V4))
    assert box.peer.take_key(*sealed[:3], bytes(16)) == -errno.EBADMSG
    assert box.peer.take_key(*sealed) == 0
    assert box.peer.take_key(*sealed) == -errno.EBADMSG
    written = city.Keys.read(box.folder)
    assert (written.generation, written.key) == (2, key)
    assert written.wrap == city.next_key(box.keys.wrap)
    box.restart()
    fresh = city.Keys(box.today, generation=2, key=key)
    assert box.peer.feed(stolen.record(phones[0].mac)) == (0, 0)
    assert box.peer.feed(fresh.record(phones[1].mac)) == (0, 1)
    lab.wait_until(lambda: box.online() == 1)
    assert traffic.is_shut(phones[0])


def test_damaged_keys(box, phones):
    box.keys.write(box.folder, gate.USER[NETCTL])
    path = os.path.join(box.folder, "netctl", "keys")
    with open(path, "r+b") as file:
        file.seek(30)
        file.write(b"\xff")
    box.start(join=False)
    assert len(box.stadttor.warnings("guests of the city have to tap")) == 1
    assert box.operator()["troubles"] == ["keys broken"]
    assert box.peer.feed(box.of_today().record(phones[1].mac))[0] \
        == -errno.ENXIO
    box.tap(phones[0])
    assert traffic.is_online(phones[0])


def watches(box):
    """Sockets that hear of neighbours and forwarding tables: RTMGRP_NEIGH."""
    pid = box.stadttor.process[NETCTL].pid
    with open(f"/proc/{pid}/net/netlink") as file:
        return [line.split()[3] for line in file].count("00000004")


def test_in_no_city(box, street, phones):
    """No file: no watch on devices, and no answer that says more."""
    box.start(join=False)
    assert box.operator()["joined"] == 0
    assert box.peer.feed(bytes(16))[0] == -errno.ENXIO
    box.tap(phones[0])
    assert watches(box) == 0
    box.keys.write(box.folder, gate.USER[NETCTL])
    box.stadttor.reload(NETCTL)
    box.stadttor.wait_log("city: joined")
    lab.wait_until(lambda: box.operator()["joined"])
    assert watches(box) == 1
    assert box.sent().kind == city.ACCEPT


# --- a portal that lies --------------------------------------------------------

def test_liar(box, phones):
    """Forged records, floods, clocks and keys; netctl goes on for others."""
    box.start()
    forged = bytearray(box.of_today().record(phones[0].mac))
    forged[-1] ^= 1
    future = box.keys.of(box.today + 2).record(phones[0].mac)
    assert box.peer.feed(forged, future) == (0, 0)
    assert box.peer.feed(count=0)[0] == -errno.EINVAL
    assert box.peer.feed(count=33)[0] == -errno.EINVAL
    errors = set()
    for _ in range(2000):
        errors.add(box.peer.feed(*[forged] * 32))
    assert errors <= {(0, 0), (-errno.EAGAIN, 0)}
    for seconds in (-2 ** 63, 2 ** 63 - 1, 0):
        box.peer.send(ipc.city_clock(seconds, 2 ** 32 - 1))
    assert box.operator()["troubles"] == ["clock off"]
    box.complete()
    assert box.operator()["grants"] == 0
    assert len(box.stadttor.warnings("no box of the city made")) == 1
    traffic.ping(phones[0], phones[0].network.gate(V4))
    assert traffic.is_shut(phones[0])
    lab.wait_until(lambda: box.peer.feed(box.of_today().record(phones[0].mac))
                   == (0, 1))
    lab.wait_until(lambda: traffic.is_online(phones[0]))


def test_no_address_in_the_log(box, phones):
    box.start()
    box.tap(phones[0])
    traffic.ping(phones[1], phones[1].network.gate(V4))
    box.tap_elsewhere(phones[1])
    lab.wait_until(lambda: box.online() == 2)
    said = box.stadttor.log(NETCTL).lower()
    for phone in phones[:2]:
        for text in (phone.mac, phone.mac.replace(":", ""), phone.ip4,
                     box.of_today().id_of(phone.mac).hex()):
            assert text not in said


# --- killed at any moment ------------------------------------------------------

class Carrier(threading.Thread):
    """A portal that carries records to a store, and reads all of it anew for
    each netctl before it says so."""

    def __init__(self, box):
        super().__init__(daemon=True)
        self.box, self.store, self.is_over = box, [], False
        self.start()

    def run(self):
        while not self.is_over:
            with contextlib.suppress(OSError), \
                    ipc.Peer(self.box.stadttor.socket) as peer:
                peer.socket.settimeout(0.2)
                self.serve(peer)

    def serve(self, peer):
        for at in range(0, len(self.store), 32):
            assert peer.feed(*self.store[at:at + 32])[0] == 0
        peer.send(ipc.city_clock(int(time.time())))
        last = 0
        while not self.is_over:
            with contextlib.suppress(TimeoutError):
                for seq, record in peer.records(last, last):
                    if seq > last:  # what is asked anew comes anew
                        self.store.append(record)
                        last = seq


@pytest.mark.parametrize("kills", [
    10, pytest.param(100, marks=pytest.mark.full)])
def test_killed_at_any_moment(box, crowd, kills):
    """Nobody's tap is lost, and nobody's is told twice."""
    box.start(guest={"max_sessions": 1000})
    carrier, dice = Carrier(box), random.Random(kills)
    told = set()
    for n in range(kills):
        for phone in crowd[n * len(crowd) // kills:
                           (n + 1) * len(crowd) // kills]:
            traffic.ping(phone, phone.network.gate(V4))
            if not box.peer.ask(ipc.grant(phone.ip4, terms=1)).error:
                told.add(box.of_today().id_of(phone.mac))
        time.sleep(dice.random() / 50)
        box.restart()
    lab.wait_until(lambda: len({r[4:9] for r in carrier.store}) >= len(told),
                   say="a tap was lost")
    lab.wait_until(lambda: box.unsent() == 0)
    carrier.is_over = True
    carrier.join()
    opened = [box.of_today().open(record) for record in carrier.store]
    assert sorted(r.id for r in opened) == sorted(told)
    assert {(r.kind, r.count) for r in opened} == {(city.ACCEPT, 0)}
