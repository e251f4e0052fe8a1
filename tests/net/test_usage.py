# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of use, from the packet to the database, with the real programs.

The end of the hour comes when the test wants it: local time is whatever TZ
says it is, and the programs' clocks jump (preload/clock.c).
"""
import contextlib
import datetime
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import tempfile

import gate
import ipc
import lab
import pytest
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V4, V6

PLAIN = os.path.join(gate.REPO, os.environ.get("STADTTOR_PLAIN", "build"))
HEADERS = {V4: 28, V6: 48}
SIZE = 1000


def zone_in_which(seconds_left, hour=23):
    """A TZ in which that hour ends in so many seconds."""
    now = datetime.datetime.now(datetime.timezone.utc)
    wanted = (hour + 1) * 3600 - seconds_left
    since_midnight = now.hour * 3600 + now.minute * 60 + now.second
    ahead = (wanted - since_midnight) % 86400
    if ahead > 43200:
        ahead -= 86400
    sign, ahead = ("-", ahead) if ahead > 0 else ("+", -ahead)
    return (f"XXX{sign}{ahead // 3600:02}:{ahead // 60 % 60:02}:"
            f"{ahead % 60:02}")


LEFT_S = 1800


def set_clock(stadttor, hour=23):
    """In the middle of a week: whoever is still there after midnight would be
    one of the next week as well."""
    stadttor.environment["TZ"] = zone_in_which(LEFT_S, hour)
    stadttor.drive_clock()
    stadttor.step_wall((2 - datetime.date.today().weekday()) * 86400)


def start(stadttor, **config):
    set_clock(stadttor)
    stadttor.environment["STADTTOR_QUIET"] = "1"  # no noise
    stadttor.start(**config)


def end_the_hour(stadttor):
    stadttor.jump(LEFT_S)


def end_the_week(stadttor):
    """It ends with the first day that is of another one."""
    end_the_hour(stadttor)
    for _ in range(8):
        stadttor.jump(86400)


def figures(stadttor, *args):
    """Values by metric, of all rows together."""
    answer = json.loads(stadttor.cli("usage", "--json", *args).stdout)
    return {name: sum(filter(None, column))
            for name, column in answer["values"].items()}


def wait_figures(stadttor, *args):
    def read():
        stadttor.wake()
        done = stadttor.cli("usage", "--json", *args, check=False)
        return done.returncode == 0 and json.loads(done.stdout)["start"]
    lab.wait_until(read, 8, 0.1, "no figures arrived")
    return figures(stadttor, *args)


def wait_days(stadttor, count):
    """The visitors of each day."""
    def read():
        stadttor.wake()
        answer = json.loads(stadttor.cli("usage", "--json").stdout)
        return len(answer["start"]) >= count and answer["values"]["visitors"]
    return lab.wait_until(read, 8, 0.1, "the figures of a day are missing")


WEEK = ["--step", "week", "--from", "-20d", "--to", "2037-12-31"]


class Talk:
    """Datagrams there and back whose bytes are known exactly."""

    def __init__(self, phone):
        self.phone = phone
        self.up = self.down = 0

    def say(self, family, count):
        with self.phone.socket(family, traffic.socket.SOCK_DGRAM) as s:
            s.settimeout(60)
            s.connect((traffic.web(family), lab.ECHO))
            for _ in range(count):
                s.send(bytes(SIZE))
                self.up += SIZE + HEADERS[family]
                s.recv(2 * SIZE)
                self.down += SIZE + HEADERS[family]


def probe_and_tap(phone, language, probe="captive.apple.com"):
    """A phone's own way: probe, redirect, page, tap."""
    reply = traffic.http(phone, traffic.web(V4), "/hotspot-detect.html",
                         host=probe)
    assert reply.status == 302
    path = "/" + reply.headers["Location"].split("/", 3)[3]
    assert traffic.http(phone, phone.network.gate4,
                        f"{path}&lang={language}").status == 200
    reply = traffic.http(phone, phone.network.gate4, "/accept", "POST",
                         f"terms=1&lang={language}")
    assert reply.status == 303


