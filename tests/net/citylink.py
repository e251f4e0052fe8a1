# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal between a store of a city and netctl, which is played here."""
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import citystore
import gate
import ipc
import lab

SITE, USER = "rathaus", "box-rathaus"
DAY_S, SHIFT_S = 86400, 3 * 3600

def today(now_s=None):
    return int((now_s or time.time()) - SHIFT_S) // DAY_S


def records(first, count):
    """So many of 16 bytes that tell them apart."""
    return [struct.pack(">QQ", 0x1100000000000000, n)
            for n in range(first, first + count)]


def split(data):
    return [data[i:i + 16] for i in range(0, len(data), 16)]


def tasks(*processes):
    """{thread: its state, and how long it has run}, of these programs and of
    this one, but for who asks."""
    found, own = {}, str(threading.get_native_id())
    for pid in [os.getpid(), *(p.pid for p in processes)]:
        with contextlib.suppress(OSError):  # it has ended
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/stat") as stat, \
                        open(f"/proc/{pid}/task/{task}/schedstat") as run:
                    how = stat.read().rsplit(")", 1)[1].split()[0]
                    found[task] = how, run.read()
    del found[own]
    return found


def settle(*processes, seconds=1):
    """All wait for something, and nobody has run for a moment: by the clock of
    a test alone, time passes on no machine faster than its programs work. Some
    never rest."""
    end, before = time.monotonic() + seconds, None
    while time.monotonic() < end:
        now = tasks(*processes)
        if now == before and not any(how == "R" for how, _ in now.values()):
            return
        before = now
        time.sleep(0.002)


class Store(citystore.Redis):
    """With the login of a box, and what the hub writes."""

    def __init__(self, folder, ca, port=6380):
        super().__init__(folder, ca, port)
        self.set_users({USER: citystore.BOX_RIGHTS.format(SITE)})
        self.client = None

    def start(self):
        super().start()
        self.client = citystore.Client(self)
        return self

    def kill(self, how=signal.SIGKILL):
        if self.client:
            self.client.close()
        self.client = None
        super().kill(how)

    def empty(self):
        """What it has kept is gone; while it is not running."""
        shutil.rmtree(os.path.join(self.folder, "appendonlydir"))

    def __call__(self, *words):
        return self.client(*words)

    def say(self, what, day=None, ident="*"):
        """Records into the stream of a day, as the hub would."""
        return self("XADD", f"g:{today() if day is None else day}", ident,
                    "r", b"".join(what))

    def entries(self, stream, field):
        """The values of that field, oldest first."""
        return [value for _, fields in self("XRANGE", stream, "-", "+")
                for name, value in zip(fields[::2], fields[1::2])
                if name == field.encode()]

    def inbox(self):
        return [r for e in self.entries(f"in:{SITE}", "r") for r in split(e)]

    def figures(self):
        return [json.loads(e) for e in self.entries(f"in:{SITE}", "f")]

    def commit(self, stream, seq):
        self("XADD", f"c:{SITE}", "MAXLEN", "1", "*", "c",
             f"{stream:016x} {seq}")


