"""Reads a sheet of an XLSX workbook row by row, values only: formulas are never worked out here."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError, ParserCreate

from collectors.file_drop.settings import DropSettings
from collectors.file_drop.sheet import Book, rows_of
from collectors.file_drop.table import cell_value, places_in
from collectors.intake import Record
from collectors.splitter import UnreadableFile
from opscentre.domain.kept_text import file_label

#: A title and a date may stand above the headers.
_HEADER_WITHIN = 20
_MOST_COLUMNS = 256
#: As many as a sheet can have; a file that says more would keep us counting empty rows.
_MOST_ROWS = 1_048_576
#: All different texts of a workbook are held in memory at once.
_MOST_TEXTS = 128_000_000
_TEXTS = "xl/sharedStrings.xml"


def workbook_records(name: str, file: BinaryIO, settings: DropSettings) -> Iterator[Record]:
    """The rows of the sheet. Raises ``UnreadableFile``."""
    # Only where a workbook comes: most offices never drop one, and it takes 19 MB.
    from openpyxl import load_workbook

    _check_texts(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, ParseError, zipfile.BadZipFile) as error:
        raise UnreadableFile(f"it is no workbook that can be read ({type(error).__name__}); save it anew") from None
    try:
        sheet = _sheet(book, settings.sheet)
        with sheet._get_source() as source:
            yield from _records(name, rows_of(source, _parts_of(book, sheet), _MOST_COLUMNS), settings)
    except (ParseError, KeyError, ValueError, IndexError) as error:
        raise UnreadableFile(f"its sheet is damaged ({type(error).__name__}); save it anew and send it again") from None
    finally:
        book.close()


def _parts_of(book: Any, sheet: Any) -> Book:
    from openpyxl.utils.datetime import from_excel

    def moment_of(number: float, style: int) -> Any:
        return from_excel(number, book.epoch, timedelta=style in book._timedelta_formats)

    return Book(sheet._shared_strings, frozenset(book._date_formats), moment_of)


def _check_texts(file: BinaryIO) -> None:
    with zipfile.ZipFile(file) as archive:
        size = sum(entry.file_size for entry in archive.infolist() if entry.filename == _TEXTS)
        for entry in archive.infolist():
            if entry.filename.lower().endswith((".xml", ".rels")):
                with archive.open(entry) as part:
                    _require_no_entities(part)
    file.seek(0)
    if size > _MOST_TEXTS:
        raise UnreadableFile(f"its texts are {size // 1_000_000} MB; save it as CSV, or send several smaller workbooks")


def _require_no_entities(part: IO[bytes]) -> None:
    """Refuse XML that declares a document type, as no program that writes workbooks does: its entities may grow
    without bound, or name files of this machine."""
    parser = ParserCreate()
    parser.StartDoctypeDeclHandler = _no_doctype
    parser.StartElementHandler = _begun
    with suppress(_Begun, ExpatError):
        # What is no XML is told by whoever reads it.
        parser.ParseFile(part)


class _Begun(Exception):
    """The first element: nothing can be declared any more."""


def _begun(*_: object) -> None:
    raise _Begun


def _no_doctype(*_: object) -> None:
    raise UnreadableFile("it declares entities, as no workbook does; save it anew with a spreadsheet program")


def _sheet(book: Any, wanted: str) -> Any:
    sheets = [
        sheet for sheet in book.worksheets if (sheet.title == wanted if wanted else sheet.sheet_state == "visible")
    ]
    if not sheets:
        there = ", ".join(repr(file_label(sheet.title)) for sheet in book.worksheets)[:200]
        raise UnreadableFile(f"it has no sheet {wanted!r}, it has {there}; correct 'sheet' of the source")
    return sheets[0]


def _records(name: str, rows: Iterator[tuple[int, list[Any]]], settings: DropSettings) -> Iterator[Record]:
    places: dict[str, int] = {}
    missing: list[str] = []
    count = 0
    for number, cells in rows:
        if number > _MOST_ROWS:
            raise UnreadableFile(f"it has more than {_MOST_ROWS} rows; save it anew")
        if all(cell is None or cell == "" for cell in cells):
            continue
        if not places:
            found, lacking = places_in(cells, settings.columns)
            missing = lacking if not missing or len(lacking) < len(missing) else missing
            if not lacking:
                places = found
            elif number >= _HEADER_WITHIN:
                break
            continue
        count += 1
        value = {field: cell_value(field, cells[at]) for field, at in places.items() if at < len(cells)}
        yield Record(f"{name}, record {count} (row {number})", value=value)
    if not places:
        lack = ", ".join(missing) or "all"
        raise UnreadableFile(f"its first {_HEADER_WITHIN} rows lack the headers {lack}; check columns and sheet")
