#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README tells a new operator to do on Debian, done under systemd.

Run inside tests/net/systemd; prints one JSON object of what was seen, which
test_systemd.py judges.
"""
import json
import pathlib
import shutil
import subprocess
import sys
import time

CONFIG = pathlib.Path("/etc/config/stadttor")
NETCTL = pathlib.Path("/usr/sbin/stadttor-netctl")
AWAY = NETCTL.with_suffix(".away")
UNITS = ("stadttor-netctl", "stadttor-portal")
TWO_LINES = """
config uplink wan
\toption device 'wan0'
config zone guests
\toption device 'guest0'
"""
CABLES = """
ip netns add internet
ip link add wan0 type veth peer name eth0 netns internet
ip -n internet addr add 192.0.2.1/24 dev eth0
ip -n internet addr add 198.51.100.80/32 dev lo
ip -n internet link set lo up
ip -n internet link set eth0 up
ip addr add 192.0.2.2/24 dev wan0
ip link set wan0 up
ip route add default via 192.0.2.1
ip -n internet route add 10.20.0.0/22 via 192.0.2.2
ip netns add phone
ip link add guest0 type veth peer name eth0 netns phone
ip -n phone addr add 10.20.0.5/22 dev eth0
ip -n phone link set eth0 up
ip addr add 10.20.0.1/22 dev guest0
ip link set guest0 up
ip -n phone route add default via 10.20.0.1
"""


def run(*command):
    return subprocess.run(command, capture_output=True, text=True,
                          check=False, timeout=900)


def wait(*command, seconds=60):
    """Until it succeeds; false: it did not within more than that takes."""
    deadline = time.monotonic() + seconds
    while run(*command).returncode:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def pid(unit):
    return run("systemctl", "show", "-p", "MainPID", "--value",
               unit).stdout.strip()


def rights(unit):
    """Of the running process: user, groups, capabilities, and what binds it."""
    lines = pathlib.Path(f"/proc/{pid(unit)}/status").read_text().splitlines()
    fields = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    user = run("id", "-n", "-u", fields["Uid"].split()[0]).stdout.strip()
    return {"user": user, **{key: fields[key] for key in (
        "CapEff", "CapPrm", "CapBnd", "NoNewPrivs", "Seccomp")}}


def writable(unit, *folders):
    """Those that its process may write to, as it sees the files."""
    return [folder for folder in folders if run(
        "nsenter", "-t", pid(unit), "-m", "-r", "setpriv", "--reuid", unit,
        "--regid", unit, "--clear-groups", "test", "-w",
        folder).returncode == 0]


def probe():
    """What a phone's question for the internet is answered with."""
    return run("ip", "netns", "exec", "phone", "curl", "-s", "-m", "60", "-o",
               "/dev/null", "-w", "%{http_code} %{redirect_url}",
               "http://198.51.100.80/generate_204").stdout


def is_online():
    return run("ip", "netns", "exec", "phone", "ping", "-c", "1", "-W", "2",
               "198.51.100.80").returncode == 0


FORWARDING = [pathlib.Path("/proc/sys/net") / key for key in (
    "ipv4/ip_forward", "ipv6/conf/all/forwarding")]


def forwards(*new):
    """IPv4 and IPv6; set before, if a value is given."""
    for value in new:
        for key in FORWARDING:
            key.write_text(value)
    return [key.read_text().strip() for key in FORWARDING]


def sessions():
    answer = run("stadttor", "sessions", "--json").stdout
    return len(json.loads(answer)["sessions"]) if answer else -1


def without_program():
    NETCTL.rename(AWAY)


def with_bad_config():
    CONFIG.write_text(TWO_LINES + "nonsense\n")


def without_user():
    CONFIG.write_text(TWO_LINES + "config gate\n\toption user 'no-one'\n")


def stopped_at_once():
    run("systemctl", "start", "--no-block", UNITS[0])
    run("systemctl", "stop", UNITS[0])


def fail_to_start(seen):
    """As at a boot: no rules yet, and netctl is started."""
    seen["open without it"] = is_online()
    seen["shut by guard"] = {}
    for fault in (without_program, with_bad_config, without_user,
                  stopped_at_once):
        run("nft", "flush", "ruleset")
        fault()
        if fault != stopped_at_once:
            run("systemctl", "start", UNITS[0])
        wait("sh", "-c", "nft list tables | grep -q stadttor")
        if fault == without_program:  # and again and again, with each start
            wait("sh", "-c", "test $(systemctl show -p NRestarts --value "
                 f"{UNITS[0]}) -ge 6")
            run("nft", "flush", "ruleset")
            wait("sh", "-c", "nft list tables | grep -q stadttor")
        seen["shut by guard"][fault.__name__] = not is_online()
        run("systemctl", "stop", UNITS[0])
        run("systemctl", "reset-failed")
        if AWAY.exists():
            AWAY.rename(NETCTL)
        CONFIG.write_text(TWO_LINES)
    run("nft", "flush", "ruleset")


def begin(seen, build):
    for line in CABLES.strip().splitlines():
        subprocess.run(line.split(), check=True)
    CONFIG.unlink(missing_ok=True)
    forwards("0")
    made = run("make", "-s", f"BUILD={build}", "install")
    seen["install"] = made.returncode
    seen["forwards once installed"] = forwards()
    CONFIG.write_text(TWO_LINES)
    forwards("1")
    fail_to_start(seen)
    run("systemctl", "stop", "stadttor-router")
    forwards("0")
    seen["check"] = run("stadttor", "check").returncode
    seen["enable"] = run("systemctl", "enable", "--now", *UNITS).returncode
    seen["ready"] = wait("stadttor", "status")
    seen["forwards once enabled"] = forwards()
    seen["order"] = run("systemctl", "show", "-p", "Before", "--value",
                        "stadttor-guard").stdout.split()
    wait("sh", "-c", "ss -ltn | grep -q :2080")
    seen["hidden"] = run(
        "nsenter", "-t", pid(UNITS[1]), "-m", "-r", "sh", "-c",
        "ls -A /proc /sys").stdout
    seen["rights"] = {unit: rights(unit) for unit in UNITS}
    seen["writable"] = writable(
        "stadttor-portal", "/var/lib/stadttor", "/run/stadttor/portal",
        "/run/stadttor", "/var/lib", "/tmp", "/etc")


