# SPDX-License-Identifier: GPL-3.0-or-later
"""Radios that the kernel plays: access points of the gate, and phones."""
import os
import re
import subprocess
import time

import lab

OPEN, HIDDEN = "Stadt", "Stadt-OWE"
# Joins the bridge of the guests, as OpenWrt's netifd has it. Keys are not sent
# again after 0.1 s, in which nobody answers on a machine that is busy.
AP = """interface={device}
bridge={bridge}
driver=nl80211
ctrl_interface={folder}/ap
hw_mode=g
channel={channel}
ssid={open}
ap_isolate=1
owe_transition_ifname={device}o

bss={device}o
bridge={bridge}
ssid={hidden}
ignore_broadcast_ssid=1
wpa=2
wpa_key_mgmt=OWE
rsn_pairwise=CCMP
ieee80211w=2
wpa_disable_eapol_key_retries=1
ap_isolate=1
owe_transition_ifname={device}
"""
STATION = """ctrl_interface={folder}/{device}
network={{
	ssid="{open}"
	key_mgmt={key}
	ieee80211w={protected}
	scan_freq=2412 2437
}}
"""
LEASE = """#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr replace "$ip/$mask" dev "$interface"
ip route replace default via "$router" dev "$interface"
env | sed -n 's/^ip=//p; s/^opt114=//p' >"$0.lease"
"""


def make_radios(count):
    """They come up in the machine's own network."""
    subprocess.run(["modprobe", "mac80211_hwsim", f"radios={count}"],
                   check=True)


def take_radio(number, netns):
    """From there, with the device that is on it, whose name this is."""
    subprocess.run(["nsenter", "--net=/proc/1/ns/net", "iw", "phy",
                    f"phy{number}", "set", "netns", "name", netns.name],
                   check=True)
    return f"wlan{number}"


def _write(path, text, mode=0o644):
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def start_access_points(folder, points):
    """One hostapd for all radios of the box, as on OpenWrt."""
    path = f"{folder}/hostapd.log"
    with open(path, "w") as log:
        process = points[0].netns.popen(
            ["hostapd", *(point.config for point in points)],
            stdout=log, stderr=log)

    def are_up():
        with open(path) as log:
            return log.read().count("AP-ENABLED") == len(points)
    lab.wait_until(are_up, 10, 0.2, "hostapd did not start")
    for point in points:
        point.set_apart()
    return process


class Radio:
    """One of the gate's, with the networks that a configuration makes."""

    def __init__(self, street, folder, number, text):
        self.netns = street.gate
        self.device = take_radio(number, self.netns)
        self.config = _write(f"{folder}/{self.device}.conf",
                             text(self.device))
        with open(self.config) as file:
            self.devices = re.findall(r"^(?:interface|bss)=(.*)$",
                                      file.read(), re.M)

    def set_apart(self):
        """hostapd keeps apart who is on one network, the bridge the rest."""
        self.netns.ip(*(f"link set {device} type bridge_slave isolated on"
                        for device in self.devices))

    def bssid_of(self, device):
        shown = self.netns.run("ip", "-o", "link", "show", "dev",
                               device).stdout
        return re.search(r"link/ether (\S+)", shown).group(1)


class AccessPoint(Radio):
    """An open network and its encrypted twin on one radio of the gate."""

    def __init__(self, street, folder, number, channel):
        super().__init__(street, folder, number, lambda device: AP.format(
            device=device, bridge=street.guest.bridge, channel=channel,
            folder=folder, open=OPEN, hidden=HIDDEN))

    def _device(self, encrypted):
        return self.device + ("o" if encrypted else "")

    def bssid(self, encrypted):
        return self.bssid_of(self._device(encrypted))

    def stations(self, encrypted):
        return re.findall(r"^Station (\S+)", self.netns.run(
            "iw", "dev", self._device(encrypted), "station", "dump").stdout,
            re.M)


class Station(lab.Phone):
    """A phone with a radio. It knows nothing but the network's name."""

    def __init__(self, netns, folder, network, number):
        super().__init__(netns, take_radio(number, netns), network,
                         200 + number)
        self.folder = str(folder)
        self.option_114 = self.supplicant = None
        netns.sysctl(f"net/ipv6/conf/{self.device}/accept_ra", 1)
        netns.ip(f"link set {self.device} address {self.mac}")

    def join(self, encrypted):
        """Seconds until it has joined."""
        return self.join_by(STATION.format(
            folder=self.folder, device=self.device, open=OPEN,
            key="OWE" if encrypted else "NONE",
            protected=2 if encrypted else 0))

    def join_by(self, text):
        """The same, by that configuration."""
        self.start_supplicant(text)
        began = time.monotonic()
        try:
            lab.wait_until(self.has_joined, 20, 0.1, "it did not join")
        except AssertionError as error:
            with open(f"{self.folder}/{self.device}.log") as log:
                raise AssertionError(log.read()[-3000:]) from error
        return time.monotonic() - began

    def start_supplicant(self, text):
        with open(f"{self.folder}/{self.device}.log", "w") as log:
            self.supplicant = self.netns.popen(
                ["wpa_supplicant", "-D", "nl80211", "-i", self.device, "-c",
                 _write(f"{self.folder}/{self.device}.conf", text)],
                stdout=log, stderr=log)

    def cli(self, *args):
        return self.netns.run("wpa_cli", "-p", f"{self.folder}/{self.device}",
                              "-i", self.device, *args, check=False).stdout

    def status(self):
        return dict(line.split("=", 1) for line in
                    self.cli("status").splitlines() if "=" in line)

    def has_joined(self, bssid=None):
        status = self.status()
        return status.get("wpa_state") == "COMPLETED" and \
            bssid in (None, status["bssid"])

    def walk(self, bssid):
        """Seconds until it is there; the network has the same name."""
        began = time.monotonic()
        self.cli("set_network", "0", "bssid", bssid)
        self.cli("reassociate")
        lab.wait_until(lambda: self.has_joined(bssid), 20, 0.05,
                       "it did not walk over")
        return time.monotonic() - began

    def ask_for_address(self):
        """By DHCP, asking for the portal's address (RFC 8910) too."""
        script = _write(f"{self.folder}/{self.device}.lease", LEASE, 0o755)
        self.netns.run("udhcpc", "-i", self.device, "-n", "-q", "-f", "-O",
                       "114", "-t", "10", "-T", "3", "-s", script)
        with open(f"{script}.lease") as file:
            told = file.read().split()
        self.ip4, = (word for word in told if "." in word)
        self.option_114 = next((bytes.fromhex(word).decode() for word in told
                                if "." not in word), None)

    def has_own_ipv6(self):
        return self.network.prefix6 in self.netns.run(
            "ip", "-6", "addr", "show", "dev", self.device,
            "scope", "global").stdout

    def leave(self):
        if self.supplicant:
            self.cli("disconnect")
            lab.stop(self.supplicant)
            self.supplicant = None
