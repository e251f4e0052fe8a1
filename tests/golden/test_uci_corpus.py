# SPDX-License-Identifier: GPL-3.0-or-later
"""UCI files of OpenWrt, and worse ones, through the real command."""
import pathlib
import subprocess

import libuci
import pytest
from test_uci_model import Reader

HERE = pathlib.Path(__file__).parent / "uci"
DEFAULTS = sorted((HERE / "defaults").iterdir())
NASTY = sorted(f for f in (HERE / "nasty").iterdir() if f.suffix != ".export")
REFUSED = sorted(f for f in (HERE / "refused").iterdir() if f.suffix != ".err")


def expected(path):
    if path.parent.name == "defaults":
        return (HERE / "exports" / path.name).read_bytes()
    return (path.parent / (path.name + ".export")).read_bytes()


def check(build, *args, cwd=None):
    return subprocess.run([build / "stadttor", "check", *args], cwd=cwd,
                          capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def reader(build):
    reader = Reader(build)
    yield reader
    assert reader.close() == 0


def test_there_are_enough():
    assert len(DEFAULTS) >= 30 and len(NASTY) >= 20 and len(REFUSED) >= 20


@pytest.mark.parametrize("path", DEFAULTS + NASTY, ids=lambda p: p.name)
def test_printed_as_it_is(path, build):
    for name in str(path), f"./{path.name}":
        r = check(build, "--print", name, cwd=path.parent)
        assert (r.returncode, r.stderr) == (0, b"")
        assert r.stdout == path.read_bytes()


@pytest.mark.parametrize("path", DEFAULTS + NASTY, ids=lambda p: p.name)
def test_read_as_libuci_reads(path, reader):
    """Read and written anew, it is what it was read as."""
    data, wanted = path.read_bytes(), expected(path)
    assert libuci.load(data) == wanted
    assert reader.read(data)[0] == wanted
    assert reader.read(wanted)[:2] == (wanted, wanted)


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda p: p.name)
def test_dos_line_ends(path, reader):
    data = path.read_bytes().replace(b"\n", b"\r\n")
    text, again, error = reader.read(data)
    assert again == data, error
    assert text.replace(b"\r\n", b"\n") == expected(path)


@pytest.mark.parametrize("path", DEFAULTS + NASTY, ids=lambda p: p.name)
def test_cut_anywhere(path, reader):
    """Each beginning of the file: read as libuci would, or refused."""
    data = path.read_bytes()
    for end in range(0, len(data), 1 + len(data) // 200):
        try:
            wanted = libuci.load(data[:end])
        except libuci.Refused:
            wanted = None
        assert reader.read(data[:end])[0] == wanted, data[:end]


@pytest.mark.parametrize("path", REFUSED, ids=lambda p: p.name)
def test_refused(path, build):
    """One line that names the file and the line, nothing else."""
    for args in ["--print"], []:
        r = check(build, *args, path.name, cwd=path.parent)
        assert (r.returncode, r.stdout) == (2, b"")
        assert r.stderr == (HERE / "refused" / (path.name + ".err")
                            ).read_bytes()
        assert r.stderr.startswith(path.name.encode() + b":")
    with pytest.raises(libuci.Refused):
        libuci.load(path.read_bytes())


def test_a_file_of_a_megabyte(build, tmp_path):
    line = b"\toption a 'b' # c\n"
    text = b"config x\n" + line * ((2 ** 20 - 9) // len(line))
    text += b"#" * (2 ** 20 - len(text))
    (tmp_path / "big").write_bytes(text)
    r = check(build, "--print", tmp_path / "big")
    assert (r.returncode, r.stderr, r.stdout) == (0, b"", text)
    (tmp_path / "big").write_bytes(text + b"#")
    r = check(build, "--print", tmp_path / "big")
    assert r.returncode == 2 and r.stdout == b""
    assert r.stderr.endswith(b"big: File too large\n")


def test_no_json_and_no_option_is_looked_at(build, tmp_path):
    path = HERE / "defaults/firewall"
    r = check(build, "--json", "--print", path)
    assert r.returncode == 2 and b"exclude each other" in r.stderr
    assert check(build, path).returncode == 2
    assert check(build, "--print", path).returncode == 0
    r = check(build, "--print", tmp_path / "nowhere")
    assert r.returncode == 2 and b"No such file" in r.stderr
