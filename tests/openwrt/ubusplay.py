# SPDX-License-Identifier: GPL-3.0-or-later
"""openwrt/stadttor/files/stadttor.events under Node, with ucode/ in the place
of ucode's modules: the test is ubusd, and hands over connections to netctl."""
import json
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
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


class Events:
    """The program. connections: sockets that connect() takes, or None."""

    def __init__(self, folder, connections, *words, objects=None, **env):
        shutil.copytree(HERE / "ucode", folder, dirs_exist_ok=True)
        text = re.sub(r"from '(\w+)';", r"from './\1.mjs';",
                      PROGRAM.read_text())
        (folder / "events.mjs").write_text(text)
        for s in connections:
            if s:
                s.setblocking(False)  # as SOCK_NONBLOCK makes it
        fds = [s.fileno() for s in connections if s]
        self.process = subprocess.Popen(
            ["node", "--import", folder / "globals.mjs",
             folder / "events.mjs", SOCKET, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, pass_fds=fds, env={
                "PATH": os.environ["PATH"], "SOCKET": SOCKET,
                "ACL": str(FILES / "stadttor.acl.json"),
                "OBJECTS": json.dumps(OBJECTS if objects is None else objects),
                "CONNECTIONS": " ".join(str(s.fileno()) if s else "-"
                                        for s in connections), **env})

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
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err
