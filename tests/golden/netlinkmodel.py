# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages as the kernel's headers have them, in either byte order.

Rules come from nft's text (tests/golden/ruleset/*.nft): this is a second
translation of it into bytecode, written from linux/netfilter/nf_tables.h. The
order of attributes is that of libnftnl, which the kernel does not care about.
"""
import ipaddress
import re
import shlex
import struct

NETDEV, INET, IPV4, IPV6 = 5, 1, 2, 10
REQUEST, ACK, DUMP, CREATE, APPEND = 1, 4, 0x300, 0x400, 0x800
NEWTABLE, GETTABLE, DELTABLE, NEWCHAIN, NEWRULE, NEWSET = 0, 1, 2, 3, 6, 9
NEWSETELEM, GETSETELEM, DELSETELEM, NEWOBJ = 12, 13, 14, 18
NEWFLOWTABLE = 22
NESTED = 0x8000
TABLE = b"stadttor\0"


class Netlink:
    """order: "<" or ">", that of the machine the message is for."""

    def __init__(self, order):
        self.order = order

    def host(self, kinds, *values):
        return struct.pack(self.order + kinds, *values)

    def attr(self, kind, value):
        size = 4 + len(value)
        return self.host("HH", size, kind) + value + bytes(-size % 4)

    def nest(self, kind, *parts):
        return self.attr(kind | NESTED, b"".join(parts))

    def message(self, kind, flags, seq, body):
        return self.host("IHHII", 16 + len(body), kind, flags, seq, 0) + body

    def nfnl(self, subsystem, kind, family, flags, seq, *attrs):
        body = struct.pack(">BBH", family, 0, 0) + b"".join(attrs)
        return self.message(subsystem << 8 | kind, REQUEST | flags, seq, body)

    def nft(self, kind, family, flags, seq, *attrs):
        """nfgenmsg names the subsystem again, in nf_tables' own messages."""
        return self.nfnl(10, kind, family, flags, seq, *attrs)

    def batch(self, messages, seq):
        """messages take their number; the last of them is answered."""
        edge = struct.pack(">BBH", 0, 0, 10)
        parts = [self.message(16, REQUEST, seq[0], edge)]
        seq = seq[1]
        for i, message in enumerate(messages):
            parts.append(message(seq, ACK if i + 1 == len(messages) else 0))
            seq += 1
        return b"".join(parts) + self.message(17, REQUEST, seq, edge)


def u32(value):
    return struct.pack(">I", value & 0xffffffff)


def u64(value):
    return struct.pack(">Q", value)


def text(value):
    return value.encode() + b"\0"


FIELDS = {"ether saddr": (0, 6, 6, 0), "ether daddr": (0, 0, 6, 0),
          "ip saddr": (1, 12, 4, IPV4), "ip daddr": (1, 16, 4, IPV4),
          "ip6 saddr": (1, 8, 16, IPV6), "ip6 daddr": (1, 24, 16, IPV6)}
PRIORITY, MARK, IIF, OIF, IIFNAME, OIFNAME, NFPROTO, L4PROTO = 2, 3, 4, 5, 6, 7, 15, 16
VERDICTS = {"drop": 0, "accept": 1, "jump": -3, "goto": -4, "return": -5}
PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58}
FIELD = "(" + "|".join(FIELDS) + ")"
HEX = "0x([0-9a-f]+)"


