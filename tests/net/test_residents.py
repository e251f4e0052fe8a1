# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices without a browser: by the address on their label, once or for good."""
import errno

import gate
import ipc
import lab
import pytest
import test_usage
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4

ABSENT = "02:00:5e:00:53:77"


def device(phone_or_mac, name="printer", **options):
    mac = getattr(phone_or_mac, "mac", phone_or_mac)
    return gate.section("device", name, {"mac": mac, **options})


@pytest.fixture
def start(stadttor):
    """Starts both programs with these sections more."""
    def run(*sections, **config):
        stadttor.configure(**config)
        add(*sections)
        for program in (NETCTL, PORTAL):
            stadttor.start_one(program)
        stadttor.wait_ready()

    def add(*sections):
        with open(stadttor.config, "a") as file:
            file.write("".join(sections))
    run.add = add
    return run


def reload(stadttor):
    since = len(stadttor.log(NETCTL))
    stadttor.reload(NETCTL)
    stadttor.wait_log("config reloaded|stadttor:[0-9]+:", since=since)


# --- once --------------------------------------------------------------------

def test_grant_by_the_label(stadttor, phones):
    """Whether anything of the device has been seen or not."""
    stadttor.start()
    for text in (phones[0].mac, phones[1].mac.replace(":", "-").upper()):
        stadttor.cli("grant", text, "--minutes", "60")
    for family in FAMILIES:
        assert traffic.is_online(phones[0], family)
        assert traffic.is_online(phones[1], family)
        assert traffic.is_shut(phones[2], family)
    stadttor.cli("grant", ABSENT)
    assert len(stadttor.sessions()) == 3
    assert stadttor.cli("revoke", ABSENT).stdout == "1 session ended\n"
    stadttor.cli("revoke", phones[0].mac)
    assert traffic.is_shut(phones[0]) and traffic.is_online(phones[1])


def test_silence_does_not_end_a_grant_by_the_label(stadttor):
    stadttor.start(guest={"idle": "1m"})
    stadttor.cli("grant", ABSENT)
    session, = stadttor.sessions()
    assert session["idle_s"] is None


def test_grant_in_one_of_several_zones(stadttor, street):
    stadttor.start(staff={})
    refused = stadttor.cli("grant", ABSENT, check=False)
    assert refused.returncode == 2 and "--zone" in refused.stderr
    stadttor.cli("grant", "--zone", "staff", ABSENT)
    assert [s["zone"] for s in stadttor.sessions()] == ["staff"]
    stadttor.cli("revoke", ABSENT)
    assert stadttor.sessions() == []


def test_the_portal_names_no_hardware_address(stadttor, phones):
    """Whoever takes it over cannot let in what is not there."""
    stadttor.start()
    stadttor.kill(PORTAL)
    mac = bytes.fromhex(phones[0].mac.replace(":", ""))
    with ipc.Peer(stadttor.socket) as peer:
        for ask in (ipc.grant, ipc.lookup, ipc.logout):
            assert peer.ask(ask(mac)).error == -errno.ENOENT
    assert stadttor.sessions() == []


# --- for good ----------------------------------------------------------------

def test_resident_is_in_from_the_boot(stadttor, street, phones, start):
    """Without a tap, by both families; and again after a power cut."""
    start(device(phones[0]), device(ABSENT, "later"),
          guest={"duration": "1h", "idle": "1m", "quota": "1MB"})
    for _ in range(2):
        for family in FAMILIES:
            assert traffic.is_online(phones[0], family)
            assert traffic.is_shut(phones[1], family)
        sessions = stadttor.sessions()
        assert len(sessions) == 2
        for s in sessions:
            assert (s["left_s"], s["idle_s"], s["quota_bytes"]) == (None,) * 3
        stadttor.wipe()
        for program in (NETCTL, PORTAL):
            stadttor.start_one(program)
        stadttor.wait_ready()


def test_resident_of_a_zone_whose_device_comes_later(stadttor, street, phones,
                                                     start):
    street.gate.ip("link set br-guest name br-later")
    try:
        stadttor.configure()
        start.add(device(phones[0]))
        stadttor.start_one(NETCTL)
        lab.wait_until(stadttor.netctl_answers)
        assert len(stadttor.sessions()) == 1
    finally:
        street.gate.ip("link set br-later name br-guest")
    lab.wait_until(lambda: traffic.is_online(phones[0]))
    assert stadttor.warnings("error|orphan|missing") == []


def test_restart_keeps_residents_and_their_connections(stadttor, phones,
                                                       start):
    start(device(phones[0]))
    with traffic.NumberedFlow(phones[0], V4) as flow:
        before = stadttor.session_of(phones[0])["handle"]
        stadttor.restart(NETCTL)
        stadttor.wait_ready()
        flow.progress()
        assert flow.finish() == 0
    assert stadttor.session_of(phones[0])["handle"] == before


