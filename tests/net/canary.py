# SPDX-License-Identifier: GPL-3.0-or-later
"""Known addresses, every way in which they may be written, and the search for
them in files and in the memory of processes."""
import base64
import ipaddress
import os
import re


def base64_forms(raw):
    """What is the same wherever the bytes stand in a longer text."""
    forms = set()
    for lead in range(3):
        text = base64.b64encode(bytes(lead) + raw + bytes(3)).decode()
        first = (lead * 8 + 5) // 6
        last = (lead + len(raw)) * 8 // 6
        forms.add(text[first:last])
        forms.add(text[first:last].translate(str.maketrans("+/", "-_")))
    return {form for form in forms if len(form) >= 5}


def text_forms(words):
    """Upper and lower case, and as base64 of the text."""
    forms = set()
    for word in words:
        for text in {word.lower(), word.upper()}:
            forms.add(text.encode())
            forms |= {f.encode() for f in base64_forms(text.encode())}
    return forms


def number_forms(raw):
    """As one number, and byte by byte, in both orders: decimal and octal."""
    words = set()
    for data in raw, raw[::-1]:
        number = int.from_bytes(data, "big")
        words |= {str(number), f"{number:o}"}
        for form in "d", "03d", "o", "03o":
            digits = [format(b, form) for b in data]
            words |= {mark.join(digits) for mark in ".:- ,"}
            if form.startswith("0"):
                words.add("".join(digits))
    return words


def mac_forms(mac):
    raw = bytes.fromhex(mac.replace(":", ""))
    digits = raw.hex()
    words = {digits, mac, *number_forms(raw),
             ".".join(digits[i:i + 4] for i in (0, 4, 8))}
    for data in raw, raw[::-1]:
        words |= {data.hex(mark) if mark else data.hex()
                  for mark in ("", ":", "-", ".", " ")}
    forms = text_forms(words) | {raw, raw[::-1]}
    return forms | {f.encode() for f in base64_forms(raw)}


def ip4_forms(text):
    raw = ipaddress.ip_address(text).packed
    words = {text, *number_forms(raw)}
    for data in raw, raw[::-1]:
        words |= {data.hex(), data.hex(":"), data.hex("-")}
    forms = text_forms(words)
    return forms | {f.encode() for f in base64_forms(raw) if len(f) > 5}


def ip6_forms(text):
    address = ipaddress.ip_address(text)
    raw = address.packed
    words = {str(address), address.exploded, raw.hex(), raw[::-1].hex(),
             str(int(address)), str(int.from_bytes(raw, "little")),
             str(address).replace(":", "-"), f"{int(address):o}"}
    forms = text_forms(words) | {raw, raw[::-1]}
    return forms | {f.encode() for f in base64_forms(raw)}


def raw4(text):
    """Four bytes: the only form that chance may write somewhere."""
    raw = ipaddress.ip_address(text).packed
    return {raw, raw[::-1]}


def forms_of(phone):
    return (mac_forms(phone.mac) | ip4_forms(phone.ip4)
            | ip6_forms(phone.ip6) | text_forms({phone.hostname}))


def pattern(forms):
    return re.compile(b"|".join(re.escape(f) for f in
                                sorted(forms, key=len, reverse=True)))


def search(found, forms):
    """[(where, what)] of all forms in {where: bytes}."""
    rx = pattern(forms)
    return [(where, hit) for where, data in found.items()
            for hit in sorted(set(rx.findall(data)))]


def files_below(*folders):
    found = {}
    for folder in folders:
        for path, _, names in os.walk(folder):
            for name in names:
                full = os.path.join(path, name)
                if os.path.isfile(full):
                    with open(full, "rb") as file:
                        found[full] = file.read()
    return found


def memory_of(pid):
    """All that a process can write to: what a core dump holds, and more."""
    found = {}
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for line in maps:
            span, access, *_ = line.split(None, 5)
            name = line.split(None, 5)[5].strip() if line.count(" ") > 5 \
                else ""
            if "w" not in access or name == "[vvar]":
                continue
            start, end = (int(x, 16) for x in span.split("-"))
            found[f"memory {span} {name}"] = _read(mem, start, end)
    return found


def _read(mem, start, end):
    parts = []
    at = start
    while at < end:
        try:
            mem.seek(at)
            part = mem.read(min(end - at, 1 << 20))
        except OSError:
            part = b""
        if not part:
            at += 4096
            continue
        parts.append(part)
        at += len(part)
    return b"".join(parts)
