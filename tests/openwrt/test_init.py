# SPDX-License-Identifier: GPL-3.0-or-later
"""What the init script hands to procd and to the firewall."""
import re
import shlex
import subprocess

import router as r
import pytest

INIT = (r.FILES / "stadttor.init").read_text()
JAIL = ("/sbin/ujail", "/lib/libpreload-seccomp.so",
        "/etc/seccomp/stadttor.json", "/etc/seccomp/stadttor-portal.json")
FOLLOWED = [f"config.change {config} reload"
            for config in ("stadttor", "network", "firewall")]
CONFIG = ["-s", "-c"]


@pytest.fixture
def box(tmp_path):
    box = r.Router(tmp_path)
    box.add("network", r.GUESTS)
    box.add("firewall", r.GUEST_ZONE)
    box.make(*JAIL)
    yield box
    box.uci.stop()


def run(box, action, **env):
    script = box.place(INIT, "etc/init.d/stadttor")
    done = box.run(r.STUBS / "rc.common", script, action, **env)
    return done, r.messages(e for e in box.events() if e[0] not in (
        "log", "chown", "signal", "kill", "changed", "reload_config", "ubus")
        and not e[0].startswith(("stadttor", "nft")))


def start(box, **env):
    done, sent = run(box, "start", **env)
    assert (done.returncode, done.stdout) == (0, "")
    assert len(sent) == 1
    return sent[0]


def logged(box, guard=False):
    """Without the guard's, or its alone."""
    return [e[1] for e in box.events() if e[0] == "log"
            and e[1].startswith("stadttor-guard: ") == guard]


def test_two_programs_each_in_its_jail(box):
    sent = start(box)["instances"]
    assert sorted(sent) == ["netctl", "portal"]
    for name, words in (("netctl", {"procfs", "log"}), ("portal", {"log"})):
        its = sent[name]
        jail = its.pop("jail")
        mounts = jail.pop("mount")
        assert its == {
            "command": [f"/usr/sbin/stadttor-{name}", *CONFIG,
                        f"/var/etc/stadttor/{name}"],
            "respawn": ["3600", "1", "0"],
            "limits": {"core": "0 0", "memlock": "unlimited",
                       "nofile": "4096 4096"
                       if name == "netctl" else "65536 65536"},
            "stderr": "1",
            "user": f"stadttor-{name}",
            "group": "stadttor-portal",
            "capabilities": f"/etc/capabilities/stadttor-{name}.json",
            "no_new_privs": "1",
            "seccomp": "/etc/seccomp/stadttor.json" if name == "netctl"
                       else "/etc/seccomp/stadttor-portal.json",
        }
        assert jail.pop("name") == f"stadttor-{name}"
        assert set(jail) == words | {"ronly", "requirejail"}
        assert mounts.pop("/var/etc/stadttor") == "0"
        for path in ("/etc/passwd", "/etc/TZ", "/etc/localtime"):
            assert mounts.pop(path) == "0"
        assert mounts == {
            "netctl": {"/var/run/stadttor": "1", "/etc/stadttor/netctl": "1"},
            "portal": {"/var/run/stadttor": "0",
                       "/usr/share/stadttor": "0",
                       "/etc/stadttor": "0",
                       "/etc/stadttor/data": "1",
                       "/var/run/stadttor/portal": "1"}}[name]


def test_keys_of_a_city_are_the_controllers(box):
    """It alone sees them, and writes them."""
    box.config("stadttor", BASE + "config city\n\toption folder "
               "'/etc/town'\n")
    (box.root / "etc/town/netctl").mkdir(parents=True)
    sent = start(box)["instances"]
    assert sent["netctl"]["jail"]["mount"]["/etc/town/netctl"] == "1"
    assert not [m for m in sent["portal"]["jail"]["mount"]
                if m.startswith("/etc/town/netctl")]


def test_who_has_joined_a_city_reads_its_login(box):
    names = {"/etc/town", "/etc/resolv.conf", "/etc/hosts"}
    text = BASE + "config city\n\toption folder '/etc/town'\n"
    (box.root / "etc/town").mkdir()
    before = portal_mounts(box, text)
    (box.root / "etc/town/login").write_text("config city\n")
    after = portal_mounts(box, text)
    assert set(after) - set(before) == names
    assert {after[n] for n in names} == {"0"}


