# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscriber to ubus: what it tells netctl, and what it tells back."""
import json
import re
import select
import socket
import subprocess
import threading

import pytest
from ubusplay import fixture_start  # noqa: F401
from ubusplay import (FILES, OBJECTS, PROGRAM, SOCKET, Events, ipc,
                      wait_until)

MAC = "02:00:5E:10:ff:0A"

class Waits:
    """How often the program waits for netctl, and how long it does in vain, by
    its own account; the test says when it is late."""

    def __init__(self, folder):
        self.path, self.late = folder / "waited", folder / "late"
        self.path.touch()
        self.env = {"WAITED": str(self.path), "LATE": str(self.late)}

    def begin(self, times):
        wait_until(lambda: self.path.read_text().count("-\n") == times)

    def end(self):
        self.late.touch()

    def in_vain(self):
        assert not self.late.exists(), "nobody has waited"
        return [int(x) for x in self.path.read_text().split() if x != "-"]


@pytest.fixture
def waits(tmp_path):
    return Waits(tmp_path)


# --- what it subscribes to ---------------------------------------------------

@pytest.mark.parametrize("words,objects", [
    ([], []), (["names"], ["dnsmasq.dns"]),
    (["leave"], ["dnsmasq", "hostapd.wlan0", "hostapd.wlan1"]),
    (["names", "leave"], ["dnsmasq", "dnsmasq.dns", "hostapd.wlan0",
                          "hostapd.wlan1"])])
def test_subscriptions(start, words, objects):
    program, _ = start(*words)
    assert program.subscribed() == objects
    assert program.end() == (1, "", "")


def test_several_resolvers(start):
    program, _ = start("names", "leave", objects={
        "dnsmasq.guest": ["metrics"], "dnsmasq.guest.dns": [],
        "dnsmasq.cfg01411c": ["metrics"], "dnsmasq.cfg01411c.dns": []})
    assert program.subscribed() == sorted([
        "dnsmasq.guest", "dnsmasq.guest.dns", "dnsmasq.cfg01411c",
        "dnsmasq.cfg01411c.dns"])


def test_what_comes_later_or_anew(start):
    program, _ = start("names", "leave", objects={})
    assert program.subscribed() == []
    program.tell(add="dnsmasq.dns", methods=[])
    assert program.answers() == ["dnsmasq.dns"]
    program.tell(add="system", methods=["board"])
    assert program.answers() == ["dnsmasq.dns"]
    program.tell(add="hostapd.wlan0", methods=["get_features"])
    assert program.answers() == ["dnsmasq.dns", "hostapd.wlan0"]
    program.tell(remove="dnsmasq.dns")
    assert program.answers() == ["hostapd.wlan0"]
    program.tell(add="dnsmasq.dns", methods=[])
    assert program.answers() == ["dnsmasq.dns", "hostapd.wlan0"]


def test_the_acl_gives_no_more_than_that(start):
    """No method that changes or lists anything, but for radios."""
    text = (FILES / "stadttor.acl.json").read_text()
    radios = '"network.wireless": {\n\t\t\t"methods": [ "down", "up" ]\n'
    assert radios in text
    text = text.replace(radios, "")
    assert set(re.findall(r"\"(\w+)\" \]\n", text)) == {"metrics",
                                                        "get_features"}
    assert "\"send\"" not in text and "\"publish\"" not in text
    assert set(OBJECTS) > {"system"}


# --- names -------------------------------------------------------------------

def test_an_address_is_told_before_the_answer_goes_on(start, waits):
    program, netctl = start("names", **waits.env)
    program.subscribed()
    netctl.list_names("city.example", "other.example")
    for times, (name, address, ttl) in enumerate((
            ("city.example", "203.0.113.80", 300),
            ("www.City.example", "2001:db8:2::80", 1),
            ("a.b.other.example", "203.0.113.1", 0),
            ("city.example", "::ffff:1.2.3.4", 2147483647),
            ("city.example", "10.0.0.1", -1))):  # netctl judges, not this
        program.dns(name, address, ttl)
        ident, told, ttl_s, told_name = netctl.garden()
        assert told_name == name.lower() and ttl_s == max(ttl, 0)
        assert socket.inet_pton(ipc.socket.AF_INET6 if ":" in address
                                else ipc.socket.AF_INET, address) == \
            socket.inet_pton(ipc.socket.AF_INET6 if ":" in told
                             else ipc.socket.AF_INET, told)
        waits.begin(times + 1)
        ready = select.select([program.process.stdout], [], [], 0)[0]
        assert not ready, "it answered before netctl"
        netctl.done(ident)
        # no data: dnsmasq would take an address for another one
        assert program.answers() == [{"status": 0}]
    assert netctl.is_silent()


