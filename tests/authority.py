# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority for a test, and the certificates that it issues."""
import os
import subprocess

NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]


def _openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True,
                   stderr=subprocess.DEVNULL)


class Authority:
    """file: what those trust who trust it."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.file = self._path("authority.pem")
        self._key = self._path("authority.key")
        _openssl("req", "-x509", *NEW_KEY, "-days", 2, "-subj",
                 "/CN=An authority of the tests", "-keyout", self._key,
                 "-out", self.file)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, host, days=1):
        """Paths of a chain and its key; fewer than 0 days: it is over."""
        request, key = self._path(f"{name}.csr"), self._path(f"{name}.key")
        chain = self._path(f"{name}.pem")
        _openssl("req", "-new", *NEW_KEY, "-subj", f"/CN={name}", "-addext",
                 f"subjectAltName=DNS:{host}", "-keyout", key, "-out",
                 request)
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey",
                 self._key, "-copy_extensions", "copy", "-days", days,
                 "-out", chain)
        os.chmod(key, 0o644)
        return chain, key
