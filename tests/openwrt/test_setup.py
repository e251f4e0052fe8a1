# SPDX-License-Identifier: GPL-3.0-or-later
"""The wizard: what it would do, does, and takes back."""
import re
import shlex

import pytest
import router as r

SETUP = (r.FILES / "stadttor.setup").read_text()
UNDO = "etc/stadttor/undo"


@pytest.fixture
def box(tmp_path):
    box = r.Router(tmp_path)
    yield box
    box.uci.stop()


def run(box, *args, given="", ok=True, **env):
    script = box.place(SETUP, "usr/libexec/stadttor/setup")
    done = box.run(script, *args, given=given, **env)
    out = box.unmoved(done.stdout)
    assert (done.returncode == 0) == ok, out
    assert not list((box.root / "tmp").iterdir())
    return out


def files(box):
    return {p.name: (p.read_bytes(), p.stat().st_mode)
            for p in (box.etc / "config").iterdir()}


def reloads(box):
    return ["reload_config"] in box.events()


def settings(box, package):
    """What uci has, as {"guest.proto": "static"}."""
    out = box.run("-c", f"uci show {package}").stdout
    return {k.removeprefix(package + "."): v.replace("' '", " ").strip("'")
            for k, v in (line.split("=", 1) for line in out.splitlines())}


def test_what_it_makes(box):
    before = {p: settings(box, p) for p in ("network", "dhcp", "firewall",
                                            "wireless", "stadttor")}
    run(box, "--yes", "--ssid", "Café d'Or \"frei\"")
    assert reloads(box)
    made = {p: {k: v for k, v in settings(box, p).items()
                if before[p].get(k) != v} for p in before}
    assert made == {
        "network": {
            "guest_dev": "device", "guest_dev.type": "bridge",
            "guest_dev.name": "br-guest", "guest_dev.bridge_empty": "1",
            "guest": "interface", "guest.proto": "static",
            "guest.device": "br-guest", "guest.ipaddr": "10.20.0.1/22",
            "guest.ip6assign": "64"},
        "dhcp": {
            "guest": "dhcp", "guest.interface": "guest", "guest.start": "10",
            "guest.limit": "1000", "guest.leasetime": "1h",
            "guest.dhcpv4": "server",
            "guest.ra": "server", "guest.dhcpv6": "server"},
        "firewall": {
            "guest": "zone", "guest.name": "guest", "guest.network": "guest",
            "guest.input": "REJECT", "guest.output": "ACCEPT",
            "guest.forward": "REJECT"},
        "wireless": {
            f"guest_{radio}{k}": v for radio in ("radio0", "radio1")
            for k, v in {"": "wifi-iface", ".device": radio, ".mode": "ap",
                         ".network": "guest", ".encryption": "none",
                         ".ssid": "Café d'\\''Or \"frei\"",
                         ".isolate": "1"}.items()},
        "stadttor": {"wan.device": "eth1", "@portal[0].network":
                     "Café d'\\''Or \"frei\""}}


def test_the_page_names_the_network(box):
    """As phones list it; without --ssid it is the other way round."""
    box.run("-c", "uci set stadttor.@portal[0].network='City Wi-Fi';"
            "uci commit stadttor")
    out = run(box, "--dry-run")
    assert "ssid='City Wi-Fi'" in out and "@portal" not in out
    box.run("-c", "uci delete stadttor.@portal[0]; uci commit stadttor")
    out = run(box, "--dry-run")
    assert "uci set stadttor.portal='portal'\n" \
        "uci set stadttor.portal.network='Stadttor'" in out


def test_the_network_never_comes_up_before_its_gate(box):
    run(box, "--yes")
    assert box.guarded() == ["br-guest"]
    order = [e[0] for e in box.events()
             if e[0] == "reload_config" or e[0].startswith("nft -f")]
    assert order == ["nft -f -", "reload_config"]


def test_it_prints_what_it_runs(box):
    """The commands of a dry run, run by hand, make the same files."""
    before = files(box)
    printed = run(box, "--dry-run", "--ssid", "it's free")
    assert files(box) == before and not reloads(box)
    assert not (box.root / UNDO).exists()
    assert "ssid='it'\\''s free'" in printed
    assert "radio0 is off: uci delete wireless.radio0.disabled" in printed
    commands = [x for x in printed.splitlines() if x.startswith("uci ")]
    assert all(len(shlex.split(x)) == 3 for x in commands)
    box.run("-c", "\n".join(commands))
    by_hand = files(box)
    for name, (text, _) in before.items():
        box.config(name).write_bytes(text)
    out = run(box, "--yes", "--ssid", "it's free")
    assert files(box) == by_hand
    assert [x for x in out.splitlines() if x.startswith("uci ")] == commands


