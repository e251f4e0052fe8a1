# SPDX-License-Identifier: GPL-3.0-or-later
"""LuCI's application: what belongs together does, the linter agrees, and every
view runs in Chromium on luci/runtime.js with answers of the real command.

Pictures of all views: build/screenshots/luci/.
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
ROOT = HERE.parents[1]
APP = ROOT / "openwrt/luci-app-stadttor"
RESOURCES = APP / "htdocs/luci-static/resources"
SHARE = APP / "root/usr/share"
FORMS = ["accounts", "city", "garden", "operation", "portal", "zones"]
VIEWS = sorted(RESOURCES.glob("view/stadttor/*.js"))
MODULES = sorted(RESOURCES.glob("stadttor/*.js"))
LITERAL = r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\""""

sys.path[:0] = [str(HERE), str(HERE.parent / "golden"), str(APP)]

import options  # noqa: E402
import test_cli  # noqa: E402
import test_rpcd  # noqa: E402

MENU = json.loads((SHARE / "luci/menu.d/luci-app-stadttor.json").read_text())
ACL = json.loads(
    (SHARE / "rpcd/acl.d/luci-app-stadttor.json").read_text())
SECTIONS = list(options.sections(options.PAGE.read_text()))
OPTIONS = {(s, o["name"]): o for s, _, list_ in SECTIONS for o in list_}


# --- what belongs together ----------------------------------------------------
def test_package():
    text = (APP / "Makefile").read_text()
    version = re.search(r"^VERSION := (.+)$", (ROOT / "Makefile").read_text(),
                        re.M).group(1)
    assert f"PKG_VERSION:={version}\n" in text
    assert "LUCI_DEPENDS:=+luci-base +stadttor\n" in text
    assert "LUCI_PKGARCH:=all\n" in text
    assert "PKG_LICENSE:=GPL-3.0-or-later\n" in text
    # how the buildroot finds packages of LuCI
    assert text.endswith("# call BuildPackage - OpenWrt buildroot signature\n")


def test_files():
    """What luci.mk copies, and nothing that would be shipped by mistake."""
    shipped = {str(p.relative_to(APP)) for folder in ("htdocs", "root")
               for p in (APP / folder).rglob("*") if p.is_file()}
    js = {str(p.relative_to(APP)) for p in VIEWS + MODULES}
    assert shipped == js | {
        "root/usr/libexec/rpcd/stadttor",
        "root/usr/share/luci/menu.d/luci-app-stadttor.json",
        "root/usr/share/rpcd/acl.d/luci-app-stadttor.json"}
    for path in shipped:
        mode = (APP / path).stat().st_mode & 0o777
        assert mode == (0o755 if "libexec" in path else 0o644), path


def test_options_and_translations_are_fresh():
    r = subprocess.run([APP / "options.py"], stderr=subprocess.PIPE, text=True)
    assert r.returncode == 0, r.stderr


def test_stale_files_are_noticed(tmp_path):
    app = tmp_path / "a/b"
    shutil.copytree(APP, app)
    (tmp_path / "docs").mkdir()
    page = (ROOT / "docs/stadttor.conf.5").read_text()
    (tmp_path / "docs/stadttor.conf.5").write_text(page.replace(
        "Log what the portal does.", "Log all that the portal does."))
    run = [app / "options.py"]
    r = subprocess.run(run, stderr=subprocess.PIPE, text=True)
    assert r.returncode == 1
    assert re.findall("^\\S+", r.stderr, re.M) == [
        "htdocs/luci-static/resources/stadttor/options.js",
        "po/templates/stadttor.pot", "po/de/stadttor.po"]
    subprocess.run(run + ["--write"], check=True)
    subprocess.run(run, check=True)
    (tmp_path / "docs/stadttor.conf.5").write_text(page.replace(
        "Allowed: 0 or 1.", "Allowed: yes, or maybe."))
    r = subprocess.run(run, stderr=subprocess.PIPE, text=True)
    assert r.returncode == 1 and "is in no TYPES" in r.stderr


