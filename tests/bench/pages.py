# SPDX-License-Identifier: GPL-3.0-or-later
"""The citizens' pages: how soon a slow phone shows them, how many a core gives
out, and how often one taps. Rows of run, by add_to()."""
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import tempfile

from lane import FIRST, REPO

import gate
import lab

BROWSER = os.path.join(REPO, "tests", "browser")
SERVER_CORE, CLIENT_CORE = 1, 0
PAINT_BAR_MS = 900
ZONE = {"duration": "2h", "rate_down": "16mbit", "rate_up": "4mbit",
        "quota": "2GB", "over_quota": "slow", "max_sessions": 12000}
TILES = {"parking": "Parken", "climate": "Klima", "ideas": "Mitgestalten",
         "office": "Bürgerservice"}
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid;
error_log stderr crit; user root;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_timeout 0; default_type "text/html; charset=utf-8";
  open_file_cache max=10; sendfile on; tcp_nopush on;
  client_body_temp_path {folder}; proxy_temp_path {folder};
  fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  server {{ listen 80 backlog=8192; root {folder}/site; {fields} }}
}}
"""
# nginx sends its own of these.
OWN_FIELDS = {"content-type", "content-length", "connection"}


def start_city(bench):
    """The portal of a city with all that a page can carry."""
    bench.stop()
    bench.stadttor = s = gate.Stadttor(bench.ours)
    s.options = []
    s.configure(guest=ZONE, portal={
        "network": "Bochum freies WLAN", "provider": "Stadt Bochum",
        "contact": "wlan@stadt.example", "max_connections": 8192})
    with open(s.config, "a") as file:
        for name, title in TILES.items():
            file.write(gate.section("tile", name, {
                "title": [f"de={title}"],
                "text": ["de=Alles dazu auf einen Blick"],
                "link": f"https://{name}.stadt.example/"}))
    for program in (gate.NETCTL, gate.PORTAL):
        s.start_one(program)
    s.wait_ready()
    return s


def languages():
    return sorted(name.removesuffix(".json")
                  for name in os.listdir(os.path.join(REPO, "web", "lang")))


def browse(bench, *args):
    """What pages_paint.mjs says, on a phone of our lane."""
    done = bench.ours.town.run(
        "node", os.path.join(BROWSER, "pages_paint.mjs"), *map(str, args),
        check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(done.stderr.strip()[-300:])
    return json.loads(done.stdout)


def need_browser():
    subprocess.run(["make", "-s", "-C", REPO, "browser-deps"], check=True,
                   timeout=300)


def paint(bench):
    """First paint: every language for a look, then the slowest ones."""
    need_browser()
    start_city(bench)
    portal = f"http://{bench.ours.guest.gate4}/"
    look = browse(bench, "paint", portal, 1 if bench.quick else 3,
                  *languages())
    slow = sorted(look, key=lambda code: statistics.median(look[code]))[-3:]
    found = browse(bench, "paint", portal, 9, *slow)
    worst = max(found, key=lambda code: statistics.median(found[code]))
    ms = statistics.median(found[worst])
    bench.add("first paint of the portal, CPU 4 times slower, 400 kbit/s, "
              "300 ms, median of 9, worst language", "≤ 0.9 s",
              f"{ms / 1000:.2f} s ({worst})", ms <= PAINT_BAR_MS)


def taps(bench):
    need_browser()
    start_city(bench)
    count = browse(bench, "taps", f"http://{lab.WEB4}/")["taps"]
    bench.add("taps from joining to online", "1", str(count), count == 1)


# --- against nginx ----------------------------------------------------------

@contextlib.contextmanager
def on_core(core):
    """What is started inside of the block stays on that core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def fetch(bench, path):
    """An answer of the portal as it is on the wire: fields, body."""
    answer = bench.ours.town.run(
        "curl", "-sS", "-i", f"http://{bench.ours.guest.gate4}{path}").stdout
    head, body = answer.replace("\r\n", "\n").split("\n\n", 1)
    return [line.split(": ", 1) for line in head.split("\n")[1:]], body


def start_nginx(bench, folder, path):
    """One worker that gives out the same bytes as the portal does there."""
    fields, body = fetch(bench, path)
    site = os.path.join(folder, "site")
    os.makedirs(site, exist_ok=True)
    with open(os.path.join(site, "page.html"), "w") as file:
        file.write(body)
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w") as file:
        file.write(NGINX.format(folder=folder, fields=" ".join(
            f'add_header {name} "{value}";' for name, value in fields
            if name.lower() not in OWN_FIELDS)))
    with on_core(SERVER_CORE):
        child = bench.plain.gate.popen(["nginx", "-p", folder, "-c", config])
    lab.wait_until(lambda: ":80 " in bench.plain.gate.run(
        "ss", "-Htln").stdout, say="nginx did not start")
    return child


def load(lane, path, ms):
    with on_core(CLIENT_CORE):
        got = lane.tool("httpload", "-c", 64, "-t", ms, "-g", path, FIRST,
                        1000, lane.guest.gate4, 80)
    if set(got["status"]) != {"200"} or got["failed"] > 5:
        raise RuntimeError(f"pages failed: {got}")
    return got["per_s"]


def pages(bench):
    """Pages a second with a new connection each, portal and netctl on one
    core, against nginx on it."""
    rounds, ms = (3, 700) if bench.quick else (7, 1500)
    for lane in (bench.plain, bench.ours):
        lane.know_phones(1000)
    for process in start_city(bench).process.values():
        os.sched_setaffinity(process.pid, {SERVER_CORE})
    for path, what in (("/terms", "the rules"),
                       ("/", "the portal, netctl asked for each")):
        folder = tempfile.mkdtemp(prefix="stadttor-nginx-")
        nginx = start_nginx(bench, folder, path)
        try:
            ratio, ours, plain = in_turns(
                rounds, lambda: load(bench.ours, path, ms),
                lambda: load(bench.plain, "/page.html", ms))
        finally:
            lab.stop(nginx, signal.SIGTERM)
            shutil.rmtree(folder, ignore_errors=True)
        bench.add(f"pages/s on one core, {what}, against nginx", "≥ 0.8",
                  f"{ratio:.2f} ({ours:.0f} of {plain:.0f})", ratio >= 0.8)


def in_turns(rounds, ours, plain):
    """A B A B ...; the median of the pairs' ratios, and both medians."""
    pairs = []
    for turn in range(rounds):
        if turn % 2:
            b, a = plain(), ours()
        else:
            a, b = ours(), plain()
        pairs.append((a, b))
    a, b = (statistics.median(side) for side in zip(*pairs))
    return statistics.median(x / y for x, y in pairs), a, b


ROWS = {"paint": paint, "pages": pages, "taps": taps}
