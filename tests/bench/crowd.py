# SPDX-License-Identifier: GPL-3.0-or-later
"""A phone's page while others take all that they can. A row of run."""
import contextlib
import os
import resource
import socket
import ssl
import sys
import tempfile
import time

from lane import REPO, address

import gate
import lab

sys.path.insert(0, os.path.join(REPO, "tests"))
import authority  # noqa: E402

HALF_OPEN, HELLOS, FLOWS = 10_000, 1000, 2000  # the last: max_flows
PER_PHONE = 24  # connections of one address that the portal takes
GREEDY, PHONE = 5500, 5501
NAME = "portal.test"
PAGES = 40
BAR_S = 1.0


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def hello():
    """What a phone sends first."""
    sent = ssl.MemoryBIO()
    client = tls().wrap_bio(ssl.MemoryBIO(), sent, server_hostname=NAME)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def connect(bench, number, where, kind=socket.SOCK_STREAM):
    s = bench.ours.town.socket(socket.AF_INET, kind)
    s.settimeout(20)
    s.bind((address(number), 0))
    s.connect(where)
    return s


def leave(bench, stack, first, count, port, data):
    """Connections of as many phones as it takes, that say this and no more."""
    for n in range(count):
        s = stack.enter_context(connect(bench, first + n // PER_PHONE,
                                        (bench.ours.guest.gate4, port)))
        s.sendall(data)


def hold_flows(bench, stack):
    """One phone that is in has as many as it may, and no more."""
    for n in range(FLOWS):
        s = stack.enter_context(connect(bench, GREEDY, (lab.WEB4, lab.ECHO),
                                        socket.SOCK_DGRAM))
        s.send(b"x")
        s.recv(16)
    try:
        s = stack.enter_context(connect(bench, GREEDY, (lab.WEB4, lab.ECHO)))
        raise RuntimeError(f"a phone has more than {FLOWS} flows")
    except ConnectionRefusedError:
        pass


def read_all(s):
    return b"".join(iter(lambda: s.recv(65536), b""))


def ask(s, host):
    s.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return read_all(s)


def open_page(bench):
    """Seconds from any address that a phone asks for to the end of the page
    that it is led to."""
    start = time.monotonic()
    with connect(bench, PHONE, (lab.WEB4, 80)) as s:
        led = ask(s, "captive.example")
    with connect(bench, PHONE, (bench.ours.guest.gate4, 443)) as plain, \
            tls().wrap_socket(plain, server_hostname=NAME) as s:
        page = ask(s, NAME)
    took = time.monotonic() - start
    if b" 302 " not in led[:20] or b" 200 " not in page[:20]:
        raise RuntimeError(f"no page: {led[:20]} {page[:20]}")
    return took


def start(bench, folder):
    chain, key = authority.Authority(folder).issue("portal", NAME)
    bench.stop()
    bench.stadttor = s = gate.Stadttor(bench.ours)
    s.start(debug=False, guest={"idle": "0", "max_flows": FLOWS},
            gate={"on_stop": "remove"},
            portal={"certificate": chain, "key": key, "hostname": NAME})
    bench.ours.know_phones(PHONE + 1)
    bench.admit(1, address(GREEDY))


def crowd(bench):
    """All three at once."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    folder = tempfile.mkdtemp(prefix="stadttor-bench-")
    os.chmod(folder, 0o755)
    try:
        start(bench, folder)
        with contextlib.ExitStack() as stack:
            hold_flows(bench, stack)
            leave(bench, stack, 0, HALF_OPEN, 80, b"GET / HTT")
            leave(bench, stack, 1000, HELLOS, 443, hello())
            took = sorted(open_page(bench) for _ in range(PAGES))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    bench.add(f"a phone's page by TLS, {HALF_OPEN} connections half open, "
              f"{HELLOS} hellos left, one phone with {FLOWS} flows, the "
              f"slowest of {PAGES}", f"≤ {BAR_S:g} s",
              f"{took[-1]:.3f} s (median {took[len(took) // 2]:.3f} s)",
              took[-1] <= BAR_S)


ROWS = {"crowd": crowd}