def test_menu():
    top = MENU["admin/services/stadttor"]
    assert top["action"]["path"] in MENU
    # on uci would hide it where libuci cannot read the config (dispatcher.uc,
    # check_uci_depends)
    assert top["depends"] == {"acl": list(ACL)}
    views = {e["action"]["path"] for e in MENU.values()
             if e["action"]["type"] == "view"}
    assert views == {"stadttor/" + p.stem for p in VIEWS}
    titles = [e["title"] for _, e in sorted(
        MENU.items(), key=lambda item: item[1]["order"]) if e is not top]
    assert titles == ["Overview", "Zones", "Pages", "Garden", "Accounts",
                      "City", "Usage", "Vouchers", "Operation"]


def declared():
    text = (RESOURCES / "stadttor/gate.js").read_text()
    found = re.findall(r": method\('(\w+)',\s*\[([^\]]*)\]\)", text)
    assert len(found) == text.count(": method(")
    methods = {name: re.findall(r"'(\w+)'", params) for name, params in found}
    # whose last ones are a list of their own
    looks, preview = (re.search(rf"^const {name} = (.*?);\n", text,
                                re.M | re.S)[1]
                      for name in ("LOOKS", "previewOf"))
    assert preview.startswith("method('preview', ")
    assert preview.endswith("concat(LOOKS))")
    methods["preview"] = re.findall(r"'(\w+)'", preview)[1:] + \
        re.findall(r"'(\w+)'", looks)
    return methods


def test_methods_of_views_plugin_and_acl():
    """One list in three places; what changes something needs "write"."""
    listed = {**{m: a for m, (a, _) in test_rpcd.GOOD.items()},
              **test_rpcd.MORE}
    assert {m: sorted(p) for m, p in declared().items()} == {
        m: sorted(arguments) for m, arguments in listed.items()}
    rights = ACL["luci-app-stadttor"]
    read = rights["read"]["ubus"]["stadttor"]
    write = rights["write"]["ubus"]["stadttor"]
    assert sorted(read + write) == sorted(listed)
    assert sorted(write) == ["city_join", "city_leave", "picture_set",
                             "preview", "revoke", "secret_set", "sessions",
                             "vouchers_create", "vouchers_print",
                             "vouchers_revoke"]
    assert rights["read"]["ubus"] == {"stadttor": read, "service": ["list"]}
    assert set(rights["write"]["ubus"]) == {"stadttor"}
    assert rights["read"]["uci"] == rights["write"]["uci"] == ["stadttor"]
    assert set(rights["read"]) == set(rights["write"]) == {"ubus", "uci"}


# What LuCI and rpcd bring: rpcd's unauthenticated.json, and of luci-base.json
# (modules/luci-base, 2026) what does not concern files.
BASE_ACL = {
    "unauthenticated": {"read": {"ubus": {"session": ["access", "login"],
                                          "luci": ["getFeatures"]}}},
    "luci-base": {
        "read": {"ubus": {"uci": ["changes", "get"]},
                 "uci": ["system", "luci"]},
        "write": {"ubus": {"uci": ["add", "apply", "confirm", "delete",
                                   "order", "rename", "set"]}}},
}


def granted(**groups):
    """What a login with these lists may do, as openwrt/rpcd, session.c has it
    (rpc_login_setup_acls): {scope: {object: [function]}}."""
    grants = {}
    for group, rights in {**BASE_ACL, **ACL}.items():
        for level in ("read", "write"):
            lists = groups.get(level, []) + (
                groups.get("write", []) if level == "read" else [])
            if not {"*", group} & set(lists):
                continue
            for scope, objects in rights.get(level, {}).items():
                if isinstance(objects, list):
                    objects = {name: [level] for name in objects}
                for name, functions in objects.items():
                    grants.setdefault(scope, {}).setdefault(
                        name, []).extend(functions)
    return grants


