# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor dns-config --full` and nothing else fed to the real dnsmasq: phones
that know nothing come online, and no address reaches a log or a disk."""
import ipaddress
import json
import os
import re
import subprocess

import canary
import gate
import lab
import pytest
import traced
import traffic
from traffic import V4, V6

RUN = "/run/dnsmasq"  # Debian's unit makes it
DISK = "/var/lib/misc"  # where leases go by default
HOSTNAME = "fernsprecher-kanarie"
SCRIPT = os.path.join(lab.HERE, "udhcpc.script")


@pytest.fixture(scope="module")
def programs(street):
    started = gate.Stadttor(street)
    started.start(staff={})
    yield started
    started.close()


@pytest.fixture(scope="module")
def printed(programs):
    done = programs.cli("dns-config", "--full")
    assert done.stderr == ""
    return done.stdout


@pytest.fixture(scope="module")
def log(street, printed):
    """Where dnsmasq writes to, which has the printed file, the box's resolver,
    and domains whose documentation addresses are none to it."""
    folder = os.path.join(street.folder, "full")
    os.makedirs(folder)
    for place in RUN, DISK:
        os.makedirs(place, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "none", place], check=True)
    path = os.path.join(folder, "dnsmasq.conf")
    with open(path, "w") as f:
        f.write(printed + f"no-resolv\nserver={lab.RESOLVER4}\npid-file=\n"
                f"user=nobody\nlog-facility={folder}/log\n"
                "rebind-domain-ok=/test/\n")
    lab.stop(street.resolver)
    trace = traced.Trace()
    child = street.gate.popen([*trace.prefix, "dnsmasq", "--keep-in-foreground",
                               f"--conf-file={path}"])
    lab.wait_until(lambda: traffic.resolve(street.phones[0], "net.test"), 10,
                   say="dnsmasq did not start")
    yield os.path.join(folder, "log"), trace
    assert child.poll() is None
    lab.stop(child)
    subprocess.run(["umount", RUN, DISK], check=True)
    street.start_gate_dnsmasq()


@pytest.fixture(params=["guest", "staff"])
def phone(street, log, request):
    """One that has asked for an address."""
    made = street.add_phone(getattr(street, request.param), 70, static=False)
    try:
        made.netns.run("udhcpc", "-i", made.device, "-n", "-q", "-f", "-s",
                       SCRIPT, "-x", f"hostname:{HOSTNAME}", timeout=120)
        yield made
    finally:
        street.remove_phone(made)


def addresses(phone, family):
    """Global ones; those of IPv6 once they are known to be the phone's own."""
    told = json.loads(phone.netns.run("ip", "-j", "addr", "show", "dev",
                                      phone.device).stdout)
    return [ipaddress.ip_address(a["local"]) for a in told[0]["addr_info"]
            if a["family"] == family and a["scope"] == "global" and
            not a.get("tentative")]


def test_it_comes_online(printed, phone):
    first, last = map(ipaddress.ip_address, re.search(
        rf"(?m)^dhcp-range=({re.escape(phone.network.prefix4)}\..*?),(.*?),",
        printed).groups())
    own, = addresses(phone, "inet")
    assert first <= own <= last
    assert ipaddress.ip_address(phone.network.gate4) < first
    lab.wait_until(lambda: addresses(phone, "inet6"), 20,
                   say="no address by a router advertisement")
    assert traffic.resolve(phone, "net.test", 1) == [traffic.web(V4)]
    for family in (V4, V6):
        assert traffic.is_shut(phone, family)
    assert traffic.tap(phone).status == 303
    for family in (V4, V6):
        traffic.wait_online(phone, family)


def test_who_has_which_is_known_in_ram_alone(street, log, phone):
    """All that dnsmasq ever wrote but the leases, in whatever form."""
    own = str(addresses(phone, "inet")[0])
    log, trace = log
    leases = os.path.join(RUN, "stadttor.leases")
    with open(leases) as f:
        assert f"{phone.mac} {own} " in f.read()
    written = trace.written()
    assert HOSTNAME.encode() in written.pop(leases)
    assert b"started" in written[log]
    assert written.keys() <= {log, "/dev/null"}
    assert canary.search(written, canary.mac_forms(phone.mac) |
                         canary.ip4_forms(own) |
                         canary.text_forms({HOSTNAME})) == []
    assert os.listdir(DISK) == []


def test_guests_alone_are_answered(street, log):
    """Not the box, whose resolver is another, and not the internet."""
    listens = street.gate.run("ss", "-Hlnu", "sport", "=", ":53").stdout
    found = {re.sub(r"%.*|\[|\]", "", line.split()[3].rpartition(":")[0])
             for line in listens.splitlines()}
    assert {n.gate4 for n in (street.guest, street.staff)} <= found
    ours = re.compile(r"10\.[23]0\.0\.1|2001:db8:[23]0:|fe80:")
    assert [a for a in found if not ours.match(a)] == []
