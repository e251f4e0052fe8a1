# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor doctor` on the street: what it says of a box that works, and what
once something is broken for real."""
import contextlib
import json
import os
import signal
import subprocess
import tempfile

import authority
import lab
import pytest
import traffic
from gate import NETCTL, PORTAL
from test_outlet import ask_until_told, changed, dropping, unplugged

NAME = "net.test"  # which the street's resolver knows


@pytest.fixture(scope="module")
def ca():
    """In a folder that the portal's user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="stadttor-ca-") as folder:
        os.chmod(folder, 0o755)
        yield authority.Authority(folder)


class Doctor:
    def __init__(self, stadttor, ca):
        self.stadttor, self.ca = stadttor, ca
        chain, key = ca.issue("portal", NAME, days=60)
        # Kernels of test machines may have no flow tables, of which it warns.
        self.config = {"staff": {}, "gate": {"flow_table": 0}, "portal": {
            "hostname": NAME, "certificate": chain, "key": key}}
        stadttor.environment["SSL_CERT_FILE"] = ca.file
        stadttor.configure(**self.config)
        stadttor.cli("passwd", "--token", "prometheus")
        os.chmod(os.path.join(stadttor.folder, "accounts"), 0o644)
        stadttor.start(**self.config)

    def look(self):
        """Exit status, and what is not fine: (level, code, zone) -> text."""
        ran = self.stadttor.cli("doctor", "--json", check=False)
        assert ran.stderr == ""
        return ran.returncode, {
            (x["level"], x["code"], x.get("zone")): x["text"]
            for x in json.loads(ran.stdout) if x["level"] != "ok"}

    def finds(self, *wanted):
        """These and what the lab lacks; the exit status fits. The texts."""
        code, found = self.look()
        assert {*found} - LACKS == {*wanted}
        assert code == any(level == "fail" for level, _, _ in wanted)
        return [found[w] for w in wanted]


# Neighbour tables belong to the whole machine, so that a network namespace does
# not see their bounds.
LACKS = {("skip", "neighbours", None)}


@pytest.fixture
def doctor(stadttor, ca):
    return Doctor(stadttor, ca)


def test_healthy(doctor, phones):
    """Also while people use it; and the kernel is not changed."""
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])
    code, found = doctor.look()
    assert (code, {*found}) == (0, LACKS)
    text = doctor.stadttor.cli("doctor").stdout
    assert ", 0 warnings, 0 failures, " in text
    for phone in phones:
        assert phone.mac not in text
        assert phone.ip4 not in text and phone.ip6 not in text


@contextlib.contextmanager
def sysctl(street, key, value, before):
    street.gate.sysctl(key, value)
    try:
        yield
    finally:
        street.gate.sysctl(key, before)


def test_netctl_is_down(doctor):
    doctor.stadttor.terminate(NETCTL)
    zones = ("guest", "staff")
    text = doctor.finds(
        ("fail", "netctl", None), ("skip", "packets", None),
        ("skip", "connections", None), ("skip", "flow_table", None),
        *(("skip", "outlet", zone) for zone in zones))[0]
    assert text.startswith("netctl is not reachable at ")


def test_portal_is_down(doctor):
    doctor.stadttor.terminate(PORTAL)
    texts = doctor.finds(("fail", "portal", None), ("fail", "page", "guest"),
                         ("fail", "page", "staff"))
    assert texts[0] == "nobody listens on the portal's hijack_port 2080"


def test_the_portal_hangs(doctor, stadttor):
    """It listens all the same."""
    stadttor.process[PORTAL].send_signal(signal.SIGSTOP)
    try:
        text, _ = doctor.finds(("fail", "page", "guest"),
                               ("fail", "page", "staff"))
        assert text.endswith("port 2080: Connection timed out")
    finally:
        stadttor.process[PORTAL].send_signal(signal.SIGCONT)