def documented_groups():
    """Of the user who may only look, in docs/openwrt.md."""
    text = (ROOT / "docs/openwrt.md").read_text()
    return re.findall(r"^\s*uci add_list rpcd\.\S+\.read='(\S+)'", text, re.M)


def test_documented_reader():
    groups = documented_groups()
    assert set(groups) == {"unauthenticated", "luci-base", "luci-app-stadttor"}
    text = (ROOT / "docs/openwrt.md").read_text()
    assert not re.search(r"uci add_list rpcd\.\S+\.write=", text)
    grants = granted(read=groups)
    writes = ACL["luci-app-stadttor"]["write"]["ubus"]["stadttor"]
    assert not set(grants["ubus"]["stadttor"]) & set(writes)
    assert grants["uci"]["stadttor"] == ["read"]


def test_only_gate_talks_to_ubus():
    for path in VIEWS + MODULES:
        assert ("rpc.declare" in path.read_text()) == (path.stem == "gate")


@pytest.mark.parametrize("path", VIEWS + MODULES, ids=lambda p: p.name)
def test_texts_can_be_found(path):
    """LuCI's scanner takes one literal."""
    text = path.read_text()
    calls = re.findall(r"(?<![\w.])_\(", text)
    assert len(calls) == len(re.findall(rf"(?<![\w.])_\((?:{LITERAL})\)", text))


def catalog():
    return options.read_catalog(APP / "po/de/stadttor.po")[1]


def test_german():
    translated = catalog()
    assert sorted(translated) == sorted(options.texts())
    for text, german in translated.items():
        assert german, text
        assert re.findall("%[sd]|{}", text) == re.findall("%[sd]|{}", german)
        # LuCI writes help texts as HTML
        assert not re.search("[<>&]", text + german), text


def labels(part):
    """{section or section.option: {option or word: label}} of labels.js."""
    text = (RESOURCES / "stadttor/labels.js").read_text()
    body = re.search(rf"^\t{part}: \{{\n(.*?)^\t\}}", text, re.M | re.S)[1]
    return {name: {key: options.literal(words) for key, words in re.findall(
                rf"^\t\t\t'?(\w+)'?: _\(({LITERAL})\)", entries, re.M)}
            for name, entries in re.findall(
                r"^\t\t'?([\w.]+)'?: \{\n(.*?)^\t\t\}", body, re.M | re.S)}


def test_every_option_has_a_label_in_words():
    """And every word that one may choose; in German as well."""
    assert {(section, name) for section, those in labels("options").items()
            for name in those} == set(OPTIONS)
    words = {f"{section}.{name}": o["bounds"][0].split(", ")
             for (section, name), o in OPTIONS.items() if o["type"] == "word"}
    assert {name: list(those) for name, those in labels("words").items()} == \
        words
    german = catalog()
    for part in ("options", "words"):
        for those in labels(part).values():
            assert len(set(those.values())) == len(those)
            for label in those.values():
                assert "_" not in label and len(label) <= 40
                assert len(german[label]) <= 40, label


def test_what_applies_when_is_of_one_section():
    text = (RESOURCES / "stadttor/forms.js").read_text()
    body = re.search(r"^const NEEDS = \{\n(.*?)^\};", text, re.M | re.S)[1]
    needs = re.findall(r"^\t'(\w+)\.(\w+)': \[(.*)\]", body, re.M)
    assert len(needs) == body.count("\n") > 20
    for section, name, conditions in needs:
        assert (section, name) in OPTIONS
        for other, value in re.findall(r"(\w+): ('\w*'|set|/\S+/|true)",
                                       conditions.replace("'!contains': true",
                                                          "")):
            option = OPTIONS[section, other]
            for word in re.findall(r"\w+", value.strip("'/")):
                if option["type"] == "word":
                    assert word in option["bounds"][0].split(", "), word


def test_texts_say_nothing_double():
    """Names of options come from the tables alone."""
    for path in VIEWS:
        for name in re.findall(r"'([a-z_]+)'", path.read_text()):
            if "_" in name and path.stem in FORMS:
                assert any(name == o for _, o in OPTIONS), name


