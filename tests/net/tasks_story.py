#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/tasks.md, typed line by line under systemd, as somebody new to it does.

Run inside tests/net/systemd: tasks_story.py BUILD TASKS. Prints one JSON
object, which test_tasks.py judges: what was seen of each task, by its number.
"""
import json
import os
import pathlib
import re
import subprocess
import sys

from deb_story import GUEST, RESOLVER, blocks, first_phone
from systemd_story import CABLES, CONFIG, is_online, run, sessions, wait

README = pathlib.Path("README.md")
BIN = pathlib.Path("/usr/local/bin")
ADDED = BIN / "added"
DATA = ("/etc/stadttor", "/var/lib/stadttor", str(CONFIG))
SVG = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path " \
    "d='M0 0h9v9H0z'/></svg>"
# The operator at the editor: options come into the section that is there.
EDITOR = f"""#!/usr/bin/python3
import pathlib, re, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text() if path.exists() else ""
added = pathlib.Path("{ADDED}").read_text()
if not added.startswith("config "):
    path.write_text(added)
    sys.exit()
for part in re.split("(?m)^(?=config )", added)[1:]:
    head, lines = part.split("\\n", 1)
    at = re.search(f"(?m)^{{re.escape(head)}}$", text)
    assert at, head
    text = text[:at.end() + 1] + lines + text[at.end() + 1:]
path.write_text(text)
"""
HOOK = """
import http.server
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("/run/told", "ab") as file:
            file.write(body + b"\\n")
        self.send_response(204)
        self.end_headers()
http.server.HTTPServer(("192.0.2.1", 8088), Hook).serve_forever()
"""


class Operator:
    """Types lines. done: of each its exit status and the end of what it said."""

    def __init__(self, build):
        self.build = build
        self.done = []
        self.output = ""
        os.environ["PATH"] = f"{BIN}:{os.environ['PATH']}"
        for name, text in (("sudo", '#!/bin/sh\nexec "$@"\n'),
                           ("editor", EDITOR)):
            (BIN / name).write_text(text)
            (BIN / name).chmod(0o755)

    def type(self, line, given=""):
        typed = line
        if "apt install" in line:  # its files, from where the packages do
            typed = f"make -s BUILD={self.build} install && systemctl " \
                "try-restart stadttor-netctl stadttor-portal"
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", typed], input=given, text=True,
            capture_output=True, timeout=300, check=False)
        self.output = done.stdout + done.stderr
        self.done.append((line, done.returncode, self.output[-2000:]))

    def edit(self, line, added):
        ADDED.write_text(added)
        self.type(line)


# --- what is seen after each --------------------------------------------------

def page():
    return run(*GUEST, "curl", "-s", "-m", "60",
               "http://10.20.0.1/?lang=en").stdout


def after_first(_operator):
    seen = {}
    first_phone(seen)
    return {key: seen[key] for key in ("tap", "online")}


def after_pages(_operator):
    text = page()
    return {"name": "Musterstadt frei" in text, "logo": "<svg" in text,
            "colour": "1b6b4a" in text}


def after_codes(_operator):
    codes = pathlib.Path("codes.txt").read_text().split()
    run("stadttor", "revoke", "--all")  # who is in is asked for nothing
    cards = pathlib.Path("cards.html").read_text()
    return {"codes": len(codes), "cards": all(c in cards for c in codes),
            "asked for": 'name="code"' in page()}


def after_hours(operator):
    return {"said": "open until" in operator.output or
            "closed until" in operator.output,
            "change": wait("sh", "-c", "stadttor status | grep -q ' until '")}


def after_hook(_operator):
    """Here the hook is a server in the internet, without a certificate."""
    subprocess.Popen(["ip", "netns", "exec", "internet", sys.executable, "-c",
                      HOOK], stderr=subprocess.DEVNULL)
    run("systemctl", "stop", "stadttor-netctl")
    for _ in range(30):
        if wait("test", "-s", "/run/told"):
            break
    run("systemctl", "start", "stadttor-netctl")
    wait("stadttor", "status")
    told = pathlib.Path("/run/told").read_text().splitlines()
    return {"told": json.loads(told[0])["state"] if told else None}


def after_restore(_operator):
    wait("sh", "-c", "ss -Hltn | grep -q :2080")
    return {**after_pages(None),
            "codes": "fair" in run("stadttor", "voucher", "list").stdout}


def after_upgrade(_operator):
    return {"ready": wait("stadttor", "status"), "sessions": sessions()}


def after_figures(_operator):
    def get(path, *more):
        return run("curl", "-s", "-m", "60", "-b", "/run/jar", "-c", "/run/jar",
                   *more, f"http://127.0.0.1:2090{path}").stdout
    wait("curl", "-sf", "-o", "/dev/null", "http://127.0.0.1:2090/style.css")
    get("/login", "-H", "Origin: http://127.0.0.1:2090", "-d", "user=anna", "--data-urlencode",
        "password=correct horse")
    return {"dashboard": 'href="report"' in get("/", "--compressed"),
            "report": 'id="print"' in get("/report", "--compressed")}


# --- the tasks -----------------------------------------------------------------

def sections(text):
    """[(title, [lines to type], what is written in the editor, text)]"""
    for part in re.split(r"(?m)^## \d+\. ", text)[1:]:
        title, body = part.split("\n", 1)
        own = [re.sub("(?m)^    ", "", block)
               for block in re.findall(r"(?:^    .*\n)+", body, re.M)]
        lines = [line for block in own if not block.startswith("config ")
                 for line in block.splitlines()]
        added = "".join(b for b in own if b.startswith("config "))
        yield title, lines, added, body


# Of Debian's package, which apt brings with ours.
DNSMASQ = """[Service]
RuntimeDirectory=dnsmasq
ExecStart=/usr/sbin/dnsmasq -k --user=root --conf-file=/dev/null \
	--conf-dir=/etc/dnsmasq.d