class Netctl:
    """What netctl does for a city, as far as a portal sees it."""

    def __init__(self, path):
        self.path = path
        self.listener = self.peer = None
        self.lock = threading.Lock()
        self.start()

    def start(self):
        """Anew, with nothing in its memory."""
        self.fed, self.clocks, self.keys, self.asked = [], [], [], []
        self.sizes = []
        self.own = []  # records made here, from number 1
        self.gone = 0  # the store has those up to here
        self.cells = []  # figures, messages without their header
        self.usage = []  # what was asked for
        self.refuse = 0  # times -EAGAIN
        self.next = None
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(4)
        threading.Thread(target=self._serve, args=[self.listener],
                         daemon=True).start()

    def stop(self):
        """Gone, with its memory."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        peer, self.peer = self.peer, None
        if peer:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)

    def _serve(self, listener):
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.peer = peer
            with contextlib.suppress(OSError):
                while message := peer.recv(1024):
                    with self.lock:
                        self._take(peer, message)
            peer.close()

    def _take(self, peer, message):
        _, kind, ident = ipc.HEADER.unpack_from(message)
        body = message[ipc.HEADER.size:]
        if kind == ipc.CITY_FEED:
            count, = struct.unpack_from("=I", body)
            error = -11 if self.refuse else 0
            self.refuse -= bool(self.refuse)
            if not error:
                self.fed += split(body[8:8 + 16 * count])
                self.sizes.append(count)
            peer.send(ipc.message(ipc.DONE, ipc.DONE_BODY.pack(
                error, count, 0, 0), ident))
        elif kind == ipc.CITY_CLOCK:
            self.clocks.append(struct.unpack_from("=qI", body))
        elif kind == ipc.CITY_KEY:
            self.keys.append(body)
            peer.send(ipc.message(ipc.DONE, ipc.DONE_BODY.pack(0, 0, 0, 0),
                                  ident))
        elif kind == ipc.CITY_NEXT:
            self.next = struct.unpack("=QQ", body)
            self.gone = max(self.gone, self.next[1])
            self.asked.append(self.next)
            self._send_own(peer)
        elif kind == ipc.CITY_ASK:
            peer.send(ipc.message(ipc.CITY, bytes([1, 7]) + bytes(30), ident))
        elif kind == ipc.HEALTH_ASK:
            peer.send(ipc.message(ipc.HEALTH, bytes(600), ident))
        elif kind == ipc.USAGE_NEXT:
            self.usage.append(struct.unpack("=QQQ", body))
            self._send_cells(peer)

    def _send_own(self, peer):
        if self.next is None:
            return
        after = max(self.next[0], self.gone)
        waiting = self.own[after:][:64]
        for i, record in enumerate(waiting):
            peer.send(ipc.message(ipc.CITY_RECORD, struct.pack(
                "=QII", after + i + 1, len(waiting) - i - 1, 0) + record, 0))
        if waiting:
            self.next = None

    def make(self, what):
        """Records for the city."""
        with self.lock:
            self.own += what
            if self.peer:
                self._send_own(self.peer)

    def _send_cells(self, peer):
        if not self.usage:
            return
        stream, after, _ = self.usage[-1]
        waiting = [c for c in self.cells
                   if c[:8] != struct.pack("=Q", stream)
                   or struct.unpack_from("=Q", c, 8)[0] > after][:64]
        waiting = [c for c in waiting if c[:8] == waiting[0][:8]]
        for i, cell in enumerate(waiting):
            left = struct.pack("=H", len(waiting) - i - 1)
            peer.send(ipc.message(ipc.USAGE_CELL, cell[:52] + left + cell[54:],
                                  0))
        if waiting:
            self.usage.pop()

    def release(self, stream, first, count, start_s=1767268800):
        """Figures: devices online in an hour each."""
        with self.lock:
            for seq in range(first, first + count):
                self.cells.append(struct.pack(
                    "=QQqqQQHHHH16s", stream, seq, start_s + 3600 * seq, -seq,
                    5, 1, 0, 1, 0, 0, b"guest"))
            if self.peer:
                self._send_cells(self.peer)

    def wake(self):
        """The portal looks at its clock: an answer that nobody waits for."""
        with contextlib.suppress(OSError, AttributeError):
            self.peer.send(ipc.message(ipc.DONE, bytes(16), 0))


class Box:
    """A portal that has joined the city, and its netctl."""

    def __init__(self, ca, servers=("localhost:6380",)):
        self.folder = tempfile.mkdtemp(prefix="stadttor-city-")
        os.chmod(self.folder, 0o755)
        self.log_path = os.path.join(self.folder, "log")
        self.usage = os.path.join(self.folder, "usage", "usage.sqlite")
        self.clock = os.path.join(self.folder, "clock")
        with open(self.clock, "wb") as file:
            file.write(bytes(4096))
        self.city = os.path.join(self.folder, "city")
        os.mkdir(self.city)
        shutil.copy(ca.file, os.path.join(self.city, "ca.pem"))
        self.login(servers=servers)
        self.socket = os.path.join(self.folder, "netctl.sock")
        self.netctl = Netctl(self.socket)
        self.options = {}
        self.admin = ""
        self.process = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def login(self, servers, password=citystore.PASSWORD, user=USER):
        with open(os.path.join(self.city, "login"), "w") as file:
            file.write(gate.section("city", None, {
                "city": "Musterstadt", "site": SITE, "user": user,
                "password": password, "server": list(servers)}))

    def configure(self):
        text = gate.section("gate", None, {"socket": self.socket})
        text += gate.section("uplink", "wan", {"device": "wan0"})
        text += gate.section("zone", "guest", {"device": "br-guest"})
        text += gate.section("portal", None, {
            "user": "nobody", "pages": os.path.join(gate.REPO, "web")})
        text += gate.section("usage", None, {"file": self.usage})
        text += gate.section("city", None, {"folder": self.city,
                                            **self.options})
        with open(self.path("config"), "w") as file:
            file.write(text + self.admin)

    def start(self):
        self.configure()
        env = dict(os.environ, LD_PRELOAD=gate.preloaded_clock(),
                   STADTTOR_CLOCK=self.clock)
        env["ASAN_OPTIONS"] = "detect_leaks=0:verify_asan_link_order=0:" + \
            env.get("ASAN_OPTIONS", "")
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen(
                [os.path.join(gate.BUILD, gate.PORTAL), "-d", "-c",
                 self.path("config")], stdout=log, stderr=log, env=env)

    def reload(self):
        self.configure()
        said = len(self.log())
        self.process.send_signal(signal.SIGHUP)
        lab.wait_until(lambda: "reloaded" in self.log()[said:], 10,
                       say="not reloaded")

    def advance(self, seconds):
        """The portal's time goes on, and what that brings about is done."""
        with open(self.clock, "r+b") as file:
            ahead, = struct.unpack("=q", file.read(8))
            file.seek(0)
            file.write(struct.pack("=q", ahead + int(seconds * 10 ** 9)))
        self.netctl.wake()
        settle(self.process, *citystore.RUNNING)

    def until(self, check, seconds=120, step=0.5, say=""):
        """Lets so much of the box's time pass, as fast as all keep up."""
        for _ in range(int(seconds / step)):
            if found := check():
                return found
            assert self.process.poll() is None, self.log()[-3000:]
            self.advance(step)
        return lab.wait_until(check, 10, say=say + self.log()[-3000:])

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def said(self, pattern):
        """Lines of the log that are no debug lines."""
        return [line for line in self.log().splitlines()
                if "debug: " not in line and re.search(pattern, line)]

    def connected(self, seconds=120):
        return self.until(lambda: self.said("city: connected to"), seconds)

    def kill(self):
        lab.stop(self.process, signal.SIGKILL)

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status") as file:
            return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])

    def close(self):
        if self.process:
            lab.stop(self.process)
        self.netctl.stop()
        crash = gate.CRASH.search(self.log()) if self.process else None
        text = self.log()[-6000:] if crash else ""
        shutil.rmtree(self.folder)
        assert not crash, text