def test_a_link_in_the_controllers_folder_is_not_followed(box):
    """It would give the portal what it leads to."""
    start(box)
    copies = box.root / "var/run/stadttor/portal"
    copies.rmdir()
    copies.symlink_to(box.root / "etc")
    start(box)
    assert copies.is_dir() and not copies.is_symlink()
    assert copies.stat().st_mode & 0o7777 == 0o750


def given_away(box):
    """Who gets what, but for each program's copy of the config. What belongs
    to somebody else may be a link by then: it is not followed."""
    events = [e for e in box.events() if e[0] == "chown"]
    assert all(e[1] == "-h" for e in events)
    return [e[2:] for e in events if not e[-1].startswith("/var/etc/")]


def test_folders_belong_to_who_writes(box):
    start(box)
    assert given_away(box) == [
        ["stadttor-netctl:stadttor-portal", "/var/run/stadttor"],
        ["stadttor-netctl:stadttor-portal", "/etc/stadttor/netctl"],
        ["stadttor-portal:stadttor-portal", "/etc/stadttor/data"],
        ["stadttor-portal:stadttor-portal", "/var/run/stadttor/portal"]]
    for path in ("var/run/stadttor", "etc/stadttor/data",
                 "etc/stadttor/netctl",
                 "var/run/stadttor/portal"):
        assert (box.root / path).stat().st_mode & 0o7777 == 0o750
    start(box)  # what is there is the operator's, but for the default
    assert given_away(box) == [
        ["stadttor-portal:stadttor-portal", "/etc/stadttor/data"]]
    box.config("stadttor", BASE + "config usage\n\toption file "
               "'/etc/mine/usage.sqlite'\n")
    start(box)
    start(box)
    assert given_away(box) == []


def test_an_image_without_ujail_starts_programs_that_confine_themselves(box):
    (box.root / "sbin/ujail").unlink()
    for name, its in start(box)["instances"].items():
        assert sorted(its) == ["command", "limits", "respawn", "stderr"], name


@pytest.mark.parametrize("missing", JAIL[1:])
def test_an_image_without_seccomp_has_jails_all_the_same(box, missing):
    (box.root / missing[1:]).unlink()
    sent = start(box)["instances"]
    assert all("jail" in its for its in sent.values())
    lists = {its.get("seccomp") for its in sent.values()}
    assert lists == ({None} if missing.endswith(".so") else
                     {None, *JAIL[2:]} - {missing})


def test_newer_jails_need_no_library_for_the_filter(box):
    """ujail puts it in by itself since 2026; jail/seccomp-inject.c of procd."""
    (box.root / "lib/libpreload-seccomp.so").unlink()
    ujail = box.root / "sbin/ujail"
    for text, has in ((b"", False), (b"seccomp-inject: waitpid: %m", True)):
        ujail.write_bytes(b"\x7fELF\0x\n\0" + text + b"\0")
        assert ("seccomp" in start(box)["instances"]["portal"]) == has



def portal_mounts(box, text):
    box.config("stadttor", text)
    return start(box)["instances"]["portal"]["jail"]["mount"]


BASE = ("config uplink 'wan'\n\toption device 'eth1'\n"
        "config zone 'guest'\n\toption device 'br-guest'\n")


def test_files_that_are_replaced_are_bound_by_their_folder(box):
    mounts = portal_mounts(box, BASE + """config portal
\toption certificate '/etc/ssl/acme/city/fullchain.pem'
\toption key '/etc/portal.key'
\toption logo '/etc/stadttor/looks/logo.svg'
\toption hero '/etc/stadttor/place/hero.svg'
config legal
\tlist terms_file 'de=/etc/stadttor/terms/de.txt'
\tlist terms_file 'en=/srv/terms/en.txt'
config admin
\toption certificate '/etc/ssl/admin.crt'
\toption key '/root/admin.key'
""")
    for path in ("/etc/ssl/acme/city", "/etc/portal.key",
                 "/etc/stadttor/looks", "/etc/stadttor/place",
                 "/etc/stadttor/terms", "/srv/terms", "/etc/ssl/admin.crt",
                 "/root/admin.key"):
        assert mounts[path] == "0"
    assert not {"/etc", "/etc/ssl", "/root"} & set(mounts)


