#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""jailed.py SECCOMP COMMAND...: the last step of a jail, then the command.

Puts the system call filter of the package in force. procd's ujail does so after
the program's start, here it is before it: so programs can be started.
"""
import errno
import json
import os
import sys

import seccomp

ACTION = {"SCMP_ACT_ALLOW": seccomp.ALLOW,
          "SCMP_ACT_ERRNO": seccomp.ERRNO(errno.EPERM)}


def main():
    with open(sys.argv[1]) as file:
        rules = json.load(file)
    wanted = seccomp.SyscallFilter(ACTION[rules["defaultAction"]])
    for rule in rules["syscalls"]:
        assert rule["errnoRet"] == errno.EPERM
        for name in set(rule["names"]) - {"execve"}:
            wanted.add_rule(ACTION[rule["action"]], name)
    wanted.load()
    os.execv(sys.argv[2], sys.argv[2:])


main()
