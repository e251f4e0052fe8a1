# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks the messages of common/ipc.h, rightly and wrongly."""
import ctypes
import os
import pwd
import socket
import struct
import threading

import lab

VERSION = 10
UNLIMITED = (1 << 64) - 1
(NONE, LOOKUP, GRANT, LOGOUT, USAGE_NEXT, HEALTH_ASK, ADMIT, STATUS, LIST,
 REVOKE, SESSION, ADDRESS, ZONE, TOTALS, DONE, HEALTH, USAGE_CELL,
 GARDEN, LEFT, GARDEN_NAME, DEVICE_ASK, DEVICE, CITY_FEED, CITY_CLOCK,
 CITY_NEXT, CITY_KEY, CITY_ASK, CITY_RECORD, CITY, ACCOUNT_ASK, ACCOUNT_CHANGE,
 ACCOUNT, RADIO, TYPE_MAX) = range(34)

HEADER = struct.Struct("=HHI")
ADDR = struct.Struct("=B3xI16s")
LIMITS = struct.Struct("=5Q")
HEALTH_POLL_BUCKETS = 184  # of struct ipc_health.latency[IPC_LATENCY_POLL]
ZONE_OUTLET = 64  # where it is in struct ipc_zone
GRANT_REST = struct.Struct("=16sQIIIIII")  # behind the limits
REVOKE_BODY = struct.Struct("=24sQQII")
SESSION_BODY = struct.Struct("=iI5Q5QIIII16sqQIIQ")
DONE_BODY = struct.Struct("=iIII")
DEVICE_BODY = struct.Struct("=iI16sII")
CITY_RECORD_BODY = struct.Struct("=QII16s")
RADIO_BODY = struct.Struct("=32sII")
CITY_BODY = struct.Struct("=BBBxHHIIQQ")
CITY_TROUBLES = ["clock not set", "clock off", "keys broken", "keys stale",
                 "full"]


# setgroups, setresgid and setresuid as the kernel has them: of one thread. Those
# of the C library change all threads of the process.
SET_IDS = {"x86_64": (116, 119, 117), "aarch64": (159, 149, 147)}
_libc = ctypes.CDLL(None, use_errno=True)


def connect_as(user, path, group=None):
    """A connection that carries that user's id, in the group of another's.

    Made by a thread that ends with these ids: a process of its own for each of
    hundreds takes most of a minute.
    """
    made = []

    def run():
        try:
            _become(pwd.getpwnam(user).pw_uid,
                    pwd.getpwnam(group or user).pw_gid)
            s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            s.connect(path)  # waits while the backlog is full
            made.append(s)
        except OSError as error:
            made.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(made[0], OSError):
        raise made[0]
    return made[0]


def _become(uid, gid):
    groups, gids, uids = SET_IDS[os.uname().machine]
    for call in ((groups, 0, None), (gids, gid, gid, gid),
                 (uids, uid, uid, uid)):
        if _libc.syscall(*call):
            raise OSError(ctypes.get_errno(), "ids of a thread")


def address(text, ifindex=0):
    """Of the text of an IP address, or a hardware address as bytes."""
    if not text:
        return ADDR.pack(0, 0, b"")
    if isinstance(text, bytes):
        return ADDR.pack(socket.AF_PACKET, ifindex, text)
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    return ADDR.pack(family, ifindex, socket.inet_pton(family, text))


def limits(duration_s=0, idle_s=0, quota=0, down=0, up=0):
    return LIMITS.pack(duration_s, idle_s, quota, down, up)


def message(kind, body=b"", ident=1, version=VERSION):
    return HEADER.pack(version, kind, ident) + body


def lookup(client, ident=1, ifindex=0, shown=0, platform=0, attempt=0):
    return message(LOOKUP, address(client, ifindex)
                   + struct.pack("=IIII", shown, platform, attempt, 0), ident)


def logout(client, ident=1, ifindex=0):
    return message(LOGOUT, address(client, ifindex) + bytes(16), ident)


def grant(client, ident=1, ifindex=0, language=b"", tag=0, devices=0, terms=0,
          extend=0, replace=0, account=0, kind=GRANT, **wanted):
    return message(kind, address(client, ifindex) + limits(**wanted)
                   + GRANT_REST.pack(language, tag, devices, terms, extend,
                                     replace, account, 0),
                   ident)


def revoke(client=None, handle=0, tag=0, everybody=0, ident=1):
    return message(REVOKE, REVOKE_BODY.pack(address(client), handle, tag,
                                            everybody, 0), ident)


def garden(name, client, ttl_s=300, ident=1):
    return message(GARDEN, address(client) + struct.pack("=II256s", ttl_s, 0,
                                                         name.encode()), ident)


def device_ask(client, ident=1, ifindex=0):
    return message(DEVICE_ASK, address(client, ifindex), ident)


