"""A source's own words for units, procedures, statuses and channels, and the codes that its operator gave them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, get_args

from opscentre.domain.masking import masked
from opscentre.domain.spelling import spelling

Kind = Literal["unit", "procedure", "status", "channel"]
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What a table writes for a value that the source leaves out.
EMPTY = "(empty)"
#: Longest word that is kept.
LONGEST = 200
#: Words that are remembered as looked up; a source writes what it likes, and memory must not grow with it.
_REMEMBERED = 20_000

_NATIONAL = re.compile(r"\d\.\d{6}(\.\d{3}\.\d\d\.\d\d\.H\d\d)?")
_CODES = {"status": [str(code) for code in range(1, 11)], "channel": ["1", "2", "3"]}
#: What each kind of code looks like, for whoever writes a row.
WANTED = {
    "unit": "want a code of units.csv",
    "procedure": "want a code like 2.000815 or 2.000815.000.00.00.H55",
    "status": "want a status from 1 to 10",
    "channel": "want 1 (counter), 2 (online) or 3 (postal)",
}


class Unmapped(NamedTuple):
    """A word of a source that says nothing to us: its kind, and as much of it as may be shown."""

    kind: Kind
    seen: str


class Word(NamedTuple):
    """One row of a mapping table."""

    kind: Kind
    seen: str
    code: str


class Vocabulary:
    """The mapping table of one source. Two rows of one word: the later one counts."""

    def __init__(self, words: Iterable[Word] = ()) -> None:
        self._codes: dict[str, dict[str, str]] = {}
        for word in words:
            self._codes.setdefault(word.kind, {})[key_of(word.seen)] = word.code
        self._found: dict[tuple[str, str], str] = {}

    def __bool__(self) -> bool:
        return bool(self._codes)

    def code(self, kind: Kind, value: object) -> str:
        """The code that the table gives what a source wrote; empty: it gives none (§2)."""
        codes = self._codes.get(kind)
        if codes is None or not (value is None or isinstance(value, str | int)):
            return ""
        seen = "" if value is None else str(value)
        found = self._found.get((kind, seen))
        if found is None:
            if len(self._found) >= _REMEMBERED:
                self._found.clear()
            found = self._found[kind, seen] = codes.get(key_of(seen), "")
        return found


def key_of(seen: str) -> str:
    """How a word of a source is compared: as the names of units are, where it has letters (§7)."""
    shown = masked(seen.strip())[:LONGEST]
    if not shown or shown == EMPTY:
        return EMPTY
    # Numbers are compared as they stand: -1 is not 1.
    return (any(letter.isalpha() for letter in shown) and spelling(shown)) or shown


def is_code(kind: Kind, code: str, units: Iterable[str]) -> bool:
    """Whether a table may give a word this code (§2)."""
    if kind == "unit":
        return code in units
    return is_national(code) if kind == "procedure" else code in _CODES[kind]


def is_national(code: str) -> bool:
    """Whether a procedure's code has the national form: ``2.000815``, or that with the province's ending (§2)."""
    return _NATIONAL.fullmatch(code) is not None
