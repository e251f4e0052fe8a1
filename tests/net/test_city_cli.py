# SPDX-License-Identifier: GPL-3.0-or-later
"""`stadttor city` against Debian's redis-server, one and its replica.

The servers load what `city init` has written as it is. What is computed here
from the join files is written anew, from the description of the keys.
"""
import concurrent.futures
import contextlib
import grp
import hashlib
import hmac
import json
import os
import pathlib
import pwd
import re
import resource
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import time

import pytest

import cityserver
import gate
from cityserver import Refused

MASTER, REPLICA = "127.0.0.2", "127.0.0.3"
TESTER = "user tester on >tester ~* &* +@all\n"
SHIFT_S, DAY_S = 3 * 3600, 86400
DONE, FAILED, USAGE, UNREACHABLE, NOT_FOUND = range(5)


class City:
    """A hub's folder, its store, and boxes that are no more than files."""

    def __init__(self, folder):
        self.folder = folder
        self.hub, self.place = folder / "hub", folder / "place"
        self.server, self.before = {}, []

    def run(self, *args, **kwargs):
        return subprocess.run(
            [*self.before, os.path.join(gate.BUILD, "stadttor"),
             *map(str, args)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            timeout=200, **kwargs)

    def cli(self, command, *args, code=DONE, options=(), **kwargs):
        done = self.run(*options, "city", command, "--folder", self.hub,
                        *args, **kwargs)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def init(self, *args, **kwargs):
        return self.cli("init", "--store", self.place, "--memory", "64MiB",
                        "demo", *(args or (MASTER, REPLICA)), **kwargs)

    def start(self, *hosts):
        for host in hosts or (MASTER, REPLICA):
            self.server[host] = cityserver.Server(
                self.folder / host, self.hub / "store", self.place, host,
                master=MASTER if host == REPLICA else "",
                acl=TESTER)
        return self

    def close(self):
        for server in self.server.values():
            server.stop()

    def add(self, site, *args):
        """The join file as a dictionary."""
        return parse(self.cli("add", *args, site).stdout)

    def client(self, user=None, password=None, host=MASTER, **kwargs):
        client = self.server[host].client(self.hub / "ca.pem", **kwargs)
        return client.login(user, password) if user else client

    def box(self, file, host=MASTER, **kwargs):
        return self.client(file["user"], file["password"], host, **kwargs)

    def account(self, name, host=MASTER):
        words = [line.split("\t") for line in self.secret().splitlines()]
        password, = [w[2] for w in words if w[:2] == ["login", name]]
        return self.client(name, password, host)

    def secret(self):
        return (self.hub / "secret").read_text()

    def state(self, site):
        shown = json.loads(self.cli("show", site, options=["--json"]).stdout)
        return shown["state"]


def parse(text):
    found = dict(re.findall(r"^\toption (\w+) '([^']*)'$", text, re.M | re.S))
    found["servers"] = re.findall(r"^\tlist server '(.*)'$", text, re.M)
    return found


@pytest.fixture
def city(street, tmp_path):
    tmp_path.chmod(0o755)
    made = City(tmp_path)
    yield made
    made.close()


@pytest.fixture
def store(city):
    city.init()
    return city.start()


def today():
    return (int(time.time()) - SHIFT_S) // DAY_S


def is_refused(client, *words):
    try:
        client(*words)
    except Refused as error:
        return str(error).startswith("NOPERM")
    return False


# --- what a login may do ----------------------------------------------------

BOX_MAY = {"xadd", "xread", "role", "time"}
ALWAYS = {"auth", "hello", "quit", "reset"}  # what comes before a login


def commands_of(client):
    """Name and arity of each, with those below others as two words."""
    for about in client("COMMAND"):
        name, arity, below = about[0].decode(), abs(about[1]), about[9]
        if not below:
            yield [name], arity
        for inner in below:
            yield inner[0].decode().split("|"), abs(inner[1])


def may_run(client, *words):
    """Whatever else speaks against it. DEBUG and MODULE are nobody's."""
    try:
        client(*words)
    except Refused as error:
        return not re.search("no permissions to run|command not allowed",
                             str(error))
    return True


def test_a_box_may_do_four_things(store):
    box = store.box(store.add("rathaus"))
    every = list(commands_of(store.client("tester", "tester")))
    assert len(every) > 300
    allowed = set()
    for words, arity in every:
        if words[0] not in ALWAYS and may_run(
                box, *words, *["1"] * (arity - len(words))):
            allowed.add(" ".join(words))
    assert allowed == BOX_MAY


def test_a_box_has_its_own_keys(store):
    own, other = store.add("rathaus"), store.add("markt")
    box, tester = store.box(own), store.client("tester", "tester")
    writes, reads = {"in:rathaus", "hb:rathaus"}, {
        "g:1", f"g:{today()}", "v", "k:rathaus", "c:rathaus"}
    foreign = [f"{kind}:{name}" for kind in ("in", "hb", "k", "c", "g", "hub")
               for name in (other["site"], "rathaus2", "", "*")]
    for key in {*writes, *reads, *foreign, "in", "secret", "rathaus"}:
        tester("XADD", key, "*", "r", "x")
        may_write = not is_refused(box, "XADD", key, "*", "r", "y")
        may_read = not is_refused(box, "XREAD", "STREAMS", key, "0")
        assert (may_write, may_read) == (
            key in writes, key in reads or key.startswith("g:")), key
    # of several keys one is enough to refuse all
    assert is_refused(box, "XREAD", "STREAMS", "g:1", "in:markt", "0", "0")


def test_nobody_enters_without_a_login(store):
    client = store.client()
    for words in (["PING"], ["ACL", "WHOAMI"], ["XREAD", "STREAMS", "v", "0"]):
        with pytest.raises(Refused, match="NOAUTH"):
            client(*words)
    for user, password in (("default", ""), ("default", "x"), ("admin", ""),
                           ("box-rathaus", "")):
        with pytest.raises(Refused, match="WRONGPASS"):
            store.client(user, password)


def test_the_hubs_logins_cannot_give_rights(store):
    """Whoever takes the daemon over is not the store's root."""
    for name in ("hub", "switch", "replica", "sentinel"):
        client = store.account(name)
        for words in (["ACL", "SETUSER", "x", "on", "+@all", "~*"],
                      ["ACL", "LOAD"], ["ACL", "GETUSER", "admin"],
                      ["CONFIG", "SET", "maxmemory", "0"], ["FLUSHALL"],
                      ["EVAL", "return 1", "0"], ["SHUTDOWN"], ["MONITOR"],
                      ["KEYS", "*"]):
            assert is_refused(client, *words), (name, words)
    assert is_refused(store.account("admin"), "ACL", "LOAD")


def test_the_switch_shuts_a_site_out(store):
    file = store.add("rathaus")
    boxes = [store.box(file, host) for host in store.server]
    for host in store.server:
        assert store.account("switch", host)(
            "ACL", "DELUSER", "box-rathaus") == 1
    for box in boxes:
        with pytest.raises(OSError):
            box("TIME")
    assert store.state("rathaus") == "shut out"
    assert "1 shut out" in store.cli("sync").stdout
    assert store.state("rathaus") == "shut out"
    assert "1 mended" in store.cli("sync", "--force").stdout
    assert store.box(file)("TIME")


def test_a_login_may_do_no_more_than_its_program_does(store):
    tester, every = store.client("tester", "tester"), {}
    for name in ("hub", "switch"):
        client = store.account(name)
        every[name] = {
            " ".join(words) for words, arity in commands_of(tester)
            if words[0] not in ALWAYS and may_run(
                client, *words, *["1"] * (arity - len(words)))}
    assert every["switch"] == {"acl deluser"}
    assert every["hub"] == {
        "xread", "xadd", "xtrim", "xdel", "del", "expire", "memory usage",
        "get", "set", "role", "time", "ping"}


def test_servers_keep_logins_over_a_restart(store):
    file = store.add("rathaus")
    for host, server in store.server.items():
        server.stop()
        server.start()
        assert store.box(file, host)("TIME")


# --- a box that lies --------------------------------------------------------

def is_hung_up(client):
    """What it says before does not count."""
    while True:
        try:
            client.read()
        except Refused:
            continue
        except TimeoutError:
            return False
        except OSError:
            return True


def test_one_entry_is_bounded(store):
    own, other = store.add("rathaus"), store.add("markt")
    box, neighbour = store.box(own), store.box(other)
    for size in (10 << 20, 3 << 19):
        box = store.box(own)
        with contextlib.suppress(OSError):
            box.send("XADD", "in:rathaus", "*", "r", b"x" * size)
        assert is_hung_up(box)
        assert neighbour("XADD", "in:markt", "*", "r", "x")


def test_who_sends_without_end_is_evicted(store):
    """Halves of commands, in all more than clients may have."""
    own, other = store.add("rathaus"), store.add("markt")
    neighbour = store.box(other)
    half = cityserver.build("XADD", "in:rathaus", "*", "r",
                           b"x" * 1000000)[:-100]
    boxes = [store.box(own) for _ in range(60)]
    for box in boxes:
        with contextlib.suppress(OSError):
            box.socket.sendall(half)
    tester = store.client("tester", "tester")
    evicted = int(re.search(rb"evicted_clients:(\d+)",
                            tester("INFO", "stats"))[1])
    assert evicted > 30
    assert neighbour("XADD", "in:markt", "*", "r", "x")


def test_who_reads_no_reply_is_hung_up_on(store):
    own, other = store.add("rathaus"), store.add("markt")
    box, neighbour = store.box(own), store.box(other)
    tester = store.client("tester", "tester")
    for _ in range(40):
        tester("XADD", "g:1", "*", "r", b"x" * 100000)
    with contextlib.suppress(OSError):
        for _ in range(4):
            box.send("XREAD", "STREAMS", "g:1", "0")
    assert neighbour("XADD", "in:markt", "*", "r", "x")
    assert b"evicted_clients:0" in tester("INFO", "stats")
    with contextlib.suppress(OSError):  # what was on its way
        while box.socket.recv(1 << 20):
            pass
    assert b"box-rathaus" not in tester("CLIENT", "LIST")


def test_a_full_store_is_freed_by_shutting_out(store):
    own, other = store.add("rathaus"), store.add("markt")
    box, neighbour = store.box(own), store.box(other)
    for size in (900000, 1000, 10):  # to the last byte
        with pytest.raises(Refused, match="OOM"):
            while True:
                box("XADD", "in:rathaus", "*", "r", b"x" * size)
    with pytest.raises(Refused, match="OOM"):
        neighbour("XADD", "in:markt", "*", "r", "x")
    store.account("switch")("ACL", "DELUSER", "box-rathaus")
    store.account("hub")("DEL", "in:rathaus")
    assert neighbour("XADD", "in:markt", "*", "r", "x")
    store.cli("remove", "rathaus")  # and root does both


@pytest.mark.parametrize("count", [
    300, pytest.param(3000, marks=pytest.mark.full)])
def test_many_connections(store, count):
    own, other = store.add("rathaus"), store.add("markt")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    boxes = [store.box(own) for _ in range(count)]
    assert store.box(other)("XADD", "in:markt", "*", "r", "x")
    store.cli("remove", "rathaus")
    for box in boxes:
        assert is_hung_up(box)
        box.close()


# --- taking in and shutting out ---------------------------------------------

def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def forward(key, days):
    for _ in range(days):
        key = mac(key, b"next\0")
    return key


def unwrap(wrap, blob):
    """generation, day, key"""
    generation, day, ct, tag = (blob[0], int.from_bytes(blob[1:3], "big"),
                                blob[3:35], blob[35:])
    assert mac(wrap, b"tag\0" + blob[:35])[:16] == tag
    pad = mac(wrap, b"pad\0" + bytes([generation]))
    return generation, day, bytes(a ^ b for a, b in zip(ct, pad))


def key_of(file, day):
    return forward(bytes.fromhex(file["key"]), day - int(file["day"]))


def blobs(client, site):
    reply = client("XREAD", "STREAMS", f"k:{site}", "0")
    return [entry[1][1] for entry in reply[0][1]] if reply else []


def test_the_file_of_a_box(store):
    file = store.add("rathaus", "--district", "Mitte", "--title", "d'Or",
                     "--at", "53.5503,9.9925")
    assert file["servers"] == [f"{MASTER}:6379", f"{REPLICA}:6379"]
    assert (file["city"], file["site"], file["district"], file["shift"],
            file["generation"]) == ("demo", "rathaus", "Mitte", "3h", "0")
    assert today() - 1 <= int(file["day"]) <= today()
    assert file["ca"].strip() == (store.hub / "ca.pem").read_text().strip()
    assert len(file["key"]) == len(file["wrap"]) == 64
    other = store.add("markt")
    assert key_of(other, today()) == key_of(file, today())
    assert other["wrap"] != file["wrap"]
    assert other["password"] != file["password"]
    assert "option title 'd'\\''Or'" in (store.hub / "sites.conf").read_text()
    for name in ("secret", "store/stadttor.acl", "store/tls.key", "ca.key"):
        assert stat.S_IMODE((store.hub / name).stat().st_mode) == 0o600
    for text in (store.hub / "secret", store.hub / "store" / "stadttor.acl"):
        assert file["password"] not in text.read_text()


def test_root_forgets_keys_of_days_that_are_over(store):
    """All but yesterday's, which boxes need."""
    text = store.secret()
    old = re.search(r"(?m)^key\t(\w+)", text)[1]
    (store.hub / "secret").write_text(
        re.sub(r"(?m)^day\t\d+", f"day\t{today() - 5}", text))
    file = store.add("rathaus")
    assert int(file["day"]) == today() - 1
    assert bytes.fromhex(file["key"]) == forward(bytes.fromhex(old), 4)
    assert old not in store.secret() and file["key"] in store.secret()


def test_a_removed_box_is_out_at_once(store):
    gone, stays = store.add("rathaus"), store.add("markt")
    connected = [store.box(gone, host) for host in store.server]
    neighbour = store.box(stays)
    connected[0]("XADD", "in:rathaus", "*", "r", "x")
    store.cli("remove", "rathaus")
    for box, host in zip(connected, store.server):
        with pytest.raises(OSError):
            box("TIME")
        with pytest.raises(Refused, match="WRONGPASS"):
            store.box(gone, host)
    assert neighbour("XADD", "in:markt", "*", "r", "x")
    assert store.client("tester", "tester")("EXISTS", "in:rathaus") == 0
    store.cli("show", "rathaus", code=NOT_FOUND)
    store.cli("remove", "rathaus", code=NOT_FOUND)


def test_the_others_get_a_new_key(store):
    store.add("rathaus")
    store.add("post")
    stays = store.add("markt")
    client = store.box(stays)
    assert blobs(client, "markt") == []
    store.cli("remove", "rathaus")
    store.cli("remove", "post")
    wrap = bytes.fromhex(stays["wrap"])
    found = [unwrap(forward(wrap, i), blob)
             for i, blob in enumerate(blobs(client, "markt"))]
    assert [generation for generation, _, _ in found] == [1, 2]
    old = key_of(stays, today())
    assert len({old, *(key for _, _, key in found)}) == 3
    # who comes now has the same key from the beginning, and no blob
    fresh = store.add("bahnhof")
    assert (fresh["generation"], key_of(fresh, today())) == (
        "2", forward(found[-1][2], today() - found[-1][1]))
    assert blobs(store.box(fresh), "bahnhof") == []


def test_again_with_force(store):
    first = store.add("rathaus", "--title", "Old", "--district", "Mitte")
    box = store.box(first)
    store.cli("add", "rathaus", code=FAILED)
    assert box("TIME")
    second = store.add("rathaus", "--force", "--title", "New")
    with pytest.raises(OSError):
        box("TIME")
    with pytest.raises(Refused, match="WRONGPASS"):
        store.box(first)
    assert store.box(second)("TIME")
    assert first["wrap"] != second["wrap"]
    sites = (store.hub / "sites.conf").read_text()
    assert ("'New'" in sites, "'Old'" in sites, "'Mitte'" in sites) == (
        True, False, True)


def test_a_file_instead_of_standard_output(store):
    path = store.folder / "rathaus.city"
    assert store.cli("add", "-o", path, "rathaus").stdout == ""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert store.box(parse(path.read_text()))("TIME")
    # what is there is kept, and nothing has been done
    store.cli("add", "-o", path, "markt", code=FAILED)
    assert "markt" not in store.secret()


def test_several_at_once_wait_for_each_other(store):
    names = [f"site-{i}" for i in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        files = list(pool.map(store.add, names))
    shown = json.loads(store.cli("list", options=["--json"]).stdout)
    assert [s["site"] for s in shown["sites"]] == names
    for file in files:
        assert store.box(file)("TIME")


# --- a server is away -------------------------------------------------------

def test_add_is_for_all_servers_or_none(store):
    before = store.secret()
    store.server[REPLICA].stop()
    done = store.cli("add", "-o", store.folder / "file", "rathaus",
                     code=UNREACHABLE)
    assert f"{REPLICA}:6379: Connection refused" in done.stderr
    assert not (store.folder / "file").exists()
    assert store.secret() == before
    tester = store.client("tester", "tester")
    assert b"box-rathaus" not in tester("ACL", "USERS")


def test_remove_does_what_it_can(store):
    gone, stays = store.add("rathaus"), store.add("markt")
    store.server[REPLICA].stop()
    done = store.cli("remove", "rathaus", code=FAILED)
    assert "stadttor city sync" in done.stderr
    with pytest.raises(Refused, match="WRONGPASS"):
        store.box(gone)
    assert len(blobs(store.box(stays), "markt")) == 1
    store.server[REPLICA].start()
    assert store.box(gone, REPLICA)("TIME")  # it has not heard of it
    store.cli("sync")
    with pytest.raises(Refused, match="WRONGPASS"):
        store.box(gone, REPLICA)
    assert store.box(stays, REPLICA)("TIME")


def test_no_server_at_all(store):
    file = store.add("rathaus")
    before = store.secret()
    store.close()
    for command in (["add", "markt"], ["remove", "rathaus"], ["sync"]):
        store.cli(*command, code=UNREACHABLE)
    assert store.secret() == before
    assert "rathaus  unknown" in store.cli("list", code=UNREACHABLE).stdout
    for server in store.server.values():
        server.start()
    assert store.box(file)("TIME")


def test_a_new_server_knows_who_is_in(store):
    """What a server is set up with is never older than the last command."""
    gone, stays = store.add("rathaus"), store.add("markt")
    store.cli("remove", "rathaus")
    store.server[REPLICA].stop()
    fresh = cityserver.Server(store.folder / "fresh", store.hub / "store",
                             store.place, REPLICA, master=MASTER)
    store.server[REPLICA] = fresh
    assert store.box(stays, REPLICA)("TIME")
    with pytest.raises(Refused, match="WRONGPASS"):
        store.box(gone, REPLICA)


def test_an_emptied_store_gets_its_keys_again(store):
    store.add("rathaus")
    stays = store.add("markt")
    store.cli("remove", "rathaus")
    before = blobs(store.box(stays), "markt")
    store.client("tester", "tester")("FLUSHALL")
    assert blobs(store.box(stays), "markt") == []
    store.cli("sync")
    assert blobs(store.box(stays), "markt") == before


def test_replicas_alone_take_nothing(store):
    store.client("tester", "tester")("REPLICAOF", REPLICA, 6379)
    done = store.cli("add", "rathaus", code=FAILED)
    assert "all of them are replicas" in done.stderr


def test_another_in_the_stores_place(store, ca):
    """Neither a wrong certificate nor a wrong clock gets a login."""
    own = (store.hub / "ca.pem").read_text()
    shutil.copy(ca.file, store.hub / "ca.pem")
    done = store.cli("add", "rathaus", code=UNREACHABLE)
    assert "its certificate is refused" in done.stderr
    (store.hub / "ca.pem").write_text(own)
    text = store.secret()
    (store.hub / "secret").write_text(
        re.sub(r"login\tadmin\t\w+", "login\tadmin\tx", text))
    assert "WRONGPASS" in store.cli("add", "rathaus",
                                    code=UNREACHABLE).stderr
    (store.hub / "secret").write_text(
        re.sub(r"(?m)^day\t\d+", f"day\t{today() + 2}", text))
    assert "is the clock right?" in store.cli("add", "rathaus",
                                              code=FAILED).stderr


# --- init -------------------------------------------------------------------

def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes()
            for p in folder.rglob("*") if p.is_file()}


def test_init_again_loses_nothing(store):
    file = store.add("rathaus")
    with open(store.hub / "hub.conf", "a", encoding="utf-8") as conf:
        conf.write("# mine\n")
    before = contents(store.hub)
    (store.hub / "store" / "stadttor.acl").unlink()
    (store.hub / "sites.conf").unlink()
    done = store.cli("init")
    assert "1 sites" in done.stdout
    assert contents(store.hub) == before
    assert store.box(file)("TIME")


def test_init_for_other_servers(store):
    file = store.add("rathaus")
    before = contents(store.hub)
    store.cli("init", "demo", MASTER, "store2.example:7000")
    after = contents(store.hub)
    assert after["ca.pem"] == before["ca.pem"]
    assert after["store/tls.crt"] != before["store/tls.crt"]
    shown = subprocess.run(
        ["openssl", "verify", "-CAfile", store.hub / "ca.pem",
         "-verify_hostname", "store2.example",
         store.hub / "store" / "tls.crt"], capture_output=True, text=True,
        check=False)
    assert shown.returncode == 0, shown.stderr
    assert store.box(file)("TIME")


def test_init_with_a_given_certificate(city, ca):
    chain, key = ca.issue("store", "store.example")
    args = ["--ca", ca.file, "--certificate", chain, "--key", key]
    done = city.init(*args, "other.example", code=FAILED)
    assert "will not do for other.example" in done.stderr
    assert not (city.hub / "secret").exists()
    city.init(*args, "store.example")
    assert not (city.hub / "ca.key").exists()
    city.cli("init", *args[:4], code=USAGE)
    done = city.cli("init", "demo", "other.example", code=FAILED)
    assert "another's authority" in done.stderr


def as_installed(folder):
    """Words before a command, by which the hub's user is there."""
    for name, line in (("passwd", "stadttor-hub:x:4711:4712::/:/bin/false\n"),
                       ("group", "stadttor-hub:x:4712:\n")):
        with open(f"/etc/{name}", encoding="utf-8") as file:
            (folder / name).write_text(file.read() + line)
    return ["unshare", "-m", "sh", "-c", f"mount --bind {folder}/passwd "
            f"/etc/passwd && mount --bind {folder}/group /etc/group && "
            'exec "$@"', "sh"]


def owner(path):
    found = path.stat()
    return found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)


