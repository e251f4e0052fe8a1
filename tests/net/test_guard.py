# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests stay out until netctl's rules are there, whatever keeps it from that."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess

import gate
import lab
import packets
import pytest
import traffic
from gate import NETCTL
from traffic import FAMILIES, V4, V6

GUARD = os.path.join(gate.REPO, "etc", "guard")
PLAIN = os.path.join(gate.REPO, os.environ.get("STADTTOR_PLAIN", "build"))
KNOCK, MARKER = 4500, 4501


def gets_out(street, phone):
    """The families in which a packet of the phone reaches the internet. One of
    the gate's own is sent after it, and cannot overtake it: the phone knows its
    gateway by then, and both wait for the uplink's."""
    with packets.Capture(street.internet) as capture:
        for family in FAMILIES:
            traffic.ping(phone, phone.network.gate(family))
            with phone.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(b"let me in", (traffic.web(family), KNOCK))
        for family, host in ((V4, lab.HOST4), (V6, lab.HOST6)):
            with street.gate.socket(family, socket.SOCK_DGRAM) as s:
                s.sendto(b"after you", (host, MARKER))
        lab.wait_until(lambda: sum(p.port == MARKER
                                   for p in capture.packets()) == 2)
        return [traffic.family_of(p.source) for p in capture.packets()
                if p.port == KNOCK]


@pytest.fixture
def guard(stadttor, street, phones):
    """Runs it, with what it says; without it everybody is online.

    Of programs it finds netctl, and first of all those in $folder/bin.
    """
    assert gets_out(street, phones[0]) == [V4, V6]
    stadttor.configure()
    own = os.path.join(stadttor.folder, "bin")
    os.mkdir(own)
    path = f"{own}:{PLAIN}:{os.environ['PATH']}"

    def run(*args, check=True):
        return street.gate.run(GUARD, *(args or (stadttor.config,
                               os.path.join(stadttor.folder, "guarded"))),
                               check=check, env={**os.environ, "PATH": path})
    return run


def program(stadttor, name, text):
    path = os.path.join(stadttor.folder, "bin", name)
    with open(path, "w") as file:
        file.write(f"#!/bin/sh\n{text}\n")
    os.chmod(path, 0o755)
    return path


def be_blind(stadttor):
    """It does not see that netctl's rules are in force."""
    return program(stadttor, "nft", '[ "$1 $2" != "list chain" ] || exit 1\n'
                   f'exec {shutil.which("nft")} "$@"')


def tables(street):
    return re.findall(r"table inet (stadttor\S*)",
                      street.gate.run("nft", "list", "tables").stdout)


def serves(phone, address, port):
    """True: it is reached; anything else is not."""
    return traffic.tcp_connect(phone, address, port) is True


def test_nothing_passes_and_the_box_is_out_of_reach(guard, street, phones):
    shell = street.gate.socket(V6, socket.SOCK_STREAM)  # and IPv4
    with shell:
        shell.bind(("::", 22))
        shell.listen()
        gates = [phones[0].network.gate(f) for f in FAMILIES]
        assert [serves(phones[0], g, 22) for g in gates] == [True, True]
        said = guard().stderr
        assert said == ("stadttor-guard: guests of br-guest are kept out until"
                        " netctl's rules are in the kernel\n")
        assert gets_out(street, phones[0]) == []
        assert [serves(phones[0], g, 22) for g in gates] == [False, False]
        assert [traffic.ping(phones[0], g) for g in gates] == [True, True]
    for family in FAMILIES:  # nor is a phone reached
        with street.internet.socket(family, socket.SOCK_DGRAM) as s, \
                phones[0].socket(family, socket.SOCK_DGRAM) as own:
            own.bind(("", KNOCK))
            own.settimeout(0.2)
            s.sendto(b"hello", (phones[0].address(family), KNOCK))
            with pytest.raises(TimeoutError):
                own.recv(16)


@pytest.mark.parametrize("family", FAMILIES, ids=["ipv4", "ipv6"])
def test_frames_that_a_bridge_leaves_to_its_port(guard, street, phones,
                                                 family):
    assert traffic.slips_in(street, phones[0], family) != []
    guard()
    assert traffic.slips_in(street, phones[0], family) == []


def test_others_are_left_alone(guard, street, phones):
    guard()
    assert gets_out(street, street.staff_phones[0]) == [V4, V6]


