# SPDX-License-Identifier: GPL-3.0-or-later
"""Two zones that are VLANs: of one trunk, and of one bridge that filters."""
import lab
import pytest
import test_shaping
import traffic
from traffic import FAMILIES, V4, V6

VLANS = {"guest": 10, "staff": 20}
# The cap must hold; what the emulated machine gets through varies.
FLOOR = 0.9
CAP = {"rate_down": "5mbit", "rate_up": "1mbit"}
FULL = {True: 5_000_000, False: 1_000_000}


class Cable:
    """Both VLANs on the way: a switch with access ports, its trunk to the
    gate, and on it the devices of the zones."""

    def __init__(self, street, gate_lines, device):
        self.street = street
        self.networks = {}
        self.switch = street._namespace("switch")
        self.switch.ip(
            "link add br0 type bridge forward_delay 0 vlan_filtering 1",
            f"link add trunk gso_max_segs 1 type veth peer name eth1"
            f" netns {street.gate.name}",
            "link set trunk master br0 up", "link set br0 up")
        for tag in VLANS.values():
            self.switch.run("bridge", "vlan", "add", "dev", "trunk", "vid",
                            str(tag))
        street.gate.ip("link set eth1 up", *gate_lines)
        self.phones = {}
        for number, (zone, tag) in enumerate(VLANS.items(), 40):
            network = lab.Network(zone, number)
            network.bridge = device.format(tag=tag)
            self.networks[zone] = network
            street.gate.ip(
                f"link set {network.bridge} up",
                f"addr add {network.gate4}/16 dev {network.bridge}",
                f"addr add {network.gate6}/64 dev {network.bridge} nodad")
            street.internet.ip(
                f"route add {network.prefix4}.0.0/16 via {lab.UPLINK4}",
                f"route add {network.prefix6}:/64 via {lab.UPLINK6}")
            self.phones[zone] = [self._plug(network, tag, n)
                                 for n in range(2)]

    def _plug(self, network, tag, number):
        """A phone on an access port of the switch."""
        ns = self.street._namespace(f"v{network.zone}{number}")
        port = f"{network.zone}{number}"
        ns.ip(f"link add eth0 gso_max_segs 1 type veth peer name {port}"
              f" netns {self.switch.name}")
        self.switch.ip(f"link set {port} master br0 up")
        self.switch.run("bridge", "vlan", "add", "dev", port, "vid",
                        str(tag), "pvid", "untagged")
        self.switch.run("bridge", "vlan", "del", "dev", port, "vid", "1")
        phone = lab.Phone(ns, "eth0", network, number)
        lab._setup_phone(phone, True)
        return phone

    def close(self):
        self.street.gate.run("ip", "link", "del", "brv", check=False)
        for network in self.networks.values():
            self.street.internet.ip(
                f"route del {network.prefix4}.0.0/16",
                f"route del {network.prefix6}:/64")
            for phone in self.phones[network.zone]:
                self.street.remove_phone(phone)
        self.street.namespaces.remove(self.switch)
        self.switch.close()  # and the trunk with it


def sub_interfaces(street):
    return Cable(street, [
        f"link add link eth1 name eth1.{tag} type vlan id {tag}"
        for tag in VLANS.values()], "eth1.{tag}")


def filtering_bridge(street):
    street.gate.ip("link add brv type bridge forward_delay 0"
                   " vlan_filtering 1")
    return Cable(street, [
        "link set brv up", "link set eth1 master brv",
        *(f"link add link brv name brv.{tag} type vlan id {tag}"
          for tag in VLANS.values())], "brv.{tag}")


@pytest.fixture(params=[sub_interfaces, filtering_bridge],
                ids=["trunk", "bridge"])
def cable(request, street):
    laid = request.param(street)
    if request.param is filtering_bridge:
        for tag in VLANS.values():
            for args in (["dev", "eth1"], ["dev", "brv", "self"]):
                street.gate.run("bridge", "vlan", "add", *args[:2], "vid",
                                str(tag), *args[2:])
    yield laid
    laid.close()


def start(stadttor, cable):
    """As Stadttor.start(), for zones with devices of other names."""
    stadttor.configure(guest={**CAP, "device": cable.networks["guest"].bridge},
                       staff={"device": cable.networks["staff"].bridge})
    stadttor.start_one("stadttor-netctl")
    stadttor.start_one("stadttor-portal")
    stadttor.wait_ready()


def test_zones(stadttor, cable):
    """A tap opens one device of one VLAN, for both families."""
    start(stadttor, cable)
    guest, staff = cable.phones["guest"], cable.phones["staff"]
    for phone in guest + staff:
        for family in FAMILIES:
            assert traffic.http(phone, traffic.web(family)).status == 302
            assert traffic.is_shut(phone, family)
    assert traffic.tap(guest[0]).status == 303
    for family in FAMILIES:
        assert traffic.is_online(guest[0], family)
        assert all(traffic.is_shut(phone, family)
                   for phone in guest[1:] + staff)
    # the same device on the other VLAN is a stranger there
    staff[0].netns.ip(f"link set eth0 address {guest[0].mac}")
    for family in FAMILIES:
        assert traffic.is_shut(staff[0], family)
    assert traffic.tap(staff[0], V6).status == 303
    for family in FAMILIES:
        traffic.wait_online(staff[0], family)
        assert traffic.ping(staff[0], guest[0].address(family),
                            0.5) is not True
    assert sorted(s["zone"] for s in stadttor.sessions()) == \
        ["guest", "staff"]
    stadttor.revoke(guest[0].ip4)
    traffic.wait_shut(guest[0])
    assert traffic.is_online(staff[0])


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
def test_caps(stadttor, cable, down, say):
    start(stadttor, cable)
    phones = cable.phones["guest"]
    test_shaping.tap_all(phones)

    def is_kept(rates):
        return all(FLOOR <= share <= 1.0
                   for share in test_shaping.shares(rates, FULL[down]))
    got = test_shaping.measure(phones, down, [(V4, 8), (V6, 1)],
                               seconds=30)
    say(f"VLAN, goodput of the cap {'down' if down else 'up'}: "
        f"{test_shaping.shares(got, FULL[down])}")
    assert is_kept(got)
