"""A dossier's page: how it stands, its clock running and paused, its due moments, everything that happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from dash import html
from dash.development.base_component import Component

from layouts.desk import alert_story, due_walk, frame, timeline
from layouts.desk.address import View
from layouts.desk.alert_words import Called
from layouts.desk.frame import Crumb
from layouts.desk.mark import mark
from layouts.desk.timeline import Event, Span
from layouts.place import Place
from layouts.words import DASH, Words
from opscentre.domain.alert_story import Step
from opscentre.domain.calendar import Calendar
from opscentre.domain.deadlines import parse_limit
from opscentre.domain.fold import DossierState
from opscentre.domain.life import Kind, Standing, Verdict, due_at, finished_at, standing_at
from opscentre.domain.listing import Change
from opscentre.domain.moments import DAY
from opscentre.domain.pauses import ApologyStanding, apology_standing

#: Without a change at its source for this long, an open dossier's page says so.
SILENT = 15 * DAY


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the page is told beside the dossier itself."""

    state: DossierState
    changes: Sequence[Change]
    unit: str
    field: str
    procedure: str
    source: str
    #: The procedure's limit (``3d``); empty: not known.
    limit: str
    calendar: Calendar
    #: What became of its alerts, and what things go by there.
    told: Sequence[Step]
    called: Called


def layout(
    view: View, place: Place, facts: Facts, crumbs: Sequence[Crumb], extra: Sequence[Component], at: int
) -> html.Div:
    """The page as of ``at``; ``extra`` follows (notes)."""
    words, state = view.words, facts.state
    return frame.page(
        view,
        place,
        words("dossier.title", number=state.snapshot.number),
        crumbs,
        [
            html.P(facts.procedure, className="about"),
            _standing(words, state, facts.calendar, at),
            *_remarks(words, facts, at),
            html.H2(words("clock.title")),
            _clock(words, timeline.spans(state, at, facts.calendar)),
            html.Div(
                className="columns",
                children=[
                    html.Section([html.H2(words("line.title")), _line(view, facts),
                                  *_forgotten(words, facts.changes)]),
                    html.Section([html.H2(words("dues.title")), _dues(words, facts, at),
                                  html.H2(words("dossier.facts")), _facts(words, facts, at)]),
                ],
            ),
            *extra,
        ],
        at,
    )  # fmt: skip


def slip_section(view: View, source: str, number: str) -> html.Section:
    """Where the apology slip of a dossier is fetched, as files to sign and to fill in."""
    address = f"/slip/{quote(source, safe='')}/{quote(number, safe='')}"
    links = [
        html.A(view.words(f"slip.{ending}"), href=f"{address}.{ending}", className="tap", download="")
        for ending in ("pdf", "docx")
    ]
    about = html.P(view.words("slip.about"), className="quiet")
    return html.Section([html.H2(view.words("slip.title")), about, html.P(links, className="exports")])


def _standing(words: Words, state: DossierState, calendar: Calendar, at: int) -> html.P:
    standing = standing_at(state, at)
    text, role = _said(words, state, standing, calendar, at)
    status = words.status(state.snapshot.status)
    return html.P([html.Span(status, className="quiet"), html.Strong(text, className=role)], className="standing")


def _said(words: Words, state: DossierState, standing: Standing, calendar: Calendar, at: int) -> tuple[str, str]:
    """How it stands in words, and the role of their colour."""
    since, due = standing.since, standing.due
    late = standing.verdict is Verdict.OVERDUE
    if standing.kind is Kind.WAITING:
        filed = state.snapshot.submitted
        if filed is None:
            return words("dossier.waiting.plain"), ""
        until = calendar.reception_due(filed)
        return words("dossier.waiting", moment=words.moment(until)), "bad" if at > until else ""
    if standing.kind is Kind.REFUSED:
        return words("dossier.refused"), ""
    if standing.kind is Kind.FINISHED and since is not None:
        length = words.length(since - due) if late and due is not None else ""
        return words(f"dossier.verdict.{standing.verdict.value}", length=length), "bad" if late else "good"
    if standing.kind is Kind.PAUSED and since is not None:
        return words("dossier.paused.late" if late else "dossier.paused", length=words.length(at - since)), "warn"
    if standing.kind is Kind.IN_PROCESS:
        if due is None:
            return words("dossier.open.none"), ""
        key = "dossier.open.late" if late else "dossier.open.left"
        return words(key, length=words.length(abs(at - due))), "bad" if late else ""
    return words("dossier.unknown"), ""


def _remarks(words: Words, facts: Facts, at: int) -> list[Component]:
    """What to know beside the standing: seen late by sync, silent, apologies."""
    found = [*_by_sync(words, facts), *_silence(words, facts.state, at)]
    apology = apology_standing(facts.state, at)
    late = standing_at(facts.state, at).verdict is Verdict.OVERDUE
    # Whoever waits for the citizen owes nobody an apology yet.
    if apology is not ApologyStanding.NOT_DUE and (late or facts.state.snapshot.apologies):
        found.append((words("apology.title"), words(f"apology.{apology.value}")))
    return [html.P([html.Strong(title), " · ", text], className="remark") for title, text in found]


def _by_sync(words: Words, facts: Facts) -> list[tuple[str, str]]:
    state, snapshot = facts.state, facts.state.snapshot
    found = []
    ended = finished_at(state)
    # The first look at a dossier tells nothing of how late its source is.
    moves = [change for change in facts.changes if change.kind == "status" and change.from_status is not None]
    told = [change.seen for change in moves if change.at == ended]
    due = due_at(state, ended) if ended is not None else None
    if ended is not None and due is not None and told and ended <= due < told[0]:
        found.append((words("sync.title"), words("sync.finished", length=words.length(told[0] - due))))
    late = [change for change in facts.changes if change.kind == "reception_overdue"]
    if late and snapshot.received is not None and snapshot.received <= late[0].at:
        seen = [change.seen for change in moves if change.seen > late[0].at]
        if seen:
            found.append((words("sync.title"), words("sync.received", length=words.length(min(seen) - late[0].at))))
    return found


