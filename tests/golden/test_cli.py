# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line against a netctl that says what the test wants."""
import contextlib
import json
import os
import pty
import re
import socket
import struct
import subprocess
import threading

import pytest

(LOOKUP, GRANT, LOGOUT, USAGE_NEXT, HEALTH_ASK, ADMIT, STATUS, LIST, REVOKE,
 SESSION, ADDRESS, ZONE, TOTALS, DONE) = range(1, 15)
CITY = 28
NONE = 2 ** 64 - 1
ENOENT, EACCES, EBUSY, EEXIST, EXDEV = 2, 13, 16, 17, 18
EINVAL, ENOSPC, ENOBUFS = 22, 28, 105
REQUEST = {ADMIT: "=24s5Q16sQIIII8x", STATUS: "=", LIST: "=II",
           REVOKE: "=24sQQII"}


def header(kind, ident, version=10):
    return struct.pack("=HHI", version, kind, ident)


def session(ident, handle=0x0123456789abcdef, zone=b"guest", error=0, left=28740,
            age=60, up=1234567, down=999, duration=28800, idle=3600,
            quota=NONE, down_bps=5_000_000, up_bps=NONE, reduced=0):
    return header(SESSION, ident) + struct.pack(
        "=iIQQQQQQQQQQIIII16s32x", error, 1, handle, left, age, up, down, duration,
        idle, quota, down_bps, up_bps, reduced, 0, 0, 0, zone)


def addr(text):
    if not text:
        return bytes(24)
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    packed = socket.inet_pton(family, text)
    return struct.pack("=B3xI16s", family, 0, packed)


def address(ident, ip, mac=None):
    return header(ADDRESS, ident) + struct.pack(
        "=6sBB", bytes.fromhex((mac or "00" * 6).replace(":", "")),
        mac is not None, 0) + addr(ip)


def zone(ident, name=b"guest", ifindex=3, sessions=7, most=1000, shaping=1,
         outlet=0, closed=0, change=0):
    return header(ZONE, ident) + struct.pack(
        "=4I16s", ifindex, sessions, most, shaping, name) + addr(None) + \
        struct.pack("=IIq", outlet, closed, change)


def totals(ident, troubles=0, flow_table=1):
    return header(TOTALS, ident) + struct.pack(
        "=3Q7Q3Q4I", 93784, 42, 5, 0, 1, 2, 3, 4, 5, 6, 9, 1, 0, 1, troubles,
        flow_table, 0)


def done(ident, error=0, count=0, cursor=0):
    return header(DONE, ident) + struct.pack("=iIII", error, count, cursor, 0)


class Netctl:
    """Answers one connection; `asked` is what came, without headers."""

    def __init__(self, folder):
        self.path = folder / "s"
        self.config = folder / "stadttor"
        self.config.write_text(
            f"config gate\n option socket '{self.path}'\n"
            "config uplink 'wan'\n option device 'eth0'\n"
            "config zone 'guest'\n option device 'br0'\n"
            "config zone 'staff'\n option device 'br1'\n")
        self.asked = []
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.server.bind(str(self.path))
        self.server.listen(4)
        self.server.settimeout(10)
        self.thread = None

    def answers(self, answer):
        """answer(type, id, fields) gives the messages, None hangs up."""
        self.thread = threading.Thread(target=self.serve, args=(answer,))
        self.thread.start()
        return self

    def serve(self, answer):
        peer, _ = self.server.accept()
        with peer:
            peer.settimeout(10)
            while question := peer.recv(4096):
                _, kind, ident = struct.unpack_from("=HHI", question)
                fields = struct.unpack(REQUEST[kind], question[8:])
                self.asked.append((kind, *fields))
                messages = answer(kind, ident, fields)
                if messages is None:
                    return
                for message in messages:
                    peer.send(message)

    def close(self):
        if self.thread:
            self.thread.join(10)
        self.server.close()


@pytest.fixture
def netctl(tmp_path):
    n = Netctl(tmp_path)
    yield n
    n.close()


