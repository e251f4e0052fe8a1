# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard in Chromium as the real portal serves it, over a database of
three years and eight zones."""
import datetime
import json
import os
import shutil
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "browser"))

import gate  # noqa: E402
import lab  # noqa: E402
import cases  # noqa: E402

PASSWORD = "correct horse battery"

pytestmark = [pytest.mark.timeout(900), pytest.mark.full]


def box_time():
    """A time zone in which it is now some minutes past three, and midnight."""
    now = datetime.datetime.now(datetime.timezone.utc)
    offset = datetime.timedelta(hours=15 - now.hour)
    midnight = (now + offset).replace(hour=0, minute=0, second=0,
                                      microsecond=0) - offset
    return f"XXX{now.hour - 15:+d}", midnight


def fill(stadttor):
    """Three years, and today's hours so far."""
    zone, midnight = box_time()
    stadttor.environment["TZ"] = zone
    base = midnight - datetime.timedelta(days=3 * 365)
    path = os.path.join(stadttor.folder, "usage")
    os.mkdir(path)
    subprocess.run([os.path.join(gate.BUILD, "golden", "storedriver"), "apply",
                    os.path.join(path, "usage.sqlite"),
                    str(3 * 365 * 25 + 15)], check=True,
                   stdout=subprocess.DEVNULL,
                   env=dict(os.environ, BASE=str(int(base.timestamp())),
                            TZ=zone))
    for name in (path, *(os.path.join(path, n) for n in os.listdir(path))):
        shutil.chown(name, gate.USER[gate.PORTAL])


def name_zone(stadttor):
    """The guests' zone is one of the database."""
    with open(stadttor.config) as file:
        text = file.read()
    stadttor.write(text.replace("zone 'guest'", "zone 'zone_3'"))
    stadttor.options = []


def make_account(stadttor):
    subprocess.run([os.path.join(gate.BUILD, "stadttor"), "-c",
                    stadttor.config, "passwd", "--stdin", "operator"],
                   input=f"{PASSWORD}\n", text=True, check=True,
                   stdout=subprocess.DEVNULL)


def test_three_years(stadttor):
    cases.need_browser(gate.REPO)
    stadttor.configure()
    name_zone(stadttor)
    fill(stadttor)
    make_account(stadttor)
    for program in (gate.NETCTL, gate.PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    lab.wait_until(lambda: ":2090" in stadttor.street.gate.run(
        "ss", "-Htln").stdout, say="the admin listener is not there")
    with stadttor.street.gate.entered():
        runner = cases.Runner("run.mjs", STADTTOR_SERVERS=json.dumps({"real": {
            "url": "http://127.0.0.1:2090/", "user": "operator",
            "password": PASSWORD, "patience": 8000}}))
    try:
        names = runner.ask("*")
        assert sum(name.startswith("real: ") for name in names) == 4
        failed = [case for case in map(runner.ask, names) if not case["ok"]]
    finally:
        runner.close()
    assert failed == []
    assert not stadttor.warnings("warning:|error:", gate.PORTAL)
