# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of a city: redis-server as `stadttor city init` sets it up.

Each server has the generated files where they are to lie, in mounts of its own,
so that several of them run here with the same paths.
"""
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import time

PORT = 6379


class Refused(Exception):
    """The server's answer is an error."""


class Client:
    """One connection that speaks RESP2 over TLS. chain: certificate and key,
    where the server wants them."""

    def __init__(self, host, ca, port=PORT, timeout=60, netns=None, name=None,
                 chain=()):
        context = ssl.create_default_context(cafile=str(ca))
        if chain:
            context.load_cert_chain(*chain)
        make = netns.socket if netns else socket.socket
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        raw = make(family, socket.SOCK_STREAM)
        raw.settimeout(timeout)
        raw.connect((host, port))
        self.socket = context.wrap_socket(raw, server_hostname=name or host)
        self.input = self.socket.makefile("rb")

    def send(self, *words):
        self.socket.sendall(build(*words))

    def read(self):
        line = self.input.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionResetError("closed")
        kind, text = line[:1], line[1:-2]
        if kind == b"-":
            raise Refused(text.decode())
        if kind == b"+":
            return text
        if kind == b":":
            return int(text)
        if int(text) < 0:
            return None
        if kind == b"*":
            return [self.read() for _ in range(int(text))]
        return self.input.read(int(text) + 2)[:-2]

    def __call__(self, *words):
        self.send(*words)
        return self.read()

    def login(self, user, password):
        assert self("AUTH", user, password) == b"OK"
        return self

    def close(self):
        self.input.close()
        self.socket.close()


def build(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(
        b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Server:
    """One redis-server. `files` is what init made, `place` where it belongs."""

    READY = "eady to accept connections"

    def __init__(self, folder, files, place, host, master="", extra="",
                 acl="", netns=None):
        self.host, self.place, self.netns = host, place, netns
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.files = self.folder / "files"
        shutil.copytree(files, self.files)
        with open(self.files / "stadttor.acl", "a", encoding="ascii") as file:
            file.write(acl)
        os.makedirs(place, exist_ok=True)
        self.config = self.folder / "redis.conf"
        self.write_config(master, extra)
        self.process = None
        self.start()

    def write_config(self, master, extra):
        """As Debian's begins, and what is to stand last; the line behind it
        makes room for others on this host."""
        replicaof = f"replicaof {master} {PORT}\n" if master else ""
        self.config.write_text(
            f"bind 127.0.0.1 -::1\nport 6379\ndir {self.folder}\n"
            f"include {self.place}/stadttor.conf\n{replicaof}"
            f"bind {self.host}\n{extra}\n")

    def command(self):
        return ["redis-server", self.config]

    def start(self):
        command = ["unshare", "-m", "sh", "-c",
                   'mount --bind "$0" "$1" && shift && exec "$@"',
                   self.files, self.place, *self.command()]
        with open(self.folder / "log", "a", encoding="utf-8") as log:
            start = self.netns.popen if self.netns else subprocess.Popen
            self.process = start(command, stdout=log, stderr=log)
        self.wait_listening()

    def wait_listening(self):
        until = time.monotonic() + 120
        while time.monotonic() < until:
            assert self.process.poll() is None, self.log()
            if self.READY in self.log():
                return
            time.sleep(0.02)
        raise AssertionError(self.log())

    def log(self):
        return (self.folder / "log").read_text()

    def client(self, ca, **kwargs):
        return Client(self.host, ca, netns=self.netns, **kwargs)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
        (self.folder / "log").write_text("")

    def kill(self):
        self.process.kill()
        self.process.wait(60)
        (self.folder / "log").write_text("")


class Sentinel(Server):
    """Of which there are three; one looks after the servers with the others,
    and writes into its config whom it knows."""

    READY = "Sentinel ID is"

    def write_config(self, master, extra):
        part = (self.files / "sentinel.conf").read_text()
        self.config.write_text(f"dir {self.folder}\n{part}"
                               f"bind {self.host}\n{extra}\n")

    def command(self):
        return ["redis-server", self.config, "--sentinel"]
