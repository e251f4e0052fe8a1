# SPDX-License-Identifier: GPL-3.0-or-later
"""What openwrt/stadttor/Makefile puts into the packages, without a buildroot:
tests/openwrt/stubs/buildroot stands in for rules.mk and package.mk.
"""
import hashlib
import json
import lzma
import os
import re
import shutil
import stat
import subprocess
import tarfile
import time

import pytest
import router as r

PACKAGE = r.FILES.parent
PROGRAMS = ["stadttor", "stadttor-netctl", "stadttor-portal"]
SCRIPTS = [("stadttor.init", "/etc/init.d/stadttor"),
           ("stadttor.setup", "/usr/libexec/stadttor/setup"),
           ("stadttor.defaults", "/etc/uci-defaults/90-stadttor")]


def make(*args, build=None, out=None):
    return subprocess.run(
        ["make", "--no-print-directory", "-C", PACKAGE,
         f"TOPDIR={r.STUBS / 'buildroot'}", f"PKG_BUILD_DIR={build}",
         f"OUT={out}", *args],
        check=True, stdout=subprocess.PIPE, text=True, timeout=200).stdout


@pytest.fixture(scope="module")
def out(tmp_path_factory, root, plain_build):
    """The tarball's tree as it looks when it is built, and what comes of it."""
    folder = tmp_path_factory.mktemp("buildroot")
    tree = folder / "stadttor"
    (tree / "build").mkdir(parents=True)
    for name in PROGRAMS:
        subprocess.run(["strip", "-o", tree / "build" / name,
                        plain_build / name], check=True)
    for name in ("etc", "web/pages", "web/lang"):
        shutil.copytree(root / name, tree / name)
    (tree / "web/dist").mkdir()
    for name in ("app.js.gz", "index.html.gz"):  # made by npm elsewhere
        (tree / "web/dist" / name).write_bytes(b"\x1f\x8b")
    (folder / "out").mkdir()
    make("all", build=tree, out=folder / "out")
    return folder / "out"


def fields(out, package):
    text = (out / f"{package}.fields").read_text()
    return dict(x.split("=", 1) for x in text.strip().split("@"))


def variable(name):
    return make(f"show-{name}").strip()


def modes(folder):
    """{"/etc/config/stadttor": "644"}; links are told with their target."""
    found = {}
    for path in folder.rglob("*"):
        info = path.lstat()
        name = "/" + str(path.relative_to(folder))
        if stat.S_ISLNK(info.st_mode):
            found[name] = f"-> {os.readlink(path)}"
        else:
            found[name] = f"{stat.S_IMODE(info.st_mode):o}"
            if stat.S_ISDIR(info.st_mode):
                assert found.pop(name) == "755", name
    return found


def test_files_and_modes(out, root):
    got = modes(out / "stadttor")
    pages = {f"/usr/share/stadttor/{kind}/{p.name}": "644"
             for kind in ("pages", "lang")
             for p in (root / "web" / kind).iterdir()}
    assert len(pages) > 20
    assert got == pages | {
        "/usr/bin/stadttor": "755",
        "/usr/sbin/stadttor-netctl": "755",
        "/usr/sbin/stadttor-portal": "-> ../bin/stadttor",
        "/usr/sbin/stadttor-setup": "-> ../libexec/stadttor/setup",
        "/usr/libexec/stadttor/setup": "755",
        "/usr/libexec/stadttor/guard": "755",
        "/etc/config/stadttor": "600",
        "/etc/init.d/stadttor": "755",
        "/etc/uci-defaults/90-stadttor": "644",
        "/etc/capabilities/stadttor-netctl.json": "644",
        "/etc/capabilities/stadttor-portal.json": "644",
        "/etc/seccomp/stadttor.json": "644",
        "/etc/seccomp/stadttor-portal.json": "644",
        "/etc/sysctl.d/50-stadttor.conf": "644",
        "/lib/upgrade/keep.d/stadttor": "644",
    }
    assert (out / "stadttor/etc/stadttor").is_dir()
    assert (out / "stadttor/usr/sbin/stadttor-setup").exists()


