# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of a RADIUS server: Debian's FreeRADIUS on the internet's host, on
the same cores. Rows of run."""
import os
import resource
import shutil
import statistics
import sys
import tempfile
import time

import lane as lanes

import gate
import lab
from radius import SECRET, USERS, FreeRadius

sys.path.insert(0, os.path.join(gate.REPO, "tests"))
import authority  # noqa: E402

NAME = "portal.stadt.test"
LOGINS, SESSIONS = 2000, 500
ZONE = {"duration": "8h", "idle": "0", "max_sessions": 12000}
ACCOUNT = "bench=secret"


def cpu_ns(pid):
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0])


def all_ns(pids):
    """Of all threads of these, and of the tools that have ended."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(cpu_ns(f"{pid}/task/{task}") for pid in pids
               for task in os.listdir(f"/proc/{pid}/task")) \
        + (ended.ru_utime + ended.ru_stime) * 1e9


def portal_of(bench):
    return bench.stadttor.process[gate.PORTAL].pid


class Accounts:
    """The portal by TLS, and a server that knows one account."""

    def __init__(self, bench):
        self.bench = bench
        self.folder = tempfile.mkdtemp(prefix="stadttor-accounts-")
        os.chmod(self.folder, 0o755)
        chain, key = authority.Authority(self.folder).issue("portal", NAME)
        self.portal = {"hostname": NAME, "certificate": chain, "key": key,
                       "max_connections": 8192}
        self.server = FreeRadius(bench.ours)
        self.server.write("users", USERS + "\nbench Cleartext-Password := "
                          f"\"secret\"\n        Class = \"{'c' * 32}\"\n")
        self.server.start()

    def start(self, zone, radius=None):
        self.bench.stop()
        self.bench.stadttor = s = gate.Stadttor(self.bench.ours)
        s.options = []
        s.configure(guest={**ZONE, **zone}, gate={"on_stop": "remove"},
                    portal=self.portal)
        with open(s.config, "a") as file:
            file.write(gate.section("radius", "main", {
                "server": [lab.HOST4], "secret": SECRET, **(radius or {})}))
        for program in (gate.NETCTL, gate.PORTAL):
            s.start_one(program)
        s.wait_ready()

    def log_in(self, count, account=ACCOUNT):
        """What logins say, and nanoseconds for each: the portal's; those of
        the gate, the server and the phones."""
        pids = [p.pid for p in (*self.bench.stadttor.process.values(),
                                self.server.process)]
        before, all_before = cpu_ns(portal_of(self.bench)), all_ns(pids)
        got = self.bench.ours.tool(
            "logins", "-c", 32, "-n", count,
            *(["-a", account] if account else []), lanes.FIRST, count,
            self.bench.ours.guest.gate4, NAME)
        if got["status"] != {"303": count}:
            raise RuntimeError(f"logins failed: {got}")
        whole = (all_ns(pids) - all_before) / count
        if account:
            lab.wait_until(lambda: len(self.server.records("Start"))
                           >= count, 60, 0.2, "accounting is late")
        return got, (cpu_ns(portal_of(self.bench)) - before) / count, whole

    def close(self):
        self.bench.stop()
        self.server.close()
        shutil.rmtree(self.folder)


RADIUS = {"auth": ["radius"], "radius": "main"}


def logins(bench):
    """By TLS, with Access-Request and Accounting-Request each; a tap by TLS
    is what a login costs without."""
    count = LOGINS // 4 if bench.quick else LOGINS
    bench.ours.know_phones(count)
    accounts = Accounts(bench)
    rates, cpu, whole, taps = [], [], [], []
    try:
        for _ in range(1 if bench.quick else 3):
            accounts.start({})
            taps.append(accounts.log_in(count, None))
            accounts.server.write("detail", "")
            accounts.start(RADIUS)
            got, ns, all_of_it = accounts.log_in(count)
            rates.append(got["per_s"])
            cpu.append(ns)
            whole.append(all_of_it)
    finally:
        accounts.close()
    rate, ms = statistics.median(rates), statistics.median(cpu) / 1e6
    whole_ms = statistics.median(whole) / 1e6
    tap_rate = statistics.median(got["per_s"] for got, *_ in taps)
    tap_ms = statistics.median(ns for _, ns, _ in taps) / 1e6
    bench.add("logins/s by RADIUS over TLS, FreeRADIUS and phones on the same "
              "cores; taps/s over TLS", "≥ 300", f"{rate:.0f}, each {whole_ms:.1f} ms of a core, phones "
              f"and server in it; {tap_rate:.0f}",
              rate >= 300)
    bench.add("portal's CPU for such a login, accounting's Start in it; for a "
              "tap", "≤ 1 ms", f"{ms:.2f} ms; {tap_ms:.2f} ms", ms <= 1)


def interim(bench):
    """500 sessions of accounts, each told once a minute; and never."""
    seconds = 90
    bench.ours.know_phones(SESSIONS)
    accounts = Accounts(bench)
    share, told = {}, 0
    try:
        for every in ("0", "1m"):
            accounts.server.write("detail", "")
            accounts.start(RADIUS, {"interim": every})
            accounts.log_in(SESSIONS)
            before = cpu_ns(portal_of(bench))
            time.sleep(seconds)
            share[every] = (cpu_ns(portal_of(bench)) - before) / seconds / 1e7
            told = len(accounts.server.records("Interim-Update"))
    finally:
        accounts.close()
    if told < SESSIONS:
        raise RuntimeError(f"only {told} of {SESSIONS} were told")
    bench.add(f"portal's CPU for accounting of {SESSIONS} sessions, told each "
              "minute; at their end alone", "≤ 0.5 % of a core",
              f"{share['1m']:.2f} %; {share['0']:.2f} %", share["1m"] <= 0.5)


ROWS = {"logins": logins, "interim": interim}
