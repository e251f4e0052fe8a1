#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""README's steps on Debian with its packages, typed under systemd: from a fresh
box to the first phone online, an upgrade, the removal, the purge.

Run inside tests/net/systemd, in a folder whose build/deb has the packages:
deb_story.py README NEWER.deb, or with a file for cloud-init in README's place: up
to the first phone then. Prints one JSON object of what was seen, which test_deb.py
judges.
"""
import glob
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import yaml

from systemd_story import CABLES, CONFIG, UNITS, forwards, pid, run, sessions
from systemd_story import is_online, wait

HERE = pathlib.Path(__file__).resolve().parent
NEWCOMER = pathlib.Path("/usr/local/bin")
GUEST = ("ip", "netns", "exec", "phone")
RESOLVER = """ip netns exec internet dnsmasq --conf-file=/dev/null --pid-file=
--no-resolv --no-hosts --listen-address=198.51.100.80 --bind-interfaces
--address=/root-servers.net/192.88.99.1"""
OURS = re.compile("(?i)stadttor")
# What the phone downloads, and what it has of it; a byte each hundredth of a
# second, for as long as it lasts.
SENDER = """
import socket, time
with socket.create_server(("198.51.100.80", 9)) as listener:
    peer, _ = listener.accept()
    while True:
        peer.sendall(b"x")
        time.sleep(0.01)
"""
TAKER = """
import socket, sys
with socket.create_connection(("198.51.100.80", 9)) as peer:
    while peer.recv(1):
        print(flush=True)
"""


def blocks(readme):
    """The indented ones of "On a real box": the steps, and the file."""
    part = readme.split("\n## On a real box\n")[1].split("\n## ")[0]
    found = re.findall(r"(?:^    .*\n)+", part, re.M)
    return [re.sub("(?m)^    ", "", block) for block in found]


def become_newcomer(file):
    """Who types README's steps: what they mean by sudo, the editor and yes."""
    (NEWCOMER / "sudo").write_text('#!/bin/sh\nexec "$@"\n')
    (NEWCOMER / "typed").write_text(file.replace("eth1", "guest0"))
    (NEWCOMER / "editor").write_text(
        '#!/bin/sh\ncase "$1" in\n'
        f'*.network) cp {NEWCOMER}/typed "$1" ;;\n'
        '*) sed -i -e "/<--/{n;s/eth0/wan0/;s/eth1/guest0/}" "$1" ;;\nesac\n')
    for name in ("sudo", "editor"):
        (NEWCOMER / name).chmod(0o755)
    pathlib.Path("/etc/apt/apt.conf.d/zz-newcomer").write_text(
        'APT::Get::Assume-Yes "true";\nAcquire::Retries "0";\n'
        'Dpkg::Options { "--force-confold"; };\n')
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    os.environ["PATH"] = f"{NEWCOMER}:{os.environ['PATH']}"


def left():
    """Of what is ours on the disk, and who owns any of it."""
    found = run("find", "/etc", "/usr", "/var", "/run", "-xdev", "-iname",
                "*stadttor*", "-not", "-path", "/var/cache/*", "-not", "-path",
                "/var/log/*").stdout.split()
    users = [line for line in pathlib.Path("/etc/passwd").read_text()
             .splitlines() if OURS.search(line)]
    return found, users


def prepare():
    """A fresh box: cables, no address for guests, nothing of ours."""
    for line in CABLES.strip().splitlines():
        if not re.search("10.20.0.[15]|default via 10", line):
            subprocess.run(line.split(), check=True)
    subprocess.run(RESOLVER.split(), check=True)
    pathlib.Path("/etc/resolv.conf").write_text("nameserver 198.51.100.80\n")
    # networkd asks no udev where /sys is read-only, as in any container.
    run("mount", "-o", "remount,ro", "/sys")
    for path in ("/usr/sbin/policy-rc.d", *left()[0]):
        run("rm", "-rf", path)
    forwards("0")
    for package in glob.glob("build/debs/*.deb"):
        run("cp", package, "/var/cache/apt/archives/")


def tables():
    return run("nft", "list", "tables").stdout


def type_steps(seen, readme):
    """What each ends with; after the first nothing has changed for guests."""
    steps, file = blocks(readme)
    steps = steps.splitlines()
    become_newcomer(file)
    seen["steps"] = []
    for step in steps:
        done = run("bash", "-o", "pipefail", "-c", step)
        seen["steps"].append((step, done.returncode, done.stderr[-3000:]))
        if step == steps[0]:
            seen["installed"] = {
                "packages": run("dpkg-query", "-W", "-f",
                                "${Package} ${db:Status-Status}\n",
                                "dnsmasq", "stadttor*").stdout,
                "tables": tables(), "forwards": forwards(),
                "enabled": [run("systemctl", "is-enabled", unit).stdout
                            for unit in UNITS],
                "active": [run("systemctl", "is-active", unit).stdout
                           for unit in UNITS]}


