# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor doctor` on a box that is made up: a netctl that says what the test
wants, ports, certificates and files of its own, and one thing broken at a time.

What the kernel and the resolver say is in tests/unit/test_doctor.c, a whole box
in tests/net/test_doctor.py.
"""
import getpass
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile

import authority
import pytest
from test_cli import (CITY, DONE, STATUS, ZONE, Netctl, addr, done, header,
                      totals)

CLOCK = pathlib.Path(__file__).parent.parent / "net" / "preload" / "clock.c"
HOST = "portal.stadt.example"
IS_ROOT = os.geteuid() == 0
USER = "nobody" if IS_ROOT else getpass.getuser()
NOWHERE = "nowhere0"
# Of the real machine, whatever it is like; and of a real portal, for which there
# is net/test_doctor.py.
OTHERS = {"uplinks", "forwarding", "dns", "dhcp", "advertisements",
          "bridges", "conntrack", "neighbours", "page"}



def zone(ident, name=b"guest", shut=0, outlet=0):
    return header(ZONE, ident) + struct.pack(
        "=IIIHH16s", 1, 7, 1000, 1, shut, name) + addr(None) + \
        struct.pack("=IIq", outlet, 0, 0)


def status(troubles=0, flow_table=1, **fields):
    return lambda kind, ident, _: [totals(ident, troubles, flow_table),
                                   zone(ident, **fields), done(ident)]


class Box:
    """All in its place; a test breaks something, then looks."""

    def __init__(self, build, root, folder, ca):
        self.build, self.folder, self.ca = build, folder, ca
        self.netctl = Netctl(folder)
        self.answer = status()
        self.environment = {"SSL_CERT_FILE": ca.file}
        self.ports = [socket.create_server(("127.0.0.1", 0))
                      for _ in range(4)]
        hijack, http, https, admin = (s.getsockname()[1] for s in self.ports)
        chain, key = ca.issue("portal", HOST, days=40)
        self.options = {
            "gate": {"socket": self.netctl.path, "user": USER},
            "uplink 'wan'": {"device": NOWHERE},
            "zone 'guest'": {"device": "lo", "auth": "voucher"},
            "portal": {"user": USER, "pages": root / "web",
                       "hijack_port": hijack, "http_port": http,
                       "https_port": https, "hostname": HOST,
                       "certificate": chain, "key": key},
            "admin": {"accounts": folder / "accounts", "port": admin},
            "usage": {"file": self.make("usage") / "usage.sqlite"},
            "voucher": {"file": self.make("codes") / "codes.sqlite"},
        }
        self.rest = ""
        self.write()
        self.run("passwd", "--token", "prometheus")
        os.chmod(folder / "accounts", 0o644)

    def make(self, name):
        """A folder of the portal's user."""
        path = self.folder / name
        path.mkdir()
        if IS_ROOT:
            shutil.chown(path, USER)
        return path

    def set(self, section, **options):
        self.options[section].update(options)

    def write(self):
        text = "".join(
            f"config {section}\n" + "".join(
                f"\toption {k} '{v}'\n" for k, v in options.items())
            for section, options in self.options.items())
        self.netctl.config.write_text(text + self.rest)

    def run(self, *args, program=None, **kwargs):
        return subprocess.run(
            [program or self.build / "stadttor", "-c", self.netctl.config,
             *args], text=True, timeout=200, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, **self.environment},
            **kwargs)

    def doctor(self, *args, **kwargs):
        self.write()
        if self.answer:
            self.netctl.answers(self.answer)
        ran = self.run("doctor", *args, **kwargs)
        assert ran.stderr == ""
        return ran

    def findings(self, **kwargs):
        """The lines, once it is sure that the exit status fits them."""
        ran = self.doctor("--json", **kwargs)
        lines = json.loads(ran.stdout)
        assert ran.returncode == any(x["level"] == "fail" for x in lines)
        return lines

    def close(self):
        self.netctl.close()
        for s in self.ports:
            s.close()


@pytest.fixture(scope="module")
def ca():
    folder = tempfile.mkdtemp(prefix="stadttor-ca-")
    os.chmod(folder, 0o755)
    yield authority.Authority(folder)
    shutil.rmtree(folder)