def city_feed(records, ident=1, count=None):
    body = b"".join(records).ljust(32 * 16, b"\0")
    return message(CITY_FEED, struct.pack(
        "=II", len(records) if count is None else count, 0) + body, ident)


def city_clock(seconds, is_complete=1):
    return message(CITY_CLOCK, struct.pack("=qII", seconds, is_complete, 0), 0)


def city_next(after=0, committed=0):
    return message(CITY_NEXT, struct.pack("=QQ", after, committed), 0)


def city_key(generation, day, ct, tag, ident=1):
    return message(CITY_KEY, struct.pack("=BBH32s16sI", generation, 0, day, ct,
                                         tag, 0), ident)


def left(mac):
    return message(LEFT, bytes.fromhex(mac.replace(":", "")) + bytes(2))


class Session:
    """An IPC_SESSION, taken apart."""

    def __init__(self, data):
        (self.error, self.state, self.handle, self.left_s, self.age_s,
         self.up_bytes, self.down_bytes, self.duration_s, self.idle_s,
         self.quota, self.down_bps, self.up_bps, self.reduced, self.terms,
         self.is_tagged, _, zone, self.change_s, self.change_in_s,
         self.is_closed, self.is_account,
         self.pseudonym) = SESSION_BODY.unpack(data[HEADER.size:])
        self.zone = zone.rstrip(b"\0").decode()


class Peer:
    """A connection to netctl as some user."""

    def __init__(self, path, user="nobody", group=None):
        self.socket = connect_as(user, path, group)
        self.socket.settimeout(3 * lab.PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, data):
        self.socket.send(data)

    def answer_of(self, wanted, ident=1):
        """The message of that kind and id; others are passed over."""
        while True:
            data = self.socket.recv(512)
            if not data:
                raise ConnectionError("netctl closed the connection")
            _, kind, got = HEADER.unpack_from(data)
            if kind == wanted and got == ident:
                return data

    def answer(self, ident=1):
        return Session(self.answer_of(SESSION, ident))

    def ask(self, data, ident=1):
        self.send(data)
        return self.answer(ident)

    def ask_revoke(self, **target):
        """The error and how many have ended."""
        self.send(revoke(**target))
        return DONE_BODY.unpack(self.answer_of(DONE)[HEADER.size:])[:2]

    def ask_device(self, client, ifindex=0):
        """The error, the device with that address and whether it has guests."""
        self.send(device_ask(client, ifindex=ifindex))
        error, index, name, guests, _ = DEVICE_BODY.unpack(
            self.answer_of(DEVICE)[HEADER.size:])
        name = name.rstrip(b"\0").decode()
        assert bool(index) == bool(name) == (not error)
        return error, name, guests

    # --- a city ---

    def feed(self, *records, count=None):
        """The error and how many were new."""
        self.send(city_feed(records, count=count))
        return DONE_BODY.unpack(self.answer_of(DONE)[HEADER.size:])[:2]

    def take_key(self, *args):
        self.send(city_key(*args))
        return DONE_BODY.unpack(self.answer_of(DONE)[HEADER.size:])[0]

    def records(self, after=0, committed=0):
        """[(number, record)]: waits until there is one."""
        self.send(city_next(after, committed))
        found, more = [], 1
        while more:
            data = self.answer_of(CITY_RECORD, 0)
            seq, more, _, record = CITY_RECORD_BODY.unpack(data[HEADER.size:])
            found.append((seq, record))
        return found

    def city(self):
        """What netctl says of the city, as a dict."""
        self.send(message(CITY_ASK))
        data = self.answer_of(CITY)
        (joined, generation, complete, day, troubles, grants, unsent, refused,
         granted) = CITY_BODY.unpack(data[HEADER.size:])
        return {"joined": joined, "generation": generation,
                "complete": complete, "day": day, "grants": grants,
                "unsent": unsent, "refused": refused, "granted": granted,
                "troubles": [word for bit, word in enumerate(CITY_TROUBLES)
                             if troubles & 1 << bit]}

    def open_name(self, name, client, ttl_s=300):
        """The error and in how many zones it is open."""
        self.send(garden(name, client, ttl_s))
        return DONE_BODY.unpack(self.answer_of(DONE)[HEADER.size:])[:2]

    def looks(self):
        """How often all counters were read since the start."""
        self.send(message(HEALTH_ASK))
        return sum(struct.unpack_from("=10I", self.answer_of(HEALTH),
                                      HEALTH_POLL_BUCKETS))

    def names(self):
        """What netctl tells unasked: a whole list of names."""
        found = []
        while True:
            data = self.socket.recv(512)
            _, kind, ident = HEADER.unpack_from(data)
            if kind == GARDEN_NAME:
                found.append(data[HEADER.size:].rstrip(b"\0").decode())
            elif kind == DONE and not ident:
                assert DONE_BODY.unpack(data[HEADER.size:])[:2] == (
                    0, len(found))
                return found

    def was_closed(self, seconds=2 * lab.PATIENCE):
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