class Liar:
    """A store that lets boxes in, and answers XREAD as it likes."""

    def __init__(self, ca, lie, port=6380):
        chain, key = ca.issue("liar", "localhost")
        self.lie = lie  # of the socket and the words of XREAD
        self.visits, self.commands = 0, []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain, key)
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._attend, args=[plain],
                             daemon=True).start()

    def _attend(self, plain):
        with contextlib.suppress(OSError, ValueError, struct.error):
            peer = self.context.wrap_socket(plain, server_side=True)
            self.visits += 1
            file = peer.makefile("rb")
            while line := file.readline():
                words = []
                for _ in range(int(line[1:])):
                    size = int(file.readline()[1:])
                    words.append(file.read(size + 2)[:-2].decode("latin-1"))
                self.commands.append(words)
                self._answer(peer, words)
            peer.close()

    def _answer(self, peer, words):
        if words[0] == "AUTH":
            peer.sendall(b"+OK\r\n")
        elif words[0] == "ROLE":
            peer.sendall(b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n")
        elif words[0] == "TIME":
            peer.sendall(b"*2\r\n$10\r\n%d\r\n$1\r\n0\r\n" % time.time())
        elif words[0] == "XADD":
            peer.sendall(b"$3\r\n1-1\r\n")
        else:
            self.lie(peer, words)

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Proxy:
    """Between a box and the store; it may hold what it is given."""

    def __init__(self, port, to):
        self.to = to
        self.is_open = threading.Event()
        self.is_open.set()
        self.visits = 0
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.visits += 1
            with contextlib.suppress(OSError):
                store = socket.create_connection(("127.0.0.1", self.to))
                for a, b in ((peer, store), (store, peer)):
                    threading.Thread(target=self._carry, args=[a, b],
                                     daemon=True).start()

    def _carry(self, a, b):
        with contextlib.suppress(OSError):
            while data := a.recv(4096):
                self.is_open.wait()
                b.sendall(data)
        for end in (a, b):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.is_open.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