def test_the_hubs_daemon_reads_what_is_its_own(city):
    city.before = as_installed(city.folder)
    done = city.init("127.0.0.9")
    assert "systemctl enable --now stadttor-hub" in done.stdout
    assert owner(city.hub) == (0, 4712, 0o750)
    for name in ("hub.conf", "sites.conf"):
        assert owner(city.hub / name) == (0, 4712, 0o640)
    assert owner(city.hub / "secret") == (0, 0, 0o600)


def test_it_may_be_installed_later(city):
    done = city.init("127.0.0.9")
    assert "install stadttor-hub" in done.stdout
    city.cli("passwd", "--token", "anna", code=FAILED)
    assert owner(city.hub) == (0, 0, 0o750)
    city.before = as_installed(city.folder)
    city.init("127.0.0.9")
    assert owner(city.hub) == (0, 4712, 0o750)
    assert owner(city.hub / "hub.conf") == (0, 4712, 0o640)


def test_accounts_of_the_hub(city):
    city.cli("passwd", "anna", code=NOT_FOUND)
    city.before = as_installed(city.folder)
    city.init("127.0.0.9")
    accounts = city.hub / "accounts"
    assert f"option accounts '{accounts}'" in (
        city.hub / "hub.conf").read_text()
    done = city.cli("passwd", "--stdin", "anna", input="ein gutes Passwort\n")
    assert "reload the hub" in done.stdout
    city.cli("passwd", "--token", "prometheus")
    assert owner(accounts) == (0, 4712, 0o640)
    assert city.cli("passwd", "--list").stdout == (
        "user  read     anna\ntoken read     prometheus\n")
    city.cli("passwd", "--delete", "anna")
    assert city.cli("passwd", "--list").stdout == (
        "token read     prometheus\n")
    city.cli("passwd", code=USAGE)
    done = city.cli("passwd", "--role", "all", "anna", code=USAGE)
    assert "role" not in done.stderr  # this dashboard is for reading


