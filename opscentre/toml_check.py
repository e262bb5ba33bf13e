"""TOML files of a profile: every entry as a struct, and every fault with the line it stands on."""

from __future__ import annotations

import re
import tomllib
import typing
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from opscentre.table_file import UNREADABLE, Fault, wanted

ENTRY = TypeVar("ENTRY", bound=msgspec.Struct)

_LINE = re.compile(r"\(at line (\d+)")
_UNKNOWN = re.compile(r"unknown field `(.+?)`")
_KEYS = re.compile(r"\.(\w+)")
_PLACE = re.compile(r"\$\.(\w+)")
_MISSING = re.compile(r"missing required field `(.+?)`")


class TomlFile:
    """One file: its tables, its faults, and where in the text things stand."""

    def __init__(self, path: Path, *, required: bool = True) -> None:
        self.path = path
        #: Whether the file is there but could not be read.
        self.unread = False
        self.faults: list[Fault] = []
        self.document: dict[str, Any] = {}
        self._lines: list[str] = []
        if not required and not path.exists():
            return
        try:
            text = path.read_text(encoding="utf-8")
            self._lines = text.splitlines()
            self.document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            self.unread = True
            line = _LINE.search(str(error))
            at = int(line[1]) if line else len(self._lines)
            value = self._lines[at - 1].strip() if 0 < at <= len(self._lines) else ""
            told = str(error).partition(" (at ")[0]
            self.faults.append(
                Fault(file=path, line=at or None, value=value, told=f"is not TOML: {told}", remedy="mend this line")
            )
        except (OSError, UnicodeDecodeError) as error:
            self.unread = True
            self.faults.append(Fault(file=path, told=f"cannot be read: {error}", remedy="save it as text in UTF-8"))

    def whole(self, kind: type[ENTRY]) -> ENTRY | None:
        """The file as one struct; ``None`` and a fault where it is none."""
        return None if self.unread else self.convert(self.document, kind, 1)

    def entries(self, table: str, kind: type[ENTRY]) -> list[tuple[int, ENTRY]]:
        """The entries ``[[table]]`` that are fit, each with the line it begins on."""
        found = [(line, self.convert(row, kind, line)) for line, row in self.rows(table)]
        return [(line, entry) for line, entry in found if entry is not None]

    def rows(self, table: str) -> list[tuple[int, Any]]:
        """The entries ``[[table]]`` as they are, each with the line it begins on."""
        rows = self.document.get(table, [])
        starts = [number for number, line in enumerate(self._lines, start=1) if line.strip() == f"[[{table}]]"]
        if not isinstance(rows, list):
            self.blame(None, table, "is no list of tables", f"write [[{table}]] above each entry")
            return []
        return [(starts[place] if place < len(starts) else 1, row) for place, row in enumerate(rows)]

    def one(self, table: str, kind: type[ENTRY]) -> ENTRY | None:
        """The table ``[table]`` as a struct; ``None`` and a fault where it is none."""
        return self.convert(self.document[table], kind, self.line_of(table, 1))

    def allow_only(self, *tables: str) -> None:
        """Note every table and key of the file that is none of these."""
        for name in self.document:
            if name not in tables:
                told, remedy = (
                    "there is no such table",
                    f"take it out, or mend its name; known are: {', '.join(tables)}",
                )
                self.blame(self.line_of(name, 1), name, told, remedy)

    def blame(self, line: int | None, key: str, told: str, remedy: str, value: object = "") -> None:
        """Note a fault."""
        self.faults.append(Fault(file=self.path, line=line, key=key, value=str(value), told=told, remedy=remedy))

    def line_of(self, key: str, start: int) -> int:
        """The line of a key (or of a table's heading) from a line on; that line itself where the key is not found."""
        pattern = re.compile(rf"\s*(?:\[+[\w.]*\b)?{re.escape(key)}\b(?:\s*=|[\w.]*\]+)")
        for number in range(start, len(self._lines) + 1):
            line = self._lines[number - 1]
            if number > start and line.startswith("[["):
                break
            if pattern.match(line):
                return number
        return start

    def convert(self, row: Any, kind: type[ENTRY], start: int) -> ENTRY | None:
        """An entry as a struct; ``None`` and a fault, looked for from a line on, where it is none."""
        try:
            return msgspec.convert(row, kind)
        except msgspec.ValidationError as error:
            self._blame_for(error, row, kind, start)
            return None

    def _blame_for(self, error: msgspec.ValidationError, row: Any, kind: type[ENTRY], start: int) -> None:
        told, _, path = str(error).partition(" - at `")
        inner, outer = _struct_at(kind, path)
        known = ", ".join(field.name for field in msgspec.structs.fields(inner))
        if unknown := _UNKNOWN.search(told):
            line = self.line_of(unknown[1], self.line_of(outer, start) if outer else start)
            self.blame(line, unknown[1], "there is no such key", f"take it out, or mend its name; known are: {known}")
        elif missing := _MISSING.search(told):
            self.blame(start, missing[1], "is missing", f"write it below line {start}")
        else:
            found = _PLACE.search(path)
            key = found[1] if found else ""
            value = told.rpartition("value ")[2].strip("'") if path.startswith("key") else row.get(key, "")
            self.blame(self.line_of(key, start), key, UNREADABLE, _in_toml(wanted(kind, key)), value)


def _struct_at(kind: type[msgspec.Struct], path: str) -> tuple[type[msgspec.Struct], str]:
    """The struct that a place like ``$.behaviour`` or ``$.maintenance[0]`` is in, and the entry's key it is below."""
    keys = _KEYS.findall(path)
    for key in keys:
        hint = typing.get_type_hints(kind).get(key)
        inner = [one for one in (hint, *typing.get_args(hint)) if isinstance(one, type)]
        kind = next((one for one in inner if issubclass(one, msgspec.Struct)), kind)
    return kind, keys[0] if keys else ""


def _in_toml(remedy: str) -> str:
    return "want a text between quotes" if remedy == "want a text" else remedy
