# SPDX-License-Identifier: GPL-3.0-or-later
"""What the demos have to do with the terminal, and with those before them."""
import contextlib
import os
import signal
import subprocess


def remove_leftover(netns):
    """A demo that was killed with -9 could not clean up."""
    if os.path.exists(f"/run/netns/{netns}"):
        subprocess.run(["ip", "netns", "del", netns], check=True)


def interrupted(signum, frame):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # once is enough
    raise KeyboardInterrupt


@contextlib.contextmanager
def own_terminal():
    """Ctrl-C is for the demo, and not for the make that has started it."""
    if not os.isatty(0) or os.tcgetpgrp(0) != os.getpgrp():
        yield
        return
    before = os.getpgrp()
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.setpgid(0, 0)
    os.tcsetpgrp(0, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(0, before)
