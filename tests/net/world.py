# SPDX-License-Identifier: GPL-3.0-or-later
"""A place on a phone where real programs run: its network, mounts and
processes are its own, so that no daemon meets the machine's, and all that was
started inside ends with it."""
import os
import shutil
import signal
import subprocess
import tempfile

import lab

# sysfs is made read-only, which tells NetworkManager that no udev is there.
SCRIPT = """
mount --make-rprivate /
mount -t sysfs -o ro world /sys
mount -t tmpfs -o mode=755 world /run
mount --bind "$1/resolv.conf" "$(readlink -f /etc/resolv.conf)"
[ ! -d /var/lib/NetworkManager ] ||
        mount -t tmpfs -o mode=700 world /var/lib/NetworkManager
mkdir /run/dbus /run/user
echo ready
exec sleep infinity
"""


class World:
    """folder: for the files of the programs; it is removed at the end."""

    def __init__(self, phone):
        self.phone = phone
        self.folder = tempfile.mkdtemp(prefix="stadttor-client-")
        self.write("resolv.conf", f"nameserver {phone.network.gate4}\n"
                                  f"nameserver {phone.network.gate6}\n")
        with open(self.path("world.log"), "w") as log:
            self.keeper = phone.netns.popen(
                ["unshare", "--mount", "--pid", "--ipc", "--fork",
                 "--kill-child", "--mount-proc", "sh", "-ec", SCRIPT, "world",
                 self.folder], stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.keeper.stdout.readline() == "ready\n", \
            self.log("world.log")
        with open(f"/proc/{self.keeper.pid}/task/{self.keeper.pid}"
                  "/children") as file:
            self.inside = int(file.read().split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        os.kill(self.inside, signal.SIGKILL)  # and all others in there
        self.keeper.wait(10)
        self.keeper.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)
        return self.path(name)

    def log(self, name):
        with open(self.path(name), errors="replace") as file:
            return file.read()

    def command(self, *args):
        return ["nsenter", f"--target={self.inside}", "--net", "--mount",
                "--pid", "--ipc", *args]

    def _environment(self, more):
        return {"PATH": os.environ["PATH"], "HOME": self.folder,
                "TMPDIR": self.folder, "XDG_RUNTIME_DIR": "/run/user",
                "LC_ALL": "C.UTF-8", **more}

    def start(self, name, *args, **environment):
        """A program that stays; its words go to the log of that name."""
        with open(self.path(name), "w") as log:
            return subprocess.Popen(
                self.command(*args), stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=self._environment(environment))

    def run(self, *args, timeout=120, **environment):
        """A program that ends, well; what it says."""
        done = subprocess.run(
            self.command(*args), stdin=subprocess.DEVNULL, text=True,
            capture_output=True, timeout=timeout,
            env=self._environment(environment))
        assert done.returncode == 0, (args, done.stdout, done.stderr)
        return done.stdout


def need(*programs):
    for program in programs:
        assert shutil.which(program), f"{program} is missing: make deps"


def wait_for_socket(phone, port, seconds=15):
    """Until somebody listens on that port of the phone itself."""
    lab.wait_until(lambda: f":{port} " in phone.netns.run(
        "ss", "-Htln").stdout, seconds, 0.05,
        f"nobody listens on port {port}")
