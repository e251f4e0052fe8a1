# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the built programs are, for all tests, and a /tmp of their own.

STADTTOR_BUILD: the build to test (default build). STADTTOR_NET: that of tests/net,
if it is another. STADTTOR_PLAIN: the build without sanitizers, whose linking and
hardening is looked at (default build).
"""
import ctypes
import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18

# A daemon that has dropped its privileges cannot be looked into, which the
# leak checker would do at its end; units and fuzzers switch it on.
os.environ.setdefault("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=0")
os.environ.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")

# Debian's users do not look where dnsmasq, nft and radvd are.
os.environ["PATH"] += ":/usr/sbin:/sbin"

# Of four workers none is to be left alone with the longest file at the end.
# Those that are not named take seconds.
LONGEST = """
    cross/test_cross browser/test_pages fuzz/test_fuzz browser/test_dashboard
    net/test_deb net/test_real_dashboard mutants/test_mutants net/test_shaping
    net/test_city_codes net/test_city_failover net/test_tasks
    net/test_http net/test_hub net/test_city_link net/test_admin openwrt/test_luci
    net/test_city_cli net/test_end net/test_restart net/test_reload
    unit/test_units unit/test_powercut net/test_radius net/test_outlet
    golden/test_voucher_cli
    net/test_events net/test_oidc net/test_usage net/test_tags net/test_flush
    net/test_doctor net/test_city net/test_privacy golden/test_live
    net/test_leaks openwrt/test_rpcd golden/test_doctor_cli net/test_portal
    net/test_captive net/test_canary net/test_bypass unit/test_voucher_model
    unit/test_usage_model openwrt/test_init openwrt/test_setup net/test_private
    net/test_residents net/test_strangers net/test_liar golden/test_cli
    net/test_clients
""".split()

# Longer than all others, and every test for itself.
SHARED = "fuzz/test_fuzz.py::test_fuzz["


def _mount(source, target, kind=None, flags=0, data=None):
    libc = ctypes.CDLL(None, use_errno=True)
    words = [x and os.fsencode(x) for x in (source, target, kind)]
    if libc.mount(*words, ctypes.c_ulong(flags), data and data.encode()):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _own_tmp():
    """In memory, where no test waits for a disk; it ends with the run."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS):
        return  # tests that need more than this will say so
    tree = os.open(ROOT, os.O_PATH)
    _mount("none", "/", flags=MS_REC | MS_PRIVATE)
    _mount("stadttor", "/tmp", "tmpfs", data="mode=1777")
    if ROOT.is_relative_to("/tmp"):
        ROOT.mkdir(parents=True)
        _mount(f"/proc/self/fd/{tree}", ROOT, flags=MS_BIND | MS_REC)
        os.chdir(ROOT)
    os.close(tree)
    os.environ.pop("TMPDIR", None)


def pytest_configure(config):
    # Workers, and runs within a test, are in it already.
    if os.geteuid() == 0 and "STADTTOR_TMP" not in os.environ:
        os.environ["STADTTOR_TMP"] = "own"
        _own_tmp()


def pytest_collection_modifyitems(items):
    def place(item):
        name = str(item.path.relative_to(ROOT / "tests").with_suffix(""))
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)
    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """A file is one worker's, but those of SHARED are two workers'."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            if not nodeid.startswith(SHARED):
                return file
            return f"{file}::{self.collection.index(nodeid) % 2}"
    return Scheduling(config, log)


def _folder(variable):
    return (ROOT / os.environ.get(variable, "build")).resolve()


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def build():
    return _folder("STADTTOR_BUILD")


@pytest.fixture(scope="session")
def plain_build():
    return _folder("STADTTOR_PLAIN")
