"""Takes a CSV file apart row by row: a broken row costs no other one, personal columns are never looked at."""

from __future__ import annotations

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import BinaryIO, NamedTuple

from collectors.file_drop.encoding import is_broken, lines_of
from collectors.file_drop.settings import DropSettings
from collectors.file_drop.table import cell_value, places_in
from collectors.file_drop.tcvn3 import raise_capitals
from collectors.intake import Record
from collectors.splitter import UnreadableFile

#: A quoted cell may run over so many lines; one that does not end within them was never closed.
MOST_LINES = 30
LONGEST_LINE = 1_000_000
#: Excel says in a first line of its own what stands between cells.
_MARK_LINE = "sep="


class _Row(NamedTuple):
    line: int
    text: str
    cells: list[str] | None
    fault: str = ""


def csv_records(name: str, file: BinaryIO, settings: DropSettings, encoding: str) -> Iterator[Record]:
    """The rows of a file. Raises ``UnreadableFile``."""
    lines = enumerate(lines_of(file, encoding, LONGEST_LINE), start=1)
    head = next(((text, long) for _, (text, long) in lines), ("", False))
    mark: str = settings.delimiter
    if head[0].lower().startswith(_MARK_LINE) and len(head[0].strip()) == len(_MARK_LINE) + 1:
        mark = head[0][len(_MARK_LINE)] if mark == "auto" else mark
        head = next(((text, long) for _, (text, long) in lines), ("", False))
    if not head[0].strip():
        raise UnreadableFile("it is empty; want a header and one dossier a row")
    if "\x00" in head[0] or head[1]:
        raise UnreadableFile("it is no text; save it as CSV in UTF-8, or as XLSX")
    mark = max(",;\t", key=head[0].count) if mark == "auto" else mark
    try:
        header = next(csv.reader([head[0]], delimiter=mark, strict=True))
    except csv.Error as error:
        raise UnreadableFile(f"its first line is no CSV header ({error})") from None
    places, missing = places_in(header, settings.columns)
    if missing:
        # The first line is not quoted: without a header it is a person's record.
        raise UnreadableFile(f"its first line lacks the headers {', '.join(missing)}; check columns and delimiter")
    for number, row in enumerate(_rows(((line, *text) for line, text in lines), mark, len(header)), start=1):
        yield _record(name, number, row, places, encoding)


def _record(name: str, number: int, row: _Row, places: Mapping[str, int], encoding: str) -> Record:
    place = f"{name}, record {number} (line {row.line})"
    raw = row.text.encode("utf-8", "surrogateescape")
    if row.cells is None:
        return Record(place, raw=raw, fault=row.fault or "bad_csv")
    cells = {field: row.cells[at] for field, at in places.items() if at < len(row.cells)}
    if any(is_broken(cell) for cell in cells.values()):
        return Record(place, raw=raw, fault="bad_encoding")
    if encoding == "tcvn3":
        cells = {field: raise_capitals(cell) for field, cell in cells.items()}
    return Record(place, value={field: cell_value(field, cell) for field, cell in cells.items()}, raw=raw)


def _rows(source: Iterator[tuple[int, str, bool]], delimiter: str, width: int) -> Iterator[_Row]:
    """Rows with the number of their first line; ``cells`` is None where a row cannot be taken apart."""
    ahead: deque[tuple[int, str, bool]] = deque()
    while True:
        if not ahead:
            ahead.extend(islice(source, 1))
        if not ahead:
            return
        number, text, too_long = ahead.popleft()
        if too_long:
            yield _Row(number, text, None, "too_long")
            continue
        if not text.strip():
            continue
        cells, open_quote = _cells(text, delimiter, width)
        taken = 0
        while open_quote and taken < MOST_LINES:
            if taken == len(ahead):
                ahead.extend(islice(source, 1))
            if taken == len(ahead) or ahead[taken][2]:
                break
            taken += 1
            so_far = text + "".join(line for _, line, _ in islice(ahead, taken))
            cells, open_quote = _cells(so_far, delimiter, width)
        if cells is not None and taken:
            text += "".join(ahead.popleft()[1] for _ in range(taken))
        yield _Row(number, text, cells)


def _cells(text: str, delimiter: str, width: int) -> tuple[list[str] | None, bool]:
    """The cells of a row, or None; and whether a quoted cell is still open at its end."""
    # Not splitlines(): it would also cut at characters that are no line ends in a CSV file.
    source: Iterable[str] = io.StringIO(text, newline="")
    try:
        rows = list(csv.reader(source, delimiter=delimiter, strict=True))
    except csv.Error as error:
        return None, "unexpected end of data" in str(error)
    if not rows:
        return None, False
    cells = rows[0]
    return (cells, False) if len(rows) == 1 and len(cells) <= width else (None, False)
