# SPDX-License-Identifier: GPL-3.0-or-later
"""The privilege line as the linker sees it, hardening, and the first flags."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

DAEMONS = ["stadttor-netctl", "stadttor-portal", "stadttor-hub"]
PROGRAMS = DAEMONS + ["stadttor"]


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          check=True, timeout=200).stdout


def libraries(program):
    return re.findall(r"\(NEEDED\).*\[(.+?)\]",
                      output("readelf", "-dW", program))


def symbols(program):
    """Dynamic ones, and those that a static library would have left."""
    return (output("nm", "-D", program) + output("nm", program)).split()


LINE = [
    ("stadttor-portal", r"lib(nl|nftnl|mnl|netfilter)",
     r"(nl|nla|nlmsg|nftnl|mnl)_[a-z]"),
    ("stadttor-hub", r"lib(nl|nftnl|mnl|netfilter)",
     r"(nl|nla|nlmsg|nftnl|mnl)_[a-z]"),
    ("stadttor-netctl", r"lib(ssl|event_extra|event_openssl|event[-.])",
     r"(evhttp|evbuffer_openssl|bufferevent_openssl|SSL)_"),
]


def test_the_portal_and_the_command_line_are_one_file(plain_build):
    link = plain_build / "stadttor-portal"
    assert link.is_symlink() and os.readlink(link) == "stadttor"


@pytest.mark.parametrize("program,library,symbol", LINE)
def test_program_links_nothing_across_the_line(program, library, symbol,
                                               plain_build):
    path = plain_build / program
    assert [x for x in libraries(path) if re.match(library, x)] == []
    assert [x for x in symbols(path) if re.match(symbol, x)] == []


@pytest.mark.parametrize("program", DAEMONS)
def test_libraries_free_by_way_of_the_program(program, plain_build):
    """Else what they free is not wiped."""
    seen = re.findall(r" T (\w+)", output("nm", "-D", plain_build / program))
    assert {"free", "realloc"} <= set(seen)


def test_the_portal_asks_netctl_for_devices_and_addresses(plain_build):
    """Not the kernel, which would tell of others, too. The command line, which
    is in the same file, is run by root."""
    asks = {"getifaddrs", "if_nameindex", "if_nametoindex", "if_indextoname",
            "ioctl", "getaddrinfo", "ether_ntohost"}
    used = set(output("nm", "-u", plain_build / "libportal.a").split())
    assert "setsockopt" in used
    assert used & asks == set()
    whole = symbols(plain_build / "stadttor-portal")
    assert {x.split("@")[0] for x in whole} & {"getifaddrs",
                                               "if_nameindex"} == set()


@pytest.mark.parametrize("folder,header", [
    ("portal", r"(netctl/|hub/|netlink/|libnftnl/|libmnl/|linux/(rt)?netlink)"),
    ("netctl", r"(portal/|event2/http|event2/bufferevent_ssl|openssl/ssl)"),
    ("common", r"(portal/|netctl/|cli/|hub/|openssl/|netlink/|libnftnl/|"
               r"libmnl/)"),
    ("hub", r"(netctl/|cli/|portal/guest/|netlink/|libnftnl/|libmnl/)"),
])
def test_folder_includes_nothing_across_the_line(folder, header, root):
    include = re.compile(r'^\s*#\s*include\s*[<"](.+?)[>"]', re.M)
    files = sorted((root / folder).rglob("*.[ch]"))
    assert files
    assert [(f.name, x) for f in files for x in include.findall(f.read_text())
            if re.match(header, x)] == []


@pytest.mark.parametrize("folder", ["portal", "netctl", "common", "cli",
                                    "hub"])
def test_no_program_is_run_and_no_thread_made(folder, root):
    call = re.compile(r"\b(system|popen|fork|vfork|execl[pe]?|execv[pe]*|"
                      r"posix_spawnp?|pthread_create|strcpy|strcat|sprintf|"
                      r"gets)\s*\(")
    for f in sorted((root / folder).rglob("*.c")):
        assert call.findall(f.read_text()) == [], f


@pytest.mark.parametrize("program", PROGRAMS)
def test_hardening(program, plain_build):
    path = plain_build / program
    assert re.search(r"Type:\s+DYN", output("readelf", "-hW", path))
    segments = output("readelf", "-lW", path)
    assert "GNU_RELRO" in segments
    stack = re.search(r"GNU_STACK.*?\s([RWE ]+)\s+0x", segments)
    assert stack and "E" not in stack[1]
    assert not re.search(r"LOAD.*\sRWE\s", segments)
    dynamic = output("readelf", "-dW", path)
    assert re.search(r"FLAGS.*\bNOW\b", dynamic)
    assert "TEXTREL" not in dynamic
    assert "(RPATH)" not in dynamic and "(RUNPATH)" not in dynamic
    assert "__stack_chk_fail" in output("nm", "-D", path)


def test_libevent_comes_in_parts(plain_build, root, tmp_path):
    """libevent_openssl.pc asks for the whole, too. On OpenWrt the buildroot
    hardens, so HARDEN_LD is empty, and its compiler drops nothing by itself,
    as Debian's does."""
    build = tmp_path / "build"
    # the programs' own, and not what else is built below
    shutil.copytree(plain_build, build, symlinks=True,
                    ignore=lambda folder, names: {
                        name for name in names if folder == str(plain_build)
                        and (plain_build / name).is_dir()
                        and not (root / name / "main.c").exists()
                        and name != "common"})
    for program in DAEMONS + PROGRAMS:
        (build / program).unlink(missing_ok=True)
    output("make", "-s", "-C", root, f"BUILD={build}", "HARDEN_LD=",
           "CC=gcc -Wl,--no-as-needed",
           *(f"{build}/{program}" for program in PROGRAMS))
    for place in (plain_build, build):
        for program in PROGRAMS:
            parts = [x for x in libraries(place / program) if "event" in x]
            assert "libevent_core-2.1.so.7" in parts
            assert [x for x in parts if re.match(r"libevent[-.]", x)] == []


