# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's half of a city, with Debian's redis-server."""
import contextlib
import json
import os
import shutil

import pytest

import authority
import citystore
import gate
import lab
from citylink import (SITE, USER, Box, Liar, Proxy, Store, records, split,
                      today)

STREAM, OTHER = 0x0123456789abcdef, 0xfedcba9876543210
LOST = "people who are online stay online"


@pytest.fixture
def store(street, ca, tmp_path):
    made = Store(tmp_path, ca)
    made.start()
    yield made
    made.close()


@pytest.fixture
def box(street, ca):
    made = Box(ca)
    yield made
    made.close()


@pytest.fixture
def closing():
    """Ends what is put into it."""
    with contextlib.ExitStack() as stack:
        yield lambda made: stack.enter_context(contextlib.closing(made))


def beats(store):
    return [json.loads(x) for x in store.entries(f"hb:{SITE}", "h")]


# --- records -----------------------------------------------------------------
def test_records_travel_both_ways(store, box):
    store.say(records(1, 3), today() - 1)
    store.say(records(10, 32))
    box.start()
    box.connected()
    box.until(lambda: len(box.netctl.fed) == 35)
    assert box.netctl.fed == records(1, 3) + records(10, 32)
    box.until(lambda: (box.netctl.clocks or [[0, 0]])[-1][1])
    own = records(100, 5)
    box.netctl.make(own)
    box.until(lambda: len(store.inbox()) == 5)
    assert sorted(store.inbox()) == own
    box.until(lambda: box.netctl.asked[-1] == (5, 5))
    store.say(records(50, 1))
    box.until(lambda: records(50, 1)[0] in box.netctl.fed)
    assert len(box.netctl.fed) == 36  # each once


def test_records_of_a_poll_are_mixed(store, box):
    box.start()
    box.connected()
    own = records(1, 32)
    box.netctl.make(own)
    box.until(lambda: len(store.inbox()) == 32)
    assert store.inbox() != own and sorted(store.inbox()) == own
    assert len(store.entries(f"in:{SITE}", "r")) == 1


def test_more_than_one_message_and_one_page_holds(store, box):
    for n in range(0, 6400, 32):
        store.say(records(n, 32))
    box.netctl.make(records(10000, 80))
    box.start()
    box.connected()
    box.until(lambda: len(box.netctl.fed) == 6400)
    assert box.netctl.fed == records(0, 6400)
    assert set(box.netctl.sizes) == {32}
    box.until(lambda: len(store.inbox()) == 80)
    assert sorted(store.inbox()) == records(10000, 80)


def test_netctl_that_is_busy_is_asked_again(store, box):
    box.netctl.refuse = 3
    store.say(records(1, 3))
    box.start()
    box.until(lambda: box.netctl.fed)
    assert box.netctl.fed == records(1, 3) and not box.netctl.refuse


def test_what_is_no_record_is_passed_over(store, box):
    for value in (b"", b"x" * 15, b"x" * (33 * 16)):
        store("XADD", f"g:{today()}", "*", "r", value)
    store("XADD", f"g:{today()}", "*", "other", "x" * 16)
    store.say(records(1, 1))
    box.start()
    box.until(lambda: box.netctl.fed)
    assert box.netctl.fed == records(1, 1)


def test_a_new_key_goes_to_netctl(store, box):
    blob = bytes([8]) + (20500).to_bytes(2, "big") + bytes(range(48))
    box.start()
    box.connected()
    store("XADD", f"k:{SITE}", "*", "b", blob)
    box.until(lambda: box.netctl.keys)
    key = box.netctl.keys[0]
    assert key[0] == 8 and int.from_bytes(key[2:4], "little") == 20500
    assert key[4:52] == bytes(range(48))


