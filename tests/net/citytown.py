# SPDX-License-Identifier: GPL-3.0-or-later
"""A town: three boxes with phones, a store, a hub, and the cables between.

Each box is a street of its own, with the same numbers on its guest network, as
in a city; what goes from one to another goes through the store alone. The files
of store and boxes are made by `stadttor city`.
"""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile

import cityserver
import gate
import lab

STORE, REPLICA = "10.99.0.1", "10.99.0.2"
HUB_USER = "nobody"
POLL = "1s"
ADMIN_PORT = 2090


class Street(lab.Street):
    """As in the tests, with names that begin by its own."""

    def __init__(self, prefix):
        self.prefix = prefix
        super().__init__()

    def _namespace(self, name):
        ns = lab.Namespace(self.prefix + name)
        self.namespaces.append(ns)
        return ns

    def start_gate_dnsmasq(self, *more):
        """It does not look for three seconds whether an address is taken."""
        super().start_gate_dnsmasq("no-ping", *more)


class Box:
    """A street whose gate has a cable to the store."""

    def __init__(self, town, number, portal, guest):
        self.town, self.name = town, f"box-{number}"
        self.street = Street(f"{town.prefix}{number}-")
        self.street.build(phones=0, staff=0)
        self.street.gate.ip(
            f"link add store type veth peer name to{number}"
            f" netns {town.netns.name}",
            f"addr add 10.99.0.{number + 10}/24 dev store", "link set store up")
        town.netns.ip(f"link set to{number} master town up")
        self.stadttor = gate.Stadttor(self.street)
        self.stadttor.options = []
        self.stadttor.configure(guest={"rate_down": "5mbit", **guest},
                                portal=portal)
        self.codes = os.path.join(self.stadttor.folder, "codes",
                                  "vouchers.sqlite")
        with open(self.stadttor.config, "a", encoding="utf-8") as file:
            file.write(gate.section("city", None, {
                "folder": os.path.join(self.stadttor.folder, "city"),
                "poll": POLL}))
            file.write(gate.section("voucher", None, {
                "file": self.codes, "key": f"{self.codes}.key"}))

    def join(self):
        """By the file that the hub makes, carried over by hand."""
        path = self.town.folder / f"{self.name}.city"
        self.town.cli("add", "-o", path, self.name)
        self.stadttor.cli("city", "join", str(path))
        path.unlink()

    def start(self):
        for program in (gate.NETCTL, gate.PORTAL):
            self.stadttor.start_one(program)
        self.stadttor.wait_ready()

    def cut_off(self):
        self.street.gate.ip("link set store down")

    def connect(self):
        self.street.gate.ip("link set store up")

    def known(self):
        """Of how many devices the box has a record."""
        return self.stadttor.status()["city"]["devices"]

    def generation(self):
        return self.stadttor.status()["city"]["generation"]

    def select(self, sql):
        """Of the codes of the city that the box has."""
        if not os.path.exists(f"{self.codes}.city"):
            return []
        with contextlib.closing(sqlite3.connect(
                f"file:{self.codes}.city?mode=ro", uri=True)) as db:
            made = db.execute("SELECT name FROM sqlite_master"
                              " WHERE name = 'ends'").fetchall()
            return db.execute(sql).fetchall() if made else []

    def close(self):
        self.stadttor.close()
        self.street.close()


