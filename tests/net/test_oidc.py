# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by OpenID Connect: a certified provider on the internet, and people
who log in there before the gate lets them anywhere else."""
import json
import os
import re
import shutil
import signal
import subprocess
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest

import gate
import lab
import traffic
from world import World, need

HERE = os.path.join(lab.HERE, "oidc")
NAME = "portal.stadt.test"
PORT = 8443
ADMIN = 2090
HOST = "id.garden.test"
ISSUER = f"https://{HOST}:{PORT}"
SECRET = "a secret of forty characters and no more"


# --- the provider ------------------------------------------------------------

class Provider:
    """oidc-provider of npm, in the internet's namespace."""

    def __init__(self, street, ca):
        self.street = street
        self.certificate, self.key = ca.issue("provider", HOST)
        self.keys = ["first"]
        self.client = {
            "client_id": "stadttor", "client_secret": SECRET,
            "redirect_uris": [f"https://{NAME}/oidc"],
            "backchannel_logout_session_required": True,
            "backchannel_logout_uri":
                f"http://{lab.UPLINK4}:{ADMIN}/oidc/logout"}
        self.process = None

    def start(self):
        options = {
            "issuer": ISSUER, "address": lab.GARDEN4, "port": PORT,
            "certificate": self.certificate, "key": self.key,
            "client": self.client, "keys": self.keys}
        self.process = self.street.internet.popen(
            ["node", os.path.join(HERE, "provider.mjs"), json.dumps(options)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def logged_out(self):
        """What came of telling the portal of a logout."""
        return next((line.strip() for line in self.process.stdout
                     if line.startswith("logout: ")), "it has ended")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process.stdout.close()
        self.process = None


@pytest.fixture(scope="module")
def names(street, tmp_path_factory):
    """The box asks the internet's resolver; guests hear of the portal."""
    path = tmp_path_factory.mktemp("names") / "resolv.conf"
    path.write_text(f"nameserver {lab.RESOLVER4}\n")
    target = os.path.realpath("/etc/resolv.conf")
    subprocess.run(["mount", "--bind", path, target], check=True)
    lab.stop(street.resolver)
    street.start_gate_dnsmasq(f"address=/{NAME}/{street.guest.gate4}")
    yield
    lab.stop(street.resolver)
    street.start_gate_dnsmasq()
    subprocess.run(["umount", target], check=True)


@pytest.fixture(scope="module")
def provider(street, ca, names):
    made = Provider(street, ca)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def programs(stadttor, provider, ca):
    """A zone with the tap for an hour and the account for the day."""
    chain, key = ca.issue("portal", NAME)
    secret = os.path.join(stadttor.folder, "secret")
    with open(secret, "w") as file:
        file.write(SECRET + "\n")
    stadttor.drive_clock()
    trust = os.path.join(stadttor.folder, "trust.pem")
    shutil.copy(ca.file, trust)
    stadttor.environment["SSL_CERT_FILE"] = trust
    stadttor.options = ["-d"]
    stadttor.configure(
        guest={"auth": ["click", "oidc"], "duration": "1h",
               "max_duration": "1d", "max_rate_down": "50mbit",
               "rate_down": "5mbit", "garden_port": [f"{PORT}/tcp"],
               "tariff": ["role=teacher:80mbit:0:2d", "role=pupil:0:0:1d"]},
        portal={"hostname": NAME, "certificate": chain, "key": key},
        admin={"address": lab.UPLINK4, "port": ADMIN})
    with open(stadttor.config, "a") as file:
        file.write(gate.section("oidc", None, {
            "issuer": ISSUER, "client_id": "stadttor", "secret": secret,
            "account": "Stadtkonto"}))
    with stadttor.street.gate.entered():
        subprocess.run([os.path.join(stadttor.build, "stadttor"), "-c",
                        stadttor.config, "passwd", "--stdin", "anna"],
                       input="correct horse\n", text=True, check=True,
                       capture_output=True)
    os.chmod(os.path.join(stadttor.folder, "accounts"), 0o644)
    stadttor.start_one(gate.NETCTL)
    stadttor.start_one(gate.PORTAL)
    stadttor.wait_ready()
    return stadttor


@pytest.fixture
def ready(programs):
    programs.wait_log("the provider answers", gate.PORTAL)
    programs.wait_log("admin: listening", gate.PORTAL)
    return programs


# --- a phone -----------------------------------------------------------------

class Browser:
    """curl with cookies, that follows nothing by itself."""

    def __init__(self, phone, ca, folder):
        self.phone = phone
        self.base = ["curl", "-s", "-i", "-m", "20", "--cacert", ca.file,
                     "-b", str(folder / "jar"), "-c", str(folder / "jar"),
                     "--resolve", f"{NAME}:443:{phone.network.gate4}",
                     "--resolve", f"{HOST}:{PORT}:{lab.GARDEN4}"]
        self.url = None

    def words(self, url, form):
        args = [] if form is None else ["-d", urlencode(form)]
        return [*self.base, *args, url]

    def send(self, url, form):
        """Without waiting for an answer."""
        return self.phone.netns.popen(self.words(url, form),
                                      stdout=subprocess.DEVNULL)

    def ask(self, url, form=None):
        """(status, Location, body)"""
        text = self.phone.netns.run(*self.words(url, form), check=False).stdout
        head, _, body = text.partition("\n\n")
        status = head.split(" ", 2)[1] if head else "0"
        found = re.search(r"^location: (\S+)", head, re.I | re.M)
        self.url = url
        return int(status), found and urljoin(url, found.group(1)), body

    def follow(self, url, form=None):
        """Until it leads back to the portal, or nowhere."""
        status, to, body = self.ask(url, form)
        while to and not to.startswith(f"https://{NAME}/"):
            status, to, body = self.ask(to)
        return to, body

    def begin(self):
        """The address at the provider."""
        status, to, body = self.ask(f"https://{NAME}/login",
                                    {"terms": "1", "lang": "de"})
        assert status == 303, body
        return to

    def log_in(self, name, url):
        """At the provider: (where it leads, its last page)."""
        to, body = self.follow(url)
        for form in ({"prompt": "login", "login": name, "password": "x"},
                     {"prompt": "consent"}):
            if to:
                break
            action = re.search(r'action="([^"]+)"', body)
            assert action, (self.url, body)
            action = action.group(1)
            to, body = self.follow(urljoin(self.url, action), form)
        return to

    def enter(self, name):
        return self.ask(self.log_in(name, self.begin()))


@pytest.fixture
def browser(ready, phones, ca, tmp_path):
    assert traffic.is_shut(phones[0])
    assert traffic.resolve(phones[0], HOST, 1) == [lab.GARDEN4]
    return Browser(phones[0], ca, tmp_path)


def is_out(browser, answer, text):
    """Still out, and told why."""
    status, _, body = answer
    assert status == 200 and text in body, (status, body)
    return traffic.is_shut(browser.phone)


FAILED = "Die Anmeldung hat nicht geklappt"
AWAY = "Zugänge können gerade nicht geprüft werden"


# --- it works ----------------------------------------------------------------

def test_account(ready, browser, phones):
    status, to, _ = browser.enter("pupil")
    assert (status, to) == (303, f"https://{NAME}/status?lang=de")
    assert traffic.is_online(phones[0])
    session = ready.session_of(phones[0])
    assert session["duration_s"] == 86400
    # again, by the same answer: who is in is led to the status
    assert browser.ask(browser.url)[:2] == (303, f"https://{NAME}/status?lang=de")


def test_nothing_of_the_token_stays(ready, browser):
    """In no log, though it is verbose, and in no file."""
    answer = browser.log_in("pupil", browser.begin())
    assert browser.ask(answer)[0] == 303
    query = parse_qs(urlsplit(answer).query)
    ready.terminate(gate.PORTAL)
    wanted = [query["code"][0], query["state"][0], "pupil", SECRET]
    for folder, _, files in os.walk(ready.folder):
        for name in {*files} - {"secret", "stadttor", "netctl.sock"}:
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read()
            assert [w for w in wanted if w.encode() in text] == [], name


def test_tariff_is_clamped(ready, browser, phones):
    assert browser.enter("teacher")[0] == 303
    limits = ready.session_of(phones[0])
    assert limits["duration_s"] == 86400
    assert limits["down_bps"] == 50_000_000


def test_account_that_fits_no_tariff(browser):
    assert is_out(browser, browser.enter("stranger"),
                  "Dieses Konto ist nicht für dieses WLAN")


def test_tap_beside_it(ready, browser, phones):
    status, _, body = browser.ask(f"https://{NAME}/")
    assert status == 200 and 'action="/login"' in body and "Stadtkonto" in body
    assert browser.ask(f"https://{NAME}/accept",
                       {"terms": "1", "way": "click"})[0] == 303
    assert ready.session_of(phones[0])["duration_s"] == 3600


def test_terms_come_first(browser):
    status, _, body = browser.ask(f"https://{NAME}/login", {"lang": "de"})
    assert status == 200 and "stimmen" in body


def test_only_the_provider_is_open_before(ready, browser, phones):
    """Of the garden its name alone, and dnsmasq is told of it."""
    assert HOST in ready.cli("dns-config").stdout
    assert browser.ask(f"{ISSUER}/.well-known/openid-configuration")[0] == 200
    assert traffic.is_shut(phones[0])


def test_logout_at_the_provider(ready, browser, phones, provider):
    """By the back channel: nobody's phone is asked, and the session ends; often
    before the provider's last page has come."""
    assert browser.enter("pupil")[0] == 303
    assert traffic.is_online(phones[0])
    body = browser.follow(f"{ISSUER}/session/end")[1]
    token = re.search(r'name="xsrf" value="(\w+)"', body).group(1)
    confirm = browser.send(f"{ISSUER}/session/end/confirm",
                           {"xsrf": token, "logout": "yes"})
    assert provider.logged_out() == "logout: pupil"
    lab.wait_until(lambda: traffic.is_shut(phones[0]),
                   say="the session goes on")
    lab.stop(confirm)


@pytest.mark.parametrize("token", [
    "", "x", "eyJhbGciOiJub25lIn0.e30.", "a" * 3000])
def test_logout_by_anybody(ready, browser, token):
    assert browser.enter("pupil")[0] == 303
    told = ready.street.internet.run(
        "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-d",
        f"logout_token={token}",
        f"http://{lab.UPLINK4}:{ADMIN}/oidc/logout").stdout
    assert told == "400"
    assert traffic.is_online(browser.phone)


# --- what others bring -------------------------------------------------------

def test_state_of_another_device(ready, browser, phones, ca, tmp_path):
    folder = tmp_path / "second"
    folder.mkdir()
    other = Browser(phones[1], ca, folder)
    answer = browser.log_in("pupil", browser.begin())
    assert is_out(other, other.ask(answer + "&lang=de"), FAILED)
    assert browser.ask(answer)[0] == 303


def changed(url, **values):
    parts = urlsplit(url)
    query = {k: v[0] for k, v in parse_qs(parts.query).items()} | values
    return parts._replace(query=urlencode(
        {k: v for k, v in query.items() if v is not None})).geturl()


@pytest.mark.parametrize("values", [
    {"iss": "https://other.example"}, {"iss": None}, {"state": "x"},
    {"state": None}, {"code": "x"}, {"code": None}, {"code": "x" * 3000}],
    ids=lambda v: "-".join(v) + "-" + str(next(iter(v.values())))[:8])
def test_answer_that_is_not_ours(browser, values):
    answer = browser.log_in("pupil", browser.begin())
    status, _, body = browser.ask(changed(answer, **values))
    assert status in (200, 400), body
    assert traffic.is_shut(browser.phone)
    assert browser.enter("pupil")[0] == 303  # and that is all


def test_refusal_of_the_provider(browser):
    answer = browser.log_in("pupil", browser.begin())
    answer = changed(answer, code=None, error="access_denied")
    assert is_out(browser, browser.ask(answer), FAILED)


def test_code_is_good_once(ready, browser, phones):
    answer = browser.log_in("pupil", browser.begin())
    assert browser.ask(answer)[0] == 303
    ready.revoke(phones[0].ip4)
    assert traffic.is_shut(phones[0])
    assert is_out(browser, browser.ask(answer), FAILED)


# --- the provider is not well -------------------------------------------------

def test_provider_goes(browser, provider):
    answer = browser.log_in("pupil", browser.begin())
    provider.stop()
    try:
        assert is_out(browser, browser.ask(answer), AWAY)
    finally:
        provider.start()


def test_provider_is_not_there_yet(stadttor, provider, request):
    provider.stop()
    try:
        programs = request.getfixturevalue("programs")
        programs.wait_log(r"accounts \(.*\): the connection failed",
                          gate.PORTAL)
        phone = programs.street.phones[0]
        reply = phone.netns.run(
            "curl", "-s", "-k", "--resolve",
            f"{NAME}:443:{phone.network.gate4}", "-d", "terms=1&lang=de",
            f"https://{NAME}/login")
        assert AWAY in reply.stdout
    finally:
        provider.start()


@pytest.fixture
def other_keys(provider):
    """Restarts the provider with keys of these names, and back."""
    def change(*names):
        provider.stop()
        provider.keys = list(names)
        provider.start()
    yield change
    change("first")


def test_new_keys(ready, browser, other_keys):
    """Fetched anew, once, when a token is signed by one that is not known."""
    other_keys("second")
    ready.advance(31)
    assert browser.enter("pupil")[0] == 303
    other_keys("third")  # so soon it is not asked again
    ready.revoke(browser.phone.ip4)
    assert is_out(browser, browser.enter("pupil"), FAILED)
    ready.wait_log("signed by an unknown key", gate.PORTAL)


def test_wrong_key(ready, browser, other_keys):
    """Of the name of the right one."""
    other_keys("first")
    assert is_out(browser, browser.enter("pupil"), FAILED)
    ready.wait_log("its signature is wrong", gate.PORTAL)


def test_clock_that_is_fast(ready, browser):
    ready.step_wall(3600)
    assert is_out(browser, browser.enter("pupil"), FAILED)
    ready.wait_log("do the clocks differ", gate.PORTAL)


def test_clock_that_is_slow(ready, browser):
    """The provider's certificate is not valid yet."""
    ready.step_wall(-7200)
    assert is_out(browser, browser.enter("pupil"), AWAY)
    ready.wait_log("certificate is not yet valid", gate.PORTAL)


def test_slow_provider(ready, browser, provider, street):
    """Given up after ten seconds; meanwhile others are served."""
    answer = browser.log_in("pupil", browser.begin())
    os.kill(provider.process.pid, signal.SIGSTOP)
    try:
        curl = browser.phone.netns.popen([*browser.base, answer],
                                         stdout=subprocess.PIPE, text=True)
        lab.wait_until(lambda: f":{PORT}" in street.gate.run(
            "ss", "-Htn", "dst", lab.GARDEN4).stdout)
        assert browser.ask(f"https://{NAME}/")[0] == 200
        ready.jump(11)
        assert AWAY in curl.communicate(timeout=120)[0]
    finally:
        os.kill(provider.process.pid, signal.SIGCONT)
    assert traffic.is_shut(browser.phone)


# --- a real browser ----------------------------------------------------------

def test_chromium(ready, phones, root):
    need("node", "chromium")
    with World(phones[0]) as world:
        told = json.loads(world.run(
            "node", os.path.join(HERE, "browser.mjs"),
            str(root / "tests/browser"), world.path("profile"), "pupil",
            timeout=120))
    assert told["portal"].startswith(f"https://{NAME}/")
    assert told["ways"] == 2 and told["provider"] == f"{HOST}:{PORT}"
    assert told["after"].startswith(f"https://{NAME}/status")
    assert told["title"] == "The internet" and told["cookies"] == 0
    assert traffic.is_online(phones[0])