# --- codes of the city --------------------------------------------------------

@pytest.fixture
def codes(city):
    """A city without its store, and where its codes are."""
    city.init("127.0.0.9")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="stadttor-codes-"))
    folder.chmod(0o755)
    conf = city.hub / "hub.conf"
    conf.write_text(conf.read_text().replace(
        "config hub\n", "config hub\n\toption system_user 'nobody'\n"
        f"\toption codes '{folder}/lib/codes.sqlite'\n"))
    city.codes = folder / "lib" / "codes.sqlite"
    yield city
    shutil.rmtree(folder)


def made(city, *args, code=DONE):
    return city.cli("voucher", "create", "--minutes", "90", "--label", "fair",
                    *args, code=code)


def records(city):
    """How many there are of each kind: codes, taken back."""
    with contextlib.closing(sqlite3.connect(city.codes)) as db:
        return dict(db.execute(
            "SELECT kind, count(*) FROM records GROUP BY kind"))


def test_codes_of_a_city(codes):
    """As those of a box, and signed for all boxes."""
    first = made(codes, "--count", "40").stdout.split()
    assert len(set(first)) == 40
    second = json.loads(made(codes, "--count", "1", "--zone", "market",
                             "--json").stdout)
    assert (second["batch"], second["zone"]) == (2, "market")
    assert codes.codes.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert records(codes) == {1: 3}
    codes.cli("voucher", "revoke", first[3])
    codes.cli("voucher", "revoke", first[3])
    codes.cli("voucher", "revoke", "2")
    assert records(codes) == {1: 3, 2: 2}
    batches = json.loads(codes.cli("voucher", "list", "--json").stdout)
    assert [(b["count"], b["revoked"]) for b in batches["batches"]] == [
        (40, 1), (1, 1)]
    assert "fair" in codes.cli("voucher", "statistics").stdout
    held = codes.codes.read_bytes()
    assert [c for c in first if c.replace("-", "").encode() in held] == []


