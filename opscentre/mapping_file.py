"""``mappings/<source>.csv`` of a profile: what a source's own words mean; read, checked, read again when changed."""

from __future__ import annotations

import csv
import logging
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from opscentre.domain.vocabulary import KINDS, WANTED, Kind, Unmapped, Vocabulary, Word, is_code, key_of
from opscentre.table_file import ProfileError, Table, read_table

log = logging.getLogger(__name__)

COLUMNS = ("kind", "seen", "code", "note")


class MappingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a mapping table; without a code it is still to be filled in and says nothing."""

    kind: Kind
    #: What the source writes; ``(empty)`` where it writes nothing.
    seen: str
    code: str = ""
    note: str = ""


def mapping_path(folder: Path, source: str) -> Path:
    """Where the mapping table of a source lies in a profile's folder."""
    return folder / "mappings" / f"{source}.csv"


def mapping_files(folder: Path) -> list[Path]:
    """Every mapping table of a profile."""
    return sorted((folder / "mappings").glob("*.csv"))


def check_mapping(path: Path, units: Collection[str]) -> Table[MappingRow]:
    """The rows of one table, and everything that is wrong with the file; one that is not there is empty."""
    table = read_table(path, MappingRow)
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for row in table.rows:
        kind, seen, code = row.value.kind, row.value.seen, row.value.code
        if not code:
            continue
        if not is_code(kind, code, units):
            table.blame(row, "code", f"cannot be the code of a {kind}", WANTED[kind])
        line, known = first.setdefault((kind, key_of(seen)), (row.line, code))
        if known != code:
            told = f"means {known!r} on line {line} already"
            table.blame(row, "seen", told, "keep one of them: a word can mean one thing only")
    return table


def read_mapping(path: Path, units: Collection[str]) -> Vocabulary:
    """The vocabulary of a source. Raises ``ProfileError``."""
    table = check_mapping(path, units)
    if table.faults:
        raise ProfileError(str(table.faults[0]))
    return Vocabulary(Word(row.kind, row.seen, row.code) for row in table.values if row.code)


class LiveMapping:
    """The vocabulary of a source as its file says it now; a file that cannot be used leaves the last one standing."""

    def __init__(self, path: Path, units: Collection[str]) -> None:
        self._path = path
        self._units = units
        self._stand: tuple[int, int] | None = (0, 0)
        self._vocabulary = Vocabulary()

    def now(self) -> Vocabulary:
        """Read again if the file has changed since it was asked last."""
        stand = _stand(self._path)
        if stand != self._stand:
            self._stand = stand
            try:
                self._vocabulary = read_mapping(self._path, self._units)
            except ProfileError as error:
                log.error("%s (going on with the rows as they were before)", error)
        return self._vocabulary


def _stand(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def skeleton(words: Collection[tuple[str, str, str]]) -> Iterator[str]:
    """Lines of a table to fill in: (kind, seen, note) each, by kind; what each code has to look like stands above."""
    yield ",".join(COLUMNS)
    for kind in KINDS:
        mine = [word for word in words if word[0] == kind]
        if mine:
            yield f"# {kind}: {WANTED[kind]}"
        for _, seen, note in mine:
            yield f"{kind},{_cell(seen)},,{_cell(note)}"


def _cell(text: str) -> str:
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if any(sign in text for sign in ',"#\r\n') else text


def with_code(text: str | None, word: Unmapped, code: str, note: str) -> str:
    """A table's text in which a word has a code: its row is filled in where there is one, else one is added."""
    lines = (text or ",".join(COLUMNS)).rstrip("\n").split("\n")
    header = next(csv.reader([lines[0].removeprefix("\ufeff")]), [])
    fresh = {"kind": word.kind, "seen": word.seen, "code": code, "note": note}
    row = ",".join(_cell(fresh.get(column.strip(), "")) for column in header)
    for place, line in enumerate(lines[1:], 1):
        cells = dict(zip((column.strip() for column in header), next(csv.reader([line]), []), strict=False))
        mine = not line.startswith("#") and cells.get("kind", "").strip() == word.kind
        if mine and key_of(cells.get("seen", "")) == key_of(word.seen):
            lines[place] = row
            break
    else:
        lines.append(row)
    return "\n".join([*lines, ""])
