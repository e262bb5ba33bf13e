"""The page that controls walls: what each shows, and what can be asked of one or of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from layouts.desk import frame
from layouts.desk.address import View
from layouts.place import Place
from layouts.scenes import SCENES
from layouts.wall import keys, scene_name
from opscentre.access.rights import Action
from opscentre.live.walls import ALL, GONE, ROTATIONS, SEVERITIES, Command, Commands, Report, answer_of, meant_for

#: Element ids that the callbacks name. A button is ``{"walls": what, "key": …}``.
LIST, SAID, TEXT, UNTIL, SECONDS, SUBJECT, BEAT = (
    f"walls-{part}" for part in ("list", "said", "text", "until", "seconds", "subject", "beat")
)
#: Screens that the list has room for; those that do not answer come first.
ROWS = 100
#: Milliseconds between two looks at the walls.
EVERY = 1_000


def layout(view: View, place: Place) -> html.Div:
    """The page; its list is filled by a callback, every second."""
    words = view.words
    shown = view.wall or words("walls.all")
    chosen: list[Any] = [words("walls.which"), ": ", html.Strong(shown)]
    if view.wall:
        chosen += [" ", html.A(words("walls.all"), href=view.here(wall=None), className="chip")]
    return frame.page(
        view,
        place,
        words("walls.title"),
        [frame.Crumb(words("nav.overview"), view.to())],
        [
            html.P(chosen, className="walls-subject"),
            *_controls(view, place),
            html.Div(id=LIST, className="walls-list"),
            html.P(words("walls.choose"), className="footnote"),
            html.P(html.A(words("screens.title"), href="/screens", className="tap"))
            if view.offers(Action.administer_walls)
            else None,
            dcc.Store(id=SUBJECT, data=[view.wall or ALL, view.lang]),
            dcc.Interval(id=BEAT, interval=EVERY),
        ],
    )


def _button(what: str, key: str, text: str, extra: str = "") -> html.Button:
    return html.Button(text, id={"walls": what, "key": key}, type="button", className=f"tap{extra}")


def _controls(view: View, place: Place) -> list[Component]:
    words = view.words
    return [
        html.H2(words("walls.scene")),
        html.Div([_button("scene", key, scene_name(key, words)) for key in keys(place)], className="walls-row"),
        html.H2(words("walls.turn")),
        html.Div(
            className="walls-row",
            children=[
                _button("hold", "", words("walls.hold")),
                _button("turn", "", words("walls.go")),
                html.Label(words("walls.seconds"), htmlFor=SECONDS),
                dcc.Input(id=SECONDS, type="text", inputMode="numeric", value=f"{place.wall.rotate:g}", size="5",
                          maxLength=len(str(ROTATIONS[1])), autoComplete="off"),
                _button("reload", "", words("walls.reload")),
            ],
        ),
        html.H2(words("walls.pin")),
        html.Div(
            className="note-form walls-form",
            children=[
                html.Label(words("walls.text"), htmlFor=TEXT),
                dcc.Textarea(id=TEXT, maxLength=200, rows=2, value=""),
                html.Div(
                    className="walls-row",
                    children=[
                        html.Label(words("walls.until"), htmlFor=UNTIL),
                        dcc.Input(
                            id=UNTIL,
                            type="text",
                            value="",
                            placeholder=words("walls.until.form"),
                            size="6",
                            maxLength=5,
                            autoComplete="off",
                        ),
                        html.Span(words("walls.until.empty"), className="quiet"),
                    ],
                ),
                html.Div(
                    className="walls-row",
                    children=[
                        *[_button("pin", severity, words(f"walls.pin.{severity}")) for severity in SEVERITIES],
                        _button("unpin", "", words("walls.unpin")),
                    ],
                ),
            ],
        ),
        html.P("", id=SAID, role="status", className="walls-said"),
    ]  # fmt: skip


def listed(view: View, reports: Sequence[Report], commands: Commands, now: int) -> list[Component]:
    """The screens with what they show and how they stand to the newest command; ``now`` in wall-clock ms."""
    words = view.words
    if not reports:
        return [html.P(words("walls.none"), className="empty")]
    meant = {name: meant_for(commands, name, now) for name in {one.name for one in reports}}
    rows = [(one, standing(one, meant[one.name], now)) for one in reports]
    gone = sum(state == "gone" for _, state in rows)
    told = words("walls.count", count=words.number(len(rows) - gone))
    if gone:
        told += " · " + words("walls.gone.count", count=words.number(gone))
    rows.sort(key=lambda row: row[1] not in ("gone", "unheard"))
    more = len(rows) - ROWS
    columns = ("name", "shows", "standing", "answer", "size", "since", "heard", "version")
    head = html.Thead(html.Tr([html.Th(words(f"walls.{name}"), scope="col") for name in columns]))
    body = html.Tbody([_row(view, one, state, meant[one.name], now) for one, state in rows[:ROWS]])
    return [
        html.P(told, className="count"),
        html.Div(html.Table([head, body], className="dossiers walls"), className="scroll"),
        *([html.P(words("walls.more", count=words.number(more)))] if more > 0 else []),
    ]


def standing(report: Report, meant: Sequence[Command], now: int) -> str:
    """``gone`` without a sign of life, else how it stands to the newest command meant for it."""
    return "gone" if now - report.heard > GONE else answer_of(report, meant, now)


def _row(view: View, report: Report, state: str, meant: Sequence[Command], now: int) -> html.Tr:
    words = view.words
    turns = words("walls.standing.turns", seconds=report.every) if report.every else words("walls.standing.stays")
    scene = scene_name(report.scene, words) if report.scene in SCENES else "—"
    pinned = next((one.pinned for one in meant if one.pinned is not None), None)
    shown: list[Any] = [html.Span(scene, className="is-main")]
    if pinned is not None:
        until = " · " + words("walls.pinned.until", moment=words.moment(pinned.until)) if pinned.until else ""
        mark_of = words(f"walls.pin.{pinned.severity}").split()[0]
        shown.append(html.Span(f"{words('walls.pinned')}: {mark_of} {pinned.text}{until}", className="quiet"))

    def cell(name: str, told: Any, kind: str = "") -> html.Td:
        # Its column's name goes along for a phone, where a row is a card.
        column: dict[str, Any] = {"data-name": words(f"walls.{name}")}
        return html.Td(told, className=kind, **column)

    return html.Tr(
        className=f"is-{state}",
        children=[
            html.Th(html.A(report.name, href=view.here(wall=report.name)), scope="row", className="number"),
            cell("shows", shown),
            cell("standing", words("walls.standing.held") if report.held else turns, "when"),
            cell("answer", words(f"walls.answer.{state}"), "when bad" if state in ("gone", "unheard") else "when"),
            cell("size", f"{report.width} × {report.height}", "when"),
            cell("since", words.moment(report.since), "when"),
            cell("heard", words("walls.ago", length=words.length(now - report.heard)), "when"),
            cell("version", report.version),
        ],
    )