def test_what_codes_of_a_city_refuse(codes):
    codes.cli("voucher", "list", code=NOT_FOUND)
    for args in (("--count", "0"), ("--count", "1", "--zone", "no zone"),
                 ("--count", "1", "--devices", "0")):
        made(codes, *args, code=USAGE)
    made(codes, "--count", "1")
    codes.cli("voucher", "revoke", "7", code=NOT_FOUND)
    codes.cli("voucher", "revoke", "no code", code=USAGE)
    with contextlib.closing(sqlite3.connect(codes.codes)) as db, db:
        db.execute("UPDATE batches SET count = 32768")
    done = made(codes, "--count", "1", code=FAILED)
    assert "room for 32768 codes" in done.stderr


def test_cards_of_a_city(codes):
    """In the look of a box, whose config is told."""
    config = codes.folder / "box.conf"
    config.write_text(
        f"config portal\n\toption pages '{gate.REPO}/web'\n"
        "\toption hostname 'wlan.example.org'\n"
        "\toption network 'Stadtnetz'\n"
        "config uplink 'wan'\n\toption device 'eth0'\n"
        "config zone 'market'\n\toption device 'br0'\n")
    code, = made(codes, "--count", "1").stdout.split()
    sheet = codes.cli("voucher", "print", options=["-c", config],
                      input=code).stdout
    assert code in sheet and "Stadtnetz" in sheet and "<svg" in sheet


