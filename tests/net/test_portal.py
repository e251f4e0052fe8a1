# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator may change about the pages, seen by a phone."""
import http.server
import json
import os
import re
import threading

import pytest

import lab
import traffic
from gate import PORTAL, section

SVG = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
       '<circle cx="4" cy="4" r="4"/></svg>')


def page(phone, path="/", lang=None):
    return traffic.http(phone, phone.network.gate4,
                        path + (f"?lang={lang}" if lang else ""))


def start(stadttor, more="", **config):
    stadttor.configure(**config)
    with open(stadttor.config, "a") as file:
        file.write(more)
    for program in ("stadttor-netctl", PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()


def reload_with(stadttor, more="", **config):
    stadttor.configure(**config)
    with open(stadttor.config, "a") as file:
        file.write(more)
    seen = len(stadttor.log(PORTAL))
    stadttor.reload()
    stadttor.wait_log("reloaded", PORTAL, since=seen)


# --- terms and time ---------------------------------------------------------

def test_new_terms_are_asked_for(stadttor, phones):
    start(stadttor)
    old_form = page(phones[1]).body
    assert 'name="terms" value="1"' in old_form
    assert traffic.tap(phones[0]).status == 303
    assert "role=\"alert\"" not in page(phones[0], "/status").body
    reload_with(stadttor, portal={"terms_version": "2"})
    # who is in stays in, and is asked
    status = page(phones[0], "/status").body
    assert "haben sich geändert" in status and 'value="2"' in status
    assert traffic.is_online(phones[0])
    # who has read the old ones is asked again, too
    reply = traffic.tap(phones[1])
    assert reply.status == 200 and "haben sich geändert" in reply.body
    assert traffic.is_shut(phones[1])
    for phone in phones[:2]:
        reply = traffic.http(phone, phone.network.gate4, "/accept", "POST",
                             "terms=2")
        assert reply.status == 303
        assert "haben sich geändert" not in page(phone, "/status").body
    stadttor.restart()
    stadttor.wait_ready()
    assert "haben sich geändert" not in page(phones[0], "/status").body


def test_extension_is_one_tap(stadttor, phones):
    start(stadttor, guest={"duration": "10m"})
    assert traffic.tap(phones[0]).status == 303
    assert 'action="/extend"' not in page(phones[0], "/status").body
    reload_with(stadttor, guest={"duration": "2h"})
    assert 'action="/extend"' in page(phones[0], "/status").body
    before, = stadttor.sessions()
    traffic.udp_echo(phones[0], lab.WEB4)
    reply = traffic.http(phones[0], phones[0].network.gate4, "/extend",
                         "POST", "terms=1")
    assert reply.status == 303 and reply.headers["Location"] == "/extended"
    extended = page(phones[0], "/extended")
    assert extended.status == 200 and 'role="status"' in extended.body
    after, = stadttor.sessions()
    assert after["handle"] == before["handle"]
    assert before["left_s"] <= 600 and after["left_s"] > 7100
    assert 'action="/extend"' not in extended.body


def test_short_extensions_change_nothing(stadttor, phones):
    """Each would make the session's elements anew, and their limits full."""
    start(stadttor, guest={"duration": "2h"})
    assert traffic.tap(phones[0]).status == 303
    lab.wait_until(lambda: stadttor.sessions()[0]["left_s"] <= 7198, 5)
    reply = traffic.http(phones[0], phones[0].network.gate4, "/extend",
                         "POST", "terms=1")
    assert reply.status == 303
    session, = stadttor.sessions()
    assert session["left_s"] <= 7198


def test_extension_asks_for_the_terms(stadttor, phones):
    start(stadttor)
    for form in ("", "terms=9"):
        reply = traffic.http(phones[0], phones[0].network.gate4, "/extend",
                             "POST", form)
        assert reply.status == 303
    assert traffic.is_shut(phones[0]) and stadttor.sessions() == []
    assert page(phones[0], "/extended").status == 302


# --- looks ------------------------------------------------------------------

def test_logo_and_colours(stadttor, phones):
    logo = os.path.join(stadttor.folder, "logo.svg")
    with open(logo, "w") as file:
        file.write(SVG)
    start(stadttor, portal={"logo": logo, "colour_accent": "#993300"})
    body = page(phones[0]).body
    assert '<img src="/logo" alt="">' in body and "--accent:#993300" in body
    reply = page(phones[0], "/logo")
    assert reply.status == 200 and reply.body == SVG
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert "max-age" in reply.headers["Cache-Control"]
    # a picture can run nothing, opened by itself either
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert "img-src 'self'" in page(
        phones[0]).headers["Content-Security-Policy"]


def test_a_picture_of_the_place(stadttor, phones):
    """Beside the page, which has what it takes without it."""
    hero = os.path.join(stadttor.folder, "hero.jpg")
    with open(hero, "wb") as file:
        file.write(b"\xff\xd8\xff" + b"\0" * 6000)
    start(stadttor, portal={"hero": hero, "theme": "river"})
    body = page(phones[0]).body
    assert '<img class="hero" src="/hero" alt="" loading="lazy"' in body
    assert "--accent:#12508c" in body
    reply = page(phones[0], "/hero")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert page(phones[0], "/logo").status == 404


def test_without_pictures(stadttor, phones):
    start(stadttor)
    assert page(phones[0], "/logo").status == 404
    assert page(phones[0], "/hero").status == 404
    assert "img-src" not in page(
        phones[0]).headers["Content-Security-Policy"]


WRONG = {
    "no such file": ({"logo": "/nonsense.svg"}, "", "No such file"),
    "no picture": ({"logo": "/etc/passwd"}, "", "a logo is"),
    "no hero": ({"hero": "/etc/passwd"}, "", "a hero is"),
    "no such text": ({}, section("text", None, {
        "key": "nonsense", "text": ["de=x"]}), "no page has such a text"),
    "no such language": ({}, section("text", None, {
        "key": "portal_heading", "text": ["xx=x"]}), "no language 'xx'"),
    "too long": ({}, "".join(section("text", None, {
        "key": key, "text": ["de=" + "x" * 990]})
        for key in ("accept_note", "point_privacy", "point_registration",
                    "point_free", "portal_intro")), "too many: shorten"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_pages_leave_all_as_it_was(stadttor, phones, name):
    portal, more, why = WRONG[name]
    start(stadttor)
    before = page(phones[0]).body
    stadttor.configure(portal=portal)
    with open(stadttor.config, "a") as file:
        file.write(more)
    stadttor.reload(PORTAL)
    stadttor.wait_log(re.escape(why) + ".*everything stays as it was", PORTAL)
    assert page(phones[0]).body == before


def test_texts_of_a_zone(stadttor, street, phones):
    start(stadttor, section("text", None, {
        "key": "portal_heading", "zone": ["staff"],
        "text": ["de=Moin <b>& Co</b>", "en=Hello"]}), staff={})
    staff = street.staff_phones[0]
    assert "<h1>Moin &lt;b&gt;&amp; Co&lt;/b&gt;</h1>" in page(staff).body
    assert "<h1>Hello</h1>" in page(staff, lang="en").body
    assert "Moin" not in page(phones[0]).body
    assert "Hello" not in page(phones[0], lang="en").body


def test_right_to_left(stadttor, phones):
    """Values that run the other way are isolated, in titles as well."""
    start(stadttor, portal={"contact": "02931 12345"})
    body = page(phones[0], lang="ar").body
    assert '<html lang="ar" dir="rtl">' in body
    assert "\u206802931 12345\u2069" in body
    assert "\u2068Stadttor\u2069" in re.search("<title>(.*)</title>",
                                               body).group(1)
    assert "\u2068" not in page(phones[0], lang="tr").body


# --- tiles ------------------------------------------------------------------

class Source:
    """The city's data, on the gate's loopback."""

    def __init__(self, netns):
        self.value = 17
        self.asked = 0
        source = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                source.asked += 1
                body = json.dumps({"lots": [{"free": source.value}]}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        with netns.entered():
            self.server = http.server.HTTPServer(("127.0.0.1", 8099), Handler)
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def source(street):
    made = Source(street.gate)
    yield made
    made.close()


TILES = section("tile", "parking", {
    "title": ["de=Parken <&>", "en=Parking", "fa=پارکینگ"],
    "text": ["de=Innenstadt"],
    "link": f"http://{lab.GARDEN4}/?a=1&b=2", "icon": "parking",
    "live_url": "http://127.0.0.1:8099/x.json",
    "live_pointer": "/lots/0/free",
    "live_text": ["de={} Plätze frei", "fa={}"], "live_interval": "60"}) + \
    section("tile", "help", {"title": ["de=Hilfe"], "zone": ["staff"],
                             "link": "http://hilfe.example/"})


def test_tiles(stadttor, street, phones, source):
    start(stadttor, TILES, staff={}, guest={
        "garden_address": [lab.GARDEN4, lab.GARDEN6]})
    body = page(phones[0]).body
    assert body.count("<li lang=") == 0
    assert f'href="http://{lab.GARDEN4}/?a=1&amp;b=2"' in body
    assert "<bdi>Parken &lt;&amp;&gt;</bdi>" in body and "Innenstadt" in body
    assert "hilfe.example" not in body
    assert "hilfe.example" in page(street.staff_phones[0]).body
    # English stands in where a language is missing, and says so
    assert re.search('<li lang="en" dir="ltr"><a[^>]*>.*Parking',
                     page(phones[0], lang="pl").body, re.S)
    # what the tile leads to works before the tap
    assert traffic.http(phones[0], lab.GARDEN4, "/").status == 200
    lab.wait_until(lambda: "17 Plätze frei" in page(phones[0]).body, 15,
                   say="no live value")
    assert "۱۷" in page(phones[0], lang="fa").body
    assert traffic.tap(phones[0]).status == 303
    assert "17 Plätze frei" in page(phones[0], "/status").body
    asked = source.asked
    for _ in range(20):
        page(phones[0])
    assert source.asked == asked == 1  # phones never cause a request


def test_the_source_is_away(stadttor, phones):
    start(stadttor, TILES, staff={})
    stadttor.wait_log("live value 1", PORTAL, seconds=15)
    body = page(phones[0]).body
    assert "Parken" in body and "Plätze" not in body


# --- what one may want to know ----------------------------------------------

def test_accessibility_statement(stadttor, phones):
    start(stadttor, portal={"contact": "0234 1", "barrier_contact": "0234 2",
                            "enforcement": "Ombudsstelle NRW"})
    body = page(phones[0], "/accessibility").body
    assert "0234 2" in body and "Ombudsstelle NRW" in body
    for path in ("/", "/terms", "/nothing"):
        assert 'href="/accessibility"' in page(phones[0], path).body
    assert 'href="/accessibility?lang=de-simple"' in page(
        phones[0], lang="de-simple").body


def test_legal_pages(stadttor, phones):
    """By options, linked from everywhere; own terms of 9 kB among them."""
    terms = os.path.join(stadttor.folder, "terms.txt")
    with open(terms, "w") as file:
        file.write("# <Eigenes>\n\n" + "Wer hier ist, nimmt Rücksicht. " * 300)
    start(stadttor, section("legal", None, {
        "address": "Rathausplatz 1", "land": "nw",
        "terms_file": [f"de={terms}"]}))
    for path in ("/", "/terms", "/nothing", "/privacy"):
        body = page(phones[0], path).body
        for link in ("/legal-notice", "/privacy", "/accessibility"):
            assert f'href="{link}"' in body, (path, link)
    assert "Rathausplatz 1" in page(phones[0], "/legal-notice").body
    notice = page(phones[0], "/privacy", lang="ar").body
    assert '<html lang="ar" dir="rtl">' in notice
    assert "www.ldi.nrw.de" in notice and "Controller" in notice
    body = page(phones[0], "/terms").body
    assert "&lt;Eigenes&gt;" in body and len(body.encode()) > 14 * 1024
    assert 'href="/terms#own"' in body
    with open(terms, "a") as file:
        file.write("\x1b[0m")
    stadttor.reload(PORTAL)
    stadttor.wait_log("terms.txt: line 3: no UTF-8, or characters", PORTAL)
    assert "&lt;Eigenes&gt;" in page(phones[0], "/terms").body


def test_everything_in_one_answer(stadttor, phones):
    """Who, what it costs, how long, how fast, the terms, one button."""
    start(stadttor, guest={"rate_down": "10mbit", "duration": "8h"},
          portal={"provider": "Stadt Bochum"})
    body = page(phones[0]).body
    for part in ("Stadt Bochum", "Kostenlos", "8\xa0Stunden", "10\xa0Mbit/s",
                 "nichts gespeichert", 'href="/terms', "Datenschutz"):
        assert part in body, part
    assert body.count("<button") == 1
    assert len(body.encode()) < 14 * 1024
    assert traffic.http(phones[0], phones[0].network.gate6, "/").body \
        .count("<button") == 1
