# SPDX-License-Identifier: GPL-3.0-or-later
"""Debian's FreeRADIUS on the internet's host, with a few accounts."""
import os
import re
import signal
import subprocess
import tempfile

import lab

SECRET = "a secret of the tests"
PASSWORD = "correct horse"

# Names, and what the server says of them.
USERS = f"""
anna    Cleartext-Password := "{PASSWORD}"
        Class = "class of anna", Chargeable-User-Identity = "cui-of-anna"
berta   Cleartext-Password := "{PASSWORD}"
        Session-Timeout = 600, Idle-Timeout = 120,
        WISPr-Bandwidth-Max-Down = 2000000, WISPr-Bandwidth-Max-Up = 1000000,
        ChilliSpot-Max-Total-Octets = 50000000, Acct-Interim-Interval = 60
greedy  Cleartext-Password := "{PASSWORD}"
        Session-Timeout = 864000, WISPr-Bandwidth-Max-Down = 900000000,
        ChilliSpot-Max-Total-Octets = 4000000000
other   Cleartext-Password := "{PASSWORD}"
        User-Name = "renamed"
locked  Auth-Type := Reject
        Reply-Message = "Your bill is open"
pin     Auth-Type := Accept, Response-Packet-Type := Access-Challenge
        State = 0x3031, Reply-Message = "PIN?"
"""

CONFIG = """
prefix = /usr
libdir = /usr/lib/freeradius
logdir = {folder}
run_dir = {folder}
max_request_time = 30
cleanup_delay = 2
max_requests = 4096
hostname_lookups = no
log {{
        destination = stdout
        auth = no
}}
security {{
        max_attributes = 200
        reject_delay = 0
        status_server = yes
}}
thread pool {{
        start_servers = 1
        max_servers = 2
        min_spare_servers = 1
        max_spare_servers = 2
        max_requests_per_server = 0
}}
client gate {{
        ipaddr = {gate}
        secret = "{secret}"
        require_message_authenticator = yes
}}
modules {{
        pap {{
        }}
        files {{
                filename = {folder}/users
        }}
        detail {{
                filename = {folder}/detail
                permissions = 0600
        }}
{eap}}}
server default {{
        listen {{
                type = auth
                ipaddr = {address}
                port = 1812
        }}
        listen {{
                type = acct
                ipaddr = {address}
                port = 1813
        }}
{tls}        # Newer versions do so by themselves (CVE-2024-3596).
        authorize {{
                update reply {{
                        &Message-Authenticator := 0x00
                }}
{authorize}                files
                pap
                Autz-Type Status-Server {{
                        update reply {{
                                &Message-Authenticator := 0x00
                        }}
                }}
        }}
        authenticate {{
                Auth-Type PAP {{
                        pap
                }}
{authenticate}        }}
        accounting {{
                detail
        }}
}}
"""


TLS = """
        listen {{
                type = auth+acct
                proto = tcp
                ipaddr = {address}
                port = 2083
                clients = radsec
                tls {{
                        private_key_file = {key}
                        certificate_file = {chain}
                        ca_file = {ca}
                        require_client_cert = yes
                        tls_min_version = "1.2"
                        tls_max_version = "{version}"
                        cipher_list = "DEFAULT"
                        check_crl = no
                        fragment_size = 8192
                }}
        }}
"""
TLS_CLIENTS = """
clients radsec {{
        client box {{
                ipaddr = {gate}
                proto = tls
                secret = radsec
        }}
}}
"""


# What access points ask for people by 802.1X: passwords in TTLS.
EAP = """
        eap {{
                default_eap_type = ttls
                tls-config common {{
                        private_key_file = {key}
                        certificate_file = {chain}
                        tls_min_version = "1.2"
                        tls_max_version = "1.2"
                        cipher_list = "DEFAULT"
                        check_crl = no
                        fragment_size = 1024
                }}
                md5 {{
                }}
                ttls {{
                        tls = common
                        default_eap_type = md5
                        virtual_server = inner
                }}
        }}
"""
EAP_INNER = """
server inner {
        authorize {
                files
                pap
        }
        authenticate {
                Auth-Type PAP {
                        pap
                }
        }
}
"""


class Record(dict):
    """A packet of accounting, by the names of its attributes."""

    def number(self, name):
        return int(self.get(name, 0))

    def octets(self, direction):
        return (self.number(f"Acct-{direction}-Gigawords") << 32) \
            + self.number(f"Acct-{direction}-Octets")


class FreeRadius:
    """In the foreground, ended by its process. tls: of RadSec; eap: its chain
    and key for 802.1X."""

    def __init__(self, street, address=lab.HOST4, secret=SECRET, eap=None,
                 **tls):
        self.street, self.address = street, address
        self.folder = tempfile.mkdtemp(prefix="stadttor-radius-")
        self.process = None
        self.write("users", USERS)
        self.write("dictionary",
                   "$INCLUDE /usr/share/freeradius/dictionary\n")
        self.write("radiusd.conf", CONFIG.format(
            folder=self.folder, gate=lab.UPLINK4, secret=secret,
            address=address,
            tls=TLS.format(address=address, **tls) if tls else "",
            eap=EAP.format(chain=eap[0], key=eap[1]) if eap else "",
            authorize="eap {\nok = return\n}\n" if eap else "",
            authenticate="eap\n" if eap else "")
            + (TLS_CLIENTS.format(gate=lab.UPLINK4) if tls else "")
            + (EAP_INNER if eap else ""))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def read(self, name):
        try:
            with open(self.path(name)) as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def start(self):
        with open(self.path("log"), "w") as log:
            self.process = self.street.internet.popen(
                ["freeradius", "-f", "-l", "stdout", "-d", self.folder],
                stdout=log, stderr=log)
        lab.wait_until(self.is_ready, 30, say="FreeRADIUS is not ready")
        return self

    def is_ready(self):
        assert self.process.poll() is None, self.read("log")
        return "Ready to process requests" in self.read("log")

    def stop(self):
        lab.stop(self.process, signal.SIGKILL)

    def records(self, kind=None):
        """What accounting has brought so far."""
        found = []
        for part in self.read("detail").split("\n\n"):
            pairs = re.findall(r"^\t([\w-]+) = (.*)$", part, re.M)
            record = Record((k, v.strip('"')) for k, v in pairs)
            if record and kind in (None, record["Acct-Status-Type"]):
                found.append(record)
        return found

    def wait_record(self, kind, count=1, seconds=20):
        lab.wait_until(lambda: len(self.records(kind)) >= count, seconds,
                       say=f"no {kind}: {self.records()}")
        return self.records(kind)[count - 1]

    def client(self, what, attributes, secret=SECRET, where=lab.UPLINK4,
               netns=None):
        """radclient's words."""
        done = (netns or self.street.internet).run(
            "radclient", "-x", "-d", self.folder, "-D",
            "/usr/share/freeradius", "-r", "1", "-t", "2",
            f"{where}:3799", what, secret,
            input="\n".join(f"{k} = {v}" for k, v in attributes.items())
            + "\n", check=False)
        return done.stdout + done.stderr

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop()
        subprocess.run(["rm", "-rf", self.folder], check=True)
