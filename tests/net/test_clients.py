# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clients find the portal by themselves and come online with one tap:
NetworkManager, Firefox, Chromium; GNOME's and Windows' steps replayed."""
import contextlib
import glob
import json
import os
import re
import ssl
import subprocess
import threading
from urllib.parse import urlsplit

import pytest

import gate
import lab
import marionette
import probes
import sheet
import traffic
from test_probes import Seen, networkmanager_verdict, windows_verdict
from world import World, need, wait_for_socket

V4, V6 = traffic.V4, traffic.V6


@pytest.fixture(scope="module")
def programs(street):
    started = gate.Stadttor(street)
    started.start(guest={"garden_name": ["garden.test"],
                         "garden_port": [f"{SecureHost.PORT}/tcp"]})
    yield started
    started.close()


@pytest.fixture
def phone(programs, street):
    """Somebody who is not in yet, and leaves afterwards."""
    phone = street.phones[0]
    assert traffic.is_shut(phone)
    yield phone
    if traffic.is_online(phone, timeout=0.3):
        programs.revoke(phone.ip4)


def is_at_portal(url, phone):
    parts = urlsplit(url)
    return parts.hostname in (phone.network.gate4, phone.network.gate6)


# --- NetworkManager ----------------------------------------------------------

BUS = """<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type>
<listen>unix:path=/run/dbus/system_bus_socket</listen>
<policy context="default"><allow user="*"/><allow own="*"/>
<allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="signal"/>
<allow receive_type="method_return"/><allow receive_type="error"/>
</policy></busconfig>
"""
NM_CONFIG = """[main]
plugins=keyfile
dns=none
dhcp=internal
no-auto-default=*
auth-polkit=false
[keyfile]
path={folder}/profiles
[connectivity]
uri=http://nmcheck.gnome.org/check_network_status.txt
interval=300
[device-eth0]
match-device=interface-name:eth0
managed=1
"""


def start_network_manager(world):
    """Its device gets an address from the gate, as a laptop's would."""
    os.mkdir(world.path("profiles"))
    os.mkdir(world.path("empty"))
    world.start("bus.log", "dbus-daemon", "--nofork", "--config-file="
                + world.write("bus.conf", BUS))
    config = world.write("nm.conf", NM_CONFIG.format(folder=world.folder))
    bus = ["test", "-S", "/run/dbus/system_bus_socket"]
    lab.wait_until(lambda: subprocess.run(world.command(*bus)).returncode == 0,
                   say="the bus did not start")
    world.start("nm.log", "NetworkManager", "--no-daemon", "--log-level=INFO",
                f"--config={config}", f"--config-dir={world.path('empty')}",
                f"--system-config-dir={world.path('empty')}",
                f"--intern-config={world.path('intern.conf')}",
                f"--state-file={world.path('state')}")
    lab.wait_until(lambda: "running" in subprocess.run(
        world.command("nmcli", "-t", "-f", "RUNNING", "general"),
        capture_output=True, text=True).stdout.split(), 10,
        say="NetworkManager did not start")
    world.run("nmcli", "connection", "add", "type", "ethernet", "con-name",
              "street", "ifname", "eth0", "autoconnect", "no",
              "ipv4.may-fail", "no", "ipv6.may-fail", "no")
    world.run("nmcli", "--wait", "25", "connection", "up", "street")


def connectivity(world):
    """In all, and of the device by each family."""
    told = world.run("nmcli", "networking", "connectivity", "check").strip()
    by_family = world.run(
        "nmcli", "-g", "GENERAL.IP4-CONNECTIVITY,GENERAL.IP6-CONNECTIVITY",
        "device", "show", "eth0")
    return [told, *re.findall(r"\((.*?)\)", by_family)]


def network_managers():
    """The processes of that name that this machine runs."""
    found = set()
    for name in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError), open(name) as file:
            if file.read() == "NetworkManager\n":
                found.add(name)
    return found


