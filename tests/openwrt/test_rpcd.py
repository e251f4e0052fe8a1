# SPDX-License-Identifier: GPL-3.0-or-later
"""The rpcd plugin under busybox ash: what rpcd, main (2024), asks of a plugin
(plugin.c, exec.c), hostile arguments, and the real command behind it.

jshn stands in for libubox's, see luci/jshn.sh and ../golden/jshn.c.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import pytest

HERE = pathlib.Path(__file__).resolve().parent
APP = HERE.parents[1] / "openwrt/luci-app-stadttor"
PLUGIN = APP / "root/usr/libexec/rpcd/stadttor"
JSHN = "/usr/share/libubox/jshn.sh"
RUNNING = "/var/etc/stadttor/portal"
PATHS = {"CONFIG": "/etc/config/stadttor", "SERVICE": "/etc/init.d/stadttor",
         "PICTURES": "/etc/stadttor/pictures",
         "SECRETS": "/etc/stadttor/secrets"}
CODE = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")

sys.path.insert(0, str(HERE.parent / "golden"))

import test_cli  # noqa: E402

FAKE = r"""#!/bin/sh
printf '%s\0' "$@" END >>"$RECORD"
cat "$ANSWER"
"""

# method: arguments that it takes, the command line that they become
GOOD = {
    "status": ({}, ["--json", "status", "--state"]),
    "check": ({}, ["--json", "check"]),
    "sessions": ({"zone": "guest_2"},
                 ["--json", "sessions", "--zone=guest_2"]),
    "usage": ({"from": "-30d", "to": "2026-11-24", "step": "hour",
               "zone": "guest"},
              ["--json", "usage", "--from=-30d", "--to=2026-11-24",
               "--step=hour", "--zone=guest"]),
    "revoke": ({"handle": "0123456789abcdef"},
               ["--json", "revoke", "0123456789abcdef"]),
    "vouchers_list": ({}, ["--json", "voucher", "list"]),
    "vouchers_statistics": ({}, ["--json", "voucher", "statistics"]),
    "vouchers_create": (
        {"count": 10, "minutes": 90, "devices": 2, "valid": "1d12h",
         "label": "Stadtfest", "zone": "market"},
        ["--json", "voucher", "create", "--count=10", "--minutes=90",
         "--label=Stadtfest", "--devices=2", "--valid=1d12h",
         "--zone=market"]),
    "vouchers_revoke": ({"batch": 7}, ["--json", "voucher", "revoke", "7"]),
    "vouchers_print": (
        {"codes": "MQDVD-QV6PW H99KJ-YNFDG", "title": "Markt & Straße",
         "language": "de"},
        ["voucher", "print", "--title=Markt & Straße", "--language=de"]),
}
# More than one command, see the end of this file.
MORE = {
    "preview": {"page": "portal", "language": "en", "zone": "guest",
                "network": "x", "provider": "x", "theme": "brick",
                "colour_accent": "", "colour_header": "",
                "colour_accent_dark": "", "colour_header_dark": "",
                "logo": "", "hero": ""},
    "picture_set": {"kind": "logo", "type": "svg", "content": "3c"},
    "secret_set": {"section": "radius", "name": "main", "secret": "x"},
    "city": {},
    "city_join": {"file": "config city", "replace": "yes"},
    "city_leave": {},
    "radios": {},
}
SESSION = "e5ad9c3a7f2c4b5d8e6f708192a3b4c5"  # as uhttpd adds it
# None of them may become a command, whatever the argument.
HOSTILE = [
    "", " ", "-", "--", "--all", "-c/etc/shadow", "--config=/etc/shadow",
    "10.20.0.7", "02:00:00:00:00:07", "fe80::7%br-guest",
    "a b", "a\nb", "guest\n", "\nguest", "guest\t", "*", "?", "[a-z]", "~", "..",
    "/etc/passwd", "$(touch pwned)", "`touch pwned`", ";touch pwned",
    "|touch pwned", "&touch pwned", "guest;touch pwned", "'; touch pwned; '",
    '"; touch pwned; "', "'\"'", "\\", "${PATH}", "$0", "$IFS", "\x1b[31m",
    "\x7f", "ä", "GUEST", "x" * 16, "0x10", "1e3", "+1", "-1", "1.5", "٣",
    "0123456789abcdeg", "0123456789abcdef0", "0123456789ABCDEF",
    "0123456789abcde\n", "2026-11-24\n", "2026-11-2", "-d", "-1d;ls",
    "-123456d", "-7dd", "todayx", "hour\n", "hour,day", "9" * 400,
]

TEXT = r"[^\x00-\x1f\x7f]{1,63}"
FITS = {"zone": "[a-z0-9_]{1,15}", "from": "-[0-9]{1,5}d", "to": "-[0-9]{1,5}d",
        "step": "hour", "handle": "[0-9a-f]{16}", "valid": "[0-9smhd]{1,16}",
        "label": TEXT, "title": TEXT, "codes": r"[0-9A-Z -]+",
        "language": "[a-z0-9-]{1,11}"}
SAME = [("usage", "to"), ("usage", "zone"), ("vouchers_create", "zone")]


class Plugin:
    """The plugin, its stadttor a fake or a real one."""

    def __init__(self, folder, build, jshn):
        self.folder = folder
        self.record = folder / "record"
        self.answer = folder / "answer"
        self.answer.write_text('{"fine": true}\n')
        self.running = folder / "running"  # the config that programs have
        text = PLUGIN.read_text()
        for path, ours in ((JSHN, HERE / "luci/jshn.sh"),
                           (RUNNING, self.running),
                           ("folder=/etc/stadttor/city", "folder=/nowhere")):
            assert text.count(path) == 1
            text = text.replace(path, str(ours))
        for name, path in PATHS.items():
            assert re.findall(rf"^{name}=(\S+)", text, re.M) == [path]
            text = re.sub(rf"^{name}=\S+", f"{name}={self.place(path)}", text,
                          flags=re.M)
        self.script = folder / "plugin"
        self.script.write_text(text)
        self.bin = folder / "bin"
        self.bin.mkdir()
        (self.bin / "jshn").symlink_to(jshn)
        (self.bin / "uci").symlink_to(HERE / "luci" / "uci")
        for applet in ("cat", "chmod", "cp", "grep", "head", "mkdir",
                       "mktemp", "mv", "rm", "sed", "sha256sum", "tr"):
            (self.bin / applet).symlink_to(shutil.which("busybox"))
        self.build = build
        self.provide(FAKE)

    def place(self, path):
        ours = self.folder / "root" / path[1:]
        ours.parent.mkdir(parents=True, exist_ok=True)
        return ours

    def provide(self, script, name="stadttor"):
        command = self.bin / name
        command.write_text(script)
        command.chmod(0o755)

    def be_real(self, config):
        self.provide(f"#!/bin/sh\nexec {self.build}/stadttor -c {config} "
                     "\"$@\"\n")

    def run(self, *args, stdin=b"", timeout=120):
        env = dict(os.environ, PATH=self.bin, RECORD=self.record, TZ="UTC",
                   ANSWER=self.answer, UCI_ETC=self.folder / "root/etc/config")
        return subprocess.run([shutil.which("busybox"), "ash", self.script, *args],
                              input=stdin, cwd=self.folder, env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=timeout)

    def call(self, method, arguments=None, stdin=None):
        if stdin is None:
            stdin = json.dumps(arguments or {}).encode()
        r = self.run("call", method, stdin=stdin)
        assert r.returncode == 0, r.stderr
        answer = json.loads(r.stdout)
        assert isinstance(answer, dict)  # or rpcd answers "invalid argument"
        return answer

    def asked(self):
        """The command lines since the last time."""
        if not self.record.exists():
            return []
        words = self.record.read_bytes().decode().split("\0")
        self.record.unlink()
        commands = [[]]
        for word in words:
            if word == "END":
                commands.append([])
            else:
                commands[-1].append(word)
        return commands[:-1]

    def is_refused(self, method, arguments=None, stdin=None):
        answer = self.call(method, arguments, stdin)
        assert list(answer) == ["error"], (method, arguments, answer)
        assert self.asked() == [], (method, arguments)
        assert not list(self.folder.rglob("pwned")), (method, arguments)
        return answer["error"]


@pytest.fixture
def plugin(build, plain_build):
    """In a folder that the portal's user can enter, unlike pytest's."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="rpcd-"))
    path.chmod(0o755)
    yield Plugin(path, build, plain_build / "golden/jshn")
    shutil.rmtree(path)


