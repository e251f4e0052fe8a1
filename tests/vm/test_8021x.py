# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe of docs/wifi.md, as it stands in examples/wifi: one zone on an
open, an OWE and a WPA-Enterprise network, and who has an account is in without
a page. Two access points, as a box with two radios has them."""
import os
import re
import shlex
import subprocess

import lab
import pytest
import traffic
from gate import NETCTL, REPO
from radius import PASSWORD, SECRET, USERS, FreeRadius
from test_captive import Client
from test_dnsmasq import dnsmasq, printed, programs  # noqa: F401
from test_wifi import come_in
from traffic import FAMILIES, V4
from wifi import Radio, Station, make_radios, start_access_points

RECIPE = os.path.join(REPO, "examples", "wifi")
PROGRAM = "/usr/local/sbin/stadttor-8021x"
STATE = "/run/stadttor-8021x"
ACCOUNT = """ctrl_interface={folder}/{device}
network={{
	ssid="Stadt-Konto"
	key_mgmt=WPA-EAP
	eap=TTLS
	identity="anna"
	anonymous_identity="anonymous"
	password="{password}"
	phase2="auth=PAP"
	ca_cert="{ca}"
	domain_match="radius.test"
	ieee80211w=1
	scan_freq=2412 2437
}}
"""
# It knows its provider, and of no network.
PASSPOINT = """ctrl_interface={folder}/{device}
interworking=1
hs20=1
auto_interworking=1
cred={{
	realm="city.example"
	username="anna"
	password="{password}"
	eap=TTLS
	phase2="auth=PAP"
	ca_cert="{ca}"
	domain_suffix_match="radius.test"
}}
"""


def read(name):
    with open(os.path.join(RECIPE, name)) as file:
        return file.read()


def hostapd_of(device, channel):
    """The recipe's, with what is of the place, and keys that are not sent
    again so soon: nobody answers within 0.1 s on a machine that is busy."""
    text = read("hostapd.conf")
    for old, new in (("wlan0", device), ("channel=1", f"channel={channel}"),
                     ("192.0.2.5", lab.HOST4), ("CHANGE-ME", SECRET)):
        assert old in text
        text = text.replace(old, new)
    return text.replace("wpa=2\n",
                        "wpa=2\nwpa_disable_eapol_key_retries=1\n")


class Listener:
    """The recipe's unit for one interface, as systemd would run it."""

    def __init__(self, programs, interface):  # noqa: F811
        unit = read("stadttor-8021x@.service").replace(
            PROGRAM, os.path.join(RECIPE, "stadttor-8021x"))
        self.lines = dict(re.findall(r"^(Exec\w+)=(.*)$", unit.replace(
            "%i", interface), re.M))
        self.netns, self.interface = programs.street.gate, interface
        zone, = re.findall(r"^Environment=(ZONE=.*)$", unit, re.M)
        folder = os.path.join(programs.folder, "bin")
        self.environment = dict(
            os.environ, PATH=f"{folder}:{os.environ['PATH']}",
            RUNTIME_DIRECTORY=STATE, ZONE=zone.partition("=")[2])
        self.log = os.path.join(programs.folder, f"{interface}.log")
        os.makedirs(folder, exist_ok=True)
        os.makedirs(STATE, 0o700, exist_ok=True)
        with open(os.path.join(folder, "stadttor"), "w") as file:
            file.write(f'#!/bin/sh\nexec {programs.build}/stadttor -c '
                       f'{programs.config} "$@"\n')
        os.chmod(file.name, 0o755)
        self.process = None

    def _run(self, line):
        subprocess.run(shlex.split(self.lines[line]), check=True,
                       env=self.environment)

    def start(self):
        with open(self.log, "w") as log:
            self.process = self.netns.popen(
                shlex.split(self.lines["ExecStart"]), env=self.environment,
                stdout=subprocess.DEVNULL, stderr=log)
        lab.wait_until(self.is_attached, 10, 0.1, "hostapd_cli did not start")
        with self.netns.entered():
            self._run("ExecStartPost")

    def is_attached(self):
        """It is one of hostapd's monitors."""
        return any(name.startswith("wpa_ctrl_")
                   for name in os.listdir(STATE))

    def has_failed(self):
        """Something that it called has complained."""
        return os.path.getsize(self.log) > 0

    def stop(self):
        with open(self.log) as file:
            print(self.interface, file.read())
        if self.process:
            lab.stop(self.process)
            self.process = None
            with self.netns.entered():
                self._run("ExecStopPost")


@pytest.fixture(scope="module")
def radius(street, ca):
    server = FreeRadius(street, eap=ca.issue("radius", "radius.test"))
    server.write("users", USERS + USERS.replace("anna ", "anna@city.example "))
    yield server.start()
    server.close()


@pytest.fixture(scope="module")
def points(street, radius, tmp_path_factory):
    folder = tmp_path_factory.mktemp("points")
    make_radios(8)
    radios = [Radio(street, folder, number,
                    lambda device, c=channel: hostapd_of(device, c))
              for number, channel in ((4, 1), (5, 6))]
    hostapd = start_access_points(folder, radios)
    yield radios
    lab.stop(hostapd)


