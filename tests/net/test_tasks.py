# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten tasks of an operator, typed as docs/tasks.md has them, and its table: how
many steps each takes, and what has to be read for it. TASKS_WRITE=1 writes it."""
import json
import os
import pathlib
import re
import subprocess

import pytest

# A webhook is told after two looks, a minute apart.
pytestmark = [pytest.mark.full, pytest.mark.timeout(1500)]

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parents[1] / "docs"
TASKS = DOCS / "tasks.md"
MARKS = ("<!-- table: made by TASKS_WRITE=1 tests/net/test_tasks.py -->\n",
         "<!-- end of table -->")
# Clicks, and what is typed into a browser.
CLICKS = {10: 3}
MOST_STEPS = 6  # of any task
EXPECTED = {
    1: {"tap": "303", "online": True},
    2: {"name": True, "logo": True, "colour": True},
    3: {"codes": 24, "cards": True, "asked for": True},
    4: {"said": True, "change": True},
    5: {"online": [False, True, False]},
    6: {"told": "problem"},
    7: {"doctor": True, "status": True},
    8: {"name": True, "logo": True, "colour": True, "codes": True},
    9: {"ready": True, "sessions": 1},
    10: {"dashboard": True, "report": True},
}


@pytest.fixture(scope="module")
def told(tmp_path_factory, root, plain_build):
    folder = tmp_path_factory.mktemp("tasks")
    subprocess.run([HERE / "systemd", folder / "output",
                    HERE / "tasks_story.py", plain_build.relative_to(root),
                    TASKS], cwd=root, check=True,
                   timeout=1200)
    return json.loads((folder / "output").read_text())


def pages(number):
    """What a task says has to be read."""
    part = re.split(r"(?m)^## \d+\. ", TASKS.read_text())[number]
    return re.search(r"(?m)^Pages: (.*)\.$", part)[1]


def table(told):
    """Of what was typed, not of what the page says."""
    lines = ["| | task | steps | to read |", "|--:|---|--:|---|"]
    for number, task in enumerate(told, 1):
        steps = len(task["steps"]) + CLICKS.get(number, 0)
        lines.append(f"| {number} | {task['title']} | {steps} | "
                     f"{pages(number)} |")
    return "\n".join(lines) + "\n"


def test_each_does_what_it_is_for(told):
    assert [t["steps"] for t in told if not t["steps"]] == []
    failed = [s for t in told for s in t["steps"] if s[1]
              and not ("doctor" in s[0] and s[1] == 1)]
    assert failed == []
    assert {n: t["seen"] for n, t in enumerate(told, 1)} == EXPECTED


def test_no_task_takes_more_than_the_table_says(told):
    text = TASKS.read_text()
    before, rest = text.split(MARKS[0])
    written, after = rest.split(MARKS[1])
    if os.environ.get("TASKS_WRITE"):
        TASKS.write_text(before + MARKS[0] + table(told) + MARKS[1] + after)
    else:
        assert written == table(told)
    assert all(len(t["steps"]) + CLICKS.get(n, 0) <= MOST_STEPS
               for n, t in enumerate(told, 1))
