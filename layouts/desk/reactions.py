"""Who has not reacted to alerts, and how long units take to acknowledge and to resolve: tables for pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from dash import html
from dash.development.base_component import Component

from layouts.definitions import TIMINGS
from layouts.desk import frame
from layouts.desk.address import View
from layouts.desk.alerts import tabs
from layouts.desk.frame import Crumb
from layouts.desk.mark import mark
from layouts.place import Place
from layouts.words import DASH, Words
from opscentre.domain.reactions import Timing

#: Columns of each time.
_COLUMNS = ("median", "p90", "of", "open")


class Late(NamedTuple):
    """A unit that has not reacted: how many alerts, since when, and how long that is in its working hours."""

    unit: str
    name: str
    waiting: int
    since: int
    waited: int


class Times(NamedTuple):
    """A unit's time to acknowledge and to resolve."""

    unit: str
    name: str
    acknowledge: Timing
    resolve: Timing


def units(
    view: View, place: Place, late: Sequence[Late], times: Sequence[Times], extra: Sequence[Component], at: int
) -> html.Div:
    """The page of who has not reacted, and of how long it takes them."""
    words = view.words
    return frame.page(
        view,
        place,
        words("react.title"),
        [Crumb(words("nav.overview"), view.to()), Crumb(words("alerts.title"), view.to("alerts"))],
        [
            tabs(view, "units"),
            *extra,
            html.H2(words("react.waiting")),
            html.P(words("react.waiting.about"), className="about"),
            _late(view, late) if late else html.P(words("react.none"), className="empty"),
            html.H2(words("react.times")),
            *times_table(view, times),
        ],
        at,
    )


def _late(view: View, late: Sequence[Late]) -> html.Div:
    words = view.words
    heads = ("unit", "count", "longest", "since")
    # A column's name goes along for a phone, where a row is a card.
    named: dict[str, dict[str, Any]] = {head: {"data-name": words(f"react.{head}")} for head in heads}
    rows = [
        html.Tr(
            [
                html.Th(html.A(one.name, href=view.to("alerts", unit=one.unit, state="sent") if one.unit
                               else view.to("alerts", state="sent")), scope="row", className="number"),
                html.Td(words.number(one.waiting), className="number", **named["count"]),
                html.Td(words.hours(one.waited), className="is-main warn", **named["longest"]),
                html.Td(words.moment(one.since), className="when", **named["since"]),
            ]
        )
        for one in late
    ]  # fmt: skip
    return _wide(view, words("react.waiting"), heads, rows)


def times_table(view: View, times: Sequence[Times]) -> list[Component]:
    """Units with the median and the 90th percentile of both times, each head leading to its definition."""
    words = view.words
    if not times:
        return [html.P(words("react.nodata"), className="empty")]
    head = [
        html.Tr(
            [
                html.Th(words("react.unit"), scope="col", rowSpan=2, className="name"),
                *(
                    html.Th(html.A(timing.say("name", view.lang), href=view.to("figure", figure)), scope="colgroup",
                            colSpan=len(_COLUMNS), className="group")
                    for figure, timing in TIMINGS.items()
                ),
            ]
        ),
        html.Tr([html.Th(words(f"react.{name}"), scope="col") for name in (*_COLUMNS, *_COLUMNS)]),
    ]  # fmt: skip
    rows = [
        html.Tr(
            [
                html.Th(html.A(one.name, href=view.to("unit", one.unit)) if one.unit else one.name, scope="row",
                        className="name"),
                *_cells(words, one.acknowledge),
                *_cells(words, one.resolve),
            ]
        )
        for one in times
    ]  # fmt: skip
    table = html.Div(
        className="scroll",
        role="region",
        tabIndex="0",
        **mark(aria_label=words("react.times")),
        children=html.Table([html.Thead(head), html.Tbody(rows)], className="reactions"),
    )
    return [table, html.P(words("react.least.about"), className="footnote")]


def _cells(words: Words, timing: Timing) -> list[html.Td]:
    return [
        html.Td(length(words, timing.median, timing.median_least), className="group is-main"),
        html.Td(length(words, timing.p90, timing.p90_least)),
        html.Td(words.number(timing.count)),
        html.Td(words.number(timing.open), className="warn" if timing.open else ""),
    ]


def length(words: Words, value: int | None, least: bool) -> str:
    """Working hours; at least so many where something still runs; a dash for none."""
    if value is None:
        return DASH
    return words("react.least", value=words.hours(value)) if least else words.hours(value)


def _wide(view: View, title: str, heads: Sequence[str], rows: Sequence[Component]) -> html.Div:
    words = view.words
    return html.Div(
        className="scroll",
        role="region",
        tabIndex="0",
        **mark(aria_label=title),
        children=html.Table(
            className="dossiers late-units-table",
            children=[
                html.Thead(html.Tr([html.Th(words(f"react.{head}"), scope="col") for head in heads])),
                html.Tbody(list(rows)),
            ],
        ),
    )


def of_unit(view: View, unit: str, waiting: int, times: Times | None) -> list[Component]:
    """The reaction to alerts on a unit's own page."""
    words = view.words
    found: list[Component] = [html.H2(words("react.here"))]
    if waiting:
        href = view.to("alerts", unit=unit, state="sent")
        found.append(html.P(html.A(words("react.see", count=words.number(waiting)), href=href, className="tap is-main"),
                            className="paging"))  # fmt: skip
    return [*found, *times_table(view, [times] if times else [])]


def figure(view: View, place: Place, name: str, scope: str, timing: Timing, at: int) -> html.Div:
    """The page of one of the times under the unit of its address: value, definition, what it rests on, records."""
    words, definition = view.words, TIMINGS[name]
    rows = [
        (words("figure.median"), length(words, timing.median, timing.median_least)),
        (words("figure.p90"), length(words, timing.p90, timing.p90_least)),
        (words("react.of"), words.number(timing.count)),
        (words("react.open"), words.number(timing.open)),
    ]
    table = [html.Tr([html.Th(head, scope="row"), html.Td(value, className="number")]) for head, value in rows]
    return frame.page(
        view,
        place,
        definition.say("name", view.lang),
        [Crumb(words("nav.overview"), view.to()), Crumb(words("react.title"), view.to("alerts", "units"))],
        [
            html.P([html.Strong(rows[0][1], className="figure-value"), html.Span(scope, className="quiet")],
                   className="standing"),
            html.Table(html.Tbody(table), className="plain"),
            html.H2(words("figure.formula")),
            html.P(definition.say("meaning", view.lang)),
            html.P(words("react.least.about"), className="footnote"),
            html.H2(words("react.source")),
            html.P(definition.say("source", view.lang)),
            html.P(words("figure.counted", moment=words.moment(at)), className="footnote"),
        ],
        at,
    )  # fmt: skip
