# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the walled garden that are aliases: what the subscriber to ubus
asks dnsmasq, what it believes of the answers, and what it tells netctl.

The clock goes by the test alone, and the test is dnsmasq as well.
"""
import random
import select
import socket
import struct
import threading

import pytest
from dnsplay import (A, AAAA, CNAME, KINDS, Resolver, address, chain, record,
                     wire)
from ubusplay import fixture_start  # noqa: F401

HOUR = 3600
V4, V6 = "203.0.113.80", "2001:db8:2::80"
ALIAS = "www.city.example"
HINT = ("; if it is an alias (CNAME), list the name that it leads to, too\n")


class Play:
    """The program, with netctl and resolvers, of which it has the first."""

    def __init__(self, start, *names, sockets=1):
        self.resolvers = [Resolver() for _ in range(sockets)]
        self.resolver = self.resolvers[0]
        self.program, self.netctl = start("names", resolvers=[
            r.theirs for r in self.resolvers])
        self.program.subscribed()
        self.list(*names)

    def list(self, *names):
        listing = threading.Thread(target=self.netctl.list_names, args=names)
        listing.start()
        while len(names) > 30 and listing.is_alive():
            self.passes(1)  # the socket does not hold so many
        listing.join()
        self.passes(1)

    def passes(self, seconds):
        self.program.passes(seconds)

    def send(self, *answers):
        for answer in answers:
            self.resolver.own.send(answer)
        self.program.does(ready=True)

    def replies(self, names, addresses=(), **ttl):
        """To all that is asked: the chain, and the addresses of the kind."""
        asked = self.resolver.questions()
        self.send(*(q.answer(chain(
            (q.name, *names), [x for x in addresses if (
                q.kind == AAAA) == (":" in x)], **ttl)) for q in asked))
        return [(q.name, KINDS[q.kind]) for q in asked]

    def told(self):
        """[(name, address)] that netctl is told of meanwhile."""
        got = []
        while not self.netctl.is_silent():
            ident, where, _, name = self.netctl.garden()
            self.netctl.done(ident)
            got.append((name, where))
        return got

    def hears(self, name, where, *known):
        """dnsmasq is about to answer with that, and waits; netctl is told of
        it under the known names, and has opened it before dnsmasq goes on."""
        self.program.dns(name, where)
        for wanted in known:
            ident, told, _, told_name = self.netctl.garden()
            assert (told_name, told) == (wanted, where)
            assert not select.select([self.program.process.stdout], [], [],
                                     0)[0]
            self.netctl.done(ident)
        assert self.program.answers() == [{"status": 0}]
        assert self.netctl.is_silent()

    def ends(self):
        return self.program.end()[2]


@pytest.fixture
def play(start):
    return lambda *names, **more: Play(start, *names, **more)


# --- asking ------------------------------------------------------------------

def test_each_name_is_asked_for(play):
    p = play("city.example", "other.example")
    assert p.resolver.names() == [
        ("city.example", "A"), ("city.example", "AAAA"),
        ("other.example", "A"), ("other.example", "AAAA")]
    p.passes(1)
    assert not p.resolver.is_asked()


def test_ids_are_random(play):
    p = play(*(f"n{n}.example" for n in range(8)))
    idents = [q.ident for q in p.resolver.questions()]
    p.list(*(f"m{n}.example" for n in range(8)))
    idents += [q.ident for q in p.resolver.questions()]
    assert len(idents) == 32 and len(set(idents)) > 28
    steps = {b - a for a, b in zip(idents, idents[1:])}
    assert len(steps) > 20 and max(idents) - min(idents) > 0x4000


def test_what_is_no_alias_is_asked_for_each_hour(play):
    """An address that dnsmasq had already opens as well."""
    p = play("city.example")
    assert len(p.replies([], [V4, V6], ttl=5)) == 2
    assert sorted(p.told()) == [("city.example", V6), ("city.example", V4)]
    p.hears("unknown.example", V4)
    p.passes(HOUR - 1)
    assert not p.resolver.is_asked()
    p.passes(1)
    assert len(p.resolver.questions()) == 2


@pytest.mark.parametrize("links", [
    ["city.cdn.example"],
    ["one.example", "two.example", "three.example"]])
@pytest.mark.parametrize("where", [V4, V6])
def test_an_alias_is_followed(play, links, where):
    p = play(ALIAS, "other.example")
    p.hears(links[-1], where)
    p.replies(links, [V4, V6])
    assert sorted(p.told()) == sorted(
        (name, x) for name in (ALIAS, "other.example") for x in (V4, V6))
    # what dnsmasq hears from elsewhere, it tells by the last name
    for name in links:
        p.hears(name, "203.0.113.99", ALIAS, "other.example")
        p.hears(name.upper(), "2001:db8::99", ALIAS, "other.example")
    for name in ("below." + links[-1], "example", "x" + links[-1]):
        p.hears(name, where)
    assert p.ends() == ""


def test_an_answer_that_has_no_address_has_an_alias(play):
    """AAAA of a city without IPv6, or an alias that leads nowhere."""
    p = play(ALIAS)
    for q, flags in zip(p.resolver.questions(), (0x8180, 0x8183)):
        p.send(q.answer(chain([q.name, "city.cdn.example"]), flags))
    assert p.told() == []
    p.hears("city.cdn.example", V4, ALIAS)
    assert p.ends() == ""


def test_compressed_answers_are_read(play):
    """As dnsmasq writes them."""
    p = play(ALIAS)
    q = p.resolver.questions()[0]
    target = b"\x03cdn\xc0" + bytes([12 + 4])  # .city.example
    at = len(q.answer()) + 2 + 10
    p.send(q.answer([record(b"\xc0\x0c", CNAME, 300, target), record(
        b"\xc0" + bytes([at]), A, 60, socket.inet_aton(V4))]))
    assert p.told() == [(ALIAS, V4)]
    p.hears("cdn.city.example", V4, ALIAS)


def test_records_may_come_in_any_order(play):
    p = play(ALIAS)
    q = p.resolver.questions()[0]
    p.send(q.answer(reversed(chain([ALIAS, "one.example", "two.example"],
                                   [V4]))))
    assert p.told() == [(ALIAS, V4)]


@pytest.mark.parametrize("ttl,after", [
    (300, 300), (0, 30), (29, 30), (HOUR, HOUR), (86400, HOUR),
    (0xffffffff, 30)])
def test_an_alias_is_asked_for_when_it_ends(play, ttl, after):
    p = play(ALIAS)
    p.replies(["one.example", "two.example"], link_ttl=ttl)
    p.passes(after - 1)
    assert not p.resolver.is_asked()
    p.passes(1)
    assert p.resolver.names() == [(ALIAS, "A"), (ALIAS, "AAAA")]


def test_the_shortest_alias_of_the_chain_counts(play):
    p = play(ALIAS)
    for q in p.resolver.questions():
        p.send(q.answer([record(ALIAS, CNAME, 600, wire("one.example")),
                         record("one.example", CNAME, 40,
                                wire("two.example"))]))
    p.passes(39)
    assert not p.resolver.is_asked()
    p.passes(1)
    assert p.resolver.is_asked()


@pytest.mark.parametrize("ttl,passes", [(0, 1), (1, 1), (60, 59), (60, 200)])
def test_a_chain_that_has_changed(play, ttl, passes):
    """A guest asks, and gets what nobody knows: the question is with dnsmasq
    before he has his answer, and nobody waits for it."""
    p = play(ALIAS)
    p.replies(["one.example"], [V4, V6], ttl=ttl, link_ttl=600)
    p.told()
    p.passes(passes)
    assert not p.resolver.is_asked()
    p.hears("two.example", "203.0.113.2")
    assert len(p.resolver.questions()) == 2
    # once, and with dnsmasq's own words for the question
    p.hears("two.example", "203.0.113.3")
    assert not p.resolver.is_asked()


def test_the_new_chain_opens(play):
    p = play(ALIAS)
    p.replies(["one.example"], [V4, V6], ttl=60)
    p.passes(60)
    p.told()
    p.hears("two.example", "203.0.113.2")
    p.replies(["two.example"], ["203.0.113.2", "203.0.113.3"], link_ttl=HOUR)
    assert p.told() == [(ALIAS, "203.0.113.2"), (ALIAS, "203.0.113.3")]
    p.hears("two.example", "203.0.113.4", ALIAS)
    p.hears("one.example", "203.0.113.5", ALIAS)  # it may come back
    for _ in range(2):
        p.passes(HOUR)
        p.replies(["two.example"], link_ttl=HOUR)
    p.hears("two.example", "203.0.113.4", ALIAS)
    p.hears("one.example", "203.0.113.5")


def test_a_chain_that_lasts_is_not_asked_for(play):
    """Every other name of every guest is one that nobody knows."""
    p = play(ALIAS, "city.example")
    for q in p.resolver.questions():
        p.send(q.answer(chain([q.name, "cdn.example"] if q.name == ALIAS
                              else [q.name], [V4, V6])))
    p.told()
    for _ in range(58):
        p.hears("unknown.example", V4)
        p.passes(1)
    assert not p.resolver.is_asked()
    p.passes(1)
    p.hears("unknown.example", V4)
    assert p.resolver.names() == [(ALIAS, "A"), (ALIAS, "AAAA")]


def test_with_a_ttl_of_0_not_more_than_once_a_second(play):
    p = play(ALIAS)
    p.replies(["one.example"], link_ttl=0, ttl=0)
    for _ in range(10):
        p.passes(1)
        for _ in range(5):
            p.hears("unknown.example", V4)
        assert len(p.replies(["one.example"], link_ttl=0, ttl=0)) == 2


def test_a_name_that_was_not_answered_is_asked_for_on_occasion(play):
    """The line comes up, and the first guest with it."""
    p = play(ALIAS)
    p.resolver.questions()
    p.passes(5)
    p.hears("one.example", V4)
    assert not p.resolver.is_asked()  # but not for each
    p.passes(1)
    p.hears("one.example", V4)
    assert len(p.replies(["one.example"], [V4])) == 2
    assert p.told() == [(ALIAS, V4)]


# --- names -------------------------------------------------------------------

def test_several_aliases_lead_to_one_name(play):
    p = play("a.example", "b.example", "c.example", "d.example")
    for q in p.resolver.questions():
        if q.name != "d.example":
            p.send(q.answer(chain([q.name, "cdn.net"])))
    p.hears("cdn.net", V4, "a.example", "b.example", "c.example")
    p.list("b.example", "d.example")
    p.hears("cdn.net", V4, "b.example")
    p.list("d.example")
    p.hears("cdn.net", V4)


@pytest.mark.parametrize("name,known", [
    ("cdn.net", ["cdn.net", "www.city.example"]),
    ("x.cdn.net", ["x.cdn.net"]),
    ("city.example", ["city.example", "m.city.example"])])
def test_a_list_with_both_shapes(play, name, known):
    """What an alias leads to is listed as well, or lies below what is."""
    p = play("city.example", ALIAS, "m.city.example", "cdn.net")
    leads = {ALIAS: [ALIAS, "cdn.net"],
             "m.city.example": ["m.city.example", "city.example"]}
    for q in p.resolver.questions():
        p.send(q.answer(chain(leads.get(q.name, [q.name]))))
    p.hears(name, V4, *known)
    assert p.ends() == ""


def test_a_new_list_is_asked_for_and_forgets_nothing(play):
    p = play(ALIAS)
    p.replies(["one.example"], [V4])
    old = chain([ALIAS, "evil.example"])
    p.told()
    p.list(ALIAS, "other.example")
    p.hears("one.example", V4, ALIAS)
    assert {x[0] for x in p.resolver.names()} == {ALIAS, "other.example"}
    p.list(ALIAS)
    late = p.resolver.questions()[0]
    p.list(ALIAS)
    p.send(late.answer(old))  # of a question that nobody remembers
    p.hears("evil.example", V4)
    p.replies(["one.example"])
    p.hears("one.example", V4, ALIAS)  # and not twice


def test_netctl_comes_back(start):
    resolver = Resolver()
    program, first, second = start("names", connections=(1, 1),
                                   resolvers=[resolver.theirs])
    program.passes(5)
    assert not resolver.is_asked()  # for what?
    first.list_names(ALIAS)
    program.passes(1)
    assert resolver.names() == [(ALIAS, "A"), (ALIAS, "AAAA")]
    first.own.close()
    second.list_names(ALIAS, "other.example")
    program.passes(2)  # one finds that it has gone
    assert len(resolver.names()) == 4


def test_an_answer_while_netctl_is_away(start):
    resolver = Resolver()
    program, netctl = start("names", resolvers=[resolver.theirs])
    netctl.list_names(ALIAS)
    program.passes(1)
    netctl.own.close()
    for q in resolver.questions():
        resolver.own.send(q.answer(chain([q.name, "cdn.example"], [V4])))
    program.does(ready=True)
    program.dns("cdn.example", V4)
    assert program.answers() == [{"status": 0}]
    assert "Error" not in program.end()[2]


# --- answers that are not to be believed -------------------------------------

def evil(q):
    return chain([q.name, "evil.example"], [V4])


def loop(q):
    """A name that leads to itself."""
    at = len(q.answer(evil(q)))
    return [record(bytes([0xc0 | at >> 8, at & 255]), A, 60, b"\1\2\3\4")]


HOSTILE = {
    "another id": lambda q: bytes([q.answer()[0] ^ 1]) + q.answer(evil(q))[1:],
    "another name": lambda q: q.answer(evil(q), text=wire("x.example") +
                                       q.text[-4:]),
    "another kind": lambda q: q.answer(evil(q), text=q.text[:-4] +
                                       struct.pack("!HH", 29 - q.kind, 1)),
    "another class": lambda q: q.answer(evil(q), text=q.text[:-4] +
                                        struct.pack("!HH", q.kind, 3)),
    "a question": lambda q: q.answer(evil(q), 0x0180),
    "a notify": lambda q: q.answer(evil(q), 0xa180),
    "nothing": lambda q: b"",
    "no question": lambda q: struct.pack("!6H", q.ident, 0x8180, 0, 2, 0, 0) +
    b"".join(evil(q)),
    "a wrong count": lambda q: struct.pack("!6H", q.ident, 0x8180, 2, 2, 0, 0)
    + q.text + b"".join(evil(q)),
    "two questions": lambda q: struct.pack("!6H", q.ident, 0x8180, 2, 2, 0, 0)
    + q.text * 2 + b"".join(evil(q)),
    "a loop": lambda q: q.answer(evil(q) + loop(q)),
    "a pointer ahead": lambda q: q.answer(
        evil(q) + [record(b"\xc3\xff", A, 60, b"\1\2\3\4")]),
    "a long label": lambda q: q.answer(
        evil(q) + [record(b"\x40" + b"a" * 64 + b"\0", A, 60, b"\1\2\3\4")]),
    "a dot in a label": lambda q: q.answer(
        evil(q) + [record(b"\x03a.b\0", A, 60, b"\1\2\3\4")]),
    "a zero in a label": lambda q: q.answer(
        evil(q) + [record(b"\x03a\0b\0", A, 60, b"\1\2\3\4")]),
    "too few records": lambda q: q.answer(evil(q), count=3),
    "65535 records": lambda q: q.answer(evil(q), count=65535),
    "a record that ends outside": lambda q: q.answer(
        evil(q) + [record("x", A, 60, b"")[:-2] + b"\xff\xff"]),
}


def test_what_is_no_answer(play):
    p = play(ALIAS)
    for n, (what, bad) in enumerate(HOSTILE.items()):
        print(what)
        asked = p.resolver.questions()
        assert len(asked) == 2
        p.send(*(bad(q) for q in asked))
        assert p.told() == []
        p.hears("evil.example", V4)
        # and the right one is still welcome
        p.hears(f"good{n}.example", V4)
        p.send(*(q.answer(chain([q.name, f"good{n}.example"]))
                 for q in asked))
        p.hears(f"good{n}.example", V4, ALIAS)
        p.list(ALIAS)  # it is asked for anew
    assert p.ends() == ""


def test_what_is_beside_the_chain_is_not_believed(play):
    p = play(ALIAS)
    asked = p.resolver.questions()
    p.send(*(q.answer([address("evil.example", V4), address(q.name, V6)] +
                      [record("evil.example", CNAME, 60, wire("cdn.example")),
                       record(q.name, A, 60, b"\1\2\3"),
                       record(q.name, A, 60, b"\1\2\3\4", klass=3),
                       record(q.name, AAAA, 60, b"\1\2\3\4")])
             for q in asked))
    assert p.told() == [(ALIAS, V6)]  # of its own question
    for name in ("evil.example", "cdn.example"):
        p.hears(name, V4)


@pytest.mark.parametrize("names", [
    [ALIAS, ALIAS], [ALIAS, "one.example", ALIAS],
    [ALIAS, "one.example", "two.example", "one.example"],
    [ALIAS, *(f"n{n}.example" for n in range(11))]])
def test_aliases_that_do_not_end(play, names):
    """dnsmasq follows ten links (CNAME_CHAIN)."""
    p = play(ALIAS)
    for _ in range(3):
        p.send(*(q.answer(chain(names, [V4])) for q in p.resolver.questions()))
        assert p.told() == []
        p.hears(names[1] if names[1] != ALIAS else "x.example", V4)
        p.passes(30)
    assert p.ends() == (f"stadttor-events: {ALIAS}: a chain without an end" +
                        HINT)


def test_ten_links_are_followed(play):
    names = [f"n{n}.example" for n in range(10)]
    p = play(ALIAS)
    p.replies(names, [V4])
    assert p.told() == [(ALIAS, V4)]
    for name in names:
        p.hears(name, V4, ALIAS)


def test_every_cut_and_many_a_wrong_byte_are_survived(play):
    """Whatever it makes of them: nothing but a listed name is told."""
    p = play(ALIAS)
    source = random.Random(17)
    whole = p.resolver.questions()[0].answer(chain(
        [ALIAS, "one.example", "two.example"], [V4]))
    p.resolver.questions()
    broken = [whole[:n] for n in range(2, len(whole))]
    for at in range(2, len(whole)):
        for value in (0, 0x3f, 0xc0, 0xff, source.randrange(256)):
            broken.append(whole[:at] + bytes([value]) + whole[at + 1:])
    for data in broken:
        p.list(ALIAS)
        p.send(*(struct.pack("!H", q.ident) + data[2:]
                 for q in p.resolver.questions()))
        assert {name for name, _ in p.told()} <= {ALIAS}
    p.list(ALIAS)
    p.replies(["good.example"])
    p.hears("good.example", V4, ALIAS)
    assert "Error" not in p.ends()


# --- where it can't be followed ----------------------------------------------

@pytest.mark.parametrize("flags,why", [
    (0x8380, "the answer is too long"),
    (0x8182, "the resolver has no answer"),
    (0x8185, "the resolver has no answer"), (None, "no answer")])
def test_one_line_names_the_alias(play, flags, why):
    p = play(ALIAS)

    def again(flags):
        asked = p.resolver.questions()
        assert len(asked) == 2
        if flags is not None:
            p.send(*(q.answer(evil(q), flags) for q in asked))
        p.passes(36 if flags is None else 30)
    line = f"stadttor-events: {ALIAS}: {why}" + HINT
    for _ in range(4):
        again(flags)
    p.hears("evil.example", V4)
    asked = p.resolver.questions()
    p.send(*(q.answer(chain([q.name, "good.example"])) for q in asked))
    p.passes(300)
    for _ in range(4):
        again(flags)
    assert p.ends() == 2 * line


def test_once_is_no_trouble(play):
    """A box that starts has no resolver yet."""
    p = play(ALIAS)
    p.resolver.questions()
    p.passes(35)
    p.replies([])
    assert p.ends() == ""


def test_one_kind_that_fails_is_one_line(play):
    p = play(ALIAS)
    for _ in range(9):
        for q in p.resolver.questions():
            p.send(q.answer(chain([q.name, "cdn.example"], link_ttl=30),
                            0x8180 if q.kind == A else 0x8182))
        p.passes(30)
    assert p.ends().count("\n") == 1


def test_dnsmasq_is_started_anew(play):
    """An error takes a socket out of the loop; the next question gets one that
    hears."""
    p = play(ALIAS, sockets=2)
    p.program.does(error=True)
    p.resolver = p.resolvers[1]
    p.passes(4)
    assert not p.resolver.is_asked()
    p.passes(31)
    assert len(p.replies(["one.example"], [V4])) == 2
    assert p.told() == [(ALIAS, V4)]
    p.passes(300)
    assert len(p.replies(["one.example"], [V4])) == 2


# --- bounds ------------------------------------------------------------------

def test_so_many_questions_at_once(play):
    names = [f"n{n:03}.example" for n in range(300)]
    p = play(*names)
    asked = []
    while p.resolver.is_asked():
        got = p.resolver.questions()
        assert len(got) <= 16
        asked += got
        p.hears("unknown.example", V4)  # nor do these make more
        assert not p.resolver.is_asked()
        p.send(*(q.answer() for q in got))
        p.passes(1)
    assert [(q.name, q.kind) for q in asked] == [
        (name, kind) for name in names[:256] for kind in (A, AAAA)]
    assert p.ends() == ("stadttor-events: 300 names; "
                        "after 256 no alias is followed\n")


def test_so_many_names_are_remembered(play):
    p = play(ALIAS)
    for n in range(40):
        p.replies([f"n{n}.example"])
        p.passes(300)
    p.replies(["n40.example"], link_ttl=0, ttl=0)
    for n in range(41):  # those of two hours
        p.hears(f"n{n}.example", V4, *([ALIAS] if n > 16 else []))
    p.passes(1)
    for n in range(60):
        p.hears("unknown.example", V4)
        p.replies([f"m{n}.example"], ttl=0, link_ttl=0)
        p.passes(1)
    p.hears("m27.example", V4)
    p.hears("m28.example", V4, ALIAS)
    p.hears("m59.example", V4, ALIAS)


def test_so_many_addresses_are_told(play):
    p = play(ALIAS)
    q = next(q for q in p.resolver.questions() if q.kind == A)
    p.send(q.answer(address(b"\xc0\x0c", f"203.0.113.{n}")
                    for n in range(60)))
    assert p.told() == [(ALIAS, f"203.0.113.{n}") for n in range(16)]


def test_so_many_aliases_of_one_name_are_told(play):
    names = [f"n{n:02}.example" for n in range(20)]
    p = play(*names)
    while p.resolver.is_asked():
        p.replies(["cdn.example"])
        p.passes(1)
    p.hears("cdn.example", V4, *names[:16])


# --- ubusd -------------------------------------------------------------------

@pytest.mark.parametrize("words", [["names"], ["leave"], ["names", "leave"]])
def test_ubusd_is_killed(start, words):
    """libubus does not say so; procd starts the program anew."""
    program, _ = start(*words)
    assert program.subscribed()
    program.passes(60)
    program.does(kill=True, error=True)  # a hang-up, and nobody is told
    program.passes(5)
    assert program.process.wait(10) == 1
    assert program.process.stderr.read() == "stadttor-events: ubus has gone\n"


def test_dnsmasq_has_been_left_by_ubusd(start):
    """A new ubusd does not know the type of dnsmasq's object for names, as
    seen with dnsmasq 2.93; only a new dnsmasq makes it right."""
    program, _ = start("names", objects={})
    program.does(add="dnsmasq", methods=["metrics"])
    assert program.does(add="dnsmasq.dns", methods=None) == []
    program.does(add="dnsmasq.two", methods=["metrics"])
    program.does(add="dnsmasq.two.dns", methods=[])
    program.passes(60)
    program.does(remove="dnsmasq.dns")
    assert program.does(add="dnsmasq.dns", methods=[]) == [
        "dnsmasq.dns", "dnsmasq.two.dns"]
    program.passes(60)
    said = program.end()[2]
    assert said.count("dnsmasq tells no names until it is started anew: "
                      "service dnsmasq restart\n") == 1
    assert said.count("started anew") == 1


def test_who_is_started_anew_hears_all_again(start):
    for _ in range(2):
        program, _ = start("names", "leave")
        assert program.subscribed() == ["dnsmasq", "dnsmasq.dns",
                                        "hostapd.wlan0", "hostapd.wlan1"]
        program.does(kill=True)
        program.passes(5)
        assert program.process.wait(10) == 1
    # and what has not come back to ubusd yet, when it has
    program, _ = start("names", "leave", objects={})
    for name in ("dnsmasq", "dnsmasq.dns", "hostapd.wlan0"):
        program.does(add=name, methods=["metrics", "get_features"])
    assert program.subscribed() == ["dnsmasq", "dnsmasq.dns", "hostapd.wlan0"]