def test_reload_lets_in_and_shuts_out(stadttor, phones, start):
    start(device(phones[0], "a"))
    assert traffic.tap(phones[1]).status == 303
    traffic.wait_online(phones[1])
    stadttor.configure()
    start.add(device(phones[1], "b", rate_down="1mbit"),
              device(phones[2], "c"))
    visit = stadttor.session_of(phones[1])["handle"]
    reload(stadttor)
    assert traffic.is_shut(phones[0])
    for phone in phones[1:3]:
        lab.wait_until(lambda p=phone: traffic.is_online(p))
    session = stadttor.session_of(phones[1])
    assert (session["left_s"], session["down_bps"]) == (None, 1_000_000)
    assert session["handle"] != visit  # which has ended, in the figures
    stadttor.configure()
    start.add(device(phones[1], "b", rate_down="2mbit"))
    handle = stadttor.session_of(phones[1])["handle"]
    reload(stadttor)
    session = stadttor.session_of(phones[1])
    assert (session["handle"], session["down_bps"]) == (handle, 2_000_000)


def test_who_left_the_config_while_netctl_was_away(stadttor, phones, start):
    start(device(phones[0]))
    assert traffic.is_online(phones[0])
    stadttor.kill(NETCTL)
    stadttor.configure()
    stadttor.start_one(NETCTL)
    stadttor.wait_ready()
    lab.wait_until(lambda: traffic.is_shut(phones[0]))
    assert stadttor.sessions() == []


def test_nobody_ends_a_resident(stadttor, phones, start):
    start(device(phones[0]), guest={"leave": "1s"})
    traffic.tap(phones[0])
    here = phones[0].network.gate4
    reply = traffic.http(phones[0], here, "/logout", "POST", "")
    assert (reply.status, reply.headers["Location"]) == (303, "/status")
    for target in (phones[0].mac, phones[0].ip4,
                   stadttor.session_of(phones[0])["handle"]):
        refused = stadttor.cli("revoke", target, check=False)
        assert refused.returncode == 1 and "by the config" in refused.stderr
    assert stadttor.cli("revoke", "--all").stdout == "0 sessions ended\n"
    refused = stadttor.cli("grant", phones[0].ip4, "--minutes", "1",
                           check=False)
    assert refused.returncode == 1 and "by the config" in refused.stderr
    assert traffic.is_online(phones[0])
    assert stadttor.session_of(phones[0])["left_s"] is None


def test_full_zone(stadttor, phones, start):
    """Residents are no part of it: they get in, nobody pays for them, and
    nobody gets their place, however silent they are."""
    stadttor.drive_clock()
    start(device(phones[0], "a"), device(ABSENT, "b"),
          guest={"max_sessions": 1})
    assert traffic.is_online(phones[0])
    assert traffic.tap(phones[1]).status == 303
    traffic.wait_online(phones[1])
    assert traffic.tap(phones[2]).status == 503
    start.add(device(phones[2], "c"))
    reload(stadttor)
    lab.wait_until(lambda: traffic.is_online(phones[2]))
    assert traffic.is_online(phones[0]) and traffic.is_online(phones[1])
    stadttor.sessions()  # reads the counters
    stadttor.jump(20)
    assert traffic.tap(phones[3]).status == 303
    traffic.wait_online(phones[3])
    online = {s["mac"] for s in stadttor.sessions(addresses=True)}
    assert online == {ABSENT, *(phones[i].mac for i in (0, 2, 3))}


def test_residents_are_nobody_in_the_figures(stadttor, phones, start):
    test_usage.set_clock(stadttor)
    stadttor.environment["STADTTOR_QUIET"] = "1"  # no noise
    start(*(device(p, f"d{n}") for n, p in enumerate(phones[:3])))
    for phone in phones[:3]:
        assert traffic.is_online(phone)
    assert traffic.tap(phones[3]).status == 303
    traffic.wait_online(phones[3])
    test_usage.end_the_hour(stadttor)
    assert test_usage.wait_figures(stadttor)["visitors"] == 1


def test_resident_of_a_closed_zone(stadttor, phones, start):
    start(device(phones[0]), guest={"open": ["00:00-24:00"],
                                    "open_on": ["01-01/12-31 closed"]})
    assert traffic.is_online(phones[0])
    assert traffic.tap(phones[1]).headers["Location"] == "/"
    assert traffic.is_shut(phones[1])
    reload(stadttor)
    assert traffic.is_online(phones[0])


def test_zone_of_a_resident(stadttor, street, start):
    guest, staff = street.phones[0], street.staff_phones[0]
    start(device(guest, "a", zone=["staff"]), device(staff, "b",
                                                     zone=["staff"]), staff={})
    assert traffic.is_shut(guest)
    assert traffic.is_online(staff)


def test_mac_of_a_resident_is_written_nowhere(stadttor, phones, start):
    start(device(phones[0]))
    assert traffic.is_online(phones[0])
    bad = phones[0].mac[:-1]
    stadttor.configure()
    start.add(device(bad, "broken"))
    stadttor.reload()
    for program in (NETCTL, PORTAL):
        stadttor.wait_log("invalid value '...' for mac", program)
        log = stadttor.log(program).lower()
        assert bad not in log and bad.replace(":", "") not in log
