# SPDX-License-Identifier: GPL-3.0-or-later
"""What phones do on a network: pages, probes, numbered flows, transfers."""
import select
import socket
import struct
import threading
import time
from http.client import HTTPConnection, HTTPMessage
from typing import NamedTuple

import lab
import packets

V4, V6 = socket.AF_INET, socket.AF_INET6
FAMILIES = (V4, V6)
OTHER = {V4: V6, V6: V4}
# By when an answer is there that is to come, or a refusal. Whoever waits for
# silence says for how long.
ANSWER_S = 1.0 * lab.PATIENCE


def web(family):
    return lab.WEB4 if family == V4 else lab.WEB6


def garden(family):
    return lab.GARDEN4 if family == V4 else lab.GARDEN6


def stranger(family):
    return lab.STRANGER4 if family == V4 else lab.STRANGER6


def family_of(address):
    return V6 if ":" in address else V4


# --- HTTP -------------------------------------------------------------------

class Reply(NamedTuple):
    status: int
    headers: HTTPMessage
    body: str


def http(phone, address, path="/", method="GET", form=None, host=None,
         port=80, timeout=4 * ANSWER_S, source=None):
    """One request on a connection of its own."""
    if host is None:
        host = f"[{address}]" if ":" in address else address
    s = phone.socket(family_of(address), socket.SOCK_STREAM, source=source)
    s.settimeout(timeout)
    with s:
        s.connect((address, port))
        conn = HTTPConnection(host)
        conn.sock = s
        headers = {"Connection": "close", "Host": host}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        conn.request(method, path, form, headers)
        answer = conn.getresponse()
        return Reply(answer.status, answer.headers,
                     answer.read().decode("utf-8", "replace"))


def tap(phone, family=V4, source=None, timeout=4 * ANSWER_S):
    """Accepts the terms; the reply is a 303 where that opened the gate."""
    return http(phone, phone.network.gate(family), "/accept", "POST",
                "terms=1", source=source, timeout=timeout)


def log_out(phone, family=V4):
    return http(phone, phone.network.gate(family), "/logout", "POST", "")


# --- single probes ----------------------------------------------------------

def udp_echo(phone, address, port=lab.ECHO, timeout=ANSWER_S, source=None):
    """True: an answer; an OSError: refused; False: silence."""
    with phone.socket(family_of(address), socket.SOCK_DGRAM,
                      source=source) as s:
        s.settimeout(timeout)
        s.connect((address, port))
        try:
            s.send(b"probe")
            return s.recv(64) == b"probe"
        except TimeoutError:
            return False
        except OSError as error:
            return error


def tcp_connect(phone, address, port, timeout=ANSWER_S, source=None):
    """True: connected; an OSError: refused; False: silence."""
    with phone.socket(family_of(address), socket.SOCK_STREAM,
                      source=source) as s:
        s.settimeout(timeout)
        try:
            s.connect((address, port))
            return True
        except TimeoutError:
            return False
        except OSError as error:
            return error


def ping(phone, address, timeout=ANSWER_S, source=None):
    """True: an answer; else an OSError or False."""
    family = family_of(address)
    proto = socket.IPPROTO_ICMP if family == V4 else socket.IPPROTO_ICMPV6
    request = struct.pack("!BBHHH", 8 if family == V4 else 128, 0, 0, 0, 1)
    with phone.socket(family, socket.SOCK_DGRAM, proto, source=source) as s:
        s.settimeout(timeout)
        try:
            s.connect((address, 0))
            s.send(request + b"ping")
            return bool(s.recv(64))
        except TimeoutError:
            return False
        except OSError as error:
            return error


# Groups that a bridge hands to the port itself, where it may: 802.1Q, 8.6.3.
GROUPS = [f"01:80:c2:00:00:{last:02x}" for last in (0, 2, 3, 0xe)]


def slips_in(street, phone, family):
    """What reaches a service of the box by frames to these. A ping follows
    them by the same way, and is answered."""
    gate = phone.network.gate(family)
    with packets.Service(street.gate, family) as service:
        for group in GROUPS:
            phone.raw(packets.ether(phone.mac, group, packets.ip(
                phone.address(family), gate, packets.UDP,
                packets.udp(phone.address(family), gate, service.PORT,
                            group.encode()))))
        assert ping(phone, gate) is True
        return [data.decode() for data in service.got()]