def boot_by_cloud_init(seen, text):
    """As cloud-init does: files, then the commands as one script. The packages
    come from build/deb, and the other ones are there."""
    text = text.replace("eth0", "wan0").replace("eth1", "guest0")
    told = yaml.safe_load(text)
    for file in told["write_files"]:
        path = pathlib.Path(file["path"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file["content"])
    curl = f"curl() {{ cp {os.getcwd()}/build/deb/stadttor[-_][!h]*.deb .; }}\n"
    done = run("sh", "-c", curl + "\n".join(told["runcmd"]))
    seen["cloud-init"] = done.returncode, done.stderr[-3000:]
    seen["config kept"] = CONFIG.read_text() in {
        file["content"] for file in told["write_files"]}


def first_phone(seen):
    wait("sh", "-c", "ip -o addr show dev guest0 | grep -qF 10.20.0.1/22")
    wait("sh", "-c", "ss -Hlnu | grep -qF 10.20.0.1:53")
    wait("sh", "-c", "ss -Hltn | grep -q :2080")
    seen["dhcp"] = run(*GUEST, "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t",
                       "10", "-T", "1", "-s",
                       HERE / "udhcpc.script").returncode
    seen["address"] = run("ip", "-n", "phone", "-br", "-4", "addr", "show",
                          "dev", "eth0").stdout.split()[2:]
    seen["before"] = run(
        *GUEST, "curl", "-s", "-m", "60", "-o", "/dev/null", "-w",
        "%{http_code} %{redirect_url}",
        "http://198.51.100.80/generate_204").stdout, is_online()
    seen["tap"] = run(*GUEST, "curl", "-s", "-m", "60", "-o", "/dev/null", "-w",
                      "%{http_code}", "-d", "terms=1",
                      "http://10.20.0.1/accept").stdout
    seen["online"] = is_online()
    seen["forwards"] = forwards()
    seen["doctor"] = run("stadttor", "doctor").stdout
    seen["dashboard"] = run("sh", "-c", "printf 'a long password\\n' | "
                            "stadttor passwd --stdin anna && systemctl reload "
                            "stadttor-portal").returncode
    seen["dashboard"] = wait("curl", "-sf", "-o", "/dev/null",
                             "http://127.0.0.1:2090/style.css")


def upgrade(seen, newer):
    """While a phone downloads."""
    out = pathlib.Path("/run/taken")
    with out.open("wb") as taken:
        sender = subprocess.Popen(["ip", "netns", "exec", "internet",
                                   sys.executable, "-c", SENDER])
        wait("ip", "netns", "exec", "internet", "sh", "-c",
             "ss -Hltn | grep -q :9")
        taker = subprocess.Popen([*GUEST, sys.executable, "-c", TAKER],
                                 stdout=taken)
    before = [pid(unit) for unit in UNITS]
    written = CONFIG.read_text()
    done = run("apt", "install", newer)
    seen["upgrade"] = done.returncode, done.stderr[-3000:]
    seen["restarted"] = [a != b and b != "0" for a, b in
                         zip(before, [pid(unit) for unit in UNITS])]
    seen["ready after upgrade"] = wait("stadttor", "status")
    seen["sessions after upgrade"] = sessions()
    seen["config kept"] = written == CONFIG.read_text(), \
        CONFIG.with_name("stadttor.dpkg-dist").exists()
    got = out.stat().st_size
    deadline = time.monotonic() + 60
    while out.stat().st_size < got + 50 and time.monotonic() < deadline:
        time.sleep(0.1)
    seen["download goes on"] = taker.poll() is None and \
        out.stat().st_size >= got + 50
    seen["enabled after upgrade"] = [run("systemctl", "is-enabled",
                                         unit).stdout for unit in UNITS]
    for child in (sender, taker):
        child.kill()
        child.wait()


def remove(seen):
    done = run("apt", "remove", "stadttor")
    seen["remove"] = done.returncode, done.stdout + done.stderr
    seen["online after removal"] = is_online()
    seen["tables after removal"] = tables()
    seen["queues after removal"] = run("tc", "qdisc", "show").stdout
    seen["config after removal"] = CONFIG.exists()
    seen["units after removal"] = run("systemctl", "list-units",
                                      "--no-legend", "stadttor*").stdout
    seen["purge"] = run("apt", "purge", "stadttor", "stadttor-web").returncode
    seen["online after purge"] = is_online()
    seen["left"] = left()


def main():
    seen = {}
    how = pathlib.Path(sys.argv[1])
    prepare()
    if how.suffix == ".yaml":
        boot_by_cloud_init(seen, how.read_text())
        first_phone(seen)
    else:
        type_steps(seen, how.read_text())
        first_phone(seen)
        upgrade(seen, sys.argv[2])
        remove(seen)
    print(json.dumps(seen, indent=1))


if __name__ == "__main__":
    main()
