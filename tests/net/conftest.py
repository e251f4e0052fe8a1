# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: the street for the whole run, fresh programs for each test."""
import ctypes
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import authority  # noqa: E402
import gate  # noqa: E402
import lab  # noqa: E402

CLONE_NEWNS = 0x00020000
_libc = ctypes.CDLL(None, use_errno=True)


def _enter_own_world():
    """A network and mounts of our own, so that no name ever clashes."""
    if os.geteuid() != 0:
        pytest.exit("tests/net needs root", 2)
    if _libc.unshare(CLONE_NEWNS | lab.CLONE_NEWNET) < 0:
        pytest.exit("cannot make namespaces: "
                    + os.strerror(ctypes.get_errno()), 2)
    os.makedirs("/run/netns", exist_ok=True)
    for args in (["--make-rprivate", "/"],
                 ["-t", "tmpfs", "-o", "mode=755", "netns", "/run/netns"]):
        subprocess.run(["mount", *args], check=True)
    lab.ip_batch(["link set lo up"])


@pytest.fixture(scope="session")
def street():
    """Built once; what a test changes about it, it puts back."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    _enter_own_world()
    built = lab.Street()
    try:
        built.build()
        yield built
    finally:
        built.close()
        subprocess.run(["umount", "/run/netns"], check=False)
        lab.enter(home)
        os.close(home)


@pytest.fixture
def stadttor(street):
    """The programs, not yet started; afterwards every trace is removed."""
    programs = gate.Stadttor(street)
    yield programs
    programs.close()


@pytest.fixture
def phones(street):
    return street.phones


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ca")
    folder.chmod(0o755)
    return authority.Authority(folder)


@pytest.fixture
def crowd(street):
    return street.crowd()
