# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of counting once more, in another language and in the plainest way.

Written from privacy.md alone: sets of devices instead of bits, dictionaries
instead of a ledger. A released figure keeps the set of its contributors, so
that tests can look at them.
"""
import collections
import datetime
import zoneinfo

METRICS = ["visitors", "sessions", "portal_shown", "accepted",
           "ended_expired", "ended_idle", "ended_quota", "ended_logout",
           "ended_operator", "dwell_5", "dwell_15", "dwell_30", "dwell_60",
           "dwell_120", "dwell_240", "dwell_more", "bytes_up", "bytes_down",
           "peak", "visitors_day"]
RELEASED = METRICS[:18]
COUNTS = METRICS[:16]
GROUPS = [METRICS[4:9], METRICS[9:16]]  # each shares out the same sessions
REASONS = [None, "ended_expired", "ended_idle", "ended_quota", "ended_logout",
           "ended_operator"]
PLATFORMS = ["other", "apple", "android", "windows", "firefox", "linux",
             "kindle"]
DWELL = [(5, "dwell_5"), (15, "dwell_15"), (30, "dwell_30"), (60, "dwell_60"),
         (120, "dwell_120"), (240, "dwell_240")]


def dwell_metric(seconds):
    for minutes, name in DWELL:
        if seconds < minutes * 60:
            return name
    return "dwell_more"


class Zone:
    def __init__(self, name):
        self.name = name
        self.value = collections.Counter()
        self.by = collections.defaultdict(set)  # metric -> devices
        self.up = collections.Counter()         # device -> bytes that wait
        self.down = collections.Counter()
        self.in_hour, self.shown, self.in_day = set(), set(), set()
        self.peak = 0
        self.day_carried = 0
        self.bound_up = self.bound_down = 0  # one of earlier days, at most


class Session:
    def __init__(self, zone, device, granted_ms):
        self.zone, self.device, self.granted_ms = zone, device, granted_ms
        self.up = self.down = 0


class Model:
    """Takes the same events as netctl's counting, and keeps what it releases:
    rows (start, step, zone, {metric: value}, {metric: devices})."""

    def __init__(self, zones, k, zone_name):
        self.k = k
        self.tz = zoneinfo.ZoneInfo(zone_name)
        self.zones = [Zone(name) for name in zones]
        self.open = {}
        self.box_day_carried = 0
        self.languages, self.platforms = (collections.Counter()
                                          for _ in range(2))
        self.carried = {"language": 0, "platform": 0}
        self.platform_of = {}  # (zone, device)
        self.labelled = set()
        self.rows, self.labels = [], []
        self.truth = collections.Counter()
        self.now_ms = self.hour = self.day = None

    # --- time ---

    def local(self, t):
        return datetime.datetime.fromtimestamp(t, self.tz)

    def hour_of(self, t):
        there = self.local(t)
        return t - there.minute * 60 - there.second

    def day_of(self, t):
        there = self.local(t)
        return int(there.replace(hour=0, minute=0, second=0, microsecond=0,
                                 fold=0).timestamp())

    def clock(self, boot_ms, wall_ms):
        self.now_ms = boot_ms
        hour = self.hour_of(wall_ms // 1000)
        if self.hour is None:
            self.hour, self.day = hour, self.day_of(hour)
        if hour == self.hour:
            return
        self.close_hour()
        if self.day_of(hour) != self.day:
            self.close_day()
            self.day = self.day_of(hour)
        self.hour = hour

    # --- events ---

    def contribute(self, zone, device, metric, amount=1):
        zone.value[metric] += amount
        zone.by[metric].add(device)
        self.truth[metric] += amount

    def visitor(self, zone, device):
        if device not in zone.in_hour:
            zone.in_hour.add(device)
            self.contribute(zone, device, "visitors")
        zone.in_day.add(device)

    def show(self, z, device, platform):
        zone = self.zones[z]
        if platform and not self.platform_of.get((z, device)):
            self.platform_of[z, device] = platform
        if device not in zone.shown:
            zone.shown.add(device)
            self.contribute(zone, device, "portal_shown")

    def accept(self, z, device, language):
        self.contribute(self.zones[z], device, "accepted")
        if device not in self.labelled:
            self.labelled.add(device)
            self.languages[language] += 1
            platform = self.platform_of.get((z, device), 0)
            self.platforms[PLATFORMS[platform]] += 1

    def begin(self, z, device, handle, granted_ms):
        self.open[handle] = Session(self.zones[z], device, granted_ms)
        self.contribute(self.zones[z], device, "sessions")
        self.visitor(self.zones[z], device)

    def count(self, handle, up, down):
        s = self.open[handle]
        more_up, more_down = up - s.up, down - s.down
        if not more_up and not more_down:
            return
        self.contribute(s.zone, s.device, "bytes_up", more_up)
        self.contribute(s.zone, s.device, "bytes_down", more_down)
        s.zone.up[s.device] += more_up
        s.zone.down[s.device] += more_down
        self.visitor(s.zone, s.device)
        s.up, s.down = up, down

    def end(self, handle, up, down, reason):
        self.count(handle, up, down)
        s = self.open.pop(handle)
        self.contribute(s.zone, s.device, REASONS[reason])
        self.contribute(s.zone, s.device,
                        dwell_metric((self.now_ms - s.granted_ms) // 1000))

    def peak(self, z, online):
        self.zones[z].peak = max(self.zones[z].peak, online)

    # --- closing ---

    @staticmethod
    def mixed(up, down, most_up, most_down):
        return most_up <= up // 2 and most_down <= down // 2

    def without_remainders(self, ripe, value, by):
        """What is held back of a group must not show in what is not."""
        for group in GROUPS:
            while True:
                held = [m for m in group if value[m] and m not in ripe]
                out = [m for m in group if m in ripe]
                if not held or not out or len(set().union(
                        *(by[m] for m in held))) >= self.k:
                    break
                ripe = [m for m in ripe
                        if m != min(out, key=lambda m: value[m])]
        return ripe

    def close_hour(self):
        for zone in self.zones:
            ripe = [m for m in COUNTS if len(zone.by[m]) >= self.k]
            if len(zone.by["bytes_up"]) >= self.k and self.mixed(
                    zone.value["bytes_up"], zone.value["bytes_down"],
                    max(zone.up.values(), default=0) + zone.bound_up,
                    max(zone.down.values(), default=0) + zone.bound_down):
                ripe += ["bytes_up", "bytes_down"]
                zone.up.clear()
                zone.down.clear()
                zone.bound_up = zone.bound_down = 0
            ripe = self.without_remainders(ripe, zone.value, zone.by)
            peak = zone.peak - zone.peak % 5 if zone.peak >= self.k else 0
            if ripe or peak:
                self.rows.append((self.hour, "hour", zone.name,
                                  {**{m: zone.value[m] for m in ripe},
                                   "peak": peak},
                                  {m: zone.by[m] for m in ripe}))
            for m in ripe:
                zone.value[m] = 0
                zone.by[m] = set()
            zone.in_hour, zone.shown, zone.peak = set(), set(), 0

    def box_is_ripe(self):
        """The box's devices of the day must not tell of a few that the zones'
        figures leave out, or of a few who were in two of them."""
        everybody = set().union(*(z.in_day for z in self.zones))
        shown = [z.in_day for z in self.zones if len(z.in_day) >= self.k]
        hidden = len(everybody - set().union(*shown))
        shared = sum(map(len, shown)) - len(set().union(*shown))
        return len(everybody) >= self.k and all(
            n == 0 or n >= self.k for n in (hidden, shared))

    @staticmethod
    def day_visitors(today, carried, is_ripe):
        """What is released, and what is carried on."""
        return (today + carried, 0) if is_ripe else (0, today + carried)

    def close_day(self):
        row, by = {}, {}
        left, most_up, most_down = (collections.Counter() for _ in range(3))
        for zone in self.zones:
            left.update(zone.value)
            most_up.update(zone.up)
            most_down.update(zone.down)
        union = {m: set().union(*(z.by[m] for z in self.zones))
                 for m in RELEASED}
        ripe = [m for m in COUNTS if len(union[m]) >= self.k]
        if len(union["bytes_up"]) >= self.k and self.mixed(
                left["bytes_up"], left["bytes_down"],
                max(most_up.values(), default=0)
                + sum(z.bound_up for z in self.zones),
                max(most_down.values(), default=0)
                + sum(z.bound_down for z in self.zones)):
            ripe += ["bytes_up", "bytes_down"]
        ripe = self.without_remainders(ripe, left, union)
        for m in ripe:
            row[m], by[m] = left[m], union[m]
        everybody = set().union(*(z.in_day for z in self.zones))
        row["visitors_day"], self.box_day_carried = self.day_visitors(
            len(everybody), self.box_day_carried, self.box_is_ripe())
        if any(row.values()):
            self.rows.append((self.day, "day", "-", row, by))
        for zone in self.zones:
            seen, zone.day_carried = self.day_visitors(
                len(zone.in_day), zone.day_carried,
                len(zone.in_day) >= self.k)
            if seen:
                self.rows.append((self.day, "day", zone.name,
                                  {"visitors_day": seen}, {}))
            for m in ripe:
                zone.value[m] = 0
            if "bytes_up" in ripe:
                zone.bound_up = zone.bound_down = 0
            else:
                zone.bound_up += max(zone.up.values(), default=0)
                zone.bound_down += max(zone.down.values(), default=0)
            zone.by.clear()
            zone.up.clear()
            zone.down.clear()
            zone.in_day = set()
        self.close_labels("language", self.languages)
        self.close_labels("platform", {p: self.platforms[p]
                                       for p in PLATFORMS})
        self.languages.clear()
        self.platforms.clear()
        self.platform_of = {(z, s.device): p for (z, device), p
                            in self.platform_of.items()
                            for s in self.open.values()
                            if s.device == device and
                            s.zone is self.zones[z]}
        self.labelled.clear()

    def close_labels(self, kind, counts):
        """Rare ones go together, with the smallest of the others where they
        are too few for that."""
        out = {label: n for label, n in counts.items()
               if n >= self.k and label != "other"}
        rare = sum(counts.values()) - sum(out.values())
        while 0 < rare < self.k and out:
            rare += out.pop(min(out, key=out.get))
        self.labels += [(self.day, kind, label, n)
                        for label, n in out.items()]
        if rare >= self.k:
            self.labels.append((self.day, kind, "other",
                                rare + self.carried[kind]))
            self.carried[kind] = 0
        else:
            self.carried[kind] += rare
