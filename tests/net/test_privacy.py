# SPDX-License-Identifier: GPL-3.0-or-later
"""No address of a phone reaches a log, however talkative the programs are."""
import ipaddress
import os

import lab
import traffic
from gate import NETCTL, PORTAL
from traffic import FAMILIES, V6


def spellings(phone, extra):
    """The ways in which a log might write who somebody is."""
    mac = phone.mac
    found = {mac, mac.replace(":", "-"), mac.replace(":", ""),
             mac.replace(":", "."), phone.ip4}
    packed4 = ipaddress.ip_address(phone.ip4).packed
    found |= {packed4.hex(), "".join(f"{b:02x}" for b in packed4[::-1])}
    for text in (phone.ip6, *extra):
        address = ipaddress.ip_address(text)
        found |= {str(address), address.exploded, address.packed.hex()}
    return found


def canaries(stadttor):
    return {name: open(os.path.join(stadttor.folder, name),
                       errors="replace").read().lower()
            for name in os.listdir(stadttor.folder)
            if name.endswith(".log")}


def test_logs_name_nobody(stadttor, street):
    """Everything that may happen to people, in the two most verbose logs."""
    stadttor.start(guest={"rate_down": "5mbit", "max_sessions": 3,
                          "duration": "1h"})
    phones = street.phones
    extra = "2001:db8:20::c0ff:ee"
    phones[0].add_address(extra)
    try:
        for phone in phones[:3]:
            traffic.http(phone, traffic.web(V6))
            assert traffic.tap(phone).status == 303
        traffic.tap(phones[3])
        traffic.tap(phones[0], V6, source=extra)
        for family in FAMILIES:
            traffic.http(phones[0], phones[0].network.gate(family), "/status")
            traffic.http(phones[0], phones[0].network.gate(family),
                         "/no/such/page", "PUT", "x" * 100)
        stadttor.sessions(True)
        stadttor.restart()
        stadttor.wait_ready()
        street.gate.nft("flush ruleset\n")
        stadttor.wait_log("put back")
        traffic.wait_online(phones[0])
        stadttor.reload()
        stadttor.revoke(phones[0].ip4)
        traffic.log_out(phones[1])
        stadttor.cli("revoke", "10.20.99.99", check=False)
        stadttor.terminate()
    finally:
        phones[0].netns.ip(f"addr del {extra}/64 dev eth0")
    logs = canaries(stadttor)
    assert all(logs[f"{program}.log"] for program in (NETCTL, PORTAL))
    for name, text in logs.items():
        for phone in phones:
            said = [s for s in spellings(phone, [extra]) if s in text]
            assert said == [], f"{name} names a phone: {said}"


def test_sessions_hide_addresses(stadttor, phones):
    stadttor.start()
    assert traffic.tap(phones[0]).status == 303
    for args in (("sessions",), ("sessions", "--json"), ("status",),
                 ("status", "--json")):
        said = stadttor.cli(*args).stdout.lower()
        assert [s for s in spellings(phones[0], []) if s in said] == []
    shown = stadttor.cli("sessions", "--show-addresses").stdout
    assert phones[0].mac in shown and phones[0].ip4 in shown
    assert lab.WEB4 not in shown