def test_netctl_takes_its_place(guard, stadttor, street, phones):
    guard()
    stadttor.start()
    assert tables(street) == ["stadttor"]
    assert gets_out(street, phones[0]) == []
    assert traffic.tap(phones[0]).status == 303
    for family in FAMILIES:
        traffic.wait_online(phones[0], family)


def test_who_is_in_stays_in(guard, stadttor, street, phones):
    """At a restart the rules are there already."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    stadttor.kill(NETCTL)
    assert guard().stderr == ""
    assert tables(street) == ["stadttor"]
    for family in FAMILIES:
        traffic.wait_online(phones[0], family)
    assert gets_out(street, phones[1]) == []


def test_a_zone_that_the_running_rules_do_not_know(guard, stadttor, street,
                                                   phones):
    """A new one, with a mistake that netctl does not take."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    stadttor.configure(staff={"duration": "for ever"})
    guard()
    stadttor.reload(NETCTL)
    stadttor.wait_log("duration")
    assert gets_out(street, street.staff_phones[0]) == []
    assert gets_out(street, phones[0]) == [V4, V6]
    stadttor.configure(staff={})
    stadttor.reload(NETCTL)
    stadttor.wait_log("config reloaded")
    assert tables(street) == ["stadttor"]
    assert gets_out(street, street.staff_phones[0]) == []


def test_one_that_comes_late(guard, stadttor, street, phones):
    """netctl's rules came between its look and its tables."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    be_blind(stadttor)
    netctl = stadttor.process[NETCTL]
    netctl.send_signal(signal.SIGSTOP)
    assert "kept out" in guard().stderr
    assert gets_out(street, phones[0]) == []
    netctl.send_signal(signal.SIGCONT)
    for family in FAMILIES:
        traffic.wait_online(phones[0], family)
    assert tables(street) == ["stadttor"]


def start_traced(stadttor, *options):
    """netctl, and the file with what it has sent so far."""
    path = os.path.join(stadttor.folder, "strace")
    with open(stadttor.log_path(NETCTL), "a") as log:
        stadttor.process[NETCTL] = stadttor.street.gate.popen(
            ["strace", "-D", "-o", path, "-e", "trace=sendto", *options,
             os.path.join(PLAIN, NETCTL), "-c", stadttor.config],
            stdout=log, stderr=log)
    return path


@contextlib.contextmanager
def stopped_at_its_look(stadttor):
    """netctl has put its rules in, and has not begun to look at what came of it:
    it is stopped at the call that was the last before that in another start."""
    path = start_traced(stadttor)
    lab.wait_until(stadttor.netctl_answers, 20)
    stadttor.kill(NETCTL)
    stadttor.street.gate.run("nft", "flush", "ruleset")
    sent = [line for line in open(path) if line.startswith("sendto(")]
    last = next(n for n, line in enumerate(sent) if "GETCHAIN" in line)
    path = start_traced(stadttor, "-e",
                        f"inject=sendto:signal=STOP:when={last}")
    lab.wait_until(lambda: "stopped by SIGSTOP" in open(path).read(), 20)
    assert tables(stadttor.street) == ["stadttor"]
    yield
    stadttor.process[NETCTL].send_signal(signal.SIGCONT)


def test_one_that_comes_while_netctl_takes_its_fingerprint(guard, stadttor,
                                                           street):
    be_blind(stadttor)
    with stopped_at_its_look(stadttor):
        guard()
        assert len(tables(street)) == 2
    lab.wait_until(lambda: tables(street) == ["stadttor"], 20)


def test_a_device_that_appears_later(guard, street, phones):
    street.gate.ip("link del br-guest")
    guard()
    street.build_bridge(street.guest)
    street.rejoin(street.guest)
    for family in FAMILIES:  # the bridge forwards
        lab.wait_until(lambda: traffic.ping(
            phones[0], street.guest.gate(family), timeout=0.2) is True)
    assert gets_out(street, phones[0]) == []
    guard("--open")
    assert gets_out(street, phones[0]) == [V4, V6]


def test_all_of_it_can_be_removed(guard, stadttor, street, phones):
    """Whatever the config says by then; what is others' stays."""
    mine = ("table inet mine { }\ntable ip stadttor { }\n"
            "table ip stadttor_guard_x { }\n"
            f"table inet stadttor_guard_{'x' * 40} {{ }}\n")
    street.gate.run("tc", "qdisc", "add", "dev", "br-staff", "root", "handle",
                    "7:", "htb")
    stadttor.start(guest={"rate_down": "5mbit", "rate_up": "5mbit"})
    assert traffic.tap(phones[0]).status == 303
    stadttor.configure(staff={})
    guard()
    street.gate.nft(mine)
    stadttor.terminate()
    stadttor.write("nonsense")
    assert "stadttor_guard_br-staff" in tables(street)
    done = street.gate.run(os.path.join(stadttor.build, NETCTL), "--remove")
    assert (done.stdout, done.stderr) == ("", "")
    assert sorted(street.gate.run("nft", "list", "ruleset").stdout.split()) \
        == sorted(mine.split())
    assert re.findall(r"qdisc htb (\w+):", street.gate.run(
        "tc", "qdisc", "show").stdout) == ["7"]
    assert gets_out(street, phones[1]) == [V4, V6]