@pytest.fixture
def box(build, root, ca):
    # pytest's own folders let nobody in but who runs it.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="stadttor-doctor-"))
    os.chmod(folder, 0o755)
    b = Box(build, root, folder, ca)
    yield b
    b.close()
    shutil.rmtree(folder)


def of_box(lines):
    return [x for x in lines if x["code"] not in OTHERS]


def test_all_is_well(box):
    lines = of_box(box.findings())
    assert [x for x in lines if x["level"] != "ok"] == []
    assert {x["code"] for x in lines} == {
        "config", "users", "netctl", "portal", "pages", "device", "address", "outlet",
        "packets", "connections", "flow_table", "clock", "certificate",
        "admin_certificate",
        "accounts", "usage_file", "voucher_file"}
    assert {x["code"] for x in lines if "zone" in x} == {
        "device", "address", "outlet"}
    assert all(x["remedy"] is None for x in lines)


def test_netctl_is_asked_for_no_guests(box):
    text = box.doctor().stdout
    box.netctl.thread.join(10)
    assert box.netctl.asked == [(STATUS,)]
    assert "0123456789abcdef" not in text


# --- one thing broken -------------------------------------------------------

def mistake(box):
    box.rest = "config\n"
    box.answer = None


def netctl_is_away(box):
    box.netctl.close()
    box.netctl.path.unlink()
    box.answer = None


def netctl_says(message):
    def broken(box):
        box.answer = lambda kind, ident, _: message(ident)
    return broken


def told(**fields):
    def broken(box):
        box.answer = status(**fields)
    return broken


def in_city(troubles):
    """netctl's word of it, before the last."""
    def broken(box):
        plain = status()
        box.answer = lambda kind, ident, fields: [
            *plain(kind, ident, fields)[:-1],
            header(CITY, ident) + struct.pack("=BBBxHHIIQQ", 1, 1, 1, 20787,
                                              troubles, 1234, 0, 0, 0),
            done(ident)]
    return broken


def closed(which):
    return lambda box: box.ports[which].close()


def config(section, **options):
    return lambda box: box.set(section, **options)


def certificate(section="portal", host=HOST, days=40, mode=0o644):
    def broken(box):
        chain, key = box.ca.issue("other", host, days=days)
        os.chmod(key, mode)
        box.set(section, certificate=chain, key=key)
    return broken


def key_of_another(box):
    box.set("portal", key=box.ca.issue("third", HOST)[1])


def no_certificate_at_all(box):
    path = box.folder / "chain.pem"
    path.write_text("nothing of that kind\n")
    box.set("portal", certificate=path)


def untrusted(box):
    box.environment["SSL_CERT_FILE"] = "/dev/null"


def accounts(text, mode=0o644):
    def broken(box):
        path = box.folder / "accounts"
        path.write_text(text(path.read_text()))
        os.chmod(path, mode)
    return broken


def folder_of_root(box):
    shutil.chown(box.folder / "usage", "root")


def file_of_root(box):
    path = box.folder / "usage" / "usage.sqlite"
    path.write_bytes(b"")
    os.chmod(path, 0o644)


def small_disk(section, name, size):
    """Of a mount namespace that ends with the run, see conftest.py."""
    def broken(box):
        path = box.folder / "disk"
        path.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o",
                        f"size={size},mode=777", "disk", path], check=True)
        box.set(section, file=path / name)
        box.mounted = path
    return broken


