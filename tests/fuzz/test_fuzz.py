# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fuzzer for FUZZ_SECONDS, as many at once as there are processors."""
import concurrent.futures
import os
import pathlib
import re
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
FUZZERS = sorted(f.stem for f in HERE.glob("fuzz_*.c"))
SECONDS = int(os.environ.get("FUZZ_SECONDS", "60"))


def fuzz(program, name, found):
    subject = name[len("fuzz_"):]
    dictionary = HERE / f"{subject}.dict"
    command = [program, f"-max_total_time={SECONDS}", "-max_len=4096",
               "-timeout=10", "-rss_limit_mb=1024", "-print_final_stats=1",
               f"-artifact_prefix={found}/", found]
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    if (HERE / "corpus" / subject).is_dir():
        command.append(HERE / "corpus" / subject)
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1")
    return subprocess.run(command, env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace",
                          timeout=SECONDS + 120)


@pytest.fixture(scope="module")
def runs(root, tmp_path_factory):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        yield {name: pool.submit(fuzz, root / "build/fuzz" / name, name,
                                 tmp_path_factory.mktemp(name))
               for name in FUZZERS}


@pytest.mark.timeout(60 + SECONDS * (len(FUZZERS) + 1))
@pytest.mark.parametrize("name", FUZZERS)
def test_fuzz(name, runs):
    run = runs[name].result()
    assert run.returncode == 0, run.stdout[-8000:]
    executed = re.search(r"stat::number_of_executed_units: (\d+)", run.stdout)
    assert executed and int(executed[1]) > 100 * SECONDS, run.stdout[-2000:]
