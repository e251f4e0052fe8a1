# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's packages: built without a network, the same bytes each time, and
installed, upgraded, removed and purged by apt under systemd."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Builds and stories are made before a module's first test: nothing hangs here
# that has no limit of its own.
pytestmark = pytest.mark.timeout(3600)


def run(*command, cwd=ROOT, **environment):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True,
                          timeout=1800, check=False,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def words(path):
    return (ROOT / path).read_text()


def test_version_is_that_of_the_programs():
    version = re.search(r"(?m)^VERSION := (\S+)", words("Makefile"))[1]
    assert re.match(rf"stadttor \({re.escape(version)}\) ",
                    words("debian/changelog"))
    assert f"\n## {version}" in words("NEWS.md")


def test_libraries_are_those_of_tests_deps():
    """What is needed to build is said twice."""
    wanted = set(re.findall(r"(?m)^ (lib\S+-dev)", words("debian/control")))
    build = re.search(r'(?s)\nbuild="(.*?)"', words("tests/deps"))[1].split()
    assert wanted == {p for p in build if p.startswith("lib")} - {"libc6-dev"}


def test_units_are_named_in_the_scripts():
    """Those that are stopped before the guard takes over; it stays."""
    units = {f.name for f in (ROOT / "etc").glob("*.service")}
    stopped = set(re.findall(r"stadttor-\w+\.service",
                             words("debian/stadttor.prerm")))
    assert stopped == units - {"stadttor-guard.service"}


def test_a_purge_knows_all_folders():
    """Those of tmpfiles and of the units."""
    made = re.findall(r"(?m)^d (\S+)", words("etc/tmpfiles.conf"))
    for unit in (ROOT / "etc").glob("*.service"):
        for kind, place in (("State", "/var/lib/"), ("Runtime", "/run/")):
            made += [place + name for names in re.findall(
                rf"(?m)^{kind}Directory=(.*)", unit.read_text())
                for name in names.split()]
    gone = re.search(r"rm -rf (.*)", words("debian/stadttor.postrm").replace(
        "\\\n", ""))[1].split()
    assert len(made) >= 3
    assert [f for f in made if not any(f"{f}/".startswith(f"{g}/")
                                       for g in gone)] == []


def test_steps_of_readme_are_six_at_most():
    part = words("README.md").split("\n## On a real box\n")[1]
    steps = re.search(r"(?:^    .*\n)+", part, re.M)[0].splitlines()
    assert len(steps) <= 6
    assert not [s for s in steps if re.search(r"&&|;|\\$", s)]


# --- with dpkg, apt and systemd -----------------------------------------------

@pytest.fixture(scope="module")
def place():
    """On the disk, for systemd's root sees no /tmp of the tests."""
    folder = ROOT / "build" / "test-deb"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


@pytest.fixture(scope="module")
def packages(place):
    """What was said, by a build that reaches no network."""
    said = run("unshare", "--net", "make", "built-deb", f"BUILD={place}/build")
    return said, sorted((place / "build" / "deb").glob("*.deb"))


@pytest.fixture(scope="module")
def newer(place, packages):
    """The same with a higher version and another default config."""
    folder = place / "newer"
    run("dpkg-deb", "-R", packages[1][-1], folder)
    control = folder / "DEBIAN" / "control"
    control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+1",
                              control.read_text()))
    with open(folder / "etc" / "config" / "stadttor", "a") as config:
        config.write("# something new\n")
    run("dpkg-deb", "-b", folder, place / "newer.deb")
    return place / "newer.deb"


@pytest.mark.full
def test_lintian_has_nothing_to_say(packages):
    said, made = packages
    assert [f.name.split("_")[0] for f in made] == ["stadttor-hub", "stadttor-web",
                                                   "stadttor"]
    assert re.findall(r"(?m)^[EW]: .*", said) == []


