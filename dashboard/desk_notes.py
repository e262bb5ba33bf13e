"""The callback that adds a leader's note, for those who may."""

from __future__ import annotations

import dash
from dash import Input, Output, State
from dash.exceptions import PreventUpdate

from dashboard.desk import Desk
from dashboard.gate import allowed, caller
from layouts.desk import notes
from opscentre.access.people import signed_in
from opscentre.access.rights import Action
from opscentre.access.scope import OutOfReach
from opscentre.store import queries_dossier


def register(application: dash.Dash, desk: Desk) -> None:
    """Add the callback of the form in ``layouts.desk.notes``."""

    @application.callback(
        Output(notes.LIST, "children"),
        Output(notes.SAID, "children"),
        Output(notes.TEXT, "value"),
        Input(notes.SEND, "n_clicks"),
        State(notes.AUTHOR, "value"),
        State(notes.TEXT, "value"),
        State(notes.SUBJECT, "data"),
        prevent_initial_call=True,
    )
    def add(clicks: int | None, author: str | None, text: str | None, subject: list[str]) -> tuple:
        if not clicks:
            raise PreventUpdate
        kind, code, number, lang = subject
        view = desk.view("/", f"?lang={lang}")
        words = view.words
        if not allowed(Action.write_note):
            return dash.no_update, words("notes.closed"), dash.no_update
        try:
            person = signed_in(caller())
            desk.add_note((kind, code, number), person.name if person else author or "", text or "")
        except OutOfReach:
            return dash.no_update, words("notes.closed"), dash.no_update
        except queries_dossier.BadNote as refused:
            wanted = words(f"notes.{refused.what}.wanted")
            return dash.no_update, words("notes.refused", why=wanted), dash.no_update
        written = queries_dossier.notes(desk.engine, kind, code, number)
        return notes.listed(view, written).children, words("notes.sent"), ""
