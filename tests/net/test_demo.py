# SPDX-License-Identifier: GPL-3.0-or-later
"""README's first command, without what it installs and builds."""
import os
import subprocess


def test_the_story_of_a_phone(root):
    told = subprocess.run([root / "tests/demo/run"],
                          env={**os.environ, "AUTO": "1"}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert told.returncode == 0, told.stdout
    assert "The story is told" in told.stdout
