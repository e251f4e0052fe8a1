# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate's own flow table: nobody goes on by it who is no longer in, whether
netctl runs or not, and nothing that happens to devices, routes, config or other
tables opens it or stops the rest."""
import contextlib
import ctypes
import fcntl
import json
import re
import socket
import struct
import subprocess
import time

import lab
import pytest
import test_bytecode
import traffic
from gate import NETCTL
from test_flowtable import FW4, offloaded
from traffic import FAMILIES, V4, V6

families = pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])


def devices(street):
    """Of the flow table, as the kernel has it."""
    shown = street.gate.run("nft", "list", "flowtables", "inet").stdout
    table = re.search(r"table inet stadttor \{.*?devices = \{(.*?)\}", shown,
                      re.S)
    return sorted(re.findall(r"[\w.-]+", table[1])) if table else None


class Upload:
    """UDP that goes up alone once the flow is in the table; what arrives is
    counted by the other side's firewall, which no answer is needed for."""

    def __init__(self, street, phone, family, port):
        self.street, self.name = street, f"{phone.netns.name}{port}".replace(
            "-", "_")
        street.internet.nft(
            f"table inet {self.name} {{ counter c {{ }}\n"
            "chain i { type filter hook input priority 0;"
            f" udp dport {lab.ECHO} @th,64,32 {port} counter name c; }}\n}}\n")
        self.socket = phone.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(("", port))
        self.socket.settimeout(2)
        self.socket.connect((traffic.web(family), lab.ECHO))
        self.payload = port.to_bytes(4, "big")

    def __enter__(self):
        for _ in range(3):
            self.socket.send(self.payload)
            assert self.socket.recv(64) == self.payload
        return self

    def __exit__(self, *exception):
        self.street.internet.run("nft", "delete", "table", "inet", self.name)
        self.socket.close()

    def arrived(self):
        shown = self.street.internet.run("nft", "list", "counter", "inet",
                                         self.name, "c").stdout
        return int(re.search(r"packets (\d+)", shown)[1])

    def send(self, count=20):
        """How many of so many arrive. What passes needs no time here."""
        before = self.arrived()
        for _ in range(count):
            try:
                self.socket.send(self.payload)
            except OSError:
                pass  # the ICMP error of an earlier one
        time.sleep(0.5)
        return self.arrived() - before

    def echoes(self):
        """How many answers wait."""
        self.socket.setblocking(False)
        count = 0
        try:
            while self.socket.recv(64):
                count += 1
        except OSError:
            return count


def forget(street, phone, *maps):
    """As the kernel does when the session's time is over. A netctl that runs
    would put it back."""
    street.gate.nft("".join(
        f"delete element netdev stadttor {m}_guest {{ {phone.mac} }}\n"
        for m in maps))


@families
def test_a_session_ends_without_netctl(stadttor, street, phones, family):
    """Upload and download, each by itself; who stays goes on."""
    stadttor.start()
    goes, stays = phones[0], phones[1]
    for phone in (goes, stays):
        assert traffic.tap(phone).status == 303
    with Upload(street, goes, family, 4001) as going, \
            Upload(street, stays, family, 4002) as staying:
        assert len(offloaded(street, family)) == 2
        assert going.send() == staying.send() == 20
        stadttor.kill()
        forget(street, goes, "up")
        going.echoes()
        assert going.send() == 0
        assert going.echoes() == 0
        assert staying.send() == 20
        # the other way: what it sends passes, the answers do not
        forget(street, stays, "down")
        staying.echoes()
        assert staying.send() == 20
        assert staying.echoes() == 0
        assert len(offloaded(street, family)) == 2


def test_state_is_told(stadttor, street, phones):
    stadttor.start()
    assert stadttor.flow_table() == "on"
    assert devices(street) == ["br-guest", "wan0"]
    assert "the short way" in stadttor.log()
    codes = {x["code"]: x["level"] for x in json.loads(
        stadttor.cli("doctor", "--json", check=False).stdout)}
    assert codes["flow_table"] == "ok"