# --- cuts --------------------------------------------------------------------
def test_it_goes_on_where_it_was(store, box):
    store.say(records(1, 3))
    box.start()
    box.until(lambda: len(box.netctl.fed) == 3)
    box.netctl.make(records(100, 2))
    box.until(lambda: box.netctl.gone == 2)
    store.kill()
    box.until(lambda: box.said(LOST))
    box.netctl.make(records(102, 3))
    store.start()
    store.say(records(4, 2))
    box.until(lambda: len(box.said("city: connected to")) == 2)
    box.until(lambda: box.netctl.gone == 5)
    assert sorted(store.inbox()) == records(100, 5)
    box.until(lambda: records(5, 1)[0] in box.netctl.fed)
    # the last ten minutes come twice, for what a failover may have lost
    assert set(box.netctl.fed) == set(records(1, 5))
    assert box.netctl.fed.count(records(1, 1)[0]) == 2
    assert len(box.said(LOST)) == 1


@pytest.mark.parametrize("ident", ["*", "1000-1"])
def test_an_emptied_store_is_read_from_its_start(store, box, ident):
    """Also where its clock goes after all that has been read."""
    store.say(records(1, 3))
    box.start()
    box.until(lambda: len(box.netctl.fed) == 3)
    store.kill()
    store.empty()
    store.start()
    store.say(records(7, 3), ident=ident)
    box.until(lambda: records(9, 1)[0] in box.netctl.fed)


def test_a_netctl_that_starts_anew_gets_all_of_it(store, box):
    store.say(records(1, 3))
    box.start()
    box.until(lambda: (box.netctl.clocks or [[0, 0]])[-1][1])
    box.netctl.stop()
    box.netctl.start()
    box.until(lambda: box.netctl.clocks, seconds=30)  # not once a minute
    assert box.netctl.clocks[0][1] == 0
    box.until(lambda: len(box.netctl.fed) == 3)
    box.until(lambda: (box.netctl.clocks or [[0, 0]])[-1][1])
    box.netctl.make(records(9, 1))
    box.until(lambda: store.inbox() == records(9, 1))


def test_kills_of_the_portal_lose_no_record(store, box):
    box.start()
    box.connected()
    made = 0
    for _ in range(8):
        box.netctl.make(records(made, 40))
        made += 40
        box.until(lambda: len(store.inbox()) >= made - 30)
        box.kill()
        said = len(box.said("city: connected to"))
        box.start()
        box.until(lambda: len(box.said("city: connected to")) > said)
    box.until(lambda: box.netctl.gone == made)
    assert set(store.inbox()) == set(records(0, made))


def test_a_store_that_says_nothing_is_left(store, box, closing):
    proxy = closing(Proxy(6381, store.port))
    box.login(["localhost:6381"])
    box.start()
    box.connected()
    proxy.is_open.clear()
    box.until(lambda: box.said(f"no answer in time; {LOST}"))
    proxy.is_open.set()
    box.until(lambda: len(box.said("city: connected to")) == 2)
    box.netctl.make(records(1, 1))
    box.until(lambda: store.inbox() == records(1, 1))


def test_a_handshake_has_a_deadline(store, box, closing):
    proxy = closing(Proxy(6381, store.port))
    proxy.is_open.clear()
    box.login(["localhost:6381"])
    box.start()
    box.until(lambda: box.said(f"no answer in time; {LOST}"))


def test_the_master_is_found(store, box, ca, tmp_path_factory, closing):
    replica = closing(Store(tmp_path_factory.mktemp("replica"), ca, 6382))
    replica.start()
    replica("CONFIG", "SET", "tls-replication", "yes")
    replica("CONFIG", "SET", "masteruser", "root")
    replica("CONFIG", "SET", "masterauth", citystore.PASSWORD)
    replica("REPLICAOF", "localhost", store.port)
    box.login(["localhost:6382", f"localhost:{store.port}"])
    box.start()
    box.connected()
    assert box.said(f"connected to localhost port {store.port}")
    # it becomes the master, and the old one a replica of it
    replica("REPLICAOF", "NO", "ONE")
    store("CONFIG", "SET", "tls-replication", "yes")
    store("CONFIG", "SET", "masteruser", "root")
    store("CONFIG", "SET", "masterauth", citystore.PASSWORD)
    store("REPLICAOF", "localhost", 6382)
    box.netctl.make(records(1, 1))
    box.until(lambda: replica.inbox() == records(1, 1))


