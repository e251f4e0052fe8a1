#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the portal's admin listener from made-up figures.

For working on the dashboard, and for the looks of data that no test can wait
for: none at all, two days, three years, a place that is busy all night.
Serves web/admin/*.gz with the headers of the real one.

Usage: mock.py [--port N] [--data empty|small|years|night]
               [--now 2026-11-24T14:32]
User and password are "admin" and "gate".
"""
import argparse
import csv
import datetime
import functools
import http.server
import io
import json
import math
import pathlib
import re
import secrets
import sys
import urllib.parse
import zoneinfo

ASSETS = pathlib.Path(__file__).resolve().parents[2] / "web" / "admin"
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)
K = 5

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; "
       "img-src 'self' data:; connect-src 'self'; form-action 'self'; "
       "base-uri 'none'")

DWELL = ["dwell_5", "dwell_15", "dwell_30", "dwell_60", "dwell_120",
         "dwell_240", "dwell_more"]
DWELL_SHARE = [.19, .24, .21, .16, .11, .06, .03]
ENDED = ["ended_expired", "ended_idle", "ended_quota", "ended_logout",
         "ended_operator"]
ENDED_SHARE = [.12, .71, .04, .12, .01]
METRICS = (["visitors", "sessions", "portal_shown", "accepted"] + ENDED +
           DWELL + ["bytes_up", "bytes_down", "peak", "visitors_day"])

# Hour by hour, 0 to 23: a market square on a working day and on a weekend.
WORKDAY = [2, 1, 0, 0, 0, 1, 4, 11, 18, 20, 24, 30, 41, 38, 30, 28, 33, 42, 47,
           41, 30, 21, 13, 6]
WEEKEND = [9, 5, 3, 1, 0, 0, 1, 3, 8, 17, 31, 44, 52, 55, 57, 56, 52, 47, 43,
           40, 36, 30, 23, 16]
ZONES = {"guest": 1.0, "library": .45}

LANGUAGES = {"de": .58, "en": .17, "uk": .06, "tr": .05, "ar": .04, "fr": .03,
             "pl": .03, "es": .02, "it": .01, "other": .01}
PLATFORMS = {"android": .52, "apple": .37, "windows": .06, "other": .03,
             "linux": .01, "firefox": .01}


def noise(*key):
    """0 to 1, the same for the same key."""
    n = 2166136261
    for part in key:
        for c in str(part):
            n = (n ^ ord(c)) * 16777619 & 0xffffffff
    n ^= n >> 15
    return (n * 2246822519 & 0xffffffff) / 2**32


def spread(total, shares, *key):
    return [int(total * s * (.8 + .4 * noise(i, *key)))
            for i, s in enumerate(shares)]


class Figures:
    def __init__(self, data, now):
        self.data, self.now = data, now.astimezone(BERLIN)
        self.today = self.now.date()
        self.first = {"empty": self.today + DAY, "small": self.today - DAY,
                      "night": self.today - DAY,
                      "years": self.today - 3 * 365 * DAY}[data]

    @functools.lru_cache(maxsize=None)
    def hour(self, zone, start):
        local = start.astimezone(BERLIN)
        if local.date() < self.first or start + HOUR > self.now:
            return None
        shape = WEEKEND if local.weekday() > 4 else WORKDAY
        n = shape[local.hour] * ZONES[zone]
        if self.data == "night":
            n = 20
        elif self.data == "small":
            n *= .28
        else:
            year = local.timetuple().tm_yday / 365 * 2 * math.pi
            age = (local.date() - self.first).days / 1095
            n *= (.62 - .3 * math.cos(year)) * (.7 + .9 * age)
            n *= .55 + .9 * noise(local.date()) ** .7
            if local.month == 12 and local.day < 24:
                n *= 1.8
        n = int(n * (.85 + .3 * noise(zone, start)))
        if n < K:
            return None
        sessions = int(n * (1.1 + .3 * noise("s", zone, start)))
        down = int(n * 61e6 * (.5 + noise("d", zone, start)))
        row = {"visitors": n, "sessions": sessions,
               "portal_shown": int(sessions * 1.45),
               "accepted": int(sessions * 1.04), "bytes_down": down,
               "bytes_up": int(down * (.09 + .1 * noise("u", start))),
               "peak": n * 7 // 10 // 5 * 5, "visitors_day": 0}
        row.update(zip(ENDED, spread(sessions, ENDED_SHARE, zone, start)))
        row.update(zip(DWELL, spread(sessions, DWELL_SHARE, zone, start)))
        return row

    def hours(self, day):
        start = datetime.datetime.combine(day, datetime.time(), BERLIN)
        end = datetime.datetime.combine(day + DAY, datetime.time(), BERLIN)
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        while start < end:
            yield start
            start += HOUR

    @staticmethod
    def add(total, row):
        for name, value in row.items():
            total[name] = (max if name == "peak" else int.__add__)(
                total.get(name, 0), value)

    @functools.lru_cache(maxsize=None)
    def rows(self, step, first, last, zone):
        """(start, time, figures) of all periods that have some."""
        periods = {}
        first = max(first or self.first, self.first)
        last = min(last or self.today, self.today)
        for n in range((last - first).days + 1):
            day = first + n * DAY
            total = {}
            for start in self.hours(day):
                row = {}
                for z in ZONES:
                    found = zone in (None, z) and self.hour(z, start)
                    if found:
                        self.add(row, found)
                if row and step == "hour":
                    local = start.astimezone(BERLIN)
                    periods[local.isoformat(timespec="minutes")] = (start, row)
                elif row:
                    self.add(total, row)
            if total:
                total["visitors_day"] = int(total["visitors"] * .64)
                name = str(day)[:7 if step == "month" else 10]
                begin = next(self.hours(day.replace(day=1)
                                        if step == "month" else day))
                self.add(periods.setdefault(name, (begin, {}))[1], total)
        return [(int(s.timestamp()), t, row)
                for t, (s, row) in periods.items()]

    def labels(self, kind, first, last):
        shares = LANGUAGES if kind == "language" else PLATFORMS
        total = sum(r["accepted"] for _, _, r in
                    self.rows("day", first, last, None))
        values = {k: int(total * s) for k, s in shares.items()}
        return {k: v for k, v in values.items() if v >= K}

    def state(self):
        busy = {z: self.now.minute // 6 * 5 + 15 if z == "guest" else 0
                for z in ZONES}
        if self.data == "empty":
            busy = dict.fromkeys(ZONES, 0)
        quiet = self.data == "empty"
        health = [{"level": "ok", "code": "all_well", "text":
                   "All parts are working"}]
        if self.data == "years":
            health = [
                {"level": "error", "code": "store_cannot_write", "text":
                 "The database cannot be written; figures are kept in "
                 "memory"},
                {"level": "warn", "code": "zone_full", "zone": "library",
                 "text": "Zone library has 90 % of its places taken or more"},
                {"level": "ok", "code": "store_in_memory", "text":
                 "Figures are kept in memory only, as the config says"}]
        return {"time": int(self.now.timestamp()), "k": K, "online": busy,
                "online_all": sum(busy.values()),
                "up_bps": 0 if quiet else 3_412_000,
                "down_bps": 0 if quiet else 48_730_000,
                "zones": list(ZONES),
                "fill_percent": {z: 0 if quiet else 10 + 80 * i
                                 for i, z in enumerate(ZONES)},
                "uptime_s": 300 if quiet else 1_064_000, "health": health}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages = {"/": "index.html", "/login": "login.html"}
    kinds = {".html": "text/html; charset=utf-8", ".svg": "image/svg+xml",
             ".css": "text/css; charset=utf-8",
             ".js": "text/javascript; charset=utf-8"}

    def log_message(self, *_):
        pass

    def answer(self, code, body=b"", **headers):
        self.send_response(code)
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cookies(self):
        return re.findall(r"gate=(\w+)", self.headers.get("Cookie", ""))

    def is_known(self):
        return not self.server.sessions.isdisjoint(self.cookies())

    def day(self, text):
        today = self.server.figures.today
        if not text:
            return None
        if text in ("today", "yesterday"):
            return today - (DAY if text == "yesterday" else 0 * DAY)
        if text.startswith("-"):
            return today - int(text[1:-1]) * DAY
        return datetime.date.fromisoformat(text)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        ask = dict(urllib.parse.parse_qsl(query))
        if path.startswith("/api/"):
            if not self.is_known():
                return self.answer(401)
            return self.api(path, ask)
        if path == "/" and not self.is_known():
            return self.answer(303, Location="/login")
        name = self.pages.get(path, path[1:])
        file = ASSETS / (name + ".gz")
        if "/" in name or not file.is_file():
            return self.answer(404)
        return self.answer(200, file.read_bytes(), Content_Encoding="gzip",
                           Content_Type=self.kinds[pathlib.Path(name).suffix])

    def do_POST(self):
        size = int(self.headers.get("Content-Length", 0))
        form = dict(urllib.parse.parse_qsl(self.rfile.read(size).decode()))
        if self.path == "/logout":
            self.server.sessions -= set(self.cookies())
            return self.answer(303, Location="/login")
        if (form.get("user"), form.get("password")) != ("admin", "gate"):
            return self.answer(303, Location="/login?failed=1#failed")
        session = secrets.token_hex(8)
        self.server.sessions.add(session)
        return self.answer(303, Location="/", Set_Cookie=f"gate={session}; "
                           "HttpOnly; SameSite=Strict; Path=/")

    def api(self, path, ask):
        figures = self.server.figures
        first, last = self.day(ask.get("from")), self.day(ask.get("to"))
        if path == "/api/now":
            return self.json(figures.state())
        if path == "/api/labels":
            values = figures.labels(ask["kind"], first, last)
            if ask.get("format") == "csv":
                return self.csv([[ask["kind"], "count"], *values.items()])
            return self.json({"kind": ask["kind"], "from": str(first),
                              "to": str(last), "values": values})
        if path != "/api/usage":
            return self.answer(404)
        names = ask["metrics"].split(",") if "metrics" in ask else METRICS
        rows = figures.rows(ask["step"], first, last, ask.get("zone"))
        if ask.get("format") == "csv":
            return self.csv([["time", *names],
                             *([t, *(r[n] for n in names)]
                               for _, t, r in rows)])
        return self.json({
            "step": ask["step"], "from": str(first), "to": str(last),
            "zone": ask.get("zone"), "start": [s for s, _, _ in rows],
            "time": [t for _, t, _ in rows],
            "values": {n: [r[n] for _, _, r in rows] for n in names}})

    def json(self, value):
        self.answer(200, json.dumps(value, separators=(",", ":")).encode(),
                    Content_Type="application/json")

    def csv(self, rows):
        out = io.StringIO()
        csv.writer(out).writerows(rows)
        self.answer(200, out.getvalue().encode(),
                    Content_Type="text/csv; charset=utf-8")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def serve(data, now=None, port=0):
    """A server that has not begun yet; .server_port is where."""
    server = Server(("127.0.0.1", port), Handler)
    server.figures = Figures(data, now or datetime.datetime.now(BERLIN))
    server.sessions = set()
    server.figures.rows("day", None, None, None)  # made once, slowly
    return server


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, default=8090)
    p.add_argument("--data", default="years",
                   choices=["empty", "small", "years", "night"])
    p.add_argument("--now", type=lambda t: datetime.datetime.fromisoformat(
        t).replace(tzinfo=BERLIN))
    args = p.parse_args()
    server = serve(args.data, args.now, args.port)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
