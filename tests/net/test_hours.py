# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening hours: who is let in, for how long, and what is said of it.

The wall clock of the box stands on a Monday, 2026-11-30, at an hour that the
test says, and jumps when it is told; sessions end by the kernel's own.
"""
import calendar
import errno
import pathlib
import re

import ipc
import lab
import pytest
import traffic
from gate import NETCTL

NOON = calendar.timegm((2026, 11, 30, 12, 0, 0))
HOUR = 3600
UNIT = {"d": 86400, "h": HOUR, "m": 60, "s": 1, "ms": 0.001}
WEEK = ["mo-fr 07:00-22:00"]


@pytest.fixture
def gate(stadttor):
    stadttor.drive_clock()
    stadttor.environment["TZ"] = "UTC0"
    return stadttor


def begin(gate, street, ahead=0, debug=True, **guest):
    """Both programs, that long after noon."""
    gate.set_wall(NOON + ahead)
    gate.start(guest={"open": WEEK, "idle": "0", **guest})
    for phone in street.phones:
        traffic.ping(phone, phone.network.gate4)


def zone(gate):
    return gate.status()["zones"][0]


def page(phone, path="/"):
    return traffic.http(phone, phone.network.gate4, path + "?lang=en").body


def test_open(gate, street, phones):
    begin(gate, street)
    assert (zone(gate)["closed"], zone(gate)["change_s"]) \
        == (False, NOON + 10 * HOUR)
    assert "zone guest is open until Mon 2026-11-30 22:00" \
        in gate.cli("status").stdout
    traffic.tap(phones[0])
    assert traffic.is_online(phones[0])
    assert gate.session_of(phones[0])["left_s"] in range(8 * HOUR - 60,
                                                         8 * HOUR + 1)
    assert "The Wi\u2011Fi closes" not in page(phones[0], "/status")


def expires(gate):
    """Seconds until the kernel by itself shuts out each that is in."""
    text = gate.street.gate.run("nft", "list", "map", "netdev", "stadttor",
                                "up_guest").stdout
    return [sum(int(n) * UNIT[u] for n, u in re.findall(r"(\d+)([dhms]+)", e))
            for e in re.findall(r"expires (\w+)", text)]


def test_no_grant_goes_beyond_the_closing(gate, street, phones):
    """Whoever asks, and for whatever: the kernel's own clock ends it."""
    begin(gate, street, 10 * HOUR - 600, max_duration="30d")
    with ipc.Peer(gate.socket) as peer:
        got = peer.ask(ipc.grant(phones[0].ip4, duration_s=86400))
        assert (got.error, got.is_closed) == (0, 0)
        assert got.left_s <= 600 and got.change_s == NOON + 10 * HOUR
        more = peer.ask(ipc.grant(phones[0].ip4, extend=1))
        assert more.error == 0 and more.left_s <= got.left_s
        assert peer.ask(ipc.grant(phones[2].ip4, tag=7, devices=1,
                                  duration_s=7200)).left_s <= 600
    gate.grant(phones[1].ip4, "--minutes", "1440")
    assert len(expires(gate)) == 3 and max(expires(gate)) <= 600
    assert "The Wi\u2011Fi closes: Monday, 22:00." in page(phones[0], "/status")
    assert 'action="/extend"' not in page(phones[0], "/status")


def test_closing_and_opening(gate, street, phones):
    begin(gate, street, 10 * HOUR - 60)
    traffic.tap(phones[0])
    assert traffic.is_online(phones[0])
    gate.jump(60)
    lab.wait_until(lambda: not gate.sessions())
    assert traffic.is_shut(phones[0])
    assert gate.status()["ended"]["expired"] == 1
    assert zone(gate)["closed"]
    assert zone(gate)["change_s"] == NOON + 19 * HOUR
    assert "closed at this hour. <b>It opens again: Tuesday, 07:00</b>" \
        in page(phones[0])
    assert "Accept and go online" not in page(phones[0])
    gate.jump(9 * HOUR)
    lab.wait_until(lambda: not zone(gate)["closed"])
    traffic.tap(phones[0])
    assert traffic.is_online(phones[0])


