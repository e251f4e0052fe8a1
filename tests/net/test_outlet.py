# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what the gate lets pass gets out, and what people are told if not.

The uplink that is down, a default route that leaves elsewhere, the same network
on both sides, another table that drops: a page that says "you are online" then
would be a lie.
"""
import contextlib
import struct

import ipc
import lab
import pytest
import traffic
from gate import NETCTL
from traffic import FAMILIES, V4, V6

ONLINE, OFFLINE = "Sie sind online", "Zurzeit kein Internet"


@contextlib.contextmanager
def changed(street, *commands, back=()):
    street.gate.ip(*commands)
    try:
        yield
    finally:
        street.gate.ip(*back)


@contextlib.contextmanager
def unplugged(street):
    """The cable of the uplink."""
    street.internet.ip("link set eth0 down")
    try:
        yield
    finally:
        street.plug_in()


def without_route(street):
    return changed(street, "route del default", "route del ::/0",
                   back=[f"route add default via {lab.HOST4}",
                         f"route add ::/0 via {lab.HOST6}"])


def elsewhere(street):
    """A tunnel that the config does not know."""
    return changed(
        street, "link add tun9 type veth peer name tun9p",
        "link set tun9 up", "link set tun9p up",
        "addr add 192.0.2.9/24 dev tun9",
        "route replace default via 192.0.2.1 dev tun9",
        "addr add 2001:db8:9::9/64 dev tun9 nodad",
        "route replace ::/0 via 2001:db8:9::1 dev tun9",
        back=["link del tun9",
              f"route replace default via {lab.HOST4}",
              f"route replace ::/0 via {lab.HOST6} dev wan0"])


def without_address(street):
    """As while DHCP is still asking; IPv6 is not masqueraded."""
    return changed(
        street, "route del ::/0",
        f"addr del {lab.UPLINK4}/24 dev wan0",
        "route add default dev wan0",
        back=["route del default dev wan0",
              f"addr add {lab.UPLINK4}/24 dev wan0",
              f"route add default via {lab.HOST4}",
              f"route add ::/0 via {lab.HOST6}"])


def overlapping(street):
    """The router upstream gives addresses of the guests' network."""
    return changed(street, "route del ::/0",
                   "addr add 10.20.0.50/16 dev wan0 noprefixroute",
                   back=["addr del 10.20.0.50/16 dev wan0",
                         f"route add ::/0 via {lab.HOST6}"])


TROUBLES = [
    (unplugged, "down", "no uplink is up"),
    (without_route, "no_route", "no route leads there"),
    (elsewhere, "elsewhere", "the route leaves by tun9, which is no uplink"),
    (without_address, "no_address", "uplink wan0 has no address of it"),
    (overlapping, "overlap", "uplink wan0 is in the guests' own network"),
]


def outlet(stadttor):
    return stadttor.status()["zones"][0]["outlet"]


def page(phone, path="/"):
    """The box's own address, as a person would type it; in German."""
    return traffic.http(phone, phone.network.gate4,
                        path + "?lang=de").body


@pytest.mark.parametrize("trouble, key, said", TROUBLES,
                         ids=[key for _, key, _ in TROUBLES])
def test_no_way_out(stadttor, street, phones, trouble, key, said):
    """Said in log and status, and on the page; and let in once it is back."""
    stadttor.start()
    early, late = phones[:2]
    assert traffic.tap(early).status == 303
    assert ONLINE in page(early, "/status")
    with trouble(street):
        lab.wait_until(lambda: outlet(stadttor) == key)
        stadttor.wait_log(f"zone guest: IPv4 has no way to the internet: {said}")
        assert OFFLINE in page(early, "/status")
        assert ONLINE not in page(early, "/status")
        shown = page(late)
        assert "Zurzeit gibt es hier kein Internet" in shown
        assert traffic.tap(late).status == 303
        assert OFFLINE in page(late, "/status")
    lab.wait_until(lambda: outlet(stadttor) == "open")
    stadttor.wait_log("zone guest: IPv4 leaves by wan0")
    assert ONLINE in page(late, "/status")
    assert "kein Internet" not in page(phones[2])
    traffic.wait_online(late)
    traffic.wait_online(early)


