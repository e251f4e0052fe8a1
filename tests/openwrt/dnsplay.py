# SPDX-License-Identifier: GPL-3.0-or-later
"""What OpenWrt's dnsmasq answers over UDP, and the questions that it is asked.

On ubus it tells of addresses under the names that own them (do_doctor() in
package/network/services/dnsmasq/patches/200-ubus_dns.patch), the last of a
chain of aliases, and stands still until a subscriber has answered. It follows, and
keeps in its cache, ten aliases (extract_addresses() in rfc1035.c, CNAME_CHAIN).
"""
import select
import socket
import struct

A, CNAME, AAAA, OPT = 1, 5, 28, 41
KINDS = {A: "A", AAAA: "AAAA"}


def wire(name):
    return b"".join(bytes([len(x)]) + x.encode()
                    for x in name.split(".")) + b"\0"


def record(owner, kind, ttl, data, klass=1):
    """owner: a name, or bytes as they are."""
    owner = owner if isinstance(owner, bytes) else wire(owner)
    return owner + struct.pack("!HHIH", kind, klass, ttl, len(data)) + data


def address(owner, text, ttl=60):
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return record(owner, AAAA if ":" in text else A, ttl,
                  socket.inet_pton(family, text))


def chain(names, addresses=(), link_ttl=300, ttl=60):
    """Each name leads to the next, and the last to the addresses."""
    return [record(a, CNAME, link_ttl, wire(b))
            for a, b in zip(names, names[1:])] + [
                address(names[-1], x, ttl) for x in addresses]


class Question:
    def __init__(self, data):
        self.ident, flags, *counts = struct.unpack_from("!6H", data)
        assert (flags, counts) == (0x0100, [1, 0, 0, 1])
        end = data.index(b"\0", 12)
        labels, at = [], 12
        while data[at]:
            labels.append(data[at + 1:at + 1 + data[at]].decode())
            at += data[at] + 1
        assert at == end
        self.name = ".".join(labels)
        self.kind, klass = struct.unpack_from("!HH", data, end + 1)
        assert klass == 1
        self.text = data[12:end + 5]
        # EDNS, with a size that is not cut on the way
        assert data[end + 5:] == b"\0" + struct.pack("!HHIH", OPT, 1232, 0, 0)

    def answer(self, records=(), flags=0x8180, text=None, count=None):
        records = list(records)
        return struct.pack("!6H", self.ident, flags, 1,
                           len(records) if count is None else count, 0, 0) + (
            self.text if text is None else text) + b"".join(records)


class Resolver:
    def __init__(self):
        self.own, self.theirs = socket.socketpair(socket.AF_UNIX,
                                                  socket.SOCK_DGRAM)
        self.own.settimeout(5)

    def is_asked(self):
        return bool(select.select([self.own], [], [], 0)[0])

    def questions(self):
        """Those that are there."""
        asked = []
        while self.is_asked():
            asked.append(Question(self.own.recv(2048)))
        return asked

    def names(self):
        return sorted((q.name, KINDS[q.kind]) for q in self.questions())
