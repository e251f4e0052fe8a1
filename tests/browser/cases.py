# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases in JavaScript, each of which is a test of pytest's."""
import contextlib
import json
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def names(script):
    """Of the cases in a file, those of loops with their holes."""
    return re.findall(r"^\s*test\([`']([^`']+)[`'],",
                      (HERE / script).read_text(), re.M)


class Runner:
    """A node with one browser, which runs cases as they are asked for."""

    def __init__(self, script, **environment):
        self.node = subprocess.Popen(
            ["node", HERE / script], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True,
            env=dict(os.environ, **environment))

    def ask(self, line):
        self.node.stdin.write(f"{line}\n")
        self.node.stdin.flush()
        answer = self.node.stdout.readline()
        assert answer, f"node ended with {self.node.wait(10)}"
        return json.loads(answer)

    def run(self, name):
        """The test of that name."""
        case = self.ask(name)
        assert case["name"] == name
        print(case["text"])
        assert case["ok"], case["text"]

    def close(self):
        with contextlib.suppress(BrokenPipeError):
            self.node.stdin.close()
        try:
            assert self.node.wait(200) == 0
        finally:
            self.node.kill()


def need_browser(root):
    """Built, and the browser's driver with it."""
    subprocess.run(["make", "-s", "-C", root, "web", "browser-deps"],
                   check=True, timeout=300)
