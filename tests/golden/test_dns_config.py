# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor dns-config`: config in, DNS and DHCP config out, and why the
captive portal API is not announced. GOLDEN_WRITE=1 rewrites the expected
text, to be read in the diff."""
import json
import os
import pathlib
import re
import subprocess

import authority
import pytest

FOLDER = pathlib.Path(__file__).parent / "dns"
HOST = "portal.stadt.example"
SERVERS = ["dnsmasq", "odhcpd", "radvd"]


@pytest.fixture
def run(build):
    def run(config, *args, trust=""):
        return subprocess.run(
            [build / "stadttor", "-c", config, "dns-config", *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=120, env={**os.environ, "SSL_CERT_FILE": str(trust)})
    return run


# --- the text ----------------------------------------------------------------

@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("config,args", [
    ("small", ()), ("city", ("--force",)),
    ("city", ("--zone", "townhall"))], ids=["small", "city", "townhall"])
def test_text(run, config, args, server):
    done = run(FOLDER / f"{config}.conf", "--server", server, *args)
    name = args[-1] if len(args) == 2 else config
    compare(done, FOLDER / f"{name}.{server}")


@pytest.mark.parametrize("config,args", [
    ("small", ("--range", "10.20.0.1/22")), ("city", ("--force",)),
    ("city", ("--zone", "townhall", "--range", "192.0.2.129/25"))],
    ids=["small", "city", "townhall"])
def test_whole_text(run, config, args, tmp_path):
    """With addresses; the devices of the city's zones are not there."""
    done = run(FOLDER / f"{config}.conf", "--full", *args)
    name = "townhall" if "townhall" in args else config
    compare(done, FOLDER / f"{name}.full.dnsmasq")
    (tmp_path / "out").write_text(done.stdout)
    check("dnsmasq", "--test", f"--conf-file={tmp_path}/out")


def compare(done, expected):
    if "GOLDEN_WRITE" in os.environ:
        expected.write_text(done.stdout)
    assert done.stdout == expected.read_text()
    # what is left out is said twice, and in the status
    told = re.findall(r"(?m)^# Left out: (.*)\.$", done.stdout)
    assert done.stderr == "".join(f"dns-config: left out: {t}\n"
                                  for t in told)
    assert done.returncode == bool(told)


def check(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=120)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("config", ["small", "city"])
def test_servers_read_it(run, config, tmp_path):
    for server in SERVERS:
        done = run(FOLDER / f"{config}.conf", "--server", server, "--force")
        (tmp_path / server).write_text(done.stdout)
    check("dnsmasq", "--test", f"--conf-file={tmp_path}/dnsmasq")
    check("radvd", "-c", "-C", tmp_path / "radvd")
    check("sh", "-n", tmp_path / "odhcpd")


# The gate's own address, and those that guests get: on its larger side, at some
# distance where there is room for that, and no more than neighbours have.
RANGES = {
    "10.20.0.1/22": "10.20.0.12,10.20.3.254,255.255.252.0",
    "10.20.0.0/22": "10.20.0.11,10.20.3.254,255.255.252.0",
    "10.20.3.254/22": "10.20.0.1,10.20.3.243,255.255.252.0",
    "10.20.0.255/22": "10.20.1.10,10.20.3.254,255.255.252.0",
    "192.0.2.129/24": "192.0.2.1,192.0.2.118,255.255.255.0",
    "192.0.2.127/24": "192.0.2.138,192.0.2.254,255.255.255.0",
    "192.0.2.7/28": "192.0.2.8,192.0.2.14,255.255.255.240",
    "192.0.2.1/30": "192.0.2.2,192.0.2.2,255.255.255.252",
    "10.1.0.1/8": "10.1.0.12,10.1.64.11,255.0.0.0",
    "10.254.0.1/8": "10.253.191.247,10.253.255.246,255.0.0.0",
    "192.0.2.2/31": None, "192.0.2.2/32": None, "192.0.2.2": None,
    "0.0.0.0/0": None, "192.0.2.1/33": None, "192.0.2.1/-1": None,
    "192.0.2.1/24x": None, "2001:db8::1/64": None, "::ffff:10.0.0.1/8": None,
    "192.0.2/24": None, "/24": None, "": None}