def test_other_names_are_told_nobody(start):
    program, netctl = start("names")
    netctl.list_names("city.example")
    for name in ("example", "xcity.example", "city.example.net", "y.example",
                 "", ".city.example.", "city.exampl", "constructor", "..",
                 "city", "x.city.example.x", ".example"):
        program.dns(name, "203.0.113.80")
        assert program.answers() == [{"status": 0}]
    assert netctl.is_silent()


NONSENSE = [
    {"name": 5}, {"name": None},
    {"ttl": "60"}, {"ttl": None}, {"ttl": 1.5}, {"type": "CNAME"},
    {"type": "toString"}, {"address": "203.0.113"}, {"address": "x"},
    {"address": 7}, {"address": None}, {"type": "AAAA"},
    {"address": "2001:db8::1"}, {"name": "x" * 250 + ".city.example"}]


def test_what_makes_no_sense(start):
    program, netctl = start("names")
    netctl.list_names("city.example")
    whole = {"name": "city.example", "ttl": 60, "type": "A",
             "address": "203.0.113.80"}
    for data in ({}, {"name": whole["name"]},
                 *({**whole, **x} for x in NONSENSE)):
        program.tell(notify="dnsmasq.dns", type="dns_result", data=data)
        assert program.answers() == [{"status": 0}], data
        assert netctl.is_silent(), data
    program.tell(notify="dnsmasq.dns", type="another", data=whole)
    assert program.answers() == [{"status": 0}]
    program.tell(notify="dnsmasq.dns", type="dns_result")
    assert program.answers() == [{"status": 0}]
    program.dns("city.example", "203.0.113.81")
    ident, address = netctl.garden()[:2]  # the first that it hears of
    assert address == "203.0.113.81"
    netctl.done(ident)
    assert program.answers() == [{"status": 0}]
    assert program.end()[2] == ""


def test_a_new_list_takes_the_place_of_the_last(start):
    program, netctl = start("names")
    netctl.list_names("city.example")
    netctl.list_names("other.example")
    program.dns("city.example", "203.0.113.1")
    assert program.answers() == [{"status": 0}]
    program.dns("other.example", "203.0.113.2")
    netctl.done(netctl.garden()[0])
    assert program.answers() == [{"status": 0}]
    # half of one changes nothing
    netctl.own.send(ipc.message(ipc.GARDEN_NAME, b"city.example".ljust(
        256, b"\0"), 0))
    program.dns("other.example", "203.0.113.3")
    netctl.done(netctl.garden()[0])
    assert program.answers() == [{"status": 0}]
    netctl.done(0, 1)  # now it is whole
    program.dns("other.example", "203.0.113.4")
    assert program.answers() == [{"status": 0}]
    netctl.list_names()
    program.dns("city.example", "203.0.113.5")
    assert program.answers() == [{"status": 0}]
    assert netctl.is_silent()


def test_a_list_with_gaps_is_asked_for_anew(start):
    """One that did not fit into the queue, say."""
    program, first, second = start("names", connections=(1, 1))
    first.own.send(ipc.message(ipc.GARDEN_NAME, b"city.example".ljust(
        256, b"\0"), 0))
    first.done(0, 2)
    second.list_names("city.example", "other.example")
    program.dns("city.example", "203.0.113.1")
    second.done(second.garden()[0])
    assert program.answers() == [{"status": 0}]
    assert "incomplete" in program.end()[2]


def test_a_name_of_two_zones_comes_twice(start):
    program, netctl = start("names")
    netctl.list_names("city.example", "city.example", "www.city.example")
    program.dns("www.city.example", "203.0.113.1")
    netctl.done(netctl.garden()[0])
    assert program.answers() == [{"status": 0}]
    assert program.end()[2] == ""


def count_work(folder):
    """How often the program has come by the busiest of its lines."""
    counts = [r["count"] for path in folder.glob("coverage-*.json")
              for script in json.loads(path.read_text())["result"]
              if script["url"].endswith("/events.mjs")
              for f in script["functions"] for r in f["ranges"]]
    return max(counts)


def test_many_names(start, tmp_path):
    """Their number does not matter: each answer of DNS is looked for. What is
    done most often is to read the list, once, letter by letter."""
    count, questions = 3000, 100
    program, netctl = start("names", NODE_V8_COVERAGE=str(tmp_path / "v8"))
    program.subscribed()
    listing = threading.Thread(target=netctl.list_names, args=[
        f"n{n}.example" for n in range(count)])
    listing.start()
    while listing.is_alive():
        program.dns("net.example", "203.0.113.1")
        program.answers()
    for _ in range(questions):
        program.dns("www.net.example", "203.0.113.1")
        program.answers()
    assert netctl.is_silent()
    program.end()
    assert 10 * count < count_work(tmp_path / "v8") < count * questions / 3


