# SPDX-License-Identifier: GPL-3.0-or-later
"""The captive portal API (RFC 8908) as phones ask it: over TLS that they
verify, by both families, through the whole life of a session."""
import json
import os
import pwd
import re
import shutil
import socket
import ssl
from http.client import HTTPConnection
from urllib.parse import urlsplit

import authority
import gate
import lab
import pytest
import sheet
import traffic

NAME = "portal.stadt.test"
PATH = "/captive-api"
TYPE = "application/captive+json"
HOME = f"https://{NAME}/"
VENUE = "https://www.net.test/willkommen?von=wlan&q=%C3%A4"
FAMILY = {"ipv4": traffic.V4, "ipv6": traffic.V6}
BOTH = pytest.mark.parametrize("family", FAMILY.values(), ids=FAMILY)


# --- what a client makes of an answer ----------------------------------------

def _no_twice(pairs):
    assert len(dict(pairs)) == len(pairs), "a key stands twice"
    return dict(pairs)


def read_strictly(body):
    """RFC 8259, without what parsers may or may not let pass."""
    def not_json(word):
        raise ValueError(word)
    return json.loads(body, object_pairs_hook=_no_twice,
                      parse_constant=not_json)


def android(url, reply):
    """NetworkMonitor: what it keeps of an answer; None: it is ignored, and
    the system looks for a portal by its probes."""
    kind, _, parameter = reply.headers.get("Content-Type", "").partition(";")
    charset = parameter.strip().lower()
    if urlsplit(url).scheme != "https" or reply.status != 200:
        return None
    if kind.strip().lower() != TYPE or charset not in ("", "charset=utf-8"):
        return None
    if len(reply.body.encode()) > 4096:
        return None
    try:
        told = read_strictly(reply.body)
    except ValueError:
        return None
    if not isinstance(told, dict) or not isinstance(told.get("captive"), bool):
        return None
    if told["captive"] and "user-portal-url" not in told:
        return None
    return told


def reply(status=200, kind=TYPE, body=None):
    headers = traffic.HTTPMessage()
    headers["Content-Type"] = kind
    return traffic.Reply(status, headers, body or json.dumps(
        {"captive": True, "user-portal-url": HOME}))


@pytest.mark.parametrize("url,answer", [
    ("http://portal.stadt.test/captive-api", reply()),
    (HOME, reply(503)), (HOME, reply(204)), (HOME, reply(302)),
    (HOME, reply(kind="application/json")),
    (HOME, reply(kind=TYPE + ";charset=latin-1")),
    (HOME, reply(body=json.dumps({"captive": True}))),
    (HOME, reply(body=json.dumps({"captive": "true"}))),
    (HOME, reply(body=json.dumps({"captive": False, "x": "y" * 4090}))),
    (HOME, reply(body='{"captive": NaN}')), (HOME, reply(body="[true]")),
    (HOME, reply(body="<html>Welcome</html>"))])
def test_rules_tell_apart(url, answer):
    assert android(url, answer) is None
    assert android(HOME, reply(kind=TYPE + "; charset=UTF-8"))["captive"]


# --- asking ------------------------------------------------------------------

@pytest.fixture(scope="module")
def secured(ca):
    """Options of config portal."""
    chain, key = ca.issue("portal", NAME)
    return {"hostname": NAME, "certificate": chain, "key": key}


