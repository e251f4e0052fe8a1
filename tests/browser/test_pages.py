# SPDX-License-Identifier: GPL-3.0-or-later
"""The citizens' pages in Chromium: a sample of pages, languages, zones, widths
and looks in which each of them is, and all of them in all languages and zones.

The cases are in pages.mjs, each is a test here.
"""
import pytest

import cases

LANGUAGES = sorted(p.stem for p in (cases.HERE.parent.parent / "web" / "lang")
                   .glob("*.json"))
BRANDS = ("city", "library", "village")
ZONES = ("square", "library", "hall", "campus")
FULL = ("source of ${tongue.code} everywhere", "${tongue.code} in ${zone}",
        "keyboard and no scripts in ${zone}",
        "the button is seen without scrolling", "markup in the config is text",
        "right-to-left pages are walked by keyboard")


def names():
    """Of the cases, loops over languages and zones unrolled."""
    for name in cases.names("pages.mjs"):
        marks = [pytest.mark.full] if name in FULL else []
        for zone in ZONES if "${zone}" in name else [""]:
            for code in LANGUAGES if "${tongue.code}" in name else [""]:
                for brand in BRANDS if "${name}" in name else [""]:
                    yield pytest.param(name.replace("${zone}", zone).replace(
                        "${tongue.code}", code).replace("${name}", brand),
                        marks=marks)


@pytest.fixture(scope="module")
def pages(root):
    cases.need_browser(root)
    runner = cases.Runner("pages.mjs")
    yield runner
    runner.close()


@pytest.mark.parametrize("name", names())
def test_pages(name, pages):
    pages.run(name)
