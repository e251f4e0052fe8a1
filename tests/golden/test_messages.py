# SPDX-License-Identifier: GPL-3.0-or-later
"""What netctl tells the kernel and hears from it, byte for byte, in the byte
order of the machine that the programs are built for."""
import ipaddress
import pathlib
import struct
import subprocess

import pytest

import netlinkmodel as model
from netlinkmodel import u32, u64

HERE = pathlib.Path(__file__).parent
CONFIGS = {"minimal": ("config/good", "plain", ["eth0"]),
           "two-zones": ("config/good", "shaped", ["eth0", "wwan0"]),
           "city": ("ruleset", "shaped", ["wan0", "wwan0"]),
           "slow-path": ("ruleset", "plain", ["eth0"])}
FIRST_UPLINK = 0x0a0b0c01
MAC = bytes.fromhex("0200005e10ff")
NOW_MS = 1000000
NEVER = 2 ** 64 - 1


@pytest.fixture(scope="module")
def order(plain_build):
    """As the program's ELF header says."""
    elf = (plain_build / "stadttor").read_bytes()
    assert elf[:4] == b"\x7fELF"
    return {1: "<", 2: ">"}[elf[5]]


@pytest.fixture
def netlink(order):
    return model.Netlink(order)


@pytest.fixture
def sent(build):
    """The datagrams of a run, and the other lines."""
    def run(*args):
        lines = subprocess.run([build / "golden/messagedriver", *args],
                               stdout=subprocess.PIPE, text=True, check=True,
                               timeout=200).stdout.splitlines()
        return ([bytes.fromhex(l) for l in lines if " " not in l],
                [l for l in lines if " " in l])
    return run


def messages(order, datagrams):
    for datagram in datagrams:
        while datagram:
            size = struct.unpack_from(order + "I", datagram)[0]
            yield datagram[:size].hex(" ", 4)
            datagram = datagram[size:]


def assert_same(order, found, expected):
    """The first message that differs says it; both runs are long."""
    assert b"".join(found) != b""
    for i, (f, e) in enumerate(zip(messages(order, found),
                                   messages(order, expected))):
        if f != e:
            pytest.fail(f"message {i}\nfound    {f}\nexpected {e}")
    assert [len(f) for f in found] == [len(e) for e in expected]


@pytest.mark.parametrize("name", CONFIGS)
def test_ruleset(name, sent, netlink, order):
    folder, how, uplinks = CONFIGS[name]
    lines = (HERE / "ruleset" / f"{name}.nft").read_text().splitlines()
    ifindex = {u: FIRST_UPLINK + i for i, u in enumerate(uplinks)}
    found, _ = sent("rules", HERE / folder / f"{name}.conf", how)
    assert_same(order, found, model.Ruleset(netlink, lines, ifindex).datagrams())


# --- sessions -----------------------------------------------------------------
def record(netlink, slot, reduced=1):
    """The user data of an element, all in host order."""
    body = netlink.host("BBHHQQQQQQQQ", 2, reduced, slot, 0x0506,
                        0x0123456789abcdef, NOW_MS - 60000, 28800, 3600, NEVER,
                        5000000, 1000000, 0xfedcba9876543210)
    return bytes([200, len(body)]) + body


def element(netlink, name, number=1, data=None, left_ms=None,
            expires_ms=None, counter=None, rate=None, user_data=None):
    """NFTA_SET_ELEM_LIST_* of one element of a set."""
    attr, nest = netlink.attr, netlink.nest
    parts = []
    if left_ms is not None:
        parts.append(attr(4, u64(left_ms)))
    if expires_ms is not None:
        parts.append(attr(5, u64(expires_ms)))
    parts.append(nest(1, attr(1, MAC)))
    if data is not None:
        parts.append(nest(2, attr(1, netlink.host("I", data))))
    if user_data:
        parts.append(attr(6, user_data))
    if counter:
        parts.append(nest(7, attr(1, b"counter\0"), nest(
            2, attr(1, u64(counter[1])), attr(2, u64(counter[0])))))
    if rate:
        parts.append(nest(7, attr(1, b"limit\0"), nest(
            2, attr(1, u64(rate)), attr(2, u64(1)), attr(3, u32(0)),
            attr(4, u32(1)), attr(5, u32(1)))))
    return (attr(2, name.encode() + b"\0") + attr(1, model.TABLE)
            + nest(3, nest(number, *parts)))


