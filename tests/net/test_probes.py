# SPDX-License-Identifier: GPL-3.0-or-later
"""Every probe of every make: before login, after it, after log out and after
the end, and what the system itself makes of each answer."""
import os
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Optional

import pytest

import gate
import lab
import probes
import sheet
import traffic

V4, V6 = traffic.V4, traffic.V6
FAMILY = {"ipv4": V4, "ipv6": V6}
PHASES = {"before": "portal", "online": "online", "logged out": "portal",
          "expired": "portal"}
CLOSED = [phase for phase, state in PHASES.items() if state == "portal"]


LANGUAGES = [name.removesuffix(".json") for name in os.listdir(
    os.path.join(gate.REPO, "web", "lang")) if name.endswith(".json")]


class Seen(NamedTuple):
    """What a phone was told: over HTTP, and over TLS (None: not at all)."""
    reply: Optional[traffic.Reply]
    twin: Optional[int] = None


# --- the systems' rules ------------------------------------------------------

def android_code(reply):
    """NetworkMonitor takes an answer of 200 without content for a failure."""
    if reply is None:
        return 599
    length = int(reply.headers.get("Content-Length", -1))
    is_empty = length <= 4 if length >= 0 else not reply.body
    return 599 if reply.status == 200 and is_empty else reply.status


def android_verdict(probe, seen):
    code = android_code(seen.reply)
    if code != 204 and 200 <= code <= 399:
        return "portal"
    if seen.twin == 204:
        return "online"
    return "partial" if code == 204 else "failed"


def apple_verdict(probe, seen):
    if seen.reply is None:
        return "failed"
    found = re.fullmatch(
        r"\s*<html>\s*<head>\s*<title>(.*?)</title>\s*</head>"
        r"\s*<body>(.*?)</body>\s*</html>\s*", seen.reply.body, re.I | re.S)
    is_success = seen.reply.status == 200 and found and \
        found.groups() == ("Success", "Success")
    return "online" if is_success else "portal"


def windows_verdict(probe, seen):
    if seen.reply is None:
        return "failed"
    text = {"/connecttest.txt": "Microsoft Connect Test",
            "/ncsi.txt": "Microsoft NCSI"}[probe.path]
    return "online" if (seen.reply.status, seen.reply.body) == (200, text) \
        else "portal"


def firefox_verdict(probe, seen):
    """CaptiveDetect: a redirect or another content is a portal; an error of
    the server is none."""
    if seen.reply is None or seen.reply.status >= 400:
        return "failed"
    text = {"/canonical.html": probes.CANONICAL.body,
            "/success.txt": probes.SUCCESS.body}[probe.path.split("?")[0]]
    return "online" if (seen.reply.status, seen.reply.body) == \
        (200, text.decode()) else "portal"


def networkmanager_verdict(probe, seen, response="NetworkManager is online"):
    """The header, the start of the body, or 204 where nothing is expected."""
    if seen.reply is None:
        return "limited"
    status, headers, body = seen.reply
    if headers.get("X-NetworkManager-Status", "").startswith("online"):
        return "online"
    if not response:
        return "online" if status == 204 else "portal"
    return "online" if body.startswith(response) else "portal"


def chrome_verdict(probe, seen):
    """Chromium, and all who only ask for an answer without content."""
    if seen.reply is None:
        return "failed"
    status = seen.reply.status
    if status == 511:
        return "portal"
    if status >= 400:
        return "failed"
    is_empty = seen.reply.headers.get("Content-Length") == "0"
    return "online" if status == 204 or (status == 200 and is_empty) \
        else "portal"


def connman_verdict(probe, seen):
    if seen.reply is None:
        return "failed"
    if seen.reply.status == 302 and seen.reply.headers["Location"]:
        return "portal"
    is_online = seen.reply.headers.get("X-ConnMan-Status") == "online"
    return "online" if seen.reply.status == 200 and is_online else "portal"


def kindle_verdict(probe, seen):
    if seen.reply is None:
        return "failed"
    return "online" if seen.reply.body.encode() == probes.KINDLE.body \
        else "portal"


def nintendo_verdict(probe, seen):
    if seen.reply is None:
        return "failed"
    return "online" if seen.reply.headers.get("X-Organization") == \
        "Nintendo" else "portal"


def playstation_verdict(probe, seen):
    if seen.reply is None:
        return "failed"
    return "portal" if 300 <= seen.reply.status < 400 else "online"


RULES = {"android": android_verdict, "apple": apple_verdict,
         "windows": windows_verdict, "firefox": firefox_verdict,
         "networkmanager": networkmanager_verdict, "chrome": chrome_verdict,
         "connman": connman_verdict, "kindle": kindle_verdict,
         "nintendo": nintendo_verdict, "playstation": playstation_verdict}


# --- asking ------------------------------------------------------------------

def ask(street, phone, probe, family):
    address = sheet.address_of(phone, probe.name, family)
    assert address in (lab.PROBED4, lab.PROBED6), probe.name
    reply = traffic.http(phone, address, probe.path, host=probe.host)
    twin = ask_twin(street, phone, probe, address) \
        if probe.rule == "android" else None
    return Seen(reply, twin)


