"""Two languages, one catalogue: no page holds a text of its own."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from layouts.definitions import DEFINITIONS
from layouts.words import CATALOGUE, WORDS
from opscentre import paths
from opscentre.domain.moments import DAY, HOUR, MINUTE, SECOND

PAGES = sorted([*(paths.ROOT / "layouts/desk").glob("*.py"), *(paths.ROOT / "dashboard").glob("desk*.py")])
FOREIGN = re.compile(r"[^\x00-\x7f–…·—×÷›§]")
SENTENCE = re.compile(r"^[A-Z][a-z]+ [a-z]+")
#: Parameters whose text a person never sees.
UNSEEN = {"className", "id", "htmlFor", "role", "rel", "type"}


def texts(path: Path) -> list[str]:
    """String constants of a module that a person might read; docstrings, messages to log and raise left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            left.add(node.value)
        if isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log.")):
            left.update(ast.walk(node))
        if isinstance(node, ast.keyword) and node.arg in UNSEEN:
            left.update(ast.walk(node))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [node.value for node in found if node not in left]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_holds_no_text_of_its_own(path: Path) -> None:
    assert [text for text in texts(path) if FOREIGN.search(text) or SENTENCE.match(text)] == []


def test_the_test_above_finds_a_text(tmp_path: Path) -> None:
    module = tmp_path / "page.py"
    module.write_text('"""Một trang."""\nx = [P("Quá hạn"), P("Nothing here"), P("x", className="Tên")]\n', "utf-8")
    assert [text for text in texts(module) if FOREIGN.search(text) or SENTENCE.match(text)] == [
        "Quá hạn",
        "Nothing here",
    ]


def test_every_key_that_a_page_names_is_in_the_catalogue() -> None:
    named = set()
    for path in PAGES:
        named |= set(re.findall(r'words\("([a-z0-9._-]+)"', path.read_text(encoding="utf-8")))
    assert named - set(CATALOGUE) == set()


def test_both_languages_fill_in_the_same_values() -> None:
    for key, (vietnamese, english) in CATALOGUE.items():
        assert set(re.findall(r"{\w+}", vietnamese)) == set(re.findall(r"{\w+}", english)), key
        assert vietnamese.strip(), key
        assert english.strip(), key


def test_every_figure_is_made_of_figures_that_are_defined() -> None:
    for definition in DEFINITIONS.values():
        assert {*definition.numerator, *definition.denominator} <= set(DEFINITIONS)


def test_numbers_dates_and_lengths_are_the_languages_own() -> None:
    vi, en = WORDS["vi"], WORDS["en"]
    assert (vi.number(1_300_000), en.number(1_300_000)) == ("1.300.000", "1,300,000")
    assert (vi.percent(0.923), en.percent(0.923), en.percent(None)) == ("92,3%", "92.3%", "—")
    assert (vi.signed(-1.25), en.signed(3.0)) == ("-1,2", "+3.0")
    assert (vi.signed_count(-1234), en.signed_count(0)) == ("−1.234", "±0")
    assert vi.length(2 * DAY + 3 * HOUR + MINUTE) == "2 ngày 3 giờ"
    assert (en.length(59 * SECOND), vi.length(-5)) == ("59 s", "0 giây")
    assert (vi.hours(79 * HOUR + 5 * MINUTE), en.hours(0)) == ("79 giờ 5 phút", "0 min")
    late = 31 * HOUR + 54 * MINUTE
    assert (vi.working(late), en.working(late)) == ("3 ngày 7 giờ làm việc", "3 working days 7 h")
    assert vi.moment(None) == "—"


def test_every_notice_of_the_push_has_its_words_in_english() -> None:
    known = {vietnamese for vietnamese, _ in WORDS["en"].said()}
    told = (paths.ROOT / "layouts/notice.py").read_text(encoding="utf-8")
    named = set(re.findall(r'"([A-ZÀ-Ỹ][A-ZÀ-Ỹ ]{5,}[^"]*)"', told))
    assert len(named) >= 7
    assert named <= known
