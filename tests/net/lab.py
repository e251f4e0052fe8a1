# SPDX-License-Identifier: GPL-3.0-or-later
"""The street of the tests: an internet host, a gate and some phones.

Each of them is a network namespace. A socket stays in the namespace that it
was made in, so one Python process plays everybody: Namespace.socket() makes a
socket over there, and everything else is ordinary socket code.

    phone1..4 --- br-guest --- gate --- wan0 --- internet
    staff1..2 --- br-staff ----'
    crowd (200 macvlans) on br-guest
"""
import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import probes

HERE = os.path.dirname(os.path.abspath(__file__))
CLONE_NEWNS, CLONE_NEWNET = 0x00020000, 0x40000000

WEB4, WEB6 = "203.0.113.10", "2001:db8:2::10"
GARDEN4, GARDEN6 = "203.0.113.80", "2001:db8:2::80"
RESOLVER4, RESOLVER6 = "203.0.113.53", "2001:db8:2::53"
STRANGER4, STRANGER6 = "203.0.113.99", "2001:db8:2::99"
# Where the hosts of probes.py live, whose names the resolvers know.
PROBED4, PROBED6 = "203.0.113.44", "2001:db8:2::44"
UPLINK4, UPLINK6 = "198.51.100.1", "2001:db8:1::1"
HOST4, HOST6 = "198.51.100.2", "2001:db8:1::2"

ECHO, SOURCE, SINK = 7, 5001, 5002

# Beside forwarding: by default the kernel tells a host only once a second that
# it was refused, and a phone asks more often than that; and it forgets a flow
# of UDP after 30 s, in which a busy machine ends no fifty sessions.
GATE_SYSCTLS = {"ipv4/ip_forward": 1, "ipv6/conf/all/forwarding": 1,
                "ipv4/icmp_ratelimit": 20, "ipv6/icmp/ratelimit": 20,
                "netfilter/nf_conntrack_udp_timeout": 600}

DNSMASQ = ["no-resolv", "no-hosts", "bind-interfaces", "pid-file=",
           "user=root", "cache-size=0", "log-facility=-"]

_libc = ctypes.CDLL(None, use_errno=True)