def test_a_folder_that_is_written_to_stays_writable(box):
    """The database, its key and the accounts may lie side by side."""
    mounts = portal_mounts(box, BASE.replace(
        "'br-guest'\n", "'br-guest'\n\toption auth 'voucher'\n") + """
config voucher
\toption file '/etc/stadttor/vouchers.sqlite'
\toption key '/etc/stadttor/vouchers.key'
""")
    assert mounts["/etc/stadttor"] == "1"


@pytest.mark.parametrize("what", [
    "config tile 'parking'\n\toption live_url 'https://city.example/p.json'\n",
    "config admin\n\tlist notify 'https://hooks.city.example/wifi'\n"],
    ids=["live tiles", "webhooks"])
def test_who_fetches_asks_for_more(box, what):
    names = {"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs",
             "/etc/ssl/cert.pem"}
    plain = portal_mounts(box, BASE)
    assert not names & set(plain)
    more = portal_mounts(box, BASE + what)
    assert set(more) - set(plain) == names
    assert {more[n] for n in names} == {"0"}
    box.make("/etc/stadttor/mail/password")
    more = portal_mounts(box, BASE + "config admin\n"
                         "\tlist notify 'mailto:ops@city.example'\n"
                         "\toption mail_password "
                         "'/etc/stadttor/mail/password'\n")
    assert set(more) - set(plain) - names == {"/etc/stadttor/mail"}


EVENTS = "/usr/libexec/stadttor/events"
WANTED = {  # what the config has, and what events is told
    "": None,
    "\tlist garden_name 'city.example'\n": ["names"],
    "\toption leave '5m'\n": ["leave"],
    "\toption leave '0'\n": None,
    "\toption leave '0s'\n": None,
    "\toption leave '90'\n\tlist garden_name 'a.example'\n"
    "\tlist garden_name 'b.example'\n": ["names", "leave"],
    "\tlist night_radio 'radio0'\n": ["radio=radio0"],
    "\tlist night_radio 'radio1'\n\tlist night_radio 'radio0'\n"
    "\toption leave '5m'\nconfig zone 'staff'\n"
    "\tlist night_radio 'radio1'\n":
        ["leave", "radio=radio1", "radio=radio0"],
    "config tile 'x'\n\toption link 'https://city.example/'\n": ["names"],
    "config portal\n\toption terms_url 'https://a.example/t'\n": ["names"],
    "config portal\n\toption success_url 'https://a.example/'\n": ["names"],
    "config portal\n\toption venue_url 'https://a.example/'\n": ["names"],
    "config portal\n\toption wifi4eu '123e4567-e89b-12d3-a456-426655440000'\n":
        ["names"],
    "config portal\n\toption hostname 'gate.example'\n": None,
}


@pytest.mark.parametrize("more,words", WANTED.items())
def test_a_third_program_where_the_config_asks_for_it(box, more, words):
    box.make(EVENTS)
    box.config("stadttor", BASE + more)
    sent = start(box)["instances"]
    assert logged(box) == []
    if not words:
        assert sorted(sent) == ["netctl", "portal"]
        return
    assert sorted(sent) == ["events", "netctl", "portal"]
    assert sent["events"]["command"] == [
        EVENTS, "/run/stadttor/netctl.sock", *words]


