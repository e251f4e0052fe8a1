# SPDX-License-Identifier: GPL-3.0-or-later
"""A dashboard in a network namespace, shown on this machine."""
import contextlib
import os
import secrets
import socket
import subprocess
import threading

import gate

OPERATOR, ADMIN_PORT = "operator", 2090


def make_account(stadttor):
    password = "-".join(secrets.token_hex(2) for _ in range(3))
    subprocess.run([os.path.join(gate.BUILD, "stadttor"), "-c",
                    stadttor.config, "passwd", "--stdin", OPERATOR],
                   input=f"{password}\n", text=True, check=True,
                   capture_output=True)
    return password


def copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def hand_on(listener, netns):
    """As ssh -L does: it listens on the other's own loopback."""
    while True:
        here, _ = listener.accept()
        there = netns.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            there.connect(("127.0.0.1", ADMIN_PORT))
        except OSError:
            here.close()
            continue
        for ends in (here, there), (there, here):
            threading.Thread(target=copy, args=ends, daemon=True).start()


def show(netns):
    """Where it is seen on this machine; None: somebody else is there."""
    try:
        listener = socket.create_server(("127.0.0.1", ADMIN_PORT))
    except OSError:
        return None
    threading.Thread(target=hand_on, args=(listener, netns),
                     daemon=True).start()
    return f"http://127.0.0.1:{ADMIN_PORT}/"
