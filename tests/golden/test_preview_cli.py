# SPDX-License-Identifier: GPL-3.0-or-later
"""stadttor portal preview: the pages, without a portal."""
import base64
import json
import pathlib
import re
import subprocess

import pytest

WEB = pathlib.Path(__file__).resolve().parents[2] / "web"
LOGO = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 2">'
        '<path d="M0 0h2v2z"/></svg>\n')
CONFIG = """
config portal
 option pages '{web}'
 option network 'Muster & Wi-Fi'
 option logo '{folder}/logo.svg'
 {more}
config uplink 'wan'
 option device 'eth0'
config zone 'guest'
 option device 'br0'
config zone 'codes'
 option device 'br1'
 option auth 'voucher'
"""


@pytest.fixture
def preview(build, tmp_path):
    (tmp_path / "logo.svg").write_text(LOGO)

    def run(*args, more=""):
        config = tmp_path / "config"
        config.write_text(CONFIG.format(web=WEB, folder=tmp_path, more=more))
        before, after = args[:1], args[1:]
        if before != ("--json",):
            before, after = (), args
        return subprocess.run(
            [build / "stadttor", "-c", config, *before, "portal", "preview",
             *after], capture_output=True, text=True, timeout=200)
    return run


def test_one_page(preview):
    """As a file that needs no other."""
    r = preview("--page", "portal", "--language", "en")
    assert (r.returncode, r.stderr) == (0, "")
    assert '<html lang="en"' in r.stdout and "Muster &amp; Wi-Fi" in r.stdout
    whole = base64.b64encode(LOGO.encode()).decode()
    assert f'"data:image/svg+xml;base64,{whole}"' in r.stdout
    assert not re.search(r'src="(?!data:)', r.stdout)
    assert '<html lang="de"' in preview("--page", "portal").stdout


def test_one_page_of_a_zone_as_json(preview):
    html = json.loads(preview("--json", "--page", "portal", "--zone",
                              "codes").stdout)["html"]
    assert 'name="code"' in html
    answer = json.loads(preview("--json", "--page", "portal").stdout)
    assert 'name="code"' not in answer["html"] and "refused" not in answer


def test_what_the_portal_would_refuse_is_said(preview):
    long = "".join(f"\nconfig text\n option key '{key}'\n list text "
                   f"'de={'x' * 990}'" for key in (
                       "accept_note", "point_privacy", "point_registration",
                       "point_free", "portal_intro"))
    answer = json.loads(preview("--json", "--page", "portal",
                                more=long).stdout)
    assert "too many" in answer.get("refused", "") and "html" in answer


@pytest.mark.parametrize("args,code,words", [
    (["--page", "nothing"], 4, "page 'nothing' not found"),
    (["--page", "portal", "--zone", "attic"], 4, "zone 'attic' not found"),
    (["--page", "portal", "--language", "xx"], 4, "language 'xx' not found"),
    (["--page", "portal", "folder"], 2, "a folder, or --page"),
    ([], 2, "a folder, or --page"),
    (["folder", "--language", "en"], 2, "go with --page")])
def test_wrong_usage(preview, args, code, words):
    r = preview(*args)
    assert r.returncode == code and words in r.stderr and not r.stdout


def test_a_colour_that_cannot_be_read(preview):
    r = preview("--json", "--page", "portal",
                more="option colour_accent '#ffff00'")
    assert r.returncode == 2
    assert "have a contrast of 1.0" in json.loads(r.stdout)["error"]


def test_a_picture_that_is_none(preview, tmp_path):
    (tmp_path / "logo.svg").write_text(LOGO.replace(
        "<path", "<script>x</script><path"))
    answer = json.loads(preview("--json", "--page", "portal").stdout)
    assert "not shown to guests" in answer["error"]
