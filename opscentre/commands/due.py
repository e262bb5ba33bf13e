"""``opscentre due``: when a dossier is due, and how that comes about."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from opscentre import profile as profiles
from opscentre import settings
from opscentre.commands.calendar import calendar_of
from opscentre.commands.shared import MaybeProfile, fail
from opscentre.domain.deadlines import LIMIT_WANTED, Pause, due_moment, parse_limit
from opscentre.domain.explaining import explain_due, moment_text
from opscentre.domain.moments import EARLIEST_YEAR, LATEST_YEAR, local, parse_local


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(due)


def due(
    received: Annotated[str, typer.Option(help="Local time of reception, e.g. 2026-08-20T16:00.")],
    limit: Annotated[str, typer.Option(help="3d working days, 12h working hours, 5cd days, same-day, none.")],
    pause: Annotated[
        list[str] | None, typer.Option(help="A pause FROM..TO in local times; may be given more than once, in order.")
    ] = None,
    agency: Annotated[str | None, typer.Option(help="Code of the handling agency, for hours of its own.")] = None,
    profile: MaybeProfile = None,
    explain: Annotated[bool, typer.Option("--explain", help="Tell also the days walked over, and why.")] = False,
) -> None:
    """Print the due moment of a dossier."""
    if not limit:
        fail(f"--limit {limit!r}: want {LIMIT_WANTED}")
    province = profiles.load(settings.load(profile=profile).profile)
    calendar = calendar_of(province, agency)
    try:
        at = _moment("--received", received)
        pauses = [_pause(text) for text in pause or ()]
        kind = parse_limit(limit)
        found = due_moment(kind, at, calendar, pauses)
        lines = explain_due(kind, at, calendar, pauses) if explain else []
    except ValueError as error:
        fail(str(error))
    print("none" if found is None else moment_text(found))
    notice = calendar.notice(at, max(found, *(one.end for one in pauses), at)) if found is not None else ""
    if explain:
        print("\n".join([*lines, *([f"notice: {notice}"] if notice else [])]))
    elif notice:
        print(f"opscentre: notice: {notice}", file=sys.stderr)


def _moment(name: str, text: str) -> int:
    try:
        at = parse_local(text)
    except ValueError as error:
        raise ValueError(f"{name} {error}") from None
    if not EARLIEST_YEAR <= local(at).year <= LATEST_YEAR:
        raise ValueError(f"{name} {text!r}: want a year from {EARLIEST_YEAR} to {LATEST_YEAR}")
    return at


def _pause(text: str) -> Pause:
    begin, dots, end = text.partition("..")
    if not (begin and dots and end):
        raise ValueError(f"--pause {text!r}: want FROM..TO, like 2026-08-21T08:00..2026-08-24T10:00")
    return Pause(_moment("--pause", begin), _moment("--pause", end))
