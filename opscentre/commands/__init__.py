"""The subcommands of ``opscentre``, one module a group; a new one is a file here and a line in MODULES."""

from __future__ import annotations

import importlib

import typer

#: In the order in which ``opscentre --help`` lists them. Each has ``register(app)``.
MODULES = (
    "up", "check",
    "demo", "roles", "alerts", "intake", "source", "link", "unmapped", "quarantine", "anomalies", "dead_letters",
    "audit", "token", "user", "board", "score", "calendar", "due", "map", "figures", "profile", "migrate",
    "backup", "prune",
)  # fmt: skip


def register_all(app: typer.Typer) -> None:
    """Give the command every subcommand."""
    for name in MODULES:
        importlib.import_module(f"{__name__}.{name}").register(app)
