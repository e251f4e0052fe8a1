# SPDX-License-Identifier: GPL-3.0-or-later
"""Before the tap nothing leaks, and what must work does.

Each probe is judged twice: the phone gets no answer, and a capture on the
internet side shows that no packet of it arrived there.
"""
import socket
import time

import lab
import packets
import pytest
import traffic
from packets import ICMP, ICMPV6
from traffic import FAMILIES, V4, V6

GARDEN_ZONE = {"garden_name": ["garden.test"]}
NEIGHBOUR_TYPES = range(130, 138)  # multicast listeners, ND
families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])


def leaked(capture):
    """Captured packets that a phone must have caused."""
    def is_harmless(p):
        if p.proto == ICMPV6 and p.port in NEIGHBOUR_TYPES:
            return True
        return p.destination == lab.RESOLVER4 and p.port == 53
    return [p for p in capture.packets() if not is_harmless(p)]


@pytest.fixture
def shut(stadttor, street):
    """The gate with nobody let in; at the end nothing may have leaked."""
    stadttor.start(guest=GARDEN_ZONE)
    with packets.Capture(street.internet) as capture:
        yield stadttor
        assert leaked(capture) == []


@pytest.fixture
def phone(phones):
    return phones[0]


def frame(phone, packet, source_mac=None):
    return packets.ether(source_mac or phone.mac, phone.network.mac, packet)


def warm(phone):
    """The gate has the phone in its neighbour tables."""
    for family in FAMILIES:
        assert traffic.ping(phone, phone.network.gate(family)) is True


@families
@pytest.mark.parametrize("port", [22, 443, 853, 8080, lab.SOURCE])
def test_tcp_is_refused(shut, phone, family, port):
    assert isinstance(traffic.tcp_connect(phone, traffic.web(family), port),
                      ConnectionRefusedError)


@families
@pytest.mark.parametrize("port", [443, 853, 123, 4500, lab.ECHO])
def test_udp_is_refused(shut, phone, family, port):
    assert isinstance(traffic.udp_echo(phone, traffic.web(family), port),
                      OSError)


@families
def test_quic_is_refused_again_and_again(shut, phone, family):
    """A phone that has just joined tries many hosts at once."""
    for _ in range(20):
        assert isinstance(traffic.udp_echo(phone, traffic.web(family), 443),
                          OSError)
        time.sleep(0.02)  # the kernel counts the errors that it sends


@families
def test_ping_is_refused(shut, phone, family):
    assert traffic.ping(phone, traffic.web(family), 0.3) is not True


@families
def test_foreign_dns_is_answered_here(shut, street, phone, family):
    """A resolver set by hand must not keep the portal's names from a phone,
    and does not get the question either."""
    far = traffic.stranger(family)
    here = traffic.resolve(phone, "net.test")
    with packets.Capture(street.internet) as capture:
        assert here and traffic.resolve(phone, "net.test", server=far) == here
        assert traffic.resolve_tcp(phone, "net.test", far) == here
        assert [p for p in capture.packets() if p.destination == far] == []


@families
def test_foreign_dns_is_their_own_after_the_tap(stadttor, street, phone,
                                                 family):
    far = traffic.stranger(family)
    stadttor.start()
    assert traffic.tap(phone, family).status == 303
    traffic.wait_online(phone, family)
    with packets.Capture(street.internet) as capture:
        traffic.resolve(phone, "net.test", server=far, timeout=0.3)
        lab.wait_until(lambda: [p for p in capture.packets()
                                if p.destination == far and p.port == 53],
                       say="the question went nowhere")


@families
def test_http_goes_to_the_portal(shut, phone, family):
    reply = traffic.http(phone, traffic.web(family), "/generate_204",
                         host="connectivitycheck.example")
    gate = phone.network.gate(family)
    where = (f"http://[{gate}]/?via=o" if family == V6
             else f"http://{gate}/?via=o")
    assert (reply.status, reply.headers["Location"]) == (302, where)
    assert "the internet" not in reply.body


@families
@pytest.mark.parametrize("proto", [packets.GRE, packets.SCTP, 4, 50, 253])
def test_other_protocols(shut, phone, family, proto):
    warm(phone)
    phone.raw(frame(phone, packets.ip(
        phone.address(family), traffic.web(family), proto, bytes(64))))
    lab_settles(phone, family)


