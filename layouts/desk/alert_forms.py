"""The forms on an alert's page: take it on or promise a day, assign, note, silence; and the ends of decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.desk.address import View
from layouts.desk.mark import mark
from opscentre.domain.alert_desk import NAME, NOTE, REASON, SCOPES
from opscentre.domain.moments import HOUR, date_of, day_number, day_start

#: Element ids that the callback of the forms names.
SUBJECT, STANDING, LIVE, SAID, AUTHOR = "alert-subject", "alert-standing", "alert-live", "alert-said", "alert-author"
ACK, ACK_UNTIL, ACK_DATE, ACK_REASON = "alert-ack", "alert-ack-until", "alert-ack-date", "alert-ack-reason"
ASSIGN, ASSIGN_TO = "alert-assign", "alert-assign-to"
WRITE, WRITE_TEXT = "alert-note", "alert-note-text"
HUSH, HUSH_SCOPE, HUSH_UNTIL, HUSH_DATE, HUSH_REASON = (
    "alert-silence", "alert-silence-scope", "alert-silence-until", "alert-silence-date", "alert-silence-reason",
)  # fmt: skip
#: Kind of the buttons that end a decision; each carries its number.
END = "alert-end"
#: Said by a choice that a typed day stands beside it.
OWN = "own"
#: Days ahead that can be touched.
_DAYS = (1, 3, 7)


def section(
    view: View, identity: tuple[str, str], *, handles: bool, silences: bool, signed: str, scopes: Sequence[str],
    people: Sequence[str], over: bool,
) -> list[Component]:  # fmt: skip
    """The forms that somebody may use. ``signed``: under which name; empty: a name is typed.

    ``scopes``: for what a silence may hold; ``people``: whom it may be given to, beside anybody; ``over``: nothing
    is open any more.
    """
    words = view.words
    if not (handles or silences):
        return [html.P(words("act.closed"), className="footnote")]
    forms: list[Component] = []
    if handles:
        forms += [] if over else [_ack(view), _assign(view, people)]
        forms.append(_note(view))
    if silences and not over:
        forms.append(_silence(view, scopes))
    return [
        html.H2(words("act.title")),
        _who(view, signed),
        html.Div(forms, className="acts"),
        html.P("", id=SAID, role="status", className="said"),
        dcc.Store(id=SUBJECT, data=[*identity, view.lang]),
    ]


def _who(view: View, signed: str) -> Component:
    words = view.words
    typed = dcc.Input(id=AUTHOR, type="hidden" if signed else "text", maxLength=NAME, value=signed, autoComplete="name")
    if signed:
        return html.P([words("act.as", name=signed), typed], className="footnote")
    return html.Div(
        className="note-form",
        children=[
            html.Label(words("act.author"), htmlFor=AUTHOR),
            typed,
            html.P(words("act.unsigned"), className="footnote"),
        ],
    )


def _form(view: View, name: str, button: str, fields: Sequence[Component | None]) -> html.Details:
    words = view.words
    about = f"act.{name}.about"
    return html.Details(
        className="act",
        children=[
            html.Summary(words(f"act.{name}"), className="chip"),
            html.Div(
                className="note-form",
                children=[
                    html.P(words(about), className="about") if name != "note" else None,
                    *fields,
                    html.Button(words(f"act.{name}.send"), id=button, type="button", className="tap is-main"),
                ],
            ),
        ],
    )


def _ack(view: View) -> html.Details:
    words = view.words
    return _form(
        view,
        "ack",
        ACK,
        [
            _choice(view, "act.until", ACK_UNTIL, [("", words("act.until.over")), *_days(view), _own(view)], ""),
            *_date(view, ACK_DATE),
            *_text(view, "act.reason", ACK_REASON, REASON),
        ],
    )


def _assign(view: View, people: Sequence[str]) -> html.Details:
    words = view.words
    return _form(
        view,
        "assign",
        ASSIGN,
        [
            html.Label(words("act.assign.to"), htmlFor=ASSIGN_TO),
            dcc.Input(id=ASSIGN_TO, type="text", maxLength=NAME, value="", list=f"{ASSIGN_TO}-known",
                      autoComplete="off"),
            html.Datalist([html.Option(value=name) for name in people], id=f"{ASSIGN_TO}-known"),
        ],
    )  # fmt: skip


def _note(view: View) -> html.Details:
    return _form(
        view,
        "note",
        WRITE,
        [
            html.Label(view.words("act.note.text"), htmlFor=WRITE_TEXT),
            dcc.Textarea(id=WRITE_TEXT, maxLength=NOTE, rows=3, value=""),
        ],
    )


def _silence(view: View, scopes: Sequence[str]) -> html.Details:
    words = view.words
    hours = [(str(view.now + count * HOUR), words("act.until.hours", moment=words.moment(view.now + count * HOUR)))
             for count in (2, 4)]  # fmt: skip
    where = [(scope, words(f"alert.silence.{scope}")) for scope in SCOPES if scope in scopes]
    return _form(
        view,
        "silence",
        HUSH,
        [
            _choice(view, "act.silence.scope", HUSH_SCOPE, where, "subject"),
            _choice(view, "act.silence.end", HUSH_UNTIL, [*hours, *_days(view), _own(view)], hours[0][0]),
            *_date(view, HUSH_DATE),
            *_text(view, "act.reason", HUSH_REASON, REASON),
        ],
    )


def _days(view: View) -> list[tuple[str, str]]:
    """The ends of today and of days ahead, as moments."""
    words, today = view.words, day_number(view.now)
    ends = [(str(day_start(today + 1)), words("act.until.today"))]
    for ahead in _DAYS:
        day = date_of(today + ahead)
        ends.append((str(day_start(today + ahead + 1)), words("act.until.days", day=words.date(day))))
    return ends


def _own(view: View) -> tuple[str, str]:
    return (OWN, view.words("act.until.own"))


def _choice(view: View, label: str, name: str, options: Sequence[tuple[str, str]], chosen: str) -> html.Fieldset:
    items: Any = [{"value": value, "label": text} for value, text in options]
    return html.Fieldset(
        [html.Legend(view.words(label)), dcc.RadioItems(items, chosen, id=name, className="choices")]
    )  # fmt: skip


def _date(view: View, name: str) -> list[Component]:
    words = view.words
    return [
        html.Label(words("act.until.date"), htmlFor=name),
        dcc.Input(id=name, type="text", value="", placeholder=words("filter.date"), inputMode="numeric", size="10",
                  autoComplete="off"),
    ]  # fmt: skip


def _text(view: View, label: str, name: str, most: int) -> list[Component]:
    return [
        html.Label(view.words(label), htmlFor=name),
        dcc.Input(id=name, type="text", maxLength=most, value="", autoComplete="off"),
    ]


def end_button(view: View, number: int, what: str) -> html.Button:
    """Ends a decision before its time."""
    words = view.words
    identity: Any = {"type": END, "number": number}
    return html.Button(words("alert.end"), id=identity, type="button", className="tap",
                       **mark(aria_label=f"{words('alert.end')}: {what}"))  # fmt: skip
