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


def found(view: View, place: Place, listing: Listing | None, unit: Name, procedure: Name, at: int) -> html.Div:
    """What a search found; None: nothing was looked for."""
    words = view.words
    said: list[Component]
    if listing is None:
        said = [html.P(words("search.short", count=SHORTEST), className="empty")]
    elif not listing.rows:
        said = [html.P(words("search.none", part=view.q), className="empty")]
    else:
        more = listing.total > len(listing.rows)
        said = [
            html.P(
                words("search.more", count=len(listing.rows)) if more
                else words("search.found", count=len(listing.rows), part=view.q),
                className="count", role="status",
            ),
            rows(view, "all", listing.rows, unit, procedure, at, "found"),
        ]  # fmt: skip
    return frame.page(view, place, words("search.title"), [Crumb(words("nav.overview"), view.to())], said, at)


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
