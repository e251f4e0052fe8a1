# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the built programs are, for all tests.

STADTTOR_BUILD: the build to test (default build). STADTTOR_PLAIN: the build
without sanitizers, whose linking and hardening is looked at (default build).
"""
import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A daemon that has dropped its privileges cannot be looked into, which the
# leak checker would do at its end; units and fuzzers switch it on.
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=0")
os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")


def _folder(variable):
    return (ROOT / os.environ.get(variable, "build")).resolve()


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def build():
    return _folder("STADTTOR_BUILD")


@pytest.fixture(scope="session")
def plain_build():
    return _folder("STADTTOR_PLAIN")
