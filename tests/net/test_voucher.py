# SPDX-License-Identifier: GPL-3.0-or-later
"""Codes as a way in: the real command, portal, netctl and kernel."""
import contextlib
import os
import sqlite3
import urllib.parse

import pytest

import gate
import lab
import traffic
from gate import NETCTL, PORTAL
from traffic import V4, V6, FAMILIES

families = pytest.mark.parametrize("family", FAMILIES, ids=("ipv4", "ipv6"))


@pytest.fixture
def codes(stadttor):
    """The programs with a zone that asks for codes, and how to make some."""
    folder = os.path.join(stadttor.folder, "codes")
    options = gate.section("voucher", None, {
        "file": f"{folder}/vouchers.sqlite", "key": f"{folder}/key"})

    def start(guest=None, **config):
        stadttor.configure(guest={"auth": "voucher", **(guest or {})},
                           **config)
        with open(stadttor.config, "a") as file:
            file.write(options)
        for program in (NETCTL, PORTAL):
            stadttor.start_one(program)
        stadttor.wait_ready()

    def make(count=1, minutes=60, devices=1, *more):
        done = stadttor.cli("voucher", "create", "--count", str(count),
                            "--minutes", str(minutes), "--devices",
                            str(devices), "--label", "test", *more)
        return done.stdout.split()

    stadttor.start_codes, stadttor.make_codes = start, make
    return stadttor


def enter(phone, code, family=V4, terms="1", source=None, **fields):
    """The reply to the form with that code."""
    form = "&".join(f"{k}={v}" for k, v in {"terms": terms, "code": code,
                                            **fields}.items())
    return traffic.http(phone, phone.network.gate(family), "/accept", "POST",
                        form, source=source)


def is_refused(reply, text):
    return reply.status == 200 and text in reply.body


@families
def test_a_code_opens_the_gate(codes, phones, family):
    codes.start_codes()
    code, = codes.make_codes()
    page = traffic.http(phones[0], phones[0].network.gate(family), "/")
    assert 'name="code"' in page.body and 'id="code"' in page.body
    assert traffic.is_shut(phones[0], family)
    reply = enter(phones[0], code, family)
    assert reply.status == 303 and reply.headers["Location"] == "/status"
    traffic.wait_online(phones[0], V4)
    traffic.wait_online(phones[0], V6)
    session, = codes.sessions()
    assert 3500 < session["left_s"] <= 3600


def test_a_tap_alone_does_not(codes, phones):
    codes.start_codes()
    for form in ("terms=1", "terms=1&code=", "code=", "terms=0&code=x"):
        reply = traffic.http(phones[0], phones[0].network.gate4, "/accept",
                             "POST", form)
        assert reply.status == 200 and "alert" in reply.body, form
    reply = traffic.http(phones[0], phones[0].network.gate4, "/extend",
                         "POST", "terms=1")
    assert reply.status == 303
    assert traffic.is_shut(phones[0])
    assert codes.sessions() == []


def test_typing(codes, phones):
    """As people type it; what is wrong is said, and stands in the field."""
    codes.start_codes()
    code, = codes.make_codes()
    wrong = code[:-1] + ("A" if code[-1] != "A" else "C")
    reply = enter(phones[0], wrong)
    assert is_refused(reply, "Tippfehler")
    assert f'value="{wrong}"' in reply.body
    reply = enter(phones[0], "%3Cb%3E%22%26")
    assert is_refused(reply, 'value="&lt;b&gt;&quot;&amp;"')
    typed = code.lower().replace("-", "+") + "+"
    assert enter(phones[0], typed).status == 303
    traffic.wait_online(phones[0])


def test_pasting(codes, phones):
    """Whole texts with the code in them, in several alphabets."""
    codes.start_codes()
    code, other = codes.make_codes(2)
    full_width = "".join(chr(ord(c) + 0xfee0) for c in code)
    for text in (f"{code}\t8 h", f"\t{code}", f'"{code}"', f"\u201e{code}\u201c",
                 code.replace("-", "\u2014"), code.replace("-", "\xa0"),
                 code.replace("-", "\u200b"), full_width,
                 f"http://{phones[0].network.gate4}/?code={code}&lang=de",
                 f"Stadt-WLAN\r\nRathaus\r\n{code}\r\n" + "Text " * 50):
        reply = enter(phones[0], urllib.parse.quote(text))
        assert reply.status == 303, text
        codes.cli("revoke", "--all")
    reply = enter(phones[0], f"{code}+{other}")
    assert is_refused(reply, "Tippfehler")


