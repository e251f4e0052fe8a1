# SPDX-License-Identifier: GPL-3.0-or-later
"""openNDS as Debian packages it, where it starts: redirects for comparison."""
import os
import re
import shutil
import tempfile
import time

import lab
from lane import FIRST

CONFIG = """
GatewayInterface br-guest
GatewayName bench
MaxClients 6000
FirewallRuleSet authenticated-users {
  FirewallRule allow all
}
FirewallRuleSet users-to-router {
  FirewallRule allow udp port 53
  FirewallRule allow tcp port 53
}
"""
START_S = 20
# It writes to /tmp, /etc and /run; that stays in mounts of its own.
CONTAINED = """
for dir in /etc /run; do
  mkdir -p "$0$dir/upper" "$0$dir/work"
  mount -t overlay overlay -o \
    "lowerdir=$dir,upperdir=$0$dir/upper,workdir=$0$dir/work" $dir || exit 1
done
mount --bind "$0" /tmp
exec opennds -f -c /tmp/opennds.conf -d 1
"""


def why(log):
    """The first line of its log that says what was wrong."""
    with open(log, errors="replace") as file:
        lines = [re.sub(r"^(\[[^]]*\]|\([^)]*\))+", "", line).strip()
                 for line in file]
    bad = [line for line in lines
           if re.search("not found|cannot get|error|failed", line, re.I)
           and not re.search("bus|systemd|template|create|netns", line)]
    return bad[0] if bad else "it says nothing"


def is_up(lane):
    return ":2050" in lane.gate.run("ss", "-Htln").stdout and \
        "2050" in lane.gate.run("nft", "list", "ruleset").stdout


def wait_started(lane, child):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and child.poll() is None:
        if is_up(lane):
            return True
        time.sleep(0.2)
    return False


def redirect_text(lane, quick):
    ms = 2000 if quick else 5000
    got = lane.tool("httpload", "-c", 16, "-t", ms, FIRST, 16, lab.WEB4, 80)
    return (f"{got['per_s']:.0f} redirects/s, p99 {got['p99_ms']:.0f} ms, "
            f"{got['failed']} failed")


def measure(lane, quick):
    """One line of text: figures, or why there are none."""
    if not shutil.which("opennds"):
        return "not installed"
    lane.plain_masquerade()
    folder = tempfile.mkdtemp(prefix="opennds-", dir="/dev/shm")
    log = os.path.join(folder, "log")
    try:
        with open(os.path.join(folder, "opennds.conf"), "w") as file:
            file.write(CONFIG)
        with open(log, "w") as out:
            child = lane.gate.popen(["unshare", "--mount", "sh", "-c",
                                     CONTAINED, folder],
                                    stdout=out, stderr=out)
        if not wait_started(lane, child):
            return f"does not start on this machine: {why(log)}"
        return redirect_text(lane, quick)
    finally:
        if child.poll() is None:
            lab.stop(child)
        shutil.rmtree(folder, ignore_errors=True)