def test_it_takes_the_place_of_rules_that_go(guard, stadttor, street, phones):
    """Who was in is not any more, and nobody gets in between."""
    stadttor.start(guest={"rate_down": "5mbit"})
    assert traffic.tap(phones[0]).status == 303
    for family in FAMILIES:
        traffic.wait_online(phones[0], family)
    stadttor.terminate()
    told = os.path.join(stadttor.folder, "told")
    program(stadttor, NETCTL, f'nft list tables >{told}\n'
            f'exec {PLAIN}/{NETCTL} "$@"')
    stadttor.write("")
    said = guard("--instead").stderr
    assert "nft delete table inet stadttor_guard_br-guest\n" in said
    assert tables(street) == ["stadttor_guard_br-guest"]
    assert "qdisc htb" not in street.gate.run("tc", "qdisc", "show").stdout
    for phone in phones[:2]:
        assert gets_out(street, phone) == []
    # they were shut out while netctl's rules were still there
    assert re.findall(r"table inet (\S+)", open(told).read()) == \
        ["stadttor", "stadttor_guard_br-guest"]
    street.gate.run(*said.split("or: ")[-1].split())
    assert gets_out(street, phones[1]) == [V4, V6]


def test_where_no_rules_go_nobody_is_shut_out(guard, street, phones):
    """A package that was never started may name any device."""
    assert guard("--instead").stderr == ""
    assert tables(street) == []
    assert gets_out(street, phones[0]) == [V4, V6]


BROKEN_PROGRAMS = {
    "no nft": ("nft", "exit 1"),
    "nft reads no rules": ("nft", '[ "$1 $2" != "list chain" ] || exit 1\n'
                           f'exec {shutil.which("nft")} "$@"'),
    "nft writes no rules": ("nft", '[ "$1" != -f ] || exit 1\n'
                            f'exec {shutil.which("nft")} "$@"'),
    "no netctl": (NETCTL, "exit 1"),
}


@pytest.mark.parametrize("broken", BROKEN_PROGRAMS)
def test_rules_stay_where_nothing_takes_their_place(guard, stadttor, street,
                                                    phones, broken):
    stadttor.start()
    stadttor.terminate()
    program(stadttor, *BROKEN_PROGRAMS[broken])
    done = guard("--instead", check=False)
    assert done.returncode == 1
    assert "netctl's rules stay in the kernel until the next boot" in done.stderr
    assert "stadttor" in tables(street)
    assert gets_out(street, phones[0]) == []


# --- configs that somebody has left behind ------------------------------------

# The second zone's device, or the line of it, and what else is wrong.
BROKEN = {
    "option": "\toption devcie 'br-staff'\n",
    "keyword": "\toptoin device 'br-staff'\n",
    "long": "\toption device 'br-staff-and-more'\n",
    "two words": "\toption device 'br-x br-staff'\n",
    "cut": "\toption device 'br-st",
    "wildcard": "\toption device '*'\n",
    "quotes": "\toption device 'br-staff\\\"accept'\n",
    "nothing": "",
}


@pytest.mark.parametrize("line", BROKEN)
def test_what_was_guarded_stays_so(guard, stadttor, street, line):
    """Until netctl takes a config that has it no more."""
    staff = street.staff_phones[0]
    stadttor.configure(staff={})
    guard()
    good = open(stadttor.config).read()
    stadttor.write(good.replace("\toption device 'br-staff'\n", BROKEN[line])
                   if line != "cut" else
                   good[:good.index("br-staff")] + "br-st")
    for _ in range(2):
        guard()
        assert gets_out(street, staff) == []
        street.gate.run("nft", "flush", "ruleset")  # as at a boot
    guard()
    assert gets_out(street, street.phones[0]) == []
    stadttor.configure()
    guard()
    assert gets_out(street, staff) == [V4, V6]