def test_the_dashboard_is_a_package_for_every_architecture(out):
    assert modes(out / "stadttor-web") == {
        f"/usr/share/stadttor/admin/{name}": "644"
        for name in ("app.js.gz", "index.html.gz")}
    web = fields(out, "stadttor-web")
    assert (web["PKGARCH"], web["DEPENDS"]) == ("all", "+stadttor")
    assert fields(out, "stadttor")["PKGARCH"] != "all"


def test_the_program_of_events_is_a_package_for_every_architecture(out):
    assert modes(out / "stadttor-events") == {
        "/usr/libexec/stadttor/events": "755",
        "/usr/share/acl.d/stadttor-events.json": "644",
        "/etc/capabilities/stadttor-events.json": "644"}
    its = fields(out, "stadttor-events")
    assert its["PKGARCH"] == "all"
    text = (r.FILES / "stadttor.events").read_text()
    modules = re.findall(r"^import .* from '(\w+)';", text, re.M)
    assert its["DEPENDS"].split() == ["+stadttor", "+ucode", *sorted(
        (f"+ucode-mod-{m}" for m in modules),
        key=its["DEPENDS"].split().index)]
    # the group is that of the socket; the user and ubusd's right are one's
    user, group = its["USERID"].split(":")
    name, uid = user.split("=")
    acl = json.loads((out / "stadttor-events/usr/share/acl.d/"
                      "stadttor-events.json").read_text())
    assert acl["user"] == name == "stadttor-events"
    assert group in fields(out, "stadttor")["USERID"]
    assert uid not in fields(out, "stadttor")["USERID"]
    installed = (out / "stadttor-events/usr/libexec/stadttor/events")
    version = variable("PKG_VERSION")
    assert installed.read_text() == text.replace("@VERSION@", version)
    assert f"'stadttor-events {version}\\n'" in installed.read_text()
    caps = json.loads((out / "stadttor-events/etc/capabilities/"
                       "stadttor-events.json").read_text())
    assert set(map(tuple, caps.values())) == {()}


def test_what_survives_a_sysupgrade(out):
    assert (out / "stadttor.conffiles").read_text().split() == [
        "/etc/config/stadttor", "/etc/stadttor/"]
    assert (out / "stadttor/lib/upgrade/keep.d/stadttor").read_text() == (
        "/etc/stadttor/\n")
    assert (out / "stadttor-web.conffiles").read_text().strip() == ""


def test_what_survives_a_reboot_is_where_that_is_kept(out, build):
    text = subprocess.run(
        [build / "stadttor-portal", "-T", "-c",
         out / "stadttor/etc/config/stadttor"], check=True, text=True,
        stdout=subprocess.PIPE).stdout
    values = [x.split("'")[1] for x in text.splitlines()
              if "option" in x and "'/" in x]
    on_flash = [v for v in values if v.startswith("/etc/stadttor/")]
    assert sorted(on_flash) == [
        "/etc/stadttor/accounts", "/etc/stadttor/city",
        "/etc/stadttor/data/usage.sqlite",
        "/etc/stadttor/data/vouchers.key",
        "/etc/stadttor/data/vouchers.sqlite",
        "/etc/stadttor/netctl/lives"]
    # /run is not there on every OpenWrt, and /var/lib is in RAM.
    assert sorted(set(values) - set(on_flash)) == [
        "/usr/share/stadttor", "/var/run/stadttor/netctl.sock",
        "/var/run/stadttor/pending"]


def test_the_users_are_those_of_the_config(out):
    users = fields(out, "stadttor")["USERID"].split()
    assert [x.split(":")[0].split("=")[0] for x in users] == [
        "stadttor-netctl", "stadttor-portal"]
    for user in users:
        (name, uid), (group, gid) = (x.split("=") for x in user.split(":"))
        assert name == group and uid == gid and uid in ("2050", "2052")


LIBRARIES = {
    "libnl-3": "libnl-core", "libnftnl": "libnftnl", "libmnl": "libmnl",
    "libevent_core-2.1": "libevent2-core",
    "libevent_extra-2.1": "libevent2-extra",
    "libevent_openssl-2.1": "libevent2-openssl", "libssl": "libopenssl",
    "libcrypto": "libopenssl", "libjson-c": "libjson-c",
    "libsqlite3": "libsqlite3", "libqrencode": "libqrencode",
    "libhiredis": "libhiredis",
}