# --- the contract -------------------------------------------------------------
def test_list(plugin):
    """Names and types of arguments; from a number rpcd takes its width."""
    r = plugin.run("list")
    assert (r.returncode, r.stderr) == (0, b"")
    assert json.loads(r.stdout) == {
        "status": {}, "check": {}, "sessions": {"zone": "string"},
        "usage": {"from": "string", "to": "string", "step": "string",
                  "zone": "string"},
        "revoke": {"handle": "string"}, "vouchers_list": {},
        "vouchers_statistics": {},
        "vouchers_create": {"count": 32, "minutes": 32, "label": "string",
                            "devices": 32, "valid": "string",
                            "zone": "string"},
        "vouchers_revoke": {"batch": 32},
        "vouchers_print": {"codes": "string", "title": "string",
                           "language": "string"},
        **{method: {name: "string" for name in arguments}
           for method, arguments in MORE.items()}}
    assert plugin.asked() == []


def test_is_a_program():
    assert PLUGIN.stat().st_mode & 0o777 == 0o755
    assert PLUGIN.read_text().startswith("#!/bin/sh\n")
    subprocess.run(["busybox", "ash", "-n", PLUGIN], check=True)


def test_version(plugin, build):
    plugin.be_real("/nowhere")
    assert plugin.run("--version").stdout == subprocess.run(
        [build / "stadttor", "--version"], stdout=subprocess.PIPE).stdout