def test_the_third_program_has_a_jail_of_its_own(box):
    """No config, no users, no /proc: ubus, netctl's socket and its modules."""
    box.make(EVENTS)
    box.config("stadttor", BASE + "\toption leave '5m'\nconfig gate\n"
               "\toption events_user 'told'\nconfig portal\n"
               "\toption user 'shown'\n")
    its = start(box)["instances"]["events"]
    jail = its.pop("jail")
    assert jail.pop("mount") == {
        "/run/stadttor": "0", **{f"/usr/lib/ucode/{m}.so": "0" for m in (
            "fs", "ubus", "uloop", "socket", "struct")}}
    assert jail.pop("name") == "stadttor-events"
    assert set(jail) == {"ubus", "ronly", "requirejail"}
    its.pop("command")
    assert its == {
        "respawn": ["3600", "1", "0"], "stderr": "1",
        "limits": {"core": "0 0", "memlock": "unlimited",
                   "nofile": "64 64"}, "user": "told",
        "group": "shown", "no_new_privs": "1",
        "capabilities": "/etc/capabilities/stadttor-events.json",
        "seccomp": "/etc/seccomp/stadttor.json"}


def test_without_ujail_the_third_program_is_not_root(box):
    box.make(EVENTS)
    (box.root / "sbin/ujail").unlink()
    box.config("stadttor", BASE + "\tlist garden_name 'city.example'\n")
    its = start(box)["instances"]["events"]
    assert (its["user"], its["group"]) == ("stadttor-events",
                                           "stadttor-portal")
    assert "jail" not in its


def test_without_the_package_the_log_says_what_is_missing(box):
    box.config("stadttor", BASE + "\tlist garden_name 'city.example'\n")
    assert sorted(start(box)["instances"]) == ["netctl", "portal"]
    assert len(logged(box)) == 1
    assert "stadttor-events" in logged(box)[0]


def test_nobody_tells_as_a_user_that_there_is_not(box):
    """procd would start it as root."""
    box.make(EVENTS)
    box.config("stadttor", BASE + "\toption leave '5m'\nconfig gate\n"
               "\toption events_user 'none'\n")
    assert sorted(start(box)["instances"]) == ["netctl", "portal"]
    line, = logged(box)
    assert line.startswith("there is no user none: leave and night_radio do "
                           "nothing")


def woken(box):
    return [e[1] for e in box.events() if e[0] == "ubus"]


def up(*radios):
    return [f'call network.wireless up {{"device":"{x}"}}' for x in radios]


def test_a_radio_that_nobody_is_left_to_switch_is_on(box):
    box.make(EVENTS)
    (box.etc / "ubus.network.wireless").write_text("")
    box.config("stadttor", BASE + "\tlist night_radio 'radio0'\n"
               "\tlist night_radio 'radio1'\n")
    start(box)
    run(box, "reload")
    run(box, "restart")
    assert woken(box) == []  # the next one goes on with them
    box.config("stadttor", BASE + "\tlist night_radio 'radio1'\n")
    run(box, "reload")
    assert woken(box) == up("radio0")
    run(box, "reload")
    assert woken(box) == []
    run(box, "stop")
    assert woken(box) == up("radio1") and logged(box) == []
    run(box, "stop")
    assert woken(box) == []
    start(box)
    (box.root / EVENTS[1:]).unlink()  # the package goes
    (box.etc / "ubus.network.wireless").unlink()  # and netifd is not there
    run(box, "start")
    assert woken(box) == up("radio1")
    assert "radio radio1 may be off: wifi up radio1" in logged(box)


def test_modules_are_those_that_the_program_imports():
    text = (r.FILES / "stadttor.events").read_text()
    assert re.findall(r"^import .* from '(\w+)';", text, re.M) == re.search(
        r"for module in (.*); do", INIT)[1].split()


def test_the_firewall_opens_what_guests_need(box):
    rules = start(box)["data"]["firewall"]
    assert {(x.pop("type"), x.pop("src"), x.pop("target"))
            for x in rules} == {("rule", "visitors", "ACCEPT")}
    assert rules == [
        {"proto": "tcp", "dest_port": "2080 2081"},
        {"proto": "tcp udp", "dest_port": "53"},
        {"proto": "udp", "dest_port": "2080 67 547"},
        {"proto": "icmp", "family": "ipv4"},
        {"proto": "icmp", "family": "ipv6"},
        {"proto": "all", "dest": "internet"}]


def ways(box, devices):
    """The firewall's zones that guests get to by uplinks of these names."""
    box.config("stadttor", "config zone 'guest'\n\toption device 'br-guest'\n"
               + "".join(f"config uplink 'up{i}'\n\toption device '{d}'\n"
                         for i, d in enumerate(devices)))
    return [x["dest"] for x in start(box)["data"]["firewall"] if "dest" in x]


