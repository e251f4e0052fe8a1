# SPDX-License-Identifier: GPL-3.0-or-later
"""The three real programs on the gate of the street: config, life, figures."""
import contextlib
import functools
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import tempfile
import time

import ipc
import lab

REPO = os.path.dirname(os.path.dirname(lab.HERE))
BUILD = os.path.join(REPO, os.environ.get(
    "STADTTOR_NET", os.environ.get("STADTTOR_BUILD", "build")))
NETCTL, PORTAL = "stadttor-netctl", "stadttor-portal"
LOOK_S = 5.1  # behind a look at the counters comes the next
USER = {NETCTL: "daemon", PORTAL: "nobody"}
CRASH = re.compile(r"AddressSanitizer|UndefinedBehavior|runtime error:|"
                   r"LeakSanitizer|stack smashing|Assertion .* failed")


@functools.cache
def preloaded_clock():
    """preload/clock.c for this run, which ends with its /tmp."""
    path = os.path.join(tempfile.mkdtemp(prefix="stadttor-clock-"), "clock.so")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o",
                    path, os.path.join(lab.HERE, "preload", "clock.c")],
                   check=True)
    os.chmod(os.path.dirname(path), 0o755)
    return path


def clocked(path):
    """The environment of a program whose clocks are those of that file."""
    return {"LD_PRELOAD": preloaded_clock(), "STADTTOR_CLOCK": path,
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "")
            + ":verify_asan_link_order=0"}


def section(kind, name, options):
    """A section of the config; a list becomes one line per member."""
    lines = [f"config {kind} '{name}'" if name else f"config {kind}"]
    for key, value in options.items():
        word = "list" if isinstance(value, (list, tuple)) else "option"
        for one in value if word == "list" else [value]:
            lines.append(f"\t{word} {key} '{one}'")
    return "\n".join(lines) + "\n"


