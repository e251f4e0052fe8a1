# SPDX-License-Identifier: GPL-3.0-or-later
"""Both programs in a jail as procd's ujail makes it.

Read in openwrt/procd: jail/jail.c, post_start_hook() (order of steps, and the
securebits that it locks where capabilities are given), build_jail_fs() (a root
that is read-only, a /dev of its own), jail/capabilities.c. The sets and the
filter are the package's own.
"""
import json
import os
import re
import signal
import socket
import subprocess
import threading

import gate
import lab
import pytest
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES

FILES = os.path.join(gate.REPO, "openwrt", "stadttor", "files")
PLAIN = os.path.join(gate.REPO, os.environ.get("STADTTOR_PLAIN", "build"))
DAEMON, ERROR, WARNING, INFO = 3, 3, 4, 6  # of syslog(3)
SECUREBITS = "+keep_caps_locked,+no_setuid_fixup_locked,+noroot_locked"
SECCOMP = {NETCTL: "stadttor.seccomp.json",
           PORTAL: "stadttor-portal.seccomp.json"}
# netctl's own /proc is that of its own processes; the portal has none.
MAKE_ROOT = """set -e
folder=$1 pending=$2 program=$3
shift 3
mount --bind "$folder" "$folder"
mount -t tmpfs dev "$folder/dev"
mkdir "$folder/dev/shm"
mount --bind "${pending%/*}" "$folder/dev/shm"
for name in null zero full random urandom; do
	: >"$folder/dev/$name"
	mount --bind "/dev/$name" "$folder/dev/$name"
done
: >"$folder/dev/log"
mount --bind "$folder/log" "$folder/dev/log"
mount --rbind "$folder/dev" /dev
mount -o remount,bind,ro /
if [ "$program" = stadttor-portal ]; then
	mount -t tmpfs none /sys
	mount -t tmpfs none /proc
fi
exec "$@"
"""


def capabilities(name):
    with open(os.path.join(FILES, f"{name}.capabilities.json")) as file:
        sets = json.load(file)
    assert len(sets) == 5 and len({str(s) for s in sets.values()}) == 1
    return ",".join(["-all", *(f"+{c.removeprefix('CAP_').lower()}"
                               for c in sets["ambient"])])


class Jailed(gate.Stadttor):
    """The programs, each in namespaces and with the rights of its jail."""

    def __init__(self, street):
        super().__init__(street)
        self.build = PLAIN
        for program in (NETCTL, PORTAL):  # init's make_folder()
            os.makedirs(self.place(program))
            subprocess.run(["chown", f"{gate.USER[program]}:nogroup",
                            self.place(program)], check=True)
        self.socket = os.path.join(self.place(NETCTL), "netctl.sock")
        os.mkdir(self.place("dev"))
        self.options = ["-s"]
        self.said = []  # facility and priority, program, text
        self.syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.syslog.bind(self.place("log"))
        os.chmod(self.place("log"), 0o666)
        threading.Thread(target=self.hear, daemon=True).start()

    def hear(self):
        """What logd would; the programs' logs are made of it."""
        while datagram := self.syslog.recv(2048):
            number, program, text = re.fullmatch(
                r"<(\d+)>.{15} ([\w-]+): (.*)", datagram.decode()).groups()
            self.said.append((int(number), program, text))
            with open(self.log_path(program), "a") as log:
                print(text, file=log)

    def place(self, program):
        return os.path.join(self.folder, program)

    def start_one(self, program):
        with open(self.place("stderr"), "a") as log:
            self.process[program] = self.start_in_jail_of(
                program, os.path.join(self.build, program), "-c", self.config,
                *self.options, stdout=log, stderr=log)

    def start_in_jail_of(self, program, *command, **kwargs):
        sets = capabilities(program.removeprefix("stadttor-"))
        return self.street.gate.popen([
            "unshare", "--mount", "--pid", "--fork", "--kill-child",
            "--mount-proc", "sh", "-c", MAKE_ROOT, "sh", self.folder,
            self.pending, program,
            "setpriv", "--bounding-set", sets, "--inh-caps", sets,
            "--ambient-caps", sets, "--reuid", gate.USER[program],
            "--regid", "nogroup", "--clear-groups", "--securebits",
            SECUREBITS, "--no-new-privs",
            "/usr/bin/python3", os.path.join(lab.HERE, "jailed.py"),
            os.path.join(FILES, SECCOMP[program]), *command], **kwargs)

    def terminate_in_jail(self, program):
        os.kill(int(next_process(self.process[program])), signal.SIGTERM)
        self.process[program].wait()

    def close(self):
        for process in self.process.values():  # and unshare ends with it
            if process.poll() is None:
                os.kill(int(next_process(process)), signal.SIGKILL)
                process.wait()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.sendto(b"", self.place("log"))
        super().close()


