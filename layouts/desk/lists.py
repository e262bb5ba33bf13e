"""Lists of dossiers: overdue, due soon, reception late, paused, silent; and what a search found."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from layouts.desk import frame
from layouts.desk.address import View
from layouts.desk.dossiers import Name, count_text, exports, pages, rows
from layouts.desk.frame import Crumb, Option
from layouts.desk.mark import mark
from layouts.place import Place
from opscentre.domain.listing import LISTS, Listing, ListName

#: Rows of a page.
SIZE = 50
#: What a search shows at most, and how many letters and digits it wants at least.
FOUND, SHORTEST = 50, 3
#: Names of one kind that a search shows at most.
NAMED = 12
#: Names that a search found: unit, field or procedure, and each with where it leads.
Named = tuple[str, Sequence[tuple[str, str]]]


def layout(
    view: View, place: Place, name: ListName, listing: Listing, unit: Name, procedure: Name,
    fields: Sequence[Option], crumbs: Sequence[Crumb], at: int,
) -> html.Div:  # fmt: skip
    """One page of a list."""
    words = view.words
    choices: list[tuple[str, Sequence[Option]]] = [
        ("unit", frame.unit_options(view, place)),
        ("level", frame.level_options(words)),
        ("field", frame.all_and(words, fields)),
        ("channel", frame.channel_options(words)),
        ("sort", [Option("old", words("sort.old")), Option("new", words("sort.new"))]),
    ]
    if name == "silent":
        choices.append(
            (
                "days",
                [Option(str(days), words("filter.day", count=days)) for days in sorted({7, 15, 30, 60, 90, view.days})],
            )
        )
    return frame.page(
        view,
        place,
        words(f"list.{name}"),
        crumbs,
        [
            _tabs(view, name),
            html.P(words(f"list.about.{name}", days=view.days), className="about"),
            frame.filters(view, choices, ("procedure",)),
            html.Div(
                className="list-head",
                children=[
                    html.P(count_text(view, listing.total), className="count", role="status"),
                    exports(view, name),
                ],
            ),
            rows(view, name, listing.rows, unit, procedure, at) if listing.rows else _none(view),
            pages(view, listing),
        ],
        at,
    )


def found(
    view: View, place: Place, listing: Listing | None, unit: Name, procedure: Name, at: int, named: Sequence[Named]
) -> html.Div:
    """What a search found, the units, fields and procedures of that name first; None: nothing was looked for."""
    words = view.words
    said: list[Component]
    if listing is None:
        said = [html.P(words("search.short", count=SHORTEST), className="empty")]
    elif not listing.rows:
        key = "none" if any(names for _, names in named) else "nothing"
        said = [html.P(words(f"search.{key}", part=view.q), className="empty")]
    else:
        said = [
            html.P(_found_text(view, listing), className="count", role="status"),
            rows(view, "all", listing.rows, unit, procedure, at, "found"),
        ]
    above = [part for kind, names in named if names for part in _named(view, kind, names)]
    crumbs = [Crumb(words("nav.overview"), view.to())]
    return frame.page(view, place, words("search.title"), crumbs, [*above, *said], at)


def _found_text(view: View, listing: Listing) -> str:
    count = len(listing.rows)
    if listing.total > count:
        return view.words("search.more", count=count)
    return view.words("search.found.one" if count == 1 else "search.found", count=count, part=view.q)


def _named(view: View, kind: str, names: Sequence[tuple[str, str]]) -> list[Component]:
    words, rest = view.words, len(names) - NAMED
    shown = [html.Li(html.A(name, href=href, className="chip")) for name, href in names[:NAMED]]
    if rest > 0:
        shown.append(html.Li(words("search.rest", count=words.number(rest)), className="quiet"))
    return [html.H2(words(f"by.{kind}")), html.Ul(shown, className="named")]


def _tabs(view: View, name: str) -> html.Nav:
    words = view.words
    query = {
        key: value for key, value in view.query(after=None).items() if key in ("unit", "field", "channel", "level")
    }
    return html.Nav(
        className="periods",
        **mark(aria_label=words("nav.lists")),
        children=[
            html.A(words(f"list.{one}"), href=view.to("list", one, **query),
                   className="chip is-here" if one == name else "chip",
                   **mark(aria_current="page" if one == name else None))
            for one in LISTS
        ],
    )  # fmt: skip


def _none(view: View) -> html.P:
    return html.P(view.words("list.none"), className="empty")
