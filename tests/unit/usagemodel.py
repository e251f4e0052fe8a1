# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of counting once more, in another language and in the plainest way.

Written from privacy.md alone: a dictionary a device and day, and a dictionary
of cells, without noise. The clock goes as it should.
"""
import collections
import datetime
import zoneinfo

HOURS_MAX = 4
BYTES_MAX = 1_000_000_000
DWELL = [5, 15, 30, 60, 120, 240, 480]
ENDED = {1: "ended_expired", 2: "ended_idle", 3: "ended_quota",
         4: "ended_logout", 5: "ended_operator"}
LANGUAGES = ["ar", "bg", "de", "de-simple", "el", "en", "es", "fa", "fr", "it",
             "ku", "pl", "ro", "ru", "tr", "uk"]
PLATFORMS = ["other", "apple", "android", "windows", "firefox", "linux",
             "kindle"]


class Device:
    def __init__(self, zone):
        self.zone, self.is_visitor = zone, False
        self.cells = set()  # (zone, hour)
        self.bytes = self.online_ms = 0
        self.ended, self.language, self.platform = "ended_not", None, 0


class Model:
    def __init__(self, zones, tz):
        self.zones, self.tz = zones, zoneinfo.ZoneInfo(tz)
        self.cells = collections.Counter()  # (start, metric, zone)
        self.devices = {}
        self.seen = {}  # (zone, device) -> counters and time taken in
        self.now = None

    # --- times ---------------------------------------------------------
    def local(self):
        return datetime.datetime.fromtimestamp(self.now // 1000, self.tz)

    def start(self, period):
        t = self.local().replace(minute=0, second=0)
        if period == "hour":
            return int(t.timestamp())
        t = t.replace(hour=0, fold=0)
        if period == "week":
            back = min(t.weekday(), t.day - 1)
            t = (t - datetime.timedelta(days=back)).replace(fold=0)
        return int(t.timestamp())

    def clock(self, wall_ms):
        day = self.now and self.start("day")
        before = self.now
        self.now = wall_ms
        if day and self.start("day") != day:
            self.now = before
            self.settle()
            self.now = wall_ms

    def add(self, period, metric, zone, n=1):
        self.cells[self.start(period), metric, zone] += n

    # --- what happens --------------------------------------------------
    def device(self, zone, name):
        return self.devices.setdefault(name, Device(zone))

    def show(self, zone, name, platform):
        d = self.device(zone, name)
        d.platform = d.platform or platform

    def accept(self, zone, name, language):
        d = self.device(zone, name)
        d.language = d.language or (
            language if language in LANGUAGES else "other")

    def active(self, zone, name):
        d = self.device(zone, name)
        if not d.is_visitor:
            d.zone = zone
        d.is_visitor, d.ended = True, "ended_not"
        cell = (zone, self.start("hour"))
        if cell not in d.cells and len(d.cells) < HOURS_MAX:
            d.cells.add(cell)
            self.add("hour", "online", self.zones[zone])

    def begin(self, zone, name):
        self.seen.setdefault((zone, name), [0, 0, self.now])
        self.active(zone, name)

    def count(self, zone, name, up, down):
        old_up, old_down, then = self.seen[zone, name]
        self.seen[zone, name] = [up, down, self.now]
        if (up, down) != (old_up, old_down):
            self.active(zone, name)
            d = self.devices[name]
            left = BYTES_MAX - d.bytes
            up = min(up - old_up, left)
            down = min(down - old_down, left - up)
            self.add("week", "bytes_up", self.zones[zone], up)
            self.add("week", "bytes_down", self.zones[zone], down)
            d.bytes += up + down
        if name in self.devices:
            self.devices[name].online_ms += self.now - then

    def peak(self, inside):
        now = collections.Counter(
            z for z, name in inside
            if name in self.devices and self.devices[name].is_visitor
            and self.devices[name].zone == z)
        for z, n in now.items():
            key = self.start("week"), "peak", self.zones[z]
            self.cells[key] = max(self.cells[key], n)

    def end(self, zone, name, up, down, reason):
        self.count(zone, name, up, down)
        del self.seen[zone, name]
        if name in self.devices:
            self.devices[name].ended = ENDED[reason]

    # --- the end of a day ----------------------------------------------
    def settle(self):
        for d in self.devices.values():
            if d.language:
                self.add("week", "language_" + d.language, "-")
            if not d.is_visitor:
                self.add("day", "onlookers", self.zones[d.zone])
                continue
            self.add("day", "visitors", self.zones[d.zone])
            minutes = d.online_ms // 1000 / 60
            bucket = next((str(m) for m in DWELL if minutes < m), "more")
            self.add("week", "dwell_" + bucket, "-")
            self.add("week", d.ended, "-")
            self.add("week", "platform_" + PLATFORMS[d.platform], "-")
        self.devices = {}

    def told(self):
        """Cells of bytes in whole megabytes."""
        return {key: n // 10**6 * 10**6 if "bytes" in key[1] else n
                for key, n in self.cells.items()
                if n // (10**6 if "bytes" in key[1] else 1)}