def test_an_older_secret_gets_keys_of_codes(codes):
    secret = codes.hub / "secret"
    lines = secret.read_text().splitlines(keepends=True)
    secret.write_text("".join(w for w in lines if not w.startswith("codes")))
    made(codes, "--count", "1")
    again, = [w for w in codes.secret().splitlines() if w.startswith("codes")]
    assert again + "\n" not in lines
    made(codes, "--count", "1")
    assert again in codes.secret()


def test_a_box_gets_no_key_to_make_codes_by(store):
    file = store.add("rathaus")
    _, seed, key = [w.split("\t") for w in store.secret().splitlines()
                    if w.startswith("codes")][0]
    assert file["codes"][64:] == key and len(file["codes"]) == 128
    assert seed not in file["codes"]


def test_a_certificate_near_its_end(city, ca):
    chain, key = ca.issue("soon", "localhost", days=30)
    city.init("--ca", ca.file, "--certificate", chain, "--key", key,
              "localhost")
    city.start("127.0.0.1")
    assert re.search("its certificate ends in (29|30) days",
                     city.cli("list").stderr)


BAD_INIT = [
    [], ["demo"], ["Demo", "host"], ["", "host"], ["a" * 33, "host"],
    ["demo", "host:0"], ["demo", "host:70000"], ["demo", "host name"],
    ["demo", ""], ["demo", "::1"], ["demo", "host", "host:6379"],
    ["--shift", "24h", "demo", "host"], ["--shift", "x", "demo", "host"],
    ["--memory", "1MB", "demo", "host"], ["--store", "here", "demo", "host"],
    ["--store", "/a b", "demo", "host"], ["--store", "/a'b", "demo", "host"],
    ["demo", "a", "b", "c", "d", "e", "f"], ["--ca", "/x", "demo", "host"],
]


