#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""options.py [--write]: are the files that LuCI's views and translators are
given up to date?

htdocs/.../stadttor/options.js describes every option of the config. It is made
out of the option lists of docs/stadttor.conf.5, which `make docs` prints from
the tables in common/config/settings_options.c and common/config/settings_pages.c.
po/templates/stadttor.pot lists the texts of all views, menus and of the ACL;
the translations beside it keep what they have, and get what is new untranslated.
"""
import json
import pathlib
import re
import sys

APP = pathlib.Path(__file__).resolve().parent
PAGE = APP.parents[1] / "docs/stadttor.conf.5"
OPTIONS = APP / "htdocs/luci-static/resources/stadttor/options.js"
TEMPLATE = APP / "po/templates/stadttor.pot"
HEAD = """\
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8"
"""

# What "Allowed:" says -> the type that form.js validates. A form that is not
# here stops the script, so that no option comes without its validation.
TYPES = [
    ("0 or 1", "bool"),
    ("a whole number, from {} to {}", "number"),
    ("a time such as 90, 15m, 8h or 2d, from {} to {}", "seconds"),
    ("a rate such as 800kbit or 5mbit, from {} to {}", "rate"),
    ("a size such as 500MB or 2GiB, from {} to {}", "bytes"),
    ("one of {}", "word"),
    ("a network device of at most 15 characters", "device"),
    ("a hardware address such as {}", "mac"),
    ("text in UTF-8 without control or direction characters "
     "({} to {} bytes)", "text"),
    ("an absolute file name ({} to {} bytes)", "path"),
    ("a host or domain name", "domain"),
    ("a host name, or nothing", "hostname"),
    ("an IPv4 or IPv6 address or network such as {}", "network"),
    ("a port such as 8883/tcp or 8801/udp, or all", "port"),
    ("one IPv4 or IPv6 address of this box", "address"),
    ("an http or https address", "url"),
    ("an http or https address, or mailto: and a mail address", "notify"),
    ("a mail address, or nothing", "mail"),
    ("a name or address, and perhaps a port, such as {}", "relay"),
    ("a colour such as {}", "colour"),
    ("a language and a text, such as {}", "translation"),
    ("the name of a zone", "zone"),
    ("a language and a file, such as {}", "translation"),
    ("a date such as {}, or nothing", "date"),
    ("a UUID such as {}, or nothing", "uuid"),
    ("latitude and longitude in degrees, such as {}", "place"),
    ("hours such as {}", "hours"),
    ("the name of a radio, such as {}", "radio"),
    ("a date or two and hours, such as {}", "dates"),
    ("a JSON pointer (RFC 6901) such as {}", "pointer"),
    ("an address such as {}", "server"),
    ("a claim and its value, or *, and limits, such as {} or {}", "tariff"),
]


def take_type(allowed):
    """(type, text with %s for what differs, what stands there)"""
    for form, kind in TYPES:
        pattern = re.escape(form).replace(r"\{\}", "(.+)")
        found = re.fullmatch(pattern, allowed)
        if found:
            return kind, form.replace("{}", "%s"), list(found.groups())
    sys.exit(f"options.py: '{allowed}' is in no TYPES")


def take_option(lines):
    """The lines of one .It of the man page."""
    kind, _, name = lines[0].split()
    option = {"name": name, "is_list": kind == "list", "help": lines[1],
              "required": False, "fallback": ""}
    for line in lines[2:]:
        word, _, value = line.rstrip(".").partition(": ")
        if word == "Allowed":
            option["type"], option["form"], option["bounds"] = take_type(value)
        elif word == "Default":
            # a value of the table may end in dots of its own
            option["fallback"] = line[len("Default: "):-1]
        elif word == "Required":
            option["required"] = True
        else:
            sys.exit(f"options.py: what is '{line}'?")
    return option


def sections(page):
    text = page.split("refreshed by `make docs`\n")[1]
    text = text.split('.\\" end of options')[0]
    for part in text.split(".Ss config ")[1:]:
        head, *items = part.split(".It Ic ")
        name, note, _ = head.splitlines()
        # whether it is named, and how many there may be, is seen in a form
        note = re.sub("(, named)?; at (most|least) [^;]+$", ".", note)
        items[-1] = items[-1].rsplit(".El", 1)[0]
        yield name, note, [take_option(i.splitlines()) for i in items]


def quoted(text):
    if "'" not in text and "\\" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)


def script_option(o):
    fields = [f"name: {quoted(o['name'])}", f"type: {quoted(o['type'])}"]
    if o["is_list"]:
        fields.append("isList: true")
    if o["required"]:
        fields.append("required: true")
    if o["fallback"]:
        fields.append(f"fallback: {quoted(o['fallback'])}")
    bounds = o["bounds"]
    if o["type"] == "word":
        words = bounds[0].split(", ")
        fields.append(f"words: [ {', '.join(map(quoted, words))} ]")
    elif len(bounds) == 2:
        fields.append(f"min: {quoted(bounds[0])}, max: {quoted(bounds[1])}")
    form = f"_({quoted(o['form'])})"
    if bounds:
        form += f".format({', '.join(map(quoted, bounds))})"
    return ("\t\t\t\t{ " + ", ".join(fields) + ",\n\t\t\t\t  allowed: " + form
            + ",\n\t\t\t\t  help: _(" + quoted(o["help"]) + ") }")


def build_script(page):
    out = ["// SPDX-License-Identifier: GPL-3.0-or-later",
           "// Made by options.py, out of the option tables of the config.",
           "'use strict';", "'require baseclass';", "",
           "return baseclass.extend({", "\tsections: ["]
    for name, note, options in sections(page):
        out.append(f"\t\t{{ name: {quoted(name)}, note: _({quoted(note)}),")
        out.append("\t\t  options: [")
        out.append(",\n".join(script_option(o) for o in options))
        out.append("\t\t\t]\n\t\t},")
    out[-1] = out[-1][:-1]
    return "\n".join(out + ["\t]", "});", ""])


# --- what is to be translated ----------------------------------------------
CALL = re.compile(r"""\b_\(\s*('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")""")


def literal(text):
    return json.loads(text) if text[0] == '"' else \
        text[1:-1].replace("\\'", "'").replace("\\\\", "\\")


def menu_texts(path):
    for entry in json.loads(path.read_text()).values():
        for key in ("title", "description"):
            if key in entry:
                yield entry[key]


def texts():
    """{text: where it stands}, in the order of the files."""
    found = {}
    scripts = {OPTIONS: build_script(PAGE.read_text())}
    for path in sorted(APP.glob("htdocs/**/*.js")) + [OPTIONS]:
        source = scripts.get(path) or path.read_text()
        for call in CALL.findall(source):
            found.setdefault(literal(call), []).append(path)
    for path in sorted(APP.glob("root/usr/share/**/*.json")):
        for text in menu_texts(path):
            found.setdefault(text, []).append(path)
    return found


def build_catalog(head, translations):
    out = [head.strip(), ""]
    for text, paths in sorted(texts().items()):
        for path in sorted({str(p.relative_to(APP)) for p in paths}):
            out.append(f"#: {path}")
        if re.search("%[sd]", text):
            out.append("#, c-format")
        for key, value in (("msgid", text),
                           ("msgstr", translations.get(text, ""))):
            out.append(f"{key} {json.dumps(value, ensure_ascii=False)}")
        out.append("")
    return "\n".join(out)


def read_catalog(path):
    """(head, {text: translation}); one line a text, as written here."""
    head, *blocks = path.read_text().split("\n\n")
    found = {}
    for block in blocks:
        entry = dict(line.split(" ", 1) for line in block.splitlines()
                     if line.startswith("msg"))
        if entry:
            found[json.loads(entry["msgid"])] = json.loads(entry["msgstr"])
    return head, found


def files():
    """(path, what it should hold)"""
    yield OPTIONS, build_script(PAGE.read_text())
    yield TEMPLATE, build_catalog(HEAD, {})
    for path in sorted(APP.glob("po/*/stadttor.po")):
        yield path, build_catalog(*read_catalog(path))


def main(args):
    if args not in ([], ["--write"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = 0
    for path, text in files():
        if path.exists() and path.read_text() == text:
            continue
        if args:
            path.write_text(text)
        else:
            print(f"{path.relative_to(APP)} is not up to date: "
                  "openwrt/luci-app-stadttor/options.py --write",
                  file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
