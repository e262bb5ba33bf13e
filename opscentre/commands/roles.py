"""``opscentre collect | stream | dashboard``: one role, one process, settings from OPSCENTRE_*."""

from __future__ import annotations

import importlib
import logging
from typing import Annotated

import typer

from opscentre.access import profile_files
from opscentre.runtime import role, workers
from opscentre.runtime.changed_files import ChangedFiles
from opscentre.settings import Settings, load
from opscentre.store.engine import open_store

log = logging.getLogger(__name__)

#: Role → the module that has its ``run(settings)``. Roles stand above this package: they are named, not imported.
ROLES = {
    "collect": "collectors.main",
    "stream": "streams.main",
    "dashboard": "dashboard.main",
    "alerts": "alerts.main",
}


def register(app: typer.Typer) -> None:
    """Add one subcommand a role."""
    app.command()(collect)
    app.command()(stream)
    app.command()(dashboard)


def collect() -> None:
    """Run the collectors: poll the sources, probe the links (settings: OPSCENTRE_*)."""
    _run("collect")


def stream(
    number: Annotated[
        int | None,
        typer.Option("--workers", min=1, help="Worker processes on this machine; more than one on Kafka only."),
    ] = None,
) -> None:
    """Run stream workers: fold what the pipe carries into SQL and the live board (settings: OPSCENTRE_*)."""
    settings = load(workers=number)
    if settings.workers > 1:
        role.begin("stream", settings.log)
        raise typer.Exit(workers.run(settings))
    run("stream", settings)


def dashboard() -> None:
    """Run the dashboard: wall, pages, HTTP API (settings: OPSCENTRE_*)."""
    _run("dashboard")


def _run(name: str) -> None:
    run(name, load())


def run(name: str, settings: Settings) -> None:
    """Be one role until it is told to stop."""
    # One of several says which one it is.
    role.begin(f"{name}-{settings.worker}" if settings.worker else name, settings.log)
    _note_files(name, settings)
    # Before the role reads them, so that no change falls between.
    files = ChangedFiles(name, settings)
    files.answer_signals()
    files.start()
    try:
        importlib.import_module(ROLES[name]).run(settings)
    finally:
        if files.changed:
            raise SystemExit(role.ANEW)


def _note_files(name: str, settings: Settings) -> None:
    engine = open_store(settings.database_url)
    try:
        changed = profile_files.note_changes(engine, settings, name)
    finally:
        engine.dispose()
    if changed:
        log.info("files of the profile that changed since a role last started: %s", ", ".join(changed))