def run(build, program, *args):
    return subprocess.run([build / program, *args], text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(program, flag, build, root):
    makefile = (root / "Makefile").read_text()
    version = re.search(r"^VERSION := (\S+)", makefile, re.M)[1]
    r = run(build, program, flag)
    assert (r.returncode, r.stdout, r.stderr) == \
        (0, f"{program} {version}\n", "")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help(program, flag, build):
    r = run(build, program, flag)
    assert r.returncode == 0 and r.stderr == ""
    assert re.match(f"[Uu]sage: {program} ", r.stdout)


@pytest.mark.parametrize("args,begin,lines", [
    (["grant", "--help"], "  grant [--minutes N]", 2),
    (["help", "voucher", "create"], "  voucher create --count N", 2),
    (["voucher", "-h"], "  voucher create --count N", 10),
    (["help", "revoke", "5f0c9e6a1b2d3c4e"], "  revoke HANDLE", 2)])
def test_help_of_a_command(args, begin, lines, build):
    r = run(build, "stadttor", *args)
    assert r.returncode == 0 and r.stderr == ""
    assert r.stdout.startswith(begin) and r.stdout.count("\n") == lines


def test_help_of_no_command(build):
    r = run(build, "stadttor", "gran", "--help")
    assert (r.returncode, r.stdout) == (2, "")
    assert r.stderr == "unknown command 'gran'; did you mean grant?\n"


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("args", [["--nonsense"], ["-c"], ["-x"]])
def test_bad_flags(program, args, build):
    r = run(build, program, *args)
    assert r.returncode == 2 and r.stdout == "" and r.stderr


@pytest.mark.parametrize("program", DAEMONS)
def test_daemon_takes_no_words(program, build):
    r = run(build, program, "now")
    assert r.returncode == 2 and r.stdout == "" and r.stderr


def tracked(root):
    names = output("git", "-C", root, "ls-files", "-z").split("\0")
    return [root / n for n in names if n]


def test_every_source_says_its_licence(root):
    names = re.compile(r".*(\.[ch]|\.py|\.mk|\.sh|Makefile|\.service|\.[1-9])$")
    files = [f for f in tracked(root) if names.match(f.name) and f.exists()]
    assert len(files) > 20
    missing = [str(f) for f in files if "SPDX-License-Identifier: "
               "GPL-3.0-or-later" not in f.read_text()[:400]]
    assert missing == []


def test_functions_are_short(root):
    """At most 80 lines, and files at most 700, as the style says."""
    long = []
    for folder in ("common", "netctl", "portal", "cli", "hub"):
        for f in sorted((root / folder).rglob("*.c")):
            lines = f.read_text().splitlines()
            if len(lines) > 700:
                long.append(f"{f.name}: {len(lines)} lines")
            start = 0
            for number, line in enumerate(lines, 1):
                start = number if line == "{" else start
                if line == "}" and start and number - start > 80:
                    long.append(f"{f.name}:{start}")
    assert long == []


def parameters(head):
    """Of "int f(int a, void (*b)(int, int))" 2."""
    depth, count = 0, 1
    for c in reversed(head):
        depth += (c == ")") - (c == "(")
        count += c == "," and depth == 1
        if not depth:
            return count
    return count


def test_functions_take_at_most_five_parameters(root):
    heads = [(f.name, head) for top in ("common", "netctl", "portal", "cli",
                                         "hub") for f in sorted((root / top).rglob("*.c"))
             for head in re.findall(r"^(\w[^;{}]*\))\n\{", f.read_text(),
                                    re.M)]
    assert len(heads) > 2000
    assert [h for h in heads if parameters(h[1]) > 5] == []