def test_the_way_out_is_that_of_the_uplinks(box):
    """A network of that device, or whose protocol made it (netifd: wg0 of
    wireguard, pppoe-wan of ppp's proto_setup)."""
    box.add("network", "config interface 'wg0'\n\toption proto 'wireguard'\n")
    box.add("firewall", "config zone\n\toption name 'vpn'\n"
            "\tlist network 'wg0'\n")
    assert ways(box, ["eth1"]) == ["internet"]
    assert ways(box, ["pppoe-wan"]) == ["internet"]
    assert ways(box, ["eth1", "wg0", "pppoe-wan"]) == ["internet", "vpn"]
    assert logged(box) == []
    assert ways(box, ["eth9"]) == []
    assert logged(box) == ["no zone of the firewall has eth9: its forwardings "
                           "alone decide whether guests get there"]


def test_the_ports_are_those_of_the_config(box):
    box.config("stadttor", BASE + "config portal\n\toption http_port '81'\n"
               "\toption https_port '444'\n"
               "\toption certificate '/etc/x.pem'\n")
    assert start(box)["data"]["firewall"][0]["dest_port"] == "2080 81 444"


def test_two_zones_of_one_firewall_zone_are_opened_once(box):
    box.config("stadttor", BASE + "config zone 'two'\n"
               "\toption device 'br-two'\n")
    box.add("network", "config interface 'two'\n\toption device 'br-two'\n")
    box.config("firewall", r.FIREWALL + r.GUEST_ZONE + "\tlist network 'two'\n")
    assert len(start(box)["data"]["firewall"]) == 6


def test_a_firewall_zone_may_name_the_device(box):
    box.config("firewall", r.FIREWALL + "config zone\n\toption name 'open'\n"
               "\tlist device 'br-guest'\n")
    assert start(box)["data"]["firewall"][0]["src"] == "open"


def test_no_rule_without_a_zone(box):
    """A rule without one would open the ports to the whole internet."""
    box.config("firewall", r.FIREWALL)
    sent = start(box)
    assert sent["data"] == {} and sorted(sent["instances"]) == ["netctl",
                                                                "portal"]
    assert "no zone of the firewall has br-guest" in logged(box)[0]


def test_nothing_starts_before_there_are_guests(box):
    box.config("network", r.NETWORK)
    sent = start(box)
    assert sent["instances"] == {} and sent["data"] == {}
    assert sent["triggers"] == [
        *FOLLOWED, "config.change wireless reload",
        "interface.* 2000 /etc/init.d/stadttor reload"]
    assert len(logged(box)) == 1 and "br-guest" in logged(box)[0]
    start(box)
    assert logged(box) == []  # said once
    box.add("network", r.GUESTS)
    done, sent = run(box, "reload")
    assert sorted(sent[0]["instances"]) == ["netctl", "portal"]
    assert sent[0]["triggers"] == FOLLOWED


def test_a_device_that_no_config_names_will_do(box):
    box.config("network", r.NETWORK)
    (box.root / "sys/class/net/br-guest").mkdir()
    assert sorted(start(box)["instances"]) == ["netctl", "portal"]


def test_a_device_of_the_wireless_config_will_do(box):
    box.config("network", r.NETWORK)
    box.add("wireless", "config wifi-iface\n\toption ifname 'br-guest'\n")
    assert sorted(start(box)["instances"]) == ["netctl", "portal"]


def test_restart_with_a_bad_config_keeps_guests_out(box):
    """procd takes for running what is still about to stop."""
    done, sent = run(box, "restart", STUB_RUNNING="1", STUB_CHECK="bad")
    assert done.returncode == 0
    rule, = sent[-1]["data"]["firewall"]
    assert rule["target"] == "REJECT"
    assert sent[-1]["triggers"] == FOLLOWED


