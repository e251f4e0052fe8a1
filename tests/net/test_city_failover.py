# SPDX-License-Identifier: GPL-3.0-or-later
"""A city whose store fails over: two servers and three Sentinels of Redis, set
up by the files of `stadttor city init` as docs/city.md says."""
import contextlib
import re
import sqlite3
import threading

import citystory
import citytown
import cityserver
import lab
import pytest
import traffic
from citytown import REPLICA, STORE
from hubcity import cell, figures

TESTER = "user tester on >tester ~* &* +@all\n"
SENTINELS = [f"10.99.0.{n}" for n in (3, 4, 5)]
AWAY = (OSError, cityserver.Refused)

pytestmark = [pytest.mark.full, pytest.mark.timeout(600)]


class City(citytown.Town):
    """A store of two servers, and who looks after them."""

    def found(self):
        super().found(REPLICA)
        # half of what `init` writes: longer than a busy machine is away
        self.sentinels = [self.add_server(
            host, cityserver.Sentinel,
            extra="sentinel down-after-milliseconds stadttor 5000")
            for host in SENTINELS]
        self.servers = {s.host: s for s in (self.server, *self.replicas)}
        self.wait_replica()
        lab.wait_until(lambda: self.quorum() == [2, 2, 2], 60, every=0.2,
                       say="the Sentinels do not know each other")

    def ask(self, host, *words):
        client = self.servers[host].client(self.hub_folder / "ca.pem").login(
            "tester", "tester")
        with contextlib.closing(client):
            return client(*words)

    def master(self):
        """Who says so, of those that answer."""
        found = []
        for host in self.servers:
            with contextlib.suppress(*AWAY):
                if self.ask(host, "ROLE")[0] == b"master":
                    found.append(host)
        return found

    def wait_replica(self):
        """One is the master, and the other has all that it has."""
        def is_so():
            with contextlib.suppress(*AWAY):
                roles = [self.ask(h, "ROLE") for h in self.servers]
                return sorted(r[0] for r in roles) == [b"master", b"slave"] \
                    and [r[3] for r in roles if r[0] == b"slave"] == \
                    [b"connected"]
            return False
        lab.wait_until(is_so, 60, every=0.2, say="there is no replica")

    def quorum(self):
        return [len(set(re.findall(r"(?m)^sentinel known-sentinel .*",
                                   s.config.read_text())))
                for s in self.sentinels]

    def is_agreed(self, before):
        """Who still takes the old one for the master gives it its place back
        as soon as it is there again."""
        masters = {re.search(r"(?m)^sentinel monitor \S+ (\S+)",
                             s.config.read_text())[1] for s in self.sentinels}
        return before not in masters and masters == set(self.master())

    def fail_over(self):
        """The master dies. Returns who it was; all know the other by then."""
        before, = self.master()
        self.servers[before].kill()
        lab.wait_until(lambda: self.is_agreed(before), 60, every=0.2,
                       say=self.sentinels[0].log)
        return before

    def counted(self):
        with contextlib.closing(sqlite3.connect(
                f"file:{self.folder}/data/city.sqlite?mode=ro",
                uri=True)) as db:
            return db.execute(
                "SELECT sum(cells), sum(value) FROM cells JOIN places"
                " ON places.id = place WHERE kind = 0").fetchone()

    def close(self):
        for sentinel in getattr(self, "sentinels", []):
            sentinel.stop()
        super().close()


class Counter:
    """A box that has figures without end: it sends one batch after the other,
    each until it is told that the hub has counted it."""

    def __init__(self, town, site):
        text = town.cli("add", site)
        self.login = [re.search(rf"option {word} '(.*)'", text)[1]
                      for word in ("user", "password")]
        self.town, self.site = town, site
        self.seq, self.client, self.runs = 0, None, True
        self.thread = threading.Thread(target=self.run, daemon=True)

    def connect(self):
        for server in self.town.servers.values():
            with contextlib.suppress(*AWAY):
                client = server.client(self.town.hub_folder / "ca.pem",
                                       timeout=3).login(*self.login)
                if client("ROLE")[0] == b"master":
                    self.client = client
                    return
                client.close()
        raise OSError("there is no master")

    def committed(self):
        found = self.client("XREAD", "STREAMS", f"c:{self.site}", "0")
        return int(found[0][1][-1][1][1].split()[1]) if found else 0

    def send(self, seq):
        self.client("XADD", f"in:{self.site}", "*", "f", figures(
            [cell(seq, 3)], first=seq))

    def send_until_counted(self, seq):
        try:
            if not self.client:
                self.connect()
            self.send(seq)
            lab.wait_until(lambda: self.committed() >= seq, 5, every=0.05)
            self.seq = seq
        except (AssertionError, *AWAY):
            self.client = None  # and so once more

    def run(self):
        while self.runs:
            self.send_until_counted(self.seq + 1)

    def wait_more(self, count=3):
        goal = self.seq + count
        lab.wait_until(lambda: self.seq >= goal, 60, every=0.1,
                       say="no figures are counted")

    def stop(self):
        self.runs = False
        self.thread.join()


@pytest.fixture
def town(street):
    made = City("fail-", boxes=2, portal=citystory.PORTAL, acl=TESTER)
    yield made
    made.close()


def tap_at(town, number):
    """At the first box; and seen at the second."""
    phone = town.add_phone(town.boxes[0], number, static=True)
    assert traffic.tap(phone).status == 303
    assert traffic.is_online(phone)
    return phone


def is_known_everywhere(town, phones):
    town.wait_known(len(phones), seconds=60)
    town.walk(phones[-1], town.boxes[1])
    traffic.wait_online(phones[-1])


def test_failover_and_back(town):
    """Twice, so that each server has been the master and come back: who is
    online notices nothing, taps go on, and each figure is counted once."""
    town.found()
    counter = Counter(town, "counter")
    for box in town.boxes:
        box.join()
        box.start()
    phones = [tap_at(town, 1)]
    counter.thread.start()
    counter.wait_more()
    town.wait_known(1)
    with traffic.NumberedFlow(phones[0], every=0.05) as flow:
        for number in (2, 4):
            gone = town.fail_over()
            phones.append(tap_at(town, number))
            is_known_everywhere(town, phones)
            counter.wait_more()
            phones.append(tap_at(town, number + 1))
            is_known_everywhere(town, phones)
            town.servers[gone].start()
            town.wait_replica()
            assert town.master() != [gone]
        assert flow.finish() == 0
    counter.stop()
    assert town.counted() == (counter.seq, 3 * counter.seq)
    assert all(traffic.is_online(phone) for phone in phones)


def test_a_restarted_master_stays_one(town):
    """Its config is as Sentinel has left it, whatever it began as."""
    town.found()
    town.servers[town.fail_over()].start()
    town.wait_replica()
    assert town.master() == [REPLICA]
    for server in [*town.sentinels, *town.servers.values()]:
        server.stop()
    for server in town.servers.values():
        server.start()
    town.wait_replica()
    assert town.master() == [REPLICA]


def test_nobody_commands_a_sentinel(town):
    """Who has the authority's certificate, as each box, and no key of it."""
    town.found()
    store = town.hub_folder / "store"

    def ask(**more):
        # in the name of a server, for all have one certificate
        client = town.sentinels[0].client(store / "ca.pem", port=26379,
                                          name=STORE, **more)
        with contextlib.closing(client):
            return client("SENTINEL", "get-master-addr-by-name", "stadttor")

    assert ask(chain=(store / "tls.crt", store / "tls.key"))[0] == \
        STORE.encode()
    with pytest.raises(OSError):
        ask()