def test_memory_that_cannot_be_written(guard, stadttor, street, phones):
    """What is closed stays closed all the same."""
    memory = os.path.join(stadttor.config, "guarded")  # below a file
    guard(stadttor.config, memory)
    stadttor.write("")
    guard(stadttor.config, memory)
    assert gets_out(street, phones[0]) == []


def test_memory_is_believed_as_little_as_the_config(guard, stadttor, street,
                                                    phones):
    stadttor.write("")
    memory = os.path.join(stadttor.folder, "guarded")
    with open(memory, "w") as file:
        file.write('br-guest" accept; #\n*\n-n\n' + "x" * 16 + "\n"
                   "br-guest\nbr-guest\n")
    said = guard().stderr
    assert gets_out(street, phones[0]) == []
    assert said.count("there can be no device of this name") == 3
    assert sorted(tables(street)) == ["stadttor_guard_-n",
                                      "stadttor_guard_br-guest"]


# What the guard finds without netctl's help, in a section or in a whole file.
READ = {
    "\toption device 'br-guest'\n": ["br-guest"],
    "\toption device br-guest # the bridge\n": ["br-guest"],
    "\toption device br-guest#x\n": ["br-guest#x", "br-guest"],
    "# from the wiki; config by Bob\n\toption device 'br0'\n": ["br0"],
    "\t# a comment \\\n\toption device 'br0'\n": ["br0"],
    "\toption \\\ndevice \\\n'br0'\n": ["br0"],
    "\toption device \"br-\\guest\"\n": ["br-guest"],
    "\toption name x; option device 'br0'; option auth 'click'": ["br0"],
    "\toption text 'x; config uplink'\n\toption device 'br0'\n": ["br0"],
    "\tlist device 'br0'\r\n": ["br0"],
    "\to device br0": ["br0"],
}


@pytest.mark.parametrize("awk", ["mawk", "gawk", "busybox"])
def test_what_a_config_seems_to_name(guard, stadttor, street, awk):
    program(stadttor, "awk", f'exec {"busybox awk" if awk == "busybox" else awk}'
            ' "$@"')
    program(stadttor, NETCTL, "exit 1")
    for text, devices in READ.items():
        stadttor.write(f"config uplink\n\toption device 'wan0'\n"
                       f"config zone 'guest'\n{text}")
        street.gate.run("nft", "flush", "ruleset")
        guard(stadttor.config, os.path.join(stadttor.folder, "no-memory"))
        found = street.gate.run("nft", "list", "ruleset").stdout
        assert sorted(re.findall(r'iifname "(.*)" drop', found)) \
            == sorted(devices), text


def test_another_name_of_the_device(guard, stadttor, street, phones):
    """Rules know the one that it goes by."""
    street.gate.ip("link property add dev br-guest altname openwifi")
    text = open(stadttor.config).read()
    stadttor.write(text.replace("'br-guest'", "'openwifi'"))
    stadttor.start_one(NETCTL)
    lab.wait_until(stadttor.netctl_answers)
    stadttor.wait_log("device openwifi is another name of br-guest")
    assert gets_out(street, phones[0]) == []
    stadttor.start_one(gate.PORTAL)
    stadttor.wait_ready()
    assert traffic.tap(phones[0]).status == 303
    traffic.wait_online(phones[0], V6)
    street.gate.ip("link property del dev br-guest altname openwifi")


# --- netctl that does not come up ---------------------------------------------

def ends(stadttor):
    """netctl's exit status, after a start that fails."""
    stadttor.start_one(NETCTL)
    return stadttor.process[NETCTL].wait(20)


def wrong_config(stadttor):
    stadttor.configure(guest={"duration": "for ever"})
    return "duration"


def no_user(stadttor):
    stadttor.configure(gate={"user": "no-such-user"})
    return "user 'no-such-user' not found"


def no_socket(stadttor):
    stadttor.configure(gate={"socket": "/dev/null/netctl.sock"})
    return "/dev/null/netctl.sock"


