# SPDX-License-Identifier: GPL-3.0-or-later
"""What netctl puts into the kernel is what `stadttor ruleset` prints."""
import ipaddress
import re

import gate
import lab

GARDEN = {"rate_down": "5mbit",
          "garden_name": ["bochum.example"],
          "garden_address": ["203.0.113.0/25", "2001:db8:77::/48"],
          "garden_port": ["8883/tcp", "8801/udp"],
          "allow_private": ["192.168.7.0/24", "fd00:7::/32"]}
# nft's parser cannot say this; its listing can.
UNSAYABLE = re.compile(r"meta priority set meta mark >>")


def sayable(text):
    return "".join(line for line in text.splitlines(keepends=True)
                   if not UNSAYABLE.search(line))


def listing(namespace, table):
    return sayable(namespace.run("nft", "list", "table",
                                 *table.split()).stdout)


def bounds(item):
    first, _, last = item.partition("-")
    net = ipaddress.ip_network(first)
    return net[0], ipaddress.ip_address(last) if last else net[-1]


def joined(match):
    """Networks side by side are one range where nft itself put them in."""
    ranges = []
    for first, last in sorted(bounds(item.strip())
                              for item in match[1].split(",")):
        if ranges and int(first) <= int(ranges[-1][1]) + 1:
            ranges[-1][1] = max(last, ranges[-1][1])
        else:
            ranges.append([first, last])
    return f"elements {ranges}"


def without_spelling(text):
    """Only netctl knows the devices behind indexes; nft names Ethernet
    addresses only where it made the rule itself."""
    text = re.sub(r"(size 4096)\n\t\telements = [^}]*\}", r"\1", text)
    text = re.sub(r"elements = \{([^}]*)\}", joined, text)
    return (text.replace("@ll,48,48", "ether saddr")
                .replace("@ll,0,48", "ether daddr")
                .replace("\n\n", "\n").replace("\t\tauto-merge\n", ""))


def compare(stadttor, street, flow_table):
    """flow_table: of the gate's own, where the kernel has any."""
    stadttor.configure(guest=GARDEN, gate={"flow_table": flow_table})
    stadttor.start_one(gate.NETCTL)
    lab.wait_until(stadttor.netctl_answers, say="netctl is not ready")
    # Only netctl knows the uplink's own networks, which a NAT64 leads to, too.
    text = (sayable(stadttor.cli("ruleset").stdout)
            .replace("{ 0.0.0.0/8,", "{ 198.51.100.0/24, 0.0.0.0/8,")
            .replace("{ ::/32,", "{ 2001:db8:1::/64, "
                     "64:ff9b::c633:6400/120, ::/32,"))
    other = lab.Namespace("text")
    try:
        other.ip(f"link add {street.guest.bridge} type bridge",
                 "link add wan0 type bridge")
        other.nft(text)
        for table in ("netdev stadttor", "inet stadttor"):
            installed = listing(street.gate, table)
            assert "chain" in installed
            assert (without_spelling(installed)
                    == without_spelling(listing(other, table)))
    finally:
        other.close()


def test_bytecode_says_what_the_text_says(stadttor, street):
    compare(stadttor, street, 0)