def test_the_programs_see_nothing_else_of_the_config_folder(box):
    start(box)
    folder = box.root / "var/etc/stadttor"
    handed = folder / "portal"
    assert sorted(p.name for p in folder.iterdir()) == ["netctl", "portal"]
    for copy in folder.iterdir():
        assert copy.read_text() == box.config("stadttor").read_text()
    box.config("stadttor", BASE + "# changed\n")
    run(box, "reload", STUB_RUNNING="1", STUB_CHECK="bad")
    assert "# changed" not in handed.read_text()
    run(box, "reload", STUB_RUNNING="1")
    assert "# changed" in handed.read_text()


def mode(path):
    return path.stat().st_mode & 0o777


def test_secrets_of_the_config_are_for_its_readers_alone(box):
    """Neither the copies nor the config itself, also not for a moment."""
    (box.root / "var/etc/stadttor").mkdir(parents=True)
    left = box.root / "var/etc/stadttor/config"  # by an earlier version
    left.write_text("secret")
    box.config("stadttor").chmod(0o644)
    script = INIT.replace("\nhand_over()\n", "\ncp() { command cp \"$@\" && "
                          "emit seen \"$(ls -l \"$2\")\"; }\nhand_over()\n")
    assert script != INIT
    path = box.place(script, "etc/init.d/stadttor")
    box.run(r.STUBS / "rc.common", path, "start")
    folder = box.root / "var/etc/stadttor"
    assert not left.exists() and mode(folder) == 0o711
    assert {p.name: mode(p) for p in folder.iterdir()} == {
        "netctl": 0o400, "portal": 0o400}
    assert mode(box.config("stadttor")) == 0o600
    seen = [e[1][:10] for e in box.events() if e[0] == "seen"]
    assert seen == ["-rw-------"] * 2
    assert [e[2:] for e in box.events() if e[0] == "chown"
            and e[-1].endswith(".new")] == [
        [f"stadttor-{name}", "/var/etc/stadttor/.new"]
        for name in ("netctl", "portal")]


def test_reload_checks_then_sends_hup_then_tells_procd(box):
    done, sent = run(box, "reload", STUB_RUNNING="1")
    assert done.returncode == 0
    kinds = [e[0] for e in box.events()
             if e[0] in ("signal", "begin") or e[0].startswith("stadttor")]
    assert kinds[:4] == ["stadttor check /etc/config/stadttor", "signal",
                         "signal", "begin"]
    # and not events, which it would end
    assert [e for e in box.events() if e[0] == "signal"] == [
        ["signal", "stadttor", "netctl", "1"],
        ["signal", "stadttor", "portal", "1"]]
    assert sorted(sent[0]["instances"]) == ["netctl", "portal"]


def test_reload_of_a_bad_config_touches_nothing(box):
    done, sent = run(box, "reload", STUB_RUNNING="1",
                     STUB_CHECK="stadttor:7: 'x' is no option")
    assert done.returncode == 1 and sent == []
    assert [e for e in box.events() if e[0] == "signal"] == []
    assert logged(box) == ["stadttor:7: 'x' is no option; the running config "
                           "stays"]


def test_start_with_a_bad_config_leaves_alone_what_runs(box):
    done, sent = run(box, "start", STUB_RUNNING="1", STUB_CHECK="bad")
    assert done.returncode == 1 and sent == []


@pytest.mark.parametrize("action", ["boot", "start", "restart"])
def test_guests_are_kept_out_before_anything_starts(box, action):
    """etc/guard itself, before the config is checked and procd is told."""
    run(box, action)
    assert box.guarded() == ["br-guest"]
    order = [e[0].split()[0] for e in box.events() if e[0] == "end"
             or e[0].startswith(("nft -f", "stadttor check"))]
    assert order == ["nft", "stadttor", "end"]
    assert logged(box, guard=True) == [
        "stadttor-guard: guests of br-guest are kept out until netctl's rules "
        "are in the kernel"]


def test_devices_that_are_still_to_come_are_guarded(box):
    box.config("network", r.NETWORK)
    assert start(box)["instances"] == {}
    assert box.guarded() == ["br-guest"]