def timed(probe, *args, **kwargs):
    """What the probe said, and the seconds that it took."""
    start = time.monotonic()
    result = probe(*args, **kwargs)
    return result, time.monotonic() - start


def is_online(phone, family=V4, source=None, timeout=ANSWER_S):
    return udp_echo(phone, web(family), timeout=timeout, source=source) is True


def is_shut(phone, family=V4, source=None):
    return udp_echo(phone, web(family), timeout=0.2,
                    source=source) is not True


def wait_online(phone, family=V4, seconds=5, source=None):
    lab.wait_until(lambda: is_online(phone, family, source, 0.2), seconds,
                   say=f"{phone.ip4} did not come online")


def wait_shut(phone, family=V4, seconds=5):
    lab.wait_until(lambda: is_shut(phone, family), seconds,
                   say=f"{phone.ip4} was not shut out")


# --- DNS --------------------------------------------------------------------

def dns_query(name, kind=1, ident=1):
    labels = b"".join(bytes([len(part)]) + part.encode()
                      for part in name.split("."))
    return struct.pack("!HHHHHH", ident, 0x100, 1, 0, 0, 0) + labels + \
        struct.pack("!BHH", 0, kind, 1)


def _skip_name(message, at):
    while message[at]:
        if message[at] >= 0xc0:
            return at + 2
        at += message[at] + 1
    return at + 1


def dns_addresses(message, name):
    """The addresses in an answer to a question for that name."""
    count, = struct.unpack_from("!H", message, 6)
    at = 12 + len(dns_query(name)) - 12
    found = []
    for _ in range(count):
        at = _skip_name(message, at)
        kind, length = struct.unpack_from("!H6xH", message, at)
        data = message[at + 10:at + 10 + length]
        if kind in (1, 28):
            found.append(socket.inet_ntop(V4 if kind == 1 else V6, data))
        at += 10 + length
    return found


def resolve(phone, name, kind=1, server=None, timeout=ANSWER_S):
    """Asks a resolver, by default the gate's; None: it did not answer."""
    server = server or phone.network.gate4
    with phone.socket(family_of(server), socket.SOCK_DGRAM) as s:
        s.settimeout(timeout)
        try:
            s.connect((server, 53))
            s.send(dns_query(name, kind))
            return dns_addresses(s.recv(1500), name)
        except OSError:
            return None


def resolve_tcp(phone, name, server, timeout=ANSWER_S):
    query = dns_query(name)
    with phone.socket(family_of(server), socket.SOCK_STREAM) as s:
        s.settimeout(timeout)
        try:
            s.connect((server, 53))
            s.sendall(struct.pack("!H", len(query)) + query)
            return dns_addresses(s.recv(1500)[2:], name)
        except OSError:
            return None


# --- a flow whose packets are counted ---------------------------------------

class NumberedFlow:
    """A UDP flow of numbered packets to an echo; knows which got lost."""

    def __init__(self, phone, family=V4, every=0.005, source=None):
        self.socket = phone.socket(family, socket.SOCK_DGRAM, source=source)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.connect((web(family), lab.ECHO))
        self.socket.setblocking(False)
        self.every = every
        self.sent = 0
        self.came_back = set()
        self.refused = 0
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.finish(0)
        self.socket.close()

    def _receive(self):
        while True:
            try:
                self.came_back.add(struct.unpack("!Q", self.socket.recv(64)))
            except BlockingIOError:
                return
            except OSError:
                self.refused += 1

    def _send(self):
        try:
            self.socket.send(struct.pack("!Q", self.sent))
        except OSError:
            self.refused += 1  # the ICMP error of an earlier packet
        self.sent += 1

    def _run(self):
        due = time.monotonic()
        while self.running:
            self._send()
            due += self.every
            while (left := due - time.monotonic()) > 0:
                if select.select([self.socket], [], [], left)[0]:
                    self._receive()

    def finish(self, wait=2 * ANSWER_S):
        """Stops sending, waits for stragglers, returns how many are lost."""
        self.running = False
        if self.thread.is_alive():
            self.thread.join()
        deadline = time.monotonic() + wait
        while self.lost and time.monotonic() < deadline:
            if select.select([self.socket], [], [], 0.05)[0]:
                self._receive()
        return self.lost

    @property
    def lost(self):
        return self.sent - len(self.came_back)

    def progress(self, packets=20, seconds=3):
        """Waits until so many more packets came back."""
        goal = len(self.came_back) + packets
        lab.wait_until(lambda: len(self.came_back) >= goal, seconds,
                       say="the flow stands still")