def empty_config(stadttor):
    stadttor.write("")
    return "there must be a zone"


@pytest.mark.parametrize("fault", [wrong_config, no_user, no_socket,
                                   empty_config])
def test_a_start_that_fails(guard, stadttor, street, phones, fault):
    guard()  # at an earlier start, when the config was right
    reason = fault(stadttor)
    guard()
    assert ends(stadttor) != 0
    assert reason in stadttor.log()
    assert gets_out(street, phones[0]) == []


def test_a_kernel_that_refuses_the_rules(guard, stadttor, street, phones):
    """A table of that name has an owner: EPERM, as for any that is missing."""
    guard()
    owner = street.gate.popen(["nft", "-i"], stdin=subprocess.PIPE, text=True)
    owner.stdin.write("add table netdev stadttor { flags owner; }\n")
    owner.stdin.flush()
    lab.wait_until(lambda: "netdev stadttor" in street.gate.run(
        "nft", "list", "tables").stdout)
    assert ends(stadttor) == 1
    stadttor.wait_log("installing the rules: Operation not permitted")
    assert gets_out(street, phones[0]) == []
    lab.stop(owner)


@pytest.fixture
def owner(street):
    """Somebody else who has tables of the gate's names, and keeps them."""
    program = street.gate.popen(["nft", "-i"], stdin=subprocess.PIPE,
                                stdout=subprocess.DEVNULL, text=True)
    yield program
    lab.stop(program, signal.SIGKILL)


def test_rules_that_cannot_be_put_back(owner, stadttor, street, phones):
    """All are shut out, and it is said once, until the other goes."""
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    assert gets_out(street, phones[0]) == [V4, V6]
    owner.stdin.write("flush ruleset; "
                      "add table inet stadttor { flags owner; }; "
                      "add table netdev stadttor { flags owner; }\n")
    owner.stdin.flush()
    stadttor.wait_log("all zones are shut until they can")
    assert tables(street) == ["stadttor", "stadttor_guard_br-guest"]
    for phone in phones[:2]:
        assert gets_out(street, phone) == []
    errors = stadttor.status()["netlink_errors"]
    lab.wait_until(lambda: stadttor.status()["netlink_errors"] > errors + 2)
    assert stadttor.log().count("installing the rules: Operation not") == 1
    assert "rules" in stadttor.status()["troubles"]
    assert "the gate's rules cannot be put in place" in \
        stadttor.cli("doctor", check=False).stdout
    lab.stop(owner, signal.SIGKILL)
    stadttor.wait_log("the rules can be installed again")
    for family in FAMILIES:
        traffic.wait_online(phones[0], family)
    assert gets_out(street, phones[1]) == []
    assert tables(street) == ["stadttor"]
    assert stadttor.status()["troubles"] == []


def traced(stadttor, *options):
    """Starts netctl under strace; true: it ended, false: it serves."""
    log = open(stadttor.log_path(NETCTL), "a")
    with log:
        netctl = stadttor.process[NETCTL] = stadttor.street.gate.popen(
            ["strace", "-D", "-qq", "-o", "/dev/null", *options,
             os.path.join(PLAIN, NETCTL), "-c", stadttor.config],
            stdout=log, stderr=log)
    return lab.wait_until(lambda: netctl.poll() is not None and "ended" or
                          stadttor.cli("status", check=False).returncode == 0
                          and "serves", 20)


# What goes wrong, and at which call of its kind; the last is past the start.
FAULTS = {
    "killed": ("sendto,sendmsg,sendmmsg:signal=KILL:when={}",
               [*range(1, 13), 999]),
    "no memory": ("mmap,brk:error=ENOMEM:when={}+", [*range(32, 50, 2), 999]),
    "no netlink": ("sendto,sendmsg,sendmmsg:error=ENOBUFS:when={}",
                   [*range(1, 13), 999]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_at_any_moment_of_its_start(guard, stadttor, street, phones, fault):
    inject, moments = FAULTS[fault]
    outcomes = []
    for moment in moments:
        street.gate.run("nft", "flush", "ruleset")
        guard()
        outcomes.append(traced(stadttor, "-e",
                               "inject=" + inject.format(moment)))
        assert gets_out(street, phones[0]) == [], f"{fault} at {moment}"
        lab.stop(stadttor.process[NETCTL], signal.SIGKILL)
    assert outcomes[0] == "ended" and outcomes[-1] == "serves", outcomes
