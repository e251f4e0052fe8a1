# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal asks netctl for the box's addresses, and the kernel for nothing."""
import errno
import os
import re
import socket
import subprocess

import gate
import ipc
import lab
import pytest
import traffic
from gate import NETCTL, PORTAL

PLAIN = os.path.join(gate.REPO, os.environ.get("STADTTOR_PLAIN", "build"))
HIJACK = 2080
TILE = gate.section("tile", "parking", {
    "title": ["de=Parken"], "text": ["de=Innenstadt"],
    "link": "http://parken.test/", "live_url": "http://parken.test/x.json",
    "live_pointer": "/free", "live_text": ["de={} frei"]})


def link_local(network, street):
    shown = street.gate.run("ip", "-6", "addr", "show", "dev", network.bridge,
                            "scope", "link").stdout
    return re.search(r"inet6 (fe80[^/]*)", shown)[1]


def leads_to(phone, address):
    """Where the portal sends who has come to that address of the gate."""
    with phone.socket(socket.AF_INET6, socket.SOCK_STREAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
        s.settimeout(60)
        s.connect((address, HIJACK))
        s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        return re.search(rb"Location: http://(.*)/\?via=o\r\n",
                         s.makefile("rb").read())[1].decode()


def test_who_comes_to_a_link_local_address_is_led_to_a_usable_one(
        stadttor, street, phones):
    stadttor.start()
    network = phones[0].network
    own = link_local(network, street)

    def leads(place):
        lab.wait_until(lambda: leads_to(phones[0], own) == place,
                       say=f"nobody is led to {place}")
    try:
        leads(network.gate4)
        street.gate.ip(f"addr del {network.gate4}/16 dev {network.bridge}")
        leads(f"[{network.gate6}]")
        street.gate.ip(f"addr del {network.gate6}/64 dev {network.bridge}")
        leads(f"[{own}]")
    finally:
        street.gate.ip(f"addr replace {network.gate4}/16 dev {network.bridge}")
        street.restore_addresses()
    leads(network.gate4)
    stadttor.reload(PORTAL)
    stadttor.wait_log("reloaded", PORTAL)
    leads(network.gate4)


def test_netctl_tells_of_changes_alone(stadttor, street):
    """And not whenever an address is renewed."""
    stadttor.start()
    limited = "10.98.0.1/24 dev wan0 valid_lft {0} preferred_lft {0}"
    with ipc.Peer(stadttor.socket) as peer:
        def told():
            return ipc.HEADER.unpack_from(peer.socket.recv(1024))[1]
        assert told() == ipc.ZONE
        street.gate.ip("addr add " + limited.format(500))
        assert told() == ipc.ZONE
        for seconds in (400, 300):
            street.gate.ip("addr change " + limited.format(seconds))
            peer.send(ipc.device_ask("10.98.0.1"))
            assert told() == ipc.DEVICE
        street.gate.ip("addr del 10.98.0.1/24 dev wan0")
        assert told() == ipc.ZONE
        assert peer.ask_device("10.98.0.1")[0] == -errno.ENOENT


@pytest.fixture
def traced(stadttor):
    """The portal under strace, with all that it does in a life."""
    trace = os.path.join(stadttor.folder, "trace")

    def start():
        with open(stadttor.log_path(PORTAL), "a") as log:
            stadttor.process[PORTAL] = stadttor.street.gate.popen(
                ["strace", "-D", "-f", "-qq", "-o", trace, "-e",
                 "trace=socket,ioctl,/^open,/exec", os.path.join(PLAIN, PORTAL),
                 "-c", stadttor.config, "-d"], stdout=log, stderr=log)

    def calls():
        stadttor.terminate(PORTAL)
        with open(trace) as file:
            return file.read().splitlines()
    return start, calls


def test_the_portal_asks_the_kernel_for_no_device_and_no_neighbour(
        stadttor, traced, street, phones):
    """From its start to its end, with every part of it at work."""
    start, calls = traced
    stadttor.configure(admin={"address": lab.UPLINK4})
    stadttor.write(open(stadttor.config).read() + TILE)
    subprocess.run([os.path.join(PLAIN, "stadttor"), "-c", stadttor.config,
                    "passwd", "--stdin", "anna"], input="correct horse\n",
                   text=True, check=True, capture_output=True)
    stadttor.start_one(NETCTL)
    start()
    stadttor.wait_ready()
    stadttor.wait_log("admin: listening on wan0", PORTAL)
    assert street.internet.run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d",
        "user=anna&password=correct+horse",
        f"http://{lab.UPLINK4}:2090/login").stdout == "303"
    leads_to(phones[0], link_local(phones[0].network, street))
    assert traffic.tap(phones[0]).status == 303
    assert traffic.log_out(phones[0]).status == 303
    stadttor.restart(NETCTL)
    stadttor.wait_ready()
    stadttor.reload(PORTAL)
    stadttor.wait_log("reloaded", PORTAL)
    seen = calls()
    sockets = {re.search(r"socket\((\w+)", line)[1] for line in seen
               if "socket(" in line}
    assert sockets == {"AF_UNIX", "AF_INET", "AF_INET6"}
    assert [line for line in seen if "ioctl(" in line] == []
    paths = [re.search(r'"([^"]*)"', line)[1] for line in seen
             if '"' in line]
    assert any(path.endswith("index.html") or "/pages/" in path
               for path in paths)
    assert {path for path in paths if re.match(r"/(proc|sys)\b", path)} <= {
        "/proc/self/statm"}


def test_it_confines_itself(stadttor):
    """Whatever starts it: nobody does it here but the test."""
    stadttor.start()
    with open(f"/proc/{stadttor.process[gate.PORTAL].pid}/status") as status:
        rights = dict(line.split(":\t", 1) for line in status)
    assert rights["Seccomp"].strip() == "2"
    assert rights["NoNewPrivs"].strip() == "1"
    assert "no filter of system calls" not in stadttor.log(gate.PORTAL)
