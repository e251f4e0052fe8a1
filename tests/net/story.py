# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling what happens, step by step, and what was seen at each."""
import os
import sys

import lab
from traffic import V4

HERE = os.path.dirname(os.path.abspath(__file__))


class Failed(Exception):
    """A step of the story did not happen."""


def colour(code, text):
    return f"\033[{code}m{text}\033[0m" if sys.stdout.isatty() else text


class Story:
    """Prints the steps, and what was seen at each."""

    def __init__(self):
        self.number = 0

    def step(self, title):
        self.number += 1
        print("\n" + colour("1", f"{self.number:2}. {title}"), flush=True)

    def saw(self, text, right=True):
        mark = colour("32", "✓") if right else colour("31", "✗")
        print(f"    {mark} {text}", flush=True)
        if not right:
            raise Failed(text)

    def note(self, text):
        print(colour("2", f"    {text}"), flush=True)


def name(family):
    return "IPv4" if family == V4 else "IPv6"


class Silent(Story):
    """Where nobody listens."""

    def step(self, title):
        self.title = title

    def saw(self, text, right=True):
        if not right:
            raise Failed(f"{self.title}: {text}")

    def note(self, text):
        pass


def join_by_dhcp(phone):
    phone.netns.run("udhcpc", "-i", phone.device, "-n", "-q", "-f", "-t", "10",
                    "-T", "1", "-s", os.path.join(HERE, "udhcpc.script"))
    return lab.wait_until(lambda: addresses(phone), 10,
                          say="the phone got no addresses")


def addresses(phone):
    """Global ones: IPv4 by DHCP, IPv6 by SLAAC; None until both are there."""
    shown = phone.netns.run("ip", "-br", "addr", "show", "dev", phone.device,
                            "scope", "global").stdout.split()[2:]
    found = [a.split("/")[0] for a in shown]
    four = [a for a in found if ":" not in a]
    six = [a for a in found if ":" in a]
    return (four[0], six[0]) if four and six else None
