# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens to two phones in a town of three boxes, step by step."""
import lab
import traffic
from story import addresses, join_by_dhcp, name
from traffic import FAMILIES

PORTAL = {"network": "Stadttor demo", "provider": "City of the demo",
          "contact": "wifi@city.example"}


# --- what is seen at every place --------------------------------------------

def is_online(story, phone, why):
    """By both families; the first page that it asks for is what it gets."""
    for family in FAMILIES:
        page, seconds = traffic.timed(traffic.http, phone,
                                      traffic.web(family))
        story.saw(f"{name(family)} web page at {phone.box.name}: "
                  f"{page.status} after {seconds * 1000:.0f} ms, {why}",
                  page.status == 200)
        story.saw(f"{name(family)} ping: an answer",
                  traffic.ping(phone, traffic.web(family)) is True)


def walk(story, town, phone, box):
    """Out of one box's reach, into another's: the phone asks for its address
    again, as all do."""
    town.walk(phone, box)
    before = addresses(phone)
    story.saw(f"now at {box.name}, with the same addresses",
              join_by_dhcp(phone) == before)


def asks_portal(phone):
    """None: it is in, or has just been shut out."""
    try:
        reply = traffic.http(phone, lab.WEB4)
    except OSError:
        return None
    return reply if reply.status == 302 else None


def is_kept_out(story, phone):
    """At once, or as soon as the box has heard of it."""
    reply = lab.wait_until(lambda: asks_portal(phone), 10,
                           say=f"{phone.box.name} lets it in")
    story.saw(f"a web page at {phone.box.name}: {reply.status}, to the portal",
              reply.status == 302)
    for family in FAMILIES:
        story.saw(f"{name(family)}: shut", traffic.is_shut(phone, family))


def tap(story, phone):
    reply = traffic.tap(phone)
    story.saw(f"POST /accept at {phone.box.name}: {reply.status} to "
              f"{reply.headers['Location']}", reply.status == 303)


# --- the chapters -----------------------------------------------------------

def set_up(story, town):
    story.step("A city: stadttor city init, add, join")
    town.found()
    story.saw("one store with TLS and logins, one hub", town.hub is not None)
    for box in town.boxes:
        box.join()
        box.start()
    lab.wait_until(lambda: {s["state"] for s in town.sites()} == {"ok"}, 30,
                   every=0.2, say=f"not all are well: {town.sites()}")
    for line in town.cli("list").splitlines():
        story.note(line)
    story.saw("three boxes, all of them well", len(town.sites()) == 3)
    lab.wait_until(lambda: list(town.seen_by_hub().values()) == ["well"] * 3,
                   10, every=0.2, say="the hub does not see them")
    story.saw("the hub's dashboard shows the same", True)


def first_tap(story, town):
    one = town.boxes[0]
    story.step("A phone joins at the first box, and taps once")
    phone = town.add_phone(one, 1)
    phone.ip4, phone.ip6 = join_by_dhcp(phone)
    story.saw(f"addresses: {phone.ip4}, {phone.ip6}")
    is_kept_out(story, phone)
    tap(story, phone)
    is_online(story, phone, "by its tap")
    town.wait_known(1)
    story.saw("all boxes have heard of it", True)
    return phone


def go_round(story, town, phone):
    story.step("It walks to the second box")
    walk(story, town, phone, town.boxes[1])
    is_online(story, phone, "without any page")


def cut_off(story, town, phone):
    two, three = town.boxes[1:]
    story.step("The second box is cut off from the store")
    two.cut_off()
    is_online(story, phone, "as before")
    walk(story, town, phone, three)
    is_online(story, phone, "at the third box")
    walk(story, town, phone, two)
    is_online(story, phone, "back again")


def tap_while_cut_off(story, town):
    one, two, three = town.boxes
    story.step("A new phone taps while that box is cut off")
    phone = town.add_phone(two, 2)
    phone.ip4, phone.ip6 = join_by_dhcp(phone)
    is_kept_out(story, phone)
    tap(story, phone)
    is_online(story, phone, "by its tap")
    town.wait_known(1, one, three)
    story.saw("the other boxes know nothing of it", True)
    two.connect()
    town.wait_known(2)
    story.saw("the cut has healed: all of them know it", True)
    walk(story, town, phone, three)
    is_online(story, phone, "without any page")
    return phone


def log_out(story, town, phone):
    one, _, three = town.boxes
    story.step("The first phone logs out")
    reply = traffic.log_out(phone)
    story.saw(f"POST /logout at {phone.box.name}: {reply.status}",
              reply.status == 303)
    for box in (three, one):
        walk(story, town, phone, box)
        is_kept_out(story, phone)


def revoke(story, town, phone):
    two, three = town.boxes[1:]
    handle = three.stadttor.session_of(phone)["handle"]
    story.step(f"The operator ends the other's session: stadttor revoke "
               f"{handle}")
    three.stadttor.revoke(handle)
    is_kept_out(story, phone)
    walk(story, town, phone, two)
    is_kept_out(story, phone)


def steal(story, town):
    one, two, three = town.boxes
    story.step("The third box is stolen: stadttor city remove")
    for line in town.cli("remove", three.name).splitlines():
        story.note(line)
    story.saw("it is out", [s["site"] for s in town.sites()] ==
              [one.name, two.name])
    for box in (one, two):
        lab.wait_until(lambda: box.generation() == 1, 15, every=0.1,
                       say=f"the new key has not reached {box.name}")
    phone = town.add_phone(one, 3)
    phone.ip4, phone.ip6 = join_by_dhcp(phone)
    tap(story, phone)
    town.wait_known(3, one, two)
    town.wait_known(2, three)
    story.saw("who taps now is known to the others, and not to it", True)
    walk(story, town, phone, two)
    is_online(story, phone, "without any page")


def tell(story, town):
    set_up(story, town)
    phone = first_tap(story, town)
    go_round(story, town, phone)
    cut_off(story, town, phone)
    other = tap_while_cut_off(story, town)
    log_out(story, town, phone)
    revoke(story, town, other)
    steal(story, town)