class Stadttor:
    """netctl and portal with one config file, in the gate's namespace."""

    def __init__(self, street):
        self.street = street
        self.folder = tempfile.mkdtemp(prefix="stadttor-")
        os.chmod(self.folder, 0o755)
        self.config = os.path.join(self.folder, "stadttor")
        self.socket = os.path.join(self.folder, "netctl.sock")
        # Figures that wait outlive netctl in RAM only.
        self.pending = os.path.join("/dev/shm", os.path.basename(self.folder))
        self.build = BUILD
        self.environment = {}
        self.clock = None
        self.process = {}
        self.options = ["-d"]
        self.prefix = []  # words before the programs' names

    # --- time ---

    def drive_clock(self, slower=0, begin_s=0):
        """From their start on the programs' clocks go so many times slower,
        and jump when they are told; begin_s: they all show that first. The
        kernel's own do not."""
        self.clock = os.path.join(self.folder, "clock")
        with open(self.clock, "wb") as file:
            file.write(struct.pack("=qqqq", 0, slower, 0, begin_s * 10 ** 9)
                       .ljust(4096, b"\0"))
        self.environment |= clocked(self.clock)

    def step_wall(self, seconds):
        """The wall clock alone."""
        with open(self.clock, "r+b") as file:
            ahead, slower, wall = struct.unpack("=qqq", file.read(24))
            file.seek(0)
            file.write(struct.pack("=qqq", ahead, slower,
                                   wall + int(seconds * 10 ** 9)))

    def set_wall(self, seconds):
        """To that time, of clocks that do not go slower."""
        with open(self.clock, "rb") as file:
            ahead, _, wall = struct.unpack("=qqq", file.read(24))
        self.step_wall(seconds - (time.time_ns() + ahead + wall) / 10 ** 9)

    def advance(self, seconds):
        """All clocks at once; a program sees it when something wakes it."""
        with open(self.clock, "r+b") as file:
            ahead, = struct.unpack("=q", file.read(8))
            file.seek(0)
            file.write(struct.pack("=q", ahead + int(seconds * 10 ** 9)))

    def jump(self, seconds):
        """The same, and both look at their clocks."""
        self.advance(seconds)
        self.wake()

    def wake(self):
        """Those that run look at their clocks."""
        if self.is_running(NETCTL):
            self.cli("status", check=False)
        if self.is_running(PORTAL):
            with contextlib.suppress(OSError):
                self.street.gate.ask(self.street.guest.gate4, 2081, "/")

    def wait_look(self):
        """netctl reads the counters of all sessions, after what was before; on
        a clock that is driven without waiting for its time."""
        with ipc.Peer(self.socket, "root") as peer:
            before = peer.looks()
            if self.clock:
                self.advance(LOOK_S)
            lab.wait_until(lambda: peer.looks() > before, 10, 0.1,
                           "no look at the counters")

    def worked(self, program):
        """Seconds that it has had a processor for."""
        path = f"/proc/{self.process[program].pid}/schedstat"
        with open(path) as file:
            return int(file.read().split()[0]) / 10 ** 9

    # --- config ---

    def configure(self, guest=None, staff=None, uplink=None, gate=None,
                  portal=None, usage=None, admin=None):
        """Writes the config file; staff is a zone only if it is given."""
        text = section("gate", None, {
            "socket": self.socket, "user": USER[NETCTL], **(gate or {})})
        text += section("uplink", "wan", {"device": "wan0",
                                          **(uplink or {})})
        for network, options in ((self.street.guest, guest or {}),
                                 (self.street.staff, staff)):
            if options is not None:
                text += section("zone", network.zone,
                                {"device": network.bridge, **options})
        text += section("portal", None, {
            "user": USER[PORTAL], "pages": os.path.join(REPO, "web"),
            **(portal or {})})
        text += section("usage", None, {
            "file": os.path.join(self.folder, "usage", "usage.sqlite"),
            "pending": self.pending,
            "lives": "",
            **(usage or {})})
        text += section("admin", None, {
            "accounts": os.path.join(self.folder, "accounts"),
            **(admin or {})})
        self.write(text)

    def write(self, text):
        with open(self.config, "w") as file:
            file.write(text)
        os.chmod(self.config, 0o644)

    # --- life ---

    def start(self, debug=True, **config):
        """Configures and starts both, and waits until they are ready."""
        self.options = ["-d"] if debug else []
        self.configure(**config)
        self.start_one(NETCTL)
        self.start_one(PORTAL)
        self.wait_ready()

    def start_one(self, program):
        if program == PORTAL and self.clock and self.is_running(NETCTL):
            # Its next try is never, on a clock that is driven.
            lab.wait_until(self.netctl_answers, 10, say="netctl is not ready")
        env = dict(os.environ, **self.environment)
        # The programs are not dumpable, so the leak checker cannot attach.
        env["ASAN_OPTIONS"] = "detect_leaks=0:" + env.get("ASAN_OPTIONS", "")
        with open(self.log_path(program), "a") as log:
            self.process[program] = self.street.gate.popen(
                [*self.prefix, os.path.join(self.build, program),
                 "-c", self.config, *self.options],
                stdout=log, stderr=log, env=env)

    def wait_ready(self, seconds=10):
        lab.wait_until(self.netctl_answers, seconds, say="netctl is not ready")
        lab.wait_until(self.portal_is_ready, seconds,
                       say="portal is not ready")

    def netctl_answers(self):
        self.check_alive(NETCTL)
        try:
            with ipc.Peer(self.socket, "root") as peer:
                peer.looks()
        except OSError:
            return False
        return True

    def portal_is_ready(self):
        """It listens, and the last that it said of netctl was good."""
        self.check_alive(PORTAL)
        said = self.log(PORTAL).splitlines()
        told = [line for line in said if "connected to netctl" in line
                or "netctl is away" in line or f"{self.socket}: " in line]
        if not told or "connected to netctl" not in told[-1]:
            return False
        return self.street.gate.listens(2081)

    def is_running(self, program):
        return program in self.process and self.process[program].poll() is None

    def check_alive(self, program):
        process = self.process.get(program)
        if process and process.poll() is not None:
            raise AssertionError(f"{program} ended with {process.returncode}: "
                                 + self.log(program)[-2000:])

    def kill(self, *programs):
        """kill -9, and nothing else."""
        for program in programs or (PORTAL, NETCTL):
            lab.stop(self.process[program], signal.SIGKILL)

    def restart(self, *programs):
        """kill -9 and a new start."""
        programs = programs or (NETCTL, PORTAL)
        self.kill(*programs)
        for program in programs:
            self.start_one(program)

    def reload(self, *programs):
        for program in programs or (NETCTL, PORTAL):
            self.process[program].send_signal(signal.SIGHUP)

    def terminate(self, *programs):
        for program in programs or (PORTAL, NETCTL):
            status = lab.stop(self.process[program])
            assert status == 0, f"{program} ended with {status}"

    def close(self):
        """Ends both, removes their traces, complains about crashes."""
        try:
            for program, process in self.process.items():
                if process.poll() is None:
                    lab.stop(process)
            for program in self.process:
                found = CRASH.search(self.log(program))
                assert not found, self.log(program)[-6000:]
        finally:
            self.wipe()
            shutil.rmtree(self.folder, ignore_errors=True)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.pending)

    def wipe(self):
        """The gate's kernel as it was before."""
        gate = self.street.gate
        for process in self.process.values():
            lab.stop(process, signal.SIGKILL)
        gate.run("nft", "flush", "ruleset")
        for device in ("wan0", "br-guest", "br-staff"):
            gate.run("tc", "qdisc", "del", "dev", device, "root", check=False)
        gate.run("conntrack", "-F", check=False)
        gate.run("ip", "neigh", "flush", "all", check=False)

    # --- what they say ---

    def log_path(self, program):
        return os.path.join(self.folder, f"{program}.log")

    def log(self, program=NETCTL):
        try:
            with open(self.log_path(program), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def wait_log(self, pattern, program=NETCTL, seconds=5, since=0):
        """Waits for a line of the log that matches, and returns it."""
        found = lab.wait_until(
            lambda: re.search(pattern, self.log(program)[since:], re.I),
            seconds, say=f"{program} did not log /{pattern}/:\n"
            + self.log(program)[-2000:])
        return found.group(0)

    def warnings(self, pattern, program=NETCTL):
        """The lines of the log, without debug lines, that match."""
        return [line for line in self.log(program).splitlines()
                if " debug: " not in line and re.search(pattern, line, re.I)]

    # --- the command line ---

    def cli(self, *args, check=True):
        with self.street.gate.entered():
            done = subprocess.run(
                [os.path.join(self.build, "stadttor"), "-c", self.config,
                 *args], text=True, capture_output=True, timeout=120,
                env=dict(os.environ, **self.environment))
        if check and done.returncode:
            raise AssertionError(f"stadttor {' '.join(args)}: "
                                 f"{done.returncode}: {done.stderr}")
        return done

    def json(self, *args):
        return json.loads(self.cli(*args, "--json").stdout)

    def status(self):
        return self.json("status")

    def sessions(self, addresses=False):
        args = ["--show-addresses"] if addresses else []
        return self.json("sessions", *args)["sessions"]

    def grant(self, address, *args):
        return self.cli("grant", address, *args)

    def revoke(self, what):
        return self.cli("revoke", what)

    def flow_table(self):
        """The gate's own: "on", "off", or "refused" by the kernel."""
        return json.loads(self.cli("--json", "status").stdout)["flow_table"]

    def session_of(self, phone):
        """The session of a phone, which must have exactly one."""
        found = [s for s in self.sessions(True)
                 if phone.mac in json.dumps(s).lower()]
        assert len(found) == 1, found
        return found[0]
