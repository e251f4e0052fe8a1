# SPDX-License-Identifier: GPL-3.0-or-later
"""Word size, byte order and libc of other machines, as far as it takes
minutes: one of 32 bits, one that is big-endian, and musl's headers. All that
`make cross` does takes longer."""
import subprocess

import pytest


def run(*args, cwd):
    return subprocess.run(args, cwd=cwd, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


pytestmark = pytest.mark.full


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("architecture", ["i386", "s390x"])
def test_units_and_messages(architecture, root):
    done = run("tests/cross/run", "-u", architecture, cwd=root)
    assert done.returncode == 0, done.stdout[-8000:]
    assert " passed" in done.stdout and " skipped" not in done.stdout


def test_musl(root):
    done = run("make", "-s", "check-musl", cwd=root)
    assert done.returncode == 0, done.stdout[-8000:]


@pytest.mark.parametrize("args", [[], ["vax"], ["-u"]])
def test_refused(args, root):
    done = run("tests/cross/run", *args, cwd=root)
    assert done.returncode == 2 and done.stdout.count("\n") == 1