@pytest.mark.parametrize("args", [[], ["frobnicate"], ["-c"], ["listx"]])
def test_usage(plugin, args):
    r = plugin.run(*args)
    assert (r.returncode, r.stdout) == (2, b"") and plugin.asked() == []


@pytest.mark.parametrize("method", GOOD)
def test_method(plugin, method):
    """One command, word for word, whose answer is handed on."""
    arguments, command = GOOD[method]
    given = {"ubus_rpc_session": SESSION, **arguments}
    if method == "vouchers_print":
        plugin.answer.write_text("<!DOCTYPE html>\n<p>\"\\\t</p>\n</html>\n")
        expected = {"html": "<!DOCTYPE html> <p>\"\\ </p> </html>"}
    else:
        expected = {"fine": True}
    assert plugin.call(method, given) == expected
    assert plugin.asked() == [command]


@pytest.mark.parametrize("method", GOOD)
def test_what_runs_is_asked_about(plugin, method):
    """By its own config; the check is of the other one."""
    arguments, command = GOOD[method]
    plugin.running.write_text("")
    plugin.call(method, arguments)
    config = [] if method == "check" else [f"--config={plugin.running}"]
    at = command.index("--json") + 1 if "--json" in command else 0
    assert plugin.asked() == [command[:at] + config + command[at:]]


@pytest.mark.parametrize("method", GOOD)
def test_what_must_be_there(plugin, method):
    arguments, _ = GOOD[method]
    needed = {"revoke": ["handle"], "vouchers_revoke": ["batch"],
              "vouchers_print": ["codes"],
              "vouchers_create": ["count", "minutes", "label"]}
    for name in arguments:
        rest = {k: v for k, v in arguments.items() if k != name}
        if name in needed.get(method, []):
            assert plugin.is_refused(method, rest) == f"{name} is missing"
        else:
            plugin.call(method, rest)
            (command,) = plugin.asked()
            assert f"--{name}" not in " ".join(command)


# --- what it does not do ------------------------------------------------------
@pytest.mark.parametrize("method", [
    "", "grant", "passwd", "ruleset", "Status", "status ", "status:", "status\n",
    "\nstatus", "status\ncheck", "*", "s*", ".", "stat.s", "$(touch pwned)",
    "`touch pwned`", "../status", "--all", "-c", "voucher list", ":", " zone",
])
def test_other_methods(plugin, method):
    assert plugin.is_refused(method) == "unknown method"


def test_without_method(plugin):
    r = plugin.run("call")
    assert "error" in json.loads(r.stdout) and plugin.asked() == []


