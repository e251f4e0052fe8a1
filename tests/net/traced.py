# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs write to files, as the kernel is told, not as anybody lists."""
import os
import re
import tempfile

OPENS = re.compile(r"^(?:\d+ +)?(?:open|openat|creat|mkstemp)\(.*?"
                   r"\b(?:O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE)\b.*= \d+<(.*?)>")
WRITES = re.compile(r"^(?:\d+ +)?(?:p?write(?:64|v|v2)?)\(\d+<(.*?)>, (.*)\)"
                    r" += \d+")
BYTES = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


class Trace:
    """Words to put before a program, whose process keeps its number; then what
    it opened for writing, and wrote."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="stadttor-trace-")
        self.prefix = [
            "strace", "-D", "-ff", "-y", "-xx", "-s", "1048576", "-o",
            os.path.join(self.folder, "trace"), "-e",
            "trace=open,openat,openat2,creat,write,pwrite64,writev,pwritev,"
            "pwritev2,sendfile,copy_file_range,memfd_create",
            "-e", "signal=none"]

    def lines(self):
        for name in os.listdir(self.folder):
            with open(os.path.join(self.folder, name)) as file:
                yield from file

    def written(self):
        """{path: all that was ever written there}; a map's is not in it."""
        found = {}
        for line in self.lines():
            assert "sendfile(" not in line and "copy_file_range(" not in line
            opened, wrote = OPENS.match(line), WRITES.match(line)
            if opened:
                found.setdefault(self.path(opened[1]), b"")
            elif wrote:
                data = b"".join(unhex(x) for x in BYTES.findall(wrote[2]))
                path = self.path(wrote[1])
                found[path] = found.get(path, b"") + data
        return {path: data for path, data in found.items()
                if path.startswith("/")}

    @staticmethod
    def path(text):
        return unhex(text).decode() if text.startswith("\\x") else text