def policed(bps):
    return bps // 8 * 94 // 100 + 1


def test_elements(sent, netlink, order):
    up = (0x1122334455, 0x66778899aabb)
    down = (2, 3000 + 2 * 14)  # with the header of Ethernet
    left = 0x01020304

    def put(kind, flags, name, **what):
        body = element(netlink, name, **what)
        return lambda seq, more: netlink.nft(kind, model.NETDEV, flags | more,
                                             seq, body)

    def add(name, **what):
        return put(model.NEWSETELEM, model.CREATE, name, **what)

    def delete(name):
        return put(model.DELSETELEM, 0, name)

    expected = netlink.batch([
        add("up_guest", data=0x1234 << 16, left_ms=left, counter=up,
            user_data=record(netlink, 0x1234)),
        add("down_guest", data=0x53541234, left_ms=left, counter=down),
        add("cap_up_guest", left_ms=left, rate=policed(1000000)),
        add("cap_down_guest", left_ms=left, rate=policed(5000000)),
        *(delete(f"{name}_guest")
          for name in ("up", "down", "cap_up", "cap_down")),
        add("up_guest", data=0xfffe << 16, counter=up,
            user_data=record(netlink, 0xfffe)),
        add("down_guest", data=0, counter=down),
    ], (1, 2))
    assert_same(order, sent("elements")[0], [expected])


def test_elements_are_read(sent, netlink):
    answer = netlink.nft(model.NEWSETELEM, model.NETDEV, 0, 1, element(
        netlink, "up_guest", data=0x1234 << 16, left_ms=3600000,
        expires_ms=1800000, counter=(0x1122334455, 0x66778899aabb),
        user_data=record(netlink, 0x1234)))
    _, lines = sent("read-elements", answer.hex())
    assert lines == [
        f"{0x12340000} {0x1122334455} {0x66778899aabb} 1800000 {0x1234} 1"
        f" {0x0506} 123456789abcdef {NOW_MS - 60000} 28800 {NEVER} 1000000"
        " fedcba9876543210"]


def test_neighbours_are_read(sent, netlink):
    """RTM_NEWNEIGH: only of that device, and only those it vouches for."""
    def neighbour(address, ifindex=5, state=2, mac=MAC):
        packed = ipaddress.ip_address(address).packed
        return netlink.message(28, 2, 1, netlink.host(
            "BxxxiHBB", 2 if len(packed) == 4 else 10, ifindex, state, 0, 1)
            + netlink.attr(1, packed) + netlink.attr(2, mac))

    answer = b"".join([neighbour("192.0.2.7"), neighbour("192.0.2.8", 6),
                       neighbour("192.0.2.9", state=0x20),
                       neighbour("2001:db8::7", state=0x80)])
    found, lines = sent("read-neighbours", answer.hex())
    assert lines == ["02:00:00:5e:10:ff 192.0.2.7",
                     "02:00:00:5e:10:ff 2001:db8::7"]
    for i, (question, family) in enumerate(zip(found, (2, 10))):
        assert question == netlink.message(
            30, 0x301, 1 + i, netlink.host("BxxxiHBB", family, 0, 0, 0, 0)
            + netlink.attr(8, netlink.host("I", 5)))