@pytest.mark.parametrize("stdin", [
    b"", b"{", b"}", b"[]", b"null", b"3", b'"status"', b"status", b"{}}",
    b"'", b"$(touch pwned)", b"{'zone': 'guest'}", b'{"zone": guest}',
    b"\0", b"\xff\xfe", b'{"zone": "guest"', b"x" * 100_000,
    b'{"zone": "' + b"x" * 20_000 + b'"}',
    b'{"zone": "guest"}' + b" " * 20_000,
], ids=lambda stdin: stdin[:20].hex())
def test_malformed_input(plugin, stdin):
    """Not even what needs no argument runs."""
    assert plugin.is_refused("status", stdin=stdin) in (
        "the input is no JSON object", "too much input",
        "unknown argument")


@pytest.mark.parametrize("arguments", [
    {"all": True}, {"show_addresses": True}, {"zone ": "guest"},
    {"--zone": "guest"}, {"zone*": "guest"}, {"$(touch pwned)": "x"},
    {"zo'ne": "guest"}, {"unreadable": 1}, {"handle": "0123456789abcdef"},
    {"zone": "guest", "all": 1}, {"PATH": "/tmp"}, {"json_dump": "x"},
    {"zone": ["guest"]}, {"zone": {"a": "guest"}}, {"zone": None},
    {"zone": True}, {"zone": 3}, {"zone": 1.5},
])
def test_arguments_of_other_names_and_types(plugin, arguments):
    plugin.is_refused("sessions", arguments)


@pytest.mark.parametrize("method,name", [
    (m, n) for m, (arguments, _) in GOOD.items() for n in arguments
    if n in FITS and (m, n) not in SAME])
def test_hostile_values(plugin, method, name):
    """Where a value is taken at all, it arrives as it is, as one word."""
    arguments, command = GOOD[method]
    # another fifth of them each; labels hold whatever is no control character
    start = sorted(FITS).index(name) % 5
    some = HOSTILE if name == "label" else HOSTILE[start::5]
    for value in some:
        given = dict(arguments, **{name: value})
        if not re.fullmatch(FITS[name], value):
            plugin.is_refused(method, given)
            continue
        plugin.call(method, given)
        wanted = [w.replace(f"--{name}={arguments[name]}", f"--{name}={value}")
                  for w in command]
        assert plugin.asked() == [wanted]
        assert not list(plugin.folder.rglob("pwned"))


@pytest.mark.parametrize("value", [
    0, -1, 10 ** 9, 2 ** 31, -2 ** 63, 1.5, 1e300, True, None, "", "1", [1]])
def test_odd_numbers(plugin, value):
    plugin.is_refused("vouchers_revoke", {"batch": value})
    plugin.is_refused("vouchers_create",
                      dict(GOOD["vouchers_create"][0], devices=value))


@pytest.mark.parametrize("answer", [
    "", "stadttor: not found\n", "<html>", "[]", " " * 2_000_000,
    "{" + " " * 900_000, '{"a":"' + "ä" * 500_000 + '"}'],
    ids=lambda answer: ascii(answer[:12]))
@pytest.mark.parametrize("method", ["status", "vouchers_print"])
def test_odd_answers(plugin, method, answer):
    """Always an object that ubus can carry."""
    plugin.answer.write_text(answer)
    reply = plugin.call(method, GOOD[method][0])
    assert list(reply) == ["error"] and len(reply["error"]) < 5000


def test_long_answers(plugin):
    """A list of numbers grows on its way through ubus."""
    long = json.dumps({"a": [7] * 60_000})
    plugin.answer.write_text(long)
    assert "too long" in plugin.call("usage")["error"]
    assert plugin.call("vouchers_list") == json.loads(long)
    month = json.dumps({"values": {f"metric_{i:02}": [1234] * 744
                                   for i in range(30)}}, indent=None,
                       separators=(",", ":"))
    plugin.answer.write_text(month)
    assert plugin.call("usage") == json.loads(month)


# --- the real command ---------------------------------------------------------
CONFIG = """
config gate
 option socket '{0}/s'
config portal
 option user 'nobody'
 option pages '{1}'
 option hostname 'wifi.example.org'
config usage
 option file '{0}/usage.sqlite'
config voucher
 option file '{0}/lib/vouchers.sqlite'
 option key '{0}/lib/vouchers.key'
config uplink 'wan'
 option device 'eth0'
config zone 'guest'
 option device 'br0'
 option auth 'voucher'
"""


