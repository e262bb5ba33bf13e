"""The command ``opscentre``: every role and every tool of the product is one subcommand."""

from __future__ import annotations

from typing import Annotated

import typer

from opscentre import __version__
from opscentre.commands import away, register_all
from opscentre.commands.shared import fail
from opscentre.pipe.base import PipeError
from opscentre.profile import ProfileError
from opscentre.runtime.folder import Unusable
from opscentre.settings import SettingsError
from opscentre.store.schema import OtherSchema

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
register_all(app)


def _version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _opscentre(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = (
        False
    ),
) -> None:
    """A real-time operations centre for a Vietnamese province."""


def main() -> None:
    """Run a command; what a person can mend is one line and exit code 2."""
    try:
        app()
    except (Unusable, ProfileError, SettingsError, PipeError, OtherSchema) as error:
        fail(str(error))
    except Exception as error:
        said = away.told(error)
        if said is None:
            raise
        fail(said)