# --- who is believed ---------------------------------------------------------
def refusal(box, pattern):
    box.start()
    box.until(lambda: box.said(LOST))
    line, = box.said(LOST)
    assert pattern in line
    assert not box.said("connected to localhost")
    assert not box.netctl.fed


def test_another_authority(store, box, tmp_path):
    other = authority.Authority(tmp_path)
    shutil.copy(other.file, os.path.join(box.city, "ca.pem"))
    refusal(box, "certificate refused: ")


def test_another_name(store, box):
    box.login([f"127.0.0.1:{store.port}"])
    refusal(box, "certificate refused: IP address mismatch")


def test_another_password(store, box):
    box.login([f"localhost:{store.port}"], password="wrong")
    refusal(box, "login refused (WRONGPASS)")


def test_nobody_is_there(street, box):
    refusal(box, "localhost port 6380: Connection refused")


def test_a_site_that_is_removed(store, box):
    box.start()
    box.connected()
    store("ACL", "DELUSER", USER)
    box.until(lambda: box.said(LOST))
    box.until(lambda: box.said("login refused"), step=30, seconds=9000)


def bulk(data):
    return b"$%d\r\n%s\r\n" % (len(data), data)


def page(key, entries):
    """What XREAD answers: entries are (id, field, value)."""
    out = b"*1\r\n*2\r\n" + bulk(key.encode()) + b"*%d\r\n" % len(entries)
    for ident, field, value in entries:
        out += b"*2\r\n" + bulk(ident) + b"*2\r\n" + bulk(field) + bulk(value)
    return out


def endless(peer, words):
    peer.sendall(b"*1\r\n*2\r\n" + bulk(words[5].encode()) + b"*90\r\n")
    while True:
        peer.sendall(b"*2\r\n" + bulk(b"1-1") + b"*2\r\n" + bulk(b"r")
                     + bulk(b"x" * 16))


def nested(peer, words):
    while True:
        peer.sendall(b"*1\r\n" * 100)


def oversize(peer, words):
    peer.sendall(b"$400000000\r\n")
    while True:
        peer.sendall(b"x" * 65536)


def of(data):
    return lambda peer, words: peer.sendall(data)


def entries(*given):
    return lambda peer, words: peer.sendall(page(words[5], list(given)))


