# SPDX-License-Identifier: GPL-3.0-or-later
"""A city's figures as they may look: sites of several kinds in districts, with
days, weekends, a year that grows, and noise. Written straight into the hub's
database, which is stopped meanwhile."""
import datetime
import random
import sqlite3

DISTRICTS = [
    "Altstadt", "Bahnhofsviertel", "Brückenfeld", "Eichenau", "Fischerinsel",
    "Gartenstadt", "Hafen", "Hochfeld", "Kirchberg", "Lindenhof", "Mühlental",
    "Neustadt", "Nordpark", "Osterholz", "Rosengarten", "Südvorstadt",
    "Tannenbusch", "Universität", "Weinberg", "Westend"]
# Kind: how many visit it a day, how busy weekends are, and each hour.
KINDS = {
    "Marktplatz": (420, 1.5, [1, 0, 0, 0, 0, 1, 2, 4, 6, 8, 10, 12, 13, 12, 11,
                              11, 12, 13, 12, 10, 8, 6, 4, 2]),
    "Bahnhof": (900, 0.7, [1, 1, 0, 0, 1, 4, 10, 15, 12, 8, 7, 7, 8, 8, 8, 10,
                           14, 15, 11, 8, 6, 4, 3, 2]),
    "Bibliothek": (160, 0.4, [0] * 9 + [3, 8, 10, 11, 12, 13, 13, 12, 10, 6]
                   + [0] * 5),
    "Schwimmbad": (90, 1.8, [0] * 7 + [2, 4, 6, 8, 10, 11, 12, 13, 13, 12, 10,
                                       8, 5, 2, 0, 0, 0]),
    "Bürgeramt": (70, 0.02, [0] * 7 + [4, 10, 12, 11, 8, 4, 8, 9, 6, 3]
                  + [0] * 7),
    "Haltestelle": (45, 0.6, [0, 0, 0, 0, 1, 3, 8, 12, 9, 5, 4, 5, 6, 6, 6, 8,
                              10, 11, 7, 5, 4, 3, 2, 1]),
    "Spielplatz": (25, 1.6, [0] * 8 + [1, 4, 8, 9, 6, 4, 6, 10, 11, 9, 5, 2]
                   + [0] * 4),
}

# By the week: metric, share of the week's visits, scale of the noise.
WEEKS = [(f"{kind}_{name}", share, n) for kind, n, shares in (
    ("dwell", 10, {"5": .08, "15": .17, "30": .24, "60": .21, "120": .14,
                   "240": .09, "480": .05, "more": .02}),
    ("ended", 20, {"idle": .61, "expired": .14, "logout": .03, "quota": .02,
                   "operator": 0, "not": .2}),
    ("language", 10, {"de": .71, "en": .12, "tr": .05, "uk": .04, "ar": .03,
                      "ru": .02, "pl": .02, "other": .01}),
    ("platform", 20, {"apple": .42, "android": .46, "windows": .08,
                      "linux": .01, "other": .03}))
    for name, share in shares.items()] + [
    ("bytes_down", 9e7, 5 * 10 ** 9), ("bytes_up", 1.4e7, 5 * 10 ** 9),
    ("peak", .02, 10)]


def towns(count, districts=DISTRICTS, seed=1):
    """(site, title, district, kind) of so many."""
    draw = random.Random(seed)
    kinds = list(KINDS)
    found = []
    for i in range(count):
        district = districts[i % len(districts)]
        row = i // len(districts)
        kind = kinds[row] if row < len(kinds) else draw.choice(kinds[5:])
        title = f"{kind} {district}" + (f" {row - 5}" if row >= 7 else "")
        found.append((f"box-{i:04d}", title, district, kind))
    return found


def hours_of(today, days):
    """So many days, and what there is of today."""
    hour = datetime.datetime.combine(
        today - datetime.timedelta(days), datetime.time(),
        datetime.timezone.utc)
    end = datetime.datetime.now(datetime.timezone.utc)
    while hour + datetime.timedelta(hours=1) <= end:
        yield hour
        hour += datetime.timedelta(hours=1)