@pytest.fixture
def listeners(programs, points):  # noqa: F811
    both = [Listener(programs, f"{radio.device}-eap") for radio in points]
    for one in both:
        one.start()
    yield both
    for one in both:
        one.stop()
    programs.cli("revoke", "--all")


@pytest.fixture(scope="module")
def station(street, points, tmp_path_factory):
    phone = Station(street._namespace("radio6"), tmp_path_factory.mktemp("s"),
                    street.guest, 6)
    yield phone
    street.remove_phone(phone)


@pytest.fixture
def phone(station):
    yield station
    station.leave()


def text_for(phone, ca, text=ACCOUNT, password=PASSWORD):
    return text.format(folder=phone.folder, device=phone.device, ca=ca.file,
                       password=password)


def is_online(phone):
    """Without any page; the phone's system sees that there is none."""
    phone.ask_for_address()
    lab.wait_until(phone.has_own_ipv6, 20, say="no address by SLAAC")
    for family in FAMILIES:
        traffic.wait_online(phone, family)
        assert "the internet" in traffic.http(phone,
                                              traffic.web(family)).body
    return True


def left_s(programs):  # noqa: F811
    return [s["left_s"] for s in programs.sessions()]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("encrypted", [False, True], ids=["open", "owe"])
def test_others_meet_the_portal(points, listeners, phone, programs,  # noqa: F811
                                dnsmasq, ca, encrypted, say):  # noqa: F811
    come_in(phone, encrypted, ca, say)
    assert os.listdir(STATE) and not [
        name for name in os.listdir(STATE) if ":" in name]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("text", [ACCOUNT, PASSPOINT],
                         ids=["802.1X", "passpoint"])
def test_accounts_need_no_page(points, listeners, phone, programs,  # noqa: F811
                               dnsmasq, ca, radius, text, say):  # noqa: F811
    took = phone.join_by(text_for(phone, ca, text))
    say(f"joined by {'Passpoint' if text is PASSPOINT else '802.1X'} in "
        f"{took:.1f} s, {phone.status()['key_mgmt']}")
    assert phone.status()["EAP state"] == "SUCCESS"
    assert is_online(phone)
    assert Client(phone, ca, V4).told()["captive"] is False
    session, = programs.sessions(addresses=True)
    assert session["mac"] == phone.mac and session["left_s"] > 80000
    start = radius.wait_record("Start", len(radius.records("Start")) or 1)
    assert start["Calling-Station-Id"].replace("-", ":").lower() == phone.mac

    # over to the other radio: the same session, and it goes on
    there, = ({radio.bssid_of(f"{radio.device}-eap") for radio in points}
              - {phone.status()["bssid"]})
    with traffic.Transfer(phone, V4) as transfer:
        phone.walk(there)
        lab.wait_until(lambda: min(left_s(programs)) > 80000, 20)
        transfer.wait_moving(500_000, 20)
    assert [s["handle"] for s in programs.sessions()] == [session["handle"]]

    # who leaves is out soon, by the kernel's own clock
    phone.leave()
    lab.wait_until(lambda: max(left_s(programs), default=0) <= 60, 20,
                   say="it may stay")
    lab.wait_until(lambda: not programs.sessions(), 70, 1)
    assert not [name for name in os.listdir(STATE) if ":" in name]


@pytest.mark.timeout(900)
def test_wrong_passwords(listeners, phone, programs, ca):  # noqa: F811
    phone.start_supplicant(text_for(phone, ca, password="wrong"))
    lab.wait_until(lambda: "EAP-FAILURE" in open(
        f"{phone.folder}/{phone.device}.log").read(), 20, 0.2)
    assert programs.sessions() == []


@pytest.mark.timeout(900)
def test_nobody_listens(listeners, phone, programs, dnsmasq, ca):  # noqa: F811
    """Then nobody stays in who has left; one that comes back finds who is
    there."""
    phone.join_by(text_for(phone, ca))
    assert is_online(phone)
    for one in listeners:
        one.stop()
    assert max(left_s(programs)) <= 60
    for one in listeners:
        one.start()
    lab.wait_until(lambda: min(left_s(programs)) > 80000, 10)
    programs.revoke(programs.sessions()[0]["handle"])
    phone.leave()
    lab.wait_until(lambda: not [n for n in os.listdir(STATE) if ":" in n], 10)
    assert programs.sessions() == []  # leaving begins none


@pytest.mark.timeout(900)
def test_without_netctl(listeners, phone, programs, dnsmasq, ca):  # noqa: F811
    """A grant that fails is none, and the next one is good."""
    programs.terminate(NETCTL)
    phone.join_by(text_for(phone, ca))
    lab.wait_until(lambda: any(one.has_failed() for one in listeners), 10)
    programs.start_one(NETCTL)
    programs.wait_ready()
    phone.ask_for_address()
    assert traffic.is_shut(phone)
    phone.leave()
    phone.join_by(text_for(phone, ca))
    assert is_online(phone)