def enter(fd):
    if _libc.setns(fd, CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


def enter_own_world():
    """A network and mounts of our own, so that no name ever clashes."""
    if _libc.unshare(CLONE_NEWNS | CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.makedirs("/run/netns", exist_ok=True)
    for args in (["--make-rprivate", "/"],
                 ["-t", "tmpfs", "-o", "mode=755", "netns", "/run/netns"]):
        subprocess.run(["mount", *args], check=True)
    ip_batch(["link set lo up"])


def ip_batch(lines, netns=None):
    """Runs many ip(8) commands in one process."""
    where = ["-n", netns] if netns else []
    subprocess.run(["ip", *where, "-batch", "-"], input="\n".join(lines),
                   text=True, check=True, stdout=subprocess.DEVNULL)


def use_cubic(s):
    """Loss is what shaping is made of; BBR would hide how it works."""
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")


# How much longer than on an idle machine anything may take that is no test of
# time. It costs nothing where all is well.
PATIENCE = 8


def wait_until(what, seconds=5.0, every=0.02, say="it did not happen"):
    """Polls until what() is true, and returns that value; seconds: by when that
    is so on a machine with nothing else to do."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        value = what()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{say} within {seconds} s")
        time.sleep(every)


class Namespace:
    """A network namespace, and the ways to do things inside it."""

    def __init__(self, name):
        self.name = name
        self.children = []
        subprocess.run(["ip", "netns", "add", name], check=True)
        self.fd = os.open(f"/run/netns/{name}", os.O_RDONLY | os.O_CLOEXEC)
        for key, value in {
            "net/ipv6/conf/default/accept_dad": 0,
            "net/ipv6/conf/all/accept_dad": 0,
            "net/ipv4/ping_group_range": "0 65534",
        }.items():
            self.sysctl(key, value)
        self.ip("link set lo up")

    @contextlib.contextmanager
    def entered(self):
        """The calling thread is inside for the length of the block."""
        home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        enter(self.fd)
        try:
            yield
        finally:
            enter(home)
            os.close(home)

    def socket(self, family, kind, proto=0):
        with self.entered():
            return socket.socket(family, kind, proto)

    def ask(self, address, port, path, *headers):
        """The answer of HTTP, whole, by a connection of its own; curl would be
        a program to start for each."""
        lines = [f"GET {path} HTTP/1.1", f"Host: {address}:{port}",
                 "Connection: close", *headers, "", ""]
        with self.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.settimeout(10 * PATIENCE)
            s.connect((address, port))
            s.sendall("\r\n".join(lines).encode())
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def popen(self, args, **kwargs):
        with self.entered():
            child = subprocess.Popen(args, **kwargs)
        self.children.append(child)
        return child

    def run(self, *args, check=True, **kwargs):
        with self.entered():
            return subprocess.run(args, check=check, text=True,
                                  capture_output=True, **kwargs)

    def ip(self, *lines):
        ip_batch(lines, self.name)

    def nft(self, text):
        self.run("nft", "-f", "-", input=text)

    def sysctl(self, key, value):
        with self.entered(), open(f"/proc/sys/{key}", "w") as file:
            file.write(str(value))

    def listens(self, port):
        """Somebody waits for connections of TCP there (proc_net_tcp.rst: the
        own address, which ends on the port, and LISTEN, which is 0A)."""
        ends = re.compile(rf":{port:04X} [0-9A-F]+:0000 0A ")
        with self.entered():
            return any(ends.search(open(f"/proc/thread-self/net/{name}").read())
                       for name in ("tcp", "tcp6"))

    def close(self):
        for child in self.children:
            if child.poll() is None:
                child.kill()
                child.wait()
        os.close(self.fd)
        subprocess.run(["ip", "netns", "del", self.name], check=False)


class Network:
    """A guest network: the numbers that belong to a bridge of the gate."""

    def __init__(self, zone, number):
        self.zone = zone
        self.bridge = f"br-{zone}"
        self.mac = f"02:57:00:00:00:{number:02x}"
        self.prefix4 = f"10.{number}"
        self.prefix6 = f"2001:db8:{number}:"
        self.gate4 = f"{self.prefix4}.0.1"
        self.gate6 = f"{self.prefix6}:1"

    def gate(self, family):
        return self.gate4 if family == socket.AF_INET else self.gate6


class Phone:
    """A device on a guest network. Its methods are in traffic.py's terms."""

    def __init__(self, netns, device, network, number):
        self.netns = netns
        self.device = device
        self.network = network
        self.mac = f"02:50:{network.gate4.split('.')[1]:0>2}:00:" \
                   f"{number >> 8:02x}:{number & 255:02x}"
        self.ip4 = f"{network.prefix4}.{1 + number // 250}.{number % 250 + 2}"
        self.ip6 = f"{network.prefix6}:{number + 256:x}"
        self.bound = None  # the device that every socket must use

    def address(self, family):
        return self.ip4 if family == socket.AF_INET else self.ip6

    def socket(self, family, kind, proto=0, source=None):
        s = self.netns.socket(family, kind, proto)
        if self.bound:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE,
                         self.bound.encode())
        if source:
            s.bind((source, 0))
        return s

    def add_address(self, text):
        self.netns.ip(f"addr add {text}/64 dev {self.device} nodad")

    def received(self):
        """Bytes of frames that its device has got so far."""
        with self.netns.entered(), open("/proc/thread-self/net/dev") as file:
            line, = (line for line in file
                     if line.strip().startswith(f"{self.device}:"))
        return int(line.split(":")[1].split()[0])

    def raw(self, frame):
        """Sends an Ethernet frame as it is."""
        with self.netns.socket(socket.AF_PACKET, socket.SOCK_RAW) as s:
            s.bind((self.device, 0))
            s.send(frame)


def _setup_phone(phone, static):
    phone.netns.sysctl(f"net/ipv6/conf/{phone.device}/accept_ra",
                       0 if static else 1)
    up = [f"link set {phone.device} address {phone.mac} up"]
    if static:
        up += [
            f"addr add {phone.ip4}/16 dev {phone.device}",
            f"addr add {phone.ip6}/64 dev {phone.device} nodad",
            f"route add default via {phone.network.gate4}",
            f"route add ::/0 via {phone.network.gate6}"
            f" dev {phone.device}",
        ]
    phone.netns.ip(*up)


class Street:
    """Everything that is there before Stadttor is started."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="stadttor-net-")
        os.chmod(self.folder, 0o755)
        self.namespaces = []
        self.guest = Network("guest", 20)
        self.staff = Network("staff", 30)
        self.internet = self._namespace("internet")
        # Nor where a test puts the uplink among the guests, who have routers.
        self.internet.sysctl("net/ipv6/conf/default/accept_ra", 0)
        self.gate = self._namespace("gate")
        self.phones = []
        self.staff_phones = []
        self._crowd = None

    def _namespace(self, name):
        ns = Namespace(name)
        self.namespaces.append(ns)
        return ns

    def build(self, phones=4, staff=2):
        self._build_internet()
        self._build_gate()
        for number in range(phones):
            self.phones.append(self.add_phone(self.guest, number))
        for number in range(staff):
            self.staff_phones.append(self.add_phone(self.staff, number))
        self._start_internet()
        self._start_dnsmasq()

    def _build_internet(self):
        self.internet.ip(
            self._uplink_cable(),
            *(f"addr add {a}/32 dev lo"
              for a in (WEB4, GARDEN4, RESOLVER4, STRANGER4, PROBED4)),
            *(f"addr add {a}/128 dev lo nodad"
              for a in (WEB6, GARDEN6, RESOLVER6, STRANGER6, PROBED6)))
        self.plug_in()

    def plug_in(self):
        """The internet's end of the cable, and what is known by it."""
        self.internet.ip(
            "link set eth0 up",
            f"addr replace {HOST4}/24 dev eth0",
            f"addr replace {HOST6}/64 dev eth0 nodad",
            *(f"route replace {n.prefix4}.0.0/16 via {UPLINK4}"
              for n in (self.guest, self.staff)),
            *(f"route replace {n.prefix6}:/64 via {UPLINK6}"
              for n in (self.guest, self.staff)))

    def rejoin(self, network):
        """Plugs the ports of a bridge that was made anew."""
        ports = [p.port for p in self.phones + self.staff_phones
                 if p.network is network]
        if self._crowd and network is self.guest:
            ports.append("crowd")
        self.gate.ip(*(f"link set {port} master {network.bridge} up"
                       for port in ports))

    def restore_addresses(self):
        """What the kernel forgets of IPv6 when a device goes down."""
        for network in (self.guest, self.staff):
            self.gate.ip(f"addr replace {network.gate6}/64"
                         f" dev {network.bridge} nodad")
        self.gate.ip(f"addr replace {UPLINK6}/64 dev wan0 nodad",
                     f"route replace default via {HOST4}",
                     f"route replace ::/0 via {HOST6}")

    def _build_gate(self):
        for key, value in GATE_SYSCTLS.items():
            self.gate.sysctl(f"net/{key}", value)
        for key in ("ip", "ip6", "arp"):
            path = f"/proc/sys/net/bridge/bridge-nf-call-{key}tables"
            if os.path.exists(path):
                self.gate.sysctl(path.removeprefix("/proc/sys/"), 0)
        for network in (self.guest, self.staff):
            self.build_bridge(network)
        self.gate.ip(*self.uplink_lines())

    def build_bridge(self, network):
        self.gate.ip(
            f"link add {network.bridge} address {network.mac} type bridge"
            " forward_delay 0",
            f"link set {network.bridge} up",
            f"addr add {network.gate4}/16 dev {network.bridge}",
            f"addr add {network.gate6}/64 dev {network.bridge} nodad")

    @staticmethod
    def uplink_lines():
        return ["link set wan0 up",
                f"addr add {UPLINK4}/24 dev wan0",
                f"addr add {UPLINK6}/64 dev wan0 nodad",
                f"route add default via {HOST4}",
                f"route add ::/0 via {HOST6}"]

    # Frames as a radio or a cable carries them: a veth would hand on 64 kB at
    # once, which is half a second of a 1 Mbit/s cap.
    def _uplink_cable(self):
        return (f"link add eth0 gso_max_segs 1 type veth peer name wan0"
                f" netns {self.gate.name}")

    def rebuild_uplink(self):
        """The cable's other end vanishes and comes back as a new device."""
        self.gate.ip("link del wan0")
        self.internet.ip(self._uplink_cable())
        self.plug_in()
        self.gate.ip(*self.uplink_lines())

    def add_phone(self, network, number, static=True):
        ns = self._namespace(f"{network.zone}{number}")
        port = f"{network.zone}{number}"
        ns.ip(f"link add eth0 gso_max_segs 1 type veth peer name {port}"
              f" netns {self.gate.name}")
        self.gate.ip(f"link set {port} master {network.bridge} up")
        phone = Phone(ns, "eth0", network, number)
        phone.port = port
        _setup_phone(phone, static)
        return phone

    def remove_phone(self, phone):
        self.namespaces.remove(phone.netns)
        phone.netns.close()

    def crowd(self, count=200, first=1000):
        """Many phones in one namespace, each a macvlan with its own MAC."""
        if self._crowd:
            return self._crowd[:count]
        ns = self._namespace("crowd")
        for key in ("ipv4/conf/all/arp_ignore", "ipv4/conf/all/arp_announce"):
            ns.sysctl(f"net/{key}", 1 if key.endswith("ignore") else 2)
        ns.sysctl("net/ipv6/conf/default/accept_ra", 0)
        ns.ip(f"link add eth0 type veth peer name crowd"
              f" netns {self.gate.name}",
              "link set eth0 up")
        self.gate.ip(f"link set crowd master {self.guest.bridge} up")
        lines = []
        self._crowd = []
        for i in range(count):
            phone = Phone(ns, f"m{i}", self.guest, first + i)
            phone.bound = phone.device
            self._crowd.append(phone)
            lines += [
                f"link add {phone.device} link eth0 address {phone.mac}"
                " type macvlan mode private",
                f"link set {phone.device} up",
                f"addr add {phone.ip4}/16 dev {phone.device} noprefixroute",
                f"addr add {phone.ip6}/64 dev {phone.device} nodad"
                " noprefixroute",
                f"route add {self.guest.gate4} dev {phone.device}"
                f" src {phone.ip4} metric {i + 1}",
                f"route add default via {self.guest.gate4}"
                f" dev {phone.device} src {phone.ip4} metric {i + 1}",
                f"route add {self.guest.gate6} dev {phone.device}"
                f" src {phone.ip6} metric {i + 1}",
                f"route add ::/0 via {self.guest.gate6}"
                f" dev {phone.device} src {phone.ip6} metric {i + 1}",
            ]
        ns.ip(*lines)
        return self._crowd

    def _make_certificate(self):
        """Of a stranger, for the names that are probed over TLS as well."""
        self.certificate = os.path.join(self.folder, "probed.pem")
        key = os.path.join(self.folder, "probed.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=probed", "-addext", "subjectAltName="
             + ",".join(f"DNS:{name}" for name in probes.NAMES),
             "-keyout", key, "-out", self.certificate],
            check=True, stderr=subprocess.DEVNULL)
        return self.certificate, key

    def _start_internet(self):
        ready_read, ready_write = os.pipe()
        self.internet.popen(
            [sys.executable, os.path.join(HERE, "internet.py"),
             str(ready_write), "--probed", *self._make_certificate(),
             PROBED4, PROBED6, WEB4, WEB6, GARDEN4, GARDEN6, STRANGER4,
             STRANGER6], pass_fds=[ready_write])
        os.close(ready_write)
        assert os.read(ready_read, 1) == b"1", "internet.py did not start"
        os.close(ready_read)

    def _dnsmasq(self, netns, name, lines):
        path = os.path.join(self.folder, f"{name}.conf")
        with open(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(os.path.join(self.folder, f"{name}.log"), "w") as log:
            return netns.popen(["dnsmasq", "--keep-in-foreground",
                                f"--conf-file={path}"],
                               stdout=log, stderr=log)

    def _start_dnsmasq(self):
        self._dnsmasq(self.internet, "resolver", [
            *DNSMASQ, f"listen-address={RESOLVER4},{RESOLVER6}",
            "except-interface=lo",
            f"address=/net.test/{WEB4}", f"address=/net.test/{WEB6}",
            f"address=/a.root-servers.net/{WEB4}",
            f"address=/garden.test/{GARDEN4}",
            "address=/inside.rebind/10.1.2.3",
            f"address=/garden.test/{GARDEN6}",
            *(f"address=/{name}/{address}" for name in probes.NAMES
              for address in (PROBED4, PROBED6)),
            *(f"address=/{probes.DNS_NAME}/{address}"
              for address in probes.DNS_ANSWER)])
        wait_until(lambda: _answers(self.internet, RESOLVER4),
                   say=f"dnsmasq at {RESOLVER4} did not start")
        self.start_gate_dnsmasq()

    def start_gate_dnsmasq(self, *more):
        """The box's own: DNS, DHCP and router advertisements."""
        garden = ",".join(f"{v}#inet#stadttor#garden{v}_{n.zone}"
                          for v in (4, 6) for n in (self.guest, self.staff))
        ranges = []
        for n in (self.guest, self.staff):
            ranges += [f"interface={n.bridge}",
                       f"dhcp-range={n.prefix4}.9.1,{n.prefix4}.9.200,1h",
                       f"dhcp-range=::,constructor:{n.bridge},ra-only"]
        lease = os.path.join(self.folder, "leases")
        self.resolver = self._dnsmasq(self.gate, "gate-dnsmasq", [
            *DNSMASQ, *ranges, "except-interface=lo", "enable-ra",
            f"server={RESOLVER4}",
            f"nftset=/garden.test/{garden}",
            f"dhcp-leasefile={lease}", "dhcp-authoritative", *more])
        wait_until(lambda: _answers(self.gate, self.guest.gate4),
                   say=f"dnsmasq at {self.guest.gate4} did not start")

    def close(self):
        for ns in reversed(self.namespaces):
            ns.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _answers(netns, address):
    """Does somebody listen on UDP port 53 there?"""
    with netns.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.2)
        s.connect((address, 53))
        try:
            s.send(b"\0" * 12)
            s.send(b"\0\1\1\0\0\1" + b"\0" * 6 + b"\3net\4test\0\0\1\0\1")
            return s.recv(512)
        except OSError:
            return None


def stop(process, how=signal.SIGTERM, seconds=10 * PATIENCE):
    """Ends a child and returns its status."""
    if process.poll() is None:
        process.send_signal(how)
    return process.wait(seconds)
