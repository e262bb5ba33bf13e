"""The callback of the forms on an alert's page: who may is asked here, what is decided is checked here and written."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import dash
from dash import ALL, Input, Output, State
from dash.exceptions import PreventUpdate

from dashboard.desk import Desk
from dashboard.gate import allowed, caller
from layouts.desk import alert
from layouts.desk import alert_forms as forms
from layouts.words import Words
from opscentre.access import scope
from opscentre.access.people import signed_in
from opscentre.access.rights import Action
from opscentre.domain import alert_desk
from opscentre.domain.alert_desk import FURTHEST, LONGEST_SILENCE, BadDecision, Listed
from opscentre.domain.moments import day_of, day_start
from opscentre.store import alert_decisions
from opscentre.store.alert_decisions import By


class Form(NamedTuple):
    """What stands in the forms, in the order of the callback's states."""

    author: str | None
    ack_until: str | None
    ack_date: str | None
    ack_reason: str | None
    to: str | None
    text: str | None
    scope: str | None
    silence_until: str | None
    silence_date: str | None
    silence_reason: str | None


#: The elements of the form, and those that are emptied once it is written.
STATES = (forms.AUTHOR, forms.ACK_UNTIL, forms.ACK_DATE, forms.ACK_REASON, forms.ASSIGN_TO, forms.WRITE_TEXT,
          forms.HUSH_SCOPE, forms.HUSH_UNTIL, forms.HUSH_DATE, forms.HUSH_REASON)  # fmt: skip
EMPTIED = (forms.ACK_REASON, forms.ASSIGN_TO, forms.WRITE_TEXT, forms.HUSH_REASON)
_BUTTONS = {forms.ACK: "ack", forms.ASSIGN: "assign", forms.WRITE: "note", forms.HUSH: "silence"}


def register(application: dash.Dash, desk: Desk) -> None:
    """Add the callback of the forms in ``layouts.desk.alert_forms``."""

    @application.callback(
        Output(forms.STANDING, "children"),
        Output(forms.LIVE, "children"),
        Output(forms.SAID, "children"),
        *[Output(name, "value") for name in EMPTIED],
        *[Input(button, "n_clicks", allow_optional=True) for button in _BUTTONS],
        Input({"type": forms.END, "number": ALL}, "n_clicks"),
        State(forms.SUBJECT, "data"),
        *[State(name, "value", allow_optional=True) for name in STATES],
        prevent_initial_call=True,
    )
    def act(ack: Any, assign: Any, note: Any, silence: Any, ends: list[Any], subject: list[str], *given: Any) -> Any:
        pressed = dash.ctx.triggered_id
        clicks = dash.ctx.triggered[0]["value"] if dash.ctx.triggered else None
        if not clicks or pressed is None:
            raise PreventUpdate
        number = pressed["number"] if isinstance(pressed, dict) else None
        what = "end" if number is not None else _BUTTONS[str(pressed)]
        rule, key, lang = subject
        said, done = decide(desk, rule, key, desk.view("/", f"?lang={lang}").words, what, Form(*given), number)
        if not done:
            return dash.no_update, dash.no_update, said, *[dash.no_update] * len(EMPTIED)
        return *_live(desk, rule, key, lang), said, *[""] * len(EMPTIED)


def _live(desk: Desk, rule: str, key: str, lang: str) -> tuple[Any, Any]:
    told, view, now = desk.alerts.told(rule, key), desk.view("/", f"?lang={lang}"), desk.clock.now()
    if told is None:
        return dash.no_update, dash.no_update
    return alert.standing(view, told, now), alert.live(view, told, now)


def decide(
    desk: Desk, rule: str, key: str, words: Words, what: str, form: Form, number: int | None = None
) -> tuple[str, bool]:
    """Write what somebody decides about an alert; what to tell them, and whether it was written."""
    told = desk.alerts.told(rule, key)
    if told is None or not _may(what, told.alert, form, number):
        return words("act.closed"), False
    person = signed_in(caller())
    by = By(author=person.name if person else form.author or "", who=person.login if person else "",
            now=desk.clock.now(), via="page")  # fmt: skip
    try:
        said, done = _write(desk, told.alert, what, form, by, number)
    except BadDecision as refused:
        return words("act.refused", why=words(f"act.want.{refused.what}")), False
    desk.alerts.forget()
    return words(said), done


def _may(what: str, found: Listed, form: Form, number: int | None) -> bool:
    if what == "end":
        mark = next((mark for mark in found.marks if mark.id == number), None)
        return allowed(Action.silence if mark is not None and mark.kind == "silence" else Action.handle_alert)
    if what == "silence":
        # A rule holds for every unit: only who sees them all may silence it.
        return allowed(Action.silence) and (form.scope != "rule" or scope.current().units is None)
    return allowed(Action.handle_alert)


def _write(desk: Desk, found: Listed, what: str, form: Form, by: By, number: int | None) -> tuple[str, bool]:
    alert_desk.named("author", by.author, alert_desk.NAME)
    open_now = found.state != "resolved"
    if what in ("ack", "silence") and not open_now:
        return "act.over", False
    with desk.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if what == "ack":
            until = None
            if form.ack_until:
                until = alert_desk.ahead(_moment(form.ack_until, form.ack_date), by.now, FURTHEST)
            alert_decisions.acknowledge(connection, found.subject, by, form.ack_reason or "", until)
            return ("act.done.ack" if until is None else "act.done.promise"), True
        if what == "assign":
            alert_decisions.assign(connection, found.subject, by, form.to or "")
        elif what == "note":
            alert_decisions.note(connection, found.subject, by, form.text or "")
        elif what == "silence":
            held = alert_desk.silence_for(form.scope or "", found.subject, found.unit, found.rule)
            until = alert_desk.ahead(_moment(form.silence_until, form.silence_date), by.now, LONGEST_SILENCE)
            alert_decisions.silence(connection, held, by, form.silence_reason or "", until)
        elif (
            number is None
            or number not in [mark.id for mark in found.marks]
            or not alert_decisions.end(connection, number, by)
        ):
            return "act.gone", False
    return f"act.done.{what}", True


def _moment(chosen: str | None, typed: str | None) -> int | None:
    """The moment that was touched, or the end of the day that was typed; None where there is none."""
    if chosen and chosen != forms.OWN:
        return int(chosen) if chosen.isascii() and chosen.isdigit() else None
    try:
        day, month, year = (int(part) for part in (typed or "").strip().split("/"))
        return day_start(day_of(dt.date(year, month, day)) + 1)
    except (ValueError, OverflowError):
        return None