@pytest.fixture
def real(plugin):
    config = plugin.folder / "config"
    config.write_text(CONFIG.format(plugin.folder, HERE.parents[1] / "web"))
    plugin.be_real(config)
    return plugin


@pytest.mark.parametrize("method", ["status", "sessions", "revoke"])
def test_netctl_does_not_run(real, method):
    answer = real.call(method, {k: v for k, v in GOOD[method][0].items()
                                if k != "zone"})
    assert answer["code"] == 3 and "not reachable" in answer["error"]


def test_unknown_zone(real):
    answer = real.call("sessions", {"zone": "attic"})
    assert answer == {"error": "zone 'attic' not found", "code": 4}


def test_no_figures_yet(real):
    answer = real.call("usage", {"from": "-6d", "step": "day"})
    assert answer["code"] == 4 and "no figures yet" in answer["error"]


def test_check(real):
    assert real.call("check")["fine"] is True
    (real.folder / "config").write_text("config gate\n option x '1'\n")
    answer = real.call("check")
    assert answer["code"] == 2
    assert answer["error"].endswith(":2: unknown option 'x' in a gate section")


def test_a_mistake_takes_nothing_away(real):
    """Figures go on by the config of what runs."""
    real.call("vouchers_create", {"count": 1, "minutes": 60, "label": "x"})
    right = (real.folder / "config").read_text()
    (real.folder / "config").write_text("config gate\n option x '1'\n")
    assert real.call("vouchers_list")["code"] == 2
    real.running.write_text(right)
    assert len(real.call("vouchers_list")["batches"]) == 1
    assert real.call("status")["code"] == 3
    assert real.call("check")["code"] == 2


def test_running_config_is_where_the_init_script_has_it():
    init = HERE.parents[1] / "openwrt/stadttor/files/stadttor.init"
    folder, name = RUNNING.rsplit("/", 1)
    assert re.search(f"^RUNNING={RUNNING}\\b", PLUGIN.read_text(), re.M)
    assert re.search(f"^READ={folder}( |$)", init.read_text(), re.M)
    assert f"copy_for {name} " in init.read_text()
    for script in (PLUGIN, init):
        assert re.search(f"^CONFIG={PATHS['CONFIG']}\\b", script.read_text(),
                         re.M)


def test_vouchers(real):
    """Made, printed, listed, taken back; what a bad sheet lacks is said."""
    made = real.call("vouchers_create", {
        "count": 3, "minutes": 60, "devices": 2, "valid": "2d",
        "label": "Fest 'am' $(Markt) \"1\""})
    assert len(made["codes"]) == 3 and made["devices"] == 2
    assert made["label"] == "Fest 'am' $(Markt) \"1\""
    html = real.call("vouchers_print", {
        "codes": " ".join(made["codes"]), "title": "Am \\ \"Tor\" & <Markt>",
        "language": "en"})["html"]
    assert html.startswith("<!DOCTYPE html>") and html.endswith("</html>")
    assert all(code in html for code in made["codes"])
    assert "Am \\ &quot;Tor&quot; &amp; &lt;Markt&gt;" in html
    batch, = real.call("vouchers_list")["batches"]
    assert (batch["batch"], batch["count"]) == (made["batch"], 3)
    assert not CODE.search(json.dumps(batch))
    label, = real.call("vouchers_statistics")["labels"]
    assert label["created"] == 3 and label["revoked"] == 0
    assert real.call("vouchers_revoke", {"batch": made["batch"]}) == {
        "batch": made["batch"], "ended": 0}
    error = real.call("vouchers_print", {"codes": made["codes"][0]})["error"]
    assert "is revoked" in error
    error = real.call("vouchers_print", {"codes": "AAAAA-AAAAA"})["error"]
    assert "is no code" in error
    assert real.call("vouchers_revoke", {"batch": 99})["code"] == 4


def test_a_sheet_of_250_codes(real):
    made = real.call("vouchers_create",
                     {"count": 260, "minutes": 60, "label": "x"})
    html = real.call("vouchers_print",
                     {"codes": " ".join(made["codes"][:250])})["html"]
    assert html.count('class="card"') == 250
    assert "too many" in real.call(
        "vouchers_print", {"codes": " ".join(made["codes"])})["error"]


@pytest.fixture
def netctl(real):
    n = test_cli.Netctl(real.folder)
    real.be_real(n.config)
    yield n
    n.close()