@pytest.mark.parametrize("own", RANGES)
def test_range(run, own):
    done = run(FOLDER / "small.conf", "--full", "--range", own)
    lines = re.findall(r"(?m)^dhcp-range=(\d.*),1h$", done.stdout)
    assert lines == ([RANGES[own]] if RANGES[own] else [])
    if not RANGES[own]:
        assert done.returncode == 2 and "such as 10.20.0.1/22" in done.stderr


def test_more_devices_than_addresses(run):
    def note(own):
        done = run(FOLDER / "small.conf", "--full", "--range", own)
        return re.findall(r"(?m)^# (\d+) addresses, and room for 1000 ",
                          done.stdout)
    assert note("192.0.2.1/24") == ["243"]
    assert note("10.20.0.1/22") == []


def test_default_is_dnsmasq_for_all_zones(run):
    config = FOLDER / "city.conf"
    assert run(config, "--force").stdout == \
        (FOLDER / "city.dnsmasq").read_text()


def test_name_below_another_is_in_both_gardens(run):
    """dnsmasq takes the longest name that fits, and only that."""
    text = run(FOLDER / "city.conf", "--force").stdout
    sets = dict(re.findall(r"(?m)^nftset=/(.*)/(.*)$", text))
    assert "_guest" in sets["intern.stadt.example"]
    assert "_townhall" in sets["intern.stadt.example"]
    assert "_townhall" not in sets["stadt.example"]
    assert "bus.example" in sets and "parken.example" in sets
    assert "_townhall" not in sets["parken.example"]
    assert HOST not in sets


def test_uci_can_be_run_again(run):
    """Lists grow by what they have not got yet."""
    text = run(FOLDER / "city.conf", "--server", "odhcpd", "--force").stdout
    lines = [line for line in text.splitlines()
             if "add_list" in line and "dhcp.stadttor_" not in line]
    assert len(lines) == 5
    for line in lines:
        assert line.replace("uci add_list", "uci -q del_list") + "\n" + line \
            in text


def write_config(path, zones, portal):
    text = f"config gate\n\toption socket '{path.parent}/netctl.sock'\n"
    text += "config uplink 'wan'\n\toption device 'eth0'\n"
    for i, zone in enumerate(zones):
        text += f"config zone '{zone}'\n\toption device 'br{i}'\n"
        text += "\tlist garden_name 'stadt.example'\n"
    text += "config portal\n" + "".join(
        f"\toption {key} '{value}'\n" for key, value in portal.items())
    path.write_text(text)
    return path


@pytest.mark.parametrize("zones,fits", [(12, True), (13, False)])
def test_no_line_longer_than_dnsmasq_reads(run, tmp_path, zones, fits):
    names = [f"zone_number_{i:03}" for i in range(zones)]
    config = write_config(tmp_path / "c", names, {"hostname": HOST})
    done = run(config, "--force")
    assert done.returncode == (0 if fits else 1)
    assert ("nftset=" in done.stdout) == fits
    assert ("'stadt.example' of so many zones" in done.stderr) != fits
    assert max(map(len, done.stdout.splitlines())) <= 1000
    (tmp_path / "out").write_text(done.stdout)
    check("dnsmasq", "--test", f"--conf-file={tmp_path}/out")


@pytest.mark.parametrize("zone,fine", [
    ("wifi6", False), ("4", False), ("a_6_b", False), ("hall_4", False),
    ("wifi16", True), ("6b", True), ("a64_b", True), ("guest", True)])
def test_zones_that_openwrt_misreads(run, tmp_path, zone, fine):
    config = write_config(tmp_path / "c", [zone], {"hostname": HOST})
    done = run(config, "--server", "odhcpd", "--force")
    assert done.returncode == (0 if fine else 1)
    assert (f".name='garden4_{zone}'" in done.stdout) == fine
    # as the init script has it
    guess = re.compile(r"^.*[^0-9]([46])$|^.*[-_]([46])[-_].*$")
    assert all((not guess.match(f"garden{v}_{zone}")) == fine for v in (4, 6))


def test_json(run):
    done = run(FOLDER / "city.conf", "--json", "--zone", "townhall")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert told["server"] == "dnsmasq" and told["announces"] is False
    assert told["config"] == (FOLDER / "townhall.dnsmasq").read_text()
    assert len(told["left_out"]) == 3
    assert told["left_out"][0].startswith("the captive portal API: ")