def ask_twin(street, phone, probe, address):
    """The status over TLS; None: there was none to be had."""
    context = ssl.create_default_context(cafile=street.certificate)
    s = phone.socket(traffic.family_of(address), socket.SOCK_STREAM)
    s.settimeout(60)
    try:
        with s:
            s.connect((address, 443))
            with context.wrap_socket(s, server_hostname=probe.name) as tls:
                tls.sendall(f"GET {probe.path} HTTP/1.1\r\nHost: {probe.host}"
                            "\r\nConnection: close\r\n\r\n".encode())
                return int(tls.recv(4096).split(b" ")[1])
    except OSError:
        return None


def ask_all(street, phone):
    jobs = [(probe, family) for probe in probes.PROBES
            for family in FAMILY.values()]
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(lambda job: ask(street, phone, *job), jobs)
        return {(p.url, family): seen
                for (p, family), seen in zip(jobs, found)}


@pytest.fixture(scope="module")
def programs(street):
    started = gate.Stadttor(street)
    started.drive_clock()
    started.start(guest={"dns_rate": 1000},
                  staff={"dns_rate": 1000, "duration": "1h"})
    yield started
    started.close()


def log_in(phone, family=V4):
    """As a person does: the probe leads to the portal, one tap."""
    opened = sheet.Sheet(phone, family)
    opened.open("http://captive.apple.com/hotspot-detect.html")
    opened.tap()
    assert opened.page.url.endswith("/status"), opened.page.url
    return opened


@pytest.fixture(scope="module")
def story(programs, street):
    """Phase: what each probe was answered, by each family."""
    phone, late = street.phones[0], street.staff_phones[0]
    told = {"before": ask_all(street, phone)}
    opened = log_in(phone)
    told["online"] = ask_all(street, phone)
    opened.tap("/logout")
    told["logged out"] = ask_all(street, phone)
    log_in(late, V6)
    assert traffic.is_online(late, V6)
    programs.jump(3601)
    traffic.wait_shut(late, V6)
    told["expired"] = ask_all(street, late)
    return told


# --- tests -------------------------------------------------------------------

EVERY = pytest.mark.parametrize(
    "probe", probes.PROBES, ids=[p.url.removeprefix("http://")
                                 for p in probes.PROBES])


@EVERY
@pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)
def test_verdict(story, probe, family):
    """The system itself says portal, online, portal, portal."""
    found = {phase: RULES[probe.rule](probe, story[phase][probe.url, family])
             for phase in PHASES}
    assert found == PHASES


@EVERY
@pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)
def test_answer_of_the_gate(story, street, probe, family):
    """What makes every client look up, and no cache remember."""
    for phase in CLOSED:
        status, headers, body = story[phase][probe.url, family].reply
        network = street.staff if phase == "expired" else street.guest
        home = network.gate(family)
        if family == V6:
            home = f"[{home}]"
        assert status == 302
        assert headers["Location"] == f"http://{home}/?via={probe.letter}"
        assert "no-store" in headers["Cache-Control"]
        assert headers["Connection"] == "close"
        assert int(headers["Content-Length"]) == len(body.encode()) >= 5
        assert "Set-Cookie" not in headers
        assert headers["Location"] in body  # for those who do not follow


@EVERY
@pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)
def test_true_answer_when_online(story, probe, family):
    status, headers, body = story["online"][probe.url, family].reply
    assert (status, body.encode()) == (probe.answer.status, probe.answer.body)
    for name, value in probe.answer.headers:
        assert headers[name] == value


def reply(status, body="", **headers):
    message = traffic.HTTPMessage()
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    return traffic.Reply(status, message, body)


SHORT = reply(200, "ok", Content_Length="2")
PAGE = reply(200, "<html>Welcome</html>", Content_Length="20")
BROKEN = reply(503, "later", Content_Length="5")


@pytest.mark.parametrize("rule,url,seen,verdict", [
    ("android", "connectivitycheck.gstatic.com", Seen(SHORT), "failed"),
    ("android", "connectivitycheck.gstatic.com", Seen(PAGE), "portal"),
    ("android", "connectivitycheck.gstatic.com", Seen(BROKEN), "failed"),
    ("android", "connectivitycheck.gstatic.com", Seen(reply(204)), "partial"),
    ("android", "connectivitycheck.gstatic.com", Seen(None, 204), "online"),
    ("apple", "captive.apple.com", Seen(PAGE), "portal"),
    ("apple", "captive.apple.com", Seen(BROKEN), "portal"),
    ("windows", "www.msftconnecttest.com", Seen(PAGE), "portal"),
    ("firefox", "detectportal.firefox.com", Seen(PAGE), "portal"),
    ("firefox", "detectportal.firefox.com", Seen(BROKEN), "failed"),
    ("networkmanager", "nmcheck.gnome.org", Seen(SHORT), "portal"),
    ("networkmanager", "nmcheck.gnome.org", Seen(None), "limited"),
    ("chrome", "204.pop-os.org", Seen(BROKEN), "failed"),
    ("chrome", "204.pop-os.org", Seen(reply(511, "<a>")), "portal"),
    ("connman", "ipv4.connman.net", Seen(PAGE), "portal"),
    ("kindle", "spectrum.s3.amazonaws.com", Seen(PAGE), "portal"),
    ("nintendo", "ctest.cdn.nintendo.net", Seen(PAGE), "portal"),
    ("playstation", "ena.net.playstation.net", Seen(None), "failed")])
