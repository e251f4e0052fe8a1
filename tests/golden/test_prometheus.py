# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts of docs/prometheus, which operators give to their Prometheus."""
import re
import subprocess

import pytest


def test_metrics_of_the_rules_are_there(root):
    told = set(re.findall(r'{ "(stadttor_\w+)", "(\w+)"',
                          (root / "portal/admin/metrics.c").read_text()))
    names = {name + ("_total" if kind == "counter" else "")
             for name, kind in told}
    rules = (root / "docs/prometheus/rules.yml").read_text()
    asked = set(re.findall(r"expr:.*?(stadttor_\w+)", rules))
    assert len(asked) >= 8 and asked <= names


@pytest.mark.full
def test_rules(root):
    done = subprocess.run(["promtool", "test", "rules",
                           root / "tests/golden/prometheus.yml"], text=True,
                          capture_output=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
