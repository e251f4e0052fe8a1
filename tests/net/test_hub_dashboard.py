# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard of a city in Chromium, as the hub serves it."""
import datetime
import hashlib
import json
import os
import shutil
import subprocess
import sys

import pytest
from hubcity import cell, figures
from test_hub import beat, ca, make_city, world  # noqa: F401 fixtures

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "browser"))

import cases  # noqa: E402

PASSWORD = "correct horse battery"
PLACES = {"square": ("Nord", 400), "station": ("Süd", 900),
          "library": ("Süd", 50), "harbour": ("Nord", 300)}

pytestmark = [pytest.mark.timeout(300), pytest.mark.full]


def serve(city, root):
    """The pages, an account, and what sites are called."""
    pages = os.path.join(city.folder, "pages")
    os.mkdir(pages)
    os.chmod(pages, 0o755)
    for place in ("admin", "hub"):
        for f in sorted((root / "web" / place).glob("*.gz")):
            shutil.copy(f, pages)
    salt = bytes(16)
    key = hashlib.scrypt(PASSWORD.encode(), salt=salt, n=1 << 14, r=8, p=1,
                         dklen=32)
    with open(f"{city.folder}/accounts", "a", encoding="utf-8") as f:
        f.write(f"user:anna:scrypt:14:8:1:{salt.hex()}:{key.hex()}\n")
    with open(city.config, encoding="utf-8") as f:
        text = f.read()
    with open(city.config, "w", encoding="utf-8") as f:
        f.write(text.replace("\n option standby",
                             f"\n option pages '{pages}'\n option standby"))
    with open(f"{city.folder}/sites.conf", "w", encoding="utf-8") as f:
        f.write("config city\n option name 'Test'\n")
        for name, (district, _) in PLACES.items():
            f.write(f"config site\n option site '{name}'\n"
                    f" option district '{district}'\n"
                    f" option title 'The {name}'\n")


def fill(city):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    for name, (_, value) in PLACES.items():
        days = [int((today - datetime.timedelta(n)).strftime("%Y%m%d"))
                for n in range(40, 0, -1)]
        city.root("XADD", f"in:{name}", "*", "f", figures([
            cell(i + 1, value, metric="visitors", start=day, n=2)
            for i, day in enumerate(days)]))
    beat(city, "square")
    beat(city, "station", ["uplink_missing"])
    beat(city, "library", version="0.1.0")
    city.round()


def test_dashboard_of_a_city(make_city, root):  # noqa: F811
    cases.need_browser(root)
    city = make_city(sites=list(PLACES))
    serve(city, root)
    city.start().wait_log("connected")
    fill(city)
    done = subprocess.run(
        ["node", os.path.join(HERE, "..", "browser", "hub.mjs")], text=True,
        capture_output=True, timeout=200, env={
            **os.environ, "STADTTOR_HUB": json.dumps({
                "url": f"http://127.0.0.1:{city.port}/", "user": "anna",
                "password": PASSWORD})})
    assert done.returncode == 0, done.stderr[-3000:]
    saw = json.loads(done.stdout)
    assert [row[0] for row in saw["all"]] == [
        "The station", "The square", "The harbour", "The library"]
    assert [row[1] for row in saw["all"]] == ["Süd", "Nord", "Nord", "Süd"]
    assert saw["filters"] == ["Alle (4)", "In Ordnung (2)", "Gestört (1)",
                              "Nie gehört (1)", "Veraltet (1)"]
    assert [row[0] for row in saw["ill"]] == ["The station"]
    assert "Uplink" in saw["ill"][0][2]
    assert saw["found"] == ["The square", "The harbour"]
    assert "Kein Standort" in saw["none"]
    assert "47.850" in saw["city"]  # 29 days of all
    assert saw["place"] == "The station"
    assert "site=station" in saw["hash"] and saw["zones"] == ["", "guest"]
    assert "26.100" in saw["site"]
    assert saw["district"] == "Süd"
    assert saw["axe"] == []
