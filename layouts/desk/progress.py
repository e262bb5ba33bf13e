"""The progress table as leaders know it: 18 columns, grouped, every number a way to its formula and its dossiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from dash import html

from layouts.desk.address import View
from layouts.desk.mark import mark
from layouts.words import Words

#: The 16 number columns in their groups; with the running number and the name they are the 18 of the form.
COLUMNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("received", ("total", "carried_over", "in_period", "online", "counter", "postal")),
    ("finished", ("total", "early", "on_time", "overdue")),
    ("in_process", ("total", "in_time", "overdue")),
    ("paused", ("total", "in_time", "overdue")),
)


class Row:
    """A row of the table: what it is of, where its name leads, its numbers, and the filters its figures stand under."""

    def __init__(self, name: str, href: str | None, cells: dict[str, dict[str, int]], figures: dict[str, str]) -> None:
        self.name = name
        self.href = href
        self.cells = cells
        self.figures = figures


def ranked(rows: Sequence[Row], column: str | None) -> list[Row]:
    """Rows by a column of theirs (``group.column``), greatest first; equal ones, or all without one, as they came."""
    if column is None:
        return list(rows)
    group, _, name = column.partition(".")
    return sorted(rows, key=lambda row: -row.cells[group][name])


def table(
    view: View, sections: Sequence[tuple[str, Sequence[Row]]], total: Row, first_column: str, orders: bool = True
) -> html.Div:
    """The table: the sum, then sections of rows under their headings; ``orders``: heads of columns order them.

    Some thousand cells would be as many Dash components, which browsers take seconds to mount: the table travels as
    data, and ``assets/desk_tables.js`` lays it out.
    """
    words = view.words
    lines: list[Any] = [_line(view, "total", "", total)]
    for heading, rows in sections:
        if heading and rows:
            lines.append(["section", heading])
        lines += [_line(view, "", str(place), row) for place, row in enumerate(rows, 1)]
    data = {
        "thousands": words.number(1000)[1],
        "order": words("table.order"),
        "first": first_column,
        "columns": [
            [group, words(f"table.{group}"), [[name, _column_name(words, name)] for name in names]]
            for group, names in COLUMNS
        ],
        "lines": lines,
        "rank": view.rank if orders else None,
        "orders": view.here(rank=None, after=None) if orders else None,
        "order_by": words("table.rank"),
    }
    laid = html.Div(
        className="scroll",
        role="region",
        tabIndex="0",
        **mark(
            aria_label=f"{words('table.title')} · {words('table.scroll')}",
            data_table=msgspec.json.encode(data).decode(),
        ),
    )
    return html.Div([_ranked(words, view.rank) if orders and view.rank else None, _groups(words), laid])


def _ranked(words: Words, column: str) -> html.P:
    group, _, name = column.partition(".")
    said = words("table.ranked", group=words(f"table.{group}"), column=_column_name(words, name))
    return html.P(said, className="footnote")


def _groups(words: Words) -> html.Div:
    """Where the table is wider than the screen: that it is, and the way to each group of its columns."""
    buttons = [
        html.Button(words(f"table.{group}"), type="button", className="chip", **mark(data_group=group))
        for group, _ in COLUMNS
    ]
    return html.Div([html.Span(words("table.sideways")), *buttons], className="table-groups")


def _column_name(words: Words, name: str) -> str:
    return words("table.total_col" if name == "total" else f"table.{name}")


def _line(view: View, kind: str, place: str, row: Row) -> list[Any]:
    """Kind, running number, name, where it leads, the query of its figures, the 16 numbers."""
    query = view.to("figure", **row.figures).partition("?")[2]
    return [kind, place, row.name, row.href or "", query, numbers(row)]


def numbers(row: Row) -> list[int]:
    """The 16 numbers of a row, in the order of the form."""
    return [row.cells[group][name] for group, names in COLUMNS for name in names]