@pytest.fixture
def cli(build, netctl):
    def run(*args, config=None):
        return subprocess.run(
            [build / "stadttor", "-c", config or netctl.config, *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=120)
    return run


def status(kind, ident, fields):
    return [totals(ident), zone(ident), zone(0, b"unasked"),
            zone(ident, b"staff", 0, 0, 5, 2), done(ident)]


def test_status(cli, netctl):
    netctl.answers(status)
    r = cli("status")
    assert (r.returncode, r.stderr) == (0, "")
    assert "1d 2h" in r.stdout
    assert ("1 expired, 2 idle, 3 quota, 4 logout, 5 operator, 6 kernel"
            in r.stdout)
    assert re.search(r"^guest +present  reached +7 +1000  htb$", r.stdout, re.M)
    assert re.search(r"^staff +missing  - +0 +5  policed$", r.stdout, re.M)
    assert "unasked" not in r.stdout


def test_status_json(cli, netctl):
    netctl.answers(status)
    assert json.loads(cli("--json", "status").stdout) == {
        "uptime_s": 93784, "granted": 42, "adopted": 5, "refused": 9,
        "reinstalled": 1, "netlink_errors": 0, "uplinks_present": 1,
        "flow_table": "on",
        "ended": {"expired": 1, "idle": 2, "quota": 3, "logout": 4,
                  "operator": 5, "kernel": 6},
        "zones": [
            {"zone": "guest", "present": True, "shut": False,
             "outlet": "open", "closed": False, "change_s": None, "full": False, "sessions": 7,
             "max_sessions": 1000, "shaping": "htb"},
            {"zone": "staff", "present": False, "shut": False,
             "outlet": "open", "closed": False, "change_s": None, "full": False, "sessions": 0,
             "max_sessions": 5, "shaping": "policed"}],
        "troubles": []}


CITY_TROUBLES = [("no_clock", "this box's clock is not set"),
                 ("clock_off", "clock and that of the city's store differ"),
                 ("keys_broken", "the keys of the city cannot be read"),
                 ("keys_stale", "the keys of the city cannot be written"),
                 ("full", "more devices of the city than memory for them")]


@pytest.mark.parametrize("bits", [0, 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4])
def test_status_in_a_city(cli, netctl, bits):
    def answer(kind, ident, fields):
        city = header(CITY, ident) + struct.pack(
            "=BBBxHHIIQQ", 1, 3, 1, 20787, bits, 1234, 2, 5, 99)
        return [totals(ident), zone(ident), city, done(ident)]
    netctl.answers(answer)
    said = cli("status").stdout
    assert ("city          1234 devices known, 99 let in here without a tap, "
            "2 records to be sent" in said)
    netctl.answers(answer)
    told = json.loads(cli("--json", "status").stdout)["city"]
    assert told.pop("troubles") == [
        key for i, (key, _) in enumerate(CITY_TROUBLES) if bits & 1 << i]
    assert told == {"generation": 3, "devices": 1234, "forged": 5,
                    "unsent": 2, "let_in": 99}
    for i, (_, text) in enumerate(CITY_TROUBLES):
        assert (text in said) == bool(bits & 1 << i)
    netctl.answers(answer)
    told = json.loads(cli("status", "--state").stdout)["city"]
    assert set(told) == {"generation", "forged", "troubles"}


def test_hours(cli, netctl, monkeypatch):
    """Only of zones that have them."""
    monkeypatch.setenv("TZ", "UTC0")
    netctl.answers(lambda kind, ident, fields: [
        totals(ident), zone(ident, change=1796076000), zone(ident, b"a"),
        zone(ident, b"b", closed=1, change=1796076000),
        zone(ident, b"c", closed=1), done(ident)])
    out = cli("status").stdout
    assert out.endswith("\nzone guest is open until Mon 2026-11-30 22:00\n"
                        "zone b is closed until Mon 2026-11-30 22:00\n"
                        "zone c is closed\n")


OUTLETS = [("open", "reached"), ("down", "uplink down"),
           ("no_route", "no route"), ("elsewhere", "route by no uplink"),
           ("no_address", "uplink without address"),
           ("overlap", "same network as uplink"),
           ("dropped", "dropped by another table"),
           ("silent", "gateway is silent")]
TROUBLES = [("out_dropped", "packets that the gate lets pass do not leave"),
            ("portal_dropped", "packets to the portal do not reach it"),
            ("table_full", "the table of connections is nearly full"),
            ("marks", "another table changes the gate's packet marks"),
            ("ingress", "tc takes packets before the gate sees them"),
            ("offload", "a flow table carries packets past the gate"),
            ("rules", "the gate's rules cannot be put in place")]


@pytest.mark.parametrize("told,key,text", [
    (0, "off", "off"), (1, "on", "on"),
    (2, "refused", "refused by the kernel; see the log")])
def test_status_tells_of_the_flow_table(cli, netctl, told, key, text):
    def answer(kind, ident, fields):
        return [totals(ident, flow_table=told), zone(ident), done(ident)]

    netctl.answers(answer)
    assert json.loads(cli("--json", "status").stdout)["flow_table"] == key
    netctl.answers(answer)
    assert f"flow table    {text}\n" in cli("status").stdout


@pytest.mark.parametrize("outlet", range(len(OUTLETS)))
def test_status_says_what_is_wrong(cli, netctl, outlet):
    def answer(kind, ident, fields):
        return [totals(ident, 127), zone(ident, outlet=outlet), done(ident)]

    netctl.answers(answer)
    key, text = OUTLETS[outlet]
    told = json.loads(cli("--json", "status").stdout)
    assert told["zones"][0]["outlet"] == key
    assert told["troubles"] == [key for key, _ in TROUBLES]
    netctl.answers(answer)
    shown = cli("status").stdout
    assert re.search(rf"^guest +present  {text} +7 ", shown, re.M)
    for _, text in TROUBLES:
        assert f"trouble       {text}" in shown


def pages(kind, ident, fields):
    cursor, show = fields
    first = [session(ident)]
    if show:
        first += [address(ident, None, "02:00:00:00:00:07"),
                  address(ident, "10.0.0.7"), address(ident, "2001:db8::7")]
    if cursor == 0:
        return first + [done(ident, count=1, cursor=65)]
    assert cursor == 65
    return [session(ident, 0xfe, b"staff", left=NONE, quota=2_000_000_000,
                    down_bps=NONE, reduced=1), done(ident, count=1)]


def test_sessions(cli, netctl):
    netctl.answers(pages)
    r = cli("sessions")
    assert (r.returncode, r.stderr) == (0, "")
    head, first, second = r.stdout.splitlines()
    assert head.split()[:4] == ["HANDLE", "ZONE", "AGE", "LEFT"]
    assert re.split(r"  +", first.rstrip()) == [
        "0123456789abcdef", "guest", "1m 0s", "7h 59m", "1.2 MB", "999 B",
        "none", "5mbit", "none"]
    assert re.split(r"  +", second) == [
        "00000000000000fe", "staff", "1m 0s", "none", "1.2 MB", "999 B",
        "none", "none", "2 GB", "slow"]
    assert len({len(line.split("  ")[0]) for line in (first, second)}) == 1
    assert netctl.asked == [(LIST, 0, 0), (LIST, 65, 0)]


def test_sessions_zone(cli, netctl):
    netctl.answers(pages)
    r = cli("sessions", "--zone", "staff")
    assert r.returncode == 0 and len(r.stdout.splitlines()) == 2
    assert "00000000000000fe" in r.stdout


@pytest.mark.parametrize("word,answer", [
    ("statsu", "; did you mean status?"), ("citty", "; did you mean city?"),
    ("vouchr", "; did you mean voucher?"), ("xyzzy", "; try: stadttor help"),
    ("complet", "; try: stadttor help")])
def test_a_word_that_is_no_command(cli, word, answer):
    r = cli(word, "x")
    assert (r.returncode, r.stderr) == (2, f"unknown command '{word}'{answer}\n")


def test_sessions_unknown_zone(cli):
    r = cli("sessions", "--zone", "attic")
    assert (r.returncode, r.stdout) == (4, "")
    assert r.stderr == "zone 'attic' not found\n"


def test_sessions_json(cli, netctl):
    netctl.answers(pages)
    first, second = json.loads(cli("sessions", "--json").stdout)["sessions"]
    assert first == {
        "handle": "0123456789abcdef", "zone": "guest", "state": "granted",
        "age_s": 60, "left_s": 28740, "up_bytes": 1234567, "down_bytes": 999,
        "duration_s": 28800, "idle_s": 3600, "quota_bytes": None,
        "up_bps": None, "down_bps": 5000000, "reduced": False}
    assert second["left_s"] is None and second["reduced"] is True
    assert second["quota_bytes"] == 2_000_000_000


def test_addresses_only_on_demand(cli, netctl):
    netctl.answers(pages)
    r = cli("sessions", "--show-addresses")
    assert "02:00:00:00:00:07 10.0.0.7 2001:db8::7\n" in r.stdout
    assert netctl.asked[0] == (LIST, 0, 1)


def test_addresses_in_json(cli, netctl):
    netctl.answers(pages)
    r = cli("sessions", "--json", "--show-addresses")
    first, second = json.loads(r.stdout)["sessions"]
    assert first["mac"] == "02:00:00:00:00:07"
    assert first["addresses"] == ["10.0.0.7", "2001:db8::7"]
    assert second["mac"] is None and second["addresses"] == []


def test_grant_with_all_limits(cli, netctl):
    netctl.answers(lambda kind, ident, fields: [session(ident)])
    r = cli("grant", "10.0.0.7", "--minutes", "90", "--down", "20mbit", "--up",
            "0", "--quota", "2GB")
    assert (r.returncode, r.stderr) == (0, "")
    assert "0123456789abcdef" in r.stdout
    assert netctl.asked == [(ADMIT, addr("10.0.0.7"), 5400, 0, 2_000_000_000,
                             20_000_000, NONE, bytes(16), 0, 0, 0, 0, 0)]


def test_grant_with_the_zones_limits(cli, netctl):
    netctl.answers(lambda kind, ident, fields: [session(ident)])
    r = cli("--json", "grant", "2001:db8::7")
    assert json.loads(r.stdout)["zone"] == "guest"
    assert netctl.asked == [(ADMIT, addr("2001:db8::7"), 0, 0, 0, 0, 0,
                             bytes(16), 0, 0, 0, 0, 0)]


def on_a_terminal(build, *args, **environment):
    """What the command writes to one, with its own line ends."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([build / "stadttor", *args], stdout=theirs,
                          env={"TERM": "xterm", **environment}) as process:
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # it has ended
            while more := os.read(ours, 4096):
                text += more
        process.wait(20)
    os.close(ours)
    return text.decode().replace("\r", "")


@pytest.mark.parametrize("environment,has_colours", [
    ({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False),
    ({"TERM": "dumb"}, False),
])
def test_colours_are_for_terminals(build, tmp_path, environment, has_colours):
    command = ("-c", str(tmp_path / "none"), "doctor")
    text = on_a_terminal(build, *command, **environment)
    assert ("\x1b[31mFAIL\x1b[0m  " in text) == has_colours
    plain = subprocess.run([build / "stadttor", *command], text=True,
                           capture_output=True, env={"TERM": "xterm"})
    assert re.sub(r"\x1b\[[0-9]*m", "", text) == plain.stdout
    assert "\x1b" not in plain.stdout


def test_watching(cli, netctl):
    """Until netctl goes away."""
    def answer(kind, ident, fields):
        return pages(kind, ident, fields) if len(netctl.asked) < 6 else None
    netctl.answers(answer)
    r = cli("sessions", "--watch")
    assert r.returncode == 3 and "closed the connection" in r.stderr
    shown = r.stdout.split("\n\n")
    assert len(shown) > 1 and len(set(s.strip() for s in shown)) == 1


@pytest.mark.parametrize("more", ["--json", "--show-addresses"])
def test_what_is_not_watched(cli, netctl, more):
    r = cli("sessions", "--watch", more)
    assert r.returncode == 2 and "--watch excludes" in r.stderr


COMPLETED = {
    (): {"status", "voucher", "dns-config", "--json", "--config"},
    ("voucher",): {"create", "print", "--json"},
    ("voucher", "create"): {"--count", "--zone", "--minutes"},
    ("city",): {"voucher", "join"},
    ("city", "voucher"): {"create", "print"},
    ("city", "voucher", "list"): {"--label", "--folder"},
    ("sessions",): {"--zone", "--show-addresses", "--help"},
    ("sessions", "--zone"): {"guest", "staff"},
    ("--json", "grant", "--minutes", "60"): {"--down", "--zone"},
    ("grant", "--minutes"): set(),
    ("voucher", "list", "--label=a"): {"--label"},
    ("city",): {"init", "voucher", "leave"},
    ("city", "voucher"): {"create", "print"},
    ("city", "voucher", "create"): {"--count", "--folder"},
    ("dns-config", "--server"): {"dnsmasq", "odhcpd", "radvd"},
    ("usage", "--step"): {"hour", "year"},
    ("portal", "preview", "--page"): {"portal", "status", "privacy"},
    ("portal", "preview", "--page", "portal"): {"--language", "--zone"},
}


@pytest.mark.parametrize("words", COMPLETED, ids=" ".join)
def test_completion(cli, words):
    """Out of the tables of commands and options, and the config."""
    r = cli("complete", "--", *words)
    assert (r.returncode, r.stderr) == (0, "")
    found = r.stdout.split()
    assert len(found) == len(set(found))
    assert COMPLETED[words] <= set(found)
    assert bool(found) == bool(COMPLETED[words])
    assert not {"complete", "stats"} & set(found)
    if words in (("voucher",), ("sessions",)):
        assert "--count" not in found and "status" not in found


def test_every_command_can_be_completed(cli):
    """Word for word, and its options, as help has them."""
    lines = re.findall(r"^  ([a-z][a-z-]*(?: [a-z][a-z-]*)*)(.*)",
                       cli("help").stdout, re.M)
    assert len(lines) > 30
    for name, usage in lines:
        words = name.split()
        for i, word in enumerate(words):
            assert word in cli("complete", "--",
                               *words[:i]).stdout.split("\n"), name
        offered = cli("complete", "--", *words).stdout.split()
        assert set(re.findall("--[a-z-]+", usage)) <= set(offered), name


def test_completion_without_a_config(cli, tmp_path):
    r = cli("complete", "--", "usage", "--zone", config=tmp_path / "none")
    assert (r.returncode, r.stdout, r.stderr) == (0, "", "")


@pytest.mark.parametrize("line,expected", [
    (["stadttor", "vou"], ["voucher"]),
    (["stadttor", "voucher", "re"], ["revoke"]),
    (["stadttor", "dns-config", "--fo"], ["--force"]),
    (["stadttor", "grant", "10.0.0.7", "--"], ["--config", "--json", "--help",
                                               "--version", "--zone",
                                               "--minutes", "--down", "--up",
                                               "--quota"]),
    (["stadttor", "status", "x"], []),
    (["stadttor", "city", "vou"], ["voucher"]),
    (["stadttor", "city", "voucher", "st"], ["statistics"]),
    (["stadttor", "portal", "preview", "--page", "status-s"],
     ["status-slower"]),
])
def test_completion_of_bash(build, root, line, expected):
    script = (f". {root}/etc/completion.bash; COMP_WORDS=(\"$@\"); "
              "COMP_CWORD=$(($# - 1)); _stadttor; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    r = subprocess.run(["bash", "-c", script, "bash", *line], text=True,
                       capture_output=True, timeout=120,
                       env={"PATH": f"{build}:/usr/bin:/bin"})
    assert (r.stdout.split(), r.stderr) == (expected, "")


BY_MAC = struct.pack("=B3xI16s", socket.AF_PACKET, 0,
                     bytes.fromhex("02005e005301"))


@pytest.mark.parametrize("text", ["02:00:5e:00:53:01", "02-00-5E-00-53-01",
                                  "0200.5e00.5301", "02005e005301"])
def test_grant_by_the_address_on_a_label(cli, netctl, text):
    """It need not be there, so that it does not end by silence."""
    netctl.answers(lambda kind, ident, fields: [session(ident)])
    assert cli("grant", text, "--minutes", "60").returncode == 0
    assert netctl.asked == [(ADMIT, BY_MAC, 3600, NONE, 0, 0, 0, bytes(16),
                             0, 0, 0, 0, 0)]


def test_grant_in_a_zone(cli, netctl):
    def answer(kind, ident, fields):
        if kind == STATUS:
            return [totals(ident), zone(ident), zone(ident, b"staff", 4),
                    done(ident, count=2)]
        return [session(ident)]
    netctl.answers(answer)
    r = cli("grant", "--zone", "staff", "02:00:5e:00:53:01")
    assert (r.returncode, r.stderr) == (0, "")
    assert netctl.asked[-1][1] == BY_MAC[:4] + struct.pack("=I", 4) + BY_MAC[8:]


def test_grant_in_a_zone_whose_device_is_away(cli, netctl):
    netctl.answers(lambda kind, ident, fields: [
        totals(ident), zone(ident, b"staff", 0), done(ident, count=1)])
    r = cli("grant", "--zone", "staff", "02:00:5e:00:53:01")
    assert (r.returncode, r.stdout) == (1, "")
    assert r.stderr == "02:00:5e:00:53:01: No such device\n"


@pytest.mark.parametrize("target,client,handle,everybody", [
    ("00000000000000Fe", None, 0xfe, 0),
    ("10.0.0.7", "10.0.0.7", 0, 0),
    ("2001:db8::7", "2001:db8::7", 0, 0),
    ("--all", None, 0, 1),
])
def test_revoke(cli, netctl, target, client, handle, everybody):
    netctl.answers(lambda kind, ident, fields: [done(ident, count=1)])
    r = cli("revoke", target)
    assert (r.returncode, r.stdout, r.stderr) == (0, "1 session ended\n", "")
    assert netctl.asked == [(REVOKE, addr(client), handle, 0, everybody, 0)]


def test_revoke_json(cli, netctl):
    netctl.answers(lambda kind, ident, fields: [done(ident, count=3)])
    assert json.loads(cli("revoke", "--all", "--json").stdout) == {"ended": 3}


def test_revoke_nobody(cli, netctl):
    netctl.answers(lambda kind, ident, fields: [done(ident, count=0)])
    r = cli("revoke", "--all")
    assert (r.returncode, r.stdout) == (0, "0 sessions ended\n")


@pytest.mark.parametrize("error,code,text", [
    (ENOENT, 4, "no such device or session"),
    (ENOSPC, 1, "the zone is full"),
    (EXDEV, 2, "there are several zones; say which, by --zone"),
    (EEXIST, 1, "it is let in by the config, in a section device"),
    (EINVAL, 1, "netctl refused these values"),
    (EACCES, 1, "netctl did not permit it"),
    (EBUSY, 1, "netctl is busy; try again"),
    (ENOBUFS, 1, "No buffer space available"),
])
@pytest.mark.parametrize("command", ["grant", "revoke"])
def test_refused(cli, netctl, command, error, code, text):
    def answer(kind, ident, fields):
        return [session(ident, error=-error) if kind == ADMIT else
                done(ident, error=-error)]
    netctl.answers(answer)
    r = cli("--json", command, "10.0.0.7")
    assert r.returncode == code
    assert r.stderr == f"10.0.0.7: {text}\n"
    assert json.loads(r.stdout) == {"error": f"10.0.0.7: {text}", "code": code}


@pytest.mark.parametrize("command", [["status"], ["sessions"],
                                     ["grant", "10.0.0.7"], ["revoke", "--all"]])
def test_netctl_hangs_up(cli, netctl, command):
    netctl.answers(lambda kind, ident, fields: None)
    r = cli(*command)
    assert (r.returncode, r.stdout) == (3, "")
    assert "closed the connection" in r.stderr


@pytest.mark.parametrize("message", [
    lambda ident: header(DONE, ident, version=1) + bytes(16),
    lambda ident: header(99, ident),
    lambda ident: done(ident)[:-1],
    lambda ident: session(ident) * 3,
    lambda ident: address(ident, "10.0.0.7"),
    lambda ident: b"x",
])
@pytest.mark.parametrize("command", [["status"], ["grant", "10.0.0.7"],
                                     ["revoke", "--all"]])
def test_netctl_talks_nonsense(cli, netctl, command, message):
    netctl.answers(lambda kind, ident, fields: [message(ident)])
    r = cli(*command)
    assert (r.returncode, r.stdout) == (1, "")
    assert "speaks another version" in r.stderr


def test_names_and_addresses_without_end(cli, netctl):
    """Text that fills its field, and more addresses than a device has."""
    def answer(kind, ident, fields):
        return [session(ident, zone=b"x" * 16)] + 40 * [
            address(ident, "2001:db8:1111:2222:3333:4444:5555:6666")] + [
            done(ident)]
    netctl.answers(answer)
    r = cli("sessions", "--json", "--show-addresses")
    only, = json.loads(r.stdout)["sessions"]
    assert only["zone"] == "x" * 15 and len(only["addresses"]) == 32


def test_netctl_is_silent(cli, netctl):
    netctl.answers(lambda kind, ident, fields: [])
    r = cli("status")
    assert (r.returncode, r.stdout) == (3, "")
    assert r.stderr == "status: netctl does not answer\n"


def test_netctl_is_away(cli, netctl):
    netctl.close()
    r = cli("status")
    assert r.returncode == 3
    assert r.stderr == \
        f"netctl is not reachable at {netctl.path}: Connection refused\n"
    os.unlink(netctl.path)
    r = cli("--json", "status")
    assert r.returncode == 3 and json.loads(r.stdout)["code"] == 3


@pytest.mark.parametrize("args", [
    [], ["frobnicate"], ["status", "now"], ["status", "--all"],
    ["sessions", "--minutes", "5"], ["sessions", "--zone"],
    ["grant"], ["grant", "10.0.0.7", "10.0.0.8"], ["grant", "10.0.0"],
    ["grant", "01:00:5e:00:00:01"], ["grant", "02:00:5e:00:53"],
    ["grant", "10.0.0.7/32"], ["grant", "fe80::7%no-such-device"],
    ["grant", "x" * 100], ["grant", "", ],
    ["grant", "--minutes", "0", "10.0.0.7"],
    ["grant", "--minutes", "525601", "10.0.0.7"],
    ["grant", "--minutes", "-5", "10.0.0.7"],
    ["grant", "--minutes", "8h", "10.0.0.7"],
    ["grant", "--down", "5", "10.0.0.7"],
    ["grant", "--down", "fast", "10.0.0.7"],
    ["grant", "--up", "7kbit", "10.0.0.7"],
    ["grant", "--quota", "5 MB", "10.0.0.7"],
    ["revoke"], ["revoke", "--all", "10.0.0.7"], ["revoke", "0123"],
    ["revoke", "0" * 16], ["revoke", "0123456789abcdeg"], ["revoke", "0123456789abcdef0"],
    ["check", "a", "b"], ["ruleset", "a"],
    ["check", "--show-addresses"],
])
def test_usage(cli, args):
    r = cli(*args)
    assert (r.returncode, r.stdout) == (2, "")
    assert r.stderr.count("\n") == 1


def test_bad_config(cli, tmp_path):
    (tmp_path / "bad").write_text("config\n")
    r = cli("status", config=tmp_path / "bad")
    assert r.returncode == 2
    assert r.stderr == f"{tmp_path}/bad:1: expected: config TYPE ['NAME']\n"


PLACES = ["/run/stadttor", "/var/run/stadttor"]
MISTAKE = "/etc/config/stadttor:1: expected: config TYPE ['NAME']"


@pytest.fixture
def broken_box(build, netctl, tmp_path):
    """A command on a system whose config has a mistake, and whose netctl, if
    any, listens in `place`: folders over others in namespaces of its own."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/stadttor").write_text("config\n")
    (tmp_path / "netctl.sock").symlink_to(netctl.path)

    def run(*args, place=None):
        mounts = [f"mount -t tmpfs none {top}\nmkdir -p {top}/{rest}"
                  for top, rest in (("/etc", "config"), ("/run", "stadttor"),
                                    ("/var", "run/stadttor"))]
        mounts.append(f"mount --bind {tmp_path}/broken /etc/config")
        if place:
            mounts.append(f"mount --bind {tmp_path} {place}")
        script = "\n".join(["set -e", *mounts, f'exec {build}/stadttor "$@"'])
        return subprocess.run(
            ["unshare", "--mount", *([] if os.geteuid() == 0 else ["-r"]),
             "sh", "-c", script, "sh", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=120)
    return run


@pytest.mark.parametrize("place", PLACES)
def test_a_running_netctl_is_asked_despite_a_mistake(broken_box, netctl,
                                                     place):
    netctl.answers(status)
    r = broken_box("status", "--json", place=place)
    assert r.stderr == f"{MISTAKE}; asking the netctl at {place}/netctl.sock\n"
    assert r.returncode == 0 and json.loads(r.stdout)["granted"] == 42


def test_without_a_netctl_the_mistake_is_the_answer(broken_box):
    r = broken_box("status")
    assert (r.returncode, r.stderr) == (2, f"{MISTAKE}\n")


@pytest.mark.parametrize("place", PLACES)
def test_a_mistake_in_another_file_asks_nobody(broken_box, netctl, tmp_path,
                                               place):
    """It may be for another gate than the one that runs here."""
    (tmp_path / "bad").write_text("config\n")
    r = broken_box("-c", str(tmp_path / "bad"), "status", place=place)
    assert r.returncode == 2
    assert r.stderr == f"{tmp_path}/bad:1: expected: config TYPE ['NAME']\n"


def status_and_pages(kind, ident, fields):
    return (status if kind == STATUS else pages)(kind, ident, fields)


def test_zones_are_netctls_while_the_config_has_a_mistake(broken_box, netctl):
    netctl.answers(status_and_pages)
    r = broken_box("sessions", "--zone", "staff", place=PLACES[0])
    assert r.returncode == 0 and len(r.stdout.splitlines()) == 2
    assert "00000000000000fe" in r.stdout
    assert [kind for kind, *_ in netctl.asked] == [STATUS, LIST, LIST]


@pytest.mark.parametrize("name", ["attic", "unasked", "gues", "x" * 300])
def test_an_unknown_zone_while_the_config_has_a_mistake(broken_box, netctl,
                                                        name):
    netctl.answers(status_and_pages)
    r = broken_box("sessions", "--zone", name, place=PLACES[0])
    assert (r.returncode, r.stdout) == (4, "")
    assert r.stderr.endswith(f"\nzone '{name[:40]}' not found\n")
    assert [kind for kind, *_ in netctl.asked] == [STATUS]


@pytest.mark.parametrize("answer,code,text", [
    (None, 3, "closed the connection"),
    (lambda ident: [session(ident)], 1, "speaks another version"),
    (lambda ident: [done(ident, error=-EACCES)], 1, "did not permit it"),
])
def test_zones_that_netctl_does_not_tell(broken_box, netctl, answer, code,
                                         text):
    netctl.answers(lambda kind, ident, fields: answer and answer(ident))
    r = broken_box("sessions", "--zone", "guest", place=PLACES[0])
    assert (r.returncode, r.stdout) == (code, "")
    assert text in r.stderr


def test_check_json(cli, netctl, tmp_path):
    assert json.loads(cli("check", "--json").stdout) == {
        "file": str(netctl.config), "fine": True}
    r = cli("check", "--json", str(tmp_path / "none"))
    assert r.returncode == 2
    assert "No such file" in json.loads(r.stdout)["error"]


def test_ruleset(cli):
    text = cli("ruleset")
    assert text.returncode == 0 and "table inet stadttor" in text.stdout
    assert json.loads(cli("ruleset", "--json").stdout) == \
        {"ruleset": text.stdout}


def test_full_disk(build, netctl):
    with open("/dev/full", "w") as full:
        r = subprocess.run([build / "stadttor", "-c", netctl.config,
                            "ruleset"], stdout=full, stderr=subprocess.PIPE,
                           text=True, timeout=120)
    assert r.returncode == 1 and "No space left" in r.stderr
