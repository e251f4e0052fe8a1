# SPDX-License-Identifier: GPL-3.0-or-later
"""The subscriber to ubus: radios that netctl wants off, and what leaves them on.
"""
import struct

from ubusplay import fixture_start  # noqa: F401
from ubusplay import OBJECTS, ipc

RADIO = struct.Struct("=32sII")
UNTIL_TOLD = (1 << 32) - 1
NIGHT = 3600
WIRELESS = {"network.wireless": ["up", "down", "status"]}
BOX = {"objects": OBJECTS | WIRELESS, "RADIOS": "radio0 radio1 radio2"}


def tell(netctl, names=(), **radios):
    """A whole list, with seconds that each is off."""
    for name in names:
        netctl.own.send(ipc.message(ipc.GARDEN_NAME, name.encode().ljust(
            256, b"\0"), 0))
    for radio, off_s in radios.items():
        netctl.own.send(ipc.message(ipc.RADIO, RADIO.pack(
            radio.encode(), off_s, 0), 0))
    netctl.done(0, len(names) + len(radios))


def switched(program, seconds=2):
    """What netifd was asked for, while that time went by."""
    program.passes(seconds)
    return sorted(program.does(switched=True))


def test_off_and_on(start):
    """At netctl's word, and at the end of its time also without one."""
    program, netctl = start("radio=radio0", "radio=radio1", **BOX)
    tell(netctl, radio0=NIGHT, radio1=0)
    assert switched(program) == ["down radio0", "up radio1"]
    assert switched(program, NIGHT - 10) == []
    assert switched(program, 20) == ["up radio0"]
    tell(netctl, radio0=UNTIL_TOLD, radio1=0)
    assert switched(program) == ["down radio0"]
    assert switched(program, 6 * 3600) == []
    tell(netctl, radio0=0, radio1=0)
    assert switched(program) == ["up radio0"]
    assert program.end()[2] == ""


def test_the_radios_of_others_are_left_alone(start):
    program, netctl = start("radio=radio0", "names", **BOX)
    tell(netctl, ["city.example"], radio0=NIGHT)
    assert switched(program, 60) == ["down radio0"]


def test_without_netctl_all_are_on(start):
    """Not at once, since one that is started anew is back in a moment."""
    program, first, second = start("radio=radio0", connections=(1, 1), **BOX)
    tell(first, radio0=NIGHT)
    assert switched(program) == ["down radio0"]
    first.own.close()
    assert switched(program, 30) == []
    assert switched(program, 60) == ["up radio0"]  # it says nothing
    tell(second, radio0=NIGHT)
    assert switched(program) == ["down radio0"]


def test_netctl_is_never_there(start):
    """One that ran before has left a radio off."""
    program, = start("radio=radio0", "radio=radio1",
                     connections=(None,) * 200, **BOX)[:1]
    assert switched(program, 50) == []
    assert switched(program, 20) == ["up radio0", "up radio1"]


def test_started_anew_in_the_night(start):
    """Nobody's radio is on for a moment because of that."""
    program, netctl = start("radio=radio0", **BOX)
    assert switched(program, 30) == []
    tell(netctl, radio0=NIGHT)
    assert switched(program) == ["down radio0"]


def test_a_radio_that_is_named_no_more(start):
    program, netctl = start("radio=radio0", "radio=radio1", **BOX)
    tell(netctl, radio0=NIGHT, radio1=NIGHT)
    assert switched(program) == ["down radio0", "down radio1"]
    tell(netctl, radio1=NIGHT)
    assert switched(program) == ["up radio0"]


def test_a_netifd_that_was_started_anew(start):
    """It has all of them on, and at first it knows none."""
    program, netctl = start("radio=radio0", objects=OBJECTS)
    tell(netctl, radio0=NIGHT)
    assert switched(program) == []
    program.does(add="network.wireless", methods=WIRELESS["network.wireless"])
    assert switched(program, 15) == []
    program.does(add_radio="radio0")
    assert switched(program, 15) == ["down radio0"]
    program.does(remove="network.wireless")
    program.does(add="network.wireless", methods=WIRELESS["network.wireless"])
    assert switched(program, 15) == ["down radio0"]
    assert program.end()[2].count("radio0: not switched down") == 1


def test_half_a_list_switches_nothing(start):
    program, netctl, _ = start("radio=radio0", connections=(1, 1), **BOX)
    netctl.own.send(ipc.message(ipc.RADIO, RADIO.pack(b"radio0", NIGHT, 0), 0))
    assert switched(program) == []
    netctl.done(0, 2)
    assert switched(program) == []
    assert "incomplete" in program.end()[2]
