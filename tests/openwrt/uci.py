# SPDX-License-Identifier: GPL-3.0-or-later
"""uci, as far as the package's scripts use it. As openwrt/uci has it (cli.c,
file.c): changes wait until they are committed; a commit writes the whole file
anew, without comments, under the old mode; "show" quotes each value; an empty
value deletes; -q is silent. "export-sh" stands in for functions.sh' uci_load.

The scripts call it dozens of times, so it answers from the test's process, and
its command is a function, which asks through two pipes in the router's folder.
The answer is a script: ash reads that in one go, and lines byte by byte.
"""
import os
import re
import shlex
import threading

FUNCTION = """uci()
{
	local code

	printf '%s\\n' "$@" >"$STUB_ETC/.ask"
	. "$STUB_ETC/.answer"
	return "$code"
}
"""


def parse(text):
    sections = []
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        if words[0] == "config":
            sections.append([words[1], words[2] if len(words) > 2 else None,
                             {}])
        elif words[0] == "option":
            sections[-1][2][words[1]] = words[2]
        elif words[0] == "list":
            sections[-1][2].setdefault(words[1], []).append(words[2])
        else:
            raise SystemExit("uci: Parse error")
    return sections


def quoted(value):
    return "'" + value.replace("'", "'\\''") + "'"


def written(sections):
    out = []
    for kind, name, options in sections:
        out.append(f"\nconfig {kind}" + (f" {quoted(name)}" if name else ""))
        for key, value in options.items():
            if isinstance(value, list):
                out += [f"\tlist {key} {quoted(v)}" for v in value]
            else:
                out.append(f"\toption {key} {quoted(value)}")
    return "\n".join(out) + "\n\n"


def find(sections, name):
    got = re.fullmatch(r"@(\w+)\[(-?\d+)\]", name)
    if got:
        those = [s for s in sections if s[0] == got[1]]
        index = int(got[2])
        return those[index] if -len(those) <= index < len(those) else None
    return next((s for s in sections if s[1] == name), None)


def apply(sections, verb, rest, value):
    section = find(sections, rest[0])
    if len(rest) == 1 and verb == "set":
        if section:
            section[0] = value
        else:
            sections.append([value, rest[0], {}])
    elif section is None:
        return False
    elif verb == "delete" and len(rest) == 1:
        sections.remove(section)
    elif verb == "delete":
        return section[2].pop(rest[1], None) is not None
    elif verb == "add_list":
        old = section[2].get(rest[1], [])
        section[2][rest[1]] = ([old] if isinstance(old, str) else old) + [value]
    elif value == "":
        section[2].pop(rest[1], None)
    else:
        section[2][rest[1]] = value
    return True


def names(sections):
    seen = {}
    for kind, name, options in sections:
        n = seen.setdefault(kind, 0)
        seen[kind] += 1
        yield name or f"@{kind}[{n}]", kind, options


class Uci:
    def __init__(self, etc):
        self.etc = etc
        self.delta = []
        self.fails = ""  # such as "dhcp commit"
        for pipe in (".ask", ".answer"):
            os.mkfifo(etc / pipe)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            args = (self.etc / ".ask").read_text().split("\n")[:-1]
            if args == ["stop"]:
                return
            code, out = self.answer([a for a in args if a != "-q"])
            said = f"printf %s {quoted(out)}\n" if out else ""
            (self.etc / ".answer").write_text(f"{said}code={code}\n")

    def stop(self):
        (self.etc / ".ask").write_text("stop\n")

    def answer(self, args):
        verb, rest = args[0], args[1]
        if verb in ("set", "add_list", "delete"):
            return self.change(verb, rest), ""
        return {"show": self.show, "get": self.get, "commit": self.commit,
                "revert": self.revert, "changes": self.changes,
                "export-sh": self.export_sh}[verb](rest)

    def load(self, package):
        path = self.etc / "config" / package
        if not path.exists():
            return []
        sections = parse(path.read_text())
        for entry in self.delta:
            if entry[0] == package:
                apply(sections, *entry[1:])
        return sections

    def show(self, package):
        out = []
        for name, kind, options in names(self.load(package)):
            out.append(f"{package}.{name}={kind}\n")
            for key, value in options.items():
                those = value if isinstance(value, list) else [value]
                out.append(f"{package}.{name}.{key}=" +
                           " ".join(quoted(v) for v in those) + "\n")
        return 0, "".join(out)

    def get(self, key):
        package, *rest = key.split(".", 2)
        section = find(self.load(package), rest[0])
        value = section and (section[0] if len(rest) == 1 else
                             section[2].get(rest[1]))
        if value is None:
            return 1, ""
        return 0, (" ".join(value) if isinstance(value, list)
                   else value) + "\n"

    def change(self, verb, text):
        key, _, value = text.partition("=")
        package, *rest = key.split(".", 2)
        if f"{package} {verb}" == self.fails or not (
                self.etc / "config" / package).exists():
            return 1
        if not apply(self.load(package), verb, rest, value):
            return 1
        self.delta.append([package, verb, rest, value])
        return 0

    def changes(self, package):
        return 0, "".join(f"{e}\n" for e in self.delta if e[0] == package)

    def revert(self, package):
        self.delta = [e for e in self.delta if e[0] != package]
        return 0, ""

    def commit(self, package):
        path = self.etc / "config" / package
        if self.fails == f"{package} commit":
            return 1, ""
        new = path.with_name(f".{package}.new")
        new.write_text(written(self.load(package)))
        new.chmod(path.stat().st_mode)
        new.rename(path)
        return self.revert(package)

    def export_sh(self, package):
        out = []
        for number, (name, kind, options) in enumerate(
                names(self.load(package))):
            if name.startswith("@"):
                name = f"cfg{number}"
            out.append(f"CONFIG_SECTIONS=\"$CONFIG_SECTIONS {name}\"\n"
                       f"CONFIG_{name}_TYPE={kind}\n")
            for key, value in options.items():
                text = " ".join(value) if isinstance(value, list) else value
                out.append(f"CONFIG_{name}_{key}={shlex.quote(text)}\n")
        return 0, "".join(out)