class Expressions:
    """Of one rule, gathered from left to right."""

    def __init__(self, netlink, ifindex):
        self.netlink, self.ifindex, self.list = netlink, ifindex, []

    def add(self, name, *attrs):
        n = self.netlink
        self.list.append(n.nest(1, n.attr(1, text(name)), n.nest(2, *attrs)))

    def numbers(self, name, *pairs):
        self.add(name, *(self.netlink.attr(k, u32(v)) for k, v in pairs))

    def value(self, kind, value):
        return self.netlink.nest(kind, self.netlink.attr(1, value))

    def cmp(self, value, op=0):
        attr = self.netlink.attr
        self.add("cmp", attr(1, u32(1)), attr(2, u32(op)), self.value(3, value))

    def cmp_host(self, value, op=0):
        self.cmp(self.netlink.host("I", value), op)

    def bitwise(self, op, *data):
        attr = self.netlink.attr
        # 6 is the operation, in the place where libnftnl writes it
        self.add("bitwise", attr(1, u32(1)), attr(2, u32(1)), attr(6, u32(op)),
                 attr(3, u32(4)), *data)

    def mask(self, mask, flip=0):
        host = self.netlink.host
        self.bitwise(0, self.value(4, host("I", mask)),
                     self.value(5, host("I", flip)))

    def load(self, key):
        self.numbers("meta", (2, key), (1, 1))

    def store(self, key):
        self.numbers("meta", (2, key), (3, 1))

    def payload(self, base, offset, length):
        self.numbers("payload", (1, 1), (2, base), (3, offset), (4, length))

    def family(self, nfproto):
        self.load(NFPROTO)
        self.cmp(bytes([nfproto]))

    def field(self, name):
        base, offset, length, nfproto = FIELDS[name]
        if nfproto:
            self.family(nfproto)
        self.payload(base, offset, length)

    def device(self, key, name):
        self.load(key)
        self.cmp(name.encode().ljust(16, b"\0"))

    def lookup(self, set_name, *more):
        attr = self.netlink.attr
        self.add("lookup", attr(2, u32(1)), *more, attr(1, text(set_name)))

    def map(self, field, set_name, key):
        self.field(field)
        self.lookup(set_name, self.netlink.attr(3, u32(1)))
        self.store(key)

    def byte_mask(self, mask):
        attr = self.netlink.attr
        self.add("bitwise", attr(1, u32(1)), attr(2, u32(1)), attr(6, u32(0)),
                 attr(3, u32(1)), self.value(4, bytes([mask])),
                 self.value(5, b"\0"))

    def dynset(self, op, set_name, name, *part):
        n = self.netlink
        self.add("dynset", n.attr(4, u32(1)), n.attr(3, u32(op)),
                 n.attr(1, text(set_name)),
                 n.nest(7, n.attr(1, text(name)), n.nest(2, *part)))

    def limit(self, set_name, rate, burst, kind, flags):
        n = self.netlink
        self.dynset(1, set_name, "limit", n.attr(1, u64(rate)),
                    n.attr(2, u64(1)), n.attr(3, u32(burst)),
                    n.attr(4, u32(kind)), n.attr(5, u32(flags)))

    def over_rate(self, set_name, per_s, burst):
        self.field("ether saddr")
        self.limit(set_name, per_s, burst, 0, 1)

    def answers(self, set_name, per_s, burst):
        self.field("ether daddr")
        self.limit(set_name, per_s * 1024, burst * 1024, 1, 0)

    def flows(self, set_name, over, count):
        self.field("ether saddr")
        self.dynset(0, set_name, "connlimit",
                    self.netlink.attr(1, u32(count)),
                    *[self.netlink.attr(2, u32(1))] * bool(over))

    def syn(self):
        self.payload(2, 13, 1)
        self.byte_mask(2)
        self.cmp(b"\2")

    def clamp_mss(self):
        attr = self.netlink.attr
        self.numbers("rt", (2, 3), (1, 1))
        self.numbers("byteorder", (1, 1), (2, 1), (3, 1), (4, 2), (5, 2))
        self.add("exthdr", attr(7, u32(1)), attr(2, bytes([2])),
                 attr(3, u32(2)), attr(4, u32(2)), attr(6, u32(1)))

    def count(self, name):
        attr = self.netlink.attr
        self.add("objref", attr(1, u32(1)), attr(2, name.encode()))

    def mark_class(self, shift, mask, class_id):
        self.load(MARK)
        if shift:
            self.bitwise(2, self.value(7, self.netlink.host("I", shift)))
        if shift < 16:
            self.mask(mask)
        self.cmp_host(0, 1)
        self.mask(mask, class_id)
        self.store(PRIORITY)

    def redirect(self, port):
        attr = self.netlink.attr
        self.add("immediate", attr(1, u32(1)),
                 self.value(2, struct.pack(">H", port)))
        self.numbers("redir", (1, 1), (3, 2))

    def reject(self, kind, code):
        attr = self.netlink.attr
        self.add("reject", attr(1, u32(kind)), attr(2, bytes([code])))

    def verdict(self, name, chain):
        n = self.netlink
        parts = [n.attr(1, u32(VERDICTS[name]))]
        if chain:
            parts.append(n.attr(2, text(chain)))
        self.add("immediate", n.attr(1, u32(0)), n.nest(2, n.nest(2, *parts)))

    def connection(self, key):
        self.numbers("ct", (2, key), (1, 1))