# --- the linter ---------------------------------------------------------------
def is_installed(mark):
    lock = mark.parents[1] / "package-lock.json"
    return mark.exists() and mark.stat().st_mtime >= lock.stat().st_mtime


@pytest.fixture(scope="session")
def tools():
    for program in ("node", "npm", "chromium"):
        if not shutil.which(program):
            pytest.fail(f"{program} is missing: make deps")
    wanted = [f"tests/{name}/node_modules/.package-lock.json"
              for name in ("browser", "openwrt")]
    if not all(is_installed(ROOT / path) for path in wanted):
        subprocess.run(["make", "-s", "-C", ROOT, *wanted], check=True,
                       timeout=300)


def lint(folder, *paths):
    return subprocess.run(
        [HERE / "node_modules/.bin/eslint", "--no-warn-ignored",
         "--max-warnings=0", "--config", HERE / "luci/eslint.config.mjs",
         *paths], cwd=folder, stdout=subprocess.PIPE, text=True, timeout=120)


def test_lint(tools):
    r = lint(APP, ".")
    assert r.returncode == 0, r.stdout


BAD = """'use strict';
'require view';
return view.extend({
	render: function(data) {
		const node = E('p', {}, 'text');
		node.innerHTML = data;
		node.insertAdjacentHTML('beforeend', data);
		eval(data);
		window.setTimeout('x()', 1);
		unknown(`a`, new Function(data));
		return /x/;
	}
});
"""


def test_the_linter_would_tell(tools, tmp_path):
    (tmp_path / "bad.js").write_text(BAD)
    (tmp_path / "bad.json").write_text('{"a": 1, "a": 2}')
    found = lint(tmp_path, "bad.js", "bad.json").stdout
    for line, rule in ((5, "no-restricted-syntax"),
                       (6, "no-restricted-properties"),
                       (7, "no-restricted-properties"), (8, "no-eval"),
                       (9, "no-implied-eval"), (10, "no-undef"),
                       (10, "no-restricted-syntax"), (10, "no-new-func"),
                       (11, "no-restricted-syntax"),
                       (1, "json/no-duplicate-keys")):
        assert re.search(rf"^ +{line}:.* {rule}$", found, re.M), (rule, found)


@pytest.mark.parametrize("path", VIEWS + MODULES, ids=lambda p: p.name)
def test_syntax(tools, path):
    """As LuCI reads it: the body of a function."""
    script = "new Function(require('fs').readFileSync(process.argv[1], 'utf8'))"
    subprocess.run(["node", "-e", script, path], check=True)


# --- in a browser -------------------------------------------------------------
CONFIG = [
    {".type": "uplink", ".name": "wan", "device": "eth0"},
    {".type": "zone", ".name": "guest", "device": "br-guest",
     "auth": "voucher", "duration": "8h", "quota": "2GB",
     "garden_name": ["city.example"], "counted": "1"},
    {".type": "zone", ".name": "staff", "device": "br-staff"},
    {".type": "portal", ".name": "cfg0a", "network": "Free Wi-Fi"},
    {".type": "tile", ".name": "parking", "title": ["de=Parken", "en=Parking"],
     "link": "https://city.example/", "icon": "parking"},
    {".type": "radius", ".name": "main", "server": ["192.0.2.5"],
     "secret": "of-old-times"},
    {".type": "oidc", ".name": "cfg0c", "issuer": "https://login.example"},
    {".type": "text", ".name": "cfg0b", "key": "portal_heading",
     "text": ["de=Hallo"]},
]
SERVICES = {"service": {"list": {"stadttor": {"instances": {
    "netctl": {"running": True}, "portal": {"running": False}}}}}}
