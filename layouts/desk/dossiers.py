"""Rows of dossiers as lists, searches and procedures show them, with their count, their pages and their exports."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dash import html

from layouts.desk.address import View
from layouts.desk.mark import mark
from opscentre.domain.listing import COUNTED, Listed, Listing, ListName

#: Names of units and procedures for a row.
Name = Callable[[Listed], str]


def rows(
    view: View, name: ListName, listed: Sequence[Listed], unit: Name, procedure: Name, at: int, moment: str = ""
) -> html.Div:
    """The rows as a table that becomes cards on a narrow screen; ``moment``: what theirs is, where not the list's.

    ``unit`` and ``procedure`` name nothing where the title of the page names it.
    """
    words = view.words
    named = any(procedure(row) for row in listed)
    heads = ("number", "procedure" if named else "status", f"moment.{moment or name}", *_dates(name))
    return html.Div(
        className="scroll",
        role="region",
        tabIndex="0",
        **mark(aria_label=words(f"list.{name}")),
        children=html.Table(
            className="dossiers",
            children=[
                html.Thead(html.Tr([html.Th(words(f"list.{head}"), scope="col") for head in heads])),
                html.Tbody([_row(view, name, row, unit, procedure, at, moment) for row in listed]),
            ],
        ),
    )


def _row(view: View, name: ListName, row: Listed, unit: Name, procedure: Name, at: int, moment: str) -> html.Tr:
    words = view.words
    role = {"overdue": "bad", "reception-late": "bad", "due-soon": "warn"}.get(name, "")
    apart = "" if row.moment is None else words.length(abs(at - row.moment))
    number: Any = html.A(row.number, href=view.into("dossier", row.source, row.number))
    status = words.status(row.state.snapshot.status)
    return html.Tr(
        [
            html.Th([number, _span(unit(row), "quiet")], scope="row", className="number"),
            html.Td([_span(procedure(row), "clip"), html.Span(status, className="quiet")]),
            *(
                html.Td(said, className=look, **mark(data_label=words(f"list.{head}")))
                for said, look, head in (
                    (apart, f"when is-main {role}", f"moment.{moment or name}"),
                    *((words.moment(_date(row, date)), "when", date) for date in _dates(name)),
                )
            ),
        ]
    )


def _dates(name: ListName) -> tuple[str, str]:
    """The dates of a row: what is not received yet has no due date, but a day it was filed and one to receive it by."""
    return ("until", "submitted") if name == "reception-late" else ("due", "received")


def _date(row: Listed, date: str) -> int | None:
    if date == "until":
        return row.moment
    return row.state.snapshot.submitted if date == "submitted" else getattr(row, date)


def _span(text: str, look: str) -> html.Span | None:
    """A line of a cell; none where a page's title says it for all rows."""
    return html.Span(text, className=look) if text else None


def pages(view: View, listing: Listing) -> html.P:
    """The ways to the first page and to the next."""
    words = view.words
    links = []
    if view.after:
        links.append(html.A(words("list.first"), href=view.here(after=None), className="tap"))
    if listing.following:
        links.append(html.A(words("list.next"), href=view.here(after=listing.following), className="tap is-main"))
    return html.P(links, className="paging")


def count_text(view: View, count: int, plain: bool = False) -> str:
    """How many dossiers; above what is counted, "more than"."""
    words = view.words
    if count > COUNTED:
        return f"> {words.number(COUNTED)}" if plain else words("list.count.more", count=words.number(COUNTED))
    if plain:
        return words.number(count)
    return words("list.count.one") if count == 1 else words("list.count", count=words.number(count))


def exports(view: View, what: str) -> html.P:
    """Links to the same figures as files."""
    query = view.here(after=None).partition("?")[2]
    return html.P(
        className="exports",
        children=[
            html.A(view.words(f"export.{kind}"), href=f"/export/{what}.{kind}?{query}", className="tap", download="")
            for kind in ("xlsx", "csv")
        ],
    )
