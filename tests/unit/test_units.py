# SPDX-License-Identifier: GPL-3.0-or-later
"""Every unit program is one test; its output is the report."""
import os
import pathlib
import subprocess

import pytest

UNITS = sorted(f.stem for f in pathlib.Path(__file__).parent.glob("test_*.c"))


@pytest.mark.parametrize("unit", UNITS)
def test_unit(unit, root, build):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1")
    run = subprocess.run([build / "unit" / unit], cwd=root, env=env,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         text=True, timeout=120)
    assert run.returncode == 0, run.stdout
