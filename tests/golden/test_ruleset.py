# SPDX-License-Identifier: GPL-3.0-or-later
"""A config gives exactly this ruleset; `make goldens` writes it anew."""
import pathlib
import subprocess

import pytest

FOLDER = pathlib.Path(__file__).parent / "ruleset"
CONFIGS = sorted(f.stem for f in FOLDER.glob("*.conf"))


@pytest.mark.parametrize("name", CONFIGS)
def test_text(name, build):
    run = subprocess.run(
        [build / "stadttor", "-c", FOLDER / f"{name}.conf", "ruleset"],
        capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    assert run.stdout == (FOLDER / f"{name}.nft").read_text()