def test_the_address_on_the_card(codes, phones):
    """The QR code leads to a form that is filled in."""
    codes.start_codes()
    code, = codes.make_codes()
    page = traffic.http(phones[0], phones[0].network.gate4, f"/?code={code}")
    assert f'value="{code}"' in page.body
    page = traffic.http(phones[0], phones[0].network.gate4,
                        "/?code=%22onfocus=x")
    assert 'value=""' in page.body


def test_devices_at_once(codes, phones):
    codes.start_codes()
    code, = codes.make_codes(devices=2)
    for phone in phones[:2]:
        assert enter(phone, code).status == 303
    assert is_refused(enter(phones[2], code), "so viele Geräte")
    assert traffic.is_shut(phones[2])
    assert enter(phones[0], code).status == 303  # the same device again
    assert len(codes.sessions()) == 2
    traffic.log_out(phones[0])
    assert enter(phones[2], code).status == 303
    traffic.wait_online(phones[2])
    assert traffic.is_shut(phones[0])


def test_kills_change_nothing(codes, phones):
    """The place and the minutes outlive both processes."""
    codes.start_codes()
    code, = codes.make_codes(minutes=10)
    assert enter(phones[0], code).status == 303
    codes.kill()
    let_pass(codes, 300)
    for program in (NETCTL, PORTAL):
        codes.start_one(program)
    codes.wait_ready()
    assert traffic.is_online(phones[0])
    assert is_refused(enter(phones[1], code), "so viele Geräte")
    traffic.log_out(phones[0])
    assert enter(phones[1], code).status == 303
    session, = codes.sessions()
    # minutes run from the first use, not from the second device's
    assert 200 < session["left_s"] <= 360  # ends are whole minutes


def let_pass(codes, seconds):
    """As if the code that is in use had been so for longer."""
    with contextlib.closing(sqlite3.connect(
            os.path.join(codes.folder, "codes", "vouchers.sqlite"))) as db:
        changed = db.execute("UPDATE codes SET ends_s = ends_s - ?"
                             " WHERE ends_s > 0", (seconds,)).rowcount
        db.commit()
    assert changed == 1


def test_revoke_ends_sessions(codes, phones):
    codes.start_codes()
    code, other = codes.make_codes(count=2)
    assert enter(phones[0], code).status == 303
    assert enter(phones[1], other).status == 303
    codes.cli("voucher", "revoke", code)
    traffic.wait_shut(phones[0])
    assert traffic.is_online(phones[1])
    assert is_refused(enter(phones[0], code), "zurückgezogen")


def well_formed(codes, count):
    """Codes that were made by a database that is not there any more."""
    made = codes.make_codes(count=count)
    folder = os.path.join(codes.folder, "codes")
    for name in os.listdir(folder):
        os.unlink(os.path.join(folder, name))
    codes.restart(PORTAL)
    codes.wait_ready()
    return made


def test_guessing_is_slowed(codes, phones):
    """A device may try a few codes, whatever addresses it takes for that."""
    codes.start_codes()
    wrong = well_formed(codes, 24)
    good, = codes.make_codes()
    for _ in range(30):  # typing errors are nobody's guesses
        assert is_refused(enter(phones[0], "23456-78923"), "Tippfehler")
    said = []
    for n, code in enumerate(wrong):
        address = f"{phones[0].network.prefix6}:f00:{n:x}"
        phones[0].add_address(address)
        reply = enter(phones[0], code, V6, source=address)
        assert reply.status == 200
        said.append("warten" in reply.body)
    assert said == [False] * 10 + [True] * 14
    reply = enter(phones[0], good)  # nor by IPv4
    assert is_refused(reply, "warten")
    assert f'value="{good}"' in reply.body
    # others are not in the way
    assert enter(phones[1], good, V6).status == 303