@pytest.mark.parametrize("args", BAD_INIT)
def test_init_refuses(city, args):
    done = city.cli("init", *args, code=USAGE)
    assert done.stderr.count("\n") == 1
    assert not (city.hub / "secret").exists()


def test_init_does_not_change_what_boxes_have(store):
    before = contents(store.hub)
    assert "stays it" in store.cli("init", "other", code=FAILED).stderr
    assert "cannot be changed" in store.cli("init", "--shift", "4h",
                                            code=FAILED).stderr
    assert contents(store.hub) == before


BAD_ADD = [
    ["Rathaus"], ["rat_haus"], ["rat haus"], [""], ["a" * 33], ["../x"],
    ["--title", "a" * 64, "x"], ["--title", "a\nb", "x"],
    ["--title", "a\u202eb", "x"], ["--district", "\x1b[2J", "x"],
    ["--at", "91,0", "x"], ["--at", "0,181", "x"], ["--at", "53.5", "x"],
    ["--at", "53,5,9,9", "x"], ["--at", "nan,0", "x"], ["--at", ",", "x"],
]


@pytest.mark.parametrize("args", BAD_ADD)
def test_add_refuses(city, args):
    city.init("127.0.0.9")
    before = contents(city.hub)
    done = city.cli("add", *args, code=USAGE)
    assert done.stderr.count("\n") == 1 and "\x1b" not in done.stderr
    assert contents(city.hub) == before