# Values of each type through JavaScript and through the config's own parser.
SAMPLES = {
    ("zone", "dns_rate"): ["1", "10000", "0", "10001", "007", "1.5", "-1",
                           "1k", " 1", "x", "99999999999999999999"],
    ("zone", "idle"): ["0", "90", "15m", "8h", "2d", "1h30m", "1.5h", "1H",
                       "365d", "366d", "1h30", "h", "-1", "1w", "90 s",
                       "0.5s", "1.25m", "1.2345h", "1."],
    ("zone", "slow_rate"): ["8kbit", "8000", "7999", "7kbit", "0.008mbit",
                            "2.5mbit", "5Mbit", "1000gbit", "1001gbit",
                            "5mbit5", "5mbit1kbit", "5", "fast", "1kb"],
    ("zone", "quota"): ["0", "500MB", "2GiB", "2gib", "1.5GB", "1000TB",
                        "1001TB", "1KB", "1 MB", "1MB1kB", "1.0001kB", "1TiB"],
    ("zone", "auth"): ["click", "tap", "Click"],
    ("gate", "on_stop"): ["keep", "remove", "Keep", "x"],
    ("uplink", "device"): ["eth1", "x" * 15, "x" * 16, "a b", "a/b", "..", "a:",
                           "br-lan.20", "wlan0@x"],
    ("portal", "network"): ["x", "ä" * 32, "ä" * 33, "x" * 64, "x" * 65,
                            "a<b>&\"'", "a\tb", "a\x7f", "a\u202eb", "$(x)"],
    ("gate", "socket"): ["/a", "a", "/" + "x" * 99, "/" + "x" * 100, "/a b",
                         "/ä"],
    ("zone", "garden_name"): ["a", "city.example", "city.example.", ".", "a..b",
                              "a b", "*.a", "x" * 63, "x" * 64, "-a", "_a.b",
                              "ä.de", "a.", ".a"],
    ("portal", "hostname"): ["wifi.example", "wifi_1", "a/b", "10.0.0.1"],
    ("zone", "garden_address"): [
        "192.0.2.1", "192.0.2.0/24", "192.0.2.0/0", "192.0.2.0/33", "192.0.2",
        "256.0.0.1", "2001:db8::", "2001:db8::/32", "2001:db8::1/129",
        "::ffff:1.2.3.4", "1::2::3", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7",
        "::/0", "x", "192.0.2.0/24/1", "192.0.2.0/", "fe80::1%eth0", ":",
        ":::", "1:2:3:4:5:6:1.2.3.4", "12345::"],
    ("zone", "garden_port"): [
        "all", "80/tcp", "65535/udp", "65536/udp", "0/tcp", "080/tcp", "80",
        "80/sctp", "tcp/80", "/tcp", "80/tcp/", "80 /tcp", "-1/tcp", "All",
        "99999999999999999999/tcp"],
    ("zone", "open"): [
        "mo-fr 07:00-22:00", "07:00-22:00", "sa,su 09:00-24:00", "22:00-02:00",
        "Mo 07:00-22:00", "mo 7:00-22:00", "mo 07:00-24:30", "mo 24:00-07:00",
        "mo, 07:00-08:00", "mo 07:60-08:00", "mo", "07:00"],
    ("zone", "open_on"): [
        "12-25 closed", "2026-12-24 07:00-12:00", "13-01 closed", "12-25",
        "2026-12-24/2027-01-02 closed", "12-25 Closed", "12-32 closed"],
    ("zone", "night_radio"): [
        "radio0", "wl_5G", "radio-0", "radio 0", "r" * 31, "r" * 32, "radié"],
    ("admin", "address"): ["127.0.0.1", "::1", "0.0.0.0", "::", "10.0.0.1/8",
                           "localhost", "0:0::0"],
    ("admin", "notify"): ["https://a/b", "http://a", "mailto:ops@example.org",
                          "ops@example.org", "mailto:ops", "mailto:", "ftp://a",
                          "mailto:a@b c", "mailto:a@b@c"],
    ("admin", "mail_from"): ["ops@example.org", "a.b+c@d", "a@", "@b", "a b@c",
                             "ops", "<a@b>"],
    ("admin", "mail_relay"): [
        "smtp.example.org", "smtp.example.org:587", "smtp", "smtp:0", "192.0.2.5",
        "192.0.2.5:465", "[2001:db8::1]:25", "2001:db8::1", "smtp:x", "a b", ":25"],
    ("portal", "venue_url"): ["http://a", "https://a.b/c?d=e#f", "HTTP://a",
                              "ftp://a", "http://", "http:///x", "https://a b",
                              "http://a\"b", "http://a'", "http://a<",
                              "javascript:alert(1)", "//a"],
    ("portal", "colour_accent"): ["#0a5a61", "#0A5A61", "#0a5a6", "#0a5a61f",
                                  "0a5a61", "red", "#0g5a61"],
    ("tile", "title"): ["de=Parken", "de=", "=x", "d=x", "de", "DE=x",
                        "zh-hant=x", "x" * 12 + "=x", "de =x", "-de=x", "de==",
                        "de=a\tb"],
    ("legal", "statement_date"): ["2026-11-30", "2026-13-01", "2026-11-32",
                                  "26-11-30", "2026-1-1", "30.11.2026"],
    ("portal", "wifi4eu"): ["123e4567-e89b-12d3-a456-426655440000",
                            "123E4567-E89B-12D3-A456-426655440000",
                            "123e4567e89b12d3a456426655440000",
                            "123e4567-e89b-12d3-a456-42665544000g"],
    ("zone", "at"): ["48.1374,11.5755", "-90,180", "91,0", "0,181", "48,1,2",
                     "48.1374", "x,1", "48.1374, 11.5755"],
    ("zone", "tariff"): ["role=pupil:20mbit:5mbit:1d", "*:0:0:8h", "role=x",
                         "*:0:0", "role:0:0:8h", ":0:0:8h"],
    ("device", "mac"): ["02:00:5e:00:53:01", "02-00-5E-00-53-01", "02005e005301",
                        "0200.5e00.5301", "03:00:5e:00:53:01",
                        "00:00:00:00:00:00", "02:00:5e:00:53", "x"],
    ("radius", "server"): ["192.0.2.5", "192.0.2.5:1645", "[2001:db8::5]:1812",
                           "2001:db8::5", "192.0.2.5:0", "192.0.2.5:65536",
                           "host.example", "[192.0.2.5]:1"],
    ("tile", "zone"): ["guest", "Guest", "a-b", "x" * 16],
    ("tile", "live_pointer"): ["/a", "/lots/0/free", "a", "/a~0b", "/a~2", "/~",
                               "/", "//"],
}
BASE = {"uplink 'wan'": ["option device 'eth0'"],
        "zone 'guest'": ["option device 'br0'"],
        "tile 'parking'": ["list title 'en=x'", "option link 'http://a'"]}