def test_closed_is_netctls_word(gate, street, phones):
    """A portal that was taken over lets nobody in, nor does the operator."""
    begin(gate, street, 11 * HOUR)
    with ipc.Peer(gate.socket) as peer:
        for wish in ({}, {"duration_s": 60}, {"tag": 7, "devices": 1},
                     {"extend": 1}):
            assert peer.ask(ipc.grant(phones[0].ip4, **wish)).error \
                == -errno.ESHUTDOWN
    refused = gate.cli("grant", phones[0].ip4, check=False)
    assert refused.returncode and "closed at this hour" in refused.stderr
    assert not gate.sessions() and traffic.is_shut(phones[0])


def test_a_tap_on_an_old_page(gate, street, phones):
    begin(gate, street, 11 * HOUR)
    reply = traffic.tap(phones[0])
    assert (reply.status, reply.headers["Location"]) == (303, "/")
    assert not gate.sessions()


def test_until_the_clock_is_set_it_is_closed(gate, street, phones):
    """A box without a clock boots in 1970; the time comes by NTP later."""
    begin(gate, street, -NOON)
    gate.wait_log("zone guest: the clock is not set, so it stays closed")
    assert (zone(gate)["closed"], zone(gate)["change_s"]) == (True, None)
    with ipc.Peer(gate.socket) as peer:
        assert peer.ask(ipc.grant(phones[0].ip4)).error == -errno.ESHUTDOWN
    shown = page(phones[0])
    assert "closed at this hour" in shown and "opens again" not in shown
    gate.set_wall(NOON)
    gate.jump(31)
    lab.wait_until(lambda: not zone(gate)["closed"])
    traffic.tap(phones[0])
    assert traffic.is_online(phones[0])


def test_a_step_of_the_clock_cuts_sessions(gate, street, phones):
    """The wall clock was an hour slow: the closing comes earlier."""
    begin(gate, street, 7 * HOUR)
    traffic.tap(phones[0])
    assert gate.session_of(phones[0])["left_s"] > 2 * HOUR
    gate.step_wall(HOUR - 60)
    gate.jump(31)
    lab.wait_until(
        lambda: gate.session_of(phones[0])["left_s"] <= 2 * HOUR + 60)
    assert traffic.is_online(phones[0])


def reload(gate, **guest):
    said = len(gate.log())
    gate.configure(guest=guest)
    gate.reload(NETCTL)
    gate.wait_log("config reloaded", since=said)


def test_other_hours_by_a_reload(gate, street, phones):
    begin(gate, street)
    traffic.tap(phones[0])
    reload(gate, open=["mo-fr 07:00-13:00"], idle="0")
    assert gate.session_of(phones[0])["left_s"] <= HOUR
    assert traffic.is_online(phones[0])
    reload(gate, open=WEEK, open_on=["11-30 closed"])
    assert not gate.sessions() and zone(gate)["closed"]
    assert traffic.is_shut(phones[0])
    reload(gate)
    assert not zone(gate)["closed"]
    traffic.tap(phones[0])
    assert traffic.is_online(phones[0])


def test_a_restart_while_closed(gate, street, phones):
    """netctl was away at the closing: what it finds does not go on."""
    begin(gate, street)
    traffic.tap(phones[0])
    gate.kill(NETCTL)
    gate.set_wall(NOON + 11 * HOUR)
    gate.start_one(NETCTL)
    lab.wait_until(gate.netctl_answers, 10)
    assert not gate.sessions() and traffic.is_shut(phones[0])


def test_the_other_zone_is_its_own(gate, street, phones):
    gate.set_wall(NOON + 11 * HOUR)
    gate.start(guest={"open": WEEK}, staff={})
    traffic.ping(street.staff_phones[0], street.staff.gate4)
    with ipc.Peer(gate.socket) as peer:
        assert peer.ask(ipc.grant(street.staff_phones[0].ip4)).error == 0