SHUT = "netctl has shut lo, as packets would pass by it"
# What is broken -> level, code, zone, what the line has, what the advice has.
BROKEN = {
    "config": (mistake,
               "fail", "config", None, ": expected: config TYPE", "stadttor check"),
    "netctl": (netctl_is_away, "fail", "netctl", None,
               "netctl is not reachable at ", "stadttor-netctl"),
    "version": (netctl_says(lambda i: [header(DONE, i, 1) + bytes(16)]),
                "fail", "netctl", None, "it speaks another version",
                "restart stadttor-netctl"),
    "busy": (netctl_says(lambda i: [done(i, error=-16)]), "fail", "netctl",
             None, "netctl does not answer at ", "stadttor-netctl"),
    "hijack port": (closed(0), "fail", "portal", None,
                    "portal's hijack_port", "restart stadttor-portal"),
    "http port": (closed(1), "fail", "portal", None, "portal's http_port",
                  "restart stadttor-portal"),
    "https port": (closed(2), "fail", "portal", None, "portal's https_port",
                   "restart stadttor-portal"),
    "dashboard": (closed(3), "fail", "portal", None,
                  "nobody listens on the dashboard's port", "-portal"),
    "pages": (config("portal", pages="/nowhere"), "fail", "pages", None,
              "/nowhere", "the portal does not start"),
    "device": (config("zone 'guest'", device="nowhere1"), "fail", "device",
               "guest", "device nowhere1 is missing", "option device"),
    "address": (config("zone 'guest'", device="nowhere1"), "fail", "address",
                "guest", "the box has no address on nowhere1", "Give it one"),
    "nobody to ask": (config("zone 'guest'", device="nowhere1"), "skip",
                      "dns", "guest", "no address to ask", None),
    "shut": (told(shut=1), "fail", "device", "guest", SHUT, "bridge"),
    "other zone": (told(name=b"attic"), "fail", "outlet", "guest",
                   "has no such zone", "Reload netctl"),
    "down": (told(outlet=1), "fail", "outlet", "guest", "no uplink is up",
             "cable"),
    "no route": (told(outlet=2), "fail", "outlet", "guest", "no route",
                 "default route"),
    "elsewhere": (told(outlet=3), "fail", "outlet", "guest",
                  "no uplink of the config", "config uplink"),
    "no address": (told(outlet=4), "fail", "outlet", "guest",
                   "the uplink has no address", "DHCP"),
    "overlap": (told(outlet=5), "fail", "outlet", "guest",
                "in the guests' own network", "not used upstream"),
    "out dropped": (told(troubles=1), "fail", "packets", None,
                    "do not leave the box", "log names the chain"),
    "portal dropped": (told(troubles=2), "fail", "packets", None,
                       "packets to the portal do not reach it",
                       "log names the chain"),
    "marks": (told(troubles=8), "fail", "packets", None,
              "changes the gate's packet marks", "mark_shift"),
    "table full": (told(troubles=4), "fail", "connections", None,
                   "nearly full", "nf_conntrack_max"),
    "no flow table": (told(flow_table=2), "warn", "flow_table", None,
                      "no flow table", "kmod-nft-offload"),
    **{f"city {word}": (in_city(1 << bit), "fail", "city", None, text, remedy)
       for bit, (word, text, remedy) in enumerate([
           ("without clock", "clock is not set", "NTP"),
           ("off", "clock and that of the city's store differ", "NTP"),
           ("without keys", "keys of the city cannot be read", "Join again"),
           ("that does not write", "cannot be written", "netctl's own"),
           ("that is full", "more devices", "have to tap")])},
    "city": (in_city(0), "ok", "city", None, "1234 devices are known", None),
    "no file": (config("portal", certificate="/nowhere.pem"), "fail",
                "certificate", None, "/nowhere.pem: No such file", "as PEM"),
    "no certificate": (no_certificate_at_all, "fail", "certificate", None,
                       "chain.pem: no start line", "as PEM"),
    "key": (key_of_another, "fail", "certificate", None,
            "third.key is not the key of ", "as PEM"),
    "expired": (certificate(days=-1), "fail", "certificate", None,
                "other.pem expired on 20", "Renew it"),
    "soon": (certificate(days=13), "warn", "certificate", None,
             "other.pem expires on 20", "Renew it"),
    "host": (certificate(host="other.example"), "warn", "certificate", None,
             "other.pem is not for portal.stadt.example", "for that name"),
    "untrusted": (untrusted, "warn", "certificate", None,
                  "phones will not trust it", "whole chain"),
    "admin's": (certificate("admin", "any.example", -1), "fail",
                "admin_certificate", None, "other.pem expired on 20",
                "Renew it"),
    "no accounts": (accounts(lambda text: ""), "warn", "accounts", None,
                    "has no accounts", "stadttor passwd NAME"),
    "accounts": (accounts(lambda text: text + "root:x:0\n"), "fail",
                 "accounts", None, "accounts:2: ", "Correct that line"),
    "no folder": (config("usage", file="/nowhere/usage"), "fail",
                  "usage_file", None, "/nowhere does not exist",
                  "which makes it"),
    "no folder of codes": (config("voucher", file="/nowhere/codes"), "fail",
                           "voucher_file", None, "/nowhere does not exist",
                           "which makes it"),
    "portal's user": (config("portal", user="no-such-user"), "fail", "users",
                      None, "user no-such-user does not exist",
                      "option user"),
    "netctl's user": (config("gate", user="no-such-user"), "fail", "users",
                      None, "user no-such-user does not exist",
                      "option user"),
    "portal is root": (config("portal", user="root"), "fail", "users", None,
                       "user root is root", "option user"),
    "netctl is root": (config("gate", user="root"), "fail", "users", None,
                       "user root is root", "option user"),
    "uplink": (lambda box: None, "warn", "uplinks", None,
               "device nowhere0 of uplink wan is missing", "option device"),
}
# The portal's user is another one, and disks are made.
BROKEN_BY_ROOT = {
    "hangs up": (netctl_says(lambda i: None), "fail", "netctl", None,
                 "netctl does not answer", "restart stadttor-netctl"),
    "secret key": (certificate(mode=0o640), "warn", "certificate", None,
                   "user nobody cannot read ", "chgrp"),
    "secret accounts": (accounts(lambda text: text, 0o600), "warn",
                        "accounts", None, "so each reload is refused", "chgrp"),
    "folder": (folder_of_root, "fail", "usage_file", None,
               "user nobody cannot write to ", "chown nobody"),
    "file": (file_of_root, "fail", "usage_file", None,
             "usage.sqlite: Permission denied", "chown nobody"),
    "disk fills": (small_disk("usage", "u", "8m"), "warn", "usage_file", None,
                   "disk has only 8.", "Make room"),
    "disk is full": (small_disk("voucher", "v", "512k"), "fail",
                     "voucher_file", None, "disk has only 52",
                     "Make room"),
}