def test_from_the_start(stadttor, street, phones):
    with unplugged(street):
        stadttor.start()
        lab.wait_until(lambda: outlet(stadttor) == "down")
        assert "kein Internet" in page(phones[0])


def test_one_family_is_enough(stadttor, street, phones):
    """Who has IPv6 alone is online; the log says what is missing."""
    stadttor.start()
    with changed(street, "route del default",
                 back=[f"route add default via {lab.HOST4}"]):
        stadttor.wait_log("zone guest: IPv4 has no way to the internet: no")
        assert outlet(stadttor) == "open"
        assert traffic.tap(phones[0]).status == 303
        assert ONLINE in page(phones[0], "/status")
        traffic.wait_online(phones[0], V6)


def sysctl(family, value):
    key = "ipv4.ip_forward" if family == V4 else "ipv6.conf.all.forwarding"
    return ["sysctl", "-qw", f"net.{key}={value}"]


def rule(family, verb):
    return ["ip", "-4" if family == V4 else "-6", "rule", verb, "iif",
            "br-guest", "blackhole", "pref", "10"]


SWITCHES = [(sysctl, 0, 1), (rule, "add", "del")]


@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
@pytest.mark.parametrize("switch, off, on", SWITCHES,
                         ids=["forwarding", "rule"])
def test_what_is_no_route_is_followed(stadttor, street, family, switch, off,
                                      on):
    """Without any change of a route, in both directions, also from the start;
    the other family has none all the time."""
    other = (["route del ::/0"], [f"route add ::/0 via {lab.HOST6}"])
    if family == V6:
        other = (["route del default"],
                 [f"route add default via {lab.HOST4}"])
    with changed(street, *other[0], back=other[1]):
        street.gate.run(*switch(family, off))
        try:
            stadttor.configure()
            stadttor.start_one(NETCTL)
            lab.wait_until(stadttor.netctl_answers)
            assert outlet(stadttor) == "no_route"
            street.gate.run(*switch(family, on))
            lab.wait_until(lambda: outlet(stadttor) == "open")
            street.gate.run(*switch(family, off))
            lab.wait_until(lambda: outlet(stadttor) == "no_route")
        finally:
            street.gate.run(*switch(family, on))
        lab.wait_until(lambda: outlet(stadttor) == "open")


# Beside some of them is the first address of the network, or its last.
AWKWARD = ["10.20.0.126/25", "10.20.255.254/16", "10.20.0.2/30", "10.20.0.1/30",
           "10.20.0.1/31", "10.20.0.0/31", "10.20.0.1/8", "10.20.1.255/16"]


@pytest.mark.parametrize("address", AWKWARD)
def test_whatever_the_address_of_the_zone(stadttor, street, address):
    gate4 = street.guest.gate4
    # With it the kernel looks at the source, as most routers have it.
    street.gate.sysctl("net/ipv4/conf/br-guest/rp_filter", 1)
    try:
        with changed(street, f"addr del {gate4}/16 dev br-guest",
                     f"addr add {address} dev br-guest", "route del ::/0",
                     back=[f"addr del {address} dev br-guest",
                           f"addr add {gate4}/16 dev br-guest",
                           f"route add ::/0 via {lab.HOST6}"]):
            stadttor.configure()
            stadttor.start_one(NETCTL)
            lab.wait_until(stadttor.netctl_answers)
            assert outlet(stadttor) == "open"
            assert "IPv4 has no way" not in stadttor.log(NETCTL)
    finally:
        street.gate.sysctl("net/ipv4/conf/br-guest/rp_filter", 0)


@pytest.mark.parametrize("wide", ["10.99.0.5/8", "10.20.0.77/32"])
def test_a_wider_network_of_the_uplink(stadttor, street, phones, wide):
    """The guests' route is the narrower one, and everything works."""
    with changed(street, f"addr add {wide} dev wan0",
                 back=[f"addr del {wide} dev wan0"]):
        stadttor.start()
        assert outlet(stadttor) == "open"
        assert traffic.tap(phones[0]).status == 303
        traffic.wait_online(phones[0])
        assert "IPv4 has no way" not in stadttor.log(NETCTL)


