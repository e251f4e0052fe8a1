#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""taken_over.py DEVICE NEIGHBOUR PORT: a portal that somebody has taken over.

Tries each way by which Linux tells a process without rights who else is on a
device, and prints one JSON object: way -> what it read, in hexadecimal, or why
it got nothing. It opens PORT and, if that can tell it anything, waits for one
guest there.
"""
import ctypes
import json
import socket
import struct
import sys

RTM_GETNEIGH, NLM_F_REQUEST, NLM_F_DUMP, NETLINK_ROUTE = 30, 1, 0x300, 0
SIOCGARP, SIOCDEVPRIVATE, BRCTL_GET_FDB_ENTRIES = 0x8954, 0x89f0, 18
TCP_SAVE_SYN, TCP_SAVED_SYN, FROM_LINK_LAYER = 27, 28, 2
SO_ATTACH_FILTER, SO_ATTACH_REUSEPORT_CBPF = 26, 51
_libc = ctypes.CDLL(None, use_errno=True)


def read(path):
    with open(path, "rb") as file:
        text = file.read(1 << 16)
    # texts have it with colons, a bridge's file as it is
    return text.replace(b":", b"").lower().hex() + " " + text.hex()


def rtnetlink():
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_ROUTE) as s:
        s.send(struct.pack("=IHHIIB11x", 28, RTM_GETNEIGH,
                           NLM_F_REQUEST | NLM_F_DUMP, 1, 0, socket.AF_INET))
        return s.recv(1 << 16).hex()


def call_ioctl(request, buffer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        if _libc.ioctl(s.fileno(), ctypes.c_ulong(request), buffer) < 0:
            raise OSError(ctypes.get_errno(), "ioctl")


def arp_ioctl(device, neighbour):
    """struct arpreq of linux/if_arp.h"""
    request = ctypes.create_string_buffer(struct.pack(
        "=HH4s8x16x4x16x16s", socket.AF_INET, 0, socket.inet_aton(neighbour),
        device.encode()), 68)
    call_ioctl(SIOCGARP, request)
    return request.raw[16:32].hex()


def bridge_ioctl(device):
    """old_dev_ioctl() of net/bridge/br_ioctl.c"""
    entries = ctypes.create_string_buffer(16 * 256)
    args = (ctypes.c_ulong * 4)(BRCTL_GET_FDB_ENTRIES,
                                ctypes.addressof(entries), 256, 0)
    request = ctypes.create_string_buffer(struct.pack(
        "=16sQ", device.encode(), ctypes.addressof(args)), 40)
    call_ioctl(SIOCDEVPRIVATE, request)
    return entries.raw.hex()


def attach(option):
    """A filter that reads the link layer: what it lets pass tells of it."""
    code = (struct.pack("=HBBI", 0x30, 0, 0, 0xffe00006)
            + struct.pack("=HBBI", 0x16, 0, 0, 0))
    buffer = ctypes.create_string_buffer(code)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        s.bind(("127.0.0.1", 0))
        s.setsockopt(socket.SOL_SOCKET, option, struct.pack(
            "=H6xQ", 2, ctypes.addressof(buffer)))
    return "attached"


def saved_syn(listener):
    guest, _ = listener.accept()
    with guest:
        return guest.getsockopt(socket.IPPROTO_TCP, TCP_SAVED_SYN, 512).hex()


def attempt(way, *args):
    try:
        return way(*args)
    except OSError as error:
        return f"nothing: {error}"


def main():
    device, neighbour, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    listener = socket.create_server(("", port))
    saves = attempt(listener.setsockopt, socket.IPPROTO_TCP, TCP_SAVE_SYN,
                    FROM_LINK_LAYER)
    found = {path: attempt(read, path.format(device)) for path in (
        "/proc/net/arp", "/proc/self/net/arp", "/proc/thread-self/net/arp",
        "/proc/1/net/arp", "/sys/class/net/{}/brforward",
        "/var/lib/misc/dnsmasq.leases", "/run/dnsmasq/stadttor.leases",
        "/run/avahi-daemon/socket")}
    found["rtnetlink"] = attempt(rtnetlink)
    found["ioctl for ARP"] = attempt(arp_ioctl, device, neighbour)
    found["ioctl for bridges"] = attempt(bridge_ioctl, device)
    found["filter"] = attempt(attach, SO_ATTACH_FILTER)
    found["filter of a port"] = attempt(attach, SO_ATTACH_REUSEPORT_CBPF)
    found["saved SYN"] = saves or attempt(saved_syn, listener)
    print(json.dumps(found))


main()
