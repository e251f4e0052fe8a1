# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the citizens' languages: complete, in step, fit for a page.

What the build cannot know: that a text was forgotten in English, that a button
will not fit a small phone, that a file would push its pages over 14 kB.
"""
import json
import pathlib
import re
import unicodedata

import pytest

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "web/lang"
FILES = sorted(FOLDER.glob("*.json"), key=lambda path: path.stem)
CODES = "ar bg de de-simple el en es fa fr it ku pl ro ru tr uk".split()

# The categories a rule knows, and those of them that are one number only:
# such a text may say its number in words.
CATEGORIES = {
    "one-other": ["one", "other"],
    "zero-one": ["one", "other"],
    "polish": ["one", "few", "many"],
    "slavic": ["one", "few", "many"],
    "romanian": ["one", "few", "other"],
    "arabic": ["zero", "one", "two", "few", "many", "other"],
}
SINGLE = {
    "one-other": {"one"},
    "zero-one": set(),
    "polish": {"one"},
    "slavic": set(),
    "romanian": {"one"},
    "arabic": {"zero", "one", "two"},
}
PLURAL_RULE = {
    "ar": "arabic", "fa": "zero-one", "fr": "zero-one", "pl": "polish",
    "ro": "romanian", "ru": "slavic", "uk": "slavic",
}
COUNTED = ("days", "hours", "minutes")

FILE_MAX = 14000  # bytes
BUTTON_MAX = 34   # characters
LABEL_MAX = 22
SAYS_SOMETHING = 12  # shorter texts may be the same in two languages

HOLE = re.compile(r"\{\{(\w+)\}\}")


def read(path):
    """The texts in the file's order; a key that comes twice is an error."""
    def unique(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), \
            f"twice: {sorted(k for k in set(keys) if keys.count(k) > 1)}"
        return dict(pairs)
    return json.loads(path.read_bytes().decode(), object_pairs_hook=unique)


@pytest.fixture(scope="module")
def english():
    return read(FOLDER / "en.json")


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def texts(path):
    return read(path)


def category(key):
    """("days", "few") of days_few, None of every other text."""
    noun, _, rest = key.partition("_")
    return (noun, rest) if noun in COUNTED else None


def expected_keys(english, rule):
    """English's keys, its counted nouns in the categories of another rule."""
    keys = []
    for key in english:
        counted = category(key)
        if not counted:
            keys.append(key)
        elif counted[1] == "one":
            keys += [f"{counted[0]}_{c}" for c in CATEGORIES[rule]]
    return keys


def holes(text):
    return sorted(HOLE.findall(text))


def test_all_languages_are_there():
    assert [path.stem for path in FILES] == CODES


def test_every_text_is_a_string(texts):
    for key, text in texts.items():
        assert isinstance(text, str) and text, key


def test_plural_rule(path, texts):
    assert texts["plural"] == PLURAL_RULE.get(path.stem, "one-other")


def test_same_keys_in_same_order(texts, english):
    assert list(texts) == expected_keys(english, texts["plural"])


def test_counted_nouns_count(texts):
    single = SINGLE[texts["plural"]]
    for key, text in texts.items():
        counted = category(key)
        if not counted:
            continue
        allowed = [["n"], []] if counted[1] in single else [["n"]]
        assert holes(text) in allowed, f"{key}: {text}"


def test_same_holes(texts, english):
    for key, text in english.items():
        if not category(key):
            assert holes(texts[key]) == holes(text), f"{key}: {texts[key]}"


def test_no_braces_but_of_holes(texts):
    for key, text in texts.items():
        assert not set("{}") & set(HOLE.sub("", text)), f"{key}: {text}"


def test_plain_text(path, texts):
    """No markup, and nothing that a reader cannot see: control characters,
    direction overrides and isolates, zero-width characters, surrogates,
    private or unassigned ones. Persian spells with the zero-width
    non-joiner, nobody else does."""
    spelling = {"\u200c"} if path.stem == "fa" else set()
    for key, text in texts.items():
        assert not set("<>&") & set(text), f"{key}: {text}"
        hidden = {c for c in text if unicodedata.category(c)[0] == "C"}
        assert hidden <= spelling, f"{key}: {hidden}"


def test_composed(texts):
    """One way to write a letter, as fonts of old phones want it."""
    for key, text in texts.items():
        assert text == unicodedata.normalize("NFC", text), key


def test_spaces(texts):
    for key, text in texts.items():
        assert text == text.strip(), key
        assert not re.search(r"\s\s", text), f"{key}: {text}"


def test_lengths(texts):
    for key, text in texts.items():
        if key.startswith("button_"):
            assert len(text) <= BUTTON_MAX, f"{key}: {text}"
        if key.startswith("label_"):
            assert len(text) <= LABEL_MAX, f"{key}: {text}"


def test_file_size(path):
    assert path.stat().st_size <= FILE_MAX


def groups(path):
    """The first key of each group, a counted noun's without its category."""
    lines = path.read_text().splitlines()
    assert (lines[0], lines[-1]) == ("{", "}"), path.name
    first, before = [], ""
    for line in lines[1:-1]:
        key = re.fullmatch(r'\t"(\w+)": ".+",?', line)
        assert key or not line, f"{path.name}: {line}"
        if line and not before:
            first.append((category(key[1]) or [key[1]])[0])
        before = line
    return first


def test_layout(path):
    """Tabs, a key a line, blank lines between the groups as in English."""
    assert groups(path) == groups(FOLDER / "en.json")
    assert path.read_text().endswith('"\n}\n')


def test_digits(texts):
    digits = texts["digits"]
    assert [unicodedata.digit(c) for c in digits] == list(range(10))
    assert len(set(digits)) == 10


def test_decimal_sign(texts):
    assert texts["decimal_sign"] in (".", ",", "\u066b")


def test_direction(texts):
    """The direction is that of the script of the language's own name."""
    strong = {unicodedata.bidirectional(c) for c in texts["language_name"]}
    strong &= {"L", "R", "AL"}
    assert strong == {"L"} or not strong & {"L"}
    assert texts["direction"] == ("ltr" if strong == {"L"} else "rtl")


def test_names_differ():
    names = [read(path)["language_name"] for path in FILES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("code", [c for c in CODES if c not in ("de", "en")])
def test_translated(code, english):
    texts = read(FOLDER / f"{code}.json")
    for key, text in english.items():
        if len(HOLE.sub("", text)) > SAYS_SOMETHING and not category(key):
            assert texts[key] != text, f"{key} is still English"


def test_standards(texts):
    """The statement on accessibility names what it was measured against."""
    for name in ("WCAG 2.2", "AA", "EN 301 549"):
        assert name in texts["access_intro"].replace("\u00a0", " ")


def test_the_hubs_dashboard_has_words_in_both_languages(root):
    """For each code that a box sends as well, without its zone."""
    text = (root / "web/hub/hub_words.js").read_text()
    _, german, english = text.split("Object.assign(languages.")
    words = [set(re.findall(r"^\t(\w+): '", part, re.M))
             for part in (german, english)]
    assert words[0] - words[1] == set() and words[0]
    assert words[1] - words[0] <= {"health_all_well"}
    health = (root / "portal/admin/admin_health.c").read_text()
    codes = set(re.findall(r'"(?:error|warn)",\s+"([a-z_]+)"', health))
    troubles = set(re.findall(r"IPC_TROUBLE_(\w+)", health))
    codes |= {name.lower() for name in troubles}
    codes.discard("error")  # the table of levels
    assert len(codes) > 25
    assert {"health_" + code for code in codes} - words[0] == set()
    assert "{zone}" not in text
