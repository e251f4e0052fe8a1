# SPDX-License-Identifier: GPL-3.0-or-later
"""A round on the air: hostapd with an open network and its encrypted twin, on
two access points of one box, and phones that know nothing but its name."""
import lab
import pytest
import traffic
from test_captive import Client
from test_dnsmasq import API, NAME, dnsmasq, printed  # noqa: F401
from test_dnsmasq import programs  # noqa: F401
from traffic import FAMILIES, V4, V6
from wifi import AccessPoint, Station, make_radios, start_access_points


@pytest.fixture(scope="module")
def air(street, tmp_path_factory):
    """Two access points, and two phones."""
    folder = tmp_path_factory.mktemp("air")
    make_radios(4)
    points = [AccessPoint(street, folder, number, channel)
              for number, channel in ((0, 1), (1, 6))]
    hostapd = start_access_points(folder, points)
    stations = [Station(street._namespace(f"radio{number}"), folder,
                        street.guest, number) for number in (2, 3)]
    yield points, stations
    for station in stations:
        street.remove_phone(station)
    lab.stop(hostapd)


@pytest.fixture
def stations(air):
    yield air[1]
    for station in air[1]:
        station.leave()


def come_in(station, encrypted, ca, say):
    """Joins, gets its addresses, is led to the portal, taps, is online."""
    took = station.join(encrypted)
    say(f"joined {station.device} in {took:.1f} s, "
        f"{station.status()['key_mgmt']}")
    assert station.status()["key_mgmt"] == ("OWE" if encrypted else "NONE")
    station.ask_for_address()
    assert station.option_114 == API
    lab.wait_until(station.has_own_ipv6, 20, say="no address by SLAAC")
    assert station.network.gate4 in traffic.resolve(station, NAME)
    for family in FAMILIES:
        assert traffic.http(station, traffic.web(family)).status == 302
        assert traffic.is_shut(station, family)
    client = Client(station, ca, V4)
    assert client.told()["captive"] is True
    assert client.tap() == "/status"
    assert client.told()["captive"] is False
    for family in FAMILIES:
        traffic.wait_online(station, family)
        assert "the internet" in traffic.http(station,
                                              traffic.web(family)).body


def walk(station, there, encrypted, programs, say):  # noqa: F811
    """To another access point; nobody is asked again."""
    before = programs.session_of(station)
    with traffic.NumberedFlow(station, every=0.02) as flow:
        flow.progress()
        took = station.walk(there.bssid(encrypted))
        flow.progress()
        lost = flow.finish()
    say(f"walked over in {took:.1f} s, {lost} of {flow.sent} "
        "packets lost")
    assert station.mac in there.stations(encrypted)
    for family in FAMILIES:
        assert traffic.is_online(station, family)
    with traffic.Transfer(station, V6) as transfer:
        transfer.wait_moving(1_000_000, 20)
    after = programs.session_of(station)
    assert after["handle"] == before["handle"]
    assert after["down_bytes"] > before["down_bytes"] + 1_000_000


@pytest.mark.timeout(900)
@pytest.mark.parametrize("encrypted", [False, True], ids=["open", "owe"])
def test_round(air, stations, programs, dnsmasq, ca,  # noqa: F811
               encrypted, say):
    phone, other = stations
    come_in(phone, encrypted, ca, say)
    here, there = sorted(air[0], key=lambda point: point.bssid(encrypted)
                         != phone.status()["bssid"])
    other.join(encrypted)
    other.walk(here.bssid(encrypted))
    other.ask_for_address()
    assert len(here.stations(encrypted)) == 2
    # beside each other they see the gate alone, tapped or not
    assert traffic.ping(other, other.network.gate4, 5) is True
    assert traffic.ping(other, phone.ip4) is not True
    assert traffic.ping(phone, other.ip4) is not True
    assert traffic.is_shut(other)
    walk(phone, there, encrypted, programs, say)
    assert traffic.ping(other, phone.ip4) is not True
    assert len(programs.sessions()) == 1
    phone.leave()
    lab.wait_until(lambda: phone.mac not in there.stations(encrypted), 10,
                   say="it is still there")
    programs.revoke(programs.sessions()[0]["handle"])