def test_status_of_a_gate(real, netctl):
    netctl.answers(test_cli.status)
    zones = real.call("status")["zones"]
    assert [z["zone"] for z in zones] == ["guest", "staff"]


def test_sessions_never_show_addresses(real, netctl):
    netctl.answers(test_cli.pages)
    sessions = real.call("sessions")["sessions"]
    assert len(sessions) == 2
    assert all("mac" not in s and "addresses" not in s for s in sessions)
    assert all(show == 0 for _, _, show in netctl.asked)


def test_revoke(real, netctl):
    netctl.answers(lambda kind, ident, fields: [
        test_cli.done(ident, count=1)])
    assert real.call("revoke", {"handle": "00000000000000fe"}) == {"ended": 1}
    assert netctl.asked == [(test_cli.REVOKE, bytes(24), 0xfe, 0, 0, 0)]


# --- pictures, secrets and the page ------------------------------------------
SVG = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2">'
       '<path d="M0 0h2v2z"/></svg>\n')
# every byte, and nothing that a shell or printf could take for itself
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b"%s%n\\x41'\"$(touch pwned)"


@pytest.fixture
def page(real):
    """With the config where the plugin has it."""
    config = real.place(PATHS["CONFIG"])
    config.write_text((real.folder / "config").read_text())
    real.be_real(config)
    real.scratches = set(pathlib.Path("/tmp").glob("stadttor.*"))
    yield real
    assert set(pathlib.Path("/tmp").glob("stadttor.*")) == real.scratches


def upload(plugin, content, kind="logo", ending="svg"):
    content = content.encode() if isinstance(content, str) else content
    return plugin.call("picture_set", {"kind": kind, "type": ending,
                                       "content": content.hex()})


def kept(plugin):
    folder = plugin.place(PATHS["PICTURES"])
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def test_preview(page):
    """Of what the form has, and the config stays as it is."""
    before = page.place(PATHS["CONFIG"]).read_text()
    html = page.call("preview", {"page": "portal"})["html"]
    assert '<html lang="de"' in html and "#8a2b1c" not in html
    html = page.call("preview", {
        "page": "portal", "language": "en", "zone": "guest",
        "theme": "brick", "network": "Muster's \"Wi-Fi\" $(touch pwned)",
        "colour_accent": "", "logo": ""})["html"]
    assert '<html lang="en"' in html and "#8a2b1c" in html
    assert "Muster&#39;s &quot;Wi-Fi&quot; $(touch pwned)" in html
    assert page.place(PATHS["CONFIG"]).read_text() == before
    assert not list(page.folder.rglob("pwned"))


def test_preview_of_a_config_without_a_section_for_it(page):
    config = page.place(PATHS["CONFIG"])
    config.write_text("config uplink 'wan'\n\toption device 'eth0'\n"
                      "config zone 'guest'\n\toption device 'br0'\n")
    answer = page.call("preview", {"page": "portal", "network": "Muster"})
    # where the pages of this machine are is what the config would say
    assert answer.get("html", "").count("Muster") or \
        "/usr/share/stadttor" in answer["error"]
    config.unlink()
    assert "cannot be read" in page.call("preview",
                                         {"page": "portal"})["error"]


@pytest.mark.parametrize("wrong,words", [
    ({"colour_accent": "#ffff00"}, "have a contrast of 1.0"),
    ({"theme": "pink"}, "invalid value 'pink' for theme"),
    ({"logo": "/nowhere/logo.svg"}, "No such file"),
    ({"page": "nothing"}, "page 'nothing' not found"),
    ({"zone": "attic"}, "zone 'attic' not found")])
def test_preview_says_what_the_config_would(page, wrong, words):
    answer = page.call("preview", {"page": "portal", **wrong})
    assert words in answer["error"] and "/tmp/stadttor." not in answer["error"]


def test_preview_shows_no_secret_of_the_box(page):
    """rpcd is root, and whoever may change this config is not."""
    secret = page.folder / "shadow"
    secret.write_text("root:$y$j9T$hash:19000\n")
    config = page.place(PATHS["CONFIG"])
    config.write_text(f"{config.read_text()}config legal\n"
                      f"\tlist terms_file 'de={secret}'\n")
    secret.chmod(0o600)
    answer = page.call("preview", {"page": "rules"})
    assert "not all users of this machine may" in answer["error"]
    assert "hash" not in json.dumps(answer)
    secret.chmod(0o644)
    assert "hash" in page.call("preview", {"page": "rules"})["html"]