@pytest.mark.full
def test_network_manager(programs, street):
    need("NetworkManager", "nmcli", "dbus-daemon")
    before = network_managers()
    laptop = street.add_phone(street.guest, 200, static=False)
    try:
        with World(laptop) as world:
            start_network_manager(world)
            assert connectivity(world) == ["portal"] * 3, world.log("nm.log")
            opened = sheet.Sheet(laptop)
            opened.open("http://nmcheck.gnome.org/")
            opened.tap()
            assert connectivity(world) == ["full"] * 3, world.log("nm.log")
            opened.tap("/logout")
            assert connectivity(world) == ["portal"] * 3, world.log("nm.log")
            assert len(network_managers() - before) == 1
    finally:
        street.remove_phone(laptop)
    assert network_managers() == before


def test_gnome(programs, phone):
    """The shell's helper opens a page that must lead away; after the next
    navigation NetworkManager's rule decides whether its window closes."""
    check = "http://nmcheck.gnome.org/check_network_status.txt"
    probe = next(p for p in probes.PROBES if p.url == check)
    for family in traffic.FAMILIES:
        opened = sheet.Sheet(phone, family)
        page = opened.open("http://nmcheck.gnome.org")
        assert is_at_portal(page.url, phone)
        assert opened.seen == [302, 200]
        page = opened.tap()
        assert is_at_portal(page.url, phone) and opened.seen == [303, 200]
        online = opened.open(check)
        assert online.url == check
        assert networkmanager_verdict(probe, Seen(online.reply)) == "online"
        opened.open(page.url)
        opened.tap("/logout")
        closed = opened.ask(check)
        assert networkmanager_verdict(probe, Seen(closed)) == "portal"


# --- Windows -----------------------------------------------------------------

def ask_windows(phone):
    """One round of the connectivity indicator, by both families."""
    told = []
    for family, name in ((V4, "www"), (V6, "ipv6")):
        kind, dns = (1, 0) if family == V4 else (28, 1)
        assert traffic.resolve(phone, probes.DNS_NAME, kind) == \
            [probes.DNS_ANSWER[dns]]
        url = f"http://{name}.msftconnecttest.com/connecttest.txt"
        probe = next(p for p in probes.PROBES if p.url == url)
        answer = traffic.http(
            phone, sheet.address_of(phone, probe.name, family), probe.path,
            host=probe.host)
        told.append(windows_verdict(probe, Seen(answer)))
    return told


def test_windows(programs, phone):
    assert ask_windows(phone) == ["portal", "portal"]
    opened = sheet.Sheet(phone)
    page = opened.open("http://www.msftconnecttest.com/redirect")
    assert is_at_portal(page.url, phone) and page.url.endswith("via=w")
    opened.tap()
    assert opened.taps == 1 and opened.page.url.endswith("/status")
    assert ask_windows(phone) == ["online", "online"]
    page = opened.open("http://www.msftconnecttest.com/redirect")
    assert page.title == "msn"


# --- Firefox -----------------------------------------------------------------

PREFS = {
    "remote.prefs.recommended": False,  # they switch the detection off
    "network.captive-portal-service.enabled": True,
    "network.connectivity-service.enabled": True,
    "browser.startup.page": 0,
    "dom.ipc.processCount": 1,
    "dom.ipc.processPrelaunch.enabled": False,
    "browser.aboutwelcome.enabled": False,
    "browser.startup.homepage_override.mstone": "ignore",
    "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.server": "",
    "app.update.auto": False,
    "app.normandy.enabled": False,
    "extensions.update.enabled": False,
    "browser.newtabpage.enabled": False,
    "browser.region.network.url": "",
    "services.settings.server": "data:,none",
    "termsofuse.bypassNotification": True,
}
PORTAL_STATE = """
    const service = Cc["@mozilla.org/network/captive-portal-service;1"]
        .getService(Ci.nsICaptivePortalService);
    const names = ["UNKNOWN", "NOT_CAPTIVE", "UNLOCKED_PORTAL",
                   "LOCKED_PORTAL"];
    return names.find(name => service[name] == service.state);"""
RECHECK = """
    Cc["@mozilla.org/network/captive-portal-service;1"]
        .getService(Ci.nsICaptivePortalService).recheckCaptivePortal();"""
TABS = """
    return Array.from(gBrowser.tabs, tab => tab.linkedBrowser.currentURI.spec);"""