def tables(db, sites, today, days, hour_days):
    draw = random.Random(2)
    db.executescript("""
        CREATE TEMP TABLE s (place, district, kind, weight);
        CREATE TEMP TABLE h (kind, key, share);
        CREATE TEMP TABLE d (kind, key, share);""")
    ids = dict(db.execute("SELECT name, id FROM places WHERE kind = 2"))
    areas = dict(db.execute("SELECT name, id FROM places WHERE kind = 1"))
    db.executemany("INSERT INTO s VALUES (?, ?, ?, ?)", [
        (ids[name], areas.get(district), kind,
         KINDS[kind][0] * draw.lognormvariate(0, 0.45))
        for name, _, district, kind in sites])
    for kind, (_, weekend, profile) in KINDS.items():
        shape = [x / sum(profile) for x in profile]
        for hour in hours_of(today, hour_days):
            share = weekend if hour.weekday() > 4 else 1
            db.execute("INSERT INTO h VALUES (?, ?, ?)", (
                kind, int(hour.timestamp()), share * 1.7 * shape[hour.hour]))
        for n in range(1, days + 1):
            day = today - datetime.timedelta(n)
            share = (weekend if day.weekday() > 4 else 1) \
                * (1.1 - 0.12 * n / 365) * draw.uniform(0.97, 1.03)
            db.execute("INSERT INTO d VALUES (?, ?, ?)", (
                kind, int(day.strftime("%Y%m%d")), share))


NOISE = "CAST((random() % {0} + random() % {0}) AS INTEGER)"


def fill(database, sites, days=400, hour_days=31):
    """Of whole days up to yesterday; the hub has seen the sites already."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    with sqlite3.connect(database) as db:
        db.executescript("PRAGMA synchronous = OFF;"
                         "PRAGMA cache_size = -200000;")
        db.execute("INSERT OR IGNORE INTO zones (name) VALUES ('guest')")
        tables(db, sites, today, days, hour_days)
        zone, = db.execute("SELECT id FROM zones WHERE name = 'guest'"
                           ).fetchone()
        metrics = dict(db.execute("SELECT name, id FROM metrics"))
        for table, metric, period, n, hours, factor in (
                ("h", "online", 0, 5, 1, 1), ("d", "visitors", 1, 2, 24, 1),
                ("d", "onlookers", 1, 2, 24, 0.4)):
            db.execute(f"""INSERT INTO cells SELECT place, {period},
                {metrics[metric]}, key, {zone}, {n}, 1, 1, {hours},
                CAST(weight * share * {factor} AS INTEGER)
                + {NOISE.format(2 * n)}
                FROM s JOIN {table} USING (kind) ORDER BY place, key""")
        monday = today - datetime.timedelta(today.weekday())
        for metric, share, n in WEEKS:
            for back in range(1, 6):
                db.execute(f"""INSERT INTO cells SELECT place, 2, ?1, ?2, ?3,
                    ?4, 1, 1, 168, CAST(weight * 7 * ?5 AS INTEGER)
                    + random() % ?4 FROM s""", (
                    metrics[metric], int((monday - datetime.timedelta(
                        7 * back)).strftime("%Y%m%d")),
                    zone if metric.startswith("bytes") or metric == "peak"
                    else 1, n, share))
        for place in ("district", "1"):
            db.execute(f"""INSERT INTO cells SELECT {place}, period, metric,
                key, 1, scale_n, scale_d, sum(cells), sum(hours), sum(value)
                FROM cells JOIN s USING (place) WHERE {place} IS NOT NULL
                GROUP BY 1, 2, 3, 4""")
        db.execute("INSERT OR IGNORE INTO site_zones SELECT place, ?1 FROM s",
                   (zone,))
    return today
