# SPDX-License-Identifier: GPL-3.0-or-later
"""A lane of the bench: town (thousands of phones), gate, internet.

Lanes are alike but for what their gate runs, and exist side by side, so that
two of them can be measured in turns without anything being set up in between.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(REPO, "tests", "net"))

import lab  # noqa: E402

FIRST = "10.20.16.0"  # of the phones: AnyIP, up to 12288 of them
RANGES = ("10.20.16.0/20", "10.20.32.0/19")
PHONES = 12288

SHAPED = ("br-guest", "wan0")
CLASS = re.compile(r"class htb (\S+) root leaf \S+ prio 0 quantum (\d+) rate"
                   r" (\S+) ceil (\S+) linklayer ethernet burst (\w+)/1 .*?"
                   r"cburst (\w+)/1 ")
LEAF = re.compile(r"qdisc (\w+) (\S+) parent (\S+) (limit \S+(?: flows \d+)?)")


def address(number):
    """The nth phone's."""
    value = (10 << 24 | 20 << 16 | 16 << 8) + number
    return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))


def mac(number):
    """The MAC that macsim.bpf.c gives to it."""
    return "02:4d:" + ":".join(f"{int(b):02x}"
                               for b in address(number).split("."))


def build_macsim(folder):
    """Compiles the program that gives each phone its MAC."""
    target = os.path.join(folder, "macsim.o")
    arch = subprocess.run(["gcc", "-print-multiarch"], text=True, check=True,
                          capture_output=True).stdout.strip()
    subprocess.run(["clang-14", "-O2", "-g", "-target", "bpf",
                    f"-I/usr/include/{arch}", "-c", "-o", target,
                    os.path.join(HERE, "macsim.bpf.c")], check=True)
    return target