@pytest.mark.parametrize("wrong", [
    {"page": "../x"}, {"page": "a\nb"}, {"language": "de/.."}, {"zone": "a b"},
    {"colour_accent": "red"}, {"colour_accent": "#12345"},
    {"colour_header": "#1234567"}, {"theme": "a-b"}, {"network": "a\nb"},
    {"logo": "/a\nb"}, {"network": "x" * 201}, {"user": "root"}])
def test_preview_takes_no_other_values(plugin, wrong):
    plugin.place(PATHS["CONFIG"]).write_text("config portal\n")
    plugin.is_refused("preview", {"page": "portal", **wrong})


def test_pictures(page):
    """Kept byte for byte under a name of their own; what nobody needs goes."""
    first = upload(page, SVG)["path"]
    path = pathlib.Path(first)
    assert path.parent == page.place(PATHS["PICTURES"])
    assert re.fullmatch(r"logo-[0-9a-f]{16}\.svg", path.name)
    assert path.read_text() == SVG
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.parent.stat().st_mode & 0o777 == 0o755
    second = pathlib.Path(upload(page, PNG, ending="png")["path"])
    assert second.read_bytes() == PNG and kept(page) == [second.name]
    hero = pathlib.Path(upload(page, SVG, "hero")["path"])
    config = page.place(PATHS["CONFIG"])
    config.write_text(config.read_text().replace(
        "config portal", f"config portal\n option logo '{second}'"))
    third = pathlib.Path(upload(page, SVG + "\n")["path"])
    assert kept(page) == sorted([hero.name, second.name, third.name])
    assert not list(page.folder.rglob("pwned"))


@pytest.mark.parametrize("content,kind,ending,words", [
    (SVG.replace("<path", "<script>x</script><path"), "logo", "svg",
     "not shown to guests"),
    (SVG.replace("<path", "<path onload='x'"), "logo", "svg", "not shown"),
    (SVG, "logo", "png", "something else than its name says"),
    (PNG, "logo", "svg", "a zero byte"),
    (PNG, "logo", "jpg", "a logo is an"),
    (PNG + bytes(4096), "logo", "png", "at most 4 kB"),
    (b"\xff\xd8\xff" + bytes(6142), "hero", "jpg", "too much|invalid value"),
])
def test_what_guests_may_not_be_shown(page, content, kind, ending, words):
    answer = upload(page, content, kind, ending)
    assert re.search(words, answer["error"]), answer
    assert "/tmp/stadttor." not in answer["error"] and kept(page) == []


@pytest.mark.parametrize("wrong", [
    {"kind": "../logo"}, {"kind": "icon"}, {"type": "php"}, {"type": "svg/.."},
    {"content": ""}, {"content": "3"}, {"content": "3C"}, {"content": "zz"},
    {"content": "\\x41"}, {"content": "3c\n3c"}, {"content": "00" * 6145}])
def test_no_other_pictures(plugin, wrong):
    plugin.is_refused("picture_set", {"kind": "logo", "type": "svg",
                                      "content": "3c", **wrong})
    assert kept(plugin) == []


def test_secrets(page):
    """The portal's alone; no answer has them."""
    page.provide("#!/bin/sh\necho \"$1\" >\"$RECORD.owner\"\n", "chown")
    answer = page.call("secret_set", {"section": "radius", "name": "main",
                                      "secret": "a'b \"$(touch pwned)\\"})
    path = pathlib.Path(answer["path"])
    assert path == page.place(PATHS["SECRETS"]) / "radius-main"
    assert path.read_text() == "a'b \"$(touch pwned)\\\n"
    assert path.stat().st_mode & 0o777 == 0o600
    assert pathlib.Path(f"{page.record}.owner").read_text() == "nobody\n"
    assert page.call("secret_set", {"section": "oidc", "secret": "x"}) == {
        "path": str(page.place(PATHS["SECRETS"]) / "oidc")}
    assert sorted(p.name for p in path.parent.iterdir()) == ["oidc",
                                                             "radius-main"]


