# SPDX-License-Identifier: GPL-3.0-or-later
"""Config in, nftables rules out. GOLDEN_WRITE=1 rewrites the expected text,
to be read in the diff."""
import os
import pathlib
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
CONFIGS = [HERE / "config/good/minimal.conf",
           HERE / "config/good/two-zones.conf",
           HERE / "ruleset/city.conf",
          HERE / "ruleset/slow-path.conf"]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_ruleset(config, build):
    expected = HERE / "ruleset" / f"{config.stem}.nft"
    text = subprocess.run([build / "stadttor", "-c", config, "ruleset"],
                          stdout=subprocess.PIPE, text=True, check=True,
                          timeout=120).stdout
    if "GOLDEN_WRITE" in os.environ:
        expected.write_text(text)
    assert text == expected.read_text()
