# SPDX-License-Identifier: GPL-3.0-or-later
"""The first page on the wire: how many bytes, and in how many round trips.

A phone whose bare acknowledgements are all lost still gets the whole page, as
it fits into what a sender may send before it hears of any: the first answer is
one round trip after the request, on the worst radio link.
"""
import os
import socket
import struct

import pytest

import gate
import lab
from traffic import FAMILIES

PAGE_MAX = 14 * 1024
WINDOW = 10  # segments, RFC 6928
TCP_INFO_DATA_SEGS_IN = 152  # offset in struct tcp_info, linux/tcp.h
LANGUAGES = sorted(name.removesuffix(".json") for name in os.listdir(
    os.path.join(gate.REPO, "web", "lang")))
ZONE = {"rate_down": "16mbit", "rate_up": "4mbit", "duration": "2h"}
DEAF = """
table inet deaf {
  chain output {
    type filter hook output priority 0;
    tcp dport 80 tcp flags & (fin | syn | rst | psh | ack) == ack \
            counter drop
  }
}
"""
LOGO = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"'
        ' fill="#fff"><path d="M4 3h16v11a8 8 0 0 1-16 0zm3 3v8a5 5 0 0 0 10 0'
        'V6zm4 1h2v9h-2z"/></svg>\n')


def tile(name, title):
    return gate.section("tile", name, {
        "title": [f"de={title}"], "text": ["de=Alles dazu auf einen Blick"],
        "link": f"https://{name}.stadt.example/"})


@pytest.fixture
def city(stadttor):
    """A city's portal with all that it can carry."""
    logo = os.path.join(stadttor.folder, "logo.svg")
    with open(logo, "w") as file:
        file.write(LOGO)
    os.chmod(logo, 0o644)
    stadttor.configure(
        guest={**ZONE, "quota": "2GB", "over_quota": "slow"},
        staff={**ZONE, "auth": "voucher"},
        portal={"network": "Bochum freies WLAN", "provider": "Stadt Bochum",
                "contact": "wlan@stadt.example", "logo": logo,
                "colour_accent": "#8a1c3b", "colour_header": "#5c1029",
                "colour_accent_dark": "#ffb1c5",
                "colour_header_dark": "#43101f"})
    vouchers = {key: os.path.join(stadttor.folder, "usage", key)
                for key in ("file", "key")}
    with open(stadttor.config, "a") as file:
        file.write(gate.section("voucher", None, vouchers))
        for name, title in (("parking", "Parken"), ("climate", "Klima"),
                            ("ideas", "Mitgestalten"),
                            ("office", "Bürgerservice")):
            file.write(tile(name, title))
    for program in (gate.NETCTL, gate.PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    return stadttor


def data_segments(s):
    info = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256)
    return struct.unpack_from("=I", info, TCP_INFO_DATA_SEGS_IN)[0]


def get(phone, family, path):
    """The whole answer, and the segments that brought it."""
    address = phone.network.gate(family)
    host = f"[{address}]" if ":" in address else address
    with phone.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(60)
        s.connect((address, 80))
        s.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        answer = b""
        while more := s.recv(65536):
            answer += more
        return answer, data_segments(s)


@pytest.fixture
def deaf_phones(street):
    both = street.phones[0], street.staff_phones[0]
    for phone in both:
        phone.netns.nft(DEAF)
    yield both
    for phone in both:
        phone.netns.nft("delete table inet deaf\n")


@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
def test_first_page(city, deaf_phones, family):
    worst = (0, None)
    for phone in deaf_phones:
        logo, _ = get(phone, family, "/logo")
        assert logo.startswith(b"HTTP/1.1 200 ") and LOGO.encode() in logo
        for language in LANGUAGES:
            where = f"{phone.network.zone} {language}"
            page, segments = get(phone, family, f"/?lang={language}")
            head, body = page.split(b"\r\n\r\n", 1)
            assert page.startswith(b"HTTP/1.1 200 "), where
            assert f"Content-Length: {len(body)}\r\n".encode() in head, where
            assert b'<button class="go"' in body and b"</html>" in body, where
            assert segments <= WINDOW, (where, segments, len(page))
            worst = max(worst, (len(page) + len(logo), where))
        heard = phone.netns.run("nft", "list", "table", "inet", "deaf").stdout
        assert "packets 0 " not in heard, "nothing was lost"
    print(f"worst: {worst[0]} bytes with the logo, {worst[1]}")
    assert worst[0] <= PAGE_MAX


def test_too_much_of_it_is_refused(city):
    """Before anybody sees it."""
    with open(city.config, "a") as file:
        file.write("".join(gate.section("tile", f"more{n}", {
            "title": ["de=" + "M" * 70], "text": ["de=" + "M" * 130],
            "link": f"https://more.stadt.example/{'m' * 200}"})
            for n in range(4)))
    city.terminate(gate.PORTAL)
    city.start_one(gate.PORTAL)
    assert city.process[gate.PORTAL].wait(10) != 0
    assert "bytes with the logo" in city.log(gate.PORTAL)
    lab.stop(city.process[gate.PORTAL])
