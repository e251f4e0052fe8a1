# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: the street for the whole run, fresh programs for each test."""
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import authority  # noqa: E402
import gate  # noqa: E402
import lab  # noqa: E402


def _enter_own_world():
    if os.geteuid() != 0:
        pytest.exit("tests/net needs root", 2)
    try:
        lab.enter_own_world()
    except OSError as error:
        pytest.exit(f"cannot make namespaces: {error}", 2)


@pytest.fixture(scope="session")
def build():
    return pathlib.Path(gate.BUILD)


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