def test_a_device_that_somebody_puts_in(stadttor, street, phones):
    """By a port of the bridge packets would pass the gate's hooks."""
    stadttor.start()
    street.gate.nft(
        "add flowtable inet stadttor flows { hook ingress priority -9;"
        f" devices = {{ {phones[0].port} }}; }}\n")
    lab.wait_until(lambda: devices(street) == ["br-guest", "wan0"])
    stadttor.wait_log("another program changed our rules: put back")


def test_bytecode_says_what_the_text_says(stadttor, street):
    test_bytecode.compare(stadttor, street, 1)


@families
def test_reload_turns_it_off_and_on(stadttor, street, phones, family):
    """Under a flow that goes on."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    with traffic.NumberedFlow(phones[0], family, every=0.02) as flow:
        flow.progress()
        lab.wait_until(lambda: offloaded(street, family))
        for wanted, said in ((0, "off"), (1, "on")):
            stadttor.configure(gate={"flow_table": wanted})
            stadttor.reload(NETCTL)
            lab.wait_until(lambda: stadttor.flow_table() == said)
            flow.progress(30, 10)
            lab.wait_until(lambda: bool(offloaded(street, family)) == wanted)
            assert devices(street) == (["br-guest", "wan0"] if wanted
                                       else None)
        assert flow.finish() == 0


@families
def test_garden_beside_anothers_table(stadttor, street, phones, family):
    """Who is not in goes on in the garden, though somebody else's table
    carries that; and comes out of there by a tap."""
    street.gate.nft(FW4)
    try:
        stadttor.start(guest={"garden_address": [
            traffic.garden(family) + ("/32" if family == V4 else "/128")],
            "garden_port": ["all"]})
        phone = phones[0]
        s = phone.socket(family, socket.SOCK_DGRAM)
        s.settimeout(2)
        s.connect((traffic.garden(family), lab.ECHO))
        for n in range(40):
            s.send(bytes([n]))
            assert s.recv(16) == bytes([n])
        assert offloaded(street, family)
        assert traffic.is_shut(phone, family)
        assert traffic.tap(phone).status == 303
        assert traffic.is_online(phone, family)
        s.close()
    finally:
        street.gate.run("nft", "delete", "table", "inet", "fw4", check=False)


def test_anothers_table_takes_no_flow_of_ours(stadttor, street, phones):
    """Ours is asked first, for UDP by the answer, so that nothing goes by
    devices below ours."""
    ports = ", ".join(f'"{p.port}"' for p in phones)
    street.gate.nft(FW4.replace('"br-guest"', ports))
    try:
        stadttor.start(guest={"rate_up": "1mbit", "rate_down": "5mbit"})
        phone = phones[0]
        assert traffic.tap(phone).status == 303
        with Upload(street, phone, V4, 4005) as upload:
            before = stadttor.session_of(phone)["up_bytes"]
            assert upload.send(50) == 50
            assert stadttor.session_of(phone)["up_bytes"] - before >= 50 * 32
            stadttor.revoke(phone.ip4)
            assert upload.send() == 0
    finally:
        street.gate.run("nft", "delete", "table", "inet", "fw4", check=False)


def test_quota_ends_it(stadttor, street, phones):
    stadttor.start(guest={"quota": "1mb"})
    assert traffic.tap(phones[0]).status == 303
    with traffic.Transfer(phones[0], V4) as transfer:
        lab.wait_until(lambda: not stadttor.sessions(), 20)
        time.sleep(0.5)
        before = transfer.moved()
        time.sleep(1)
        assert transfer.moved() == before
        assert offloaded(street, V4) == []


def test_uplink_is_made_anew(stadttor, street, phones):
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    with traffic.NumberedFlow(phones[0], V4, every=0.05) as flow:
        flow.progress()
        lab.wait_until(lambda: offloaded(street, V4))
        street.rebuild_uplink()
        flow.progress(20, 20)
        lab.wait_until(lambda: offloaded(street, V4))
        assert devices(street) == ["br-guest", "wan0"]
    assert traffic.is_shut(phones[1])


def test_zones_device_goes_and_comes(stadttor, street, phones):
    stadttor.start(staff={})
    assert traffic.tap(street.staff_phones[0]).status == 303
    with traffic.NumberedFlow(street.staff_phones[0], V4, every=0.05) as flow:
        flow.progress()
        street.gate.ip(f"link del {street.guest.bridge}")
        lab.wait_until(lambda: devices(street) == ["br-staff", "wan0"])
        flow.progress()
        street.build_bridge(street.guest)
        street.rejoin(street.guest)
        lab.wait_until(lambda: devices(street) ==
                       ["br-guest", "br-staff", "wan0"])
        flow.progress()
        assert flow.finish() == 0
    traffic.wait_shut(phones[0])
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0])


def test_zones_device_is_renamed(stadttor, street, phones):
    """It is shut under its new name, and with it what the table carries."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    gate = street.gate
    with Upload(street, phones[0], V4, 4003) as upload:
        assert upload.send() == 20
        gate.ip("link set br-guest down", "link set br-guest name other",
                "link set other up")
        try:
            lab.wait_until(lambda: devices(street) == ["wan0"])
            assert upload.send() == 0
        finally:
            gate.ip("link set other down", "link set other name br-guest",
                    "link set br-guest up")
            street.restore_addresses()
        lab.wait_until(lambda: devices(street) == ["br-guest", "wan0"])
        lab.wait_until(upload.send, 10)