class Client:
    """A phone's programs that trust the authority and no one else."""

    def __init__(self, phone, ca, family):
        self.phone, self.family = phone, family
        self.address = phone.network.gate(family)
        self.context = ssl.create_default_context(cafile=ca.file)

    def request(self, path, method="GET", form=None):
        s = self.phone.socket(self.family, socket.SOCK_STREAM)
        s.settimeout(60)
        with s:
            s.connect((self.address, 443))
            with self.context.wrap_socket(s, server_hostname=NAME) as tls:
                conn = HTTPConnection(NAME)
                conn.sock = tls
                headers = {} if form is None else {
                    "Content-Type": "application/x-www-form-urlencoded"}
                conn.request(method, path, form, headers)
                answer = conn.getresponse()
                return traffic.Reply(answer.status, answer.headers,
                                     answer.read().decode())

    def told(self):
        """What the API says, after all that must hold of every answer."""
        answer = self.request(PATH)
        assert answer.status == 200, answer.body
        assert answer.headers["Content-Type"] == TYPE
        # no cache may show one phone's answer to another, or an old one
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Set-Cookie" not in answer.headers
        assert int(answer.headers["Content-Length"]) == \
            len(answer.body.encode())
        told = android(HOME, answer)
        assert told is not None, answer.body
        assert told["user-portal-url"] == HOME
        assert isinstance(told["can-extend-session"], bool)
        for key in ("seconds-remaining", "bytes-remaining"):
            assert key not in told or \
                (type(told[key]) is int and not told["captive"])
        assert set(told) <= {"captive", "user-portal-url", "venue-info-url",
                             "can-extend-session", "seconds-remaining",
                             "bytes-remaining"}
        return told

    def page(self, path):
        return sheet.Page(HOME, self.request(path))

    def tap(self, path="/", action=None):
        """The one button of a page; the answer leads to another page."""
        form = self.page(path).form(action)
        fields = "&".join(f"{name}={value}" for name, value in form.fields)
        answer = self.request(form.action, "POST", fields)
        assert answer.status == 303, answer.body
        return answer.headers["Location"]


@pytest.fixture
def client(street, ca):
    def make(phone=None, family=traffic.V4):
        return Client(phone or street.phones[0], ca, family)
    return make


# --- the life of a session ---------------------------------------------------

@BOTH
def test_story(stadttor, client, secured, family):
    stadttor.start(guest={"duration": "1h"}, portal=secured)
    c = client(family=family)
    captive = {"captive": True, "user-portal-url": HOME,
               "can-extend-session": True}
    assert c.told() == captive
    assert c.tap() == "/status"
    told = c.told()
    assert 3590 <= told.pop("seconds-remaining") <= 3600
    assert told == {**captive, "captive": False}
    # by the other family it is the same device
    other = client(family=traffic.OTHER[family])
    assert other.told()["captive"] is False
    assert c.tap("/status", "/logout") == "/goodbye"
    assert c.told() == other.told() == captive


@BOTH
def test_one_tap_extends(stadttor, client, secured, family):
    stadttor.start(guest={"duration": "1h"}, portal=secured)
    c = client(family=family)
    c.told()
    stadttor.grant(c.phone.address(family), "--minutes", "1")
    assert 50 <= c.told()["seconds-remaining"] <= 60
    handle = stadttor.session_of(c.phone)["handle"]
    assert c.tap("/status", "/extend") == "/extended"
    told = c.told()
    assert 3590 <= told["seconds-remaining"] <= 3600
    # so fresh a session has no button, but it can be extended later on
    assert told["can-extend-session"] is True
    assert stadttor.session_of(c.phone)["handle"] == handle


@BOTH
def test_expiry(stadttor, client, secured, family):
    stadttor.drive_clock()
    stadttor.start(guest={"duration": "1h"}, portal=secured)
    c = client(family=family)
    c.tap()
    assert c.told()["seconds-remaining"] <= 3600
    stadttor.jump(3601)
    lab.wait_until(lambda: c.told()["captive"], 5, 0.1, "it did not expire")
    assert "seconds-remaining" not in c.told()


def test_bytes_until_the_gate_shuts(stadttor, client, secured):
    quota = 3_000_000
    # capped, or all of it is gone before the transfer is stopped
    stadttor.start(guest={"quota": str(quota), "over_quota": "end",
                          "rate_down": "8mbit"},
                   portal=secured)
    c = client()
    c.tap()
    assert c.told()["bytes-remaining"] <= quota
    with traffic.Transfer(c.phone) as down:
        down.wait_moving(500_000)
    left = lab.wait_until(
        lambda: (n := c.told()["bytes-remaining"]) < quota - 400_000 and n,
        10, 0.2, "nothing was counted")
    assert 0 < left < quota - 400_000
    with traffic.Transfer(c.phone):
        lab.wait_until(lambda: c.told()["captive"], 15, 0.2,
                       "the quota did not end")
    assert "bytes-remaining" not in c.told()