# A web server on the portal's ports.
OTHER = """
import http.server, socket
kept = [socket.create_server(("", port)) for port in (2081, 2443, 2090)]
http.server.HTTPServer(
    ("", 2080), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_another_program_has_the_portals_port(doctor, street, stadttor):
    stadttor.terminate(PORTAL)
    other = street.gate.popen(["python3", "-c", OTHER],
                              stderr=subprocess.DEVNULL)
    try:
        lab.wait_until(lambda: ":2080 " in street.gate.run(
            "ss", "-Htln").stdout)
        text, _ = doctor.finds(("fail", "page", "guest"),
                               ("fail", "page", "staff"))
        assert text.startswith("another program answers on ")
    finally:
        lab.stop(other)


def test_without_accounts(stadttor):
    """The portal leaves the dashboard off, and is fine."""
    stadttor.start(gate={"flow_table": 0})
    said = json.loads(stadttor.cli("doctor", "--json", check=False).stdout)
    assert {x["code"]: x["level"] for x in said
            if x["code"] in ("portal", "accounts")} == {
        "portal": "ok", "accounts": "warn"}


def test_the_kernel_does_not_forward(doctor, street):
    with sysctl(street, "net/ipv4/ip_forward", 0, 1):
        assert "does not forward IPv4" in doctor.look()[1][
            "fail", "forwarding", None]
    # which resets what the kernel knows of each device
    street.restore_addresses()


def test_the_kernel_does_not_forward_ipv6(doctor, street):
    with sysctl(street, "net/ipv6/conf/all/forwarding", 0, 1):
        text = doctor.look()[1]["fail", "forwarding", None]
        assert text == "the kernel does not forward IPv6"
    street.restore_addresses()


def test_the_cable_is_out(doctor, street, stadttor):
    with unplugged(street):
        lab.wait_until(lambda: all(z["outlet"] == "down"
                                   for z in stadttor.status()["zones"]))
        # this portal's name is known upstream alone
        texts = doctor.finds(
            ("fail", "outlet", "guest"), ("fail", "outlet", "staff"),
            ("fail", "dns", "guest"), ("fail", "dns", "staff"))
        assert texts[:2] == ["no uplink is up"] * 2


def test_another_table_drops(doctor, street, stadttor, phones):
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])
    with dropping(street, "forward"):
        ask_until_told(stadttor, "out_dropped", lambda: traffic.udp_echo(
            phones[0], lab.WEB4, timeout=0.1))
        text, *_ = doctor.finds(
            ("fail", "packets", None), ("fail", "outlet", "guest"),
            ("fail", "outlet", "staff"))
        assert text == "packets that the gate lets pass do not leave the box"


def test_the_bridge_is_down(doctor, street):
    street.gate.ip(f"link set {street.staff.bridge} down")
    try:
        found = doctor.look()[1]
        assert found["fail", "device", "staff"] == "device br-staff is down"
    finally:
        street.gate.ip(f"link set {street.staff.bridge} up")
        street.restore_addresses()


def test_no_address(doctor, street):
    """But the link-local one, which no phone types."""
    device, own = street.staff.bridge, street.staff
    street.gate.ip(f"addr del {own.gate4}/16 dev {device}",
                   f"addr del {own.gate6}/64 dev {device}")
    try:
        found = doctor.look()[1]
        assert found["fail", "address", "staff"] == \
            "the box has no address on br-staff"
        assert ("skip", "dns", "staff") in found
        assert ("fail", "address", "guest") not in found
    finally:
        street.gate.ip(f"addr add {own.gate4}/16 dev {device}")
        street.restore_addresses()


def test_the_zone_is_shut(doctor, street, stadttor):
    """Its bridge becomes a port of another one."""
    street.gate.ip("link add spare9 type veth peer name spare9p")
    stadttor.configure(staff={}, guest={"device": "spare9"},
                       portal=doctor.config["portal"])
    street.gate.ip("link add br9 type bridge", "link set spare9 master br9",
                   "link set spare9 up")
    try:
        stadttor.reload(NETCTL)
        lab.wait_until(lambda: stadttor.status()["zones"][0]["shut"])
        text = doctor.look()[1]["fail", "device", "guest"]
        assert text == "netctl has shut spare9, as packets would pass by it"
    finally:
        street.gate.ip("link del br9", "link del spare9")


def test_dnsmasq_is_gone(doctor, street):
    """DNS, DHCP and router advertisements with it."""
    lab.stop(street.resolver)
    try:
        texts = doctor.finds(
            ("fail", "dns", "guest"), ("fail", "dns", "staff"),
            ("warn", "dhcp", None), ("warn", "advertisements", "guest"),
            ("warn", "advertisements", "staff"))
        assert texts[0].startswith("the resolver does not answer on "
                                   f"{street.guest.gate4}: ")
    finally:
        street.start_gate_dnsmasq()


def test_dnsmasq_hangs(doctor, street):
    """One question, and no longer than two seconds for each zone."""
    street.resolver.send_signal(signal.SIGSTOP)
    try:
        text, _ = doctor.finds(("fail", "dns", "guest"),
                               ("fail", "dns", "staff"))
        assert text.endswith(": Connection timed out")
    finally:
        street.resolver.send_signal(signal.SIGCONT)


def test_the_portals_name_is_not_known(doctor, ca, stadttor):
    chain, key = ca.issue("unknown", "unknown.example", days=60)
    stadttor.configure(staff={}, portal={
        "hostname": "unknown.example", "certificate": chain, "key": key})
    texts = doctor.finds(("fail", "dns", "guest"), ("fail", "dns", "staff"))
    assert "does not find unknown.example" in texts[0]


@pytest.mark.parametrize("days,level,text", [
    (-1, "fail", "old.pem expired on 20"),
    (10, "warn", "old.pem expires on 20"),
])
def test_certificate(doctor, ca, stadttor, days, level, text):
    chain, key = ca.issue("old", NAME, days=days)
    stadttor.configure(staff={}, portal={
        "hostname": NAME, "certificate": chain, "key": key})
    told, = doctor.finds((level, "certificate", None))
    assert text in told


def test_key_that_only_root_reads(doctor, ca, stadttor):
    """Which is taken at the start, and not at a reload."""
    key = doctor.config["portal"]["key"]
    os.chmod(key, 0o600)
    text, = doctor.finds(("warn", "certificate", None))
    assert text.startswith(f"user nobody cannot read {key}: Permission denied")
    stadttor.reload(PORTAL)
    stadttor.wait_log("everything stays as it was", PORTAL)


def test_the_figures_folder_is_roots(doctor, stadttor):
    folder = os.path.join(stadttor.folder, "usage")
    os.chown(folder, 0, 0)
    text, = doctor.finds(("fail", "usage_file", None))
    assert text == f"user nobody cannot write to {folder}: Permission denied"


def test_upstream_is_dead(doctor, street):
    """The portal's name is the box's own here, and known all the same."""
    lab.stop(street.resolver)
    street.start_gate_dnsmasq(f"address=/{NAME}/{street.guest.gate4}")
    try:
        with changed(street, f"route add blackhole {lab.RESOLVER4}",
                     back=[f"route del blackhole {lab.RESOLVER4}"]):
            text, _ = doctor.finds(("warn", "dns", "guest"),
                                   ("warn", "dns", "staff"))
        assert "does not find a.root-servers.net" in text
    finally:
        lab.stop(street.resolver)
        street.start_gate_dnsmasq()


def test_device_that_is_missing(doctor, stadttor):
    """netctl goes on with the config that it has."""
    stadttor.configure(**{**doctor.config, "staff": {"device": "nowhere0"}})
    texts = doctor.finds(
        ("fail", "device", "staff"), ("fail", "address", "staff"),
        ("skip", "page", "staff"), ("skip", "dns", "staff"))
    assert texts[0] == "device nowhere0 is missing"
    stadttor.reload(NETCTL)
    stadttor.wait_log("config reloaded")
    doctor.finds(
        ("fail", "device", "staff"), ("fail", "address", "staff"),
        ("skip", "page", "staff"), ("skip", "dns", "staff"),
        ("skip", "outlet", "staff"))
