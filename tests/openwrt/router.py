# SPDX-License-Identifier: GPL-3.0-or-later
"""A pretend router in a folder: busybox and nothing else in the path, uci and
procd played by tests/openwrt/stubs, and the package's scripts with their
absolute paths moved into the folder. Needs no root.
"""
import os
import pathlib
import re
import shutil
import subprocess

import uci

HERE = pathlib.Path(__file__).resolve().parent
STUBS = HERE / "stubs"
ROOT = HERE.parent.parent
FILES = HERE.parent.parent / "openwrt" / "stadttor" / "files"
BUSYBOX = shutil.which("busybox") or "/bin/busybox"
APPLETS = """awk cat chmod cp cut grep head ls md5sum mkdir mktemp mv rm rmdir sed
sleep tr uniq usleep""".split()

NETWORK = """# kept by hand
config interface 'loopback'
\toption device 'lo'
\toption proto 'static'
\tlist ipaddr '127.0.0.1/8'

config device
\toption name 'br-lan'
\toption type 'bridge'
\tlist ports 'lan1'

config interface   "lan"
\toption device 'br-lan'
\toption proto 'static'
\toption ipaddr '192.168.1.1'

config interface 'wan'
\toption device 'eth1'
\toption proto 'dhcp'
"""
FIREWALL = """config defaults
\toption input 'REJECT'

config zone
\toption name 'lan'
\tlist network 'lan'

config zone
\toption name 'internet'
\toption masq '1'
\tlist network 'wan'
\tlist network 'wan6'
"""
GUESTS = """
config device 'guest_dev'
\toption type 'bridge'
\toption name 'br-guest'

config interface 'guest'
\toption device 'br-guest'
"""
GUEST_ZONE = """
config zone 'guest'
\toption name 'visitors'
\tlist network 'guest'
"""
WIRELESS = """config wifi-device 'radio0'
\toption type 'mac80211'
\toption disabled '1'

config wifi-device 'radio1'
\toption type 'mac80211'

config wifi-iface 'default_radio1'
\toption device 'radio1'
\toption network 'lan'
"""

PATHS = re.compile(r"(?<![\w.}])/(etc|lib|root|run|sbin|sys|tmp|usr|var|www)\b")


class Router:
    def __init__(self, folder):
        self.root = folder / "router"
        self.etc = self.root / "etc"
        self.trace = folder / "trace"
        self.bin = folder / "bin"
        for path in ("etc/config", "etc/stadttor", "etc/ssl/certs", "sbin",
                     "lib", "tmp", "var/run", "sys/class/net", "usr/sbin",
                     "usr/share/stadttor"):
            (self.root / path).mkdir(parents=True)
        self.config("network", NETWORK)
        self.config("firewall", FIREWALL)
        self.config("wireless", WIRELESS)
        self.config("dhcp", "config dnsmasq\n\toption domain 'lan'\n")
        self.config("stadttor", (FILES / "stadttor.config").read_text())
        self.bin.mkdir()
        for name in APPLETS:
            (self.bin / name).symlink_to(BUSYBOX)
        for name, text in {
                "stadttor": 'echo "stadttor $*" >>"$TRACE"\n'
                            'echo "$STUB_CHECK"; [ -z "$STUB_CHECK" ]',
                "reload_config": "printf 'reload_config\\n' >>\"$TRACE\"",
                "ubus": "printf 'ubus\\t%s\\n' \"$*\" >>\"$TRACE\"\n"
                        "cat $STUB_ETC/ubus.$2 2>/dev/null",
                "jsonfilter": "sed -n 's/.*\"l3_device\": *\"\\(.*\\)\".*/"
                              "\\1/p'",
                "uci": f'. {self.bin}/uci.sh; uci "$@"',
                "nft": 'echo "nft $*" >>"$TRACE"\n'
                       '[ "$1" != list ] || cat "$STUB_ETC/nft" 2>/dev/null\n'
                       '[ "$1" != -f ] || cat >"$TRACE.nft"\n'
                       '[ -z "$STUB_NFT" ]'}.items():
            self.program(self.bin / name, text)
        (self.bin / "uci.sh").write_text(uci.FUNCTION)
        self.uci = uci.Uci(self.etc)
        self.place((ROOT / "etc" / "guard").read_text(),
                   "usr/libexec/stadttor/guard")

    def config(self, name, text=None):
        path = self.etc / "config" / name
        if text is not None:
            path.write_text(self.moved(text) if name == "stadttor" else text)
            path.chmod(0o644 if name == "stadttor" else 0o600)
        return path

    def add(self, name, text):
        self.config(name, self.config(name).read_text() + text)

    @staticmethod
    def program(path, text):
        path.unlink(missing_ok=True)
        path.write_text(f"#!{BUSYBOX} ash\n{text}\n")
        path.chmod(0o755)

    def make(self, *paths):
        for path in paths:
            self.root.joinpath(path[1:]).parent.mkdir(parents=True,
                                                      exist_ok=True)
            self.program(self.root / path[1:], "true")

    def moved(self, text):
        return PATHS.sub(lambda m: f"{self.root}/{m[1]}", text)

    def place(self, source, target):
        path = self.root / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f". {self.bin}/uci.sh\n{self.moved(source)}")
        path.chmod(0o755)
        return path

    def run(self, *command, given="", **env):
        self.trace.write_text("")
        if command[0] == "-c":  # uci as the scripts have it
            command = ["-c", f". {self.bin}/uci.sh\n{command[1]}"]
        return subprocess.run(
            [BUSYBOX, "ash", *map(str, command)], text=True, timeout=200,
            input=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"PATH": str(self.bin), "TRACE": str(self.trace),
                 "STUB_ETC": str(self.etc),
                 "TMPDIR": str(self.root / "tmp"), **env})

    def guarded(self):
        """Devices that the last nft -f keeps guests of out."""
        path = self.trace.parent / "trace.nft"
        rules = path.read_text() if path.exists() else ""
        return re.findall(r'iifname "(.*)" drop', rules)

    def unmoved(self, text):
        return text.replace(str(self.root), "")

    def events(self):
        return [line.split("\t")
                for line in self.unmoved(self.trace.read_text()).splitlines()]


def messages(events):
    """What procd is told: one dictionary for each time it is."""
    out, stack = [], []

    def put(name, value):
        if isinstance(stack[-1], list):
            stack[-1].append(value)
        else:
            assert name not in stack[-1], f"{name} is there already"
            stack[-1][name] = value

    for kind, *rest in events:
        if kind == "begin":
            stack = [{}]
        elif kind == "end":
            assert len(stack) == 1
            out.append(stack.pop())
        elif kind in ("object", "array"):
            new = {} if kind == "object" else []
            put(rest[0], new)
            stack.append(new)
        elif kind == "close":
            stack.pop()
        elif kind == "value":
            put(rest[0], rest[1] if len(rest) > 1 else "")
        elif kind == "mount":
            mounts = stack[-1]["jail"].setdefault("mount", {})
            assert rest[0] not in mounts, f"{rest[0]} is mounted twice"
            mounts[rest[0]] = rest[1]
        else:
            assert kind != "unknown", f"procd.sh knows no {rest}"
    return out
