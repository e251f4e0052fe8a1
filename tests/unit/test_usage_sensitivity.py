# SPDX-License-Identifier: GPL-3.0-or-later
"""More of the random days that the unit program plays in `make check`."""
import os
import subprocess

import pytest


@pytest.mark.full
def test_ten_thousand_days(plain_build):
    run = subprocess.run([plain_build / "unit" / "test_usage_sensitivity"],
                         env=dict(os.environ, TRACES="10000"), text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=600)
    assert run.returncode == 0, run.stdout