# dnsmasq gives up after 100 ms, and asks the next question then.
LONG_MS = range(50, 100)


def test_dnsmasq_is_not_kept_waiting(start, waits):
    """Then the connection is made anew."""
    program, first, second = start("names", connections=(1, 1), **waits.env)
    program.subscribed()
    first.list_names("city.example")
    program.dns("city.example", "203.0.113.2")
    first.garden()  # and no answer
    waits.end()
    assert program.answers() == [{"status": 0}]
    assert [ms in LONG_MS for ms in waits.in_vain()] == [True]
    second.list_names("city.example")
    program.dns("city.example", "203.0.113.3")
    ident = second.garden()[0]
    second.done(ident - 1)  # that of another question
    second.done(ident)
    assert program.answers() == [{"status": 0}]
    assert len(waits.in_vain()) == 1
    assert first.own.recv(10) == b""
    assert program.end()[2].count("no answer in time") == 1


def test_a_list_that_does_not_come(start, waits):
    """Once a second one answer of DNS waits for it, and no other."""
    program, netctl = start("names", **waits.env)
    program.subscribed()
    for times in (1, 2):
        waits.end()
        for _ in range(8):
            program.dns("city.example", "203.0.113.1")
            assert program.answers() == [{"status": 0}]
        assert [ms in LONG_MS for ms in waits.in_vain()] == [True] * times
        program.passes(1.1)
    # it is late: that is no reason to wait any longer
    netctl.list_names("city.example")
    program.dns("city.example", "203.0.113.2")
    netctl.done(netctl.garden()[0])
    assert program.answers() == [{"status": 0}]
    assert program.end()[2] == "stadttor-events: netctl: no names in time\n"


def test_a_new_netctl_need_not_wait_for_the_pause_of_the_last(start, waits):
    program, first, second = start("names", connections=(1, 1), **waits.env)
    program.subscribed()
    program.dns("city.example", "203.0.113.1")
    waits.begin(1)
    waits.end()
    assert program.answers() == [{"status": 0}]
    first.own.close()
    program.dns("city.example", "203.0.113.1")
    waits.begin(2)
    second.list_names("city.example")
    second.done(second.garden()[0])
    assert program.answers() == [{"status": 0}]


def test_netctl_is_away_and_comes_back(start):
    program, _, _, first, second = start(
        "names", connections=(None, None, 1, 1))
    program.subscribed()
    program.dns("city.example", "203.0.113.1")
    assert program.answers() == [{"status": 0}]
    first.list_names("city.example")
    program.dns("city.example", "203.0.113.2")
    first.done(first.garden()[0])
    assert program.answers() == [{"status": 0}]
    first.own.close()
    # started anew between two answers: the next one is not lost
    second.list_names("city.example")
    program.dns("city.example", "203.0.113.3")
    ident, address = second.garden()[:2]
    assert address == "203.0.113.3"
    second.done(ident)
    assert program.answers() == [{"status": 0}]
    program.dns("city.example", "203.0.113.4")
    assert second.garden()[1] == "203.0.113.4"
    second.own.close()
    assert program.answers() == [{"status": 0}]
    said = program.end()[2].splitlines()
    assert said == ["stadttor-events: netctl: no connection",
                    "stadttor-events: netctl: gone",
                    "stadttor-events: netctl: gone"]


def test_another_version(start):
    program, netctl = start("names")
    netctl.own.send(ipc.message(ipc.DONE, bytes(16), 0, ipc.VERSION + 1))
    program.dns("city.example", "203.0.113.1")
    assert program.answers() == [{"status": 0}]
    assert "of another version" in program.end()[2]


# --- devices -----------------------------------------------------------------

TOLD = [("dnsmasq", "dhcp.release", {"mac": MAC, "ip": "10.20.0.7",
                                     "name": "Annas-Handy",
                                     "interface": "br-guest"}),
        *(("hostapd.wlan0", kind, {"address": MAC}) for kind in (
            "disassoc", "deauth", "inactive-deauth", "local-deauth"))]


def left(mac=MAC):
    return ipc.message(ipc.LEFT, bytes.fromhex(mac.replace(":", "")) +
                       bytes(2), 0)


def test_a_device_that_has_gone(start):
    """Its address, and nothing else of it."""
    program, netctl = start("leave")
    for told in TOLD:
        program.notify(*told)
        assert program.answers() == [{"status": 0}], told
        assert netctl.take() == left(), told