def let_in(seen):
    seen["before"] = probe(), is_online()
    seen["grant"] = run("stadttor", "grant", "10.20.0.5", "--minutes",
                        "60").returncode
    seen["online"] = is_online()


TAKEN_OVER = """
[Service]
Restart=no
StandardOutput=truncate:/run/taken-over.json
ExecStart=
ExecStart=/usr/bin/setpriv --reuid stadttor-portal --regid stadttor-portal \
	--clear-groups /usr/bin/python3 -c 'exec(open("{}/taken_over.py").read())' \
	guest0 10.20.0.5 2080
"""


def take_over(seen):
    """Another program in the portal's unit looks for the phone."""
    unit, told = UNITS[1], pathlib.Path("/run/taken-over.json")
    folder = pathlib.Path(f"/etc/systemd/system/{unit}.service.d")
    leases = [pathlib.Path(path) for path in (
        "/var/lib/misc/dnsmasq.leases", "/run/dnsmasq/stadttor.leases")]
    folder.mkdir()
    # The unit does not see homes, and this may be in one.
    shutil.copy(pathlib.Path(__file__).with_name("taken_over.py"), "/opt")
    (folder / "taken-over.conf").write_text(TAKEN_OVER.format("/opt"))
    for file in leases:
        file.parent.mkdir(exist_ok=True)
        file.write_text("nothing that is secret\n")
    pathlib.Path("/run/avahi-daemon").mkdir(exist_ok=True)
    pathlib.Path("/run/avahi-daemon/socket").touch()
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", unit)
    wait("sh", "-c", "ss -ltn | grep -q :2080")
    is_online()
    probe()
    wait("sh", "-c", f"! systemctl -q is-active {unit}")
    seen["taken over"] = json.loads(told.read_text() or "{}")
    seen["phone"] = run("ip", "-n", "phone", "-j", "link", "show",
                        "eth0").stdout
    (folder / "taken-over.conf").unlink()
    run("systemctl", "daemon-reload")
    run("systemctl", "restart", unit)
    wait("sh", "-c", "ss -ltn | grep -q :2080")


def reload_twice(seen):
    before = [pid(unit) for unit in UNITS]
    seen["reload"] = run("systemctl", "reload", *UNITS).returncode
    CONFIG.write_text(TWO_LINES + "nonsense\n")
    seen["bad reload"] = run("systemctl", "reload", UNITS[0]).returncode
    asked = run("stadttor", "status", "--json")
    seen["status meanwhile"] = asked.stderr, json.loads(asked.stdout)
    seen["said"] = run("journalctl", "--no-pager", "-u", UNITS[0]).stdout
    CONFIG.write_text(TWO_LINES)
    seen["same processes"] = before == [pid(unit) for unit in UNITS]
    seen["online after reload"] = is_online()


PENDING = pathlib.Path("/run/stadttor/pending")
WAITING = pathlib.Path("/run/stadttor/portal")


def counted_so_far():
    """What tells whether netctl's file is still the same one."""
    return PENDING.stat().st_ino, PENDING.read_bytes()[:24].hex()


def stop_for_good(seen):
    """netctl alone; then it is started again."""
    run("systemctl", "stop", UNITS[0])
    seen["left of a stop"] = [str(path) for path in (PENDING, WAITING)
                              if path.exists()]
    run("systemctl", "start", UNITS[0])
    wait("stadttor", "status")
    seen["counted after a stop"] = counted_so_far()
    run("systemctl", "restart", UNITS[1])
    wait("sh", "-c", "ss -ltn | grep -q :2080")
    seen["folder of what waits"] = writable(UNITS[1], str(WAITING))


def kill_and_stop(seen):
    seen["counted"] = [counted_so_far()]
    for unit in UNITS:
        run("kill", "-9", pid(unit))
    seen["online while dead"] = is_online()
    seen["respawned"] = wait("stadttor", "status")
    seen["sessions after kill"] = sessions()
    seen["counted"] += [counted_so_far()]
    seen["restart"] = run("systemctl", "restart", *UNITS).returncode
    wait("stadttor", "status")
    seen["sessions after restart"] = sessions()
    seen["counted"] += [counted_so_far()]
    stop_for_good(seen)
    seen["stop"] = run("systemctl", "stop", *UNITS).returncode
    seen["online after stop"] = is_online()
    seen["tables kept"] = run("nft", "list", "tables").stdout
    removed = run("make", "-s", "uninstall")
    seen["uninstall"] = removed.returncode, removed.stderr, is_online()
    seen["tables left"] = run("nft", "list", "tables").stdout
    seen["units left"] = run("systemctl", "list-unit-files", "--no-legend",
                             "stadttor*").stdout
    seen["failed"] = run("systemctl", "list-units", "--failed", "--no-legend",
                         "stadttor*").stdout


def main():
    seen = {}
    begin(seen, sys.argv[1])
    take_over(seen)
    let_in(seen)
    reload_twice(seen)
    kill_and_stop(seen)
    print(json.dumps(seen, indent=1))


if __name__ == "__main__":
    main()