def test_connections_are_ended(sent, netlink, order):
    """ctnetlink: network order within attributes, host order around them."""
    attr, nest = netlink.attr, netlink.nest
    phone, server = (ipaddress.ip_address(a).packed
                     for a in ("192.0.2.7", "198.51.100.1"))

    def ends(source, target, sport, dport):
        return (nest(1, attr(1, source), attr(2, target)),
                nest(2, attr(1, b"\x06"), attr(2, struct.pack(">H", sport)),
                     attr(3, struct.pack(">H", dport))))

    there = ends(phone, server, 40000, 443)
    back = ends(server, phone, 443, 40000)
    redirected = ends(phone, phone, 2080, 40000)
    ident = attr(12, u32(0xcafe0001))
    answer = (netlink.nfnl(1, 0, 2, 0, 1, nest(1, *there), nest(2, *back),
                           ident)
              + netlink.nfnl(1, 0, 2, 0, 1, nest(1, *there),
                             nest(2, *redirected), ident))
    found, _ = sent("end-connections", answer.hex())
    assert_same(order, found, [
        netlink.nfnl(1, 1, 2, model.DUMP, 1,
                     nest(1, nest(1, attr(1, phone))),
                     nest(25, attr(1, netlink.host("I", 1)),
                          attr(2, netlink.host("I", 0)))),
        netlink.nfnl(1, 2, 2, model.ACK, 1, nest(1, *there), ident)])


# --- classes ------------------------------------------------------------------
ROOT, OURS = 0xffffffff, 0x53540000


def test_classes(sent, netlink, order):
    """All of rtnetlink's traffic control is in host order."""
    attr, nest, host = netlink.attr, netlink.nest, netlink.host
    seq = iter(range(1, 100))
    zone, uplink, link_bytes = 0x01020304, 5, 5000000000
    any_bytes, least_bytes = 12500000000, 1000

    def message(kind, flags, ifindex, parent, handle, *attrs):
        return netlink.message(kind, model.REQUEST | flags, next(seq), host(
            "BxxxiIII", 0, ifindex, handle, parent, 0) + b"".join(attrs))

    def root(ifindex):
        return [message(38, model.DUMP, ifindex, 0, 0),
                message(36, 0x504, ifindex, ROOT, OURS, attr(1, b"htb\0"),
                        nest(2, attr(2, host("IIIII", 3, 10, 0, 0, 0))))]

    def ticks(rate):
        """To send a burst; an even number of 64 ns."""
        burst = max(3200, rate // 1000)
        return min(burst * 8 * 10 ** 9 // (rate * 8) // 64, ROOT)

    def htb(flags, ifindex, minor, rate, ceil, parent=OURS):
        specs = b"".join(host("BBHhHI", 0, 1, 0, 0, 0, min(r, ROOT))
                         for r in (rate, ceil))
        wide = [attr(kind, host("Q", r)) for kind, r in ((6, rate), (7, ceil))
                if r >= ROOT]
        return message(40, 0x400 | flags, ifindex, parent, OURS | minor,
                       attr(1, b"htb\0"), nest(2, attr(1, specs + host(
                           "IIIII", ticks(rate), ticks(ceil), 70000, 0, 0)),
                           *wide))

    def fq_codel(flags, ifindex):
        options = [attr(2, host("I", 300)), attr(5, host("I", 64))]
        return message(36, flags, ifindex, OURS | 2, 2 << 16,
                       attr(1, b"fq_codel\0"), nest(2, *options))

    expected = root(zone) + root(uplink) + [
        htb(model.ACK, uplink, 1, link_bytes, link_bytes),
        htb(model.ACK, zone, 2, any_bytes, any_bytes),
        fq_codel(0x704, zone),
        # what shaper_take() puts into one batch
        htb(0, zone, 2, any_bytes, any_bytes) + fq_codel(0x700, zone)
        + htb(0, uplink, 2, least_bytes, link_bytes, OURS | 1)
        + fq_codel(0x704, uplink),
        htb(0, zone, 2, 631250, 631250)
        + htb(model.ACK, uplink, 2, least_bytes, 126250, OURS | 1)]
    assert_same(order, sent("classes")[0], expected)