# Of a section, or of an option that needs another one.
MORE_BASE = {"open_on": {"zone 'guest'": ["option device 'br0'",
                                          "list open '00:00-24:00'"]},
             "night_radio": {"zone 'guest'": ["option device 'br0'",
                                              "list open '07:00-22:00'"]},
             "notify": {"admin": ["option mail_relay 'smtp.example.org'",
                                  "option mail_from 'a@example.org'"]},
             "device": {"device 'printer'": ["option mac '02:00:5e:00:53:01'"]},
             "radius": {"radius 'main'": ["list server '192.0.2.5'",
                                          "option secret 'x'"]}}


def config_with(section, name, value):
    option = OPTIONS[section, name]
    quoted = re.sub(r'(["\\])', r"\\\1", value)
    line = f"{'list' if option['is_list'] else 'option'} {name} \"{quoted}\""
    parts = {head: [x for x in lines if x.split()[1] != name
                    or head.split()[0] != section]
             for head, lines in {
                 **BASE, **MORE_BASE.get(name, {}),
                 **MORE_BASE.get(section, {})}.items()}
    head = next((h for h in parts if h.split()[0] == section), section)
    parts.setdefault(head, []).append(line)
    return "".join(f"config {h}\n" + "".join(f"\t{x}\n" for x in lines)
                   for h, lines in parts.items())