REACH = """
    const service = Cc["@mozilla.org/network/network-connectivity-service;1"]
        .getService(Ci.nsINetworkConnectivityService);
    const names = ["UNKNOWN", "OK", "NOT_AVAILABLE"];
    return [service.IPv4, service.IPv6].map(
        found => names.find(name => service[name] == found));"""
RECHECK_REACH = """
    Cc["@mozilla.org/network/network-connectivity-service;1"]
        .getService(Ci.nsINetworkConnectivityService)
        .recheckIPConnectivity();"""


def start_firefox(world, phone):
    os.mkdir(world.path("profile"))
    world.write("profile/user.js", "".join(
        f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
        for name, value in PREFS.items()))
    world.start("firefox.log", "firefox-esr", "--headless", "--no-remote",
                "--marionette", "--remote-allow-system-access",
                "--profile", world.path("profile"), MOZ_HEADLESS="1")
    wait_for_socket(phone, marionette.PORT, 60)
    return marionette.Firefox(phone)


def wait_state(firefox, state):
    lab.wait_until(lambda: firefox.chrome(PORTAL_STATE) == state, 20, 0.1,
                   f"Firefox does not say {state}")


def look_at_portal(firefox, phone):
    """At the tab that Firefox has opened for it, once its own list has it."""
    seen = []

    def is_there():
        seen[:] = firefox.chrome(TABS)
        return len(seen) > 1 and any(is_at_portal(url, phone) for url in seen)
    lab.wait_until(is_there, 20, 0.1, seen)
    for tab in firefox.tabs():
        firefox.look_at(tab)
        if is_at_portal(firefox.url(), phone):
            return
    raise AssertionError(f"no tab has {seen}")


@pytest.mark.full
@pytest.mark.timeout(900)
def test_firefox(programs, phone):
    need("firefox-esr")
    with World(phone) as world, start_firefox(world, phone) as firefox:
        wait_state(firefox, "LOCKED_PORTAL")
        firefox.chrome("CaptivePortalWatcher.ensureCaptivePortalTab();")
        look_at_portal(firefox, phone)
        assert firefox.url().endswith("via=f")
        firefox.click("form button.go")
        lab.wait_until(lambda: firefox.url().endswith("/status"), 20, 0.05,
                       "the tap leads nowhere")
        firefox.chrome(RECHECK)
        wait_state(firefox, "UNLOCKED_PORTAL")
        firefox.chrome(RECHECK_REACH)
        lab.wait_until(lambda: firefox.chrome(REACH) == ["OK", "OK"], 20, 0.1,
                       "Firefox does not reach the internet by both families")
        firefox.open("http://net.test/")
        assert firefox.title() == "The internet"


# --- Chromium ----------------------------------------------------------------

class SecureHost:
    """A host of the walled garden whose certificate is not its own."""
    PORT = 8443

    def __init__(self, street):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(
            street.certificate, street.certificate.replace(".pem", ".key"))
        self.listener = street.internet.socket(V4, traffic.socket.SOCK_STREAM)
        self.listener.bind((lab.GARDEN4, self.PORT))
        self.listener.listen()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            try:
                with self.context.wrap_socket(conn, server_side=True) as s:
                    s.recv(4096)
            except OSError:
                pass  # the client did not like the certificate

    def close(self):
        self.listener.shutdown(traffic.socket.SHUT_RDWR)
        self.listener.close()


@pytest.mark.full
@pytest.mark.timeout(900)
def test_chromium(programs, street, phone):
    """No script runs in it; the browser opens the portal by itself."""
    need("node", "npm", "chromium")
    subprocess.run(["make", "-s", "-C", gate.REPO, "browser-deps"],
                   check=True, timeout=300)
    host = SecureHost(street)
    try:
        with World(phone) as world:
            story = json.loads(world.run(
                "node", os.path.join(lab.HERE, "chromium_client.mjs"),
                os.path.join(gate.REPO, "tests", "browser"),
                world.path("chromium"),
                f"https://garden.test:{host.PORT}/", timeout=300))
    finally:
        host.close()
    assert is_at_portal(story["portal"], phone)
    assert story["portal"].endswith("via=g")
    assert story["taps"] == 1
    assert is_at_portal(story["after"], phone)
    assert story["probe"] == 204
    assert story["title"] == "The internet"
    assert traffic.is_online(phone)