def test_wrong_usage(run, tmp_path):
    config = FOLDER / "city.conf"
    for args, status, why in (
            (("--server", "bind"), 2, "dnsmasq, odhcpd, radvd"),
            (("--zone", "nowhere"), 4, "zone 'nowhere' not found"),
            (("more",), 2, "usage: stadttor dns-config"),
            (("--full", "--server", "radvd"), 2, "--full is for dnsmasq"),
            (("--range", "10.20.0.1/22"), 2, "--range needs --full"),
            (("--full", "--range", "10.20.0.1/22"), 2,
             "--range is for one zone; name it by --zone")):
        done = run(config, *args)
        assert (done.returncode, done.stdout) == (status, "")
        assert why in done.stderr
    assert run(tmp_path / "none").returncode == 2


# --- when the API is announced -----------------------------------------------

@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return authority.Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def refused(run, tmp_path, ca):
    """Why it is not, with these files; force changes nothing about that."""
    def refused(chain, key, trust=ca.file):
        config = write_config(tmp_path / "c", ["guest"], {
            "hostname": HOST, "certificate": chain, "key": key})
        done = run(config, trust=trust)
        assert done.returncode == 1 and "dhcp-option" not in done.stdout
        assert f"interface-name={HOST},br0\n" in done.stdout
        forced = run(config, "--force", trust=trust)
        assert forced.returncode == 0 and forced.stderr == ""
        assert f'dhcp-option=tag:br0,114,"https://{HOST}/captive-api"\n' \
            in forced.stdout
        why = re.search(r"left out: the captive portal API: (.*)\n",
                        done.stderr)[1]
        assert f"# By force, although: {why}.\n" in forced.stdout
        return why.replace(str(tmp_path), "").replace(ca.folder, "")
    return refused


def test_certificate_is_judged_as_phones_do(refused, ca):
    good, key = ca.issue("good", HOST)
    other, other_key = ca.issue("other", "www.stadt.example")
    old, old_key = ca.issue("old", HOST, days=-1)
    assert refused(other, other_key) == f"/other.pem is not for {HOST}"
    assert "has expired" in refused(old, old_key)
    assert refused(good, old_key) == "/old.key is not the key of /good.pem"
    # this box trusts another one, or none
    assert "/good.pem: phones will not trust it: unable to get local issuer" \
        in refused(good, key, trust=good)
    assert "self-signed" in refused(ca.file, ca.folder + "/authority.key",
                                    trust="/dev/null")


def test_files_that_do_not_load(refused, ca, tmp_path):
    good, key = ca.issue("loads", HOST)
    locked = tmp_path / "locked.key"
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-out", locked,
                    "-passout", "pass:x"], check=True)
    garbage = tmp_path / "garbage"
    garbage.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n"
                       "-----END CERTIFICATE-----\n")
    missing = "/nowhere: No such file or directory"
    assert refused("/nowhere", key) == refused(good, "/nowhere") == missing
    assert refused(garbage, key).startswith("/garbage: ")
    assert refused(key, key).startswith("/loads.key: ")
    assert refused(good, good).startswith("/loads.pem: ")
    assert refused(good, locked).startswith("/locked.key: ")


def test_end_of_the_certificate_is_told(run, ca, tmp_path):
    chain, key = ca.issue("ends", HOST)
    config = write_config(tmp_path / "c", ["guest"], {
        "hostname": HOST, "certificate": chain, "key": key})
    end = subprocess.run(["openssl", "x509", "-in", chain, "-noout",
                          "-enddate", "-dateopt", "iso_8601"], text=True,
                         stdout=subprocess.PIPE, check=True).stdout
    day = re.search(r"(\d{4}-\d\d-\d\d \d\d:\d\d)", end)[1]
    for server in SERVERS:
        assert f"# The certificate ends on {day} UTC." in \
            run(config, "--server", server, trust=ca.file).stdout


def test_nobody_is_there(refused, ca):
    """A good certificate alone; tests/net/test_dnsmasq.py has the rest."""
    assert refused(*ca.issue("alone", HOST)) == \
        "netctl is not reachable at /netctl.sock: No such file or directory"


def test_by_force_there_is_a_name_at_least(run):
    done = run(FOLDER / "small.conf", "--force")
    assert done.returncode == 1
    assert "dhcp-option" not in done.stdout
