"""The list of alerts: states with their counts, filters, rows by severity and age, and how each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component

from layouts.desk import frame
from layouts.desk.address import ORDERS, View
from layouts.desk.alert_words import Called, about, address, last_day, own_page, rule_name
from layouts.desk.frame import Crumb, Option
from layouts.desk.mark import mark
from layouts.place import Place
from layouts.words import DASH, Words
from layouts.words_catalogue import CATALOGUE
from opscentre.domain.alert_desk import OPEN_STATES, SEVERITIES, Listed

#: Rows of a page.
SIZE = 50
#: The role of the colour of a severity, which has a sign and a word as well.
_ROLES = {"critical": "bad", "warning": "warn", "info": ""}


def layout(
    view: View, place: Place, rows: Sequence[Listed], counts: Mapping[str, int], total: int, called: Called,
    extra: Sequence[Component], at: int,
) -> html.Div:  # fmt: skip
    """One page of the list; ``extra`` stands above it (ways that do not work)."""
    words = view.words
    kinds = sorted(key.removeprefix("kind.") for key in CATALOGUE if key.startswith("kind."))
    choices = (
        ("severity", frame.all_and(words, (Option(name, words(f"severity.{name}")) for name in SEVERITIES))),
        ("kind", frame.all_and(words, (Option(kind, words(f"kind.{kind}")) for kind in kinds))),
        ("unit", frame.unit_options(view, place)),
        ("order", [Option(name, words(f"order.{name}")) for name in ORDERS]),
    )
    count = words("alerts.count.one") if total == 1 else words("alerts.count", count=words.number(total))
    return frame.page(
        view,
        place,
        words("alerts.title"),
        [Crumb(words("nav.overview"), view.to())],
        [
            tabs(view, "list"),
            *extra,
            _states(view, counts),
            frame.filters(view, choices, ("state",)),
            html.P(count, className="count", role="status"),
            _table(view, rows, called, at) if rows else html.P(words("alerts.none"), className="empty"),
            _pages(view, total),
        ],
        at,
    )


def tabs(view: View, here: str) -> html.Nav:
    """The two parts of the alerts' page."""
    words = view.words
    parts = (("list", view.to("alerts")), ("units", view.to("alerts", "units")))
    return html.Nav(
        className="periods",
        **mark(aria_label=words("alerts.tabs")),
        children=[
            html.A(words(f"alerts.tab.{name}"), href=href, className="chip is-here" if name == here else "chip",
                   **mark(aria_current="page" if name == here else None))
            for name, href in parts
        ],
    )  # fmt: skip


def _states(view: View, counts: Mapping[str, int]) -> html.Nav:
    """Every state with how many there are, as links."""
    words = view.words
    sums = {
        "": sum(counts.get(name, 0) for name in OPEN_STATES),
        "unanswered": sum(counts.get(name, 0) for name in ("raised", "waiting", "sent")),
    }
    names = ("", "unanswered", *OPEN_STATES, "resolved")
    here = view.state or ""
    return html.Nav(
        className="states",
        **mark(aria_label=words("alerts.states")),
        children=[
            html.A(
                className="state-tile is-here" if name == here else "state-tile",
                href=view.here(state=name or None, after=None),
                **mark(aria_current="true" if name == here else None),
                children=[
                    html.Span(words(f"state.{name or 'open'}"), className="figure-name"),
                    html.Strong(words.number(sums.get(name, counts.get(name, 0)))),
                ],
            )
            for name in names
        ],
    )


def _table(view: View, rows: Sequence[Listed], called: Called, at: int) -> html.Div:
    words = view.words
    heads = ("what", "about", "state", "since")
    return html.Div(
        className="scroll",
        role="region",
        tabIndex="0",
        **mark(aria_label=words("alerts.title")),
        children=html.Table(
            className="dossiers alerts",
            children=[
                html.Thead(html.Tr([html.Th(words(f"alerts.{head}"), scope="col") for head in heads])),
                html.Tbody([_row(view, row, called, at) for row in rows]),
            ],
        ),
    )


def _row(view: View, row: Listed, called: Called, at: int) -> html.Tr:
    words = view.words
    where = address(view, row.subject)
    subject = about(words, called, row.subject)
    unit = called.unit(row.unit) if row.unit and not row.subject.startswith("unit:") else ""
    over = row.resolved_at if row.state == "resolved" else None
    said = (
        words("alerts.over", moment=words.moment(over))
        if over
        else words("alerts.ago", length=words.length(at - row.since))
    )
    return html.Tr(
        [
            html.Th(
                scope="row",
                className="number",
                children=[
                    html.A(rule_name(words, called, row.rule), href=own_page(view, row)),
                    severity(words, row.severity),
                ],
            ),
            html.Td([html.Span(html.A(subject, href=where) if where else subject), html.Span(unit, className="quiet")]),
            html.Td(
                [
                    html.Span(standing(words, row, at), className=f"is-main is-{row.state}"),
                    html.Span(words("alerts.to", who=row.assigned), className="quiet") if row.assigned else None,
                ]
            ),
            html.Td([html.Span(words.moment(row.since)), html.Span(said, className="quiet")], className="when"),
        ]
    )


def severity(words: Words, name: str) -> html.Span:
    """A severity: a sign of its own shape, and its word."""
    return html.Span(words(f"severity.sign.{name}"), className=f"quiet {_ROLES.get(name, '')}")


def standing(words: Words, row: Listed, now: int) -> str:
    """How an alert stands with people, in a sentence."""
    wanted = {"silenced": "silence", "promised": "ack", "acknowledged": "ack"}.get(row.state)
    held = [one for one in row.marks if one.kind == wanted and (row.state != "promised" or one.until is not None)]
    who = held[0].author if held else DASH
    until = held[0].until if held else None
    if row.state == "waiting":
        late = row.waits_until is None or row.waits_until <= now
        return words("state.one.leaving") if late else words("state.one.waiting", moment=words.moment(row.waits_until))
    if row.state == "promised":
        return words("state.one.promised", day=last_day(words, until) if until else DASH, who=who)
    if row.state == "silenced":
        return words("state.one.silenced", moment=words.moment(until), who=who)
    if row.state == "acknowledged":
        return words("state.one.acknowledged", who=who)
    if row.state == "raised":
        return words("state.one.raised")
    at = row.resolved_at if row.state == "resolved" else row.told_at
    return words(f"state.one.{row.state}", moment=words.moment(at))


def _pages(view: View, total: int) -> html.P:
    words = view.words
    first = first_of(view)
    links = []
    if first:
        links.append(html.A(words("alerts.first"), href=view.here(after=None), className="tap"))
    if first + SIZE < total:
        links.append(html.A(words("alerts.next"), href=view.here(after=str(first + SIZE)), className="tap is-main"))
    return html.P(links, className="paging")


def first_of(view: View) -> int:
    """The row at which a page begins."""
    after = view.after or ""
    return int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0
