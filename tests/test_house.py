"""The house rules that a machine can check: modules say what they are for, documents point to what exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("opscentre", "collectors", "streams", "alerts", "dashboard", "layouts", "simulator", "bench", "supply")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LONGEST = 400


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_says_in_its_first_line_what_it_is_for_and_stays_short(path: Path):
    text = path.read_text(encoding="utf-8")
    said = ast.get_docstring(ast.parse(text)) or ""
    assert len(said.splitlines()[0]) > 20, f"{path}: no first line that says what it is for"
    assert text.count("\n") <= LONGEST


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_a_document_points_to_files_that_exist(path: Path):
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{path}: {target} does not exist"


def test_every_document_can_be_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        for target in re.findall(r"\]\(([^)#\s]+\.md)", path.read_text(encoding="utf-8")):
            found = (path.parent / target).resolve()
            if found not in reached and found.is_file():
                waiting.append(found)
    assert {name(path) for path in DOCUMENTS} <= {name(path) for path in reached}


def test_nothing_speaks_of_the_workplace():
    words = re.compile(r"\b(pypi\.org|files\.pythonhosted\.org|repo1?\.maven|registry\.npmjs|\.\./shared)\b", re.I)
    for path in [*MODULES, *DOCUMENTS, ROOT / "Makefile", *(ROOT / "config").rglob("*.toml")]:
        found = words.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{path}: {found and found.group()}"
