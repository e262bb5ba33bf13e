"""``opscentre collect | stream | dashboard``: one role, one process, settings from OPSCENTRE_*."""

from __future__ import annotations

import importlib

import typer

from opscentre.runtime import role
from opscentre.settings import Settings, load

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


def stream() -> None:
    """Run a stream worker: fold what the pipe carries into SQL and the live board (settings: OPSCENTRE_*)."""
    _run("stream")


def dashboard() -> None:
    """Run the dashboard: wall, pages, HTTP API (settings: OPSCENTRE_*)."""
    _run("dashboard")


def _run(name: str) -> None:
    run(name, load())


def run(name: str, settings: Settings) -> None:
    """Be one role until it is told to stop."""
    role.begin(name)
    importlib.import_module(ROLES[name]).run(settings)