def test_two_uplinks(stadttor, street, phones):
    """A flow follows its route to the other uplink."""
    gate, internet = street.gate, street.internet
    internet.ip(f"link add eth9 type veth peer name wan9 netns {gate.name}",
                "link set eth9 up", "addr add 198.51.101.1/24 dev eth9")
    gate.ip("link set wan9 up", "addr add 198.51.101.2/24 dev wan9")
    try:
        stadttor.configure()
        with open(stadttor.config, "a") as file:
            file.write("config uplink 'second'\n\toption device 'wan9'\n")
        stadttor.start_one(NETCTL)
        stadttor.start_one("stadttor-portal")
        stadttor.wait_ready()
        assert devices(street) == ["br-guest", "wan0", "wan9"]
        assert traffic.tap(phones[0]).status == 303
        with Upload(street, phones[0], V4, 4004) as upload:
            assert upload.send() == 20
            gate.ip("route replace default via 198.51.101.1 dev wan9")
            internet.ip(f"route replace {lab.UPLINK4}/32 dev eth0")
            assert lab.wait_until(upload.send, 10)
            stadttor.kill()
            forget(street, phones[0], "up")
            assert upload.send() == 0
        assert traffic.is_shut(phones[0])
    finally:
        gate.ip(f"route replace default via {lab.HOST4}")
        gate.ip("link del wan9")


def stacked(street, lower, tag):
    """A zone on a VLAN of a device that is an uplink or another zone's."""
    device = f"{lower}.{tag}"
    street.gate.ip(f"link add link {lower} name {device} type vlan id {tag}",
                   f"link set {device} up",
                   f"addr add 10.77.0.1/16 dev {device}")
    return device