"""


def prepare():
    pathlib.Path("/etc/dnsmasq.d").mkdir(exist_ok=True)
    pathlib.Path("/etc/systemd/system/dnsmasq.service").write_text(DNSMASQ)
    run("systemctl", "daemon-reload")
    for line in CABLES.strip().splitlines():
        if not re.search("10.20.0.[15]|default via 10", line):
            subprocess.run(line.split(), check=True)
    subprocess.run(RESOLVER.split(), check=True)
    run("mount", "-o", "remount,ro", "/sys")
    for path in (*DATA, "/usr/sbin/policy-rc.d"):
        run("rm", "-rf", path)
    pathlib.Path("logo.svg").write_text(SVG)


def first(operator):
    steps, file = blocks(README.read_text())
    for line in steps.splitlines():
        if line.startswith("sudo editor /etc/systemd"):
            operator.edit(line, file.replace("eth1", "guest0"))
        elif line.startswith("sudo editor"):
            operator.type(line.replace("editor", "sed -i -e '/<--/{n;"
                                       "s/eth0/wan0/;s/eth1/guest0/}'"))
        else:
            operator.type(line)


def address():
    return run("ip", "-n", "phone", "-br", "-4", "addr", "show", "dev",
               "eth0").stdout.split()[2].split("/")[0]


def by_hand(operator, lines):
    """In between, and not only at the end."""
    seen = []
    run("stadttor", "revoke", "--all")
    for line in lines:
        seen.append(is_online())
        operator.type(line.replace("10.20.0.57", address()))
    return {"online": [*seen, is_online()]}


def in_trouble(operator, lines):
    """A cable is out."""
    run("ip", "link", "set", "wan0", "down")
    said = []
    for line in lines:
        operator.type(line)
        said.append(operator.output)
    run("ip", "link", "set", "wan0", "up")
    run("ip", "route", "add", "default", "via", "192.0.2.1")
    return {"doctor": "FAIL" in said[0], "status": "uplink down" in said[1]}


def on_a_new_box(operator, lines):
    operator.type(lines[0])
    run("systemctl", "stop", "stadttor-portal", "stadttor-netctl")
    for path in DATA:
        run("rm", "-rf", path)
    run("make", "-s", f"BUILD={operator.build}", "install")
    run("sed", "-i", "-e", "/<--/{n;s/eth0/wan0/;s/eth1/guest0/}", CONFIG)
    run("systemctl", "start", "stadttor-netctl", "stadttor-portal")
    for line in lines[1:]:
        operator.type(line)
    return after_restore(operator)


AFTER = [after_first, after_pages, after_codes, after_hours, None, after_hook,
         None, None, after_upgrade, after_figures]
WHOLE = {5: by_hand, 7: in_trouble, 8: on_a_new_box}


def type_all(operator, lines, added):
    for line in lines:
        if "editor" in line:
            operator.edit(line, added)
        elif "passwd" in line:
            operator.type(line.replace("passwd", "passwd --stdin"),
                          "correct horse\n")
        else:
            operator.type(line)


def perform(operator, number, lines, added):
    if number == 1:
        first(operator)
    if number in WHOLE:
        return WHOLE[number](operator, lines)
    if number == 6:
        added = re.sub("https://[^']*", "http://192.0.2.1:8088/wifi", added)
    if number == 9:  # whoever is in stays in
        run("stadttor", "grant", address())
    type_all(operator, lines, added)
    return AFTER[number - 1](operator)


def main(build, tasks):
    told = []
    operator = Operator(build)
    prepare()
    for number, (title, lines, added, _) in enumerate(
            sections(pathlib.Path(tasks).read_text()), 1):
        kept = CONFIG.read_text() if CONFIG.exists() else ""
        operator.done = []
        try:
            seen = perform(operator, number, lines, added)
        except (OSError, ValueError, IndexError) as error:
            seen = {"error": f"{error!r}"}
        if number == 4:  # whatever time it is
            CONFIG.write_text(kept)
            run("systemctl", "reload", "stadttor-netctl", "stadttor-portal")
        told.append({"title": title, "steps": operator.done, "seen": seen})
    print(json.dumps(told))


main(*sys.argv[1:])