def _fib(e, result, flags, expected):
    e.numbers("fib", (3, flags), (2, result), (1, 1))
    e.cmp_host(expected)


def _mark(e, mask, op, value):
    e.load(MARK)
    e.mask(int(mask, 16))
    e.cmp_host(int(value, 16), op == "!=")


def _whole_mark(e, value):
    e.load(MARK)
    e.cmp_host(int(value, 16))


def _set_mark(e, keep, value):
    e.load(MARK)
    e.mask(int(keep, 16), int(value, 16))
    e.store(MARK)


def _set(e, field, name):
    e.field(field)
    e.lookup(name)


def _ifindex(e, name):
    e.load(OIF)
    e.cmp_host(e.ifindex[name])


def _devices(e, name):
    e.load(IIF)
    e.lookup(name)


def _protocol(e, name):
    e.load(L4PROTO)
    e.cmp(bytes([PROTOCOLS[name]]))


def _icmpv6(e, kind):
    _protocol(e, "ipv6-icmp")
    e.payload(2, 0, 1)
    e.cmp(bytes([int(kind)]))


def _port(e, which, port):
    e.payload(2, {"s": 0, "d": 2}[which], 2)
    e.cmp(struct.pack(">H", int(port)))


def _ports_own(e, groups):
    e.payload(0, 0, 5)
    e.cmp(bytes.fromhex(groups))


STATES = {"invalid": 1, "established": 2, "related": 4, "untracked": 64}


def _state(e, op, names):
    e.connection(0)
    if op == "== ":
        e.cmp_host(STATES[names])
        return
    e.mask(sum(STATES[name] for name in names.split(",")))
    e.cmp_host(0, op is None)


def _new_flow(e):
    e.connection(2)
    e.mask(8)  # IPS_CONFIRMED
    e.cmp_host(0)


def _answer(e):
    e.connection(1)
    e.cmp(b"\1")


TERMS = [(re.compile(pattern + r"(?: |$)"), code) for pattern, code in [
    ('iifname "(.*?)"', lambda e, name: e.device(IIFNAME, name)),
    ('oifname "(.*?)"', lambda e, name: e.device(OIFNAME, name)),
    ('oif "(.*?)"', _ifindex),
    (r"iif @(\w+)", _devices),
    (r"fib saddr \. iif oif 0", lambda e: _fib(e, 1, 1 | 8, 0)),
    ("fib daddr type local", lambda e: _fib(e, 3, 2, 2)),
    ("meta nfproto ipv4", lambda e: e.family(IPV4)),
    (r"meta l4proto (\S+)", _protocol),
    (r"icmpv6 type (\d+)", _icmpv6),
    (r"th (s|d)port (\d+)", _port),
    (f"@ll,0,40 {HEX}", _ports_own),
    ("tcp flags & syn == syn", lambda e: e.syn()),
    (rf"meta mark & {HEX} != 0x0+ meta priority set meta mark >> (\d+)"
     rf" & {HEX} \| {HEX}",
     lambda e, whole, shift, mask, class_id: e.mark_class(
         int(shift), int(mask, 16), int(class_id, 16))),
    (f"meta mark & {HEX} (==|!=) {HEX}", _mark),
    (f"meta mark == {HEX}", _whole_mark),
    (rf"meta mark set meta mark & {HEX} \| {HEX}", _set_mark),
    (rf"meta mark set {FIELD} map @(\w+)",
     lambda e, field, name: e.map(field, name, MARK)),
    (rf"meta priority set {FIELD} map @(\w+)",
     lambda e, field, name: e.map(field, name, PRIORITY)),
    (rf"{FIELD} @(\w+)", _set),
    (r"ct state (! |== )?([\w,]+)", _state),
    ("ct status ! confirmed", _new_flow),
    ("ct direction reply", _answer),
    (r"update @(\w+) { ether saddr limit rate over (\d+)/second"
     r" burst (\d+) packets }",
     lambda e, name, per_s, burst: e.over_rate(name, int(per_s), int(burst))),
    (r"update @(\w+) { ether daddr limit rate (\d+) kbytes/second"
     r" burst (\d+) kbytes }",
     lambda e, name, per_s, burst: e.answers(name, int(per_s), int(burst))),
    (r"add @(\w+) { ether saddr ct count (over )?(\d+) }",
     lambda e, name, over, count: e.flows(name, over, int(count))),
    (r'counter name "(\w+)"', lambda e, name: e.count(name)),
    ("tcp option maxseg size set rt mtu", lambda e: e.clamp_mss()),
    (r"redirect to :(\d+)", lambda e, port: e.redirect(int(port))),
    (r"flow add @(\w+)", lambda e, name: e.add(
        "flow_offload", e.netlink.attr(1, text(name)))),
    ("masquerade", lambda e: e.add("masq")),
    ("reject with tcp reset", lambda e: e.reject(1, 0)),
    ("reject with icmpx type admin-prohibited", lambda e: e.reject(2, 3)),
    (r"(accept|drop|return)", lambda e, name: e.verdict(name, None)),
    (r"(jump|goto) (\w+)", lambda e, name, chain: e.verdict(name, chain)),
]]