def test_what_is_in_force_is_not_guarded(box):
    (box.etc / "nft").write_text('\t\tiifname "br-guest" goto from_guest\n')
    box.config("stadttor", BASE + "config zone 'two'\n\toption device "
               "'br-two'\n")
    run(box, "reload", STUB_RUNNING="1", STUB_CHECK="bad")
    assert box.guarded() == ["br-two"]


def test_the_guard_waits_for_a_netctl_that_is_stopping(box):
    """It may take its rules with it (on_stop 'remove'), after the look."""
    script = box.place(INIT, "etc/init.d/stadttor")
    box.program(box.bin / "sleep", 'echo "sleep $*" >>"$TRACE"')
    done = box.run(r.STUBS / "rc.common", script, "restart", STUB_STOPPING="2")
    assert done.returncode == 0
    order = [e[0] for e in box.events()
             if e[0].startswith(("kill", "sleep", "nft -f"))]
    assert order == ["kill", "sleep 1", "sleep 1", "nft -f -"]


def test_a_config_that_uci_cannot_read_is_told_as_such(box):
    """And not as one without a network: libuci tells of no section of it."""
    box.config("stadttor", "")
    done, sent = run(box, "start", STUB_CHECK="stadttor:1: a quote is open")
    assert sent[0]["instances"] == {}
    assert logged(box) == ["stadttor:1: a quote is open", "not started; the "
                           "firewall keeps guests out meanwhile"]


def test_without_a_guard_nothing_is_opened(box):
    done, sent = run(box, "start", STUB_NFT="1")
    assert sent[0]["instances"] == {}
    rule, = sent[0]["data"]["firewall"]
    assert rule["target"] == "REJECT"
    assert logged(box, guard=True) == [
        "stadttor-guard: guests of br-guest are NOT kept out: nft failed"]
    assert logged(box) == ["not started; the firewall keeps guests out "
                           "meanwhile"]


def test_a_bad_config_at_boot_keeps_guests_out(box):
    done, sent = run(box, "boot", STUB_CHECK="stadttor:7: bad")
    assert sent[0]["instances"] == {}
    assert sent[0]["data"]["firewall"] == [
        {"type": "rule", "src": "visitors", "proto": "all", "dest": "*",
         "target": "REJECT"}]
    assert box.guarded() == ["br-guest"]
    assert logged(box) == ["stadttor:7: bad", "not started; the firewall "
                               "keeps guests out meanwhile"]


@pytest.fixture
def full_box(box):
    """Nothing can be written where the config is handed over."""
    folder = box.root / "var/etc"
    folder.write_text("no folder")
    return box


NOT_HANDED = "/etc/config/stadttor: not copied to /var/etc/stadttor: "


def test_a_config_that_cannot_be_handed_over_starts_nothing(full_box):
    done, sent = run(full_box, "start")
    assert sent[0]["instances"] == {}
    rule, = sent[0]["data"]["firewall"]
    assert rule["target"] == "REJECT"
    first, second = logged(full_box)
    assert first.startswith(NOT_HANDED + "mkdir: ")
    assert second == "not started; the firewall keeps guests out meanwhile"


@pytest.mark.parametrize("action", ["start", "reload"])
def test_a_config_that_cannot_be_handed_over_leaves_what_runs(full_box,
                                                              action):
    done, sent = run(full_box, action, STUB_RUNNING="1")
    assert done.returncode == 1 and sent == []
    line, = logged(full_box)
    assert line.startswith(NOT_HANDED + "mkdir: ")
    assert line.endswith("; the running config stays") == (action == "reload")
    assert not [e for e in full_box.events() if e[0] == "signal"]


def test_stop_tells_the_firewall(box):
    run(box, "stop")
    assert box.events() == [["kill", "stadttor"], ["changed", "firewall"]]


@pytest.mark.parametrize("action", ["stop", "restart"])
def test_what_is_counted_ends_with_a_stop_alone(box, action):
    pending = box.root / "var/run/stadttor/netctl/pending"
    box.config("stadttor", BASE + "config usage\n"
               "\toption pending '/var/run/stadttor/netctl/pending'\n")
    pending.parent.mkdir(parents=True, exist_ok=True)
    pending.write_text("counted")
    box.run(r.STUBS / "rc.common", box.place(INIT, "etc/init.d/stadttor"),
            action)
    assert pending.exists() == (action == "restart")