LIES = {
    "800 MB": of(b"*100000000\r\n"),
    "a million entries": of(b"*1\r\n*2\r\n$1\r\nx\r\n*1000000\r\n"),
    "endless": endless, "nested": nested, "oversize": oversize,
    "push": of(b">2\r\n+a\r\n+b\r\n"), "map": of(b"%1\r\n+a\r\n+b\r\n"),
    "another protocol": of(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a status": of(b"+OK\r\n"), "a number": of(b":1\r\n"),
    "an empty array": of(b"*0\r\n"),
    "two for one": of(b"*-1\r\n*-1\r\n"),
    "a stream that was not asked for": of(page("in:rathaus", [])),
    "an id that is none": entries((b"now", b"r", b"x" * 16)),
    "an id that is too large": entries((b"18446744073709551616-0", b"r",
                                        b"x" * 16)),
    "ids that do not go up": entries((b"5-1", b"r", b"x" * 16),
                                     (b"5-1", b"r", b"x" * 16)),
    "more than a page": entries(*((b"%d-1" % n, b"r", b"x" * 16)
                                  for n in range(1, 102))),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_store_that_lies(street, box, ca, lie, closing):
    liar = closing(Liar(ca, LIES[lie]))
    box.start()
    box.until(lambda: liar.visits >= 3 and box.said(LOST), seconds=300)
    assert len(box.said(LOST)) == 1
    assert box.memory_kb() < 60000 * (4 if "asan" in gate.BUILD else 1)
    assert not box.netctl.keys


def test_pages_without_end_cost_a_bounded_number_of_reads(street, box, ca,
                                                          closing):
    """Full, in order, and without a record in them."""
    reads = [0]

    def lie(peer, words):
        start = 100 * reads[0]
        reads[0] += 1
        peer.sendall(page(words[5], [(b"%d-1" % n, b"x", b"") for n in
                                     range(start + 1, start + 101)]))
    liar = closing(Liar(ca, lie))
    box.options = {"poll": "60s"}
    box.start()
    box.connected()
    for polls in (1, 2):  # the first at once
        lab.wait_until(lambda: reads[0] >= 50 * polls, 10)
        box.advance(75)
        lab.wait_until(lambda: told(liar).count("TIME") == polls + 1, 10)
    by_poll = " ".join(told(liar)).split("TIME")
    assert [x.count("XREAD") for x in by_poll[1:3]] == [50, 50]


def told(liar):
    return [words[0] for words in liar.commands]


def test_its_words_are_not_in_the_log(street, box, ca, closing):
    liar = closing(Liar(ca, of(b"-EVIL\x1b[31m words\r\n")))
    box.start()
    box.until(lambda: box.said(r"refuses what is sent \(EVIL\)"))
    assert "\x1b" not in box.log() and "words" not in box.log()


# --- a store that is full ----------------------------------------------------
def test_a_full_store_loses_nothing(store, box):
    box.start()
    box.connected()
    box.until(lambda: beats(store))
    store("CONFIG", "SET", "maxmemory", 1)
    box.netctl.make(records(1, 3))
    box.netctl.release(STREAM, 1, 2)
    box.until(lambda: box.said(r"refuses what is sent \(OOM\)"))
    for _ in range(20):
        box.advance(1)
    store("CONFIG", "SET", "maxmemory", 0)
    box.until(lambda: sorted(store.inbox()) == records(1, 3))
    box.until(store.figures)
    assert len(box.said("refuses")) == 1
    box.until(lambda: box.said("takes what is sent again"))
    assert not box.said(LOST)


# --- figures -----------------------------------------------------------------
def counted(store):
    """As a hub counts: each number of a stream once, by 1."""
    last, sums = {}, {}
    for batch in store.figures():
        stream = int(batch["stream"], 16)
        first = batch["first"]
        assert first == batch["cells"][0]["seq"]
        for cell in batch["cells"]:
            seq = cell["seq"]
            assert cell == {
                "seq": seq, "zone": "guest", "metric": "online",
                "start": 1767268800 + 3600 * seq, "hours": 1, "value": -seq,
                "n": 5, "d": 1}
            if seq == last.get(stream, first - 1) + 1:
                last[stream] = seq
                sums[stream] = sums.get(stream, 0) + 1
    return sums


def test_figures_until_the_hub_has_them(store, box):
    box.start()
    box.connected()
    box.netctl.release(STREAM, 1, 70)
    box.until(store.figures)
    assert len(store.figures()[0]["cells"]) == 64
    for _ in range(50):
        box.advance(1)  # less than a minute: the hub owes a word
    assert len(store.figures()) == 1
    box.until(lambda: len(store.figures()) == 2, seconds=100)
    assert store.figures()[0] == store.figures()[1]
    store.commit(STREAM, 64)
    box.until(lambda: len(store.figures()) == 3)
    assert [c["seq"] for c in store.figures()[2]["cells"]] == [*range(65, 71)]
    store.commit(STREAM, 70)
    box.netctl.release(OTHER, 1, 1)
    box.until(lambda: len(store.figures()) == 4)
    assert counted(store) == {STREAM: 70, OTHER: 1}


def test_figures_outlive_cuts_kills_and_an_emptied_store(store, box):
    box.start()
    box.connected()
    store.kill()
    box.netctl.release(STREAM, 1, 3)
    box.until(lambda: box.netctl.usage[-1:] == [(STREAM, 3, 3)])
    box.kill()
    box.start()
    store.start()
    box.until(store.figures)
    store.kill()
    store.empty()  # the hub has not got them
    store.start()
    box.until(store.figures)
    assert counted(store) == {STREAM: 3}
    store.commit(STREAM, 3)
    box.kill()
    said = len(box.said("connected to localhost"))
    box.start()
    box.until(lambda: len(box.said("connected to localhost")) > said)
    before = len(store.figures())
    box.netctl.release(STREAM, 4, 1)
    box.until(lambda: len(store.figures()) > before)
    assert [c["seq"] for c in store.figures()[-1]["cells"]] == [4]


# --- joining -----------------------------------------------------------------
def test_nothing_runs_before_the_box_has_joined(store, box):
    os.rename(box.city, box.city + ".later")
    box.start()
    box.until(lambda: "connected to netctl" in box.log())
    box.netctl.make(records(1, 1))
    box.netctl.release(STREAM, 1, 1)
    for _ in range(60):
        box.advance(1)
    assert not box.said("city") and not box.netctl.asked
    box.until(lambda: box.netctl.usage[-1:] == [(STREAM, 1, 1)])
    os.rename(box.city + ".later", box.city)
    box.reload()
    box.connected()
    box.until(lambda: store.inbox() == records(1, 1))
    box.netctl.release(STREAM, 2, 1)
    box.until(store.figures)
    assert counted(store) == {STREAM: 1}
    box.options = {"enabled": 0}
    box.reload()
    box.until(lambda: not [x for x in citystore_clients(store)])


def citystore_clients(store):
    return [x for x in store("CLIENT", "LIST").decode().splitlines()
            if f"user={USER}" in x]


def test_a_login_that_is_wrong(store, box):
    with open(os.path.join(box.city, "login"), "a") as file:
        file.write("\toption surprise '1'\n")
    box.start()
    box.until(lambda: box.said("this box is by itself"))
    line, = box.said("this box is by itself")
    assert "login:" in line and "unknown option 'surprise'" in line
    assert citystore.PASSWORD not in box.log()


# --- what leaves -------------------------------------------------------------
def test_what_the_store_is_told(store, box):
    """All of it, by an allow-list: nothing but the numbers that netctl gave,
    and what the machine is like."""
    watcher = citystore.Client(store)
    assert watcher("MONITOR") == b"OK"
    box.netctl.make(records(1, 3))
    box.netctl.release(STREAM, 1, 2)
    box.start()
    box.connected()
    box.until(lambda: store.figures() and store.inbox() and beats(store))
    beat, = beats(store)
    assert set(beat) == {"version", "uptime_s", "generation", "health"}
    assert all(code.replace("_", "").isalpha() for code in beat["health"])
    assert counted(store) == {STREAM: 2}
    assert sorted(store.inbox()) == records(1, 3)
    store("ECHO", "the end")
    heard = set()
    while b'"the end"' not in (line := watcher._file.readline()):
        if b'"AUTH"' in line or f"user={USER}".encode() in line:
            continue
        words = line.decode().split('"')[1::2]
        heard.add((words[0], words[1] if words[0] == "XADD" else ""))
    watcher.close()
    of_box = {x for x in heard if x[0] in ("XADD", "XREAD", "ROLE", "TIME",
                                           "AUTH")}
    assert of_box == {("XADD", f"in:{SITE}"), ("XADD", f"hb:{SITE}"),
                      ("XREAD", ""), ("ROLE", ""), ("TIME", "")}
    assert {x[0] for x in heard} - {x[0] for x in of_box} <= {
        "XRANGE", "ECHO", "ACL"}
