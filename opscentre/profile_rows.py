"""Rows of a profile's CSV files, and the error that says what is wrong in a profile."""

from __future__ import annotations

import csv
from collections.abc import Collection
from pathlib import Path


class ProfileError(Exception):
    """A profile cannot be used: file, line, the value seen and what to do."""


def read_rows(
    path: Path, known: Collection[str] = (), required: Collection[str] = ()
) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file in UTF-8 (a byte order mark is taken off) with their line numbers.

    Cells are stripped; empty cells and lines of nothing but commas are left out. ``known`` names all columns there
    may be (none: any), ``required`` those that must be there. Raises ``ProfileError``.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = reader.fieldnames or []
            _check_columns(path, columns, known, required)
            return list(_rows(path, reader))
    except FileNotFoundError:
        raise ProfileError(f"{path} is missing: a profile needs it") from None
    except UnicodeDecodeError as error:
        raise ProfileError(f"{path}: not UTF-8 at byte {error.start}; save it as 'CSV UTF-8'") from None


def _check_columns(path: Path, columns: Collection[str], known: Collection[str], required: Collection[str]) -> None:
    for wanted in required:
        if wanted not in columns:
            raise ProfileError(f"{path}: no column {wanted!r}; columns seen: {', '.join(columns) or 'none'}")
    for column in columns if known else ():
        if column not in known:
            raise ProfileError(f"{path}: unknown column {column!r}; known are {', '.join(known)}")


def _rows(path: Path, reader: csv.DictReader[str]) -> list[tuple[int, dict[str, str]]]:
    rows = []
    for row in reader:
        if None in row:
            raise ProfileError(
                f"{path}, line {reader.line_num}: more cells than columns; put a value that has a comma in quotes; "
                f"row seen: {list(row.values())}"
            )
        cells = {column: value.strip() for column, value in row.items() if value and value.strip()}
        if cells:
            rows.append((reader.line_num, cells))
    return rows