# --- bulk transfers ---------------------------------------------------------

BYTES_ACKED, BYTES_RECEIVED = 120, 128  # in struct tcp_info


class Transfer:
    """TCP connections that move bytes as fast as they are let."""

    def __init__(self, phone, family=V4, down=True, flows=1, source=None):
        self.down = down
        self.block = bytes(1 << 16)
        self.sockets = [self._open(phone, family, source)
                        for _ in range(flows)]
        self.running = True
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _open(self, phone, family, source):
        s = phone.socket(family, socket.SOCK_STREAM, source=source)
        lab.use_cubic(s)
        s.settimeout(4 * ANSWER_S)
        s.connect((web(family), lab.SOURCE if self.down else lab.SINK))
        s.setblocking(False)
        return s

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.running = False
        self.thread.join()
        for s in self.sockets:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
            s.close()

    def _run(self):
        alive = list(self.sockets)
        while self.running and alive:
            wait = (alive, [], []) if self.down else ([], alive, [])
            for ready in sum(select.select(*wait, 0.05)[:2], []):
                try:
                    if self.down and not ready.recv(1 << 18):
                        alive.remove(ready)
                    elif not self.down:
                        ready.send(self.block)
                except BlockingIOError:
                    continue
                except OSError:
                    alive.remove(ready)

    def moved(self):
        """Payload bytes that arrived at the other end so far."""
        offset = BYTES_RECEIVED if self.down else BYTES_ACKED
        return sum(struct.unpack_from(
            "=Q", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 192),
            offset)[0] for s in self.sockets)

    def wait_moving(self, amount=50_000, seconds=5):
        goal = self.moved() + amount
        lab.wait_until(lambda: self.moved() >= goal, seconds,
                       say="the transfer stands still")


def goodput(transfers, seconds=10.0, settle=1.0):
    """Bits per second of payload of each of the transfers, side by side."""
    time.sleep(settle)  # slow start is not what is measured
    before = [t.moved() for t in transfers]
    start = time.monotonic()
    time.sleep(seconds)
    after = [t.moved() for t in transfers]
    took = time.monotonic() - start
    return [(b - a) * 8 / took for a, b in zip(before, after)]


def arrivals(phones, seconds, settle):
    """Bits per second of frames that reach each of the phones.

    What a receiver counts as payload comes in leaps where a segment was lost;
    what passed the shaper does not.
    """
    time.sleep(settle)
    before = [phone.received() for phone in phones]
    start = time.monotonic()
    time.sleep(seconds)
    after = [phone.received() for phone in phones]
    took = time.monotonic() - start
    return [(b - a) * 8 / took for a, b in zip(before, after)]


# --- many phones at once ----------------------------------------------------

def open_addresses(phones, family=V4, wait=ANSWER_S):
    """Which of the phones get an echo from the internet right now."""
    by_socket = {}
    for phone in phones:
        s = phone.socket(family, socket.SOCK_DGRAM)
        s.connect((web(family), lab.ECHO))
        s.setblocking(False)
        by_socket[s] = phone
        s.send(b"here")
    found = set()
    deadline = time.monotonic() + wait
    while by_socket and (left := deadline - time.monotonic()) > 0:
        for s in select.select(list(by_socket), [], [], left)[0]:
            try:
                if s.recv(64) == b"here":
                    found.add(by_socket[s])
            except OSError:
                pass  # refused: not open
            del by_socket[s]
            s.close()
    for s in by_socket:
        s.close()
    return found
