"""One alert: how it stands, its facts in plain words, decisions that stand, what became of it, the forms to act."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from dash import html
from dash.development.base_component import Component

from layouts.desk import alert_forms, alerts, frame
from layouts.desk.address import View
from layouts.desk.alert_story import history
from layouts.desk.alert_words import Called, about, address, last_day, own_page, rule_name
from layouts.desk.frame import Crumb
from layouts.place import Place
from layouts.words import Words
from opscentre.domain.alert_desk import Listed, Mark
from opscentre.domain.alert_story import Step
from opscentre.domain.calendar import Calendar


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is told."""

    alert: Listed
    steps: Sequence[Step]
    #: Other alerts on the same subject.
    beside: Sequence[Listed]
    called: Called
    #: The calendar of the unit's own office.
    calendar: Calendar
    #: Which decisions whoever looks may end: ``ack``, ``silence``.
    ends: frozenset[str]


def layout(view: View, place: Place, told: Told, forms: Sequence[Component], at: int) -> html.Div:
    """The page as of ``at``."""
    words, alert = view.words, told.alert
    name = rule_name(words, told.called, alert.rule)
    return frame.page(
        view,
        place,
        f"{name} · {about(words, told.called, alert.subject)}",
        [Crumb(words("nav.overview"), view.to()), Crumb(words("alerts.title"), view.to("alerts"))],
        [
            html.Div(standing(view, told, at), id=alert_forms.STANDING),
            *forms,
            html.Div(live(view, told, at), id=alert_forms.LIVE),
        ],
        at,
    )


def standing(view: View, told: Told, at: int) -> html.P:
    """How it stands with people: the first thing that an action changes."""
    words, alert = view.words, told.alert
    role = {"raised": "bad", "sent": "bad", "waiting": "warn", "silenced": "warn"}.get(alert.state, "good")
    said = html.Strong(alerts.standing(words, alert, at), className=role)
    return html.P([alerts.severity(words, alert.severity), said], className="standing")


def live(view: View, told: Told, at: int) -> list[Component]:
    """What else an action changes: the decisions, the history."""
    words = view.words
    return [
        html.Div(
            className="columns",
            children=[
                html.Section([html.H2(words("alert.facts")), _facts(view, told, at),
                              html.H2(words("alert.decisions")), _decisions(view, told), *_beside(view, told, at)]),
                html.Section([html.H2(words("alert.history")), history(view, told.called, told.steps),
                              html.P(words("story.note"), className="footnote")
                              if any(step.kind == "opened" for step in told.steps) else None]),
            ],
        ),
    ]  # fmt: skip


def _facts(view: View, told: Told, at: int) -> html.Table:
    words, alert, called = view.words, told.alert, told.called
    where = address(view, alert.subject)
    subject = about(words, called, alert.subject)
    unit: Any = html.A(called.unit(alert.unit), href=view.to("unit", alert.unit)) if alert.unit else ""
    rows: list[tuple[str, Any]] = [
        ("about", html.A(subject, href=where) if where else subject),
        ("unit", unit if not alert.subject.startswith("unit:") else ""),
        ("rule", rule_name(words, called, alert.rule)),
        *_numbers(words, told, at),
        ("assigned", alert.assigned),
        ("since", words.moment(alert.since)),
        ("fired", words.moment(alert.fired_at)),
        ("resolved", words.moment(alert.resolved_at) if alert.resolved_at else ""),
        ("episode", str(alert.episode) if alert.episode > 1 else ""),
    ]
    return html.Table(
        html.Tbody(
            [html.Tr([html.Th(words(f"fact.{key}"), scope="row"), html.Td(shown)]) for key, shown in rows if shown]
        ),
        className="plain",
    )


def _numbers(words: Words, told: Told, at: int) -> list[tuple[str, str]]:
    """The facts that the rule found, in words."""
    facts, found = told.alert.facts, []
    if "due" in facts:
        due = int(facts["due"])
        late = told.calendar.working_time(due, at) if at > due else told.calendar.working_time(at, due)
        found = [("due", words.moment(due))]
        if told.alert.state != "resolved":
            key = "late" if at > due else "left"
            found.append((key, words.working(late)))
    if "overdue" in facts:
        load = words("fact.load.text", overdue=words.number(facts["overdue"]), all=words.number(facts["in_process"]))
        found.append(("load", load))
    if "median" in facts:
        found.append(("median", words.length(int(facts["median"]))))
    if "ends" in facts:
        found.append(("ends", words.moment(int(facts["ends"]))))
    for key in ("waiting", "failed", "count"):
        if facts.get(key):
            found.append((key, words.number(int(facts[key]))))
    if facts.get("error"):
        found.append(("error", str(facts["error"])))
    return found


def _decisions(view: View, told: Told) -> Component:
    words = view.words
    if not told.alert.marks:
        return html.P(words("alert.decisions.none"), className="quiet")
    return html.Ul([_decision(view, told, one) for one in told.alert.marks], className="decisions")


def _decision(view: View, told: Told, one: Mark) -> html.Li:
    words = view.words
    if one.kind == "silence":
        scope = "subject" if one.subject else "unit" if one.unit else "rule"
        until = words("alert.silence.until", moment=words.moment(one.until))
        what = f"{until} · {words(f'alert.silence.{scope}')}"
    elif one.until is not None:
        what = words("alert.ack.until", day=last_day(words, one.until))
    else:
        what = words("alert.ack.over")
    who = told.called.recipient(one.author) if "@" in one.author else one.author
    said = html.Div([html.Strong(what), html.Span(f"{who} · {words.moment(one.at)}", className="quiet"),
                     html.Span(one.reason)])  # fmt: skip
    return html.Li([said, alert_forms.end_button(view, one.id, what) if one.kind in told.ends else None])


def _beside(view: View, told: Told, at: int) -> list[Component]:
    words = view.words
    if not told.beside:
        return []
    rows = [
        html.Li(
            [
                html.A(rule_name(words, told.called, one.rule), href=own_page(view, one), className="tap"),
                html.Span(alerts.standing(words, one, at), className="quiet"),
            ]
        )
        for one in told.beside
    ]
    return [html.H2(words("alert.beside")), html.Ul(rows, className="decisions")]
