# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and records of a city, made out of their description alone."""
import hashlib
import hmac
import os
import pwd
import struct
from typing import NamedTuple

ACCEPT, RENEW, REVOKE = 1, 2, 3
DAY_S = 86400


def mac_of(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def next_key(key):
    return mac_of(key, b"next\0")


class Record(NamedTuple):
    kind: int
    generation: int
    day: int
    id: bytes
    count: int  # days since the accept, or the turn
    terms: int


class Keys:
    """Of one box, on one day."""

    def __init__(self, day, shift_s=3 * 3600, generation=1,
                 key=bytes(range(32)), wrap=bytes(range(32, 64))):
        self.day, self.shift_s, self.generation = day, shift_s, generation
        self.key, self.wrap = key, wrap

    def of(self, day):
        """The same box, later."""
        key = self.key
        for _ in range(day - self.day):
            key = next_key(key)
        return Keys(day, self.shift_s, self.generation, key, self.wrap)

    def write(self, folder, user):
        """As `stadttor city join` would."""
        owner = pwd.getpwnam(user)
        path = os.path.join(folder, "netctl")
        os.makedirs(path, exist_ok=True)
        os.chmod(folder, 0o755)
        text = struct.pack(">4sBBHII32s32s", b"STCK", 1, self.generation, 0,
                           self.day, self.shift_s, self.key, self.wrap)
        text += hashlib.sha256(text).digest()[:8]
        with open(os.path.join(path, "keys"), "wb") as file:
            file.write(text)
        for name in (path, os.path.join(path, "keys")):
            os.chown(name, owner.pw_uid, owner.pw_gid)
        os.chmod(path, 0o700)
        os.chmod(os.path.join(path, "keys"), 0o600)

    @staticmethod
    def read(folder):
        with open(os.path.join(folder, "netctl", "keys"), "rb") as file:
            text = file.read()
        assert hashlib.sha256(text[:-8]).digest()[:8] == text[-8:]
        _, _, generation, _, day, shift_s, key, wrap = struct.unpack(
            ">4sBBHII32s32s", text[:-8])
        return Keys(day, shift_s, generation, key, wrap)

    def id_of(self, mac, network="Stadt"):
        return mac_of(self.key, b"grant\0", network.encode(),
                      bytes.fromhex(mac.replace(":", "")))[:5]

    def record(self, mac, kind=ACCEPT, count=None, terms=1, network="Stadt"):
        if count is None:
            count = 0 if kind == ACCEPT else 1
        text = struct.pack(">BBH5sBB", 1 << 4 | kind, self.generation,
                           self.day & 0xffff, self.id_of(mac, network), count,
                           terms)
        return text + mac_of(self.key, b"auth\0", text)[:5]

    def open(self, record):
        """None: none that was made on this day by this city."""
        first, generation, day, ident, count, terms = struct.unpack(
            ">BBH5sBB", record[:11])
        if record[11:] != mac_of(self.key, b"auth\0", record[:11])[:5]:
            return None
        return Record(first & 15, generation, day, ident, count, terms)

    def sealed(self, key, day):
        """The key of the next generation: generation, day, ct, tag."""
        generation = self.generation + 1 & 255
        pad = mac_of(self.wrap, b"pad\0", bytes([generation]))
        ct = bytes(a ^ b for a, b in zip(key, pad))
        tag = mac_of(self.wrap, b"tag\0", bytes([generation]),
                     struct.pack(">H", day & 0xffff), ct)[:16]
        return generation, day & 0xffff, ct, tag


def day_of(utc_s, shift_s=3 * 3600):
    return int(utc_s - shift_s) // DAY_S
