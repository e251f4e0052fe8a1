# SPDX-License-Identifier: GPL-3.0-or-later
"""The portal's half of a city, with Debian's redis-server."""
import pytest

from citylink import SITE, Box, Store, records, today


@pytest.fixture(scope="module")
def world(street):
    """A network of our own, with nothing but the loopback that we use."""
    return street


@pytest.fixture
def store(world, ca):
    made = Store(ca)
    made.start()
    yield made
    made.close()


@pytest.fixture
def box(world, ca):
    made = Box(ca)
    yield made
    made.close()


def test_records_travel_both_ways(store, box):
    store.say(records(1, 3), today() - 1)
    store.say(records(10, 32))
    box.start()
    assert box.connected()
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
    beat, = store.entries(f"hb:{SITE}", "h")
    assert b'"generation":7,' in beat
