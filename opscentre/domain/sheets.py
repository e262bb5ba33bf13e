"""Rows as a CSV file that Excel opens as it is, whatever language and region the computer is set to. Pure.

Excel splits a CSV by the list separator of the region, which is a comma on one computer of an office and a semicolon on
the next, and takes a ``sep=`` line as leave to misread UTF-8. UTF-16 with a byte-order mark it always splits at tabs,
and reads every letter of. A day written ``2026-11-05`` is the same day everywhere; ``05/11/2026`` is not.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator

#: What the files say of themselves. Programs read them as ``encoding="utf-16", delimiter="\t"``.
CHARSET = "utf-16"
DELIMITER = "\t"
#: Characters gathered before they are handed on.
PIECE = 64 * 1024
#: What a spreadsheet takes for a formula, or for the end of a cell that becomes one; wide forms count like the plain.
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | dt.datetime | None


def text_cell(value: str) -> str:
    """A text that no spreadsheet takes for a formula: one that would be is led by an apostrophe."""
    return f"'{value}" if value.startswith(_BEGINS_FORMULA) else value


def as_csv(rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """The rows as they come, in pieces; texts stand as they are given (``text_cell`` is the caller's)."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER, lineterminator="\r\n")
    yield b"\xff\xfe"
    for row in rows:
        writer.writerow(f"{one:%Y-%m-%d %H:%M}" if isinstance(one, dt.datetime) else one for one in row)
        if text.tell() >= PIECE:
            yield text.getvalue().encode("utf-16-le")
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode("utf-16-le")