def test_everybody_is_led_to_the_page(stadttor, street, phones):
    """Also who is in, whatever address is asked for; and nobody any more once
    it is back."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])
    with without_route(street):
        lab.wait_until(lambda: outlet(stadttor) == "no_route")
        for phone in phones[:2]:
            probe = traffic.http(phone, lab.WEB4, "/generate_204",
                                 host="connectivitycheck.gstatic.com")
            assert probe.status == 302
    lab.wait_until(lambda: outlet(stadttor) == "open")
    lab.wait_until(lambda: traffic.http(phones[0], lab.WEB4).status == 200)


def test_the_portal_is_told(stadttor, street):
    """When it changes, and not more often."""
    stadttor.start()
    with ipc.Peer(stadttor.socket) as peer:
        def told():
            data = peer.socket.recv(1024)
            assert ipc.HEADER.unpack_from(data)[1] == ipc.ZONE
            return struct.unpack_from("=I", data, ipc.ZONE_OUTLET)[0]
        assert told() == 0
        with without_route(street):
            assert told() == 2
        assert told() == 0
        peer.send(ipc.device_ask(lab.UPLINK4))
        assert ipc.HEADER.unpack_from(peer.socket.recv(1024))[1] == ipc.DEVICE


def test_names_lead_to_the_page(stadttor, street, phones):
    """Whatever resolver a phone asks, before the tap and after it; and to
    where they belong again once it is back."""
    name = "captive.apple.com"
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    with unplugged(street):
        for phone in phones[:2]:
            for server in (None, lab.RESOLVER4, lab.RESOLVER6):
                lab.wait_until(lambda p=phone, s=server: traffic.resolve(
                    p, name, server=s) == [p.network.gate4])
            probe = traffic.http(phone, phone.network.gate4,
                                 "/hotspot-detect.html", host=name)
            assert probe.status == 302
    for phone in phones[:2]:
        lab.wait_until(lambda p=phone: traffic.resolve(p, name)
                       == [lab.PROBED4])


@contextlib.contextmanager
def dead_gateway(street):
    """The cable is in, and nobody there hears anything."""
    street.internet.nft("table netdev deaf {\nchain c {\ntype filter hook "
                        "ingress device eth0 priority 0; policy drop;\n}\n}\n")
    for family in "46":
        street.gate.run("ip", f"-{family}", "neigh", "flush", "dev", "wan0")
    try:
        yield
    finally:
        street.internet.run("nft", "delete", "table", "netdev", "deaf")


def test_the_gateway_is_dead(stadttor, street, phones):
    """Nobody is led to the page by it: the phones' packets make the kernel ask
    again, and so see it come back."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])

    def ask(wanted):
        for address in (lab.WEB4, lab.WEB6):
            with contextlib.suppress(OSError):
                traffic.udp_echo(phones[0], address, timeout=0.1)
        return outlet(stadttor) == wanted
    with dead_gateway(street):
        lab.wait_until(lambda: ask("silent"), seconds=30)
        stadttor.wait_log("IPv4 has no way to the internet: the uplink's gate")
        assert OFFLINE in page(phones[0], "/status")
        assert "Zurzeit gibt es hier kein Internet" in page(phones[1])
    lab.wait_until(lambda: ask("open"), seconds=30)
    for family in FAMILIES:
        traffic.wait_online(phones[0], family)
    assert ONLINE in page(phones[0], "/status")


# --- other people's tables --------------------------------------------------

DROPS = """
table ip docker {{
	chain theirs {{
		type filter hook {hook} priority 0; policy drop;
		iifname != "br-guest" accept
	}}
}}
"""


@contextlib.contextmanager
def dropping(street, hook):
    street.gate.nft(DROPS.format(hook=hook))
    try:
        yield
    finally:
        street.gate.run("nft", "delete", "table", "ip", "docker")


def troubles(stadttor):
    return stadttor.status()["troubles"]


