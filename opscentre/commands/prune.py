"""``opscentre prune``: delete history that is older than it is kept; with ``--dry-run`` only say how much that is."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from opscentre.access import audit
from opscentre.clock import wall_ms
from opscentre.commands.shared import MaybeData, open_beside
from opscentre.runtime.book import now_on
from opscentre.store import dead_letters, history, quarantine


def register(app: typer.Typer) -> None:
    """Add the subcommand."""
    app.command()(prune)


def prune(
    data: MaybeData = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many rows would go.")] = False,
) -> None:
    """Delete history that is older than it is kept, as the roles do by themselves each hour or night."""
    settings, engine = open_beside(data)
    now, wall = now_on(settings.data), wall_ms()
    moves, receipts = history.before(now, settings.history_kept), history.before(wall, history.RECEIPT_DAYS)
    letters = history.before(now, settings.dead_letters_kept)
    found = history.aged(engine, moves, receipts)
    refused = quarantine.aged(engine, wall)
    closed = dead_letters.aged(engine, letters)
    if not dry_run:
        gone = history.prune(engine, moves, receipts)
        while gone.transitions and history.aged(engine, moves, receipts).transitions:
            gone = history.prune(engine, moves, receipts)
        quarantine.trim(engine, wall)
        dead_letters.prune(engine, letters)
        about = {"transitions": found.transitions, "receipts": found.receipts, "letters": closed, "rows": refused}
        audit.append(engine, who=getpass.getuser(), action="history.prune", subject="history", detail=about)
    verb = "would go" if dry_run else "gone"
    for what, days, rows in (
        ("transitions of dossiers that are over", f"{settings.history_kept:g}", found.transitions),
        ("receipts of imports", f"{history.RECEIPT_DAYS}", found.receipts),
        ("rows set aside", f"{quarantine.RESOLVED_DAYS} after they came right, {quarantine.OPEN_DAYS}", refused),
        ("closed dead letters", f"{settings.dead_letters_kept:g}", closed),
    ):
        print(f"{what}: {rows} {verb}; kept for {days} days")
