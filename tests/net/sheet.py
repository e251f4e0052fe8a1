# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's portal sheet without scripts: opens pages, finds the one button
of a form, taps it. What a page must not have is named here as well."""
import re
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import traffic

# The sheets of phones keep nothing, run little and close themselves.
FORBIDDEN = re.compile(
    r"<script|<iframe|<object|<embed|<meta[^>]*http-equiv=.?set-cookie"
    r"|javascript:|\bon[a-z]+\s*=\s*[\"']|target\s*=|alert\s*\("
    r"|localStorage|sessionStorage|indexedDB|document\.cookie"
    r"|window\.open", re.I)


class Form:
    def __init__(self, attributes):
        self.action = attributes.get("action", "")
        self.method = attributes.get("method", "get").upper()
        self.fields = []
        self.buttons = []  # sets of classes


class Page(HTMLParser):
    """What a person can do on a page: its forms and links."""

    def __init__(self, url, reply):
        super().__init__()
        self.url = url
        self.reply = reply
        self.forms = []
        self.links = []
        self.title = ""
        self._form = None
        self._is_title = False
        self.feed(reply.body)

    def handle_starttag(self, tag, attrs):
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(attributes)
            self.forms.append(self._form)
        elif tag == "a":
            self.links.append(attributes.get("href", ""))
        elif tag == "title":
            self._is_title = True
        elif self._form and tag == "input" and \
                attributes.get("type") == "hidden":
            self._form.fields.append((attributes.get("name", ""),
                                      attributes.get("value", "")))
        elif self._form and tag == "button":
            self._form.buttons.append(set(attributes.get("class",
                                                         "").split()))

    def handle_endtag(self, tag):
        if tag == "form":
            self._form = None
        elif tag == "title":
            self._is_title = False

    def handle_data(self, data):
        if self._is_title:
            self.title += data

    def form(self, action=None):
        """The one with that action, or else the one with a large button."""
        found = [f for f in self.forms
                 if (f.action.split("?")[0] == action if action
                     else any("go" in b for b in f.buttons))]
        assert len(found) == 1 and len(found[0].buttons) == 1, self.reply.body
        assert found[0].method == "POST"
        return found[0]


class Sheet:
    """family: by which it reaches the portal."""

    def __init__(self, phone, family=traffic.V4):
        self.phone = phone
        self.family = family
        self.page = None
        self.taps = 0
        self.seen = []  # the status of each answer

    def ask(self, url, method="GET", form=None):
        """One request, and whatever is answered."""
        parts = urlsplit(url)
        assert parts.scheme == "http", url
        path = (parts.path or "/") + (parts.query and f"?{parts.query}")
        reply = traffic.http(self.phone, address_of(self.phone, parts.hostname,
                                                    self.family),
                             path, method, form, host=parts.netloc)
        self.seen.append(reply.status)
        return reply

    def open(self, url, method="GET", form=None):
        """Follows redirects as browsers do."""
        for _ in range(5):
            reply = self.ask(url, method, form)
            if reply.status not in (302, 303):
                self.page = Page(url, reply)
                return self.page
            url = urljoin(url, reply.headers["Location"])
            method, form = "GET", None
        raise AssertionError(f"redirects without an end: {url}")

    def tap(self, action=None):
        form = self.page.form(action)
        self.taps += 1
        self.seen.clear()
        return self.open(urljoin(self.page.url, form.action), "POST",
                         urlencode(form.fields))


def address_of(phone, host, family):
    """A literal, or what the gate's resolver says."""
    if ":" in host or host.replace(".", "").isdigit():
        return host
    kind = 1 if family == traffic.V4 else 28
    found = traffic.resolve(phone, host.rstrip("."), kind)
    assert found, f"{host} does not resolve"
    return found[0]