def test_what_others_stand_on_is_left_out(stadttor, street, phones):
    """The kernel would look for the VLAN's frames at the device below."""
    device = stacked(street, "wan0", 7)
    try:
        stadttor.configure()
        with open(stadttor.config, "a") as file:
            file.write(f"config zone 'seven'\n\toption device '{device}'\n")
        stadttor.start_one(NETCTL)
        stadttor.start_one("stadttor-portal")
        stadttor.wait_ready()
        assert devices(street) == ["br-guest", device]
        assert traffic.tap(phones[0]).status == 303
        with Upload(street, phones[0], V4, 4006) as upload:
            assert upload.send() == 20
            stadttor.kill()
            forget(street, phones[0], "up")
            assert upload.send() == 0
        stadttor.start_one(NETCTL)
        lab.wait_until(stadttor.netctl_answers)
        street.gate.ip(f"link del {device}")
        lab.wait_until(lambda: devices(street) == ["br-guest", "wan0"])
    finally:
        street.gate.run("ip", "link", "del", device, check=False)


# --- PPPoE, as far as the kernel has it --------------------------------------

PPPOX, ATTACH, CONNECT, CHANNEL, NEW_UNIT = (
    24, 0x40047438, 0x4004743a, 0x80047437, 0xc004743e)


class PppoeEnd:
    """One side of a session that nobody has negotiated."""

    def __init__(self, stack, namespace, device, peer_mac, address4, address6):
        with namespace.entered():
            s = stack.enter_context(namespace.socket(PPPOX,
                                                     socket.SOCK_STREAM))
            where = (struct.pack("=HI", PPPOX, 0) + struct.pack(">H", 7)
                     + bytes.fromhex(peer_mac.replace(":", ""))
                     + device.encode().ljust(16, b"\0"))
            if ctypes.CDLL(None, use_errno=True).connect(
                    s.fileno(), where, len(where)):
                raise OSError(ctypes.get_errno(), "PPPoE")
            channel, unit = (stack.enter_context(open("/dev/ppp", "rb+", 0))
                             for _ in range(2))
            number = bytearray(4)
            fcntl.ioctl(s, CHANNEL, number)
            fcntl.ioctl(channel, ATTACH, number)
            number = bytearray(struct.pack("=i", -1))
            fcntl.ioctl(unit, NEW_UNIT, number)
            fcntl.ioctl(channel, CONNECT, number)
            self.device = f"ppp{struct.unpack('=i', number)[0]}"
        namespace.ip(f"link set {self.device} mtu 1492 up",
                     f"addr add {address4} dev {self.device}",
                     f"addr add {address6} dev {self.device} nodad")


@pytest.fixture
def dsl(street):
    """The name of an uplink by PPPoE, by which the default routes lead."""
    subprocess.run(["modprobe", "-a", "pppoe", "ppp_generic"], check=True)
    gate, internet, guest = street.gate, street.internet, street.guest
    internet.ip(
        f"link add dsl address 02:00:00:00:05:01 type veth peer name dsl"
        f" address 02:00:00:00:05:02 netns {gate.name}", "link set dsl up")
    gate.ip("link set dsl up")
    with contextlib.ExitStack() as stack:
        far = PppoeEnd(stack, internet, "dsl", "02:00:00:00:05:02",
                       "192.0.2.1/24", "2001:db8:5::1/64")
        near = PppoeEnd(stack, gate, "dsl", "02:00:00:00:05:01",
                        "192.0.2.2/24", "2001:db8:5::2/64")
        gate.ip(f"route replace default dev {near.device}",
                f"route replace ::/0 dev {near.device}")
        internet.ip(f"route replace {guest.prefix6}:/64 dev {far.device}")
        yield near.device
    gate.ip("link del dsl")
    street.plug_in()
    street.restore_addresses()


@families
def test_pppoe(stadttor, street, phones, dsl, family):
    stadttor.start(uplink={"device": dsl})
    assert devices(street) == ["br-guest", dsl]
    assert traffic.tap(phones[0]).status == 303
    with Upload(street, phones[0], family, 4007) as upload:
        assert offloaded(street, family)
        assert upload.send() == 20
        upload.echoes()
        stadttor.kill()
        forget(street, phones[0], "down")
        assert upload.send() == 20
        assert upload.echoes() == 0
        forget(street, phones[0], "up")
        assert upload.send() == 0
