# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's dashboard in Chromium, against made-up figures.

The cases are in cases.mjs, each is a test here. tests/net may run those that
suit any portal.
"""
import datetime
import json
import re
import threading

import pytest

import cases
import mock

NOW = datetime.datetime(2026, 11, 24, 14, 32, tzinfo=mock.BERLIN)
CHANGE = datetime.datetime(2026, 10, 25, 21, 10, tzinfo=mock.BERLIN)
SERVERS = {"empty": ("empty", NOW), "small": ("small", NOW),
           "years": ("years", NOW), "well": ("well", NOW), "change": ("night", CHANGE)}
# In `make check`; and what needs no browser.
CHECK = ["loads, draws and says what it drew",
         "bars are to scale: one of 24 % fills 24 %",
         "report: a month is one page of A4",
         "login: wrong, right, out again, without script"]


def needs_browser(name):
    text = (cases.HERE / "cases.mjs").read_text()
    return not re.search(rf"'{re.escape(name)}', 'none'", text)


def names():
    """Of the cases, loops over data unrolled."""
    for name in cases.names("cases.mjs"):
        if name.startswith("real: "):
            continue  # tests/net/test_real_dashboard.py
        marks = [] if name in CHECK or not needs_browser(name) else [
            pytest.mark.full]
        for data in ("empty", "small", "years") if "${data}" in name else [""]:
            yield pytest.param(name.replace("${data}", data), marks=marks)


@pytest.fixture(scope="module")
def dashboard(root):
    cases.need_browser(root)
    servers, described = [], {}
    for name, (data, now) in SERVERS.items():
        server = mock.serve(data, now)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        described[name] = {"url": f"http://127.0.0.1:{server.server_port}/",
                           "user": "admin", "password": "gate"}
    runner = cases.Runner("run.mjs", STADTTOR_SERVERS=json.dumps(described))
    yield runner
    runner.close()
    for server in servers:
        server.shutdown()


@pytest.mark.parametrize("name", names())
def test_dashboard(name, dashboard):
    dashboard.run(name)
