# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixtures of tests/net, on a kernel with everything (tests/vm/boot)."""
import importlib.util
import os
import subprocess
import sys

import pytest

NET = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "net")
MODULES = ["sch_htb", "sch_fq_codel", "nf_tables", "nft_flow_offload",
           "nf_flow_table", "nf_flow_table_inet", "nf_conntrack_netlink",
           "nft_chain_nat", "nft_nat", "nft_masq", "nft_redir", "nft_ct",
           "nft_limit", "nft_quota", "nft_reject_inet",
           "nft_connlimit", "nft_fib_inet", "nft_log", "8021q", "bridge", "veth", "macvlan"]

sys.path.insert(0, NET)
_spec = importlib.util.spec_from_file_location(
    "net_conftest", os.path.join(NET, "conftest.py"))
_net = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_net)
street, stadttor, phones, ca = (_net.street, _net.stadttor, _net.phones,
                               _net.ca)
import lab  # noqa: E402

_wait_until = lab.wait_until


def wait_patiently(what, seconds=5.0, *args, **kwargs):
    """An emulated machine is slow, and slower on the days that count."""
    return _wait_until(what, seconds * 5, *args, **kwargs)


lab.wait_until = wait_patiently


@pytest.fixture(scope="session", autouse=True)
def modules():
    """At once, as each call costs a second here."""
    subprocess.run(["modprobe", "-a", *MODULES], check=True)


_said = []


@pytest.fixture(scope="session")
def say():
    """Takes a line of figures for the end of the run."""
    return _said.append


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("measured")
    for line in _said:
        terminalreporter.write_line(line)
