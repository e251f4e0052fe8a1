# SPDX-License-Identifier: GPL-3.0-or-later
"""The units on Debian: systemd itself starts, reloads and respawns them."""
import json
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
NET_ADMIN = 1 << 12

# The story is played before the first test, and has a limit of its own.
pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def seen(tmp_path_factory, root, plain_build):
    output = tmp_path_factory.mktemp("systemd") / "output"
    subprocess.run([HERE / "systemd", output, HERE / "systemd_story.py",
                    plain_build.relative_to(root)], cwd=root, check=True,
                   timeout=1200)
    return json.loads(output.read_text())


def test_readme_installs_and_starts_it(seen):
    assert (seen["install"], seen["check"], seen["enable"]) == (0, 0, 0)
    assert seen["ready"]


def test_a_router_only_once_it_is_started(seen):
    assert seen["forwards once installed"] == ["0", "0"]
    assert seen["forwards once enabled"] == ["1", "1"]


def test_until_it_starts_guests_are_kept_out(seen):
    assert seen["open without it"]  # without the guard they are online
    assert len(seen["shut by guard"]) == 4
    assert all(seen["shut by guard"].values()), seen["shut by guard"]


def test_the_guard_comes_before_networks_and_netctl(seen):
    assert {"network-pre.target", "stadttor-netctl.service"} <= set(
        seen["order"])


def test_each_has_the_rights_that_it_needs(seen):
    for unit, needed in (("stadttor-netctl", NET_ADMIN),
                         ("stadttor-portal", 0)):
        rights = seen["rights"][unit]
        assert rights["user"] == unit
        assert int(rights["CapEff"], 16) == needed
        assert int(rights["CapPrm"], 16) == needed
        assert rights["NoNewPrivs"] == "1"
        assert rights["Seccomp"] == "2"


def test_the_portal_writes_its_figures_and_what_waits_for_them(seen):
    assert seen["writable"] == ["/var/lib/stadttor", "/run/stadttor/portal",
                                "/tmp"]


# What no unit can take from a process that has a socket of its own: it tells of
# those who talk to it. docs/limits.md says so, and what stands against it.
OF_ITS_OWN_SOCKETS = {"filter", "filter of a port", "saved SYN"}


def test_a_portal_that_was_taken_over_does_not_find_the_phone(seen):
    mac = json.loads(seen["phone"])[0]["address"].replace(":", "")
    found = {way for way, what in seen["taken over"].items()
             if not what.startswith("nothing: ")}
    assert len(seen["taken over"]) == 14
    assert found == OF_ITS_OWN_SOCKETS, seen["taken over"]
    assert mac in seen["taken over"]["saved SYN"]


def test_the_portal_sees_nothing_of_proc_and_sys(seen):
    assert seen["hidden"].split() == ["/proc:", "/sys:"]


def test_a_phone_is_led_to_the_portal_and_let_in(seen):
    answer, online = seen["before"]
    assert answer.startswith("302 http://10.20.0.1/")
    assert not online
    assert seen["grant"] == 0
    assert seen["online"]


def test_reload_keeps_processes_and_people(seen):
    assert seen["reload"] == 0
    assert seen["same processes"]
    assert seen["online after reload"]


def test_a_config_with_a_mistake_is_refused_and_said(seen):
    assert seen["bad reload"] != 0
    mistake = "/etc/config/stadttor:6: a line starts with"
    assert mistake in seen["said"]
    warning, status = seen["status meanwhile"]
    assert warning.startswith(mistake)
    assert warning.endswith("; asking the netctl at /run/stadttor/netctl.sock\n")
    assert status["zones"][0]["sessions"] == 1


def test_killed_programs_come_back_and_nobody_is_dropped(seen):
    assert seen["online while dead"]
    assert seen["respawned"]
    assert seen["sessions after kill"] == 1


def test_restart_and_stop_drop_nobody(seen):
    assert (seen["restart"], seen["sessions after restart"]) == (0, 1)
    assert seen["stop"] == 0
    assert seen["online after stop"]
    assert seen["failed"] == ""


def test_what_is_counted_ends_with_a_stop_alone(seen):
    """Key and records of the day: not with a crash, nor with a restart."""
    first, *others = seen["counted"]
    assert others == [first, first]
    assert seen["left of a stop"] == []
    assert seen["counted after a stop"][1] != first[1]
    assert seen["folder of what waits"] == ["/run/stadttor/portal"]


def test_uninstall_keeps_guests_out_and_says_so(seen):
    assert "table inet stadttor\n" in seen["tables kept"]
    status, said, is_online = seen["uninstall"]
    assert (status, is_online) == (0, False)
    assert "guests of guest0 are kept out until the next boot, or: " \
        "nft delete table inet stadttor_guard_guest0\n" in said
    assert seen["tables left"] == "table inet stadttor_guard_guest0\n"
    assert seen["units left"] == ""