def test_no_bytes_where_the_quota_slows(stadttor, client, secured):
    """RFC 8908: bytes until the client is captive, which it will not be."""
    stadttor.start(guest={"quota": "1MB", "over_quota": "slow",
                          "slow_rate": "1mbit"}, portal=secured)
    c = client()
    c.tap()
    assert "bytes-remaining" not in c.told()
    with traffic.Transfer(c.phone) as down:
        down.wait_moving(1_200_000)
        lab.wait_until(lambda: stadttor.session_of(c.phone)["reduced"],
                       15, 0.2, "the session was not slowed")
    told = c.told()
    assert told["captive"] is False and "bytes-remaining" not in told
    assert told["seconds-remaining"] > 0


# --- who asks, and where -----------------------------------------------------

def test_each_phone_is_told_about_itself(stadttor, client, secured, street):
    stadttor.start(guest={"duration": "1h"}, portal=secured)
    one, two = client(), client(street.phones[1], traffic.V6)
    one.tap()
    assert (one.told()["captive"], two.told()["captive"]) == (False, True)
    two.tap()
    one.tap("/status", "/logout")
    assert (one.told()["captive"], two.told()["captive"]) == (True, False)


def add_to_config(stadttor, text):
    with open(stadttor.config) as file:
        stadttor.write(file.read() + text)


def test_zone_with_codes_and_venue(stadttor, client, secured, street):
    """There a session ends when its code does."""
    stadttor.configure(guest={"duration": "1h"}, staff={"auth": "voucher"},
                       portal={**secured, "venue_url": VENUE})
    shutil.chown(stadttor.folder, gate.USER[gate.PORTAL])
    add_to_config(stadttor, gate.section("voucher", None, {
        "file": f"{stadttor.folder}/codes.sqlite",
        "key": f"{stadttor.folder}/codes.key"}))
    stadttor.start_one(gate.NETCTL)
    stadttor.start_one(gate.PORTAL)
    stadttor.wait_ready()
    guest, staff = client().told(), client(street.staff_phones[0]).told()
    assert guest["captive"] and staff["captive"]
    assert guest["can-extend-session"] is True
    assert staff["can-extend-session"] is False
    assert guest["venue-info-url"] == staff["venue-info-url"] == VENUE


