# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody is found: devices with known addresses go through everything that may
happen, then every file, log, answer and the processes' memory are searched
for them. This is `make check-privacy`.

The programs are those without sanitizers, since those keep freed memory.
"""
import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import tempfile

import canary
import gate
import lab
import pytest
import traced
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V6

PLAIN = os.path.join(gate.REPO, os.environ.get("STADTTOR_PLAIN", "build"))
FORGET_S = 3
PASSWORD = "correct horse battery"

# No byte of them is a letter, and no two of them look alike.
NAMES = [
    [("06:9a:d3:1b:c7:9e", "10.20.213.171", "2001:db8:20::9ad3:1bc7:9e42:a1f3",
      "fernsprecher-kanarie-eins"),
     ("0a:b1:86:f4:12:d9", "10.20.187.246", "2001:db8:20::b186:f412:d9c0:5e87",
      "fernsprecher-kanarie-zwei"),
     ("0e:8f:c5:a2:e8:17", "10.20.151.239", "2001:db8:20::8fc5:a2e8:17b4:c6d1",
      "fernsprecher-kanarie-drei")],
    [("06:c3:91:e5:b8:1d", "10.20.199.173", "2001:db8:20::c391:e5b8:1da6:f2c4",
      "fernsprecher-zeisig-eins"),
     ("0a:d8:a7:13:f9:8c", "10.20.233.157", "2001:db8:20::d8a7:13f9:8ce1:b593",
      "fernsprecher-zeisig-zwei"),
     ("0e:e6:14:bd:97:c2", "10.20.167.219", "2001:db8:20::e614:bd97:c2d0:8fa9",
      "fernsprecher-zeisig-drei")],
]


def rename(phone, mac, ip4, ip6, hostname):
    """The phone becomes somebody else."""
    network = phone.network
    phone.netns.ip(
        f"link set {phone.device} down",
        f"addr flush dev {phone.device}",
        f"link set {phone.device} address {mac} up",
        f"addr add {ip4}/16 dev {phone.device}",
        f"addr add {ip6}/64 dev {phone.device} nodad",
        f"route replace default via {network.gate4}",
        f"route replace ::/0 via {network.gate6} dev {phone.device}")
    phone.mac, phone.ip4, phone.ip6, phone.hostname = mac, ip4, ip6, hostname


@pytest.fixture
def canaries(street):
    """Three phones under names that are easy to find, and their old ones."""
    phones = street.phones[:3]
    before = [(p.mac, p.ip4, p.ip6, "") for p in phones]
    yield phones
    for phone, names in zip(phones, before):
        rename(phone, *names)


def prepared(stadttor):
    """An account for the dashboard, core dumps as large as they like."""
    stadttor.build = PLAIN
    stadttor.drive_clock()
    stadttor.configure()
    done = subprocess.run(
        [os.path.join(PLAIN, "stadttor"), "-c", stadttor.config, "passwd",
         "--stdin", "operator"], input=f"{PASSWORD}\n", text=True,
        capture_output=True)
    assert done.returncode == 0, done.stderr
    return stadttor


def bad_requests(phone):
    for family in FAMILIES:
        where = phone.network.gate(family)
        for data in (b"\0" * 300, b"GET / HTTP/1.1\r\nHost: \xff\r\n\r\n",
                     b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"POST /accept HTTP/1.1\r\nHost: a\r\n"
                     b"Content-Length: 99999\r\n\r\n", b"PUT / HTTP/9\r\n\r\n",
                     b"GET /no HTTP/1.1\r\nHost: "
                     + phone.ip4.encode() + b"\r\n\r\n"):
            with contextlib.suppress(OSError), \
                    phone.socket(family, socket.SOCK_STREAM) as s:
                s.settimeout(2)
                s.connect((where, 80))
                s.sendall(data)
                s.recv(4096)


def use_and_leave(stadttor, phones):
    """Everything that may happen to people."""
    for phone in phones:
        for family in FAMILIES:
            traffic.http(phone, traffic.web(family), "/generate_204",
                         host="connectivitycheck.gstatic.com")
            traffic.http(phone, phone.network.gate(family), "/?via=g&lang=en")
            traffic.http(phone, phone.network.gate(family), "/terms")
        bad_requests(phone)
        traffic.resolve(phone, "net.test")
        assert traffic.tap(phone, V6).status == 303
        for family in FAMILIES:
            assert traffic.is_online(phone, family)
            traffic.http(phone, phone.network.gate(family), "/status")
    first, second, third = phones
    shown = stadttor.cli("sessions", "--show-addresses").stdout
    assert first.mac in shown
    stadttor.restart(NETCTL)
    stadttor.wait_ready()
    said = len(stadttor.log(NETCTL))
    stadttor.street.gate.nft("flush ruleset\n")
    stadttor.wait_log("put back", since=said)
    traffic.wait_online(first)
    stadttor.reload()
    stadttor.wait_ready()
    traffic.log_out(first, V6)
    stadttor.revoke(second.ip4)
    stadttor.grant(third.ip6, "--minutes", "1", "--down", "1mbit")
    stadttor.revoke(stadttor.sessions()[0]["handle"])
    stadttor.cli("revoke", first.ip4, check=False)
    traffic.http(third, third.network.gate4, "/accept", "POST", "terms=0")
    lab.wait_until(lambda: not stadttor.sessions(), say="a session is left")


def admin_answers(stadttor):
    """All that the operator's side says."""
    gate_ns = stadttor.street.gate
    jar = os.path.join(stadttor.folder, "cookies")

    def curl(*args):
        return gate_ns.run("curl", "-s", "-i", "-b", jar, "-c", jar,
                           *args).stdout.encode()
    base = "http://127.0.0.1:2090"
    said = {"login": curl(f"{base}/login", "-H", f"Origin: {base}",
                          "--data-urlencode", "user=operator",
                          "--data-urlencode", f"password={PASSWORD}")}
    assert b" 303 " in said["login"]
    for path in ("/metrics", "/api/now", "/api/usage?step=hour",
                 "/api/usage?step=day&format=csv",
                 "/api/labels?kind=platform", "/nowhere"):
        said[path] = curl(base + path)
    assert b"stadttor_" in said["/metrics"]
    os.unlink(jar)
    return said


