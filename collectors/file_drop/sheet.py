"""Reads the cells of one sheet as its XML comes: openpyxl opens the workbook, but takes twice as long for the cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate

_CHUNK = 1 << 16
#: Excel has room for 32,767 characters in a cell.
_LONGEST_CELL = 1_000_000
_NO_DATE = "#VALUE!"
_LETTERS = re.compile(r"[A-Z]{1,3}")


class Book(NamedTuple):
    """What of a workbook its sheets need."""

    texts: Sequence[str]
    #: Styles whose numbers are days, and what makes a moment of a number in such a style.
    date_styles: frozenset[int]
    moment_of: Callable[[float, int], Any]


def rows_of(file: BinaryIO, book: Book, most_columns: int) -> Iterator[tuple[int, list[Any]]]:
    """Number and cells of each row that is there, in the file's order; memory holds the rows of 64 kB.

    Raises ``ValueError`` and ``IndexError`` for a sheet that is damaged.
    """
    reader = _Reader(book, most_columns)
    # Names come with their namespace, whatever prefix the writer has chosen.
    parser = ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.CharacterDataHandler = reader.hear
    try:
        while chunk := file.read(_CHUNK):
            parser.Parse(chunk, False)
            yield from reader.rows
            reader.rows.clear()
        parser.Parse(b"", True)
    except ExpatError as error:
        raise ValueError(f"broken XML ({error.code})") from None
    yield from reader.rows


def _no_doctype(*_: object) -> None:
    raise ValueError("a sheet declares no entities")


class _Reader:
    """What the parser tells, made rows of."""

    def __init__(self, book: Book, most_columns: int) -> None:
        self.rows: list[tuple[int, list[Any]]] = []
        self._book = book
        self._most = most_columns
        #: Letters of a column → its place.
        self._columns: dict[str, int] = {}
        self._row = 0
        self._cells: list[Any] = []
        self._column = -1
        self._kind = "n"
        self._style = 0
        self._text: list[str] = []
        #: Name with its namespace → the name alone.
        self._tags: dict[str, str] = {}
        #: Whether what is read belongs to a value: not to a formula.
        self._hears = False
        #: Within the reading aid of an inline text, which is not part of it.
        self._aside = False

    def begin(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins."""
        tag = self._tags.get(name) or self._tag(name)
        if tag == "c":
            self._kind = attributes.get("t", "n")
            self._style = int(attributes.get("s", 0))
            place = attributes.get("r")
            self._column = self._place(place) if place else self._column + 1
            self._text.clear()
        elif tag == "v" or (tag == "t" and not self._aside):
            self._hears = True
        elif tag == "row":
            number = attributes.get("r")
            self._row = int(number) if number else self._row + 1
            self._cells, self._column = [], -1
        elif tag == "rPh":
            self._aside = True

    def end(self, name: str) -> None:
        """An element ends."""
        tag = self._tags.get(name) or self._tag(name)
        if tag in ("v", "t"):
            self._hears = False
        elif tag == "c":
            if self._text and self._column < self._most:
                value = self._value("".join(self._text))
                cells = self._cells
                if self._column < len(cells):
                    cells[self._column] = value
                    return
                while len(cells) < self._column:
                    cells.append(None)
                cells.append(value)
        elif tag == "row":
            self.rows.append((self._row, self._cells))
        elif tag == "rPh":
            self._aside = False

    def _tag(self, name: str) -> str:
        tag = self._tags[name] = name.rpartition(" ")[2]
        return tag

    def hear(self, text: str) -> None:
        """Characters come: of a value, or between elements."""
        if not self._hears:
            return
        self._text.append(text)
        if len(self._text) > 1 and sum(map(len, self._text)) > _LONGEST_CELL:
            raise ValueError("a cell is too long")

    def _place(self, place: str) -> int:
        letters = place.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            if not _LETTERS.fullmatch(letters):
                raise ValueError("a cell has no place")
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - 64
            column = self._columns[letters] = column - 1
        return column

    def _value(self, text: str) -> Any:
        kind = self._kind
        if kind == "s":
            return self._book.texts[int(text)]
        if kind == "n":
            number = float(text) if "." in text or "E" in text or "e" in text else int(text)
            return self._moment(number) if self._style in self._book.date_styles else number
        return bool(int(text)) if kind == "b" else text

    def _moment(self, number: float) -> Any:
        try:
            return self._book.moment_of(number, self._style)
        except (OverflowError, ValueError):
            return _NO_DATE
