# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives Firefox by its own remote protocol: JSON over TCP, a length before
each message. https://firefox-source-docs.mozilla.org/testing/marionette"""
import json
import socket

import lab

PORT = 2828
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # WebDriver's name for one


class Firefox:
    def __init__(self, phone, timeout=250):
        self.socket = phone.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", PORT))
        self.ident = 0
        assert self._receive()["marionetteProtocol"] == 3
        self.call("WebDriver:NewSession", strictFileInteractability=True)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def _receive(self):
        digits = b""
        while (one := self.socket.recv(1)) != b":":
            assert one.isdigit(), digits + one
            digits += one
        left, parts = int(digits), []
        while left:
            parts.append(self.socket.recv(left))
            assert parts[-1], "Firefox is gone"
            left -= len(parts[-1])
        return json.loads(b"".join(parts))

    def call(self, command, **parameters):
        self.ident += 1
        text = json.dumps([0, self.ident, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, ident, error, result = self._receive()
        assert ident == self.ident
        assert error is None, (command, error["error"], error["message"])
        return result

    def chrome(self, script):
        """What a script of the browser itself returns."""
        self.call("Marionette:SetContext", value="chrome")
        try:
            return self.call("WebDriver:ExecuteScript", script=script,
                             args=[], sandbox="system")["value"]
        finally:
            self.call("Marionette:SetContext", value="content")

    def open(self, url):
        self.call("WebDriver:Navigate", url=url)

    def url(self):
        return self.call("WebDriver:GetCurrentURL")["value"]

    def title(self):
        return self.call("WebDriver:GetTitle")["value"]

    def tabs(self):
        return self.call("WebDriver:GetWindowHandles")

    def look_at(self, tab):
        self.call("WebDriver:SwitchToWindow", handle=tab, focus=True)

    def click(self, selector):
        """The one element that a person sees there, once the page has come."""
        found = lab.wait_until(lambda: self.call(
            "WebDriver:FindElements", using="css selector", value=selector),
            20, 0.1, f"there is no {selector}")
        assert len(found) == 1, (selector, found)
        self.call("WebDriver:ElementClick", id=found[0][ELEMENT])