def test_a_day(stadttor, phones):
    """Everything that happens to four phones, and both programs killed."""
    start(stadttor, guest={"duration": "1h"})
    rng = random.Random(5)
    talks = []
    for phone in phones:
        probe_and_tap(phone, "en")
        talks.append(Talk(phone))
    for _ in range(3):
        for talk in talks:
            for family in FAMILIES:
                talk.say(family, rng.randrange(150, 200))
        victim = rng.choice([(NETCTL,), (PORTAL,), (NETCTL, PORTAL)])
        stadttor.kill(*victim)
        for program in victim:
            stadttor.start_one(program)
        stadttor.wait_ready()
    stadttor.wait_look()
    for phone, talk in zip(phones[:3], talks):
        talk.say(V6, 50)
        assert traffic.log_out(phone).status == 303
    assert stadttor.cli("usage", check=False).returncode in (0, 4)
    end_the_hour(stadttor)
    day = wait_figures(stadttor)
    assert (day["visitors"], day["onlookers"]) == (4, 0)
    assert figures(stadttor, "--step", "hour")["online"] == 4
    end_the_week(stadttor)
    lab.wait_until(lambda: figures(stadttor, *WEEK)["language_en"] == 4)
    week = figures(stadttor, *WEEK)
    assert (week["dwell_5"], week["ended_logout"]) == (3, 3)
    assert week["platform_apple"] == week["peak"] == 4
    # told in megabytes; what passed while netctl was dead is not seen
    assert 0 <= week["bytes_up"] <= sum(t.up for t in talks)
    assert 0 <= week["bytes_down"] <= sum(t.down for t in talks)


def test_bytes(stadttor, phones):
    """To the megabyte, those of the last seconds of a session included."""
    start(stadttor, guest={"duration": "1h"})
    talks = [Talk(phone) for phone in phones]
    for phone, talk in zip(phones, talks):
        probe_and_tap(phone, "de")
        for family in FAMILIES:
            talk.say(family, 1200)
        traffic.log_out(phone)
    end_the_week(stadttor)
    wait_figures(stadttor, *WEEK)
    lab.wait_until(lambda: figures(stadttor, *WEEK)["bytes_up"] > 0)
    week = figures(stadttor, *WEEK)
    assert week["bytes_up"] == sum(t.up for t in talks) // 10 ** 6 * 10 ** 6
    assert week["bytes_down"] == \
        sum(t.down for t in talks) // 10 ** 6 * 10 ** 6


def test_the_real_programs_draw_noise(stadttor, phones):
    """All cells are told, with people and without, and none of them true."""
    set_clock(stadttor)
    stadttor.start(guest={"duration": "1h"})
    probe_and_tap(phones[0], "de")
    end_the_week(stadttor)
    wait_figures(stadttor, *WEEK)
    lab.wait_until(lambda: figures(stadttor, *WEEK)["dwell_5"] != 0)
    answer = json.loads(stadttor.cli("usage", "--json", *WEEK).stdout)
    counted = [v for name, column in answer["values"].items() for v in column
               if name.startswith(("language", "platform")) and v is not None]
    assert len(counted) >= 24
    assert sum(v not in (0, 1) for v in counted) > len(counted) / 2
    assert any(v < 0 for v in counted)


def test_portal_away_over_the_hour(stadttor, phones):
    """netctl keeps the figures until somebody fetches them."""
    start(stadttor, guest={"duration": "1h"})
    for phone in phones:
        probe_and_tap(phone, "de")
    stadttor.kill(PORTAL)
    end_the_hour(stadttor)
    stadttor.restart(NETCTL)
    stadttor.start_one(PORTAL)
    stadttor.wait_ready()
    assert wait_figures(stadttor)["visitors"] == 4
    stadttor.restart()
    stadttor.wait_ready()
    end_the_hour(stadttor)
    stadttor.jump(86400)
    # what came a second time would have come before the next day's
    assert wait_days(stadttor, 2)[0] == 4


