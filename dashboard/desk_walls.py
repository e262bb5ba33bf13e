"""The callbacks of the page that controls walls: what they show, every second, and the commands to them."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlencode

import dash
from dash import ALL as EVERY
from dash import Input, Output, State
from dash.exceptions import PreventUpdate
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from dashboard import trace
from dashboard.desk import Desk
from dashboard.gate import allowed
from layouts.desk import walls as page
from layouts.wall import keys, scene_name
from layouts.words import Words
from opscentre.access import audit
from opscentre.access.rights import Action
from opscentre.clock import wall_ms
from opscentre.domain.moments import DAY, HOUR, MINUTE, day_number, day_start, local
from opscentre.live.wall_board import WallBoard
from opscentre.live.walls import ALL, Command, Refused, message, turning

log = logging.getLogger(__name__)


def register(application: dash.Dash, desk: Desk, board: WallBoard) -> None:
    """Add the callbacks of the page in ``layouts.desk.walls``."""

    @application.callback(Output(page.LIST, "children"), Input(page.BEAT, "n_intervals"), State(page.SUBJECT, "data"))
    def look(_: int | None, subject: list[str]) -> Any:
        wall, lang = subject
        view = desk.view("/walls", urlencode({"lang": lang} | ({"wall": wall} if wall != ALL else {})))
        if not allowed(Action.control_walls):
            return view.words("walls.closed")
        try:
            return page.listed(view, board.reports(), board.commands(), wall_ms())
        except (RedisError, OSError) as error:
            log.info("the walls cannot be listed: %s", error)
            return view.words("walls.away")

    @application.callback(
        Output(page.SAID, "children"),
        Output(page.TEXT, "value"),
        Input({"walls": EVERY, "key": EVERY}, "n_clicks"),
        State(page.SUBJECT, "data"),
        State(page.SECONDS, "value"),
        State(page.TEXT, "value"),
        State(page.UNTIL, "value"),
        prevent_initial_call=True,
    )
    def command(clicks: list[int | None], subject: list[str], *form: str | None) -> tuple:
        asked = dash.ctx.triggered_id
        if not asked or not any(clicks):
            raise PreventUpdate
        wall, lang = subject
        words = desk.view("/walls", f"?lang={lang}").words
        if not allowed(Action.control_walls):
            return words("walls.closed"), dash.no_update
        try:
            given = wanted(asked["walls"], asked["key"], keys(desk.place), *form)
            audit.append(desk.engine, who=trace.who(), action=f"wall.{given.kind}", subject=wall, detail=noted(given))
            kept = board.give(wall, given)
        except Refused as refused:
            return words(f"walls.refused.{refused.what}"), dash.no_update
        except (RedisError, SQLAlchemyError, OSError) as error:
            log.warning("a command to %s was not given: %s", wall, error)
            return words("walls.away"), dash.no_update
        shown = words("walls.all") if wall == ALL else wall
        said = words("walls.sent", time=f"{local(kept.at):%H:%M:%S}", wall=shown, what=told(given, words))
        return said, "" if given.pinned else dash.no_update


def wanted(
    what: str, key: str, scenes: tuple[str, ...],
    seconds: str | None, text: str | None, until: str | None,
) -> Command:  # fmt: skip
    """The command that a button asks for, with the form's fields. Raises ``Refused``."""
    if what == "scene":
        if key not in scenes:
            raise Refused("scene", key)
        return Command(kind="scene", scene=key)
    if what == "hold":
        return Command(kind="turn")
    if what == "turn":
        typed = (seconds or "").strip()
        return turning(int(typed) if typed.isascii() and typed.isdigit() else 0)
    if what == "reload":
        return Command(kind="reload")
    if what == "unpin":
        return Command(kind="message")
    now = wall_ms()
    return Command(kind="message", pinned=message(text or "", key, end(until, now), now))


def end(until: str | None, now: int) -> int | None:
    """Until when a message is shown: the next such time of day; None where none is given. Raises ``Refused``."""
    typed = (until or "").strip()
    if not typed:
        return None
    hours, colon, minutes = typed.partition(":")
    plain = colon and (hours + minutes).isascii() and hours.isdigit() and minutes.isdigit() and len(minutes) == 2
    if not plain or int(hours) > 23 or int(minutes) > 59:
        raise Refused("until", typed)
    at = day_start(day_number(now)) + int(hours) * HOUR + int(minutes) * MINUTE
    return at if at > now else at + DAY


def noted(command: Command) -> dict[str, str | int]:
    """What the audit keeps of a command; of a message its severity and length, not its text."""
    if command.kind == "message" and command.pinned is not None:
        return {"severity": command.pinned.severity, "characters": len(command.pinned.text)}
    return {"scene": command.scene} if command.kind == "scene" else {"seconds": command.seconds}


def told(command: Command, words: Words) -> str:
    """A command in words."""
    if command.kind == "scene":
        return words("walls.what.scene", scene=scene_name(command.scene, words))
    if command.kind == "turn":
        return words("walls.what.turn", seconds=command.seconds) if command.seconds else words("walls.what.hold")
    if command.kind == "message":
        return words("walls.what.message", text=command.pinned.text) if command.pinned else words("walls.what.unpin")
    return words("walls.what.reload")