def test_rules_tell_apart(rule, url, seen, verdict):
    """The rules above can say something else than what is hoped for."""
    probe = next(p for p in probes.PROBES if p.name == url)
    assert probe.rule == rule
    assert RULES[rule](probe, seen) == verdict


def test_other_questions_for_a_name_are_answered(programs, street):
    """Browsers wait for the HTTPS record before they connect."""
    phone = street.phones[1]
    for kind in (65, 64, 16):
        for server in (phone.network.gate4, phone.network.gate6):
            assert traffic.resolve(phone, "captive.apple.com", kind,
                                   server) == [], kind


@pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)
def test_connection_from_before_the_tap(programs, street, family):
    """Browsers open some in advance. One that was led to the portal is reset
    once the device is in, so that they ask anew and reach the real host."""
    phone = street.phones[1]
    probe = probes.PROBES[0]
    address = sheet.address_of(phone, probe.name, family)
    with phone.socket(family, socket.SOCK_STREAM) as early:
        early.settimeout(60)
        early.connect((address, 80))
        opened = log_in(phone, traffic.OTHER[family])
        with pytest.raises(ConnectionResetError):
            early.sendall(f"GET {probe.path} HTTP/1.1\r\nHost: {probe.host}"
                          "\r\n\r\n".encode())
            assert early.recv(100) == b""
    assert apple_verdict(probe, ask(street, phone, probe, family)) == "online"
    opened.tap("/logout")


# --- asking the gate itself --------------------------------------------------

STRAY = ("/generate_204", "/api/session", "/favicon.ico", "/a/b.json")


def direct(phone, family, path, method="GET"):
    return traffic.http(phone, phone.network.gate(family), path, method)


@pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)
def test_direct_hit_says_that_the_gate_is_shut(programs, street, family):
    """511, with a link but not the form itself (RFC 6585 section 6); 404 for
    those who are in. Pages and probes stay what they are."""
    phone = street.phones[1]
    for path in STRAY:
        found = direct(phone, family, path)
        page = sheet.Page("", found)
        assert found.status == 511, path
        assert "no-store" in found.headers["Cache-Control"]
        assert any(link.split("?")[0] == "/" for link in page.links)
        assert not page.forms
        assert RULES["chrome"](None, Seen(found)) == "portal"
    assert direct(phone, family, STRAY[0], "HEAD").status == 511
    for path in ("/", "/terms", "/goodbye"):
        assert direct(phone, family, path).status == 200, path
    assert direct(phone, family, "/accept").status == 405
    opened = log_in(phone, family)
    for path in STRAY:
        assert direct(phone, family, path).status == 404, path
    opened.tap("/logout")
    assert direct(phone, family, STRAY[0]).status == 511


# --- the sheet ---------------------------------------------------------------

@pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)
def test_success_is_one_tap_and_a_navigation(programs, street, family):
    """303 to a page of its own, in which there is time to read."""
    phone = street.phones[2]
    opened = log_in(phone, family)
    assert opened.taps == 1 and opened.seen == [303, 200]
    assert opened.page.reply.headers["Content-Type"].startswith("text/html")
    assert not re.search("http-equiv=.?refresh", opened.page.reply.body, re.I)
    traffic.wait_online(phone, family)
    opened.tap("/logout")
    traffic.wait_shut(phone, family)


def check_page(opened, url):
    page = opened.open(url)
    text = page.reply.body
    assert page.title and "<html lang=" in text, url
    assert not sheet.FORBIDDEN.search(text), \
        (url, sheet.FORBIDDEN.search(text).group(0))
    assert "Set-Cookie" not in page.reply.headers
    assert "script-src" not in page.reply.headers["Content-Security-Policy"]
    assert not re.search(r"\bsrc\s*=\s*.?(https?:)?//", text, re.I), url
    return page


def check_everywhere(phone, *paths):
    """Each of the pages in each language."""
    opened = sheet.Sheet(phone)
    for path in paths:
        url = f"http://{phone.network.gate4}{path}"
        check_page(opened, url)
        texts = {check_page(opened, f"{url}?lang={code}").reply.body
                 for code in LANGUAGES}
        assert len(texts) == len(LANGUAGES) > 1, url


def test_no_page_needs_what_a_sheet_lacks(programs, street):
    """No script, no new window, no storage, no cookie, before and after."""
    phone = street.phones[3]
    check_everywhere(phone, "/", "/terms", "/goodbye",
                     "/accessibility", "/nowhere")
    log_in(phone)
    check_everywhere(phone, "/", "/status", "/terms")
    programs.revoke(phone.ip4)
    assert not sheet.FORBIDDEN.search("<a href='/terms?lang=de'>Terms</a>")
    assert sheet.FORBIDDEN.search("<a href='/terms' target=_blank>")
