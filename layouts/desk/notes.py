"""What leaders wrote on a unit or a dossier, and the form to write more."""

from __future__ import annotations

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from layouts.desk.address import View
from opscentre.access.people import signed_in
from opscentre.domain.listing import Note

#: Element ids that the callback of the form names.
AUTHOR, TEXT, SEND, LIST, SAID, SUBJECT = (
    f"note-{part}" for part in ("author", "text", "send", "list", "said", "subject")
)


def section(view: View, subject: tuple[str, str, str], written: Sequence[Note], may_write: bool) -> list[Component]:
    """The notes on a subject (kind, code, number), newest first, and the form where writing is allowed."""
    words = view.words
    return [
        html.H2(words("notes.title")),
        listed(view, written),
        dcc.Store(id=SUBJECT, data=[*subject, view.lang]),
        *(_form(view) if may_write else [html.P(words("notes.closed"), className="footnote")]),
    ]


def listed(view: View, written: Sequence[Note]) -> html.Div:
    """The notes. Their text is text: nothing in it is markup."""
    words = view.words
    if not written:
        return html.Div(html.P(words("notes.none"), className="quiet"), id=LIST)
    return html.Div(
        id=LIST,
        children=[
            html.Article(
                className="note",
                children=[
                    html.P([html.Strong(note.author), " · ", words.moment(note.at)], className="quiet"),
                    html.P(note.text, className="note-text"),
                ],
            )
            for note in written
        ],
    )


def _form(view: View) -> list[Component]:
    words = view.words
    # Who signed in need not say who they are.
    known = signed_in(view.caller) is not None
    author: list[Component] = [
        html.Label(words("notes.author"), htmlFor=AUTHOR),
        dcc.Input(id=AUTHOR, type="text", maxLength=80, value="", autoComplete="name"),
    ]
    return [
        html.Div(
            className="note-form",
            children=[
                html.Label(words("notes.text"), htmlFor=TEXT),
                dcc.Textarea(id=TEXT, maxLength=2000, rows=3, value=""),
                *([dcc.Input(id=AUTHOR, type="hidden", value="")] if known else author),
                html.Button(words("notes.send"), id=SEND, type="button", className="tap is-main"),
                html.P("", id=SAID, role="status"),
            ],
        ),
        *([] if known else [html.P(words("notes.unsigned"), className="footnote")]),
    ]