def test_what_a_stop_changes_does_not_start_it_again(box):
    """procd drops triggers when the last instance has ended, not before
    (service_stopped() of its service/service.c), and a stop changes the
    firewall, which is one of them."""
    run(box, "stop")
    done, sent = run(box, "reload")
    assert done.returncode == 0 and sent == []
    assert logged(box) == ["stopped; not reloaded: service stadttor start"]
    assert sorted(start(box)["instances"]) == ["netctl", "portal"]
    done, sent = run(box, "reload")
    assert sorted(sent[0]["instances"]) == ["netctl", "portal"]


def test_hardware_offload_is_warned_of(box):
    box.config("firewall", box.config("firewall").read_text().replace(
        "'REJECT'", "'REJECT'\n\toption flow_offloading_hw '1'", 1))
    start(box)
    assert "hardware flow offload bypasses the gate" in logged(box)[0]


def test_takedown_removes_whatever_the_config_says(box):
    box.program(box.root / "usr/sbin/stadttor-netctl",
                'echo "netctl $*" >>"$TRACE"')
    box.config("stadttor", "config nonsense\n" + BASE)
    run_folder = box.root / "run/stadttor"
    (run_folder / "portal").mkdir(parents=True)
    (run_folder / "pending").write_text("counted")
    for name in ("waiting.sqlite", "waiting.sqlite.new"):
        (run_folder / "portal" / name).write_text("counted")
    path = box.place(INIT, "etc/init.d/stadttor")
    done = box.run(r.STUBS / "rc.common", path, "takedown")
    assert done.returncode == 0
    box.program(box.root / "usr/sbin/stadttor-netctl", "exit 1")
    assert box.run(r.STUBS / "rc.common", path, "takedown").returncode == 1
    box.program(box.root / "usr/sbin/stadttor-netctl",
                'echo "netctl $*" >>"$TRACE"')
    assert box.run(r.STUBS / "rc.common", path, "takedown").returncode == 0
    assert box.unmoved(box.trace.read_text()).splitlines() == [
        "kill\tstadttor", "changed\tfirewall", "netctl --remove"]
    assert not run_folder.exists()


# Where the config has what the script calls otherwise.
NAMES = {"socket": ("gate", "socket"), "netctl_user": ("gate", "user"),
         "events_user": ("gate", "events_user"),
         "portal_user": ("portal", "user"), "usage_file": ("usage", "file"),
         "pending": ("usage", "pending"),
         "lives": ("usage", "lives"), "city": ("city", "folder"),
         "accounts": ("admin", "accounts"),
         "admin_certificate": ("admin", "certificate"),
         "admin_key": ("admin", "key"), "voucher_file": ("voucher", "file"),
         "voucher_key": ("voucher", "key"),
         "oidc_secret": ("oidc", "secret"), "oidc_key": ("oidc", "key"),
         "mail_password": ("admin", "mail_password")}
NO_OPTIONS = {"names", "leave", "fetches", "asks_for_codes", "radius_files",
              "terms", "devices", "uplinks", "radios"}


def test_its_defaults_are_those_of_the_config(build, tmp_path):
    config = tmp_path / "config"
    config.write_text("config uplink wan\n\toption device eth0\n"
                      "config zone guest\n\toption device eth1\n"
                      "config portal\n")
    printed = subprocess.run([build / "stadttor-netctl", "-T", "-c", config],
                             check=True, capture_output=True, text=True).stdout
    options = {}
    for line in printed.splitlines():
        word = shlex.split(line)
        if word[:1] == ["config"]:
            section = word[1]
        elif word[:1] == ["option"]:
            options[section, word[1]] = word[2]
    body = re.search(r"\nread_config\(\)\n\{\n(.*?)\tconfig_load", INIT, re.S)[1]
    own = dict(word.split("=", 1) for word in shlex.split(body))
    assert len(own) > 15
    assert {name: value for name, value in own.items()
            if name not in NO_OPTIONS
            and value != options[NAMES.get(name, ("portal", name))]} == {}