class Town:
    def __init__(self, prefix="", boxes=3, portal=None, acl="", guest=None):
        self.acl = acl  # logins beside the city's own
        self.prefix = prefix
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="stadttor-town-"))
        self.folder.chmod(0o755)
        self.hub_folder = self.folder / "hub"
        self.boxes, self.server, self.hub, self.phones = [], None, None, []
        self.replicas, self.hosts = [], []
        self.netns = lab.Namespace(f"{prefix}store")
        self.netns.ip("link add town type bridge forward_delay 0",
                      f"addr add {STORE}/24 dev town", "link set town up")
        for number in range(1, boxes + 1):
            self.boxes.append(Box(self, number, portal or {}, guest or {}))

    # --- the city's own ---

    def cli(self, command, *args):
        """On the hub's host."""
        with self.netns.entered():
            done = subprocess.run(
                [os.path.join(gate.BUILD, "stadttor"), "city",
                 *command.split(), "--folder", self.hub_folder, *args],
                text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        # The group of the hub's user, which an install makes.
        for path in (self.hub_folder, self.hub_folder / "hub.conf",
                     self.hub_folder / "sites.conf"):
            shutil.chown(path, group="nogroup")
        if self.hub:
            self.hub.send_signal(signal.SIGHUP)
        return done.stdout

    def add_host(self, host):
        """Another in the network of the store."""
        number = host.rpartition(".")[2]
        netns = lab.Namespace(f"{self.prefix}host{number}")
        self.hosts.append(netns)
        netns.ip("link set lo up", f"link add store type veth peer name"
                 f" host{number} netns {self.netns.name}",
                 f"addr add {host}/24 dev store", "link set store up")
        self.netns.ip(f"link set host{number} master town up")
        return netns

    def add_server(self, host, kind=cityserver.Server, **more):
        """Of the store, by the files of `init`."""
        return kind(self.folder / host, self.hub_folder / "store",
                    self.folder / "place", host,
                    netns=self.netns if host == STORE
                    else self.add_host(host), **more)

    def found(self, *replicas):
        """`init`, store and hub."""
        self.cli("init", "--store", self.folder / "place", "muster", STORE,
                 *replicas)
        self.server = self.add_server(STORE, acl=self.acl)
        self.replicas = [self.add_server(host, acl=self.acl, master=STORE)
                         for host in replicas]
        self.token = self.make_account()
        data = self.folder / "data"
        data.mkdir()
        shutil.chown(data, HUB_USER)
        conf = self.hub_folder / "hub.conf"
        conf.write_text(conf.read_text().replace(
            "config hub\n", "config hub\n"
            f"\toption system_user '{HUB_USER}'\n"
            f"\toption database '{data}/city.sqlite'\n"
            f"\toption codes '{data}/codes.sqlite'\n"
            f"\toption pages '{gate.REPO}/web/hub'\n"
            f"\toption poll '{POLL}'\n", 1))
        self.start_hub()

    def start_hub(self):
        before = self.hub_log().count("store: connected")
        with open(self.folder / "hub.log", "a", encoding="utf-8") as log:
            self.hub = self.netns.popen(
                [os.path.join(gate.BUILD, "stadttor-hub"), "-c",
                 self.hub_folder / "hub.conf"], stdout=log, stderr=log)
        lab.wait_until(
            lambda: self.hub_log().count("store: connected") > before, 30,
            say="the hub does not reach the store")

    def kill_hub(self):
        self.hub.kill()
        self.hub.wait()
        self.hub = None

    def tester(self):
        """Who may do all in the store, if acl names one."""
        return self.server.client(self.hub_folder / "ca.pem").login(
            "tester", "tester")

    def dump(self):
        """All that the store holds."""
        client = self.tester()
        return b"".join(key + b"\0" + client("DUMP", key)
                        for key in client("KEYS", "*"))

    def codes(self, sql):
        """Of the hub's codes."""
        with contextlib.closing(sqlite3.connect(
                f"file:{self.folder}/data/codes.sqlite?mode=ro",
                uri=True)) as db:
            return db.execute(sql).fetchall()

    def listed(self):
        return json.loads(self.cli("voucher list", "--json"))["batches"]

    def hub_log(self):
        path = self.folder / "hub.log"
        return path.read_text() if path.exists() else ""

    def make_account(self):
        """Of the hub's dashboard, by a box, whose user this machine has."""
        box = self.boxes[0].stadttor
        token = box.cli("passwd", "--token", "tester").stdout.strip()
        shutil.move(os.path.join(box.folder, "accounts"), self.hub_folder)
        shutil.chown(self.hub_folder / "accounts", group="nogroup")
        return token

    def ask_hub(self, path):
        """Empty: it does not listen yet."""
        with self.netns.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
            s.settimeout(60)
            if s.connect_ex(("127.0.0.1", ADMIN_PORT)):
                return b""
            connection = http.client.HTTPConnection("127.0.0.1", ADMIN_PORT)
            connection.sock = s
            connection.request("GET", path, headers={
                "Authorization": f"Bearer {self.token}"})
            return connection.getresponse().read()

    def seen_by_hub(self):
        """What its API says of each site, after it has looked."""
        self.hub.send_signal(signal.SIGHUP)
        said = json.loads(self.ask_hub("/api/sites") or "{}")
        return dict(zip(said.get("names", []), said.get("states", [])))

    def sites(self):
        with self.netns.entered():
            done = subprocess.run(
                [os.path.join(gate.BUILD, "stadttor"), "--json", "city",
                 "list", "--folder", self.hub_folder], text=True,
                capture_output=True, check=True)
        return json.loads(done.stdout)["sites"]

    def wait_known(self, count, *boxes, seconds=15):
        for box in boxes or self.boxes:
            lab.wait_until(lambda: box.known() == count, seconds, every=0.1,
                           say=f"{box.name} knows {box.known()} devices")

    # --- phones ---

    def add_phone(self, box, number, static=False):
        phone = box.street.add_phone(box.street.guest, number, static=static)
        phone.box = box
        self.phones.append(phone)
        return phone

    @staticmethod
    def walk(phone, box):
        """The other end of its link goes to another box; it is the same
        device, with its addresses."""
        phone.box.street.gate.ip(
            f"link set {phone.port} netns {box.street.gate.name}")
        box.street.gate.ip(
            f"link set {phone.port} master {box.street.guest.bridge} up")
        phone.box = box

    def close(self):
        try:
            for box in self.boxes:
                box.close()
        finally:
            for server in filter(None, [self.server, *self.replicas]):
                server.stop()
            for netns in [*self.hosts, self.netns]:
                netns.close()
            shutil.rmtree(self.folder, ignore_errors=True)
