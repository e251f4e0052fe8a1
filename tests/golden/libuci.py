# SPDX-License-Identifier: GPL-3.0-or-later
"""What libuci makes of a file, modelled on how it works (openwrt/uci: file.c,
list.c, util.c; strict, as it is by default): it reads a line into a buffer,
cuts words out of it by writing NULs into that buffer, and reads on into it
where quotes or a backslash ask for more. Our parser does nothing of the kind,
so that it and this agree only if both are right.
"""
SPACE = b" \t\n\v\f\r"
KEYWORDS = (b"package", b"config", b"option", b"list")


class Refused(Exception):
    """libuci gives a parse error, or Stadttor one on purpose."""


class Lossy(Refused):
    """libuci would drop something without a word, Stadttor refuses."""


def is_name(word, more=b""):
    return all(chr(c).isascii() and chr(c).isalnum() or c in b"_" + more
               for c in word)


class Buffer:
    def __init__(self, data):
        self.lines = data.split(b"\n")
        self.lines = [line + b"\n" for line in self.lines[:-1]] + [
            line for line in self.lines[-1:] if line]
        self.text = bytearray(b"\0")
        self.pos = 0

    def here(self):
        return self.text[self.pos]

    def getln(self, at):
        line = self.lines.pop(0) if self.lines else b""
        self.text[at:] = line + b"\0"

    def skip_space(self):
        while self.here() and self.here() in SPACE:
            self.pos += 1

    def backslash(self):
        """Is the next character to be taken?"""
        self.pos += 1
        if self.here() == 0 or self.text[self.pos:] in (b"\n\0", b"\r\n\0"):
            self.getln(self.pos)
            return False
        return True

    def quoted(self, word, quote):
        self.pos += 1
        while self.here() != quote:
            if self.here() == 0:
                self.getln(self.pos)
                if self.here() == 0:
                    raise Refused("never closed")
            elif self.here() == ord("\\") and quote == ord('"') and (
                    not self.backslash()):
                pass
            else:
                word.append(self.here())
                self.pos += 1
        self.pos += 1

    def word(self):
        """One word; where it ends a NUL is written over the text, which may
        fall on what ended it."""
        start, word, is_over = self.pos, bytearray(), False
        while True:
            c = self.here()
            if c in b"'\"" and c:
                self.quoted(word, c)
            elif c == ord("#"):
                self.text[self.pos] = 0
                break
            elif c == 0:
                break
            elif c == ord(";"):
                is_over = True
                break
            elif c != ord("\\") or self.backslash():
                word.append(self.here())
                self.pos += 1
            if self.here() == 0 or self.here() in SPACE:
                break
        if self.here() and not is_over:
            self.pos += 1
        nul = start + len(word)
        if is_over and nul == self.pos:
            rest = bytes(self.text[self.pos + 1:-1]).lstrip(SPACE)
            if rest and not rest.startswith(b"#"):
                raise Lossy("behind a ;")
        if nul == self.pos:
            self.text[nul] = 0
        return bytes(word)

    def argument(self):
        self.skip_space()
        if self.here() == ord(";"):
            self.text[self.pos] = 0
            self.pos += 1
            return b""
        return self.word()

    def keyword(self):
        """As strtok() cuts it; None: there is none."""
        while self.here() and self.here() in b" \t":
            self.pos += 1
        end = self.pos
        while self.text[end] and self.text[end] not in b" \t":
            end += 1
        if end == self.pos:
            return None
        word = bytes(self.text[self.pos:end])
        if word.startswith(b"#"):
            return None
        for keyword in KEYWORDS:
            if word in (keyword, keyword[:1]):
                if self.text[end] == 0:
                    raise Refused("nothing follows the keyword")
                self.pos = end + 1
                return keyword
        raise Refused("no keyword")


class Package:
    def __init__(self):
        self.sections = []
        self.at = None

    def config(self, kind, name):
        if any(not 33 <= c <= 126 for c in kind) or not is_name(name):
            raise Refused("name")
        self.at = next((s for s in self.sections if name and s[1] == name),
                       None)
        if self.at is None:
            self.at = [kind, name, []]
            self.sections.append(self.at)
        elif self.at[0] != kind:
            raise Refused("another type")

    def option(self, name, value, is_list):
        if self.at is None or not is_name(name):
            raise Refused("name, or no section")
        options = self.at[2]
        old = next((o for o in options if o[0] == name), None)
        if is_list and old and isinstance(old[1], list):
            old[1].append(value)
        elif is_list:
            new = [old[1], value] if old else [value]
            if old:
                options.remove(old)
            options.append([name, new])
        elif value and not (old and old[1] == value):
            if old:
                options.remove(old)
            options.append([name, value])

    def export(self):
        out = b""
        for kind, name, options in self.sections:
            out += b"\nconfig " + kind + (name and b" '%s'" % name) + b"\n"
            for key, value in options:
                is_list = isinstance(value, list)
                for v in value if is_list else [value]:
                    out += b"\t%s %s '%s'\n" % (
                        b"list" if is_list else b"option", key,
                        v.replace(b"'", b"'\\''"))
        return out + b"\n"


def statement(package, buffer, keyword):
    first = buffer.argument()
    second = b"" if keyword == b"package" else buffer.argument()
    if buffer.argument():
        raise Refused("too many words")
    if not first:
        raise Refused("too few words")
    if keyword == b"package":
        if not is_name(first, b"-"):
            raise Refused("name")
    elif keyword == b"config":
        package.config(first, second)
    else:
        package.option(first, second, keyword == b"list")


def load(data):
    """The file as `uci commit` would write it."""
    if b"\0" in data:
        raise Lossy("a NUL byte")
    package, buffer = Package(), Buffer(data)
    while buffer.lines:
        buffer.pos = 0
        buffer.getln(0)
        buffer.skip_space()
        while (keyword := buffer.keyword()) is not None:
            statement(package, buffer, keyword)
    return package.export()
