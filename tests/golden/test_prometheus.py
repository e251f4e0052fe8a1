# SPDX-License-Identifier: GPL-3.0-or-later
"""The alerts of docs/prometheus, which operators give to their Prometheus."""
import re
import subprocess

import pytest


RULES = [("portal/admin/metrics.c", "rules.yml", "prometheus.yml", 12),
         ("hub/web/web_metrics.c", "hub.yml", "prometheus_hub.yml", 7)]


@pytest.mark.parametrize("source,rules,_,count", RULES)
def test_metrics_of_the_rules_are_there(source, rules, _, count, root):
    told = set(re.findall(r'{ "(stadttor_\w+)",\s*"(\w+)"',
                          (root / source).read_text()))
    names = {name + ("_total" if kind == "counter" else "")
             for name, kind in told}
    text = (root / "docs/prometheus" / rules).read_text()
    asked = set(re.findall(r"expr:.*?(stadttor_\w+)", text))
    assert len(asked) >= count and asked <= names


@pytest.mark.full
@pytest.mark.parametrize("_source,_rules,story,_count", RULES)
def test_rules(_source, _rules, story, _count, root):
    done = subprocess.run(["promtool", "test", "rules",
                           root / "tests/golden" / story], text=True,
                          capture_output=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