def on_disk(stadttor):
    path = os.path.join(stadttor.folder, "usage", "usage.sqlite")
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT sum(value) FROM cells"
                          " WHERE period = 0").fetchone()[0]


def start_sparing(stadttor):
    """Figures wait for the disk, and it is half past twelve."""
    set_clock(stadttor, hour=12)
    folder = os.path.join(stadttor.folder, "portal")
    stadttor.environment["STADTTOR_QUIET"] = "1"
    token = make_token(stadttor, usage={"write_every": "8h"},
                       guest={"duration": "1h"})
    return token, os.path.join(folder, "waiting.sqlite")


def by_hour(stadttor):
    answer = json.loads(stadttor.cli("usage", "--json", "--step", "hour",
                                     "--from", "-1d").stdout)
    return answer["start"], answer["values"]


def by_dashboard(stadttor, token):
    answer = json.loads(stadttor.street.gate.run(
        "curl", "-s", "-H", f"Authorization: Bearer {token}",
        "http://127.0.0.1:2090/api/usage?step=hour&from=-1d").stdout)
    return answer["start"], answer["values"]


def test_figures_that_wait_are_seen(stadttor, phones):
    """As the dashboard shows them; whatever ends, none is lost or doubled."""
    token, copy = start_sparing(stadttor)
    for phone in phones:
        probe_and_tap(phone, "de")
    end_the_hour(stadttor)
    assert wait_figures(stadttor, "--step", "hour")["online"] == 4
    assert on_disk(stadttor) is None
    seen = by_hour(stadttor)
    told = by_dashboard(stadttor, token)
    assert seen == told
    assert os.stat(copy).st_mode & 0o777 == 0o640
    stadttor.kill(PORTAL)
    assert by_hour(stadttor) == seen and on_disk(stadttor) is None
    left = open(copy, "rb").read()
    stadttor.start_one(PORTAL)
    stadttor.wait_ready()
    wait_dashboard(stadttor)
    # the file is still that of the killed one, and says nothing of this one
    lab.wait_until(lambda: by_dashboard(stadttor, token) == seen,
                   say="lost by a crash")
    assert by_hour(stadttor) == seen and on_disk(stadttor) is None
    stadttor.terminate(PORTAL)
    assert os.listdir(os.path.dirname(copy)) == ["alive"]
    assert by_hour(stadttor) == seen and on_disk(stadttor) == 4
    with open(copy, "wb") as file:  # it was killed before it removed that
        file.write(left)
    shutil.chown(copy, gate.USER[PORTAL])
    assert by_hour(stadttor) == seen
    stadttor.start_one(PORTAL)
    stadttor.wait_ready()
    lab.wait_until(lambda: not os.path.exists(copy), say="a stale copy")
    assert by_hour(stadttor) == seen


def test_nowhere_to_show_what_waits(stadttor, phones):
    """They stay in memory, are said to, and come with the disk."""
    os.mkdir(os.path.join(stadttor.folder, "portal"), 0o700)
    token, copy = start_sparing(stadttor)
    for phone in phones:
        probe_and_tap(phone, "de")
    end_the_hour(stadttor)
    stadttor.wait_log("does not see all figures that wait for the disk: " +
                      copy, PORTAL)
    told = by_dashboard(stadttor, token)
    assert sum(told[1]["online"]) == 4
    assert by_hour(stadttor)[0] == []
    stadttor.terminate(PORTAL)
    assert figures(stadttor, "--step", "hour")["online"] == 4


def test_uncounted_zone(stadttor, street, phones):
    start(stadttor, guest={"counted": "0"}, staff={})
    for phone in phones:
        probe_and_tap(phone, "de")
    end_the_hour(stadttor)
    assert wait_figures(stadttor) == {"visitors": 0, "onlookers": 0}
    assert figures(stadttor, "--zone", "guest")["visitors"] == 0