def look(box, case):
    broken, level, code, its_zone, text, remedy = case
    broken(box)
    lines = box.findings()
    found = [x for x in lines if x["level"] == level and x["code"] == code]
    assert len(found) == 1, lines
    assert found[0].get("zone") == its_zone
    assert text in found[0]["text"]
    assert (remedy or "") in (found[0]["remedy"] or "")
    assert bool(remedy) == bool(found[0]["remedy"])
    return lines


@pytest.mark.parametrize("what", BROKEN)
def test_is_found(box, what):
    look(box, BROKEN[what])


@pytest.mark.root
@pytest.mark.parametrize("what", BROKEN_BY_ROOT)
def test_is_found_by_root(box, what):
    try:
        look(box, BROKEN_BY_ROOT[what])
    finally:
        if hasattr(box, "mounted"):
            subprocess.run(["umount", box.mounted], check=True)


def test_nothing_else_is_found(box):
    """One fault is one line, but for what follows from it."""
    box.answer = status(outlet=1)
    assert [x["code"] for x in of_box(box.findings())
            if x["level"] != "ok"] == ["outlet"]


def test_the_dashboard_opens_with_the_first_account(box):
    """As after an installation: nothing is broken, and one thing is to do."""
    closed(3)(box)
    accounts(lambda text: "")(box)
    assert [(x["level"], x["code"]) for x in of_box(box.findings())
            if x["level"] != "ok"] == [("warn", "accounts")]


def test_a_user_that_is_missing_is_said_once(box):
    box.set("portal", user="no-such-user")
    lines = of_box(box.findings())
    assert {(x["level"], x["code"]) for x in lines if x["level"] != "ok"} == {
        ("fail", "users"), ("skip", "usage_file"), ("skip", "voucher_file")}


def test_without_netctl_the_rest_is_looked_at(box):
    lines = look(box, BROKEN["netctl"])
    assert next(x["code"] for x in lines if x["level"] == "fail") == "netctl"
    assert [x["code"] for x in of_box(lines) if x["level"] == "skip"] == [
        "outlet", "packets", "connections", "flow_table"]
    assert {x["code"] for x in lines if x["level"] == "ok"} >= {
        "portal", "pages", "device", "certificate", "accounts", "usage_file"}


def test_with_a_mistake_in_the_config_nothing_is_looked_at(box):
    assert [(x["level"], x["code"]) for x in look(box, BROKEN["config"])] == [
        ("fail", "config"), ("skip", "rest")]


