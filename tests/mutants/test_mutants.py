# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault of a list is planted in a copy of the tree, and its test fails."""
import os
import shutil
import subprocess
import sys

import pytest

import counting
import leaks

pytestmark = [pytest.mark.full, pytest.mark.timeout(900)]
MAKE = ["make", "-s", f"-j{os.cpu_count()}"]


@pytest.fixture(scope="module")
def copy(root, tmp_path_factory):
    """The tree and what was built of it, so that little is built anew."""
    tree = tmp_path_factory.mktemp("mutant") / "tree"
    shutil.copytree(root, tree, symlinks=True, ignore=shutil.ignore_patterns(
        ".git", "node_modules", "build"))
    subprocess.run([*MAKE, "-C", tree, "all", "units", "tools"],
                   check=True, timeout=600)
    return tree


def run(tree, test):
    subprocess.run([*MAKE, "-C", tree, "all", "units", "tools"],
                   check=True, timeout=600)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         "-m", "not full", test], cwd=tree, capture_output=True, text=True,
        timeout=600, env=dict(os.environ, STADTTOR_BUILD="build",
                              STADTTOR_PLAIN="build"))


ALL = counting.MUTANTS + leaks.MUTANTS


@pytest.mark.parametrize("name,file,there,instead,test", ALL,
                         ids=[m[0] for m in ALL])
def test_mutant(copy, name, file, there, instead, test):
    source = copy / file
    text = source.read_text()
    assert text.count(there) == 1, f"{file} has changed"
    source.write_text(text.replace(there, instead))
    try:
        done = run(copy, test)
    finally:
        source.write_text(text)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "failed" in done.stdout.splitlines()[-1]
