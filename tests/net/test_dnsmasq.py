# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor dns-config` fed to the real dnsmasq: what phones are told by DHCP,
where the portal's name leads, and which names are open before the tap."""
import os
import re
import socket
import struct
import subprocess

import gate
import lab
import probes
import pytest
import traffic
from test_captive import NAME, Client

API = f"https://{NAME}/captive-api"
A, AAAA, HTTPS = 1, 28, 65
TAKE_DOWN = """#!/bin/sh
[ "$1" != bound ] || env | sed -n 's/^opt114=//p' >"$0.told"
"""
SERVICES = """
config tile 'parken'
	list title 'de=Parken'
	option link 'http://garden.test/frei?q=1'
	list zone 'guest'

config tile 'wetter'
	list title 'de=Wetter'
	option link 'https://nmcheck.gnome.org:443/'
	list zone 'staff'
"""


@pytest.fixture(scope="module")
def programs(street, ca):
    """Two zones, and a portal whose certificate this box trusts."""
    chain, key = ca.issue("portal", NAME)
    started = gate.Stadttor(street)
    started.environment["SSL_CERT_FILE"] = ca.file
    started.configure(guest={"dns_rate": 1000}, staff={"dns_rate": 1000},
                      portal={"hostname": NAME, "certificate": chain,
                              "key": key})
    with open(started.config) as file:
        started.write(file.read() + SERVICES)
    started.start_one(gate.NETCTL)
    started.start_one(gate.PORTAL)
    started.wait_ready()
    yield started
    started.close()


@pytest.fixture(scope="module")
def printed(programs):
    done = programs.cli("dns-config")
    assert done.stderr == ""
    return done.stdout


