"""The page of one figure: its value, its formula, numerator and denominator, how old it is and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from layouts.definitions import BEHIND, DEFINITIONS, share_of, value_of
from layouts.desk import frame
from layouts.desk.address import View
from layouts.desk.frame import Crumb
from layouts.place import Place
from layouts.words import DASH

Cells = dict[str, dict[str, int]]
#: The looks of a source's state that is no fault.
_LOOKS = {"fresh": "", "paused": "warn"}


class FeedAge(NamedTuple):
    """A source that feeds the figure."""

    name: str
    #: Real ms since its last good poll; None: never.
    age: int | None
    #: As ``layouts.states.source_state`` has it.
    state: str


def layout(
    view: View, place: Place, figure: str, cells: Cells, scope: str, sources: Sequence[FeedAge],
    crumbs: Sequence[Crumb], at: int,
) -> html.Div:  # fmt: skip
    """The page; ``scope`` says of which unit, field, procedure, channel the figure is."""
    words, definition = view.words, DEFINITIONS[figure]
    if definition.denominator:
        value = words.percent(share_of(cells, figure))
    else:
        value = words.number(value_of(cells, definition.numerator))
    links = []
    behind = BEHIND.get(figure)
    if behind and view.period.end > view.today:
        query = {name: value for name, value in view.query().items() if name in _FILTERS}
        links.append(html.A(words("figure.behind"), href=view.to("list", behind, **query), className="tap is-main"))
    return frame.page(
        view,
        place,
        definition.say("name", view.lang),
        crumbs,
        [
            html.P(
                [html.Strong(value, className="figure-value"), html.Span(scope, className="quiet")],
                className="standing",
            ),
            html.P(links, className="paging") if links else None,
            html.H2(words("figure.formula")),
            html.P(definition.say("meaning", view.lang)),
            _parts(view, words("figure.numerator"), definition.numerator, cells),
            _parts(view, words("figure.denominator"), definition.denominator, cells)
            if definition.denominator
            else None,
            html.H2(words("figure.source")),
            html.P(words("figure.counted", moment=words.moment(at))),
            _sources(view, sources),
            html.P(words("figure.document"), className="footnote"),
        ],
        at,
    )


_FILTERS = ("unit", "field", "procedure", "channel", "level")


def _parts(view: View, title: str, figures: Sequence[str], cells: Cells) -> Component:
    words = view.words
    rows = [
        html.Tr(
            [
                html.Th(DEFINITIONS[figure].say("name", view.lang), scope="row"),
                html.Td(words.number(value_of(cells, (figure,))), className="number"),
            ]
        )
        for figure in figures
    ]
    if len(figures) > 1:
        whole = words.number(value_of(cells, tuple(figures)))
        rows.append(
            html.Tr([html.Th(words("table.sum"), scope="row"), html.Td(whole, className="number")], className="sum")
        )
    return html.Table([html.Caption(title), html.Tbody(rows)], className="plain")


def _sources(view: View, sources: Sequence[FeedAge]) -> Component:
    words = view.words
    if not sources:
        return html.P(words("figure.nosource"), className="quiet")
    rows = [
        html.Tr(
            [
                html.Th(source.name, scope="row"),
                html.Td(DASH if source.age is None else words("figure.age", length=words.length(source.age))),
                html.Td(words(f"figure.{source.state}"), className=_LOOKS.get(source.state, "bad")),
            ]
        )
        for source in sources
    ]
    return html.Table([html.Caption(words("figure.feeds")), html.Tbody(rows)], className="plain feeds")
