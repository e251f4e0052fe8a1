# SPDX-License-Identifier: GPL-3.0-or-later
"""openwrt/stadttor/files/stadttor.events under Node, with ucode/ in the place
of ucode's modules: the test is ubusd, and hands over connections to netctl."""
import json
import os
import pathlib
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "net"))

import ipc  # noqa: E402

FILES = HERE.parents[1] / "openwrt/stadttor/files"
PROGRAM = FILES / "stadttor.events"
SOCKET = "/var/run/stadttor/netctl.sock"
# Objects and their methods as the sources of OpenWrt's dnsmasq
# (package/network/services/dnsmasq/patches/200-ubus_dns.patch) and hostapd
# (package/network/services/hostapd/src/src/ap/ubus.c) make them.
OBJECTS = {"dnsmasq": ["metrics"], "dnsmasq.dns": [],
           "hostapd": ["reload", "apsta_state"],
           "hostapd.wlan0": ["get_clients", "get_features", "del_client"],
           "hostapd.wlan1": ["get_clients", "get_features", "del_client"],
           "network.interface": ["status"], "system": ["board", "reboot"],
           "dnsmasquerade": ["run"]}


def wait_until(what):
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


class Events:
    """The program. connections, resolvers: sockets that connect() takes, or
    None."""

    def __init__(self, folder, connections, *words, objects=None,
                 resolvers=(), **env):
        shutil.copytree(HERE / "ucode", folder, dirs_exist_ok=True)
        text = re.sub(r"from '(\w+)';", r"from './\1.mjs';",
                      PROGRAM.read_text())
        (folder / "events.mjs").write_text(text)
        fds = []
        for s in (*connections, *resolvers):
            if s:
                s.setblocking(False)  # as SOCK_NONBLOCK makes it
                fds.append(s.fileno())
        self.process = subprocess.Popen(
            ["node", "--import", folder / "globals.mjs",
             folder / "events.mjs", SOCKET, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, pass_fds=fds, env={
                "PATH": os.environ["PATH"], "SOCKET": SOCKET,
                "ACL": str(FILES / "stadttor.acl.json"),
                "OBJECTS": json.dumps(OBJECTS if objects is None else objects),
                "CONNECTIONS": " ".join(str(s.fileno()) if s else "-"
                                        for s in connections),
                "RESOLVERS": " ".join(str(s.fileno()) for s in resolvers),
                **env})

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()

    def tell(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def answers(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()
        return json.loads(line)

    def does(self, **line):
        """The same, and it has been done."""
        self.tell(**line)
        return self.answers()

    def passes(self, seconds):
        return self.does(pass_ms=int(seconds * 1000))

    def subscribed(self):
        self.tell()
        return self.answers()

    def notify(self, source, kind, data):
        self.tell(notify=source, type=kind, data=data)

    def dns(self, name, address, ttl=60):
        self.notify("dnsmasq.dns", "dns_result", {
            "name": name, "ttl": ttl, "address": address,
            "type": "AAAA" if ":" in address else "A"})

    def end(self):
        """What it has said, after ubusd has gone."""
        out, err = self.process.communicate(timeout=200)
        return self.process.returncode, out, err


class Netctl:
    """The other end of a connection."""

    def __init__(self):
        self.own, self.theirs = socket.socketpair(socket.AF_UNIX,
                                                  socket.SOCK_SEQPACKET)
        self.own.settimeout(5)

    def list_names(self, *names):
        for name in names:
            self.own.send(ipc.message(ipc.GARDEN_NAME, name.encode().ljust(
                256, b"\0"), 0))
        self.done(0, len(names))

    def done(self, ident, count=1):
        self.own.send(ipc.message(ipc.DONE, ipc.DONE_BODY.pack(
            0, count, 0, 0), ident))

    def take(self):
        return self.own.recv(2048)

    def garden(self):
        """(id, address, seconds, name) of the next message."""
        data = self.take()
        assert len(data) == ipc.HEADER.size + 24 + 8 + 256
        version, kind, ident = ipc.HEADER.unpack_from(data)
        assert (version, kind) == (ipc.VERSION, ipc.GARDEN)
        family, ifindex, raw = ipc.ADDR.unpack_from(data, 8)
        ttl_s, zero, name = struct.unpack_from("=II256s", data, 32)
        assert (ifindex, zero) == (0, 0)
        size = {2: 4, 10: 16}[family]
        assert raw[size:] == bytes(16 - size)
        return ident, socket.inet_ntop(family, raw[:size]), ttl_s, \
            name.rstrip(b"\0").decode()

    def is_silent(self):
        """It is told before dnsmasq or hostapd has an answer."""
        return not select.select([self.own], [], [], 0)[0]


@pytest.fixture(name="start")
def fixture_start(tmp_path):
    """Runs it with that many connections; None is one that is refused."""
    started = []

    def run(*words, connections=(1,), **more):
        more.setdefault("DRIVEN", "1")  # so nothing is ever late
        ends = [Netctl() if c else None for c in connections]
        program = Events(tmp_path, [e and e.theirs for e in ends], *words,
                         **more)
        for e in ends:
            if e:
                e.theirs.close()
        started.append(program)
        return program, *ends
    yield run
    for program in started:
        program.process.kill()
        program.process.communicate()