def look(plugin):
    return {"usage": {step: plugin.call("usage", {
                "from": "2026-01-02" if step == "hour" else "2025-12-27",
                "to": "2026-01-02", "step": step})
                for step in ("hour", "day", "month")},
            "vouchers_list": plugin.call("vouchers_list"),
            "vouchers_statistics": plugin.call("vouchers_statistics")}


def after_mistake(plugin, config):
    """Answers when a mistake has come into the config of programs that run."""
    plugin.running.write_text(config.read_text())
    config.write_text("config gate\n\toption x '1'\n")
    check = plugin.call("check")
    check["error"] = check["error"].replace(str(config), "/etc/config/stadttor")
    return {"check": check, **look(plugin)}


@pytest.fixture(scope="module")
def answers(build, plain_build):
    """Without and with a mistake in the config. Of the plugin before the real
    command, so what views are written for is what they get."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="luci-"))
    folder.chmod(0o755)
    plugin = test_rpcd.Plugin(folder, build, plain_build / "golden/jshn")
    config = folder / "config"
    config.write_text(test_rpcd.CONFIG.format(folder, ROOT / "web"))
    plugin.place(test_rpcd.PATHS["CONFIG"]).write_text(config.read_text())
    plugin.be_real(config)
    subprocess.run([build / "golden/storedriver", "apply",
                    folder / "usage.sqlite", "50"], check=True, timeout=200,
                   env=dict(os.environ, TZ="UTC", ZONES="1"),
                   stdout=subprocess.DEVNULL)
    if os.geteuid() == 0:  # then the command becomes the portal's user
        shutil.chown(folder / "usage.sqlite", "nobody")
        shutil.chown(folder, "nobody")
    made = plugin.call("vouchers_create", {"count": 3, "minutes": 60,
                                           "label": "Fest"})
    got = {"check": plugin.call("check"), "vouchers_create": made,
           "vouchers_print": plugin.call("vouchers_print",
                                         {"codes": made["codes"][0]}),
           "vouchers_revoke": {"batch": 1, "ended": 0},
           "picture_set": {"path": "/etc/stadttor/pictures/logo-0a.svg"},
           "secret_set": {"path": "/etc/stadttor/secrets/x"},
           "city": {"joined": True, "city": "muster", "site": "rathaus"},
           "city_join": {"joined": True, "city": "muster", "site": "rathaus"},
           "city_leave": {"joined": False},
           "radios": {"radios": {"radio0": "2g", "wl_2": ""}},
           "preview": plugin.call("preview", {"page": "portal"}),
           "revoke": {"ended": 1}, **look(plugin)}
    wrong = after_mistake(plugin, config)
    for name, say in (("status", test_cli.status), ("sessions",
                                                    test_cli.pages)):
        netctl = test_cli.Netctl(folder)
        plugin.be_real(netctl.config)
        netctl.answers(say)
        got[name] = plugin.call(name)
        netctl.close()
        netctl.path.unlink()
    got["status"]["city"] = {"generation": 1, "forged": 0,
                             "troubles": ["clock_off"]}
    shutil.rmtree(folder)
    for name, answer in got.items():
        assert "error" not in json.dumps(answer)[:20], (name, answer)
    return [{"stadttor": a, **SERVICES} for a in (got, {**got, **wrong})]


@pytest.fixture(scope="module")
def shown(tools, answers):
    pictures = ROOT / "build/screenshots/luci"
    pictures.mkdir(parents=True, exist_ok=True)
    given = {"resources": str(RESOURCES), "pictures": str(pictures),
             "answers": answers[0], "wrong": answers[1], "config": CONFIG,
             "catalog": catalog(),
             "languages": sorted(p.stem for p in
                                 (ROOT / "web/lang").glob("*.json")),
             "grants": {"read": granted(read=documented_groups()),
                        "write": granted(read=["*"], write=["*"])},
             "samples": [[*key, value] for key, values in SAMPLES.items()
                         for value in values]}
    done = subprocess.run(["node", HERE / "luci/views.mjs"],
                          input=json.dumps(given), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line["name"]: line
            for line in map(json.loads, done.stdout.splitlines())}


def names():
    text = (HERE / "luci/views.mjs").read_text()
    for name in re.findall(r"^\s*cases\['([^']+)'\]", text, re.M):
        yield name
    for name in re.findall(r"^\s*cases\[`\$\{view\}([^`]+)`\]", text, re.M):
        yield from (view + name for view in
                    (FORMS if "unset" in name else [p.stem for p in VIEWS]))


@pytest.mark.full
@pytest.mark.parametrize("name", names())
def test_view(shown, name):
    assert name in shown, "did not run"
    assert shown[name]["ok"], shown[name]["text"]


@pytest.mark.full
def test_every_option_is_in_a_view(shown):
    found = [o for o in shown["found"]["found"]["options"]
             if not o["option"].startswith("_")]  # no option of the config
    assert sorted((o["section"], o["option"]) for o in found) == \
        sorted(OPTIONS)
    for o in found:
        option = OPTIONS[o["section"], o["option"]]
        assert o["inModal"], o
        assert option["help"].replace("&", "&amp;") in o["help"]
        wanted = {"bool": "Flag", "device": "DeviceSelect", "word": "ListValue"}
        kind = wanted.get(option["type"], "Value")
        if option["type"] == "colour":
            kind = "Stadttor.Colour"
        if (o["section"], o["option"]) in (("portal", "logo"),
                                           ("portal", "hero")):
            kind = "Stadttor.Picture"
        if (o["section"], o["option"]) == ("radius", "secret"):
            kind = "Stadttor.Secret"
        if option["is_list"]:
            kind = "MultiValue" if kind == "ListValue" else "DynamicList"
        assert o["kind"] == kind, o
        if option["type"] == "word":
            assert o["choices"] == len(option["bounds"][0].split(", "))


@pytest.mark.full
def test_unset_options_show_their_defaults(shown):
    seen = shown["found"]["found"]["unset"]
    words = labels("words")
    assert {key for key, o in OPTIONS.items() if o["fallback"]} <= {
        (o["section"], o["option"]) for o in seen}
    for o in seen:
        if o["option"].startswith("_"):
            continue
        fallback = OPTIONS[o["section"], o["option"]]["fallback"]
        fallback = words.get(f"{o['section']}.{o['option']}", {}).get(
            fallback, fallback)
        assert not fallback or o["shown"] in (fallback,
                                              f"{fallback} (default)"), o


@pytest.mark.full
def test_views_ask_what_the_plugin_takes(shown):
    for call in shown["found"]["found"]["calls"]:
        if call["object"] == "stadttor":
            arguments = test_rpcd.MORE.get(call["method"]) or \
                test_rpcd.GOOD.get(call["method"], [{}])[0]
            assert set(call["params"]) <= set(arguments)


@pytest.mark.full
def test_values_are_judged_as_by_the_config(shown, build, tmp_path):
    kinds = {OPTIONS[key]["type"] for key in SAMPLES} | {"bool"}
    assert kinds == {kind for _, kind in options.TYPES}
    samples = [(key, v) for key, values in SAMPLES.items() for v in values]
    verdicts = shown["found"]["found"]["samples"]
    assert len(samples) == len(verdicts) > 150
    differ = []
    for (key, value), in_browser in zip(samples, verdicts):
        path = tmp_path / "config"
        path.write_text(config_with(*key, value))
        r = subprocess.run([build / "stadttor", "check", path],
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           text=True, timeout=120)
        if (r.returncode == 0) != in_browser:
            differ.append((key, value, in_browser, r.stderr))
    assert differ == []