@pytest.mark.parametrize("damage", [
    lambda t: t[:-1], lambda t: t[:-6], lambda t: t.replace("end\t1", "end\t2"),
    lambda t: t.replace("shift", "shifd"), lambda t: t + "x\n",
    lambda t: re.sub("key\t..", "key\t", t), lambda t: "",
    lambda t: t.replace("site\trathaus\t", "site\trathaus\trathaus\t", 1),
    lambda t: re.sub("(site\trathaus.*\n)", r"\1\1", t),
    lambda t: re.sub("(site\trathaus.*)\n", r"\1\tmore\n", t),
])
def test_a_damaged_secret_is_not_taken_for_a_smaller_city(city, damage):
    city.init(MASTER)
    text = re.sub(r"end\t0\n", "site\trathaus\t" + "a" * 64 + "\t" + "b" * 64
                  + "\t" * 5 + "\nend\t1\n", city.secret())
    (city.hub / "secret").write_text(text)
    city.cli("init")
    broken = damage(text)
    assert broken != text
    (city.hub / "secret").write_text(broken)
    for command in (["list"], ["add", "markt"], ["init"], ["sync"],
                    ["remove", "rathaus"]):
        assert "secret:" in city.cli(*command, code=FAILED).stderr
    assert city.secret() == broken


def test_there_is_no_city_yet(city):
    for command in (["list"], ["add", "x"], ["remove", "x"], ["sync"]):
        done = city.cli(*command, code=NOT_FOUND)
        assert "stadttor city init" in done.stderr


# --- list and show ----------------------------------------------------------

def beat(store, file, entry="*", **said):
    text = json.dumps({"version": "0.2.0", "uptime_s": 93784, "health": [],
                       "generation": 0} | said)
    store.box(file)("XADD", f"hb:{file['site']}", "MAXLEN", "1", entry, "h",
                    text)


def test_states(store):
    file = store.add("rathaus", "--title", "Town hall")
    assert store.state("rathaus") == "never seen"
    assert store.cli("list").stderr == ""
    beat(store, file, "1000-0")
    assert store.state("rathaus") == "silent"
    beat(store, file)
    assert store.state("rathaus") == "ok"
    beat(store, file, health=["uplink_missing", "clock_wrong"])
    assert store.state("rathaus") == "ill"
    text = store.cli("show", "rathaus").stdout
    assert re.search(r"^health +uplink_missing clock_wrong$", text, re.M)
    assert re.search(r"^running for +1d 2h$", text, re.M)
    beat(store, file)
    store.add("markt")
    store.cli("remove", "markt")
    assert store.state("rathaus") == "old key"
    beat(store, file, generation=1)
    assert store.state("rathaus") == "ok"
    assert re.search(r"^rathaus +ok +\d{4}-.*0\.2\.0 +- +Town hall$",
                     store.cli("list").stdout, re.M)


NONSENSE = [
    b"", b"{", b"[]", b"null", b"\xff", b"{\"a\":" * 40, b"x" * 5000,
    b'{"version":1,"health":"x","uptime_s":"y","generation":[]}',
    b'{"version":"\\u001b[2J","health":["\\u0007","\\u202e",1,{}]}',
    b'{"version":"' + b"v" * 500 + b'","health":["' + b"h" * 900 + b'"]}',
    b'{"health":[' + b",".join([b'"code"'] * 200) + b"]}",
]


def test_what_a_box_says_is_only_shown(store):
    box = store.box(store.add("rathaus"))
    for text in NONSENSE:
        box("XADD", "hb:rathaus", "*", "h", text)
        for command in (["list"], ["show", "rathaus"]):
            for options in ([], ["--json"]):
                shown = store.cli(*command, options=options).stdout
                assert not re.search("[\x00-\x09\x0b-\x1f\u202e]", shown)


