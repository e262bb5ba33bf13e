"""Takes a CSV file apart row by row: a broken row costs no other one, personal columns are never looked at."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from collectors.intake import Record
from collectors.splitter import UnreadableFile
from opscentre.domain.dvcqg import FIELDS

#: A quoted cell may run over so many lines; one that does not end within them was never closed.
MOST_LINES = 30
LONGEST_LINE = 1_000_000
_NEEDED = ("MaHoSo", "TrangThaiHoSo")


class _Row(NamedTuple):
    line: int
    text: str
    cells: list[str] | None


def read_rows(path: Path, columns: Mapping[str, str], delimiter: str = "auto") -> Iterator[Record]:
    """The rows of a file. ``columns``: field → header (empty: the same). Raises ``UnreadableFile``, ``OSError``."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        head = file.readline(LONGEST_LINE)
        if not head.strip():
            raise UnreadableFile("it is empty; want a header and one dossier a row")
        if "\x00" in head:
            raise UnreadableFile("it is no text; save it as CSV in UTF-8")
        mark = max(",;\t", key=head.count) if delimiter == "auto" else delimiter
        try:
            header = [cell.strip() for cell in next(csv.reader([head], delimiter=mark, strict=True))]
        except csv.Error as error:
            raise UnreadableFile(f"its first line is no CSV header ({error})") from None
        names = columns or {field: field for field in FIELDS}
        places = {field: header.index(name) for field, name in names.items() if name in header}
        missing = [names.get(field, field) for field in _NEEDED if field not in places]
        if missing:
            # The first line is not quoted: without a header it is a person's record.
            raise UnreadableFile(f"its first line lacks the headers {', '.join(missing)}; check columns and delimiter")
        for row in _rows(file, mark, len(header)):
            yield _record(path.name, row, places)


def _record(name: str, row: _Row, places: Mapping[str, int]) -> Record:
    place = f"{name}, record {row.line - 1} (line {row.line})"
    raw = row.text.encode("utf-8", "surrogateescape")
    if row.cells is None:
        return Record(place, raw=raw, fault="bad_csv")
    value = {field: row.cells[at] for field, at in places.items() if at < len(row.cells)}
    if any("\udc80" <= c <= "\udcff" for cell in value.values() if not cell.isascii() for c in cell):
        return Record(place, raw=raw, fault="bad_encoding")
    return Record(place, value=value, raw=raw)


def _rows(lines: Iterable[str], delimiter: str, width: int) -> Iterator[_Row]:
    """Rows with the number of their first line; ``cells`` is None where a row cannot be taken apart."""
    source = enumerate(lines, start=2)
    ahead: deque[tuple[int, str]] = deque()
    while True:
        if not ahead:
            ahead.extend(islice(source, 1))
        if not ahead:
            return
        number, text = ahead.popleft()
        if not text.strip():
            continue
        cells, open_quote = _cells(text, delimiter, width)
        taken = 0
        while open_quote and taken < MOST_LINES:
            if taken == len(ahead):
                ahead.extend(islice(source, 1))
            if taken == len(ahead):
                break
            taken += 1
            so_far = text + "".join(line for _, line in islice(ahead, taken))
            cells, open_quote = _cells(so_far, delimiter, width)
        if cells is not None and taken:
            text += "".join(ahead.popleft()[1] for _ in range(taken))
        yield _Row(number, text, cells)


def _cells(text: str, delimiter: str, width: int) -> tuple[list[str] | None, bool]:
    """The cells of a row, or None; and whether a quoted cell is still open at its end."""
    try:
        rows = list(csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return None, "unexpected end of data" in str(error)
    cells = rows[0]
    return (cells, False) if len(rows) == 1 and len(cells) <= width else (None, False)