def test_a_full_zone_costs_no_minutes(codes, phones):
    codes.start_codes(guest={"max_sessions": "1"})
    one, two = codes.make_codes(count=2)
    assert enter(phones[0], one).status == 303
    assert enter(phones[1], two).status == 503
    listed = codes.cli("--json", "voucher", "statistics").stdout
    assert '"used": 1' in listed, listed


def test_a_reload_costs_no_minutes(codes, phones):
    """A first use under way is taken back by whoever began it."""
    codes.start_codes(guest={"max_sessions": "1"})
    one, two = codes.make_codes(count=2)
    assert enter(phones[0], one).status == 303
    seen = len(codes.log(PORTAL))
    codes.reload(PORTAL)
    codes.wait_log("reloaded", PORTAL, since=seen)
    assert enter(phones[1], two).status == 503
    listed = codes.cli("--json", "voucher", "statistics").stdout
    assert '"used": 1' in listed, listed


def test_a_database_that_is_away_is_no_wrong_code(codes, phones):
    codes.start_codes()
    code, = codes.make_codes()
    folder = os.path.join(codes.folder, "codes")
    os.rename(folder, folder + ".away")
    for _ in range(8):  # more than a guesser has for free
        assert is_refused(enter(phones[0], code), "gerade nicht")
    assert codes.warnings("vouchers.*No such file", PORTAL)
    os.rename(folder + ".away", folder)
    lab.wait_until(lambda: enter(phones[0], code).status == 303, 5, 0.5)


def test_zones_differ(codes, street, phones):
    """One zone asks for codes, the other one does not."""
    codes.start_codes(staff={})
    guest = traffic.http(phones[0], phones[0].network.gate4, "/")
    staff = street.staff_phones[0]
    other = traffic.http(staff, staff.network.gate4, "/")
    assert 'name="code"' in guest.body and 'name="code"' not in other.body
    assert traffic.tap(staff).status == 303
    assert traffic.tap(phones[0]).status == 200


def test_nobody_is_in_the_files(codes, phones):
    """Neither a code nor an address reaches the disk."""
    codes.start_codes()
    code, = codes.make_codes()
    assert enter(phones[0], code).status == 303
    codes.terminate()
    folder = os.path.join(codes.folder, "codes")
    plain = code.replace("-", "")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            bytes_ = file.read()
        for secret in (code, plain, code.lower(), phones[0].ip4,
                       phones[0].ip6, phones[0].mac):
            assert secret.encode() not in bytes_, (name, secret)
        assert bytes.fromhex(phones[0].mac.replace(":", "")) not in bytes_
    for program in (NETCTL, PORTAL):
        assert plain not in codes.log(program).replace("-", "")
    lab.wait_until(lambda: not traffic.is_shut(phones[0]), 2)


def tags(codes):
    with contextlib.closing(sqlite3.connect(
            os.path.join(codes.folder, "codes", "vouchers.sqlite"))) as db:
        return [tag for tag, in db.execute(
            "SELECT tag FROM codes WHERE tag != 0")]


def test_a_tag_goes_with_its_sessions(codes, phones):
    """Nothing in the file leads from a code that is over to a session."""
    codes.drive_clock()
    codes.start_codes()
    code, _ = codes.make_codes(count=2, minutes=5)
    assert not tags(codes)
    assert enter(phones[0], code).status == 303
    assert len(tags(codes)) == 1
    codes.advance(15 * 60 + 1)

    def is_gone():
        codes.wake()
        return not tags(codes)
    lab.wait_until(is_gone, 20, say="the tag is still there")
    assert not codes.sessions()


def test_another_device_makes_room(codes, phones):
    """The page offers it, with the code in its field."""
    codes.start_codes()
    code, = codes.make_codes(devices=1)
    assert enter(phones[0], code).status == 303
    traffic.wait_online(phones[0])
    reply = enter(phones[1], code)
    assert is_refused(reply, "so viele Geräte")
    assert f'value="{code}"' in reply.body
    assert 'name="replace" value="1"' in reply.body
    assert 'name="replace"' not in enter(phones[1], "").body
    assert enter(phones[1], code, replace="1").status == 303
    traffic.wait_online(phones[1])
    assert traffic.is_shut(phones[0])
