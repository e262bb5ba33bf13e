"""What every page shares: head with search and language, breadcrumb, period and filters, age, messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from dash import dcc, html
from dash.development.base_component import Component

from layouts.desk.address import LEVELS, View
from layouts.desk.mark import mark
from layouts.place import Place
from layouts.words import Words
from opscentre.access.people import signed_in
from opscentre.access.rights import Action
from opscentre.domain.listing import PERIODS, period_of
from opscentre.domain.moments import MINUTE

#: Figures of a moment this long ago (ms) are those of a period that is over, not old ones of now.
PAST = 10 * MINUTE
#: The page of one's own account.
ACCOUNT = "/account"
#: Pages of the navigation that not everybody sees.
_ASKS = {
    "list": Action.see_dossier,
    "alerts": Action.see_dossier,
    "wall": Action.see_wall,
    "admin": Action.administer_sources,
    "walls": Action.control_walls,
}


class Crumb(NamedTuple):
    """A step of the way to a page."""

    name: str
    href: str


class Option(NamedTuple):
    """One choice of a select."""

    value: str
    name: str


def page(
    view: View, place: Place, title: str, crumbs: Sequence[Crumb], children: Iterable[Any], at: int | None = None
) -> html.Div:
    """A whole page; ``at`` is the moment of its figures (product's clock, ms)."""
    words = view.words
    return html.Div(
        className="home desk",
        id="desk",
        lang=view.lang,
        **mark(
            data_title=f"{title} · {place.title}",
            data_lang=view.lang,
            data_page=f"{view.here()}#{at}",
            data_offline=view.words("offline"),
            data_said=None if view.lang == "vi" else msgspec.json.encode(words.said()).decode(),
        ),
        children=[
            html.A(words("nav.skip"), href="#content", className="skip"),
            html.Header(
                className="desk-head",
                children=[
                    html.A(place.title, href=view.to(), className="desk-name"),
                    _search(view) if view.offers(Action.see_dossier) else None,
                    html.P(
                        className="notice",
                        role="status",
                        children=[
                            html.Span(className="notice-mark"),
                            html.Span(words("notice.connecting"), id="notice-text"),
                        ],
                    ),
                    html.Div([*_account(view), _language(view)], className="person"),
                ],
            ),
            _navigation(view),
            html.Main(
                id="content",
                tabIndex="-1",
                children=[
                    _crumbs(view, crumbs, title),
                    html.Div(
                        className="title-line",
                        children=[html.H1(title, tabIndex="-1"), _age(view, at) if at is not None else None],
                    ),
                    *children,
                ],
            ),
        ],
    )


def _search(view: View) -> html.Form:
    words = view.words
    return html.Form(
        action="/search",
        method="GET",
        role="search",
        className="search",
        **_keeping(view, ("lang",)),
        children=[
            html.Label(words("search.label"), htmlFor="search-q", className="unseen"),
            dcc.Input(id="search-q", name="q", type="search", value=view.q, placeholder=words("search.hint"),
                      maxLength=128, autoComplete="off"),
            html.Button(words("search.go"), type="submit", className="tap"),
        ],
    )  # fmt: skip


def _navigation(view: View) -> html.Nav:
    words = view.words
    pages = (
        ("", words("nav.overview"), view.to()),
        ("table", words("nav.table"), view.to("table")),
        ("list", words("nav.lists"), view.to("list", "overdue")),
        ("alerts", words("nav.alerts"), view.to("alerts")),
        ("compare", words("nav.compare"), view.to("compare")),
        ("wall", words("nav.wall"), "/wall"),
        ("walls", words("nav.walls"), view.to("walls")),
        ("admin", words("nav.admin"), "/admin"),
    )
    hidden = {name for name, action in _ASKS.items() if not view.offers(action)}
    return html.Nav(
        className="pages",
        **mark(aria_label=words("nav.label")),
        children=[
            *(            html.A(name, href=href, className="is-here" if page == view.page else "",
                   **mark(aria_current="page" if page == view.page else None))
            for page, name, href in pages if page not in hidden),
        ],
    )  # fmt: skip


def _language(view: View) -> html.A:
    """The same page in the other language."""
    other = "en" if view.lang == "vi" else "vi"
    return html.A(view.words("nav.other"), href=view.here(lang=other), lang=other, **mark(data_set_lang=other))


def _account(view: View) -> list[html.A]:
    """The way to one's own account, for whoever signed in."""
    person = signed_in(view.caller)
    return [] if person is None else [html.A(person.name, href=ACCOUNT, className="account")]


def _crumbs(view: View, crumbs: Sequence[Crumb], title: str) -> html.Nav | None:
    if not crumbs:
        return None
    return html.Nav(
        className="crumbs",
        **mark(aria_label=view.words("nav.crumbs")),
        children=html.Ol(
            [*(html.Li(html.A(crumb.name, href=crumb.href)) for crumb in crumbs),
             html.Li(title, **mark(aria_current="page"))]
        ),
    )  # fmt: skip


def _age(view: View, at: int) -> html.P:
    """Of which moment the figures are; where that is about now, their age ticks on the screen."""
    words = view.words
    if view.now - at > PAST:
        said = html.Span(words("age.past", moment=words.moment(at)))
    else:
        text = words("age.at", moment=words.moment(at))
        said = html.Span(text, id="desk-at", **mark(data_age=str(max(0, view.now - at))))
    again = html.A(words("age.again"), href=view.here(), className="tap", **mark(data_again=""))
    # An installed app has no line with an address that could be copied.
    send = html.Button(
        words("share"), type="button", className="tap",
        **mark(data_share="", data_shared=words("share.copied"), data_refused=words("share.refused")),
    )  # fmt: skip
    return html.P([said, again, send], className="age")


def periods(view: View) -> html.Nav:
    """The named periods as links, and the form for days of one's own."""
    words = view.words
    chips = [
        html.A(words(f"period.{name}"), href=view.here(period=period_of(name, view.today), after=None),
               className="chip is-here" if name == view.period.name else "chip",
               **mark(aria_current="true" if name == view.period.name else None))
        for name in PERIODS if name != "custom"
    ]  # fmt: skip
    return html.Nav([*chips, _custom(view)], className="periods", **mark(aria_label=words("period")))


def _custom(view: View) -> html.Details:
    words, period = view.words, view.period
    own = period.name == "custom"
    return html.Details(
        open=own,
        className="custom",
        children=[
            html.Summary(words("period.custom"), className="chip is-here" if own else "chip"),
            html.Form(
                method="GET",
                action=view.here().split("?")[0],
                **_keeping(
                    view,
                    ("lang", "unit", "field", "procedure", "channel", "level", "by", "rank", "units", "days", "sort"),
                ),
                children=[
                    *_date_field(view, "first", words.date(period.first)),
                    *_date_field(view, "last", words.date(period.last)),
                    html.Button(words("filter.apply"), type="submit", className="tap"),
                ],
            ),
        ],
    )


def _date_field(view: View, name: str, value: str) -> list[Component]:
    words = view.words
    return [
        html.Label(words(f"filter.{name}"), htmlFor=f"custom-{name}"),
        dcc.Input(id=f"custom-{name}", name=name, value=value, placeholder=words("filter.date"), size="10",
                  inputMode="numeric", autoComplete="off"),
    ]  # fmt: skip


def filters(view: View, choices: Sequence[tuple[str, Sequence[Option]]], kept: Sequence[str] = ()) -> html.Div:
    """A form of selects, (query name, options) each; ``kept`` names are taken along."""
    words = view.words
    fields: list[Component] = []
    said, chosen_ones = [], {}
    for name, options in choices:
        chosen = getattr(view, name)
        value = "" if chosen is None else str(chosen) or "-"
        if name == "by" or name in view.query():
            found = [option.name for option in options if option.value == value]
            said += [f"{words('by')} {each[:1].lower()}{each[1:]}" for each in found] if name == "by" else found
        if name != "by" and name in view.query():
            chosen_ones[name] = _UNCHOSEN.get(name)
        fields.append(
            html.Div(
                className="field",
                children=[
                    html.Label(words(f"filter.{name}" if name != "by" else "by"), htmlFor=f"filter-{name}"),
                    html.Select(
                        id=f"filter-{name}",
                        name=name,
                        children=[
                            html.Option(option.name, value=option.value, selected=option.value == value)
                            for option in options
                        ],
                    ),
                ],
            )
        )
    if chosen_ones:
        clear = html.A(words("filter.clear"), href=view.here(after=None, **chosen_ones), className="tap")
        return form(view, fields, (*_KEPT_BY_FILTERS, *kept), said, clear)
    return form(view, fields, (*_KEPT_BY_FILTERS, *kept), said)


#: What filters take along where they do not show it themselves.
_KEPT_BY_FILTERS = ("period", "first", "last", "lang", "channel", "level", "rank")
#: Choices that are not cleared to nothing.
_UNCHOSEN = {"sort": "old", "days": 15}


def form(
    view: View, fields: Sequence[Component], kept: Sequence[str], said: Sequence[str], clear: Component | None = None
) -> html.Div:
    """A form of fields that leads to this page with another query; ``kept`` names are taken along.

    On a phone it stands folded behind a button that names what is chosen (``said``).
    """
    words = view.words
    chosen = " · ".join(said) or words("filter.all")
    opener = html.Button(
        html.Span(f"{words('filter.label')}: {chosen}"), type="button", className="tap filter-open",
        **mark(aria_expanded="false", aria_controls="filters"),
    )  # fmt: skip
    return html.Div(
        className="filter-box",
        # A new address is a new form: what was chosen but not sent must not linger.
        key=view.here(),
        children=[
            opener,
            html.Form(
                id="filters",
                method="GET",
                action=view.here().split("?")[0],
                className="filters",
                **mark(aria_label=words("filter.label")),
                **_keeping(view, kept),
                children=[*fields, html.Button(words("filter.apply"), type="submit", className="tap"), clear],
            ),
        ],
    )


def _keeping(view: View, names: Sequence[str]) -> dict[str, Any]:
    """What ``assets/desk.js`` adds to a form's own fields: values of the query that the form does not show."""
    return {"data-keep": urlencode({name: value for name, value in view.query().items() if name in names}, doseq=True)}


def all_and(words: Words, options: Iterable[Option]) -> list[Option]:
    """The options after "all"."""
    return [Option("", words("filter.all")), *options]


def channel_options(words: Words) -> list[Option]:
    """The channels, after "all"."""
    return all_and(words, (Option(str(code), words(f"channel.{code}")) for code in (2, 1, 3)))


def level_options(words: Words) -> list[Option]:
    """The levels of units, after "all"."""
    return all_and(words, (Option(level, words(f"level.{level}")) for level in LEVELS[:3]))


def unit_options(view: View, place: Place) -> list[Option]:
    """The units of today that are seen, after "all"."""
    there = (*place.departments, *place.communes)
    return all_and(view.words, (Option(unit.code, unit.name) for unit in there if view.sees(unit.code)))


def period_text(view: View) -> str:
    """The days of the period: ``01/11/2026 – 30/11/2026``."""
    words, period = view.words, view.period
    if period.first == period.last:
        return words("period.day", first=words.date(period.first))
    return words("period.days", first=words.date(period.first), last=words.date(period.last))


def message(view: View, place: Place, title: str, text: str) -> html.Div:
    """A page that says one thing only."""
    return page(view, place, title, [Crumb(view.words("nav.overview"), view.to())], [html.P(text, className="empty")])