@pytest.mark.parametrize("wrong", [
    {"section": "portal"}, {"section": "../x"}, {"name": "a/b"},
    {"name": ".."}, {"secret": ""}, {"secret": "a\nb"}, {"secret": "x" * 201}])
def test_no_other_secrets(plugin, wrong):
    plugin.is_refused("secret_set", {"section": "radius", "name": "a",
                                     "secret": "x", **wrong})


# --- radios -------------------------------------------------------------------
WIRELESS = """
config wifi-device 'radio0'
	option type 'mac80211'
	option band '2g'
config wifi-device 'radio1'
	option band 'x"y'
config wifi-device
	option band '5g'
config wifi-device 'wl_2'
config wifi-iface 'guest'
	option device 'radio0'
	option key 'open sesame'
	option ssid 'wireless.radio9=wifi-device'
"""


def test_radios(plugin):
    """Those with a name, and nothing else of that file."""
    assert plugin.call("radios") == {"radios": {}}
    plugin.place("/etc/config/wireless").write_text(WIRELESS)
    assert plugin.call("radios") == {
        "radios": {"radio0": "2g", "radio1": "", "wl_2": ""}}
    plugin.is_refused("radios", {"zone": "guest"})


# --- the city -----------------------------------------------------------------
@pytest.fixture
def town(page):
    """A box that can join a city, and whose service says that it reloads."""
    config = page.place(PATHS["CONFIG"])
    config.write_text(config.read_text() + "config city\n option folder "
                      f"'{page.folder}/city'\n")
    text = config.read_text().replace("option socket", "option user 'nobody'\n"
                                      " option socket")
    config.write_text(text)
    service = page.place(PATHS["SERVICE"])
    service.write_text('#!/bin/sh\necho "$*" >>"$RECORD.service"\n')
    service.chmod(0o755)
    page.reloads = pathlib.Path(f"{page.record}.service")
    return page


JOIN_FILE = HERE.parent / "fuzz/corpus/city_file/whole"


def test_a_box_in_no_city(town):
    assert town.call("city") == {"joined": False}
    answer = town.call("city_leave")
    assert "in no city" in answer["error"] and not town.reloads.exists()


@pytest.mark.parametrize("text,words", [
    ("config town\n", "line 1: "), ("", "invalid value for file"),
    ("\x00", "invalid value for file|no JSON"),
    ("config city\n\toption city 'a\u00e4'\n", "invalid value for file"),
    ("x" * 12001, "invalid value for file")])
def test_no_join_file(town, text, words):
    answer = town.call("city_join", {"file": text})
    assert re.search(words, answer["error"]), answer
    assert "/proc" not in answer["error"] and not town.reloads.exists()
    assert not (town.folder / "city").exists()


@pytest.mark.root  # files of other users
def test_a_box_joins_and_leaves(town):
    text = JOIN_FILE.read_text()
    login = town.folder / "city/login"
    told = town.call("city_join", {"file": text})
    assert told["joined"] is True and told["site"] and told["city"]
    assert town.call("city") == told
    assert town.reloads.read_text() == "reload\n"
    assert login.stat().st_mode & 0o777 == 0o640
    # the file itself lies nowhere, and what it opens is told to nobody
    key = re.search("option key '(.*)'", text)[1]
    password = re.search("option password '(.*)'", text)[1]
    assert password in login.read_text()
    assert key not in json.dumps(told) and password not in json.dumps(told)
    assert not [p for p in town.folder.rglob("*")
                if p.is_file() and key.encode() in p.read_bytes()]
    answer = town.call("city_join", {"file": text})
    assert "in a city already" in answer["error"]
    assert town.reloads.read_text() == "reload\n"
    assert town.call("city_join", {"file": text, "replace": "yes"}) == told
    assert town.call("city_leave") == {"joined": False}
    assert not login.exists()
    assert town.reloads.read_text() == "reload\n" * 3


def test_no_other_ways_into_a_city(plugin):
    plugin.place(PATHS["CONFIG"]).write_text("config portal\n")
    for wrong in ({}, {"file": "x", "replace": "no"}, {"replace": "yes"},
                  {"file": "x\x1b[2J"}, {"file": ["x"]}, {"path": "/etc/shadow"}):
        plugin.is_refused("city_join", wrong)
    plugin.is_refused("city_leave", {"file": "x"})