@pytest.mark.full
def test_the_same_bytes_each_time(place, packages):
    """Also in another folder, by who has a release's tarball alone."""
    again = place / "again"
    again.mkdir()
    tarball, = (place / "build").glob("*.tar.xz")
    run("tar", "-xf", tarball, "-C", again)
    tree, = again.iterdir()
    run("sh", "-c", "umask 077 && exec unshare --net dpkg-buildpackage -b -us "
        "-uc", cwd=tree, TZ="Asia/Kathmandu", LC_ALL="C", USER="somebody",
        HOME="/nonexistent", DEB_BUILD_OPTIONS="parallel=1")
    for package in packages[1]:
        other = again / package.name
        assert other.read_bytes() == package.read_bytes(), package.name


@pytest.fixture(scope="module")
def play(place, packages, newer):
    """The story, by this way in."""
    box, output = place / "box", place / "output"
    (box / "build").mkdir(parents=True)
    for name, target in (("deb", place / "build" / "deb"),
                         ("debs", ROOT / "build" / "debs")):
        (box / "build" / name).symlink_to(target)

    def play(way):
        subprocess.run([HERE / "systemd", output, HERE / "deb_story.py",
                        ROOT / way, newer], cwd=box, check=True,
                       timeout=1800)
        return json.loads(output.read_text())
    return play


@pytest.fixture(scope="module")
def seen(play):
    return play("README.md")


@pytest.mark.full
def test_each_step_does_what_it_says(seen):
    assert [(step, said) for step, status, said in seen["steps"]
            if status] == []


@pytest.mark.full
def test_installing_alone_changes_nothing(seen):
    installed = seen["installed"]
    assert installed["packages"] == "dnsmasq installed\nstadttor installed\n" \
        "stadttor-web installed\n"
    assert installed["tables"] == ""
    assert installed["forwards"] == ["0", "0"]
    assert installed["enabled"] == ["disabled\n"] * 2
    assert installed["active"] == ["inactive\n"] * 2


@pytest.mark.full
def test_the_first_phone_comes_online(seen):
    came_online(seen)


@pytest.mark.full
def test_cloud_init_does_it_alone(play):
    seen = play("examples/cloud-init.yaml")
    assert seen["cloud-init"][0] == 0, seen["cloud-init"][1]
    assert seen["config kept"]
    came_online(seen)


def came_online(seen):
    assert seen["dhcp"] == 0
    assert re.fullmatch(r"10\.20\.[0-3]\.\d+/22", seen["address"][0])
    answer, online = seen["before"]
    assert answer.startswith("302 http://10.20.0.1/")
    assert not online
    assert (seen["tap"], seen["online"]) == ("303", True)
    assert seen["forwards"] == ["1", "1"]
    assert seen["dashboard"]
    # what the kernel of the tests lacks, or does with bridges, is not README's
    assert re.findall(r"(?m)^(?:FAIL|WARN)  "
                      r"(?!the kernel has no |bridges hand packets )(.*)",
                      seen["doctor"]) == [
        "/etc/stadttor/accounts has no accounts, so nobody can see the "
        "dashboard"]


@pytest.mark.full
def test_an_upgrade_interrupts_nobody(seen):
    assert seen["upgrade"][0] == 0, seen["upgrade"][1]
    assert seen["restarted"] == [True, True]
    assert seen["ready after upgrade"]
    assert seen["sessions after upgrade"] == 1
    assert seen["download goes on"]
    assert seen["config kept"] == [True, True]
    assert seen["enabled after upgrade"] == ["enabled\n"] * 2


@pytest.mark.full
def test_removal_keeps_guests_out_and_says_so(seen):
    status, said = seen["remove"]
    assert status == 0, said
    assert "guests of guest0 are kept out until the next boot, or: " \
        "nft delete table inet stadttor_guard_guest0\n" in said
    assert not seen["online after removal"]
    assert seen["tables after removal"] == \
        "table inet stadttor_guard_guest0\n"
    assert "qdisc htb" not in seen["queues after removal"]
    assert seen["config after removal"]
    assert seen["units after removal"] == ""


@pytest.mark.full
def test_purge_leaves_nothing(seen):
    assert seen["purge"] == 0
    assert not seen["online after purge"]
    files, users = seen["left"]
    assert sorted(files) == ["/etc/dnsmasq.d/stadttor.conf",  # the operator's
                             "/run/dnsmasq/stadttor.leases"]
    assert users == []
