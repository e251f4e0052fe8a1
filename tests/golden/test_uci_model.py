# SPDX-License-Identifier: GPL-3.0-or-later
"""Our reader of UCI against a model of libuci's, on random texts."""
import random
import subprocess

import libuci
import pytest

ROUNDS = 20000
# Mostly what makes a good line, so that texts get far before they are refused.
LINES = [b"config a", b"config b 'n'", b"config c \"m\"", b"option x 'v w'",
         b"option y v", b"\toption x 'u'", b"list x 'v'", b"\tlist y 1",
         b"o z 1", b"l z 2", b"c d", b"p q", b"package a-b", b"option e ''"]
PARTS = [b" ", b"  ", b"\t", b"\n", b"\n", b"\r\n", b"\\\n", b"\\\r\n", b"\\",
         b"\\ ", b"\\#", b"\\;", b"\\'", b'\\"', b"\\\\", b"#", b" # c", b";",
         b" ;", b"; ", b" ; ", b"''", b'""', b"'", b'"', b"'s t'", b"\"s\\\"t\"",
         b"'l\nm'", b"\"l\\\nm\"", b"'#'", b"\"';'\"", b"\v", b"\f", b"\r",
         b"\xc3\x9f", b"-", b"config", b"option", b"list", b"package", b"c",
         b"o", b"l", b"p", b"x", b"1", b"a b", b"\x01", b"~", b"\x7f"]
RARE = [b"\0"]


def make(rng):
    out = [b"config s\n"] if rng.random() < 0.8 else []
    for _ in range(rng.randrange(1, 6)):
        line = rng.choice(LINES)
        for _ in range(rng.choice([0, 0, 0, 0, 1, 1, 2])):
            part = rng.choice(RARE if rng.random() < 0.005 else PARTS)
            at = rng.choice([len(line), rng.randrange(len(line) + 1)])
            line = line[:at] + part + line[at:]
        out.append(line + rng.choice([b"\n"] * 8 + [b"\r\n", b";", b" ; ",
                                           b"\\\n", b"\n\n", b""]))
    return b"".join(out)


class Reader:
    """The real parser: canonical text or None, the file told again, error."""

    def __init__(self, build):
        self.process = subprocess.Popen([build / "golden/ucidriver"],
                                        stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def read(self, data):
        self.process.stdin.write(b"%d\n" % len(data) + data)
        self.process.stdin.flush()
        first, second = map(int, self.process.stdout.readline().split())
        text = self.process.stdout.read(first)
        again = self.process.stdout.read(second)
        return (text if text[:1] == b"\n" else None), again, text

    def close(self):
        self.process.stdin.close()
        return self.process.wait(20)


@pytest.fixture(scope="module")
def reader(build):
    reader = Reader(build)
    yield reader
    assert reader.close() == 0


def compare(reader, data):
    """"read", "refused", or "lossy": refused on purpose."""
    text, again, error = reader.read(data)
    try:
        expected, verdict = libuci.load(data), "read"
    except libuci.Refused as refused:
        expected = None
        verdict = "lossy" if isinstance(refused, libuci.Lossy) else "refused"
    assert text == expected, (data, text, expected, error)
    assert again == (data if expected is not None else b"")
    return verdict


def test_reads_what_libuci_reads(reader):
    rng = random.Random(20261125)
    seen = {"read": 0, "refused": 0, "lossy": 0}
    for _ in range(ROUNDS):
        seen[compare(reader, make(rng))] += 1
    assert seen["read"] > ROUNDS / 5 and seen["refused"] > ROUNDS / 5
    assert seen["lossy"] > 20