@families
@pytest.mark.parametrize("port", [443, lab.ECHO])
def test_fragments(shut, phone, family, port):
    """Whole series, and single pieces that no port can be read from."""
    warm(phone)
    source, destination = phone.address(family), traffic.web(family)
    whole = packets.udp(source, destination, port, bytes(2000))
    pieces = packets.fragments(source, destination, packets.UDP, whole)
    for packet in pieces + pieces[::-1] + pieces[1:2]:
        phone.raw(frame(phone, packet))
    lab_settles(phone, family)


@families
def test_ping_in_fragments(shut, phone, family):
    warm(phone)
    source, destination = phone.address(family), traffic.web(family)
    proto = ICMP if family == V4 else ICMPV6
    data = packets.echo_request(source, destination) + bytes(1996)
    for packet in packets.fragments(source, destination, proto, data):
        phone.raw(frame(phone, packet))
    lab_settles(phone, family)


@families
def test_packets_out_of_the_blue(shut, phone, family):
    """A segment of no connection is not taken for an old one."""
    warm(phone)
    source, destination = phone.address(family), traffic.web(family)
    for port in (80, 443, lab.ECHO):
        phone.raw(frame(phone, packets.ip(
            source, destination, packets.TCP,
            packets.tcp_ack(source, destination, port))))
    lab_settles(phone, family)


def test_static_address(shut, phone):
    """An address that nobody handed out opens nothing."""
    phone.add_address(address := "2001:db8:20::dead")
    phone.netns.ip(f"addr add 10.20.200.200/16 dev {phone.device}")
    try:
        for source, family in ((address, V6), ("10.20.200.200", V4)):
            assert traffic.is_shut(phone, family, source)
            assert isinstance(traffic.tcp_connect(
                phone, traffic.web(family), 443, source=source), OSError)
    finally:
        phone.netns.ip(f"addr del {address}/64 dev {phone.device}",
                       f"addr del 10.20.200.200/16 dev {phone.device}")


@families
def test_foreign_source_address(shut, phone, family):
    """A source outside the guest network is not forwarded either."""
    warm(phone)
    source = "192.0.2.77" if family == V4 else "2001:db8:77::77"
    destination = traffic.web(family)
    phone.raw(frame(phone, packets.ip(
        source, destination, packets.UDP,
        packets.udp(source, destination, lab.ECHO))))
    lab_settles(phone, family)


@families
def test_garden_and_resolver(stadttor, phone, family):
    stadttor.start(guest=GARDEN_ZONE)
    kind = 1 if family == V4 else 28
    server = phone.network.gate(family)
    assert traffic.resolve(phone, "net.test", kind, server) == \
        [traffic.web(family)]
    assert traffic.resolve_tcp(phone, "net.test", server)
    assert traffic.resolve(phone, "garden.test", kind, server) == \
        [traffic.garden(family)]
    page = traffic.http(phone, traffic.garden(family))
    assert (page.status, "the internet" in page.body) == (200, True)
    assert traffic.tcp_connect(phone, traffic.garden(family), 443) is True
    assert traffic.is_shut(phone, family)


@families
def test_garden_network(stadttor, phone, family):
    networks = ["203.0.113.80/28", "2001:db8:2::80/124"]
    stadttor.start(guest={"garden_address": networks})
    assert traffic.tcp_connect(phone, traffic.garden(family), 443) is True
    assert traffic.is_shut(phone, family)


@families
def test_garden_of_one_zone_is_not_the_others(stadttor, street, family):
    stadttor.start(guest={"garden_address": [traffic.garden(family)]},
                   staff={})
    staff = street.staff_phones[0]
    assert traffic.tcp_connect(street.phones[0], traffic.garden(family),
                               443) is True
    assert isinstance(traffic.tcp_connect(staff, traffic.garden(family), 443),
                      OSError)


def listeners(street):
    """Services of the gate that are none of a guest's business."""
    made = []
    for family, port in ((V6, 22), (V6, 8080), (V6, 161)):
        kind = socket.SOCK_DGRAM if port == 161 else socket.SOCK_STREAM
        s = street.gate.socket(family, kind)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", port))
        if kind == socket.SOCK_STREAM:
            s.listen()
        made.append(s)
    return made


@families
@pytest.mark.parametrize("target", ["bridge", "uplink"])
def test_the_gates_other_ports(shut, street, phone, family, target):
    address = phone.network.gate(family)
    if target == "uplink":
        address = lab.UPLINK4 if family == V4 else lab.UPLINK6
    services = listeners(street)
    try:
        for port in (22, 8080):
            assert isinstance(traffic.tcp_connect(phone, address, port),
                              OSError)
        with phone.socket(family, socket.SOCK_DGRAM) as s:
            s.sendto(b"snmp", (address, 161))
        services[2].settimeout(0.2)
        with pytest.raises(TimeoutError):
            services[2].recv(64)
    finally:
        for s in services:
            s.close()


