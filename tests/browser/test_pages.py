# SPDX-License-Identifier: GPL-3.0-or-later
"""The citizens' pages in Chromium: every page in every language and zone.

The cases are in pages.mjs; node runs them all once, and each is a test here.
"""
import json
import pathlib
import re
import subprocess

import pytest

from test_dashboard import dashboard  # noqa: F401, a fixture

pytestmark = pytest.mark.timeout(900)
HERE = pathlib.Path(__file__).resolve().parent
ZONES = ("square", "library")


def names():
    """Of the cases, loops over languages and zones unrolled."""
    languages = sorted(p.stem for p in (HERE.parent.parent / "web" / "lang")
                       .glob("*.json"))
    for name in re.findall(r"^\s*test\([`']([^`']+)[`'],",
                           (HERE / "pages.mjs").read_text(), re.M):
        for zone in ZONES if "${zone}" in name else [""]:
            for code in languages if "${tongue.code}" in name else [""]:
                yield name.replace("${zone}", zone).replace(
                    "${tongue.code}", code)


@pytest.fixture(scope="module")
def results(dashboard):  # noqa: F811
    done = subprocess.run(["node", HERE / "pages.mjs"], capture_output=True,
                          text=True, timeout=800)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = map(json.loads, done.stdout.splitlines())
    return {case["name"]: (case["ok"], case["text"]) for case in cases}


@pytest.mark.parametrize("name", names())
def test_pages(name, results):
    assert name in results, "did not run"
    ok, text = results[name]
    print(text)
    assert ok, text