def test_a_device_goes_while_netctl_is_started_anew(start):
    program, first, second = start("leave", connections=(1, 1))
    program.subscribed()
    first.own.close()
    program.notify(*TOLD[0])
    assert program.answers() == [{"status": 0}]
    assert len(second.take()) == ipc.HEADER.size + 8


def test_what_does_not_say_so(start):
    """And hostapd lets in whom it asks about: anything but 0 refuses him."""
    program, netctl = start("leave")
    for told in (
            ("dnsmasq", "dhcp.ack", TOLD[0][2]),
            ("hostapd.wlan1", "probe", {"address": MAC, "signal": -70}),
            ("hostapd.wlan1", "auth", {"address": MAC}),
            ("hostapd.wlan1", "assoc", {"address": MAC}),
            ("hostapd.wlan1", "disassoc", {}),
            ("hostapd.wlan1", "disassoc", {"address": 5}),
            ("dnsmasq", "dhcp.release", {"mac": "06-" + MAC}),
            ("dnsmasq", "dhcp.release", {"mac": MAC + "\n"}),
            ("dnsmasq", "dhcp.release", {"mac": MAC[:-1]})):
        program.notify(*told)
        assert program.answers() == [{"status": 0}], told
        assert netctl.is_silent(), told
    other = MAC[:-2] + "0B"
    program.notify("dnsmasq", "dhcp.release", {"mac": other})
    assert program.answers() == [{"status": 0}]
    assert netctl.take() == left(other)  # the first that it hears of


# --- the whole ---------------------------------------------------------------

def test_its_numbers_are_those_of_the_header():
    text = PROGRAM.read_text()
    header = (FILES.parents[2] / "common/ipc.h").read_text()
    body = re.search(r"enum ipc_type \{(.*?)\}", header, re.S)[1]
    types = re.findall(r"^\t(IPC_\w+)", body, re.M)
    for name in ("DONE", "GARDEN", "LEFT", "GARDEN_NAME"):
        assert int(re.search(rf"^const {name} = (\d+);", text, re.M)[1]) == \
            types.index(f"IPC_{name}") == getattr(ipc, name)
    for name in ("VERSION", "MESSAGE_MAX"):
        value = re.search(rf"^const {name} = (\d+);", text, re.M)[1]
        assert re.search(rf"#define IPC_{name}\s+{value}\b", header)
    # an address stays open until it is asked for again
    again = int(re.search(r"^const AGAIN_MAX_S = (\d+);", text, re.M)[1])
    garden = (FILES.parents[2] / "netctl/session/garden.h").read_text()
    assert again <= int(re.search(r"GARDEN_MIN_S +(\d+)", garden)[1])
    # dnsmasq gives up after 100 ms
    assert int(re.search(r"^const WAIT_MS = (\d+);", text, re.M)[1]) < 90


def test_what_ucode_reads_otherwise():
    """Functions and variables come before their use; nothing that only one
    of the two languages has."""
    text = PROGRAM.read_text()
    code = re.sub(r"//.*|/\*(?s:.*?)\*/|'[^'\n]*'", "", text)
    for word in (r"\bfor \(\w+ in\b", r"\bof\b", r"\bnew \b", r"\bclass\b",
                 r"\bundefined\b", r"\basync\b", r"\btypeof\b", r"\bvar\b",
                 r"\?\.\w*\(", r"\w\?\.", r"===", r"\.length\b",
                 r"[\w)\]]\.(push|map|slice|join|includes|test|match)\("):
        assert not re.search(word, code), word
    names = re.findall(r"(?m)^(?:function|const|let) (\w+)", code)
    assert len(names) > 25 and len(set(names)) == len(names)
    for name in names:
        first = re.search(rf"\b{name}\b", code).start()
        line = code[code.rfind("\n", 0, first) + 1:first]
        assert re.fullmatch(r"(function|const|let) ", line), name


def test_without_ubus(start):
    program, _ = start("names", NO_UBUS="1")
    assert program.process.wait(10) == 1
    assert program.process.stderr.read() == "stadttor-events: no ubus\n"


def test_usage_and_version(tmp_path):
    with Events(tmp_path, []) as program:
        program.process.kill()
    for args, status, said in ((["--version"], 0, "stadttor-events @VERSION@"),
                               ([], 2, "usage: events SOCKET")):
        done = subprocess.run(
            ["node", "--import", tmp_path / "globals.mjs",
             tmp_path / "events.mjs", *args], text=True, capture_output=True,
            timeout=120, env={"PATH": "/usr/bin:/bin", "OBJECTS": "{}",
                             "ACL": str(FILES / "stadttor.acl.json")})
        assert done.returncode == status
        assert said in done.stdout + done.stderr
    assert SOCKET.startswith("/var/run/")
