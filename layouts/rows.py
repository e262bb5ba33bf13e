"""Rows of one shape, mounted once and filled in place: texts and bars; one that has nothing to show is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from dash import html

from layouts.change import DASH, Change, Patch, say

#: What a row shows: texts, numbers of bars, or whole changes, by the names of its cells.
Values = Mapping[str, str | float | Change]
ENTRY = TypeVar("ENTRY")


class Cell(NamedTuple):
    """One part of a row: a text, or where it has ``bars`` a track with them, each by its name and class."""

    name: str
    cls: str
    start: str = DASH
    bars: tuple[tuple[str, str], ...] = ()


def bar(cls: str = "bar-track") -> Cell:
    """A track with one bar, called ``bar``."""
    return Cell("", cls, "", (("bar", "bar"),))


class Rows(NamedTuple):
    """A list of rows; the elements of one are ``<key>-<row>`` and ``<key>-<row>-<cell>``."""

    key: str
    cls: str
    cells: tuple[Cell, ...]
    #: How many rows there is room for; rows with names of their own are laid out by ``layout_of``.
    room: int = 0
    #: What the class says of a row without anything to show.
    hidden: str = "is-empty"
    #: The row that begins the second part of the list, the last after the best; None: there is one part.
    second: int | None = None

    def layout(self) -> list[html.Div]:
        """The numbered rows, all hidden."""
        return [self._row(str(index)) for index in range(self.room)]

    def layout_of(self, names: Iterable[str]) -> list[html.Div]:
        """Rows with names of their own, all hidden."""
        return [self._row(name) for name in names]

    def _row(self, name: str) -> html.Div:
        key = f"{self.key}-{name}"
        return html.Div([_cell(key, cell) for cell in self.cells], id=key, className=self._class(name, self.hidden))

    def _class(self, name: str, more: str = "") -> str:
        second = "is-last-first" if name == str(self.second) else ""
        return " ".join(filter(None, (self.cls, second, more)))

    def patch(self, filled: Sequence[Values]) -> Patch:
        """The numbered rows from the first on, and the others hidden; an empty one is hidden too."""
        changes: Patch = {}
        for index in range(self.room):
            values = filled[index] if index < len(filled) else {}
            changes.update(self.fill(str(index), values) if values else self.hide(str(index)))
        return changes

    def fill(self, name: str, values: Values, more: str = "", v: float | None = None) -> Patch:
        """One row; ``more`` (of its class) and ``v`` are its own."""
        key = f"{self.key}-{name}"
        changes = {f"{key}-{cell}": _change(value) for cell, value in values.items()}
        return {key: Change(cls=self._class(name, more), v=v), **changes}

    def hide(self, name: str, v: float | None = None) -> Patch:
        """One row without anything to show."""
        return {f"{self.key}-{name}": Change(cls=self._class(name, self.hidden), v=v)}


def _cell(key: str, cell: Cell) -> html.Span:
    if not cell.bars:
        return html.Span(cell.start, id=f"{key}-{cell.name}", className=cell.cls)
    return html.Span([html.Span(id=f"{key}-{name}", className=cls) for name, cls in cell.bars], className=cell.cls)


def _change(value: str | float | Change) -> Change:
    if isinstance(value, Change):
        return value
    return say(value) if isinstance(value, str) else Change(v=round(value, 3))


def ends(entries: Sequence[ENTRY], first: int, last: int) -> tuple[Sequence[ENTRY], Sequence[ENTRY]]:
    """The first and the last of a ranking; none stands in both, and the first win when there are few."""
    best = entries[:first]
    return best, entries[max(len(best), len(entries) - last) :]
