# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's dashboard in Chromium, against made-up figures.

The cases are in cases.mjs; node runs them all once, and each is a test here.
tests/net may run those that suit any portal, with run_cases().
"""
import datetime
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import mock  # noqa: E402

NOW = datetime.datetime(2026, 11, 24, 14, 32, tzinfo=mock.BERLIN)
CHANGE = datetime.datetime(2026, 10, 25, 21, 10, tzinfo=mock.BERLIN)
SERVERS = {"empty": ("empty", NOW), "small": ("small", NOW),
           "years": ("years", NOW), "change": ("night", CHANGE)}

pytestmark = pytest.mark.timeout(900)


def names():
    """Of the cases, loops over data unrolled."""
    for name in re.findall(r"^\s*test\([`']([^`']+)[`'],",
                           (HERE / "cases.mjs").read_text(), re.M):
        if name.startswith("real: "):
            continue  # tests/net/test_real_dashboard.py
        if "${data}" in name:
            for data in ("empty", "small", "years"):
                yield name.replace("${data}", data)
        else:
            yield name


def run_cases(servers, *wanted, timeout=600):
    """{name: (ok, text)}; servers as run.mjs wants them."""
    env = dict(os.environ, STADTTOR_SERVERS=json.dumps(servers))
    done = subprocess.run(["node", HERE / "run.mjs", *wanted], env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=timeout)
    results = {}
    for line in done.stdout.splitlines():
        case = json.loads(line)
        results[case["name"]] = (case["ok"], case["text"])
    assert done.returncode == 0, done.stdout + done.stderr
    return results


@pytest.fixture(scope="session")
def dashboard(root):
    """Built, and the browser's driver with it."""
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            pytest.fail(f"{program} is missing: make deps")
    subprocess.run(["make", "-s", "-C", root, "web", "browser-deps"],
                   check=True, timeout=300)


@pytest.fixture(scope="session")
def results(dashboard):
    servers, described = [], {}
    for name, (data, now) in SERVERS.items():
        server = mock.serve(data, now)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        described[name] = {"url": f"http://127.0.0.1:{server.server_port}/",
                           "user": "admin", "password": "gate"}
    yield run_cases(described)
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("name", names())
def test_dashboard(name, results):
    assert name in results, "did not run"
    ok, text = results[name]
    print(text)
    assert ok, text
