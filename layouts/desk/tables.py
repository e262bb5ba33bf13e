"""The progress table's page, and the drill-down from a unit to a field to a procedure."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from layouts.desk import dossiers, frame
from layouts.desk.address import View
from layouts.desk.dossiers import count_text, exports
from layouts.desk.frame import Crumb, Option
from layouts.desk.progress import Row, table
from layouts.place import Place
from opscentre.domain.listing import LISTS, Listed, Listing


def layout(
    view: View,
    place: Place,
    sections: Sequence[tuple[str, Sequence[Row]]],
    total: Row,
    fields: Sequence[Option],
    at: int,
) -> html.Div:
    """The table by unit, field or procedure, with its filters and exports."""
    words = view.words
    shown = any(rows for _, rows in sections)
    by = [Option(name, words(f"by.{name}")) for name in ("unit", "field", "procedure")]
    choices = (
        ("by", by),
        ("unit", frame.unit_options(view, place)),
        ("field", frame.all_and(words, fields)),
        ("channel", frame.channel_options(words)),
        ("level", frame.level_options(words)),
    )
    return frame.page(
        view,
        place,
        f"{words('nav.table')} · {frame.period_text(view)}",
        [Crumb(words("nav.overview"), view.to())],
        [
            frame.periods(view),
            frame.filters(view, choices, ("procedure",)),
            table(view, sections, total, words(f"by.{view.by}")) if shown else _empty(view),
            html.P(words("table.note"), className="footnote"),
            exports(view, "table"),
        ],
        at,
    )


def drill(
    view: View,
    place: Place,
    title: str,
    crumbs: Sequence[Crumb],
    rows: Sequence[Row],
    total: Row,
    column: str,
    urgent: Sequence[Component],
    extra: Sequence[Component],
    at: int,
) -> html.Div:
    """A unit by field, or a field of it by procedure: what is urgent before the table, ``extra`` after it."""
    words = view.words
    return frame.page(
        view,
        place,
        title,
        crumbs,
        [
            *urgent,
            frame.periods(view),
            _channel(view),
            html.H2(
                f"{words('drill.fields' if column == 'field' else 'drill.procedures')} · {frame.period_text(view)}"
            ),
            table(view, [("", rows)], total, words(f"by.{column}")) if rows else _empty(view),
            html.P(words("table.note"), className="footnote"),
            *extra,
        ],
        at,
    )


def procedure(
    view: View, place: Place, title: str, crumbs: Sequence[Crumb], total: Row, listing: Listing, at: int,
) -> html.Div:  # fmt: skip
    """One procedure at one unit: its row of the table, and its dossiers."""
    words = view.words
    return frame.page(
        view,
        place,
        title,
        crumbs,
        [
            frame.periods(view),
            _channel(view),
            table(view, [], total, words("by.procedure"), orders=False),
            html.H2(words("drill.dossiers")),
            html.P(count_text(view, listing.total), className="count"),
            dossiers.rows(view, "all", listing.rows, _unsaid, _unsaid, at) if listing.rows else _empty(view),
            dossiers.pages(view, listing),
        ],
        at,
    )


def _unsaid(row: Listed) -> str:
    """What the title of the page says for all of its rows."""
    return ""


def attention(view: View, totals: dict[str, int], query: dict[str, str]) -> list[Component]:
    """The lists with their lengths, as large links."""
    words = view.words
    roles = {"overdue": "bad", "due-soon": "warn", "reception-late": "bad"}
    return [
        html.H2(words("drill.listed")),
        html.Ul(
            className="kpi-list",
            children=[
                html.Li(
                    html.A(
                        className=f"figure {roles.get(name, '') if totals[name] else ''}",
                        href=view.into("list", name, **query),
                        children=[
                            html.Span(words(f"list.{name}"), className="figure-name"),
                            html.Span(count_text(view, totals[name], plain=True), className="figure-value"),
                        ],
                    )
                )
                for name in LISTS
            ],
        ),
    ]


def _channel(view: View) -> Component:
    return frame.filters(view, (("channel", frame.channel_options(view.words)),))


def _empty(view: View) -> html.P:
    return html.P(view.words("table.empty"), className="empty")