def ask_until_told(stadttor, trouble, ask):
    """People try again; a few first packets tell it."""
    def told():
        for _ in range(3):
            with contextlib.suppress(OSError):
                ask()
        return troubles(stadttor) == [trouble]
    lab.wait_until(told, seconds=15)


def test_another_table_undoes_a_tap(stadttor, street, phones):
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])
    assert troubles(stadttor) == []
    with dropping(street, "forward"):
        ask_until_told(stadttor, "out_dropped", lambda: traffic.udp_echo(
            phones[0], lab.WEB4, timeout=0.1))
        stadttor.wait_log("did not leave this box: they were dropped behind "
                          "it, it seems by chain theirs of table ip docker, "
                          "whose policy is drop")
        assert outlet(stadttor) == "dropped"
        assert OFFLINE in page(phones[0], "/status")
        assert "Zurzeit gibt es hier kein Internet" in page(phones[1])
        assert traffic.tap(phones[1]).status == 303
        # Nobody is led to the page, so their own packets tell when it is over.
        assert not traffic.tcp_connect(phones[0], lab.WEB4, 80, timeout=0.2)
        assert traffic.resolve(phones[0], "net.test")
    traffic.wait_online(phones[0])
    lab.wait_until(lambda: not troubles(stadttor), seconds=10)
    assert outlet(stadttor) == "open"
    assert ONLINE in page(phones[1], "/status")
    assert "new connections leave again" in stadttor.log(NETCTL)


def test_another_table_shuts_the_portal(stadttor, street, phones):
    stadttor.start()
    with dropping(street, "input"):
        ask_until_told(stadttor, "portal_dropped", lambda: traffic.tcp_connect(
            phones[0], lab.WEB4, 80, timeout=0.1))
        stadttor.wait_log("did not reach it: they were dropped behind the "
                          "gate, it seems by chain theirs of table ip docker")
    assert traffic.http(phones[0], lab.WEB4).status == 302
    lab.wait_until(lambda: not troubles(stadttor), seconds=10)


# (what it says, whether the gate's bits, by default the upper half, change)
MARKS = [("meta mark set 0x1", True), ("meta mark set 0x10000", True),
         ("meta mark set ct mark", True),
         ("meta mark set ct mark & 0x000000ff", True),
         ("meta mark set meta mark | 0x00010000", True),
         ("meta mark set meta mark & 0x0000ffff", True),
         ("tcp dport 99 meta mark set meta mark ^ 0x80000000", True),
         ("meta mark set tcp dport map { 99 : 0x1 }", True),
         ("meta mark set meta mark & 0xffff0000 | 0x1", False),
         ("meta mark set meta mark | 0x8000", False),
         ("meta mark & 0xff00 == 0x100 accept", False),
         ("ct mark set meta mark", False), ("ct mark set 0x10000", False)]


def troubles_of_a_check(stadttor):
    """Of the next one, which is due every five seconds."""
    stadttor.advance(6)
    lab.wait_until(lambda: stadttor.status()["uptime_s"] >= 6)
    stadttor.status()
    return troubles(stadttor)


@contextlib.contextmanager
def foreign(street, hook, rule):
    street.gate.nft("table ip pbr {\nchain theirs {\ntype filter hook"
                    f" {hook} priority mangle;\n{rule}\n}}\n}}\n")
    try:
        yield
    finally:
        street.gate.run("nft", "delete", "table", "ip", "pbr")


@pytest.mark.parametrize("rule, changes", MARKS,
                         ids=[rule for rule, _ in MARKS])
def test_marks_of_others(stadttor, street, rule, changes):
    """Seen in the rule, before anybody is cut off by it."""
    stadttor.drive_clock()
    stadttor.configure()
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    with foreign(street, "prerouting", rule):
        assert troubles_of_a_check(stadttor) == (["marks"] if changes else [])
        assert ("chain theirs of table ip pbr changes the gate's bits"
                in stadttor.log(NETCTL)) == changes
    assert troubles_of_a_check(stadttor) == []


