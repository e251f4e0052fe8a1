# SPDX-License-Identifier: GPL-3.0-or-later
"""The servers of the internet host.

internet.py READY-FD [--probed CERTIFICATE KEY ADDRESS ADDRESS] ADDRESS...

On every address: a web page on TCP 80, an endless source of bytes on 5001, a
sink on 5002, a greeting on ports that must not be reached without leave, and
UDP echoes. On the probed ones, HTTP and HTTPS alone: there live the hosts that
systems ask whether they are online. Addresses are bound one by one so that
answers come from the address that was asked.
"""
import os
import socket
import ssl
import sys
import threading
from http import HTTPStatus

import probes

PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>The internet</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { margin: 0; min-height: 100vh; display: grid; place-content: center;
       font: 1.2rem/1.5 system-ui, sans-serif; color: #fff;
       background: linear-gradient(160deg, #0b3d66, #1c7c7d); }
main { padding: 2rem; max-width: 32rem; }
h1 { font-size: 3rem; margin: 0; }
</style>
<main><h1>the internet</h1>
<p>You have arrived. This page comes from a web server behind the gate.</p>
</main></html>
"""
GREETING = (22, 443, 853, 8080)
UDP_ECHO = (7, 53, 123, 443, 853, 4500)
BLOCK = bytes(1 << 18)


def read_head(conn):
    """Path and host of a request; empty where it is none."""
    data = b""
    while b"\r\n\r\n" not in data and len(data) < 16384:
        more = conn.recv(4096)
        if not more:
            break
        data += more
    lines = data.decode("latin-1").split("\r\n")
    words = lines[0].split(" ")
    host = next((line[5:].strip() for line in lines
                 if line.lower().startswith("host:")), "")
    return words[1] if len(words) > 1 else "", host


def serve_page(conn):
    path, host = read_head(conn)
    a = probes.answer_for(host, path) or probes.Answer(200, PAGE,
                                                       type="text/html")
    head = [f"HTTP/1.1 {a.status} {HTTPStatus(a.status).phrase}",
            f"Content-Type: {a.type}", "Connection: close",
            *(f"{name}: {value}" for name, value in a.headers)]
    if a.status != 204:
        head.append(f"Content-Length: {len(a.body)}")
    conn.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + a.body)


def serve_page_by(context):
    def serve(conn):
        with context.wrap_socket(conn, server_side=True) as secured:
            serve_page(secured)
    return serve


def serve_bytes(conn):
    while True:
        conn.sendall(BLOCK)


def swallow(conn):
    while conn.recv(1 << 18):
        pass


def greet(conn):
    conn.sendall(b"open\n")


def answer(conn, handler):
    with conn:
        try:
            handler(conn)
        except OSError:
            return  # the other side went away


def accept(listener, handler):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=answer, args=(conn, handler),
                         daemon=True).start()


def echo(s):
    while True:
        data, peer = s.recvfrom(65535)
        try:
            s.sendto(data, peer)
        except OSError:
            continue  # no way back to that address


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def listen(address, port, handler):
    s = socket.create_server((address, port), family=family(address),
                             backlog=256)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    threading.Thread(target=accept, args=(s, handler), daemon=True).start()


def listen_udp(address, port):
    s = socket.socket(family(address), socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    s.bind((address, port))
    threading.Thread(target=echo, args=(s,), daemon=True).start()


def main():
    ready, *addresses = sys.argv[1:]
    if addresses[0] == "--probed":
        _, certificate, key, *addresses = addresses
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        for address in addresses[:2]:
            listen(address, 80, serve_page)
            listen(address, 443, serve_page_by(context))
        addresses = addresses[2:]
    for address in addresses:
        listen(address, 80, serve_page)
        listen(address, 5001, serve_bytes)
        listen(address, 5002, swallow)
        for port in GREETING:
            listen(address, port, greet)
        for port in UDP_ECHO:
            listen_udp(address, port)
    os.write(int(ready), b"1")
    threading.Event().wait()


if __name__ == "__main__":
    main()