def _silence(words: Words, state: DossierState, at: int) -> list[tuple[str, str]]:
    quiet = at - state.snapshot.version
    open_ = standing_at(state, at).kind in (Kind.IN_PROCESS, Kind.PAUSED, Kind.WAITING)
    return (
        [(words("list.silent"), words("sync.silent", length=words.length(quiet)))] if open_ and quiet >= SILENT else []
    )


def _clock(words: Words, spans: Sequence[Span]) -> html.Div | html.P:
    """The clock as a bar, and in words below it: the bar alone would say it by colour."""
    if not spans:
        return html.P(words("clock.none"), className="quiet")
    whole = spans[-1].until - spans[0].since
    said = [
        words("clock.span", since=words.moment(span.since), until=words.moment(span.until),
              kind=words(f"clock.{span.kind}"), worked=words.working(span.worked))
        for span in spans
    ]  # fmt: skip
    bar = html.Div(
        className="clock-bar",
        **mark(aria_hidden="true"),
        children=[
            html.Span(
                className=f"span-{span.kind}", style={"flexGrow": max(1, (span.until - span.since) * 1000 // whole)}
            )
            for span in spans
        ],
    )
    rows = [
        html.Li([html.Span(className=f"key span-{span.kind}"), html.Span(text)])
        for span, text in zip(spans, said, strict=True)
    ]
    return html.Div([bar, html.Ul(rows, className="clock-keys")])


def _line(view: View, facts: Facts) -> Component:
    """Everything that happened: to the dossier, and to the alerts about it."""
    words, snapshot = view.words, facts.state.snapshot
    found = [(event.at, _event(words, event)) for event in timeline.events(facts.state, facts.changes)]
    key = f"{snapshot.source}/{snapshot.number}"
    found += [(step.at, alert_story.beside(view, facts.called, step, key)) for step in facts.told]
    if not found:
        return html.P(words("line.none"), className="quiet")
    return html.Ol([item for _, item in sorted(found, key=lambda one: one[0])], className="line")


def _forgotten(words: Words, changes: Sequence[Change]) -> list[Component]:
    """That what was noticed first is no longer kept, where it is not: nothing must look as if it had not been."""
    if any(change.kind == "status" and change.from_status is None for change in changes):
        return []
    return [html.P(words("line.forgotten"), className="quiet")]


def _event(words: Words, event: Event) -> html.Li:
    values: dict[str, Any] = {}
    if event.kind in ("step", "seen"):
        values["status"] = words.status(event.status)
    if event.kind == "apology":
        values["due"] = words.moment(event.due)
    remarks = []
    if event.late_seen is not None:
        remarks.append(words("line.late_seen", length=words.length(event.late_seen)))
    if event.anomaly:
        remarks.append(words("line.anomaly"))
    role = {"overdue": "bad", "reception_overdue": "bad", "due_soon": "warn"}.get(event.kind, "")
    return html.Li(
        className=f"line-{event.kind}",
        children=[
            html.Span(words.moment(event.at), className="when"),
            html.Span(words(f"line.{event.kind}", **values), className=role),
            html.Span(" · ".join(remarks), className="quiet") if remarks else None,
        ],
    )


def _dues(words: Words, facts: Facts, at: int) -> Component:
    known = timeline.dues(facts.state)
    rows = [
        html.Tr([html.Td(words.moment(one.since), className="when"), html.Td(words.moment(one.due), className="when"),
                 html.Td(words(f"dues.{one.why}"))])
        for one in known
    ]  # fmt: skip
    limit = parse_limit(facts.limit)
    steps = timeline.limit_walk(facts.state, facts.limit, at, facts.calendar)
    by_limit = timeline.due_by_limit(steps)
    if by_limit is not None:
        named = words(f"limit.{limit.kind}", number=limit.number)
        rows.append(html.Tr([html.Td(DASH), html.Td(words.moment(by_limit), className="when"),
                             html.Td(words("dues.limit", limit=named))], className="quiet"))  # fmt: skip
    if not rows:
        return html.P(words("dues.none"), className="quiet")
    heads = [html.Th(words(f"dues.{name}"), scope="col") for name in ("when", "due", "why")]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="plain")
    return html.Div([table, *due_walk.section(words, limit, steps, facts.calendar)])


def _facts(words: Words, facts: Facts, at: int) -> Component:
    snapshot = facts.state.snapshot
    values = [
        ("unit", facts.unit),
        ("unit_seen", snapshot.unit_seen),
        ("field", facts.field),
        ("procedure", facts.procedure),
        ("channel", words(f"channel.{snapshot.channel}")),
        ("submitted", words.moment(snapshot.submitted)),
        ("received", words.moment(snapshot.received)),
        ("due", words.moment(due_at(facts.state, at))),
        ("finished", words.moment(finished_at(facts.state))),
        ("source", facts.source),
        ("seen", words.moment(snapshot.observed)),
        ("changed", words.moment(snapshot.version or None)),
    ]
    rows = [html.Tr([html.Th(words(f"dossier.{key}"), scope="row"), html.Td(text)]) for key, text in values if text]
    return html.Div(
        [html.Table(html.Tbody(rows), className="plain"), html.P(words("dossier.privacy"), className="footnote")]
    )