# --- a box joins ------------------------------------------------------------

class Box:
    def __init__(self, city):
        self.city = city
        self.folder = city.folder / "box" / "city"
        self.config = city.folder / "stadttor"
        self.config.write_text(
            "config portal\n option user 'nobody'\n"
            "config gate\n option user 'daemon'\n"
            f"config city\n option folder '{self.folder}'\n"
            "config uplink 'wan'\n option device 'eth0'\n"
            "config zone 'guest'\n option device 'br0'\n")

    def cli(self, *args, code=DONE):
        done = self.city.run("-c", self.config, "city", *args)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def join(self, text, *args, code=DONE):
        path = self.city.folder / "join"
        path.write_text(text)
        return self.cli("join", *args, path, code=code)


@pytest.fixture
def box(city):
    return Box(city)


@pytest.fixture(scope="module")
def join_file(street, tmp_path_factory):
    city = City(tmp_path_factory.mktemp("joined"))
    city.init(MASTER)
    city.start(MASTER)
    text = city.cli("add", "--district", "d'Or", "rathaus").stdout
    city.close()
    return text


def test_join(box, join_file):
    box.join(join_file)
    file = parse(join_file)
    login, ca = box.folder / "login", box.folder / "ca.pem"
    inner, keys = box.folder / "netctl", box.folder / "netctl" / "keys"
    owners = {path: (pwd.getpwuid(s.st_uid).pw_name,
                     grp.getgrgid(s.st_gid).gr_name, stat.S_IMODE(s.st_mode))
              for path in (box.folder, login, ca, inner, keys)
              for s in [path.stat()]}
    assert owners == {
        box.folder: ("root", "root", 0o755), login: ("root", "nogroup", 0o640),
        ca: ("root", "nogroup", 0o644), inner: ("daemon", "daemon", 0o700),
        keys: ("daemon", "daemon", 0o600)}
    assert ca.read_text() == file["ca"]
    text = login.read_text()
    assert "option district 'd'\\''Or'" in text
    for secret in ("key", "wrap"):
        assert bytes.fromhex(file[secret]) in keys.read_bytes()
        assert file[secret] not in text
    assert file["password"] in text
    assert sorted(p.name for p in box.folder.rglob("*")) == [
        "ca.pem", "keys", "login", "netctl"]


def test_join_twice(box, join_file):
    box.join(join_file)
    before = contents(box.folder)
    other = join_file.replace("rathaus", "markt")
    assert "in a city already" in box.join(other, code=FAILED).stderr
    assert contents(box.folder) == before
    box.join(other, "--force")
    assert "box-markt" in (box.folder / "login").read_text()


def test_leave(box, join_file):
    box.cli("leave", code=NOT_FOUND)
    box.join(join_file)
    box.cli("leave")
    assert contents(box.folder) == {}
    box.cli("leave", code=NOT_FOUND)
    box.join(join_file)


BAD_JOIN = [
    (r"\A.*\Z", ""), (r"\A.*\Z", "config city\n"), (r"\A.*\Z", "\0"),
    ("config city", "config town"), (r"\Z", "\nconfig city\n"),
    (r"\toption site '.*?'\n", ""), ("option site '.*?'", "option site 'A/b'"),
    (r"\toption (user) '.*?'\n", ""), (r"\toption (password) '.*?'\n", ""),
    (r"\tlist server '.*?'\n", ""), ("list server '.*?'", "list server 'x'"),
    (r"\toption key '.*?'\n", ""), (r"\toption wrap '.*?'\n", ""),
    (r"\toption day '.*?'\n", ""), (r"\toption ca '.*?'\n", ""),
    ("option key '..", "option key '"), ("option key '..", "option key 'zz"),
    ("option wrap '", "option wrap '00"), ("option day '.*?'", "option day '1'"),
    ("option day '.*?'", "option day '70000'"),
    ("option day '.*?'", "option day 'x'"), ("BEGIN CERT", "BEGIN CART"),
    ("option ca '-----BEGIN.{60}", "option ca '-----BEGIN"),
    ("option shift '3h'", "option shift '24h'"),
    ("option generation '0'", "option generation '256'"),
    ("option generation", "option regeneration"), (r"'\n\Z", ""),
]


@pytest.mark.parametrize("pattern,other", BAD_JOIN)
def test_join_refuses(box, join_file, pattern, other):
    text = re.sub(pattern, lambda m: other, join_file, count=1, flags=re.S)
    assert text != join_file
    done = box.join(text, code=USAGE)
    assert re.match(r".*/join:\d+: |.*/join: ", done.stderr), done.stderr
    assert not box.folder.exists()


def test_join_without_the_programs_users(box, join_file):
    box.config.write_text(box.config.read_text().replace("daemon", "nowho"))
    assert "user 'nowho'" in box.join(join_file, code=FAILED).stderr
    assert not box.folder.exists()