@pytest.fixture
def jailed(street):
    programs = Jailed(street)
    programs.configure(usage={"file": os.path.join(programs.place(PORTAL),
                                               "usage.sqlite")})
    for program in (NETCTL, PORTAL):
        programs.start_one(program)
    programs.wait_ready()
    yield programs
    programs.close()


def next_process(process):
    """Of the program, a child of the unshare that was started."""
    return lab.wait_until(lambda: open(
        f"/proc/{process.pid}/task/{process.pid}/children").read().split())[0]


def status(process):
    with open(f"/proc/{next_process(process)}/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file)


def test_they_start_and_serve(jailed, phones):
    for program, rights in ((NETCTL, 1 << 12), (PORTAL, 0)):
        its = status(jailed.process[program])
        assert its["Name"] == program
        assert {k: int(its[k], 16) for k in ("CapEff", "CapPrm", "CapBnd")} \
            == dict.fromkeys(("CapEff", "CapPrm", "CapBnd"), rights)
        assert its["Seccomp"] == "2" and its["NoNewPrivs"] == "1"
        assert its["Uid"].split() != ["0"] * 4
    for phone, family in zip(phones, FAMILIES):
        assert traffic.is_shut(phone, family)
        assert traffic.tap(phone, family).status == 303
        traffic.wait_online(phone, family)


def test_what_is_no_error_is_not_logged_as_one(jailed):
    """procd would: all that it reads on standard error is daemon.err."""
    with open(jailed.place("stderr")) as file:
        assert file.read() == ""
    assert {number >> 3 for number, _, _ in jailed.said} == {DAEMON}
    assert {number & 7 for number, _, _ in jailed.said} <= {INFO, WARNING}
    assert {program for number, program, text in jailed.said
            if number & 7 == INFO} == {NETCTL, PORTAL}
    jailed.configure(guest={"duration": "for ever"})
    pid = next_process(jailed.process[NETCTL])
    os.kill(int(pid), signal.SIGHUP)
    jailed.wait_log("duration")
    number, _, text = next(x for x in jailed.said if "duration" in x[2])
    assert number & 7 == ERROR and not text.startswith("error")


@pytest.mark.parametrize("program", [NETCTL, PORTAL])
def test_no_program_outlives_its_jail(jailed, program):
    """Else it keeps its socket from the one that procd starts next."""
    process = jailed.process[program]
    child = next_process(process)
    process.kill()
    process.wait()
    lab.wait_until(lambda: not os.path.exists(f"/proc/{child}"), 10)
    jailed.start_one(program)
    jailed.wait_ready()


# --- a portal that somebody has taken over -----------------------------------

HIJACK = 2080
WAYS = 14
# Python reads a script of its own with the help of ioctl(2).
with open(os.path.join(lab.HERE, "taken_over.py")) as script:
    TAKEN_OVER = script.read()
# That of another user's process, and daemons that nobody runs here.
NOT_HERE = {"/proc/1/net/arp", "/var/lib/misc/dnsmasq.leases",
            "/run/dnsmasq/stadttor.leases",
            "/run/avahi-daemon/socket"}


def taken_over(start, phone):
    """What the program in the portal's place finds of a phone that is there."""
    traffic.ping(phone, phone.network.gate4)
    process = start("/usr/bin/python3", "-c", TAKEN_OVER, phone.network.bridge,
                    phone.ip4, str(HIJACK), stdout=subprocess.PIPE, text=True)
    lab.wait_until(lambda: process.poll() is not None
                   or traffic.tcp_connect(phone, lab.WEB4, 80) is True)
    found = json.loads(process.communicate(timeout=200)[0])
    assert len(found) == WAYS
    mac = phone.mac.replace(":", "")
    return {way for way, what in found.items()
            if mac in what or mac.encode().hex() in what
            or what == "attached"}, found


def without_jail(programs):
    def start(*command, **kwargs):
        return programs.street.gate.popen(
            ["unshare", "--mount", "sh", "-c", "mount -t sysfs none /sys && "
             'exec "$@"', "sh", "setpriv", "--reuid", gate.USER[PORTAL],
             "--regid", "nogroup", "--clear-groups", "--bounding-set=-all",
             "--inh-caps=-all", "--no-new-privs", *command], **kwargs)
    return start


def test_a_portal_that_was_taken_over_learns_no_hardware_address(jailed,
                                                                 phones):
    jailed.terminate_in_jail(PORTAL)
    found, told = taken_over(
        lambda *command, **kwargs: jailed.start_in_jail_of(
            PORTAL, *command, **kwargs), phones[0])
    assert found == set(), told


def test_without_a_jail_it_would(jailed, phones):
    """Else the test before this one looks in the wrong places."""
    jailed.terminate_in_jail(PORTAL)
    found, told = taken_over(without_jail(jailed), phones[0])
    assert found == set(told) - NOT_HERE, told
