"""CSV files of a profile: every row as a struct, and every fault with its line, column, value and remedy."""

from __future__ import annotations

import csv
import datetime as dt
import types
import typing
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

import msgspec

ROW = TypeVar("ROW", bound=msgspec.Struct)

UNREADABLE = "is not what belongs here"
COLUMN_MISSING = "this column is missing"


class ProfileError(Exception):
    """A profile cannot be used: file, line, the value seen and what to do."""


#: Column → what makes a value of its text; raises ``ValueError`` saying what it wants.
Parsers = Mapping[str, Callable[[str], object]]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a configuration file that a person can mend."""

    file: Path
    #: Line of the file, the first one being 1; ``None`` where the whole file is meant.
    line: int | None = None
    #: Column of a table, key of a TOML file; empty where the whole line is meant.
    key: str = ""
    value: str = ""
    #: What is wrong, and what to write instead.
    told: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else str(self.file)
        seen = f", saw {self.value!r}" if self.value else ""
        return f"{place}{f', {self.key}' if self.key else ''}: {self.told}{seen}; {self.remedy}"


class Row(msgspec.Struct, Generic[ROW], frozen=True):
    """One row of a table and the line it stands on."""

    line: int
    value: ROW


class Table(Generic[ROW]):
    """The rows of one file that are fit, and the faults of the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row[ROW]] = []
        self.faults: list[Fault] = []
        #: The cells of every row, fit or not, so that what refers to a row with a fault is no second fault.
        self.cells: list[Mapping[str, Any]] = []

    @property
    def unread(self) -> bool:
        """Whether the file as a whole could not be read."""
        return any(fault.line is None for fault in self.faults)

    @property
    def values(self) -> tuple[ROW, ...]:
        """The fit rows in the file's order."""
        return tuple(row.value for row in self.rows)

    def column(self, key: str) -> frozenset[str]:
        """What a column holds, in rows with a fault too."""
        return frozenset(str(cells[key]) for cells in self.cells if key in cells)

    def blame(self, row: Row[ROW], key: str, told: str, remedy: str, value: object = None) -> None:
        """Note a fault of a row: ``value`` is what the column holds where it is left out."""
        seen = getattr(row.value, key, "") if value is None else value
        self.faults.append(
            Fault(file=self.path, line=row.line, key=key, value=str(seen), told=told, remedy=remedy),
        )

    def require_unique(self, key: str) -> None:
        """Note every row that repeats what an earlier one holds in a column."""
        first: dict[object, int] = {}
        for row in self.rows:
            value = getattr(row.value, key)
            if value in first:
                self.blame(row, key, f"is already on line {first[value]}", "keep one row, or write another one")
            first.setdefault(value, row.line)


def read_table(path: Path, kind: type[ROW], *, required: bool = False, parsers: Parsers | None = None) -> Table[ROW]:
    """Every row of a CSV file (UTF-8, a header line) as a ``kind``; empty cells count as left out.

    A line that begins with # is a remark.

    A file that is not there is an empty table, or a fault where it is ``required``.
    """
    table: Table[ROW] = Table(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="")
            _check_header(table, kind, reader.fieldnames)
            known = frozenset(field.encode_name for field in msgspec.structs.fields(kind))
            # Where a column is missing, every row would say so again.
            readable = not any(fault.told == COLUMN_MISSING for fault in table.faults)
            for cells in reader:
                given = _cells(table, known, reader.line_num, cells)
                if given and readable:
                    _read_row(table, kind, parsers or {}, reader.line_num, given)
    except FileNotFoundError:
        if required:
            columns = ",".join(_needed(kind))
            table.faults.append(Fault(file=path, told="is missing", remedy=f"make it, with the columns {columns}"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        table.faults.append(Fault(file=path, told=f"cannot be read: {error}", remedy="save it as CSV in UTF-8"))
    return table


def _check_header(table: Table[ROW], kind: type[ROW], header: object) -> None:
    seen = list(header) if isinstance(header, list) else []
    known = [field.encode_name for field in msgspec.structs.fields(kind)]
    for name in _needed(kind):
        if name not in seen:
            there = ",".join(map(str, seen))
            table.faults.append(
                Fault(
                    file=table.path, line=1, key=name, value=there, told=COLUMN_MISSING, remedy="add it to the header"
                )
            )
    for name in seen:
        if name not in known:
            table.faults.append(
                Fault(
                    file=table.path,
                    line=1,
                    key=name,
                    told="there is no such column",
                    remedy=f"take it out, or mend its name; known are: {', '.join(known)}",
                )
            )
        elif seen.count(name) > 1:
            table.faults.append(
                Fault(file=table.path, line=1, key=name, told="this column is there twice", remedy="keep one")
            )


def _cells(table: Table[ROW], known: frozenset[str], line: int, cells: Mapping[str, Any]) -> dict[str, Any]:
    """What a row holds; nothing for a remark, an empty line, and one that has a fault as a whole."""
    if str(next(iter(cells.values()), "")).startswith("#"):
        return {}
    surplus = cells.get("")
    if surplus:
        told, remedy = "more cells than columns", "put a text that holds commas between double quotes"
        table.faults.append(Fault(file=table.path, line=line, value=",".join(surplus), told=told, remedy=remedy))
        return {}
    given = {name: text for name, cell in cells.items() if name in known and cell and (text := cell.strip())}
    if given:
        table.cells.append(dict(given))
    return given


def _read_row(table: Table[ROW], kind: type[ROW], parsers: Parsers, line: int, given: dict[str, Any]) -> None:
    for name, parse in parsers.items():
        if name in given:
            try:
                given[name] = parse(given[name])
            except ValueError as error:
                table.faults.append(
                    Fault(file=table.path, line=line, key=name, value=given[name], told=UNREADABLE, remedy=str(error))
                )
                return
    try:
        value = msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        table.faults.append(_fault(table.path, kind, line, given, error))
    else:
        table.rows.append(Row(line, value))


def _fault(path: Path, kind: type, line: int, given: Mapping[str, Any], error: msgspec.ValidationError) -> Fault:
    for name in _needed(kind):
        if name not in given:
            return Fault(file=path, line=line, key=name, told="nothing is written here", remedy=wanted(kind, name))
    key = str(error).partition(" - at `$")[2].strip(".`")
    return Fault(file=path, line=line, key=key, value=given.get(key, ""), told=UNREADABLE, remedy=wanted(kind, key))


def _needed(kind: type) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(kind) if field.required]


def wanted(kind: type, key: str) -> str:
    """What a column may hold, from the type of its field."""
    bounds = _bounds(typing.get_type_hints(kind, include_extras=True).get(key, str))
    hint = typing.get_type_hints(kind).get(key, str)
    options = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    for option in options:
        if typing.get_origin(option) is dict and typing.get_origin(typing.get_args(option)[0]) is Literal:
            return f"want keys {', '.join(typing.get_args(typing.get_args(option)[0]))}"
        if typing.get_origin(option) is Literal:
            texts = [repr(text) if text else "nothing" for text in typing.get_args(option)]
            return f"want one of {', '.join(texts)}"
        if option is int:
            return f"want a whole number without dots{bounds}"
        if option is float:
            return f"want a number with a decimal point{bounds}"
        if option is dt.date:
            return "want a day as YYYY-MM-DD"
        if option is str:
            return "want a text"
        if typing.get_origin(option) is list:
            return "want a list in square brackets"
    return "write it in"


def _bounds(hint: object) -> str:
    """The least and the largest number of a field that has both."""
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.ge is not None and meta.le is not None:
            return f", from {meta.ge:g} to {meta.le:g}"
    return ""
