# SPDX-License-Identifier: GPL-3.0-or-later
"""Good and broken configs through the real programs."""
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent / "config"
GOOD = sorted((HERE / "good").glob("*.conf"))
BROKEN = sorted((HERE / "broken").glob("*.conf"))
CHECKS = {
    "stadttor": ["check"],
    "stadttor-netctl": ["-T", "-c"],
    "stadttor-portal": ["-T", "-c"],
}
DAEMONS = ["stadttor-netctl", "stadttor-portal"]


def run(build, program, *args, cwd):
    return subprocess.run([build / program, *args], cwd=cwd, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_there_are_enough():
    assert len(BROKEN) >= 60 and len(GOOD) >= 10


@pytest.mark.parametrize("turn,program", enumerate(CHECKS))
def test_broken(turn, program, build):
    """Exit 2, nothing on standard output, one line on standard error. All read
    the config with the same function, which unit/test_settings.c gives every
    file; here each file goes to one of the programs."""
    for conf in BROKEN[turn::len(CHECKS)]:
        expected = conf.with_suffix(".err").read_text()
        r = run(build, program, *CHECKS[program], conf.name, cwd=conf.parent)
        error = r.stderr.decode()
        assert (r.returncode, r.stdout) == (2, b""), conf.name
        assert error.count("\n") == 1, error
        assert error.endswith(expected), f"{error}, not {expected}"
        assert len(error) < len(expected) + 40, error


@pytest.mark.parametrize("program", DAEMONS)
def test_good(program, build):
    for conf in GOOD:
        r = run(build, program, "-T", "-c", conf.name, cwd=conf.parent)
        assert (r.returncode, r.stderr) == (0, b""), conf.name
        assert r.stdout == conf.with_suffix(".out").read_bytes(), conf.name


@pytest.mark.parametrize("program", DAEMONS)
def test_what_is_printed_is_a_config(program, build, tmp_path):
    for conf in GOOD:
        printed = tmp_path / conf.name
        printed.write_bytes(conf.with_suffix(".out").read_bytes())
        r = run(build, program, "-T", "-c", printed, cwd=tmp_path)
        assert r.returncode == 0, r.stderr
        assert r.stdout == printed.read_bytes()


@pytest.mark.parametrize("program", CHECKS)
def test_missing_file(program, build, tmp_path):
    r = run(build, program, *CHECKS[program], "nowhere", cwd=tmp_path)
    assert r.returncode == 2 and r.stdout == b""
    assert r.stderr.endswith(b"nowhere: No such file or directory\n")
    assert r.stderr.count(b"\n") == 1


def as_user(tmp_path, user):
    """Configs of netctl and portal, and of the hub."""
    box, hub, sites = (tmp_path / n for n in ("stadttor", "hub", "sites"))
    box.write_text("config uplink 'wan'\n option device 'lo'\n"
                   "config zone 'guest'\n option device 'lo1'\n"
                   f"config usage\n option file '{tmp_path}/made/usage'\n"
                   f"config gate\n option user '{user}'\n"
                   f" option socket '{tmp_path}/made/socket'\n"
                   f"config portal\n option user '{user}'\n")
    hub.write_text("config hub\n list server 'localhost:1'\n"
                   " option ca '/nowhere'\n option password 'x'\n"
                   f" option database '{tmp_path}/made/figures'\n"
                   f" option sites '{sites}'\n"
                   f" option system_user '{user}'\n")
    sites.write_text("config city\n option name 'x'\n"
                     "config site\n option site 'a'\n option district 'b'\n")
    return {"stadttor-netctl": box, "stadttor-portal": box,
            "stadttor-hub": hub}


@pytest.mark.parametrize("program", [*DAEMONS, "stadttor-hub"])
def test_no_daemon_is_root(program, build, tmp_path):
    """What is made before, and what is asked of the kernel, is nothing."""
    r = run(build, program, "-c", as_user(tmp_path, "root")[program],
            cwd=tmp_path)
    assert (r.returncode, r.stdout) == (1, b"")
    line, = r.stderr.decode().splitlines()
    assert "user 'root' is root, so nothing would be given up" in line
    assert not (tmp_path / "made").exists()


def test_check_tells_of_root(build, root, tmp_path):
    told = []
    for user in "root", "nobody":
        path = as_user(tmp_path, user)["stadttor-portal"]
        r = run(build, "stadttor", "check", path, cwd=root)
        assert r.returncode == 0
        told.append([x for x in r.stderr.decode().splitlines()
                     if "is root" in x])
    assert told == [[f"warning: config {s}: user root is root, and as root "
                     "the programs do not start" for s in ("gate", "portal")],
                    []]


def with_pages(root, tmp_path, more=""):
    """The default config, with the pages of this tree and a device that is
    there."""
    path = tmp_path / "stadttor"
    text = (root / "etc/stadttor.conf").read_text()
    text = text.replace("option device 'eth1'", "option device 'lo'")
    path.write_text(text.replace("#option pages '/usr/share/stadttor'",
                                 f"option pages '{root}/web'") + more)
    return path


def test_default_config_is_fine(build, root, tmp_path):
    path = with_pages(root, tmp_path)
    r = run(build, "stadttor", "check", path, cwd=root)
    assert (r.returncode, r.stderr) == (0, b"")
    assert r.stdout == f"{path}: fine\n".encode()


def test_pages_are_checked_too(build, root, tmp_path):
    path = with_pages(root, tmp_path, "config text\n"
                      "\toption key 'portal_heading'\n"
                      "\tlist text 'de={{nobody}}'\n")
    r = run(build, "stadttor", "check", path, cwd=root)
    assert (r.returncode, r.stdout) == (2, b"")
    assert r.stderr.count(b"\n") == 1 and b"'nobody'" in r.stderr
    path.write_text(path.read_text().replace(f"{root}/web", "/nonsense"))
    r = run(build, "stadttor", "check", path, cwd=root)
    assert r.returncode == 0 and b"not checked" in r.stderr


def test_man_page_lists_the_options(build, root):
    r = run(root, "tests/golden/manpage", build / "golden/document", cwd=root)
    assert r.returncode == 0, r.stderr


def legal(build, root, tmp_path, *options):
    """What check warns of with these lines in config legal."""
    path = tmp_path / "stadttor"
    path.write_text("config uplink 'wan'\n option device 'eth0'\n"
                    "config zone 'guest'\n option device 'br0'\n"
                    f"config portal\n option pages '{root}/web'\n"
                    " option user 'nobody'\n"
                    "config legal\n" + "".join(f" {o}\n" for o in options))
    r = run(build, "stadttor", "check", path, cwd=root)
    assert r.returncode == 0, r.stderr
    return [x for x in r.stderr.decode().splitlines() if "config legal" in x]


PUBLIC = "option public_body '1'"
FACTS = [f"option {name} 'x'" for name in
         ("operator", "address", "represented_by", "email", "phone",
          "privacy_officer")] + ["option land 'nw'",
                                 "option statement_date '2026-11-30'"]


def test_what_a_public_body_has_to_fill_in(build, root, tmp_path):
    warned, = legal(build, root, tmp_path, PUBLIC)
    assert warned.endswith(
        "a public body has to fill in operator, address, represented_by, "
        "email, phone, land, privacy_officer, statement, statement_date")
    warned, = legal(build, root, tmp_path, PUBLIC, *FACTS,
                    "option statement 'partial'")
    assert warned.endswith("has to fill in statement_limits")
    assert legal(build, root, tmp_path, PUBLIC, *FACTS,
                 "option statement 'full'") == []
    assert legal(build, root, tmp_path) == []