@pytest.mark.parametrize("pending", ["", "/proc/stadttor"])
def test_without_memory_that_lasts(stadttor, phones, pending):
    """Counting goes on, and status says that it would not survive."""
    stadttor.pending = pending
    start(stadttor, guest={})
    for phone in phones:
        probe_and_tap(phone, "de")
    if pending:
        assert stadttor.warnings("figures that are not released")
    end_the_hour(stadttor)
    assert wait_figures(stadttor)["visitors"] == 4
    stadttor.pending = "/dev/shm/stadttor-none"


def test_showing_addresses_is_audited(stadttor, phones):
    stadttor.start(debug=False)
    assert traffic.tap(phones[0]).status == 303
    stadttor.sessions()
    assert not stadttor.warnings("audit")
    stadttor.sessions(True)
    line, = stadttor.warnings("audit")
    assert "uid 0" in line and "1 sessions" in line
    assert phones[0].mac not in line and phones[0].ip4 not in line


def test_nothing_tells_of_one_person(stadttor, phones):
    """What is told at once is the same before a tap, after it, in the middle
    of a visit and after the log-out: in metrics, to the dashboard, by IPC."""
    # Sanitizers keep what is freed, and memory grows with every request.
    stadttor.build = PLAIN
    stadttor.drive_clock()
    token = make_token(stadttor, guest={"max_sessions": 4})
    before = told_at_once(stadttor, token)
    probe_and_tap(phones[0], "de")
    Talk(phones[0]).say(V4, 300)
    stadttor.wait_look()
    during = told_at_once(stadttor, token)
    traffic.log_out(phones[0])
    after = told_at_once(stadttor, token)
    assert before == during == after
    assert any("stadttor_zone_full" in line for line in before)


def make_token(stadttor, **config):
    stadttor.configure(**config)
    token = stadttor.cli("passwd", "--token", "test").stdout.strip()
    for program in (NETCTL, PORTAL):
        stadttor.start_one(program)
    stadttor.wait_ready()
    wait_dashboard(stadttor)
    return token


def wait_dashboard(stadttor):
    lab.wait_until(lambda: ":2090" in stadttor.street.gate.run(
        "ss", "-Htln").stdout, say="no admin listener")


def told_at_once(stadttor, token):
    """All but what passes by itself: clocks, and the operator's own steps."""
    ask = ["curl", "-s", "-H", f"Authorization: Bearer {token}",
           "http://127.0.0.1:2090/"]
    lines = [*stadttor.street.gate.run(
        *ask[:-1], ask[-1] + "metrics").stdout.splitlines()]
    now = json.loads(stadttor.street.gate.run(
        *ask[:-1], ask[-1] + "api/now").stdout)
    lines += [f"{k} {v}" for k, v in now.items()
              if k not in ("time", "clock", "uptime_s")]
    with ipc.Peer(stadttor.socket, "nobody") as peer:
        zone = peer.socket.recv(1024)
    assert ipc.HEADER.unpack_from(zone)[1] == ipc.ZONE
    return [line for line in lines if "uptime" not in line
            and 'listener="admin"' not in line] + [zone]


def test_little_ram(build):
    """A RAM file system that is full costs figures, not the program."""
    driver = os.path.join(build, "golden", "usagedriver")
    lines = ""
    for minute in range(18):
        lines += f"clock {1000000 + minute * 60000} " \
            f"{1790000000000 + minute * 60000}\n"
        lines += "".join(f"begin 0 {n}\n" for n in range(
            minute * 500, minute * 500 + 500))
    lines += "clock 94600000 1790093600000\nnext 0 0\n"
    for size, kept in (("64k", 9000), ("400k", None), ("8m", 9000)):
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ["unshare", "-m", "sh", "-c", f"mount -t tmpfs -o size={size}"
                 f" x {folder} && exec {driver} {folder}/pending '' hours"
                 " guest"],
                input=lines, text=True, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("ok\n") == 9020
        seen, = re.findall(r" visitors guest \d+ (\d+) ", done.stdout)
        assert int(seen) == kept or (kept is None and 0 < int(seen) < 9000)
        warned = "end with this process" in done.stderr
        assert warned == (size == "64k"), done.stderr
