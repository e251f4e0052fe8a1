# SPDX-License-Identifier: GPL-3.0-or-later
"""The dashboard of a city in Chromium, as the hub serves it."""
import csv
import datetime
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import time

import hubfigures
import pytest
from hubcity import DAY, HOUR, cell, figures
from test_hub import beat, ca, make_city, world  # noqa: F401 fixtures

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "browser"))

import cases  # noqa: E402

PASSWORD = "correct horse battery"
PLACES = {"square": ("Nord", 400), "station": ("Süd", 900),
          "library": ("Süd", 50), "harbour": ("Nord", 300)}

pytestmark = [pytest.mark.timeout(300), pytest.mark.full]


def serve(city, root, places):
    """The pages, an account, and what sites are called: title, district."""
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
        for name, (title, district) in places.items():
            f.write(f"config site\n option site '{name}'\n"
                    f" option district '{district}'\n"
                    f" option title '{title}'\n")


def send(city, name, cells):
    for at in range(0, len(cells), 64):
        city.root("XADD", f"in:{name}", "*", "f", figures(cells[at:at + 64]))


def days_of(value, seq):
    """70 days, of which the week before last has one more each, and 30 of a
    year ago with a tenth less."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    ago = list(range(70, 0, -1)) + list(range(364 + 30, 364, -1))
    return [cell(seq + i, (value if n < 100 else value * 9 // 10)
                 + (7 < n <= 14),
                 metric="visitors", n=2, start=int((
                     today - datetime.timedelta(n)).strftime("%Y%m%d")))
            for i, n in enumerate(ago)]


def hours_of(value, seq):
    """Of two days: the later the hour, the more."""
    midnight = int(time.time()) // DAY * DAY
    return [cell(seq + i, value * (i % 24) // 24,
                 start=midnight - 2 * DAY + i * HOUR) for i in range(48)]


def fill(city):
    for name, (_, value) in PLACES.items():
        cells = days_of(value, 1)
        send(city, name, cells + hours_of(value, len(cells) + 1))
    beat(city, "square")
    beat(city, "station", ["uplink_missing"])
    beat(city, "library", version="0.1.0")
    city.round()


def show(city, script):
    done = subprocess.run(
        ["node", os.path.join(HERE, "..", "browser", script)], text=True,
        capture_output=True, timeout=800, env={
            **os.environ, "STADTTOR_HUB": json.dumps({
                "url": f"http://127.0.0.1:{city.port}/", "user": "anna",
                "password": PASSWORD})})
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def browser(root):
    cases.need_browser(root)


@pytest.fixture
def shown(make_city, root, browser):  # noqa: F811
    city = make_city(sites=list(PLACES))
    serve(city, root, {name: (f"The {name}", district)
                       for name, (district, _) in PLACES.items()})
    city.start().wait_log("connected")
    fill(city)
    return city


def check_list(saw):
    by_visits = ["The station", "The square", "The harbour", "The library"]
    assert [row[0] for row in saw["all"]] == by_visits
    assert [row[1] for row in saw["all"]] == ["Süd", "Nord", "Nord", "Süd"]
    # 30 days as the 30 before, and a ninth more than a year ago
    assert saw["all"][0][5:] == ["≈\u00a027.007", "≈ gleich", "+11\u00a0%"]
    assert saw["hints"][4:] == ["27.007 ± 31", "27.000 ± 31", "24.300 ± 31"]
    assert saw["filters"] == ["Alle (4)", "In Ordnung (2)", "Gestört (1)",
                              "Nie gehört (1)", "Veraltet (1)"]
    assert saw["counts"] == ["2", "1", "0", "1", "0", "1"]
    assert [row[0] for row in saw["ill"]] == ["The station"]
    assert "Uplink" in saw["ill"][0][2] and saw["focused"] == "sites-title"
    assert saw["found"] == ["The square", "The harbour"]
    assert saw["named"] == ["The library"]
    assert "Kein Standort" in saw["none"]
    assert saw["byName"] == sorted(by_visits)
    assert saw["reversed"] == sorted(by_visits)[::-1]
    assert saw["byState"] == ["The station", "The harbour", "The library",
                              "The square"]


def check_comparison(saw):
    assert saw["week"] == ["11.550 ± 30"]
    week, year = saw["changes"]
    assert week.startswith("≈ gleich") and (
        "(11.550 ± 30 statt 11.578 ± 30). 28 mehr oder weniger liegen "
        "innerhalb des Fehlers von ± 43." in week)
    assert year.startswith("+11\u00a0%") and (
        "11\u00a0% mehr (11.550 ± 30 statt 10.395 ± 30)" in year)


def check_hours(saw):
    assert saw["parts"] == ["Süd", "Nord"]
    assert saw["partVisits"] == ["26.614 ± 43", "19.614 ± 43"]
    assert saw["painted"] > 6 and saw["heatNodes"] < 30
    assert "Süd" in saw["tip"] and "00 Uhr" in saw["tip"]
    assert [row[0] for row in saw["partTable"]] == ["Süd", "Nord"]
    # 23/24 of 900 and of 50, each a whole number, with the noise of four cells
    assert saw["partTable"][0][-1] == "909 ± 15"
    assert len(saw["partTable"][0]) == 26
    assert saw["districtParts"] == ["The station", "The library"]
    assert saw["districtSites"] == ["The station", "The library"]
    assert saw["districtCounts"] == ["1", "1", "0", "0", "0", "1"]
    assert saw["zoneParts"] == ["guest"] and saw["zone"] == "guest"
    assert saw["zoneWay"] == ["Test", "Süd", "The station", "guest"]


def check_places(saw):
    assert saw["way"] == ["Test"]
    assert saw["suggested"] == ["Test", "Nord", "Süd", "The harbour",
                                "The library", "The square", "The station"]
    assert saw["typed"] == ["The station"] and saw["active"] == "place-0"
    assert saw["closed"] and saw["kept"] == "Test"
    assert saw["district"] == "Süd" and saw["second"] == "The library"
    assert saw["place"] == "The station" and not saw["listed"]
    assert "site=station" in saw["hash"] and saw["zones"] == ["", "guest"]


def test_dashboard_of_a_city(shown):
    saw = show(shown, "hub.mjs")
    check_list(saw)
    check_comparison(saw)
    check_hours(saw)
    check_places(saw)
    assert "47.878" in saw["city"]  # 29 days of all
    assert "26.107" in saw["site"]
    assert "Outdated" in saw["english"] and "Year ago" in saw["english"]
    assert any("within the error" in text for text in saw["english"])
    assert saw["axe"] == []
    for url in saw["csv"]:
        lines = shown.get("/" + url).splitlines()
        assert "format=csv" in url and "site=station" in url
        assert len({len(line.split(",")) for line in lines}) == 1 and lines


def rows_of(city, path):
    return list(csv.DictReader(io.StringIO(city.get(path))))


def test_columns_as_csv(shown):
    rows = rows_of(shown, "/api/sites?from=-30d&to=yesterday&format=csv")
    assert [r["names"] for r in rows] == sorted(PLACES)
    assert {r["names"]: r["values"] for r in rows} == {
        name: str(30 * value + 7) for name, (_, value) in PLACES.items()}
    assert {r["codes"] for r in rows} == {"", "uplink_missing"}
    rows = rows_of(shown, "/api/parts?district=Nord&format=csv")
    assert [(r["names"], r["kinds"]) for r in rows] == [
        ("square", "site"), ("harbour", "site")]
    assert (rows[0]["online_12"], rows[0]["online_bands_12"]) == (
        "200.0", "10.0")


def test_parts_of_a_city_without_districts(make_city):  # noqa: F811
    """Sites are its parts, those with most visits, and 200 at most."""
    city = make_city(sites=[f"s-{i:03d}" for i in range(205)])
    with open(f"{city.folder}/sites.conf", "w", encoding="utf-8") as f:
        f.write("config city\n option name 'Test'\n" + "".join(
            f"config site\n option site '{s}'\n" for s in city.sites))
    city.start().wait_log("connected")
    for i, name in enumerate(city.sites):
        send(city, name, [cell(1, i, metric="visitors", n=1,
                               start=days_of(1, 1)[69]["start"])])
    city.round()
    told = json.loads(city.get("/api/parts"))
    assert told["count"] == 205 and set(told["kinds"]) == {"site"}
    assert told["names"] == city.sites[:4:-1]
    assert told["visitors"] == list(range(204, 4, -1))
    none = json.loads(city.get("/api/parts?site=nobody"))
    assert (none["count"], none["names"]) == (0, [])


def test_dashboard_of_3000_sites(make_city, root, browser):  # noqa: F811
    """However many sites there are: a handful of requests, no more nodes than
    a small city has, and an answer that a slow line carries."""
    sites = hubfigures.towns(3000)
    city = make_city(sites=[s[0] for s in sites])
    serve(city, root, {name: (title, district)
                       for name, title, district, _ in sites})
    city.start().wait_log("round 1 is done")
    city.end()
    hubfigures.fill(city.database, sites, days=35, hour_days=7)
    city.start().wait_log("round 1 is done")
    city.root.all([("XADD", f"hb:{s}", "*", "h", '{"version":"0.2.0",'
                    '"uptime_s":5,"health":[]}') for s in city.sites[:2900]])
    city.round()
    saw = show(city, "hub_large.mjs")
    print(saw["took_ms"], "ms", saw["requests"], "requests", saw["bytes"],
          "bytes", saw["nodes"], "nodes")
    assert saw["counts"] == ["2.900", "0", "0", "100", "0", "0"]
    assert saw["requests"] <= 20 and saw["bytes"] < 500000
    assert saw["nodes"] < 2000 and saw["listed"] == 50
    assert saw["found"] == [t for _, t, _, _ in sites
                            if "hafen 33" in t.lower()] and saw["found"]
    assert len(saw["place"]) == 1