def test_a_radio_that_is_off_may_have_an_open_network_of_its_own(box):
    """Whoever turns it on opens that one, too, and into the LAN."""
    box.add("wireless", "config wifi-iface 'default_radio0'\n"
            "\toption device 'radio0'\n\toption network 'lan'\n"
            "\toption ssid 'OpenWrt'\n")
    printed = run(box, "--dry-run")
    assert "this turns on 'OpenWrt' (lan) too; without it: uci set " \
        "wireless.default_radio0.disabled=1, first" in printed
    box.run("-c", "uci set wireless.default_radio0.disabled=1;"
            "uci commit wireless")
    assert "turns on" not in run(box, "--dry-run")


@pytest.mark.parametrize("address,fits", [
    ("10.20.0.1/22", True), ("192.168.2.1/24", True),
    ("192.168.0.1/16", False), ("192.168.1.129/25", False)])
def test_an_address_of_a_network_that_is_there_is_refused(box, address, fits):
    out = run(box, "--dry-run", "--radios", "none", "--address", address,
              ok=fits)
    assert ("is in the same network already" in out) != fits


@pytest.mark.parametrize("lan", [
    "\toption ipaddr '10.20.0.1/16'\n",
    "\toption ipaddr '10.20.0.1'\n\toption netmask '255.255.0.0'\n",
    "\toption ipaddr '10.20.0.1/255.255.0.0'\n",
    "\tlist ipaddr '192.168.1.1/24'\n\tlist ipaddr '10.20.0.1/16'\n"])
@pytest.mark.parametrize("address,fits", [
    ("10.20.64.1/22", False), ("10.20.255.1/28", False),
    ("10.21.0.1/22", True), ("10.21.0.1/16", True),
    ("10.20.64.1/16", False)])
def test_the_larger_of_two_networks_may_hold_the_other(box, lan, address,
                                                       fits):
    box.config("network", r.NETWORK.replace("\toption ipaddr '192.168.1.1'\n",
                                            lan))
    out = run(box, "--dry-run", "--radios", "none", "--address", address,
              ok=fits)
    assert ("is in the same network already" in out) != fits


def test_undo_restores_every_byte(box):
    before = files(box)
    assert b"# kept by hand" in before["network"][0]
    run(box, "--yes")
    assert files(box) != before
    out = run(box, "--undo", "--yes")
    assert files(box) == before and reloads(box)
    assert not (box.root / UNDO).exists()
    assert "cp -p /etc/stadttor/undo/before/network /etc/config/network" in out


def test_undo_leaves_what_others_have_changed_since(box):
    before = {p: settings(box, p) for p in ("network", "stadttor")}
    exact = files(box)
    run(box, "--yes", "--vlan", "lan2.30")
    box.run("-c", "uci set network.lan.ipaddr=192.168.7.1; uci commit network;"
            "uci set stadttor.guest.duration=2h; uci commit stadttor")
    printed = run(box, "--undo", "--dry-run")
    assert (box.root / UNDO / "after").exists() and not reloads(box)
    out = run(box, "--undo", "--yes")
    assert out == printed
    before["network"]["lan.ipaddr"] = "192.168.7.1"
    before["stadttor"]["guest.duration"] = "2h"
    for package, wanted in before.items():
        assert settings(box, package) == wanted
    for package in ("dhcp", "firewall", "wireless"):
        assert files(box)[package] == exact[package]
    assert "uci set stadttor.wan.device='wan'" in out


def test_what_is_kept_for_undo_is_for_root_alone(box):
    run(box, "--yes")
    for path in [box.root / UNDO, *(box.root / UNDO).rglob("*")]:
        if path.parent.name != "before":  # those are as they were
            assert path.stat().st_mode & 0o77 == 0, path


def test_it_asks_first(box):
    before = files(box)
    out = run(box, given="n\n", ok=False)
    assert out.endswith("Run these commands? [y/N] "
                        "stadttor-setup: nothing is changed\n")
    assert files(box) == before and not reloads(box)
    run(box, given="", ok=False)
    assert files(box) == before
    run(box, given="y\n")
    assert files(box) != before
    after = files(box)
    run(box, "--undo", given="n\n", ok=False)
    assert files(box) == after


def test_a_suggestion_changes_nothing_and_knows_when_to_be_silent(box):
    before = files(box)
    out = run(box, "--suggest")
    assert out.startswith("nothing is changed; ")
    assert "uci set network.guest='interface'" in out
    assert files(box) == before and not reloads(box)
    run(box, "--yes")
    assert run(box, "--suggest") == ""