def test_dependencies_are_what_the_programs_link(out, plain_build):
    needed = set()
    for name in PROGRAMS:
        text = subprocess.run(["readelf", "-dW", plain_build / name],
                              check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        needed |= set(re.findall(r"\(NEEDED\).*\[(.+?)\.so", text))
    libraries = {LIBRARIES[x] for x in needed - {
        "libc", "libm", "ld-linux-x86-64", "ld-linux-aarch64"}}
    depends = fields(out, "stadttor")["DEPENDS"].split()
    assert all(x.startswith("+") for x in depends)
    assert len(set(depends)) == len(depends)
    assert {x[1:] for x in depends if "kmod" not in x} == libraries | {
        "firewall4"}  # with nft, which the guard needs


MODULES = {  # what a rule or class says -> the package that brings it
    "hook forward": "kmod-nft-core", "masquerade": "kmod-nft-nat",
    "redirect": "kmod-nft-nat", "fib": "kmod-nft-fib",
    "hook ingress": "kmod-nft-netdev", "hook egress": "kmod-nft-netdev",
    "NFNL_SUBSYS_CTNETLINK": "kmod-nf-conntrack-netlink",
    '"htb"': "kmod-sched-core", '"ifb"': "kmod-ifb",
    "flowtable": "kmod-nft-offload", "ct count": "kmod-nft-connlimit",
    '"flower"': "kmod-sched-flower", '"police"': "kmod-sched-act-police",
    "table bridge": "kmod-nft-bridge", "queue to": "kmod-nft-queue",
}


def test_kernel_modules_are_what_the_controller_uses(out, root, build,
                                                     tmp_path):
    config = tmp_path / "config"
    config.write_text("config uplink 'wan'\n\toption device 'wan'\n"
                      "config zone 'guest'\n\toption device 'br-guest'\n"
                      "\toption rate_down '5mbit'\n"
                      "\tlist garden_name 'city.example'\n")
    uses = subprocess.run([build / "stadttor", "-c", config, "ruleset"],
                          check=True, text=True, stdout=subprocess.PIPE).stdout
    for name in ("netlink/conntrack.c", "session/shaper.c"):
        uses += (root / "netctl" / name).read_text()
    depends = fields(out, "stadttor")["DEPENDS"].split()
    assert {x[1:] for x in depends if "kmod" in x} == {
        package for word, package in MODULES.items() if word in uses}


def test_the_version_is_that_of_the_project(root):
    version = re.search(r"^VERSION := (.*)$", (root / "Makefile").read_text(),
                        re.M)[1]
    assert variable("PKG_VERSION") == version
    assert variable("PKG_SOURCE") == f"stadttor-{version}.tar.xz"


def test_every_command_prints_the_version(out):
    version = variable("PKG_VERSION")
    package = out / "stadttor"
    commands = [p for place in ("usr/bin", "usr/sbin", "usr/libexec")
                for p in (package / place).rglob("*") if p.is_file()]
    assert len(commands) == 6
    for command in commands:
        done = subprocess.run([command, "--version"], text=True, check=True,
                              stdout=subprocess.PIPE, timeout=120, env={
                                  "PATH": f"{package}/usr/bin:/usr/bin:/bin"})
        assert version in done.stdout, command


def test_the_reviewers_list(root):
    text = (PACKAGE / "Makefile").read_text()
    assert text.startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n")
    assert variable("PKG_LICENSE") == "GPL-3.0-or-later"
    assert (root / variable("PKG_LICENSE_FILES")).exists()
    assert re.fullmatch(r"[^<>]+ <\S+@\S+>", variable("PKG_MAINTAINER"))
    assert variable("PKG_BUILD_FLAGS") == "gc-sections lto"
    assert variable("PKG_ASLR_PIE_REGULAR") == "1"
    for kind, name, body in re.findall(
            r"^define (Package)/(\S+)\n(.*?)^endef", text, re.M | re.S):
        lines = body.splitlines()
        if name.endswith("/install"):
            assert all(x.startswith("\t") for x in lines), name
        elif name.endswith(("/conffiles", "/postinst", "/prerm", "/postrm")):
            assert not lines[0].startswith((" ", "\t")), name
        elif not name.endswith("/description"):
            assert all(re.match(r"  +\S", x) for x in lines), name
    assert "$(PKG_NAME)" not in re.sub(r"^PKG_.*$", "", text, flags=re.M)


def test_the_buildroots_flags_are_the_only_ones_that_harden(root, tmp_path):
    """Two values of _FORTIFY_SOURCE do not go together under -Werror."""
    flags = "-Os -pipe -fstack-protector -D_FORTIFY_SOURCE=1 -flto"
    done = subprocess.run(
        ["make", "-C", root, f"BUILD={tmp_path}", "-n", "PKG_CONFIG=true",
         *re.findall(r"(?:[^\s']|'[^']*')+", variable("MAKE_FLAGS").replace(
             "'-Wall -Wextra'", "-Wall")), f"{tmp_path}/common/text.o"],
        check=True, text=True, stdout=subprocess.PIPE,
        env=dict(os.environ, CFLAGS=flags, MAKEFLAGS=""))
    line = next(x for x in done.stdout.splitlines() if "text.c" in x)
    assert flags in line
    assert line.count("FORTIFY") == 1 and "-fPIE" not in line
    assert "-Werror" not in line


def test_a_box_joins_a_city_and_serves_none(root, tmp_path):
    """53 kB of its program would be for another machine's."""
    flags = re.findall(r"(?:[^\s']|'[^']*')+", variable("MAKE_FLAGS"))
    assert "CITY=box" in flags
    done = subprocess.run(
        ["make", "-C", root, f"BUILD={tmp_path}", "-n", "PKG_CONFIG=true",
         "CITY=box", f"{tmp_path}/stadttor"], check=True, text=True,
        stdout=subprocess.PIPE, env=dict(os.environ, MAKEFLAGS=""))
    assert "city_join.c" in done.stdout
    assert "city_init.c" not in done.stdout and "hub/" not in done.stdout


def test_it_fits(out):
    """Bytes on flash; squashfs packs them with xz."""
    def packed(*places):
        return sum(len(lzma.compress(p.read_bytes())) for place in places
                   for p in (out / "stadttor" / place).rglob("*")
                   if p.is_file() and not p.is_symlink())
    programs = [out / "stadttor" / x for x in (
        "usr/bin/stadttor", "usr/sbin/stadttor-netctl")]
    assert sum(p.stat().st_size for p in programs) < 1200 * 1024
    assert packed("usr/share/stadttor") < 80 * 1024
    assert packed("etc", "lib", "usr/libexec") < 20 * 1024


def deny_list(program):
    """Its plain names, and its rules with arguments."""
    rules = json.loads((r.FILES / f"{program}.seccomp.json").read_text())
    assert rules["defaultAction"] == "SCMP_ACT_ALLOW"
    plain, *others = rules["syscalls"]
    for rule in rules["syscalls"]:
        assert (rule["action"], rule["errnoRet"]) == ("SCMP_ACT_ERRNO", 1)
    return plain["names"], {
        (*rule["names"], *((a["index"], a["value"]) for a in rule["args"]))
        for rule in others if all(a["op"] == "SCMP_CMP_EQ"
                                  for a in rule["args"])}


def test_the_portal_is_denied_more_than_the_others():
    """All that the others are, and what tells hardware addresses."""
    names, rules = deny_list("stadttor")
    portals, more = deny_list("stadttor-portal")
    assert set(portals) - set(names) == {"ioctl", "socketcall"}
    assert set(names) < set(portals) and rules == set()
    netlink, packet = 16, 17
    save_syn, attach_filter, attach_reuseport = 27, 26, 51
    tcp, socket, socket_on_mips = 6, 1, 0xffff
    assert more == {
        ("socket", (0, netlink)), ("socket", (0, packet)),
        ("setsockopt", (1, tcp), (2, save_syn)),
        *(("setsockopt", (1, level), (2, option))
          for level in (socket, socket_on_mips)
          for option in (attach_filter, attach_reuseport))}


@pytest.mark.parametrize("program", ["stadttor", "stadttor-portal"])
def test_the_deny_list_leaves_what_the_programs_call(program):
    names, _ = deny_list(program)
    assert len(names) == len(set(names))
    assert {"execve", "clone", "mount", "ptrace", "bpf"} <= set(names)
    assert not {"capset", "prctl", "chown", "fchown", "lchown", "fchownat",
                "socket", "bind", "getrandom", "mmap", "madvise",
                "fallocate", "setsockopt", "fsync", "unlink"} & set(names)


@pytest.mark.parametrize("program,held", [
    ("netctl", ["CAP_NET_ADMIN"]), ("portal", [])])
def test_capabilities(program, held):
    sets = json.loads((r.FILES / f"{program}.capabilities.json").read_text())
    assert sets == {x: held for x in ("bounding", "effective", "ambient",
                                      "permitted", "inheritable")}


@pytest.mark.parametrize("source,installed", SCRIPTS)
def test_scripts_are_sound_for_every_shell(source, installed, out):
    path = out / f"stadttor{installed}"
    assert path.read_text() == (r.FILES / source).read_text()
    for check in (["sh", "-n"], [r.BUSYBOX, "ash", "-n"], ["shellcheck"]):
        done = subprocess.run([*check, path], text=True, timeout=200,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert (done.returncode, done.stdout) == (0, ""), check


@pytest.mark.parametrize("name", ["postinst", "prerm"])
def test_package_scripts_are_sound_too(name, out, tmp_path):
    path = tmp_path / name
    path.write_text((out / f"stadttor.{name}").read_text())
    for check in ([r.BUSYBOX, "ash", "-n"], ["shellcheck", "--shell=dash"]):
        subprocess.run([*check, path], check=True, timeout=200)


@pytest.fixture
def box(tmp_path, out):
    """A router with the package's scripts, whose programs leave a trace."""
    box = r.Router(tmp_path)
    for name in ("etc/init.d/stadttor", "usr/libexec/stadttor/setup"):
        path = box.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        box.program(path, f'echo "{path.name} $*" >>"$TRACE"\n'
                    '[ "$1" != enabled ] || [ -z "$STUB_DISABLED" ]')
    yield box
    box.uci.stop()


def run_script(box, out, name, **env):
    script = box.place((out / f"stadttor.{name}").read_text(), name)
    assert box.run(script, **env).returncode == 0
    return [e[0] for e in box.events()]


def test_nothing_is_run_in_an_image_that_is_made(box, out):
    for name in ("postinst", "prerm"):
        for upgrade in ("0", "1"):
            assert run_script(box, out, name, IPKG_INSTROOT="/image",
                              PKG_UPGRADE=upgrade) == []


def test_an_upgrade_restarts_and_never_takes_down(box, out):
    (box.etc / "stadttor/undo").mkdir()
    (box.etc / "stadttor/undo/inverse").touch()
    assert run_script(box, out, "prerm", PKG_UPGRADE="1") == []
    assert run_script(box, out, "postinst", PKG_UPGRADE="1") == [
        "stadttor enabled", "stadttor restart"]
    assert run_script(box, out, "postinst", PKG_UPGRADE="1",
                      STUB_DISABLED="1") == ["stadttor enabled"]


def test_an_installation_leaves_the_start_to_the_package_manager(box, out):
    assert run_script(box, out, "postinst") == []


@pytest.mark.parametrize("name", ["postinst", "postrm"])
def test_events_come_and_go_with_their_package(box, out, name):
    """ubusd reads rights anew; a service that runs looks what it has."""
    box.program(box.bin / "killall", 'echo "killall $*" >>"$TRACE"')
    package = "stadttor-events"
    script = box.place((out / f"{package}.{name}").read_text(), name)

    def run(**env):
        assert box.run(script, **env).returncode == 0
        return [e[0] for e in box.events()]
    assert run() == ["killall -s HUP ubusd", "stadttor running",
                     "stadttor restart" if name == "postinst" else
                     "stadttor start"]
    assert run(IPKG_INSTROOT="/image") == []
    if name == "postrm":
        assert run(PKG_UPGRADE="1") == []
    box.program(box.etc / "init.d/stadttor", 'echo "stadttor $*" >>"$TRACE"\n'
                'exit 1')
    assert run() == ["killall -s HUP ubusd", "stadttor running"]


def test_a_removal_leaves_no_trace(box, out):
    assert run_script(box, out, "prerm") == ["stadttor takedown"]
    (box.etc / "stadttor/undo").mkdir()
    (box.etc / "stadttor/undo/inverse").touch()
    assert run_script(box, out, "prerm") == ["setup --undo --yes",
                                             "stadttor takedown"]


@pytest.fixture(scope="module")
def feed(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("feed")
    subprocess.run(["make", "-s", "openwrt-feed", f"DIR={folder / 'feed'}",
                    f"BUILD={folder / 'build'}"], cwd=root, check=True,
                   stdout=subprocess.PIPE, timeout=120)
    return folder / "feed"


def test_a_feed_is_ready_for_an_sdk(feed):
    """Its hash is that of the source beside it, where the SDK looks for it."""
    assert sorted(p.name for p in feed.iterdir()) == ["luci-app-stadttor",
                                                      "stadttor"]

    def shown(name):
        return subprocess.run(
            ["make", "--no-print-directory", "-C", feed / "stadttor",
             f"TOPDIR={r.STUBS / 'buildroot'}", f"show-{name}"], check=True,
            stdout=subprocess.PIPE, text=True, timeout=200).stdout.strip()
    source = feed / "stadttor" / shown("PKG_SOURCE")
    assert shown("PKG_HASH") == hashlib.sha256(source.read_bytes()).hexdigest()
    assert shown("PKG_SOURCE_URL") == f"file://{source.parent}"
    with tarfile.open(source) as tar:
        names = {n.partition("/")[2] for n in tar.getnames()}
    assert {"Makefile", "etc/guard", "web/dist/app.js.gz",
            "openwrt/luci-app-stadttor/Makefile"} <= names
    ours = {str(p.relative_to(feed)) for p in feed.rglob("*") if p.is_file()}
    assert ours - {f"stadttor/{source.name}"} == {
        n.removeprefix("openwrt/") for n in names
        if n.startswith("openwrt/") and (r.ROOT / n).is_file()}


def test_a_feed_needs_a_folder(root):
    done = subprocess.run(["make", "-s", "openwrt-feed"], cwd=root,
                          capture_output=True, text=True, timeout=200)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: make openwrt-feed DIR=FOLDER\n")


# What package managers run for a removal: apk's default_prerm comes before the
# package's own lines, opkg's after them, which it sources in a subshell
# (include/package-pack.mk, base-files' functions.sh).
STOPS = "/etc/init.d/stadttor disable; /etc/init.d/stadttor stop\n"
MANAGERS = {"apk": lambda own: STOPS + own,
            "opkg": lambda own: f"(\n{own})\nret=$?\n{STOPS}exit $ret\n"}


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("fails,removed", [(1, True), (9, False)])
def test_the_gate_goes_last(box, out, manager, fails, removed):
    """Changes that nobody has committed stop an undo, but not a removal; where
    files cannot be written the service is there again."""
    (box.etc / "stadttor/undo").mkdir()
    (box.etc / "stadttor/undo/inverse").touch()
    box.program(box.root / "usr/libexec/stadttor/setup",
                'echo "setup $*" >>"$TRACE"\n'
                f'[ "$(grep -c ^setup "$TRACE")" -gt {fails} ]')
    own = (out / "stadttor.prerm").read_text()
    script = box.place(MANAGERS[manager](own), "prerm")
    box.run("-c", "uci set network.lan.ipaddr=192.168.7.1")
    done = box.run(script)
    assert (done.returncode == 0) == removed
    deadline = time.monotonic() + 120
    while not removed and "stadttor start" not in box.trace.read_text():
        assert time.monotonic() < deadline, box.trace.read_text()
        time.sleep(0.05)
    said = [e[0] for e in box.events()]
    assert said.count("setup --undo --yes") == 2
    assert ("stadttor takedown" in said) == removed
    if not removed:
        assert said[-4:] == [*said[-4:-2], "stadttor enable",
                             "stadttor start"]
        assert "stadttor stop" in said and "stadttor disable" in said
    assert box.run("-c", "uci changes network").stdout == ""
