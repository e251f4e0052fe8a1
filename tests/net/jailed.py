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


def argument(rule):
    """Of procd's: the lower 32 bits are equal (jail/seccomp-oci.c)."""
    assert rule["op"] == "SCMP_CMP_EQ"
    return seccomp.Arg(rule["index"], seccomp.MASKED_EQ, 0xffffffff,
                       rule["value"])


def main():
    with open(sys.argv[1]) as file:
        rules = json.load(file)
    wanted = seccomp.SyscallFilter(ACTION[rules["defaultAction"]])
    for rule in rules["syscalls"]:
        assert rule["errnoRet"] == errno.EPERM
        args = [argument(a) for a in rule.get("args", [])]
        for name in set(rule["names"]) - {"execve"}:
            wanted.add_rule(ACTION[rule["action"]], name, *args)
    wanted.load()
    os.execv(sys.argv[2], sys.argv[2:])


main()
