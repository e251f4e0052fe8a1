# SPDX-License-Identifier: GPL-3.0-or-later
"""A store of a city, Debian's redis-server with TLS and logins, and a client
that speaks to it as boxes do."""
import os
import signal
import socket
import ssl
import subprocess

PASSWORD = "of-the-tests"
HUB_RIGHTS = ("~in:* ~g:* ~c:* ~v ~hb:* ~hub:* -@all +xread +xadd +xtrim +xdel"
              " +xlen +del +expire +memory|usage +get +set +role +time +ping")
BOX_RIGHTS = ("%W~in:{0} %W~hb:{0} %R~g:* %R~v %R~k:{0} %R~c:{0} -@all +xadd"
              " +xread +role +time")


class Refused(Exception):
    """An error of the store's."""


RUNNING = set()  # processes of stores


class Client:
    """Of one login; replies are bytes, numbers, lists, None."""

    def __init__(self, store, user="root", password=PASSWORD):
        context = ssl.create_default_context(cafile=store.ca.file)
        plain = socket.create_connection(("127.0.0.1", store.port), 30)
        self._socket = context.wrap_socket(plain, server_hostname="localhost")
        self._file = self._socket.makefile("rb")
        self("AUTH", user, password)

    def __call__(self, *args):
        return self.all([args])[0]

    def all(self, commands):
        """One after the other, without waiting."""
        words = []
        for args in commands:
            args = [a if isinstance(a, bytes) else str(a).encode()
                    for a in args]
            words.append(b"*%d\r\n" % len(args) + b"".join(
                b"$%d\r\n%s\r\n" % (len(a), a) for a in args))
        self._socket.sendall(b"".join(words))
        replies = [self._read() for _ in words]
        for reply in replies:
            if isinstance(reply, Refused):
                raise reply
        return replies

    def _read(self):
        line = self._file.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("closed")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest
        if kind == b":":
            return int(rest)
        if kind == b"-":
            return Refused(rest.decode())
        if int(rest) < 0:
            return None
        if kind == b"$":
            return self._file.read(int(rest) + 2)[:-2]
        return [self._read() for _ in range(int(rest))]

    def close(self):
        self._file.close()
        self._socket.close()


class Redis:
    """The server. It keeps what it has on the disk, as in a city."""

    def __init__(self, folder, ca, port=6390, bounds=()):
        self.folder, self.ca, self.port = str(folder), ca, port
        self.process = None
        chain, key = ca.issue("store", "localhost")
        self._acl = os.path.join(self.folder, "users.acl")
        self.config = os.path.join(self.folder, "redis.conf")
        self.set_users({})
        with open(self.config, "w", encoding="utf-8") as f:
            f.write("\n".join([
                "port 0", f"tls-port {port}", "bind 127.0.0.1",
                f"tls-cert-file {chain}", f"tls-key-file {key}",
                f"tls-ca-cert-file {ca.file}", "tls-auth-clients no",
                f"aclfile {self._acl}", f"dir {self.folder}",
                "appendonly yes", "appendfsync always", "save ''",
                "proto-max-bulk-len 1mb", "client-query-buffer-limit 2mb",
                *bounds, ""]))

    def set_users(self, users):
        """User -> rights; before it starts."""
        lines = [f"user root on >{PASSWORD} ~* &* +@all",
                 "user default off resetpass"]
        lines += [f"user {name} on >{PASSWORD} resetchannels {rights}"
                  for name, rights in users.items()]
        with open(self._acl, "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def start(self, environment=None):
        self.process = subprocess.Popen(
            ["redis-server", self.config], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
            env={**os.environ, **(environment or {})})
        RUNNING.add(self.process)
        for line in self.process.stdout:
            if "Ready to accept connections" in line:
                return self
        raise ConnectionError("redis-server did not start")

    def kill(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait()
        self.process.stdout.close()
        RUNNING.remove(self.process)
        self.process = None

    def close(self):
        if self.process:
            self.kill()
