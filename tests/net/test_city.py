# SPDX-License-Identifier: GPL-3.0-or-later
"""The story of `make demo-city`, with nobody who listens but the store."""
import codecs
import collections
import re

import citystory
import citytown
import pytest
import story

ACCEPT, REVOKE = 1, 3
TESTER = "user tester on >tester ~* &* +@all\n"
WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"')


class Listener(story.Silent):
    """Has every command told to it that reaches the store."""

    def __init__(self, town):
        super().__init__()
        self.town, self.client = town, None

    def step(self, title):
        super().step(title)
        if self.town.server and not self.client:
            self.client = self.connect()
            assert self.client("MONITOR") == b"OK"

    def connect(self):
        return self.town.server.client(
            self.town.hub_folder / "ca.pem").login("tester", "tester")

    def commands(self):
        """All so far, each as its words."""
        self.connect()("ECHO", "so far")
        while True:
            words = [codecs.escape_decode(w)[0]
                     for w in WORD.findall(self.client.read())]
            if words == [b"ECHO", b"so far"]:
                return
            yield words


@pytest.fixture
def town(street):
    made = citytown.Town("town-", portal=citystory.PORTAL, acl=TESTER)
    yield made
    made.close()


def records(commands):
    """Those that boxes have written; each a phone's doing."""
    for words in commands:
        if words[0].upper() == b"XADD" and words[1].startswith(b"in:") and \
                b"r" in words:
            text = words[words.index(b"r") + 1]
            yield from (text[i:i + 16] for i in range(0, len(text), 16))


def forms(phone):
    mac = phone.mac.encode()
    plain = mac.replace(b":", b"")
    return [bytes.fromhex(plain.decode()), mac, plain, mac.replace(b":", b"-"),
            mac.upper(), plain.upper(), phone.ip4.encode(), phone.ip6.encode()]


def test_the_story_of_a_city(town):
    """And of a phone that walks through all boxes the store learns that some
    phone has tapped at the first, and nothing of the others."""
    listener = Listener(town)
    citystory.tell(listener, town)
    commands = list(listener.commands())
    kinds = collections.Counter(r[0] & 15 for r in records(commands))
    assert kinds == {ACCEPT: 3, REVOKE: 2}
    heard = b"\0".join(b"\0".join(words) for words in commands)
    written = {words[1] for words in commands if words[0] == b"XADD"}
    assert written >= {b"in:box-1", b"in:box-2", b"in:box-3"}
    assert len(town.phones) == 3
    assert [f for p in town.phones for f in forms(p) if f in heard] == []