def start_dnsmasq(street, path):
    child = street.gate.popen(
        ["dnsmasq", "--keep-in-foreground", f"--conf-file={path}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    phone = street.phones[0]
    lab.wait_until(lambda: traffic.resolve(phone, "net.test"), 10,
                   say="dnsmasq did not start")
    return child


@pytest.fixture(scope="module")
def dnsmasq(street, programs, printed):
    """As the operator's own lines have it, and the printed file beside."""
    folder = os.path.join(street.folder, "printed")
    os.makedirs(os.path.join(folder, "dnsmasq.d"))
    with open(os.path.join(folder, "dnsmasq.d", "stadttor.conf"), "w") as f:
        f.write(printed)
    lines = ["no-resolv", "no-hosts", f"server={lab.RESOLVER4}", "pid-file=",
             "user=nobody", "except-interface=lo", "bind-dynamic",
             f"log-facility={folder}/log", "enable-ra",
             f"dhcp-leasefile={folder}/leases", "dhcp-authoritative",
             f"conf-dir={folder}/dnsmasq.d"]
    # Addresses of documentation are no hosts of the internet to dnsmasq.
    tops = {name.rpartition(".")[2] for name in probes.NAMES} | {"test"}
    lines.append(f"rebind-domain-ok=/{'/'.join(sorted(tops))}/")
    for n in (street.guest, street.staff):
        lines += [f"dhcp-range={n.prefix4}.9.1,{n.prefix4}.9.200,1h",
                  f"dhcp-range=::,constructor:{n.bridge},ra-stateless"]
    path = os.path.join(folder, "dnsmasq.conf")
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    lab.stop(street.resolver)
    own = start_dnsmasq(street, path)
    yield own
    ended = own.poll()
    lab.stop(own)
    street.resolver = start_dnsmasq(
        street, os.path.join(street.folder, "gate-dnsmasq.conf"))
    assert ended is None
    with open(os.path.join(folder, "log")) as f:
        assert not re.search(r"Error|failed|bad option", f.read())


# --- what phones are told ----------------------------------------------------

@pytest.mark.parametrize("zone", ["guest", "staff"])
def test_option_114(street, dnsmasq, tmp_path, zone):
    """RFC 8910 section 2.1: the address as text, without a zero behind it."""
    script = tmp_path / "script"
    script.write_text(TAKE_DOWN)
    script.chmod(0o755)
    phone = street.add_phone(getattr(street, zone), 60, static=False)
    try:
        phone.netns.run("udhcpc", "-i", phone.device, "-n", "-q", "-f", "-O",
                        "114", "-s", script, timeout=120)
    finally:
        street.remove_phone(phone)
    told = (tmp_path / "script.told").read_text()
    assert bytes.fromhex(told.strip()).decode() == API


def option6(kind, data):
    return struct.pack("!HH", kind, len(data)) + data


def information_request(phone, wanted):
    """Options of the server's reply (RFC 8415 section 18.2.6)."""
    duid = b"\0\3\0\1" + bytes.fromhex(phone.mac.replace(":", ""))
    request = b"\x0b\x01\x02\x03" + option6(1, duid) + \
        option6(6, struct.pack("!H", wanted)) + option6(8, b"\0\0")
    with phone.netns.socket(socket.AF_INET6, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                     phone.device.encode())
        s.bind(("::", 546))
        s.settimeout(60)
        with phone.netns.entered():
            index = socket.if_nametoindex(phone.device)
        s.sendto(request, ("ff02::1:2", 547, 0, index))
        reply = s.recv(2048)
    assert reply[:4] == b"\x07\x01\x02\x03"
    options, at = {}, 4
    while at < len(reply):
        kind, length = struct.unpack_from("!HH", reply, at)
        options[kind] = reply[at + 4:at + 4 + length]
        at += 4 + length
    return options


@pytest.mark.parametrize("zone", ["phones", "staff_phones"])
def test_option_103(street, dnsmasq, zone):
    phone = getattr(street, zone)[0]
    assert information_request(phone, 103)[103].decode() == API
    assert 103 not in information_request(phone, 23)


@pytest.mark.parametrize("zone", ["phones", "staff_phones"])
def test_name_of_the_portal(street, dnsmasq, ca, zone):
    """Each address that a phone is told leads to the API of its zone; who
    asks by IPv4 gets one only."""
    phone = getattr(street, zone)[0]
    network = phone.network
    assert traffic.resolve(phone, NAME, A, network.gate4) == [network.gate4]
    found = set()
    for server in (network.gate4, network.gate6):
        for kind in (A, AAAA):
            found.update(traffic.resolve(phone, NAME, kind, server))
        # nothing that could lead elsewhere
        assert traffic.resolve(phone, NAME, HTTPS, server) == []
    assert found == {a for n in (street.guest, street.staff)
                     for a in (n.gate4, n.gate6)}
    for address in found:
        client = Client(phone, ca, traffic.family_of(address))
        client.address = address
        assert client.told()["captive"] is True, address


# --- what is open before the tap ---------------------------------------------

def reaches(phone, address, host):
    answer = traffic.http(phone, address, "/frei", host=host)
    return answer.status == 200


@pytest.mark.parametrize("kind,address", [(A, lab.GARDEN4),
                                          (AAAA, lab.GARDEN6)])
def test_tile_is_open_once_it_was_asked_for(street, dnsmasq, kind, address):
    phone, stranger = street.phones[0], street.staff_phones[0]
    assert not reaches(phone, address, "garden.test")
    assert traffic.tcp_connect(phone, address, 443) is not True
    # a query for another name, or of the other zone, opens nothing
    assert traffic.resolve(phone, "net.test", kind)
    assert traffic.resolve(phone, "nmcheck.gnome.org", kind)
    assert not reaches(phone, address, "garden.test")
    assert traffic.resolve(stranger, "garden.test", kind) == [address]
    assert not reaches(stranger, address, "garden.test")
    # in its own zone the answer comes with an open gate
    assert traffic.resolve(phone, "www.garden.test", kind) == [address]
    assert reaches(phone, address, "www.garden.test")
    assert traffic.tcp_connect(phone, address, 443) is True


def test_a_name_that_leads_inside(street, dnsmasq):
    """Its owner says so; nobody gets to know."""
    for phone in (street.phones[0], street.staff_phones[0]):
        assert not traffic.resolve(phone, "inside.rebind", A)


def test_others_stay_shut(street, dnsmasq):
    for phone in (street.phones[0], street.staff_phones[0]):
        for family, kind in ((traffic.V4, A), (traffic.V6, AAAA)):
            assert traffic.resolve(phone, "net.test", kind) == \
                [traffic.web(family)]
            assert not reaches(phone, traffic.web(family), "net.test")
            assert traffic.tcp_connect(phone, traffic.web(family),
                                       443) is not True
            assert traffic.is_shut(phone, family)


def test_each_zone_has_its_own_tiles(street, dnsmasq):
    guest, staff = street.phones[0], street.staff_phones[0]
    for kind, address in ((A, lab.PROBED4), (AAAA, lab.PROBED6)):
        assert traffic.resolve(guest, "nmcheck.gnome.org", kind) == [address]
        assert traffic.tcp_connect(guest, address, 443) is not True
        assert traffic.tcp_connect(staff, address, 443) is True


# --- when it is announced ----------------------------------------------------

def left_out(programs, *args):
    done = programs.cli("dns-config", *args, check=False)
    assert done.returncode == 1
    assert "114" not in re.sub(r"(?m)^#.*", "", done.stdout)
    assert f"interface-name={NAME},br-guest\n" in done.stdout
    return done.stderr


def test_not_without_those_who_answer(programs, printed):
    """Stops the programs: the last test of the module."""
    assert f"dhcp-option=tag:br-guest,114,\"{API}\"\n" in printed
    programs.kill(gate.PORTAL)
    assert "no portal listens" in left_out(programs)
    programs.start_one(gate.PORTAL)
    programs.wait_ready()
    assert programs.cli("dns-config").stdout == printed
    programs.kill(gate.NETCTL)
    assert "netctl is not reachable" in left_out(programs)
    forced = programs.cli("dns-config", "--force")
    assert f"dhcp-option=tag:br-staff,option6:103,\"{API}\"\n" in \
        forced.stdout
    assert "By force" in forced.stdout and forced.stderr == ""
    programs.start_one(gate.NETCTL)
    programs.wait_ready()