def settle_down(stadttor):
    """Neighbours age, sessions are over, and then some seconds; what that
    brings about takes another one."""
    stadttor.street.gate.run("ip", "neigh", "flush", "all", check=False)
    for seconds in (FORGET_S, 1, 1):
        stadttor.jump(seconds)


def everything(stadttor, capture):
    """All that is kept anywhere, but for the operator's own screen."""
    found = canary.files_below(stadttor.folder)
    if os.path.exists(stadttor.pending):
        with open(stadttor.pending, "rb") as file:
            found["pending"] = file.read()
    found.update(admin_answers(stadttor))
    found["uplink"] = b"".join(capture)
    for program in (PORTAL, NETCTL):
        pid = stadttor.process[program].pid
        found.update({f"{program} {where}": data for where, data
                      in canary.memory_of(pid).items()})
    return found


def one_round(stadttor, street, phones, names):
    for phone, own in zip(phones, names):
        rename(phone, *own)
    with street.internet.socket(socket.AF_PACKET, socket.SOCK_RAW) as uplink:
        uplink.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # RCVBUFFORCE
        uplink.bind(("eth0", 3))  # ETH_P_ALL, both directions
        uplink.setblocking(False)
        use_and_leave(stadttor, phones)
        settle_down(stadttor)
        frames = []
        with contextlib.suppress(BlockingIOError):
            while True:
                frames.append(uplink.recv(65535))
    assert len(frames) > 20
    return everything(stadttor, frames)


def test_nobody_is_found(stadttor, street, canaries):
    prepared(stadttor).start(guest={"rate_down": "5mbit", "duration": "1h"},
                             uplink={"masquerade": "both"})
    chance = None
    for names in NAMES:
        found = one_round(stadttor, street, canaries, names)
        forms = set().union(*(canary.forms_of(p) for p in canaries))
        assert canary.search(found, forms) == []
        # Four bytes may stand anywhere by chance, but not twice.
        chance = canary.search(
            found, set().union(*(canary.raw4(p.ip4) for p in canaries)))
        if not chance:
            break
    assert not chance