@BOTH
def test_methods(stadttor, client, secured, family):
    stadttor.start(portal=secured)
    c = client(family=family)
    whole, head = c.request(PATH), c.request(PATH, "HEAD")
    assert head.status == 200 and head.body == ""
    for name in ("Content-Type", "Content-Length", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    answer = c.request(PATH, "POST", "captive=false")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert c.told()["captive"]


@BOTH
def test_not_without_tls(stadttor, client, secured, family):
    """A client that asks so is told nothing, and led to the portal at most."""
    stadttor.start(portal=secured)
    c = client(family=family)
    here = c.phone.network.gate(family)
    answer = traffic.http(c.phone, here, PATH)
    assert answer.status == 404 and "captive+json" not in str(answer)
    answer = traffic.http(c.phone, here, PATH, host=NAME)
    assert answer.status == 302
    target = urlsplit(answer.headers["Location"])
    assert (target.scheme, target.netloc) == ("https", NAME)
    assert target.path == "/"
    page = c.request(f"{target.path}?{target.query}")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert android(HOME, page) is None
    # nor is a stranger's host of that path the API
    assert traffic.http(c.phone, traffic.web(family), PATH).status == 302


def test_without_a_certificate_there_is_none(stadttor, phones):
    stadttor.start(portal={"hostname": NAME})
    for family in traffic.FAMILIES:
        here = phones[0].network.gate(family)
        for host in (NAME, None):
            assert traffic.http(phones[0], here, PATH,
                                host=host).status == 404
        assert traffic.tcp_connect(phones[0], here, 443) is not True


# --- trouble -----------------------------------------------------------------

@BOTH
def test_netctl_is_away(stadttor, client, secured, family):
    """An error that is no page, and soon over; nobody is said to be captive
    who is not."""
    stadttor.start(guest={"duration": "1h"}, portal=secured)
    c = client(family=family)
    c.tap()
    stadttor.kill(gate.NETCTL)
    stadttor.wait_log("netctl is away|trying again", gate.PORTAL)
    answer = c.request(PATH)
    assert answer.status == 503
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert int(answer.headers["Retry-After"]) > 0
    assert len(answer.body) < 200
    assert read_strictly(answer.body)["status"] == 503
    assert android(HOME, answer) is None
    stadttor.start_one(gate.NETCTL)
    stadttor.wait_ready()
    assert c.told()["captive"] is False


def test_who_asks_in_a_burst_is_answered(stadttor, client, secured):
    """Every phone of a full square that wakes up, one connection each."""
    stadttor.start(guest={"duration": "1h"}, portal=secured)
    c = client()
    c.tap()
    for _ in range(50):  # each within the client's own patience
        assert c.told()["captive"] is False
    log = stadttor.log(gate.PORTAL)
    assert c.phone.mac not in log and c.phone.ip4 not in log
    assert not re.search(r"AddressSanitizer|panic", log)


# --- a key that only root may read ---------------------------------------------

@pytest.fixture
def renew(stadttor):
    """Has the certificate renewed as certbot does: the key is root's."""
    folder = os.path.join(stadttor.folder, "certificates")
    os.mkdir(folder, 0o755)
    ca = authority.Authority(folder)

    def issue(days):
        chain, key = ca.issue("portal", NAME, days)
        os.chmod(key, 0o600)
        return chain, key
    return issue


def start_with(stadttor, chain, key):
    stadttor.start(portal={"hostname": NAME, "certificate": chain, "key": key})


def test_key_of_root_is_said_before_a_renewal(stadttor, renew):
    """The start reads it as root; the reload after a renewal could not."""
    chain, key = renew(90)
    start_with(stadttor, chain, key)
    said = stadttor.wait_log(f"warning: {key}: Permission denied.*",
                             gate.PORTAL)
    assert "each reload will be refused" in said and "chmod g+r" in said
    checked = stadttor.cli("check")
    assert f"{key}: user nobody cannot read it" in checked.stderr
    assert "chgrp" in checked.stderr
    found = json.loads(stadttor.cli("doctor", "--json", check=False).stdout)
    assert ["cannot read" in one["text"] for one in found
            if one["code"] == "certificate"] == [True]
    renew(91)
    stadttor.reload(gate.PORTAL)
    stadttor.wait_log(f"error: {key}: Permission denied; everything stays",
                      gate.PORTAL)
    stadttor.configure(admin={"mail_user": "ops", "mail_password": key})
    assert f"{key}: user nobody cannot read it, so no mail would be sent" \
        in stadttor.cli("check").stderr


def test_key_of_the_portals_group_is_renewed(stadttor, renew):
    chain, key = renew(90)
    shutil.chown(key, group=pwd.getpwnam("nobody").pw_gid)
    os.chmod(key, 0o640)
    start_with(stadttor, chain, key)
    stadttor.reload(gate.PORTAL)
    stadttor.wait_log("reloaded", gate.PORTAL)
    assert not stadttor.warnings("cannot|denied", gate.PORTAL)
    assert "cannot read" not in stadttor.cli("check").stderr


def test_config_of_root_is_said_at_the_start(stadttor):
    stadttor.configure()
    os.chmod(stadttor.config, 0o600)
    for program in (gate.NETCTL, gate.PORTAL):
        stadttor.start_one(program)
    stadttor.wait_log("Permission denied, so each reload", gate.PORTAL)