class Lane:
    """Three namespaces in a row. Has what gate.Stadttor asks of a street."""

    def __init__(self, name, macsim, tools):
        self.name = name
        self.tools = tools
        self.guest = lab.Network("guest", 20)
        self.staff = None
        self.town = lab.Namespace(f"{name}-town")
        self.gate = lab.Namespace(f"{name}-gate")
        self.internet = lab.Namespace(f"{name}-net")
        self._connect()
        self._people_town(macsim)
        self._tune()
        self._serve()

    def _connect(self):
        self.town.ip(f"link add eth0 type veth peer name lan0 netns"
                     f" {self.gate.name}", "link set eth0 up")
        self.internet.ip(f"link add eth0 type veth peer name wan0 netns"
                         f" {self.gate.name}", "link set eth0 up",
                         f"addr add {lab.HOST4}/24 dev eth0",
                         f"addr add {lab.WEB4}/32 dev lo")
        self.gate.ip(
            f"link add br-guest address {self.guest.mac} type bridge"
            " forward_delay 0",
            "link set lan0 master br-guest up", "link set br-guest up",
            f"addr add {self.guest.gate4}/16 dev br-guest",
            "link set wan0 up", f"addr add {lab.UPLINK4}/24 dev wan0",
            f"route add default via {lab.HOST4}")
        for key in ("ip", "ip6", "arp"):
            path = f"net/bridge/bridge-nf-call-{key}tables"
            if os.path.exists(f"/proc/sys/{path}"):
                self.gate.sysctl(path, 0)
        self.gate.sysctl("net/ipv4/ip_forward", 1)

    def _people_town(self, macsim):
        self.town.ip("addr add 10.20.1.1/16 dev eth0",
                     f"route add default via {self.guest.gate4}",
                     *(f"route add local {r} dev lo" for r in RANGES))
        tc = ["tc", "filter", "add", "dev", "eth0"]
        self.town.run("tc", "qdisc", "add", "dev", "eth0", "clsact")
        for side in ("egress", "ingress"):
            self.town.run(*tc, side, "bpf", "da", "obj", macsim, "sec", side)

    def _tune(self):
        """Ends of connections must not be what is measured."""
        for ns in (self.town, self.gate, self.internet):
            for key, value in {"core/somaxconn": 8192,
                               "ipv4/tcp_max_syn_backlog": 8192,
                               "ipv4/tcp_max_tw_buckets": 50,
                               "ipv4/tcp_fin_timeout": 5}.items():
                ns.sysctl(f"net/{key}", value)
        self.town.sysctl("net/ipv4/ip_local_port_range", "1024 65000")
        # The sysctls of conntrack come with its first user.
        self.gate.nft("table inet warm { chain c { type filter hook forward"
                      " priority 0; ct state new counter; }\n}\n")
        for state in ("time_wait", "close", "close_wait", "last_ack"):
            self.gate.sysctl(
                f"net/netfilter/nf_conntrack_tcp_timeout_{state}", 1)
        self.gate.nft("delete table inet warm\n")
        # The blast ends here, counted by the device; only echoes go on.
        self.internet.nft(
            "table netdev blast { chain c { type filter hook ingress device"
            " eth0 priority 0; udp dport 7 udp length 26 drop; }\n}\n")

    def _serve(self):
        """Echoes, and iperf3 for the throughput."""
        read, write = os.pipe()
        self.internet.popen([sys.executable, os.path.join(
            REPO, "tests", "net", "internet.py"), str(write), lab.WEB4],
            pass_fds=[write])
        os.close(write)
        os.read(read, 1)
        os.close(read)
        self.internet.popen(["iperf3", "-s", "-p", "5201"],
                            stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        lab.wait_until(lambda: ":5201" in self.internet.run(
            "ss", "-Htln").stdout, say="iperf3 did not start")

    def know_phones(self, count):
        """The gate has them in its neighbour table for good."""
        self.gate.ip(*(f"neigh replace {address(n)} lladdr {mac(n)}"
                       " dev br-guest nud permanent" for n in range(count)))

    def plain_masquerade(self):
        self.gate.nft("table ip plain { chain p { type nat hook postrouting"
                      " priority 100; oifname wan0 masquerade; }\n}\n")

    # --- what an operator could do by hand to have caps ---

    def _tc(self, device, commands):
        self.gate.run("tc", "-batch", "-", input="".join(
            f"{what} dev {device} {rest}\n" for what, rest in commands))

    def shape_as(self, other):
        """Classes and leaves of the other gate, and its people's packets
        sorted into them, with nothing but tc and a map of nftables."""
        for device in SHAPED:
            self._tc(device, [("qdisc replace", "root handle 5354: htb")])
            self._tc(device, other.classes(device))
            if self.classes(device) != other.classes(device):
                raise RuntimeError(f"{device}: the classes differ")
        self.gate.nft(
            "table ip shaped {\nmap class { type ipv4_addr : classid\n"
            f"elements = {{ {', '.join(other.class_of_phones())} }}\n}}\n"
            "chain c { type filter hook forward priority 0\n"
            "oifname wan0 meta priority set ip saddr map @class\n"
            "oifname br-guest meta priority set ip daddr map @class\n}\n}\n")

    def unshape(self):
        self.gate.nft("delete table ip shaped\n")
        for device in SHAPED:
            self.gate.run("tc", "qdisc", "del", "dev", device, "root")

    def classes(self, device):
        """As commands that make them."""
        def shown(kind):
            return self.gate.run("tc", "-d", kind, "show", "dev",
                                 device).stdout.splitlines()
        made = [CLASS.match(line) for line in shown("class")]
        leaves = [LEAF.match(line) for line in shown("qdisc")
                  if " parent " in line]
        return sorted(("class replace",
                       "parent 5354: classid {} htb quantum {} rate {} ceil {}"
                       " burst {} cburst {}".format(*m.groups()))
                      for m in made) + \
            sorted(("qdisc replace",
                    "parent {1} handle {2} {0} {3}".format(
                        m[1], m[3], m[2], m[4].replace("p", "")))
                   for m in leaves)

    def class_of_phones(self):
        """Of those who are in, as elements of a map."""
        shown = self.gate.run("nft", "list", "map", "netdev", "stadttor",
                              "up_guest").stdout
        found = re.findall(r"02:4d:((?:\w\w:){3}\w\w) .*?: 0x(\w+?)0000\b",
                           shown)
        return [f"{'.'.join(str(int(b, 16)) for b in mac.split(':'))}"
                f" : 5354:{int(slot, 16):x}" for mac, slot in found]

    def tool(self, name, *args):
        """A load tool in the town; its JSON."""
        path = os.path.join(self.tools, name)
        done = self.town.run(path, *map(str, args), check=False)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def arrived(self):
        """Frames that the internet host has received so far."""
        shown = self.internet.run("ip", "-s", "-j", "link", "show", "eth0")
        return json.loads(shown.stdout)[0]["stats64"]["rx"]["packets"]

    def warm(self, count):
        """Every flow is known and replied to; returns how many were.

        The first packets of a young lane may wait a second for a neighbour.
        """
        for _ in range(5):
            echoes = self.tool("blast", "-w", FIRST, count, lab.WEB4,
                               lab.ECHO)["echoes"]
            if echoes >= count * 0.99:
                break
        return echoes

    def forwarded_per_s(self, count, ms):
        before = self.arrived()
        took = self.tool("blast", "-t", ms, FIRST, count, lab.WEB4,
                         lab.ECHO)["ns"]
        return (self.arrived() - before) * 1e9 / took

    def tcp_bits_per_s(self, seconds, down):
        done = self.town.run(
            "iperf3", "-c", lab.WEB4, "-p", "5201", "-B", FIRST, "-t",
            str(seconds), "-J", "-C", "cubic", *(["-R"] if down else []))
        return json.loads(done.stdout)["end"]["sum_received"][
            "bits_per_second"]

    def close(self):
        for ns in (self.town, self.gate, self.internet):
            ns.close()