def test_the_search_can_fail(stadttor, street, canaries):
    """Whatever form is planted wherever is found; and so is a device while it
    is being served, in both processes."""
    prepared(stadttor).start()
    phone = canaries[0]
    rename(phone, *NAMES[0][0])
    forms = canary.forms_of(phone)
    for form in forms:
        planted = {"somewhere": b"x" + form + b"y"}
        assert canary.search(planted, {form}), form
    with open(os.path.join(stadttor.folder, "planted"), "w") as file:
        file.write(f"device {phone.mac} was here\n")
    hits = canary.search(canary.files_below(stadttor.folder), forms)
    assert [where for where, _ in hits if where.endswith("planted")]
    assert traffic.tap(phone).status == 303
    netctl = canary.memory_of(stadttor.process[NETCTL].pid)
    assert canary.search(netctl, canary.mac_forms(phone.mac))
    with phone.socket(V6, socket.SOCK_STREAM) as s:
        s.connect((phone.network.gate6, 80))
        s.sendall(b"GET / HTTP/1.1\r\n")
        lab.wait_until(lambda: canary.search(
            canary.memory_of(stadttor.process[PORTAL].pid),
            canary.ip6_forms(phone.ip6)), say="it is not found")


# Beside these the programs open no file for writing.
WRITTEN = ["usage/usage.sqlite(-wal|-shm|-journal)?",
           "usage/history.sqlite(-journal|.alive)?", "stadttor-[a-z]+.log"]


def crash(stadttor, phone):
    """While they serve somebody."""
    assert traffic.tap(phone).status == 303
    for program, number in ((PORTAL, signal.SIGSEGV), (NETCTL, signal.SIGABRT),
                            (NETCTL, signal.SIGSEGV)):
        stadttor.process[program].send_signal(number)
        stadttor.process[program].wait()
        stadttor.start_one(program)
        stadttor.wait_ready()


def test_nobody_is_in_what_is_written(stadttor, street, canaries):
    """All that both programs ever wrote to any file, as the kernel was asked:
    everything that may happen, crashes and the most verbose logs included."""
    trace = traced.Trace()
    prepared(stadttor).prefix = trace.prefix
    stadttor.start(guest={"rate_down": "5mbit", "duration": "1h"})
    for phone, own in zip(canaries, NAMES[0]):
        rename(phone, *own)
    use_and_leave(stadttor, canaries)
    admin_answers(stadttor)
    crash(stadttor, canaries[0])
    stadttor.terminate()
    written = trace.written()
    allowed = re.compile("|".join([
        f"{stadttor.folder}/({'|'.join(WRITTEN)})", stadttor.pending,
        "/dev/null"]))
    assert [path for path in written if not allowed.fullmatch(path)] == []
    assert written[f"{stadttor.folder}/usage/usage.sqlite"]
    assert written[f"{stadttor.folder}/{NETCTL}.log"]
    with open(stadttor.pending, "rb") as file:  # it is mapped
        written["pending"] = file.read()
    forms = set().union(*(canary.forms_of(p) for p in canaries))
    assert canary.search(written, forms) == []


@pytest.fixture
def cores_allowed():
    """For whatever is started from now on, in a folder that takes them. sudo
    takes the limit away, and root may take it back."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    most = hard or resource.RLIM_INFINITY
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        os.chdir(folder)
        child = subprocess.Popen(["sh", "-c", "kill -ABRT $$"])
        ended = os.waitid(os.P_PID, child.pid, os.WEXITED)
        assert ended.si_code == os.CLD_DUMPED, "no core is dumped here"
        yield
        os.chdir(before)
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.mark.parametrize("program", [NETCTL, PORTAL])
def test_a_crash_leaves_no_core(stadttor, phones, cores_allowed, program):
    """Even where core dumps are allowed."""
    prepared(stadttor).start()
    assert traffic.tap(phones[0]).status == 303
    process = stadttor.process[program]
    process.send_signal(signal.SIGABRT)
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert ended.si_code == os.CLD_KILLED, "a core was dumped"
    assert ended.si_status == signal.SIGABRT
    process.wait()
    stadttor.start_one(program)
    stadttor.wait_ready()
    assert traffic.is_online(phones[0])
    assert len(json.loads(stadttor.cli("sessions", "--json").stdout)
               ["sessions"]) == 1
