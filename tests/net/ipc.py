# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks the messages of common/ipc.h, rightly and wrongly."""
import contextlib
import os
import pwd
import socket
import struct

VERSION = 1
UNLIMITED = (1 << 64) - 1
(NONE, LOOKUP, GRANT, LOGOUT, ADMIT, STATUS, LIST, REVOKE, SESSION, ADDRESS,
 ZONE, TOTALS, DONE, TYPE_MAX) = range(14)

HEADER = struct.Struct("=HHI")
ADDR = struct.Struct("=B3xI16s")
LIMITS = struct.Struct("=5Q")
SESSION_BODY = struct.Struct("=iI5Q5QII16s")


@contextlib.contextmanager
def as_user(name):
    """Connections made inside carry that user's id."""
    user = pwd.getpwnam(name)
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def address(text, ifindex=0):
    if not text:
        return ADDR.pack(0, 0, b"")
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return ADDR.pack(family, ifindex, socket.inet_pton(family, text))


def limits(duration_s=0, idle_s=0, quota=0, down=0, up=0):
    return LIMITS.pack(duration_s, idle_s, quota, down, up)


def message(kind, body=b"", ident=1, version=VERSION):
    return HEADER.pack(version, kind, ident) + body


def lookup(client, ident=1, ifindex=0):
    return message(LOOKUP, address(client, ifindex), ident)


def logout(client, ident=1, ifindex=0):
    return message(LOGOUT, address(client, ifindex), ident)


def grant(client, ident=1, ifindex=0, **wanted):
    return message(GRANT, address(client, ifindex) + limits(**wanted), ident)


class Session:
    """An IPC_SESSION, taken apart."""

    def __init__(self, data):
        (self.error, self.state, self.handle, self.left_s, self.age_s,
         self.up_bytes, self.down_bytes, self.duration_s, self.idle_s,
         self.quota, self.down_bps, self.up_bps, self.reduced, _,
         zone) = SESSION_BODY.unpack(data[HEADER.size:])
        self.zone = zone.rstrip(b"\0").decode()


class Peer:
    """A connection to netctl as some user."""

    def __init__(self, path, user="nobody"):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with as_user(user):
            self.socket.connect(path)  # waits while the backlog is full
        self.socket.settimeout(3)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, data):
        self.socket.send(data)

    def answer(self, ident=1):
        """The IPC_SESSION with that id; unasked messages are passed over."""
        while True:
            data = self.socket.recv(512)
            if not data:
                raise ConnectionError("netctl closed the connection")
            _, kind, got = HEADER.unpack_from(data)
            if kind == SESSION and got == ident:
                return Session(data)

    def ask(self, data, ident=1):
        self.send(data)
        return self.answer(ident)

    def was_closed(self, seconds=2):
        """Reads until netctl closes the connection."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(512):
                pass
        except TimeoutError:
            return False
        except ConnectionError:
            pass
        return True