def test_check_tells(gate):
    gate.set_wall(NOON)
    gate.configure(guest={"open": WEEK})
    assert "zone guest: open until Mon 2026-11-30 22:00" \
        in gate.cli("check").stdout
    gate.configure(guest={"open": WEEK, "open_on": ["01-01/12-31 closed"]})
    assert re.search("zone guest: closed for all of the next 400 days",
                     gate.cli("check").stderr)
    gate.configure(guest={"open_on": ["12-25 closed"]})
    wrong = gate.cli("check", check=False)
    assert wrong.returncode and "open_on needs a list open" in wrong.stderr


# --- radios -------------------------------------------------------------------

def listen(gate):
    """Who would switch them."""
    return ipc.Peer(gate.socket, "news", group="nobody")


def radios(peer):
    """{name: seconds that it is off} of the next whole list."""
    found = {}
    while True:
        data = peer.socket.recv(512)
        kind = ipc.HEADER.unpack_from(data)[1]
        if kind == ipc.RADIO:
            name, off_s, _ = ipc.RADIO_BODY.unpack(data[ipc.HEADER.size:])
            found[name.rstrip(b"\0").decode()] = off_s
        elif kind == ipc.DONE:
            count = ipc.DONE_BODY.unpack(data[ipc.HEADER.size:])[1]
            assert count == len(found)
            return found


LEAD = 300  # a radio is on before the zone opens


def switches(gate, ahead, **zones):
    """The radios, that long after noon."""
    gate.set_wall(NOON + ahead)
    gate.start(gate={"events_user": "news"}, **zones)
    with listen(gate) as peer:
        return radios(peer)


def about(seconds):
    """Some have gone by."""
    return range(seconds - 120, seconds + 1)


def test_a_radio_is_off_while_all_its_zones_are_closed(gate, street):
    got = switches(gate, 11 * HOUR, guest={
        "open": WEEK, "night_radio": ["radio0", "radio1", "radio0"]}, staff={
            "open": ["mo-fr 06:00-24:00"], "night_radio": ["radio1"]})
    assert list(got) == ["radio0", "radio1"]
    assert got["radio0"] in about(8 * HOUR - LEAD) and got["radio1"] == 0
    with listen(gate) as peer:
        radios(peer)
        gate.jump(2 * HOUR)  # the staff's have closed, and open first
        assert radios(peer)["radio1"] in about(5 * HOUR - LEAD)
        gate.jump(5 * HOUR)
        assert radios(peer)["radio1"] == 0


def test_a_radio_is_on_before_the_zone_opens(gate, street):
    assert switches(gate, 19 * HOUR - LEAD + 60, guest={
        "open": WEEK, "night_radio": ["radio0"]}) == {"radio0": 0}


def test_a_radio_is_on_until_the_clock_is_set(gate, street):
    assert switches(gate, -NOON, guest={
        "open": WEEK, "night_radio": ["radio0"]}) == {"radio0": 0}
    assert zone(gate)["closed"]


def test_check_tells_of_radios(gate):
    hours = {"open": WEEK, "night_radio": ["radio0", "radio9"]}
    wireless = pathlib.Path(gate.config).parent / "wireless"
    gate.configure(guest=hours)
    assert gate.cli("check").stderr.count("so nothing is switched off") == 2
    wireless.write_text("config wifi-device 'radio0'\n\toption band '2g'\n"
                        "config wifi-iface 'radio9'\n")
    said = gate.cli("check").stderr
    assert f"no radio radio9 in {wireless}" in said and "radio0" not in said
    gate.configure(guest={"night_radio": ["radio0"]})
    wrong = gate.cli("check", check=False)
    assert wrong.returncode and "night_radio needs a list open" in wrong.stderr
    gate.configure(guest={"open": WEEK, "night_radio": ["radio 0"]})
    assert "the name of a radio" in gate.cli("check", check=False).stderr
