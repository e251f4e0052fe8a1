# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices without a browser: by the address on their label."""
import errno

import ipc
import traffic
from gate import PORTAL
from traffic import FAMILIES

ABSENT = "02:00:5e:00:53:77"


# --- once --------------------------------------------------------------------

def test_grant_by_the_label(stadttor, phones):
    """Whether anything of the device has been seen or not."""
    stadttor.start()
    for text in (phones[0].mac, phones[1].mac.replace(":", "-").upper()):
        stadttor.cli("grant", text, "--minutes", "60")
    for family in FAMILIES:
        assert traffic.is_online(phones[0], family)
        assert traffic.is_online(phones[1], family)
        assert traffic.is_shut(phones[2], family)
    stadttor.cli("grant", ABSENT)
    assert len(stadttor.sessions()) == 3
    assert stadttor.cli("revoke", ABSENT).stdout == "1 session ended\n"
    stadttor.cli("revoke", phones[0].mac)
    assert traffic.is_shut(phones[0]) and traffic.is_online(phones[1])


def test_silence_does_not_end_a_grant_by_the_label(stadttor):
    stadttor.start(guest={"idle": "1m"})
    stadttor.cli("grant", ABSENT)
    session, = stadttor.sessions()
    assert session["idle_s"] is None


def test_grant_in_one_of_several_zones(stadttor, street):
    stadttor.start(staff={})
    refused = stadttor.cli("grant", ABSENT, check=False)
    assert refused.returncode == 2 and "--zone" in refused.stderr
    stadttor.cli("grant", "--zone", "staff", ABSENT)
    assert [s["zone"] for s in stadttor.sessions()] == ["staff"]
    stadttor.cli("revoke", ABSENT)
    assert stadttor.sessions() == []


def test_the_portal_names_no_hardware_address(stadttor, phones):
    """Whoever takes it over cannot let in what is not there."""
    stadttor.start()
    stadttor.kill(PORTAL)
    mac = bytes.fromhex(phones[0].mac.replace(":", ""))
    with ipc.Peer(stadttor.socket) as peer:
        for ask in (ipc.grant, ipc.lookup, ipc.logout):
            assert peer.ask(ask(mac)).error == -errno.ENOENT
    assert stadttor.sessions() == []