KEYS = {"ether_addr": (9, 6), "ipv4_addr": (7, 4), "ipv6_addr": (8, 16),
        "iface_index": (20, 4)}
DATA = {"mark": 19, "classid": 23}
SET_FLAGS = {"interval": 4, "map": 8, "timeout": 16, "dynamic": 32,
             "counter": 256}
SECONDS = {"10s": 10, "60s": 60, "6h": 6 * 3600}
HOOKS = {"ingress": 0, "egress": 1, "prerouting": 0, "input": 1, "forward": 2,
         "postrouting": 4}


class Ruleset:
    """The text as what is said of each object, in the order of the batch."""

    def __init__(self, netlink, lines, ifindex):
        self.netlink, self.ifindex = netlink, ifindex
        self.objects, self.rules, self.sets = [], [], 0
        self.guests = re.findall(r'iifname "(\S+)" goto from_',
                                 "\n".join(lines))
        self.lines = iter(lines)
        for line in self.lines:
            words = line.split()
            if line.startswith("table "):
                self.family = {"netdev": NETDEV, "inet": INET}[words[1]]
                self.put(self.objects, NEWTABLE, CREATE,
                         netlink.attr(1, TABLE), netlink.attr(2, u32(0)))
            elif words and words[0] == "counter":
                self.block()
                self.put(self.objects, NEWOBJ, CREATE,
                         netlink.attr(1, TABLE), netlink.attr(2, text(words[1])),
                         netlink.attr(3, u32(1)), netlink.nest(4))
            elif words and words[0] in ("map", "set"):
                self.read_set(words[1], self.block())
            elif words and words[0] == "flowtable":
                self.read_flow_table(words[1], self.block())
            elif words and words[0] == "chain":
                self.read_chain(words[1], self.block())

    def put(self, messages, kind, flags, *attrs):
        family, nft = self.family, self.netlink.nft
        messages.append(lambda seq, more: nft(kind, family, flags | more, seq,
                                              *attrs))

    def block(self):
        """Up to the brace that closes it."""
        body = []
        for line in self.lines:
            if line.strip() == "}":
                return body
            body.append(line.strip())
        raise ValueError("no end")

    def read_set(self, name, body):
        attr, nest = self.netlink.attr, self.netlink.nest
        kind = body[0].split()
        is_map = len(kind) > 2
        options = dict(line.split(None, 1) for line in body[1:] if " " in line)
        is_devices = kind[1] == "iface_index"
        flags = options.get("flags", "").split(",") + ["map"] * is_map
        flags += ["counter"] * ("counter" in body)
        self.sets += 1
        parts = [attr(1, TABLE), attr(2, text(name)),
                 attr(3, u32(sum(SET_FLAGS[f] for f in flags if f))),
                 attr(4, u32(KEYS[kind[1]][0])), attr(5, u32(KEYS[kind[1]][1]))]
        if is_map:
            parts += [attr(6, u32(DATA[kind[3]])), attr(7, u32(4))]
        parts.append(attr(10, u32(self.sets)))
        if "size" in options:
            parts.append(nest(9, attr(1, u32(int(options["size"])))))
        if "timeout" in options:
            parts.append(attr(11, u64(SECONDS[options["timeout"]] * 1000)))
        if is_map or is_devices:
            parts.append(attr(13, self.netlink.host("BBI", is_map, 4, 1)))
        if is_map:
            parts.append(nest(17, attr(1, text("counter")), nest(2)))
        self.put(self.objects, NEWSET, CREATE, *parts)
        if is_devices:  # there are none yet
            self.put(self.objects, DELSETELEM, 0, attr(2, text(name)),
                     attr(4, u32(self.sets)), attr(1, TABLE))
        if "elements" in options:
            self.read_networks(name, options["elements"].strip("={} "))

    def read_networks(self, name, members):
        attr, nest = self.netlink.attr, self.netlink.nest
        networks = [ipaddress.ip_network(m) for m in members.split(", ")]
        whose = [attr(2, text(name)), attr(4, u32(self.sets)), attr(1, TABLE)]
        elements, number = [], 0
        for net in networks:
            if any(net != other and net.subnet_of(other) for other in networks):
                continue
            first = net.network_address.packed
            after = int(net.broadcast_address) + 1
            ends = [([], first)]
            if after >> len(first) * 8 == 0:  # else it is the last
                ends.append(([attr(3, u32(1))],
                             after.to_bytes(len(first), "big")))
            for flags, key in ends:
                number += 1
                elements.append(nest(number, *flags, nest(1, attr(1, key))))
        self.put(self.objects, DELSETELEM, 0, *whose)
        self.put(self.objects, NEWSETELEM, CREATE, *whose, nest(3, *elements))

    def read_flow_table(self, name, body):
        attr, nest = self.netlink.attr, self.netlink.nest
        devices = re.findall(r'"(.*?)"', body[1])
        self.put(self.objects, NEWFLOWTABLE, CREATE, attr(1, TABLE),
                 attr(2, text(name)), nest(
                     3, attr(1, u32(HOOKS["ingress"])),
                     attr(2, u32(int(body[0].split()[-1]))),
                     nest(3, *(attr(1, text(d)) for d in devices))))

    def read_chain(self, name, body):
        attr, nest = self.netlink.attr, self.netlink.nest
        parts = [attr(1, TABLE), attr(3, text(name))]
        if body[0].startswith("type "):
            words = shlex.split(body.pop(0).replace(";", ""))
            option = dict(zip(words[::2], words[1::2]))
            hook = [attr(1, u32(HOOKS[option["hook"]])),
                    attr(2, u32(int(option["priority"])))]
            if "device" in option:
                hook.append(attr(3, text(option["device"])))
            parts += [nest(4, *hook), attr(5, u32(VERDICTS[option["policy"]])),
                      attr(7, text(option["type"]))]
        self.put(self.objects, NEWCHAIN, CREATE, *parts)
        for line in body:
            e = Expressions(self.netlink, self.ifindex)
            while line:
                match, code = next((m, c) for m, c in (
                    (pattern.match(line), c) for pattern, c in TERMS) if m)
                code(e, *match.groups())
                line = line[match.end():]
            self.put(self.rules, NEWRULE, CREATE | APPEND, attr(1, TABLE),
                     attr(2, text(name)), nest(4, *e.list))

    def datagrams(self):
        """What is there already? Then all of it at once."""
        for device in self.guests:  # whose guards go, whether there or not
            name = self.netlink.attr(1, text(f"stadttor_guard_{device}"))
            self.put(self.rules, NEWTABLE, CREATE, name,
                     self.netlink.attr(2, u32(0)))
            self.put(self.rules, DELTABLE, 0, name)
        questions = [self.netlink.nft(GETTABLE, family, DUMP, 2 + i)
                     for i, family in enumerate((NETDEV, INET))]
        return questions + [self.netlink.batch(self.objects + self.rules,
                                               (1, 4))]