def test_uci_defaults_put_the_suggestion_into_the_log(box):
    box.place(SETUP, "usr/libexec/stadttor/setup")
    Log = box.bin / "logger"
    box.program(Log, 'shift 2; cat >"$TRACE.log"')
    script = box.place((r.FILES / "stadttor.defaults").read_text(),
                       "etc/uci-defaults/90-stadttor")
    before = files(box)
    assert box.run(script).returncode == 0
    text = (box.trace.parent / "trace.log").read_text()
    assert "nothing is changed" in text
    assert files(box) == before


@pytest.mark.parametrize("failing", ["firewall add_list", "dhcp commit",
                                     "stadttor commit"])
def test_a_failure_leaves_everything_as_it_was(box, failing):
    before = files(box)
    box.uci.fails = failing
    out = run(box, "--yes", ok=False)
    assert "everything is as it was" in out
    assert files(box) == before and not reloads(box)
    assert not (box.root / UNDO).exists()
    assert box.uci.delta == []


def test_unsaved_changes_of_somebody_else_are_not_committed(box):
    box.run("-c", "uci set dhcp.@dnsmasq[0].domain=mine")
    before = files(box)
    out = run(box, "--yes", ok=False)
    assert out == ("stadttor-setup: there are unsaved changes: uci changes "
                   "dhcp\n")
    assert files(box) == before


def test_twice_is_once(box):
    run(box, "--yes")
    after = files(box)
    assert "done already" in run(box, "--yes", ok=False)
    assert files(box) == after


def test_a_section_that_is_there_already_is_not_touched(box):
    box.add("network", r.GUESTS)
    before = files(box)
    assert "network.guest is there already" in run(box, "--yes", ok=False)
    assert files(box) == before
    run(box, "--yes", "--name", "square")
    assert settings(box, "stadttor")["square.device"] == "br-square"


def test_the_uplink_is_the_device_of_the_connection(box):
    (box.etc / "ubus.network.interface.wan").write_text(
        '{ "up": true, "l3_device": "pppoe-wan" }')
    assert "uci set stadttor.wan.device='pppoe-wan'" in run(box, "--dry-run")


def test_option_114_where_there_is_tls(box):
    assert "114" not in run(box, "--dry-run")
    box.run("-c", "uci set stadttor.@portal[0].hostname=wifi.city.example;"
            "uci set stadttor.@portal[0].certificate=/etc/ssl/city.pem;"
            "uci commit stadttor")
    out = run(box, "--dry-run")
    assert ("uci add_list dhcp.guest.dhcp_option="
            "'114,https://wifi.city.example/captive-api'") in out
    path = re.search(r'CAPTIVE_PATH\s+"(.*)"', (
        r.HERE.parent.parent / "portal" / "guest" / "captive.h").read_text())[1]
    assert path == "/captive-api"


def test_radios(box):
    assert "wireless" not in run(box, "--dry-run", "--radios", "none")
    out = run(box, "--dry-run", "--radios", "radio1")
    assert "guest_radio1" in out and "guest_radio0" not in out
    assert "there is no radio9" in run(box, "--radios", "radio9", ok=False)


@pytest.mark.parametrize("option,value", [
    ("--name", "Guest"), ("--name", "a" * 12), ("--name", "x;y"),
    ("--name", ""), ("--uplink", "w n"), ("--uplink", "nowhere"),
    ("--address", "10.20.0.1"), ("--address", "10.20.0.1/30"),
    ("--address", "10.20.0.256/24"), ("--address", "10.20.0/24"),
    ("--address", "10.20.0.x/24"), ("--address", "192.168.1.9/24"),
    ("--vlan", "lan1"), ("--vlan", "lan1.0"), ("--vlan", "lan1.5000"),
    ("--vlan", "lan1;.30"), ("--ssid", "x" * 33), ("--ssid", "a\tb"),
    ("--nonsense", "1")])
def test_nonsense_is_refused_before_anything_happens(box, option, value):
    before = files(box)
    run(box, "--yes", option, value, ok=False)
    assert files(box) == before and not reloads(box)


def test_a_power_cut_before_anything_is_changed(box):
    before = files(box)
    (box.root / UNDO / "before").mkdir(parents=True)
    assert "nothing to take back" in run(box, "--undo", "--yes", ok=False)
    run(box, "--yes")
    run(box, "--undo", "--yes")
    assert files(box) == before


def test_a_power_cut_in_the_middle(box):
    """Without checksums it takes back its own part of each file."""
    packages = ("network", "dhcp", "firewall", "wireless", "stadttor")
    before = {p: settings(box, p) for p in packages}
    run(box, "--yes")
    (box.root / UNDO / "after").unlink()
    assert "done already" in run(box, "--yes", ok=False)
    run(box, "--undo", "--yes")
    assert {p: settings(box, p) for p in packages} == before


def test_undo_of_nothing(box):
    assert "nothing to take back" in run(box, "--undo", "--yes", ok=False)
