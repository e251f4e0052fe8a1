# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the packets that no socket would send, and reads captured ones."""
import socket
import struct
from typing import NamedTuple

ICMP, TCP, UDP, GRE, ICMPV6, SCTP = 1, 6, 17, 47, 58, 132
FRAGMENT6 = 44
SO_TIMESTAMPNS = 35


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def packed(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def ether(source, destination, packet):
    kind = 0x86dd if packet[0] >> 4 == 6 else 0x0800
    return (mac_bytes(destination) + mac_bytes(source) +
            struct.pack("!H", kind) + packet)


def ipv4(source, destination, proto, payload, ident=1, fragment=0):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident,
                       fragment, 64, proto, 0, packed(source),
                       packed(destination))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(source, destination, proto, payload):
    return struct.pack("!IHBB16s16s", 6 << 28, len(payload), proto, 64,
                       packed(source), packed(destination)) + payload


def ip(source, destination, proto, payload):
    build = ipv6 if ":" in source else ipv4
    return build(source, destination, proto, payload)


def with_checksum(source, destination, proto, payload, offset):
    pseudo = packed(source) + packed(destination) + struct.pack(
        "!II", len(payload), proto)
    value = struct.pack("!H", checksum(pseudo + payload) or 0xffff)
    return payload[:offset] + value + payload[offset + 2:]


def udp(source, destination, port, payload=b"leak", from_port=4000):
    data = struct.pack("!HHHH", from_port, port, 8 + len(payload), 0) + payload
    return with_checksum(source, destination, UDP, data, 6)


def tcp_syn(source, destination, port, from_port=4000):
    data = struct.pack("!HHIIBBHHH", from_port, port, 1, 0, 5 << 4, 2, 65535,
                       0, 0)
    return with_checksum(source, destination, TCP, data, 16)


def tcp_reset(source, destination, port, from_port=4000):
    """Of no connection, so conntrack calls it invalid."""
    data = struct.pack("!HHIIBBHHH", from_port, port, 1, 0, 5 << 4, 4, 0, 0, 0)
    return with_checksum(source, destination, TCP, data, 16)


def tcp_ack(source, destination, port, from_port=4000):
    data = struct.pack("!HHIIBBHHH", from_port, port, 1, 1, 5 << 4, 0x10,
                       65535, 0, 0) + b"leak"
    return with_checksum(source, destination, TCP, data, 16)


def echo_request(source, destination, ident=77):
    if ":" not in source:
        data = struct.pack("!BBHHH", 8, 0, 0, ident, 1) + b"leak"
        return data[:2] + struct.pack("!H", checksum(data)) + data[4:]
    data = struct.pack("!BBHHH", 128, 0, 0, ident, 1) + b"leak"
    return with_checksum(source, destination, ICMPV6, data, 2)


def router_advert(mac, source):
    """Of a router that the whole network may go by, for half an hour."""
    data = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0) \
        + b"\1\1" + mac_bytes(mac)
    packet = ipv6(source, "ff02::1", ICMPV6, with_checksum(
        source, "ff02::1", ICMPV6, data, 2))
    return ether(mac, "33:33:00:00:00:01", packet[:7] + b"\xff" + packet[8:])


def fragments(source, destination, proto, payload, size=512):
    """The packet in pieces of at most size bytes, a multiple of 8."""
    pieces = []
    for at in range(0, len(payload), size):
        part = payload[at:at + size]
        more = at + size < len(payload)
        if ":" in source:
            head = struct.pack("!BBHI", proto, 0, at | more, 4711)
            pieces.append(ipv6(source, destination, FRAGMENT6, head + part))
        else:
            pieces.append(ipv4(source, destination, proto, part, 4711,
                               at // 8 | (0x2000 if more else 0)))
    return pieces


class Service:
    """One of the box itself, by UDP, and what strangers to it bring there."""

    PORT = 9999

    def __init__(self, netns, family):
        self.socket = netns.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind(("", self.PORT))
        self.socket.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def got(self):
        """What has come in since the last call."""
        found = []
        try:
            while True:
                found.append(self.socket.recv(64))
        except BlockingIOError:
            return found


class Packet(NamedTuple):
    """What a captured frame says in its heads."""
    source: str
    destination: str
    proto: int
    from_port: int
    port: int
    length: int
    at: float = 0  # when the kernel saw it, by time.time()


def _ports(proto, data):
    if proto in (TCP, UDP, SCTP) and len(data) >= 4:
        return struct.unpack_from("!HH", data)
    if proto in (ICMP, ICMPV6) and data:
        return 0, data[0]  # the type
    return 0, 0


def parse(frame):
    """A Packet, or None for what is not IP."""
    kind, = struct.unpack_from("!H", frame, 12)
    data = frame[14:]
    if kind == 0x0800:
        head = (data[0] & 15) * 4
        proto = data[9]
        whole = not struct.unpack_from("!H", data, 6)[0] & 0x1fff
        source, destination, family = data[12:16], data[16:20], socket.AF_INET
    elif kind == 0x86dd:
        head, proto, whole = 40, data[6], True
        source, destination, family = data[8:24], data[24:40], socket.AF_INET6
        if proto == 0:  # hop by hop, in multicast listener reports
            proto, head = data[40], 48 + data[41] * 8
    else:
        return None
    ports = _ports(proto, data[head:]) if whole else (0, 0)
    return Packet(socket.inet_ntop(family, source),
                  socket.inet_ntop(family, destination), proto, *ports,
                  len(data))


class Capture:
    """Everything that arrives on a device, from now on."""

    def __init__(self, netns, device="eth0"):
        self.socket = netns.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUFFORCE
                               if hasattr(socket, "SO_RCVBUFFORCE") else 33,
                               64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind((device, 3))  # ETH_P_ALL
        self.socket.setblocking(False)
        self.seen = []

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def packets(self):
        """The IP packets that came in since the start."""
        while True:
            try:
                frame, told, _, address = self.socket.recvmsg(2048, 64)
            except BlockingIOError:
                return self.seen
            if address[2] == 4:  # PACKET_OUTGOING
                continue
            packet = parse(frame)
            if packet:
                seconds, more = struct.unpack("=qq", told[0][2][:16])
                self.seen.append(packet._replace(at=seconds + more / 1e9))