@families
def test_neighbour_of_a_granted_phone(stadttor, street, phones, family):
    """One phone is in; others with its address or another MAC are not."""
    inside, outside = phones[:2]
    stadttor.start()
    assert traffic.tap(inside, family).status == 303
    traffic.wait_online(inside, family)
    warm(outside)
    source, destination = inside.address(family), traffic.web(family)
    with packets.Capture(street.internet) as capture:
        assert traffic.is_shut(outside, family)
        for mac in (outside.mac, "02:99:00:00:00:01"):
            for packet in (
                    packets.ip(source, destination, packets.UDP,
                               packets.udp(source, destination, lab.ECHO)),
                    packets.ip(source, destination, packets.TCP,
                               packets.tcp_syn(source, destination, 443))):
                outside.raw(frame(outside, packet, mac))
        lab_settles(outside, family)
        assert [p for p in leaked(capture)
                if p.port in (lab.ECHO, 443)] == []


@families
@pytest.mark.parametrize("source", ["own", "foreign"])
def test_invalid_packets_of_a_granted_phone(stadttor, street, phones, family,
                                            source):
    """What conntrack does not know is translated by nobody: it would leave
    with the phone's private address, or with any other."""
    phone = phones[0]
    stadttor.start()
    assert traffic.tap(phone, family).status == 303
    traffic.wait_online(phone, family)
    if source == "own":
        source = phone.address(family)
    else:
        source = "192.0.2.77" if family == V4 else "2001:db8:77::77"
    with packets.Capture(street.internet) as capture:
        phone.raw(frame(phone, packets.ip(
            source, traffic.web(family), packets.TCP,
            packets.tcp_reset(source, traffic.web(family), 443))))
        assert traffic.is_online(phone, family)
        assert [p for p in capture.packets()
                if p.source == source and p.port == 443] == []


@families
def test_forged_answer_to_the_box(stadttor, street, phone, family):
    """The box has asked its resolver; a guest answers in its name."""
    resolver = lab.RESOLVER4 if family == V4 else lab.RESOLVER6
    own = lab.UPLINK4 if family == V4 else lab.UPLINK6
    street.gate.run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0",
                    "net.ipv4.conf.br-guest.rp_filter=0")
    stadttor.start()
    warm(phone)
    with street.gate.socket(family, socket.SOCK_DGRAM) as asks, \
            street.internet.socket(family, socket.SOCK_DGRAM) as answers:
        answers.bind((resolver, 5300))
        asks.bind((own, 0))
        asks.sendto(b"?", (resolver, 5300))
        peer = answers.recvfrom(16)[1]
        phone.raw(frame(phone, packets.ip(
            resolver, own, packets.UDP,
            packets.udp(resolver, own, peer[1], b"forged", 5300))))
        lab_settles(phone, family)
        answers.sendto(b"true", peer)
        asks.settimeout(60)
        assert asks.recv(16) == b"true"


@families
def test_internet_cannot_call_guests(stadttor, street, phones, family):
    """Neither a stranger nor a granted phone is reached from outside."""
    stadttor.start()
    assert traffic.tap(phones[0], family).status == 303
    traffic.wait_online(phones[0], family)
    for phone in phones[:2]:
        with packets.Capture(phone.netns) as capture:
            with street.internet.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(b"hello", (phone.address(family), 9999))
            with street.internet.socket(family, socket.SOCK_STREAM) as s:
                s.settimeout(0.2)
                with pytest.raises(OSError):
                    s.connect((phone.address(family), 22))
            assert [p for p in capture.packets()
                    if p.port in (9999, 22)] == []


def test_dns_before_login_is_limited(stadttor, phones):
    """A tunnel through the resolver starves, and only the tunneller."""
    stadttor.start(guest={"dns_rate": 20})
    greedy, modest = phones[:2]
    with greedy.socket(V4, socket.SOCK_DGRAM) as s:
        s.settimeout(0.3)
        s.connect((greedy.network.gate4, 53))
        for ident in range(400):
            s.send(traffic.dns_query("net.test", ident=ident))
        answers = 0
        try:
            while s.recv(512):
                answers += 1
        except TimeoutError:
            pass
    assert 1 <= answers < 300
    assert traffic.resolve(modest, "net.test")


def lab_settles(phone, family):
    """What was sent before has been handled once this is refused."""
    assert traffic.is_shut(phone, family)
