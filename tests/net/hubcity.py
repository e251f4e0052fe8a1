# SPDX-License-Identifier: GPL-3.0-or-later
"""A city of the tests: a store, the hub, and what boxes send."""
import copy
import hashlib
import json
import os
import signal
import sqlite3
import struct
import subprocess
import time
import urllib.request

import citystore

HOUR, DAY = 3600, 86400
SHIFT = 3 * HOUR
STREAM = "00000000000000aa"
FIRST_DAY = int(time.time()) // DAY * DAY - 26 * DAY
FIRST_HOUR = FIRST_DAY - 4 * DAY
PORT, TOKEN = 2091, "f" * 64


def record(ident, day, kind=1, generation=0):
    return struct.pack(">BBH", 1 << 4 | kind, generation, day & 0xffff) \
        + ident.to_bytes(5, "big") + bytes(7)


def cell(seq, value=1, **other):
    return {"seq": seq, "zone": "guest", "metric": "online",
            "start": FIRST_HOUR + seq * HOUR, "hours": 1, "value": value,
            "n": 5, "d": 1, **other}


def figures(cells, stream=STREAM, **other):
    return json.dumps({"stream": stream, "cells": cells, **other})


class City:
    """A store, a hub, and who writes to inboxes."""

    def __init__(self, folder, ca, build, sites=("a", "b", "c"), bounds=()):
        self.folder, self.build = str(folder), build
        self.store = citystore.Redis(folder, ca, bounds=bounds)
        self.sites = list(sites)
        self.store.set_users({
            "hub": citystore.HUB_RIGHTS, "switch": "-@all +acl|deluser",
            **{f"box-{s}": citystore.BOX_RIGHTS.format(s) for s in sites}})
        self.database = os.path.join(self.folder, "city.sqlite")
        self.config = os.path.join(self.folder, "hub.conf")
        self.hub, self.log, self.clients = None, "", {}
        self.generation = 0
        self.port = PORT
        with open(f"{self.folder}/accounts", "w", encoding="utf-8") as f:
            f.write("token:test:sha256:"
                    + hashlib.sha256(TOKEN.encode()).hexdigest() + "\n")
        self.write_config()
        self.write_sites()
        os.chmod(self.folder, 0o777)

    def write_config(self, standby=0):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"config hub\n list server 'localhost:{self.store.port}'\n"
                    f" option ca '{self.store.ca.file}'\n"
                    f" option password '{citystore.PASSWORD}'\n"
                    f" option switch_password '{citystore.PASSWORD}'\n"
                    f" option sites '{self.folder}/sites.conf'\n"
                    f" option database '{self.database}'\n"
                    f" option standby '{standby}'\n"
                    f" option system_user 'nobody'\n option poll '1h'\n"
                    "config admin\n option enabled '1'\n"
                    f" option port '{self.port}'\n"
                    f" option accounts '{self.folder}/accounts'\n")

    def second(self):
        """Another hub with the same store and boxes; both know."""
        other = copy.copy(self)
        other.database = os.path.join(self.folder, "second.sqlite")
        other.config = os.path.join(self.folder, "second.conf")
        other.hub, other.log, other.port = None, "", PORT + 1
        self.write_config(standby=1)
        other.write_config(standby=1)
        return other

    def write_sites(self):
        with open(f"{self.folder}/sites.conf", "w", encoding="utf-8") as f:
            f.write("config city\n option name 'Test'\n"
                    f" option generation '{self.generation}'\n")
            for i, s in enumerate(self.sites):
                f.write(f"config site\n option site '{s}'\n"
                        f" option district 'd{i % 2}'\n")

    # --- programs ---

    def start(self, environment=None):
        self.hub = subprocess.Popen(
            [str(self.build / "stadttor-hub"), "-d", "-c", self.config],
            stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TZ": "UTC0", **(environment or {})})
        return self

    def wait_log(self, text):
        """Reads the log on to a line with that text, and returns it."""
        for line in self.hub.stderr:
            self.log += line
            if text in line:
                return line
            if "boxes keep what they have" in line:
                break  # the store is gone
        raise AssertionError(f"no '{text}' in:\n{self.log}")

    def end(self, how=signal.SIGTERM):
        if self.hub.poll() is None:
            self.hub.send_signal(how)
        self.log += self.hub.communicate()[1]
        status, self.hub = self.hub.returncode, None
        return status

    def round(self):
        """The hub reads all inboxes, and has dealt with them."""
        self.hub.send_signal(signal.SIGHUP)
        self.wait_log("reload: ")
        self.wait_log("is done")

    def close(self):
        if self.hub:
            self.end(signal.SIGKILL)
        for client in self.clients.values():
            client.close()
        self.store.close()

    def get(self, path, token=TOKEN):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.read().decode()

    # --- boxes ---

    def box(self, site):
        if site not in self.clients:
            self.clients[site] = citystore.Client(self.store, f"box-{site}")
        return self.clients[site]

    @property
    def root(self):
        if "" not in self.clients:
            self.clients[""] = citystore.Client(self.store)
        return self.clients[""]

    def forget_clients(self):
        for client in self.clients.values():
            client.close()
        self.clients = {}

    def today(self):
        return (int(self.root("TIME")[0]) - SHIFT) // DAY

    def send(self, site, name, value):
        return self.box(site)("XADD", f"in:{site}", "*", name, value)

    def counted(self, site):
        """What the store says to the site: stream, seq."""
        entries = self.root("XRANGE", f"c:{site}", "-", "+")
        if not entries:
            return None
        assert len(entries) == 1
        stream, seq = entries[0][1][1].split()
        return stream.decode(), int(seq)

    def granted(self, day):
        """Records of the stream of that day."""
        found = []
        for _, fields in self.root("XRANGE", f"g:{day}", "-", "+"):
            assert fields[0] == b"r" and len(fields) == 2
            assert 0 < len(fields[1]) <= 512 and len(fields[1]) % 16 == 0
            found += [fields[1][i:i + 16]
                      for i in range(0, len(fields[1]), 16)]
        return found

    def rows(self):
        """(kind, place, metric, zone, key) -> (cells, hours, value)."""
        with sqlite3.connect(self.database) as db:
            return {tuple(r[:5]): tuple(r[5:]) for r in db.execute(
                "SELECT kind, places.name, metrics.name, zones.name, key,"
                " cells, hours, value FROM cells"
                " JOIN places ON places.id = place"
                " JOIN metrics ON metrics.id = metric"
                " JOIN zones ON zones.id = zone")}

    def total(self, kind=0, name=""):
        rows = [r for k, r in self.rows().items() if k[:2] == (kind, name)]
        return sum(r[0] for r in rows), sum(r[2] for r in rows)