def test_what_is_off_is_fine(box):
    box.set("admin", enabled=0)
    box.set("usage", file="")
    box.set("zone 'guest'", auth="click")
    for option in ("hostname", "certificate", "key"):
        del box.options["portal"][option]
    (box.folder / "accounts").write_text("nonsense")
    box.set("voucher", file="/nowhere/codes")
    for port in box.ports[2:]:
        port.close()
    texts = {x["code"]: x["text"] for x in of_box(box.findings())
             if x["level"] == "ok"}
    assert texts["accounts"].startswith("the dashboard is off")
    assert texts["admin_certificate"] == "the dashboard is off"
    assert texts["usage_file"] == "figures stay in memory"
    assert texts["voucher_file"] == "no zone asks for codes"
    assert texts["certificate"].startswith("the portal has no certificate")
    assert texts["portal"] == "the portal listens"


@pytest.mark.parametrize("years,day", [(-56, "19"), (100, "21")])
def test_clock_that_is_not_set(box, years, day, tmp_path):
    """And what else is wrong then."""
    so, clock = tmp_path / "clock.so", tmp_path / "clock"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o",
                    so, CLOCK], check=True)
    clock.write_bytes(struct.pack("=qq", years * 31557600 * 10 ** 9, 0)
                      .ljust(4096, b"\0"))
    box.environment |= {
        "LD_PRELOAD": str(so), "STADTTOR_CLOCK": str(clock),
        "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
        + ":verify_asan_link_order=0"}
    found = {x["code"]: x for x in box.findings() if x["level"] == "fail"}
    assert found["clock"]["text"].startswith(f"the clock says {day}")
    assert "time server" in found["clock"]["remedy"]
    assert ("is valid only from 20" if years < 0 else "expired on 20") in \
        found["certificate"]["text"]


@pytest.mark.root
def test_without_root(box):
    """It says what it could not look at, which is no failure."""
    box.set("portal", user="daemon")
    shutil.chown(box.folder / "usage", "daemon")
    shutil.chown(box.folder / "codes", "daemon")
    os.chmod(box.folder / "accounts", 0o600)
    os.chmod(box.options["portal"]["key"], 0o600)
    os.chmod(box.netctl.path, 0o600)
    box.answer = None
    program = box.folder / "program"
    shutil.copy(box.build / "stadttor", program)
    box.write()
    lines = of_box(box.findings(program=program, user=65534, group=65534,
                                extra_groups=[]))
    assert [x["code"] for x in lines if x["level"] == "skip"] == [
        "netctl", "outlet", "packets", "connections", "flow_table",
        "certificate",
        "accounts", "usage_file", "voucher_file"]
    assert [x for x in lines if x["level"] not in ("ok", "skip")] == []
    assert lines[2]["text"] == "netctl answers only root"


# --- for people -------------------------------------------------------------

def test_text(box):
    box.answer = status(outlet=5)
    text = box.doctor().stdout
    lines = box.findings()
    body, count = text.rsplit("\n\n", 1)
    expected = []
    for x in lines:
        its_zone = f"zone {x['zone']}: " if "zone" in x else ""
        expected.append(f"{x['level'].upper():4}  {its_zone}{x['text']}")
        if x["remedy"]:
            expected.append(f"      {x['remedy']}")
    # Two runs, and a minute may end between them.
    clock = re.compile(r"(?<=the clock says ).* UTC")
    assert [clock.sub("now", x) for x in body.splitlines()] == [
        clock.sub("now", x) for x in expected]
    numbers = [sum(x["level"] == level for x in lines)
               for level in ("ok", "warn", "fail", "skip")]
    assert [int(n) for n in re.findall(r"\d+", count)] == numbers
    assert re.fullmatch(r"\d+ fine, \d+ warnings?, \d+ failures?, "
                        r"\d+ not looked at\n", count)


def test_each_finding_has_a_remedy(box):
    netctl_is_away(box)
    box.set("portal", pages="/nowhere")
    for x in box.findings():
        assert bool(x["remedy"]) == (x["level"] in ("warn", "fail")), x
        assert len(x["text"]) < 160 and len(x["remedy"] or "") < 130, x


def test_takes_no_words(box):
    ran = box.run("doctor", "now")
    assert (ran.returncode, ran.stdout) == (2, "")
