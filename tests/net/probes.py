# SPDX-License-Identifier: GPL-3.0-or-later
"""How systems look for a portal: what they ask, and what the real hosts say.

One table for all: the lab's resolver knows the names, the lab's internet
answers for the hosts, the tests ask as the systems do.
"""
from typing import NamedTuple
from urllib.parse import urlsplit

DNS_NAME = "dns.msftncsi.com"
DNS_ANSWER = ("131.107.255.255", "fd3e:4f5a:5b81::1")
REDIRECT_PAGE = b"<title>msn</title><p>Windows was led on to the news.</p>\n"


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    headers: tuple = ()
    type: str = "text/plain"


class Probe(NamedTuple):
    """rule: whose rules read the answer; letter: how the portal counts it."""
    rule: str
    letter: str
    url: str
    answer: Answer

    @property
    def host(self):
        return urlsplit(self.url).hostname

    @property
    def name(self):
        return self.host.rstrip(".")

    @property
    def path(self):
        parts = urlsplit(self.url)
        return (parts.path or "/") + (parts.query and f"?{parts.query}")


NO_CONTENT = Answer(204)
NM_ONLINE = ("X-NetworkManager-Status", "online")
APPLE = Answer(200, b"<HTML><HEAD><TITLE>Success</TITLE></HEAD>"
               b"<BODY>Success</BODY></HTML>\n", type="text/html")
NM = Answer(200, b"NetworkManager is online\n", (NM_ONLINE,))
NM_BODY = Answer(200, b"NetworkManager is online\n")
NINTENDO = Answer(200, b"ok", (("X-Organization", "Nintendo"),))
CONNMAN = Answer(200, b"<html></html>\n", (("X-ConnMan-Status", "online"),),
                 "text/html")
KINDLE = Answer(200, b"<!--81ce4465-7167-4dcb-835b-dcc9e44c112a-->\n",
                type="text/html")
CANONICAL = Answer(
    200, b'<meta http-equiv="refresh" content="0;url=https://'
    b'support.mozilla.org/kb/captive-portal"/>', type="text/html")
SUCCESS = Answer(200, b"success\n")


def _table():
    def row(rule, letter, answer, *urls):
        return [Probe(rule, letter, f"http://{url}", answer) for url in urls]

    return [
        *row("apple", "a", APPLE,
             "captive.apple.com/hotspot-detect.html",
             "captive.apple.com/",
             "netcts.cdn-apple.com/",
             "www.apple.com/library/test/success.html",
             "www.appleiphonecell.com/library/test/success.html",
             "www.itools.info/library/test/success.html",
             "www.ibook.info/library/test/success.html",
             "www.airport.us/library/test/success.html",
             "www.thinkdifferent.us/library/test/success.html"),
        *row("android", "g", NO_CONTENT,
             "connectivitycheck.gstatic.com/generate_204",
             "connectivitycheck.android.com/generate_204",
             "clients1.google.com/generate_204",
             "clients3.google.com/generate_204",
             "www.gstatic.com/generate_204",
             "www.google.com/gen_204",
             "www.google.com/generate_204",
             "www.google.cn/generate_204",
             "developers.google.cn/generate_204",
             "play.googleapis.com/generate_204",
             "connectivity.samsung.com.cn/generate_204",
             "connectivitycheck.platform.hicloud.com/generate_204",
             "connect.rom.miui.com/generate_204",
             "conn1.oppomobile.com/generate_204",
             "conn2.oppomobile.com/generate_204",
             "conn1.coloros.com/generate_204",
             "conn2.coloros.com/generate_204",
             "wifi.vivo.com.cn/generate_204",
             "www.qualcomm.cn/generate_204",
             "connectivitycheck.grapheneos.network/generate_204"),
        *row("android", "k", NO_CONTENT,
             "fireoscaptiveportal.com/generate_204",
             "firetvcaptiveportal.com/generate_204",
             "tabletcaptiveportal.com/generate_204"),
        *row("windows", "w", Answer(200, b"Microsoft Connect Test"),
             "www.msftconnecttest.com/connecttest.txt",
             "ipv6.msftconnecttest.com/connecttest.txt"),
        *row("windows", "w", Answer(200, b"Microsoft NCSI"),
             "www.msftncsi.com/ncsi.txt",
             "ipv6.msftncsi.com/ncsi.txt"),
        *row("chrome", "w", NO_CONTENT,
             "edge-http.microsoft.com/captiveportal/generate_204"),
        *row("chrome", "o", NO_CONTENT,
             "detectportal.brave-http-only.com/",
             "test.steampowered.com/204"),
        *row("firefox", "f", CANONICAL,
             "detectportal.firefox.com/canonical.html"),
        *row("firefox", "f", SUCCESS,
             "detectportal.firefox.com/success.txt",
             "detectportal.firefox.com/success.txt?ipv4",
             "detectportal.firefox.com/success.txt?ipv6"),
        *row("networkmanager", "l", NM,
             "nmcheck.gnome.org/check_network_status.txt"),
        *row("networkmanager", "l", NM_BODY,
             "network-test.debian.org/nm",
             "ping.archlinux.org/nm-check.txt",
             "www.archlinux.org/check_network_status.txt",
             "conncheck.opensuse.org/"),
        *row("networkmanager", "l", Answer(204, b"", (NM_ONLINE,)),
             "connectivity-check.ubuntu.com/",
             "connectivity-check.ubuntu.com./"),
        *row("networkmanager", "l", Answer(200, b"OK\n", (NM_ONLINE,)),
             "networkcheck.kde.org/",
             "fedoraproject.org/static/hotspot.txt"),
        *row("chrome", "l", NO_CONTENT,
             "204.pop-os.org/",
             "capnet.elementary.io/"),
        *row("connman", "o", CONNMAN,
             "ipv4.connman.net/online/status.html",
             "ipv6.connman.net/online/status.html"),
        *row("kindle", "k", KINDLE,
             "spectrum.s3.amazonaws.com/kindle-wifi/wifistub.html",
             "spectrum.s3.amazonaws.com/kindle-wifi/wifistub-eink.html"),
        *row("nintendo", "o", NINTENDO,
             "conntest.nintendowifi.net/",
             "ctest.cdn.nintendo.net/"),
        # What a PlayStation makes of it is not known; its host says 403.
        *row("playstation", "o", Answer(403, b"Forbidden\n"),
             "ena.net.playstation.net/netstart/ps4"),
    ]


PROBES = _table()
NAMES = sorted({probe.name for probe in PROBES})

# What no probe asks for, but what Windows opens when it was led to a portal.
_ANSWERS = {("www.msftconnecttest.com", "/redirect"):
            Answer(200, REDIRECT_PAGE, type="text/html")}
_ANSWERS.update({(p.name, urlsplit(p.url).path or "/"): p.answer
                 for p in PROBES})


def answer_for(host, path):
    """What the real host says; None: nobody looks for a portal there."""
    name = host.lower().partition(":")[0].rstrip(".")
    return _ANSWERS.get((name, path.partition("?")[0]))
