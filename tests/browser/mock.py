#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays the portal's admin listener from made-up figures.

For working on the dashboard, and for the looks of data that no test can wait
for: none at all, two days, three years, with something wrong or all well, a
place that is busy all night.
Serves web/admin/*.gz with the headers of the real one.

Usage: mock.py [--port N] [--data empty|small|years|well|night]
               [--now 2026-11-24T14:32]
User and password are "admin" and "gate".
"""
import argparse
import base64
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

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; "
       "img-src 'self' data:; connect-src 'self'; form-action 'self'; "
       "base-uri 'none'")

DWELL = ["dwell_5", "dwell_15", "dwell_30", "dwell_60", "dwell_120",
         "dwell_240", "dwell_480", "dwell_more"]
DWELL_SHARE = [.19, .24, .21, .16, .11, .06, .02, .01]
ENDED = ["ended_expired", "ended_idle", "ended_quota", "ended_logout",
         "ended_operator", "ended_not"]
ENDED_SHARE = [.12, .66, .04, .12, .01, .05]

# Hour by hour, 0 to 23: a market square on a working day and on a weekend.
WORKDAY = [2, 1, 0, 0, 0, 1, 4, 11, 18, 20, 24, 30, 41, 38, 30, 28, 33, 42, 47,
           41, 30, 21, 13, 6]
WEEKEND = [9, 5, 3, 1, 0, 0, 1, 3, 8, 17, 31, 44, 52, 55, 57, 56, 52, 47, 43,
           40, 36, 30, 23, 16]
ZONES = {"guest": 1.0, "library": .45}

LANGUAGES = {"de": .58, "en": .17, "uk": .06, "tr": .05, "ar": .04, "fr": .03,
             "pl": .03, "es": .02, "it": .01, "other": .01}
PLATFORMS = {"android": .52, "apple": .37, "windows": .06, "other": .03,
             "linux": .01, "firefox": .01, "kindle": 0}
LANGUAGE_METRICS = {f"language_{k}": LANGUAGES.get(k, 0) for k in (
    "ar", "bg", "de", "de-simple", "el", "en", "es", "fa", "fr", "it", "ku",
    "pl", "ro", "ru", "tr", "uk", "other")}
PLATFORM_METRICS = {f"platform_{k}": v for k, v in PLATFORMS.items()}
OF_STEP = {"hour": ["online"], "day": ["visitors", "onlookers"]}
OF_STEP["week"] = [*OF_STEP["day"], *DWELL, *ENDED, *LANGUAGE_METRICS,
                   *PLATFORM_METRICS, "bytes_up", "bytes_down", "peak"]
OF_STEP["month"] = OF_STEP["year"] = OF_STEP["week"][:-1]
SCALE = {"online": 5, "visitors": 2, "onlookers": 2, "bytes_up": 5 * 10 ** 9,
         "bytes_down": 5 * 10 ** 9}
BOX = {*DWELL, *ENDED, *LANGUAGE_METRICS, *PLATFORM_METRICS}


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
                      "night": self.today - DAY}.get(
                          data, self.today - 3 * 365 * DAY)

    @functools.lru_cache(maxsize=None)
    def hour(self, zone, start):
        """Devices online; None: not over, or before anything was counted."""
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
        return int(n * (.85 + .3 * noise(zone, start)))

    @functools.lru_cache(maxsize=None)
    def day(self, zone, day):
        if day >= self.today:
            return None
        hours = [self.hour(zone, start) for start in self.hours(day)]
        return int(sum(filter(None, hours)) * .64)

    def of_day(self, zone, day):
        """What a day adds to its own cells and to those of its week."""
        n = self.day(zone, day)
        if n is None:
            return {}
        down = int(n * 61e6 * (.5 + noise("d", zone, day)))
        row = {"visitors": n, "onlookers": n // 3, "bytes_down": down,
               "bytes_up": int(down * (.09 + .1 * noise("u", day))),
               "peak": n // 5}
        row.update(zip(DWELL, spread(n, DWELL_SHARE, zone, day)))
        row.update(zip(ENDED, spread(n, ENDED_SHARE, zone, day)))
        for shares in (LANGUAGE_METRICS, PLATFORM_METRICS):
            row.update({k: int(n * v) for k, v in shares.items()})
        return row

    def hours(self, day):
        start = datetime.datetime.combine(day, datetime.time(), BERLIN)
        end = datetime.datetime.combine(day + DAY, datetime.time(), BERLIN)
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        while start < end:
            yield start
            start += HOUR

    @staticmethod
    def period(step, day):
        if step == "week":
            return max(day - day.weekday() * DAY, day.replace(day=1))
        return day.replace(day=1) if step == "month" else day

    @functools.lru_cache(maxsize=None)
    def rows(self, step, first, last, zone):
        """(start, time, figures) of all periods that have some."""
        first = max(first or self.first, self.first)
        last = min(last or self.today, self.today)
        days = [first + n * DAY for n in range((last - first).days + 1)]
        zones = [z for z in ZONES if zone in (None, z)]
        if step == "hour":
            return [(int(start.timestamp()),
                     start.astimezone(BERLIN).isoformat(timespec="minutes"),
                     {"online": self.told("online", sum(found), start)})
                    for day in days for start in self.hours(day)
                    if None not in (found := [self.hour(z, start)
                                              for z in zones])]
        periods = {}
        for day in days:
            begin = self.period(step, day)
            if step == "week" and (begin < first or begin + 7 * DAY >
                                   self.today):
                continue  # not begun in the time, or not over
            for z in zones:
                for name, value in self.of_day(z, day).items():
                    if name in OF_STEP[step] and (zone is None or
                                                  name not in BOX):
                        total = periods.setdefault(begin, {})
                        total[name] = (max if name == "peak" else int.__add__)(
                            total.get(name, 0), value)
        return [(int(next(self.hours(begin)).timestamp()),
                 str(begin)[:7 if step == "month" else 10],
                 {k: self.told(k, v, begin) for k, v in total.items()})
                for begin, total in sorted(periods.items())]

    @staticmethod
    def told(name, value, *key):
        """With noise, though not drawn as it should be."""
        t = SCALE.get(name, 10)
        return int(value + t * 1.4 * (noise(name, *key) * 2 - 1))

    @staticmethod
    def clock(day, hour, minute):
        return datetime.datetime.combine(day, datetime.time(
            hour, minute), BERLIN).isoformat(timespec="seconds")

    def events(self):
        """(began, ended, level, code, zone, times, outage)"""
        if self.data not in ("years", "well"):
            return []
        ago = [self.today - n * DAY for n in (0, 3, 12, 19, 40)]
        over = [(self.clock(ago[4], 3, 0), self.clock(ago[4], 9, 12),
                 "error", "portal_lost", "", 1, True),
                (self.clock(ago[3], 23, 50), self.clock(ago[3] + DAY, 0, 4),
                 "error", "zone_offline", "guest", 3, True),
                (self.clock(ago[2], 14, 2), self.clock(ago[2], 14, 16),
                 "error", "netctl_away", "", 1, True),
                (self.clock(ago[1], 17, 0), self.clock(ago[1], 18, 5),
                 "warn", "netlink_errors", "", 1, False)]
        return over if self.data == "well" else over + [
            (self.clock(ago[0], 10, 0), None, "error", "store_cannot_write",
             "", 1, False)]

    def health(self, first, last, zone):
        last = min(last or self.today, self.today)
        first = max(first or self.first, last - 399 * DAY)
        parse = datetime.datetime.fromisoformat
        days = [first + n * DAY for n in range((last - first).days + 1)]
        down, shown = dict.fromkeys(days, 0), []
        known = {d: 86400 if self.first <= d < self.today else 50000
                 if d == self.today and self.data != "empty" else 0
                 for d in days}
        for began, ended, level, code, where, times, outage in self.events():
            start, end = parse(began), parse(ended) if ended else self.now
            if start.date() > last or end.date() < first or (
                    zone and where not in ("", zone)):
                continue
            shown.append({"began": began, "ended": ended, "seconds":
                          int((end - start).total_seconds()), "level": level,
                          "code": code, "zone": where, "times": times,
                          "outage": outage})
            if outage and start.date() in down:
                down[start.date()] += shown[-1]["seconds"]
        out = [e for e in shown if e["outage"]]
        return {"from": str(first), "to": str(last), "zone": zone,
                "known_s": sum(known.values()), "down_s": sum(down.values()),
                "outages": len(out), "longest_s": max(
                    (e["seconds"] for e in out), default=0),
                "at_most": any(e["code"] == "portal_lost" for e in out),
                "day": [str(d) for d in days], "day_known_s":
                list(known.values()), "day_down_s": list(down.values()),
                "events": shown}

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
                 "text": "Zone library has all of its places taken"},
                {"level": "ok", "code": "store_in_memory", "text":
                 "Figures are kept in memory only, as the config says"}]
        return {"time": int(self.now.timestamp()), "profile": "hours",
                "network": "Musterstadt WLAN", "title": "Rathaus",
                "provider": "Stadt Musterstadt",
                "titles": {"guest": "Marktplatz", **(
                    {"library": "Bibliothek"} if self.data == "well" else {})},
                "role": "all", "has_codes": True,
                "clock": self.now.isoformat(timespec="seconds"),
                "opening": {} if quiet else {
                    "guest": {"is_open": True, "change": self.clock(
                        self.today, 22, 0)},
                    "library": {"is_open": False, "change": self.clock(
                        self.today + DAY, 9, 30)}},
                "epsilon": 2, "zones": list(ZONES), "live": None if quiet else {
                    "online": busy, "up_bps": 3_412_000,
                    "down_bps": 48_730_000},
                "uptime_s": 300 if quiet else 1_064_000, "health": health}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages = {"/": "index.html", "/report": "report.html",
             "/vouchers": "vouchers.html", "/login": "login.html"}
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
        if path in ("/", "/report", "/vouchers") and not self.is_known():
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
        if self.path.startswith("/api/notes/"):
            if not self.is_known():
                return self.answer(401)
            return self.change_notes(self.path, form)
        if self.path.startswith("/api/vouchers/"):
            if not self.is_known():
                return self.answer(401)
            return self.change_codes(self.path, form)
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
        if path == "/api/vouchers":
            return self.json({"batches": self.server.batches})
        if path == "/api/notes":
            return self.json({"notes": sorted(self.server.notes,
                                              key=lambda n: n["day"])})
        if path == "/api/health":
            found = figures.health(first, last, ask.get("zone"))
            if ask.get("format") == "csv":
                events = found["events"]
                return self.csv([list(events[0]), *(list(e.values())
                                                    for e in events)]
                                if events else [["began"]])
            return self.json(found)
        if path != "/api/usage":
            return self.answer(404)
        names = [n for n in OF_STEP[ask["step"]]
                 if n in ask.get("metrics", n).split(",")]
        rows = figures.rows(ask["step"], first, last, ask.get("zone"))
        if ask.get("format") == "csv":
            return self.csv([["time", "hours", *names],
                             *([t, 1, *(r.get(n) for n in names)]
                               for _, t, r in rows)])
        return self.json({
            "step": ask["step"], "from": str(first), "to": str(last),
            "zone": ask.get("zone"), "start": [s for s, _, _ in rows],
            "time": [t for _, t, _ in rows],
            "hours": [168 if ask["step"] == "week" else 24 for _ in rows],
            "values": {n: [r.get(n) for _, _, r in rows] for n in names},
            "bands": {n: [3 * SCALE.get(n, 10) for _ in rows]
                      for n in names}})

    def change_notes(self, path, form):
        notes = self.server.notes
        if path.endswith("/remove"):
            notes[:] = [n for n in notes if n["id"] != int(form["id"])]
            return self.json({"id": int(form["id"])})
        notes.append({"id": 1 + max((n["id"] for n in notes), default=0),
                      "day": form["day"], "text": form["text"]})
        return self.json({"id": notes[-1]["id"]})

    def qr(self, text):
        """Not one that a camera reads."""
        bits = bytes(int(256 * noise(text, i)) for i in range(106))
        return {"size": 29, "bits": base64.urlsafe_b64encode(
            bits).decode().rstrip("=")}

    def change_codes(self, path, form):
        batches = self.server.batches
        if path.endswith("/revoke"):
            batch = batches[int(form["batch"]) - 1]
            batch["revoked"] = batch["count"]
            return self.json({})
        now = int(self.server.figures.now.timestamp())
        until = self.server.figures.now + int(form["days"]) * DAY
        codes = [f"{secrets.token_hex(3)[:5]}-{secrets.token_hex(3)[:5]}"
                 .upper() for _ in range(int(form["count"]))]
        batches.append({
            "batch": len(batches) + 1, "label": form["label"],
            "created": self.server.figures.now.isoformat(timespec="seconds"),
            "valid_until": until.isoformat(timespec="seconds"),
            "zone": form.get("zone", ""), "created_s": now,
            "valid_until_s": now + int(form["days"]) * 86400,
            "duration_s": int(form["minutes"]) * 60,
            "devices": int(form["devices"]), "count": int(form["count"]),
            "used": 0, "active": 0, "expired": 0, "revoked": 0})
        return self.json({"batch": len(batches), "valid_until_s":
                          batches[-1]["valid_until_s"], "valid_until":
                          batches[-1]["valid_until"], "codes": codes,
                          "links": [self.qr(c) for c in codes], "join":
                          self.qr("join") if form.get("ssid") else None})

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
    server.sessions, server.batches = set(), []
    today = server.figures.today
    server.notes = [] if data not in ("years", "well") else [
        {"id": 1, "day": str(today - 12 * DAY), "text": "Stadtfest"
         if data == "well" else "Stadtfest <b>auf dem Markt</b>"},
        {"id": 2, "day": str(today - 5 * DAY), "text": "Antenne am Turm versetzt"}]
    if data != "well":  # which is asked for once
        server.figures.rows("day", None, None, None)  # made once, slowly
    return server


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--port", type=int, default=8090)
    p.add_argument("--data", default="years",
                   choices=["empty", "small", "years", "well", "night"])
    p.add_argument("--now", type=lambda t: datetime.datetime.fromisoformat(
        t).replace(tzinfo=BERLIN))
    args = p.parse_args()
    server = serve(args.data, args.now, args.port)
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
