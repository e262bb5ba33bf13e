"""The province or up to four units side by side, each with the same days of the year before."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from dash import html
from dash.development.base_component import Component

from layouts.definitions import DEFINITIONS, share_of, value_of
from layouts.desk import frame
from layouts.desk.address import COMPARED, WHOLE, View
from layouts.desk.frame import Crumb
from layouts.desk.mark import mark
from layouts.place import Place
from layouts.words import DASH

Cells = dict[str, dict[str, int]]
#: The figures compared, in order.
FIGURES = (
    "received.in_period", "share.online", "finished.total", "share.on_time", "finished.overdue", "in_process.total",
    "in_process.overdue", "paused.total",
)  # fmt: skip


class Compared(msgspec.Struct, frozen=True):
    """The numbers of a unit, or of all (``WHOLE``), of a period and of the same days a year before (None: no data)."""

    code: str
    name: str
    now: Cells
    before: Cells | None


def layout(view: View, place: Place, compared: Sequence[Compared], no_data: str, before_days: str, at: int) -> html.Div:
    """The page. ``no_data`` is the reason why there is nothing of the year before: it is said once, for all cells."""
    words = view.words
    body: list[Component | None]
    if not compared:
        body = [html.P(words("compare.choose"), className="empty")]
    else:
        body = [
            html.P(no_data, className="about") if no_data else None,
            _table(view, compared),
            None if no_data else html.P(words("compare.before", days=before_days), className="footnote"),
        ]
    return frame.page(
        view,
        place,
        f"{words('compare.title')} · {frame.period_text(view)}",
        [Crumb(words("nav.overview"), view.to())],
        [frame.periods(view), _choice(view, place), *body],
        at,
    )


def _choice(view: View, place: Place) -> html.Div:
    """Four selects of units."""
    words = view.words
    there = [unit for unit in (*place.departments, *place.communes) if view.sees(unit.code)]
    units = [("", words("compare.none")), *((unit.code, unit.name) for unit in there)]
    if view.seen is None:
        units.insert(1, (WHOLE, words("table.total")))
    fields = []
    for index in range(COMPARED):
        chosen = view.units[index] if index < len(view.units) else ""
        options = [html.Option(name, value=code, selected=code == chosen) for code, name in units]
        label = html.Label(words("compare.unit", number=index + 1), htmlFor=f"unit-{index}")
        fields.append(html.Div([label, html.Select(options, id=f"unit-{index}", name="units")], className="field"))
    said = [name for code, name in units if code in view.units]
    return frame.form(view, fields, ("period", "first", "last", "lang"), said)


def _table(view: View, compared: Sequence[Compared]) -> html.Div:
    words = view.words
    heads = [html.Th(words("compare.figure"), scope="col", className="name")]
    heads += [html.Th(html.A(one.name, href=_page_of(view, one)), scope="col") for one in compared]
    rows = []
    for figure in FIGURES:
        link = html.A(DEFINITIONS[figure].say("name", view.lang), href=view.to("figure", figure))
        cells = [html.Th(link, scope="row", className="name")]
        rows.append(html.Tr([*cells, *(_cell(view, figure, one) for one in compared)]))
    looks = "compare is-one" if len(compared) == 1 else "compare"
    return html.Div(
        className="scroll",
        role="region",
        tabIndex="0",
        **mark(aria_label=words("compare.title")),
        children=html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className=looks),
    )


def _page_of(view: View, one: Compared) -> str:
    return view.to("table") if one.code == WHOLE else view.to("unit", one.code)


def _cell(view: View, figure: str, one: Compared) -> html.Td:
    """The figure now, and under it what it was with the difference, where there is a year before."""
    words = view.words
    if DEFINITIONS[figure].denominator:
        now, before = share_of(one.now, figure), share_of(one.before, figure) if one.before else None
        text, was, apart = words.percent(now), words.percent(before), ""
        if now is not None and before is not None:
            apart = words("compare.points", value=words.signed((now - before) * 100))
    else:
        numerator = DEFINITIONS[figure].numerator
        count = value_of(one.now, numerator)
        text, was, apart = words.number(count), DASH, ""
        if one.before is not None:
            known = value_of(one.before, numerator)
            was, apart = words.number(known), words.signed_count(count - known)
    href = view.to("figure", figure, unit=None if one.code == WHOLE else one.code)
    shown: list[Component] = [html.A(html.Strong(text), href=href)]
    if one.before is not None:
        under = words("compare.was", value=was) + (f" ({apart})" if apart else "")
        shown.append(html.Span(under, className="quiet"))
    return html.Td(shown)