def test_marks_at_the_device(stadttor, street):
    """Of another family, whose name the log says, too."""
    stadttor.drive_clock()
    stadttor.configure()
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    street.gate.nft("table netdev theirs {\nchain c {\ntype filter hook ingress"
                    " device br-guest priority 0;\nmeta mark set 0x1\n}\n}\n")
    try:
        assert troubles_of_a_check(stadttor) == ["marks"]
        assert ("chain c of table netdev theirs changes"
                in stadttor.log(NETCTL))
    finally:
        street.gate.run("nft", "delete", "table", "netdev", "theirs")


EARLY = """
table ip theirs {{
	chain early {{
		type nat hook prerouting priority {priority};
		iifname "br-guest" tcp dport 80 redirect to :8088
	}}
}}
"""


@pytest.mark.parametrize("priority, is_early", [(-150, True), (-101, True),
                                                (-100, False)])
def test_nat_before_the_gate(stadttor, street, phones, priority, is_early):
    """It has the first word, at the gate's own priority the newer one."""
    stadttor.drive_clock()
    stadttor.start()
    said = "chain early of table ip theirs may lead new connections elsewhere"
    street.gate.nft(EARLY.format(priority=priority))
    try:
        assert troubles_of_a_check(stadttor) == []
        assert (said in stadttor.log(NETCTL)) == is_early
        if is_early:
            assert traffic.tcp_connect(phones[0], lab.WEB4, 80) is not True
        else:
            assert traffic.http(phones[0], lab.WEB4).status == 302
    finally:
        street.gate.run("nft", "delete", "table", "ip", "theirs")
    assert troubles_of_a_check(stadttor) == []
    if is_early:
        stadttor.wait_log("nobody leads connections elsewhere before the gate")
    assert traffic.http(phones[0], lab.WEB4).status == 302


REDIRECT = ("filter add dev br-guest parent ffff: protocol all u32 match u32"
            " 0 0 action mirred egress redirect dev spare9")


def test_tc_takes_packets_before_the_gate(stadttor, street, phones):
    """As SQM does where it limits what guests send; a qdisc alone does no
    harm."""
    stadttor.drive_clock()
    stadttor.start()
    tc = ["tc", "qdisc", "add", "dev", "br-guest"]
    street.gate.ip("link add spare9 type veth peer name spare9p",
                   "link set spare9 up")
    try:
        street.gate.run(*tc, "clsact")
        assert troubles_of_a_check(stadttor) == []
        assert traffic.tap(phones[0]).status == 303
        traffic.wait_online(phones[0])
        street.gate.run("tc", "qdisc", "del", "dev", "br-guest", "clsact")
        street.gate.run(*tc, "handle", "ffff:", "ingress")
        street.gate.run("tc", *REDIRECT.split())
        assert troubles_of_a_check(stadttor) == ["ingress"]
        stadttor.wait_log("filter of tc sends what br-guest receives to")
        assert "gate sees them" in stadttor.cli("doctor", check=False).stdout
    finally:
        street.gate.run("tc", "qdisc", "del", "dev", "br-guest", "ingress",
                        check=False)
        street.gate.ip("link del spare9")
    assert troubles_of_a_check(stadttor) == []
    traffic.wait_online(phones[0])


@pytest.mark.parametrize("hook", ["output", "postrouting", "input"])
def test_marks_that_guests_never_meet(stadttor, street, hook):
    stadttor.drive_clock()
    stadttor.configure()
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    with foreign(street, hook, "meta mark set 0x1"):
        assert troubles_of_a_check(stadttor) == []


@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
def test_nothing_is_lost_where_all_is_well(stadttor, phones, family):
    """Not even where nobody answers, or what the gate itself refuses."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0], family)
    for port in range(20):
        traffic.udp_echo(phones[0], traffic.stranger(family), 40000 + port,
                         timeout=0.01)
        traffic.udp_echo(phones[1], traffic.web(family), 40000 + port,
                         timeout=0.01)
    stadttor.cli("status")
    lab.wait_until(lambda: stadttor.status()["uptime_s"] >= 11, seconds=15)
    assert troubles(stadttor) == []
    assert V4 and "dropped" not in stadttor.log(NETCTL)
