# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fuzzer: its corpus with variants that are the same in every run, and
with clang for FUZZ_SECONDS."""
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
FUZZERS = sorted(f.stem for f in HERE.glob("fuzz_*.c"))
SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))
VARIANTS = 1000
ENV = dict(os.environ, ASAN_OPTIONS="detect_leaks=1")


def corpus(subject):
    folder = HERE / "corpus" / subject
    return [folder] if folder.is_dir() else []


@pytest.mark.parametrize("name", FUZZERS)
def test_corpus(name, build, tmp_path):
    subject = name[len("fuzz_"):]
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "zeros").write_bytes(bytes(64))
    run = subprocess.run([build / f"replay_{subject}", str(VARIANTS), tmp_path,
                          *corpus(subject)], env=ENV, text=True, timeout=200,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert run.returncode == 0, run.stdout[-8000:]
    files = 2 + sum(len(list(c.iterdir())) for c in corpus(subject))
    assert run.stdout == f"{files * (1 + VARIANTS)} inputs\n"


@pytest.mark.full
@pytest.mark.timeout(180 + SECONDS)
@pytest.mark.parametrize("name", FUZZERS)
def test_fuzz(name, root, tmp_path):
    subject = name[len("fuzz_"):]
    dictionary = HERE / f"{subject}.dict"
    command = [root / "build/fuzz" / name, f"-max_total_time={SECONDS}",
               "-max_len=4096", "-timeout=10", "-rss_limit_mb=1024",
               "-print_final_stats=1", f"-artifact_prefix={tmp_path}/",
               tmp_path, *corpus(subject)]
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    run = subprocess.run(command, env=ENV, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, errors="replace",
                         timeout=SECONDS + 120)
    assert run.returncode == 0, run.stdout[-8000:]
    executed = re.search(r"stat::number_of_executed_units: (\d+)", run.stdout)
    assert executed and int(executed[1]) > 100 * SECONDS, run.stdout[-2000:]
